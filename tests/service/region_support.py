"""What tests of regional coordination share: the ministry's prompt of 2016-12-15, people of every command, decisions."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from service.accounts.roles import Role
from service.demo.episodes import DATA, load_episode
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.jobs import tick
from service.kit.runtime import Runtime
from tests.support import Client

ISSUED = datetime(2016, 12, 15, 12, 0, tzinfo=SHANGHAI)
COMMON_START = datetime(2016, 12, 16, 20, 0, tzinfo=SHANGHAI)
LETTER = json.loads((DATA / "2016-12" / "prompts.json").read_text("utf-8"))[0]
RED = {entry["adcode"] for entry in LETTER["entries"] if entry["level"] == "red"}
ORANGE = {entry["adcode"] for entry in LETTER["entries"] if entry["level"] == "orange"}


def prompt_body(entries: dict[str, str] | None = None, **given: Any) -> dict[str, Any]:
    """The letter as the coordinator enters it, or a prompt of other divisions with their levels."""
    chosen = {entry["adcode"]: entry["level"] for entry in LETTER["entries"]} if entries is None else entries
    return {
        "region": LETTER["region"],
        "document": LETTER["document"],
        "basis": LETTER["basis"],
        "starts_at": COMMON_START.isoformat(),
        "entries": [{"adcode": adcode, "level": level} for adcode, level in chosen.items()],
        **given,
    }


async def enter(
    client: Client, headers: dict[str, str], body: dict[str, Any], key: str | None = None
) -> dict[str, Any]:
    """Enter a prompt and return it with its board."""
    sent = headers | ({"idempotency-key": key} if key else {})
    answer = await client.http.post("/api/v1/prompts", headers=sent, json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def board_of(client: Client, headers: dict[str, str], prompt: int) -> dict[str, dict[str, Any]]:
    """The board's lines by division."""
    answer = await client.http.get(f"/api/v1/prompts/{prompt}", headers=headers)
    assert answer.status_code == 200, answer.text
    return {one["adcode"]: one for one in answer.json()["divisions"]}


async def open_proposals(client: Client, headers: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Open proposals by division."""
    answer = await client.http.get("/api/v1/proposals?state=open&size=200", headers=headers)
    return {one["adcode"]: one for one in answer.json()["items"]}


class Command:
    """Whoever is needed to decide in a place: an account for each role that is asked for."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._people: dict[tuple[str, str], dict[str, str]] = {}

    async def person(self, role: str, adcode: str) -> dict[str, str]:
        """Headers of somebody with a role in a place."""
        if (role, adcode) not in self._people:
            self._people[role, adcode] = await self.client.account(Role(role), adcode)
        return self._people[role, adcode]

    async def decide(self, proposal: dict[str, Any], *, approve: bool = True, reason: str = "同意") -> dict[str, Any]:
        """Give every signature that is missing, or reject at the first."""
        adcode = proposal["adcode"]
        while True:
            headers = await self.person(proposal["approvers"][0], adcode)
            body = {"approve": approve, "content_hash": proposal["content_hash"], "reason": reason}
            path = f"/api/v1/proposals/{proposal['id']}"
            answer = await self.client.http.post(f"{path}/decision", headers=headers, json=body)
            assert answer.status_code == 200, answer.text
            said: dict[str, Any] = answer.json()
            if said["decision"] is not None:
                return said
            proposal = (await self.client.http.get(path, headers=headers)).json()


async def until(client: Client, runtime: Runtime, clock: ManualClock, at: datetime) -> None:
    """Let the clock reach an instant and do what falls due."""
    clock.advance_to(at)
    while await tick(runtime):
        await client.work()
    await client.work()


def air_of(adcode: str, issued: datetime, days: int = 7) -> dict[str, Any]:
    """A perfect forecast of the episode's division from the hour of its issue."""
    track = load_episode("2016-12").tracks[adcode]
    points = track.points(issued.replace(minute=0), issued.replace(hour=0, minute=0) + timedelta(days=days))
    data = {"adcode": adcode, "issued_at": issued.isoformat(), "basis": "perfect", "points": points}
    return {"type": "forecast.issued", "timestamp": issued.isoformat(), "data": data}
