"""A case as it is stored: its row, its steps, where it stands, and one step more."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from emission_lists.grades import Grade
from emission_lists.grading import REVIEWED, Actor, Case, Kind, Move, State, named
from emission_lists.grading_rules import GradingRules
from service.grades.rules import route_for, rules_for
from service.kit.canonical import canonical
from service.kit.problems import Unknown
from service.kit.unit_of_work import UnitOfWork, beijing

CASE_SQL = "SELECT * FROM grade_application WHERE id = $1"
LOCKED_SQL = CASE_SQL + " FOR UPDATE"
STEPS_SQL = """
SELECT s.*, a.display AS by_name FROM grade_step s LEFT JOIN account a ON a.id = s.account_id
WHERE s.application_id = ANY($1::bigint[]) ORDER BY s.application_id, s.seq
"""
INSERT_STEP_SQL = """
INSERT INTO grade_step (application_id, seq, move, state, level, account_id, at, grade, reason, document, window_start,
    window_end, effective_from, content)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
APPLY = "apply"


@dataclass(frozen=True)
class Stored:
    """One case with its steps, oldest first."""

    row: Any
    steps: tuple[Any, ...]

    @property
    def id(self) -> int:
        return int(self.row["id"])

    @property
    def last(self) -> Any:
        """The newest step: its state is the case's."""
        return self.steps[-1]

    @property
    def kind(self) -> Kind:
        return named(Kind, self.row["kind"])

    @property
    def state(self) -> State:
        return named(State, self.last["state"])

    @cached_property
    def rules(self) -> GradingRules:
        """The rules of the day on which the case was put forward: a case is ended by the rules it began under."""
        begun = beijing(self.row["created_at"])
        assert begun is not None
        return rules_for(self.row["county"], begun.date())

    @property
    def route(self) -> tuple[Actor, ...]:
        return route_for(self.rules, self.row["adcode"], self.route_grade)

    @property
    def route_grade(self) -> Grade:
        """The grade that fixes the route: what was asked for; of a downgrade the grade that is taken away."""
        before = self.first_content.get("before")
        return Grade(before) if before else Grade(self.row["grade"])

    @property
    def first_content(self) -> dict[str, Any]:
        """What the case was put forward with: of a downgrade the grade `before`."""
        content: dict[str, Any] = json.loads(self.steps[0]["content"])
        return content

    @property
    def decided_grade(self) -> Grade:
        """What the decisive step decided; else what was asked for."""
        found = [step["grade"] for step in self.steps if step["move"] in (Move.PUBLISH.value, Move.DECIDE.value)]
        return Grade(found[-1] if found and found[-1] else self.row["grade"])

    @property
    def case(self) -> Case:
        """Where it stands, for the table of moves."""
        return Case(self.kind, self.state, self.route, self._publicity_after())

    def _publicity_after(self) -> Actor | None:
        """After whose review the publicity comes. A case that was reviewed beyond that level before any is publicised at the end."""
        after, route = self.rules.publicity_after(self.route_grade), self.route
        if after is None or after not in route:
            return None
        beyond = {REVIEWED[level].value for level in route[route.index(after) + 1 :]}
        for step in self.steps:
            if step["move"] == Move.PUBLICISE.value:
                break
            if step["state"] in beyond:
                return None
        return after

    @property
    def grade(self) -> Grade:
        """What the newest step that found a grade found; else what was asked for."""
        found = [step["grade"] for step in self.steps if step["grade"] is not None]
        return Grade(found[-1] if found else self.row["grade"])

    def instant(self, name: str) -> datetime | None:
        """The newest instant of a column of the steps (`window_end`, `effective_from`)."""
        found = [step[name] for step in self.steps if step[name] is not None]
        return beijing(found[-1]) if found else None

    @property
    def begins(self) -> datetime | None:
        """From when the decisive step let its grade hold."""
        found = [step for step in self.steps if step["move"] in (Move.PUBLISH.value, Move.DECIDE.value)]
        return beijing(found[-1]["effective_from"]) if found else None

    @property
    def decided(self) -> dict[str, Any]:
        """What the decisive step (公布 or 决定) stated besides the grade: until when it is valid, the ban."""
        found = [step for step in self.steps if step["move"] in (Move.PUBLISH.value, Move.DECIDE.value)]
        content: dict[str, Any] = json.loads(found[-1]["content"]) if found else {}
        return content

    @property
    def before(self) -> list[tuple[Move | None, int | None]]:
        """Who made which move so far; the application itself has no move."""
        return [
            (None if step["move"] == APPLY else named(Move, step["move"]), step["account_id"]) for step in self.steps
        ]


async def load(uow: UnitOfWork, case_id: int, *, lock: bool = False) -> Stored:
    """A case by its number; with `lock` nobody else can move it until the commit. Raises Unknown."""
    row = await uow.fetchrow(LOCKED_SQL if lock else CASE_SQL, case_id)
    if row is None:
        raise Unknown(f"There is no grade case {case_id} in your region.")
    return Stored(row, tuple(await uow.fetch(STEPS_SQL, [case_id])))


@dataclass(frozen=True)
class NewStep:
    """A step about to be written."""

    move: str
    state: State
    level: Actor
    account_id: int | None = None
    grade: Grade | None = None
    reason: str | None = None
    document: str | None = None
    window: tuple[datetime, datetime] | None = None
    effective_from: datetime | None = None
    content: dict[str, Any] | None = None


async def add_step(uow: UnitOfWork, case_id: int, seq: int, adcode: str, uscc: str, step: NewStep) -> None:
    """Write a step and put it on the ledger. Two at the same place cannot both be: the database refuses."""
    start, end = step.window or (None, None)
    await uow.execute(
        INSERT_STEP_SQL,
        case_id,
        seq,
        step.move,
        step.state.value,
        step.level.value,
        step.account_id,
        uow.now,
        None if step.grade is None else step.grade.value,
        step.reason,
        step.document,
        start,
        end,
        step.effective_from,
        canonical(step.content or {}),
    )
    await uow.record(
        f"grade.{step.move}",
        adcode,
        case=case_id,
        uscc=uscc,
        state=step.state.value,
        level=step.level.value,
        account=step.account_id,
        grade=None if step.grade is None else step.grade.value,
        reason=step.reason,
        document=step.document,
        effective_from=step.effective_from,
        window=None if step.window is None else list(step.window),
    )
    await uow.tell("grade", adcode)
