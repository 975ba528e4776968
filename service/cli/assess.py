"""`lantian assess`: the warning level that a CSV file of hours or days reaches, with its reasons; or several side by side."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from alerts.instants import parse_instant
from alerts.law import Law, LawNotFound
from alerts.points import Point
from alerts.series import Series
from alerts.simulation import Case, Outcome, differences, outcomes
from service.assessments.words import describe, describe_comparison
from service.forecasts.points_csv import MOST_BYTES, CsvInvalid, CsvProblem, points_of_csv, whole_file
from service.law.loader import load_law

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

NOWHERE = "000000"


def register(subparsers: Commands) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "assess",
        help="warning level of a CSV file · 研判预警级别",
        description="Columns: time (end of the hour) or date; any of aqi pm25 pm10 so2 no2 co o3; ranges as aqi_low and"
        " aqi_high, pm25_low and pm25_high; cause. Give --rules or --plan several times to compare.",
    )
    parser.add_argument("file", type=Path, metavar="FILE.csv")
    parser.add_argument("--adcode", help="division whose plan applies")
    parser.add_argument("--as-of", help="instant of the assessment; default: the start of the first hour")
    parser.add_argument("--rules", action="append", help="rule set, such as national-2024; default: the one in force")
    parser.add_argument("--plan", action="append", help="plan to lay over the rule set")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh", help="language of the words")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(call: argparse.Namespace) -> int:
    """Print the assessment, or the comparison; 2 when the file or a name in the call cannot be used."""
    try:
        found = _found(call)
    except CsvInvalid as invalid:
        return _refuse(f"{call.file} cannot be assessed", invalid.problems, as_json=call.json)
    except (ValueError, LawNotFound) as error:
        return _refuse(str(error.args[0]), (), as_json=call.json)
    if len(found) > 1:
        print(_compared(found) if call.json else describe_comparison(found, differences(found), call.lang))
    elif call.json:
        print(json.dumps(found[0].assessment.contract(), ensure_ascii=False))
    else:
        print(describe(found[0].assessment, found[0].step, call.lang))
    return 0


def _found(call: argparse.Namespace) -> list[Outcome]:
    law = load_law()
    _check_division(law, call.adcode)
    series = Series.from_points(call.adcode or NOWHERE, _points(call.file))
    as_of = series.start if call.as_of is None else parse_instant(call.as_of)
    rules, plans = call.rules or [], call.plan or []
    if len(rules) <= 1 and len(plans) <= 1:
        wanted = [(next(iter(rules), None), next(iter(plans), None))]
    else:
        wanted = [(one, None) for one in rules] + [(None, one) for one in plans]
    cases = [
        Case(plan_id or rules_id or "-", law.criteria_for(call.adcode, as_of, rules_id=rules_id, plan_id=plan_id))
        for rules_id, plan_id in wanted
    ]
    return outcomes(series, cases, as_of=as_of, standards=law.standards)


def _points(path: Path) -> list[Point]:
    """The points of a file. Raises CsvInvalid."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise whole_file("too_large", megabytes=MOST_BYTES // 1_000_000)
        return points_of_csv(path.read_bytes())
    except OSError as error:
        raise whole_file("unopened", reason=error.strerror) from error


def _compared(found: Sequence[Outcome]) -> str:
    body = {
        "cases": [{"label": one.label, **one.assessment.contract()} for one in found],
        "differences": [one._asdict() for one in differences(found)],
    }
    return json.dumps(body, ensure_ascii=False)


def _check_division(law: Law, adcode: str | None) -> None:
    if adcode is not None and adcode not in law.divisions:
        raise LawNotFound(f"there is no division {adcode!r}; give a six-digit code of GB/T 2260 such as 110000")


def _refuse(error: str, problems: Sequence[CsvProblem], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"error": error, "problems": [each.document() for each in problems]}, ensure_ascii=False))
    print(error, file=sys.stderr)
    for each in problems:
        place = ", ".join(part for part in (f"row {each.row}" if each.row else "", each.column) if part)
        problem, advice = each.said()
        print(f"  {place or 'file'}: {problem}; {advice}", file=sys.stderr)
    return 2
