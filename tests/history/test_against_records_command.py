"""`lantian replay --against-records` as it is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.cli.main import main
from service.history.comparison import Category
from service.history.listing import HEADS, pad, text_lines, width
from service.history.views import lead, several, timing
from tests.history.made import NOTHING, around, compared, daily, hourly, record

COMMITTED = Path(__file__).parents[2] / "docs" / "against-records.md"


def printed(capsys: pytest.CaptureFixture[str], *more: str) -> list[str]:
    assert main(["replay", "--against-records", *more]) == 0
    return capsys.readouterr().out.splitlines()


class TestCalls:
    def test_json_is_one_line_per_record_and_a_summary(self, capsys: pytest.CaptureFixture[str]) -> None:
        *records, summary = [json.loads(line) for line in printed(capsys, "--json")]
        assert [each["rec"] for each in records] == list(range(1, 113))
        assert {each["forecast_basis"] for each in records} == {"perfect"}
        assert summary["summary"] is True
        assert summary["records"] == 112
        for category in Category:
            assert summary[category.value] == sum(each["category"] == category.value for each in records)
        assert summary["comparable"] == 112 - summary["not_comparable"]
        assert sum(summary["not_comparable_because"].values()) == summary["not_comparable"]

    def test_json_of_a_record(self, capsys: pytest.CaptureFixture[str]) -> None:
        beijing = json.loads(printed(capsys, "--json")[14])
        assert beijing["published"] == {
            "action": "start",
            "level": "red",
            "announced": {"at": "2016-12-15T00:00:00+08:00", "to_the_hour": False, "as_printed": "2016-12-15"},
            "effective": {"at": "2016-12-16T20:00:00+08:00", "to_the_hour": True, "as_printed": "2016-12-16 20:00"},
            "planned_end": {
                "at": "2016-12-21T00:00:00+08:00",
                "to_the_hour": False,
                "as_printed": "2016-12-21 night (adaptive)",
            },
            "lead_hours": [20.0, 44.0],
            "as_published": "北京市将于12月16日20时启动空气重污染红色预警",
            "certainty": "high",
        }
        assert beijing["divisions"][0]["observed"] == {"peak": 431, "mean": 299, "days": 6, "days_known": 6}
        assert beijing["divisions"][0]["starts_at"] == "2016-12-17T00:00:00+08:00"

    def test_markdown_is_the_committed_document(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["replay", "--against-records", "--markdown"]) == 0
        assert capsys.readouterr().out == COMMITTED.read_text("utf-8"), "run `make documents`"

    @pytest.mark.parametrize(("lang", "said"), [("zh", "预警依据预报而非实测"), ("en", "Warnings follow forecasts")])
    def test_text(self, capsys: pytest.CaptureFixture[str], lang: str, said: str) -> None:
        lines = printed(capsys, "--lang", lang)
        assert said in lines[0]
        assert "112" in lines[-1]

    @pytest.mark.parametrize(
        "arguments", [[], ["2016-12", "--against-records"], ["--against-records", "--json", "--markdown"]]
    )
    def test_exactly_one_of_both(self, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
        with pytest.raises(SystemExit) as left:
            main(["replay", *arguments])
        assert left.value.code == 2
        assert "against-records" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "option",
        [
            ["--rules", "national-2024"],
            ["--from", "2016-12-17 00:00"],
            ["--until", "2016-12-17 00:00"],
            ["--no-lists"],
            ["--forecast", "persistence"],
        ],
    )
    def test_options_of_an_episode_are_refused(self, capsys: pytest.CaptureFixture[str], option: list[str]) -> None:
        assert main(["replay", "--against-records", *option]) == 2
        assert "leave out the other options" in capsys.readouterr().err

    def test_markdown_is_no_form_of_an_episode(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["replay", "2016-12", "--markdown"]) == 2
        assert "--against-records" in capsys.readouterr().err


class TestListing:
    @pytest.mark.parametrize(("text", "columns"), [("red", 3), ("红色", 4), ("启动 red", 8), ("", 0)])
    def test_chinese_takes_two_columns(self, text: str, columns: int) -> None:
        assert width(text) == columns
        assert width(pad(text, 12)) == 12
        assert pad(text, 0) == text

    def test_columns_are_aligned(self) -> None:
        cases = [compared(record(), daily(around([210, 220]))), compared(record(rec="22", city="金寨县"))]
        lines = list(text_lines(cases, NOTHING, "zh"))
        heads = [line for line in lines if line.startswith(("号", "1 ", "22"))]
        places = [width(line[: line.index(word)]) for line, word in zip(heads, ("生效", "2024", "2024"), strict=True)]
        assert len(set(places)) == 1
        assert all(head[0] in heads[0] for head in HEADS)

    def test_reasons_stand_below(self) -> None:
        lines = list(text_lines([compared(record())], NOTHING, "en"))
        assert "      no_observations: the collection has no observations of the place then" in lines


class TestWords:
    @pytest.mark.parametrize(
        ("announced", "zh", "en"),
        [
            ("", "", ""),
            ("2024-12-09 21:45", "提前2.2小时", "lead 2.2 h"),
            ("2024-12-09", "提前0–24小时", "lead 0–24 h"),
            ("2024-12-10 01:30", "生效后1.5小时公布", "announced 1.5 h after"),
        ],
    )
    def test_lead(self, announced: str, zh: str, en: str) -> None:
        row = record(announced=announced)
        assert (lead(row, "zh"), lead(row, "en")) == (zh, en)

    @pytest.mark.parametrize(
        ("effective", "zh", "en"),
        [
            ("2024-12-10 00:00", "同时", "same time"),
            ("2024-12-10 05:00", "公布晚5小时", "published 5 h after"),
            ("2024-12-09 22:00", "公布早2小时", "published 2 h before"),
        ],
    )
    def test_timing_to_the_hour(self, effective: str, zh: str, en: str) -> None:
        steps = hourly([*[20.0] * 24 * 9, *[152.0] * 48, *[20.0] * 24 * 13])
        found = compared(record(effective=effective), steps)
        assert (timing(found, "zh"), timing(found, "en")) == (zh, en)

    def test_several_places(self) -> None:
        zone = record(city="区域(石家庄 衡水 无此市)")
        assert several(compared(zone, daily(around([60]))), "zh") == "可比1/3地 衡水"
        assert several(compared(zone, daily(around([60]))), "en") == "1/3 places, 衡水"
        assert several(compared(zone), "en") == "0/3 places"
        assert several(compared(record()), "zh") == ""
