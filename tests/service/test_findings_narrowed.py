"""A finding of which evidence shows only a part is notified again with that part before it is answered or confirmed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.accounts.roles import Role
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from tests.service.evidence_support import ADCODE, START, USCC, evidence_feed, evidence_list, normal_days, respond
from tests.service.test_findings import HOUR, arrive, rows, spans, step
from tests.support import Client


@pytest.fixture
async def told(client: Client, runtime: Runtime) -> dict[str, dict[str, str]]:
    """Ten hours of running were notified by one officer and answered; then nine of them turn out to be standing still."""
    await evidence_list(runtime)
    await evidence_feed(client)
    await respond(runtime)
    await normal_days(client)
    await arrive(client, [100.0] * 10)
    who = {
        "first": await client.account(Role.INSPECTOR),
        "second": await client.account(Role.DUTY_OFFICER),
        "enterprise": await client.account(Role.ENTERPRISE, adcode=ADCODE, uscc=USCC),
    }
    assert (await step(client, who["first"], 1, "notify")).status_code == 200
    assert (await step(client, who["enterprise"], 1, "answer")).status_code == 200
    await arrive(client, [0.0] * 9)
    return who


async def shown(client: Client, who: dict[str, str]) -> dict[str, object]:
    found: dict[str, object] = (await client.http.get("/api/v1/findings/1", headers=who)).json()
    return found


async def test_it_is_neither_confirmed_nor_answered_as_it_was_told(
    client: Client, runtime: Runtime, told: dict[str, dict[str, str]]
) -> None:
    assert spans(await rows(runtime)) == [("RUNNING_WHILE_STOPPED", "found", 9, 10)]
    now = await shown(client, told["second"])
    assert (now["narrowed"], now["supported"], now["open"]) == (True, True, ["notify", "withdraw"])
    for who, name in (("second", "confirm"), ("enterprise", "answer")):
        refused = await step(client, told[who], 1, name, content_hash=now["content_hash"])
        assert refused.status_code == 409
        assert "Notify it again" in refused.json()["detail"]
        assert "重新通知" in refused.json()["detail_zh"]
    for language, words in (("zh", "须按余下部分重新通知企业"), ("en", "must be notified again with what is left")):
        page = await client.http.get(f"/findings/1?lang={language}", headers=told["enterprise"])
        assert words in page.text


async def test_notified_again_its_time_begins_anew(
    client: Client, runtime: Runtime, clock: ManualClock, told: dict[str, dict[str, str]]
) -> None:
    clock.current += 71 * HOUR
    first = await client.account(Role.INSPECTOR)
    second = await client.account(Role.DUTY_OFFICER)
    assert (await step(client, first, 1, "notify")).status_code == 200
    now = await shown(client, second)
    assert (now["state"], now["narrowed"], now["open"]) == ("notified", False, ["answer", "withdraw"])
    clock.current += 2 * HOUR  # the first time to answer would be over
    second = await client.account(Role.DUTY_OFFICER)
    early = await step(client, second, 1, "confirm", content_hash=now["content_hash"])
    assert (early.status_code, "still has time" in early.text) == (409, True)
    clock.current += timedelta(hours=70)
    second = await client.account(Role.DUTY_OFFICER)
    done = await step(client, second, 1, "confirm", content_hash=now["content_hash"])
    assert done.status_code == 200
    names = ["found", "notify", "answer", "narrowed", "notify", "confirm"]
    assert [one["step"] for one in done.json()["steps"]] == names
    assert len(done.json()["proof"]["items"]) == 1


async def test_who_notified_it_last_does_not_confirm_it(client: Client, told: dict[str, dict[str, str]]) -> None:
    assert (await step(client, told["second"], 1, "notify")).status_code == 200
    assert (await step(client, told["enterprise"], 1, "answer")).status_code == 200
    content = (await shown(client, told["second"]))["content_hash"]
    assert (await step(client, told["second"], 1, "confirm", content_hash=content)).status_code == 403
    assert (await step(client, told["first"], 1, "confirm", content_hash=content)).status_code == 200


async def test_one_stored_as_unsupported_before_is_not_confirmed(
    client: Client, runtime: Runtime, told: dict[str, dict[str, str]]
) -> None:
    async with runtime.unit() as uow:
        await uow.execute("UPDATE finding SET state = 'answered', supported = false, starts_at = $1 WHERE id = 1", START)
        await uow.commit()
    now = await shown(client, told["second"])
    assert (now["narrowed"], now["open"]) == (True, ["withdraw"])
    refused = await step(client, told["second"], 1, "confirm", content_hash=now["content_hash"])
    assert refused.status_code == 409
    await arrive(client, [0.0] * 9)
    assert spans(await rows(runtime)) == [("RUNNING_WHILE_STOPPED", "found", 9, 10)]
    assert (await step(client, told["first"], 1, "notify")).status_code == 200
