"""A prompt to many divisions, and its board, each beside its limit."""

from __future__ import annotations

import statistics
import time
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from alerts.points import Point
from alerts.region import PromptEntry, RegionalPrompt
from service.accounts.flows import create_account
from service.accounts.roles import Principal, Role, Scope
from service.assessments.flows import assess_division
from service.bench.load import Result
from service.bench.stage import PASSWORD, Stage
from service.kit.canonical import canonical, digest
from service.kit.unit_of_work import UnitOfWork
from service.prompts.flows import issue

PLACES = 80
REGION = "jingjinji-2023"
FORECAST_SQL = """
INSERT INTO forecast (adcode, feed, issued_at, basis, points, digest, received_at) VALUES ($1, 'bench', $2, 'forecast', $3::jsonb, $4, $2)
"""
BARE = {
    "proposal": "adcode, action, from_level, to_level, reason, effective_at, planned_end, content, content_hash, assessment_id,"
    " prompt_id, proposed_by, deadline, state, created_at, closed_at, chain, step, escalations, opened_at, closed_reason",
    "ledger_entry": "at, kind, adcode, content",
    "due": "schedule, due_at, job, payload, done_at",
    "prompt_entry": "prompt_id, adcode, level, starts_at",
}
"""The rows that a prompt leaves behind, and their columns."""


async def prompt_80(stage: Stage, rounds: int) -> Result:
    """A prompt to 80 divisions with all proposals, in one transaction, committed; against the same INSERTs bare."""
    coordinator = await _set_the_scene(stage)
    pairs = []
    for number in range(rounds + 1):
        marks = await _marks(stage)
        started = time.perf_counter()
        prompt_id = await _enter(stage, coordinator, number)
        ours = time.perf_counter() - started
        theirs = await _bare(stage, prompt_id, marks)
        if number:
            pairs.append((ours, theirs))
    mine, limit = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratios = [one / other for one, other in pairs]
    note = f"limit: the same rows bare; {min(one for one, _ in pairs):.3f}-{max(one for one, _ in pairs):.3f} s"
    return Result("prompt_80", mine, limit, statistics.median(ratios), "<= 0.2 s", "s", note)


async def _set_the_scene(stage: Stage) -> Principal:
    """Forecasts and assessments of 80 divisions, and somebody to prompt them."""
    runtime = stage.runtime
    login = "bench-coordinator"
    async with runtime.unit() as uow:
        known = await uow.fetchval("SELECT id FROM account WHERE login = $1", login)
        if known is None:
            known = await create_account(
                uow, login=login, password=PASSWORD, display=login, role=Role.COORDINATOR, adcode="100000"
            )
        await uow.commit()
    principal = Principal(int(known), login, login, Role.COORDINATOR, Scope("100000"), None)
    for place, adcode in enumerate(places(stage)):
        async with runtime.unit() as uow:
            points = canonical(_air(uow.now, place))
            await uow.execute(FORECAST_SQL, adcode, uow.now - timedelta(minutes=1), points, digest([place]))
            await assess_division(uow, adcode)
            await uow.commit()
    return principal


def places(stage: Stage) -> list[str]:
    """80 prefectures that are under no response, those of the region first."""
    law = stage.runtime.law
    others = [code for code, known in law.divisions.items() if known.level == "prefecture" and known.valid_until is None]
    red = {city.adcode for city in stage.cities}
    return [code for code in dict.fromkeys([*law.regions[REGION].members, *sorted(others)]) if code not in red][:PLACES]


def _air(now: datetime, place: int) -> list[dict[str, Any]]:
    hour = now.replace(minute=0, second=0, microsecond=0)
    points = [
        Point(time=hour + timedelta(hours=number + 1), pm25=35.0 + (number + place) % 40) for number in range(168)
    ]
    return [point.model_dump(mode="json", exclude_none=True) for point in points]


async def _marks(stage: Stage) -> dict[str, int]:
    """The newest rows before a round."""
    async with stage.runtime.unit() as uow:
        row = await uow.fetchrow(
            "SELECT (SELECT coalesce(max(id), 0) FROM proposal) AS proposal,"
            " (SELECT coalesce(max(id), 0) FROM ledger_entry) AS ledger"
        )
    assert row is not None
    return dict(row)


