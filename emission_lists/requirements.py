"""What one enterprise must do (减排要求): the measures of its lines under the responses and plans that touch it.

Pure and deterministic: the same list versions, responses and plans give the same document, byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from emission_lists.guarantee import listed_holds
from emission_lists.json_text import array_of, object_of, text_of
from emission_lists.levels import ResponseLevel
from emission_lists.lists import Enterprise
from emission_lists.measures import Action, Measure
from emission_lists.overlap import Source, SourceKind
from emission_lists.requirement_lines import LineRequirement, course_of, iso
from emission_lists.requirements_timeline import Claim
from emission_lists.stored_lines import AskedLine

_SHANGHAI = ZoneInfo("Asia/Shanghai")


class RequirementStatus(StrEnum):
    """REQUIRED: all measures known; NOT_ESTABLISHED: at least one is not; NO_RESPONSE: none in force."""

    REQUIRED = "required"
    NOT_ESTABLISHED = "not_established"
    NO_RESPONSE = "no_response"


@dataclass(frozen=True)
class ResponseFacts:
    """The response of a division. Instants are aware; `planned_end` None = until it is lifted.

    The measures of a list begin with it. A plan may let a category of its own measures begin later (移动源 at the next
    midnight); no text says which lines of a list such a category names, so it moves none of them.
    `upcoming`: it is decided but has not started when the answer is given; `place`: the division's name.
    """

    adcode: str
    level: ResponseLevel
    effective_at: datetime
    planned_end: datetime | None
    list_version: str
    warning_title: str
    upcoming: bool = False
    place: str = ""
    id: int | None = None

    def __post_init__(self) -> None:
        for instant in (self.effective_at, self.planned_end):
            if instant is not None and instant.utcoffset() is None:
                raise ValueError(f"{instant} has no time zone: give an aware datetime")

    @cached_property
    def source(self) -> Source:
        """Who asks, as it is named in reasons."""
        return Source(
            SourceKind.RESPONSE,
            f"response:{self.adcode if self.id is None else self.id}",
            f"{self.place or self.adcode}{self.level.zh}预警 {self.level.response}响应",
            f"{self.place or self.adcode}, {self.level.value} warning, {self.level.response_en} response",
        )

    @cached_property
    def headline_zh(self) -> str:
        """What it says first: 现在：红色预警 Ⅰ级响应 / 12月16日 20:00 起."""
        start = self.effective_at.astimezone(_SHANGHAI)
        return (
            f"{'即将' if self.upcoming else '现在'}：{self.level.zh}预警 {self.level.response}响应 / "
            f"{start.month}月{start.day}日 {start:%H:%M} 起"
        )

    @cached_property
    def headline_en(self) -> str:
        start = self.effective_at.astimezone(_SHANGHAI)
        what = f"{self.level.value} warning, {self.level.response_en} response"
        return f"{'Next' if self.upcoming else 'Now'}: {what}, from {start:%Y-%m-%d %H:%M}"

    @cached_property
    def document(self) -> dict[str, Any]:
        """JSON-ready, as the response that the headline is about. Not to be changed: it is made once."""
        return {
            "adcode": self.adcode,
            "level": self.level.value,
            "level_zh": self.level.zh,
            "response_zh": self.level.response,
            "effective_at": iso(self.effective_at),
            "measures_start": iso(self.effective_at),
            "planned_end": iso(self.planned_end),
            "list_version": self.list_version,
            "warning_title": self.warning_title,
        }

    @cached_property
    def text(self) -> str:
        """`document` as JSON."""
        return text_of(self.document)

    @cached_property
    def text_among_all(self) -> str:
        """As one of all responses that touch an enterprise: with its number and place."""
        return text_of({"id": self.id, "place": self.place, **self.document})


@dataclass(frozen=True, slots=True)
class SeasonalFacts:
    """A seasonal plan (错峰生产) in force for an enterprise. `until`: aware, half-open."""

    id: int
    adcode: str
    title: str
    place: str = ""

    @property
    def source(self) -> Source:
        return Source(
            SourceKind.SEASONAL,
            f"seasonal:{self.id}",
            f"{self.place or self.adcode}错峰生产计划“{self.title}”",
            f"{self.place or self.adcode}, seasonal plan “{self.title}”",
        )

    @property
    def text(self) -> str:
        """As JSON."""
        return text_of({"id": self.id, "adcode": self.adcode, "place": self.place, "title": self.title})


@dataclass(frozen=True, slots=True)
class Requirement:
    """The requirement of one enterprise. `lines` in the order of their codes; empty where nothing touches it.

    `response`: the one that the headline is about; `responses`: all that touch the enterprise, it included;
    `seasonal`: plans in force beside them; `declared`: nothing holds, this is what a level would mean.
    `moment`: as of when (None = at the response's start).
    """

    enterprise: Enterprise
    response: ResponseFacts | None
    lines: tuple[LineRequirement, ...]
    responses: tuple[ResponseFacts, ...] = ()
    seasonal: tuple[SeasonalFacts, ...] = ()
    declared: ResponseLevel | None = None
    moment: datetime | None = None

    @property
    def status(self) -> RequirementStatus:
        if self.response is None and self.declared is None:
            return RequirementStatus.NO_RESPONSE
        known = bool(self.lines) and all(line.standing.known for line in self.lines)
        return RequirementStatus.REQUIRED if known else RequirementStatus.NOT_ESTABLISHED

    @property
    def headline_zh(self) -> str:
        if self.declared is not None:
            return f"假如：{self.declared.zh}预警 {self.declared.response}响应（仅供预先了解，不是命令）"
        if self.response is None:
            return "当前没有预警；错峰生产计划执行中" if self.lines else "当前没有预警，无需采取应急减排措施"
        return self.response.headline_zh

    @property
    def headline_en(self) -> str:
        if self.declared is not None:
            what = f"{self.declared.value} warning, {self.declared.response_en} response"
            return f"What if: {what} (to know beforehand; not an order)"
        if self.response is None:
            if self.lines:
                return "No warning is in force; a seasonal plan is"
            return "No warning is in force: no emergency measures are required"
        return self.response.headline_en

    @property
    def summary_zh(self) -> str:
        """All lines in one sentence: 1号线停产，2号线限产 50 %（日投料 ≤ 120 t）。"""
        if self.nothing_asked:
            return self.headline_zh
        if not self.lines:
            return "尚未确定：请联系主管部门"
        if self._self_determined:
            return f"{self.enterprise.grade.title_zh}：自主采取减排措施"
        return _joined(self.lines, chinese=True)

    @property
    def summary_en(self) -> str:
        if self.nothing_asked:
            return self.headline_en
        if not self.lines:
            return "Not established: ask the authority"
        if self._self_determined:
            return f"{self.enterprise.grade.title_en}: the enterprise decides its own reduction"
        return _joined(self.lines, chinese=False)

    @property
    def guarantee_zh(self) -> str | None:
        """What a guarantee enterprise (保障类) still has to keep to, or None."""
        held = self._guarantee_held
        if held is None or self.enterprise.guarantee is None:
            return None
        kind = f"保障类（{self.enterprise.guarantee.zh}）"
        if not held:
            return f"{kind}：保障批准未载明有效期或已到期，按清单措施执行，并请联系主管部门"
        cap = self.enterprise.guarantee_cap
        load = f"，负荷不超过批准值：{cap.render_zh()}" if cap else "，按批准的最大负荷生产"
        return f"{kind}：仅保障所需生产{load}；污染治理设施正常运行、达标排放"

    @property
    def guarantee_en(self) -> str | None:
        held = self._guarantee_held
        if held is None or self.enterprise.guarantee is None:
            return None
        kind = f"Guarantee enterprise ({self.enterprise.guarantee.en})"
        if not held:
            return f"{kind}: the approval has no end date or has ended; follow the list and ask the authority"
        cap = self.enterprise.guarantee_cap
        load = cap.render_en() if cap else "the approved load"
        return f"{kind}: only what the guarantee needs, at most {load}; keep treatment running and compliant"

    @property
    def nothing_asked(self) -> bool:
        """True if no response, plan or declared level asks anything."""
        return self.response is None and self.declared is None and not self.lines

    @property
    def _self_determined(self) -> bool:
        """True if every line is left to the enterprise, in every stage to come."""
        return all(
            kept.measure.action is Action.SELF_DETERMINED and not kept.measure.forced
            for line in self.lines
            for piece in line.pieces[line.place :]
            for kept in piece.combined.kept
        )

    @property
    def _guarantee_held(self) -> bool | None:
        if self.response is None or self.enterprise.guarantee is None:
            return None
        start = self.response.effective_at
        return listed_holds(self.enterprise, start if self.moment is None else max(start, self.moment))

    def members(self) -> dict[str, str]:
        """Its document: each member as JSON. Lines in the order of their codes, instants as ISO 8601 in Asia/Shanghai."""
        facts, firm = self.response, self.enterprise
        return {
            "uscc": text_of(firm.uscc),
            "name": text_of(firm.name),
            "adcode": text_of(firm.adcode),
            "grade": text_of(firm.grade.value),
            "grade_zh": text_of(firm.grade.zh),
            "status": text_of(self.status.value),
            "headline_zh": text_of(self.headline_zh),
            "headline_en": text_of(self.headline_en),
            "summary_zh": text_of(self.summary_zh),
            "summary_en": text_of(self.summary_en),
            "guarantee_zh": text_of(self.guarantee_zh),
            "guarantee_en": text_of(self.guarantee_en),
            "response": "null" if facts is None else facts.text,
            "lines": array_of([line.text() for line in self.lines]),
            "responses": array_of([one.text_among_all for one in self.responses]),
            "seasonal": array_of([one.text for one in self.seasonal]),
            "hypothetical": "null" if self.declared is None else text_of(_declared_document(self.declared)),
        }

    def document(self) -> dict[str, Any]:
        """The same as values."""
        document: dict[str, Any] = json.loads(object_of(self.members()))
        return document


@dataclass(frozen=True, slots=True)
class Obligation:
    """What one source asks of the lines it knows, over one time. Lines as (code, name, process, measure)."""

    source: Source
    starts: datetime
    until: datetime | None
    lines: tuple[tuple[str, str, str, Measure], ...]


def obligation(facts: ResponseFacts, lines: Iterable[AskedLine]) -> Obligation:
    """What a response asks of the lines of the list version that it pinned."""
    asked = tuple((line.code, line.name, line.process, line.measure(facts.level)) for line in lines)
    return Obligation(facts.source, facts.effective_at, facts.planned_end, asked)


def requirement_for(
    enterprise: Enterprise,
    lines: Iterable[AskedLine],
    response: ResponseFacts | None,
    *,
    others: Iterable[Obligation] = (),
    moment: datetime | None = None,
    responses: tuple[ResponseFacts, ...] | None = None,
    seasonal: tuple[SeasonalFacts, ...] = (),
    declared: ResponseLevel | None = None,
) -> Requirement:
    """What `enterprise` must do under `response` (None = no response in force) and `others`, as it stands at `moment`.

    `moment` None = at the start. `responses`: all that are named in the answer, by default the one.
    A measure that is not established stays in the answer as such: never executed, never "nothing to do".
    """
    asked = [*others] if response is None else [obligation(response, lines), *others]
    named = responses if responses is not None else () if response is None else (response,)
    return Requirement(enterprise, response, _lines(asked, moment), named, seasonal, declared, moment)


def _lines(asked: list[Obligation], moment: datetime | None) -> tuple[LineRequirement, ...]:
    found: dict[tuple[str, int], tuple[str, str, list[Claim]]] = {}
    for one in asked:
        seen: dict[str, int] = {}
        for code, name, process, measure in one.lines:
            number = seen[code] = seen.get(code, -1) + 1
            claims = found.setdefault((code, number), (name, process, []))[2]
            claims.append(Claim(one.source, measure, one.starts, one.until))
    return tuple(
        LineRequirement(code, name, process, course_of(claims).standing(moment))
        for (code, _), (name, process, claims) in sorted(found.items(), key=lambda item: item[0])
    )


def boundaries(requirement: Requirement) -> Iterable[datetime]:
    """Instants at which some line's answer changes by itself: stages that begin or end, and what falls due."""
    for line in requirement.lines:
        for piece in line.pieces:
            yield piece.starts
            if piece.until is not None:
                yield piece.until


def _declared_document(level: ResponseLevel) -> dict[str, Any]:
    return {"level": level.value, "level_zh": level.zh, "response_zh": level.response}


def _joined(lines: tuple[LineRequirement, ...], *, chinese: bool) -> str:
    """The lines in one sentence. Any line not established is named as such, at the end, with what to do."""
    known = [line for line in lines if line.measure.executable]  # first in its line: some of it is known
    unknown = [line for line in lines if not line.measure.executable]
    if chinese:
        parts = ["，".join(_grouped(known, chinese=True))] if known else []
        if unknown:
            names = "" if not known else f"{'、'.join(line.name for line in unknown)}"
            parts.append(f"{names}尚未确定：请联系主管部门")
        return "；".join(parts)
    parts = ["; ".join(_grouped(known, chinese=False))] if known else []
    if unknown:
        names = "" if not known else f" for {', '.join(line.name for line in unknown)}"
        parts.append(f"Not established{names}: ask the authority")
    return ". ".join(parts)


def _grouped(lines: list[LineRequirement], *, chinese: bool) -> Iterable[str]:
    """One clause for all lines that must do the same, in the order of the first of each: 1号线、2号线：停产."""
    groups: dict[str, list[LineRequirement]] = {}
    for line in lines:
        groups.setdefault(line.standing.clause_zh if chinese else line.standing.clause_en, []).append(line)
    for clause, several in groups.items():
        if len(several) == 1:
            yield several[0].sentence_zh if chinese else several[0].sentence_en
        elif chinese:
            yield f"{'、'.join(line.name for line in several)}：{clause}"
        else:
            yield f"{', '.join(line.name for line in several)}: {clause}"
