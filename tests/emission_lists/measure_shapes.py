"""Strategies for measures of every shape: shares, caps, coking hours, cycles, heats, stop modes, stages over time."""

from dataclasses import replace

from hypothesis import strategies as st

from emission_lists.measures import (
    LOAD_BASES,
    Action,
    Basis,
    CountUnit,
    Cycle,
    Later,
    Measure,
    NonRoadRule,
    StopMode,
    VehicleRule,
)
from tests.emission_lists.list_samples import caps, ratios, texts, verifications, windows

hours = st.integers(1, 200_000).map(lambda n: n / 100)
cycles = st.builds(Cycle, hours, hours)


@st.composite
def commons(draw: st.DrawFn) -> dict[str, object]:
    """What a list states once per line, for all levels and stages."""
    return {
        "count_unit": draw(st.none() | st.sampled_from(list(CountUnit))),
        "total_units": draw(st.integers(1, 40)),
        "basis": draw(st.none() | st.sampled_from(list(Basis))),
        "verification": draw(verifications),
        "verification_point": draw(st.none() | texts),
    }


@st.composite
def single(draw: st.DrawFn, common: dict[str, object], *, unknown: bool = True) -> Measure:
    """A measure without stages, of any shape that a list may hold."""
    actions = [action for action in Action if unknown or action is not Action.UNKNOWN]
    action = draw(st.sampled_from(actions))
    note = draw(st.none() | texts)
    if action in (Action.NONE, Action.SELF_DETERMINED, Action.UNKNOWN):
        return Measure(action, note_zh=note, **common)
    extra = {
        "vehicle_rule": draw(st.none() | st.sampled_from(list(VehicleRule))),
        "non_road_ban": draw(st.none() | st.sampled_from(list(NonRoadRule))),
        "window": draw(st.none() | windows),
        "complete_within_hours": draw(st.none() | hours),
        "note_zh": note,
    }
    if action is Action.TRANSPORT:
        if extra["vehicle_rule"] is None and extra["non_road_ban"] is None:
            extra["non_road_ban"] = draw(st.sampled_from(list(NonRoadRule)))
        return Measure(action, **extra, **common)
    extra["load_cap"] = draw(st.none() | caps)
    total = common["total_units"]
    if action is Action.STOP:
        extra["stop_mode"] = draw(st.none() | st.sampled_from(list(StopMode)))
        how = draw(st.sampled_from(["ratio", "units", "keep"]))
        if how == "keep":
            return Measure(action, keep_running=draw(st.integers(1, total)), **extra, **common)
        if how == "units":
            extra["stopped_units"] = draw(st.integers(0, total))
            return Measure(action, **extra, **common)
        return Measure(action, draw(ratios), draw(st.booleans()), **extra, **common)
    extra |= {
        "coking_hours": draw(st.none() | hours),
        "cycle": draw(st.none() | cycles),
        "heats_per_day": draw(st.none() | st.integers(1, 200)),
    }
    ratio = draw(st.none() | ratios)
    stated = [ratio, extra["load_cap"], extra["coking_hours"], extra["cycle"], extra["heats_per_day"]]
    if all(part is None for part in stated) and common["basis"] not in LOAD_BASES:
        ratio = draw(ratios)
    return Measure(action, ratio, ratio is not None and draw(st.booleans()), **extra, **common)


@st.composite
def measures(draw: st.DrawFn, common: dict[str, object]) -> Measure:
    """A measure of any shape, with up to three later stages."""
    first = draw(single(common))
    if not first.executable:
        return first
    starts = draw(st.lists(hours, max_size=3, unique=True).map(sorted))
    return replace(first, later=tuple(Later(start, draw(single(common, unknown=False))) for start in starts))


any_measure = commons().flatmap(measures)
