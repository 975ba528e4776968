"""Messages to officials outside the portal: to those nearest to the division in each role, and never in quiet hours unless urgent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from service.accounts.roles import NATION, prefix_of
from service.kit.unit_of_work import UnitOfWork
from service.people.mailing import written
from service.people.templates import load_templates
from service.subscriptions.flows import queue_many
from service.subscriptions.repository import content_of

REACHED_SQL = """
SELECT r.role, r.scope, c.* FROM (
    SELECT a.id, a.role, a.adcode AS scope FROM account a WHERE a.enabled AND a.role = ANY($1::text[]) AND a.adcode = ANY($2::text[])
    UNION
    SELECT t.id, d.role, d.adcode FROM delegation d JOIN account a ON a.id = d.from_account_id JOIN account t ON t.id = d.to_account_id
    WHERE t.enabled AND a.enabled AND a.role = d.role AND d.role = ANY($1::text[]) AND d.adcode = ANY($2::text[])
        AND d.valid_from <= $3 AND d.valid_until > $3 AND d.ended_at IS NULL
) r JOIN contact c ON c.account_id = r.id ORDER BY c.id
"""
"""People of the roles, and who stands in for them at this instant."""


def chain_of(adcode: str) -> list[str]:
    """A division and those above it."""
    return [adcode, adcode[:4] + "00", adcode[:2] + "0000", NATION]


def nearest(rows: list[Any]) -> list[Any]:
    """Of each role those whose own region is the smallest, each person once: the city's commander before that of the province."""
    closest: dict[str, int] = {}
    for row in rows:
        closest[row["role"]] = max(closest.get(row["role"], 0), len(prefix_of(row["scope"])))
    near = [row for row in rows if len(prefix_of(row["scope"])) == closest[row["role"]]]
    return list({row["id"]: row for row in near}.values())


def quiet_until(now: datetime, quiet_from: int | None, until: int | None) -> datetime | None:
    """When the quiet hours in which `now` (Beijing time) lies end; None outside of them. They may reach over midnight."""
    if quiet_from is None or until is None or quiet_from == until:
        return None
    minute = 60 * now.hour + now.minute
    ahead = (until - minute) % 1440 or 1440
    inside = quiet_from <= minute < until if quiet_from < until else minute >= quiet_from or minute < until
    return (now + timedelta(minutes=ahead)).replace(second=0, microsecond=0) if inside else None


async def tell(uow: UnitOfWork, message_id: int, contact_id: int | None = None) -> int:
    """Queue a message of the inbox to the people it is for, those in quiet hours when these end. Returns how many now.

    With `contact_id` only that one, whose quiet hours have ended. Twice is the same as once.
    """
    message = await uow.fetchrow("SELECT * FROM inbox_message WHERE id = $1", message_id)
    if message is None:
        return 0
    people = nearest(await uow.fetch(REACHED_SQL, message["roles"], chain_of(message["adcode"]), uow.now))
    queued = 0
    for person in people:
        if contact_id not in {None, person["id"]}:
            continue
        later = None if message["urgent"] else quiet_until(uow.now, person["quiet_from"], person["quiet_until"])
        if later is not None:
            payload = {"message": message_id, "contact": person["id"]}
            await uow.due(f"tell:{message_id}:{person['id']}", later, "tell_people", payload)
            continue
        queued += await _queue(uow, message, person)
    return queued


async def _queue(uow: UnitOfWork, message: Any, person: Any) -> int:
    texts = texts_of(uow, message)
    queued = 0
    for channel, wished in (
        ("email", person["by_email"] and person["email"]),
        ("sms", person["by_sms"] and person["phone"]),
    ):
        if wished and channel in uow.runtime.channels.open:
            subject, body = written(texts, channel, person["language"])
            content = await content_of(uow, f"people.{message['kind']}", subject, body)
            wanted = [(channel, person["id"], message["adcode"])]
            queued += await queue_many(
                uow,
                reason=f"message:{message['id']}",
                event=f"people.{message['kind']}",
                content_id=content,
                wanted=wanted,
            )
    return queued


def texts_of(uow: UnitOfWork, message: Any) -> dict[str, Any]:
    """The message in the words of its template."""
    settings = uow.runtime.settings
    place = uow.runtime.place(message["adcode"])
    link = settings.address + message["link"]
    values = {
        language: {
            "place": place,
            "title": message[f"title_{language}"],
            "text": message[f"text_{language}"],
            "link": link,
        }
        for language in ("zh", "en")
    }
    return load_templates(settings.config_dir)["official"].texts(values)
