"""A list that was made in winter is asked in June: a grade that decides for itself in a season only is judged at every start."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from emission_lists.grades import Grade
from emission_lists.lists import ListRow
from emission_lists.measures import Action, Later, Measure
from emission_lists.regrading import BESIDE
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from tests.service.grading import CEMENT, People, respond, rows, with_list
from tests.support import Client

SELF = Measure(Action.SELF_DETERMINED)
STOP = Measure(Action.STOP, 1.0)
FERTILISER = "煤制氮肥"


@pytest.mark.parametrize(
    ("day", "action", "notes"),
    [
        (datetime(2026, 6, 10, 8, tzinfo=SHANGHAI), "unknown", ["OUT_OF_SEASON"]),
        (datetime(2026, 12, 10, 8, tzinfo=SHANGHAI), "self_determined", []),
    ],
)
async def test_a_fertiliser_maker_of_grade_b_that_nothing_was_decided_about(
    client: Client, runtime: Runtime, clock: ManualClock, day: datetime, action: str, notes: list[str]
) -> None:
    clock.current = day
    made = tuple(
        ListRow(replace(row.enterprise, industry=FERTILISER), row.line, row.number) if row.enterprise.uscc == CEMENT else row
        for row in rows(Grade.B, SELF)
    )
    await with_list(runtime, made)
    people = await People(client).come()
    await respond(runtime, clock.current)
    found = (await people.get("plant", f"/api/v1/enterprises/{CEMENT}/requirements")).json()
    assert {line["action"] for line in found["lines"]} == {action}
    assert [note["code"] for note in found["notes"]] == notes


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        (replace(SELF, later=(Later(24.0, STOP),)), ("none", "stop")),
        (replace(STOP, later=(Later(24.0, SELF),)), ("stop", "none")),
    ],
)
async def test_what_is_ordered_beside_a_season_is_told_out_of_it(
    client: Client, runtime: Runtime, clock: ManualClock, listed: Measure, told: tuple[str, str]
) -> None:
    """In June only the part that the list leaves to the enterprise is not established."""
    clock.current = datetime(2026, 6, 10, 8, tzinfo=SHANGHAI)
    made = tuple(
        ListRow(replace(row.enterprise, industry=FERTILISER), row.line, row.number) if row.enterprise.uscc == CEMENT else row
        for row in rows(Grade.B, listed)
    )
    await with_list(runtime, made)
    people = await People(client).come()
    await respond(runtime, clock.current)
    for hours, action in zip((0, 25), told, strict=True):
        clock.current += timedelta(hours=hours)
        found = (await people.get("plant", f"/api/v1/enterprises/{CEMENT}/requirements")).json()
        beside = [line["action"] for line in found["lines"] if line["code"].endswith(BESIDE)]
        listed_lines = [line["action"] for line in found["lines"] if not line["code"].endswith(BESIDE)]
        assert (set(listed_lines), set(beside)) == ({"unknown"}, {action})
        assert [note["code"] for note in found["notes"]] == ["OUT_OF_SEASON"]
