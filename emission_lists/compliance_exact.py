"""Whether quantities pass a bound (超限), decided on the decimals as they are written: 24 hours of 1.1 are 26.4. Pure.

Floating-point sums miss that by their last digits. They decide only where they are clearly apart from the bound; what is close
to it is added up exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from typing import NamedTuple

_EXACT = Context(prec=1000)
"""More digits than any sum of floating-point numbers has."""
_APART, _MILLIONTH = 1e-9, 1e-6
"""What is clearly apart: relative, a hundred thousand times what floating-point arithmetic loses over the hours of a day; and more
than a proof leaves out of a sum."""


class Bound(NamedTuple):
    """What is allowed. Floating-point sums under `low` surely keep to it, those above `high` surely pass it."""

    exact: Fraction
    shown: float
    low: float
    high: float

    def passed_by(self, about: float, values: Sequence[float]) -> float | None:
        """The sum of quantities where it is over, as a proof states it. `about`: their floating-point sum.

        A sum far above is given to a millionth, any other in full, so that it never looks like the bound itself.
        """
        if about > self.high:
            return about if len(values) == 1 else round(about, 6)
        if about < self.low:
            return None
        amount = total(values)
        return float(amount) if amount > self.exact else None

    def under(self, value: float) -> bool:
        """Whether one quantity is below it, not at it."""
        return value < self.low or (value <= self.high and written(value) < self.exact)


def bound(exact: Fraction) -> Bound:
    """The bound of an exact quantity, which is not negative."""
    shown = float(exact)
    return Bound(exact, shown, shown * (1 - _APART), shown * (1 + _APART) + _MILLIONTH)


def written(value: float) -> Fraction:
    """A number exactly as it is written: 0.07 is 7/100."""
    return Fraction(Decimal(repr(value)))


def total(values: Iterable[float]) -> Fraction:
    """The exact sum of numbers as they are written."""
    with localcontext(_EXACT):
        return Fraction(sum(map(Decimal, map(repr, values)), start=Decimal(0)))
