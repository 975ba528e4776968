"""One way to write JSON, also around what is written already."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.kit.canonical import Ready, canonical, canonical_around

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, VALUES, VALUES)
def test_what_is_ready_is_put_in_as_it_is(plain: Any, one: Any, other: Any) -> None:
    whole = {"b": plain, "a": {"y": one, "x": [other, plain]}, "c": other}
    parted = {"b": plain, "a": {"y": Ready(canonical(one)), "x": [Ready(canonical(other)), plain]}, "c": other}
    assert canonical_around(parted) == canonical(whole)
