"""`lantian check-config`: is the law in config/ complete and consistent?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from service.drills.script import check_scripts
from service.law.loader import CONFIG, check_config, read_law
from service.people.templates import template_problems


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "check-config",
        help="check every rule, plan, region, division, guide, drill and template of a message",
        description="Names file, place and problem, all at once. Exit code 1 on problems.",
    )
    parser.add_argument(
        "--config", type=Path, default=CONFIG, metavar="DIR", help="the folder (default: the shipped one)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(call: argparse.Namespace) -> int:
    """Check and print; 0 when there is no problem, 1 otherwise."""
    problems = check_config(call.config)
    law = None if problems else read_law(call.config)
    problems = [*problems, *template_problems(call.config), *check_scripts(call.config, law)]
    if call.json:
        body = {"ok": not problems, "problems": [problem.as_dict() for problem in problems]}
        print(json.dumps(body, ensure_ascii=False))
    else:
        for problem in problems:
            print(problem)
        print(f"{call.config}: {len(problems)} problem(s)" if problems else f"{call.config}: no problems")
    return 1 if problems else 0
