"""The paths of air and law, each beside its limit."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from alerts.assessment import assess
from alerts.bulk import levels, numpy_limit
from alerts.points import Point
from alerts.rules import criteria_of
from alerts.series import Series
from service.bench.load import Call, Result, compared, per_second, timed
from service.bench.stage import Stage
from service.kit.canonical import canonical
from service.kit.signatures import headers
from service.law.loader import load_law
from service.ledger.flows import seal, verify

DIVISIONS, HOURS = 2900, 240
AT_ONCE = 16
WEBHOOKS = 400


def assess_bulk(rounds: int) -> Result:
    """Levels of 2,900 divisions × 240 h from arrays, against the bare rolling mean and compare over the same arrays.

    Every rule set is measured for itself; the highest ratio is the one that is reported.
    """
    arrays = _air()
    law = load_law()
    standard = law.standard_at(datetime(2025, 1, 1, tzinfo=UTC).date())
    found: dict[str, Measured] = {}
    for rules_id, rules in law.rules.items():
        ours = partial(levels, *arrays, criteria=criteria_of(rules), standard=standard)
        pairs = [(timed(ours, 1)[0], timed(lambda: numpy_limit(*arrays), 1)[0]) for _ in range(rounds)]
        mine, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
        found[rules_id] = Measured(mine, theirs, statistics.median(one / other for one, other in pairs))
    worst = max(found.values(), key=lambda one: one.ratio)
    note = ", ".join(f"{rules_id} {one.ratio:.2f}" for rules_id, one in found.items())
    return Result("assess_bulk", worst.ours, worst.limit, worst.ratio, "<= 3", "s", note)


class Measured(NamedTuple):
    """Medians of one comparison, seconds."""

    ours: float
    limit: float
    ratio: float


def assess_one(rounds: int) -> Result:
    """One division with ten days of hours and its full trace, by the slowest rule set, against 5 ms."""
    law = load_law()
    start = datetime(2025, 1, 1, tzinfo=UTC)
    fine, coarse, *_ = (array[0] for array in _air())
    points = [
        Point(time=start + timedelta(hours=at + 1), pm25=float(fine[at] + 60), pm10=float(coarse[at]), o3=60, no2=45)
        for at in range(HOURS)
    ]
    series = Series.from_points("110000", points)
    took: dict[str, float] = {}
    for rules_id, rules in law.rules.items():
        once = partial(assess, series, as_of=start, criteria=criteria_of(rules), standards=law.standards)
        took[rules_id] = statistics.median(timed(once, rounds * 10))
    slowest = max(took, key=lambda rules_id: took[rules_id])
    return Result("assess_one", took[slowest], 0.005, took[slowest] / 0.005, "<= 1", "s", slowest)


def _air() -> list[Any]:
    """Smooth invented air in which about one division in eight has a heavy episode."""
    random_numbers = np.random.default_rng(20161216)
    base = random_numbers.gamma(3.0, 15.0, (DIVISIONS, 1))
    wave = 1 + 0.6 * np.sin(np.linspace(0, 6 * np.pi, HOURS) + random_numbers.uniform(0, 6, (DIVISIONS, 1)))
    pm25 = np.round(base * wave + random_numbers.normal(0, 5, (DIVISIONS, HOURS)).clip(-10, 10) + 12, 0).clip(0)
    episode = random_numbers.uniform(0, 1, DIVISIONS) < 0.12
    pm25[episode, 60:150] += 150
    return [pm25, np.round(pm25 * 1.4), pm25 * 0 + 20, pm25 * 0 + 45, np.round(pm25 / 80, 1)]


async def webhook(stage: Stage, rounds: int) -> Result:
    """A signed webhook with a forecast of 72 points, committed before the answer, against the same INSERTs alone."""
    numbers = iter(range(10**9))

    def calls(path: str) -> list[Call]:
        made = []
        for _ in range(WEBHOOKS):
            number = next(numbers)
            body = _forecast(number)
            signed = headers([stage.secret], f"bench-{number}", datetime.now(tz=UTC), body)
            made.append(Call("POST", stage.address + path, {**signed, "content-type": "application/json"}, body))
        return made

    found = await compared(
        lambda _: per_second(calls("/api/v1/feeds/bench/forecasts"), AT_ONCE, 202),
        lambda _: per_second(calls("/limit/forecast"), AT_ONCE, 202),
        rounds,
    )
    return Result("webhook", *found.medians, ">= 0.5", "requests/s", "", found.spread)


def _forecast(number: int) -> bytes:
    issued = datetime.now(tz=UTC).replace(minute=0, second=0, microsecond=0)
    points = [
        {"time": (issued + timedelta(hours=hour + 1)).isoformat(), "pm25": 40 + (number + hour) % 50, "pm10": 80.0}
        for hour in range(72)
    ]
    issue = (datetime.now(tz=UTC) - timedelta(microseconds=number)).isoformat()
    data = {"adcode": "110000", "issued_at": issue, "points": points}
    return json.dumps({"type": "forecast.issued", "timestamp": issued.isoformat(), "data": data}).encode()


async def ledger_verify(stage: Stage, rounds: int) -> Result:
    """Rows per second of a verification of the whole chain, against the bar of design section 12."""
    async with stage.runtime.unit() as uow:
        await uow.execute(
            "WITH entry AS (INSERT INTO ledger_entry (at, kind, adcode, content) SELECT $1, 'bench', '110000', $2 || n || '}'"
            " FROM generate_series(1, 200000) n RETURNING id) INSERT INTO ledger_pending SELECT id FROM entry",
            uow.now,
            canonical({"adcode": "110000", "at": uow.now, "kind": "bench", "note": "x" * 200})[:-1] + ',"z":',
        )
        await uow.commit()
    while await seal(stage.runtime):
        pass
    connection = await stage.runtime.database.connect()
    rates, checked = [], 0
    for _ in range(rounds):
        started = time.perf_counter()
        verdict = await verify(connection)
        checked = verdict.entries
        rates.append(verdict.entries / (time.perf_counter() - started))
        assert verdict.whole, verdict.problem
    await connection.close()
    mine = statistics.median(rates)
    return Result("ledger_verify", mine, 100_000, mine / 100_000, ">= 1", "rows/s", f"{checked} rows")


ALONE: dict[str, Callable[[int], Result]] = {"assess_bulk": assess_bulk, "assess_one": assess_one}
STAGED: dict[str, Any] = {"webhook": webhook, "ledger_verify": ledger_verify}
