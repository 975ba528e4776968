"""What the command wall shows: places with what is in force, assessed and prompted, and what waits for a decision."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.law import Region
from alerts.levels import Level
from service.accounts.roles import NATION, Principal, Scope
from service.kit.unit_of_work import UnitOfWork, beijing
from service.prompts.board import find
from service.prompts.repository import newest_id, prompts_for
from service.proposals.repository import proposal_document
from service.warnings.repository import Standing, all_standing
from service.web.geo import Sketch, outline

ASSESSED_SQL = """
SELECT m.adcode, a.level, a.state, a.as_of FROM unnest($1::text[]) m(adcode) CROSS JOIN LATERAL
    (SELECT level, state, as_of FROM assessment WHERE adcode = m.adcode ORDER BY id DESC LIMIT 1) a
"""
OPEN_SQL = "SELECT * FROM proposal WHERE adcode LIKE $1 AND state = 'open' ORDER BY deadline, id LIMIT 100"
LISTS_SQL = "SELECT id, enterprises, lines FROM list_version WHERE id = ANY($1::bigint[])"
RECEIPTS_SQL = """
SELECT m.adcode, n.id, n.created_at,
    (SELECT count(*) FROM acknowledgement k WHERE k.notice_id = n.id) AS acknowledged,
    (SELECT v.enterprises FROM response r JOIN list_version v ON v.id = r.list_version_id WHERE r.step_id = n.step_id) AS listed
FROM unnest($1::text[]) m(adcode) CROSS JOIN LATERAL
    (SELECT id, step_id, created_at FROM notice WHERE adcode = m.adcode ORDER BY id DESC LIMIT 1) n
"""
SHORT_ENDINGS = ("市", "盟", "地区")


@dataclass(frozen=True)
class Place:
    """One division on the wall. `mine`: inside the reader's scope; outside it only announced warnings are known."""

    adcode: str
    name: str
    mine: bool
    warning: Level
    effective_at: datetime | None
    ends_at: datetime | None
    assessed: Level | None
    insufficient: bool
    prompted: Level | None

    @property
    def short(self) -> str:
        """The name for the map, without 市."""
        for ending in SHORT_ENDINGS:
            if self.name.endswith(ending) and len(self.name) > len(ending) + 1:
                return self.name.removesuffix(ending)
        return self.name

    @property
    def waiting(self) -> bool:
        """Whether a prompt asks for more than what is announced."""
        return self.prompted is not None and self.prompted > self.warning

    @property
    def known(self) -> bool:
        """Whether anything is known of it."""
        return self.assessed is not None or self.prompted is not None or bool(self.warning)

    @property
    def busy(self) -> bool:
        """Whether it belongs into the list in words."""
        return bool(self.warning) or bool(self.assessed) or self.waiting


@dataclass(frozen=True)
class Situation:
    """The map and the list beside it."""

    region: Region | None
    sketch: Sketch
    places: tuple[Place, ...]

    @property
    def by_code(self) -> dict[str, Place]:
        """Places by division code."""
        return {place.adcode: place for place in self.places}

    @property
    def listed(self) -> list[Place]:
        """Places with something going on, most severe first."""
        busy = [place for place in self.places if place.busy]
        return sorted(busy, key=lambda place: (-place.warning, -(place.assessed or 0), place.adcode))


def region_of(uow: UnitOfWork, scope: Scope) -> Region | None:
    """The key region in force that the scope has most members in; None when it lies in no region."""
    day = uow.now.date()
    held = [region for region in uow.runtime.law.regions.values() if region.in_force.covers(day)]
    counted = [(sum(scope.covers(member) for member in region.members), region) for region in held]
    most = max((count for count, _ in counted), default=0)
    return next((region for count, region in counted if count == most), None) if most else None


def members_of(uow: UnitOfWork, scope: Scope, region: Region | None) -> list[str]:
    """The divisions on the map: the region's, and those of the scope that are cities."""
    divisions = uow.runtime.law.divisions
    own = [code for code, known in divisions.items() if scope.covers(code) and known.level == "prefecture"]
    if scope.adcode == NATION and region is not None:
        own = []
    return sorted({*(region.members if region else ()), *own, *([scope.adcode] if scope.adcode != NATION else [])})


async def situation(uow: UnitOfWork, scope: Scope) -> Situation:
    """The situation of the reader's region. Announced warnings of neighbours are public; nothing else of them is read."""
    region = region_of(uow, scope)
    members = members_of(uow, scope, region)
    mine = [code for code in members if scope.covers(code)]
    warned = {standing.adcode: standing for standing in await all_standing(uow, Scope(NATION))}
    assessed = {row["adcode"]: row for row in await uow.fetch(ASSESSED_SQL, mine)}
    prompted = {adcode: view.level for adcode, view in (await prompts_for(uow, mine)).items()}
    places = tuple(
        _place(uow, code, scope, warned.get(code), assessed.get(code), prompted.get(code)) for code in members
    )
    focus = [place.adcode for place in places if place.known or (place.mine and scope.adcode != NATION)]
    return Situation(region, outline(members, focus), places)


def _place(
    uow: UnitOfWork, code: str, scope: Scope, warned: Standing | None, assessed: Any, prompted: Level | None
) -> Place:
    return Place(
        adcode=code,
        name=uow.runtime.place(code),
        mine=scope.covers(code),
        warning=warned.level if warned else Level.NONE,
        effective_at=warned.effective_at if warned else None,
        ends_at=(warned.closing_at or warned.planned_end) if warned else None,
        assessed=Level(assessed["level"]) if assessed else None,
        insufficient=bool(assessed) and assessed["state"] == "insufficient",
        prompted=prompted,
    )


