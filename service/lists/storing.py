"""Store a version: its head, its rows streamed into COPY, its sums and its digest, in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Protocol

from emission_lists.lists import EmissionListDraft
from emission_lists.summary import Dimension, Sum
from service.kit.canonical import canonical
from service.kit.unit_of_work import UnitOfWork
from service.lists.apart import Apart
from service.lists.content import (
    ENTERPRISE_COLUMNS,
    RECORD_COLUMNS,
    Writer,
    batches,
    enterprise_lines,
    record_lines,
)
from service.lists.summary import store_sums
from service.lists.workbooks import Checked

_DIMENSIONS = {dimension.value: dimension for dimension in Dimension}
INSERT_SQL = """
INSERT INTO list_version (adcode, title, guide, state, generated, enterprises, lines, totals, checks, blocking, remarks, digest,
    created_by, created_at, largest)
VALUES ($1, $2, $3, 'draft', $4, $5, $6, $7, $8, $9, $10, '', $11, $12, $13) RETURNING id
"""


@dataclass(frozen=True)
class Head:
    """What a version is called and whose it is."""

    adcode: str
    title: str
    guide: str
    created_by: int | None
    generated: bool = False


class Content(Protocol):
    """Where the rows of a version come from: enterprises first, then the rows of further sheets, then the digest of all."""

    async def begin(self, version_id: int) -> None:
        """Make ready for a version."""

    def pieces(self) -> AsyncIterator[bytes]:
        """Lines of COPY of the next table."""

    async def digest(self) -> str:
        """The digest, when all has been read."""


class FromDraft:
    """Rows of a draft in this process."""

    def __init__(self, draft: EmissionListDraft) -> None:
        self._draft, self._writer = draft, Writer()
        self._tables: list[Iterator[bytes]] = []

    async def begin(self, version_id: int) -> None:
        """Line up both tables."""
        draft, writer = self._draft, self._writer
        self._tables = [
            batches(enterprise_lines(version_id, draft.by_enterprise().values(), writer)),
            batches(record_lines(version_id, draft.adcode, draft.records, writer)),
        ]

    async def pieces(self) -> AsyncIterator[bytes]:
        """The next table; other tasks get their turn in between."""
        for piece in self._tables.pop(0):
            yield piece
            await asyncio.sleep(0)

    async def digest(self) -> str:
        """The digest."""
        return self._writer.digest()


class FromApart:
    """Rows that the process apart has read."""

    def __init__(self, apart: Apart) -> None:
        self._apart = apart

    async def begin(self, version_id: int) -> None:
        """Let it go on."""
        await self._apart.go(version_id)

    def pieces(self) -> AsyncIterator[bytes]:
        """The next table."""
        return self._apart.pieces()

    async def digest(self) -> str:
        """The digest."""
        return str((await self._apart.answer())["digest"])


async def store(uow: UnitOfWork, head: Head, checked: Checked, content: Content) -> int:
    """Store a draft version; returns its id."""
    _, _, enterprises, lines, *_ = checked.whole
    version_id = int(
        await uow.fetchval(
            INSERT_SQL,
            head.adcode,
            head.title,
            head.guide,
            head.generated,
            enterprises,
            lines,
            canonical(checked.totals),
            canonical(checked.findings),
            checked.blocking,
            checked.remarks,
            head.created_by,
            uow.now,
            canonical(checked.largest),
        )
    )
    await content.begin(version_id)
    for table, columns in (("list_enterprise", ENTERPRISE_COLUMNS), ("list_record", RECORD_COLUMNS)):
        await uow.connection.copy_to_table(table, source=content.pieces(), columns=columns)
    digest = await content.digest()
    await uow.execute("UPDATE list_version SET digest = $2 WHERE id = $1", version_id, digest)
    await store_sums(uow, version_id, [_sum(*values) for values in checked.sums])
    await uow.record(
        "list.imported",
        head.adcode,
        version=version_id,
        enterprises=enterprises,
        lines=lines,
        generated=head.generated,
        digest=digest,
    )
    return version_id


def _sum(dimension: str, key: str, enterprises: int, lines: int, milligrams: list[int], gaps: list[int]) -> Sum:
    return Sum(_DIMENSIONS[dimension], key, enterprises, lines, tuple(milligrams), tuple(gaps))
