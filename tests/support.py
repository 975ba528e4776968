"""What tests share: the API as one party uses it, and small pieces of input."""

from __future__ import annotations

import copy
import functools
import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
from fastapi import FastAPI
from starlette.datastructures import State

from emission_lists.generator import generate_list
from service.accounts.flows import create_account
from service.accounts.roles import Role, Scope
from service.app import create_app
from service.feeds.flows import register
from service.kit.clock import SHANGHAI
from service.kit.jobs import Worker
from service.kit.runtime import Runtime
from service.kit.signatures import headers, new_secret
from service.lists.flows import activate, store_draft
from service.lists.workbooks import guide_of, profile

PASSWORD = "correct horse battery"
NOW = datetime(2016, 12, 15, 17, 0, tzinfo=SHANGHAI)


@functools.cache
def _routes_made() -> FastAPI:
    return create_app(cast(Runtime, None), background=False)


def app_over(runtime: Runtime) -> FastAPI:
    """The application over a runtime; its routes, slow to make, are those of every other one in this process."""
    made = copy.copy(_routes_made())
    made.state = State({"runtime": runtime})
    return made


class Client:
    """The API as one party uses it: signed in as somebody, or as a feed."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app_over(runtime), raise_app_exceptions=False),
            base_url="http://127.0.0.1:8000",
        )
        self.secrets: dict[str, str] = {}
        self._ids = itertools.count(1)

    async def account(
        self, role: Role, adcode: str = "110000", uscc: str | None = None, login: str | None = None
    ) -> dict[str, str]:
        """Open an account, sign in, and return the headers of its calls."""
        login = login or f"{role.value}-{adcode}-{next(self._ids)}"
        async with self.runtime.unit() as uow:
            await create_account(
                uow, login=login, password=PASSWORD, display=login, role=role, adcode=adcode, uscc=uscc
            )
            await uow.commit()
        answer = await self.http.post("/api/v1/sessions", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return {"authorization": f"Bearer {answer.json()['token']}"}

    async def feed(self, name: str = "feed", adcode: str = "100000") -> str:
        """Register a feed; returns its secret."""
        self.secrets[name] = new_secret()
        async with self.runtime.unit() as uow:
            await register(uow, name, "Test feed", adcode, [self.secrets[name]])
            await uow.commit()
        return self.secrets[name]

    async def deliver(
        self, body: Any, *, kind: str = "forecasts", feed: str = "feed", message_id: str | None = None
    ) -> httpx.Response:
        """Post a signed message (values or raw bytes)."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = headers([self.secrets[feed]], message_id or f"msg_{next(self._ids)}", datetime.now(tz=UTC), content)
        return await self.http.post(f"/api/v1/feeds/{feed}/{kind}", content=content, headers=signed)

    async def work(self) -> None:
        """Let a worker do everything that is queued."""
        await Worker(self.runtime).run_queued()


def hours(start: datetime, values: list[float]) -> list[dict[str, Any]]:
    """Hourly PM2.5 points whose first hour starts at `start`."""
    return [
        {"time": (start + timedelta(hours=number + 1)).isoformat(), "pm25": value}
        for number, value in enumerate(values)
    ]


def forecast(values: list[float], *, issued: datetime = NOW, adcode: str = "110000") -> dict[str, Any]:
    """A forecast message of hourly PM2.5 from the hour of its issue on."""
    start = issued.replace(minute=0, second=0)
    return {
        "type": "forecast.issued",
        "timestamp": issued.isoformat(),
        "data": {"adcode": adcode, "issued_at": issued.isoformat(), "points": hours(start, values)},
    }


HEAVY = [60.0] * 31 + [180.0] * 72 + [40.0] * 60
"""Clean until the second midnight, three heavy natural days (PM2.5 180 → AQI 230), then clean."""


async def listed(runtime: Runtime, enterprises: int = 12) -> str:
    """Give Beijing an active generated list and return the code of its first enterprise."""
    draft = generate_list("110000", seed=7, enterprises=enterprises, guide=guide_of("G2020"), profile=profile())
    async with runtime.unit() as uow:
        version = await store_draft(uow, draft, guide="G2020", created_by=None, generated=True)
        await activate(uow, Scope("110000"), version, None)
        await uow.commit()
    return draft.rows[0].enterprise.uscc


async def approve_open(client: Client, commander: dict[str, str]) -> dict[str, Any]:
    """Approve the only open proposal."""
    open_ones = (await client.http.get("/api/v1/proposals?state=open", headers=commander)).json()["items"]
    assert len(open_ones) == 1, open_ones
    answer = await client.http.post(
        f"/api/v1/proposals/{open_ones[0]['id']}/decision",
        headers=commander,
        json={"approve": True, "content_hash": open_ones[0]["content_hash"], "reason": "同意"},
    )
    assert answer.status_code == 200, answer.text
    return {**open_ones[0], **answer.json()}
