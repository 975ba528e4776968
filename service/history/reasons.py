"""Why a record and the rules disagree: a closed list of reasons, found by rule from the record, the air and the law."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from alerts.instants import HOUR
from alerts.law import LawNotFound
from alerts.levels import Level
from alerts.region import RegionalPrompt
from alerts.rules import NATIONAL, RuleSet
from service.demo.episodes import load_episode
from service.demo.prompts import as_entered
from service.history.codes import MEANINGS, NEAR_POINTS, Code
from service.history.comparison import Category, Comparison, Place
from service.history.judging import Verdict, judge
from service.history.records import DATA, STATES, Record, load_records

ORDER_HOURS = 24
"""Hours between a province's order and a city's start within which the start follows the order. A choice, too."""
OTHER_RULES = timedelta(days=366)
"""How far the validity of another rule set may lie away for a city to have used it already, or still."""


@dataclass(frozen=True)
class Reason:
    """One reason with its words for this record; `source` for what was read and not found by rule."""

    code: Code
    zh: str
    en: str
    source: str = ""


@dataclass(frozen=True)
class Known:
    """What is known beside records and air: the region's prompts, the provinces' orders, explanations read in sources."""

    prompts: tuple[RegionalPrompt, ...]
    orders: tuple[Record, ...]
    explanations: Mapping[int, tuple[Reason, ...]]


@cache
def load_known() -> Known:
    """Prompts of the December 2016 episode, orders among the records, and data/explanations.csv."""
    orders = tuple(record for record in load_records() if record.by_order)
    prompts = tuple(as_entered(prompt) for prompt in load_episode("2016-12").prompts)
    with (DATA / "explanations.csv").open(encoding="utf-8", newline="") as table:
        return Known(prompts, orders, read_explanations(csv.DictReader(table)))


def read_explanations(rows: Iterator[Mapping[str, str]] | csv.DictReader[str]) -> dict[int, tuple[Reason, ...]]:
    """Curated reasons by record. Raises ValueError for an unknown code or an empty cell."""
    found: dict[int, tuple[Reason, ...]] = {}
    for row in rows:
        if not all(row[column] for column in ("code", "text_zh", "text_en", "source", "dated")):
            raise ValueError(f"explanation of record {row['rec']}: every column must be filled")
        reason = Reason(Code(row["code"]), row["text_zh"], row["text_en"], row["source"])
        found[int(row["rec"])] = (*found.get(int(row["rec"]), ()), reason)
    return found


def reasons_of(comparison: Comparison, known: Known) -> tuple[Reason, ...]:
    """Why the rules say something else, or why nothing can be said; empty where they agree and nothing was read."""
    record = comparison.record
    found = [*_blocked(comparison)]
    if comparison.category is not Category.AGREES:
        found += _from_above(comparison, known)
        found += known.explanations.get(record.rec, ())
    if comparison.category in {Category.HIGHER, Category.LOWER} and comparison.leading is not None:
        found += _lifting(record, comparison.leading) if record.lifts else _level(record, comparison.leading)
    elif record.lifts and comparison.leading is not None and comparison.category is Category.AGREES:
        found += _no_longer(comparison.leading)
    if comparison.category is not Category.AGREES and record.doubtful:
        found.append(_plain(Code.RECORD_UNCERTAIN))
    return _unique(found)


def _unique(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """Each reason once; where a code was found twice without a source, its first words."""
    kept: dict[tuple[Code, str], Reason] = {}
    for reason in reasons:
        kept.setdefault((reason.code, reason.source), reason)
    return tuple(kept.values())


def _plain(code: Code) -> Reason:
    return Reason(code, *MEANINGS[code])


def _blocked(comparison: Comparison) -> Iterator[Reason]:
    for code in comparison.blocked:
        place = comparison.leading
        if code is not Code.DATA_INCOMPLETE or place is None or place.verdict is None or place.case.window is None:
            yield _plain(code)
            continue
        missing, hours = place.case.window.missing_hours
        least, most = place.verdict.level, place.verdict.possible
        yield Reason(
            code,
            f"{hours}小时中缺测{missing}小时，级别在{least.zh}与{most.zh}之间",
            f"{missing} of {hours} h are missing; the level lies between {least.code} and {most.code}",
        )


def _from_above(comparison: Comparison, known: Known) -> Iterator[Reason]:
    """The prompt or order that asked for the published level, whatever the place's own air."""
    record = comparison.record
    if record.level is None or record.lifts:
        return
    codes = {place.case.adcode for place in comparison.places}
    for prompt in known.prompts:
        if any(entry.adcode in codes and entry.level is record.level for entry in prompt.entries) and _runs(
            prompt, record
        ):
            day = prompt.issued_at.date()
            yield Reason(
                Code.REGIONAL_PROMPT,
                f"{day}区域提示名单列为{record.level.zh}",
                f"on the region's prompt of {day} as {record.level.code}",
                prompt.document,
            )
    if record.by_order:
        yield Reason(
            Code.UPPER_ORDER, "省级统一调度，区内各市同级", "the province's order: one level for the whole zone"
        )
    for order in known.orders:
        if order.rec != record.rec and _follows(record, order):
            hours = abs((record.at - order.at) / HOUR)
            apart = (f"相差{hours:.0f}小时", f"{hours:.0f} h apart") if hours else ("同时", "at the same time")
            yield Reason(
                Code.UPPER_ORDER,
                f"与省级调度（记录{order.rec}，{order.title}）同级，{apart[0]}",
                f"the level of the province's order (record {order.rec}, {order.title}), {apart[1]}",
            )


