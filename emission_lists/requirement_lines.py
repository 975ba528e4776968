"""What one line has to do, and how it is said. Lines of which the same is asked share one course, whichever enterprise they are of."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from emission_lists.documents import measure_document
from emission_lists.measures import Action, Measure
from emission_lists.overlap import Combined, Kept, Source
from emission_lists.requirements_timeline import Claim, Piece, standing_at, timeline

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_LOOSE = frozenset({Action.UNKNOWN, Action.SELF_DETERMINED, Action.NONE, Action.TRANSPORT})
_MOST_COURSES = 8192
_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
_CODE, _NAME, _PROCESS = "\ue000", "\ue001", "\ue002"
_HOLE = re.compile(
    rf'((?<="code":"){_CODE}|(?<="process":"){_PROCESS}'
    rf'|(?<="name":"){_NAME}|(?<="sentence_zh":"){_NAME}：?|(?<="sentence_en":"){_NAME}: )'
)
"""Only at the beginning of a value: no text of a list can hold the unescaped quotes before it."""


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
    def document(self) -> dict[str, Any]:
        """Everything but what names the line. Not to be changed: other lines share it."""
        combined = self.combined
        main = combined.main
        return {
            "code": None,
            "name": None,
            "process": None,
            **measure_document(main.measure),
            "action_zh": main.measure.action.zh,
            "stopped_units": main.measure.units_to_stop,
            "from": iso(self.starts),
            "until": iso(self.until),
            "sentence_zh": None,
            "sentence_en": None,
            "complete_by": iso(main.due),
            "stages": None,
            "also": None,
            "sources": [_source_document(source) for kept in combined.kept for source in kept.sources],
            "reasons": [{"zh": zh, "en": en} for zh, en in combined.reasons],
        }

    @cached_property
    def template(self) -> tuple[str, ...]:
        """The canonical JSON of a line's document (keys sorted, no blanks), cut where the line is named: text, hole, text …"""
        return tuple(_HOLE.split(_JSON.encode(_with_line(self, _CODE, _NAME, _PROCESS))))

    @cached_property
    def stages(self) -> tuple[tuple[Said, tuple[Said, ...]], ...]:
        """Each stage, and what must be carried out beside its first measure."""
        return tuple((_stage(piece), _also(piece.combined)) for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Said:
    """A document without the line's name, and the clauses that the name is put before: 1号线 + 停产, 1号线： + 自主减排."""

    document: dict[str, Any]
    zh: str
    en: str
    loose: bool

    @classmethod
    def of(cls, document: dict[str, Any], kept: Sequence[Kept]) -> Said:
        """With how some measures are said together."""
        loose = kept[0].measure.action in _LOOSE
        return cls(document, _clauses(kept, chinese=True), _clauses(kept, chinese=False), loose)

    def of_line(self, name: str) -> dict[str, Any]:
        """The document about a line."""
        sentences = {"sentence_zh": _named_zh(name, self.zh, self.loose), "sentence_en": _named_en(name, self.en)}
        return self.document | sentences


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
    """What the claims come to, made once for all lines of which the same is asked.

    Measures are told apart by identity, which a course keeps alive: equal ones may differ in how their numbers are written (1 and 1.0).
    """
    key = tuple([(claim.source, id(claim.measure), claim.starts, claim.until) for claim in claims])
    known = _COURSES.get(key)
    if known is None:
        if len(_COURSES) >= _MOST_COURSES:
            _COURSES.clear()
        known = _COURSES[key] = Course(tuple(claims))
    return known


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

    def document(self) -> dict[str, Any]:
        """JSON-ready, in a fixed order of keys."""
        return _with_line(self.standing, self.code, self.name, self.process)

    def text(self) -> str:
        """The canonical JSON of `document`: keys sorted, no blanks."""
        name = _inside(self.name)
        said = {
            _CODE: _inside(self.code),
            _PROCESS: _inside(self.process),
            _NAME: name,
            f"{_NAME}：": f"{name}：" if name else "",
            f"{_NAME}: ": f"{name}: " if name else "",
        }
        return "".join([said.get(piece, piece) for piece in self.standing.template])


@lru_cache(maxsize=8192)
def _inside(text: str) -> str:
    """A text as it stands between the quotes of JSON."""
    return _JSON.encode(text)[1:-1]


def _with_line(standing: Standing, code: str, name: str, process: str) -> dict[str, Any]:
    return standing.document | {
        "code": code,
        "name": name,
        "process": process,
        "sentence_zh": _named_zh(name, standing.clause_zh, standing.measure.action in _LOOSE),
        "sentence_en": _named_en(name, standing.clause_en),
        "stages": [
            stage.of_line(name) | {"also": [one.of_line(name) for one in also]} for stage, also in standing.stages
        ],
        "also": [one.of_line(name) for one in standing.stages[standing.place][1]],
    }


def _named_zh(name: str, clause: str, loose: bool) -> str:
    return f"{name}：{clause}" if name and loose else f"{name}{clause}"


def _named_en(name: str, clause: str) -> str:
    return f"{name}: {clause}" if name else clause


def _clauses(kept: Sequence[Kept], *, chinese: bool) -> str:
    """Everything that is asked at once: 停产；同时：停止公路运输."""
    if chinese:
        return "；同时：".join([one.measure.render_zh() for one in kept])
    return "; and also: ".join([one.measure.render_en() for one in kept])


def _source_document(source: Source) -> dict[str, str]:
    return {"kind": source.kind.value, "key": source.key, "zh": source.zh, "en": source.en}


def _stage(piece: Piece) -> Said:
    main = piece.combined.main
    document = {
        "from": iso(piece.starts),
        "until": iso(piece.until),
        "complete_by": iso(main.due),
        "measure": measure_document(main.measure),
        "also": None,
        "sentence_zh": None,
        "sentence_en": None,
    }
    return Said.of(document, piece.combined.kept)


def _also(combined: Combined) -> tuple[Said, ...]:
    """Further measures that must be carried out beside the first one."""
    return tuple(Said.of(_also_document(kept), (kept,)) for kept in combined.kept[1:])


def _also_document(kept: Kept) -> dict[str, Any]:
    return {
        **measure_document(kept.measure),
        "complete_by": iso(kept.due),
        "sentence_zh": None,
        "sentence_en": None,
        "sources": [_source_document(source) for source in kept.sources],
    }


@lru_cache(maxsize=4096)
def iso(instant: datetime | None) -> str | None:
    """An aware instant as ISO 8601 in Asia/Shanghai, to the second."""
    return None if instant is None else instant.astimezone(_SHANGHAI).isoformat(timespec="seconds")
