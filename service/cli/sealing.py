"""`lantian secrets`: whether secrets lie in the open in the database, and sealing those that do."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

from service.accounts import sealing
from service.cli.serve import runtime_from, settings_of
from service.kit.canonical import canonical
from service.kit.migrate import migrate
from service.kit.problems import Problem
from service.kit.runtime import Runtime


def register(commands: Any) -> None:
    """Add the command."""
    parts = commands.add_parser("secrets", help="secrets of endpoints, feeds and the service's own keys").add_subparsers(
        dest="part", required=True, metavar="PART"
    )
    for name, help_text in (
        ("check", "count those that lie in the open, or that this node's key does not open"),
        ("seal", "seal those that lie in the open; once, when every node runs this version with the same key"),
    ):
        command = parts.add_parser(name, help=help_text)
        command.add_argument("--data", type=Path, help="folder of the embedded database and of the key")
        command.add_argument("--json", action="store_true")
        command.set_defaults(run=run_secrets)


def run_secrets(call: argparse.Namespace) -> int:
    """Exit code 1 when secrets lie in the open, or were sealed by a key that this node does not have."""
    runtime = runtime_from(settings_of(call))
    try:
        told = asyncio.run(_told(runtime, seal=call.part == "seal"))
    except Problem as error:
        print(error.detail, file=sys.stderr)
        return 2
    print(canonical(told) if call.json else _said(told))
    return 1 if told["plain"] or told["foreign"] else 0


async def _told(runtime: Runtime, *, seal: bool) -> dict[str, Any]:
    await migrate(runtime.database.address)
    try:
        async with runtime.unit() as uow:
            changed = await sealing.seal_all(uow) if seal else {}
            told: dict[str, Any] = (await sealing.found(uow)).told()
            await uow.commit()
    finally:
        await runtime.close()
    of_setting = runtime.settings.secret_key is not None
    key = "LANTIAN_SECRET_KEY" if of_setting else str(runtime.settings.data_dir / "keys" / "secret")
    return told | {"changed": changed, "key": key}


def _said(told: dict[str, Any]) -> str:
    lines = [f"Sealed {rows} of {table}." for table, rows in told["changed"].items()]
    lines.append(
        f"{told['sealed']} sealed by this node's key, {told['plain']} in the open, {told['foreign']} sealed by another key."
    )
    if told["plain"]:
        lines.append("Seal them with `lantian secrets seal`, when every node runs this version.")
    if told["foreign"]:
        lines.append("Give this node the key they were sealed with, or give those endpoints and feeds new secrets.")
    lines.append(f"The key: {told['key']}. Every node needs it; without it nothing sealed can be opened. Keep a copy apart.")
    return "\n".join(lines)