def _runs(prompt: RegionalPrompt, record: Record) -> bool:
    after = prompt.issued_at < record.effective.until + HOUR
    return after and (prompt.ends_at is None or record.at < prompt.ends_at)


def _follows(record: Record, order: Record) -> bool:
    near = abs((record.at - order.at) / HOUR) <= ORDER_HOURS
    return (
        near and order.level is record.level and order.lifts == record.lifts and set(record.names) <= set(order.names)
    )


def _level(record: Record, place: Place) -> Iterator[Reason]:
    verdict, published = place.verdict, record.level
    assert verdict is not None
    assert published is not None
    lower = place.category is Category.LOWER
    found = list(_timing(record, place, verdict, published)) if lower else list(_outlasted(record, place, published))
    yield from found
    if not found:
        yield from _other_rules(place, published)
    yield from _near(verdict, lower=lower)
    if not found:
        yield _differs(place, verdict, published)
    if verdict.merged:
        yield _plain(Code.MERGED_EPISODE)
    if not place.case.own_plan:
        yield _plain(Code.LOCAL_PLAN_NOT_ESTABLISHED)


def _timing(record: Record, place: Place, verdict: Verdict, published: Level) -> Iterator[Reason]:
    """The level is reached by the rules as well, but in a period that starts after the record's."""
    later = verdict.elsewhere
    if later is None or later.level < published or later.starts_at is None:
        return
    hours = (later.starts_at - record.at) / HOUR
    yield Reason(
        Code.OTHER_TIME,
        f"规则的{later.level.zh}自{later.starts_at:%m-%d %H:%M}起，晚{hours:.0f}小时",
        f"by the rules {later.level.code} begins {later.starts_at:%m-%d %H:%M}, {hours:.0f} h later",
    )
    if place.case.window is not None and place.case.window.series.kind == "daily":
        yield _plain(Code.DAILY_DATA_ONLY)


def _outlasted(record: Record, place: Place, published: Level) -> Iterator[Reason]:
    """With the air of the announced period alone the rules would have said what was published."""
    case, planned = place.case, record.planned_end
    if record.action in STATES or planned is None or case.window is None or case.criteria is None:
        return
    announced = case.window.until(planned.until)
    if announced is None or judge(case, announced, case.criteria).level is not published:
        return
    yield Reason(
        Code.OUTLASTED,
        f"公告至{planned.until:%m-%d %H:%M}，其间实测恰为{published.zh}，此后污染持续",
        f"announced until {planned.until:%m-%d %H:%M}: that air alone meets {published.code}; it stayed heavy after",
    )


