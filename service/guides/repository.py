"""Editions of the guides that list versions were frozen with: what a later release says of a guide never changes them."""

from __future__ import annotations

from emission_lists.guides_regional import GuideBook
from service.guides.loader import Applied, book, book_from, edition
from service.kit.unit_of_work import Reading, UnitOfWork

KEEP_SQL = "INSERT INTO guide_content (digest, document, kept_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
DOCUMENT_SQL = "SELECT document FROM guide_content WHERE digest = $1"
_BOOKS: dict[str, GuideBook] = {}
"""Editions of other releases by digest, each read once per process: what a digest names never changes, in any database."""


async def keep_edition(uow: UnitOfWork) -> str:
    """Keep what the guides say now; returns the digest that a version frozen with it names."""
    now = edition()
    await uow.execute(KEEP_SQL, now.digest, now.document, uow.now)
    return now.digest


async def applied(uow: Reading, guide: str, content: str | None) -> Applied:
    """The guide of a list version that was frozen with an edition; asks the database for another than our own, once.

    `content` None: a draft, or a version that was frozen before editions were kept; both follow the guides as they are now.
    """
    return Applied(guide, book() if content is None else await _book(uow, content))


async def _book(uow: Reading, digest: str) -> GuideBook:
    if digest == edition().digest:
        return book()
    if digest not in _BOOKS:
        _BOOKS[digest] = book_from(await uow.fetchval(DOCUMENT_SQL, digest))
    return _BOOKS[digest]
