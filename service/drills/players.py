"""Simulated players: they sign, read neighbours' messages and answer notices through the API, where no person does."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from service.accounts.roles import CENTRE, Role, Scope
from service.demo.outside import Outside, Refused
from service.demo.policy import reason_for
from service.drills.injects import Effects
from service.drills.participants import COORDINATOR, simulated
from service.drills.script import Script
from service.kit.runtime import Runtime

PRESENT_SQL = """
SELECT DISTINCT a.role, a.adcode, a.uscc FROM account a JOIN session s ON s.account_id = a.id
WHERE a.login NOT LIKE 'sim-%' AND a.enabled AND NOT s.pending
"""
WAITING_SQL = """
SELECT n.id, n.adcode, n.created_at, a.login, a.uscc FROM notice n
JOIN account a ON a.adcode = n.adcode AND a.role = 'enterprise' AND a.login LIKE 'sim-%'
WHERE NOT EXISTS (SELECT 1 FROM acknowledgement k WHERE k.notice_id = n.id AND k.uscc = a.uscc)
    AND n.id = (SELECT max(m.id) FROM notice m WHERE m.adcode = n.adcode)
"""
UNREAD_SQL = """
SELECT c.id, r.adcode, c.sent_at FROM circular c JOIN circular_recipient r ON r.circular_id = c.id
WHERE r.adcode = ANY($1::text[])
    AND NOT EXISTS (SELECT 1 FROM circular_receipt k WHERE k.circular_id = c.id AND k.adcode = r.adcode)
"""
logger = structlog.get_logger("lantian.drill")


@dataclass(frozen=True)
class Present:
    """Which parts people play: everybody who has signed in to the drill."""

    parts: frozenset[tuple[str, str]]
    plants: frozenset[str]

    def plays(self, role: str, adcode: str) -> bool:
        """Whether a person plays a role for a division."""
        return any(part == role and Scope(home).covers(adcode) for part, home in self.parts)


async def present(runtime: Runtime) -> Present:
    """Who has come."""
    async with runtime.unit() as uow:
        rows = await uow.fetch(PRESENT_SQL)
    plants = frozenset(row["uscc"] for row in rows if row["uscc"])
    return Present(frozenset((row["role"], row["adcode"]) for row in rows if row["role"]), plants)


def draw(*parts: object) -> float:
    """A number in [0, 1) that belongs to these parts: the same in every run."""
    return int.from_bytes(hashlib.sha256("\n".join(map(str, parts)).encode()).digest()[:6], "big") / 2**48


@dataclass
class Players:
    """The simulated players of one drill."""

    runtime: Runtime
    outside: Outside
    script: Script
    _since: dict[tuple[Any, ...], datetime] = field(default_factory=dict)

    async def turn(self, effects: Effects) -> None:
        """Everybody does what is due now. A refusal of one is noted and holds up nobody."""
        who = await present(self.runtime)
        for act in (self._sign, self._answer, self._read):
            try:
                await act(effects, who)
            except Refused as error:
                logger.warning("a simulated player was refused", error=str(error))

    async def _sign(self, effects: Effects, who: Present) -> None:
        now = self.runtime.clock.now()
        proposals = await self.outside.open_proposals(COORDINATOR)
        matters = {_matter(one): self._since.get(_matter(one), now) for one in proposals}
        self._since = matters
        for proposal in proposals:
            if matters[_matter(proposal)] + timedelta(minutes=self.script.players.decide_after_minutes) > now:
                continue
            role = self._signer(proposal, effects, who)
            if role is not None:
                await self.outside.decide(simulated(role, proposal["adcode"]), proposal, reason_for(proposal))

    @staticmethod
    def _signer(proposal: Mapping[str, Any], effects: Effects, who: Present) -> str | None:
        """The simulated role that signs; None where a person may, where it is late, and where nobody is to be reached."""
        adcode = str(proposal["adcode"])
        free = [role for role in proposal["approvers"] if not effects.absent(role, adcode)]
        if effects.late(adcode) or any(who.plays(role, adcode) for role in free):
            return None
        return next((role for role in free if role in CENTRE), None)

    async def _answer(self, effects: Effects, who: Present) -> None:
        """Enterprises answer the newest notice, each after its own time."""
        now = self.runtime.clock.now()
        first, last = self.script.players.answer_within_minutes
        async with self.runtime.unit() as uow:
            rows = await uow.fetch(WAITING_SQL)
        for row in rows:
            after = timedelta(minutes=first + draw(row["id"], row["uscc"]) * (last - first))
            silent = draw("silent", row["uscc"]) < effects.silent_share(row["adcode"])
            if row["uscc"] not in who.plants and not silent and row["created_at"] + after <= now:
                await self.outside.acknowledge(row["login"], row["uscc"], "模拟值守人员")

    async def _read(self, effects: Effects, who: Present) -> None:
        """Duty officers confirm what neighbours tell them."""
        now = self.runtime.clock.now()
        async with self.runtime.unit() as uow:
            rows = await uow.fetch(UNREAD_SQL, list(self.script.places))
        for row in rows:
            adcode = row["adcode"]
            ripe = row["sent_at"] + timedelta(minutes=self.script.players.decide_after_minutes) <= now
            if ripe and not effects.late(adcode) and not any(who.plays(role, adcode) for role in CENTRE):
                login = simulated(Role.DUTY_OFFICER.value, adcode)
                path = f"/api/v1/circulars/{row['id']}/receipts"
                answer = await self.outside.call(login, "POST", path, json={"adcode": adcode, "note": None})
                if answer.status_code not in {201, 409}:
                    raise Refused(f"the receipt of circular {row['id']} was refused", answer)


def _matter(proposal: Mapping[str, Any]) -> tuple[Any, ...]:
    return proposal["adcode"], proposal["action"], proposal["to"], tuple(proposal["approvers"])
