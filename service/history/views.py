"""The parts of a comparison as short texts in Chinese and English, for the terminal and for the document."""

from __future__ import annotations

from typing import Literal

from alerts.instants import iso
from alerts.levels import Level
from alerts.rules import Criteria
from service.history.comparison import Category, Comparison, Counts, Place
from service.history.reasons import Reason
from service.history.records import Record, Stated, season

Lang = Literal["zh", "en"]
ACTIONS: dict[str, tuple[str, str]] = {
    "start": ("启动", "start"),
    "issue": ("发布", "issue"),
    "restart": ("重启", "restart"),
    "upgrade": ("升级", "upgrade"),
    "extend": ("延长", "extend"),
    "in_force": ("在施", "in force"),
    "lift": ("解除", "lift"),
    "suspend": ("暂停", "suspend"),
}
CATEGORIES: dict[Category, tuple[str, str]] = {
    Category.AGREES: ("一致", "agrees"),
    Category.HIGHER: ("规则较高", "rules higher"),
    Category.LOWER: ("规则较低", "rules lower"),
    Category.NOT_COMPARABLE: ("无法比较", "not comparable"),
}
BASIS = (
    "实测被当作完美预报，并非当时的预报；预警依据预报而非实测，不一致属预料之中。",
    "The observations stand for a perfect forecast, not for those of the time. "
    "Warnings follow forecasts, not observations: disagreement is to be expected.",
)
_SEVERAL = 2


def of(pair: tuple[str, str], lang: Lang) -> str:
    """The text in one language."""
    return pair[0] if lang == "zh" else pair[1]


def level_text(level: Level | None, lang: Lang) -> str:
    """A level in words; a dash where none was published."""
    if level is None:
        return "—"
    return level.zh if lang == "zh" else level.code


def published(record: Record, lang: Lang) -> str:
    """Action and level as published, such as 启动红色."""
    action = of(ACTIONS[record.action], lang)
    level = level_text(record.level, lang)
    return f"{action}{level}" if lang == "zh" else f"{action} {level}"


def lead(record: Record, lang: Lang) -> str:
    """How far ahead it was announced, as far as the printed instants tell; empty when that is not known."""
    hours = record.lead_hours()
    if hours is None:
        return ""
    if hours[1] < 0:
        late = _number(-hours[0])
        return of((f"生效后{late}小时公布", f"announced {late} h after"), lang)
    least, most = (_number(value) for value in hours)
    span = least if least == most else f"{least}–{most}"
    return f"提前{span}小时" if lang == "zh" else f"lead {span} h"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def air(comparison: Comparison) -> str:
    """Peak and mean of the daily AQI and how many days are known, such as 431/279 (6/6)."""
    place = comparison.leading
    if place is None or place.air is None or place.air.peak is None:
        return "—"
    return f"{place.air.peak}/{place.air.mean} ({place.air.known}/{place.air.days})"


def set_text(criteria: Criteria | None, *, own_plan: bool) -> str:
    """The rule set, with the plan where the place or its province has one in config."""
    if criteria is None:
        return "—"
    plan = criteria.plan_id if own_plan and criteria.plan_id != criteria.rules_id else None
    return f"{criteria.rules_id} + {plan}" if plan else criteria.rules_id


def rule_set(comparison: Comparison) -> str:
    """The rule sets in force for the places of a record."""
    places = (comparison.leading,) if comparison.leading else comparison.places
    texts = (set_text(place.case.criteria, own_plan=place.case.own_plan) for place in places)
    return ", ".join(dict.fromkeys(texts)) or "—"


def rules_say(comparison: Comparison, lang: Lang) -> tuple[str, ...]:
    """Level, clause and period by the rules, or the lifting test; empty where nothing was assessed.

    A "+" after the end: the air is heavy up to the end of the window.
    """
    place = comparison.leading
    if place is None or place.verdict is None:
        return ()
    if place.lifting is not None:
        return _lifting_says(comparison, place, lang)
    found = place.verdict.assessment
    if found.starts_at is None or found.ends_at is None:
        return (of(("未达级别", "no level"), lang),)
    window = place.case.window
    beyond = "+" if window is not None and found.ends_at >= window.series.end else ""
    period = f"{found.starts_at:%m-%d %H:%M} – {found.ends_at:%m-%d %H:%M}{beyond}"
    return f"{level_text(found.level, lang)} {found.clause}", period


def _lifting_says(comparison: Comparison, place: Place, lang: Lang) -> tuple[str, ...]:
    test = place.lifting
    if test is None:
        return ()
    line = f"≤{test.rule.at_most} × {test.rule.forecast_hours} h"
    then = {True: ("公布时满足", "held then"), False: ("公布时不满足", "did not hold then"), None: ("未知", "unknown")}
    first = f"{test.earliest:%m-%d %H:%M}" if test.earliest else of(("无", "never"), lang)
    return f"{line} {of(then[test.held], lang)}", of((f"最早 {first}", f"earliest {first}"), lang)


def timing(comparison: Comparison, lang: Lang) -> str:
    """Where the published start or lifting lies to that of the rules; roughly where the air was observed by the day."""
    hours = comparison.difference_hours
    if hours is None:
        return ""
    about = "" if comparison.to_the_hour else of(("约", "about "), lang)
    if hours == 0:
        return about + of(("同时", "same time"), lang)
    size = f"{abs(hours):.0f}"
    if lang == "zh":
        return f"公布{about}{'早' if hours < 0 else '晚'}{size}小时"
    return f"published {about}{size} h {'before' if hours < 0 else 'after'}"


