"""Gates: the hours of the day in which a vehicle rule holds, and plates whose place on the whitelist has run out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emission_lists.compliance import Found, judge
from emission_lists.compliance_gates import in_window, judge_gates
from emission_lists.measures import Action, Measure, VehicleRule
from tests.emission_lists.test_compliance import BEIJING, FIRST, RULES, START, STOP, case, meter, passage

DAY_MINUTES = 24 * 60
minutes = st.integers(0, DAY_MINUTES - 1)


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def banned_at(moment: datetime, window: str | None = None, whitelist: dict[str, date | None] | None = None) -> list[Found]:
    measure = Measure(Action.TRANSPORT, vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT, window=window)
    return judge_gates([case(measure)], [passage(at=moment)], whitelist or {}, RULES)


class TestHoursOfTheDay:
    @pytest.mark.parametrize(
        ("window", "hour", "minute", "second", "found"),
        [
            ("06:00-22:00", 23, 30, 0, False),
            ("06:00-22:00", 5, 59, 59, False),
            ("06:00-22:00", 6, 0, 0, True),
            ("06:00-22:00", 21, 59, 59, True),
            ("06:00-22:00", 22, 0, 0, False),
            ("17:00-09:00", 16, 59, 59, False),
            ("17:00-09:00", 17, 0, 0, True),
            ("17:00-09:00", 0, 0, 0, True),
            ("17:00-09:00", 8, 59, 59, True),
            ("17:00-09:00", 9, 0, 0, False),
            ("20:30-24:00", 20, 29, 59, False),
            ("20:30-24:00", 23, 59, 59, True),
            ("20:30-24:00", 0, 0, 0, False),
            ("22:00-00:00", 23, 0, 0, True),
            ("22:00-00:00", 0, 0, 0, False),
            ("08:00-08:00", 8, 0, 0, True),
            ("08:00-08:00", 7, 59, 0, True),
            (None, 23, 30, 0, True),
        ],
    )
    def test_a_vehicle_counts_only_in_them(
        self, window: str | None, hour: int, minute: int, second: int, found: bool
    ) -> None:
        moment = START + timedelta(days=1, hours=hour, minutes=minute, seconds=second)
        assert bool(banned_at(moment, window)) is found
        assert bool(banned_at(moment.astimezone(UTC), window)) is found

    @given(minutes, minutes, minutes, st.integers(0, 59), st.integers(-12, 14))
    def test_every_minute_lies_in_a_window_or_in_the_one_that_fills_the_day_up(
        self, opens: int, closes: int, minute: int, second: int, offset: int
    ) -> None:
        moment = (START + timedelta(minutes=minute, seconds=second)).astimezone(timezone(timedelta(hours=offset)))
        walked = (minute - opens) % DAY_MINUTES < ((closes - opens) % DAY_MINUTES or DAY_MINUTES)
        window, other = f"{clock(opens)}-{clock(closes)}", f"{clock(closes)}-{clock(opens)}"
        assert in_window(window, moment) is walked
        assert opens == closes or in_window(other, moment) is not walked

    @given(st.integers(0, 23), st.integers(0, 23), st.integers(0, 71))
    def test_gates_and_electricity_mean_the_same_hours(self, opens: int, closes: int, hour: int) -> None:
        window = f"{opens:02d}:00-{closes:02d}:00"
        line = case(Measure(STOP.action, 1.0, window=window), meter({hour + 1: 100.0}))
        by_meter = bool(judge(line, RULES))
        assert line.production[0].hours == {FIRST + hour + 1: 100.0}
        for minute in (0, 59):
            assert bool(banned_at(START + timedelta(hours=hour, minutes=minute), window)) is by_meter


class TestWhitelist:
    DAY = date(2026, 11, 22)

    @pytest.mark.parametrize(
        ("last", "found"),
        [(date(2026, 11, 21), True), (DAY, False), (date(2026, 11, 23), False), (None, False), (date(2020, 1, 1), True)],
    )
    @pytest.mark.parametrize("hour", [0, 12, 23.999])
    def test_a_plate_passes_up_to_its_last_day(self, last: date | None, found: bool, hour: float) -> None:
        moment = datetime(2026, 11, 22, tzinfo=BEIJING) + timedelta(hours=hour)
        for at in (moment, moment.astimezone(UTC)):
            assert bool(banned_at(at, whitelist={"冀B1": last})) is found
            assert banned_at(at, whitelist={"冀B2": last})

    def test_the_proof_says_when_it_ran_out(self) -> None:
        (one,) = banned_at(START, whitelist={"冀B1": date(2026, 11, 20)})
        assert one.proof["passages"][0]["whitelisted_until"] == "2026-11-20"
        (other,) = banned_at(START)
        assert "whitelisted_until" not in other.proof["passages"][0]
