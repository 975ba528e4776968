"""A stored document read only as far as it is asked says what the whole one says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.documents import enterprise_document, enterprise_from, line_document, line_from, measure_document
from emission_lists.grades import Grade
from emission_lists.levels import LEVELS, PerLevel
from emission_lists.lists import Enterprise, Line
from emission_lists.measures import Action, Later, Measure
from emission_lists.regrading import may_hang_on_a_season
from emission_lists.stored_lines import stored_from
from tests.emission_lists.list_samples import enterprises, firm, line, lines
from tests.emission_lists.measure_shapes import any_measure

SELF, STOP, UNKNOWN = Measure(Action.SELF_DETERMINED), Measure(Action.STOP, 1.0), Measure(Action.UNKNOWN)
SELF_THEN_STOP, STOP_THEN_SELF = replace(SELF, later=(Later(24, STOP),)), replace(STOP, later=(Later(24, SELF),))


@st.composite
def shaped(draw: st.DrawFn) -> Line:
    """A line with measures of every shape."""
    return replace(draw(lines()), measures=PerLevel(*[draw(any_measure) for _ in LEVELS]))


def document(owner: Enterprise, some: list[Line]) -> str:
    whole = {"enterprise": enterprise_document(owner), "lines": [line_document(one) for one in some]}
    return json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@settings(deadline=None)
@given(enterprises(), st.lists(shaped(), max_size=3))
def test_it_says_what_the_whole_document_says(owner: Enterprise, some: list[Line]) -> None:
    text = document(owner, some)
    stored, plain = stored_from(text), json.loads(text)
    assert enterprise_from(stored.enterprise) == enterprise_from(plain["enterprise"]) == owner
    assert [one.whole() for one in stored.lines] == [line_from(one) for one in plain["lines"]] == some
    for one, own in zip(stored.lines, some, strict=True):
        assert (one.code, one.name, one.process) == (own.code, own.name, own.process)
        for level in LEVELS:
            written = json.dumps(measure_document(one.measure(level)))
            assert written == json.dumps(measure_document(own.measures.at(level)))  # 1 stays 1, not 1.0
        stages = [stage for each in own.measures for stage in (each, *(later.measure for later in each.later))]
        assert one.leaves_something is any(stage.action is Action.SELF_DETERMINED for stage in stages)


@pytest.mark.parametrize("one", [SELF, SELF_THEN_STOP, STOP_THEN_SELF, STOP, UNKNOWN])
def test_it_says_as_the_whole_line_whether_anything_is_left(one: Measure) -> None:
    own = line("MF1", one)
    [stored] = stored_from(document(firm(grade=Grade.B), [own])).lines
    assert stored.leaves_something is may_hang_on_a_season(firm(grade=Grade.B), [own])
    assert stored.leaves_something is (one not in (STOP, UNKNOWN))


@pytest.mark.parametrize("text", ["", "{}", '{"enterprise":{},"lines":[{"code":"a"}]}', '{"enterprise":1,"lines":[]}'])
def test_what_is_not_such_a_document_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        stored_from(text)
