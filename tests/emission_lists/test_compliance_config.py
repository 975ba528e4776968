"""What is wrong with the files of compliance is told with the rest of the configuration."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from service.law.loader import CONFIG
from service.law.reading import read_config


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A folder with the files of compliance only; what else is missing is not looked at here."""
    shutil.copytree(CONFIG / "compliance", tmp_path / "compliance")
    return tmp_path


def problems(config: Path) -> list[tuple[str, str]]:
    found = read_config(config).problems
    return [(one.file, one.path) for one in found if one.file.startswith("compliance")]


def test_the_shipped_files_are_sound(config: Path) -> None:
    assert problems(config) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "path"),
    [
        ("rules.yaml", "value: 0.15, choice: true", "value: much, choice: true", "running.idle_share.value"),
        ("rules.yaml", "not_stated, baseline_day", "yesterday", "load.own_day_bases"),
        ("rules.yaml", "value: 1.5, choice: false, reference: K83", "value: 1.5, choice: false", "night.ratio"),
        ("consequences.yaml", "rules: [NO_PLAN]", "rules: [NO_RULE]", "items.4.rules.0"),
    ],
)
def test_a_fault_is_told_with_its_place(config: Path, file: str, old: str, new: str, path: str) -> None:
    whole = config / "compliance" / file
    text = whole.read_text("utf-8")
    assert old in text
    whole.write_text(text.replace(old, new, 1), "utf-8")
    found = problems(config)
    assert found
    assert all(name == f"compliance/{file}" and place.startswith(path) for name, place in found)


@pytest.mark.parametrize("file", ["rules.yaml", "consequences.yaml"])
def test_a_missing_file_is_told(config: Path, file: str) -> None:
    (config / "compliance" / file).unlink()
    assert problems(config) == [(f"compliance/{file}", "")]
