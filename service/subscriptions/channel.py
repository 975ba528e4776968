"""The way out: an HTTP channel and one that only records (for trials and tests)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import httpx

from service.subscriptions.targets import TargetError, resolve

LONGEST_ANSWER = 2_000


@dataclass(frozen=True)
class Answer:
    """What an endpoint said: `status` None when nothing came, `retry_after` when it asked for a pause."""

    status: int | None
    said: str
    retry_after: timedelta | None


class Channel(Protocol):
    """Something that takes a signed body to an address."""

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send once. Never raises for what the other side does."""


def retry_after_of(value: str | None) -> timedelta | None:
    """Whole seconds of a Retry-After header, at most a day; other forms are ignored."""
    if value is None or not (value.isascii() and value.isdigit() and len(value) < 9):
        return None
    return timedelta(seconds=min(int(value), 86_400))


class HttpChannel:
    """POST over HTTPS: a time limit on everything, no redirects, private addresses refused after resolution."""

    def __init__(self, timeout_seconds: float, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._timeout = timeout_seconds
        self._client: httpx.AsyncClient | None = None

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            await resolve(url, allow_private=self._allow_private)
        except TargetError as error:
            return Answer(None, str(error), None)
        client = self._open()
        try:
            async with client.stream(
                "POST",
                url,
                content=body,
                headers={"content-type": "application/json", "user-agent": "lantian/1", **headers},
            ) as response:
                said = await _beginning(response)
                return Answer(response.status_code, said, retry_after_of(response.headers.get("retry-after")))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Answer(None, f"{type(error).__name__}: {error}", None)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=httpx.Timeout(self._timeout, connect=min(self._timeout, 5.0)),
                follow_redirects=False,
                trust_env=False,
            )
        return self._client


async def _beginning(response: httpx.Response) -> str:
    read = b""
    async for part in response.aiter_raw(LONGEST_ANSWER):
        read += part
        if len(read) >= LONGEST_ANSWER:
            break
    return read[:LONGEST_ANSWER].decode("utf-8", "replace")


@dataclass
class RecordingChannel:
    """Keeps what would have been sent and answers as told."""

    status: int = 200
    sent: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        self.sent.append((url, body, headers))
        return Answer(self.status, "", None)
