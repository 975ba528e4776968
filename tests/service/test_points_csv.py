"""Faults of a CSV of points: the row, the column, and what to do in either language."""

from __future__ import annotations

import string

import pytest

from service.forecasts.csv_words import FAULTS
from service.forecasts.points_csv import CsvInvalid, CsvProblem, points_of_csv

LONG = "date,aqi\n2024-01-01,90\n2024-03-01,90\n"
CASES: list[tuple[bytes, int, str, str]] = [
    (b"date,aqi\n" + b"2024-01-01,90\n" * 3, 3, "date", "given_twice"),
    (b"date,aqi\n2024-01-02,90\n2024-01-01,90\n", 3, "date", "out_of_order"),
    (LONG.encode(), 3, "date", "too_long"),
    (b"date,aqi\n2024-01-01,501\n", 2, "aqi", "out_of_range"),
    (b"date,aqi\n2024-01-01,x\n", 2, "aqi", "not_number"),
    (b"date,aqi\n2024-01-01\n", 2, "", "cells"),
    (b"date,aqi\nx,90\n", 2, "date", "not_day"),
    (b"time,aqi\nx,90\n", 2, "time", "not_instant"),
    (b"time,aqi\n2024-01-01 20:30,90\n", 2, "time", "not_whole_hour"),
    (b"date,aqi,cause\n2024-01-01,90,rain\n", 2, "cause", "unknown_cause"),
    (b"date,aqi_low\n2024-01-01,90\n", 2, "aqi_high", "half_range"),
    (b"date,aqi_low,aqi_high\n2024-01-01,90,80\n", 2, "aqi_low", "range_order"),
    (b"date,aqi,wind\n2024-01-01,90,3\n", 1, "wind", "unknown_column"),
    (b"date,aqi,aqi\n2024-01-01,90,90\n", 1, "aqi", "column_twice"),
    (b"aqi\n90\n", 1, "time", "time_or_date"),
    (b"date,cause\n2024-01-01,dust\n", 1, "aqi", "no_values"),
    (b"date,aqi\n", 1, "", "empty"),
    (b'date,aqi\n"2024-01-01,90\n', 2, "", "unreadable"),
    (b"\xff\xfe", 0, "", "not_utf8"),
    (b"x" * 101, 0, "", "too_large"),
    (b"date,aqi\n9999-12-31,90\n", 2, "date", "out_of_years"),
    (b"time,aqi\n1989-12-31 20:00,90\n", 2, "time", "out_of_years"),
]
BOUNDED = frozenset({"too_many_rows", "too_many_faults"})


def faults(content: bytes) -> list[CsvProblem]:
    with pytest.raises(CsvInvalid) as raised:
        points_of_csv(content, 100)
    return list(raised.value.problems)


@pytest.mark.parametrize(("content", "row", "column", "fault"), CASES)
def test_each_fault_is_told_at_its_place(content: bytes, row: int, column: str, fault: str) -> None:
    found = faults(content)[0]
    assert (found.row, found.column, found.fault) == (row, column, fault)
    for language in ("zh", "en"):
        problem, advice = found.said(language)
        assert problem
        assert advice
        assert "{" not in problem + advice
    assert found.said("zh") != found.said("en")


class TestNoMoreThanIsRead:
    def test_rows(self) -> None:
        with pytest.raises(CsvInvalid) as raised:
            points_of_csv(b"date,aqi\n" + b"2024-01-01,90\n" * 1500)
        assert [(one.row, one.fault) for one in raised.value.problems] == [(1002, "too_many_rows")]

    def test_faults(self) -> None:
        with pytest.raises(CsvInvalid) as raised:
            points_of_csv(b"date,aqi\n" + b"x,y\n" * 5000)
        assert len(raised.value.problems) <= 502
        assert raised.value.problems[-1].fault == "too_many_faults"

    def test_columns(self) -> None:
        with pytest.raises(CsvInvalid) as raised:
            points_of_csv(b",".join(b"c%d,c%d" % (at, at) for at in range(20_000)) + b"\n")
        assert {one.fault for one in raised.value.problems} >= {"unknown_column", "column_twice", "time_or_date"}
        assert len(raised.value.problems) < 1100

    def test_the_edges_of_the_calendar(self) -> None:
        for text in (b"time,aqi\n0001-01-01 00:00,90\n", b"time,aqi\n9999-12-31 23:00,90\n"):
            with pytest.raises(CsvInvalid):
                points_of_csv(text)


def test_every_fault_can_happen() -> None:
    assert {fault for *_, fault in CASES} | {"unopened"} | BOUNDED == FAULTS.keys()


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_both_languages_tell_the_same_values(fault: str) -> None:
    def names(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    (zh_problem, zh_advice), (en_problem, en_advice) = FAULTS[fault]
    assert names(zh_problem + zh_advice) == names(en_problem + en_advice)


def test_all_faults_come_at_once() -> None:
    found = faults(b"date,aqi,pm25\n2024-01-01,501,x\ny,90,80\n")
    assert [(one.row, one.column) for one in found] == [(2, "aqi"), (2, "pm25"), (3, "date")]


def test_points_of_hours_and_days() -> None:
    (hour,) = points_of_csv("\ufefftime,PM25\n2024-01-01 20:00,35\n".encode())
    assert (hour.time is not None, hour.pm25) == (True, 35.0)
    assert [point.aqi for point in points_of_csv(b"date,aqi\n2024-01-01,90\n2024-01-02,NA\n")] == [90.0, None]
