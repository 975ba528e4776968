"""`lantian check-config`: exit code, words and JSON."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from service.cli import check_config


def call(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    check_config.register(parser.add_subparsers())
    parsed = parser.parse_args(["check-config", *arguments])
    return int(parsed.run(parsed))


def test_shipped_config_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert call() == 0
    assert "no problems" in capsys.readouterr().out


def test_json_of_a_sound_folder(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--config", str(sound), "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "problems": []}


class TestBroken:
    @pytest.fixture
    def broken(self, config: Path) -> Path:
        path = config / "rules/national-2024.yaml"
        path.write_text(path.read_text("utf-8").replace("day: rolling", "day: sliding"), "utf-8")
        return config

    def test_words_name_file_path_and_problem(self, broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert call("--config", str(broken)) == 1
        printed = capsys.readouterr().out
        assert "rules/national-2024.yaml: day: Input should be 'rolling' or 'natural'" in printed
        assert "1 problem(s)" in printed

    def test_json(self, broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert call("--config", str(broken), "--json") == 1
        body = json.loads(capsys.readouterr().out)
        assert body["ok"] is False
        (problem,) = body["problems"]
        assert problem["file"] == "rules/national-2024.yaml"
        assert problem["path"] == "day"
        assert problem["advice"] == "use one of the listed values"
