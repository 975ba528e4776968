"""What a requirement says of a line is written from shared texts; here it is made again from the values, line by line."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists import requirement_lines
from emission_lists.documents import interned, measure_document, measure_from, measure_of
from emission_lists.levels import PerLevel
from emission_lists.lists import Line
from emission_lists.measures import Action, Measure
from emission_lists.overlap import Combined, Kept, Source, SourceKind
from emission_lists.requirement_lines import LineRequirement, iso
from emission_lists.requirements import Obligation, requirement_for
from tests.emission_lists.list_samples import firm
from tests.emission_lists.measure_shapes import any_measure

START = datetime(2016, 12, 16, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LOOSE = (Action.UNKNOWN, Action.SELF_DETERMINED, Action.NONE, Action.TRANSPORT)
NAMES = st.text(max_size=6) | st.sampled_from(["", '"', "\\", "\x00", "\x00code\x00", "\x00name\x00", "name：", "code", "\ue000"])


@st.composite
def asked(draw: st.DrawFn) -> list[Obligation]:
    """Up to three who ask something of any shape of the same two lines, over times that overlap or not."""
    found, codes = [], draw(st.lists(NAMES, min_size=2, max_size=2, unique=True))
    for number in range(draw(st.integers(1, 3))):
        starts = START + draw(st.sampled_from([-6, 0, 0, 7])) * HOUR
        until = draw(st.sampled_from([None, starts + 9 * HOUR, starts + 60 * HOUR]))
        source = Source(SourceKind.RESPONSE, f"response:{number}", f"{number}{draw(NAMES)}", f"{number}{draw(NAMES)}")
        of_lines = tuple((code, draw(NAMES), draw(NAMES), replace(draw(any_measure), note_zh=draw(NAMES))) for code in codes)
        found.append(Obligation(source, starts, until, of_lines))
    return found


def written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sentences(name: str, kept: tuple[Kept, ...], more_zh: str = "", more_en: str = "") -> dict[str, str]:
    zh = "；同时：".join(one.measure.render_zh() for one in kept) + more_zh
    en = "; and also: ".join(one.measure.render_en() for one in kept) + more_en
    loose = kept[0].measure.action in LOOSE
    return {"sentence_zh": f"{name}：{zh}" if name and loose else name + zh, "sentence_en": f"{name}: {en}" if name else en}


def also(name: str, combined: Combined) -> list[dict[str, Any]]:
    return [
        measure_document(one.measure)
        | {"complete_by": iso(one.due), "sources": [source(each) for each in one.sources]}
        | sentences(name, (one,))
        for one in combined.kept[1:]
    ]


def source(one: Source) -> dict[str, str]:
    return {"kind": one.kind.value, "key": one.key, "zh": one.zh, "en": one.en}


def expected(one: LineRequirement) -> dict[str, Any]:
    """The document of a line, from its values."""
    combined, main, then = one.combined, one.combined.main, ("", "")
    for piece in one.pieces[one.place + 1 : one.place + 2]:
        begins, said = piece.starts + 8 * HOUR, sentences("", piece.combined.kept)
        then = (
            f"；{begins.month}月{begins.day}日 {begins:%H:%M} 起{said['sentence_zh']}",
            f"; from {begins:%Y-%m-%d %H:%M} {said['sentence_en']}",
        )
    stages = [
        {
            "from": iso(piece.starts),
            "until": iso(piece.until),
            "complete_by": iso(piece.combined.main.due),
            "measure": measure_document(piece.combined.main.measure),
            "also": also(one.name, piece.combined),
        }
        | sentences(one.name, piece.combined.kept)
        for piece in one.pieces
    ]
    own = {
        "code": one.code,
        "name": one.name,
        "process": one.process,
        "action_zh": main.measure.action.zh,
        "stopped_units": main.measure.units_to_stop,
        "from": iso(one.starts),
        "until": iso(one.until),
        "complete_by": iso(main.due),
        "stages": stages,
        "also": also(one.name, combined),
        "sources": [source(each) for kept in combined.kept for each in kept.sources],
        "reasons": [{"zh": zh, "en": en} for zh, en in combined.reasons],
    }
    return measure_document(main.measure) | own | sentences(one.name, combined.kept, *then)


@settings(deadline=None)
@given(asked(), st.sampled_from([-6, 0, 5, 30]))
def test_a_line_says_what_its_values_say(obligations: list[Obligation], hours: int) -> None:
    found = requirement_for(firm(), [], None, others=obligations, moment=START + hours * HOUR)
    assert [one.text() for one in found.lines] == [written(expected(one)) for one in found.lines]


@settings(deadline=None)
@given(asked())
def test_a_document_is_canonical_as_a_whole(obligations: list[Obligation]) -> None:
    found = requirement_for(firm(name='"甲"'), [], None, others=obligations)
    assert all(text == written(json.loads(text)) for text in found.members().values())
    assert [(one["code"], one["name"]) for one in found.document()["lines"]] == [(one.code, one.name) for one in found.lines]


@settings(deadline=None)
@given(any_measure)
def test_measures_that_are_written_alike_are_one(measure: Measure) -> None:
    again = measure_from(json.loads(written(measure_document(measure))))
    assert interned(measure) == measure
    assert interned(measure) is interned(again)
    assert interned(measure) is measure_of(written(measure_document(measure)).encode())  # as a stored line gives it
    assert written(measure_document(interned(measure))) == written(measure_document(measure))


@settings(deadline=None, max_examples=30)
@given(asked(), asked())
def test_with_no_room_for_what_is_shared_the_same_is_said(some: list[Obligation], others: list[Obligation]) -> None:
    """Everything is forgotten again and again, and what takes the place of a forgotten measure is not mistaken for it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(requirement_lines, "_MOST_COURSES", 1)
        patched.setattr(requirement_lines, "_MOST_MEASURES", 1)
        for obligations in (some, others, some):
            found = requirement_for(firm(), [], None, others=obligations)
            assert [one.text() for one in found.lines] == [written(expected(one)) for one in found.lines]


