"""`lantian bench`: every path beside its limit in the same run."""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

from service.bench.delivery_paths import DELIVERIES
from service.bench.import_paths import IMPORTS
from service.bench.list_paths import SIZED
from service.bench.load import Result
from service.bench.paths import ALONE, STAGED
from service.bench.region_paths import REGIONAL
from service.bench.stage import set_up, tear_down
from service.kit.memory import settle

PATHS = [*ALONE, *IMPORTS, *SIZED, *STAGED, *DELIVERIES, *REGIONAL]


def register(commands: Any) -> None:
    """Add the command."""
    bench = commands.add_parser("bench", help="measure each path beside its limit; prints one line per path")
    bench.add_argument("--only", action="append", choices=PATHS, help="a path to measure (may be repeated)")
    bench.add_argument("--rounds", type=int, default=5, help="rounds; the medians are reported")
    bench.add_argument(
        "--enterprises",
        type=int,
        default=10_000,
        help="enterprises over cities of up to 12,000, and as many again in one division: 10000, 100000, 275000",
    )
    bench.add_argument("--rows", type=int, default=10_000, help="rows of the workbook that is imported for its time")
    bench.add_argument("--many-rows", type=int, default=100_000, help="rows of the one that is imported for its memory")
    bench.add_argument("--json", action="store_true", help="JSON lines")
    bench.set_defaults(run=run)


def run(call: argparse.Namespace) -> int:
    """Measure and print; exit code 0 whatever the ratios are, because machines are noisy."""
    asyncio.run(_run(call))
    return 0


async def _run(call: argparse.Namespace) -> None:
    wanted = call.only or PATHS
    for name in wanted:
        if name in ALONE:
            _print(ALONE[name](call.rounds), as_json=call.json)
    if not set(wanted) - set(ALONE):
        return
    enterprises = call.enterprises if set(wanted) & set(SIZED) else 0
    with tempfile.TemporaryDirectory(prefix="lantian-bench-", ignore_cleanup_errors=True) as folder:
        stage = await set_up(Path(folder), enterprises)
        settle()  # as a process of the service does; limits that run in this one gain by it as well
        try:
            for name in wanted:
                if name in IMPORTS:
                    rows = call.many_rows if name == "import_memory" else call.rows
                    _print(await IMPORTS[name](stage, call.rounds, rows), as_json=call.json)
                elif name not in ALONE:
                    _print(await {**SIZED, **STAGED, **DELIVERIES, **REGIONAL}[name](stage, call.rounds), as_json=call.json)
        finally:
            await tear_down(stage)


def _print(result: Result, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(result.document(), ensure_ascii=False), flush=True)
        return
    line = f"{result.name:22} ours {result.ours:>12,.3f}  limit {result.limit:>12,.3f} {result.unit:11}"
    told = f"{result.note}{'; ratios ' if result.note and result.spread else ''}{result.spread}"
    print(f"{line} ratio {result.ratio:6.3f}  (bar {result.bar})  {told}", flush=True)
