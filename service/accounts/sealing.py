"""Secrets that older versions left in the open: found, and sealed where they lie. Nothing else about them changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from service.accounts.seal import is_open, openable, sealed
from service.feeds.flows import about_feed
from service.kit.canonical import canonical
from service.kit.settings import Settings
from service.kit.signatures import PUBLIC_KEY
from service.kit.unit_of_work import UnitOfWork
from service.subscriptions.keys import about_key
from service.subscriptions.signing import about_endpoint


class Place(NamedTuple):
    """A table that holds secrets: how its rows are read and written, what their secrets are bound to."""

    name: str
    read: str
    write: str
    about: Callable[[Any], str]


PLACES = (
    Place(
        "endpoints",
        "SELECT id, secrets, retiring FROM subscription ORDER BY id",
        "UPDATE subscription SET secrets = $2, retiring = $3 WHERE id = $1",
        lambda row: about_endpoint(row["id"]),
    ),
    Place(
        "feeds",
        "SELECT id, secrets, '[]'::jsonb AS retiring FROM feed ORDER BY id",
        "UPDATE feed SET secrets = $2 WHERE id = $1",
        lambda row: about_feed(row["id"]),
    ),
    Place(
        "keys",
        "SELECT id, public, jsonb_build_array(secret) AS secrets, '[]'::jsonb AS retiring FROM webhook_key ORDER BY id",
        "UPDATE webhook_key SET secret = $2::jsonb ->> 0 WHERE id = $1",
        lambda row: about_key(row["public"]),
    ),
)


@dataclass(frozen=True)
class Found:
    """How many secrets lie in the open, are sealed by this node's key, and are sealed by a key that this node does not have."""

    plain: int
    sealed: int
    foreign: int

    def told(self) -> dict[str, int]:
        """As members of an answer."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


async def found(uow: UnitOfWork) -> Found:
    """Count the secrets of endpoints, feeds and the service's own keys."""
    settings = uow.runtime.settings
    plain = closed = foreign = 0
    for place in PLACES:
        for row in await uow.fetch(place.read):
            for kept in _secrets(row):
                if is_open(kept):
                    plain += 1
                elif openable(settings, [kept], place.about(row)):
                    closed += 1
                else:
                    foreign += 1
    return Found(plain, closed, foreign)


def _secrets(row: Any) -> Iterator[str]:
    """What of a row is secret, as it is stored; the public key of a feed is not."""
    yield from (kept for kept in row["secrets"] if not kept.startswith(PUBLIC_KEY))
    yield from (one["secret"] for one in row["retiring"])


async def seal_all(uow: UnitOfWork) -> dict[str, int]:
    """Seal what lies in the open, in the caller's transaction; how many rows of each table were changed. Twice does nothing more."""
    settings = uow.runtime.settings
    changed = {place.name: await _seal_rows(uow, settings, place) for place in PLACES}
    if any(changed.values()):
        await uow.tell("feed")
        await uow.record("secrets.sealed", None, **changed)
    return changed


async def _seal_rows(uow: UnitOfWork, settings: Settings, place: Place) -> int:
    changed = 0
    for row in await uow.fetch(f"{place.read} FOR UPDATE"):
        if not any(is_open(kept) for kept in _secrets(row)):
            continue
        about = place.about(row)
        kept = [sealed(settings, one, about) for one in row["secrets"]]
        retiring = [one | {"secret": sealed(settings, one["secret"], about)} for one in row["retiring"]]
        values = [canonical(kept)] + ([canonical(retiring)] if place.name == "endpoints" else [])
        await uow.execute(place.write, row["id"], *values)
        changed += 1
    return changed
