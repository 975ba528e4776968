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
from service.law.loader import load_law
from service.skill.episodes import verified
from service.skill.flows import asked, skill_everywhere, skill_of
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
    skill.add_argument("--adcode", help="one division; default: every division together, and each by itself")
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
    if call.adcode is not None and call.adcode not in episode.tracks:
        raise ValueError(
            f"The episode {episode.id} has no observations of {call.adcode}; it has {_some(episode.divisions)}."
        )
    return verified(
        episode,
        call.forecast or "persistence",
        load_law(settings.config_dir),
        load_targets(settings.config_dir),
        adcode=call.adcode,
        rules=call.rules,
    )


def _some(adcodes: tuple[str, ...]) -> str:
    shown = ", ".join(adcodes[:10])
    return shown if len(adcodes) <= 10 else f"{len(adcodes)} divisions, among them {shown}"


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
    scope = Scope(NATION)
    await runtime.load_clock()
    async with runtime.unit() as uow:
        if call.adcode is not None:
            return await skill_of(
                uow, scope, call.adcode, feed=call.feed, first=first, until=until, rules=call.rules, bounded=False
            )
        question = await asked(uow, call.feed, first, until, call.rules)
    return await skill_everywhere(runtime, scope, question)


def _day(call: argparse.Namespace, name: str) -> date | None:
    text = getattr(call, name)
    try:
        return None if text is None else parse_day(text)
    except ValueError as error:
        raise Invalid(f"--{name}: {error}.") from error


def _refused(message: str) -> int:
    print(message, file=sys.stderr)
    return 2
