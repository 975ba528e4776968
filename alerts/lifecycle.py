"""The lifecycle of a warning (预警) as a table; the illegal move is a named error."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a warning stands between the proposal and its end."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    ANNOUNCED = "announced"
    ACTIVE = "active"
    RAISED = "raised"
    LOWERED = "lowered"
    EXTENDED = "extended"
    LIFTED = "lifted"
    LAPSED = "lapsed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    REVOKED = "revoked"


_RUNNING = frozenset(
    {State.RAISED, State.LOWERED, State.EXTENDED, State.LIFTED, State.LAPSED, State.REVOKED},
)

MOVES: dict[State, frozenset[State]] = {
    State.PROPOSED: frozenset({State.APPROVED, State.REJECTED, State.EXPIRED}),
    State.APPROVED: frozenset({State.ANNOUNCED, State.REVOKED}),
    State.ANNOUNCED: _RUNNING | {State.ANNOUNCED, State.ACTIVE},
    State.ACTIVE: _RUNNING,
    State.RAISED: _RUNNING,
    State.LOWERED: _RUNNING,
    State.EXTENDED: _RUNNING,
    State.LIFTED: frozenset(),
    State.LAPSED: frozenset(),
    State.REJECTED: frozenset(),
    State.EXPIRED: frozenset(),
    State.REVOKED: frozenset(),
}


class IllegalMove(ValueError):
    """A warning was asked to go where the table does not let it go."""

    def __init__(self, state: State, to: State, allowed: frozenset[State]) -> None:
        names = ", ".join(sorted(allowed)) or "nothing: it is at its end"
        super().__init__(f"a warning that is {state} cannot become {to}; allowed: {names}")
        self.state = state
        self.to = to
        self.allowed = allowed


def move(state: State, to: State) -> State:
    """The new state when the table allows it; otherwise IllegalMove."""
    allowed = MOVES[state]
    if to not in allowed:
        raise IllegalMove(state, to, allowed)
    return to


def advanced(state: State, *, begun: bool) -> State:
    """The state once the start of an announced level is brought forward (提前启动); `begun`: to this very instant.

    A warning that was changed before keeps its state. Raises IllegalMove where nothing is announced that could begin.
    """
    kept = move(state, state)
    return move(kept, State.ACTIVE) if begun and kept is State.ANNOUNCED else kept


def is_final(state: State) -> bool:
    """Whether nothing can follow."""
    return not MOVES[state]
