"""The service's own ed25519 pairs for signatures v1a: made on first use, replaced with an overlap, kept sealed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from service.accounts.seal import openable, sealed
from service.kit.signatures import new_pair
from service.kit.unit_of_work import UnitOfWork, beijing
from service.subscriptions.repository import Claim

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('webhook_key', 0))"
ACTIVE_SQL = "SELECT id, secret, public, made_at, until FROM webhook_key WHERE until IS NULL OR until > $1 ORDER BY id DESC"


def about_key(public: str) -> str:
    """What the sealed half of a pair is bound to."""
    return f"webhook_key:{public}"


async def active(uow: UnitOfWork) -> list[Any]:
    """The pairs that sign now, newest first, as they are stored; the first one is made when there is none."""
    rows = await uow.fetch(ACTIVE_SQL, uow.now)
    if not any(row["until"] is None for row in rows):
        await uow.execute(LOCK)
        rows = await uow.fetch(ACTIVE_SQL, uow.now)
        if not any(row["until"] is None for row in rows):
            await _make(uow)
            rows = await uow.fetch(ACTIVE_SQL, uow.now)
    return list(rows)


async def replace(uow: UnitOfWork, account_id: int) -> list[dict[str, Any]]:
    """Make a new pair; the old one signs beside it for the overlap of the settings. Returns what is published."""
    await uow.execute(LOCK)
    until = uow.now + timedelta(hours=uow.runtime.settings.secret_overlap_hours)
    await uow.execute("UPDATE webhook_key SET until = $1 WHERE until IS NULL", until)
    await _make(uow)
    await uow.record("webhook_key.replaced", None, account=account_id)
    return await published(uow)


async def _make(uow: UnitOfWork) -> None:
    secret, public = new_pair()
    kept = sealed(uow.runtime.settings, secret, about_key(public))
    await uow.execute("INSERT INTO webhook_key (secret, public, made_at) VALUES ($1, $2, $3)", kept, public, uow.now)


async def published(uow: UnitOfWork) -> list[dict[str, Any]]:
    """The public halves."""
    return [
        {"key": row["public"], "made_at": beijing(row["made_at"]), "until": beijing(row["until"])}
        for row in await active(uow)
    ]


class ServiceKeys:
    """The pairs as the engine of one process knows them, read anew in each turn that needs them."""

    def __init__(self) -> None:
        self._known: list[tuple[str, datetime | None]] = []

    def active(self, now: datetime) -> list[str]:
        """The secrets that sign at `now`."""
        return [secret for secret, until in self._known if until is None or until > now]

    async def refresh(self, uow: UnitOfWork, claims: Sequence[Claim]) -> None:
        """Read the pairs when a claim wants v1a."""
        if any("v1a" in claim.scheme for claim in claims):
            settings = uow.runtime.settings
            self._known = [
                (secret, row["until"])
                for row in await active(uow)
                for secret in openable(settings, [row["secret"]], about_key(row["public"]))
            ]
