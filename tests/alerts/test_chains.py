from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.chains import best_slack, chain_from, chain_table, episode_ends, followed, lead_in, led_into

GAPS = st.sampled_from([None, 1, 12, 36])
MASKS = st.lists(st.booleans(), min_size=1, max_size=110).map(lambda given: np.array(given, dtype=bool))


def nexts(start: int, gap: int | None) -> range:
    return range(start + 24, start + 24 + (gap or 1))


def exists(above: list[bool], rich: list[bool], start: int, blocks: int, needed: int, gap: int | None) -> bool:
    """Is there a chain from `start`? Tried out one by one."""
    if not above[start]:
        return False
    left = max(0, needed - rich[start])
    if blocks == 1:
        return left == 0
    return any(
        exists(above, rich, at, blocks - 1, left, gap) for at in nexts(start, gap) if at < len(above)
    )


@given(MASKS, GAPS)
def test_followed(mask: np.ndarray, gap: int | None) -> None:
    expected = [any(mask[at] for at in nexts(start, gap) if at < len(mask)) for start in range(len(mask))]
    assert followed(mask, gap).tolist() == expected


@given(MASKS, st.randoms(use_true_random=False), GAPS, st.integers(1, 4), st.integers(0, 2))
def test_table_finds_every_chain(above: np.ndarray, random, gap: int | None, blocks: int, needed: int) -> None:
    needed = min(needed, blocks)
    rich = above & np.array([random.random() < 0.4 for _ in above])
    table = chain_table(above, rich, blocks, needed, gap)
    expected = [exists(above.tolist(), rich.tolist(), at, blocks, needed, gap) for at in range(len(above))]
    assert table[-1][-1].tolist() == expected


@given(MASKS, st.randoms(use_true_random=False), GAPS)
def test_the_chain_is_legal_and_as_early_as_possible(above: np.ndarray, random, gap: int | None) -> None:
    rich = above & np.array([random.random() < 0.4 for _ in above])
    table = chain_table(above, rich, 3, 1, gap)
    for first in np.flatnonzero(table[-1][-1])[:3].tolist():
        chain = chain_from(table, rich, first, gap)
        assert chain[0] == first
        assert len(chain) == 3
        assert all(above[at] for at in chain)
        assert any(rich[at] for at in chain)
        assert all(later in nexts(earlier, gap) for earlier, later in pairwise(chain))
        left = 1 - int(rich[first])
        earlier = [at for at in nexts(first, gap) if at < chain[1]]
        assert not any(exists(above.tolist(), rich.tolist(), at, 2, left, gap) for at in earlier)


def reached(line: list[bool], start: int, gap: int | None) -> int:
    onward = [reached(line, at, gap) for at in nexts(start, gap) if at < len(line) and line[at]]
    return max([start + 24, *onward])


@given(MASKS, GAPS)
def test_an_episode_ends_where_merging_stops(line: np.ndarray, gap: int | None) -> None:
    expected = [reached(line.tolist(), at, gap) for at in range(len(line))]
    assert episode_ends(line, gap).tolist() == expected


@pytest.mark.parametrize(("clean", "merges"), [(0, True), (35, True), (36, False), (37, False)])
def test_thirty_six_hours_separate(clean: int, merges: bool) -> None:
    mask = np.zeros(24 + clean + 1, dtype=bool)
    mask[[0, 24 + clean]] = True
    assert followed(mask, 36)[0] == merges


@given(MASKS, GAPS)
def test_rows_are_independent(mask: np.ndarray, gap: int | None) -> None:
    both = np.stack([mask, ~mask])
    np.testing.assert_array_equal(followed(both, gap), np.stack([followed(mask, gap), followed(~mask, gap)]))


def strongest(values: list[int], start: int, blocks: int, needed: int, gap: int | None) -> int | None:
    """The slack of the best chain above 100, `needed` blocks of it above 200, tried out one by one."""
    options = []
    for extra, left in ((100, needed), (200, needed - 1)):
        own = values[start] - extra
        if left < 0 or left > blocks - 1:
            continue
        if blocks == 1:
            options.append(own)
            continue
        onward = [strongest(values, at, blocks - 1, left, gap) for at in nexts(start, gap) if at < len(values)]
        options += [min(own, slack) for slack in onward if slack is not None]
    return max(options, default=None)


@given(
    st.lists(st.integers(0, 500), min_size=1, max_size=80),
    st.integers(1, 3),
    st.integers(0, 2),
    st.sampled_from([None, 12, 36]),
)
def test_best_slack(values: list[int], blocks: int, needed: int, gap: int | None) -> None:
    needed = min(needed, blocks)
    above = np.array(values)
    found = best_slack(above - 100, above - 200 if needed else None, blocks, needed, gap)
    tried = [strongest(values, at, blocks, needed, gap) for at in range(len(values))]
    expected = max((slack for slack in tried if slack is not None), default=None)
    assert (found if found > -10**6 else None) == expected


def leads(above: list[bool], exact: list[bool], start: int, gap: int | None) -> bool:
    """Do blocks above the line lead from here to one of `exact`? Tried out one by one."""
    if exact[start]:
        return True
    return above[start] and any(leads(above, exact, at, gap) for at in nexts(start, gap) if at < len(above))


@given(MASKS, st.randoms(use_true_random=False), GAPS)
def test_what_leads_into_the_exact_ones(above: np.ndarray, random, gap: int | None) -> None:
    exact = above & np.array([random.random() < 0.2 for _ in above])
    expected = [leads(above.tolist(), exact.tolist(), at, gap) for at in range(len(above))]
    assert led_into(above, exact, gap).tolist() == expected


@given(MASKS, st.randoms(use_true_random=False), GAPS)
def test_the_way_there_is_legal_and_as_early_as_possible(above: np.ndarray, random, gap: int | None) -> None:
    exact = above & np.array([random.random() < 0.2 for _ in above])
    led = led_into(above, exact, gap)
    for first in np.flatnonzero(led)[:5].tolist():
        path = lead_in(led, exact, first, gap)
        assert path[0] == first
        assert [bool(exact[at]) for at in path] == [False] * (len(path) - 1) + [True]
        for earlier, later in pairwise(path):
            assert later in nexts(earlier, gap)
            assert not led[earlier + 24 : later].any()
            assert led[later]


@pytest.mark.parametrize(
    ("gap", "led", "path"),
    [
        (36, [0, 30, 78, 102], [0, 30, 78, 102]),
        (24, [78, 102], [78, 102]),
        (25, [0, 30, 78, 102], [0, 30, 78, 102]),
        (7, [78, 102], [78, 102]),
        (None, [78, 102], [78, 102]),
    ],
)
def test_over_a_gap_and_not_over_a_wider_one(gap: int | None, led: list[int], path: list[int]) -> None:
    above, exact = np.zeros(110, dtype=bool), np.zeros(110, dtype=bool)
    above[[0, 30, 78, 102]] = True
    exact[102] = True
    found = led_into(above, exact, gap)
    assert np.flatnonzero(found).tolist() == led
    assert lead_in(found, exact, led[0], gap) == path
