"""The table of a grade's life and of a guarantee's: only legal moves, only by those who may, always a way on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emission_lists import guarantee as g
from emission_lists.grading import (
    CLERICAL,
    FIRST,
    MOVES,
    OFFICIAL,
    Actor,
    Case,
    IllegalMove,
    Kind,
    Move,
    NotYours,
    State,
    levels_of,
    moved,
    named,
    open_moves,
    passed_before,
)
from emission_lists.guarantee import GuaranteeMove, GuaranteeState, guarantee_moved

ROUTE = (Actor.DISTRICT, Actor.CITY, Actor.PROVINCE)
routes = st.permutations(sorted(OFFICIAL)).flatmap(lambda all_: st.integers(1, 4).map(lambda n: tuple(all_[:n])))
ANYBODY = frozenset(Actor)


def case(state: State, kind: Kind = Kind.RATING, route: tuple[Actor, ...] = ROUTE) -> Case:
    return Case(kind, state, route)


class TestRating:
    def test_the_levels_review_in_turn_and_the_last_one_publicises(self) -> None:
        state = State.APPLIED
        for level in ROUTE:
            assert open_moves(case(state))[Move.REVIEW] == {level}
            assert Move.PUBLICISE not in open_moves(case(state))
            state, by = moved(case(state), Move.REVIEW, frozenset({level}))
            assert by is level
        assert open_moves(case(state)) == {
            Move.PUBLICISE: {Actor.PROVINCE},
            Move.REJECT: {Actor.PROVINCE},
            Move.WITHDRAW: {Actor.ENTERPRISE},
        }

    @given(routes)
    def test_any_route_comes_to_publicity(self, route: tuple[Actor, ...]) -> None:
        state = State.APPLIED
        for level in route:
            state, _ = moved(case(state, route=route), Move.REVIEW, frozenset({level}))
        state, by = moved(case(state, route=route), Move.PUBLICISE, OFFICIAL)
        assert (state, by) == (State.IN_PUBLICITY, route[-1])

    @given(routes, st.data())
    def test_nobody_reviews_out_of_turn(self, route: tuple[Actor, ...], data: st.DataObject) -> None:
        others = OFFICIAL - {route[0]}
        by = data.draw(st.sets(st.sampled_from(sorted(others)), min_size=1))
        with pytest.raises(NotYours):
            moved(case(State.APPLIED, route=route), Move.REVIEW, frozenset(by))

    def test_only_the_level_in_turn_rejects(self) -> None:
        assert open_moves(case(State.DISTRICT_REVIEWED))[Move.REJECT] == {Actor.CITY}

    @given(st.sampled_from(list(Kind)), st.sampled_from(list(State)), st.sampled_from(list(Move)), routes)
    def test_what_is_not_in_the_table_is_refused_by_name(
        self, kind: Kind, state: State, move: Move, route: tuple[Actor, ...]
    ) -> None:
        standing = case(state, kind, route)
        if move in open_moves(standing):
            after, by = moved(standing, move, ANYBODY)
            assert after in State
            assert by in open_moves(standing)[move]
        else:
            with pytest.raises(IllegalMove) as refused:
                moved(standing, move, ANYBODY)
            assert state.zh in refused.value.zh
            assert move.value in str(refused.value)

    def test_a_municipality_passes_two_levels_at_once_only_by_two_steps(self) -> None:
        both = levels_of("110000")
        state, by = moved(case(State.APPLIED, route=(Actor.CITY, Actor.PROVINCE)), Move.REVIEW, both)
        assert (state, by) == (State.CITY_REVIEWED, Actor.CITY)

    @pytest.mark.parametrize("kind", list(Kind))
    def test_every_state_that_a_kind_reaches_is_closed_or_leads_on(self, kind: Kind) -> None:
        reached, waiting = set(), [FIRST[kind]]
        while waiting:
            state = waiting.pop()
            if state in reached:
                continue
            reached.add(state)
            waiting += [moved(case(state, kind), move, ANYBODY)[0] for move in open_moves(case(state, kind))]
        assert set(MOVES[kind]) - reached <= {State.MINISTRY_REVIEWED}
        assert reached & {State.IN_FORCE}

    def test_only_the_clock_puts_in_force_and_ends(self) -> None:
        for kind in Kind:
            for state, moves in MOVES[kind].items():
                for move in (Move.TAKE_EFFECT, Move.EXPIRE, Move.END_PUBLICITY, Move.END_BAN, Move.SUPERSEDE):
                    if move in moves:
                        assert moves[move][1] == {Actor.CLOCK}, (kind, state, move)

    @pytest.mark.parametrize("route", [(), (Actor.CITY, Actor.CITY), (Actor.ENTERPRISE,), (Actor.CLOCK, Actor.CITY)])
    def test_a_route_that_is_none(self, route: tuple[Actor, ...]) -> None:
        with pytest.raises(ValueError, match="route"):
            case(State.APPLIED, route=route)


class TestWho:
    @pytest.mark.parametrize(
        ("adcode", "levels"),
        [
            ("100000", {Actor.MINISTRY}),
            ("150000", {Actor.PROVINCE}),
            ("110000", {Actor.CITY, Actor.PROVINCE}),
            ("500000", {Actor.CITY, Actor.PROVINCE}),
            ("150100", {Actor.CITY}),
            ("150102", {Actor.DISTRICT}),
            ("419001", {Actor.CITY, Actor.DISTRICT}),
        ],
    )
    def test_levels_follow_the_code(self, adcode: str, levels: set[Actor]) -> None:
        assert levels_of(adcode) == levels

    def test_four_eyes(self) -> None:
        steps: list[tuple[Move | None, int | None]] = [(None, 1), (Move.REVIEW, 2), (Move.PUBLICISE, 3), (Move.END_PUBLICITY, None)]
        assert passed_before(steps, 1)
        assert passed_before(steps, 2)
        assert not passed_before(steps, 3)
        assert not passed_before(steps, 4)
        assert {Move.PUBLICISE, Move.OBJECT} == CLERICAL

    def test_named(self) -> None:
        assert named(Move, "review") is Move.REVIEW
        with pytest.raises(ValueError, match="nonsense"):
            named(Move, "nonsense")


class TestGuarantee:
    def test_the_chain(self) -> None:
        state = GuaranteeState.PROPOSED
        chain = (
            (GuaranteeMove.AGREE, Actor.CITY),
            (GuaranteeMove.VET, Actor.PROVINCE),
            (GuaranteeMove.FILE, Actor.PROVINCE),
            (GuaranteeMove.START, Actor.CITY),
        )
        for move, actor in chain:
            state, by = guarantee_moved(state, move, frozenset({actor}))
            assert by is actor
        assert state is GuaranteeState.IN_FORCE

    @given(st.sampled_from(list(GuaranteeState)), st.sampled_from(list(GuaranteeMove)))
    def test_no_step_is_left_out(self, state: GuaranteeState, move: GuaranteeMove) -> None:
        if move in g.MOVES.get(state, {}):
            assert guarantee_moved(state, move, ANYBODY)[0] in GuaranteeState
        else:
            with pytest.raises(IllegalMove) as refused:
                guarantee_moved(state, move, ANYBODY)
            assert state.zh in refused.value.zh

    def test_in_force_only_by_the_whole_chain(self) -> None:
        into = {(state, move) for state, moves in g.MOVES.items() for move, (to, _) in moves.items() if to is GuaranteeState.IN_FORCE}
        assert into == {
            (GuaranteeState.MEE_FILED, GuaranteeMove.START),
            (GuaranteeState.SUSPENDED, GuaranteeMove.RESUME),
        }

    def test_whose_turn_it_is(self) -> None:
        with pytest.raises(NotYours) as refused:
            guarantee_moved(GuaranteeState.PROPOSED, GuaranteeMove.AGREE, frozenset({Actor.PROVINCE}))
        assert "市级" in refused.value.zh
