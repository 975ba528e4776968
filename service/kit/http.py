"""What endpoints share: the unit of work of a request, instants, pages of keys, kept answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from alerts.instants import parse_instant
from service.accounts.roles import Principal
from service.kit.auth import runtime_of
from service.kit.canonical import canonical
from service.kit.problems import Conflict, Invalid
from service.kit.unit_of_work import UnitOfWork


async def unit_of_work(request: Request) -> AsyncIterator[UnitOfWork]:
    """The transaction of a request: committed after the endpoint returned and before the answer is sent."""
    async with runtime_of(request).unit() as uow:
        yield uow
        if not uow.committed:
            await uow.commit()


KEPT_FOR = timedelta(days=7)
"""Nobody repeats a call later than this; what answers tell of people is not kept for ever."""
Uow = Annotated[UnitOfWork, Depends(unit_of_work, scope="function")]
PageSize = Annotated[int, Query(ge=1, le=500)]
PageKey = Annotated[int | None, Query(ge=0, le=2**62, description="Give the `next` of the page before.")]


def instant_of(text: str, name: str) -> datetime:
    """A query instant. Raises Invalid with the form to use."""
    try:
        return parse_instant(text)
    except ValueError as error:
        raise Invalid(f"{name}: {error}") from error


def json_answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Canonical JSON bytes, so that equal content has an equal ETag."""
    return Response(canonical(body), status, headers=headers, media_type="application/json")


def with_etag(request: Request, body: bytes, media_type: str = "application/json") -> Response:
    """The bytes with a strong ETag, or 304 when the caller has them."""
    return tagged(request, body, etag_of(body), media_type)


def etag_of(body: bytes) -> str:
    """A strong ETag of the bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def tagged(request: Request, body: bytes, etag: str, media_type: str = "application/json") -> Response:
    """The bytes under a known ETag, or 304."""
    headers = {"etag": etag, "cache-control": "private, no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def idempotency_key(request: Request) -> str | None:
    """The Idempotency-Key of a call; None without one."""
    return request.headers.get("idempotency-key", "").strip().strip('"') or None


async def once(
    request: Request,
    uow: UnitOfWork,
    principal: Principal,
    content: Any,
    make: Callable[[], Awaitable[tuple[int, Any]]],
    told_once: str | None = None,
    again: Callable[[int], Awaitable[Any]] | None = None,
) -> Response:
    """Perform a write once per Idempotency-Key: the same key and content get the first answer again, for `KEPT_FOR`.

    `told_once` names a member of the answer that is told once and not kept. With `again` only the answer's `id` is kept and a
    repeat reads by it anew: for personal data, which must be gone when they are deleted.
    """
    key = idempotency_key(request)
    if key is None:
        status, body = await make()
        return json_answer(body, status)
    if len(key) > 255:
        raise Invalid("Idempotency-Key may have at most 255 characters; a UUID is best.")
    fingerprint = hashlib.sha256(f"{request.method} {request.url.path}\n{canonical(content)}".encode()).hexdigest()
    await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", f"{principal.account_id}:{key}")
    kept = await uow.fetchrow(
        "SELECT fingerprint, status, body FROM kept_answer WHERE account_id = $1 AND key = $2",
        principal.account_id,
        key,
    )
    if kept is not None:
        if kept["fingerprint"] != fingerprint:
            raise Conflict("This Idempotency-Key was used for other content; take a new key for a new write.")
        repeated = kept["body"] if again is None else canonical(await again(json.loads(kept["body"])["id"]))
        return Response(repeated, kept["status"], media_type="application/json", headers={"idempotent-replay": "true"})
    status, body = await make()
    await uow.execute(
        "INSERT INTO kept_answer (account_id, key, fingerprint, status, body, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        principal.account_id,
        key,
        fingerprint,
        status,
        canonical(_to_keep(body, told_once) if again is None else {"id": body["id"]}),
        uow.now,
    )
    return json_answer(body, status)


def _to_keep(body: Any, told_once: str | None) -> Any:
    return {name: value for name, value in body.items() if name != told_once} if told_once else body


async def forget_answers(uow: UnitOfWork) -> int:
    """Delete the kept answers whose time is over; returns how many."""
    tag = await uow.execute("DELETE FROM kept_answer WHERE created_at < $1", uow.now - KEPT_FOR)
    return int(tag.rpartition(" ")[2])
