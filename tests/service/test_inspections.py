"""Inspections are shown, and what they find not in order becomes a finding with its delivery and reference as proof."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from service.accounts.roles import Role
from service.findings.judging import judge_touched
from service.kit.runtime import Runtime
from tests.service.evidence_support import ADCODE, OTHER, START, USCC, send
from tests.service.test_findings import HOUR, arrive, ready, rows, step
from tests.support import NOW, Client

__all__ = ["ready"]
HTML = {"accept": "text/html"}
SEEN = START + 3 * HOUR


def seen(result: str = "breach", **more: Any) -> dict[str, Any]:
    return {"uscc": USCC, "time": SEEN.isoformat(), "inspector": "执法一组", "line": "L1", "result": result,
            "note": "1号线在运行", "reference": "photo-0012"} | more  # fmt: skip


async def deliver(client: Client, *inspections: dict[str, Any]) -> None:
    body = {"type": "evidence.inspection", "timestamp": NOW.isoformat(), "data": list(inspections)}
    assert (await send(client, body)).status_code == 202
    await client.work()


async def listed(client: Client, who: dict[str, str], query: str = "") -> list[dict[str, Any]]:
    answer = await client.http.get(f"/api/v1/evidence/inspections{query}", headers=who)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def said(found: list[Any]) -> list[tuple[str, str, str]]:
    return [(row["line_code"], row["state"], row["proof"]["note"]) for row in found]


class TestFindings:
    async def test_a_breach_is_a_finding_with_its_proof(self, ready: Client, runtime: Runtime) -> None:
        await deliver(ready, seen())
        (row,) = await rows(runtime)
        assert (row["rule"], row["line_code"], row["response_id"], row["raised_by"]) == ("BY_HAND", "L1", 1, None)
        assert (row["starts_at"], row["until_at"], row["enterprise"]) == (SEEN, SEEN, f"Works {USCC[-3:]}")
        async with runtime.unit() as uow:
            batch = await uow.fetchval("SELECT max(id) FROM evidence_batch")
            kinds = [
                one["content"]
                for one in await uow.fetch("SELECT content FROM ledger_entry WHERE kind = 'findings.judged'")
            ]
        assert row["proof"] == {
            "line": "L1", "line_name": "L1 line", "threshold": {"of": "hand"}, "items": [], "note": "1号线在运行",
            "attachment": "photo-0012",
            "inspection": {"inspector": "执法一组", "reference": "photo-0012", "batch": batch},
        }  # fmt: skip
        assert row["content_hash"] in kinds[0]

    @pytest.mark.parametrize("result", ["in_order", "not_seen"])
    async def test_other_results_are_none(self, ready: Client, runtime: Runtime, result: str) -> None:
        await deliver(ready, seen(result))
        assert await rows(runtime) == []

    async def test_without_a_response_it_is_one_all_the_same(self, ready: Client, runtime: Runtime) -> None:
        await deliver(ready, seen(time=(START - 30 * HOUR).isoformat(), line=None))
        (row,) = await rows(runtime)
        assert (row["response_id"], row["line_code"], row["proof"]["line_name"]) == (None, "", "")

    async def test_a_delivery_that_is_repeated_changes_nothing(self, ready: Client, runtime: Runtime) -> None:
        await deliver(ready, seen())
        before = [dict(row) for row in await rows(runtime)]
        await deliver(ready, seen())
        async with runtime.unit() as uow:
            assert await judge_touched(uow, ADCODE, [USCC], START, START + 24 * HOUR) == 0
            assert await uow.fetchval("SELECT count(*) FROM finding_step") == 1
        assert [dict(row) for row in await rows(runtime)] == before

    async def test_several_at_one_instant_are_one_each(self, ready: Client, runtime: Runtime) -> None:
        await deliver(
            ready, seen(), seen(note="台账缺失"), seen(inspector="执法二组"), seen(reference=None), seen(line="L2"),
            seen(uscc=OTHER), seen("in_order", inspector="执法三组"),
        )  # fmt: skip
        found = await rows(runtime)
        assert sorted((row["uscc"] == OTHER, *one) for row, one in zip(found, said(found), strict=True)) == [
            (False, "L1", "found", "1号线在运行"),
            (False, "L1", "found", "1号线在运行"),
            (False, "L1", "found", "1号线在运行；台账缺失"),
            (False, "L2", "found", "1号线在运行"),
            (True, "L1", "found", "1号线在运行"),
        ]

    async def test_it_follows_corrections(self, ready: Client, runtime: Runtime) -> None:
        await deliver(ready, seen())
        await deliver(ready, seen(note="2号窑在运行"))
        assert said(await rows(runtime)) == [("L1", "found", "2号窑在运行")]
        await deliver(ready, seen("in_order", note="更正"))
        assert [one[1] for one in said(await rows(runtime))] == ["withdrawn"]
        await deliver(ready, seen())
        assert [one[1] for one in said(await rows(runtime))] == ["withdrawn", "found"]

    async def test_what_was_told_stays_as_told(self, ready: Client, runtime: Runtime) -> None:
        await deliver(ready, seen())
        await step(ready, await ready.account(Role.DUTY_OFFICER), 1, "notify")
        await deliver(ready, seen(note="另一种说法"))
        assert said(await rows(runtime)) == [("L1", "notified", "1号线在运行")]
        await deliver(ready, seen("in_order"))
        assert [row["state"] for row in await rows(runtime)] == ["withdrawn"]

    async def test_what_a_person_withdrew_is_not_raised_again(self, ready: Client, runtime: Runtime) -> None:
        await deliver(ready, seen())
        await step(ready, await ready.account(Role.DUTY_OFFICER), 1, "withdraw")
        await deliver(ready, seen())
        assert [row["state"] for row in await rows(runtime)] == ["withdrawn"]

    async def test_evidence_of_meters_leaves_it_alone(self, ready: Client, runtime: Runtime) -> None:
        await deliver(ready, seen())
        await arrive(ready, [1, 1, 1, 1])
        assert said(await rows(runtime)) == [("L1", "found", "1号线在运行")]

    async def test_what_was_stored_before_inspections_counted_is_found_when_it_is_judged(
        self, ready: Client, runtime: Runtime
    ) -> None:
        await deliver(ready, seen("in_order"))
        async with runtime.unit() as uow:
            await uow.execute("INSERT INTO inspection (adcode, uscc, inspected_at, inspector, result, note, batch_id)"
                              " SELECT adcode, uscc, inspected_at, 'x', 'breach', 'y', batch_id FROM inspection")  # fmt: skip
            assert await judge_touched(uow, ADCODE, [USCC], SEEN, SEEN) == 1
            assert await judge_touched(uow, ADCODE, [USCC], SEEN + HOUR, SEEN + 2 * HOUR) == 0
            await uow.commit()
        assert said(await rows(runtime)) == [("", "found", "y")]

    async def test_due_process_with_two_persons(self, ready: Client, runtime: Runtime) -> None:
        uploader, notifier, other = [await ready.account(Role.DUTY_OFFICER) for _ in range(3)]
        plant = await ready.account(Role.ENTERPRISE, uscc=USCC)
        text = f"uscc,time,inspector,line,result,note,reference\n{USCC},2016-12-15 03:00,执法一组,L1,不符合,在运行,photo-1\n"
        sent = await ready.http.post(
            "/api/v1/evidence?kind=inspection&name=a.csv", headers=uploader, content=text.encode()
        )
        assert sent.status_code == 201, sent.text
        await ready.work()
        assert (await ready.http.get("/api/v1/findings", headers=plant)).json()["items"] == []
        content = (await step(ready, notifier, 1, "notify")).json()["content_hash"]
        assert (await step(ready, plant, 1, "answer")).status_code == 200
        for who, status in ((uploader, 403), (notifier, 403), (other, 200)):
            assert (await step(ready, who, 1, "confirm", content_hash=content)).status_code == status
        shown = (await ready.http.get("/api/v1/findings/1", headers=other)).json()
        assert [one["step"] for one in shown["steps"]] == ["found", "notify", "answer", "confirm"]
        assert {one["id"] for one in shown["consequences"]} == {"air-law-121-2"}


    async def test_who_corrects_the_proof_does_not_confirm_it(self, ready: Client, runtime: Runtime) -> None:
        first, second, notifier = [await ready.account(Role.DUTY_OFFICER) for _ in range(3)]
        head = "uscc,time,inspector,line,result,note,reference\n"
        raised: list[int] = []
        for who, note in ((first, "在运行"), (second, "2号窑在运行")):
            text = f"{head}{USCC},2016-12-15 03:00,执法一组,L1,不符合,{note},photo-1\n"
            sent = await ready.http.post("/api/v1/evidence?kind=inspection&name=a.csv", headers=who, content=text.encode())
            assert sent.status_code == 201, sent.text
            await ready.work()
            raised.append((await rows(runtime))[0]["raised_by"])
        assert None not in raised
        assert raised[0] != raised[1]
        async with runtime.unit() as uow:
            *_, told = await uow.fetch("SELECT content FROM ledger_entry WHERE kind = 'findings.judged' ORDER BY id")
        (changed,) = json.loads(told["content"])["changed"]
        assert changed["raised_by"] == raised[1]
        plant = await ready.account(Role.ENTERPRISE, uscc=USCC)
        content = (await step(ready, notifier, 1, "notify")).json()["content_hash"]
        assert (await step(ready, plant, 1, "answer")).status_code == 200
        for who, status in ((second, 403), (first, 200)):
            assert (await step(ready, who, 1, "confirm", content_hash=content)).status_code == status

    async def test_who_says_the_same_again_changes_nothing_about_who_said_it(self, ready: Client, runtime: Runtime) -> None:
        await deliver(ready, seen())
        officer = await ready.account(Role.DUTY_OFFICER)
        text = f"uscc,time,inspector,line,result,note,reference\n{USCC},2016-12-15 03:00,执法一组,L1,不符合,1号线在运行,photo-0012\n"
        await ready.http.post("/api/v1/evidence?kind=inspection&name=a.csv", headers=officer, content=text.encode())
        await ready.work()
        assert [row["raised_by"] for row in await rows(runtime)] == [None]


class TestShown:
    async def test_to_its_region_in_pages_with_the_finding(self, ready: Client) -> None:
        await deliver(ready, seen("in_order", uscc=OTHER), seen("not_seen"), seen())
        officer, away = await ready.account(Role.DUTY_OFFICER), await ready.account(Role.COMMANDER, adcode="130000")
        items = await listed(ready, officer)
        assert [(one["result"], one["uscc"], one["finding"]) for one in items] == [
            ("breach", USCC, 1), ("not_seen", USCC, None), ("in_order", OTHER, None),
        ]  # fmt: skip
        assert items[0] | {"id": 0, "batch": 0} == {
            "id": 0, "adcode": ADCODE, "place": "北京市", "uscc": USCC, "enterprise": f"Works {USCC[-3:]}", "line": "L1",
            "time": SEEN.isoformat(), "inspector": "执法一组", "result": "breach", "note": "1号线在运行",
            "reference": "photo-0012", "batch": 0, "finding": 1, "finding_state": "found",
        }  # fmt: skip
        assert await listed(ready, away) == []
        assert [one["uscc"] for one in await listed(ready, officer, f"?uscc={OTHER}")] == [OTHER]
        assert [one["result"] for one in await listed(ready, officer, "?result=not_seen")] == ["not_seen"]
        first = await ready.http.get("/api/v1/evidence/inspections?size=2", headers=officer)
        rest = await listed(ready, officer, f"?size=2&after={first.json()['next']}")
        assert [one["result"] for one in rest] == ["in_order"]
        wrong = await ready.http.get("/api/v1/evidence/inspections?result=rubbish", headers=officer)
        assert wrong.status_code == 422

    async def test_an_enterprise_sees_its_own_and_a_breach_once_it_was_told(self, ready: Client) -> None:
        await deliver(ready, seen("in_order", uscc=OTHER), seen("in_order", inspector="执法二组"), seen())
        plant = await ready.account(Role.ENTERPRISE, uscc=USCC)
        assert [one["inspector"] for one in await listed(ready, plant)] == ["执法二组"]
        assert [one["inspector"] for one in await listed(ready, plant, f"?uscc={OTHER}")] == ["执法二组"]
        await step(ready, await ready.account(Role.DUTY_OFFICER), 1, "notify")
        assert [(one["inspector"], one["finding"]) for one in await listed(ready, plant)] == [
            ("执法一组", 1),
            ("执法二组", None),
        ]

    @pytest.mark.parametrize(
        ("language", "expected"),
        [
            ("zh", ("不符合", "问题 1 · 待通知", "执法一组", "photo-0012", "未能查看")),
            ("en", ("not in order", "finding 1 · found", "执法一组", "photo-0012", "could not be seen")),
        ],
    )
    async def test_on_the_page_of_evidence(self, ready: Client, language: str, expected: tuple[str, ...]) -> None:
        await deliver(ready, seen("not_seen"), seen())
        officer = await ready.account(Role.DUTY_OFFICER)
        for path in ("/evidence?", f"/evidence?uscc={USCC}&"):
            page = (await ready.http.get(f"{path}lang={language}", headers=officer | HTML)).text
            assert [text for text in expected if text not in page] == []
        assert "执法一组" not in (await ready.http.get(f"/evidence?uscc={OTHER}", headers=officer | HTML)).text
        finding = (await ready.http.get(f"/findings/1?lang={language}", headers=officer | HTML)).text
        assert "执法一组" in finding

    async def test_the_sender_is_told_that_it_becomes_a_finding(self, ready: Client) -> None:
        officer = await ready.account(Role.DUTY_OFFICER)
        text = f"uscc,time,inspector,line,result,note,reference\n{USCC},2016-12-15 03:00,执法一组,,不符合,在运行,\n"
        sent = await ready.http.post(
            "/evidence?lang=en",
            headers=officer | HTML | {"origin": "http://127.0.0.1:8000"},
            data={"kind": "inspection"},
            files={"file": ("a.csv", text.encode(), "text/csv")},
        )
        assert (sent.status_code, "becomes a finding shortly" in sent.text) == (201, True)
        assert "not judged yet" in sent.text

    async def test_the_page_goes_on(self, ready: Client) -> None:
        await deliver(
            ready, *(seen("in_order", time=(START + number * timedelta(minutes=1)).isoformat()) for number in range(51))
        )
        officer = await ready.account(Role.DUTY_OFFICER)
        first = (await ready.http.get(f"/evidence?uscc={USCC}", headers=officer | HTML)).text
        assert f"/evidence?after=2&amp;uscc={USCC}" in first
        last = (await ready.http.get("/evidence?after=2", headers=officer | HTML)).text
        assert ("/evidence?after=1" in last, last.count("执法一组")) == (False, 1)