async def _enter(stage: Stage, coordinator: Principal, number: int) -> int:
    """One prompt; the level changes from round to round, so that each replaces the proposals of the last."""
    level = ("red", "orange")[number % 2]
    async with stage.runtime.unit() as uow:
        prompt = RegionalPrompt(
            id="new",
            region=REGION,
            issued_at=uow.now,
            starts_at=uow.now + timedelta(hours=30),
            entries=tuple(PromptEntry.model_validate({"adcode": adcode, "level": level}) for adcode in places(stage)),
        )
        made = await issue(uow, coordinator, prompt, document=f"bench {number}", basis="bench")
        await uow.commit()
    waiting = [one for one in made["divisions"] if one["reason"]["code"] == "waiting"]
    assert len(waiting) == PLACES, f"{len(waiting)} of {PLACES} have a proposal"
    return int(made["id"])


async def _bare(stage: Stage, prompt_id: int, marks: dict[str, int]) -> float:
    """The rows that the prompt left behind, closed and inserted again by plain statements in one transaction."""
    async with stage.runtime.unit() as uow:
        rows = {
            "proposal": await uow.fetch(_select("proposal", "id > $1"), marks["proposal"]),
            "ledger_entry": await uow.fetch(_select("ledger_entry", "id > $1"), marks["ledger"]),
            "prompt_entry": await uow.fetch(_select("prompt_entry", "prompt_id = $1"), prompt_id),
        }
        rows["due"] = await uow.fetch(
            _select("due", "schedule LIKE '%:proposal:%' AND split_part(schedule, ':', 3)::bigint > $1"), marks["proposal"]
        )
        newest = await uow.fetchval("SELECT max(id) FROM ledger_entry")
    started = time.perf_counter()
    async with stage.runtime.unit() as uow:
        await uow.execute("UPDATE proposal SET state = 'superseded', closed_at = now() WHERE id > $1", marks["proposal"])
        copy = await uow.fetchval(
            "INSERT INTO prompt (kind, region, document, basis, issued_by, issued_at, starts_at) SELECT kind, region, document, basis,"
            " issued_by, issued_at - interval '1 day', starts_at FROM prompt WHERE id = $1 RETURNING id",
            prompt_id,
        )
        for table, found in rows.items():
            await _insert(uow, table, _shifted(table, found, copy))
        await uow.execute("INSERT INTO ledger_pending SELECT id FROM ledger_entry WHERE id > $1", newest)
        await uow.commit()
    return time.perf_counter() - started


def _select(table: str, where: str) -> str:
    return f"SELECT {BARE[table]} FROM {table} WHERE {where}"


def _shifted(table: str, found: list[Any], copy: int) -> list[tuple[Any, ...]]:
    """The same rows under keys that are free."""
    rows = [tuple(row) for row in found]
    if table == "prompt_entry":
        return [(copy, *row[1:]) for row in rows]
    return [(f"{row[0]}:bare", *row[1:]) for row in rows] if table == "due" else rows


async def _insert(uow: UnitOfWork, table: str, rows: list[tuple[Any, ...]]) -> None:
    columns = BARE[table]
    marks = ", ".join(f"${number + 1}" for number in range(columns.count(",") + 1))
    await uow.connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


async def board_page(stage: Stage, rounds: int) -> Result:
    """The board of 80 divisions as a page over loopback, one reader at a time, against 50 ms."""
    coordinator = await _set_the_scene(stage)
    prompt_id = await _enter(stage, coordinator, 0)
    headers = stage.signed_in | {"accept": "text/html"}
    took = []
    async with aiohttp.ClientSession() as session:
        for _ in range(rounds * 10 + 3):
            started = time.perf_counter()
            async with session.get(f"{stage.address}/region/{prompt_id}", headers=headers) as answer:
                content = await answer.read()
            took.append(time.perf_counter() - started)
    assert content.count(b'<th scope="row"') == PLACES
    mine = statistics.median(took[3:])
    return Result("board_page", mine, 0.05, mine / 0.05, "<= 1", "s", f"{len(content):,} bytes")


REGIONAL = {"prompt_80": prompt_80, "board_page": board_page}
