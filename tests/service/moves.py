"""Sequences of decisions about one division, as hypothesis draws them."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

LEVELS = {"yellow": 2, "orange": 3, "red": 4}


@dataclass(frozen=True)
class Move:
    """One decision of an example: `later` hours after the one before it, effective `ahead` hours later, for `lasts` hours."""

    later: int
    level: str
    ahead: int
    lasts: int | None
    extend: bool
    jobs: bool


MOVES = st.lists(
    st.builds(
        Move,
        later=st.integers(0, 8),
        level=st.sampled_from(["yellow", "orange", "red", "none"]),
        ahead=st.integers(0, 10),
        lasts=st.none() | st.integers(1, 20),
        extend=st.booleans(),
        jobs=st.booleans(),
    ),
    min_size=2,
    max_size=7,
)


def action_of(current: str, move: Move) -> tuple[str, str]:
    """Which action leads from what stands to what is wanted."""
    if current == "none":
        return "issue", move.level if move.level != "none" else "yellow"
    if move.level == "none":
        return "lift", "none"
    if move.extend or move.level == current:
        return "extend", current
    return ("raise" if LEVELS[move.level] > LEVELS[current] else "lower"), move.level
