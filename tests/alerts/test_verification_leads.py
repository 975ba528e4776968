"""Lead time gained: which issue gave an observed episode, since when without wavering, and who could not tell."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.assessment import assess
from alerts.blocks import blocks_of
from alerts.instants import HOUR
from alerts.levels import Level
from alerts.verification import Issue
from alerts.verification_leads import Lead, LeadTimes, Spell, gives, lead_of, lead_times, spells
from tests.alerts.air import RULES, STANDARDS, criteria
from tests.alerts.verified import Aqis, at, by_hour, daily, issue, measured, terms

YELLOW, ORANGE, RED = Level.YELLOW, Level.ORANGE, Level.RED
CLEAN_THEN_HEAVY: Aqis = [90, 90, 90, 90, 90, 210, 220, 90, 90, 90]
"""Orange by the rules of 2024, from day 5 for two days."""


def leads(
    issues: list[Issue], aqis: Aqis = CLEAN_THEN_HEAVY, level: Level = YELLOW, until: datetime | None = None
) -> list[Lead]:
    given_until = terms() if until is None else terms(until=until)
    [times] = [times for times in measured(issues, [daily(0, aqis)], given_until).lead_times if times.level == level]
    return list(times.leads)


def said(number: int, *heavy: int, length: int = 7, hour: int = 17) -> Issue:
    """An issue whose days are heavy where they are named, counted from the first day of all."""
    days = range(number + 1, number + 1 + length)
    return issue(number, [230 if day in heavy else 90 for day in days], hour=hour)


class TestSpells:
    def test_start_and_end_are_those_of_the_chain(self) -> None:
        blocks = blocks_of(daily(0, CLEAN_THEN_HEAVY), criteria(), STANDARDS)
        assert [(one.start, one.end) for one in spells(blocks, criteria(), YELLOW)] == [(at(5), at(7))]
        assert [(one.start, one.end) for one in spells(blocks, criteria(), ORANGE)] == [(at(5), at(7))]
        assert spells(blocks, criteria(), RED) == []

    def test_two_episodes_are_two(self) -> None:
        blocks = blocks_of(daily(0, [210, 90, 90, 210, 90]), criteria(), STANDARDS)
        assert [(one.start, one.end) for one in spells(blocks, criteria(), YELLOW)] == [(at(0), at(1)), (at(3), at(4))]

    def test_a_short_gap_does_not_part_them(self) -> None:
        blocks = blocks_of(daily(0, [210, 90, 210, 90, 90]), criteria(), STANDARDS)
        assert [(one.start, one.end) for one in spells(blocks, criteria(), YELLOW)] == [(at(0), at(3))]

    def test_a_higher_level_without_the_lower_one_counts(self) -> None:
        """National 2019: a day at 500 is red, though yellow takes two days."""
        blocks = blocks_of(daily(0, [90, 500, 90]), criteria("national-2019"), STANDARDS)
        for level in (YELLOW, ORANGE, RED):
            assert [(one.start, one.end) for one in spells(blocks, criteria("national-2019"), level)] == [
                (at(1), at(2))
            ]

    def test_a_blue_episode_lasts_as_long_as_its_own_line(self) -> None:
        blocks = blocks_of(daily(0, [90, 210, 220, 230, 90]), criteria("national-2016"), STANDARDS)
        found = spells(blocks, criteria("national-2016"), Level.BLUE)
        assert [(one.start, one.end) for one in found] == [(at(1), at(4))]

    @pytest.mark.parametrize(
        ("aqis", "certain"), [([210, 90], False), ([90, 210], True), ([None, 210], False), ([90, None, 210], False)]
    )
    def test_a_start_is_certain_when_the_day_before_is_known(self, aqis: Aqis, certain: bool) -> None:
        [one] = spells(blocks_of(daily(0, aqis), criteria(), STANDARDS), criteria(), YELLOW)
        assert one.start_certain is certain

    @given(
        aqis=st.lists(st.none() | st.sampled_from([40, 120, 160, 210, 310, 500]), min_size=3, max_size=10),
        rules=st.sampled_from(RULES),
    )
    @settings(max_examples=80, deadline=None)
    def test_the_first_is_the_one_that_assess_finds(self, aqis: Aqis, rules: str) -> None:
        series = daily(0, aqis)
        blocks = blocks_of(series, criteria(rules), STANDARDS)
        answer = assess(series, as_of=series.start, criteria=criteria(rules), standards=STANDARDS)
        for level in criteria(rules).known_levels:
            found = spells(blocks, criteria(rules), level)
            assert bool(found) == (answer.level >= level)
            assert all(one.end <= other.start for one, other in pairwise(found))
        if answer.level:
            assert answer.starts_at in [one.start for one in spells(blocks, criteria(rules), answer.level)]


class TestLead:
    def test_steady_from_the_first_that_gave_it(self) -> None:
        [lead] = leads([said(1), said(2, 5, 6), said(3, 5), said(4, 5, 6)])
        assert lead.steady_since == lead.first_at == at(2, 17)
        assert (lead.steady_hours, lead.able, lead.at_least) == (55, 4, False)

    def test_wavering_starts_anew(self) -> None:
        [lead] = leads([said(1, 5, 6), said(2), said(3, 5, 6), said(4, 5)])
        assert (lead.first_hours, lead.steady_hours) == (79, 31)

    def test_given_up_before_the_start_gains_nothing(self) -> None:
        [lead] = leads([said(2, 5, 6), said(3, 5, 6), said(4)])
        assert (lead.first_hours, lead.steady_hours, lead.steady_since) == (55, None, None)

    def test_never_given(self) -> None:
        [lead] = leads([said(k) for k in range(5)])
        assert (lead.first_at, lead.steady_since, lead.able) == (None, None, 5)

    def test_an_issue_after_the_start_comes_too_late(self) -> None:
        [lead] = leads([said(4), said(5, 6)])
        assert (lead.first_at, lead.able) == (None, 1)

    def test_an_issue_at_the_start_gains_no_hours(self) -> None:
        [lead] = leads([said(3), issue(5, [230, 230, 90], hour=0, first=5)])
        assert (lead.steady_hours, lead.able) == (0, 2)

    def test_hours_of_the_forecast_must_meet_those_of_the_episode(self) -> None:
        [lead] = leads([said(1, 2), said(2, 8), said(3, 7), said(4, 6)])
        assert (lead.first_at, lead.able) == (at(4, 17), 4)

    def test_a_forecast_too_early_but_lasting_into_the_episode_gives_it(self) -> None:
        [lead] = leads([said(1), said(2, 4, 5)])
        assert lead.steady_since == at(2, 17)

    def test_an_issue_that_ends_before_the_level_could_be_reached_cannot_tell(self) -> None:
        """Orange takes two days: issues of days up to day 5 see only one of them, and do not break what others keep giving."""
        [lead] = leads([said(1, 5, 6), said(2, 5, length=3), said(3, 5, 6), said(4, 5, length=1)], level=ORANGE)
        assert (lead.steady_since, lead.able, lead.at_least) == (at(1, 17), 2, True)

    def test_an_issue_that_ends_with_the_first_day_of_the_level_can_tell(self) -> None:
        [lead] = leads([said(3, length=2), said(4, length=1)])
        assert (lead.able, lead.first_at) == (2, None)

    def test_missing_hours_cannot_tell(self) -> None:
        [lead] = leads([said(2, 5, 6), issue(3, [90, None, None, None, 90])])
        assert (lead.steady_since, lead.able) == (at(2, 17), 1)

    def test_when_no_issue_could_tell_nothing_was_missed(self) -> None:
        issues = [said(4, length=1)]
        [times] = [one for one in measured(issues, [daily(0, CLEAN_THEN_HEAVY)]).lead_times if one.level == ORANGE]
        assert (times.blind, times.gained, times.leads[0].able) == (1, [], 0)

    def test_before_the_first_issue_there_is_no_lead_to_gain(self) -> None:
        assert leads([said(6), said(7)]) == []

    def test_nothing_earlier_was_looked_at(self) -> None:
        [lead] = leads([said(3, 5, 6), said(4, 5)])
        assert (lead.steady_hours, lead.at_least) == (31, True)

    def test_episodes_behind_the_period_are_left_out(self) -> None:
        assert leads([said(3, 5, 6)], until=at(5)) == []
        assert len(leads([said(3, 5, 6)], until=at(5) + HOUR)) == 1

    def test_each_feed_has_its_own(self) -> None:
        other = Issue("g", "forecast", at(4, 17), daily(5, [90] * 4))
        air = [daily(0, CLEAN_THEN_HEAVY)]
        assert [one.able for one in leads([said(2, 5, 6)])] == [1]
        assert measured([other], air).lead_times[0].leads[0].first_at is None

    def test_measured_days_have_episodes_where_no_hour_was_measured(self) -> None:
        """Hours around day 5 alone: its episode is theirs (24 h from 23:00 have a mean of 205), that of day 9 the days'."""
        air = [daily(0, [90, 90, 90, 90, 90, 90, 90, 90, 90, 210, 90]), by_hour(4, [90, 210, 90])]
        for observed in (air, air[::-1]):
            [times] = [one for one in measured([said(2, 5), said(7, 9)], observed).lead_times if one.level == YELLOW]
            assert [(one.spell.start, one.steady_hours) for one in times.leads] == [
                (at(4, 23), 54),
                (at(9), 31),
            ]

    def test_days_do_not_double_the_episodes_of_hours(self) -> None:
        air = [daily(0, CLEAN_THEN_HEAVY), by_hour(0, CLEAN_THEN_HEAVY)]
        assert [len(times.leads) for times in measured([said(2, 5, 6)], air).lead_times] == [1, 1, 0]

    def test_hours_are_compared_with_hours(self) -> None:
        air = by_hour(0, [30, 30, 30, 180, 180, 30, 30], hour=12)
        forecast = Issue("f", "forecast", at(1, 8), by_hour(1, [30, 30, 180, 180, 30], hour=8))
        [lead] = [
            lead for times in measured([forecast], [air]).lead_times for lead in times.leads if times.level == YELLOW
        ]
        # 48 h above 150; the blocks that begin some hours before it are above too
        assert lead.steady_since == at(1, 8)
        assert at(2, 20) <= lead.spell.start <= at(3, 12)


