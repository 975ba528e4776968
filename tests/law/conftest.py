"""A small config folder to break: the real law with the few divisions, names and neighbours it needs."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from service.law.loader import CONFIG

Keep = Callable[[dict[str, str]], bool]


def _trim(name: str, target: Path, keep: Keep) -> set[str]:
    """Copy the rows of a table that are to be kept; their first codes are returned."""
    with (CONFIG / name).open(encoding="utf-8", newline="") as table:
        rows = csv.DictReader(table)
        kept = [row for row in rows if keep(row)]
        columns = list(rows.fieldnames or ())
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)
    return {row.get("adcode", "") for row in kept}


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config folder without problems; copy it before changing it."""
    folder = tmp_path_factory.mktemp("law") / "config"
    for name in ("aqi", "rules", "plans", "regions", "guides", "grading", "skill", "compliance"):
        shutil.copytree(CONFIG / name, folder / name)
    special = {"500109", "370116", "130181", "130682", "419001", "130629", "130632", "130638", "610581", "610403"}
    kept = _trim(
        "divisions/divisions.csv",
        folder / "divisions/divisions.csv",
        lambda row: row["level"] != "county" or row["adcode"] in special,
    )
    wanted = {"莱芜市", "北京", "雄安新区", "定州市"}
    _trim("divisions/names.csv", folder / "divisions/names.csv", lambda row: row["feed_name"] in wanted)
    _trim("adjacency.csv", folder / "adjacency.csv", lambda row: row["a"] in kept and row["b"] in kept)
    return folder


@pytest.fixture
def config(sound: Path, tmp_path: Path) -> Path:
    """A copy to break."""
    return Path(shutil.copytree(sound, tmp_path / "config"))
