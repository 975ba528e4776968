"""Working days where the notice of a year is not known: the statutory days of fixed date are off all the same."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from pydantic import ValidationError

from emission_lists.grading_rules import Calendar, Publicity, StatutoryDays, publicity_window
from service.grades.rules import calendar
from tests.emission_lists.test_grade_standing import CHINA

FIXED = ("01-01", "05-01", "05-02", "10-01", "10-02", "10-03")


@pytest.mark.parametrize(
    ("start", "days", "last"),
    [
        (datetime(2026, 12, 28, 9, tzinfo=CHINA), 5, date(2027, 1, 5)),  # 1 January is no working day
        (datetime(2030, 9, 30, tzinfo=CHINA), 2, date(2030, 10, 7)),
        (datetime(2031, 4, 30, tzinfo=CHINA), 1, date(2031, 5, 5)),
        (datetime(2029, 6, 4, tzinfo=CHINA), 1, date(2029, 6, 5)),
    ],
)
def test_a_year_without_its_notice_counts_weekdays_but_for_them_and_says_so(start: datetime, days: int, last: date) -> None:
    window = publicity_window(start, Publicity(days=days, unit="working"), calendar())
    assert (window.last_day, window.weekdays_only) == (last, True)


@pytest.mark.parametrize("year", [2025, 2026])
def test_the_notices_of_the_years_that_are_known_name_every_one(year: int) -> None:
    assert not any(calendar().works(date.fromisoformat(f"{year}-{day}")) for day in FIXED)


def test_they_hold_from_the_day_of_the_regulation_on() -> None:
    made = {"title": "x", "in_force": {"from": "2025-01-01", "until": None}, "days": ["05-02"]}
    own = Calendar((), StatutoryDays.model_validate(made))
    assert [own.works(date(year, 5, 2)) for year in (2024, 2029)] == [True, False]
    with pytest.raises(ValidationError):
        StatutoryDays.model_validate(made | {"days": ["5-2"]})
