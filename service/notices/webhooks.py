"""Notices by hand to endpoints: those of the divisions they are for, and those of enterprises in the audience."""

from __future__ import annotations

import re
from typing import Any

from service.kit.canonical import canonical
from service.kit.unit_of_work import UnitOfWork
from service.people.audience import LISTED_SQL, Audience, versions_of
from service.subscriptions.flows import EXTRA_EVENT, INTO_SQL, WANTING_SQL
from service.subscriptions.repository import content_of


def moved(statement: str, by: int) -> str:
    """A part of a statement with the numbers of its parameters moved."""
    return re.sub(r"\$(\d+)", lambda found: f"${int(found[1]) + by}", statement)


MEANT = f"""
((s.uscc IS NULL AND (starts_with($5::text, s.prefix)
        OR EXISTS (SELECT 1 FROM unnest($8::text[]) AS c WHERE starts_with(c, s.prefix) AND starts_with(c, $7))))
    OR (s.uscc IS NOT NULL AND s.uscc IN (SELECT e.uscc {moved(LISTED_SQL, 5)})))
"""
"""$5: the division, $6 to $13: the values of the audience; a county outside the division ($7: its prefix) is nobody's."""
SEND_SQL = f"{INTO_SQL} AND {MEANT} ON CONFLICT DO NOTHING"
COUNT_SQL = f"SELECT count(*) FROM subscription s WHERE {moved(WANTING_SQL, -1)} AND {moved(MEANT, -3)}"


async def count(uow: UnitOfWork, adcode: str, audience: Audience) -> int:
    """How many endpoints would get a notice."""
    given = audience.parameters(await versions_of(uow, adcode), adcode)
    return int(await uow.fetchval(COUNT_SQL, EXTRA_EVENT, adcode, *given))


async def send(uow: UnitOfWork, row: Any, audience: Audience, texts: dict[str, Any]) -> int:
    """Queue a notice to endpoints in the caller's transaction; doing it twice adds nothing. Returns how many are new.

    `texts` as `Template.texts` gives them: an endpoint gets the words that go out by mail, in both languages.
    """
    body = {
        "type": EXTRA_EVENT,
        "timestamp": uow.now,
        "data": {
            "extra_notice": row["id"],
            "adcode": row["adcode"],
            "place": uow.runtime.place(row["adcode"]),
            "notice": {language: texts["email"][language] for language in ("zh", "en")},
            "audience": audience.model_dump(mode="json", exclude={"channels"}),
            "content_hash": row["content_hash"],
            "sent_at": uow.now,
        },
    }
    tag = await uow.execute(
        SEND_SQL,
        f"extra-{row['id']}",
        EXTRA_EVENT,
        await content_of(uow, EXTRA_EVENT, "", canonical(body)),
        uow.now,
        row["adcode"],
        *audience.parameters(await versions_of(uow, row["adcode"]), row["adcode"]),
    )
    written = int(tag.rpartition(" ")[2])
    if written:
        await uow.enqueue("deliver", {})
        await uow.record("delivery.queued", row["adcode"], extra_notice=row["id"], deliveries=written)
    return written
