"""Throwing an inject into a drill (情景注入): once each, noted with its outcome, and what still holds of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from service.accounts.roles import CENTRE
from service.channels.base import RecordingChannel
from service.demo.outside import Outside
from service.drills.participants import COORDINATOR, FEED, SIMULATED
from service.drills.script import Inject
from service.kit.canonical import canonical
from service.kit.clock import SHANGHAI
from service.kit.runtime import Runtime
from service.kit.signatures import headers
from service.people.flows import notify

DOWN, UP = 503, 200
SAID = 300


@dataclass(frozen=True)
class Thrown:
    """An inject that happened at an instant of the drill's clock."""

    name: str
    inject: Inject
    at: datetime

    def holds(self, now: datetime) -> bool:
        """Whether it still lasts."""
        return self.at <= now < self.ends_at

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        return self.at + timedelta(minutes=self.inject.minutes)


async def thrown(runtime: Runtime) -> list[Thrown]:
    """Everything that was thrown so far, in order."""
    async with runtime.unit() as uow:
        rows = await uow.fetch("SELECT name, document, at FROM drill_inject ORDER BY id")
    return [
        Thrown(row["name"], Inject.model_validate(json.loads(row["document"])), row["at"].astimezone(SHANGHAI))
        for row in rows
    ]


async def throw(
    runtime: Runtime, outside: Outside, inject: Inject, *, name: str | None = None, account_id: int | None = None
) -> str:
    """Let it happen now, and note how it went. The same name again has no effect. Returns the outcome in words."""
    name = name or inject.id
    async with runtime.unit() as uow:
        if await uow.fetchval("SELECT 1 FROM drill_inject WHERE name = $1", name):
            return "done before"
    outcome = await _happen(runtime, outside, inject, name)
    async with runtime.unit() as uow:
        await uow.execute(
            "INSERT INTO drill_inject (name, kind, at, minutes, document, outcome, account_id) VALUES ($1, $2, $3, $4, $5, $6, $7)"
            " ON CONFLICT DO NOTHING",
            name,
            inject.kind,
            uow.now,
            inject.minutes,
            canonical(inject.model_dump(mode="json")),
            outcome,
            account_id,
        )
        await uow.record("drill.inject", inject.adcode, name=name, inject=inject.kind, outcome=outcome)
        await uow.tell("drill")
        await uow.commit()
    return outcome


async def _happen(runtime: Runtime, outside: Outside, inject: Inject, name: str) -> str:
    if inject.kind in {"forecast", "wrong_data"}:
        return await _deliver(runtime, outside, inject, name)
    if inject.kind == "prompt":
        return await _prompt(runtime, outside, inject, name)
    if inject.kind == "message":
        await _tell(runtime, inject, name)
        return "told"
    return f"for {inject.minutes} min"


async def _deliver(runtime: Runtime, outside: Outside, inject: Inject, name: str) -> str:
    """A message of a feed with one value a day; wrong figures are sent the same way, to be refused or caught."""
    now = runtime.clock.now()
    first = now.date()
    points = [
        {"date": (first + timedelta(days=number)).isoformat(), "aqi": value}
        for number, value in enumerate(inject.aqi_by_day)
    ]
    kind = "observation.reported" if inject.kind == "wrong_data" else "forecast.issued"
    data = [{"adcode": inject.adcode, "issued_at": now.isoformat(), "points": points}]
    body = canonical({"type": kind, "timestamp": now, "data": data}).encode()
    signed = headers(outside.secrets[FEED], f"drill:{name}", datetime.now(tz=UTC), body)
    path = "observations" if inject.kind == "wrong_data" else "forecasts"
    answer = await outside.http.post(
        f"/api/v1/feeds/{FEED}/{path}", content=body, headers=signed | {"content-type": "application/json"}
    )
    return f"{answer.status_code} {answer.text[:SAID]}"


