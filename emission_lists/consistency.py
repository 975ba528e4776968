"""Same region, same industry, same grade: same measures (同地区同行业同等级同等措施)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from emission_lists.check_context import Checker
from emission_lists.documents import VEHICLE_RULE
from emission_lists.findings import Finding
from emission_lists.levels import LEVELS, ResponseLevel
from emission_lists.lists import ListRow
from emission_lists.measures import Action, Later, Measure, percent, whole_units
from emission_lists.process_names import process_name

_LEAST_GROUP = 3  # two enterprises that differ do not say which of them is unusual
_MOST_TOLD = 5
_Key = tuple[str, str, str]
_Ask = tuple[int, float, str, str]  # units, share that is cut, vehicle rule, what is no share
_Usual = tuple[float, str, str]


def consistency_findings(checker: Checker) -> Iterator[Finding]:
    """Enterprises whose measures differ from most others of their industry, grade and process; or that they differ at all."""
    groups: dict[_Key, dict[str, list[ListRow]]] = {}
    for row in checker.draft.rows:
        firm = row.enterprise
        if firm.key_industry and not (firm.guarantee or firm.small_micro or firm.long_stopped):
            key = (firm.industry, firm.grade.value, process_name(row.line.process))
            groups.setdefault(key, {}).setdefault(firm.uscc, []).append(row)
    plans = _Plans()
    for firms in groups.values():
        if len(firms) > 1:
            asks = [(rows[0], plans.asks(rows)) for rows in firms.values()]
            for place, level in enumerate(LEVELS):
                yield from _level_findings(checker, [(row, of[place]) for row, of in asks], level)


class _Plans:
    """What lines ask for together, worked out once for each set of plans: most enterprises of an industry have the same."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], list[_Ask | None]] = {}

    def asks(self, rows: list[ListRow]) -> list[_Ask | None]:
        """What they ask for at each level. Equal plans are one object to those who read a workbook, so identity finds them."""
        key = tuple([id(row.line.measures) for row in rows])
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = [_ask([row.line.measures.at(level) for row in rows]) for level in LEVELS]
        return found


def _level_findings(
    checker: Checker, asks: list[tuple[ListRow, _Ask | None]], level: ResponseLevel
) -> Iterator[Finding]:
    known = [(row, ask) for row, ask in asks if ask is not None]
    if len(known) < 2:
        return
    often = Counter(ask for _, ask in known)

    def explained(one: _Usual) -> int:
        return sum(times for ask, times in often.items() if _explains(one, ask))

    usual = max({ask[1:] for ask in often}, key=lambda one: (explained(one), one))
    if (alike := explained(usual)) == len(known):
        return
    column = f"{level.zh}-措施"
    if len(known) < _LEAST_GROUP or alike * 2 <= len(known):
        at = min((row for row, _ in known), key=lambda row: row.enterprise.uscc)
        times = Counter(_told(ask[1:]) for _, ask in known)
        what = "；".join(f"{told} {times[told]} 家" for told in sorted(times)[:_MOST_TOLD])
        process = process_name(at.line.process)
        yield checker.finding("MEASURES_DIFFER", at, column, value=len(known), process=process, what=what)
        return
    for row, ask in known:
        if not _explains(usual, ask):
            yield checker.finding("INCONSISTENT_MEASURES", row, column, what=_told(usual))


def _told(ask: _Usual) -> str:
    share, rule, other = ask
    return "，".join(part for part in (percent(share), VEHICLE_RULE[rule].zh if rule else "", other) if part)


def _ask(measures: list[Measure]) -> _Ask | None:
    """What an enterprise is asked for at one process; None if that is not established, or only a load of its own."""
    units, cut, rule, others = 0, 0.0, "", []
    for measure in measures:
        count = measure.total_units or 1
        units += count
        other = _other(measure)
        if not measure.executable or measure.action is Action.SELF_DETERMINED or not measure.share_stated:
            return None
        if measure.action is Action.STOP:
            stopped = measure.units_to_stop
            whole = whole_units(count, 1.0 if measure.ratio is None else measure.ratio)
            cut += whole if stopped is None else stopped
        elif measure.action is Action.LIMIT:
            if measure.ratio is None and not other:
                return None
            cut += (measure.ratio or 0.0) * count
        rule = measure.vehicle_rule.value if measure.vehicle_rule else rule
        others.append(other)
    return units, round(cut / units, 6), rule, "；".join(sorted(filter(None, set(others))))


def _other(measure: Measure) -> str:
    """What the measure asks that is neither a share nor a vehicle rule, in words: shapes that equals must share."""
    if not (measure.coking_hours or measure.cycle or measure.heats_per_day or measure.stop_mode or measure.later):
        return "" if measure.non_road_ban is None else measure.non_road_ban.zh
    bare = Measure(
        measure.action,
        coking_hours=measure.coking_hours,
        cycle=measure.cycle,
        heats_per_day=measure.heats_per_day,
        stop_mode=measure.stop_mode,
        non_road_ban=measure.non_road_ban,
        later=tuple(Later(one.after_hours, _bare(one.measure)) for one in measure.later),
    )
    return bare.render_zh()


def _bare(measure: Measure) -> Measure:
    """A later stage without what each line has of its own."""
    return replace(
        measure,
        total_units=None,
        stopped_units=None,
        load_cap=None,
        verification=(),
        verification_point=None,
        note_zh=None,
        basis=None,
    )


def _explains(usual: _Usual, ask: _Ask) -> bool:
    """True if an enterprise with so many units, asked for the usual share, does what this one does."""
    units, cut, rule, other = ask
    share, usual_rule, usual_other = usual
    return (rule, other) == (usual_rule, usual_other) and (
        cut == share or cut == round(whole_units(units, share) / units, 6)
    )
