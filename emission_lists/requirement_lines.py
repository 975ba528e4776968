"""What one line has to do, and how it is said. Lines of which the same is asked share one course, whichever enterprise they are of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from emission_lists.documents import interned, measure_document
from emission_lists.json_text import array_of, object_of, text_of
from emission_lists.measures import Action, Measure
from emission_lists.overlap import Combined, Kept, Source
from emission_lists.requirements_timeline import Claim, Piece, standing_at, timeline

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_LOOSE = frozenset({Action.UNKNOWN, Action.SELF_DETERMINED, Action.NONE, Action.TRANSPORT})
_MOST_COURSES, _MOST_MEASURES = 8192, 16_384
"""Some 5 and 2 kB each: together at most 75 MB of a process, reached by a place in which hardly two lines do the same."""
_EDGE = "\x00"
"""Around the holes of a template: JSON never holds a control character as it is."""
_CODE, _NAME, _PROCESS, _NAME_ZH, _NAME_EN = "code", "name", "process", "name：", "name: "
"""What fills a hole; the last two: the name with its colon, or nothing."""


@dataclass(frozen=True)
class Standing:
    """What some claims come to at an instant, without the line's name.

    `pieces`: all stages; `place`: the one in force then, or the first to come.
    """

    pieces: tuple[Piece, ...]
    place: int
    starts: datetime
    until: datetime | None

    @cached_property
    def combined(self) -> Combined:
        """Everything in force, and why."""
        return self.pieces[self.place].combined

    @cached_property
    def measure(self) -> Measure:
        """The measure in force; the first one where several must be carried out."""
        return self.combined.main.measure

    @cached_property
    def clause_zh(self) -> str:
        """The sentence without its subject: lines with the same clause must do the same."""
        return self._clause(chinese=True)

    @cached_property
    def clause_en(self) -> str:
        return self._clause(chinese=False)

    def _clause(self, *, chinese: bool) -> str:
        parts = [_clauses(self.combined.kept, chinese=chinese)]
        for piece in self.pieces[self.place + 1 : self.place + 2]:
            start, clause = piece.starts.astimezone(_SHANGHAI), _clauses(piece.combined.kept, chinese=chinese)
            since = f"{start.month}月{start.day}日 {start:%H:%M} 起" if chinese else f"from {start:%Y-%m-%d %H:%M} "
            parts.append(f"{since}{clause}")
        return ("；" if chinese else "; ").join(parts)

    @cached_property
    def known(self) -> bool:
        """True if nothing that is in force is unknown."""
        return self.combined.known

    @cached_property
    def template(self) -> tuple[str, ...]:
        """A line's document as canonical JSON, cut at the holes where the line is named: text, hole, text …

        The one place that says what such a document holds.
        """
        main = self.combined.main
        text = object_of(
            {
                **_written(main.measure).members,
                "action_zh": text_of(main.measure.action.zh),
                "also": _also(self.combined),
                "code": f'"{_hole(_CODE)}"',
                "complete_by": _instant(main.due),
                "from": _instant(self.starts),
                "name": f'"{_hole(_NAME)}"',
                "process": f'"{_hole(_PROCESS)}"',
                "reasons": array_of([text_of({"zh": zh, "en": en}) for zh, en in self.combined.reasons]),
                "sources": array_of([_source(source) for kept in self.combined.kept for source in kept.sources]),
                "stages": array_of([_stage(piece) for piece in self.pieces]),
                "stopped_units": text_of(main.measure.units_to_stop),
                "until": _instant(self.until),
                **_sentences(main.measure, self.clause_zh, self.clause_en),
            }
        )
        return tuple(text.split(_EDGE))


class Course:
    """What some claims on one line come to over time."""

    def __init__(self, claims: tuple[Claim, ...]) -> None:
        self.claims = claims
        self.pieces = timeline(claims)
        self._standings: dict[int, Standing] = {}

    def standing(self, moment: datetime | None) -> Standing:
        """What stands at an instant; None = at the start."""
        place = standing_at(self.pieces, moment)
        known = self._standings.get(place)
        if known is None:
            known = self._standings[place] = self._at(place)
        return known

    def _at(self, place: int) -> Standing:
        asking = {source for kept in self.pieces[place].combined.kept for source in kept.sources}
        held = [claim for claim in self.claims if claim.source in asking]
        ends = [claim.until for claim in held]
        until = None if None in ends else max(end for end in ends if end is not None)
        return Standing(self.pieces, place, min(claim.starts for claim in held), until)


_COURSES: dict[tuple[tuple[Source, int, datetime, datetime | None], ...], Course] = {}


def course_of(claims: Sequence[Claim]) -> Course:
    """What some claims come to, made once for all lines of which the same is asked.

    Measures are told apart by identity, which a course keeps alive: equal ones may differ in how their numbers are written (1 and 1.0).
    """
    known = _COURSES.get(_key(claims))
    if known is not None:
        return known
    same = [claim._replace(measure=interned(claim.measure)) for claim in claims]  # regrading makes measures anew
    key = _key(same)
    known = _COURSES.get(key)
    if known is None:
        if len(_COURSES) >= _MOST_COURSES:
            _COURSES.clear()
        known = _COURSES[key] = Course(tuple(same))
    return known


def _key(claims: Sequence[Claim]) -> tuple[tuple[Source, int, datetime, datetime | None], ...]:
    return tuple([(source, id(measure), starts, until) for source, measure, starts, until in claims])


@dataclass(frozen=True, slots=True)
class LineRequirement:
    """What one line has to do, from when until when, and how it is verified."""

    code: str
    name: str
    process: str
    standing: Standing = field(repr=False)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All its stages."""
        return self.standing.pieces

    @property
    def place(self) -> int:
        """The stage in force at the asked instant, or the first to come."""
        return self.standing.place

    @property
    def starts(self) -> datetime:
        return self.standing.starts

    @property
    def until(self) -> datetime | None:
        return self.standing.until

    @property
    def measure(self) -> Measure:
        """The measure in force; the first one where several must be carried out."""
        return self.standing.measure

    @property
    def combined(self) -> Combined:
        """Everything in force, and why."""
        return self.standing.combined

    @property
    def sentence_zh(self) -> str:
        return _named_zh(self.name, self.standing.clause_zh, self.measure.action in _LOOSE)

    @property
    def sentence_en(self) -> str:
        return _named_en(self.name, self.standing.clause_en)

    def text(self) -> str:
        """Its document as canonical JSON."""
        name = _inside(self.name)
        said = {
            _CODE: _inside(self.code),
            _PROCESS: _inside(self.process),
            _NAME: name,
            _NAME_ZH: f"{name}：" if name else "",
            _NAME_EN: f"{name}: " if name else "",
        }
        pieces = list(self.standing.template)
        pieces[1::2] = [said[hole] for hole in pieces[1::2]]
        return "".join(pieces)


