"""Amounts as the printed evaluation words them: what is not established is no 0, and beside open lines stands a lower bound."""

from __future__ import annotations

NOT_ESTABLISHED, NOT_STATED = "未确立", "未载明"


def tonnes(kg: float | None, otherwise: str = "–") -> str:
    """kg as tonnes to the kilogram."""
    return otherwise if kg is None else f"{kg / 1000:.3f}"


def percent(share: float | None) -> str:
    """A share in percent."""
    return "–" if share is None else f"{share * 100:.1f} %"


def planned(kg: float | None, count: int) -> str:
    """Planned tonnes: nothing established is no 0, and beside open lines it is a lower bound."""
    if kg is None or (count and not kg):
        return NOT_ESTABLISHED
    return f"{'≥ ' if count else ''}{tonnes(kg)}"


def counted(kg: float | None, count: int) -> str:
    """Planned tonnes with the number of lines of which nothing is established."""
    if not count:
        return planned(kg, count)
    return f"{planned(kg, count)}\n另 {count} 条{NOT_ESTABLISHED}" if kg else f"{NOT_ESTABLISHED}（{count} 条）"


def base(kg: float | None, count: int) -> str:
    """Tonnes of a base with the number of lines that state none."""
    if kg is None:
        return f"{NOT_STATED}（{count} 条）"
    return f"≥ {tonnes(kg)}\n另 {count} 条{NOT_STATED}" if count else tonnes(kg)


def least(share: float | None, count: int) -> str:
    """A share that is a lower bound beside open lines."""
    return f"≥ {percent(share)}" if count and share is not None else percent(share)
