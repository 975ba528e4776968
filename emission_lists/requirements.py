"""What one enterprise must do now (减排要求): the measures of its lines under one response.

Pure and deterministic: the same list version and the same response give the same document, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from emission_lists.documents import measure_document
from emission_lists.levels import ResponseLevel
from emission_lists.lists import Enterprise, Line
from emission_lists.measures import Action, Measure

_SHANGHAI = ZoneInfo("Asia/Shanghai")


class RequirementStatus(StrEnum):
    """REQUIRED: all measures known; NOT_ESTABLISHED: at least one is not; NO_RESPONSE: none in force."""

    REQUIRED = "required"
    NOT_ESTABLISHED = "not_established"
    NO_RESPONSE = "no_response"


@dataclass(frozen=True, slots=True)
class ResponseFacts:
    """The response of a division. Instants are aware; `planned_end` None = until it is lifted.

    `upcoming`: it is decided but has not started when the answer is given.
    """

    adcode: str
    level: ResponseLevel
    effective_at: datetime
    planned_end: datetime | None
    list_version: str
    warning_title: str
    measures_start: datetime | None = None
    upcoming: bool = False

    def __post_init__(self) -> None:
        for instant in (self.effective_at, self.planned_end, self.measures_start):
            if instant is not None and instant.utcoffset() is None:
                raise ValueError(f"{instant} has no time zone: give an aware datetime")

    @property
    def starts(self) -> datetime:
        return self.measures_start or self.effective_at


@dataclass(frozen=True, slots=True)
class LineRequirement:
    """What one line has to do, from when until when, and how it is verified."""

    code: str
    name: str
    process: str
    measure: Measure
    starts: datetime
    until: datetime | None

    @property
    def sentence_zh(self) -> str:
        clause = self.measure.render_zh()
        return f"{self.name}{'：' if self.measure.action in _LOOSE else ''}{clause}"

    @property
    def sentence_en(self) -> str:
        return f"{self.name}: {self.measure.render_en()}"

    def document(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "name": self.name,
            "process": self.process,
            **measure_document(self.measure),
            "action_zh": self.measure.action.zh,
            "stopped_units": self.measure.units_to_stop,
            "from": _iso(self.starts),
            "until": _iso(self.until),
            "sentence_zh": self.sentence_zh,
            "sentence_en": self.sentence_en,
        }


_LOOSE = frozenset({Action.UNKNOWN, Action.SELF_DETERMINED, Action.NONE, Action.TRANSPORT})


@dataclass(frozen=True, slots=True)
class Requirement:
    """The requirement of one enterprise. `lines` in the order of their codes; empty without a response."""

    enterprise: Enterprise
    response: ResponseFacts | None
    lines: tuple[LineRequirement, ...]

    @property
    def status(self) -> RequirementStatus:
        if self.response is None:
            return RequirementStatus.NO_RESPONSE
        known = bool(self.lines) and all(line.measure.executable for line in self.lines)
        return RequirementStatus.REQUIRED if known else RequirementStatus.NOT_ESTABLISHED

    @property
    def headline_zh(self) -> str:
        if self.response is None:
            return "当前没有预警，无需采取应急减排措施"
        facts = self.response
        start = facts.starts.astimezone(_SHANGHAI)
        return (
            f"{'即将' if facts.upcoming else '现在'}：{facts.level.zh}预警 {facts.level.response}响应 / "
            f"{start.month}月{start.day}日 {start:%H:%M} 起"
        )

    @property
    def headline_en(self) -> str:
        if self.response is None:
            return "No warning is in force: no emergency measures are required"
        facts = self.response
        start = facts.starts.astimezone(_SHANGHAI)
        what = f"{facts.level.value} warning, {facts.level.response_en} response"
        return f"{'Next' if facts.upcoming else 'Now'}: {what}, from {start:%Y-%m-%d %H:%M}"

    @property
    def summary_zh(self) -> str:
        """All lines in one sentence: 1号线停产，2号线限产 50 %（日投料 ≤ 120 t）。"""
        if self.response is None:
            return self.headline_zh
        if not self.lines:
            return "尚未确定：请联系主管部门"
        if self._self_determined:
            return f"{self.enterprise.grade.title_zh}：自主采取减排措施"
        return _joined(self.lines, chinese=True)

    @property
    def summary_en(self) -> str:
        if self.response is None:
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
    def _self_determined(self) -> bool:
        return all(line.measure.action is Action.SELF_DETERMINED and not line.measure.forced for line in self.lines)

    @property
    def _guarantee_held(self) -> bool | None:
        if self.response is None or self.enterprise.guarantee is None:
            return None
        return self.enterprise.guaranteed_on(self.response.starts.astimezone(_SHANGHAI).date())

    def document(self) -> dict[str, Any]:
        """JSON-ready, with a fixed order of keys and lines. Instants as ISO 8601 in Asia/Shanghai."""
        facts = self.response
        return {
            "uscc": self.enterprise.uscc,
            "name": self.enterprise.name,
            "adcode": self.enterprise.adcode,
            "grade": self.enterprise.grade.value,
            "grade_zh": self.enterprise.grade.zh,
            "status": self.status.value,
            "headline_zh": self.headline_zh,
            "headline_en": self.headline_en,
            "summary_zh": self.summary_zh,
            "summary_en": self.summary_en,
            "guarantee_zh": self.guarantee_zh,
            "guarantee_en": self.guarantee_en,
            "response": None if facts is None else _response_document(facts),
            "lines": [line.document() for line in self.lines],
        }


def requirement_for(enterprise: Enterprise, lines: Iterable[Line], response: ResponseFacts | None) -> Requirement:
    """What `enterprise` must do under `response` (None = no response in force).

    A measure that is not established stays in the answer as such: never executed, never "nothing to do".
    """
    if response is None:
        return Requirement(enterprise, None, ())
    required = (
        LineRequirement(
            code=line.code,
            name=line.name,
            process=line.process,
            measure=line.measure(response.level),
            starts=response.starts,
            until=response.planned_end,
        )
        for line in sorted(lines, key=lambda line: line.code)
    )
    return Requirement(enterprise, response, tuple(required))


def _response_document(facts: ResponseFacts) -> dict[str, Any]:
    return {
        "adcode": facts.adcode,
        "level": facts.level.value,
        "level_zh": facts.level.zh,
        "response_zh": facts.level.response,
        "effective_at": _iso(facts.effective_at),
        "measures_start": _iso(facts.starts),
        "planned_end": _iso(facts.planned_end),
        "list_version": facts.list_version,
        "warning_title": facts.warning_title,
    }


def _joined(lines: tuple[LineRequirement, ...], *, chinese: bool) -> str:
    """The lines in one sentence. Any line not established is named as such, at the end, with what to do."""
    known = [line for line in lines if line.measure.executable]
    unknown = [line for line in lines if not line.measure.executable]
    if chinese:
        parts = ["，".join(line.sentence_zh for line in known)] if known else []
        if unknown:
            names = "" if not known else f"{'、'.join(line.name for line in unknown)}"
            parts.append(f"{names}尚未确定：请联系主管部门")
        return "；".join(parts)
    parts = ["; ".join(line.sentence_en for line in known)] if known else []
    if unknown:
        names = "" if not known else f" for {', '.join(line.name for line in unknown)}"
        parts.append(f"Not established{names}: ask the authority")
    return ". ".join(parts)


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(_SHANGHAI).isoformat(timespec="seconds")
