"""Contacts: entered by who they belong to and their district, masked for the others, deleted for good, never on the ledger."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from python_calamine import CalamineWorkbook

from service.accounts.roles import Principal, Role, Scope
from service.kit.clock import ManualClock
from service.kit.http import KEPT_FOR
from service.kit.jobs import RECURRING
from service.kit.problems import Invalid
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork
from service.people import contacts, schemas
from service.people.jobs import forget_answers_job
from service.people.register import COLUMNS, MOST_ROWS, read_contacts, template
from service.people.schemas import EnterpriseContact, OwnContact
from tests.support import Client, listed

DUTY, COMMANDER, ENTERPRISE = Role.DUTY_OFFICER, Role.COMMANDER, Role.ENTERPRISE
API = "/api/v1/contacts"
PHONE, EMAIL = "13800001234", "wang@example.test"
USCC = "91110000915739225W"


def person(uscc: str, **given: Any) -> dict[str, Any]:
    return {"uscc": uscc, "name": "王某（生成）", "post": "环保负责人", "phone": PHONE, "email": EMAIL} | given


async def entered(client: Client, who: dict[str, str], uscc: str, **given: Any) -> dict[str, Any]:
    answer = await client.http.post(API, headers=who, json=person(uscc, **given))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def seen(client: Client, who: dict[str, str], query: str = "") -> list[dict[str, Any]]:
    answer = await client.http.get(API + query, headers=who)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def register(*rows: list[str]) -> bytes:
    lines = [",".join(COLUMNS), *(",".join(row) for row in rows)]
    return "\n".join(lines).encode()


async def duty_of(uow: UnitOfWork) -> Principal:
    (row,) = await uow.fetch("SELECT id, login, display FROM account WHERE role = $1", DUTY.value)
    return Principal(row["id"], row["login"], row["display"], DUTY, Scope("110000"), None)


class TestWhoSeesWhat:
    @pytest.mark.parametrize(
        ("role", "adcode", "phone", "email"),
        [
            (DUTY, "110000", PHONE, EMAIL),
            (COMMANDER, "100000", PHONE, EMAIL),
            (Role.AUDITOR, "110000", "138****1234", "w***@example.test"),
            (Role.INSPECTOR, "110000", "138****1234", "w***@example.test"),
            (Role.COORDINATOR, "100000", "138****1234", "w***@example.test"),
        ],
    )
    async def test_only_who_must_reach_them_sees_the_number(
        self, client: Client, runtime: Runtime, role: Role, adcode: str, phone: str, email: str
    ) -> None:
        uscc = await listed(runtime)
        await entered(client, await client.account(ENTERPRISE, uscc=uscc), uscc)
        (found,) = await seen(client, await client.account(role, adcode=adcode))
        assert (found["phone"], found["email"], found["masked"]) == (phone, email, phone != PHONE)
        assert found["name"] == ("王某（生成）" if phone == PHONE else "王**")

    async def test_another_region_sees_nothing(self, client: Client, runtime: Runtime) -> None:
        uscc = await listed(runtime)
        made = await entered(client, await client.account(DUTY), uscc)
        away = await client.account(COMMANDER, adcode="130000")
        assert await seen(client, away) == []
        assert (await client.http.get(f"{API}?uscc={uscc}", headers=away)).status_code == 403
        assert (await client.http.delete(f"{API}/{made['id']}", headers=away)).status_code == 404
        assert (await client.http.post(API, headers=away, json=person(uscc))).status_code == 403

    async def test_an_enterprise_sees_its_own_only(self, client: Client, runtime: Runtime) -> None:
        uscc = await listed(runtime)
        async with runtime.unit() as uow:
            other = await uow.fetchval("SELECT uscc FROM list_enterprise WHERE uscc <> $1 LIMIT 1", uscc)
        mine, theirs = await client.account(ENTERPRISE, uscc=uscc), await client.account(ENTERPRISE, uscc=other)
        made = await entered(client, mine, uscc)
        assert [one["phone"] for one in await seen(client, mine)] == [PHONE]
        assert await seen(client, theirs) == []
        assert (await client.http.get(f"{API}?uscc={uscc}", headers=theirs)).status_code == 403
        assert (await client.http.post(API, headers=theirs, json=person(uscc))).status_code == 403
        assert (await client.http.delete(f"{API}/{made['id']}", headers=theirs)).status_code == 404

    async def test_an_officials_contact_is_their_own(self, client: Client) -> None:
        duty, other = await client.account(DUTY), await client.account(DUTY)
        given = {"phone": "+86 138-0000-5678", "quiet_from": "22:00", "quiet_until": "07:00"}
        kept = (await client.http.put("/api/v1/me/contact", headers=duty, json=given)).json()["contact"]
        assert (kept["phone"], kept["quiet_from"], kept["quiet_until"]) == ("+8613800005678", "22:00", "07:00")
        assert (await client.http.get("/api/v1/me/contact", headers=other)).json()["contact"] is None
        assert (await client.http.delete(f"{API}/{kept['id']}", headers=other)).status_code == 403
        assert (await client.http.delete("/api/v1/me/contact", headers=duty)).status_code == 204
        assert (await client.http.delete("/api/v1/me/contact", headers=duty)).status_code == 404

    async def test_only_the_centre_keeps_those_of_enterprises(self, client: Client, runtime: Runtime) -> None:
        uscc = await listed(runtime)
        auditor = await client.account(Role.AUDITOR)
        assert (await client.http.post(API, headers=auditor, json=person(uscc))).status_code == 403
        imported = await client.http.post(f"{API}/imports", headers=auditor, content=register([uscc, "王", "", PHONE, "", "", ""]))
        assert imported.status_code == 403


class TestKeeping:
    async def test_the_same_name_is_changed_not_doubled(self, client: Client, runtime: Runtime) -> None:
        uscc = await listed(runtime)
        duty = await client.account(DUTY)
        first = await entered(client, duty, uscc)
        second = await entered(client, duty, uscc, phone="13900000000", email="")
        assert first["id"] == second["id"]
        assert [(one["phone"], one["email"]) for one in await seen(client, duty)] == [("13900000000", None)]

    async def test_eleven_are_too_many(self, client: Client, runtime: Runtime) -> None:
        uscc = await listed(runtime)
        duty = await client.account(DUTY)
        for number in range(10):
            await entered(client, duty, uscc, name=f"人{number}")
        answer = await client.http.post(API, headers=duty, json=person(uscc, name="又一人"))
        assert (answer.status_code, len(await seen(client, duty))) == (422, 10)

    async def test_the_ledger_tells_who_changed_and_nothing_of_the_person(self, client: Client, runtime: Runtime) -> None:
        uscc = await listed(runtime)
        duty = await client.account(DUTY)
        made = await entered(client, duty, uscc)
        await client.http.delete(f"{API}/{made['id']}", headers=duty)
        async with runtime.unit() as uow:
            rows = await uow.fetch("SELECT kind, content FROM ledger_entry WHERE kind LIKE 'contact.%' ORDER BY id")
        assert [row["kind"] for row in rows] == ["contact.kept", "contact.deleted"]
        assert not [row for row in rows if PHONE in row["content"] or "王某" in row["content"] or EMAIL in row["content"]]

    async def test_deleted_is_deleted(self, client: Client, runtime: Runtime) -> None:
        uscc = await listed(runtime)
        duty = await client.account(DUTY)
        made = await entered(client, duty, uscc)
        assert (await client.http.delete(f"{API}/{made['id']}", headers=duty)).status_code == 204
        assert await seen(client, duty) == []
        assert (await client.http.delete(f"{API}/{made['id']}", headers=duty)).status_code == 404


class TestRegisters:
    async def many(self, runtime: Runtime, enterprises: int) -> list[EnterpriseContact]:
        await listed(runtime, enterprises)
        async with runtime.unit() as uow:
            rows = await uow.fetch("SELECT DISTINCT uscc FROM list_enterprise")
        return [
            EnterpriseContact.model_validate(person(row["uscc"], name=f"人{number}")) for row in rows for number in range(3)
        ]

    async def test_a_register_is_a_few_statements(
        self, client: Client, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given = await self.many(runtime, 40)
        await client.account(DUTY)
        monkeypatch.setattr(contacts, "BATCH", 50)
        async with runtime.unit() as uow:
            statements = 0

            def count(_: object) -> None:
                nonlocal statements
                statements += 1

            uow.connection.add_query_logger(count)
            assert await contacts.keep_all(uow, await duty_of(uow), given) == 120
            uow.connection.remove_query_logger(count)
            assert statements < 10
            again = [one.model_copy(update={"phone": "13900000000", "email": None}) for one in given]
            assert await contacts.keep_all(uow, await duty_of(uow), [*given, *again]) == 120
            rows = await uow.fetch("SELECT phone, email FROM contact")
        assert {tuple(row) for row in rows} == {("13900000000", None)}
        assert len(rows) == 120

    async def test_registers_that_overlap_wait_for_each_other(
        self, client: Client, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The same people the other way round: one takes the locks in the order of the other."""
        given = await self.many(runtime, 4)
        await client.account(DUTY)
        monkeypatch.setattr(contacts, "BATCH", 1)

        async def keep(register: list[EnterpriseContact]) -> int:
            async with runtime.unit() as uow:
                stored = await contacts.keep_all(uow, await duty_of(uow), register)
                await uow.commit()
                return stored

        assert await asyncio.gather(keep(given), keep(given[::-1]), keep(given)) == [12] * 3


