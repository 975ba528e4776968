import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from emission_lists.columns import CHOICES_SHEET, LIST_SHEET
from emission_lists.grades import Grade
from emission_lists.identifiers import make_permit, make_uscc
from emission_lists.measures import Action
from emission_lists.sheets.kinds import Sheet
from emission_lists.workbook import read_workbook
from emission_lists.workbook_writer import write_workbook
from service.cli.main import parser
from tests.emission_lists.list_samples import draft, firm, line, measure
from tests.emission_lists.sheet_samples import record

HENAN = make_uscc("410102", 12345678)


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

    def sheets(self, place: Path) -> list[str]:
        return CalamineWorkbook.from_path(place).sheet_names

    def test_it_is_the_whole_workbook_or_one_sheet(self, tmp_path: Path) -> None:
        place = tmp_path / "t.xlsx"
        run("template", "-o", place)
        assert {LIST_SHEET, *(sheet.zh for sheet in Sheet)} <= set(self.sheets(place))
        run("template", "-o", place, "--sheet", "industrial")
        assert not {sheet.zh for sheet in Sheet} & set(self.sheets(place))
        run("template", "-o", place, "--sheet", "whitelist")
        assert Sheet.WHITELIST.zh in self.sheets(place)
        assert LIST_SHEET not in self.sheets(place)

    def test_an_unknown_sheet_is_named_with_the_known_ones(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("template", "-o", tmp_path / "t.xlsx", "--sheet", "boats") == 2
        assert "road_mobile" in capsys.readouterr().err
        assert not (tmp_path / "t.xlsx").exists()

    @pytest.mark.parametrize(("adcode", "offered"), [("", False), ("130100", False), ("410100", True)])
    def test_a_place_s_own_industries_drop_down(self, tmp_path: Path, adcode: str, offered: bool) -> None:
        place = tmp_path / "t.xlsx"
        assert run("template", "-o", place, "--guide", "G2020", *(["--adcode", adcode] if adcode else [])) == 0
        choices = CalamineWorkbook.from_path(place).get_sheet_by_name(CHOICES_SHEET).to_python()
        industries = {row[choices[0].index("行业")] for row in choices}
        assert ("机械加工" in industries) is offered
        assert "水泥" in industries

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


class TestWhoseLaw:
    @pytest.fixture
    def advanced(self, tmp_path: Path) -> Path:
        """A machining works of Henan's own grade 绩效先进性, which decides for itself there."""
        place = tmp_path / "henan.xlsx"
        works = firm(
            adcode="410102", industry="机械加工", grade=Grade.ADVANCED, gbt4754=None, uscc=HENAN, permit_no=make_permit(HENAN)
        )
        row = (works, line("MF0001", measure(Action.SELF_DETERMINED), process="机加工"))
        place.write_bytes(write_workbook(replace(draft(row), adcode="410100")))
        return place

    def codes(self, capsys: pytest.CaptureFixture[str], *arguments: object) -> set[str]:
        capsys.readouterr()
        run("check", *arguments, "--json")
        return {found["code"] for found in json.loads(capsys.readouterr().out)["findings"]}

    def test_a_place_brings_its_industries_and_grades(self, advanced: Path, capsys: pytest.CaptureFixture[str]) -> None:
        placed = self.codes(capsys, advanced, "--adcode", "410100")
        assert not placed & {"INDUSTRY_UNKNOWN", "GRADE_ILLEGAL"}

    def test_without_a_place_the_nation_s_law_is_used(self, advanced: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert "INDUSTRY_UNKNOWN" in self.codes(capsys, advanced)

    def test_the_place_s_law_of_the_day_is_used(self, advanced: Path, capsys: pytest.CaptureFixture[str]) -> None:
        before = self.codes(capsys, advanced, "--adcode", "410100", "--as-of", "2020-10-26", "--guide", "G2020")
        assert "INDUSTRY_UNKNOWN" in before
        assert "INDUSTRY_UNKNOWN" not in self.codes(
            capsys, advanced, "--adcode", "410100", "--as-of", "2020-10-27", "--guide", "G2020"
        )

    def test_the_guide_of_the_day_is_used(self, generated_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for day, guide in (("2020-06-28", "G2019"), ("2020-06-29", "G2020")):
            capsys.readouterr()
            run("check", generated_file, "--adcode", "130200", "--as-of", day, "--json")
            assert json.loads(capsys.readouterr().out)["guide"] == guide

    def test_the_template_has_the_guide_of_today(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("service.cli.lists._today", lambda: date(2019, 12, 2))
        run("template", "-o", tmp_path / "now.xlsx")
        for guide in ("G2019", "G2020"):
            run("template", "-o", tmp_path / f"{guide}.xlsx", "--guide", guide)
        sizes = {name: (tmp_path / f"{name}.xlsx").stat().st_size for name in ("now", "G2019", "G2020")}
        assert sizes["now"] == sizes["G2019"] != sizes["G2020"]

    def test_a_division_that_is_none_is_named(self, generated_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("check", generated_file, "--adcode", "999999") == 2
        assert "999999" in capsys.readouterr().err


class TestDiff:
    def test_rows_of_further_sheets_are_compared_too(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        row = (firm(), line("MF0001", measure(Action.STOP, 1.0)))
        old, new = tmp_path / "old.xlsx", tmp_path / "new.xlsx"
        for place, stage in ((old, "earthworks"), (new, "idle")):
            place.write_bytes(write_workbook(replace(draft(row), records=(record(Sheet.DUST, stage=stage),))))
        assert run("diff", old, old) == 0
        capsys.readouterr()
        assert run("diff", old, new, "--json") == 1
        (changed,) = json.loads(capsys.readouterr().out)["records"]
        assert (changed["sheet"], changed["key"], changed["kind"]) == ("dust", "SG-0001", "changed")
        assert [(one["header"], one["old"], one["new"]) for one in changed["changes"]] == [("施工阶段", "土石方", "停工")]
        assert run("diff", old, new) == 1
        assert "施工阶段 土石方 → 停工" in capsys.readouterr().out

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
