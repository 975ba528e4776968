"""Pages of findings and evidence without a browser: each kind of finding is shown, in both languages, to each side."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from emission_lists.measures import Action, Measure
from service.accounts.roles import Role
from service.kit.runtime import Runtime
from tests.service.evidence_support import (
    LINES,
    START,
    USCC,
    evidence_feed,
    evidence_list,
    line,
    normal_days,
    power,
    respond,
    send,
)
from tests.support import NOW, Client

HTML = {"accept": "text/html"}


@pytest.fixture
async def ready(client: Client, runtime: Runtime) -> Client:
    """One finding of every kind that evidence makes, and one by hand."""
    await evidence_list(runtime, lines=[*LINES, line("L4", Measure(Action.STOP, 1.0))])
    await evidence_feed(client)
    await respond(runtime)
    points = [
        {"uscc": USCC, "point": "T2", "kind": "power", "line": "L2", "role": "treatment", "rated": 30.0},
        {"uscc": USCC, "point": "R4", "kind": "power", "line": "L4", "role": "production", "rated": 100.0},
    ]
    await send(client, {"type": "evidence.points", "timestamp": NOW.isoformat(), "data": points})
    await normal_days(client)
    await normal_days(client, point="L2")
    await send(client, power([50, None, 60]))
    await send(client, power([100] * 16, point="L2"))
    await send(client, power([1, 1], point="T2"))
    await send(client, power([90], point="R4"))
    truck = {"uscc": USCC, "gate": "G1", "time": (START + timedelta(hours=2)).isoformat(), "plate": "冀B12345",
             "plate_colour": "yellow", "vehicle": "heavy_truck", "stage": "4", "fuel": "B", "direction": "in", "let_in": True}  # fmt: skip
    await send(client, {"type": "evidence.gate", "timestamp": NOW.isoformat(), "data": [truck]})
    await client.work()
    officer = await client.account(Role.DUTY_OFFICER)
    hand = {"uscc": USCC, "starts_at": START.isoformat(), "note": "现场见运行", "attachment": "photo-7"}
    assert (await client.http.post("/api/v1/findings", headers=officer, json=hand)).status_code == 201
    client.http.cookies.clear()
    return client


async def shown(client: Client, who: dict[str, str], path: str) -> str:
    answer = await client.http.get(path, headers=who | HTML)
    assert answer.status_code == 200, answer.text[-500:]
    return answer.text


class TestPages:
    @pytest.mark.parametrize("language", ["zh", "en"])
    async def test_every_kind_is_shown(self, ready: Client, language: str) -> None:
        who = await ready.account(Role.DUTY_OFFICER)
        listed = (await ready.http.get("/api/v1/findings", headers=who)).json()["items"]
        assert {one["rule"] for one in listed} == {
            "RUNNING_WHILE_STOPPED", "LOAD_OVER_CAP", "TREATMENT_OFF", "BANNED_VEHICLE", "BY_HAND",
        }  # fmt: skip
        page = await shown(ready, who, f"/findings?lang={language}")
        for one in listed:
            assert f'href="/findings/{one["id"]}"' in page
            whole = await shown(ready, who, f"/findings/{one['id']}?lang={language}")
            assert one[f"rule_{language}"] in whole
            assert 'name="step" value="notify"' in whole

    async def test_the_proof_is_on_the_page(self, ready: Client) -> None:
        who = await ready.account(Role.DUTY_OFFICER)
        listed = (await ready.http.get("/api/v1/findings", headers=who)).json()["items"]
        pages = {one["rule"]: await shown(ready, who, f"/findings/{one['id']}?lang=en") for one in listed}
        assert "冀B12345" in pages["BANNED_VEHICLE"]
        assert "现场见运行" in pages["BY_HAND"]
        assert "photo-7" in pages["BY_HAND"]
        assert "not established in law" in pages["RUNNING_WHILE_STOPPED"]
        assert "no clause of its own seen (not established)" in pages["TREATMENT_OFF"]
        assert "50,000" in pages["LOAD_OVER_CAP"]

    async def test_the_picture_shows_each_hour_and_what_is_missing(self, ready: Client) -> None:
        who = await ready.account(Role.DUTY_OFFICER)
        listed = (await ready.http.get("/api/v1/findings?rule=RUNNING_WHILE_STOPPED", headers=who)).json()["items"]
        (first,) = [one["id"] for one in listed if one["line"] == "L1" and one["starts_at"].startswith("2016-12-15T00")]
        picture = (await ready.http.get(f"/web/findings/{first}/chart.json", headers=who)).json()
        steps = {step["time"][8:13]: step for step in picture["steps"]}
        assert steps["15T01"]["proves"] is True
        assert steps["15T02"]["value"] is None
        assert steps["15T02"]["proves"] is False
        assert steps["15T00"] | {"value": None} == {
            "time": "2016-12-15T00:00:00+08:00", "value": None, "treatment": None, "allowed": None, "proves": False,
            "required": False,
        }  # fmt: skip
        gate = (await ready.http.get("/api/v1/findings?rule=BANNED_VEHICLE", headers=who)).json()["items"][0]["id"]
        assert (await ready.http.get(f"/web/findings/{gate}/chart.json", headers=who)).status_code == 404

    async def test_a_step_by_form_and_its_refusals(self, ready: Client) -> None:
        who = await ready.account(Role.DUTY_OFFICER)

        async def post(fields: dict[str, str]) -> httpx.Response:
            return await ready.http.post(
                "/findings/1", headers=who | HTML | {"origin": "http://127.0.0.1:8000"}, data=fields
            )

        assert (await post({"step": "notify", "note": ""})).status_code == 422
        assert (await post({"step": "confirm", "note": "x", "content_hash": "0" * 64})).status_code == 409
        assert (await post({"step": "answer", "note": "x"})).status_code == 403
        assert (await post({"step": "rubbish", "note": "x"})).status_code == 422
        assert (await post({"step": "notify", "note": "请答复"})).headers["location"] == "/findings/1"

    async def test_a_plant_sees_its_own(self, ready: Client) -> None:
        plant = await ready.account(Role.ENTERPRISE, uscc=USCC)
        assert "没有通知贵企业的问题" in await shown(ready, plant, "/findings?lang=zh")
        page = await shown(ready, plant, "/evidence?lang=en")
        assert "A missing hour proves neither" in page
        assert "the measure is not established" in page

    async def test_evidence_of_an_enterprise_and_of_none(self, ready: Client) -> None:
        who = await ready.account(Role.AUDITOR)
        assert "L1 meter" in await shown(ready, who, f"/evidence?uscc={USCC}")
        for path, status in (("/evidence?uscc=nonsense", 422), ("/evidence?uscc=91130200699229617X", 404)):
            assert (await ready.http.get(path, headers=who | HTML)).status_code == status

    @pytest.mark.parametrize("path", ["/findings", "/findings/1", "/evidence"])
    async def test_nobody_sees_them_without_signing_in(self, ready: Client, path: str) -> None:
        assert (await ready.http.get(path, headers=HTML)).status_code == 303

    @pytest.mark.parametrize("query", ["state=rubbish", "rule=rubbish", "state=any", "state=withdrawn&rule=NO_PLAN"])
    async def test_odd_filters(self, ready: Client, query: str) -> None:
        page = await shown(ready, await ready.account(Role.DUTY_OFFICER), f"/findings?{query}")
        assert "<h1" in page
        assert 'value="rubbish"' not in page
