"""What a line was told while several asked, and findings of one enterprise that share no hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from emission_lists.compliance import Found
from emission_lists.compliance_hours import BEIJING
from emission_lists.compliance_rules import Rule
from emission_lists.compliance_told import Asked, apart, told
from emission_lists.measures import Action, Measure, VehicleRule
from emission_lists.overlap import Source, SourceKind
from emission_lists.schedule import Stage

START = datetime(2026, 11, 20, tzinfo=BEIJING)
HOUR = timedelta(hours=1)
MEASURES = (
    Measure(Action.STOP),
    Measure(Action.STOP, complete_within_hours=6),
    Measure(Action.LIMIT, ratio=0.2),
    Measure(Action.LIMIT, ratio=0.5),
    Measure(Action.UNKNOWN),
    Measure(Action.TRANSPORT, vehicle_rule=VehicleRule.STOP_ROAD_TRANSPORT),
)


def asks(number: int | None, first: int, last: int | None, measure: Measure, *, held: bool = False) -> Asked:
    kind = SourceKind.SEASONAL if number is None else SourceKind.RESPONSE
    until = None if last is None else START + last * HOUR
    return Asked(
        Source(kind, f"{kind.value}:{number}", "", ""), number, Stage(START + first * HOUR, until, measure), held
    )


def hours(stage: Stage) -> tuple[int, int | None]:
    return (stage.starts - START) // HOUR, None if stage.until is None else (stage.until - START) // HOUR


@st.composite
def demands(draw: Any) -> list[Asked]:
    made = []
    for number in draw(st.sampled_from([(1,), (1, 2), (1, None), (1, 2, None)])):
        first = draw(st.integers(0, 20))
        last = draw(st.one_of(st.none(), st.integers(first + 1, 40)))
        made.append(asks(number, first, last, draw(st.sampled_from(MEASURES)), held=draw(st.booleans())))
    return made


class TestTold:
    def test_one_alone_says_what_it_says(self) -> None:
        only = asks(1, 0, None, MEASURES[1], held=True)
        (one,) = told([only], [(START, 1)])
        assert (one.stage, one.response, one.held, one.beside) == (only.stage, 1, True, False)

    def test_the_stricter_takes_the_others_place_and_gives_it_back(self) -> None:
        found = told([asks(1, 0, None, MEASURES[2]), asks(2, 3, 6, MEASURES[0])], [(START, 1)])
        assert [(one.response, *hours(one.stage)) for one in found] == [(1, 0, 3), (2, 3, 6), (1, 6, None)]

    def test_its_time_to_carry_out_does_not_begin_anew(self) -> None:
        found = told([asks(1, 0, None, MEASURES[1]), asks(2, 1, 3, MEASURES[0])], [(START, 1)])
        assert {one.stage.due for one in found if one.response == 1} == {START + 6 * HOUR}

    def test_what_cannot_be_compared_stands_beside(self) -> None:
        found = told([asks(1, 0, None, MEASURES[2]), asks(2, 0, None, MEASURES[5])], [(START, 1)])
        assert [(one.response, one.beside) for one in found] == [(1, False), (2, True)]

    def test_a_season_counts_under_the_response_that_leads(self) -> None:
        turns = [(START + 2 * HOUR, 1), (START + 5 * HOUR, 2)]
        found = told([asks(None, 0, 9, MEASURES[0])], turns)
        assert [(one.response, *hours(one.stage)) for one in found] == [(None, 0, 2), (1, 2, 5), (2, 5, 9)]

    def test_a_guarantee_does_not_relieve_what_the_season_asks(self) -> None:
        same = [asks(1, 0, None, MEASURES[0], held=True), asks(None, 0, None, MEASURES[0])]
        assert [one.held for one in told(same, [(START, 1)])] == [False]

    @given(demands())
    def test_the_order_plays_no_part(self, asked: list[Asked]) -> None:
        turns = [(START, 1)]
        assert told(asked, turns) == told(asked[::-1], turns)

    @given(demands(), st.integers(0, 45))
    def test_something_stands_exactly_while_something_is_asked(self, asked: list[Asked], hour: int) -> None:
        at = START + hour * HOUR

        def stands(stage: Stage) -> bool:
            return stage.starts <= at and (stage.until is None or at < stage.until)

        standing = [one for one in told(asked, [(START, 1)]) if stands(one.stage)]
        assert bool(standing) == any(stands(one.stage) for one in asked)
        assert sum(not one.beside for one in standing) <= 1


def finding(first: int, last: int, line: str = "L1") -> Found:
    def iso(hour: int) -> str:
        return (START + hour * HOUR).isoformat()

    items = [{"from": iso(hour), "until": iso(hour + 1)} for hour in range(first, last)]
    return Found(Rule.LOAD_OVER_CAP, line, START + first * HOUR, START + last * HOUR, {"items": items})


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9), st.sampled_from(["L1", "L2"])), max_size=6))
def test_no_hour_stands_in_two_findings_and_none_is_lost(spans: list[tuple[int, int, str]]) -> None:
    given_ = [finding(first, first + length, line) for first, length, line in spans]
    made = apart(given_)

    def proven(found: list[Found]) -> list[tuple[str, str]]:
        return [(one.line_code, item["from"]) for one in found for item in one.proof["items"]]

    assert sorted(proven(made)) == sorted(set(proven(given_)))
    assert all(one.proof["items"][0]["from"] == one.starts.isoformat() for one in made)


def gates(vehicles: frozenset[int]) -> Found:
    """A day's finding of vehicles; two and two pass together."""
    passages = [
        {"gate": "G1", "plate": str(one), "time": (START + one // 2 * HOUR).isoformat()} for one in sorted(vehicles)
    ]
    until = START + max(vehicles) // 2 * HOUR
    return Found(Rule.BANNED_VEHICLE, "ROAD", START, until, {"passages": passages})


@given(st.lists(st.frozensets(st.integers(0, 9), min_size=1), min_size=1, max_size=4))
def test_no_vehicle_stands_in_two_findings_of_two_plants_and_none_is_lost(days: list[frozenset[int]]) -> None:
    made = apart(gates(vehicles) for vehicles in days)
    plates = [passage["plate"] for one in made for passage in one.proof["passages"]]
    assert sorted(plates) == sorted(map(str, frozenset().union(*days)))
    assert len({one.starts for one in made}) == len(made)
