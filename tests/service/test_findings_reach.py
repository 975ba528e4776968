"""New evidence is judged for the days it touches; when anything else has changed, everything is judged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from service.findings import judging
from service.findings.cases import Basis, Cases, Window
from service.findings.cases import read as really_read
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork
from tests.service.evidence_support import (
    ADCODE,
    OTHER,
    START,
    USCC,
    evidence_feed,
    evidence_list,
    normal_days,
    power,
    respond,
    send,
)
from tests.support import Client

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def running(
    client: Client, runtime: Runtime, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> tuple[Client, list[Mapping[str, Window]]]:
    """The fifth day of a response; a line ran in the first hours of its second day. What is read from now on is noted."""
    await evidence_list(runtime)
    await respond(runtime)
    await evidence_feed(client)
    await normal_days(client)
    clock.advance_to(START + 4 * DAY + 12 * HOUR)
    await send(client, power([100.0, 100.0, 1.0], first=START + DAY))
    await client.work()
    noted: list[Mapping[str, Window]] = []

    async def read(uow: UnitOfWork, basis: Basis, windows: Mapping[str, Window]) -> Cases:
        noted.append(windows)
        return await really_read(uow, basis, windows)

    monkeypatch.setattr(judging, "read", read)
    return client, noted


async def findings(client: Client) -> list[tuple[Any, ...]]:
    async with client.runtime.unit() as uow:
        rows = await uow.fetch(
            "SELECT uscc, starts_at, until_at, state, content_hash, proof FROM finding WHERE state <> 'withdrawn' ORDER BY 1, 2"
        )
    return [
        (row["uscc"], (row["starts_at"] - START) / HOUR, (row["until_at"] - START) / HOUR, row["content_hash"], row["proof"])
        for row in rows
    ]


async def whole_changes(client: Client) -> int:
    """How many findings change when everything is judged anew."""
    async with client.runtime.unit() as uow:
        await uow.execute("DELETE FROM finding_basis")
        changed = await judging.judge_touched(uow, ADCODE, [USCC, OTHER], START, START + 5 * DAY)
        await uow.commit()
    return changed


Running = tuple[Client, list[Mapping[str, Window]]]


async def test_only_the_day_is_read(running: Running) -> None:
    client, noted = running
    await send(client, power([100.0], first=START + 3 * DAY + 5 * HOUR))
    await client.work()
    assert noted == [{USCC: (START + 3 * DAY, START + 4 * DAY)}]
    assert [one[:3] for one in await findings(client)] == [(USCC, 24, 26), (USCC, 77, 78)]
    assert await whole_changes(client) == 0


async def test_a_finding_that_adjoins_is_read_with_it_and_grows(running: Running) -> None:
    client, noted = running
    await send(client, power([100.0], first=START + 23 * HOUR))
    await client.work()
    assert noted == [{USCC: (START, START + 2 * DAY)}]
    assert [one[:3] for one in await findings(client)] == [(USCC, 23, 26)]
    assert await whole_changes(client) == 0


async def test_a_correction_takes_back_what_it_shows_no_more(running: Running) -> None:
    client, _ = running
    await send(client, power([100.0], first=START + 3 * DAY))
    await client.work()
    await send(client, power([1.0, 1.0], first=START + DAY))
    await client.work()
    assert [one[:3] for one in await findings(client)] == [(USCC, 72, 73)]
    assert await whole_changes(client) == 0


async def test_who_was_never_judged_is_judged_whole(running: Running) -> None:
    client, noted = running
    await send(client, power([100.0], first=START + 3 * DAY, uscc=OTHER))
    await client.work()
    assert noted == [{}]
    await send(client, power([100.0], first=START + 3 * DAY + HOUR, uscc=OTHER))
    await client.work()
    assert noted[1:] == [{OTHER: (START + 3 * DAY, START + 4 * DAY)}]


async def test_another_baseline_judges_everything(running: Running) -> None:
    client, noted = running
    await send(client, power([10.0] * 24 * 8, first=START - 8 * DAY))
    await client.work()
    assert noted == [{}]
    (one,) = await findings(client)
    assert one[4]["threshold"]["normal"] == 10.0 if isinstance(one[4], dict) else json.loads(one[4])["threshold"]["normal"] == 10.0
    assert await whole_changes(client) == 0


async def test_the_end_of_the_response_reaches_every_proof(running: Running) -> None:
    client, noted = running
    async with client.runtime.unit() as uow:
        await uow.execute("UPDATE response SET ends_at = $1", START + 4 * DAY)
        await uow.tell("response", ADCODE)
        await uow.commit()
    client.runtime.live.changed("response", ADCODE)
    await send(client, power([1.0], first=START + 3 * DAY))
    await client.work()
    assert noted == [{}]
    proofs = [one[4] if isinstance(one[4], dict) else json.loads(one[4]) for one in await findings(client)]
    assert [proof["required"]["until"] for proof in proofs] == [(START + 4 * DAY).isoformat()]


async def test_evidence_of_before_that_changes_nothing_reads_no_hour(running: Running) -> None:
    client, noted = running
    await send(client, power([100.0], first=START - 30 * HOUR))
    await client.work()
    assert noted == [{USCC: (START - 2 * DAY, START - DAY)}]
    assert [one[:3] for one in await findings(client)] == [(USCC, 24, 26)]
    assert await whole_changes(client) == 0