async def to_decide(uow: UnitOfWork, scope: Scope) -> list[dict[str, Any]]:
    """Open proposals of a scope by deadline, with the effect that approval would have."""
    rows = await uow.fetch(OPEN_SQL, scope.prefix + "%")
    documents = [proposal_document(uow, row) for row in rows]
    versions = {document["content"]["list_version"] for document in documents} - {None}
    lists = {row["id"]: dict(row) for row in await uow.fetch(LISTS_SQL, sorted(versions))}
    for document in documents:
        document["effect"] = lists.get(document["content"]["list_version"])
        document["lead_hours"] = lead_hours(document["effective_at"], uow.now)
    return documents


def lead_hours(effective_at: datetime | None, now: datetime) -> int | None:
    """Whole hours until the start; None when it begins with the decision."""
    if effective_at is None or effective_at <= now:
        return None
    return round((effective_at - now).total_seconds() / 3600)


@dataclass(frozen=True)
class Board:
    """The synchronization board: one line per division of the newest prompt, or of whatever is going on."""

    prompt: dict[str, Any] | None
    lines: list[dict[str, Any]]


async def board(uow: UnitOfWork, principal: Principal) -> Board:
    """Own level, prompted, proposed, decided, announced, in effect, acknowledged and late by, per division of the scope."""
    newest = await newest_id(uow, principal.scope, uow.now)
    if newest is not None:
        found = await find(uow, principal.scope, newest)
        lines = [line for line in found["divisions"] if line["mine"]]
        return Board(found, [line | {"acknowledged": _percent(line["acknowledged"])} for line in lines])
    return Board(None, await _with_receipts(uow, await _going_on(uow, principal.scope)))


async def _going_on(uow: UnitOfWork, scope: Scope) -> list[dict[str, Any]]:
    standing = {stands.adcode: stands for stands in await all_standing(uow, scope)}
    waiting = {row["adcode"]: row for row in await uow.fetch(OPEN_SQL, scope.prefix + "%")}
    codes = sorted({*standing, *waiting})
    assessed = {row["adcode"]: row for row in await uow.fetch(ASSESSED_SQL, codes)}
    return [_line(uow, code, standing.get(code), waiting.get(code), assessed.get(code)) for code in codes]


def _line(uow: UnitOfWork, code: str, stands: Standing | None, waiting: Any, assessed: Any) -> dict[str, Any]:
    return {
        "adcode": code,
        "place": uow.runtime.place(code),
        "own_level": Level(assessed["level"]).code if assessed else None,
        "prompted_level": None,
        "proposed_at": beijing(waiting["created_at"]) if waiting else None,
        "decided_level": stands.level.code if stands else None,
        "announced_at": stands.announced_at if stands else None,
        "effective_at": stands.effective_at if stands else None,
        "state": stands.state.value if stands else None,
        "late_minutes": 0,
    }


def _percent(share: int | None) -> str | None:
    return None if share is None else f"{share} %"


async def _with_receipts(uow: UnitOfWork, lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    codes = [line["adcode"] for line in lines if line["announced_at"] is not None]
    receipts = {row["adcode"]: row for row in await uow.fetch(RECEIPTS_SQL, codes)}
    return [line | {"acknowledged": _share(receipts.get(line["adcode"]))} for line in lines]


def _share(row: Any) -> str | None:
    """Acknowledged of listed, such as 12 / 300."""
    if row is None or not row["listed"]:
        return None
    return f"{100 * row['acknowledged'] / row['listed']:.0f} %"


TICKER_SQL = """
SELECT id, at, kind, adcode, content FROM ledger_entry
WHERE id > (SELECT coalesce(max(id), 0) FROM ledger_entry) - 20000
    AND (adcode LIKE $1 OR (adcode IS NULL AND kind IN ('prompt.issued', 'prompt.lift'))) AND kind = ANY($2::text[])
ORDER BY id DESC LIMIT $3
"""
TICKER_KINDS = (
    "proposal.made", "proposal.signed", "proposal.escalated", "proposal.withdrawn", "proposal.expired",
    "decision.approved", "decision.rejected", "warning.issue", "warning.raise",
    "warning.lower", "warning.extend", "warning.advance", "warning.lift", "warning.revoke", "warning.active", "warning.lapsed",
    "prompt.issued", "prompt.lift", "prompt.laggard", "list.imported", "list.activated", "notice.acknowledged",
)  # fmt: skip


@dataclass(frozen=True)
class Event:
    """One line of the ticker: a text key with its facts, and where it leads."""

    at: datetime
    kind: str
    place: str
    content: dict[str, Any]
    href: str | None


async def ticker(uow: UnitOfWork, scope: Scope, size: int = 14) -> list[Event]:
    """The latest events of a scope, newest first; a prompt only when it names a division of the scope."""
    rows = await uow.fetch(TICKER_SQL, scope.prefix + "%", list(TICKER_KINDS), size)
    events = []
    for row in rows:
        content = json.loads(row["content"])
        if row["adcode"] is None and not any(scope.covers(code) for code in content["divisions"]):
            continue
        at = beijing(row["at"])
        assert at is not None
        place = uow.runtime.place(row["adcode"]) if row["adcode"] else ""
        events.append(Event(at, row["kind"], place, content, _href(row["kind"], row["adcode"], content)))
    return events


def _href(kind: str, adcode: str | None, content: dict[str, Any]) -> str | None:
    """Where an event leads."""
    noun = kind.partition(".")[0]
    if noun == "prompt":
        return f"/region/{content['prompt']}"
    if "warning" in content and noun == "warning":
        return f"/warnings/{content['warning']}"
    if "proposal" in content:
        return f"/proposals/{content['proposal']}"
    if noun == "list":
        return f"/lists/{content['version']}"
    return f"/city/{adcode}" if adcode else None
