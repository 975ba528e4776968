"""From requirements and evidence to findings (合规判定), each with the very data that prove it. Pure.

Hours are numbered: hour `n` ends `n` hours after 1970-01-01T00:00Z, and is the half-open hour before that instant. An hour
counts under a stage only when it lies inside it as a whole. A missing hour proves nothing, a measure that is not
established is never judged, and the order in which evidence came plays no part: only its content does. Quantities are
compared as the decimals that they are written in: who meets a bound exactly keeps to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from emission_lists.activity import allowed_share, exact_share
from emission_lists.compliance_baseline import Baseline
from emission_lists.compliance_exact import Bound, bound, total, written
from emission_lists.compliance_hours import BEIJING, DAY, Span, days, first_hour, span_of
from emission_lists.compliance_rules import ComplianceRules, Rule
from emission_lists.documents import measure_document
from emission_lists.measures import Action, Basis, LoadCap, Measure, StopMode
from emission_lists.schedule import Stage

_HOT = frozenset({StopMode.BANKING, StopMode.KEEP_WARM})


class Meter(NamedTuple):
    """The hours of one meter: number of the hour → quantity, and → batch that brought it. `rated` in kW."""

    point: str
    rated: float | None
    baseline: Baseline | None
    hours: Mapping[int, float]
    batches: Mapping[int, int] = {}

    @property
    def normal(self) -> float | None:
        """A normal hour, or the rated power where there is no baseline."""
        return self.rated if self.baseline is None else self.baseline.mean


class LoadMeter(NamedTuple):
    """The hours of what a load cap limits, e.g. fed material in t."""

    point: str
    metric: str
    unit: str
    hours: Mapping[int, float]
    batches: Mapping[int, int] = {}


class Monitor(NamedTuple):
    """The flags of one item of an emission monitor (CEMS): number of the hour → flag."""

    point: str
    item: str
    flags: Mapping[int, str]
    batches: Mapping[int, int] = {}


@dataclass(frozen=True, slots=True)
class LineCase:
    """What one line had to do, stage after stage, and what is known of it. `guaranteed`: the stages in which a guarantee holds.

    `beside`: stages that stand beside another one at the same time, which alone is judged on treatment.
    """

    code: str
    name: str
    stages: tuple[Stage, ...]
    production: tuple[Meter, ...] = ()
    treatment: tuple[Meter, ...] = ()
    loads: tuple[LoadMeter, ...] = ()
    monitors: tuple[Monitor, ...] = ()
    guaranteed: tuple[Stage, ...] = ()
    beside: frozenset[Stage] = frozenset()


class Item(NamedTuple):
    """One hour or day that proves a breach: [starts, until) as numbered hours, what was seen and what was allowed."""

    starts: int
    until: int
    value: float
    limit: float
    points: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A breach without interruption. `proof` is JSON-ready."""

    rule: Rule
    line_code: str
    starts: datetime
    until: datetime
    proof: dict[str, Any] = field(compare=True)


class NotJudged(NamedTuple):
    """Why evidence of a line says nothing: shown, so that silence is not taken for compliance."""

    line_code: str
    zh: str
    en: str


def instant(hour: int) -> datetime:
    """The instant at which a numbered hour ends, in Beijing time."""
    return datetime.fromtimestamp(hour * 3600, tz=BEIJING)


def hour_number(at: datetime) -> int:
    """The number of the hour that ends at a whole hour."""
    return int(at.timestamp()) // 3600


def judge(line: LineCase, rules: ComplianceRules) -> list[Found]:
    """Every breach of one line that its evidence proves, in the order of time and rule."""
    found: list[Found] = []
    for stage in line.stages:
        if not stage.measure.executable:
            continue
        if stage not in line.guaranteed and unjudgeable(stage.measure) is None:
            found += _standing_still(line, stage, rules)
            found += _within_load(line, stage, rules)
            found += _within_cap(line, stage)
        if stage not in line.beside:
            found += _treated(line, stage, rules)
    return sorted(found, key=lambda one: (one.starts, one.rule.value))


def unjudgeable(measure: Measure) -> tuple[str, str] | None:
    """Why electricity and load say nothing about a measure; None when they do."""
    if not measure.executable:
        return "措施未确定", "the measure is not established"
    if measure.action not in (Action.STOP, Action.LIMIT):
        return f"{measure.action.zh}，不按停限产判定", f"{measure.action.en}: not judged on stop or load"
    if measure.stop_mode in _HOT:
        return "焖炉或保窑仍需用电", "a banked or warm furnace draws power"
    if measure.cycle is not None:
        return "轮流开停的起点未载明", "the phase of the cycle is not stated"
    if measure.keep_running is not None:
        return "多条线中保留运行的一条未指明", "which line keeps running is not stated"
    return None


