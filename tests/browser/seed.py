"""A database as a command centre would have it at 18:30 on 2016-12-15: forecasts, proposals, one decision, a prompt, a list."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

from emission_lists.generator import generate_list
from service.accounts.flows import create_account
from service.accounts.roles import Principal, Role, Scope
from service.demo.episodes import load_episode
from service.demo.messages import FeedMessage, messages
from service.feeds.flows import register
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.jobs import Worker
from service.kit.runtime import Runtime
from service.kit.signatures import headers, new_secret
from service.ledger.flows import seal
from service.lists.flows import activate, store_draft
from service.lists.workbooks import guide_of, profile
from service.prompts.flows import issue
from service.proposals.flows import decide
from tests.support import app_over

PASSWORD = "twelve quiet geese"
PRESENT = datetime(2016, 12, 15, 18, 30, tzinfo=SHANGHAI)
FIRST = datetime(2016, 12, 15, 17, tzinfo=SHANGHAI)
FEEDS = ("demo-observations", "demo-perfect")
ENTERPRISES = 300
BEIJING, SHIJIAZHUANG, NATION = "110000", "130100", "100000"


@dataclass(frozen=True)
class Seeded:
    """What the tests need to know of the database."""

    uscc: str
    other_uscc: str
    decided: int
    open: int


def accounts(uscc: str) -> list[tuple[str, Role, str, str | None]]:
    """Login, role, scope and credit code of everybody."""
    return [
        ("demo-commander", Role.COMMANDER, BEIJING, None),
        ("demo-duty", Role.DUTY_OFFICER, BEIJING, None),
        ("demo-office", Role.OFFICE_DIRECTOR, BEIJING, None),
        ("demo-deputy", Role.DEPUTY_COMMANDER, BEIJING, None),
        ("demo-nation", Role.COMMANDER, NATION, None),
        ("demo-coordinator", Role.COORDINATOR, NATION, None),
        ("demo-auditor", Role.AUDITOR, NATION, None),
        ("demo-admin", Role.ADMINISTRATOR, BEIJING, None),
        ("demo-security", Role.SECURITY_ADMINISTRATOR, BEIJING, None),
        ("demo-shandong", Role.COMMANDER, "370000", None),
        ("demo-plant", Role.ENTERPRISE, BEIJING, uscc),
    ]


async def seed(runtime: Runtime) -> Seeded:
    """Fill a migrated, empty database."""
    clock = ManualClock(FIRST)
    runtime.set_clock(clock)
    secret = new_secret()
    usccs = await _list(runtime)
    people = await _people(runtime, usccs[0], secret)
    episode = load_episode("2016-12")
    await _post(runtime, clock, secret, messages(episode, end=PRESENT - timedelta(minutes=10)))
    await Worker(runtime).run_queued()
    clock.current = max(clock.current, PRESENT - timedelta(minutes=8))
    await _prompt(runtime, people["demo-coordinator"])
    await Worker(runtime).run_queued()
    clock.current = PRESENT - timedelta(minutes=5)
    decided = await _approve(runtime, people["demo-nation"], SHIJIAZHUANG)
    await Worker(runtime).run_queued()
    await seal(runtime)
    async with runtime.unit() as uow:
        waiting = await uow.fetchval("SELECT id FROM proposal WHERE adcode = $1 AND state = 'open'", BEIJING)
    return Seeded(usccs[0], usccs[1], decided, waiting)


async def _list(runtime: Runtime) -> list[str]:
    """A generated list in force; returns credit codes, first one whose lines must stop or limit."""
    draft = generate_list(BEIJING, seed=1, enterprises=ENTERPRISES, guide=guide_of("G2020"), profile=profile())
    async with runtime.unit() as uow:
        version = await store_draft(uow, draft, guide="G2020", created_by=None, generated=True)
        await activate(uow, Scope(BEIJING), version, None)
        await uow.commit()
    groups = draft.by_enterprise()
    forced = [
        uscc
        for uscc, rows in groups.items()
        if len(rows) >= 3 and any(row.line.measures.red.forced for row in rows) and len(rows) < 6
    ]
    return [forced[0], next(uscc for uscc in groups if uscc != forced[0])]


async def _people(runtime: Runtime, uscc: str, secret: str) -> dict[str, Principal]:
    people = {}
    async with runtime.unit() as uow:
        for feed in FEEDS:
            await register(uow, feed, "demo feed", NATION, [secret])
        for login, role, adcode, own in accounts(uscc):
            number = await create_account(
                uow, login=login, password=PASSWORD, display=login, role=role, adcode=adcode, uscc=own
            )
            people[login] = Principal(number, login, login, role, Scope(adcode), own)
        await uow.commit()
    return people


async def _post(runtime: Runtime, clock: ManualClock, secret: str, sent: Iterable[FeedMessage]) -> None:
    """Deliver the messages as a feed does, each at its own time."""
    transport = httpx.ASGITransport(app=app_over(runtime))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for number, message in enumerate(sent):
            clock.current = max(clock.current, message.at)
            kind = "forecasts" if "forecast" in message.type else "observations"
            body = json.dumps(message.body).encode()
            signed = headers([secret], f"seed-{number}", datetime.now(tz=UTC), body)
            answer = await client.post(f"/api/v1/feeds/{message.feed}/{kind}", content=body, headers=signed)
            assert answer.status_code == 202, answer.text


async def _prompt(runtime: Runtime, coordinator: Principal) -> None:
    prompt = load_episode("2016-12").prompts[0]
    async with runtime.unit() as uow:
        await issue(uow, coordinator, prompt, document=prompt.document or "区域预警提示", basis="会商")
        await uow.commit()


async def _approve(runtime: Runtime, commander: Principal, adcode: str) -> int:
    async with runtime.unit() as uow:
        row = await uow.fetchrow("SELECT id, content_hash FROM proposal WHERE adcode = $1 AND state = 'open'", adcode)
        assert row is not None
        await decide(uow, commander, row["id"], approve=True, content_hash=row["content_hash"], reason="同意")
        await uow.commit()
    return int(row["id"])
