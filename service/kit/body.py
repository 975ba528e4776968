"""Bounded request bodies."""

from __future__ import annotations

from fastapi import Request

from service.kit.problems import TooLarge


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body. Raises TooLarge as soon as more than `limit` bytes have come, without keeping them."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(f"At most {limit} bytes are taken here; split the message.")
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge(f"At most {limit} bytes are taken here; split the message.")
        parts.append(part)
    return b"".join(parts)
