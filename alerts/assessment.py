"""Assessment (研判): which warning level one division faces by law, with its full trace.

Nothing is stored here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from alerts.aqi import last_place
from alerts.blocks import POLLUTANTS, Basis, Blocks, blocks_of, hourly_graded
from alerts.chains import BLOCK_HOURS, Mask
from alerts.evaluation import Found, best, margin, shortfalls, usable
from alerts.instants import HOUR, SHANGHAI, hour_floor, iso, require_aware
from alerts.law import Standards
from alerts.levels import Level
from alerts.notes import Notes, notes_of
from alerts.points import CAUSES
from alerts.rules import Criteria, RangeBound
from alerts.series import Series
from alerts.tiers import TierView, reached
from alerts.trace import Trace, basis, near_of, nearest, what_changes, why, why_not_next

AqiBasis = Literal["concentration", "hourly_aqi", "daily_aqi", "lower_bound", "mixed", "none"]


class BlockView(BaseModel):
    """One 24-h block (时段): AQI, the AQI that counts, index and mean per pollutant (µg/m³, CO mg/m³)."""

    model_config = ConfigDict(frozen=True)

    start: datetime
    end: datetime
    aqi: int | None
    graded_aqi: int | None
    index: dict[str, int]
    primary: tuple[str, ...]
    valid_hours: int
    basis: str
    means: dict[str, float]
    standard: str

    def contract(self) -> dict[str, object]:
        """The keys of the published contract."""
        return {
            "start": iso(self.start),
            "end": iso(self.end),
            "aqi": self.aqi,
            "graded_aqi": self.graded_aqi,
            "index": self.index,
            "primary": list(self.primary),
            "valid_hours": self.valid_hours,
        }


class Line(BaseModel):
    """One value per hour from `start`: of the hour itself, or of the 24-h block that starts with it."""

    model_config = ConfigDict(frozen=True)

    start: datetime
    values: tuple[int | None, ...]


class RangeView(BaseModel):
    """The levels at the lower, middle and upper values of a forecast range, and the one graded on (预测上限).

    `by_rule`: the rule set says which; otherwise the middle stands until the consultation (会商) picks.
    """

    model_config = ConfigDict(frozen=True)

    lower: Level
    middle: Level
    upper: Level
    graded_on: RangeBound
    by_rule: bool

    def contract(self) -> dict[str, object]:
        """As published: levels by their codes."""
        return {
            "lower": self.lower.code,
            "middle": self.middle.code,
            "upper": self.upper.code,
            "graded_on": self.graded_on,
            "by_rule": self.by_rule,
        }


class Assessment(BaseModel):
    """What the law says about one series at one instant. `possible_level` counts unknown blocks as above.

    `observed_heavy`: the last measured hour is already heavy and no hour of the rule's span improves below the line.

    `hourly` is the graded hourly AQI for the lifting test, `rolling` the graded AQI of the block that
    starts at each hour (None: unknown, a lower bound, or no such block).
    """

    model_config = ConfigDict(frozen=True)

    adcode: str
    as_of: datetime
    level: Level
    state: Literal["determined", "insufficient"]
    possible_level: Level
    clause: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    rules: str
    plan: str | None
    aqi_basis: AqiBasis
    blocks: tuple[BlockView, ...]
    excluded: tuple[str, ...]
    advice: tuple[str, ...]
    episode_line: int
    lead_time_hours: int | None
    trace: Trace
    hourly: Line
    rolling: Line
    range: RangeView | None = None
    tiers: tuple[TierView, ...] = ()
    observed_heavy: bool = False

    @property
    def lead_hours(self) -> float | None:
        """Hours from `as_of` to the start, 0 when it has begun; None without a level."""
        if self.starts_at is None:
            return None
        return max(0.0, (self.starts_at - self.as_of) / HOUR)

    def contract(self) -> dict[str, object]:
        """The answer of `lantian assess`, exactly its keys.

        The proposal is for a place with nothing in force. `range` and `tiers` stand only where there are any.
        """
        more: dict[str, object] = {}
        if self.range is not None:
            more["range"] = self.range.contract()
        if self.tiers:
            more["tiers"] = [tier.contract() for tier in self.tiers]
        return {
            "level": self.level.code,
            "state": self.state,
            "clause": self.clause,
            "starts_at": iso(self.starts_at) if self.starts_at else None,
            "ends_at": iso(self.ends_at) if self.ends_at else None,
            "rules": self.rules,
            "aqi_basis": self.aqi_basis,
            "blocks": [block.contract() for block in self.blocks],
            "excluded": list(self.excluded),
            "advice": list(self.advice),
            "proposal": "issue" if self.level else "none",
            "lead_hours": self.lead_hours,
            **more,
        }


def assess(series: Series, *, as_of: datetime, criteria: Criteria, standards: Standards) -> Assessment:
    """Assess one series at `as_of` (aware). Raises LawNotFound when no AQI standard covers its days.

    Elapsed blocks of an episode that still runs at `as_of` count; episodes that are over do not.
    """
    as_of = require_aware(as_of)
    given, series = series, series.bound(criteria.grade_on_range or "middle")
    blocks = blocks_of(series, criteria, standards)
    offset = (as_of - blocks.first) / HOUR
    found = best(blocks.above, criteria, offset)
    level = found.level if found else Level.NONE
    ranged = _range(given, level, as_of, criteria, standards)
    possible = _possible(blocks, criteria, offset, level)
    matters = usable(blocks, criteria, offset)
    known = bool((blocks.exists & blocks.complete & matters).any())
    excluded, advice = _causes(blocks, criteria, matters)
    hourly = hourly_graded(series, criteria, standards)
    heavy = _observed_heavy(series, hourly, as_of, criteria)
    tiers = tuple(
        view
        for view, tier in reached(blocks, criteria, offset)
        if level is Level.NONE or not tier.below_warning
    )
    advice += tuple(view.id for view in tiers)
    if heavy and level is Level.NONE:
        advice += ("observed_heavy_consult",)
    basis_code = _basis(series, blocks, found, matters)
    notes = notes_of(
        criteria,
        basis=basis_code,
        level=level,
        possible=possible,
        whole=_whole_level(blocks, criteria, offset) if excluded else level,
        excluded=excluded,
        ranged=None if ranged is None else (ranged.lower, ranged.middle, ranged.upper),
        tiers=tiers,
        heavy=heavy,
    )
    return Assessment(
        adcode=series.adcode,
        as_of=as_of,
        level=level,
        state="determined" if known and possible == level else "insufficient",
        possible_level=possible,
        clause=found.clause if found else None,
        starts_at=blocks.start(found.chain[0]) if found else None,
        ends_at=blocks.first + found.end * HOUR if found else None,
        rules=criteria.rules_id,
        plan=criteria.plan_id,
        aqi_basis=basis_code,
        blocks=tuple(_view(blocks, at, standards) for at in found.chain) if found else (),
        excluded=excluded,
        advice=advice,
        episode_line=criteria.episode_line,
        lead_time_hours=criteria.lead_time_hours,
        trace=_trace(blocks, criteria, found, matters, notes),
        hourly=Line(start=series.start, values=_known(hourly)),
        rolling=Line(
            start=blocks.first, values=_known(np.where(blocks.exists & blocks.complete, blocks.graded, -1))
        ),
        range=ranged,
        tiers=tiers,
        observed_heavy=heavy,
    )


def level_of(series: Series, as_of: datetime, criteria: Criteria, standards: Standards) -> Level:
    """The best provable level of a series alone, without its trace; `series` has no ranges or they count as their middle."""
    blocks = blocks_of(series, criteria, standards)
    found = best(blocks.above, criteria, (require_aware(as_of) - blocks.first) / HOUR)
    return found.level if found else Level.NONE


def _range(
    series: Series, graded: Level, as_of: datetime, criteria: Criteria, standards: Standards
) -> RangeView | None:
    """The levels at the bounds of a range; `graded` is the one already found at the value that counts."""
    if series.low is None:
        return None
    graded_on = criteria.grade_on_range or "middle"

    def at(bound: RangeBound) -> Level:
        return graded if bound == graded_on else level_of(series.bound(bound), as_of, criteria, standards)

    return RangeView(
        lower=at("lower"),
        middle=at("middle"),
        upper=at("upper"),
        graded_on=graded_on,
        by_rule=criteria.grade_on_range is not None,
    )


def _observed_heavy(series: Series, hourly: NDArray[np.int64], as_of: datetime, criteria: Criteria) -> bool:
    """Whether the last complete hour was measured above the rule's line and every hour of its span stays above."""
    rule, measured = criteria.early_start, series.observed_until
    if rule is None or measured is None or series.kind == "daily" or measured < hour_floor(as_of):
        return False
    last = round((hour_floor(as_of) - series.start) / HOUR) - 1
    span = hourly[max(last, 0) : last + 1 + rule.hours]
    return last >= 0 and len(span) == rule.hours + 1 and bool((span > rule.over).all())


