"""`lantian account add` and `lantian feed add`: what an operator does on the machine itself."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from service.accounts.flows import create_account
from service.accounts.roles import NATION, Role
from service.cli.serve import runtime_from, settings_of
from service.feeds.flows import AIR, EVIDENCE
from service.feeds.flows import register as register_feed
from service.feeds.poller import LAYOUTS
from service.kit.migrate import migrate
from service.kit.problems import Conflict
from service.kit.runtime import Runtime
from service.kit.signatures import new_secret
from service.kit.unit_of_work import UnitOfWork

SHORTEST_PASSWORD = 12


def register(commands: Any) -> None:
    """Add the commands."""
    account = _adder(commands, "account", "open accounts")(
        "open an account; the password is asked for or read from a pipe"
    )
    account.add_argument("login")
    account.add_argument("--role", required=True, choices=[role.value for role in Role])
    account.add_argument("--adcode", default=NATION, help="region the account may act for; 100000 is the whole country")
    account.add_argument("--display", help="name shown on pages")
    account.add_argument("--uscc", help="credit code, for the role enterprise")
    account.set_defaults(run=run_account)
    feed = _adder(commands, "feed", "register feeds")(
        "register a feed or rotate its secret; prints the new secret once"
    )
    feed.add_argument("name")
    feed.add_argument("--title", default="", help="what the feed is")
    feed.add_argument("--adcode", default=NATION, help="region the feed may deliver for")
    feed.add_argument("--poll", metavar="URL", help="fetch this address instead of waiting for webhooks")
    feed.add_argument("--layout", choices=sorted(LAYOUTS), help="layout of the fetched document")
    feed.add_argument("--kind", choices=[AIR, EVIDENCE], default=AIR, help="what it may deliver: air data or evidence")
    feed.set_defaults(run=run_feed)
    for command in (account, feed):
        command.add_argument("--data", type=Path, help="folder of the embedded database")
        command.add_argument("--json", action="store_true")


def _adder(commands: Any, name: str, text: str) -> Callable[[str], argparse.ArgumentParser]:
    parts = commands.add_parser(name, help=text).add_subparsers(dest="part", required=True, metavar="PART")

    def add(help_text: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = parts.add_parser("add", help=help_text)
        return made

    return add


def run_account(call: argparse.Namespace) -> int:
    """Exit code 2 for a password that is too short, a login that is taken, or an enterprise without its code."""
    if (call.role == Role.ENTERPRISE.value) != bool(call.uscc):
        return _refused("Give --uscc for the role enterprise, and only for it.")
    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if len(password) < SHORTEST_PASSWORD:
        return _refused(f"The password needs at least {SHORTEST_PASSWORD} characters.")

    async def work(uow: UnitOfWork) -> dict[str, Any]:
        opened = await create_account(
            uow,
            login=call.login,
            password=password,
            display=call.display or call.login,
            role=Role(call.role),
            adcode=call.adcode,
            uscc=call.uscc,
        )
        return {"account": opened, "login": call.login, "role": call.role, "adcode": call.adcode}

    return _run(call, work, lambda made: f"Account {made['login']} ({made['role']}, {made['adcode']}) is open.")


def run_feed(call: argparse.Namespace) -> int:
    """The old secret stays valid beside the new one, so that the feed can change over."""
    if call.poll and call.kind == EVIDENCE:
        return _refused("Evidence is delivered by webhook; leave --poll away.")
    if bool(call.poll) != bool(call.layout):
        return _refused("--poll and --layout belong together; give both or none.")

    async def work(uow: UnitOfWork) -> dict[str, Any]:
        kept = await uow.fetchval("SELECT secrets FROM feed WHERE id = $1", call.name) or []
        secret = new_secret()
        poll = {"url": call.poll, "layout": call.layout} if call.poll else None
        await register_feed(uow, call.name, call.title or call.name, call.adcode, [secret, *kept[:1]], poll, call.kind)
        return {"feed": call.name, "secret": secret, "adcode": call.adcode}

    return _run(
        call, work, lambda made: f"Feed {made['feed']} is registered. Its secret, shown this once: {made['secret']}"
    )


def _run(
    call: argparse.Namespace,
    work: Callable[[UnitOfWork], Awaitable[dict[str, Any]]],
    say: Callable[[dict[str, Any]], str],
) -> int:
    runtime = runtime_from(settings_of(call))
    known = runtime.law.divisions
    if call.adcode != NATION and call.adcode not in known:
        return _refused(f"There is no division {call.adcode}; use a GB/T 2260 code such as 130100.")
    try:
        made = asyncio.run(_in_one_unit(runtime, work))
    except Conflict as error:
        return _refused(error.detail)
    print(json.dumps(made, ensure_ascii=False) if call.json else say(made))
    return 0


async def _in_one_unit(runtime: Runtime, work: Callable[[UnitOfWork], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    await migrate(runtime.database.address)
    try:
        async with runtime.unit() as uow:
            made = await work(uow)
            await uow.commit()
        return made
    finally:
        await runtime.close()


def _refused(message: str) -> int:
    print(message, file=sys.stderr)
    return 2