def not_by_electricity(measure: Measure, rules: ComplianceRules) -> tuple[str, str] | None:
    """Why a stop or limit cannot be compared with the line's electricity before the response; None when it can.

    Who stops one of several units, or makes what another basis allows, may use more than that share of a normal day.
    """
    share = allowed_share(measure)
    if measure.action is Action.STOP:
        if share is None:
            return "停产比例未载明", "the share to stop is not stated"
        return None if share == 0 else ("停的是哪一台未指明", "which unit stops is not stated")
    if measure.load_cap is not None:
        return "按负荷上限判定，不按用电比例", "judged by its load cap, not by a share of electricity"
    if (measure.basis or "unnamed") not in rules.load.own_day_bases.value:
        return "基准不是响应前用电", "the basis is not the electricity before the response"
    if share is None:
        return "限产比例未载明", "the share to cut is not stated"
    return None


def not_judged(line: LineCase, rules: ComplianceRules) -> list[NotJudged]:
    """What could not be judged of a line, and why."""
    reasons = [_reason(line, stage, rules) for stage in line.stages]
    return [NotJudged(line.code, *reason) for reason in dict.fromkeys(reasons) if reason is not None]


def _reason(line: LineCase, stage: Stage, rules: ComplianceRules) -> tuple[str, str] | None:
    measure = stage.measure
    if stage in line.guaranteed and measure.action in (Action.STOP, Action.LIMIT):
        return "保障类企业，不按停限产判定", "guarantee enterprise: not judged on stop or load"
    if (reason := unjudgeable(measure)) is not None:
        return reason
    if not line.production and not line.loads:
        return "没有登记的电表或负荷点位", "no meter and no load point is registered"
    cap = measure.load_cap
    if cap is not None and measure.action is Action.LIMIT and cap_period(cap) is None:
        return "负荷上限未载明按小时还是按日", "its load cap does not say whether it is of an hour or of a day"
    if cap is not None and _cap_meters(line, cap):
        return None
    if (reason := not_by_electricity(measure, rules)) is not None:
        return reason if cap is None else ("没有登记该负荷上限的点位", "no point is registered for its load cap")
    normal = _normal(line.production)
    if normal is None:
        return "没有基准用电和额定功率", "there is no baseline and no rated power"
    if normal.rated and measure.action is Action.LIMIT:
        return "没有基准用电，额定功率不是正常负荷", "there is no baseline, and rated power is no normal load"
    return None


class _Normal(NamedTuple):
    """A normal hour of several meters together, and whether it rests on their rated power."""

    value: Fraction
    rated: bool


def _normal(meters: Sequence[Meter]) -> _Normal | None:
    known = [meter.normal for meter in meters if meter.normal is not None]
    if not meters or len(known) < len(meters):
        return None
    return _Normal(total(known), any(meter.baseline is None for meter in meters))


def _totals(meters: Sequence[Meter | LoadMeter]) -> Mapping[int, float]:
    """What is known of each hour: a lower bound where a meter is missing, which can prove too much but never enough."""
    if len(meters) == 1:
        return meters[0].hours
    totals: dict[int, float] = {}
    for meter in meters:
        for end, value in meter.hours.items():
            totals[end] = totals.get(end, 0.0) + value
    return totals


def _quantities(meters: Iterable[Meter | LoadMeter], ends: Iterable[int]) -> list[float]:
    return [meter.hours[end] for end in ends for meter in meters if end in meter.hours]


def _hours_over(meters: Sequence[Meter | LoadMeter], span: Span, limit: Bound) -> list[Item]:
    """The hours of a span in which the meters together counted more than a bound."""
    totals = _totals(meters)
    found = ((end, limit.passed_by(totals[end], _quantities(meters, [end])))
             for end in sorted(end for end, about in totals.items() if about >= limit.low) if span.holds(end))  # fmt: skip
    return [Item(end - 1, end, value, limit.shown, _points(meters, [end])) for end, value in found if value is not None]


def _points(meters: Iterable[Meter | LoadMeter], ends: Iterable[int]) -> tuple[dict[str, Any], ...]:
    return tuple(
        {
            "point": meter.point,
            "time": instant(end).isoformat(),
            "value": meter.hours[end],
            "batch": meter.batches.get(end),
        }
        for end in ends
        for meter in meters
        if end in meter.hours
    )