def _whole_level(blocks: Blocks, criteria: Criteria, offset: float) -> Level:
    """The level if nothing were left out of the grading."""
    found = best(blocks.above_in_all, criteria, offset)
    return found.level if found else Level.NONE


def _possible(blocks: Blocks, criteria: Criteria, offset: float, level: Level) -> Level:
    """The level if every unknown block were above every line."""
    if not (blocks.exists & ~blocks.complete).any():
        return level
    could = best(blocks.perhaps_above, criteria, offset)
    return max(level, could.level) if could else level


def _known(values: NDArray[np.int64]) -> tuple[int | None, ...]:
    return tuple(None if value < 0 else value for value in values.tolist())


def _basis(series: Series, blocks: Blocks, found: Found | None, matters: Mask) -> AqiBasis:
    """What the chain rests on; without a chain, what the known blocks rest on."""
    if found is not None:
        kinds = {Basis(int(blocks.basis[at])) for at in found.chain}
    else:
        seen = blocks.basis[blocks.exists & matters]
        kinds = {Basis(int(kind)) for kind in np.unique(seen)} - {Basis.UNKNOWN}
    if not kinds:
        return "none"
    if series.mixed or len(kinds) > 1:
        return "mixed"
    names: dict[Basis, AqiBasis] = {
        Basis.CONCENTRATION: "concentration",
        Basis.HOURLY_AQI: "hourly_aqi",
        Basis.DAILY_AQI: "daily_aqi",
        Basis.LOWER_BOUND: "lower_bound",
    }
    return names[kinds.pop()]


