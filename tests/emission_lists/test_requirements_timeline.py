"""A line's measures over time: cut at every change, without a gap, never weaker than what any source asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from emission_lists.levels import PerLevel, ResponseLevel
from emission_lists.lists import Line
from emission_lists.measure_strictness import covers, without_deadline
from emission_lists.measures import Action, Later, Measure, VehicleRule
from emission_lists.overlap import Source, SourceKind
from emission_lists.requirements import (
    Obligation,
    RequirementStatus,
    ResponseFacts,
    SeasonalFacts,
    boundaries,
    requirement_for,
)
from emission_lists.requirements_timeline import Claim, standing_at, timeline
from emission_lists.schedule import measure_at
from tests.emission_lists.list_samples import firm

START = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
STOP, NONE, UNKNOWN = Measure(Action.STOP), Measure(Action.NONE), Measure(Action.UNKNOWN)
FIFTH, HALF = Measure(Action.LIMIT, ratio=0.2), Measure(Action.LIMIT, ratio=0.5)
TRUCKS = Measure(Action.TRANSPORT, vehicle_rule=VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS)
STAGED = Measure(Action.STOP, complete_within_hours=6, later=(Later(24, FIFTH),))
CITY = Source(SourceKind.RESPONSE, "1", "市", "city")
SEASON = Source(SourceKind.SEASONAL, "2", "错峰", "season")
RED = ResponseFacts("130200", ResponseLevel.RED, START, START + 72 * HOUR, "7", "通知", place="唐山市", id=4)

pool = st.sampled_from([STOP, NONE, UNKNOWN, FIFTH, HALF, TRUCKS, STAGED, Measure(Action.SELF_DETERMINED)])
spans = st.tuples(st.integers(0, 60), st.none() | st.integers(1, 60))


@st.composite
def claims(draw: st.DrawFn) -> list[Claim]:
    found = []
    for number in range(draw(st.integers(1, 3))):
        after, length = draw(spans)
        starts = START + after * HOUR
        source = Source(SourceKind.RESPONSE, str(number), f"来源{number}", f"source {number}")
        found.append(Claim(source, draw(pool), starts, None if length is None else starts + length * HOUR))
    return found


def line(red: Measure, code: str = "1") -> Line:
    return Line(code, f"{code}号线", "熔化", PerLevel(NONE, FIFTH, red))


class TestTimeline:
    def test_one_claim_is_its_stages(self) -> None:
        found = timeline([Claim(CITY, STAGED, START, START + 72 * HOUR)])
        assert [(piece.starts, piece.until) for piece in found] == [
            (START, START + 24 * HOUR),
            (START + 24 * HOUR, START + 72 * HOUR),
        ]
        assert found[0].combined.main.due == START + 6 * HOUR
        assert found[1].combined.main.measure == FIFTH

    def test_what_is_due_later_leaves_the_milder_measure_until_then(self) -> None:
        found = timeline([Claim(CITY, STAGED, START, None), Claim(SEASON, HALF, START, None)])
        asked = [{kept.measure.action for kept in piece.combined.kept} for piece in found]
        assert asked == [{Action.STOP, Action.LIMIT}, {Action.STOP}, {Action.LIMIT}]
        assert [piece.starts - START for piece in found] == [0 * HOUR, 6 * HOUR, 24 * HOUR]
        assert found[2].combined.main.measure == HALF

    def test_a_claim_that_ends_before_it_begins_is_open(self) -> None:
        found = timeline([Claim(CITY, STOP, START, START - HOUR)])
        assert [(piece.starts, piece.until) for piece in found] == [(START, None)]

    def test_which_piece_stands(self) -> None:
        found = timeline([Claim(CITY, STAGED, START, START + 72 * HOUR)])
        hours = {None: 0, -5: 0, 0: 0, 23: 0, 24: 1, 71: 1, 72: 1, 900: 1}
        for hour, place in hours.items():
            assert standing_at(found, None if hour is None else START + hour * HOUR) == place

    @given(claims(), st.integers(0, 130))
    def test_is_never_weaker_than_any_claim_at_any_instant(self, asked: list[Claim], hour: int) -> None:
        instant = START + hour * HOUR
        standing = [piece for piece in timeline(asked) if piece.holds(instant)]
        for claim in asked:
            if claim.starts <= instant and (claim.until is None or instant < claim.until):
                wanted = without_deadline(measure_at(claim.measure, claim.starts, instant))
                assert len(standing) == 1
                assert any(covers(without_deadline(kept.measure), wanted) for kept in standing[0].combined.kept)
                assert wanted.executable or not standing[0].combined.known

    @given(claims())
    def test_pieces_follow_each_other(self, asked: list[Claim]) -> None:
        found = timeline(asked)
        assert found
        for before, after in pairwise(found):
            assert before.until is not None
            assert before.starts < before.until <= after.starts

    @given(claims(), st.randoms())
    def test_does_not_depend_on_order(self, asked: list[Claim], random: object) -> None:
        shuffled = list(asked)
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        assert timeline(shuffled) == timeline(asked)


class TestRequirement:
    def test_the_measure_is_the_one_at_the_asked_instant(self) -> None:
        first = requirement_for(firm(), [line(STAGED)], RED, moment=START + HOUR).document()["lines"][0]
        later = requirement_for(firm(), [line(STAGED)], RED, moment=START + 30 * HOUR).document()["lines"][0]
        assert (first["action"], later["action"]) == ("stop", "limit")
        assert first["complete_by"] == "2026-12-02T02:00:00+08:00"
        assert later["complete_by"] is None
        assert first["stages"] == later["stages"]
        assert first["sentence_zh"].endswith("；12月2日 20:00 起限产 20 %")
        assert later["sentence_zh"] == "1号线限产 20 %"

    def test_instants_at_which_it_changes_by_itself(self) -> None:
        found = set(boundaries(requirement_for(firm(), [line(STAGED)], RED)))
        assert found == {START, START + 24 * HOUR, START + 72 * HOUR}

    def test_a_season_alone_is_no_response(self) -> None:
        plan = SeasonalFacts(3, "130200", "采暖季", "唐山市")
        asked = Obligation(plan.source, START, START + HOUR, (("1", "1号线", "熔化", FIFTH),))
        found = requirement_for(firm(), [], None, others=[asked], seasonal=(plan,))
        assert found.status is RequirementStatus.NO_RESPONSE
        assert found.summary_zh == "1号线限产 20 %"
        assert found.document()["lines"][0]["sources"][0]["kind"] == "seasonal"

    def test_lines_that_only_one_side_knows_are_told(self) -> None:
        plan = SeasonalFacts(3, "130200", "采暖季", "唐山市")
        asked = Obligation(plan.source, START, None, (("2", "2号线", "熔化", FIFTH),))
        found = requirement_for(firm(), [line(STOP)], RED, others=[asked])
        assert [(one.code, one.measure.action) for one in found.lines] == [("1", Action.STOP), ("2", Action.LIMIT)]

    def test_what_is_only_imagined_says_so(self) -> None:
        source = Source(SourceKind.DECLARED, "declared:red", "假如", "if")
        asked = Obligation(source, START, None, (("1", "1号线", "熔化", UNKNOWN),))
        document = requirement_for(firm(), [], None, others=[asked], declared=ResponseLevel.RED).document()
        assert document["status"] == "not_established"
        assert document["response"] is None
        assert "不是命令" in document["headline_zh"]
        assert "not an order" in document["headline_en"]