def _standing_still(line: LineCase, stage: Stage, rules: ComplianceRules) -> Iterator[Found]:
    """RUNNING_WHILE_STOPPED: power above the idle share of a normal hour where the line must stand still."""
    normal = _normal(line.production)
    if allowed_share(stage.measure) != 0 or normal is None:
        return
    stated = rules.running.idle_share_of_rated if normal.rated else rules.running.idle_share
    limit = max(written(rules.running.least_kwh.value), written(stated.value) * normal.value)
    items = _hours_over(line.production, span_of(stage), bound(limit))
    threshold = {
        "value": float(limit),
        "unit": "kWh",
        "per": "hour",
        "share": stated.value,
        **_origin(normal, line.production),
    }
    yield from _found(Rule.RUNNING_WHILE_STOPPED, line, stage, items, threshold | stated.why())


def _within_load(line: LineCase, stage: Stage, rules: ComplianceRules) -> Iterator[Found]:
    """LOAD_OVER_CAP by electricity: more over a natural day than the share that is left of its own normal day, with its tolerance.

    What a day allows counts all its hours under the stage, seen or not, so that a missing hour never proves anything.
    """
    share = exact_share(stage.measure)
    normal = _normal(line.production)
    if not_by_electricity(stage.measure, rules) is not None or normal is None or normal.rated:
        return
    if share is None or not 0 < share < 1:
        return
    stated = rules.load.tolerance
    per_hour = share * normal.value * (1 + written(stated.value))
    items = _days_over(line.production, span_of(stage), per_hour)
    threshold = {
        "value": float(per_hour * DAY),
        "unit": "kWh",
        "per": "day",
        "share": float(share),
        **_origin(normal, line.production),
    }
    if stage.measure.basis is not Basis.BASELINE_DAY:
        threshold["basis"] = rules.load.own_day_bases.why()
    yield from _found(Rule.LOAD_OVER_CAP, line, stage, items, threshold | stated.why())


def _days_over(
    meters: Sequence[Meter | LoadMeter], span: Span, allowed: Fraction, *, whole: bool = False
) -> list[Item]:
    """The natural days of a span in which the meters together counted more than is allowed: of each hour, or of the `whole` day."""
    totals, items = _totals(meters), []
    bounds: dict[int, Bound] = {}
    for first, last, inside, seen in days(span, sorted(totals)):
        hours = 1 if whole else len(inside)
        limit = bounds.get(hours) or bounds.setdefault(hours, bound(allowed * hours))
        about = sum(map(totals.__getitem__, seen))
        value = None if about < limit.low else limit.passed_by(about, _quantities(meters, seen))
        if value is not None:
            items.append(Item(first, last, value, limit.shown, _points(meters, seen)))
    return items


def _within_cap(line: LineCase, stage: Stage) -> Iterator[Found]:
    """LOAD_OVER_CAP by the cap itself, where its metric is metered."""
    cap = stage.measure.load_cap
    period = None if cap is None else cap_period(cap)
    if cap is None or period is None:
        return
    meters = [meter for meter in _cap_meters(line, cap) if meter.hours]
    limit = written(cap.value)
    span = span_of(stage)
    hourly = period == "hour"
    items = _hours_over(meters, span, bound(limit)) if hourly else _days_over(meters, span, limit, whole=True)
    threshold = {
        "value": cap.value,
        "unit": cap.unit,
        "per": period,
        "of": "cap",
        "metric": cap.metric,
        "choice": False,
    }
    yield from _found(Rule.LOAD_OVER_CAP, line, stage, items, threshold)


def cap_period(cap: LoadCap) -> str | None:
    """Whether a cap is of an hour or of a day; None when it does not say."""
    unit, metric = cap.unit.replace(" ", ""), cap.metric or ""
    if unit.endswith(("/h", "/小时")) or unit == "kW" or metric.startswith(("小时", "每小时", "时")):
        return "hour"
    if unit.endswith(("/d", "/天", "/日")) or metric.startswith(("日", "每日", "每天")):
        return "day"
    return None


def _cap_meters(line: LineCase, cap: LoadCap) -> Sequence[Meter | LoadMeter]:
    unit = cap.unit.replace(" ", "").partition("/")[0]
    if unit in ("kWh", "kW") and "电" in (cap.metric or "用电"):
        return line.production
    return [meter for meter in line.loads if meter.metric == cap.metric and meter.unit.partition("/")[0] == unit]


