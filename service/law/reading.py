"""Everything a config folder holds, as far as each file is valid by itself.

Checks across files are in `checks`.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from alerts.law import Division, Region
from alerts.plans import Plan
from alerts.rules import AqiStandard, RuleSet
from emission_lists.compliance_rules import ComplianceRules, Consequences
from emission_lists.guides import Guide, ListProfile
from emission_lists.guides_regional import LocalPractice, RegionalExtension
from service.grades.rules import read_grading
from service.law.adjacency import COLUMNS as ADJACENCY_COLUMNS
from service.law.adjacency import Neighbours
from service.law.names import Name
from service.law.problems import LawProblem, of_model
from service.law.yaml_files import read_yaml
from service.skill.targets import read_targets
from service.tasks.departments import Duties

ADJACENCY = "adjacency.csv"
DIVISIONS = "divisions/divisions.csv"
NAMES = "divisions/names.csv"
DIVISION_COLUMNS = ("adcode", "name", "level", "parent", "valid_from", "valid_until", "lon", "lat", "note")
NAME_COLUMNS = ("feed_name", "adcode", "valid_from", "valid_until", "seen_in", "note")
FOLDERS = ("aqi", "rules", "plans", "regions", "guides", "grading", "divisions", "skill", "compliance")
COMPLIANCE: dict[str, type[BaseModel]] = {
    "compliance/rules.yaml": ComplianceRules,
    "compliance/consequences.yaml": Consequences,
}
READ_FROM = ("*/*.yaml", "plans/*/*.yaml", "guides/regions/*.yaml", "guides/local/*.yaml")

Model = TypeVar("Model", bound=BaseModel)
Row = TypeVar("Row")
Value_co = TypeVar("Value_co", covariant=True)


@dataclass(frozen=True)
class Entry(Generic[Value_co]):
    """A valid value and where it stands: the file, and for a table its line (0 for a whole file)."""

    file: str
    value: Value_co
    line: int = 0

    @property
    def path(self) -> str:
        """The place in the file, empty for a whole file."""
        return f"line {self.line}" if self.line else ""


@dataclass
class Draft:
    """What could be read from a config folder, and every problem on the way."""

    standards: list[Entry[AqiStandard]] = field(default_factory=list)
    rules: list[Entry[RuleSet]] = field(default_factory=list)
    plans: list[Entry[Plan]] = field(default_factory=list)
    regions: list[Entry[Region]] = field(default_factory=list)
    guides: list[Entry[Guide]] = field(default_factory=list)
    profiles: list[Entry[ListProfile]] = field(default_factory=list)
    extensions: list[Entry[RegionalExtension]] = field(default_factory=list)
    practices: list[Entry[LocalPractice]] = field(default_factory=list)
    divisions: list[Entry[Division]] = field(default_factory=list)
    names: list[Entry[Name]] = field(default_factory=list)
    adjacency: list[Entry[Neighbours]] = field(default_factory=list)
    problems: list[LawProblem] = field(default_factory=list)


def read_config(config: Path) -> Draft:
    """Read a config folder. Nothing is raised: what cannot be read is among the draft's problems."""
    draft = Draft()
    for folder in FOLDERS:
        if not (config / folder).is_dir():
            draft.problems.append(LawProblem(folder, "", "the folder is missing", "restore it or correct --config"))
    draft.standards = _values(config, "aqi/*.yaml", AqiStandard, draft.problems)
    draft.rules = _values(config, "rules/*.yaml", RuleSet, draft.problems)
    draft.plans = _values(config, "plans/*/*.yaml", Plan, draft.problems)
    draft.regions = _values(config, "regions/*.yaml", Region, draft.problems)
    draft.guides = _values(config, "guides/[!p]*.yaml", Guide, draft.problems)
    draft.profiles = _values(config, "guides/profile*.yaml", ListProfile, draft.problems)
    draft.extensions = _values(config, "guides/regions/*.yaml", RegionalExtension, draft.problems)
    draft.practices = _values(config, "guides/local/*.yaml", LocalPractice, draft.problems)
    draft.divisions = _table(config, DIVISIONS, DIVISION_COLUMNS, _division, draft.problems)
    draft.names = _table(config, NAMES, NAME_COLUMNS, _name, draft.problems)
    draft.adjacency = _table(config, ADJACENCY, ADJACENCY_COLUMNS, _neighbours, draft.problems)
    draft.problems += read_targets(config)[1]
    _values(config, "duties/*.yaml", Duties, draft.problems)
    draft.problems += read_grading(config)[2]
    for name, model in COMPLIANCE.items():
        draft.problems += _problems_of(config, name, model)
    draft.problems += _strays(config)
    return draft


