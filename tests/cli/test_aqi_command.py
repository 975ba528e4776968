"""`lantian aqi` as it is called."""

from __future__ import annotations

import argparse
import json

import pytest

from service.cli import aqi


def call(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    aqi.register(parser.add_subparsers())
    return int((parsed := parser.parse_args(["aqi", *arguments])).run(parsed))


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert call(*arguments, "--json") == 0
    return dict(json.loads(capsys.readouterr().out))


def test_contract(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "--standard", "2012", "--period", "daily", "pm25=75") == {
        "aqi": 100,
        "iaqi": {"pm25": 100},
        "primary": ["pm25"],
        "category": "良",
        "grade": 2,
        "standard": "HJ 633-2012",
    }


@pytest.mark.parametrize("value", ["", "NA", "na", "-"])
def test_a_missing_pollutant_withholds_a_low_aqi_in_2026(
    capsys: pytest.CaptureFixture[str], value: str
) -> None:
    assert answer(capsys, "--standard", "2026", f"pm25={value}", "no2=60")["aqi"] is None
    assert answer(capsys, "--standard", "2026", f"pm25={value}", "no2=100")["aqi"] == 110
    assert answer(capsys, "--standard", "2012", f"pm25={value}", "no2=60")["aqi"] == 75


def test_a_pollutant_that_is_not_monitored_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "--standard", "2026", "co=/", "no2=60")
    assert (found["aqi"], found["iaqi"]) == (75, {"no2": 75})


def test_decimals_are_read_exactly(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "--standard", "2012", "pm25=150.5")["aqi"] == 200
    assert answer(capsys, "--standard", "2012", "pm25=150.50001")["aqi"] == 201


def test_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--standard", "2012", "--period", "hourly", "pm25=260", "pm25_24h=90") == 0
    told = capsys.readouterr().out
    assert "AQI：119  轻度污染（3级）" in told
    assert "PM2.5：无分指数" in told
    assert "首要污染物：PM2.5" in told
    assert call("--standard", "2026", "pm25=") == 0
    assert "NA" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("pm25=-1", "between 0 and 10000"),
        ("pm25=nan", "between 0 and 10000"),
        ("pm25=inf", "between 0 and 10000"),
        ("co=1001", "between 0 and 1000"),
        ("pm25=ten", "is not a number"),
        ("pm1=3", "with one of pm25"),
        ("75", "is not KEY=VALUE"),
    ],
)
def test_bad_values(capsys: pytest.CaptureFixture[str], value: str, problem: str) -> None:
    assert call("--standard", "2012", value) == 2
    shown = capsys.readouterr()
    assert problem in shown.err
    assert shown.out == ""


def test_every_problem_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--standard", "2012", "--json", "pm25=1", "pm25=2", "co=-1", "x=1") == 2
    told = json.loads(capsys.readouterr().out)
    assert told.keys() == {"error", "problems"}
    assert len(told["problems"]) == 3


def test_an_unknown_edition_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        call("--standard", "1996", "pm25=1")
    assert stop.value.code == 2
    assert "1996" in capsys.readouterr().err
