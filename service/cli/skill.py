"""`lantian skill`: how forecasts stood up to what was measured, from the database or over a past episode."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg

from alerts.instants import parse_day
from alerts.law import LawNotFound
from service.accounts.roles import NATION, Scope
from service.cli.serve import runtime_from, settings_of
from service.demo.episodes import EPISODES, load_episode
from service.demo.messages import FORECAST_FEEDS
from service.kit.problems import Invalid, Problem
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork
from service.law.loader import load_law
from service.skill import repository
from service.skill.episodes import verified
from service.skill.flows import Question, asked, skill_everywhere, skill_of
from service.skill.targets import load_targets
from service.skill.text import described

OF_THE_DATABASE = ("feed", "from", "until", "data")


def register(commands: Any) -> None:
    """Add the command."""
    skill = commands.add_parser(
        "skill",
        help="forecasts against observations · 预报检验",
        description="Stored forecasts of a period, or the rebuilt forecasts of a past episode (needs no database).",
    )
    skill.add_argument(
        "--adcode", help="a division, or the divisions of a province; default: all, together and each by itself"
    )
    skill.add_argument("--rules", help="rule set for the levels, such as national-2024; default: the one in force")
    skill.add_argument("--feed", help="one feed; default: every feed side by side")
    skill.add_argument("--from", metavar="DAY", help="first day of issue; default: 90 days back")
    skill.add_argument("--until", metavar="DAY", help="the day after the last day of issue; default: tomorrow")
    skill.add_argument("--data", type=Path, help="folder of the embedded database")
    skill.add_argument("--episode", choices=sorted(EPISODES), help="verify rebuilt forecasts of a past episode instead")
    skill.add_argument("--forecast", choices=sorted(FORECAST_FEEDS), help="how they are rebuilt (default: persistence)")
    skill.add_argument("--lang", choices=("zh", "en"), default="zh", help="language of the tables")
    skill.add_argument("--json", action="store_true", help="print JSON")
    skill.set_defaults(run=run)


def run(call: argparse.Namespace) -> int:
    """Verify and print; 2 for a name, a day or a combination that cannot be used, 1 without a database."""
    try:
        body = _episode(call) if call.episode else asyncio.run(_stored(call))
    except Problem as error:
        return _refused(error.detail)
    except (ValueError, LawNotFound) as error:
        return _refused(str(error.args[0]))
    except (asyncpg.InvalidCatalogNameError, asyncpg.UndefinedTableError):
        print("There is no database of the service yet; run `lantian migrate` first.", file=sys.stderr)
        return 1
    print(json.dumps(body, ensure_ascii=False) if call.json else described(body, call.lang))
    return 0


def _episode(call: argparse.Namespace) -> dict[str, Any]:
    given = [f"--{name}" for name in OF_THE_DATABASE if getattr(call, name) is not None]
    if given:
        raise ValueError(f"{', '.join(given)} go with stored forecasts; leave them out, or leave --episode out.")
    episode, settings = load_episode(call.episode), settings_of(call)
    return verified(
        episode,
        call.forecast or "persistence",
        load_law(settings.config_dir),
        load_targets(settings.config_dir),
        adcode=call.adcode,
        rules=call.rules,
    )


async def _stored(call: argparse.Namespace) -> dict[str, Any]:
    if call.forecast is not None:
        raise ValueError("--forecast says how an episode is rebuilt; add --episode, or leave it out.")
    first, until = _day(call, "from"), _day(call, "until")
    runtime = runtime_from(settings_of(call))
    try:
        return await _found(runtime, call, first, until)
    finally:
        await runtime.close()


async def _found(runtime: Runtime, call: argparse.Namespace, first: date | None, until: date | None) -> dict[str, Any]:
    await runtime.load_clock()
    async with runtime.unit() as uow:
        question = await asked(uow, call.feed, first, until, call.rules)
        if call.adcode is not None and await _alone(uow, call.adcode, question):
            period = question.period
            return await skill_of(
                uow, Scope(NATION), call.adcode, feed=call.feed, first=period.first, until=period.until,
                rules=call.rules, bounded=False,
            )  # fmt: skip
    return await skill_everywhere(runtime, Scope(call.adcode or NATION), question)


async def _alone(uow: UnitOfWork, adcode: str, question: Question) -> bool:
    """Whether the division itself is meant: it has forecasts of its own, or nothing inside it has."""
    period = question.period
    inside = await repository.divisions(uow, Scope(adcode), period.start, period.end, question.feed)
    return adcode in inside or not inside


def _day(call: argparse.Namespace, name: str) -> date | None:
    text = getattr(call, name)
    try:
        return None if text is None else parse_day(text)
    except ValueError as error:
        raise Invalid(f"--{name}: {error}.") from error


def _refused(message: str) -> int:
    print(message, file=sys.stderr)
    return 2
