"""What one enterprise must do at an instant or would have to at a level, and its receipt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emission_lists.json_text import array_of, object_of
from emission_lists.levels import ResponseLevel
from service.accounts.roles import Principal
from service.enterprises.composing import Question, compose
from service.enterprises.sources import Home, Lists, Site, homes_at, homes_of, sites_of
from service.kit.http import etag_of
from service.kit.problems import Conflict, Forbidden, Unknown
from service.kit.unit_of_work import Reading, UnitOfWork


@dataclass(frozen=True)
class Answer:
    """The bytes of a requirement and their ETag; right from `since` until it changes by itself at `until`."""

    body: bytes
    etag: str
    since: datetime
    until: datetime | None = None

    def holds(self, instant: datetime) -> bool:
        """Whether it may be given at an instant."""
        return self.since <= instant and (self.until is None or instant < self.until)


async def may_see(uow: Reading, principal: Principal, uscc: str, lists: Lists | None = None) -> tuple[Home, ...]:
    """Where an enterprise is listed. Raises Forbidden for somebody else's enterprise."""
    homes = await homes_of(uow, uscc, lists)
    if not any(principal.may_see_enterprise(home.adcode, uscc) for home in homes):
        raise Forbidden("You may see the requirements of your own enterprise, officials those of their region.")
    return homes


def visible(principal: Principal, uscc: str, sites: Iterable[Site]) -> list[Site]:
    """The plants that somebody may see: the enterprise all of its own, an official those that a list of the region names."""
    return [site for site in sites if any(principal.may_see_enterprise(home, uscc) for home in site.homes)]


async def requirements(
    uow: Reading,
    principal: Principal,
    uscc: str,
    instant: datetime | None,
    level: ResponseLevel | None = None,
    *,
    seasonal: bool = True,
) -> Answer:
    """The measures in force for one enterprise now or at another instant, with what begins next.

    With sites in several divisions the one with the highest level in force is answered first, the others under
    `elsewhere`; an official is told of the sites of the region only. `level`: what it would mean if that level were
    declared, with today's seasonal plan unless `seasonal` is False. Raises Forbidden for somebody else's enterprise.
    """
    live, lists = uow.runtime.live, Lists(uow, uscc)
    since = live.requirements.times_forgotten
    homes = await may_see(uow, principal, uscc, lists if instant is None else None)
    whole = all(principal.may_see_enterprise(home.adcode, uscc) for home in homes)
    remembering = instant is None and level is None and live.listening and whole
    if remembering:
        kept: Answer | None = live.requirements.get(uscc)
        if kept is not None and kept.holds(uow.now):
            return kept
    moment = uow.now if instant is None else instant
    now_only = instant is None and level is None
    question = Question(uscc, moment, min(moment, uow.now), level, with_next=now_only, seasonal=seasonal)
    sites = sites_of(uow.runtime, homes if instant is None else await homes_at(uow, uscc, question.known))
    answer = await _answer(lists, question, visible(principal, uscc, sites))
    if remembering:
        live.requirements.put(uscc, answer, since)
    return answer


async def _answer(lists: Lists, question: Question, sites: Iterable[Site]) -> Answer:
    uow = lists.uow
    if question.moment == uow.now:
        await lists.prefetch()
    found = [await compose(uow, lists, site, question) for site in sites]
    parts = sorted((part for part in found if part is not None), key=lambda part: part.urgency)
    if not parts:
        raise Unknown(
            f"{question.uscc} is not in the emission list that applies at this instant; ask the ecology bureau."
        )
    elsewhere = array_of([object_of(part.members) for part in parts[1:]])
    encoded = object_of(parts[0].members | {"elsewhere": elsewhere}).encode()
    ahead = [edge for part in parts for edge in part.edges if edge > question.moment]
    return Answer(encoded, etag_of(encoded), question.moment, min(ahead, default=None))


async def acknowledge(
    uow: UnitOfWork, principal: Principal, uscc: str, notice_id: int | None, name: str
) -> dict[str, Any]:
    """The enterprise has read a notice; twice is the same as once. Raises Forbidden, Conflict when there is none."""
    if principal.uscc != uscc:
        raise Forbidden("Only the enterprise itself can acknowledge.")
    homes = await homes_of(uow, uscc)
    notice = await uow.fetchrow(
        "SELECT id, adcode FROM notice WHERE adcode = ANY($1::text[]) AND ($2::bigint IS NULL OR id = $2) ORDER BY id DESC LIMIT 1",
        [adcode for site in sites_of(uow.runtime, homes) for adcode in site.chain],
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
