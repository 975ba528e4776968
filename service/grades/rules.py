"""The provinces' rules for grades and the holidays of `config/grading`."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError

from emission_lists.grades import Grade
from emission_lists.grading import Actor
from emission_lists.grading_rules import Calendar, GradingRules, Holidays, StatutoryDays
from service.law.problems import LawInvalid, LawProblem, of_model
from service.law.yaml_files import read_yaml

CONFIG = Path(__file__).resolve().parents[2] / "config"
FOLDER = "grading"
STATUTORY = "statutory-days.yaml"
NATION = "100000"
MUNICIPALITIES = frozenset({"110000", "120000", "310000", "500000"})


def read_grading(config: Path) -> tuple[dict[str, GradingRules], Calendar, list[LawProblem]]:
    """The rules by province, the calendar, and everything that is wrong with the files."""
    problems: list[LawProblem] = []
    national = _mapping(config, config / FOLDER / f"{NATION}.yaml", problems)
    rules: dict[str, GradingRules] = {}
    for path in sorted((config / FOLDER).glob("[0-9]*.yaml")):
        data = _mapping(config, path, problems)
        name = path.relative_to(config).as_posix()
        if data is None or national is None:
            continue
        sources = {**national.get("sources", {}), **data.get("sources", {})}
        try:
            made = GradingRules.model_validate({**national, "in_force_note": None, **data, "sources": sources})
        except ValidationError as error:
            problems += of_model(name, error)
            continue
        if PurePosixPath(name).stem != made.adcode:
            problems.append(LawProblem(name, "adcode", f"is {made.adcode!r}", "give the file the name of its adcode"))
        rules[made.adcode] = made
    return rules, Calendar(_holidays(config, problems), _statutory(config, problems)), problems


def _mapping(config: Path, path: Path, problems: list[LawProblem]) -> dict[str, Any] | None:
    data, found = read_yaml(path, path.relative_to(config).as_posix())
    problems += [problem for problem in found if problem not in problems]
    return data


def _holidays(config: Path, problems: list[LawProblem]) -> tuple[Holidays, ...]:
    years = []
    for path in sorted((config / FOLDER).glob("holidays-*.yaml")):
        data = _mapping(config, path, problems)
        name = path.relative_to(config).as_posix()
        if data is None:
            continue
        try:
            year = Holidays.model_validate(data)
        except ValidationError as error:
            problems += of_model(name, error)
            continue
        if PurePosixPath(name).stem != f"holidays-{year.year}":
            problems.append(LawProblem(name, "year", f"is {year.year}", "name the file holidays-<year>.yaml"))
        years.append(year)
    return tuple(years)


def _statutory(config: Path, problems: list[LawProblem]) -> StatutoryDays | None:
    path = config / FOLDER / STATUTORY
    data = _mapping(config, path, problems)
    if data is None:
        return None
    try:
        return StatutoryDays.model_validate(data)
    except ValidationError as error:
        problems += of_model(path.relative_to(config).as_posix(), error)
        return None


@cache
def load_grading(config_dir: Path | None = None) -> tuple[dict[str, GradingRules], Calendar]:
    """The rules and the calendar, read once per process. Raises `LawInvalid` with every problem at once."""
    rules, calendar, problems = read_grading(config_dir or CONFIG)
    if problems:
        raise LawInvalid(problems)
    return rules, calendar


def rules_for(adcode: str, on: date) -> GradingRules:
    """The rules that hold in a division on a day: its province's, or the nation's where none were found."""
    rules, _ = load_grading()
    own = rules.get(f"{adcode[:2]}0000")
    return own if own is not None and own.in_force.holds_on(on) else rules[NATION]


def calendar() -> Calendar:
    """The days that are worked."""
    return load_grading()[1]


def route_for(rules: GradingRules, adcode: str, grade: Grade) -> tuple[Actor, ...]:
    """The levels that review a grade in a division; in a municipality city and province are one level."""
    route = rules.route(grade)
    if f"{adcode[:2]}0000" in MUNICIPALITIES and Actor.CITY in route:
        return tuple(level for level in route if level is not Actor.PROVINCE)
    return route