class TestWords:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"phone": "", "email": ""},
            {"phone": "110a"},
            {"phone": "1" * 30},
            {"email": "wang"},
            {"email": "wang@localhost"},
            {"email": "a..b@example.test"},
            {"email": "wang@example.test\r\nBcc: all@example.test"},
            {"email": "wang@example.test, all@example.test"},
            {"name": "王\n某"},
            {"name": ""},
            {"uscc": "91110000915739225X"},
            {"calling_order": 0},
            {"calling_order": 100},
            {"language": "fr"},
            {"unknown": 1},
        ],
    )
    def test_what_is_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            EnterpriseContact.model_validate(person(USCC) | wrong)

    @pytest.mark.parametrize("wrong", [{"quiet_from": "22:00"}, {"quiet_from": "24:00", "quiet_until": "06:00"}])
    def test_quiet_hours_have_two_ends(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            OwnContact.model_validate({"phone": PHONE} | wrong)

    @pytest.mark.parametrize(
        ("phone", "mobile"),
        [("13800001234", "13800001234"), ("+8613800001234", "13800001234"), ("03151234567", None), ("110", None), (None, None)],
    )
    def test_text_messages_go_to_mobiles(self, phone: str | None, mobile: str | None) -> None:
        assert schemas.mobile_of(phone) == mobile

    @given(st.from_regex(r"\+?[0-9]{3,18}", fullmatch=True))
    def test_a_mask_hides_at_least_three_digits(self, phone: str) -> None:
        masked = schemas.masked_phone(phone)
        assert masked is not None
        assert masked.count("*") >= 3
        assert phone not in masked

    @given(st.integers(min_value=0, max_value=1439))
    def test_a_minute_is_a_time_of_day(self, minute: int) -> None:
        assert schemas.minute_of(schemas.clock_of(minute) or "") == minute


class TestRegister:
    async def test_a_register_is_taken_in_once(self, client: Client, runtime: Runtime) -> None:
        uscc = await listed(runtime)
        duty = await client.account(DUTY)
        content = register([uscc, "王", "厂长", PHONE, EMAIL, "英文", "2"], [uscc, "李", "", "0315-1234567", "", "", ""])
        for _ in range(2):
            answer = await client.http.post(f"{API}/imports", headers=duty, content=content)
            assert (answer.status_code, answer.json()) == (201, {"contacts": 2})
        found = sorted(await seen(client, duty, f"?uscc={uscc}"), key=lambda one: int(one["calling_order"]))
        assert [(one["name"], one["language"], one["calling_order"], one["phone"]) for one in found] == [
            ("李", "zh", 1, "03151234567"),
            ("王", "en", 2, PHONE),
        ]

    async def test_enterprises_of_elsewhere_are_named_by_row(self, client: Client, runtime: Runtime) -> None:
        uscc = await listed(runtime)
        duty = await client.account(DUTY)
        content = register([uscc, "王", "", PHONE, "", "", ""], ["91130000MA0000000J", "李", "", PHONE, "", "", ""])
        answer = await client.http.post(f"{API}/imports", headers=duty, content=content)
        assert answer.status_code == 422
        assert await seen(client, duty) == []

    def test_every_fault_at_once(self) -> None:
        content = register(["x", "王", "", PHONE, "", "", ""], [USCC, "", "", "", "a@", "法文", "0"])
        with pytest.raises(Invalid) as raised:
            read_contacts(content)
        places = {(fault["row"], fault["column"]) for fault in raised.value.errors}
        assert {(2, "统一社会信用代码"), (3, "姓名"), (3, "邮箱"), (3, "语言"), (3, "拨打顺序")} <= places

    def test_faults_do_not_quote_cells(self) -> None:
        with pytest.raises(Invalid) as raised:
            read_contacts(register([USCC, "王", "", "13955556666777788889999", "secret@", "", ""]))
        assert "secret" not in str(raised.value.errors)
        assert "139555" not in str(raised.value.errors)

    def test_somebody_twice(self) -> None:
        with pytest.raises(Invalid) as raised:
            read_contacts(register(*[[USCC, "王", "", PHONE, "", "", ""]] * 2))
        assert [(fault["row"], fault["column"]) for fault in raised.value.errors] == [(3, "姓名")]

    @pytest.mark.parametrize(
        "content",
        [b"", b"\xff\xfe\0", b"PK\x03\x04 no workbook", "姓名\n王".encode(), register(), b'"open', ",".join(COLUMNS).encode("gb18030")],
    )
    def test_what_is_no_register(self, content: bytes) -> None:
        with pytest.raises(Invalid):
            read_contacts(content)

    def test_too_many_rows(self) -> None:
        with pytest.raises(Invalid, match="fault"):
            read_contacts(register(*[[USCC, f"人{number}", "", PHONE, "", "", ""] for number in range(MOST_ROWS + 1)]))

    def test_numbers_of_a_workbook_are_digits(self) -> None:
        target = BytesIO()
        with xlsxwriter.Workbook(target) as book:
            page = book.add_worksheet("联系人")
            for place, header in enumerate(COLUMNS):
                page.write_string(0, place, header)
            for place, value in enumerate([USCC, "王", "", 13800001234, "", "", 3]):
                page.write(1, place, value)
        (one,) = read_contacts(target.getvalue())
        assert (one.phone, one.calling_order) == ("13800001234", 3)

    async def test_the_template_is_a_register_without_rows(self, client: Client) -> None:
        answer = await client.http.get(f"{API}/template.xlsx", headers=await client.account(DUTY))
        assert answer.content == template()
        assert CalamineWorkbook.from_filelike(BytesIO(answer.content)).sheet_names == ["联系人"]
        with pytest.raises(Invalid):
            read_contacts(answer.content)


FORM = {"sec-fetch-site": "same-origin", "accept": "text/html"}


class TestPage:
    async def test_forms_do_what_the_api_does(self, client: Client, runtime: Runtime) -> None:
        uscc = await listed(runtime)
        duty = await client.account(DUTY) | FORM
        made = await client.http.post("/people/contacts", headers=duty, data=person(uscc) | {"by_email": "on"})
        assert made.status_code == 303, made.text
        (found,) = await seen(client, duty)
        assert (found["by_email"], found["by_sms"]) == (True, False)
        assert PHONE in (await client.http.get("/people", headers=duty)).text
        assert (await client.http.post(f"/people/contacts/{found['id']}/delete", headers=duty)).status_code == 303
        assert await seen(client, duty) == []

    async def test_a_refusal_keeps_what_was_typed(self, client: Client, runtime: Runtime) -> None:
        uscc = await listed(runtime)
        duty = await client.account(DUTY) | FORM
        answer = await client.http.post("/people/contacts", headers=duty, data=person(uscc, phone="abc", name='王"某'))
        assert answer.status_code == 422
        assert "abc" in answer.text
        assert "不是电话号码" in answer.text
        assert "王&#34;某" in answer.text

    async def test_an_official_keeps_and_deletes_the_own_one(self, client: Client) -> None:
        duty = await client.account(DUTY) | FORM
        given = {"phone": PHONE, "by_sms": "on", "language": "en", "quiet_from": "", "quiet_until": ""}
        assert (await client.http.post("/people/own", headers=duty, data=given)).status_code == 303
        assert (await seen(client, duty))[0]["language"] == "en"
        assert (await client.http.post("/people/own", headers=duty, data={"wish": "delete"})).status_code == 303
        assert await seen(client, duty) == []

    async def test_a_register_by_form(self, client: Client, runtime: Runtime) -> None:
        uscc = await listed(runtime)
        duty = await client.account(DUTY) | FORM
        for row, status in (([uscc, "王", "", PHONE, "", "", ""], 303), ([uscc, "", "", "", "", "", ""], 422)):
            files = {"register": ("register.csv", register(row))}
            answer = await client.http.post("/people/imports", headers=duty, files=files)
            assert answer.status_code == status, answer.text
        assert len(await seen(client, duty)) == 1

    async def test_an_enterprise_has_its_own_page(self, client: Client, runtime: Runtime) -> None:
        uscc = await listed(runtime)
        plant = await client.account(ENTERPRISE, uscc=uscc) | FORM
        page = await client.http.get("/people", headers=plant)
        assert page.status_code == 200
        assert "/people/imports" not in page.text
        assert (await client.http.post("/people/own", headers=plant, data={"phone": PHONE})).status_code == 403


class TestRepeatedCalls:
    async def test_nothing_personal_is_kept_for_a_repeat(self, client: Client, runtime: Runtime) -> None:
        uscc = await listed(runtime)
        who = await client.account(ENTERPRISE, uscc=uscc) | {"idempotency-key": "once"}
        made = await entered(client, who, uscc)
        async with runtime.unit() as uow:
            kept = await uow.fetchval("SELECT body FROM kept_answer")
        assert json.loads(kept) == {"id": made["id"]}
        assert await entered(client, who, uscc) == made
        assert (await client.http.post(API, headers=who, json=person(uscc, phone="13800005678"))).status_code == 409

    async def test_a_repeat_after_the_deletion_tells_nothing(self, client: Client, runtime: Runtime) -> None:
        uscc = await listed(runtime)
        who = await client.account(ENTERPRISE, uscc=uscc) | {"idempotency-key": "once"}
        made = await entered(client, who, uscc)
        assert (await client.http.delete(f"{API}/{made['id']}", headers=who)).status_code == 204
        again = await client.http.post(API, headers=who, json=person(uscc))
        assert (again.status_code, PHONE in again.text) == (404, False)
        assert await seen(client, await client.account(DUTY)) == []

    async def test_kept_answers_go_after_a_week(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        uscc = await listed(runtime)
        who = await client.account(ENTERPRISE, uscc=uscc)
        await entered(client, who | {"idempotency-key": "old"}, uscc)
        clock.advance_to(clock.now() + KEPT_FOR)
        await entered(client, who | {"idempotency-key": "new"}, uscc)
        for later, left in ((timedelta(0), ["new", "old"]), (timedelta(seconds=1), ["new"])):
            clock.advance_to(clock.now() + later)
            await forget_answers_job(runtime, {})
            async with runtime.unit() as uow:
                assert [row["key"] for row in await uow.fetch("SELECT key FROM kept_answer ORDER BY key")] == left
        assert RECURRING["forget_answers"] == timedelta(days=1)
