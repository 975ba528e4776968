"""Rows marked as the example (示例): passed over as long as they hold what the template has there."""

from __future__ import annotations

from datetime import datetime

from emission_lists.columns import EXAMPLE


def marked(number: str) -> bool:
    """Whether what stands for the number of a row is the mark of the example, blanks around it aside."""
    return number.strip() == EXAMPLE


def is_example(cell: object, example: object) -> bool:
    """Whether a cell of such a row is empty or still what the template has there, as text or as a number."""
    shown = _written(cell)
    return not shown or shown == _written(example)


def _written(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return "" if cell is None else str(cell).strip()
