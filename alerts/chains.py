"""Chains of non-overlapping 24-h blocks: where a condition `over T for 24k hours` is satisfied.

Masks are boolean arrays [..., starts], one place per hour at which a block may start. A block that starts
at s is followed by one that starts at s + 24, or within the merge gap after it (strictly less than the
gap).
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
BLOCK_HOURS = 24
_LEAST = np.iinfo(np.int64).min


def window(gap: int | None) -> int:
    """Number of hours at which the next block may start: one without merging.

    `gap` with (0 … gap - 1 later).
    """
    return 1 if gap is None else gap


def followed(mask: Mask, gap: int | None) -> Mask:
    """For every start: does a True block start where this one ends, or within the gap after it?"""
    found = np.zeros_like(mask)
    starts = mask.shape[-1]
    inside = starts - BLOCK_HOURS
    if inside <= 0:
        return found
    width = window(gap)
    if width == 1:
        found[..., :inside] = mask[..., BLOCK_HOURS:]
        return found
    count = np.zeros((*mask.shape[:-1], starts + 1), dtype=np.int16)
    np.cumsum(mask, axis=-1, dtype=np.int16, out=count[..., 1:])
    whole = max(inside - width + 1, 0)
    before = count[..., BLOCK_HOURS : BLOCK_HOURS + inside]
    np.greater(
        count[..., BLOCK_HOURS + width : BLOCK_HOURS + width + whole],
        before[..., :whole],
        out=found[..., :whole],
    )
    np.greater(count[..., -1:], before[..., whole:], out=found[..., whole:inside])
    return found


Table = list[list[Mask]]
"""table[j - 1][i]: starts of chains of j blocks above the line, at least i of them above the higher line."""


def chain_table(above: Mask, rich: Mask | None, blocks: int, needed: int, gap: int | None) -> Table:
    """All chains up to `blocks` long, from the back; `rich` marks the higher line of `containing`."""
    higher = np.zeros_like(above) if rich is None else above & rich
    table: Table = [[above, *([higher] if needed else []), *(np.zeros_like(above) for _ in range(needed - 1))]]
    for _ in range(blocks - 1):
        after = [followed(row, gap) for row in table[-1]]
        row = [above & after[0]]
        row += [(above & after[i]) | (higher & after[i - 1]) for i in range(1, needed + 1)]
        table.append(row)
    return table


def chain_from(table: Table, rich: Mask | None, first: int, gap: int | None) -> list[int]:
    """The starts of the chain that begins at `first`.

    Each next block as early as possible (one-dimensional).
    """
    chain = [first]
    needed = len(table[-1]) - 1
    for row in reversed(table[:-1]):
        if rich is not None and rich[chain[-1]] and needed:
            needed -= 1
        earliest = chain[-1] + BLOCK_HOURS
        reachable = row[needed][earliest : earliest + window(gap)]
        chain.append(earliest + int(np.argmax(reachable)))
    return chain


def led_into(above: Mask, starts: Mask, gap: int | None) -> Mask:
    """`starts` and every block above the line from which blocks above the line lead to one of them."""
    while True:
        wider = starts | (above & followed(starts, gap))
        if np.array_equal(wider, starts):
            return starts
        starts = wider


def lead_in(starts: Mask, exact: Mask, first: int, gap: int | None) -> list[int]:
    """The blocks before the first one of `exact`, each next one as early as possible, then that one (one-dimensional)."""
    path = [first]
    while not exact[path[-1]]:
        earliest = path[-1] + BLOCK_HOURS
        path.append(earliest + int(np.argmax(starts[earliest : earliest + window(gap)])))
    return path


def episode_ends(line: Mask, gap: int | None) -> NDArray[np.int64]:
    """For every start: the last end, in hours.

    Of the blocks above the line that merging reaches from there.
    """
    ends = [0] * len(line)
    going = [0] * len(line)
    width = window(gap)
    above = line.tolist()
    for start in range(len(above) - 1, -1, -1):
        own = start + BLOCK_HOURS
        ends[start] = max(own, *going[own : own + width], 0)
        if above[start]:
            going[start] = ends[start]
    return np.array(ends, dtype=np.int64)


def best_slack(
    slack: NDArray[np.int64], rich: NDArray[np.int64] | None, blocks: int, needed: int, gap: int | None
) -> int:
    """The slack of the best chain of `blocks` blocks (one-dimensional): how far its worst block lies above.

    `slack` is each block's distance above the line, `rich` above the higher line, which `needed` of the
    blocks must pass. The chain satisfies the condition when the answer is above 0. The least integer where no
    chain fits.
    """
    rows = [slack]
    if rich is not None:
        rows += [rich, *(np.full(len(slack), _LEAST) for _ in range(needed - 1))]
    for _ in range(blocks - 1):
        after = [_best_next(row, gap) for row in rows]
        plain = [np.minimum(slack, row) for row in after]
        if rich is not None:
            plain[1:] = [np.maximum(own, np.minimum(rich, less)) for own, less in zip(plain[1:], after, strict=False)]
        rows = plain
    return int(rows[-1].max())


def _best_next(values: NDArray[np.int64], gap: int | None) -> NDArray[np.int64]:
    """For every start the highest value among the blocks that may follow it."""
    width = window(gap)
    after = np.full(len(values) + width - 1, _LEAST)
    inside = values[BLOCK_HOURS:]
    after[: len(inside)] = inside
    return np.asarray(sliding_window_view(after, width).max(axis=-1), dtype=np.int64)
