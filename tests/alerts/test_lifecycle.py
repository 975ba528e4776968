import pytest

from alerts.lifecycle import MOVES, IllegalMove, State, advanced, is_final, move

ALLOWED = [(state, to) for state, onward in MOVES.items() for to in onward]
FORBIDDEN = [(state, to) for state in State for to in State if to not in MOVES[state]]


@pytest.mark.parametrize(("state", "to"), ALLOWED)
def test_allowed_moves(state: State, to: State) -> None:
    assert move(state, to) is to


@pytest.mark.parametrize(("state", "to"), FORBIDDEN)
def test_forbidden_moves_are_named(state: State, to: State) -> None:
    with pytest.raises(IllegalMove) as error:
        move(state, to)
    assert (error.value.state, error.value.to, error.value.allowed) == (state, to, MOVES[state])
    assert str(state) in str(error.value)


def test_nothing_is_announced_without_approval() -> None:
    before = {state for state, onward in MOVES.items() if State.ANNOUNCED in onward}
    assert before == {State.APPROVED, State.ANNOUNCED}  # what is announced may be announced for an earlier start


@pytest.mark.parametrize(
    ("state", "begun", "after"),
    [
        (State.ANNOUNCED, False, State.ANNOUNCED),
        (State.ANNOUNCED, True, State.ACTIVE),
        (State.RAISED, False, State.RAISED),
        (State.RAISED, True, State.RAISED),
        (State.EXTENDED, True, State.EXTENDED),
    ],
)
def test_a_start_brought_forward(state: State, begun: bool, after: State) -> None:
    assert advanced(state, begun=begun) is after


@pytest.mark.parametrize("state", [State.ACTIVE, State.LIFTED, State.PROPOSED, State.LAPSED])
def test_what_has_begun_or_is_over_begins_no_earlier(state: State) -> None:
    with pytest.raises(IllegalMove):
        advanced(state, begun=False)


def test_every_state_is_in_the_table_and_can_be_reached() -> None:
    assert set(MOVES) == set(State)
    assert {to for onward in MOVES.values() for to in onward} == set(State) - {State.PROPOSED}


def test_ends() -> None:
    ends = {State.LIFTED, State.LAPSED, State.REJECTED, State.EXPIRED, State.REVOKED}
    assert {state for state in State if is_final(state)} == ends


@pytest.mark.parametrize(
    ("state", "to", "told"),
    [
        (
            State.PROPOSED,
            State.ACTIVE,
            "a warning that is proposed cannot become active; allowed: approved, expired, rejected",
        ),
        (
            State.LIFTED,
            State.RAISED,
            "a warning that is lifted cannot become raised; allowed: nothing: it is at its end",
        ),
    ],
)
def test_the_refusal_says_what_is_allowed(state: State, to: State, told: str) -> None:
    with pytest.raises(IllegalMove) as error:
        move(state, to)
    assert str(error.value) == told