async def _prompt(runtime: Runtime, outside: Outside, inject: Inject, name: str) -> str:
    now = runtime.clock.now()
    starts = now + timedelta(minutes=inject.starts_in_minutes)
    assert inject.lasts_minutes is not None  # the script's check wants it
    answer = await outside.call(
        COORDINATOR,
        "POST",
        "/api/v1/prompts",
        json={
            "region": inject.region,
            "document": inject.document,
            "basis": inject.title.zh,
            "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(minutes=inject.lasts_minutes)).isoformat(),
            "entries": [entry.model_dump() for entry in inject.entries],
        },
        headers={"idempotency-key": f"drill-{name}"},
    )
    return f"{answer.status_code} {answer.text[:SAID]}"


async def _tell(runtime: Runtime, inject: Inject, name: str) -> None:
    assert inject.text is not None  # the script's check wants them
    assert inject.adcode is not None
    async with runtime.unit() as uow:
        await notify(
            uow,
            adcode=inject.adcode,
            roles=CENTRE,
            kind="drill",
            reason=f"drill:{name}",
            zh=(inject.title.zh, inject.text.zh),
            en=(inject.title.en, inject.text.en),
            link="/",
            urgent=True,
        )
        await uow.commit()


class Effects:
    """What holds at an instant of everything thrown."""

    def __init__(self, everything: Iterable[Thrown], now: datetime) -> None:
        self._holding = [one for one in everything if one.holds(now)]

    def _any(self, kind: str, fits: Callable[[Inject], bool] = lambda _: True) -> bool:
        return any(one.inject.kind == kind and fits(one.inject) for one in self._holding)

    @property
    def feed_silent(self) -> bool:
        """No feed delivers."""
        return self._any("feed_silent")

    @property
    def receiver_down(self) -> bool:
        """No receiver takes anything."""
        return self._any("receiver_down")

    def absent(self, role: str, adcode: str) -> bool:
        """Nobody in this role can be reached."""
        return self._any("absent", lambda inject: inject.adcode == adcode and inject.role == role)

    def late(self, adcode: str) -> bool:
        """The players of this place decide nothing yet."""
        return self._any("neighbour_late", lambda inject: inject.adcode == adcode)

    def silent_share(self, adcode: str) -> float:
        """The share of a place's enterprises that do not answer."""
        shares = [
            one.inject.share
            for one in self._holding
            if one.inject.kind == "enterprises_silent" and one.inject.adcode == adcode
        ]
        return max(shares, default=0.0)


async def take_effect(runtime: Runtime, effects: Effects, everything: Iterable[Thrown]) -> None:
    """Let receivers fail or work, and shut people out of the roles that are absent."""
    for channel in runtime.channels.open.values():
        assert isinstance(channel, RecordingChannel)  # a drill has no others
        channel.status = DOWN if effects.receiver_down else UP
    for role, adcode in {(one.inject.role, one.inject.adcode) for one in everything if one.inject.kind == "absent"}:
        assert role is not None  # the script's check wants both
        assert adcode is not None
        await _shut_out(runtime, role.value, adcode, absent=effects.absent(role.value, adcode))


async def _shut_out(runtime: Runtime, role: str, adcode: str, *, absent: bool) -> None:
    """People of a role cannot sign in while it is absent; simulated players only stop acting."""
    async with runtime.unit() as uow:
        rows = await uow.fetch(
            "UPDATE account SET enabled = $3 WHERE role = $1 AND adcode = $2 AND enabled <> $3 AND login NOT LIKE $4 RETURNING id",
            role,
            adcode,
            not absent,
            f"{SIMULATED}%",
        )
        if not rows:
            return
        if absent:
            await uow.execute("DELETE FROM session WHERE account_id = ANY($1)", [row["id"] for row in rows])
        await uow.record("drill.absence", adcode, role=role, absent=absent, accounts=[row["id"] for row in rows])
        await uow.tell("session")
        await uow.commit()


def of_rows(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Injects for pages."""
    return [{**dict(row), "inject": json.loads(row["document"])} for row in rows]
