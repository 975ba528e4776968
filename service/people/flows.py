"""Tell people of the command what waits for them: in the portal at once, and outside it by their wishes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from service.accounts.roles import Role
from service.kit.bulk import enqueue_all, record_all, tell_all
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
        "list",
    }
)
NOTIFY_SQL = """
INSERT INTO inbox_message (adcode, roles, kind, reason, title_zh, text_zh, title_en, text_en, link, urgent, created_at, audience)
SELECT n.adcode, ARRAY(SELECT jsonb_array_elements_text(n.roles)), n.kind, n.reason, n.zh ->> 0, n.zh ->> 1, n.en ->> 0, n.en ->> 1,
    n.link, n.urgent, $2, n.audience
FROM ROWS FROM (jsonb_to_recordset($1) AS (adcode text, roles jsonb, kind text, reason text, zh jsonb, en jsonb, link text,
    urgent boolean, audience jsonb)) WITH ORDINALITY n(adcode, roles, kind, reason, zh, en, link, urgent, audience, place)
ORDER BY n.place
ON CONFLICT (reason) DO NOTHING RETURNING id, reason
"""


@dataclass(frozen=True)
class Message:
    """One message before everybody in `roles` whose region holds `adcode`.

    `zh`, `en`: title and text. `reason` names the cause, at most 200 characters; the same reason again has no effect.
    `link` is a path of our own pages. `urgent` passes over quiet hours. `audience`: to the enterprises of it.
    Raises ValueError for what no caller may pass.
    """

    adcode: str
    roles: Collection[str]
    kind: str
    reason: str
    zh: tuple[str, str]
    en: tuple[str, str]
    link: str
    urgent: bool = False
    audience: Audience | None = None

    def __post_init__(self) -> None:
        if not self.wanted or self.kind not in KINDS or not 0 < len(self.reason) <= 200:
            raise ValueError(
                f"a message needs roles, a known kind and a reason of 1 to 200 characters: {self.kind!r} {self.reason!r}"
            )
        if not self.link.startswith("/") or self.link.startswith("//") or not (self.zh[0] and self.en[0]):
            raise ValueError(f"a message needs a title in both languages and a path of our own pages: {self.link!r}")

    @property
    def wanted(self) -> list[str]:
        """The roles, each once."""
        return sorted({Role(role).value for role in self.roles})

    def row(self, drill: str | None) -> dict[str, Any]:
        """As it is stored; marked in a drill."""
        return {
            "adcode": self.adcode,
            "roles": self.wanted,
            "kind": self.kind,
            "reason": self.reason,
            "zh": (marked(drill, self.zh[0]), self.zh[1]),
            "en": (marked(drill, self.en[0]), self.en[1]),
            "link": self.link,
            "urgent": self.urgent,
            "audience": None if self.audience is None else self.audience.model_dump(mode="json"),
        }


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
    """Put one `Message` before people, in the caller's transaction."""
    await notify_all(uow, [Message(adcode, roles, kind, reason, zh, en, link, urgent, audience)])


async def notify_all(uow: UnitOfWork, messages: Sequence[Message]) -> None:
    """Put messages before people, in the caller's transaction and in as many statements as one of them takes."""
    if not messages:
        return
    rows = canonical([message.row(uow.runtime.drill) for message in messages])
    stored = {row["reason"]: row["id"] for row in await uow.fetch(NOTIFY_SQL, rows, uow.now)}
    first = {message.reason: message for message in reversed(messages)}
    fresh = [message for message in messages if message.reason in stored and first[message.reason] is message]
    effects = [
        (
            one.adcode,
            {"message": stored[one.reason], "roles": one.wanted, "event": one.kind, "reason": one.reason},
        )
        for one in fresh
    ]
    await record_all(uow, "people.notified", effects)
    await enqueue_all(uow, "tell_people", [{"message": stored[one.reason]} for one in fresh])
    await tell_all(uow, "inbox", {one.adcode for one in fresh})
