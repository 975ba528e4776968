"""A list under everything that was decided about an enterprise: its grade, and its place in the guarantee class (保障类)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from emission_lists.columns import LIST_SHEET
from emission_lists.findings import Finding, Severity, finding
from emission_lists.grades import Grade
from emission_lists.guarantee import (
    Guarantee,
    GuaranteeStanding,
    GuaranteeState,
    denied_by,
    guarantee_at,
    listed_holds,
    unheld_at,
)
from emission_lists.guide_demands import Held, proof, unknown_beside
from emission_lists.guides import Guide, ListProfile
from emission_lists.levels import LEVELS, PerLevel
from emission_lists.lists import ROAD_TRANSPORT, Enterprise, Line, ListRow
from emission_lists.measures import Action, Later, LoadCap, Measure
from emission_lists.regrading import (
    Note,
    Regraded,
    out_of_season,
    overall_grade,
    regraded,
    without_wrong_relief,
)
from emission_lists.standing import Decided, GradeStanding, standing_at

_SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Decisions:
    """Everything that was decided about one enterprise in one division."""

    grades: tuple[Decided, ...] = ()
    guarantees: tuple[Guarantee, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.grades or self.guarantees)

    @property
    def instants(self) -> list[datetime]:
        """Instants at which an answer may change by itself: a grade's or a guarantee's begin or end."""
        found = [step.effective_from for one in self.guarantees for step in one.steps]
        found += [one.valid_until for one in self.guarantees]
        found += [one.effective_from for one in self.grades]
        return found + [one.valid_until for one in self.grades if one.valid_until is not None]


def entitled(
    enterprise: Enterprise,
    lines: Sequence[Line],
    decisions: Decisions,
    guide: Guide,
    *,
    start: datetime,
    at: datetime,
    also_self_determined: frozenset[Grade] = frozenset(),
    lower_load: bool = True,
) -> Regraded:
    """The list's enterprise and lines under a response that starts at `start`, as of `at`.

    The grade in force at `start` counts for the whole response. A guarantee relieves if it is in force at `start`, and
    only while it still is at `at`: its suspension or end takes the relief away from that instant on. What only the list
    names relieves by the list's word, until the end that it states, unless a case about it says otherwise.
    """
    at = max(at, start)
    grades, day = standing_at(decisions.grades, start), start.astimezone(_SHANGHAI).date()
    before, now = guarantee_at(decisions.guarantees, start), guarantee_at(decisions.guarantees, at)
    apart = enterprise.small_micro or enterprise.long_stopped  # relieved whatever became of a guarantee
    listed = enterprise.guarantee is not None
    top = guide.self_determined.grades | also_self_determined
    by_list = before is None and listed_holds(enterprise, start) and not unheld_at(decisions.guarantees, start)
    if now is not None and now.relieves and (by_list if before is None else before.relieves):
        return _relieved(enterprise, lines, grades, now.guarantee, guide, top, day)
    judged, seasonal = out_of_season(enterprise, lines, grades, guide, top=top, on=day)
    lines, beside = judged[: len(lines)], judged[len(lines) :]
    denied = denied_by(decisions.guarantees, start, at)
    kept = listed and now is None and denied is None and listed_holds(enterprise, at)
    made = regraded(
        enterprise if kept else replace(enterprise, guarantee=None, guarantee_until=None, guarantee_cap=None),
        lines,
        grades,
        guide,
        also_self_determined=also_self_determined,
        relief_ended=listed and not kept and not apart,
        lower_load=lower_load,
        on=day,
        beside=beside,
    )
    return replace(made, notes=(*_relief_notes(enterprise, now, denied, kept=kept), *seasonal, *made.notes))


def _relief_notes(
    enterprise: Enterprise, now: GuaranteeStanding | None, denied: GuaranteeStanding | None, *, kept: bool
) -> tuple[Note, ...]:
    """What became of a guarantee that is not in force by a case: it ended, was never approved, or stands in the list alone."""
    listed = enterprise.guarantee is not None
    if now is not None:
        return (_not_relieved(now),) if listed or not now.relieves else ()
    if not listed:
        return ()
    if denied is not None:
        return (_not_approved(denied),)
    return (_by_list(enterprise),) if kept else (_lapsed(enterprise),)


def _relieved(
    enterprise: Enterprise,
    lines: Sequence[Line],
    grades: GradeStanding | None,
    guarantee: Guarantee,
    guide: Guide,
    top: frozenset[Grade],
    day: date,
) -> Regraded:
    """Production for what the guarantee needs, at most the approved load; what the list orders beside it stays.

    Where the list names the guarantee and therefore asks nothing of a line, the line is told the approved load. What the
    list leaves to the enterprise for a grade that it no longer has is capped too.
    """
    overall = None if grades is None else overall_grade(enterprise, grades, guide)
    until = guarantee.valid_until.astimezone(_SHANGHAI)
    made = replace(
        enterprise,
        grade=overall or enterprise.grade,
        guarantee=guarantee.kind,
        guarantee_until=until.date(),
        guarantee_cap=guarantee.cap,
    )
    note = Note(
        "GUARANTEED",
        f"保障类已批准：{guarantee.basis.zh}，{guarantee.cap.render_zh()}，有效期至{_day_zh(until)}；仅在达标排放时有效",
        f"Guarantee approved: counted from {guarantee.basis.en}, {guarantee.cap.render_en()}, until"
        f" {until:%Y-%m-%d %H:%M}; it holds only while emissions comply",
    )

    def approved(line: Line, measure: Measure) -> Held:
        return _at_most_approved(line, measure, guarantee)

    lines, _ = out_of_season(enterprise, lines, grades, guide, top=top, on=day, instead=approved)
    if grades is not None:
        lines = without_wrong_relief(enterprise, lines, grades, top, guide, approved)
    replaced = _RELIEVED if enterprise.guarantee is not None else _FORCED
    return Regraded(made, tuple(_capped(line, guarantee, replaced) for line in lines), (note,))


def _at_most_approved(line: Line, measure: Measure, guarantee: Guarantee) -> Held:
    """The approved load of a production line; of road transport the approval says nothing. What the list orders stays."""
    if line.process == ROAD_TRANSPORT:
        return unknown_beside(measure)
    return Held(_loaded(measure, guarantee, frozenset({Action.SELF_DETERMINED})))


def _loaded(measure: Measure, guarantee: Guarantee, actions: frozenset[Action]) -> Measure:
    """The measure with the approved load at every stage that does one of `actions`; its other stages stay."""

    def stage(one: Measure) -> Measure:
        return _load(replace(one, **proof(measure)), guarantee) if one.action in actions else one

    first = current = stage(measure.first)
    later: list[Later] = []
    for one in measure.later:
        if (made := stage(one.measure)) != current:
            later.append(Later(one.after_hours, made))
            current = made
    return replace(first, later=tuple(later))


def _load(measure: Measure, guarantee: Guarantee) -> Measure:
    return Measure(
        Action.LIMIT,
        basis=guarantee.basis,
        load_cap=LoadCap(guarantee.cap.value, guarantee.cap.unit, f"全厂{guarantee.cap.metric or '负荷'}"),
        vehicle_rule=measure.vehicle_rule,
        non_road_ban=measure.non_road_ban,
        total_units=measure.total_units,
        verification=measure.verification,
        verification_point=measure.verification_point,
    )


_FORCED = frozenset({Action.STOP, Action.LIMIT})
"""What the approved load stands in place of where the list does not know of the guarantee yet."""
_RELIEVED = frozenset({Action.NONE})
"""And where it does: what is free of measures is so under the approved load only."""


def _capped(line: Line, guarantee: Guarantee, replaced: frozenset[Action]) -> Line:
    """A line of a guarantee enterprise, with the approved load in place of some actions; of road transport it says nothing."""
    if line.process == ROAD_TRANSPORT:
        return line

    def capped(measure: Measure) -> Measure:
        return _loaded(measure, guarantee, replaced)

    return replace(line, measures=PerLevel(*(capped(line.measures.at(level)) for level in LEVELS)))


_WHY = {
    GuaranteeState.SUSPENDED: ("因未达标排放暂停", "was suspended because emissions did not comply"),
    GuaranteeState.EXPIRED: ("已到期", "has expired"),
    GuaranteeState.REVOKED: ("已撤销", "was revoked"),
    GuaranteeState.IN_FORCE: ("在响应启动后才生效或恢复", "came into force or was restored only after the response started"),
}
_NEVER = {
    GuaranteeState.PROPOSED: ("只是提出，市级政府尚未同意", "was only put forward; the city has not agreed"),
    GuaranteeState.CITY_AGREED: ("未经省级审核", "is not yet vetted by the province"),
    GuaranteeState.PROVINCE_VETTED: ("未报部备案", "is not yet filed with the ministry"),
    GuaranteeState.MEE_FILED: ("已报部备案，尚未生效", "is filed with the ministry, but not in force"),
    GuaranteeState.REJECTED: ("未获同意", "was refused"),
    GuaranteeState.WITHDRAWN: ("已撤回", "was withdrawn"),
    GuaranteeState.REVOKED: ("生效前已撤销", "was revoked before it came into force"),
    GuaranteeState.EXPIRED: ("到期时未获批准", "ran out without an approval"),
}
"""Of a case that never came into force: where it stands."""


def _not_relieved(now: GuaranteeStanding) -> Note:
    since = now.since.astimezone(_SHANGHAI)
    zh, en = without_relief(now, held=True)
    return Note(
        "GUARANTEE_ENDED",
        f"保障类{zh}（{_day_zh(since)}起）：不再享受保障，按清单和指南措施执行，未确立的请联系主管部门",
        f"The guarantee {en} (since {since:%Y-%m-%d %H:%M}): no relief; follow the list and the guide, ask the authority"
        " about what is not established",
    )


def without_relief(case: GuaranteeStanding, *, held: bool) -> tuple[str, str]:
    """Why a case gives no relief, in both languages. `held`: whether it has ever been in force."""
    return (_WHY if held else _NEVER).get(case.state, (case.state.zh, f"is {case.state.en}"))


def _not_approved(case: GuaranteeStanding) -> Note:
    """A guarantee that the list names, and a case about it that never came into force."""
    since = case.since.astimezone(_SHANGHAI)
    zh, en = without_relief(case, held=False)
    return Note(
        "GUARANTEE_NOT_APPROVED",
        f"清单载明保障类，但第{case.guarantee.id}号保障类{zh}（{_day_zh(since)}起）：不享受保障，按清单和指南措施执行，"
        "未确立的请联系主管部门；保障类请向所在市生态环境主管部门核实",
        f"The list names a guarantee, but guarantee {case.guarantee.id} {en} (since {since:%Y-%m-%d %H:%M}): no relief; follow"
        " the list and the guide, ask the authority about what is not established, and the city's ecology and environment"
        " authority about the guarantee",
    )


def _by_list(enterprise: Enterprise) -> Note:
    """A guarantee that only the list names: nothing here says who approved it, and nobody can suspend it."""
    until = enterprise.guarantee_until
    assert until is not None  # without an end the list's word does not hold
    return Note(
        "GUARANTEE_BY_LIST",
        f"保障类仅由清单载明（有效期至{until.year}年{until.month}月{until.day}日），没有生效的审批件可核对：按清单执行，仅在达标排放时"
        "有效；如有疑问请向所在市生态环境主管部门核实",
        f"The guarantee stands in the list alone (until {until.isoformat()}), with no approval in force to hold it against: it is"
        " followed as the list says and holds only while emissions comply; ask the city's ecology and environment authority"
        " in case of doubt",
    )


def _lapsed(enterprise: Enterprise) -> Note:
    """A guarantee that only the list knows of, and whose stated end is over."""
    until = enterprise.guarantee_until
    zh = "清单未载明有效期" if until is None else f"清单载明有效期至{until.year}年{until.month}月{until.day}日，已到期"
    en = "the list gives it no end date" if until is None else f"it ended on {until.isoformat()} as the list says"
    return Note(
        "GUARANTEE_ENDED",
        f"保障类（{zh}）：不再享受保障，按清单和指南措施执行，未确立的请联系主管部门",
        f"The guarantee does not hold ({en}): no relief; follow the list and the guide, ask the authority about what is"
        " not established",
    )


def _day_zh(instant: datetime) -> str:
    return f"{instant.year}年{instant.month}月{instant.day}日 {instant:%H:%M}"


def grade_differences(
    rows: Sequence[ListRow], standings: Mapping[str, GradeStanding], guide: Guide
) -> list[tuple[ListRow, Grade | None]]:
    """The first row of each enterprise whose listed grade is not the one in force, with that grade (None: unknown).

    Enterprises without a decision are not judged: the register may be younger than the list.
    """
    found: list[tuple[ListRow, Grade | None]] = []
    seen: set[str] = set()
    for row in rows:
        uscc = row.enterprise.uscc
        standing = standings.get(uscc)
        if uscc in seen or standing is None:
            continue
        seen.add(uscc)
        overall = overall_grade(row.enterprise, standing, guide)
        if overall is not row.enterprise.grade:
            found.append((row, overall))
    return found


def grade_finding(row: ListRow, in_force: Grade | None, profile: ListProfile) -> Finding:
    """GRADE_NOT_IN_FORCE: the list names another grade than the one that was decided (结果与清单同步)."""
    listed, rule = row.enterprise.grade, profile.checks["GRADE_NOT_IN_FORCE"]
    return finding(
        "GRADE_NOT_IN_FORCE",
        Severity(rule.severity),
        sheet=LIST_SHEET if row.number else None,
        row=row.number or None,
        value=listed.zh,
        uscc=row.enterprise.uscc,
        reference=rule.reference,
        name=row.enterprise.name,
        what=in_force.title_zh if in_force else "未确立",
        listed=listed.title_en,
        listed_zh=listed.title_zh,
        in_force=in_force.title_en if in_force else "not established",
    )
