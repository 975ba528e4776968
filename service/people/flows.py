"""Tell people of the command what waits for them: in the portal at once, and outside it by their wishes."""

from __future__ import annotations

from collections.abc import Collection

from service.accounts.roles import Role
from service.kit.canonical import canonical
from service.kit.drill import marked
from service.kit.unit_of_work import UnitOfWork
from service.people.audience import Audience

KINDS = frozenset(
    {
        "proposal",
        "reminder",
        "escalation",
        "prompt",
        "laggard",
        "neighbour",
        "upper",
        "obligation",
        "task",
        "delivery",
        "drill",
        "notice",
    }
)
NOTIFY_SQL = """
INSERT INTO inbox_message (adcode, roles, kind, reason, title_zh, text_zh, title_en, text_en, link, urgent, created_at, audience)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (reason) DO NOTHING RETURNING id
"""


async def notify(
    uow: UnitOfWork,
    *,
    adcode: str,
    roles: Collection[str],
    kind: str,
    reason: str,
    zh: tuple[str, str],
    en: tuple[str, str],
    link: str,
    urgent: bool = False,
    audience: Audience | None = None,
) -> None:
    """Put one message before everybody in `roles` whose region holds `adcode`, in the caller's transaction.

    `zh`, `en`: title and text. `reason` names the cause, at most 200 characters; the same reason again has no effect.
    `link` is a path of our own pages. `urgent` passes over quiet hours.
    `audience`: to the enterprises of it. Raises ValueError for what no caller may pass.
    """
    wanted = sorted({Role(role).value for role in roles})
    if not wanted or kind not in KINDS or not 0 < len(reason) <= 200:
        raise ValueError(
            f"a message needs roles, a known kind and a reason of 1 to 200 characters: {kind!r} {reason!r}"
        )
    if not link.startswith("/") or link.startswith("//") or not (zh[0] and en[0]):
        raise ValueError(f"a message needs a title in both languages and a path of our own pages: {link!r}")
    zh, en = (marked(uow.runtime.drill, zh[0]), zh[1]), (marked(uow.runtime.drill, en[0]), en[1])
    whom = None if audience is None else canonical(audience.model_dump(mode="json"))
    message_id = await uow.fetchval(NOTIFY_SQL, adcode, wanted, kind, reason, *zh, *en, link, urgent, uow.now, whom)
    if message_id is None:
        return
    await uow.record("people.notified", adcode, message=message_id, roles=wanted, event=kind, reason=reason)
    await uow.enqueue("tell_people", {"message": message_id})
    await uow.tell("inbox", adcode)
