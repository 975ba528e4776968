"""Messages to the contacts of an audience (群发), in batches: whatever stops in between, it goes on where it was.

Each batch and how far it came are one transaction; a contact gets one message for a reason and channel.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from service.kit.canonical import canonical
from service.kit.unit_of_work import UnitOfWork
from service.people.audience import LISTED_SQL, Audience, versions_of
from service.subscriptions.flows import queue_many
from service.subscriptions.repository import content_of

BATCH = 1000
BEGIN_SQL = """
INSERT INTO mailing (reason, adcode, event, notice_id, audience, texts, unanswered, after_uscc, after_contact, contacts, queued, state,
    created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, '', 0, 0, 0, 'running', $8) ON CONFLICT (reason) DO NOTHING RETURNING id
"""
NEXT_SQL = f"""
SELECT DISTINCT e.uscc, c.id, c.adcode, c.language, c.by_email AND c.email IS NOT NULL AS email,
    c.by_sms AND coalesce(c.phone ~ '^([+]?86)?1[0-9]{{10}}$', false) AS sms
{LISTED_SQL.replace("FROM list_enterprise e WHERE", "FROM list_enterprise e JOIN contact c ON c.uscc = e.uscc WHERE")}
    AND e.uscc >= $9 AND (e.uscc, c.id) > ($9, $10) ORDER BY e.uscc, c.id LIMIT $11
"""


async def begin(
    uow: UnitOfWork,
    *,
    reason: str,
    adcode: str,
    event: str,
    texts: dict[str, Any],
    audience: Audience | None = None,
    versions: list[int] | None = None,
    notice_id: int | None = None,
    unanswered: bool = False,
) -> int | None:
    """Have a message sent to the contacts of an audience, in the caller's transaction; the same reason again has no effect (None).

    `texts` as `Template.texts` gives them. `unanswered`: only to those who have not acknowledged the notice when their turn comes.
    """
    known = await versions_of(uow, adcode) if versions is None else versions
    wanted = (audience or Audience()).model_dump(mode="json") | {"versions": known}
    mailing_id = await uow.fetchval(
        BEGIN_SQL, reason, adcode, event, notice_id, canonical(wanted), canonical(texts), unanswered, uow.now
    )
    if mailing_id is None:
        return None
    await uow.record("mailing.begun", adcode, mailing=mailing_id, reason=reason, audience=wanted)
    await uow.enqueue("mail_out", {"mailing": mailing_id})
    return int(mailing_id)


async def go_on(uow: UnitOfWork, mailing_id: int, size: int = BATCH) -> bool:
    """Queue the next batch; returns whether more follow. A mailing that is done stays so."""
    row = await uow.fetchrow("SELECT * FROM mailing WHERE id = $1 AND state = 'running' FOR UPDATE", mailing_id)
    if row is None:
        return False
    wanted = dict(row["audience"])
    versions = wanted.pop("versions")
    audience = Audience.model_validate(wanted)
    given = audience.parameters(versions, row["adcode"], row["notice_id"] if row["unanswered"] else None)
    people = await uow.fetch(NEXT_SQL, *given, row["after_uscc"], row["after_contact"], size)
    queued = await _queue(uow, row, people, audience.channels)
    more = len(people) == size
    last = people[-1] if people else None
    await uow.execute(
        "UPDATE mailing SET after_uscc = $2, after_contact = $3, contacts = contacts + $4, queued = queued + $5, state = $6,"
        " done_at = $7 WHERE id = $1",
        mailing_id,
        row["after_uscc"] if last is None else last["uscc"],
        row["after_contact"] if last is None else last["id"],
        len(people),
        queued,
        "running" if more else "done",
        None if more else uow.now,
    )
    if more:
        await uow.enqueue("mail_out", {"mailing": mailing_id})
    else:
        await uow.record(
            "mailing.done",
            row["adcode"],
            mailing=mailing_id,
            contacts=row["contacts"] + len(people),
            queued=row["queued"] + queued,
        )
    return more


async def _queue(uow: UnitOfWork, row: Any, people: list[Any], chosen: Collection[str]) -> int:
    """Deliveries of one batch by the channels that are chosen and open: one content for each channel and language."""
    groups: dict[tuple[str, str], list[tuple[str, int, str]]] = defaultdict(list)
    for person in people:
        for channel in ("email", "sms"):
            if person[channel] and channel in chosen and channel in uow.runtime.channels.open:
                groups[channel, person["language"]].append((channel, person["id"], person["adcode"]))
    queued = 0
    for (channel, language), wanted in groups.items():
        subject, body = written(row["texts"], channel, language)
        content = await content_of(uow, row["event"], subject, body)
        queued += await queue_many(uow, reason=row["reason"], event=row["event"], content_id=content, wanted=wanted)
    return queued


def written(texts: dict[str, Any], channel: str, language: str) -> tuple[str, str]:
    """Subject and body of one channel in one language first, as the channel takes them."""
    if channel == "sms":
        return "", str(texts["sms"][language])
    letters = texts["email"]
    return str(letters[language]["title"]), canonical({"first": language, "zh": letters["zh"], "en": letters["en"]})