def _treated(line: LineCase, stage: Stage, rules: ComplianceRules) -> Iterator[Found]:
    """TREATMENT_OFF: production runs while every treatment meter is off, or while the monitor says that the source stands."""
    normal = _normal(line.production)
    if normal is None or not (line.treatment or line.monitors):
        return
    stated = rules.treatment
    on = max(written(rules.running.least_kwh.value), written(stated.production_on_share.value) * normal.value)
    span = Span(first_hour(stage.starts), span_of(stage).last, stage)
    limit, totals = bound(on), _totals(line.production)
    off = [None if meter.normal is None else bound(written(stated.off_share.value) * written(meter.normal))
           for meter in line.treatment]  # fmt: skip
    items = []
    for end in sorted(end for end, about in totals.items() if about >= limit.low):
        if not (span.first < end and (span.last is None or end <= span.last)):
            continue
        proof = _off(line.treatment, off, end) or _stopped(
            line.monitors, end, frozenset(stated.cems_stopped_flags.value)
        )
        value = limit.passed_by(totals[end], _quantities(line.production, [end])) if proof else None
        if value is not None:
            items.append(Item(end - 1, end, value, limit.shown, (*_points(line.production, [end]), *proof)))
    share = {"share": stated.production_on_share.value, "off_share": stated.off_share.value}
    threshold = {"value": float(on), "unit": "kWh", "per": "hour", **share, **_origin(normal, line.production)}
    yield from _found(Rule.TREATMENT_OFF, line, stage, items, threshold | stated.off_share.why())


def _off(meters: Sequence[Meter], limits: Iterable[Bound | None], end: int) -> tuple[dict[str, Any], ...]:
    """The hour of every treatment meter when all of them are known and below their limit; otherwise nothing."""
    for meter, limit in zip(meters, limits, strict=True):
        if limit is None or end not in meter.hours or not limit.under(meter.hours[end]):
            return ()
    return _points(meters, [end])


def _stopped(monitors: Sequence[Monitor], end: int, flags: frozenset[str]) -> tuple[dict[str, Any], ...]:
    """The flags of the monitors when all that are known say that the source stands; otherwise nothing."""
    known = [monitor for monitor in monitors if end in monitor.flags]
    if not known or any(monitor.flags[end] not in flags for monitor in known):
        return ()
    return tuple(
        {
            "point": monitor.point,
            "item": monitor.item,
            "time": instant(end).isoformat(),
            "flag": monitor.flags[end],
            "batch": monitor.batches.get(end),
        }
        for monitor in known
    )


def _origin(normal: _Normal, meters: Sequence[Meter]) -> dict[str, Any]:
    days = sorted({day.isoformat() for meter in meters if meter.baseline for day in meter.baseline.days})
    return {"of": "rated" if normal.rated else "baseline", "normal": float(normal.value), "days": days}


def _found(
    rule: Rule, line: LineCase, stage: Stage, items: Sequence[Item], threshold: dict[str, Any]
) -> Iterator[Found]:
    """One finding for each run of items that follow each other without a gap."""
    run: list[Item] = []
    for item in items:
        if run and item.starts != run[-1].until:
            yield _one(rule, line, stage, run, threshold)
            run = []
        run.append(item)
    if run:
        yield _one(rule, line, stage, run, threshold)


def _one(rule: Rule, line: LineCase, stage: Stage, run: Sequence[Item], threshold: dict[str, Any]) -> Found:
    starts, until = instant(run[0].starts), instant(run[-1].until)
    return Found(rule, line.code, starts, until, {
        "line": line.code,
        "line_name": line.name,
        "required": required_document(stage),
        "threshold": threshold,
        "items": [
            {
                "from": instant(item.starts).isoformat(),
                "until": instant(item.until).isoformat(),
                "value": item.value,
                "limit": item.limit,
                "points": list(item.points),
            }
            for item in run
        ],
    })  # fmt: skip


def required_document(stage: Stage) -> dict[str, Any]:
    """What had to be done, as a proof states it."""
    return {
        "zh": stage.measure.render_zh(),
        "en": stage.measure.render_en(),
        "measure": measure_document(stage.measure),
        "from": stage.asked.astimezone(BEIJING).isoformat(),
        "until": None if stage.until is None else stage.until.astimezone(BEIJING).isoformat(),
        "carry_out_by": stage.due.astimezone(BEIJING).isoformat(),
    }


def gaps(line: LineCase, start: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """Hours between two instants in which a production meter of the line said nothing: unknown, never a breach."""
    missing: list[tuple[int, int]] = []
    for end in range(first_hour(start) + 1, math.floor(until.timestamp() / 3600) + 1):
        if all(end in meter.hours for meter in line.production):
            continue
        if missing and missing[-1][1] == end - 1:
            missing[-1] = (missing[-1][0], end)
        else:
            missing.append((end - 1, end))
    return [(instant(first), instant(last)) for first, last in missing] if line.production else []