def _problems_of(config: Path, name: str, model: type[BaseModel]) -> list[LawProblem]:
    data, found = read_yaml(config / name, name)
    if data is None:
        return found
    try:
        model.model_validate(data)
    except ValidationError as error:
        found += of_model(name, error)
    return found


def _values(config: Path, pattern: str, model: type[Model], problems: list[LawProblem]) -> list[Entry[Model]]:
    entries: list[Entry[Model]] = []
    for path in sorted(config.glob(pattern)):
        name = path.relative_to(config).as_posix()
        data, found = read_yaml(path, name)
        problems += found
        if data is None:
            continue
        try:
            entries.append(Entry(name, model.model_validate(data)))
        except ValidationError as error:
            problems += of_model(name, error)
    return entries


def _table(
    config: Path,
    name: str,
    columns: tuple[str, ...],
    make: Callable[[dict[str, str]], Row],
    problems: list[LawProblem],
) -> list[Entry[Row]]:
    try:
        text = (config / name).read_text("utf-8")
    except FileNotFoundError:
        problems.append(LawProblem(name, "", "the file is missing", "restore it"))
        return []
    except UnicodeDecodeError as error:
        problems.append(LawProblem(name, f"byte {error.start}", "is not UTF-8 text", "save the file as UTF-8"))
        return []
    lines = csv.DictReader(text.splitlines())
    if tuple(lines.fieldnames or ()) != columns:
        problems.append(LawProblem(name, "line 1", "has other columns", f"use {','.join(columns)}"))
        return []
    return list(_rows(name, lines, make, problems))


def _rows(
    name: str, lines: Any, make: Callable[[dict[str, str]], Row], problems: list[LawProblem]
) -> Iterator[Entry[Row]]:
    for row in lines:
        line: int = lines.line_num
        if None in row or None in row.values():
            problems.append(LawProblem(name, f"line {line}", "has too many or too few cells", "count the commas"))
            continue
        try:
            yield Entry(name, make(row), line)
        except ValidationError as error:
            problems += of_model(name, error, f"line {line}")
        except ValueError as error:
            problems.append(LawProblem(name, f"line {line}", str(error)))


def _division(row: dict[str, str]) -> Division:
    return Division.model_validate({key: value for key, value in row.items() if value and key != "note"})


def _name(row: dict[str, str]) -> Name:
    return Name(row["feed_name"], row["adcode"], _day(row["valid_from"]), _day(row["valid_until"]))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ValueError(f"{text!r} is not a date like 2019-01-09") from error


def _neighbours(row: dict[str, str]) -> Neighbours:
    return Neighbours(**row)


def _strays(config: Path) -> list[LawProblem]:
    """Files that nobody reads: a misspelt ending or a wrong folder would silently take law out of force."""
    read = {path for pattern in READ_FROM for path in config.glob(pattern)}
    read -= set(config.glob("plans/*.yaml"))
    yamls = {path for ending in ("*.yaml", "*.yml") for path in config.rglob(ending)}
    return [
        LawProblem(
            path.relative_to(config).as_posix(),
            "",
            "is not read from here",
            "move or rename it to <folder>/<id>.yaml",
        )
        for path in sorted(yamls - read)
    ]
