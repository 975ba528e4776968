"""A small country for the state machine: two cities, their people, a clock that moves by hand, and what must hold after each step."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import httpx

from alerts.levels import Level
from emission_lists.generator import generate_list
from service.accounts.roles import Role, Scope
from service.channels.base import Answer, Outgoing
from service.channels.registry import recording_channels
from service.kit.clock import ManualClock
from service.kit.database import Database, drop_database, with_database
from service.kit.jobs import Worker, tick
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from service.kit.unit_of_work import UnitOfWork
from service.ledger.comparing import Comparison, compare
from service.ledger.flows import seal
from service.lists.flows import activate, store_draft, withdraw
from service.lists.workbooks import guide_of, profile
from service.proposals.content import Change, content
from service.proposals.flows import list_to_pin, put_forward
from service.publication.flows import public_state
from service.warnings.repository import all_standing, standing
from tests.conftest import TEMPLATE
from tests.service.approving import TWO, put_in_force
from tests.support import NOW, Client, forecast

Value = TypeVar("Value")
CITIES = ("110000", "130100")
PEOPLE = {
    "duty": (Role.DUTY_OFFICER, "100000"),
    "director": (Role.OFFICE_DIRECTOR, "100000"),
    "second_director": (Role.OFFICE_DIRECTOR, "100000"),
    "deputy": (Role.DEPUTY_COMMANDER, "100000"),
    "commander": (Role.COMMANDER, "110000"),
    "other_commander": (Role.COMMANDER, "130100"),
    "coordinator": (Role.COORDINATOR, "100000"),
}
_numbers = itertools.count(1)


class Moody:
    """A way out that answers as it is told and keeps what came."""

    def __init__(self) -> None:
        self.status: int | None = 200
        self.heard: Counter[str] = Counter()

    async def send(self, outgoing: Outgoing) -> Answer:
        if self.status == 200:
            self.heard[outgoing.message_id] += 1
        return Answer(self.status, "" if self.status else "refused")

    async def close(self) -> None:
        """Nothing is held."""


@dataclass
class Country:
    """One database with its runtime; every method runs in an event loop of its own."""

    server: str
    folder: Path
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    channel: Moody = field(default_factory=Moody)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def do(self, work: Coroutine[Any, Any, Value]) -> Value:
        return self.loop.run_until_complete(work)

    def open(self) -> None:
        self.do(self._open())

    async def _open(self) -> None:
        name = f"lantian_machine_{os.getpid()}_{next(_numbers)}"
        connection = await asyncpg.connect(with_database(self.server, "postgres"))
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
        await connection.close()
        self.address = with_database(self.server, name)
        settings = Settings(
            data_dir=self.folder / name,
            database_url=self.address,
            base_url="http://127.0.0.1:8000",
            session_hours=10**5,
            session_idle_minutes=10**6,
            allow_private_targets=True,
        )
        from service.law.loader import load_law

        self.runtime = Runtime(settings, Database(self.address), load_law())
        self.runtime.set_clock(self.clock)
        self.runtime.channels = recording_channels()
        self.runtime.channel = self.channel
        put_in_force(self.runtime, TWO)
        self.client = Client(self.runtime)
        for who, (role, adcode) in PEOPLE.items():
            self.headers[who] = await self.client.account(role, adcode)
        await self.client.feed()
        made = await self.call("commander", "POST", "/api/v1/subscriptions", {"url": "http://127.0.0.1:9/one"})
        assert made.status_code == 201, made.text

    def close(self) -> None:
        async def end() -> None:
            await self.client.http.aclose()
            await self.runtime.close()
            await drop_database(self.address)

        self.do(end())
        self.loop.close()

    async def call(self, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
        answer = await self.client.http.request(method, path, headers=self.headers[who], json=body)
        assert answer.status_code < 500, answer.text
        return answer

    async def forecast(self, city: str, values: list[float]) -> None:
        answer = await self.client.deliver(forecast(values, issued=self.clock.now(), adcode=city))
        assert answer.status_code < 500, answer.text

    async def open_proposals(self) -> list[dict[str, Any]]:
        answer = await self.call("coordinator", "GET", "/api/v1/proposals?state=open")
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def work(self) -> None:
        """What has fallen due is queued, and all that is queued is done."""
        for _ in range(20):
            if not await tick(self.runtime) + await Worker(self.runtime).run_queued():
                break
        else:
            raise AssertionError("the queue never ran empty")
        async with self.runtime.unit() as uow:
            await _nothing_overdue(uow)

    async def new_list(self, city: str, seed: int) -> None:
        draft = generate_list(city, seed=seed, enterprises=2, guide=guide_of("G2020"), profile=profile())
        async with self.runtime.unit() as uow:
            version = await store_draft(uow, draft, guide="G2020", created_by=None, generated=True)
            await activate(uow, Scope(city), version, None)
            await uow.commit()

    async def no_list(self, city: str) -> None:
        async with self.runtime.unit() as uow:
            version = await uow.fetchval("SELECT id FROM list_version WHERE adcode = $1 AND state = 'active'", city)
            if version is not None:
                await withdraw(uow, Scope(city), version, None, "试")
                await uow.commit()

    async def level_for(self, city: str, kind: str) -> Level | None:
        """Where a step of this kind leads from what stands in a city: a first warning where nothing does; None: its end is decided."""
        async with self.runtime.unit() as uow:
            warning = await standing(uow, city)
        if warning is None:
            return Level.YELLOW
        if warning.closing_at is not None:
            return None
        change = {"raise": 1, "extend": 0, "lower": -1, "lift": -int(warning.level)}[kind]
        return Level(min(warning.level + change, Level.RED))

    async def fixed(self, city: str, level: Level, start: int, hours: int) -> None:
        """Put a change forward whose notice names an end at which it is over by itself, `start` hours from now."""
        async with self.runtime.unit() as uow:
            await uow.lock_division(city)
            warning = await standing(uow, city)
            before, begins = warning.level if warning else Level.NONE, uow.now + timedelta(hours=start)
            latest = warning.planned_end if warning and warning.planned_end else begins
            plan = uow.runtime.law.plan_for(city, uow.now)
            change = Change(
                city,
                uow.runtime.place(city),
                _action(before, level),
                before,
                level,
                "upper_order",
                effective_at=begins if start else None,
                planned_end=max(latest, begins) + timedelta(hours=hours),
                fixed_end=True,
            )
            pinned = await list_to_pin(uow, city)
            frozen = content(change, why=("试。", "Test."), rules="x", plan=plan.id, flags=(), list_version=pinned)
            await put_forward(uow, frozen, plan, assessment_id=None, prompt_id=None, proposed_by=None)
            await uow.commit()

    async def next_end(self) -> datetime | None:
        """The earliest end ahead of a warning that stands, stated or decided, or that one of them had before it was changed."""
        async with self.runtime.unit() as uow:
            found = [one.closing_at or one.planned_end for one in await all_standing(uow, Scope("100000"))]
            due = await uow.fetch("SELECT due_at FROM due WHERE job = 'lapse_warning' AND done_at IS NULL")
            found += [row["due_at"] for row in due]
            return min((end for end in found if end is not None and end > uow.now), default=None)

    async def reached(self) -> Counter[str]:
        """How often what happened in this course."""
        async with self.runtime.unit() as uow:
            rows = await uow.fetch(
                "SELECT action AS what, count(*) AS n FROM warning_step GROUP BY 1 UNION ALL"
                " SELECT state, count(*) FROM proposal GROUP BY 1 UNION ALL SELECT 'warning ' || state, count(*) FROM warning GROUP BY 1"
                " UNION ALL SELECT 'delivery ' || state, count(*) FROM delivery GROUP BY 1"
            )
        return Counter({row["what"]: row["n"] for row in rows})

    async def seal(self) -> None:
        await seal(self.runtime)

    async def compared(self) -> Comparison:
        connection = await self.runtime.database.connect()
        try:
            return await compare(connection, self.clock.now())
        finally:
            await connection.close()

    async def check(self) -> None:
        """All that must hold after each step."""
        found = await self.compared()
        assert found.whole, "\n".join((*found.faults, *map(str, found.differences), str(found.verdict.problem)))
        async with self.runtime.unit() as uow:
            await _one_level(uow, found)
            await _as_decided(uow)
            await _nothing_without_decision(uow)
            await _no_gap(uow)
            await _deliveries(uow, self.channel)
            await _public(uow)


async def _nothing_overdue(uow: UnitOfWork) -> None:
    """Once the queue has run empty everything that was due has happened: what is over by its fixed end has lapsed at that end."""
    late = await uow.fetch("SELECT schedule FROM due WHERE done_at IS NULL AND due_at <= $1", uow.now)
    assert not late, late
    over = await uow.fetch("SELECT * FROM warning WHERE closed_at IS NULL AND fixed_end AND planned_end <= $1", uow.now)
    assert not over, over
    lapsed = await uow.fetch("SELECT * FROM warning WHERE state = 'lapsed'")
    assert all(row["fixed_end"] and row["closed_at"] == row["planned_end"] <= uow.now for row in lapsed), lapsed


async def _one_level(uow: UnitOfWork, found: Comparison) -> None:
    """At most one warning and one response of a division at once, and the ledger says the same level as the tables."""
    live = await uow.fetch(
        "SELECT adcode, count(*) AS n FROM warning WHERE closed_at IS NULL OR closed_at > $1 GROUP BY adcode", uow.now
    )
    assert all(row["n"] == 1 for row in live), live
    holding = await uow.fetch(
        "SELECT r.adcode, r.level, r.step_id, s.warning_id FROM response r JOIN warning_step s ON s.id = r.step_id"
        " WHERE r.starts_at <= $1 AND (r.ends_at IS NULL OR r.ends_at > $1) ORDER BY r.adcode",
        uow.now,
    )
    assert len({row["adcode"] for row in holding}) == len(holding), holding
    assert [(one.adcode, int(one.level), one.step) for one in found.stands] == [
        (row["adcode"], row["level"], row["step_id"]) for row in holding
    ]
    running = await uow.fetch(
        "SELECT w.adcode, w.id FROM warning w WHERE (w.closed_at IS NULL OR w.closed_at > $1)"
        " AND (NOT w.fixed_end OR w.planned_end > $1) AND EXISTS (SELECT 1 FROM warning_step s"
        " WHERE s.warning_id = w.id AND s.action IN ('issue', 'raise') AND s.effective_at <= $1) ORDER BY w.adcode",
        uow.now,
    )
    assert [(row["adcode"], row["warning_id"]) for row in holding] == [(row["adcode"], row["id"]) for row in running]


async def _as_decided(uow: UnitOfWork) -> None:
    """What stands is what the last step decided; one open proposal a division; each approved change was carried out once."""
    rows = await uow.fetch(
        "SELECT DISTINCT ON (w.id) w.id, w.state, w.level, w.planned_end, w.closed_at, s.action, s.level AS decided,"
        " s.effective_at AS begins, s.planned_end AS ends FROM warning w JOIN warning_step s ON s.warning_id = w.id"
        " ORDER BY w.id, s.id DESC"
    )
    for row in rows:
        if row["action"] in ("lift", "revoke"):
            assert row["closed_at"] == row["begins"], row
        else:
            assert (row["level"], row["planned_end"]) == (row["decided"], row["ends"]), row
            assert row["closed_at"] is None or row["state"] == "lapsed", row
    opened = await uow.fetch("SELECT adcode, count(*) AS n FROM proposal WHERE state = 'open' GROUP BY adcode")
    assert all(row["n"] == 1 for row in opened), opened
    carried = await uow.fetch(
        "SELECT d.id, p.action, count(s.id) AS n FROM decision d JOIN proposal p ON p.id = d.proposal_id"
        " LEFT JOIN warning_step s ON s.decision_id = d.id WHERE d.approve GROUP BY d.id, p.action"
    )
    assert all(row["n"] == (row["action"] != "hold") for row in carried), carried


async def _nothing_without_decision(uow: UnitOfWork) -> None:
    """Every step rests on an approved decision with the signatures of the chain, by different people, none of them the proposer."""
    steps = await uow.fetch(
        "SELECT s.id, s.action, s.content = p.content AS same, d.approve, d.proposal_id, p.chain, p.proposed_by,"
        " (SELECT count(*) FROM response r WHERE r.step_id = s.id) AS responses,"
        " (SELECT count(*) FROM notice n WHERE n.step_id = s.id) AS notices,"
        " (SELECT count(*) FROM message m WHERE m.step_id = s.id) AS messages,"
        " ARRAY(SELECT g.account_id FROM signature g WHERE g.proposal_id = p.id ORDER BY g.step) AS signers"
        " FROM warning_step s JOIN decision d ON d.id = s.decision_id JOIN proposal p ON p.id = d.proposal_id"
    )
    for row in steps:
        assert row["approve"], row
        assert row["same"], row
        assert len(row["signers"]) == len(set(row["signers"])) == len(json.loads(row["chain"])), row
        assert row["proposed_by"] not in row["signers"], row
        assert (row["notices"], row["messages"]) == (1, 1), row
        assert row["responses"] == (row["action"] not in ("lift", "revoke")), row
    for table in ("response", "notice", "message", "warning_step"):
        orphans = "decision_id IS NULL" if table == "warning_step" else "step_id IS NULL"
        assert not await uow.fetchval(f"SELECT count(*) FROM {table} WHERE {orphans}"), table
    assert await uow.fetchval("SELECT count(*) FROM warning_step") == len(steps)
    bare = "SELECT count(*) FROM warning w WHERE NOT EXISTS (SELECT 1 FROM warning_step s WHERE s.warning_id = w.id)"
    assert not await uow.fetchval(bare)


async def _no_gap(uow: UnitOfWork) -> None:
    """Within a warning each response begins where the one before it ends; the last ends with the warning."""
    rows = await uow.fetch(
        "SELECT s.warning_id, r.starts_at, r.ends_at, w.closed_at, w.effective_at FROM response r JOIN warning_step s ON s.id = r.step_id"
        " JOIN warning w ON w.id = s.warning_id WHERE r.ends_at IS NULL OR r.ends_at > r.starts_at ORDER BY r.starts_at"
    )
    of: dict[int, list[Any]] = {}
    for row in rows:
        of.setdefault(row["warning_id"], []).append(row)
    for responses in of.values():
        for before, after in pairwise(responses):
            assert before["ends_at"] == after["starts_at"], responses
        closed = responses[-1]["closed_at"]
        assert closed is None or responses[-1]["ends_at"] == closed, responses


async def _deliveries(uow: UnitOfWork, channel: Moody) -> None:
    """One delivery for each reason and target; what was heard was asked for, and one event of a step is heard once."""
    rows = await uow.fetch("SELECT reason, channel, target, message_id, state FROM delivery")
    assert len({(row["reason"], row["channel"], row["target"]) for row in rows}) == len(rows)
    asked = {row["message_id"]: row["state"] for row in rows}
    assert len(asked) == len(rows)
    assert set(channel.heard) <= set(asked)
    assert all(count == 1 for count in channel.heard.values()), channel.heard
    assert {key for key, state in asked.items() if state == "done"} <= set(channel.heard)


async def _public(uow: UnitOfWork) -> None:
    """The public is shown steps that somebody decided, each with the level that was decided."""
    approved = {
        str(row["id"]): row["to_level"]
        for row in await uow.fetch(
            "SELECT d.id, p.to_level FROM decision d JOIN proposal p ON p.id = d.proposal_id WHERE d.approve"
        )
    }
    for place in (await public_state(uow)).places:
        for warning in place.warnings:
            for step in warning.steps:
                assert step.decision_id in approved, step
                assert step.kind.ends or int(step.level) == approved[step.decision_id], step


def _action(before: Level, to: Level) -> str:
    if before is Level.NONE:
        return "issue"
    return "extend" if to is before else "raise" if to > before else "lower"


def air(days: int, value: float, clean_hours: int) -> list[float]:
    """A forecast: clean hours, days of one concentration, then clean again."""
    return ([40.0] * clean_hours + [value] * (24 * days) + [35.0] * 200)[:200]


def ends(country: Country, hours: int | None) -> str | None:
    return None if hours is None else (country.clock.now() + timedelta(hours=hours)).isoformat()
