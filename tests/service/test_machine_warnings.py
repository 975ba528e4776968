"""Whatever people, forecasts and the clock do in whatever order: the laws of the books hold after every step.

`LANTIAN_MACHINE=40x60` tries as many courses of as many steps, with seeds of its own each time.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from alerts.levels import Level
from tests.service.machine_support import CITIES, PEOPLE, Country, air, ends

WIDER = os.environ.get("LANTIAN_MACHINE", "")
COURSES, STEPS = (int(part) for part in (WIDER or "6x12").split("x"))
LEVELS = ("none", "blue", "yellow", "orange", "red")
REASONS = ("criteria_met", "level_raised", "level_lowered", "prolonged", "improved", "regional_prompt", "upper_order",
           "issued_in_error", "no_change")
GROUNDS = (None, "upper_order", "regional_prompt", "consultation", "observed_heavy", "issued_in_error")
KINDS = ("raise", "extend", "lower", "lift")
SIGNERS = tuple(who for who in PEOPLE if who != "coordinator")


class Course(RuleBasedStateMachine):
    """One country from a quiet afternoon on."""

    server: str
    folder: Path
    reached: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.country = Country(self.server, self.folder)
        self.country.open()
        self.looked = 0

    def teardown(self) -> None:
        self.reached.update(self.country.do(self.country.reached()))
        self.country.close()

    @initialize(
        listed=st.booleans(),
        heavy=st.sampled_from((180.0, 260.0)),
        kinds=st.permutations((*KINDS, "over", "kept")),
        fixed=st.lists(st.booleans(), min_size=6, max_size=6),
        start=st.sampled_from((0, 5, 30)),
    )
    def begins(self, listed: bool, heavy: float, kinds: list[str], fixed: list[bool], start: int) -> None:
        """A course begins with a warning by the forecast in one city and with every kind of step in the other."""
        if listed:
            for city in CITIES:
                self.country.do(self.country.new_list(city, 1))
        self.forecast_comes(CITIES[0], 3, heavy, 2, work=True)
        self.country.do(self.country.fixed(CITIES[1], Level.BLUE, 0, 6))  # never signed: the next one takes its place
        self.next_step(CITIES[1], "raise", not fixed[0], start, 24)
        for kind, by_itself in zip(kinds, fixed, strict=True):
            self.the_books_hold()
            if kind == "over":
                self.next_step(CITIES[1], "extend", True, 0, 12)
                self.an_end_comes(0, work=by_itself)
            elif kind == "kept":
                self.a_fixed_end_gives_way(CITIES[1], by_itself)
            else:
                self.next_step(CITIES[1], kind, by_itself, 0, 12)

    @rule(
        city=st.sampled_from(CITIES),
        days=st.integers(0, 5),
        value=st.sampled_from((90.0, 180.0, 260.0, 420.0)),
        clean=st.integers(0, 40),
        work=st.sampled_from((True, True, False)),
    )
    def forecast_comes(self, city: str, days: int, value: float, clean: int, work: bool) -> None:
        self.country.do(self.country.forecast(city, air(days, value, clean)))
        if work:
            self.country.do(self.country.work())

    @rule(
        level=st.sampled_from(LEVELS[1:]),
        cities=st.sets(st.sampled_from(CITIES), min_size=1),
        start=st.integers(-2, 30),
        end=st.none() | st.integers(31, 90),
    )
    def prompt_comes(self, level: str, cities: set[str], start: int, end: int | None) -> None:
        body = {
            "region": "jingjinji-2015",
            "document": "试",
            "basis": "试",
            "starts_at": ends(self.country, start),
            "ends_at": ends(self.country, end),
            "entries": [{"adcode": city, "level": level} for city in sorted(cities)],
        }
        self.country.do(self.country.call("coordinator", "POST", "/api/v1/prompts", body))

    @rule(cities=st.sets(st.sampled_from(CITIES), min_size=1), hour=st.integers(0, 24))
    def joint_lift(self, cities: set[str], hour: int) -> None:
        body = {
            "region": "jingjinji-2015",
            "document": "试",
            "basis": "试",
            "lifts_at": ends(self.country, hour),
            "entries": [{"adcode": city} for city in sorted(cities)],
        }
        self.country.do(self.country.call("coordinator", "POST", "/api/v1/prompts/lifts", body))

    @rule(
        city=st.sampled_from(CITIES),
        who=st.sampled_from(("duty", "commander", "other_commander")),
        to=st.sampled_from(LEVELS),
        reason=st.sampled_from(REASONS),
        ground=st.sampled_from(GROUNDS),
        end=st.none() | st.integers(1, 72),
    )
    def proposed_by_hand(self, city: str, who: str, to: str, reason: str, ground: str | None, end: int | None) -> None:
        body = {
            "adcode": city,
            "to": to,
            "reason": reason,
            "explanation": "会商意见",
            "ground": ground,
            "legal_basis": "环大气〔2016〕1号，2016-12-15",
            "planned_end": None if to == "none" else ends(self.country, end),
        }
        self.country.do(self.country.call(who, "POST", "/api/v1/proposals", body))

    @rule(city=st.sampled_from(CITIES), to=st.sampled_from(LEVELS), end=st.none() | st.integers(1, 72))
    def ordered_from_above(self, city: str, to: str, end: int | None) -> None:
        """An order of the upper level, entered and signed."""
        self.proposed_by_hand(city, "duty", to, "upper_order", "upper_order", end)
        self.signed_by_all()

    @rule(
        city=st.sampled_from(CITIES),
        kind=st.sampled_from(KINDS),
        fixed=st.booleans(),
        start=st.sampled_from((0, 0, 5, 30)),
        hours=st.integers(1, 30),
    )
    def next_step(self, city: str, kind: str, fixed: bool, start: int, hours: int) -> None:
        """A step that is possible now, decided; `fixed`: it is over by itself at its end."""
        level = self.country.do(self.country.level_for(city, kind))
        if level is None:
            self.an_end_comes(0, work=True)
        elif fixed and level:
            self.country.do(self.country.fixed(city, level, start, hours))
            self.signed_by_all()
        else:
            self.ordered_from_above(city, level.code, start + hours)

    @rule(city=st.sampled_from(CITIES), more=st.booleans())
    def a_fixed_end_gives_way(self, city: str, more: bool) -> None:
        """What was to be over by itself is changed so that it is not, and both ends pass."""
        self.next_step(city, "extend", True, 0, 24)
        self.next_step(city, "raise" if more else "lower", False, 0, 6)
        self.an_end_comes(0, work=True)
        self.an_end_comes(0, work=True)

    @rule(later=st.sampled_from((-1, 0, 0, 59)), work=st.booleans())
    def an_end_comes(self, later: int, work: bool) -> None:
        """The clock comes to the next end, a minute before it or some time after it."""
        if (end := self.country.do(self.country.next_end())) is not None:
            self.country.clock.advance_to(max(end + timedelta(minutes=later), self.country.clock.now()))
        if work:
            self.country.do(self.country.work())

    @rule()
    def signed_by_all(self) -> None:
        """The people whose turn it is sign, one after the other, whatever is open."""
        for which in range(len(self.country.do(self.country.open_proposals()))):
            for who in SIGNERS:
                self._sign(which, who, approve=True)

    @rule(minutes=st.sampled_from((1, 121, 600, 1440)))
    def an_episode_goes_on(self, minutes: int) -> None:
        """Time passes, the queue runs empty, what is proposed is signed."""
        self.time_passes(minutes, work=True)
        self.signed_by_all()

    @rule(which=st.integers(0, 3), who=st.sampled_from(SIGNERS), approve=st.booleans())
    def signed_by_one(self, which: int, who: str, approve: bool) -> None:
        self._sign(which, who, approve=approve)

    def _sign(self, which: int, who: str, *, approve: bool) -> None:
        country = self.country
        if opened := country.do(country.open_proposals()):
            proposal = opened[which % len(opened)]
            body = {"approve": approve, "content_hash": proposal["content_hash"], "reason": "同意"}
            country.do(country.call(who, "POST", f"/api/v1/proposals/{proposal['id']}/decision", body))

    @rule(which=st.integers(0, 3), who=st.sampled_from(("duty", "commander")))
    def withdrawn(self, which: int, who: str) -> None:
        country = self.country
        if opened := country.do(country.open_proposals()):
            proposal = opened[which % len(opened)]
            body = {"content_hash": proposal["content_hash"], "reason": "另有会商"}
            country.do(country.call(who, "POST", f"/api/v1/proposals/{proposal['id']}/withdrawal", body))

    @rule(minutes=st.sampled_from((1, 20, 61, 121, 245, 600, 1440, 2881)), work=st.booleans())
    def time_passes(self, minutes: int, work: bool) -> None:
        self.country.clock.advance_to(self.country.clock.now() + timedelta(minutes=minutes))
        if work:
            self.country.do(self.country.work())

    @rule()
    def jobs_run(self) -> None:
        self.country.do(self.country.work())

    @rule(city=st.sampled_from(CITIES), seed=st.integers(1, 3))
    def list_in_force(self, city: str, seed: int) -> None:
        self.country.do(self.country.new_list(city, seed))

    @rule(city=st.sampled_from(CITIES))
    def list_taken_back(self, city: str) -> None:
        self.country.do(self.country.no_list(city))

    @rule(status=st.sampled_from((200, 200, 503, None)))
    def receiver_answers(self, status: int | None) -> None:
        self.country.channel.status = status

    @precondition(lambda self: self.looked % 3 == 0)
    @rule()
    def ledger_sealed(self) -> None:
        self.country.do(self.country.seal())

    @invariant()
    def the_books_hold(self) -> None:
        self.looked += 1
        self.country.do(self.country.check())


def test_the_books_hold_whatever_happens(server_address: str, tmp_path: Path, cheap_passwords: None) -> None:
    class Here(Course):
        server, folder, reached = server_address, tmp_path, Counter()

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=COURSES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=not WIDER,
            database=None,
            phases=[Phase.generate, Phase.shrink] if WIDER else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(dict(Here.reached))
    wanted = ("issue", "raise", "lower", "extend", "lift", "approved", "warning lapsed", "delivery done")
    assert all(Here.reached[what] for what in wanted), Here.reached
