"""Approval chains: nobody decides without everybody named before, in order, and nothing is lost by being late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alerts.approval import (
    Chain,
    Objection,
    Position,
    Signed,
    Step,
    advanced,
    begun,
    chain_of,
    due_step,
    escalated,
    objection,
    read_chain,
    reminders,
)
from alerts.instants import parse_instant
from alerts.levels import Level
from alerts.plans import Plan, Signature

NOW = parse_instant("2019-02-18 17:00")
HOUR = timedelta(hours=1)
HASH, OTHER = "a" * 64, "b" * 64
TAIYUAN = Chain(
    (
        Step(("office_director",), 2, ("deputy_commander",)),
        Step(("deputy_commander",), 2, ("commander",)),
    )
)
ROLES = ("duty_officer", "office_director", "deputy_commander", "commander")
roles = st.sampled_from(ROLES)
steps = st.builds(
    lambda named, hours: Step((named[0],), hours, tuple(named[1:])),
    st.lists(roles, min_size=1, max_size=4, unique=True),
    st.integers(1, 72),
)
chains = st.builds(Chain, st.lists(steps, min_size=1, max_size=5).map(tuple))


def plan(**more: Any) -> Plan:
    values: dict[str, Any] = {
        "id": "place",
        "adcode": "140100",
        "version": "1",
        "title": "预案",
        "in_force": {"from": "2019-01-01", "until": None},
        "approvers": {"yellow": ("duty_officer", "commander"), "orange": ("commander",), "red": ("commander",)},
        "deadlines": {"decision_hours": 3},
        "references": {"x": "y"},
    }
    return Plan.model_validate(values | more)


def says(chain: Chain, position: Position, signed: list[Signed], **more: Any) -> Objection | None:
    values: dict[str, Any] = {
        "people": frozenset({1}),
        "role": "office_director",
        "proposed_by": None,
        "content_hash": HASH,
        "now": position.since,
    }
    return objection(chain, position, signed, **(values | more))


class TestChainOfAPlan:
    def test_approvers_are_a_chain_of_one_that_any_of_them_signs(self) -> None:
        assert chain_of(plan(), Level.NONE, Level.YELLOW) == Chain((Step(("duty_officer", "commander"), 3),))

    def test_signatures_stand_in_order_with_their_own_hours(self) -> None:
        named = {"orange": [{"role": "office_director", "within_hours": 2}, {"role": "commander"}]}
        found = chain_of(plan(signatures=named), Level.NONE, Level.ORANGE)
        assert found == Chain((Step(("office_director",), 2), Step(("commander",), 3)))

    @pytest.mark.parametrize(
        ("left", "reached", "called", "level"),
        [
            (Level.NONE, Level.YELLOW, Level.NONE, "yellow"),
            (Level.RED, Level.NONE, Level.NONE, "red"),
            (Level.ORANGE, Level.YELLOW, Level.NONE, "orange"),
            (Level.NONE, Level.YELLOW, Level.RED, "red"),
            (Level.NONE, Level.NONE, Level.NONE, "yellow"),
        ],
    )
    def test_the_highest_of_left_reached_and_called_for_decides(
        self, left: Level, reached: Level, called: Level, level: str
    ) -> None:
        names = {one: [{"role": f"{one}-signer"}] for one in ("yellow", "orange", "red")}
        found = chain_of(plan(approvers={}, signatures=names), left, reached, called)
        assert found is not None
        assert found.roles == (f"{level}-signer",)

    def test_a_level_that_nobody_is_named_for_has_no_chain(self) -> None:
        assert chain_of(plan(approvers={"yellow": ("commander",), "red": ()}), Level.NONE, Level.RED) is None
        assert chain_of(plan(approvers={}), Level.NONE, Level.NONE) is None

    def test_a_city_that_names_signers_ends_the_approvers_of_above(self) -> None:
        above = plan(id="above", adcode="100000")
        own = plan(approvers={}, signatures={"red": [Signature(role="office_director")]}).over(above)
        assert set(own.approvers) == {"yellow", "orange"}
        assert chain_of(own, Level.NONE, Level.RED) == Chain((Step(("office_director",), 3),))
        assert own.origin["signatures.red"] == "place"
        assert "approvers.red" not in own.origin

    def test_a_city_that_names_approvers_ends_the_signatures_of_above(self) -> None:
        above = plan(id="above", adcode="140000", approvers={}, signatures={"red": [{"role": "commander"}]})
        own = plan(approvers={"red": ("deputy_commander",)}).over(above)
        assert own.signatures == {}
        assert chain_of(own, Level.NONE, Level.RED) == Chain((Step(("deputy_commander",), 3),))

    def test_an_empty_chain_cannot_be(self) -> None:
        with pytest.raises(ValueError, match="at least one"):
            Chain(())

    @given(chains)
    def test_it_reads_back_as_it_was_kept(self, chain: Chain) -> None:
        assert read_chain(chain.document()) == chain


class TestOrder:
    def test_the_second_signature_waits_for_the_first(self) -> None:
        position = begun(TAIYUAN, NOW)
        assert says(TAIYUAN, position, [], role="deputy_commander") is Objection.ROLE
        assert says(TAIYUAN, position, []) is None

    def test_two_signatures_make_the_decision(self) -> None:
        second = advanced(TAIYUAN, begun(TAIYUAN, NOW), NOW + HOUR)
        assert second == Position(1, 0, NOW + HOUR, NOW + 3 * HOUR)
        assert due_step(TAIYUAN, [Signed(1, HASH)]) == TAIYUAN.steps[1]
        assert advanced(TAIYUAN, second, NOW + 2 * HOUR) is None
        assert due_step(TAIYUAN, [Signed(1, HASH), Signed(2, HASH)]) is None

    def test_nobody_signs_twice_not_even_for_somebody_else(self) -> None:
        given_ = [Signed(1, HASH, for_account=5)]
        position = Position(1, 0, NOW, NOW + 2 * HOUR)
        for people in ({1}, {5}, {1, 7}, {7, 5}):
            objected = says(TAIYUAN, position, given_, people=frozenset(people), role="deputy_commander")
            assert objected is Objection.SIGNED_BEFORE
        assert says(TAIYUAN, position, given_, people=frozenset({7}), role="deputy_commander") is None

    def test_the_proposer_signs_neither_nor_does_a_stand_in_for_the_proposer(self) -> None:
        position = begun(TAIYUAN, NOW)
        for people in ({3}, {1, 3}):
            assert says(TAIYUAN, position, [], people=frozenset(people), proposed_by=3) is Objection.PROPOSED

    def test_a_signature_under_other_content_does_not_count(self) -> None:
        position = Position(1, 0, NOW, NOW + HOUR)
        assert says(TAIYUAN, position, [Signed(2, OTHER)], role="deputy_commander") is Objection.OTHER_CONTENT

    def test_what_is_complete_or_out_of_step_takes_no_signature(self) -> None:
        assert says(TAIYUAN, Position(2, 0, NOW, NOW + HOUR), [Signed(2, HASH), Signed(3, HASH)]) is Objection.COMPLETE
        assert says(TAIYUAN, Position(1, 0, NOW, NOW + HOUR), []) is Objection.COMPLETE


class TestDeadlines:
    def test_the_deadline_itself_belongs_to_the_next_role(self) -> None:
        position = begun(TAIYUAN, NOW)
        last = position.until - timedelta(microseconds=1)
        assert escalated(TAIYUAN, position, last) is position
        assert says(TAIYUAN, position, [], role="deputy_commander", now=last) is Objection.ROLE
        after = escalated(TAIYUAN, position, position.until)
        assert after == Position(0, 1, position.until, position.until + 2 * HOUR)
        assert says(TAIYUAN, position, [], role="deputy_commander", now=position.until) is None

    def test_who_was_late_may_still_sign_while_it_is_open(self) -> None:
        position = begun(TAIYUAN, NOW)
        assert says(TAIYUAN, position, [], now=position.until) is None

    def test_it_ends_where_no_further_role_is_named(self) -> None:
        position = Position(0, 1, NOW, NOW + HOUR)
        assert escalated(TAIYUAN, position, position.until) is None
        assert says(TAIYUAN, position, [], now=position.until) is Objection.LATE
        assert says(TAIYUAN, position, [], now=position.until - timedelta(microseconds=1)) is None

    def test_however_late_the_next_role_has_its_whole_time(self) -> None:
        position = begun(TAIYUAN, NOW)
        back = NOW + timedelta(days=3)
        found = escalated(TAIYUAN, position, back)
        assert found == Position(0, 1, back, back + 2 * HOUR)

    @pytest.mark.parametrize(("hours", "minutes"), [(2, [60, 105]), (1, [30, 45]), (72, [36 * 60, 72 * 60 - 15])])
    def test_reminders_at_half_time_and_a_quarter_before(self, hours: int, minutes: list[int]) -> None:
        position = begun(Chain((Step(("commander",), hours),)), NOW)
        assert [(instant - NOW) / timedelta(minutes=1) for instant in reminders(position)] == minutes

    def test_a_window_of_half_an_hour_has_one_reminder(self) -> None:
        assert len(reminders(Position(0, 0, NOW, NOW + HOUR / 2))) == 1
        assert reminders(Position(0, 0, NOW, NOW + timedelta(minutes=10))) == (NOW + timedelta(minutes=5),)

    @given(chains, st.lists(st.integers(0, 6000), max_size=20))
    def test_it_is_monotone_in_time(self, chain: Chain, minutes: list[int]) -> None:
        position: Position | None = begun(chain, NOW)
        for minute in sorted(minutes):
            assert position is not None
            later = escalated(chain, position, NOW + timedelta(minutes=minute))
            if later is None:
                break
            assert (later.step, later.escalations) >= (position.step, position.escalations)
            assert later.until >= position.until
            before = set(chain.steps[0].may_sign(position.escalations))
            assert before <= set(chain.steps[0].may_sign(later.escalations))
            position = later

    @given(chains)
    def test_every_role_that_is_named_has_its_turn_before_it_ends(self, chain: Chain) -> None:
        position: Position | None = begun(chain, NOW)
        seen: set[str] = set()
        turns = 0
        while position is not None:
            seen |= set(chain.steps[0].may_sign(position.escalations))
            turns += 1
            position = escalated(chain, position, position.until)
        assert seen == {*chain.steps[0].roles, *chain.steps[0].escalates_to}
        assert turns == 1 + len(chain.steps[0].escalates_to)


class ChainMachine(RuleBasedStateMachine):
    """Anybody tries anything at any time; a decision comes about only by every signature, of other people, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.chain: Chain | None = None
        self.position: Position | None = None
        self.now = NOW
        self.signed: list[Signed] = []
        self.by: list[str] = []
        self.decided = self.over = False

    @precondition(lambda self: self.chain is None)
    @rule(chain=chains, proposer=st.none() | st.integers(0, 7))
    def put_forward(self, chain: Chain, proposer: int | None) -> None:
        self.chain, self.proposer = chain, proposer
        self.position = begun(chain, self.now)

    @rule(minutes=st.integers(0, 200))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.chain is not None and not self.decided and not self.over)
    @rule()
    def tick(self) -> None:
        assert self.chain is not None
        assert self.position is not None
        if (later := escalated(self.chain, self.position, self.now)) is None:
            self.over = True
        else:
            self.position = later

    @precondition(lambda self: self.chain is not None and not self.decided and not self.over)
    @rule(
        who=st.integers(0, 7),
        lent_by=st.none() | st.integers(8, 9),
        role=roles,
        content=st.sampled_from([HASH] * 5 + [OTHER]),
    )
    def sign(self, who: int, lent_by: int | None, role: str, content: str) -> None:
        assert self.chain is not None
        assert self.position is not None
        people = frozenset({who} if lent_by is None else {who, lent_by})
        objected = objection(
            self.chain,
            self.position,
            self.signed,
            people=people,
            role=role,
            proposed_by=self.proposer,
            content_hash=content,
            now=self.now,
        )
        if objected is not None:
            return
        present = escalated(self.chain, self.position, self.now)
        assert present is not None
        assert role in self.chain.steps[present.step].may_sign(present.escalations)
        self.signed.append(Signed(who, content, lent_by))
        self.by.append(role)
        following = advanced(self.chain, present, self.now)
        if following is None:
            self.decided = True
        else:
            self.position = following

    @invariant()
    def a_decision_has_every_signature(self) -> None:
        if self.chain is None:
            return
        assert self.decided == (len(self.signed) == len(self.chain.steps))
        for step, role in zip(self.chain.steps, self.by, strict=False):
            assert role in (*step.roles, *step.escalates_to)
        people = [person for one in self.signed for person in one.people]
        assert len(people) == len(set(people))
        assert self.proposer not in people
        assert len({one.content_hash for one in self.signed}) <= 1

    @invariant()
    def it_is_open_decided_or_over_and_never_lost(self) -> None:
        if self.chain is None or self.decided or self.over:
            return
        assert self.position is not None
        assert self.position.step == len(self.signed) < len(self.chain.steps)
        assert self.position.until > self.position.since


TestAnybodyAnything = ChainMachine.TestCase
