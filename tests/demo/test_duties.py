"""Duties of the demonstration's Hebei cities: answered tasks, daily reports, one of them late."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.obligations import terms_of
from service.demo.duties import (
    CITIES,
    DONE_AFTER,
    HOUR,
    LATE,
    PROGRESS_AFTER,
    RECEIPT_AFTER,
    Duties,
    entry_of,
    writes_at,
)
from service.demo.episodes import load_episode
from service.demo.outside import Outside
from service.demo.seed import seed_accounts
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from service.law.loader import load_law
from tests.service.duty_support import rows, settle, step
from tests.support import Client

BEGAN = datetime(2016, 12, 16, 20, 0, tzinfo=SHANGHAI)
MOMENT = timedelta(microseconds=1)


def task(number: int, **given: Any) -> dict[str, Any]:
    return {
        "id": number, "starts_at": BEGAN.isoformat(), "over": False, "received_at": None, "done": None, "state": "given", **given,
    }  # fmt: skip


RECEIVED = {"received_at": "x", "state": "received"}


@pytest.mark.parametrize(
    ("given", "after", "kind"),
    [
        (task(4), DONE_AFTER, None),
        (task(5), RECEIPT_AFTER - MOMENT, None),
        (task(5), RECEIPT_AFTER, "receipt"),
        (task(5, over=True), RECEIPT_AFTER, None),
        (task(5, **RECEIVED), DONE_AFTER, None),
        (task(6, **RECEIVED), PROGRESS_AFTER - MOMENT, None),
        (task(6, **RECEIVED), PROGRESS_AFTER, "progress"),
        (task(6, **RECEIVED, done=20), DONE_AFTER, None),
        (task(7, **RECEIVED, done=20), DONE_AFTER, "done"),
        (task(7, **RECEIVED | {"state": "done"}, done=40), DONE_AFTER, None),
    ],
)
def test_what_a_department_says_next(given: dict[str, Any], after: timedelta, kind: str | None) -> None:
    said = entry_of(given, BEGAN + after)
    assert (None if said is None else said["kind"]) == kind


def test_the_cities_are_of_the_episode_and_owe_daily_reports() -> None:
    law = load_law()
    assert set(CITIES) <= set(load_episode("2016-12").divisions)
    assert LATE[0] in CITIES
    for adcode in CITIES:
        assert terms_of(law.plan_for(adcode, BEGAN), law.plans).deadlines.daily_report_by == 10


def test_one_report_is_late() -> None:
    due = datetime(2016, 12, 18, 10, 0, tzinfo=SHANGHAI)
    late = {city for city in CITIES if writes_at({"adcode": city, "day": LATE[1]}) > due}
    assert late == {LATE[0]}
    assert writes_at({"adcode": LATE[0], "day": "2016-12-18"}) < due + 24 * HOUR


async def test_tasks_are_answered_and_reports_written_once(runtime: Runtime, client: Client, clock: ManualClock) -> None:
    clock.current = BEGAN
    outside = Outside(client.http, {}, await seed_accounts(runtime, visitors=False))
    for adcode in (LATE[0], "130100"):
        await step(runtime, "issue", "red", adcode=adcode)
    duties = Duties(outside)
    for _ in range(42):
        clock.advance_to(clock.now() + HOUR)
        await settle(runtime)
        await duties.look(clock.now())
        await duties.look(clock.now())
    found = await rows(runtime, "SELECT adcode, day, state FROM obligation WHERE kind = 'daily_report' ORDER BY day, adcode")
    assert [(one["adcode"], str(one["day"]), one["state"]) for one in found] == [
        ("130100", "2016-12-16", "met"),
        ("130600", "2016-12-16", "met"),
        ("130100", "2016-12-17", "met"),
        ("130600", "2016-12-17", "late_met"),
        ("130100", "2016-12-18", "open"),
        ("130600", "2016-12-18", "open"),
    ]
    assert len(await rows(runtime, "SELECT 1 FROM duty_report")) == 4
    states = await rows(runtime, "SELECT DISTINCT state, received_at IS NULL AS silent, done FROM task")
    told = {(one["state"], one["silent"], one["done"]) for one in states}
    assert told == {("given", True, None), ("received", False, None), ("received", False, 20), ("done", False, 40)}
    twice = await rows(runtime, "SELECT 1 FROM task_entry GROUP BY task_id, kind HAVING count(*) > 1")
    assert twice == []
