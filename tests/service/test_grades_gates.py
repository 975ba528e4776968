"""HJ 1321-2023: who applies for a better grade of the 39 industries needs a gate at every freight entrance."""

from __future__ import annotations

from typing import Any

import pytest

from emission_lists.lists import EmissionListDraft
from emission_lists.sheets.kinds import Sheet
from service.accounts.roles import Scope
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from service.lists.flows import activate, store_draft
from tests.emission_lists.sheet_samples import record
from tests.service.grading import CEMENT, CITY, COUNTY, NOW, SMALL, People, rows
from tests.support import Client


async def applied(client: Client, runtime: Runtime, gates: dict[str, Any] | None, **body: Any) -> tuple[int, list[Any]]:
    """The answer to an application of the cement works whose list names these gates (None = no row), and its faults."""
    records = () if gates is None else (record(Sheet.BULK_TRANSPORT, uscc=CEMENT, adcode=COUNTY, **gates),)
    async with runtime.unit() as uow:
        draft = EmissionListDraft(CITY, rows(), None, "清单", records)
        version = await store_draft(uow, draft, guide="G2020", created_by=None, generated=True)
        await uow.execute("UPDATE list_version SET checks = '[]', blocking = 0 WHERE id = $1", version)
        await activate(uow, Scope(CITY), version, None)
        await uow.commit()
    people = await People(client).come()
    answer = await people.apply(**body)
    return answer.status_code, answer.json().get("errors", [])


@pytest.fixture(autouse=True)
def _day(clock: ManualClock) -> None:
    clock.current = NOW


NONE = {"gate": False, "entrances": 3, "barriers": 0, "trips": 1}
PARTIAL = {"gate": True, "entrances": 3, "barriers": 2, "trips": 1}


@pytest.mark.parametrize(("gates", "named"), [(NONE, "0 of 3"), (PARTIAL, "2 of 3"), ({**NONE, "entrances": None}, "0 of –")])
@pytest.mark.parametrize("grade", ["A", "B"])
async def test_missing_gates_are_named(
    client: Client, runtime: Runtime, gates: dict[str, Any], named: str, grade: str
) -> None:
    status, [fault] = await applied(client, runtime, gates, grade=grade)
    assert (status, fault["pointer"]) == (422, "/body/evidence")
    assert named in fault["detail"]
    assert "HJ 1321-2023" in fault["detail_zh"]


async def test_evidence_of_gates_built_since_answers_the_list(client: Client, runtime: Runtime) -> None:
    assert await applied(client, runtime, PARTIAL, evidence="2026-01-03 第三出入口门禁验收") == (201, [])


@pytest.mark.parametrize(
    "gates",
    [
        {"gate": True, "entrances": 3, "barriers": 3},
        {"gate": True, "entrances": None, "barriers": None},  # not stated is not missing
        {"gate": False, "entrances": 0, "barriers": 0},
        None,
    ],
)
async def test_what_is_not_said_to_be_missing_is_not_held_against_it(
    client: Client, runtime: Runtime, gates: dict[str, Any] | None
) -> None:
    assert await applied(client, runtime, gates) == (201, [])


async def test_other_grades_need_none(client: Client, runtime: Runtime) -> None:
    assert await applied(client, runtime, NONE, grade="C") == (201, [])


async def test_an_industry_outside_the_39_needs_none(client: Client, runtime: Runtime) -> None:
    _, faults = await applied(client, runtime, NONE, uscc=SMALL, grade="A")
    assert "/body/evidence" not in {one["pointer"] for one in faults}
