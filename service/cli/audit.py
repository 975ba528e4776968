"""`lantian audit verify`: recompute the ledger's chain."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import asyncpg

from service.cli.serve import settings_of
from service.kit.database import address_of
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
