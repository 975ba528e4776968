"""`lantian audit`: recompute the ledger's chain; rebuild the state from it and hold the tables against that."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from alerts.instants import parse_instant
from service.cli.serve import settings_of
from service.kit.clock import SHANGHAI, PacedClock, SystemClock
from service.kit.database import address_of
from service.ledger.comparing import Comparison, compare
from service.ledger.flows import Verdict, verify


def register(commands: Any) -> None:
    """Add the command."""
    audit = commands.add_parser("audit", help="check the ledger")
    parts = audit.add_subparsers(dest="part", required=True, metavar="PART")
    check = parts.add_parser("verify", help="recompute the hash chain from its first entry")
    check.add_argument("--data", type=Path, help="folder of the embedded database")
    check.add_argument(
        "--entries", type=int, help="number of entries you noted earlier; fewer now means that the end was cut"
    )
    check.add_argument("--head", help="hash you noted with it; another one there means that the past was rewritten")
    check.add_argument("--json", action="store_true")
    check.set_defaults(run=run_verify)
    again = parts.add_parser(
        "rebuild", help="replay the ledger: what stands by its entries alone, and where the tables say something else"
    )
    again.add_argument("--data", type=Path, help="folder of the embedded database")
    again.add_argument(
        "--at", help="only what was written until this instant, such as 2016-12-16T08:00+08:00; the tables are not compared"
    )
    again.add_argument("--json", action="store_true")
    again.set_defaults(run=run_rebuild)


async def _verify(address: str, noted: tuple[int, str] | None) -> Verdict:
    connection = await asyncpg.connect(address)
    try:
        return await verify(connection, noted=noted)
    finally:
        await connection.close()


def run_verify(call: argparse.Namespace) -> int:
    """Exit code 0 for an intact chain, 1 for a broken one."""
    if (call.entries is None) != (call.head is None):
        print("Give --entries and --head together, as an earlier verification printed them.", file=sys.stderr)
        return 2
    noted = None if call.entries is None else (call.entries, call.head)
    verdict = asyncio.run(_verify(address_of(settings_of(call)), noted))
    if call.json:
        print(json.dumps(verdict.document()))
    elif verdict.whole:
        print(f"The ledger is whole: {verdict.entries} entries, {verdict.unsealed} waiting, head {verdict.head}")
    else:
        print(f"The ledger is BROKEN at entry {verdict.broken_at}: {verdict.problem}. Compare with your last export.")
    return 0 if verdict.whole else 1


async def _rebuild(address: str, at: datetime | None) -> Comparison:
    connection = await asyncpg.connect(address)
    try:
        clock = await connection.fetchrow("SELECT start, real_start, pace, stop FROM clock WHERE id = 1")
        now = (SystemClock() if clock is None else PacedClock(**dict(clock))).now()
        return await compare(connection, now, at)
    finally:
        await connection.close()


def run_rebuild(call: argparse.Namespace) -> int:
    """Exit code 0 when the ledger and the tables agree, 1 for every difference, 2 for an instant that cannot be read."""
    try:
        at = None if call.at is None else parse_instant(call.at)
    except ValueError as error:
        print(f"--at: {error} Give an instant with its offset, such as 2016-12-16T08:00+08:00.", file=sys.stderr)
        return 2
    found = asyncio.run(_rebuild(address_of(settings_of(call)), at))
    if call.json:
        print(json.dumps(found.document(), ensure_ascii=False))
    else:
        _print(found, compared=at is None)
    return 0 if found.whole else 1


def _print(found: Comparison, *, compared: bool) -> None:
    if not found.verdict.whole:
        print(f"The ledger is BROKEN at entry {found.verdict.broken_at}: {found.verdict.problem}.")
    print(f"Replayed {found.entries} entries. In force at {found.at.isoformat(timespec='minutes')}:")
    for one in found.stands:
        signed = ", ".join(f"{role} (account {account})" for account, role in one.signed_by) or "no signatures on the ledger"
        ends = one.ends_at.astimezone(SHANGHAI).isoformat(timespec="minutes") if one.ends_at else "open"
        print(
            f"  {one.adcode} {one.level.code} since {one.since.astimezone(SHANGHAI).isoformat(timespec='minutes')}, ends {ends},"
            f" warning {one.warning}, list {one.list_version or 'none'}, decision {one.decision}: {signed}"
        )
    if not found.stands:
        print("  nothing")
    for line in (*found.faults, *map(str, found.differences)):
        print(f"DIFFERENT {line}")
    if found.whole:
        print("The tables say the same." if compared else "The entries are consistent.")
    else:
        print(f"{len(found.faults)} fault(s) in the entries, {len(found.differences)} difference(s) from the tables.")
