"""Cases as the API and the pages show them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from emission_lists.grades import Grade
from emission_lists.grading import Actor, Move, State, named, open_moves
from emission_lists.measures import Labelled
from emission_lists.standing import DecisionKind
from service.grades.cases import APPLY, Stored
from service.grades.deciding import legal_of
from service.kit.unit_of_work import UnitOfWork, beijing


def words(member: Labelled) -> dict[str, str]:
    """A member of an enum in both languages."""
    return {"zh": member.zh, "en": member.en}


def _grade(value: str | None) -> str | None:
    return None if value is None else Grade(value).zh


def document(uow: UnitOfWork, stored: Stored) -> dict[str, Any]:
    """A case: what it is about, where it stands, what comes next and who may do it."""
    row, window_end = stored.row, stored.instant("window_end")
    opened = [step for step in stored.steps if step["window_end"] is not None]
    window = None if not opened else json.loads(opened[-1]["content"])
    cause = row["cause"]
    return {
        "id": stored.id,
        "kind": row["kind"],
        "kind_words": words(stored.kind),
        "uscc": row["uscc"],
        "name": row["name"],
        "adcode": row["adcode"],
        "place": uow.runtime.place(row["adcode"]),
        "county": row["county"],
        "county_name": uow.runtime.place(row["county"]),
        "line_code": row["line_code"],
        "line_name": row["line_name"],
        "industry": row["industry"],
        "subtype": row["subtype"],
        "guide": row["guide"],
        "grades_established": bool(legal_of(stored)),
        "asked": row["grade"],
        "grade": stored.grade.value,
        "grade_zh": stored.grade.zh,
        "before": stored.first_content.get("before"),
        "cause": cause,
        "cause_words": None if cause is None else words(named(DecisionKind, cause)),
        "reason": row["reason"],
        "evidence": row["evidence"],
        "finding": row["finding_id"],
        "import": row["import_id"],
        "state": stored.state.value,
        "state_words": words(stored.state),
        "created_at": beijing(row["created_at"]),
        "window": None
        if window is None or window_end is None
        else {"start": beijing(opened[-1]["window_start"]), "end": window_end, **window},
        "effective_from": stored.instant("effective_from"),
        "valid_until": stored.decided.get("valid_until"),
        "ban_until": None if stored.state is State.REVERSED else stored.decided.get("ban_until"),
        "route": [{"level": level.value, **words(level)} for level in stored.route],
        "publicity_after": stored.case.publiciser.value,
        "after_publicity": _level(stored.case.after_publicity),
        "route_established": stored.rules.route_established(stored.route_grade),
        "next": _next(stored, uow.now),
    }


def _level(level: Actor) -> dict[str, str]:
    return {"level": level.value, **words(level)}


def _next(stored: Stored, now: datetime) -> list[dict[str, Any]]:
    """What people may do next, and which level; what the clock does is no choice of anybody.

    A publicity whose window is over has ended, whether or not its step was written.
    """
    case, end, order = stored.case, stored.instant("window_end"), list(Actor)
    if case.state is State.IN_PUBLICITY and end is not None and end <= now:
        case = replace(case, state=State.PUBLICITY_ENDED)
    return [
        {
            "move": move.value,
            **words(move),
            "by": [{"level": one.value, **words(one)} for one in sorted(actors, key=order.index)],
        }
        for move, actors in open_moves(case).items()
        if actors != {Actor.CLOCK}
    ]


_APPLIED = {"zh": "提出", "en": "put forward"}


def steps_document(stored: Stored) -> list[dict[str, Any]]:
    """The chain of steps: who, when, by which document."""
    return [
        {
            "seq": step["seq"],
            "move": step["move"],
            "move_words": _APPLIED if step["move"] == APPLY else words(named(Move, step["move"])),
            "state": step["state"],
            "state_words": words(named(State, step["state"])),
            "level": step["level"],
            "level_words": words(named(Actor, step["level"])),
            "by": step["by_name"],
            "at": beijing(step["at"]),
            "grade": step["grade"],
            "grade_zh": _grade(step["grade"]),
            "reason": step["reason"],
            "document": step["document"],
            "window_end": beijing(step["window_end"]),
            "effective_from": beijing(step["effective_from"]),
        }
        for step in stored.steps
    ]


def decision_document(row: Any, *, superseded: bool) -> dict[str, Any]:
    """One decision of an enterprise's history (等级沿革). `superseded`: another one came before its begin, so it never begins."""
    return {
        "id": row["id"],
        "adcode": row["adcode"],
        "line_code": row["line_code"],
        "industry": row["industry"],
        "guide": row["guide"],
        "grade": row["grade"],
        "grade_zh": _grade(row["grade"]),
        "kind": row["kind"],
        "kind_words": words(named(DecisionKind, row["kind"])),
        "effective_from": beijing(row["effective_from"]),
        "valid_until": beijing(row["valid_until"]),
        "superseded": superseded,
        "grade_after": row["grade_after"],
        "grade_after_zh": _grade(row["grade_after"]),
        "ban_until": beijing(row["ban_until"]),
        "case": row["application_id"],
        "document": row["document"],
        "reason": row["reason"],
        "recorded_at": beijing(row["recorded_at"]),
    }
