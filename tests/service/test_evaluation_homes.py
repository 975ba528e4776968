"""A plant that a city and its county list: what came in or was decided under either counts in the evaluations of both."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from emission_lists.levels import PerLevel
from emission_lists.measures import Action, Measure
from service.kit.runtime import Runtime
from tests.service.evidence_support import ADCODE, NOW, START, USCC, evidence_feed, normal_days, send
from tests.service.homes_support import COUNTY, HALF, STOP, arrived, based, evaluated, listed, responding
from tests.support import Client

ELSEWHERE = "110106"


@pytest.mark.parametrize("feed", [COUNTY, ADCODE])
@pytest.mark.parametrize("warns", [COUNTY, ADCODE])
async def test_hours_count_whichever_home_they_were_delivered_to(
    client: Client, runtime: Runtime, feed: str, warns: str
) -> None:
    versions = {adcode: await listed(runtime, adcode, [based("L1", STOP)]) for adcode in (ADCODE, COUNTY)}
    await evidence_feed(client, adcode=feed)
    response = await responding(runtime, warns, versions[warns])
    await normal_days(client)
    await arrived(client, [0.0] * 5 + [100.0] * 5)
    nox = (await evaluated(client, response))["totals"]["pollutants"]["nox"]
    assert (nox["planned_kg"], nox["verified_at_least_kg"], nox["verified_minutes"]) == (100.0, 50.0, 600)


async def test_hours_of_another_plant_of_the_enterprise_do_not_count(client: Client, runtime: Runtime) -> None:
    """The list of another county speaks of another plant, whose meter has the same name."""
    version = await listed(runtime, COUNTY, [based("L1", STOP)])
    await listed(runtime, ELSEWHERE, [based("L1", STOP)], county=ELSEWHERE)
    await evidence_feed(client, adcode=ELSEWHERE)
    response = await responding(runtime, COUNTY, version)
    await normal_days(client)
    await arrived(client, [0.0] * 10)
    nox = (await evaluated(client, response))["totals"]["pollutants"]["nox"]
    assert (nox["planned_kg"], nox["verified_at_least_kg"]) == (100.0, None)


@pytest.mark.parametrize("warns", [COUNTY, ADCODE])
async def test_treatment_that_was_off_counts_in_both(client: Client, runtime: Runtime, warns: str) -> None:
    versions = {adcode: await listed(runtime, adcode, [based("L1", HALF)]) for adcode in (ADCODE, COUNTY)}
    await evidence_feed(client, adcode=COUNTY)
    response = await responding(runtime, warns, versions[warns])
    point = {"uscc": USCC, "point": "T1", "kind": "power", "line": "L1", "role": "treatment", "rated": 30.0}
    await send(client, {"type": "evidence.points", "timestamp": NOW.isoformat(), "data": [point]})
    await normal_days(client)
    await arrived(client, [50.0] * 10)
    assert (await evaluated(client, response))["totals"]["pollutants"]["nox"]["verified_at_least_kg"] == 50.0
    await arrived(client, [0.0] * 10, point="T1")
    async with runtime.unit() as uow:
        await uow.execute("UPDATE finding SET state = 'confirmed' WHERE rule = 'TREATMENT_OFF'")
        assert await uow.fetchval("SELECT count(*) FROM finding WHERE rule = 'TREATMENT_OFF' AND adcode = $1", ADCODE)
        await uow.commit()
    nox = (await evaluated(client, response))["totals"]["pollutants"]["nox"]
    assert (nox["verified_at_least_kg"], nox["verified_minutes"]) == (0.0, 600)


async def test_a_grade_decided_under_the_other_home_counts(client: Client, runtime: Runtime) -> None:
    """From a self-determination of the list to D: the guide's stop, as the requirement says."""
    own = replace(based("L1", STOP), measures=PerLevel(*[Measure(Action.SELF_DETERMINED)] * 3))
    versions = {adcode: await listed(runtime, adcode, [own]) for adcode in (ADCODE, COUNTY)}
    response = await responding(runtime, ADCODE, versions[ADCODE])
    before = await evaluated(client, response)
    async with runtime.unit() as uow:
        await uow.execute("SET LOCAL session_replication_role = replica")  # no case stands behind it here
        await uow.execute(
            "INSERT INTO grade_decision (uscc, adcode, industry, guide, grade, kind, effective_from, application_id, reason,"
            " recorded_at) VALUES ($1, $2, '水泥', 'G2020', 'D', 'rated', $3, 1, 'x', $3)",
            USCC,
            COUNTY,
            START - timedelta(days=9),
        )
        await uow.commit()
    after = await evaluated(client, response)
    assert [one["key"] for one in before["by"]["grade"]] == ["C"]
    assert [one["key"] for one in after["by"]["grade"]] == ["D"]
