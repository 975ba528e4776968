"""Notices: to every listed enterprise and its contacts once, answered by district and grade, called up, and written by hand."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from io import StringIO
from typing import Any

import asyncpg
import pytest

from emission_lists.generator import generate_list
from service.accounts import factors
from service.accounts.roles import Role, Scope
from service.kit.clock import ManualClock
from service.kit.jobs import tick
from service.kit.runtime import Runtime
from service.lists.flows import activate, store_draft
from service.lists.workbooks import guide_of, profile
from service.people import mailing
from service.people.audience import Audience, count
from service.people.mailing import begin, go_on
from tests.service.duty_support import step
from tests.service.factor_support import Watch, code, enrolled
from tests.support import HEAVY, Client, approve_open, forecast, listed

DUTY, COMMANDER, ENTERPRISE = Role.DUTY_OFFICER, Role.COMMANDER, Role.ENTERPRISE
TEXTS = {
    "email": {"zh": {"title": "甲", "text": "乙"}, "en": {"title": "A", "text": "B"}},
    "sms": {"zh": "甲乙", "en": "AB"},
}
EXTRA = {"adcode": "110000", "zh": {"title": "请做好停产准备", "text": "请核对。"}, "en": {"title": "Prepare to stop", "text": "Check."}}


class World:
    """Beijing with a list, and people who may act."""

    def __init__(self, client: Client, duty: dict[str, str], commander: dict[str, str], usccs: list[str]) -> None:
        self.client, self.duty, self.commander, self.usccs = client, duty, commander, usccs

    async def contacts(self, enterprises: int, each: int = 1, **given: Any) -> None:
        for place, uscc in enumerate(self.usccs[:enterprises]):
            for number in range(each):
                body = {
                    "uscc": uscc,
                    "name": f"人{number}",
                    "phone": f"138{place:04}{number:04}",
                    "email": f"p{place}.{number}@example.test",
                    "calling_order": number + 1,
                } | given
                answer = await self.client.http.post("/api/v1/contacts", headers=self.duty, json=body)
                assert answer.status_code == 201, answer.text

    async def warned(self) -> int:
        await self.client.feed()
        await self.client.deliver(forecast(HEAVY))
        await self.client.work()
        await approve_open(self.client, self.commander)
        await self.client.work()
        (notice,) = (await self.get("/api/v1/notices"))["items"]
        return int(notice["id"])

    async def get(self, path: str, who: dict[str, str] | None = None) -> Any:
        answer = await self.client.http.get(path, headers=who or self.duty)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, who: dict[str, str] | None = None, status: int = 201) -> Any:
        answer = await self.client.http.post(path, headers=who or self.duty, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def acknowledge(self, uscc: str) -> None:
        who = await self.client.account(ENTERPRISE, uscc=uscc)
        await self.post(f"/api/v1/enterprises/{uscc}/acknowledgements", {"name": "王"}, who)


@pytest.fixture
async def world(client: Client, runtime: Runtime) -> World:
    await listed(runtime)
    async with runtime.unit() as uow:
        usccs = [row["uscc"] for row in await uow.fetch("SELECT uscc FROM list_enterprise ORDER BY uscc")]
    return World(client, await client.account(DUTY), await client.account(COMMANDER), usccs)


def sent(runtime: Runtime, channel: str) -> list[Any]:
    return list(getattr(runtime.channels, channel).sent)


class TestMailing:
    async def test_a_warning_reaches_every_contact_once_by_each_channel(self, world: World, runtime: Runtime) -> None:
        await world.contacts(3, each=2)
        await world.warned()
        await world.client.work()
        mails, texts = sent(runtime, "email"), sent(runtime, "sms")
        assert sorted(one.address for one in mails) == [f"p{p}.{n}@example.test" for p in range(3) for n in range(2)]
        assert sorted(one.address for one in texts) == [f"138{p:04}{n:04}" for p in range(3) for n in range(2)]
        body = json.loads(mails[0].body)
        assert "预警" in body["zh"]["title"]
        assert "http://127.0.0.1:8000/me/inbox" in body["en"]["text"]
        assert "北京市" in texts[0].body

    async def test_language_and_wishes_are_kept_to(self, world: World, runtime: Runtime) -> None:
        await world.contacts(1, language="en", by_sms=False)
        await world.warned()
        assert [json.loads(one.body)["first"] for one in sent(runtime, "email")] == ["en"]
        assert sent(runtime, "sms") == []

    async def test_the_outbox_keeps_no_address(self, world: World, runtime: Runtime) -> None:
        await world.contacts(1)
        await world.warned()
        async with runtime.unit() as uow:
            rows = await uow.fetch("SELECT address FROM delivery WHERE contact_id IS NOT NULL UNION SELECT address FROM delivery_attempt")
            ledger = await uow.fetchval("SELECT string_agg(content, '') FROM ledger_entry")
        assert [row["address"] for row in rows if not row["address"].startswith("contact:")] == []
        assert rows
        assert "@example.test" not in ledger
        assert "13800" not in ledger

    async def test_who_is_deleted_gets_nothing_any_more(self, world: World, runtime: Runtime) -> None:
        await world.contacts(1)
        runtime.channels.email.status = 503  # type: ignore[union-attr]
        runtime.channels.sms.status = 503  # type: ignore[union-attr]
        await world.warned()
        tried = len(sent(runtime, "email"))
        (contact,) = (await world.get("/api/v1/contacts"))["items"]
        assert (await world.client.http.delete(f"/api/v1/contacts/{contact['id']}", headers=world.duty)).status_code == 204
        await tick(runtime)
        await world.client.work()
        async with runtime.unit() as uow:
            states = await uow.fetch("SELECT DISTINCT state FROM delivery WHERE contact_id = $1", contact["id"])
        assert ([row["state"] for row in states], len(sent(runtime, "email"))) == (["cancelled"], tried)

    async def test_batches_go_on_where_they_were(self, world: World, runtime: Runtime) -> None:
        await world.contacts(5, each=2)
        async with runtime.unit() as uow:
            number = await begin(uow, reason="r", adcode="110000", event="e", texts=TEXTS)
            assert await begin(uow, reason="r", adcode="110000", event="e", texts=TEXTS) is None
            await uow.commit()
        assert number is not None
        turns = 0
        while True:
            async with runtime.unit() as uow:  # killed before the commit: nothing of the batch stays
                await go_on(uow, number, 3)
            async with runtime.unit() as uow:
                more = await go_on(uow, number, 3)
                await uow.commit()
            turns += 1
            if not more:
                break
        async with runtime.unit() as uow:
            row = await uow.fetchrow("SELECT contacts, queued, state FROM mailing")
            counted = await uow.fetchval("SELECT count(DISTINCT (channel, target)) FROM delivery WHERE reason = 'r'")
            assert await go_on(uow, number, 3) is False
        assert row is not None
        assert (turns, tuple(row), counted) == (4, (10, 20, "done"), 20)

    async def test_somebody_in_two_lists_gets_one(self, world: World, runtime: Runtime) -> None:
        await world.contacts(2)
        draft = generate_list("110100", seed=7, enterprises=12, guide=guide_of("G2020"), profile=profile())
        async with runtime.unit() as uow:
            version = await store_draft(uow, draft, guide="G2020", created_by=None, generated=True)
            await activate(uow, Scope("110000"), version, None)
            await uow.execute("UPDATE contact SET adcode = '110000'")
            number = await begin(uow, reason="r", adcode="110000", event="e", texts=TEXTS)
            assert number is not None
            await go_on(uow, number)
            assert await uow.fetchval("SELECT count(*) FROM delivery WHERE channel = 'email'") == 2

    async def test_a_channel_that_is_not_configured_gets_nothing(
        self, world: World, runtime: Runtime
    ) -> None:
        await world.contacts(1)
        runtime.channels = type(runtime.channels)(runtime.channels.webhook)
        async with runtime.unit() as uow:
            number = await begin(uow, reason="r", adcode="110000", event="e", texts=TEXTS)
            assert number is not None
            assert await go_on(uow, number, mailing.BATCH) is False
            assert await uow.fetchval("SELECT count(*) FROM delivery") == 0


class TestAudience:
    @pytest.mark.parametrize(
        "given",
        [
            {},
            {"grades": ["C"]},
            {"counties": ["110000"]},
            {"counties": ["110105"]},
            {"industries": ["机械加工"]},
            {"level": "red", "actions": ["stop"]},
            {"level": "red", "actions": ["limit", "stop"], "grades": ["UNGRADED"]},
        ],
    )
    async def test_counts_what_the_list_says(self, world: World, runtime: Runtime, given: dict[str, Any]) -> None:
        audience = Audience.model_validate(given)
        async with runtime.unit() as uow:
            rows = await uow.fetch("SELECT county, industry, grade, document::json AS document FROM list_enterprise")
            found = await count(uow, audience, "110000")
        expected = sum(
            (not audience.counties or row["county"] in audience.counties)
            and (not audience.industries or row["industry"] in audience.industries)
            and (not audience.grades or row["grade"] in {grade.value for grade in audience.grades})
            and (
                not audience.actions
                or any(line["measures"]["red"]["action"] in audience.actions for line in _lines(row["document"]))
            )
            for row in rows
        )
        assert (found["enterprises"], found["without_contact"]) == (expected, expected)

    async def test_contacts_by_channel(self, world: World, runtime: Runtime) -> None:
        await world.contacts(1, each=2)
        await world.contacts(2, each=1, name="座机", phone="010-12345678", email="")
        async with runtime.unit() as uow:
            found = await count(uow, Audience(), "110000")
        assert (found["contacts"], found["email"], found["sms"]) == (4, 2, 2)
        assert found["enterprises"] - found["without_contact"] == 2

    async def test_another_division_has_nobody(self, world: World, runtime: Runtime) -> None:
        async with runtime.unit() as uow:
            assert (await count(uow, Audience(), "130100"))["enterprises"] == 0

    @pytest.mark.parametrize("wrong", [{"level": "red"}, {"actions": ["stop"]}, {"grades": ["Z"]}, {"counties": ["1"]}])
    def test_what_is_no_audience(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"."):
            Audience.model_validate(wrong)


def _lines(document: Any) -> list[Any]:
    return list((json.loads(document) if isinstance(document, str) else document)["lines"])


class TestAnswers:
    async def test_rates_by_county_and_grade(self, world: World) -> None:
        notice = await world.warned()
        await world.acknowledge(world.usccs[0])
        await world.acknowledge(world.usccs[1])
        body = {"uscc": world.usccs[2], "outcome": "reached"}
        await world.post(f"/api/v1/notices/{notice}/calls", body)
        await world.post(f"/api/v1/notices/{notice}/calls", {"uscc": world.usccs[3], "outcome": "no_answer"})
        await world.post(f"/api/v1/notices/{notice}/calls", {"uscc": world.usccs[1], "outcome": "reached"})
        found = await world.get(f"/api/v1/notices/{notice}")
        listed_ = len(world.usccs)
        assert (found["listed"], found["acknowledged"], found["reached_by_phone"], found["silent"]) == (listed_, 2, 1, listed_ - 3)
        assert found["rate"] == round(3 / listed_, 4)
        for name in ("by_county", "by_grade"):
            for key in ("listed", "acknowledged", "reached_by_phone", "silent"):
                assert sum(group[key] for group in found[name]) == found[key]

    async def test_who_has_not_answered_as_a_file(self, world: World) -> None:
        notice = await world.warned()
        await world.acknowledge(world.usccs[0])
        answer = await world.client.http.get(f"/api/v1/notices/{notice}/silent.csv", headers=world.duty)
        rows = list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))
        assert [row[2] for row in rows[1:]] == world.usccs[1:]

    async def test_another_region_sees_none_of_it(self, world: World) -> None:
        notice = await world.warned()
        away = await world.client.account(COMMANDER, adcode="130000")
        assert (await world.get("/api/v1/notices", away))["items"] == []
        for path in ("", "/silent.csv", "/calls"):
            answer = await world.client.http.get(f"/api/v1/notices/{notice}{path}", headers=away)
            assert answer.status_code == 404, path
        for path, body in (("reminders", None), ("calls", {"uscc": world.usccs[0], "outcome": "reached"})):
            await world.post(f"/api/v1/notices/{notice}/{path}", body, away, 404)

    async def test_a_county_sees_its_own_part_of_the_citys_notice(self, world: World, runtime: Runtime) -> None:
        notice = await world.warned()
        county = await world.client.account(DUTY, adcode="110105")
        found = await world.get(f"/api/v1/notices/{notice}", county)
        assert (found["listed"], found["silent"], found["rate"]) == (0, 0, None)
        await world.post(f"/api/v1/notices/{notice}/reminders", None, county, 403)


class TestReminders:
    async def test_only_those_who_are_silent_and_not_too_often(self, world: World, runtime: Runtime, clock: ManualClock) -> None:
        await world.contacts(3)
        notice = await world.warned()
        await world.acknowledge(world.usccs[0])
        before = len(sent(runtime, "email"))
        found = await world.post(f"/api/v1/notices/{notice}/reminders")
        assert found["silent"] == len(world.usccs) - 1
        await world.client.work()
        reminded = sent(runtime, "email")[before:]
        assert sorted(one.address for one in reminded) == ["p1.0@example.test", "p2.0@example.test"]
        assert "确认" in reminded[0].subject
        await world.post(f"/api/v1/notices/{notice}/reminders", None, None, 409)
        clock.advance_to(clock.now() + timedelta(minutes=11))
        await world.post(f"/api/v1/notices/{notice}/reminders")

    async def test_an_auditor_reminds_nobody(self, world: World) -> None:
        notice = await world.warned()
        await world.post(f"/api/v1/notices/{notice}/reminders", None, await world.client.account(Role.AUDITOR), 403)


class TestCalls:
    async def test_in_time_the_duty_officer_is_told_to_call(self, world: World, runtime: Runtime, clock: ManualClock) -> None:
        notice = await world.warned()
        level = (await world.get("/api/v1/notices"))["items"][0]["level"]
        minutes = runtime.settings.acknowledge_minutes[level]
        await self._pass(world, runtime, clock, minutes - 1)
        assert not [item for item in (await world.get("/api/v1/me/inbox"))["items"] if item["kind"] == "notice"]
        for _ in range(2):
            await self._pass(world, runtime, clock, 1)
        (told,) = [item for item in (await world.get("/api/v1/me/inbox"))["items"] if item["kind"] == "notice"]
        assert (told["link"], told["urgent"]) == (f"/notices/{notice}/calls", True)
        assert str(len(world.usccs)) in told["title"]["zh"]

    async def test_nobody_is_told_when_all_have_answered(self, world: World, runtime: Runtime, clock: ManualClock) -> None:
        notice = await world.warned()
        for uscc in world.usccs:
            await world.post(f"/api/v1/notices/{notice}/calls", {"uscc": uscc, "outcome": "reached"})
        await self._pass(world, runtime, clock, 300)
        assert not [item for item in (await world.get("/api/v1/me/inbox"))["items"] if item["kind"] == "notice"]
        await world.post(f"/api/v1/notices/{notice}/reminders", None, None, 409)

    async def test_nobody_is_called_for_a_notice_that_was_replaced(
        self, world: World, runtime: Runtime, clock: ManualClock
    ) -> None:
        notice = await world.warned()
        clock.advance_to(clock.now() + timedelta(minutes=1))
        await step(runtime, "raise", "red", adcode="110000")
        (newer, _) = (await world.get("/api/v1/notices"))["items"]
        await self._pass(world, runtime, clock, 300)
        told = [item for item in (await world.get("/api/v1/me/inbox"))["items"] if item["kind"] == "notice"]
        assert [item["link"] for item in told] == [f"/notices/{newer['id']}/calls"]
        assert newer["id"] != notice

    async def test_nobody_is_called_when_the_warning_is_over(
        self, world: World, runtime: Runtime, clock: ManualClock
    ) -> None:
        await world.warned()
        async with runtime.unit() as uow:
            await uow.execute("UPDATE warning SET closed_at = $1, state = 'lifted'", uow.now + timedelta(minutes=5))
            await uow.commit()
        await self._pass(world, runtime, clock, 300)
        assert not [item for item in (await world.get("/api/v1/me/inbox"))["items"] if item["kind"] == "notice"]

    async def _pass(self, world: World, runtime: Runtime, clock: ManualClock, minutes: int) -> None:
        clock.advance_to(clock.now() + timedelta(minutes=minutes))
        await tick(runtime)
        await world.client.work()

    async def test_contacts_stand_in_order_and_calls_beside_them(self, world: World) -> None:
        await world.contacts(1, each=3)
        notice = await world.warned()
        found = (await world.get(f"/api/v1/notices/{notice}/calls"))["items"]
        assert len(found) == len(world.usccs)
        first = next(item for item in found if item["uscc"] == world.usccs[0])
        assert [one["calling_order"] for one in first["contacts"]] == [1, 2, 3]
        body = {"uscc": world.usccs[0], "outcome": "wrong_number", "contact": first["contacts"][0]["id"], "note": "空号"}
        await world.post(f"/api/v1/notices/{notice}/calls", body)
        again = (await world.get(f"/api/v1/notices/{notice}/calls"))["items"]
        calls = next(item for item in again if item["uscc"] == world.usccs[0])["calls"]
        assert [(call["outcome"], call["note"]) for call in calls] == [("wrong_number", "空号")]
        await world.post(f"/api/v1/notices/{notice}/calls", {"uscc": world.usccs[0], "outcome": "reached"})
        left = (await world.get(f"/api/v1/notices/{notice}/calls"))["items"]
        assert world.usccs[0] not in [item["uscc"] for item in left]

    async def test_what_is_no_call(self, world: World) -> None:
        await world.contacts(2)
        notice = await world.warned()
        other = next(item for item in (await world.get("/api/v1/contacts"))["items"] if item["uscc"] == world.usccs[1])
        for body in (
            {"uscc": "91110000MA0000000X", "outcome": "reached"},
            {"uscc": world.usccs[0], "outcome": "reached", "contact": other["id"]},
            {"uscc": world.usccs[0], "outcome": "perhaps"},
            {"uscc": world.usccs[0], "outcome": "reached", "note": "a\nb"},
        ):
            await world.post(f"/api/v1/notices/{notice}/calls", body, None, 422)
        for role in (Role.AUDITOR, Role.INSPECTOR):
            who = await world.client.account(role)
            answer = await world.client.http.get(f"/api/v1/notices/{notice}/calls", headers=who)
            assert answer.status_code == 403

    async def test_a_call_never_changes(self, world: World, runtime: Runtime) -> None:
        notice = await world.warned()
        await world.post(f"/api/v1/notices/{notice}/calls", {"uscc": world.usccs[0], "outcome": "no_answer"})
        async with runtime.unit() as uow:
            with pytest.raises(asyncpg.RestrictViolationError):
                await uow.execute("UPDATE phone_call SET outcome = 'reached'")


class TestExtra:
    async def test_two_people_send_it_to_just_the_audience(self, world: World, runtime: Runtime) -> None:
        await world.contacts(12)
        async with runtime.unit() as uow:
            grades = {row["uscc"]: row["grade"] for row in await uow.fetch("SELECT uscc, grade FROM list_enterprise")}
        grade = grades[world.usccs[0]]
        body = EXTRA | {"audience": {"grades": [grade]}}
        counted = await world.post("/api/v1/audiences/preview", {"adcode": "110000", "audience": body["audience"]}, None, 200)
        wanted = [uscc for uscc in world.usccs if grades[uscc] == grade]
        assert (counted["enterprises"], counted["email"]) == (len(wanted), len(wanted))
        made = await world.post("/api/v1/extra-notices", body)
        assert (made["state"], sent(runtime, "email")) == ("draft", [])
        decision = {"approve": True, "content_hash": made["content_hash"]}
        path = f"/api/v1/extra-notices/{made['id']}/decision"
        await world.post(path, decision, world.duty, 403)
        await world.post(path, decision | {"content_hash": "0" * 64}, world.commander, 409)
        assert (await world.post(path, decision, world.commander, 200))["state"] == "sent"
        await world.post(path, decision, world.commander, 409)
        await world.client.work()
        to_enterprises = [one for one in sent(runtime, "email") if "停产准备" in one.subject]
        assert len(to_enterprises) == len(wanted)
        for uscc in world.usccs:
            plant = await world.client.account(ENTERPRISE, uscc=uscc)
            titles = [item["title"]["zh"] for item in (await world.get("/api/v1/me/inbox", plant))["items"]]
            assert titles == (["请做好停产准备"] if uscc in wanted else [])

    async def test_refused_it_goes_nowhere(self, world: World, runtime: Runtime) -> None:
        await world.contacts(2)
        made = await world.post("/api/v1/extra-notices", EXTRA)
        body = {"approve": False, "content_hash": made["content_hash"], "note": "不妥"}
        found = await world.post(f"/api/v1/extra-notices/{made['id']}/decision", body, world.commander, 200)
        await world.client.work()
        assert (found["state"], found["note"], sent(runtime, "sms")) == ("rejected", "不妥", [])

    async def test_the_author_cannot_be_the_second_person_even_past_the_code(self, world: World, runtime: Runtime) -> None:
        made = await world.post("/api/v1/extra-notices", EXTRA)
        async with runtime.unit() as uow:
            with pytest.raises(asyncpg.CheckViolationError):
                await uow.execute(
                    "UPDATE extra_notice SET state = 'sent', decided_by = drafted_by, decided_at = now() WHERE id = $1", made["id"]
                )

    async def test_it_goes_out_only_with_the_second_factor_of_who_has_one(
        self, world: World, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        watch = Watch()
        monkeypatch.setattr(factors, "present", lambda: watch.at)
        await world.contacts(2)
        made = await world.post("/api/v1/extra-notices", EXTRA)
        who, secret = await enrolled(world.client, watch, Role.COMMANDER)
        path, body = f"/api/v1/extra-notices/{made['id']}/decision", {"approve": True, "content_hash": made["content_hash"]}
        for given, problem in (({}, "factor-needed"), ({"factor": "000000"}, "factor-wrong")):
            assert (await world.post(path, body | given, who, 403))["type"] == f"urn:lantian:problem:{problem}"
        await world.client.work()
        assert sent(runtime, "email") == []
        keyed = who | {"idempotency-key": "send"}
        assert (await world.post(path, body | {"factor": code(secret, watch)}, keyed, 200))["state"] == "sent"
        watch.at += timedelta(seconds=60)
        assert (await world.post(path, body | {"factor": code(secret, watch)}, keyed, 200))["state"] == "sent"

    @pytest.mark.parametrize("column", ["title_zh", "text_zh", "title_en", "text_en"])
    async def test_words_changed_behind_the_hash_do_not_go_out(
        self, world: World, runtime: Runtime, column: str
    ) -> None:
        await world.contacts(2)
        made = await world.post("/api/v1/extra-notices", EXTRA)
        async with runtime.unit() as uow:
            await uow.execute(f"UPDATE extra_notice SET {column} = 'x' WHERE id = $1", made["id"])
            await uow.commit()
        body = {"approve": True, "content_hash": made["content_hash"]}
        answer = await world.post(f"/api/v1/extra-notices/{made['id']}/decision", body, world.commander, 409)
        await world.client.work()
        assert (answer["type"], sent(runtime, "sms")) == ("urn:lantian:problem:content-changed", [])

    async def test_an_audience_widened_behind_the_hash_is_noticed(self, world: World, runtime: Runtime) -> None:
        made = await world.post("/api/v1/extra-notices", EXTRA | {"audience": {"grades": ["A"]}})
        async with runtime.unit() as uow:
            await uow.execute("""UPDATE extra_notice SET audience = '{"grades": []}' WHERE id = $1""", made["id"])
            await uow.commit()
        body = {"approve": False, "content_hash": made["content_hash"]}
        await world.post(f"/api/v1/extra-notices/{made['id']}/decision", body, world.commander, 409)

    async def test_elsewhere_it_is_neither_seen_nor_decided(self, world: World) -> None:
        made = await world.post("/api/v1/extra-notices", EXTRA)
        away = await world.client.account(COMMANDER, adcode="130000")
        assert (await world.get("/api/v1/extra-notices", away))["items"] == []
        body = {"approve": True, "content_hash": made["content_hash"]}
        await world.post(f"/api/v1/extra-notices/{made['id']}/decision", body, away, 404)
        await world.post("/api/v1/extra-notices", EXTRA, away, 403)
        await world.post("/api/v1/extra-notices", EXTRA, await world.client.account(Role.INSPECTOR), 403)

    @pytest.mark.parametrize("wrong", [{"zh": {"title": "甲\n乙", "text": "x"}}, {"en": {"title": "", "text": "x"}}, {"adcode": "1"}])
    async def test_what_is_no_notice(self, world: World, wrong: dict[str, Any]) -> None:
        await world.post("/api/v1/extra-notices", EXTRA | wrong, None, 422)
