"""Importing workbooks: the time beside calamine and COPY of the same rows, and the memory of everything that takes part."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from python_calamine import CalamineWorkbook

from emission_lists.generator import generate_list, stream_list
from emission_lists.lists import EmissionListDraft, ListRow, Pollutants
from emission_lists.workbook_writer import write_long, write_workbook
from service.bench.big_lists import GUIDE, counties_of
from service.bench.load import Compared, Result, compared
from service.bench.stage import Stage
from service.lists.content import ENTERPRISE_COLUMNS, RECORD_COLUMNS
from service.lists.importing import import_file
from service.lists.workbooks import guide_of, profile

CITY = "130100"
FAULTY_OF = 10
"""One in so many rows of the faulty workbook has a fault of each kind."""
LINES_PER_ENTERPRISE = 3
MEMORY_LIMIT = 500.0
SAMPLE_SECONDS = 0.05
MEGABYTE = 1 << 20
TABLES: dict[str, tuple[str, ...]] = {"list_enterprise": ENTERPRISE_COLUMNS, "list_record": RECORD_COLUMNS}
FAULTS: dict[str, tuple[str, ...]] = {"list_import_finding": ("import_id", "number", "document")}
Copied = tuple[tuple[str, ...], bytes]


async def import_workbook(stage: Stage, rounds: int, rows: int) -> Result:
    """Read, check and store a workbook with all its sheets, against calamine reading it and COPY of its rows."""
    draft = _draft(stage, rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        path.write_bytes(write_workbook(draft))
        done = await _imported(stage, path, "done")
        copied = await _rows_of(stage, TABLES, "version_id", int(done["version_id"]))
        found = await _against_bare(stage, path, "done", copied, rounds)
    note = f"{len(draft.rows)} rows and {len(draft.records)} of further sheets"
    return Result("import_workbook", *found.medians, "<= 3", "s", note, found.spread)


async def import_faulty(stage: Stage, rounds: int, rows: int) -> Result:
    """The same workbook with faults all over: every one is found and kept, against calamine reading it and COPY of the faults.

    Nothing else is stored of it, so its limit is lower than that of a workbook that is whole.
    """
    draft = spoiled(_draft(stage, rows))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        path.write_bytes(write_workbook(draft))
        refused = await _imported(stage, path, "refused")
        copied = await _rows_of(stage, FAULTS, "import_id", int(refused["id"]))
        found = await _against_bare(stage, path, "refused", copied, rounds)
    note = f"{len(draft.rows)} rows, {refused['findings']} faults"
    return Result("import_faulty", *found.medians, "<= 3", "s", note, found.spread)


def _draft(stage: Stage, rows: int) -> EmissionListDraft:
    return generate_list(
        CITY,
        seed=3,
        enterprises=max(1, rows // LINES_PER_ENTERPRISE),
        guide=guide_of(GUIDE),
        profile=profile(),
        counties=counties_of(stage.runtime.law, CITY),
    )


def spoiled(draft: EmissionListDraft) -> EmissionListDraft:
    """A list with rows whose credit code, class of industry and base emissions no reader can take."""

    def wrong(row: ListRow) -> ListRow:
        firm = replace(row.enterprise, uscc=row.enterprise.uscc[:-1] + "?", gbt4754="99")
        return row._replace(enterprise=firm, line=replace(row.line, base=Pollutants(-1.0, 1.0, 1.0, 1.0)))

    found = (row if number % FAULTY_OF else wrong(row) for number, row in enumerate(draft.rows))
    return replace(draft, rows=tuple(found))


async def _against_bare(stage: Stage, path: Path, state: str, copied: dict[str, Copied], rounds: int) -> Compared:
    """Importing a workbook against calamine reading it and COPY of what is left behind."""

    async def ours(_number: int) -> float:
        await stage.runtime.spare.ready()  # as on a server that was not at work a moment ago; nothing of it falls into a round
        started = time.perf_counter()
        await _imported(stage, path, state)
        return time.perf_counter() - started

    async def limit(_number: int) -> float:
        started = time.perf_counter()
        await asyncio.to_thread(_bare, path)
        async with stage.runtime.unit() as uow:
            for table, (columns, content) in copied.items():
                await uow.connection.copy_to_table(f"limit_{table}", source=BytesIO(content), columns=columns)
            await uow.commit()
        took = time.perf_counter() - started
        async with stage.runtime.unit() as uow:
            await uow.execute("TRUNCATE " + ", ".join(f"limit_{table}" for table in copied))
            await uow.commit()
        return took

    return await compared(ours, limit, rounds)


async def _imported(stage: Stage, path: Path, state: str) -> dict[str, Any]:
    found = await import_file(stage.runtime, path, CITY, guide=GUIDE)
    assert found["state"] == state, found
    return found


async def _rows_of(stage: Stage, tables: dict[str, tuple[str, ...]], key: str, number: int) -> dict[str, Copied]:
    """What was left behind under a key as COPY takes it, by table, and empty tables like theirs to copy it into."""
    found = {}
    async with stage.runtime.unit() as uow:
        for table, columns in tables.items():
            await uow.execute(f"CREATE TABLE IF NOT EXISTS limit_{table} (LIKE {table} INCLUDING ALL)")
            target, rows = BytesIO(), f"SELECT {', '.join(columns)} FROM {table} WHERE {key} = $1"
            await uow.connection.copy_from_query(rows, number, output=target)
            found[table] = columns, target.getvalue()
        await uow.commit()
    return found


def _bare(path: Path) -> None:
    book = CalamineWorkbook.from_path(path)
    for name in book.sheet_names:
        for _ in book.get_sheet_by_name(name).iter_rows():
            pass


async def import_memory(stage: Stage, _rounds: int, rows: int) -> Result:
    """The most memory that the server and all its processes hold while a large workbook is uploaded, checked and stored, in MB."""
    enterprises = max(1, rows // LINES_PER_ENTERPRISE)
    streamed = stream_list(CITY, seed=4, enterprises=enterprises, guide=guide_of(GUIDE), profile=profile())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        await asyncio.to_thread(write_long, path, (row for group in streamed for row in group), (), None, None)
        size = path.stat().st_size / MEGABYTE
        started = time.perf_counter()
        before = _held(stage.process.pid)
        most, answer = await _watched(stage.process.pid, lambda: _uploaded(stage, path))
        took = time.perf_counter() - started
    lines, server, whole = answer["lines"], most.server, most.whole
    note = (
        f"{lines} rows, a file of {size:.0f} MB, in {took:.1f} s; the server alone {server:.0f} MB (before {before:.0f}),"
        f" its reading process {most.children:.0f} MB"
    )
    return Result("import_memory", whole, MEMORY_LIMIT, whole / MEMORY_LIMIT, "<= 1", "MB", note)


async def _uploaded(stage: Stage, path: Path) -> dict[str, Any]:
    """The answer to an upload; it may be slow."""
    timeout = aiohttp.ClientTimeout(total=1800)
    address = f"{stage.address}/api/v1/lists?adcode={CITY}&guide={GUIDE}&title=bench"
    with path.open("rb") as file:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(address, headers=stage.signed_in, data=file) as answer,
        ):
            body: dict[str, Any] = await answer.json()
            assert answer.status == 201, body
            return body


class Most:
    """Highest resident memory seen, MB: of the server, of the processes it started, and of all at one instant."""

    def __init__(self) -> None:
        self.server = self.children = self.whole = 0.0

    def see(self, server: float, children: float) -> None:
        """One look."""
        self.server = max(self.server, server)
        self.children = max(self.children, children)
        self.whole = max(self.whole, server + children)


async def _watched(pid: int, work: Callable[[], Awaitable[dict[str, Any]]]) -> tuple[Most, dict[str, Any]]:
    """Do the work and look at the memory of a process and its children all the while."""
    most = Most()
    task = asyncio.ensure_future(work())
    while not task.done():
        most.see(_held(pid), sum(_held(child) for child in _children(pid)))
        await asyncio.wait([task], timeout=SAMPLE_SECONDS)
    return most, task.result()


def _children(pid: int) -> list[int]:
    with suppress(psutil.Error):
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return []


def _held(pid: int) -> float:
    """Resident memory of a process, MB; nothing when it is gone."""
    with suppress(psutil.Error):
        return float(psutil.Process(pid).memory_info().rss) / MEGABYTE
    return 0.0


IMPORTS: dict[str, Any] = {
    "import_workbook": import_workbook,
    "import_faulty": import_faulty,
    "import_memory": import_memory,
}