def _hole(filling: str) -> str:
    return f"{_EDGE}{filling}{_EDGE}"


@lru_cache(maxsize=16_384)
def _inside(text: str) -> str:
    """A text as it stands between the quotes of JSON."""
    return text_of(text)[1:-1]


def _named_zh(name: str, clause: str, loose: bool) -> str:
    return f"{name}：{clause}" if name and loose else f"{name}{clause}"


def _named_en(name: str, clause: str) -> str:
    return f"{name}: {clause}" if name else clause


def _clauses(kept: Sequence[Kept], *, chinese: bool) -> str:
    """Everything that is asked at once: 停产；同时：停止公路运输."""
    if chinese:
        return "；同时：".join([_written(one.measure).zh for one in kept])
    return "; and also: ".join([_written(one.measure).en for one in kept])


class _Written(NamedTuple):
    """A measure as JSON (each member by its key, and the whole) and as clauses. It keeps the measure alive, whose identity is its key."""

    measure: Measure
    members: dict[str, str]
    whole: str
    zh: str
    en: str


_WRITTEN: dict[int, _Written] = {}


def _written(measure: Measure) -> _Written:
    """The measure as JSON, written once for all lines and places; by identity, since 1 and 1.0 are equal."""
    known = _WRITTEN.get(id(measure))
    if known is None:
        measure = interned(measure)  # a stage of a measure is made anew for each course
        known = _WRITTEN.get(id(measure))
    if known is None:
        if len(_WRITTEN) >= _MOST_MEASURES:
            _WRITTEN.clear()
        members = {key: text_of(value) for key, value in measure_document(measure).items()}
        known = _WRITTEN[id(measure)] = _Written(
            measure, members, object_of(members), measure.render_zh(), measure.render_en()
        )
    return known


def _stage(piece: Piece) -> str:
    main = piece.combined.main
    return object_of(
        {
            "also": _also(piece.combined),
            "complete_by": _instant(main.due),
            "from": _instant(piece.starts),
            "measure": _written(main.measure).whole,
            "until": _instant(piece.until),
            **_sentences_of(piece.combined.kept),
        }
    )


def _also(combined: Combined) -> str:
    """Further measures that must be carried out beside the first one."""
    return array_of(
        [
            object_of(
                {
                    **_written(kept.measure).members,
                    "complete_by": _instant(kept.due),
                    "sources": array_of([_source(source) for source in kept.sources]),
                    **_sentences_of((kept,)),
                }
            )
            for kept in combined.kept[1:]
        ]
    )


def _sentences_of(kept: Sequence[Kept]) -> dict[str, str]:
    return _sentences(kept[0].measure, _clauses(kept, chinese=True), _clauses(kept, chinese=False))


def _sentences(main: Measure, clause_zh: str, clause_en: str) -> dict[str, str]:
    """The sentences with the line's name as a hole: 1号线 + 停产, 1号线： + 自主减排."""
    hole = _NAME_ZH if main.action in _LOOSE else _NAME
    return {
        "sentence_zh": f'"{_hole(hole)}{text_of(clause_zh)[1:]}',
        "sentence_en": f'"{_hole(_NAME_EN)}{text_of(clause_en)[1:]}',
    }


@lru_cache(maxsize=4096)
def _source(source: Source) -> str:
    return text_of({"kind": source.kind.value, "key": source.key, "zh": source.zh, "en": source.en})


def _instant(instant: datetime | None) -> str:
    return "null" if instant is None else f'"{iso(instant)}"'


@lru_cache(maxsize=4096)
def iso(instant: datetime | None) -> str | None:
    """An aware instant as ISO 8601 in Asia/Shanghai, to the second."""
    return None if instant is None else instant.astimezone(_SHANGHAI).isoformat(timespec="seconds")
