"""`lantian aqi`: the AQI of one set of concentrations, by HJ 633-2012 or HJ 633-2026."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from alerts.aqi import KEYS, Rating, rate
from alerts.points import LIMITS
from service.law.loader import load_law

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

MISSING = frozenset({"", "NA", "N/A", "-", "--", "—"})
NOT_MONITORED = "/"
NAMES = {
    "pm25": "PM2.5",
    "pm10": "PM10",
    "so2": "SO2",
    "no2": "NO2",
    "co": "CO",
    "o3_8h": "O3 8 h",
    "o3_1h": "O3 1 h",
    "pm25_24h": "PM2.5 24 h",
    "pm10_24h": "PM10 24 h",
    "so2_24h": "SO2 24 h",
}


def register(subparsers: Commands) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "aqi",
        help="AQI of concentrations · 计算空气质量指数",
        description="µg/m³, CO mg/m³. An empty value or NA: monitored but missing; / : not monitored.",
    )
    parser.add_argument("--standard", choices=("2012", "2026"), required=True, help="edition of HJ 633")
    parser.add_argument("--period", choices=("daily", "hourly"), default="daily")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("values", nargs="+", metavar="KEY=VALUE", help=f"any of {', '.join(KEYS)}")
    parser.set_defaults(run=run)


def run(call: argparse.Namespace) -> int:
    """Print the rating; 2 when a value cannot be read."""
    given, problems = read_values(call.values)
    if problems:
        _print_problems(problems, as_json=call.json)
        return 2
    standard = next(s for s in load_law().standards.editions if s.id == f"hj633-{call.standard}")
    rating = rate(standard, call.period, given)
    print(json.dumps(rating.model_dump(), ensure_ascii=False) if call.json else describe(rating))
    return 0


def read_values(texts: Sequence[str]) -> tuple[dict[str, Decimal | None], list[str]]:
    """`KEY=VALUE` arguments as exact numbers, and what is wrong with them."""
    given: dict[str, Decimal | None] = {}
    problems: list[str] = []
    for text in texts:
        key, equals, value = (part.strip() for part in text.partition("="))
        if not equals or key not in KEYS:
            problems.append(f"{text!r} is not KEY=VALUE with one of {', '.join(KEYS)}")
        elif key in given:
            problems.append(f"{key} is given twice; keep one")
        elif value.upper() in MISSING:
            given[key] = None
        elif value != NOT_MONITORED:
            number = _number(key, value, problems)
            if number is not None:
                given[key] = number
    return given, problems


def _number(key: str, value: str, problems: list[str]) -> Decimal | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        problems.append(f"{key}={value} is not a number; leave it empty when it is missing")
        return None
    limit = LIMITS[key.split("_", maxsplit=1)[0]]
    if not number.is_finite() or not 0 <= number <= Decimal(limit):
        problems.append(f"{key}={value} must lie between 0 and {limit:g}; leave it empty when it is missing")
        return None
    return number


def _print_problems(problems: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"error": "values cannot be read", "problems": list(problems)}, ensure_ascii=False))
    for problem in problems:
        print(problem, file=sys.stderr)


def describe(rating: Rating) -> str:
    """The rating in Chinese, one fact per line."""
    lines = [f"标准：{rating.standard}"]
    if rating.aqi is None:
        lines.append("AQI：NA（数据不足，不发布）")
    else:
        lines.append(f"AQI：{rating.aqi}  {rating.category}（{rating.grade}级）")
    lines += [f"  {NAMES[key]}：{'无分指数' if index is None else index}" for key, index in rating.iaqi.items()]
    primary = "、".join(NAMES[key] for key in rating.primary)
    lines.append(f"首要污染物：{primary or '无'}")
    return "\n".join(lines)
