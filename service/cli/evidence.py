"""`lantian evidence`: files of meters, monitors, gates and inspections (佐证) into the database, what came in, and judging it."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from alerts.instants import parse_instant
from service.accounts.roles import NATION, Principal, Role, Scope
from service.cli.serve import with_runtime
from service.enterprises.sources import homes_of
from service.evidence import flows, repository
from service.evidence.flows import Sender
from service.evidence.reading import read_file, template_csv, template_xlsx
from service.evidence.records import Kind
from service.feeds.flows import EVIDENCE
from service.findings.judging import judge_touched
from service.kit.canonical import canonical
from service.kit.problems import Forbidden, Invalid, Problem, Unknown
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork

T = TypeVar("T")
OK, FAULTS, UNUSABLE = 0, 1, 2
DOOR = "lantian evidence import: "
"""What the reference of a delivery begins with, for the eye; any sender can write it, so the ledger says the door apart."""
ACCOUNT_SQL = (
    "SELECT id, login, display, role, adcode, uscc FROM account WHERE login = $1 AND enabled AND role IS NOT NULL"
)
FEED_SQL = "SELECT id, adcode, kind FROM feed WHERE id = $1 AND enabled"
TOUCHED_SQL = """
SELECT DISTINCT uscc FROM evidence_hour WHERE adcode = $1 AND until_at > $2 AND until_at <= $3
UNION SELECT DISTINCT uscc FROM gate_record WHERE adcode = $1 AND passed_at >= $2 AND passed_at < $3
UNION SELECT DISTINCT uscc FROM inspection WHERE adcode = $1 AND inspected_at >= $2 AND inspected_at < $3
"""


def register(commands: Any) -> None:
    """Add the command."""
    parts = commands.add_parser(
        "evidence", help="evidence of meters, monitors, gates, inspections · 佐证"
    ).add_subparsers(dest="part", required=True, metavar="PART")
    kinds = [kind.value for kind in Kind]
    template = parts.add_parser("template", help="write the file to fill in · 生成空白模板")
    template.add_argument("--kind", choices=kinds, required=True)
    template.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help=".csv or .xlsx")
    template.set_defaults(run=run_template)
    check = parts.add_parser("check", help="read a file and name every fault, offline · 离线检查文件")
    check.set_defaults(run=run_check)
    taking = parts.add_parser("import", help="check and store a file; jobs judge it · 导入佐证")
    for command in (check, taking):
        command.add_argument("file", type=Path, metavar="FILE", help=".csv (UTF-8, GB 18030) or .xlsx")
        command.add_argument("--kind", choices=kinds, required=True, help="what the file holds")
    sender = taking.add_mutually_exclusive_group(required=True)
    sender.add_argument("--feed", help="registered feed of evidence that delivers the file")
    sender.add_argument(
        "--account", metavar="LOGIN", help="account that sends the file: its region, or its own enterprise"
    )
    taking.set_defaults(run=run_import)
    listing = parts.add_parser("list", help="deliveries of a region, or the hours of one enterprise · 查看佐证")
    listing.add_argument("--adcode", default=NATION, help="region; 100000 is the whole country")
    listing.add_argument("--uscc", help="show this enterprise's hours in [--from, --until) instead")
    listing.add_argument("--size", type=_size, default=100, help="how many rows at most (default 100)")
    listing.set_defaults(run=run_list)
    judge = parts.add_parser("judge", help="judge evidence of [--from, --until) now · 立即判定")
    judge.add_argument("--adcode", required=True, help="division whose list names the enterprises")
    judge.add_argument("--uscc", action="append", help="only this enterprise; may be given several times")
    judge.set_defaults(run=run_judge)
    for command in (listing, judge):
        needed = command is judge
        command.add_argument("--from", dest="start", type=_instant, required=needed, metavar="INSTANT")
        command.add_argument(
            "--until", type=_instant, required=needed, metavar="INSTANT", help="such as 2026-11-21T18:00+08:00"
        )
    for command in (template, check, taking, listing, judge):
        command.add_argument("--json", action="store_true", help="print JSON")
        command.add_argument("--data", type=Path, help="folder of the embedded database")


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error}; give an instant such as 2026-11-21T18:00+08:00") from error


def _size(text: str) -> int:
    size = int(text)
    if not 1 <= size <= 10_000:
        raise argparse.ArgumentTypeError("give a number from 1 to 10000")
    return size


def run_template(call: argparse.Namespace) -> int:
    """Exit code 2 when the file can be neither .csv nor .xlsx, or cannot be written."""

    def work() -> dict[str, Any]:
        make = {".csv": template_csv, ".xlsx": template_xlsx}.get(call.output.suffix.lower())
        if make is None:
            raise Invalid("Name the file .csv or .xlsx.")
        return {"file": str(call.output), "bytes": call.output.write_bytes(make(Kind(call.kind)))}

    return _guarded(call, work, lambda made: _say(call, made, f"{made['file']}（{made['bytes']} 字节）"))


def run_check(call: argparse.Namespace) -> int:
    """Exit code 0 when the file can be read, 1 with every fault by row and column. Lists and points are looked at by `import`."""

    def work() -> dict[str, Any]:
        records, faults = read_file(Kind(call.kind), call.file.read_bytes())
        if faults:
            raise flows.refused(faults)
        return {"kind": call.kind, "rows": len(records)}

    return _guarded(call, work, lambda found: _say(call, found, f"{call.file.name}：{found['rows']} 行，可以导入"))


def run_import(call: argparse.Namespace) -> int:
    """Exit code 0 when everything was stored, 1 with every fault by row and column (nothing is stored), 2 for misuse."""

    async def work(runtime: Runtime) -> dict[str, Any]:
        content = await asyncio.to_thread(call.file.read_bytes)
        take = _by_account if call.feed is None else _by_feed
        return await take(runtime, call, Kind(call.kind), content)

    def say(made: dict[str, Any]) -> int:
        batches = "、".join(map(str, made["batches"]))
        return _say(
            call,
            made,
            f"{call.file.name}：已存 {made['received']} 行，批次 {batches}；判定由后台任务完成，或用 evidence judge",
        )

    return _guarded(call, lambda: with_runtime(call, work), say)


async def _by_account(runtime: Runtime, call: argparse.Namespace, kind: Kind, content: bytes) -> dict[str, Any]:
    async with runtime.unit() as uow:
        row = await uow.fetchrow(ACCOUNT_SQL, call.account)
    if row is None:
        raise Unknown(f"There is no enabled account {call.account}.")
    principal = Principal(row["id"], row["login"], row["display"], Role(row["role"]), Scope(row["adcode"]), row["uscc"])
    records = await flows.parsed(principal, kind, content)
    async with runtime.unit() as uow:
        made = await flows.upload(uow, principal, kind, DOOR + call.file.name, content, records, door="command")
        await uow.commit()
    return made


async def _by_feed(runtime: Runtime, call: argparse.Namespace, kind: Kind, content: bytes) -> dict[str, Any]:
    records, faults = await asyncio.to_thread(read_file, kind, content)
    if faults:
        raise flows.refused(faults)
    async with runtime.unit() as uow:
        feed = await uow.fetchrow(FEED_SQL, call.feed)
        if feed is None:
            raise Unknown(f"There is no enabled feed {call.feed}; register it with `lantian feed add`.")
        if feed["kind"] != EVIDENCE:
            raise Forbidden(
                f"The feed {call.feed} delivers {feed['kind']} data; register another one of kind {EVIDENCE}."
            )
        digest = hashlib.sha256(content).hexdigest()
        sender = Sender(Scope(feed["adcode"]), "command", DOOR + call.file.name, digest, feed=feed["id"])
        batches = await flows.accept(uow, sender, kind, records)
        received_at = uow.now
        await uow.commit()
    return {"kind": kind.value, "received": len(records), "batches": batches, "received_at": received_at}


def run_list(call: argparse.Namespace) -> int:
    """Deliveries newest first, or the hours of an enterprise. Exit code 2 for an unknown enterprise or a period without end."""

    async def work(runtime: Runtime) -> list[dict[str, Any]]:
        async with runtime.unit() as uow:
            if call.uscc is None:
                return await repository.batches(uow, Scope(call.adcode), None, None, call.size)
            if call.start is None or call.until is None:
                raise Invalid("Give --from and --until for the hours of an enterprise.")
            homes = [home.adcode for home in await homes_of(uow, call.uscc) if Scope(call.adcode).covers(home.adcode)]
            return await repository.page(uow, homes, call.uscc, call.start, call.until, None, call.size)

    def say(found: list[dict[str, Any]]) -> int:
        if call.json:
            print(canonical({"items": found}))
            return OK
        for one in found:
            print("  ".join(str(value) for value in one.values() if value is not None))
        print(f"{len(found)} 行")
        return OK

    return _guarded(call, lambda: with_runtime(call, work), say)


def run_judge(call: argparse.Namespace) -> int:
    """Judge in one transaction, as the job does. Exit code 0 with how many findings changed, 2 for misuse."""

    async def work(runtime: Runtime) -> dict[str, Any]:
        if not call.start < call.until:
            raise Invalid("--until must lie after --from.")
        async with runtime.unit() as uow:
            usccs = sorted(set(call.uscc or await _touched(uow, call)))
            changed = 0
            for first in range(0, len(usccs), flows.PER_JOB):
                changed += await judge_touched(
                    uow, call.adcode, usccs[first : first + flows.PER_JOB], call.start, call.until
                )
            await uow.commit()
        return {"adcode": call.adcode, "enterprises": len(usccs), "changed": changed}

    def say(made: dict[str, Any]) -> int:
        return _say(call, made, f"{call.adcode}：判定 {made['enterprises']} 家企业，{made['changed']} 个问题有变化")

    return _guarded(call, lambda: with_runtime(call, work), say)


async def _touched(uow: UnitOfWork, call: argparse.Namespace) -> list[str]:
    return [row["uscc"] for row in await uow.fetch(TOUCHED_SQL, call.adcode, call.start, call.until)]


def _say(call: argparse.Namespace, made: dict[str, Any], text: str) -> int:
    print(canonical(made) if call.json else text)
    return OK


def _guarded(call: argparse.Namespace, work: Callable[[], T], say: Callable[[T], int]) -> int:
    """Faults of a file are printed with row and column, exit code 1; what else can be put right in one line, exit code 2."""
    try:
        return say(work())
    except Problem as refused:
        if refused.errors:
            return _faults(call, refused)
        message = refused.detail or refused.title
    except OSError as wrong:
        message = f"{wrong.filename}: {wrong.strerror}" if wrong.filename else str(wrong)
    if call.json:
        print(json.dumps({"error": message}, ensure_ascii=False))
    print(message, file=sys.stderr)
    return UNUSABLE


def _faults(call: argparse.Namespace, refused: Problem) -> int:
    if call.json:
        print(canonical({"stored": False, "errors": refused.errors}))
        return FAULTS
    for one in refused.errors:
        place = " ".join(
            part for part in (f"第 {one['row']} 行" if one.get("row") else "", one.get("column") or "") if part
        )
        print(f"{place or '文件'}：{one['message']}。{one['advice']}（{one['code']}）")
    print(refused.detail)
    return FAULTS
