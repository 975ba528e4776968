"""The work of an import: read and check apart, then store the version and end the import in one transaction.

It may be begun any number of times: nothing is stored before the last transaction, and that one finds out whether another
worker was quicker.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from service.accounts.roles import NATION, Scope
from service.guides.choosing import guide_id_on
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork
from service.lists import imports
from service.lists.apart import Apart, ProcessGone, Tell, process_apart
from service.lists.flows import check_place
from service.lists.states import WORKING, ImportState
from service.lists.storing import FromApart, Head, store
from service.lists.workbooks import Checked, law_at

MOST_DEATHS = 3
"""After the reading process ended so often, the workbook is taken to be the reason."""
TAKEN_OVER_AFTER = timedelta(minutes=10)
logger = structlog.get_logger("lantian.lists")


async def perform(runtime: Runtime, number: int, tell: Tell | None = None) -> None:
    """Bring an import to its end. Raises ProcessGone when the reading process was lost; trying again helps then."""
    async with runtime.unit() as uow:
        row = await _if_working(uow, number)
        if row is None:
            return
        await _stage(uow, row, ImportState.READING, 0, None)
        today = uow.now.date()
        await uow.commit()
    law = await asyncio.to_thread(law_at, row["adcode"], row["guide"], today)
    request = {"adcode": row["adcode"], "title": row["title"], "law": law, "as_of": today}
    try:
        async with process_apart(runtime, "import", **request) as apart:
            async with runtime.unit() as uow:
                await uow.computes_long()
                await apart.send_all(imports.pieces_of(uow, number))
            await _work(runtime, row, apart, tell)
    except ProcessGone:
        if not await _lost(runtime, number):
            raise


async def _work(runtime: Runtime, row: Any, apart: Apart, tell: Tell | None) -> None:
    async def told(stage: str, done: int, whole: int) -> None:
        async with runtime.unit() as uow:
            await _stage(uow, row, ImportState(stage), done, whole)
            await uow.commit()
        if tell is not None:
            tell(stage, done, whole)

    found = await apart.answer(told)
    if "faults" in found:
        await _refuse(runtime, row, found["faults"])
        return
    checked = Checked(**found)
    lines = checked.whole[3]
    await told(ImportState.STORING, lines, lines)
    async with runtime.unit() as uow:
        if await _if_working(uow, row["id"]) is None:
            return
        await uow.computes_long()
        head = Head(row["adcode"], row["title"], row["guide"], row["created_by"])
        version = await store(uow, head, checked, FromApart(apart))
        await _end(uow, row, ImportState.DONE, version=version)
        await uow.execute("DELETE FROM list_import_chunk WHERE import_id = $1", row["id"])
        await uow.tell("list", row["adcode"])
        await uow.commit()


async def _if_working(uow: UnitOfWork, number: int) -> Any:
    """The import, held for this transaction; None when there is nothing more to do."""
    row = await uow.fetchrow(f"SELECT {imports.FIELDS} FROM list_import WHERE id = $1 FOR UPDATE", number)
    return row if row is not None and row["state"] in WORKING else None


async def _stage(uow: UnitOfWork, row: Any, stage: ImportState, done: int, whole: int | None) -> None:
    await uow.execute(
        "UPDATE list_import SET state = $2, rows_read = $3, rows = $4 WHERE id = $1 AND state = ANY($5::text[])",
        row["id"],
        stage.value,
        done,
        whole,
        sorted(WORKING),
    )
    await uow.tell(imports.TOPIC, row["adcode"])


async def _refuse(runtime: Runtime, row: Any, faults: list[dict[str, Any]]) -> None:
    async with runtime.unit() as uow:
        if await _if_working(uow, row["id"]) is None:
            return
        await imports.keep_faults(uow, row["id"], faults)
        await _end(uow, row, ImportState.REFUSED, faults=len(faults))
        await uow.commit()


async def _end(uow: UnitOfWork, row: Any, state: ImportState, *, version: int | None = None, faults: int = 0) -> None:
    await uow.execute(
        "UPDATE list_import SET state = $2, version_id = $3, findings = $4, ended_at = $5 WHERE id = $1",
        row["id"],
        state.value,
        version,
        faults,
        uow.now,
    )
    await uow.tell(imports.TOPIC, row["adcode"])


async def _lost(runtime: Runtime, number: int) -> bool:
    """Count a lost process; True when the import has failed by it."""
    async with runtime.unit() as uow:
        row = await _if_working(uow, number)
        if row is None:
            return True
        deaths = await uow.fetchval(
            "UPDATE list_import SET deaths = deaths + 1, state = 'queued' WHERE id = $1 RETURNING deaths", number
        )
        logger.warning("a reading process was lost", number=number, times=deaths)
        failed = bool(deaths >= MOST_DEATHS)
        if failed:
            await imports.keep_faults(uow, number, [imports.READER_ENDED])
            await _end(uow, row, ImportState.FAILED, faults=1)
        await uow.commit()
    return failed


async def import_file(
    runtime: Runtime,
    path: Path,
    adcode: str,
    *,
    title: str = "应急减排清单",
    guide: str | None = None,
    created_by: int | None = None,
    tell: Tell | None = None,
) -> dict[str, Any]:
    """A file on this machine into a draft version by the very way of uploads; returns the import, `done` or `refused`.

    `guide`: None = the version in force today.
    `tell(stage, done, whole)` hears how far it is. Raises OSError, Unknown, Invalid or TooLarge. Killed half-way, it is gone on
    with by any worker of the database, or by calling this again.
    """
    content = await asyncio.to_thread(path.read_bytes)
    found = hashlib.sha256(content).hexdigest()
    async with runtime.unit() as uow:
        upload = imports.Upload(adcode, title, guide or guide_id_on(uow.now.date()), len(content), found)
        check_place(uow, adcode, upload.guide)
        number = await imports.begin(uow, upload, created_by)
        await imports.put(uow, number, 0, imports.cut(content))
        await imports.queue_later(uow, number, TAKEN_OVER_AFTER)
        await uow.commit()
    del content
    while True:
        try:
            await perform(runtime, number, tell)
            break
        except ProcessGone as lost:
            logger.warning("begun again", number=number, error=str(lost))
    async with runtime.unit() as uow:
        return await imports.find(uow, Scope(NATION), number)
