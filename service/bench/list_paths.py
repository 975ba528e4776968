"""The paths of emission lists at real size, each beside its limit."""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import time
from collections.abc import Sequence
from typing import Any

import aiohttp

from service.bench.big_lists import BigList, tiny_list
from service.bench.load import Call, Result, compared, per_second
from service.bench.scenery import proposed
from service.bench.stage import Stage
from service.lists.summary import recomputed, sums_of

AT_ONCE, READS, WARM = 16, 4000, 200
READERS, MORE_DECISIONS = 4, 4
SUMMARY_LIMIT, DECISION_LIMIT = 1.0, 100.0
AGAIN_SQL = (
    "UPDATE list_version SET state = 'draft', frozen_at = NULL, activated_at = NULL, ended_at = NULL WHERE id = $1"
)


async def requirement_warm(stage: Stage, rounds: int) -> Result:
    """The requirement of enterprises under red that were asked for before, against as many constant bytes."""
    codes = [code for code, _ in stage.listed[:WARM]]
    length = await _median_length(stage, codes)
    ours = [_ask(stage, code) for code in codes] * max(1, min(READS, 4 * len(stage.listed)) // len(codes))
    limit = [Call("GET", f"{stage.address}/limit/constant?{length}", {}) for _ in ours]
    found = await compared(lambda _: per_second(ours, AT_ONCE), lambda _: per_second(limit, AT_ONCE), rounds)
    note = f"{_size(stage)}, under red; answers of {length} bytes"
    return Result("requirement_warm", *found.medians, ">= 0.5", "requests/s", note, found.spread)


async def _median_length(stage: Stage, codes: Sequence[str]) -> int:
    """Bytes of the middle answer. Each must name lines: an answer without a response in force measures nothing."""
    lengths = []
    async with aiohttp.ClientSession() as session:
        for code in codes:
            async with session.get(_ask(stage, code).url, headers=stage.signed_in) as answer:
                body = await answer.read()
            assert json.loads(body)["lines"], body
            lengths.append(len(body))
    return int(statistics.median(lengths))


async def requirement_cold(stage: Stage, rounds: int) -> Result:
    """The requirement of enterprises under red asked for the first time, against one row selected by key.

    Nobody is asked for twice, neither by both: what the one has read would be warm for the other.
    """
    shuffled = stage.listed[WARM:]
    random.Random(7).shuffle(shuffled)
    size = min(1500, len(shuffled) // (2 * (rounds + 1)))
    parts = iter([shuffled[start * size : (start + 1) * size] for start in range(2 * (rounds + 1))])

    def selected(one: tuple[str, int]) -> Call:
        return Call("GET", f"{stage.address}/limit/select/{one[0]}/{one[1]}", {})

    found = await compared(
        lambda _: per_second([_ask(stage, code) for code, _ in next(parts)], AT_ONCE),
        lambda _: per_second([selected(one) for one in next(parts)], AT_ONCE),
        rounds,
    )
    note = f"{_size(stage)}, under red; {size} in each round"
    return Result("requirement_cold", *found.medians, ">= 0.5", "requests/s", note, found.spread)


def _size(stage: Stage) -> str:
    return f"{sum(len(city.codes) for city in stage.cities)} enterprises in {len(stage.cities)} cities"


def _ask(stage: Stage, code: str) -> Call:
    return Call("GET", f"{stage.address}/api/v1/enterprises/{code}/requirements", stage.signed_in)


async def decision_to_answers(stage: Stage, rounds: int) -> Result:
    """From sending the decision until sampled enterprises of the division all get the new answer, in milliseconds."""
    found, decided = [], []
    for number in range(rounds + MORE_DECISIONS + 1):  # the first one warms up
        level = "red" if number % 2 == 0 else "orange"
        proposal = await proposed(stage.runtime, stage.division.adcode, level)
        sample = random.Random(number).sample(stage.division.codes, min(20, len(stage.division.codes)))
        started = time.perf_counter()
        status, _ = await asyncio.to_thread(
            stage.post,
            f"/api/v1/proposals/{proposal['id']}/decision",
            {"approve": True, "content_hash": proposal["content_hash"], "reason": "bench"},
            stage.signed_in,
        )
        assert status == 200
        answered = time.perf_counter()
        await _until_all(stage, sample, level)
        if number:
            found.append((time.perf_counter() - started) * 1000)
            decided.append((answered - started) * 1000)
    mine = statistics.median(found)
    note = (
        f"{len(stage.division.codes)} enterprises in one division, {len(sample)} asked; worst {max(found):.1f} ms;"
        f" the decision itself {statistics.median(decided):.1f} ms"
    )
    return Result("decision_to_answers", mine, DECISION_LIMIT, mine / DECISION_LIMIT, "<= 1", "ms", note, _apart(found))


def _apart(values: Sequence[float]) -> str:
    return f"{min(values):.3g}-{max(values):.3g} in {len(values)}"


async def _until_all(stage: Stage, sample: list[str], level: str) -> None:
    """Until every one of the sample has the new answer; they ask at the same time, as enterprises do."""
    deadline = time.perf_counter() + 30

    async def until_new(session: aiohttp.ClientSession, code: str) -> None:
        while True:
            async with session.get(_ask(stage, code).url, headers=stage.signed_in) as answer:
                body = await answer.json()
            if body["response"] and body["response"]["level"] == level:
                return
            if time.perf_counter() > deadline:
                raise RuntimeError(f"{code} still gets the old answer after 30 s")

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(until_new(session, code) for code in sample))


async def activation(stage: Stage, rounds: int) -> Result:
    """Putting the largest list in force while enterprises of other cities are answered, against a list with one enterprise.

    Both have further sheets, and a register that each is held against. The note gives the largest city as well.
    """
    tiny = await tiny_list(stage.runtime)
    largest = await _activations(stage, stage.division, tiny, rounds)
    city = await _activations(stage, stage.cities[0], tiny, rounds)
    ratios = [mine / theirs for mine, theirs in largest]
    mine, theirs = (statistics.median(values) for values in zip(*largest, strict=True))
    middle = statistics.median(value for value, _ in city)
    note = (
        f"{len(stage.division.codes)} enterprises in one list, {READERS} readers meanwhile; worst {max(a for a, _ in largest):.1f} ms;"
        f" a city of {len(stage.cities[0].codes)}: {middle:.1f} ms"
    )
    return Result("activation", mine, theirs, statistics.median(ratios), "<= 2", "ms", note, _apart(ratios))


async def _activations(stage: Stage, big: BigList, tiny: BigList, rounds: int) -> list[tuple[float, float]]:
    """Milliseconds to put the big list and a tiny one in force, in turns; readers of other cities go on all the time."""
    others = [code for code, version in stage.listed[:2000] if version != big.version][:500] or big.codes[:10]
    reading = [asyncio.create_task(_read_on(stage, others[place::READERS])) for place in range(READERS)]
    pairs = []
    try:
        for number in range(rounds + 1):  # the first one warms up
            theirs = await _activated(stage, tiny.version)
            mine = await _activated(stage, big.version)
            if number:
                pairs.append((mine, theirs))
    finally:
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
    return pairs


async def _activated(stage: Stage, version: int) -> float:
    await _draft_again(stage, version)
    started = time.perf_counter()
    status, _ = await asyncio.to_thread(stage.post, f"/api/v1/lists/{version}/activate", {}, stage.signed_in)
    assert status == 200
    return (time.perf_counter() - started) * 1000


async def _draft_again(stage: Stage, version: int) -> None:
    """Outside a bench the database itself refuses this."""
    async with stage.runtime.unit() as uow:
        await uow.execute("SET LOCAL session_replication_role = replica")
        await uow.execute(AGAIN_SQL, version)
        await uow.commit()


async def _read_on(stage: Stage, codes: Sequence[str]) -> None:
    async with aiohttp.ClientSession() as session:
        while True:
            for code in codes:
                async with session.get(_ask(stage, code).url, headers=stage.signed_in) as answer:
                    await answer.read()


async def city_summary(stage: Stage, rounds: int) -> Result:
    """The summary of the largest list over HTTP, against one second; what was kept equals what its rows add up to."""
    city = stage.cities[0]
    async with stage.runtime.unit() as uow:
        kept = await sums_of(uow, city.version)
        started = time.perf_counter()
        assert await recomputed(uow, city.version) == kept
        anew = time.perf_counter() - started
    largest = [await _summarised(stage, stage.division.version) for _ in range(rounds + 1)][1:]
    of_city = [await _summarised(stage, city.version) for _ in range(rounds + 1)][1:]
    mine = statistics.median(largest)
    note = (
        f"{len(stage.division.codes)} enterprises in one list; a city of {len(city.codes)}: {statistics.median(of_city):.4f} s,"
        f" equal to its rows added up anew in {anew:.2f} s"
    )
    return Result("city_summary", mine, SUMMARY_LIMIT, mine / SUMMARY_LIMIT, "<= 1", "s", note, _apart(largest))


async def _summarised(stage: Stage, version: int) -> float:
    started = time.perf_counter()
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{stage.address}/api/v1/lists/{version}/summary", headers=stage.signed_in) as answer,
    ):
        body = json.loads(await answer.read())
    assert body["whole"]["enterprises"] > 0
    return time.perf_counter() - started


SIZED: dict[str, Any] = {
    "requirement_cold": requirement_cold,
    "requirement_warm": requirement_warm,
    "activation": activation,
    "city_summary": city_summary,
    "decision_to_answers": decision_to_answers,
}
