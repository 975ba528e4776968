"""JSON put together from texts is what the service writes of the whole value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emission_lists.json_text import array_of, object_of, text_of
from service.kit.canonical import canonical

KEYS = st.text("abcxyz_019", min_size=1, max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_is_written_alike(value: Any) -> None:
    assert text_of(value) == canonical(value)


@given(st.dictionaries(KEYS, VALUES, max_size=5), st.lists(VALUES, max_size=3))
def test_objects_and_arrays_of_texts_are_those_of_their_values(members: dict[str, Any], elements: list[Any]) -> None:
    texts = {key: text_of(value) for key, value in members.items()} | {"zz": array_of([text_of(one) for one in elements])}
    assert object_of(texts) == canonical(members | {"zz": elements})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}])
def test_what_json_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        text_of(value)
