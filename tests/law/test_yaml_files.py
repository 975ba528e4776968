"""Law is plain data: what YAML 1.1 would silently turn into something else stays as written."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from service.law.yaml_files import MAX_BYTES, read_yaml


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "law.yaml"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("12:30", "12:30"),
        ("012", "012"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("48", 48),
        ("-3", -3),
        ("0.5", 0.5),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("null", None),
        ("2024-01-01", date(2024, 1, 1)),
        ('"110000"', "110000"),
    ],
)
def test_scalar(file: Path, text: str, value: object) -> None:
    file.write_text(f"key: {text}\n", "utf-8")
    assert read_yaml(file, "law.yaml") == ({"key": value}, [])


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("a: 1\na: 2\n", "line 2, column 1", "given twice"),
        ("a:\n  b: 1\n  b: 2\n", "line 3, column 3", "given twice"),
        ("a: &x 1\nb: *x\n", "line 2, column 4", "aliases"),
        ("? [a, b]\n: 1\n", "line 1, column 3", "a key must be text"),
        ("a: !!python/object/apply:os.system [ls]\n", "line 1, column 4", "could not determine"),
        ("a: [1\n", "line 2", "expected"),
        ("just text\n", "", "holds no keys"),
        ("", "", "holds no keys"),
        ("[" * 5000, "", ""),
        ("a: \x01\n", "", "special characters"),
    ],
)
def test_refused(file: Path, text: str, path: str, words: str) -> None:
    file.write_text(text, "utf-8")
    value, problems = read_yaml(file, "law.yaml")
    assert value is None
    assert [problem.file for problem in problems] == ["law.yaml"]
    assert problems[0].path.startswith(path)
    assert words in problems[0].problem
    assert problems[0].advice


def test_too_large(file: Path) -> None:
    file.write_bytes(b"a: " + b"x" * MAX_BYTES)
    assert "larger" in read_yaml(file, "law.yaml")[1][0].problem


def test_unreadable(file: Path) -> None:
    file.mkdir()
    assert "cannot be read" in read_yaml(file, "law.yaml")[1][0].problem