def several(comparison: Comparison, lang: Lang) -> str:
    """For a record of several places: how many could be compared, and which one speaks for it."""
    total = len(comparison.places) + len(comparison.unknown)
    if total < _SEVERAL:
        return ""
    name = comparison.leading.case.name if comparison.leading else ""
    count = f"{comparison.compared}/{total}"
    return of((f"可比{count}地 {name}", f"{count} places, {name}"), lang).rstrip(" ,")


def reason_text(reason: Reason, lang: Lang) -> str:
    """The words of a reason, with what was read for it."""
    words = of((reason.zh, reason.en), lang)
    return f"{words} [{reason.source}]" if reason.source else words


def document_of(comparison: Comparison, reasons: tuple[Reason, ...]) -> dict[str, object]:
    """One record as JSON; instants with offset, hours as numbers, null where something is not known."""
    record = comparison.record
    return {
        "rec": record.rec,
        "season": season(record.at),
        "place": record.place,
        "category": comparison.category.value,
        "forecast_basis": "perfect",
        "published": _published_document(record),
        "divisions": [_place_document(place) for place in comparison.places],
        "without_code": list(comparison.unknown),
        "leading": comparison.leading.case.adcode if comparison.leading else None,
        "difference_hours": comparison.difference_hours,
        "to_the_hour": comparison.to_the_hour,
        "levels_apart": comparison.steps_apart,
        "reasons": [
            {"code": each.code.value, "zh": each.zh, "en": each.en, "source": each.source or None} for each in reasons
        ],
    }


def _published_document(record: Record) -> dict[str, object]:
    hours = record.lead_hours()
    return {
        "action": record.action,
        "level": record.level.code if record.level is not None else None,
        "announced": _stated_document(record.announced),
        "effective": _stated_document(record.effective),
        "planned_end": _stated_document(record.planned_end),
        "lead_hours": [round(value, 2) for value in hours] if hours else None,
        "as_published": record.as_published,
        "certainty": record.certainty,
    }


def _stated_document(stated: Stated | None) -> dict[str, object] | None:
    if stated is None:
        return None
    return {"at": iso(stated.at), "to_the_hour": stated.exact, "as_printed": stated.printed}


def _place_document(place: Place) -> dict[str, object]:
    case, verdict, test, seen = place.case, place.verdict, place.lifting, place.air
    found = verdict.assessment if verdict else None
    missing, hours = case.window.missing_hours if case.window else (None, None)
    return {
        "adcode": case.adcode,
        "name": case.name,
        "category": place.category.value,
        "rules": case.criteria.rules_id if case.criteria else None,
        "plan": case.criteria.plan_id if case.criteria else None,
        "observed": None
        if seen is None
        else {"peak": seen.peak, "mean": seen.mean, "days": seen.days, "days_known": seen.known},
        "observed_by": case.window.series.kind if case.window else None,
        "hours_missing": missing,
        "hours": hours,
        "level": found.level.code if found else None,
        "possible_level": found.possible_level.code if found else None,
        "clause": found.clause if found else None,
        "starts_at": iso(found.starts_at) if found and found.starts_at else None,
        "ends_at": iso(found.ends_at) if found and found.ends_at else None,
        "lifting": None
        if test is None
        else {
            "at_most": test.rule.at_most,
            "forecast_hours": test.rule.forecast_hours,
            "held": test.held,
            "earliest": iso(test.earliest) if test.earliest else None,
        },
    }


def counts_document(counts: Counts) -> dict[str, object]:
    """The sums as JSON; `share` of the comparable records that agree."""
    return {
        "summary": True,
        "forecast_basis": "perfect",
        "records": counts.records,
        "comparable": counts.comparable,
        **{category.value: number for category, number in counts.categories.items()},
        "share_agreeing": None if counts.share is None else round(counts.share, 3),
        "levels": counts.levels,
        "levels_within_one": counts.within_one,
        "liftings": counts.liftings,
        "not_comparable_because": {code.value: counts.why_not[code] for code in sorted(counts.why_not)},
    }


def counts_text(counts: Counts, lang: Lang) -> str:
    """The sums in one sentence."""
    share = "—" if counts.share is None else f"{counts.share:.0%}"
    numbers = {category: counts.categories[category] for category in Category}
    if lang == "zh":
        return (
            f"记录{counts.records}条，可比{counts.comparable}条（级别{counts.levels}条，解除{counts.liftings}条）："
            f"一致{numbers[Category.AGREES]}条（{share}），规则较高{numbers[Category.HIGHER]}条，"
            f"规则较低{numbers[Category.LOWER]}条；级别相差不超过一级的{counts.within_one}条；"
            f"无法比较{numbers[Category.NOT_COMPARABLE]}条。"
        )
    return (
        f"{counts.records} records, {counts.comparable} comparable (levels {counts.levels}, liftings {counts.liftings}): "
        f"{numbers[Category.AGREES]} agree ({share}), rules higher in {numbers[Category.HIGHER]}, lower in "
        f"{numbers[Category.LOWER]}; {counts.within_one} levels within one step; "
        f"{numbers[Category.NOT_COMPARABLE]} not comparable."
    )
