"""Assess a supposed forecast under several laws. Reads only: no row, job or message comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.law import LawNotFound
from alerts.points import Point, PointError
from alerts.rules import Criteria
from alerts.series import Series
from alerts.simulation import Case, EditError, Outcome, differences, edited, outcomes
from service.accounts.roles import Scope
from service.assessments.flows import step_document
from service.assessments.repository import observed_points, points_of, sources
from service.assessments.words import difference_words
from service.kit.problems import Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork, beijing
from service.simulations.schemas import CaseBody, SimulationBody

STORED_SQL = "SELECT id, feed, issued_at, basis, points FROM forecast WHERE id = $1 AND adcode = $2"


class NothingKnown(Invalid):
    """Nothing was measured or forecast there."""


@dataclass(frozen=True)
class Supposed:
    """The series of a simulation, when it is assessed, and where it comes from."""

    series: Series
    as_of: datetime
    source: dict[str, Any]


async def simulate(uow: UnitOfWork, scope: Scope, body: SimulationBody) -> dict[str, Any]:
    """Every case side by side, and where each differs from the first.

    Raises Unknown, Forbidden outside the scope, Invalid for points, edits, rule sets or plans that cannot be used.
    """
    law = uow.runtime.law
    if body.adcode not in law.divisions:
        raise Unknown(f"There is no division {body.adcode}; use a GB/T 2260 code such as 130100.")
    if not scope.covers(body.adcode):
        raise Forbidden("This division is outside your region.")
    try:
        supposed = await _supposed(uow, body)
        cases = [Case(case.label, _criteria(uow, body.adcode, supposed.as_of, case)) for case in body.cases]
        found = await asyncio.to_thread(
            outcomes,
            supposed.series,
            cases,
            as_of=supposed.as_of,
            standards=law.standards,
            in_force=body.in_force.view() if body.in_force else None,
        )
    except PointError as error:
        fault = {"pointer": f"/points/{error.index}/{error.field}", "detail": error.problem}
        raise Invalid("The points cannot be one series; see errors.", errors=[fault]) from error
    except OverflowError as error:
        raise Invalid("An instant, or a shift of it, is beyond the calendar; give one of this century.") from error
    except (EditError, LawNotFound, ValueError) as error:
        raise Invalid(str(error.args[0])) from error
    return answer(body, supposed, found)


def _criteria(uow: UnitOfWork, adcode: str, as_of: datetime, case: CaseBody) -> Criteria:
    """What a case assesses by; without rule set and plan, what a real assessment there and then would."""
    law = uow.runtime.law
    if case.rules is None and case.plan is None:
        plan = law.plan_for(adcode, as_of)
        return law.criteria_for(adcode, as_of, plan_id=plan.id, rules_id=uow.runtime.rules_id)
    return law.criteria_for(adcode, as_of, rules_id=case.rules, plan_id=case.plan)


async def _supposed(uow: UnitOfWork, body: SimulationBody) -> Supposed:
    if body.points is not None:
        points = _edited(body.points, body)
        series = Series.from_points(body.adcode, points)
        return Supposed(series, beijing(body.as_of) or series.start, {"kind": "uploaded", "points": len(points)})
    if body.forecast is not None:
        return await _stored(uow, body, body.forecast)
    as_of = beijing(body.as_of) or uow.now
    known = await sources(uow, body.adcode, as_of)
    if not known:
        raise NothingKnown("Nothing is known of the air there; send `points`, or name a stored `forecast`.")
    newest = known[-1]
    if newest.forecast_id is None:
        return Supposed(newest.series, as_of, {"kind": "measured"})
    return await _stored(uow, body, newest.forecast_id)


async def _stored(uow: UnitOfWork, body: SimulationBody, forecast_id: int) -> Supposed:
    row = await uow.fetchrow(STORED_SQL, forecast_id, body.adcode)
    if row is None:
        raise Unknown(
            f"There is no forecast {forecast_id} for {body.adcode}; see /api/v1/divisions/{body.adcode}/forecast."
        )
    as_of = beijing(body.as_of) or row["issued_at"]
    points = _edited(points_of(row["points"]), body)
    observed = [] if body.alone else await observed_points(uow, body.adcode, as_of)
    source = {
        "kind": "forecast",
        "id": row["id"],
        "feed": row["feed"],
        "issued_at": beijing(row["issued_at"]),
        "basis": row["basis"],
        "edited": body.edit is not None,
        "with_measured": bool(observed),
    }
    return Supposed(Series.joined(body.adcode, observed, points, as_of), as_of, source)


def _edited(points: Sequence[Point], body: SimulationBody) -> list[Point]:
    return list(points) if body.edit is None else edited(points, body.edit)


def answer(body: SimulationBody, supposed: Supposed, found: Sequence[Outcome]) -> dict[str, Any]:
    """The answer as values."""
    return {
        "simulated": True,
        "adcode": body.adcode,
        "as_of": beijing(supposed.as_of),
        "source": supposed.source,
        "cases": [_case(case, outcome) for case, outcome in zip(body.cases, found, strict=True)],
        "differences": [
            one._asdict() | {"sentence": {"zh": difference_words(one, "zh"), "en": difference_words(one, "en")}}
            for one in differences(found)
        ],
    }


def _case(case: CaseBody, outcome: Outcome) -> dict[str, Any]:
    step = outcome.step
    return {
        "label": outcome.label,
        "asked": {"rules": case.rules, "plan": case.plan},
        "plan": outcome.assessment.plan,
        "assessment": outcome.assessment.contract() | {"proposal": step.action.value, "lead_hours": step.lead_hours},
        "trace": outcome.assessment.trace.model_dump(mode="json"),
        "step": step_document(step),
    }
