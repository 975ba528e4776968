"""Workbooks that leave the service: the export of a version, the marked upload, and the templates."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import IO, Any

from emission_lists.floors import report_document
from emission_lists.guides import Guide
from emission_lists.sheets.kinds import SHEETS, Sheet
from emission_lists.sheets.writing import sheet_template
from emission_lists.workbook_writer import template
from service.accounts.roles import Scope
from service.kit.clock import SHANGHAI
from service.kit.problems import Conflict, Invalid
from service.kit.unit_of_work import UnitOfWork
from service.lists import flows, imports
from service.lists.apart import Apart, process_for_caller
from service.lists.floors import floors_of
from service.lists.frames import END
from service.lists.states import ImportState
from service.lists.workbooks import law_at

INDUSTRIAL, ALL = "industrial", "all"
BATCH = 500
SENT_BYTES = 1 << 18
ENTERPRISES_SQL = """
SELECT uscc AS key, document FROM list_enterprise WHERE version_id = $1 AND uscc > $2 ORDER BY uscc LIMIT $3
"""
PARTICULARS_SQL = """
SELECT EXISTS (SELECT 1 FROM list_enterprise WHERE version_id = $1 AND position('"particulars":' in document) > 0)
"""
RECORDS_SQL = """
SELECT key, document FROM list_record WHERE version_id = $1 AND sheet = $4 AND key > $2 ORDER BY key LIMIT $3
"""


async def exported(uow: UnitOfWork, scope: Scope, version_id: int) -> IO[bytes]:
    """The workbook of a version as an open file; importing it gives the same digest. Raises Unknown outside the scope."""
    version = await flows.find(uow, scope, version_id)
    floors = report_document(await floors_of(uow, scope, version_id))
    guide, _ = law_at(version["adcode"], version["guide"], uow.now.astimezone(SHANGHAI).date())
    request = {
        "guide": guide,
        "whole_society": version["totals"].get("whole_society"),
        "floors": floors,
        "particulars": await uow.fetchval(PARTICULARS_SQL, version_id),
    }
    async with process_for_caller(uow.runtime, "export", **request) as apart:
        await apart.send_all(_documents(uow, ENTERPRISES_SQL, version_id))
        for sheet in version["records"]:
            async for piece in _documents(uow, RECORDS_SQL, version_id, sheet):
                await apart.send_piece(piece)
        await apart.send(END)
        return await _spooled(apart)


async def _documents(uow: UnitOfWork, statement: str, version_id: int, *more: str) -> AsyncIterator[bytes]:
    """Stored documents as JSON arrays, a batch at a time."""
    last = ""
    while rows := await uow.fetch(statement, version_id, last, BATCH, *more):
        yield f"[{','.join(row['document'] for row in rows)}]".encode()
        last = rows[-1]["key"]


async def marked(uow: UnitOfWork, scope: Scope, number: int) -> IO[bytes]:
    """The uploaded workbook with its faulty cells marked, as an open file.

    Raises Unknown outside the scope, Conflict when there is nothing to mark.
    """
    row = await imports.find(uow, scope, number)
    if row["state"] not in (ImportState.REFUSED, ImportState.FAILED):
        raise Conflict(
            f"This import is {row['state']}; only a refused workbook is marked.",
            detail_zh="只有被退回的工作簿才有标注文件。",
        )
    faults = await imports.faults_of(uow, number, 0, row["findings"])
    async with process_for_caller(uow.runtime, "mark", faults=faults) as apart:
        await apart.send_all(imports.pieces_of(uow, number))
        return await _spooled(apart)


async def _spooled(apart: Apart) -> IO[bytes]:
    """What comes, in a file without a name: a slow reader holds no process and no connection."""
    with ExitStack() as unless_whole:
        file = unless_whole.enter_context(tempfile.TemporaryFile())
        async for piece in apart.pieces():
            await asyncio.to_thread(file.write, piece)
        file.seek(0)
        unless_whole.pop_all()  # whole: closed by whoever sends it
    return file


async def sent(file: IO[bytes]) -> AsyncIterator[bytes]:
    """The file in pieces; it is closed at the end."""
    with file:
        while piece := await asyncio.to_thread(file.read, SENT_BYTES):
            yield piece


def empty(sheet: str, guide: Guide) -> bytes:
    """The template of one sheet, or of all; the industries are the guide's. Raises Invalid for an unknown sheet."""
    if sheet in (INDUSTRIAL, ALL):
        return template(guide, further=sheet == ALL)
    if sheet not in SHEETS:
        known = ", ".join((INDUSTRIAL, ALL, *SHEETS))
        raise Invalid(f"There is no sheet {sheet}; known: {known}.", detail_zh=f"没有工作表 {sheet}；可选：{known}。")
    return sheet_template(SHEETS[sheet])


def offered() -> list[dict[str, Any]]:
    """The sheets that have a template, with their names."""
    return [
        {"key": ALL, "zh": "全部工作表", "en": "all sheets"},
        {"key": INDUSTRIAL, "zh": "应急减排清单（工业源）", "en": "industrial list"},
        *({"key": sheet.value, "zh": sheet.zh, "en": sheet.en} for sheet in Sheet),
    ]
