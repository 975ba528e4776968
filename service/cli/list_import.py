"""`lantian list import`: store a workbook as a draft version of a division's list."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from emission_lists.workbook import read_workbook
from service.accounts.roles import NATION, Scope
from service.cli.serve import runtime_from, settings_of
from service.kit.canonical import canonical
from service.kit.migrate import migrate
from service.kit.runtime import Runtime
from service.lists.flows import find, store_draft


def add_options(command: argparse.ArgumentParser, guide: str) -> None:
    """The options of the command."""
    command.add_argument("file", type=Path, metavar="FILE.xlsx")
    command.add_argument("--adcode", required=True, help="division the list is for")
    command.add_argument("--title", default="应急减排清单", help="title of the version")
    command.add_argument("--guide", default=guide)
    command.add_argument("--data", type=Path, help="folder of the embedded database")


def run_import(call: argparse.Namespace) -> int:
    """Exit code 0 when a draft was stored, 1 when the workbook has faults (all are printed, nothing is stored)."""
    reading = read_workbook(call.file)
    draft, faults = reading.draft(call.adcode, call.title), reading.errors
    if faults:
        found = [fault.document() for fault in faults]
        if call.json:
            print(json.dumps({"stored": False, "errors": found}, ensure_ascii=False))
        else:
            for fault in faults:
                place = f"{fault.sheet or ''} 第{fault.row}行 {fault.column or ''}" if fault.row else fault.sheet or ""
                print(f"{place}: {fault.message} → {fault.advice}")
            print(f"{len(faults)} fault(s); nothing was stored.")
        return 1
    runtime = runtime_from(settings_of(call))

    async def work() -> str:
        await migrate(runtime.database.address)
        try:
            return await _store(runtime, call)
        finally:
            await runtime.close()

    async def _store(held: Runtime, given: argparse.Namespace) -> str:
        if given.adcode not in held.law.divisions:
            raise ValueError(f"There is no division {given.adcode}; use a GB/T 2260 code such as 130100.")
        async with held.unit() as uow:
            version = await store_draft(uow, draft, guide=given.guide, created_by=None)
            document = await find(uow, Scope(NATION), version)
            await uow.commit()
        return canonical(document)

    stored = json.loads(asyncio.run(work()))
    if call.json:
        print(json.dumps({"stored": True, **stored}, ensure_ascii=False))
    else:
        print(
            f"Stored version {stored['id']} of {stored['place']}: {stored['enterprises']} enterprises, {stored['lines']} lines, "
            f"{stored['blocking']} blocking finding(s). Activate it on the page /lists or with POST /api/v1/lists/{stored['id']}/activate."
        )
    return 0