def _other_rules(place: Place, published: Level) -> Iterator[Reason]:
    """Rule sets of about that time, or the national one under a local plan, by which the record would agree."""
    case = place.case
    if case.window is None or case.criteria is None:
        return
    own = case.criteria
    for rules in _around(case.law.rules, case.adcode, case.record.at):
        if rules.id == own.rules_id and rules.levels == own.levels:
            continue
        try:
            other = case.law.criteria_for(case.adcode, case.record.at, rules_id=rules.id)
        except LawNotFound:
            continue
        if judge(case, case.window, other).level is published:
            yield Reason(
                Code.PLAN_DIFFERS,
                f"按{rules.id}（{rules.number}）则为{published.zh}",
                f"{published.code} by {rules.id} ({rules.number})",
            )


def _around(rules: Mapping[str, RuleSet], adcode: str, at: datetime) -> list[RuleSet]:
    """The place's and the national sets that were valid at most a year before or after, by name."""
    near = []
    for rules_id in sorted(rules):
        each = rules[rules_id]
        until = each.in_force.until
        begun = each.in_force.from_ <= (at + OTHER_RULES).date()
        ended = until is not None and until < (at - OTHER_RULES).date()
        if each.adcode in {adcode, NATIONAL} and begun and not ended:
            near.append(each)
    return near


def _near(verdict: Verdict, *, lower: bool) -> Iterator[Reason]:
    trace = verdict.assessment.trace
    if lower and trace.next is not None and trace.next.points is not None and trace.next.points <= NEAR_POINTS:
        level, points = trace.next.level, trace.next.points
        yield Reason(
            Code.THRESHOLD_BOUNDARY,
            f"距{level.zh}仅差{points}个AQI点",
            f"{points} AQI points short of {level.code}",
        )
    if not lower and trace.margin is not None and trace.margin <= NEAR_POINTS:
        yield Reason(
            Code.THRESHOLD_BOUNDARY,
            f"AQI再低{trace.margin}点即不达{verdict.level.zh}",
            f"{trace.margin} AQI points less and {verdict.level.code} would not hold",
        )


def _differs(place: Place, verdict: Verdict, published: Level) -> Reason:
    peak = place.air.peak if place.air is not None else None
    reached = (
        (f"达到{verdict.level.zh}", f"reached {verdict.level.code}")
        if verdict.level
        else ("未达任何级别", "met no level")
    )
    seen = ("", "air ") if peak is None else (f"日AQI最高{peak}，", f"daily AQI peaked at {peak} and ")
    later = verdict.elsewhere
    then = ("", "")
    if later is not None and later.starts_at is not None:
        day = f"{later.starts_at:%m-%d %H:%M}"
        then = (f"，{day}起才达到{later.level.zh}", f", and {later.level.code} only from {day}")
    return Reason(
        Code.FORECAST_DIFFERS,
        f"按预报发布{published.zh}；实测{seen[0]}{reached[0]}{then[0]}",
        f"{published.code} was issued on a forecast; the observed {seen[1]}{reached[1]}{then[1]}",
    )


def _lifting(record: Record, place: Place) -> Iterator[Reason]:
    test = place.lifting
    assert test is not None
    lead = record.lead_hours()
    if lead is not None and lead[0] > 0:
        yield _plain(Code.LIFT_FUTURE)
    line, hours = test.rule.at_most, test.rule.forecast_hours
    first = test.earliest
    yield Reason(
        Code.LIFT_ON_FORECAST,
        f"实测“≤{line}持续{hours}小时”" + (f"自{first:%m-%d %H:%M}才满足" if first else "在窗口内始终未满足"),
        f"observed air at most {line} for {hours} h "
        + (f"only from {first:%m-%d %H:%M}" if first else "at no time in reach"),
    )
    if place.case.window is not None and place.case.window.series.kind == "daily":
        yield _plain(Code.DAILY_DATA_ONLY)


def _no_longer(place: Place) -> Iterator[Reason]:
    """The rules would have lifted before; at the published instant the test no longer held."""
    test = place.lifting
    if test is None or test.held is not False or place.case.window is None:
        return
    if place.case.window.series.kind == "daily":
        yield Reason(
            Code.DAILY_DATA_ONLY,
            "公布时刻起36小时内又有超线日，只有日均值，看不出从几时起",
            "a day above the line falls into the hours after it; daily means do not show from which hour",
        )
