"""What one enterprise must do at an instant: the pinned list joined with the response in force, never copied."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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

HOME_SQL = """
SELECT v.adcode FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE e.uscc = $1 ORDER BY (v.state = 'active') DESC, v.id DESC LIMIT 1
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


async def home_of(uow: UnitOfWork, uscc: str) -> str:
    """The division in whose list an enterprise stands. Raises Invalid for a wrong code, Unknown when it is in no list."""
    remembered = uow.runtime.live.requirements
    since = remembered.times_forgotten
    known: str | None = remembered.get(("home", uscc))
    if known is not None:
        return known
    if not uscc_valid(uscc):
        raise Invalid(f"{uscc} is not a unified social credit code: its check character does not fit.")
    found = await uow.fetchval(HOME_SQL, uscc)
    if found is None:
        raise Unknown(
            f"{uscc} is in no emission list here; ask the ecology bureau whether the enterprise must be listed."
        )
    if uow.runtime.live.listening:
        remembered.put(("home", uscc), found, since)
    return str(found)


async def requirements(uow: UnitOfWork, principal: Principal, uscc: str, instant: datetime | None) -> Answer:
    """The measures in force for one enterprise now or at a past instant, with what begins next.

    Raises Forbidden for somebody else's enterprise.
    """
    adcode = await home_of(uow, uscc)
    if not principal.may_see_enterprise(adcode, uscc):
        raise Forbidden("You may see the requirements of your own enterprise, officials those of their region.")
    moment = instant or uow.now
    responses = await of_division(uow, adcode)
    current = carrying(at(responses, moment))
    following = carrying(next_after(responses, moment)) if instant is None else None
    key = (uscc, current, following) if instant is None else None
    live = uow.runtime.live
    kept: Answer | None = live.requirements.get(key) if key is not None and live.listening else None
    if kept is not None:
        return kept
    since = live.requirements.times_forgotten
    answer = await _compose(uow, adcode, uscc, current, following, moment)
    if key is not None and live.listening:
        live.requirements.put(key, answer, since)
    return answer


async def _compose(
    uow: UnitOfWork, adcode: str, uscc: str, current: Responding | None, following: Responding | None, moment: datetime
) -> Answer:
    version = current.list_version if current else None
    if version is None:
        version = await uow.fetchval(ACTIVE_AT_SQL, adcode, moment)
    document = await uow.fetchval(ENTERPRISE_SQL, uscc, version)
    if document is None:
        raise Unknown(f"{uscc} is not in the emission list that applies at this instant; ask the ecology bureau.")
    stored = json.loads(document)
    enterprise, lines = enterprise_from(stored["enterprise"]), [line_from(line) for line in stored["lines"]]
    body: dict[str, Any] = requirement_for(enterprise, lines, _facts(current)).document()
    body["list_version"] = version
    body["next"] = (
        None if following is None else requirement_for(enterprise, lines, _facts(following, upcoming=True)).document()
    )
    encoded = canonical(body).encode()
    return Answer(encoded, etag_of(encoded))


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
    adcode = await home_of(uow, uscc)
    notice = await uow.fetchrow(
        "SELECT id FROM notice WHERE adcode = $1 AND ($2::bigint IS NULL OR id = $2) ORDER BY id DESC LIMIT 1",
        adcode,
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
        await uow.record("notice.acknowledged", adcode, notice=notice["id"], uscc=uscc, account=principal.account_id)
        await uow.tell("acknowledgement", adcode)
    row = await uow.fetchrow(
        "SELECT name, acknowledged_at FROM acknowledgement WHERE notice_id = $1 AND uscc = $2", notice["id"], uscc
    )
    assert row is not None  # just inserted, or there before
    return {"notice": notice["id"], "uscc": uscc, "name": row["name"], "acknowledged_at": row["acknowledged_at"]}
