"""Webhooks over HTTPS to addresses that others name."""

from __future__ import annotations

import asyncio
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport
from yarl import URL

from service.channels.base import LONGEST_ANSWER, Answer, Outgoing
from service.channels.targets import TargetError, check_address, resolve

OWN_HEADERS = {"content-type": "application/json", "user-agent": "lantian/1"}
LONGEST_PAUSE = timedelta(days=1)
CONNECT_SECONDS = 5.0
IDLE_SECONDS = 5.0


def retry_after_of(value: str | None, now: datetime) -> timedelta | None:
    """A Retry-After header: whole seconds or an HTTP date, between nothing and a day; what cannot be read is ignored."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return min(timedelta(seconds=int(value[:9])), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(aware - now, timedelta(0)), LONGEST_PAUSE)


class CheckedResolver(AbstractResolver):
    """Resolves and checks in one step: a connection goes to the very addresses that were found fit."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for address, kind in await resolve(host, port, allow_private=self._allow_private)
            if family in {socket.AF_UNSPEC, kind}
        ]

    async def close(self) -> None:
        """Nothing is held."""


def open_client(timeout_seconds: float, *, allow_private: bool) -> httpx.AsyncClient:
    """A client for addresses that others name: no redirects, no proxies, no cookies, every connection to a checked address."""
    return httpx.AsyncClient(
        transport=AiohttpTransport(client=lambda: open_session(allow_private=allow_private, limit=100)),
        timeout=httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, CONNECT_SECONDS)),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        trust_env=False,
    )


def open_session(
    *, allow_private: bool, limit: int = 0, connect: float = CONNECT_SECONDS, tls: ssl.SSLContext | None = None
) -> aiohttp.ClientSession:
    """Connections to checked addresses, without cookies and proxies. `limit` of open ones, 0: none; its user limits the calls."""
    connector = aiohttp.TCPConnector(
        resolver=CheckedResolver(allow_private=allow_private),
        use_dns_cache=False,
        limit=limit,
        keepalive_timeout=IDLE_SECONDS,
        ssl=tls or True,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect),
        auto_decompress=False,  # httpx does it itself, and an answer to a webhook is kept as it came
        trust_env=False,
    )


FAILURES = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, TargetError, TimeoutError)
"""Everything that an address named by others can do to a call of `open_client`."""


@lru_cache(maxsize=20_000)
def target_of(address: str, *, allow_private: bool) -> URL:
    """The address as it will be called, checked in just that form. Raises TargetError."""
    check_address(address, allow_private=allow_private)
    try:
        target = URL(address)
    except ValueError as error:
        raise TargetError(f"The address cannot be read: {error}.") from error
    check_address(str(target), allow_private=allow_private)
    return target


class HttpChannel:
    """POST over HTTPS: a time limit on the whole call, no redirects, private addresses refused after resolution, short answers."""

    def __init__(self, timeout_seconds: float, *, allow_private: bool, tls: ssl.SSLContext | None = None) -> None:
        self._allow_private = allow_private
        self._timeout = timeout_seconds
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def send(self, outgoing: Outgoing) -> Answer:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._post(outgoing)
        except (aiohttp.ClientError, TargetError, TimeoutError, OSError) as error:
            return Answer(None, f"{type(error).__name__}: {error}")

    async def _post(self, outgoing: Outgoing) -> Answer:
        target = target_of(outgoing.address, allow_private=self._allow_private)
        async with self._open().post(
            target, data=outgoing.body.encode(), headers=OWN_HEADERS | outgoing.headers, allow_redirects=False
        ) as response:
            said = await beginning(response)
            if not outgoing.more:
                response.close()  # thousands of idle connections to thousands of hosts would use up the process's files
            return Answer(
                response.status, said, retry_after_of(response.headers.get("retry-after"), datetime.now(tz=UTC))
            )

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


async def beginning(response: aiohttp.ClientResponse) -> str:
    """The first characters of an answer, as far as they can be stored."""
    read = b""
    while len(read) < LONGEST_ANSWER and not response.content.at_eof():
        read += await response.content.read(LONGEST_ANSWER - len(read))
    return read.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
