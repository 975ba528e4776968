"""The evaluation plans what had to be done: grades and guarantees as they stood at the response's start, not the list alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from emission_lists.accounting_sums import Accounts, By, Tally
from emission_lists.accounting_weights import Span
from emission_lists.documents import enterprise_document, line_document
from emission_lists.entitlement import Decisions
from emission_lists.grades import Grade
from emission_lists.guarantee import Guarantee, GuaranteeState, GuaranteeStep
from emission_lists.identifiers import make_uscc
from emission_lists.levels import PerLevel, ResponseLevel
from emission_lists.lists import Enterprise, GuaranteeType, Line, Pollutants
from emission_lists.measures import Action, Basis, LoadCap, Measure
from emission_lists.regrading import BESIDE, Regraded
from emission_lists.standing import Decided, DecisionKind
from service.evaluations.accounts import add_rows
from service.grades.applying import entitle
from service.guides.loader import Applied, book
from service.kit.clock import SHANGHAI

START = datetime(2025, 12, 1, tzinfo=SHANGHAI)
DAY = timedelta(days=1)
OWN = Applied("G2020", book())
USCC = make_uscc("150102", 1)
STOP = Measure(Action.STOP, 1.0)
STATED = Pollutants(4.0, 5.0, 6.0, 7.0)
CEMENT = Enterprise(USCC, "青城水泥有限公司", "150102", "水泥", True, Grade.C)
KILN = Line(
    "MF0001",
    "1号窑",
    "熟料生产线",
    PerLevel(STOP, STOP, STOP),
    Pollutants(24.0, 24.0, 24.0, 24.0),
    PerLevel(STATED, STATED, STATED),
)
RED = Span(1, ResponseLevel.RED, START, START + DAY)
PLANNED = [4_000_000, 5_000_000, 6_000_000, 7_000_000]


def account(decisions: Decisions, *spans: Span, line: Line = KILN) -> dict[tuple[By, str], Tally]:
    accounts = Accounts(spans or (RED,))
    stored = {"enterprise": enterprise_document(CEMENT), "lines": [line_document(line)]}
    decided = {USCC: decisions} if decisions else {}
    add_rows(accounts, [(USCC, json.dumps(stored))], {}, {}, decided, OWN)
    return accounts.finish()


def graded(grade: Grade, since: datetime = START - DAY, kind: DecisionKind = DecisionKind.RATED) -> Decisions:
    return Decisions((Decided(1, "水泥", None, grade, kind, since),))


def guaranteed(*steps: tuple[GuaranteeState, datetime]) -> Decisions:
    told = tuple(GuaranteeStep(state, since, None) for state, since in steps)
    cap = LoadCap(50.0, "%", None)
    return Decisions((), (Guarantee(1, GuaranteeType.LIVELIHOOD, Basis.SMALLEST_DAILY_MEAN, cap, START + 30 * DAY, told),))


@pytest.mark.parametrize(("until", "open_lines"), [(date(2025, 11, 20), 1), (date(2025, 12, 20), 0)])
def test_a_guarantee_of_the_list_alone_relieves_only_while_it_reaches_the_start(until: date, open_lines: int) -> None:
    """Nobody decided anything: the list's own guarantee ran out before the response, so the requirement asks, too."""
    none = Measure(Action.NONE)
    free = replace(KILN, measures=PerLevel(none, none, none), reductions=PerLevel(*[Pollutants()] * 3))
    listed = replace(
        CEMENT, guarantee=GuaranteeType.LIVELIHOOD, guarantee_until=until, guarantee_cap=LoadCap(50.0, "t")
    )
    accounts = Accounts([RED])
    stored = {"enterprise": enterprise_document(listed), "lines": [line_document(free)]}
    add_rows(accounts, [(USCC, json.dumps(stored))], {}, {}, {}, OWN)
    tally = accounts.finish()[By.WHOLE, ""]
    required = entitle(listed, [free], OWN, Decisions(), START, START).lines[0].measures.red
    assert (required.action is not Action.NONE) is bool(open_lines)
    assert (tally.asked_lines + tally.unknown_lines, tally.unestablished != [0] * 4 or tally.planned != [0] * 4) == (
        open_lines,
        bool(open_lines),
    )


def test_without_decisions_the_list_is_the_plan() -> None:
    tally = account(Decisions())[By.WHOLE, ""]
    assert (tally.planned, tally.stated) == (PLANNED, PLANNED)


def test_what_a_new_a_decides_for_itself_is_no_planned_figure_of_the_list() -> None:
    tallies = account(graded(Grade.A))
    tally = tallies[By.WHOLE, ""]
    assert (tally.planned, tally.base, tally.lines) == ([0] * 4, [24_000_000] * 4, 1)
    assert (By.GRADE, Grade.A.value) in tallies


def test_a_guaranteed_enterprise_does_not_plan_its_full_stop() -> None:
    tally = account(guaranteed((GuaranteeState.IN_FORCE, START - DAY)))[By.WHOLE, ""]
    assert (tally.planned, tally.enterprises) == ([0] * 4, 1)


@pytest.mark.parametrize(
    "later", [graded(Grade.A, START + timedelta(hours=1)), guaranteed((GuaranteeState.IN_FORCE, START + timedelta(hours=1)))]
)
def test_what_holds_only_after_the_start_changes_nothing(later: Decisions) -> None:
    assert account(later)[By.WHOLE, ""].planned == PLANNED


def test_each_response_counts_by_its_own_start() -> None:
    orange = Span(1, ResponseLevel.ORANGE, START, START + DAY)
    red = Span(2, ResponseLevel.RED, START + DAY, START + 2 * DAY)
    tallies = account(graded(Grade.A, START + timedelta(hours=1)), orange, red)
    assert tallies[By.RESPONSE, "1"].planned == PLANNED
    assert tallies[By.RESPONSE, "2"].planned == [0] * 4
    assert tallies[By.WHOLE, ""].planned == PLANNED


def test_a_measure_that_stays_keeps_what_is_stated_of_it() -> None:
    assert account(graded(Grade.D))[By.WHOLE, ""].planned == PLANNED


def test_a_replaced_measure_is_reckoned_from_the_base() -> None:
    """From A to D the list's self-determination goes; the stated reduction goes with it."""
    own = Measure(Action.SELF_DETERMINED)
    line = replace(KILN, measures=PerLevel(own, own, own))
    tally = account(graded(Grade.D), line=line)[By.WHOLE, ""]
    assert tally.stated == [0] * 4
    assert tally.planned == tally.computed


@pytest.mark.parametrize("code", [f"MF0001{BESIDE}", f"MF0001+2{BESIDE}"])
def test_a_measure_in_any_row_beside_a_line_keeps_what_is_stated_of_it(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """The list's measure is not always in the first row."""
    half, nothing = Measure(Action.LIMIT, 0.5), Measure(Action.NONE)
    rows = [
        replace(KILN, code=one, measures=PerLevel(*[STOP if one == code else nothing] * 3))
        for one in (f"MF0001{BESIDE}", f"MF0001+2{BESIDE}")
    ]
    made = Regraded(CEMENT, (replace(KILN, measures=PerLevel(half, half, half)), *rows))
    monkeypatch.setattr("service.evaluations.accounts.entitle", lambda *_: made)
    assert account(graded(Grade.D))[By.WHOLE, ""].stated == PLANNED
