"""What is owed over a whole response, its ladder, reports signed by hand, tasks answered: through the real doors."""

from __future__ import annotations

import hashlib
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from docx import Document

from alerts.obligations import Kind, Owed, after_prompt
from service.accounts import factors
from service.accounts.roles import Role
from service.kit.canonical import canonical
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from service.obligations.flows import met, oblige, press, terms_at
from tests.service.duty_support import HEBEI_CITY, rows, settle, step
from tests.service.factor_support import Watch, code, enrolled
from tests.support import NOW, Client

HOUR = timedelta(hours=1)
HEALTH = "健康防护"
MINE = {"accept": "text/html", "origin": "http://127.0.0.1:8000"}


async def owed(runtime: Runtime) -> list[tuple[str, str]]:
    found = await rows(runtime, "SELECT kind, state, day FROM obligation ORDER BY due_at, id")
    return [(one["kind"] + ("" if one["day"] is None else f" {one['day'].day}"), one["state"]) for one in found]


async def told(runtime: Runtime) -> list[tuple[str, tuple[str, ...]]]:
    found = await rows(runtime, "SELECT reason, roles FROM inbox_message WHERE reason LIKE 'obligation:%' ORDER BY id")
    return [(one["reason"].rpartition(":")[2], tuple(one["roles"])) for one in found]


async def get(client: Client, path: str, who: dict[str, str]) -> Any:
    answer = await client.http.get(f"/api/v1{path}", headers=who)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def sign(client: Client, who: dict[str, str], obligation: int, **changes: str) -> Any:
    draft = await get(client, f"/obligations/{obligation}/report", who)
    body = {"content_hash": draft["content_hash"], "situation": "各项措施已落实。", **changes}
    return await client.http.post(f"/api/v1/obligations/{obligation}/report", headers=who, json=body)


class TestDailyReports:
    async def test_a_response_over_three_days_in_hebei(self, runtime: Runtime, clock: ManualClock) -> None:
        await step(runtime, "issue", "orange", effective=NOW + 5 * HOUR)  # 22:00 of the 15th
        assert await owed(runtime) == []
        clock.advance_to(NOW + 5 * HOUR)
        await settle(runtime)
        assert await owed(runtime) == [("daily_report 15", "open")]
        clock.advance_to(NOW + 7 * HOUR)
        await settle(runtime)
        assert await owed(runtime) == [("daily_report 15", "open"), ("daily_report 16", "open")]
        await step(runtime, "lift", "none", effective=NOW + 31 * HOUR)  # 24:00 of the 16th
        for hours in (31, 40, 60):
            clock.advance_to(NOW + hours * HOUR)
            await settle(runtime)
        assert await owed(runtime) == [("daily_report 15", "missed"), ("daily_report 16", "missed"), ("summary", "open")]

    async def test_a_night_without_the_service_loses_no_day(self, runtime: Runtime, clock: ManualClock) -> None:
        await step(runtime, "issue", "orange")
        clock.advance_to(NOW + 72 * HOUR)
        await settle(runtime)
        assert [kind for kind, _ in await owed(runtime)] == [f"daily_report {day}" for day in (15, 16, 17, 18)]

    async def test_a_raise_owes_no_second_report_for_the_same_day(self, runtime: Runtime, clock: ManualClock) -> None:
        await step(runtime, "issue", "orange")
        clock.advance_to(NOW + HOUR)
        await step(runtime, "raise", "red")
        assert await owed(runtime) == [("daily_report 15", "open")]

    async def test_where_no_text_says_nothing_is_owed(self, runtime: Runtime) -> None:
        await step(runtime, "issue", "orange", adcode="500100")
        assert await owed(runtime) == []