class TestGives:
    spell = Spell(YELLOW, at(5), at(7), start_certain=True)

    @pytest.mark.parametrize(
        ("aqis", "expected"),
        [
            ([90, 90, 210, 90, 90], True),
            ([90, 90, 90, 90, 90], False),
            ([90, 90, None, 90, 90], None),
            ([90, 90], None),
            ([None, None, 90, 90, 90], False),
            ([210, 90, 90, 90, 90], False),
        ],
    )
    def test_of_days_three_to_seven(self, aqis: Aqis, expected: bool | None) -> None:
        assert gives(blocks_of(daily(3, aqis), criteria(), STANDARDS), criteria(), self.spell) is expected


class TestLeadOf:
    EARLIEST = at(0, 17)

    @settings(deadline=None)
    @given(told=st.lists(st.sampled_from([True, False, None]), max_size=8))
    def test_against_a_plain_reading(self, told: list[bool | None]) -> None:
        said = [(at(k, 17), gave) for k, gave in enumerate(told)]
        lead = lead_of("110000", Spell(YELLOW, at(9), at(10), True), said, self.EARLIEST)
        able = [(issued, gave) for issued, gave in said if gave is not None]
        kept = [issued for k, (issued, _) in enumerate(able) if all(gave for _, gave in able[k:])]
        assert lead.able == len(able)
        assert lead.steady_since == (kept[0] if kept else None)
        assert lead.first_at == next((issued for issued, gave in able if gave), None)
        assert lead.at_least == (lead.steady_since == self.EARLIEST)
        if lead.steady_hours is not None and lead.first_hours is not None:
            assert 0 <= lead.steady_hours <= lead.first_hours


