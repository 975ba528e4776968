"""The quick reader of YAML files says what the plain one says, and makes nothing but plain values."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from service.guides.loader import GUIDES
from service.kit.yaml_files import LOADER, read_yaml

FILES = sorted(GUIDES.rglob("*.yaml"))


@pytest.mark.parametrize("path", FILES[:: max(1, len(FILES) // 6)], ids=lambda path: path.stem)
def test_it_says_what_the_plain_reader_says(path: Path) -> None:
    assert read_yaml(path) == yaml.safe_load(path.read_text(encoding="utf-8"))


def test_it_is_the_quick_one_where_there_is_one() -> None:
    assert LOADER is getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def test_a_file_makes_no_objects(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("!!python/object/apply:os.getcwd []")
    with pytest.raises(yaml.YAMLError):
        read_yaml(tmp_path / "x.yaml")
