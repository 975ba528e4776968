"""Bounded request bodies."""

from __future__ import annotations

import asyncio
import time

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.kit.problems import TooLarge, TooSlow
from service.kit.settings import Settings

UPLOAD_PATHS = frozenset(
    {"/api/v1/evidence", "/evidence", "/api/v1/lists", "/lists", "/api/v1/permits", "/lists/permits"}
)
IMPORTS_PATH = "/api/v1/lists/imports"
"""Whole workbooks or pieces of them, which carry the number of their import in the path."""
MOST_CSV_BYTES = 1_000_000
"""A file of one division's hours or days."""
LONGEST_BODY_SECONDS = 120.0
"""A body that takes longer to arrive is given up."""
FORM_ROOM = 100_000
"""What a form puts around an uploaded file."""


def too_large(limit: int) -> TooLarge:
    """The refusal, with what to do."""
    return TooLarge(f"At most {limit} bytes are taken here; split the message.")


def declared_length(value: str | None) -> int:
    """Bytes that a Content-Length announces; 0 when it is missing or no number."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 19 else 0


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body. Raises TooLarge as soon as more than `limit` bytes have come, without keeping them."""
    if declared_length(request.headers.get("content-length")) > limit:
        raise too_large(limit)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise too_large(limit)
        parts.append(part)
    return b"".join(parts)


class BodyLimit:
    """ASGI middleware: no endpoint, whatever reads its body, takes more than the application's settings allow."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def limit_of(self, path: str, settings: Settings) -> int:
        """Bytes that a path takes."""
        if path == "/simulation":
            return max(settings.max_body_bytes, MOST_CSV_BYTES) + FORM_ROOM
        uploads = path in UPLOAD_PATHS or path.startswith(IMPORTS_PATH)
        return settings.max_upload_bytes + FORM_ROOM if uploads else settings.max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.limit_of(scope["path"], scope["app"].state.runtime.settings)

        async def refuse() -> None:
            await too_large(limit).response(scope["path"])(scope, receive, send)

        if declared_length(Headers(scope=scope).get("content-length")) > limit:
            await refuse()
            return
        size, complete, until = 0, False, time.monotonic() + LONGEST_BODY_SECONDS

        async def counted() -> Message:
            nonlocal size, complete
            if complete:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), max(until - time.monotonic(), 0.0))
            except TimeoutError as error:
                raise TooSlow() from error
            complete = not message.get("more_body", False)
            size += len(message.get("body", b""))
            if size > limit:
                raise too_large(limit)
            return message

        async def unless_too_large(message: Message) -> None:
            if size <= limit:
                await send(message)

        try:
            await self.app(scope, counted, unless_too_large)
        except TooLarge:
            if size <= limit:
                raise
        if size > limit:
            await refuse()
