"""The public site over HTTP, straight from the current release on disk.
It needs neither database nor login, so it answers as long as the process and the disk do; a reverse proxy
may serve the same folder (`root/current/`) instead.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".atom": "application/atom+xml",
    ".xml": "application/cap+xml",
}
OPEN_TO_ALL = frozenset({".json", ".atom", ".xml"})
"""Data that scripts of other sites may read."""

PASSING = "public, max-age=30"
FOR_EVER = "public, max-age=31536000, immutable"
LARGEST_FILE = 4 * 1024 * 1024
DEEPEST = 4
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}", re.ASCII)

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True, slots=True)
class PublicFile:
    """One published file: its bytes, a strong ETag over them, its media type and when it was written."""

    content: bytes
    etag: str
    suffix: str
    written: float


def public_router(root_of: Callable[[Request], Path]) -> APIRouter:
    """Routes for GET and HEAD below /public/, reading the PublicStore in the folder that `root_of` names."""
    router = APIRouter()

    @router.api_route("/public", methods=["GET", "HEAD"], include_in_schema=False)
    def index() -> Response:
        return RedirectResponse("/public/", status_code=308, headers=SECURITY_HEADERS)

    @router.api_route("/public/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    def file(path: str, request: Request) -> Response:
        return answer(root_of(request), path, request.method, request.headers.get("if-none-match"))

    return router


def answer(root: Path, path: str, method: str, if_none_match: str | None) -> Response:
    """The response for one path below /public/."""
    if not (root / "current").is_symlink():
        return _words(503, "尚未发布。请稍后再看。 Nothing is published yet. Please look again soon.", method)
    if path == "en":
        return RedirectResponse("/public/en/", status_code=308, headers=SECURITY_HEADERS)
    found = find(root, path)
    if found is None:
        return _words(404, "没有此页。首页：/public/ There is no such page. Start at /public/", method)
    headers = {
        **SECURITY_HEADERS,
        "ETag": found.etag,
        "Last-Modified": formatdate(found.written, usegmt=True),
        "Cache-Control": FOR_EVER if path.startswith("cap/") else PASSING,
    }
    if found.suffix in OPEN_TO_ALL:
        headers["Access-Control-Allow-Origin"] = "*"
    if if_none_match is not None and matches(if_none_match, found.etag):
        return Response(status_code=304, headers=headers)
    headers["Content-Type"] = MEDIA_TYPES[found.suffix]
    headers["Content-Length"] = str(len(found.content))
    return Response(b"" if method == "HEAD" else found.content, headers=headers)


def find(root: Path, path: str) -> PublicFile | None:
    """The published file for a path below /public/; None when there is none or the path leads outside."""
    if path == "" or path.endswith("/"):
        path += "index.html"
    parts = path.split("/")
    if len(parts) > DEEPEST or not all(_NAME.fullmatch(part) and ".." not in part for part in parts):
        return None
    if Path(path).suffix not in MEDIA_TYPES:
        return None
    # A release may be pruned between resolving and reading; the second look finds its successor.
    for _ in range(2):
        target = (root / "current" / path).resolve()
        if not target.is_relative_to(root.resolve()) or not target.is_file():
            continue
        try:
            return _read(target, target.stat().st_mtime_ns)
        except FileNotFoundError:
            continue
    return None


def matches(if_none_match: str, etag: str) -> bool:
    """Whether an If-None-Match header names this ETag (weak comparison, RFC 9110 section 13.1.2)."""
    named = [candidate.strip().removeprefix("W/") for candidate in if_none_match.split(",")]
    return "*" in named or etag in named


@lru_cache(maxsize=512)
def _read(target: Path, written_ns: int) -> PublicFile:
    """Releases never change, so what was read once is true for ever; `written_ns` guards against a rebuilt
    folder.
    """
    with target.open("rb") as file:
        content = file.read(LARGEST_FILE)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return PublicFile(content, etag, target.suffix, written_ns / 1e9)


def _words(status: int, text: str, method: str) -> Response:
    body = text.encode()
    headers = {
        **SECURITY_HEADERS,
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
    }
    if status == 503:
        headers["Retry-After"] = "10"
    return Response(b"" if method == "HEAD" else body, status_code=status, headers=headers)
