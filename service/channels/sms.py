"""Text messages by an HTTP gateway: one POST of JSON made from a template, and an answer read as the settings say."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp

from service.channels.base import LONGEST_ANSWER, Answer, Outgoing
from service.channels.targets import TargetError
from service.channels.webhook import CONNECT_SECONDS, beginning, open_session, retry_after_of, target_of

ONE_PART, LINKED_PART = 70, 67
"""Characters (UTF-16 units) of a message that is whole, and of each part of a longer one."""
MOST_PARTS = 5
GONE, REFUSED = 410, 403
PLACES = ("{to}", "{text}", "{id}")
_MOBILE = re.compile(r"1[0-9]{10}")


@dataclass(frozen=True)
class Gateway:
    """Where text messages are handed in.

    `body`: JSON whose texts hold `{to}`, `{text}`, `{id}`. `member`: where the answer tells its own code (`data.code`); empty:
    the HTTP status decides. `accepted`: codes that mean taken; `final`: codes for a number that will never work.
    """

    url: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    member: str = ""
    accepted: tuple[str, ...] = ()
    final: tuple[str, ...] = ()


def units(text: str) -> int:
    """Length as a telephone counts it: UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def parts(text: str) -> int:
    """In how many parts a text goes out: up to 70 characters in one, else 67 in each. 0 for an empty one."""
    length = units(text)
    return min(length, 1) if length <= ONE_PART else -(-length // LINKED_PART)


def filled(template: Any, values: Mapping[str, str]) -> Any:
    """A JSON template with its places filled in; what is filled in is never read as a template again."""
    if isinstance(template, str):
        return re.sub("|".join(map(re.escape, values)), lambda found: values[found[0]], template)
    if isinstance(template, dict):
        return {key: filled(value, values) for key, value in template.items()}
    return [filled(value, values) for value in template] if isinstance(template, list) else template


class SmsChannel:
    """Hands messages to one gateway, under the same rules for addresses as webhooks."""

    def __init__(
        self, gateway: Gateway, timeout_seconds: float, *, allow_private: bool, tls: ssl.SSLContext | None = None
    ) -> None:
        self._gateway = gateway
        self._template = json.loads(gateway.body)
        self._timeout = timeout_seconds
        self._allow_private = allow_private
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def send(self, outgoing: Outgoing) -> Answer:
        number = outgoing.address.removeprefix("+").removeprefix("86")
        if not _MOBILE.fullmatch(number):
            return Answer(GONE, "not a mobile number; nothing was sent")
        if not 0 < parts(outgoing.body) <= MOST_PARTS:
            return Answer(422, f"a text message has 1 to {MOST_PARTS} parts; nothing was sent")
        values = dict(zip(PLACES, (number, outgoing.body, outgoing.message_id), strict=True))
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._post(filled(self._template, values))
        except (aiohttp.ClientError, TargetError, TimeoutError, OSError) as error:
            answer = Answer(None, f"{type(error).__name__}: {error}")
        return Answer(answer.status, answer.said.replace(number, "<number>")[:LONGEST_ANSWER], answer.retry_after)

    async def _post(self, body: Any) -> Answer:
        target = target_of(self._gateway.url, allow_private=self._allow_private)
        async with self._open().post(
            target, json=body, headers={"user-agent": "lantian/1", **self._gateway.headers}, allow_redirects=False
        ) as response:
            said = await beginning(response)
            pause = retry_after_of(response.headers.get("retry-after"), datetime.now(tz=UTC))
            return Answer(self._status(response.status, said), said, pause)

    def _status(self, status: int, said: str) -> int:
        """The status that an answer amounts to: a gateway may say 200 and refuse in its body."""
        gateway = self._gateway
        if not gateway.member or not 200 <= status < 300:
            return status
        code = member_of(said, gateway.member)
        if code in gateway.accepted:
            return status
        return GONE if code in gateway.final else REFUSED

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = open_session(
                allow_private=self._allow_private, connect=min(self._timeout, CONNECT_SECONDS), tls=self._tls
            )
        return self._session


def member_of(said: str, path: str) -> str | None:
    """The text or number at a path of a JSON answer (`data.code`); None where there is none."""
    try:
        value = json.loads(said)
    except ValueError:
        return None
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return str(value) if isinstance(value, str | int) else None