@given(st.lists(any_measure, min_size=1, max_size=3))
def test_a_staged_measure_leaves_nothing_behind_for_each_start(some: list[Measure]) -> None:
    """Stages are made anew for each course; what is written of them is kept once."""

    def ask(hours: int) -> None:
        each = tuple((str(n), "", "", one) for n, one in enumerate(some))
        for one in requirement_for(firm(), [], None, others=[Obligation(ASKING, START + hours * HOUR, None, each)]).lines:
            one.text()

    requirement_lines._WRITTEN.clear()
    ask(0)
    kept = len(requirement_lines._WRITTEN)
    for hours in range(1, 5):
        ask(hours)
    assert len(requirement_lines._WRITTEN) == kept


def test_equal_measures_that_are_written_differently_stay_apart() -> None:
    """1 and 1.0 are equal, and are not the same bytes."""
    whole, broken = Measure(Action.STOP, ratio=1), Measure(Action.STOP, ratio=1.0)
    texts = [
        requirement_for(firm(), [], None, others=[Obligation(ASKING, START, None, (("a", "甲", "", one),))]).lines[0].text()
        for one in (whole, broken, whole)
    ]
    assert ('"ratio":1,' in texts[0], '"ratio":1.0,' in texts[1]) == (True, True)
    assert texts[0] == texts[2]


ASKING = Source(SourceKind.RESPONSE, "response:1", "唐山市", "Tangshan")


def test_many_lines_that_do_the_same_share_what_is_said() -> None:
    """Fresh objects for equal measures, as regrading makes them, come to one standing."""
    each = [Line(f"MF{n}", f"{n}号线", "", PerLevel(*[Measure(Action.LIMIT, ratio=0.5)] * 3)) for n in range(3)]
    asking = Obligation(ASKING, START, None, tuple((one.code, one.name, "", one.measures.red) for one in each))
    found = requirement_for(firm(), [], None, others=[asking]).lines
    assert len({id(one.standing) for one in found}) == 1
