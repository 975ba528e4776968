"""`lantian assess` as it is called, with good and bad files."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from service.cli import assess

DAYS = "date,aqi\n2024-11-08,160\n2024-11-09,170\n2024-11-10,190\n"


def call(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    assess.register(parser.add_subparsers())
    return int((parsed := parser.parse_args(["assess", *arguments])).run(parsed))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "air.csv"
    path.write_text(DAYS, encoding="utf-8")
    return path


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert call(*arguments, "--json") == 0
    return dict(json.loads(capsys.readouterr().out))


def problems(capsys: pytest.CaptureFixture[str], path: Path, content: str | bytes) -> list[tuple[int, str]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert call(str(path), "--json") == 2
    told = json.loads(capsys.readouterr().out)
    assert told.keys() == {"error", "problems"}
    assert all(each["problem"] and each["advice"] for each in told["problems"])
    return [(each["row"], each["column"]) for each in told["problems"]]


class TestAnswer:
    def test_days(self, capsys: pytest.CaptureFixture[str], file: Path) -> None:
        found = answer(capsys, str(file))
        assert (found["level"], found["clause"], found["state"]) == ("orange", "orange.any[1]", "determined")
        assert found["starts_at"] == "2024-11-08T00:00:00+08:00"
        assert found["rules"] == "national-2024"

    def test_hours_are_stamped_at_their_end(self, capsys: pytest.CaptureFixture[str], file: Path) -> None:
        rows = [f"2024-11-08 {hour:02}:00,160,80" for hour in range(1, 25)]
        file.write_text("\n".join(["time,pm25,o3", *rows]), encoding="utf-8")
        found = answer(capsys, str(file))
        assert (found["level"], found["starts_at"], found["ends_at"]) == (
            "yellow", "2024-11-08T00:00:00+08:00", "2024-11-09T00:00:00+08:00",
        )  # fmt: skip
        assert found["blocks"][0]["index"] == {"pm25": 210, "o3": 40}  # type: ignore[index]

    def test_rules_and_date(self, capsys: pytest.CaptureFixture[str], file: Path) -> None:
        assert answer(capsys, str(file), "--rules", "national-2019")["level"] == "none"
        file.write_text(DAYS.replace("2024", "2019"), encoding="utf-8")
        assert answer(capsys, str(file))["rules"] == "national-2019"

    def test_as_of_and_division(self, capsys: pytest.CaptureFixture[str], file: Path) -> None:
        found = answer(capsys, str(file), "--as-of", "2024-11-06 12:00", "--adcode", "110000")
        assert (found["lead_hours"], found["proposal"]) == (36.0, "issue")
        assert answer(capsys, str(file), "--as-of", "2024-11-11 00:00")["level"] == "none"

    def test_a_named_plan(self, capsys: pytest.CaptureFixture[str], file: Path) -> None:
        assert answer(capsys, str(file), "--plan", "national-default")["level"] == "orange"

    def test_blank_lines_and_a_byte_order_mark(self, capsys: pytest.CaptureFixture[str], file: Path) -> None:
        file.write_bytes(b"\xef\xbb\xbf" + DAYS.replace("\n", "\r\n\r\n").encode())
        assert answer(capsys, str(file))["level"] == "orange"

    def test_in_words(self, capsys: pytest.CaptureFixture[str], file: Path) -> None:
        file.write_text("date,pm25,o3,cause\n2024-11-08,160,300,\n2024-11-09,40,300,dust\n", encoding="utf-8")
        assert call(str(file)) == 0
        told = capsys.readouterr().out
        for part in ("级别：黄色（Ⅲ级响应）", "yellow.any[0]", "不计入分级：臭氧、沙尘", "建议发布黄色预警"):
            assert part in told

    def test_missing_data_in_words(self, capsys: pytest.CaptureFixture[str], file: Path) -> None:
        file.write_text("date,aqi\n2024-11-08,60\n2024-11-09,\n", encoding="utf-8")
        assert call(str(file)) == 0
        told = capsys.readouterr().out
        assert "未达到预警级别" in told
        assert "数据不足" in told


class TestProblems:
    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            ("", [(1, "time"), (1, "aqi")]),
            ("date,aqi\n", [(1, "")]),
            ("date,time,aqi\n", [(1, "time")]),
            ("aqi\n100\n", [(1, "time")]),
            ("date,cause\n2024-11-08,dust\n", [(1, "aqi")]),
            ("date,aqi,aqi\n", [(1, "aqi")]),
            ("date,aqi,pm1\n2024-11-08,1,2\n", [(1, "pm1")]),
            ("date,aqi\n2024-11-08\n", [(2, "")]),
            ("date,aqi\n2024-11-31,1\n", [(2, "date")]),
            ("time,aqi\n2024-11-08,1\n", [(2, "time")]),
            ("time,aqi\n2024-11-08 01:30,1\n", [(2, "time")]),
            ("date,aqi\n2024-11-09,1\n2024-11-08,1\n", [(3, "date")]),
            ("date,aqi\n2024-11-08,1\n2024-11-08,1\n", [(3, "date")]),
            ("date,aqi\n2024-11-08,1\n2024-12-09,1\n", [(3, "date")]),
            ("date,aqi,cause\n2024-11-08,1,volcano\n", [(2, "cause")]),
            ("date,aqi,co\nx,nan,-1\n2024-11-09,501,9999\n", [(2, "aqi"), (2, "co"), (2, "date"), (3, "aqi"), (3, "co")]),
            ('date,aqi\n2024-11-08,"1\n', [(2, "")]),
            (b"date,aqi\n\xff\xfe,1\n", [(0, "")]),
            (b"date,aqi\n" + b"2024-11-08,1\n" * 800_000, [(0, "")]),
        ],
    )
    def test_all_at_once_by_row_and_column(
        self, capsys: pytest.CaptureFixture[str], file: Path, content: str | bytes, expected: list[tuple[int, str]]
    ) -> None:
        assert problems(capsys, file, content) == expected

    def test_in_words(self, capsys: pytest.CaptureFixture[str], file: Path) -> None:
        file.write_text("date,aqi\nx,1\n", encoding="utf-8")
        assert call(str(file)) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "row 2, date: 'x' is not a day; write it like 2016-12-16" in shown.err

    @pytest.mark.parametrize(
        ("option", "value", "part"),
        [
            ("--rules", "national-1999", "no rule set"),
            ("--plan", "none-such", "no plan"),
            ("--adcode", "999999", "no division"),
            ("--as-of", "yesterday", "not an instant"),
        ],
    )
    def test_names_in_the_call(
        self, capsys: pytest.CaptureFixture[str], file: Path, option: str, value: str, part: str
    ) -> None:
        assert call(str(file), option, value, "--json") == 2
        assert part in json.loads(capsys.readouterr().out)["error"]

    def test_a_file_that_is_not_there(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        assert call(str(tmp_path / "none.csv")) == 2
        assert "cannot be opened" in capsys.readouterr().err

    def test_no_rules_for_the_time(self, capsys: pytest.CaptureFixture[str], file: Path) -> None:
        file.write_text("date,aqi\n2015-12-08,300\n", encoding="utf-8")
        assert call(str(file), "--json") == 2
        assert "name one of" in json.loads(capsys.readouterr().out)["error"]
