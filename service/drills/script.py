"""Scripts of drills (演练脚本): who plays what, what is thrown in when, and what is expected of whom. Read from config/drills."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from alerts.law import Law
from service.accounts.roles import CENTRE, Role, Scope
from service.law.problems import LawProblem
from service.law.yaml_files import read_yaml

FOLDER = "drills"
Adcode = Annotated[str, Field(pattern=r"^\d{6}$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]
Minutes = Annotated[int, Field(ge=0, le=14 * 1440)]
Code = Literal["blue", "yellow", "orange", "red"]
Kind = Literal[
    "forecast",
    "wrong_data",
    "feed_silent",
    "absent",
    "neighbour_late",
    "enterprises_silent",
    "prompt",
    "receiver_down",
    "message",
]
LASTING = frozenset({"feed_silent", "absent", "neighbour_late", "enterprises_silent", "receiver_down"})
"""Injects that hold for a time (`minutes`)."""
MEASURED = Literal["propose", "sign", "decide", "acknowledge", "receipt"]


class Strict(BaseModel):
    """Every key known, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Said(Strict):
    """Words in both languages."""

    zh: Annotated[str, Field(min_length=1, max_length=400)]
    en: Annotated[str, Field(min_length=1, max_length=400)]


class Part(Strict):
    """A part that a person may play. Until somebody has signed in for it, it is simulated."""

    role: Role
    adcode: Adcode
    title: Said


class PromptEntry(Strict):
    """One division of a prompt."""

    adcode: Adcode
    level: Code


class Inject(Strict):
    """Something that happens to the players (情景注入). `at_minutes` after the drill's start on its clock; None: by hand only.

    forecast, wrong_data: `aqi_by_day` from the day it arrives, AQI 0 to 500. prompt: `document`, `starts_in_minutes`, `lasts_minutes`,
    `entries`. feed_silent, absent (`role`), neighbour_late, enterprises_silent (`share`), receiver_down hold for `minutes`.
    """

    id: Name
    kind: Kind
    title: Said
    at_minutes: Minutes | None = None
    adcode: Adcode | None = None
    role: Role | None = None
    minutes: Minutes = 0
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    aqi_by_day: tuple[Annotated[int, Field(ge=0, le=9999)], ...] = ()
    region: str | None = None
    document: str | None = None
    starts_in_minutes: Minutes = 0
    lasts_minutes: Annotated[int, Field(ge=60, le=30 * 1440)] | None = None
    entries: tuple[PromptEntry, ...] = ()
    text: Said | None = None

    @model_validator(mode="after")
    def _whole(self) -> Inject:
        wanted = {
            "forecast": ("adcode", "aqi_by_day"),
            "wrong_data": ("adcode", "aqi_by_day"),
            "absent": ("adcode", "role"),
            "neighbour_late": ("adcode",),
            "enterprises_silent": ("adcode",),
            "prompt": ("region", "document", "lasts_minutes", "entries"),
            "message": ("adcode", "text"),
        }.get(self.kind, ())
        missing = [name for name in wanted if not getattr(self, name)]
        if missing:
            raise ValueError(f"an inject of kind {self.kind} needs {', '.join(missing)}")
        if (self.kind in LASTING) != (self.minutes > 0):
            raise ValueError("minutes belong to what lasts: " + ", ".join(sorted(LASTING)))
        if self.kind == "forecast" and max(self.aqi_by_day) > 500:
            raise ValueError("a forecast's AQI ends at 500; more is wrong_data")
        return self


class Expected(Strict):
    """What somebody should do, and within which time after an inject: met, late (part of the points) or missed.

    propose: a proposal of the level at least is put forward. sign: `role` signs it. decide: it is decided. acknowledge: `share` of
    the enterprises have answered the notice. receipt: the division has confirmed a neighbour's message.
    """

    id: Name
    action: MEASURED
    adcode: Adcode
    after: Name
    within_minutes: Annotated[int, Field(ge=1, le=7 * 1440)]
    points: Annotated[int, Field(ge=1, le=100)]
    late_points: Annotated[int, Field(ge=0, le=100)] = 0
    level: Code | None = None
    role: Role | None = None
    share: Annotated[float, Field(gt=0, le=1)] = 0.9
    title: Said

    @model_validator(mode="after")
    def _whole(self) -> Expected:
        if (self.action == "sign") != (self.role is not None):
            raise ValueError("role belongs to sign, and sign needs it")
        if self.late_points >= self.points:
            raise ValueError("late_points must be fewer than points")
        return self


class Players(Strict):
    """How simulated players behave, in minutes of the drill's clock."""

    decide_after_minutes: Annotated[int, Field(ge=1, le=1440)] = 20
    enterprises: Annotated[int, Field(ge=3, le=40)] = 8
    answer_within_minutes: tuple[Minutes, Minutes] = (5, 45)


