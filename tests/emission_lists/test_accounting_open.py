"""What is open is counted wherever it is open in any response, and what is not stated is no zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.accounting import Origin, account_line
from emission_lists.accounting_sums import Accounts, By, RemarkKind, Reported, Tally
from emission_lists.accounting_weights import Span
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import EmissionListDraft, Line, Pollutants
from emission_lists.measures import Action, Measure
from tests.emission_lists.list_samples import draft, drafts, firm, line, measure

START = datetime(2016, 12, 16, 20, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
DAY = timedelta(days=1)
ORANGE, RED = ResponseLevel.ORANGE, ResponseLevel.RED
STOP, UNKNOWN = measure(Action.STOP, 1.0), Measure(Action.UNKNOWN)
WHOLE = (By.WHOLE, "")
NOTHING_STATED = PerLevel(Pollutants(), Pollutants(), Pollutants())


def spans(*levels: ResponseLevel) -> list[Span]:
    """A day of each, one after the other."""
    return [Span(key, level, START + key * DAY, START + (key + 1) * DAY) for key, level in enumerate(levels)]


def sums(rows: EmissionListDraft, several: list[Span], in_force: dict[int, dict[str, Line]] | None = None) -> dict[tuple[By, str], Tally]:
    accounts = Accounts(several)
    for group in rows.by_enterprise().values():
        accounts.add(group[0].enterprise, [row.line for row in group], in_force=in_force)
    return accounts.finish()


class TestOpen:
    @pytest.mark.parametrize("open_in", [0, 1])
    def test_a_line_that_is_open_in_one_of_two_responses_of_a_level_is_open_at_the_level(self, open_in: int) -> None:
        """Such as after a change of grade between the two."""
        one = line("MF0001", STOP)
        changed = {open_in: {"MF0001": replace(one, measures=PerLevel(UNKNOWN, UNKNOWN, UNKNOWN))}}
        found = sums(draft((firm(), one), (firm(), line("MF0002", STOP))), spans(ORANGE, ORANGE, RED), changed)
        for place, count in (((By.LEVEL, "orange"), 1), (WHOLE, 1), ((By.RESPONSE, str(open_in)), 1), ((By.LEVEL, "red"), 0)):
            assert (found[place].unestablished, found[place].unknown_lines) == ([count] * 4, count), place
        level = found[By.LEVEL, "orange"]
        assert (level.enterprises, level.lines, level.asked_lines) == (1, 2, 2)

    @settings(deadline=None, max_examples=60)
    @given(drafts(), st.lists(st.sampled_from(LEVELS), min_size=1, max_size=4))
    def test_every_level_counts_each_line_once_and_open_if_it_ever_is(
        self, rows: EmissionListDraft, levels: list[ResponseLevel]
    ) -> None:
        several = spans(*levels)
        found = sums(rows, several)
        for level in {*levels}:
            own = [span for span in several if span.level is level]
            alone = [
                [account_line(row.line, span, long_stopped=row.enterprise.long_stopped) for span in own] for row in rows.rows
            ]
            tally = found[By.LEVEL, level.value]
            assert tally.lines == len(rows.rows)
            assert tally.asked_lines == sum(any(one.asked for one in every) for every in alone)
            for place in range(4):
                assert tally.unestablished[place] == sum(
                    any(one.origins[place] is Origin.NOT_ESTABLISHED for one in every) for every in alone
                )

    def test_what_was_open_in_an_earlier_list_stays_open(self) -> None:
        newest, earlier = Tally(lines=5, unknown_lines=1, unestablished=[0, 2, 0, 0]), Tally(
            lines=9, unknown_lines=3, unestablished=[1, 1, 0, 0], unstated=[4, 0, 0, 0], baseless=[2, 0, 0, 0]
        )  # fmt: skip
        newest.keep_open(earlier)
        assert (newest.lines, newest.unknown_lines, newest.unestablished) == (5, 3, [1, 2, 0, 0])
        assert (newest.unstated, newest.baseless) == ([4, 0, 0, 0], [2, 0, 0, 0])


class TestBase:
    def test_a_line_without_a_base_is_counted_and_a_base_of_zero_is_known(self) -> None:
        blank = line("blank", STOP, base=Pollutants(None, 0.0, 5.0, None))
        tally = sums(draft((firm(), blank), (firm(), line("full", STOP))), spans(RED))[WHOLE]
        assert (tally.unstated, tally.baseless) == ([1, 0, 0, 1], [1, 0, 0, 1])

    def test_without_a_base_only_what_is_or_may_be_planned_makes_the_share_unknown(self) -> None:
        none = Pollutants()
        rows = draft(
            (firm(), line("unasked", Measure(Action.NONE), base=none, reductions=NOTHING_STATED)),
            (firm(), line("open", UNKNOWN, base=none, reductions=NOTHING_STATED)),
            (firm(), line("zero", STOP, base=none, reductions=PerLevel(*[Pollutants(0.0, 0.0, 0.0, 0.0)] * 3))),
            (firm(long_stopped=True), line("stopped", STOP, base=none)),
        )
        accounts = Accounts(spans(RED))
        for row in rows.rows:
            accounts.add(row.enterprise, [row.line])
        tally = accounts.finish()[WHOLE]
        assert (tally.unstated, tally.baseless) == ([3] * 4, [1] * 4)

    def test_it_counts_once_over_several_responses(self) -> None:
        blank = draft((firm(), line("blank", STOP, base=Pollutants())))
        found = sums(blank, spans(RED, RED, ORANGE))
        for place in (WHOLE, (By.LEVEL, "red"), (By.RESPONSE, "1"), (By.COUNTY, "130202")):
            assert (found[place].unstated, found[place].baseless) == ([1] * 4, [1] * 4), place


class TestReportedTooMuch:
    @pytest.mark.parametrize(
        ("stopped", "base", "told", "named"),
        [
            (True, Pollutants(10.0, 10.0, 10.0, 10.0), 1, True),
            (True, Pollutants(), 1, True),
            (True, Pollutants(), 0, False),
            (False, Pollutants(0.0, 0.0, 0.0, 0.0), 1, True),
            (False, Pollutants(), 1, False),
        ],
    )
    def test_a_line_that_emits_nothing_cannot_save_anything(
        self, stopped: bool, base: Pollutants, told: int, named: bool
    ) -> None:
        accounts = Accounts(spans(RED))
        one = line("MF0001", STOP, base=base, reductions=NOTHING_STATED)
        accounts.add(firm(long_stopped=stopped), [one], reported={(0, "MF0001"): Reported((told, None, None, None), 1)})
        assert (accounts.counts[RemarkKind.REPORTED_ABOVE_BASE] == 1) is named
        assert accounts.finish()[WHOLE].reported[0] == told
