"""What one enterprise must do at an instant: the pinned list joined with the response in force, never copied."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from emission_lists.documents import enterprise_from, line_from
from emission_lists.identifiers import uscc_valid
from emission_lists.levels import ResponseLevel
from emission_lists.requirements import ResponseFacts, requirement_for
from service.accounts.roles import Principal
from service.kit.canonical import canonical
from service.kit.http import etag_of
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.responses.repository import Responding, at, next_after, of_division

HOMES_SQL = """
SELECT DISTINCT v.adcode FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE e.uscc = $1 AND (v.state = 'active' OR EXISTS (
    SELECT 1 FROM response r WHERE r.list_version_id = v.id AND (r.ends_at IS NULL OR r.ends_at > $2)))
ORDER BY v.adcode
"""
LAST_HOME_SQL = """
SELECT v.adcode FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE e.uscc = $1 AND v.activated_at IS NOT NULL ORDER BY v.id DESC LIMIT 1
"""
ENTERPRISE_SQL = "SELECT document FROM list_enterprise WHERE uscc = $1 AND version_id = $2"
ACTIVE_AT_SQL = """
SELECT id FROM list_version WHERE adcode = $1 AND activated_at IS NOT NULL AND activated_at <= $2
ORDER BY activated_at DESC, id DESC LIMIT 1
"""
WITH_MEASURES = frozenset(level.value for level in ResponseLevel)


@dataclass(frozen=True)
class Answer:
    """The bytes of a requirement and their ETag."""

    body: bytes
    etag: str


async def homes_of(uow: UnitOfWork, uscc: str) -> tuple[str, ...]:
    """The divisions whose lists name an enterprise: it may have sites in several, and none of them takes it from another.

    Raises Invalid for a wrong code, Unknown when it is in no list.
    """
    remembered = uow.runtime.live.homes
    since = remembered.times_forgotten
    known: tuple[str, ...] | None = remembered.get(uscc)
    if known is not None:
        return known
    if not uscc_valid(uscc):
        raise Invalid(f"{uscc} is not a unified social credit code: its check character does not fit.")
    rows = await uow.fetch(HOMES_SQL, uscc, uow.now) or await uow.fetch(LAST_HOME_SQL, uscc)
    if not rows:
        raise Unknown(
            f"{uscc} is in no emission list here; ask the ecology bureau whether the enterprise must be listed."
        )
    found = tuple(row["adcode"] for row in rows)
    if uow.runtime.live.listening:
        remembered.put(uscc, found, since)
    return found


async def requirements(uow: UnitOfWork, principal: Principal, uscc: str, instant: datetime | None) -> Answer:
    """The measures in force for one enterprise now or at another instant, with what begins next.

    With sites in several divisions the one with the highest level in force is answered first, the others under
    `elsewhere`. Raises Forbidden for somebody else's enterprise.
    """
    homes = await homes_of(uow, uscc)
    if not any(principal.may_see_enterprise(adcode, uscc) for adcode in homes):
        raise Forbidden("You may see the requirements of your own enterprise, officials those of their region.")
    moment = instant or uow.now
    live = uow.runtime.live
    since = live.requirements.times_forgotten
    standings = [await _standing(uow, adcode, moment, with_next=instant is None) for adcode in homes]
    key = (uscc, tuple(standings)) if instant is None else None
    kept: Answer | None = live.requirements.get(key) if key is not None and live.listening else None
    if kept is not None:
        return kept
    standings.sort(key=_urgency)
    parts = [part for standing in standings if (part := await _compose(uow, uscc, standing, moment)) is not None]
    if not parts:
        raise Unknown(f"{uscc} is not in the emission list that applies at this instant; ask the ecology bureau.")
    encoded = canonical(parts[0] | {"elsewhere": parts[1:]}).encode()
    answer = Answer(encoded, etag_of(encoded))
    if key is not None and live.listening:
        live.requirements.put(key, answer, since)
    return answer


class Standing(NamedTuple):
    """What holds and what comes in one division."""

    adcode: str
    current: Responding | None
    following: Responding | None


async def _standing(uow: UnitOfWork, adcode: str, moment: datetime, *, with_next: bool) -> Standing:
    responses = await of_division(uow, adcode)
    following = next_after(responses, moment) if with_next else None
    return Standing(adcode, carrying(at(responses, moment)), carrying(following))


def _urgency(standing: Standing) -> tuple[int, int, str]:
    """The highest level in force comes first, then the highest that is announced."""
    levels = [0 if response is None else -int(response.level) for response in (standing.current, standing.following)]
    return levels[0], levels[1], standing.adcode


async def _compose(uow: UnitOfWork, uscc: str, standing: Standing, moment: datetime) -> dict[str, Any] | None:
    """The requirement in one division; None when its list of that instant does not name the enterprise."""
    adcode, current, following = standing
    version = current.list_version if current else None
    if version is None:
        version = await uow.fetchval(ACTIVE_AT_SQL, adcode, moment)
    document = await uow.fetchval(ENTERPRISE_SQL, uscc, version)
    if document is None:
        return None
    stored = json.loads(document)
    enterprise, lines = enterprise_from(stored["enterprise"]), [line_from(line) for line in stored["lines"]]
    body: dict[str, Any] = requirement_for(enterprise, lines, _facts(current)).document()
    body["division"], body["list_version"] = adcode, version
    body["next"] = (
        None if following is None else requirement_for(enterprise, lines, _facts(following, upcoming=True)).document()
    )
    return body


def carrying(responding: Responding | None) -> Responding | None:
    """The response if lists have measures at its level; a blue warning asks nothing of an enterprise."""
    return responding if responding is not None and responding.level.code in WITH_MEASURES else None


def _facts(responding: Responding | None, *, upcoming: bool = False) -> ResponseFacts | None:
    if responding is None:
        return None
    return ResponseFacts(
        adcode=responding.adcode,
        level=ResponseLevel(responding.level.code),
        effective_at=responding.starts_at,
        planned_end=responding.ends_at or responding.expected_end,
        list_version=str(responding.list_version),
        warning_title=responding.title,
        upcoming=upcoming,
    )


async def acknowledge(
    uow: UnitOfWork, principal: Principal, uscc: str, notice_id: int | None, name: str
) -> dict[str, Any]:
    """The enterprise has read a notice; twice is the same as once. Raises Forbidden, Conflict when there is none."""
    if principal.uscc != uscc:
        raise Forbidden("Only the enterprise itself can acknowledge.")
    homes = await homes_of(uow, uscc)
    notice = await uow.fetchrow(
        "SELECT id, adcode FROM notice WHERE adcode = ANY($1::text[]) AND ($2::bigint IS NULL OR id = $2) ORDER BY id DESC LIMIT 1",
        list(homes),
        notice_id,
    )
    if notice is None:
        raise Conflict("There is no notice to acknowledge.")
    fresh = await uow.fetchval(
        "INSERT INTO acknowledgement (notice_id, uscc, account_id, name, acknowledged_at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT DO NOTHING RETURNING 1",
        notice["id"],
        uscc,
        principal.account_id,
        name,
        uow.now,
    )
    if fresh:
        division = notice["adcode"]
        await uow.record("notice.acknowledged", division, notice=notice["id"], uscc=uscc, account=principal.account_id)
        await uow.tell("acknowledgement", division)
    row = await uow.fetchrow(
        "SELECT name, acknowledged_at FROM acknowledgement WHERE notice_id = $1 AND uscc = $2", notice["id"], uscc
    )
    assert row is not None  # just inserted, or there before
    return {"notice": notice["id"], "uscc": uscc, "name": row["name"], "acknowledged_at": row["acknowledged_at"]}
