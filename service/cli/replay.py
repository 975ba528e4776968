"""`lantian replay`: an episode of the past through the whole chain, as a time line."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import structlog

from alerts.instants import parse_instant
from alerts.law import Law, LawNotFound
from alerts.levels import Level
from service.cli.serve import settings_of
from service.demo.episodes import EPISODES, load_episode
from service.demo.messages import FORECAST_FEEDS
from service.demo.replay import DECIDED_AFTER, Plan, Sums, replaying
from service.demo.timeline import Line
from service.history.comparison import compare_all
from service.history.document import markdown
from service.history.listing import json_lines, text_lines
from service.history.reasons import load_known
from service.kit.settings import Settings
from service.law.loader import load_law

STEP_HOURS = {"2019-02": 6}
WITH_LISTS = frozenset({"2016-12"})
WITH_HELPER = frozenset({"2019-02"})
BASIS_ZH = {
    "perfect": "完美预报：由事后实测重建，不是当时的预报",
    "persistence": "持续性预报：假定昨日的空气质量照旧，不是当时的预报",
}
BASIS_EN = {
    "perfect": "perfect forecasts, rebuilt from later observations; not those of the time",
    "persistence": "persistence forecasts, yesterday goes on; not those of the time",
}
Print = Callable[[str], None]


def register(commands: Any) -> None:
    """Add the command."""
    replay = commands.add_parser(
        "replay",
        help="play a past episode through the whole chain · 重放历史过程",
        description="The whole service on a simulated clock, in a database of its own that is dropped at the end.",
    )
    what = replay.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "episode", metavar="EPISODE", nargs="?", choices=sorted(EPISODES), help=" or ".join(sorted(EPISODES))
    )
    what.add_argument(
        "--against-records",
        action="store_true",
        help="published warnings beside what the rules say on the observed air · 与公布的预警对照",
    )
    replay.add_argument("--rules", help="rule set, such as national-2024; default: the one in force at each instant")
    replay.add_argument(
        "--forecast", choices=sorted(FORECAST_FEEDS), default="perfect", help="how forecasts are rebuilt"
    )
    replay.add_argument("--from", dest="start", help="begin later than the episode does")
    replay.add_argument("--until", help="end earlier than the episode does")
    replay.add_argument("--no-lists", action="store_true", help="leave the emission lists out; saves some seconds")
    replay.add_argument("--lang", choices=("zh", "en"), default="zh", help="language of the time line")
    form = replay.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON lines")
    form.add_argument("--markdown", action="store_true", help="with --against-records: print docs/against-records.md")
    replay.set_defaults(run=run)


def run(call: argparse.Namespace) -> int:
    """Play and print; 2 for a rule set or an instant that cannot be used."""
    if call.against_records:
        return _against_records(call)
    if call.markdown:
        return _refuse("--markdown goes with --against-records; an episode prints text or --json")
    try:
        law = load_law()
        plan = _plan(call)
        head = heading(plan, law)
    except (ValueError, LawNotFound) as error:
        return _refuse(str(error.args[0]))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    return asyncio.run(_run(plan, head, settings_of(call), call))


def _refuse(problem: str) -> int:
    print(problem, file=sys.stderr)
    return 2


def _against_records(call: argparse.Namespace) -> int:
    """The published records beside the rules; refuses what only an episode knows."""
    given = (call.rules, call.start, call.until, call.no_lists or None)
    if call.forecast != "perfect" or any(option is not None for option in given):
        return _refuse(
            "--against-records compares by the law in force and perfect forecasts; leave out the other options"
        )
    comparisons, known = compare_all(load_law()), load_known()
    if call.markdown:
        sys.stdout.write(markdown(comparisons, known))
        return 0
    lines = json_lines(comparisons, known) if call.json else text_lines(comparisons, known, call.lang)
    for line in lines:
        print(line)
    return 0


def _plan(call: argparse.Namespace) -> Plan:
    episode = load_episode(call.episode)
    plan = Plan(
        episode,
        kind=call.forecast,
        rules_id=call.rules,
        start=_instant(call.start),
        end=_instant(call.until),
        step_hours=STEP_HOURS.get(call.episode, 1),
        with_helper=call.episode in WITH_HELPER,
        with_lists=call.episode in WITH_LISTS and not call.no_lists,
    )
    if not episode.starts_at <= plan.begins < plan.ends <= episode.ends_at:
        raise ValueError(
            f"the episode runs from {episode.starts_at:%Y-%m-%d %H:%M} to {episode.ends_at:%Y-%m-%d %H:%M}; choose within it"
        )
    return plan


def _instant(text: str | None) -> datetime | None:
    return None if text is None else parse_instant(text)


def heading(plan: Plan, law: Law) -> dict[str, Any]:
    """What the run rests on, for its first line. Raises LawNotFound for an unknown rule set."""
    criteria = law.criteria_for(None, plan.begins, rules_id=plan.rules_id)
    chosen = "as asked for" if plan.rules_id else "in force at that time"
    episode = plan.episode
    return {
        "at": plan.begins.isoformat(),
        "adcode": None,
        "place": "",
        "event": "replay.started",
        "level": None,
        "reason": None,
        "clause": None,
        "text": f"{episode.title_zh}；规则{criteria.rules_id}《{criteria.title}》（{criteria.number}）；{BASIS_ZH[plan.kind]}",
        "text_en": f"{episode.title_en}; rules {criteria.rules_id} ({chosen}); {BASIS_EN[plan.kind]}",
        "forecast_basis": plan.kind,
        "episode": episode.id,
        "rules": criteria.rules_id,
        "until": plan.ends.isoformat(),
        "divisions": len(episode.divisions),
        "observation_step_hours": plan.step_hours,
        "decided_after_minutes": int(DECIDED_AFTER.total_seconds() // 60),
    }


async def _run(plan: Plan, head: dict[str, Any], settings: Settings, call: argparse.Namespace) -> int:
    tell = _json_line if call.json else _text_line
    print(json.dumps(head, ensure_ascii=False) if call.json else describe(plan, head), flush=True)
    async with replaying(plan, settings) as replay:
        async for line in replay.lines():
            print(tell(line, plan, call.lang))
        sums = await replay.sums()
    print(_json_end(plan, sums) if call.json else describe_end(sums))
    return 0 if sums.ledger_whole else 1


def describe(plan: Plan, head: dict[str, Any]) -> str:
    """The head of the readable form, in both languages."""
    step = plan.step_hours
    return "\n".join(
        [
            head["text"],
            head["text_en"],
            f"{plan.begins:%Y-%m-%d %H:%M} – {plan.ends:%Y-%m-%d %H:%M} · {head['divisions']} 个城市 divisions"
            f" · 每{step}小时一次实测 observations every {step} h"
            f" · 脚本{head['decided_after_minutes']}分钟后审批 decided by script after {head['decided_after_minutes']} min",
            plan.episode.note_zh + " " + plan.episode.note_en,
            "",
        ]
    )


def _json_line(line: Line, plan: Plan, lang: str) -> str:
    return json.dumps(line.document(plan.kind), ensure_ascii=False)


def _text_line(line: Line, plan: Plan, lang: str) -> str:
    level = line.level or ""
    shown = level if lang == "en" or not level or level == "none" else Level.of(level).zh
    why = " ".join(part for part in (line.reason, line.clause) if part)
    text = line.text_en if lang == "en" else line.text_zh
    return f"{line.at:%m-%d %H:%M}  {line.place or '—'}  {line.event} {shown}  {f'[{why}] ' if why else ''}{text}"


def _json_end(plan: Plan, sums: Sums) -> str:
    end = {
        "at": plan.ends.isoformat(),
        "adcode": None,
        "place": "",
        "event": "replay.finished",
        "level": None,
        "reason": None,
        "clause": None,
        "text": describe_end(sums),
        "forecast_basis": plan.kind,
        **asdict(sums),
    }
    return json.dumps(end, ensure_ascii=False)


def describe_end(sums: Sums) -> str:
    """The closing line."""
    whole = "账本完整 ledger whole" if sums.ledger_whole else "账本不完整 LEDGER BROKEN"
    return (
        f"研判 {sums.assessments} assessments · 建议 {sums.proposals} proposals · 审批 {sums.decisions} decisions"
        f" · 预警变动 {sums.steps} steps · CAP {sums.messages} · {whole}（{sums.ledger_entries}）"
    )
