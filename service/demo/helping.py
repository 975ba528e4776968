"""A second process that helps a replay with its jobs: `python -m service.demo.helping [RULES]` with DATABASE_URL set.

It reads one JSON line for each turn from standard input (`now`, `leave_out`), works until the queue is empty, and answers a line.
Jobs of one turn do not depend on each other, so who does which changes nothing that is told.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from service.channels.registry import recording_channels
from service.demo.draining import Hand
from service.kit.clock import ManualClock
from service.kit.database import Database
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from service.law.loader import load_law


@dataclass(frozen=True)
class Helper:
    """The helping process as the replay sees it."""

    process: asyncio.subprocess.Process

    async def turn(self, now: datetime, leave_out: frozenset[str]) -> None:
        """Let it work until the queue is empty. Raises RuntimeError when it ended instead."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        line = json.dumps({"now": now.isoformat(), "leave_out": sorted(leave_out)})
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()
        if not await self.process.stdout.readline():
            raise RuntimeError(f"the helping process ended with {await self.process.wait()}; its error stands above")


@asynccontextmanager
async def helper(runtime: Runtime) -> AsyncIterator[Helper]:
    """A helper over the same database and law, ended with the context."""
    environment = os.environ | {
        "DATABASE_URL": runtime.database.address,
        "LANTIAN_PUBLIC_DIR": str(runtime.settings.public_root),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service.demo.helping",
        *([runtime.rules_id] if runtime.rules_id else []),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment,
    )
    try:
        yield Helper(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def help_until_closed(rules_id: str | None) -> None:
    """Take turns until standard input ends."""
    settings = Settings()
    assert settings.database_url is not None  # the caller gives it
    runtime = Runtime(
        settings, Database(settings.database_url, pool_size=4), load_law(settings.config_dir), rules_id=rules_id
    )
    runtime.channels = recording_channels()
    connection = await runtime.database.connect()
    hand = Hand(runtime, connection, shared=True)
    loop = asyncio.get_running_loop()
    try:
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            turn = json.loads(line)
            runtime.set_clock(ManualClock(datetime.fromisoformat(turn["now"])))
            done = await hand.drain(frozenset(turn["leave_out"]))
            sys.stdout.write(f"{done}\n")
            sys.stdout.flush()
    finally:
        await connection.close()
        await runtime.close()


if __name__ == "__main__":
    asyncio.run(help_until_closed(sys.argv[1] if len(sys.argv) > 1 else None))
