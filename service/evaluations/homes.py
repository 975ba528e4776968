"""The divisions whose lists name the same plant: what came in or was decided under any of them counts for its lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from service.accounts.roles import prefix_of
from service.enterprises.sources import Home, sites_of
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork

OTHERS_SQL = """
SELECT EXISTS (SELECT 1 FROM list_version WHERE activated_at IS NOT NULL AND adcode <> $1
    AND (adcode LIKE $2 OR adcode = ANY($3::text[])))
"""
HOMES_SQL = """
SELECT e.uscc, v.adcode, (array_agg(e.county ORDER BY v.activated_at DESC, v.id DESC))[1] AS county,
    bool_or(v.activated_at < $3 AND (v.ended_at IS NULL OR v.ended_at > $2 OR EXISTS (
        SELECT 1 FROM response r WHERE r.list_version_id = v.id AND (r.ends_at IS NULL OR r.ends_at > $2)))) AS counts
FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE e.uscc = ANY($1::text[]) AND v.activated_at IS NOT NULL GROUP BY e.uscc, v.adcode ORDER BY e.uscc, v.adcode
"""


class Homes(NamedTuple):
    """Of plants by credit code: every division that ever listed it, and those whose lists counted in the time asked for."""

    ever: Mapping[str, tuple[str, ...]]
    counting: Mapping[str, tuple[str, ...]]


async def homes_of(uow: UnitOfWork, adcode: str, usccs: Sequence[str], start: datetime, end: datetime) -> Homes:
    """The homes of the plants that a list of a division names, that division first; `counting` within [start, end)."""
    own = dict.fromkeys(usccs, (adcode,))
    wider = above(uow.runtime, adcode)
    if not await uow.fetchval(OTHERS_SQL, adcode, prefix_of(adcode) + "%", wider):
        return Homes(own, own)
    ever: defaultdict[str, list[Home]] = defaultdict(list)
    counting: defaultdict[str, list[Home]] = defaultdict(list)
    for row in await uow.fetch(HOMES_SQL, usccs, start, end):
        home = Home(row["adcode"], row["county"])
        ever[row["uscc"]].append(home)
        if row["counts"] or home.adcode == adcode:
            counting[row["uscc"]].append(home)
    return Homes(
        own | {uscc: _plant(uow.runtime, adcode, several) for uscc, several in ever.items()},
        own | {uscc: _plant(uow.runtime, adcode, several) for uscc, several in counting.items()},
    )


def _plant(runtime: Runtime, adcode: str, homes: Sequence[Home]) -> tuple[str, ...]:
    site = next((one for one in sites_of(runtime, homes) if adcode in one.homes), None)
    return tuple(dict.fromkeys((adcode, *(() if site is None else site.homes))))


def above(runtime: Runtime, adcode: str) -> list[str]:
    """The divisions in which a division lies."""
    found: list[str] = []
    division = runtime.law.divisions.get(adcode)
    while division is not None and division.parent is not None and division.parent not in found:
        found.append(division.parent)
        division = runtime.law.divisions.get(division.parent)
    return found
