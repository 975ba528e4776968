"""Rates of a sample: always with its size and the interval that the size allows."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

_Z95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""


@dataclass(frozen=True)
class Rate:
    """`hits` out of `n`. Everything is None where n is 0: a rate of nothing is not a rate of zero."""

    hits: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.n:
            raise ValueError(f"{self.hits} of {self.n} is no rate")

    @property
    def value(self) -> float | None:
        """hits / n."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The Wilson score interval at 95 % (Wilson 1927), for independent cases."""
        if not self.n:
            return None
        share, square = self.hits / self.n, _Z95 * _Z95
        middle = share + square / (2 * self.n)
        half = _Z95 * sqrt(share * (1 - share) / self.n + square / (4 * self.n * self.n))
        whole = 1 + square / self.n
        low = 0.0 if self.hits == 0 else (middle - half) / whole
        high = 1.0 if self.hits == self.n else (middle + half) / whole
        return low, high

    def contract(self) -> dict[str, object]:
        """As published: rate, hits, n and the 95 % interval, four decimals."""
        low, high = self.interval or (None, None)
        return {
            "rate": rounded(self.value, 4),
            "hits": self.hits,
            "n": self.n,
            "low": rounded(low, 4),
            "high": rounded(high, 4),
        }


def rounded(value: float | None, places: int) -> float | None:
    """The value with so many decimals; None stays None."""
    return None if value is None else round(value, places)
