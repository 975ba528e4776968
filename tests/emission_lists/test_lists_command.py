import json
from pathlib import Path

import pytest

from emission_lists.workbook import read_workbook
from service.cli.main import parser


def run(*arguments: object) -> int:
    call = parser(["lists"]).parse_args(["list", *map(str, arguments)])
    return int(call.run(call))


@pytest.fixture
def generated_file(tmp_path: Path) -> Path:
    place = tmp_path / "list.xlsx"
    assert run("generate", "--adcode", "130200", "--enterprises", 40, "--seed", 5, "-o", place) == 0
    return place


class TestTemplate:
    def test_writes_a_workbook(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        place = tmp_path / "t.xlsx"
        assert run("template", "-o", place, "--json") == 0
        assert json.loads(capsys.readouterr().out)["bytes"] == place.stat().st_size
        assert [e.code for e in read_workbook(place).errors] == ["NO_ROWS"]

    def test_an_unknown_guide_is_named(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("template", "-o", tmp_path / "t.xlsx", "--guide", "G1999") == 2
        assert "G1999" in capsys.readouterr().err


class TestCheck:
    def test_a_generated_list_passes(self, generated_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        assert run("check", generated_file, "--adcode", "130200", "--json") == 0
        report = json.loads(capsys.readouterr().out)
        assert (report["ok"], report["enterprises"], report["guide"]) == (True, 40, "G2020")

    def test_another_division_does_not(self, generated_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("check", generated_file, "--adcode", "110000") == 1
        assert "[必须改正]" in capsys.readouterr().out

    def test_what_is_no_list_cannot_be_used(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        place = tmp_path / "a.xlsx"
        place.write_text("no")
        assert run("check", place, "--json") == 2
        assert json.loads(capsys.readouterr().out)["findings"][0]["code"] == "NOT_A_WORKBOOK"

    def test_a_missing_file_is_named(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("check", tmp_path / "none.xlsx") == 2
        assert "none.xlsx" in capsys.readouterr().err

    def test_an_unknown_floor_profile_is_named(self, generated_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("check", generated_file, "--floors", "FLOOR-Z") == 2
        assert "FLOOR-A" in capsys.readouterr().err


class TestDiff:
    def test_equal_lists(self, generated_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        capsys.readouterr()
        assert run("diff", generated_file, generated_file, "--json") == 0
        assert json.loads(capsys.readouterr().out)["changes"] == []

    def test_different_lists(self, generated_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        other = tmp_path / "other.xlsx"
        run("generate", "--adcode", "130200", "--enterprises", 30, "--seed", 5, "-o", other)
        assert run("diff", generated_file, other) == 1
        assert "移除企业 10 家" in capsys.readouterr().out

    def test_one_that_cannot_be_read(self, generated_file: Path, tmp_path: Path) -> None:
        place = tmp_path / "a.xlsx"
        place.write_text("no")
        assert run("diff", generated_file, place) == 2


class TestGenerate:
    def test_a_wrong_division_is_named(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("generate", "--adcode", "x", "--enterprises", 1, "-o", tmp_path / "a.xlsx", "--json") == 2
        assert "division code" in json.loads(capsys.readouterr().out)["error"]