class TestReports:
    async def test_signed_frozen_and_late_is_late(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        await step(runtime, "issue", "orange")
        duty = await client.account(Role.DUTY_OFFICER, HEBEI_CITY)
        (one,) = (await get(client, "/obligations", duty))["items"]
        early = await client.http.get(f"/api/v1/obligations/{one['id']}/report", headers=duty)
        assert (early.status_code, "not over" in early.json()["detail"]) == (409, True)
        clock.advance_to(NOW + 17 * HOUR)  # 10:00 of the 16th: due now
        await settle(runtime)
        answer = await sign(client, duty, one["id"], next_steps="继续督查。")
        assert (answer.status_code, answer.json()["late"]) == (201, True), answer.text
        found = await get(client, f"/obligations/{one['id']}", duty)
        assert (found["state"], found["late_minutes"]) == ("late_met", 0)
        (report,) = found["reports"]
        frozen = {"facts": report["facts"], "words": report["words"]}
        assert hashlib.sha256(canonical(frozen).encode()).hexdigest() == report["digest"] == answer.json()["digest"]
        assert report["facts"]["levels"] == [{"level": "orange", "from": NOW.isoformat(), "until": None}]
        assert report["facts"]["tasks"]["given"] > 0
        (line,) = await rows(runtime, "SELECT content FROM ledger_entry WHERE kind = 'report.signed'")
        assert json.loads(line["content"])["digest"] == report["digest"]

    async def test_in_time(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        await step(runtime, "issue", "orange")
        duty = await client.account(Role.DUTY_OFFICER, HEBEI_CITY)
        clock.advance_to(NOW + 17 * HOUR - timedelta(microseconds=1))
        (one, *_) = [item for item in (await get(client, "/obligations", duty))["items"] if item["day"] == "2016-12-15"]
        assert (await sign(client, duty, one["id"])).json()["late"] is False
        assert ("daily_report 15", "met") in await owed(runtime)
        again = await sign(client, duty, one["id"], situation="补充。")
        assert again.status_code == 201
        assert len((await get(client, f"/obligations/{one['id']}", duty))["reports"]) == 2
        assert ("daily_report 15", "met") in await owed(runtime)

    async def test_what_changed_since_it_was_read_is_read_again(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        await step(runtime, "issue", "orange")
        duty = await client.account(Role.DUTY_OFFICER, HEBEI_CITY)
        (one,) = (await get(client, "/obligations", duty))["items"]
        clock.advance_to(NOW + 10 * HOUR)
        answer = await sign(client, duty, one["id"], content_hash="0" * 64)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:lantian:problem:content-changed")
        assert await rows(runtime, "SELECT 1 FROM duty_report") == []

    async def test_a_report_on_what_goes_on_is_signed_as_of_when_it_was_read(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        clock.advance_to(NOW + timedelta(days=1000))  # 2019-09-11: Changde's instruction
        await step(runtime, "issue", "yellow", adcode="430700")
        duty = await client.account(Role.DUTY_OFFICER, "430700")
        clock.advance_to(clock.now() + HOUR)
        (one, *_) = (await get(client, "/obligations?kind=response_report", duty))["items"]
        path = f"/obligations/{one['id']}/report"
        draft = await get(client, path, duty)
        body = {"content_hash": draft["content_hash"], "as_of": draft["facts"]["as_of"], "situation": "已启动。"}
        assert draft["facts"]["as_of"] == clock.now().isoformat()
        clock.advance_to(clock.now() + timedelta(minutes=30, microseconds=1))
        stale = await client.http.post(f"/api/v1{path}", headers=duty, json=body)
        assert (stale.status_code, stale.json()["type"]) == (409, "urn:lantian:problem:content-changed")
        draft = await get(client, path, duty)
        body |= {"content_hash": draft["content_hash"], "as_of": draft["facts"]["as_of"]}
        clock.advance_to(clock.now() + timedelta(minutes=30))
        other = body | {"as_of": clock.now().isoformat()}
        assert (await client.http.post(f"/api/v1{path}", headers=duty, json=other)).status_code == 409
        answer = await client.http.post(f"/api/v1{path}", headers=duty, json=body)
        assert answer.status_code == 201, answer.text
        (report,) = (await get(client, f"/obligations/{one['id']}", duty))["reports"]
        assert report["facts"] == draft["facts"]

    async def test_the_page_of_such_a_report_carries_the_instant(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        clock.advance_to(NOW + timedelta(days=1000))
        await step(runtime, "issue", "yellow", adcode="430700")
        duty = await client.account(Role.DUTY_OFFICER, "430700") | MINE
        (one,) = await rows(runtime, "SELECT id FROM obligation WHERE kind = 'response_report'")
        page = (await client.http.get(f"/duties/{one['id']}", headers=duty)).text
        hidden = dict(re.findall(r'<input type="hidden" name="(content_hash|as_of)" value="([^"]+)">', page))
        clock.advance_to(clock.now() + timedelta(minutes=5))
        done = await client.http.post(f"/duties/{one['id']}/report", headers=duty, data=hidden | {"situation": "已启动。"})
        assert done.status_code == 303, done.text
        assert ("response_report", "met") in await owed(runtime)

    async def test_a_report_is_signed_with_the_second_factor_of_who_has_one(
        self, client: Client, runtime: Runtime, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        watch = Watch()
        monkeypatch.setattr(factors, "present", lambda: watch.at)
        await step(runtime, "issue", "orange")
        duty, secret = await enrolled(client, watch, Role.DUTY_OFFICER, HEBEI_CITY)
        clock.advance_to(NOW + 10 * HOUR)
        (one, *_) = [item for item in (await get(client, "/obligations", duty))["items"] if item["day"] == "2016-12-15"]
        for given, problem in (({}, "factor-needed"), ({"factor": "000000"}, "factor-wrong")):
            answer = await sign(client, duty, one["id"], **given)
            assert (answer.status_code, answer.json()["type"]) == (403, f"urn:lantian:problem:{problem}")
        page = f"/duties/{one['id']}"
        shown = (await client.http.get(page, headers=duty | MINE)).text
        assert 'name="factor"' in shown
        form = {"content_hash": re.findall(r'name="content_hash" value="([0-9a-f]{64})"', shown)[0], "situation": "写好的"}
        refused = await client.http.post(f"{page}/report", headers=duty | MINE, data=form | {"factor": "000000"})
        assert (refused.status_code, "动态验证码不对" in refused.text, "写好的" in refused.text) == (403, True, True)
        assert await rows(runtime, "SELECT 1 FROM duty_report") == []
        done = await client.http.post(f"{page}/report", headers=duty | MINE, data=form | {"factor": code(secret, watch)})
        assert done.status_code == 303, done.text
        watch.at += timedelta(seconds=30)
        keyed = duty | {"idempotency-key": "report"}
        first = await sign(client, keyed, one["id"], factor=code(secret, watch))
        watch.at += timedelta(seconds=30)
        again = await sign(client, keyed, one["id"], factor=code(secret, watch))
        assert (first.status_code, again.content) == (201, first.content)

    async def test_the_summary_says_how_it_ended(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        await step(runtime, "issue", "orange", end=NOW + 4 * HOUR, fixed=True)
        clock.advance_to(NOW + 4 * HOUR)
        await settle(runtime)
        commander = await client.account(Role.COMMANDER, HEBEI_CITY)
        items = (await get(client, "/obligations?kind=summary", commander))["items"]
        assert [one["due_at"] for one in items] == [(NOW + 52 * HOUR).isoformat()]
        draft = await get(client, f"/obligations/{items[0]['id']}/report", commander)
        assert draft["facts"]["ending"]["how"] == "lapse"
        assert draft["facts"]["evaluation"]["state"] == "draft"
        page = await client.http.get(f"/duties/{items[0]['id']}", headers=commander | MINE)
        assert "到通知载明的结束时间自动终止" in page.text
        file = await client.http.get(f"/duties/{items[0]['id']}/report.docx", headers=commander)
        text = "\n".join(one.text for one in Document(io.BytesIO(file.content)).paragraphs)
        assert "尚未由人员签署" in text
        assert "到通知载明的结束时间自动终止" in text

    async def test_others_only_read(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        await step(runtime, "issue", "orange")
        clock.advance_to(NOW + 48 * HOUR)
        await settle(runtime)
        for role, adcode in ((Role.AUDITOR, HEBEI_CITY), (Role.PROVINCIAL_COORDINATOR, "130000"), (Role.INSPECTOR, HEBEI_CITY)):
            who = await client.account(role, adcode)
            (*_, missed) = (await get(client, "/obligations?state=missed", who))["items"]
            assert (await sign(client, who, missed["id"])).status_code == 403
        away = await client.account(Role.COMMANDER, "320100")
        assert (await get(client, "/obligations", away))["items"] == []
        assert (await client.http.get(f"/duties/{missed['id']}", headers=away | MINE)).status_code == 404


class TestLadder:
    async def test_half_due_and_upwards_until_it_is_done(self, runtime: Runtime, clock: ManualClock) -> None:
        await step(runtime, "issue", "orange", effective=NOW + 7 * HOUR)  # 00:00 of the 16th, due 34 hours later
        clock.advance_to(NOW + 7 * HOUR)
        await settle(runtime)
        seen = []
        for hours in (24, 24.1, 41, 42, 43):
            clock.advance_to(NOW + hours * HOUR)
            await settle(runtime)
            seen.append(len(await told(runtime)))
        assert seen == sorted(seen)
        first, *_ = await rows(runtime, "SELECT * FROM obligation ORDER BY id")
        assert (first["state"], first["escalations"]) == ("missed", 4)
        ladder = await rows(runtime, "SELECT roles FROM inbox_message WHERE reason LIKE $1 ORDER BY id", f"obligation:{first['id']}:%")
        assert [one["roles"] for one in ladder] == [
            ["duty_officer"],
            ["duty_officer", "office_director"],
            ["commander", "deputy_commander"],
            ["provincial_coordinator"],
        ]

    async def test_a_rung_is_told_once_and_nobody_after_it_was_met(self, runtime: Runtime, clock: ManualClock) -> None:
        async with runtime.unit() as uow:
            made = await oblige(uow, HEBEI_CITY, Owed(Kind.ADOPT_PROMPT, NOW, NOW + 2 * HOUR, "x"), "prompt:1")
            assert await oblige(uow, HEBEI_CITY, Owed(Kind.ADOPT_PROMPT, NOW, NOW + 9 * HOUR, "x"), "prompt:1") is None
            await uow.commit()
        assert made is not None
        clock.advance_to(NOW + HOUR)
        for _ in range(2):
            async with runtime.unit() as uow:
                await press(uow, made, 0)
                await uow.commit()
        assert len(await told(runtime)) == 1
        async with runtime.unit() as uow:
            assert await met(uow, HEBEI_CITY, Kind.ADOPT_PROMPT, "prompt:1")
            assert not await met(uow, HEBEI_CITY, Kind.ADOPT_PROMPT, "prompt:1")
            await uow.commit()
        clock.advance_to(NOW + 9 * HOUR)
        await settle(runtime)
        assert len(await told(runtime)) == 1
        assert await owed(runtime) == [("adopt_prompt", "met")]

    @pytest.mark.parametrize(("late", "state"), [(timedelta(microseconds=1), "met"), (timedelta(0), "late_met")])
    async def test_at_the_due_instant_it_is_late(
        self, runtime: Runtime, clock: ManualClock, late: timedelta, state: str
    ) -> None:
        async with runtime.unit() as uow:
            await oblige(uow, HEBEI_CITY, Owed(Kind.ADOPT_PROMPT, NOW, NOW + 2 * HOUR, "x"), "prompt:1")
            await uow.commit()
        clock.advance_to(NOW + 2 * HOUR - late)
        async with runtime.unit() as uow:
            await met(uow, HEBEI_CITY, Kind.ADOPT_PROMPT, "prompt:1")
            await uow.commit()
        assert await owed(runtime) == [("adopt_prompt", state)]


class TestPublication:
    async def test_taiyuan_publishes_within_two_hours(self, runtime: Runtime, clock: ManualClock) -> None:
        clock.advance_to(NOW + timedelta(days=1200))  # 2020-03-29
        present = clock.now()
        async with runtime.unit() as uow:
            assert [one.kind for one in after_prompt(terms_at(uow, "140100"), present)] == [Kind.ADOPT_PROMPT]
        await step(runtime, "issue", "yellow", adcode="140100")
        (one,) = await rows(runtime, "SELECT * FROM obligation")
        assert (one["kind"], one["state"], one["due_at"]) == ("publish", "open", present + 2 * HOUR)
        clock.advance_to(present + timedelta(minutes=3))
        await settle(runtime)
        (one,) = await rows(runtime, "SELECT * FROM obligation")
        assert (one["state"], one["met_at"]) == ("met", present + timedelta(minutes=3))

    async def test_what_never_began_is_waived(self, runtime: Runtime, clock: ManualClock) -> None:
        clock.advance_to(NOW + timedelta(days=1000))  # 2019-09-11: Changde's instruction
        at = clock.now() + 9 * HOUR
        await step(runtime, "issue", "yellow", adcode="430700", effective=at)
        await step(runtime, "raise", "orange", adcode="430700", effective=at)
        assert await owed(runtime) == [
            ("response_report", "waived"),
            ("response_report", "open"),
            ("execution_report", "waived"),
            ("execution_report", "open"),
        ]


class TestTasks:
    async def given(self, client: Client, runtime: Runtime) -> tuple[dict[str, str], list[dict[str, Any]]]:
        await step(runtime, "issue", "orange")
        duty = await client.account(Role.DUTY_OFFICER, HEBEI_CITY)
        return duty, (await get(client, "/tasks", duty))["items"]

    async def test_one_for_each_department_of_each_category(self, client: Client, runtime: Runtime) -> None:
        _, items = await self.given(client, runtime)
        health = [one["department_code"] for one in items if one["category"]["zh"] == HEALTH]
        assert sorted(health) == ["education", "health"]
        (other,) = [one for one in items if one["category"]["zh"] == "其他"]
        assert other["department"] is None
        assert all(one["measures"] and one["chosen"] for one in items if one["department"])
        assert len(await rows(runtime, "SELECT 1 FROM inbox_message WHERE kind = 'task'")) == 1

    async def test_receipt_progress_done(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        duty, items = await self.given(client, runtime)
        path = f"/api/v1/tasks/{items[0]['id']}/entries"
        for body, status in (
            ({"kind": "receipt"}, 201),
            ({"kind": "receipt"}, 201),
            ({"kind": "progress"}, 422),
            ({"kind": "progress", "done": 41, "total": 40}, 422),
            ({"kind": "progress", "done": 12}, 422),
            ({"kind": "progress", "done": 12, "total": 40, "note": "已查 12 处工地"}, 201),
            ({"kind": "done", "done": 40, "total": 40}, 201),
        ):
            answer = await client.http.post(path, headers=duty, json=body)
            assert answer.status_code == status, (body, answer.text)
        found = answer.json()
        assert [one["kind"] for one in found["entries"]] == ["receipt", "progress", "done"]
        assert (found["state"], found["done"], found["total"]) == ("done", 40, 40)

    async def test_the_organisation_that_holds_it_answers(self, client: Client, runtime: Runtime) -> None:
        duty, items = await self.given(client, runtime)
        inspector = await client.account(Role.INSPECTOR, HEBEI_CITY, login="housing")
        async with runtime.unit() as uow:
            body = await uow.fetchval(
                "INSERT INTO organisation (name, adcode, kind, created_at) VALUES ('住建局', $1, 'department', now()) RETURNING id",
                HEBEI_CITY,
            )
            await uow.execute("UPDATE account SET organisation_id = $1 WHERE login = 'housing'", body)
            await uow.commit()
        (task,) = [one for one in items if one["department_code"] == "housing"]
        path = f"/api/v1/tasks/{task['id']}/entries"
        assert (await client.http.post(path, headers=inspector, json={"kind": "receipt"})).status_code == 403
        named = await client.http.put(
            f"/api/v1/departments/{HEBEI_CITY}/housing", headers=duty, json={"organisation": body}
        )
        assert named.status_code == 200, named.text
        assert (await client.http.post(path, headers=inspector, json={"kind": "receipt"})).status_code == 201
        (other, *_) = [one for one in items if one["department_code"] == "education"]
        refused = await client.http.post(f"/api/v1/tasks/{other['id']}/entries", headers=inspector, json={"kind": "receipt"})
        assert refused.status_code == 403

    async def test_handed_over_when_the_level_is_raised_and_lifted(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        duty, before = await self.given(client, runtime)
        for one in before:
            await client.http.post(f"/api/v1/tasks/{one['id']}/entries", headers=duty, json={"kind": "receipt"})
        clock.advance_to(NOW + HOUR)
        await step(runtime, "raise", "red")
        after = (await get(client, "/tasks", duty))["items"]
        same = {one["id"] for one in before} & {one["id"] for one in after}
        new = [one for one in after if one["id"] not in same]
        assert all(one["state"] == "received" for one in after if one["id"] in same)
        assert all(one["state"] == "given" for one in new)
        known = {one["id"]: one["measures"] for one in before}
        assert all(one["measures"] != known[one["follows"]] for one in new if one["follows"])
        assert {(one["category"]["zh"], one["department_code"]) for one in before} <= {
            (one["category"]["zh"], one["department_code"]) for one in after
        }
        closed = next(one for one in before if one["id"] not in same)
        answer = await client.http.post(f"/api/v1/tasks/{closed['id']}/entries", headers=duty, json={"kind": "done"})
        assert answer.status_code == 409
        clock.advance_to(NOW + 2 * HOUR)
        await step(runtime, "lift", "none")
        assert (await get(client, "/tasks", duty))["items"] == []
        assert len((await get(client, "/tasks?over=true", duty))["items"]) == len(before) + len(new)


class TestPages:
    async def test_without_script_from_the_page(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        await step(runtime, "issue", "orange")
        duty = await client.account(Role.DUTY_OFFICER, HEBEI_CITY) | MINE
        clock.advance_to(NOW + 18 * HOUR)
        await settle(runtime)
        page = await client.http.get("/duties", headers=duty)
        assert page.status_code == 200
        assert "河北省2018年11月10日通知" in page.text
        assert "未确立" in page.text
        (missed, *_) = await rows(runtime, "SELECT id FROM obligation WHERE state = 'missed'")
        task = await rows(runtime, "SELECT max(id) AS id FROM task")
        one = await client.http.get(f"/duties/{missed['id']}", headers=duty)
        mark = one.text.split('name="content_hash" value="')[1][:64]
        path = f"/duties/{missed['id']}/report"
        empty = await client.http.post(path, headers=duty, data={"content_hash": mark, "situation": " ", "problems": "留着"})
        assert (empty.status_code, "留着" in empty.text) == (422, True)
        stale = await client.http.post(path, headers=duty, data={"content_hash": "0" * 64, "situation": "写好的"})
        assert (stale.status_code, "写好的" in stale.text) == (409, True)
        done = await client.http.post(path, headers=duty, data={"content_hash": mark, "situation": "已落实"})
        assert done.status_code == 303, done.text
        assert "已落实" in (await client.http.get(f"/duties/{missed['id']}?lang=en", headers=duty)).text
        target = f"/duties/tasks/{task[0]['id']}"
        wrong = await client.http.post(target, headers=duty, data={"kind": "progress", "done": "x", "total": "4"})
        assert wrong.status_code == 422
        assert (await client.http.post(target, headers=duty, data={"kind": "receipt"})).status_code == 303
        assert "12月16日 11:00" in (await client.http.get(target + "?lang=zh", headers=duty)).text
        holders = await client.http.post(f"/duties/departments/{HEBEI_CITY}", headers=duty, data={"department": "housing"})
        assert holders.status_code == 422

    @pytest.mark.parametrize("path", ["/duties", "/duties/1", "/duties/tasks/1", f"/duties/departments/{HEBEI_CITY}"])
    async def test_not_for_enterprises_or_strangers(self, client: Client, runtime: Runtime, path: str) -> None:
        await step(runtime, "issue", "orange")
        plant = await client.account(Role.ENTERPRISE, HEBEI_CITY, uscc="91110000MA0000000X") | MINE
        away = await client.account(Role.COMMANDER, "320100") | MINE
        assert (await client.http.get(path, headers=plant)).status_code == 403
        assert (await client.http.get(path, headers=away)).status_code == (200 if path == "/duties" else 404)
        client.http.cookies.clear()
        assert (await client.http.get(path, headers=MINE)).status_code == 303


class TestEvents:
    async def test_subscribers_hear_when_responses_really_begin_and_end(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        duty = await client.account(Role.DUTY_OFFICER, HEBEI_CITY)
        subscribed = await client.http.post(
            "/api/v1/subscriptions",
            headers=duty,
            json={"url": "https://93.184.216.34/hook", "events": ["response.started", "response.ended"]},
        )
        assert subscribed.status_code == 201, subscribed.text
        await step(runtime, "issue", "orange", effective=NOW + 2 * HOUR)
        await settle(runtime)
        heard = "SELECT c.body FROM delivery d JOIN delivery_content c ON c.id = d.content_id ORDER BY d.id"
        assert await rows(runtime, heard) == []
        clock.advance_to(NOW + 2 * HOUR)
        await settle(runtime)
        await step(runtime, "raise", "red", effective=NOW + 3 * HOUR, end=NOW + 6 * HOUR, fixed=True)
        for hours in (3, 6):
            clock.advance_to(NOW + hours * HOUR)
            await settle(runtime)
        found = [json.loads(one["body"]) for one in await rows(runtime, heard)]
        assert [(one["type"], one["data"]["level"], one["timestamp"]) for one in found] == [
            ("response.started", "orange", (NOW + 2 * HOUR).isoformat()),
            ("response.ended", "orange", (NOW + 3 * HOUR).isoformat()),
            ("response.started", "red", (NOW + 3 * HOUR).isoformat()),
            ("response.ended", "red", (NOW + 6 * HOUR).isoformat()),
        ]
        assert found[1]["data"]["followed_by"] == found[2]["data"]["response"]
        assert found[3]["data"]["followed_by"] is None