def _view(blocks: Blocks, at: int, standards: Standards) -> BlockView:
    standard = standards.at(blocks.start(at).astimezone(SHANGHAI).date())
    index = {name: int(blocks.index[name][at]) for name in POLLUTANTS if blocks.index[name][at] >= 0}
    aqi = int(blocks.aqi[at])
    means = {}
    for name in POLLUTANTS:
        if blocks.mean[name][at] >= 0:
            item = standard.items[standard.daily["o3_8h" if name == "o3" else name]]
            means[name] = int(blocks.mean[name][at]) / last_place(item)
    return BlockView(
        start=blocks.start(at),
        end=blocks.end(at),
        aqi=None if aqi < 0 else aqi,
        graded_aqi=None if blocks.graded[at] < 0 else int(blocks.graded[at]),
        index=index,
        primary=tuple(name for name, value in index.items() if value == aqi > standard.primary_over),
        valid_hours=int(blocks.valid[at]),
        basis=Basis(int(blocks.basis[at])).name.lower(),
        means=means,
        standard=standard.number,
    )


def _causes(blocks: Blocks, criteria: Criteria, matters: Mask) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Causes left out of the grading, and the advice that goes with them (健康提示 and the like)."""
    excluded: list[str] = []
    advice: list[str] = []
    shown = matters & blocks.exists
    ozone = blocks.index["o3"]
    if (shown & (ozone > criteria.health_prompt_over) & (ozone >= blocks.aqi)).any():
        advice += ["ozone_health_prompt", "voc_nox_supervision"]
        if "ozone" in criteria.excluded_causes:
            excluded.append("ozone")
    hours = np.zeros(len(blocks.causes), dtype=bool)
    for at in np.flatnonzero(shown):
        hours[at : at + BLOCK_HOURS] = True
    for code in np.unique(blocks.causes[hours]).tolist():
        if code == 0:
            continue
        cause = CAUSES[code - 1]
        if cause in criteria.excluded_causes:
            excluded.append(cause)
            advice.append(f"{cause}_health_prompt")
        else:
            advice.append(f"{cause}_review")
    return tuple(excluded), tuple(advice)


def _trace(blocks: Blocks, criteria: Criteria, found: Found | None, matters: Mask, notes: Notes) -> Trace:
    level = found.level if found else Level.NONE
    gap = nearest(shortfalls(blocks, criteria, level, matters))
    near = near_of(gap)
    fall = margin(blocks, criteria, level, matters) if found else None
    values = [int(blocks.measured(found.condition.line)[at]) for at in found.chain] if found else []
    why_zh, why_en = why(found, criteria, values)
    basis_zh, basis_en = basis(found, criteria, values)
    not_zh, not_en = why_not_next(gap, criteria)
    change_zh, change_en = what_changes(found, fall, near)
    return Trace(
        title=criteria.title,
        number=criteria.number,
        document=criteria.document(level),
        references=dict(criteria.references),
        next=near,
        margin=fall,
        why_zh=why_zh,
        why_en=why_en,
        basis_zh=basis_zh,
        basis_en=basis_en,
        not_next_zh=not_zh,
        not_next_en=not_en,
        change_zh=change_zh,
        change_en=change_en,
        notes_zh=tuple(zh for zh, _ in notes),
        notes_en=tuple(en for _, en in notes),
    )
