"""`lantian account …` and `lantian feed add`: what an operator does on the machine itself."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from service.accounts import console
from service.accounts.book import uscc_known
from service.accounts.flows import create_account
from service.accounts.policy import check_password
from service.accounts.roles import NATION, Role
from service.cli.serve import runtime_from, settings_of
from service.feeds.flows import AIR, EVIDENCE, secrets_of
from service.feeds.flows import register as register_feed
from service.feeds.poller import LAYOUTS
from service.kit.canonical import canonical
from service.kit.migrate import migrate
from service.kit.problems import Invalid, Problem
from service.kit.runtime import Runtime
from service.kit.signatures import new_secret
from service.kit.unit_of_work import UnitOfWork


def register(commands: Any) -> None:
    """Add the commands."""
    accounts = commands.add_parser("account", help="open and keep accounts").add_subparsers(
        dest="part", required=True, metavar="PART"
    )
    account = accounts.add_parser(
        "add", help="open an account with its role; the password is asked for or read from a pipe"
    )
    account.add_argument("login")
    account.add_argument("--role", required=True, choices=[role.value for role in Role])
    account.add_argument("--adcode", default=NATION, help="region the account may act for; 100000 is the whole country")
    account.add_argument("--display", help="name shown on pages")
    account.add_argument("--uscc", help="credit code, for the role enterprise")
    account.add_argument("--temporary", action="store_true", help="the password has to be changed at the first sign-in")
    account.set_defaults(run=run_account)
    feeds = commands.add_parser("feed", help="register feeds").add_subparsers(
        dest="part", required=True, metavar="PART"
    )
    feed = feeds.add_parser("add", help="register a feed or rotate its secret; prints the new secret once")
    feed.add_argument("name")
    feed.add_argument("--title", default="", help="what the feed is")
    feed.add_argument("--adcode", default=NATION, help="region the feed may deliver for")
    feed.add_argument("--poll", metavar="URL", help="fetch this address instead of waiting for webhooks")
    feed.add_argument("--layout", choices=sorted(LAYOUTS), help="layout of the fetched document")
    feed.add_argument("--kind", choices=[AIR, EVIDENCE], default=AIR, help="what it may deliver: air data or evidence")
    feed.set_defaults(run=run_feed)
    for command in (account, feed, *_keeping(accounts)):
        command.add_argument("--data", type=Path, help="folder of the embedded database")
        command.add_argument("--json", action="store_true")


def _keeping(accounts: Any) -> list[argparse.ArgumentParser]:
    """The commands that look at accounts and change them."""
    listing: argparse.ArgumentParser = accounts.add_parser("list", help="list the accounts of a region")
    listing.add_argument("--adcode", default=NATION, help="region; 100000 is the whole country")
    listing.set_defaults(run=run_list)
    made = [listing]
    for name, help_text in (
        ("disable", "shut an account out at once, on every node"),
        ("enable", "let an account in again"),
        ("reset-password", "print a one-time code for a new password"),
        ("grant", "give an account its role and region"),
    ):
        command: argparse.ArgumentParser = accounts.add_parser(name, help=help_text)
        command.add_argument("login")
        command.set_defaults(run=run_keep, adcode=NATION)
        made.append(command)
    made[-1].add_argument("--role", required=True, choices=[role.value for role in Role])
    made[-1].add_argument("--adcode", required=True, help="region the account may act for")
    return made


def run_account(call: argparse.Namespace) -> int:
    """Exit code 2 for a password that is too short, a login that is taken, or an enterprise without its code."""
    if (call.role == Role.ENTERPRISE.value) != bool(call.uscc):
        return _refused("Give --uscc for the role enterprise, and only for it.")
    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    try:
        check_password(password, call.login)
    except Invalid as error:
        return _refused(error.detail)

    async def work(uow: UnitOfWork) -> dict[str, Any]:
        if call.uscc:
            await uscc_known(uow, call.uscc)
        opened = await create_account(
            uow,
            login=call.login,
            password=password,
            display=call.display or call.login,
            role=Role(call.role),
            adcode=call.adcode,
            uscc=call.uscc,
        )
        await uow.execute("UPDATE account SET must_change = $2 WHERE id = $1", opened, call.temporary)
        return {"account": opened, "login": call.login, "role": call.role, "adcode": call.adcode}

    return _run(call, work, lambda made: f"Account {made['login']} ({made['role']}, {made['adcode']}) is open.")


def run_list(call: argparse.Namespace) -> int:
    """Accounts with role, region, state and last sign-in."""

    async def work(uow: UnitOfWork) -> dict[str, Any]:
        return {"items": await console.listing(uow, call.adcode)}

    return _run(call, work, _table)


def _table(made: dict[str, Any]) -> str:
    lines = []
    for one in made["items"]:
        state = "enabled" if one["enabled"] else "disabled"
        last = f"{one['last_signed_in_at']:%Y-%m-%d %H:%M}" if one["last_signed_in_at"] else "never"
        lines.append(f"{one['login']}  {one['role'] or 'no role'}  {one['adcode']}  {state}  last sign-in {last}")
    return "\n".join(lines) or "No accounts."


def run_keep(call: argparse.Namespace) -> int:
    """Exit code 2 for an unknown login, or when nothing would change."""

    async def work(uow: UnitOfWork) -> dict[str, Any]:
        if call.part == "grant":
            return await console.grant(uow, call.login, Role(call.role), call.adcode)
        if call.part == "reset-password":
            return await console.reset_password(uow, call.login)
        return await console.set_enabled(uow, call.login, call.part == "enable")

    return _run(call, work, _told)


def _told(made: dict[str, Any]) -> str:
    if "code" in made:
        return (
            f"One-time code of {made['login']}, shown this once, good until {made['code_expires_at']:%Y-%m-%d %H:%M}:"
            f" {made['code']} (sign-in page, 我有一次性口令)"
        )
    if "role" in made:
        return f"{made['login']} is {made['role']} of {made['adcode']}."
    return f"{made['login']} is {'enabled' if made['enabled'] else 'disabled'}."


def run_feed(call: argparse.Namespace) -> int:
    """The old secret stays valid beside the new one, so that the feed can change over."""
    if call.poll and call.kind == EVIDENCE:
        return _refused("Evidence is delivered by webhook; leave --poll away.")
    if bool(call.poll) != bool(call.layout):
        return _refused("--poll and --layout belong together; give both or none.")

    async def work(uow: UnitOfWork) -> dict[str, Any]:
        kept = await secrets_of(uow, call.name)
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
    except Problem as error:
        return _refused(error.detail)
    print(canonical(made) if call.json else say(made))
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
