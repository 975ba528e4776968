"""`lantian list import` and `list export`: workbooks into and out of the database, by the very way of uploads and downloads."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from service.accounts.roles import NATION, Scope
from service.cli.serve import with_runtime
from service.kit.canonical import canonical
from service.kit.problems import Problem
from service.kit.runtime import Runtime
from service.lists import exporting, flows, imports
from service.lists.importing import import_file
from service.lists.states import ImportState

T = TypeVar("T")
STAGES = {"reading": "读取 reading", "checking": "检查 checking", "storing": "保存 storing"}
UNUSABLE = 2


def add_options(command: argparse.ArgumentParser) -> None:
    """The options of `import`."""
    command.add_argument("file", type=Path, metavar="FILE.xlsx")
    command.add_argument("--adcode", required=True, help="division the list is for")
    command.add_argument("--title", default="应急减排清单", help="title of the version")
    command.add_argument("--guide", help="version of the guide; the one in force today if left out")
    command.add_argument("--marked", type=Path, metavar="FILE.xlsx", help="where the marked workbook goes if there are faults")
    command.add_argument("--data", type=Path, help="folder of the embedded database")


def add_export_options(command: argparse.ArgumentParser) -> None:
    """The options of `export`."""
    command.add_argument("version", type=int, metavar="VERSION", help="number of the version")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.xlsx")
    command.add_argument("--data", type=Path, help="folder of the embedded database")


def run_import(call: argparse.Namespace) -> int:
    """Exit code 0 when a draft was stored, 1 when the workbook has faults (all are printed, nothing is stored), 2 for misuse."""

    async def work(runtime: Runtime) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        done = await import_file(
            runtime, call.file, call.adcode, title=call.title, guide=call.guide, tell=None if call.json else _told
        )
        if done["state"] == ImportState.DONE:
            async with runtime.unit() as uow:
                return await flows.find(uow, Scope(NATION), done["version_id"]), []
        if call.marked is not None:
            async with runtime.unit() as uow:
                await _saved(call.marked, uow, exporting.marked, done["id"])
        async with runtime.unit() as uow:
            return done, await imports.faults_of(uow, done["id"], 0, done["findings"])

    return _guarded(call, lambda: with_runtime(call, work), _say_import)


def _say_import(call: argparse.Namespace, found: tuple[dict[str, Any], list[dict[str, Any]]]) -> int:
    stored, faults = found
    if faults:
        if call.json:
            print(json.dumps({"stored": False, "import": stored["id"], "errors": faults}, ensure_ascii=False))
            return 1
        for fault in faults:
            place = f"{fault['sheet'] or ''} 第{fault['row']}行 {fault['column'] or ''}" if fault["row"] else fault["sheet"] or ""
            print(f"{place}: {fault['message']} → {fault['advice']}")
        print(f"{len(faults)} fault(s); nothing was stored.")
        return 1
    if call.json:
        print(canonical({"stored": True, **stored}))
    else:
        print(
            f"Stored version {stored['id']} of {stored['place']}: {stored['enterprises']} enterprises, {stored['lines']} lines, "
            f"{stored['blocking']} blocking finding(s). Activate it on the page /lists or with POST /api/v1/lists/{stored['id']}/activate."
        )
    return 0


def run_export(call: argparse.Namespace) -> int:
    """Exit code 0 when the workbook was written, 2 when there is no such version."""

    async def work(runtime: Runtime) -> dict[str, Any]:
        async with runtime.unit() as uow:
            version = await flows.find(uow, Scope(NATION), call.version)
            await _saved(call.output, uow, exporting.exported, call.version)
        return version

    return _guarded(call, lambda: with_runtime(call, work), _say_export)


def _say_export(call: argparse.Namespace, version: dict[str, Any]) -> int:
    facts = {"file": str(call.output), "bytes": call.output.stat().st_size, "version": version["id"], "digest": version["digest"]}
    text = f"{call.output}（{facts['bytes']} 字节，第 {version['id']} 版，指纹 {version['digest'][:16]}）"
    print(json.dumps(facts, ensure_ascii=False) if call.json else text)
    return 0


def _guarded(call: argparse.Namespace, work: Callable[[], T], say: Callable[[argparse.Namespace, T], int]) -> int:
    """What the caller can put right is said in one line, with exit code 2."""
    try:
        return say(call, work())
    except Problem as refused:
        message = refused.detail or refused.title
    except OSError as wrong:
        message = f"{wrong.filename}: {wrong.strerror}" if wrong.filename else str(wrong)
    if call.json:
        print(json.dumps({"stored": False, "error": message}, ensure_ascii=False))
    print(message, file=sys.stderr)
    return UNUSABLE


async def _saved(path: Path, uow: Any, made: Callable[..., Awaitable[Any]], number: int) -> None:
    """Write what is made to a file."""
    content = await made(uow, Scope(NATION), number)
    with path.open("wb") as target:
        async for piece in exporting.sent(content):
            target.write(piece)


def _told(stage: str, done: int, whole: int) -> None:
    print(f"\r{STAGES.get(stage, stage)} {done}/{whole}", end="\n" if done == whole else "", file=sys.stderr, flush=True)
