"""The `lantian` command: one parser, one module per command, imported only when it is called."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterable, Sequence

COMMANDS = {
    "serve": "serve",
    "worker": "serve",
    "migrate": "serve",
    "aqi": "aqi",
    "assess": "assess",
    "check-config": "check_config",
    "audit": "audit",
    "replay": "replay",
    "skill": "skill",
    "list": "lists",
    "evidence": "evidence",
    "bench": "bench",
    "drill": "drill",
    "account": "administration",
    "feed": "administration",
    "secrets": "sealing",
}
"""Command → module under `service.cli`."""


def parser(modules: Iterable[str]) -> argparse.ArgumentParser:
    """The command line of these modules; every one adds its own part with `register`."""
    root = argparse.ArgumentParser(
        prog="lantian", description="重污染天气应急响应服务 · heavy-pollution emergency response"
    )
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in modules:
        importlib.import_module(f"service.cli.{name}").register(commands)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 when it did what it says, 1 when it found problems, 2 for a wrong call."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    known = COMMANDS.get(given[0]) if given else None
    call = parser([known] if known else dict.fromkeys(COMMANDS.values())).parse_args(given)
    return int(call.run(call))


if __name__ == "__main__":
    sys.exit(main())
