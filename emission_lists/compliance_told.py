"""What one line was told to do while several asked it at once (市、县响应与错峰生产), as evidence judges it. Pure.

The same combination as `requirements_timeline`: the strictest counts, what cannot be compared counts side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from emission_lists.compliance import Found, LineCase
from emission_lists.compliance_process import PassageKey, besides, told_of
from emission_lists.lists import Enterprise
from emission_lists.measures import Action, Measure
from emission_lists.overlap import Demand, Kept, Source, combine
from emission_lists.requirements_timeline import due_of
from emission_lists.schedule import Stage


class Asked(NamedTuple):
    """What one source asks over one stage. `response`: its number, None for a seasonal plan; `held`: a guarantee relieves it."""

    source: Source
    response: int | None
    stage: Stage
    held: bool = False


class Told(NamedTuple):
    """A stage as it counts. `response`: whose breach it would be; `beside`: another stage stands first at the same time."""

    stage: Stage
    response: int | None
    held: bool
    beside: bool


def told(asked: Sequence[Asked], leading: Sequence[tuple[datetime, int | None]]) -> list[Told]:
    """What counts for one line, in order. `leading`: from when on which response a breach of a seasonal plan counts under."""
    if len({one.source for one in asked}) == 1 and asked[0].response is not None:
        return [Told(one.stage, one.response, one.held, beside=False) for one in asked]
    made: list[Told] = []
    for starts, until in pairwise([*_cuts(asked, leading), None]):
        assert starts is not None  # only the last one is open
        standing = [one for one in asked if _stands(one.stage, starts)]
        if not standing:
            continue
        kept = combine([Demand(one.source, one.stage.measure, due_of(one.stage)) for one in standing], starts).kept
        for place, one in enumerate(kept):
            _extend(made, _told(one, standing, starts, until, leading, beside=place > 0))
    return made


def _cuts(asked: Sequence[Asked], leading: Sequence[tuple[datetime, int | None]]) -> list[datetime]:
    stages = [one.stage for one in asked]
    edges = {edge for stage in stages for edge in (stage.starts, stage.until, due_of(stage)) if edge is not None}
    return sorted(edges | {turn for turn, _ in leading if min(edges) < turn})


def _stands(stage: Stage, at: datetime) -> bool:
    return stage.starts <= at and (stage.until is None or at < stage.until)


def _told(
    kept: Kept,
    standing: Iterable[Asked],
    starts: datetime,
    until: datetime | None,
    leading: Sequence[tuple[datetime, int | None]],
    *,
    beside: bool,
) -> Told:
    same = (
        one
        for one in standing
        if one.source in kept.sources and (one.stage.measure, due_of(one.stage)) == (kept.measure, kept.due)
    )
    own = sorted(same, key=lambda one: (one.stage.asked, one.source))
    response = next((one.response for one in own if one.response is not None), None)
    since = own[0].stage.asked
    stage = Stage(starts, until, kept.measure, since if since < starts else None)
    if response is None:
        response = next((number for turn, number in reversed(leading) if turn <= starts), None)
    return Told(stage, response, all(one.held for one in own), beside)


def _extend(made: list[Told], fresh: Told) -> None:
    """Add a stage, or lengthen the one that it goes on with."""
    for place in range(len(made) - 1, max(-1, len(made) - 8), -1):
        before = made[place]
        goes_on = Stage(before.stage.starts, fresh.stage.starts, fresh.stage.measure, before.stage.since)
        if before == fresh._replace(stage=goes_on) and before.stage.asked == fresh.stage.asked:
            made[place] = before._replace(stage=before.stage._replace(until=fresh.stage.until))
            return
    made.append(fresh)


def apart(found: Iterable[Found]) -> list[Found]:
    """Findings of one enterprise so that no hour and no vehicle stands in two of the same rule and line: the first one keeps it."""
    taken: dict[tuple[Any, str], list[Found]] = {}
    for one in sorted(found, key=lambda one: (one.starts, one.until)):
        before = taken.setdefault((one.rule, one.line_code), [])
        if "passages" in one.proof:
            named = frozenset[PassageKey]().union(*(told_of(other.proof) for other in before))
            before += besides(one, named, {other.starts for other in before})
        elif not any(other.starts < one.until and one.starts < other.until for other in before):
            before.append(one)
        elif one.proof.get("items"):
            before += _rest(one, before)
    return sorted((one for several in taken.values() for one in several), key=lambda one: (one.starts, one.rule.value))


def _rest(found: Found, before: Sequence[Found]) -> list[Found]:
    """The runs of a finding's hours that no other one holds."""
    runs: list[list[dict[str, Any]]] = []
    for item in found.proof["items"]:
        starts, until = datetime.fromisoformat(item["from"]), datetime.fromisoformat(item["until"])
        if any(other.starts < until and starts < other.until for other in before):
            continue
        if runs and runs[-1][-1]["until"] == item["from"]:
            runs[-1].append(item)
        else:
            runs.append([item])
    return [
        replace(
            found,
            starts=datetime.fromisoformat(run[0]["from"]),
            until=datetime.fromisoformat(run[-1]["until"]),
            proof=found.proof | {"items": run},
        )
        for run in runs
    ]


def whole_plant(
    owner: Enterprise, held: Iterable[tuple[datetime, datetime | None, Measure]], lines: Iterable[LineCase]
) -> LineCase:
    """The plant as one line (line code empty) under the approved load of its guarantee (保障类批准负荷), with all its meters."""
    known = list(lines)
    return LineCase(
        "",
        owner.name,
        tuple(Stage(starts, until, measure) for starts, until, measure in held),
        production=tuple(meter for line in known for meter in line.production),
        loads=tuple(meter for line in known for meter in line.loads),
    )


def approved(owner: Enterprise) -> Measure | None:
    """The approved load of a guarantee enterprise as a measure; None where none is stated."""
    return None if owner.guarantee_cap is None else Measure(Action.LIMIT, load_cap=owner.guarantee_cap)
