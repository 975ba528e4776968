"""The `lantian` command: one parser, one module per command."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

COMMANDS = ("aqi", "assess", "check_config", "lists")


def parser() -> argparse.ArgumentParser:
    """The whole command line; every command module adds its own part with `register`."""
    root = argparse.ArgumentParser(prog="lantian", description="重污染天气应急响应服务 · heavy-pollution emergency response")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        importlib.import_module(f"service.cli.{name}").register(commands)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 when it did what it says, 1 when it found problems, 2 for a wrong call."""
    call = parser().parse_args(arguments)
    return int(call.run(call))


if __name__ == "__main__":
    sys.exit(main())