class TestLeadTimes:
    def lead(self, level: Level, start: int, hours: float | None, able: int = 1) -> Lead:
        steady = None if hours is None else at(start) - hours * HOUR
        return Lead("110000", Spell(level, at(start), at(start + 1), True), able, steady, steady, False)

    def test_the_median_is_of_what_was_gained(self) -> None:
        given_leads = [
            self.lead(YELLOW, 4, 10),
            self.lead(YELLOW, 1, None),
            self.lead(YELLOW, 2, 30),
            self.lead(YELLOW, 3, None, 0),
        ]
        [times] = lead_times(given_leads, [YELLOW])
        body = times.contract()
        assert (body["episodes"], body["given"], body["not_told"], body["median_hours"]) == (4, 2, 1, 20.0)
        assert [lead.spell.start for lead in times.leads] == [at(1), at(2), at(3), at(4)]

    def test_without_any_there_is_no_median(self) -> None:
        assert LeadTimes(RED, ()).contract() == {
            "level": "red",
            "episodes": 0,
            "given": 0,
            "not_told": 0,
            "median_hours": None,
            "items": [],
        }

    def test_as_published(self) -> None:
        assert self.lead(ORANGE, 3, 31).contract() == {
            "adcode": "110000",
            "starts_at": "2024-11-11T00:00:00+08:00",
            "ends_at": "2024-11-12T00:00:00+08:00",
            "start_certain": True,
            "able_issues": 1,
            "first_at": "2024-11-09T17:00:00+08:00",
            "first_hours": 31.0,
            "steady_since": "2024-11-09T17:00:00+08:00",
            "steady_hours": 31.0,
            "at_least": False,
        }