class Script(Strict):
    """A whole script. The clock of the drill begins at `starts_at` and ends `lasts_minutes` later, `pace` times as fast as the real one."""

    id: Name
    title: Said
    summary: Said
    source: Said
    choices: Said
    adcode: Adcode
    places: Annotated[tuple[Adcode, ...], Field(min_length=1, max_length=40)]
    starts_at: AwareDatetime
    lasts_minutes: Annotated[int, Field(ge=30, le=14 * 1440)]
    pace: Annotated[float, Field(gt=0, le=10_000)]
    episode: str | None = None
    players: Players = Players()
    wrong_decision_points: Annotated[int, Field(ge=0, le=100)] = 10
    cast: Annotated[tuple[Part, ...], Field(min_length=1)]
    injects: Annotated[tuple[Inject, ...], Field(min_length=1)]
    expected: Annotated[tuple[Expected, ...], Field(min_length=1)]

    @property
    def ends_at(self) -> datetime:
        """The last instant of the drill's clock."""
        return self.starts_at + timedelta(minutes=self.lasts_minutes)

    @property
    def possible(self) -> int:
        """All points there are."""
        return sum(one.points for one in self.expected)

    @cached_property
    def by_id(self) -> dict[str, Inject]:
        """Injects by their ids."""
        return {one.id: one for one in self.injects}

    @model_validator(mode="after")
    def _consistent(self) -> Script:
        for what, ids in (("inject", [one.id for one in self.injects]), ("expected", [one.id for one in self.expected])):
            twice = sorted({one for one in ids if ids.count(one) > 1})
            if twice:
                raise ValueError(f"{what}: the id {', '.join(twice)} is given twice")
        known = {one.id for one in self.injects}
        lost = sorted({one.after for one in self.expected} - known)
        if lost:
            raise ValueError(f"expected after an inject that there is none of: {', '.join(lost)}")
        late = [one.id for one in self.injects if (one.at_minutes or 0) >= self.lasts_minutes]
        if late:
            raise ValueError(f"injects after the end: {', '.join(late)}")
        outside = sorted(set(_mentioned(self)) - set(self.places))
        if outside:
            raise ValueError(f"divisions that are not among the places: {', '.join(outside)}")
        return self


def _mentioned(script: Script) -> Iterator[str]:
    yield from (one.adcode for one in script.cast)
    yield from (one.adcode for one in script.expected)
    for inject in script.injects:
        if inject.adcode is not None:
            yield inject.adcode
        yield from (entry.adcode for entry in inject.entries)


def check_against(script: Script, law: Law, name: str) -> list[LawProblem]:
    """What the law says against a script: unknown divisions and regions, parts that decide nothing."""
    problems = []

    def found(where: str, problem: str, what: str) -> None:
        problems.append(LawProblem(name, where, problem, what))

    for adcode in {script.adcode, *script.places}:
        if adcode not in law.divisions:
            found("places", f"unknown division {adcode}", "take a code of config/divisions")
    for inject in script.injects:
        if inject.region is not None and inject.region not in law.regions:
            found(f"injects: {inject.id}", f"unknown region {inject.region}", "take an id of config/regions")
    for part in script.cast:
        if part.role not in CENTRE:
            found("cast", f"{part.role} decides nothing", "name a role of the command centre")
    if not any(Scope(script.adcode).covers(adcode) for adcode in script.places):
        found("places", f"none lies in {script.adcode}", "add the division that the drill is about")
    return problems


def read_script(path: Path, name: str) -> tuple[Script | None, list[LawProblem]]:
    """One script, or everything that is wrong with the file."""
    value, problems = read_yaml(path, name)
    if value is None:
        return None, problems
    try:
        script = Script.model_validate(value)
    except ValidationError as error:
        return None, [_fault(name, one) for one in error.errors(include_url=False)]
    if script.id != path.stem:
        return None, [LawProblem(name, "id", f"is {script.id}, the file is called {path.stem}", "give both one name")]
    return script, []


def _fault(name: str, error: Any) -> LawProblem:
    where = ".".join(str(part) for part in error["loc"])
    return LawProblem(name, where, str(error["msg"]), "correct the script; docs/drills.md describes every field")


def check_scripts(config: Path, law: Law | None) -> list[LawProblem]:
    """Everything that is wrong with the scripts of a config folder."""
    problems = []
    for path in sorted((config / FOLDER).glob("*.yaml")):
        name = f"{FOLDER}/{path.name}"
        script, faults = read_script(path, name)
        problems += faults
        if script is not None and law is not None:
            problems += check_against(script, law, name)
    return problems


def load_scripts(config: Path, law: Law) -> dict[str, Script]:
    """The scripts that can be used, by id; a faulty one is left out and told by `lantian check-config`."""
    found = {}
    for path in sorted((config / FOLDER).glob("*.yaml")):
        name = f"{FOLDER}/{path.name}"
        script, _ = read_script(path, name)
        if script is not None and not check_against(script, law, name):
            found[script.id] = script
    return found
