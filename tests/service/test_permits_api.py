"""Permit registers over HTTP: uploaded in versions, never changed, and lists held against the one in force."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from emission_lists.generator import generate_list
from emission_lists.identifiers import make_permit, make_uscc
from emission_lists.permits import Management, Permit, write_register
from service.accounts.roles import Role, Scope
from service.kit.clock import ManualClock
from service.kit.problems import Conflict
from service.kit.runtime import Runtime
from service.lists.flows import store_draft
from service.lists.workbooks import guide_of, profile
from service.permits import flows
from service.permits.repository import above
from tests.support import NOW, Client, listed

API = "/api/v1/permits"


def stranger(number: int = 1, **given: object) -> Permit:
    """A holder that no generated list has."""
    uscc = make_uscc("110105", 99_000_000 + number)
    fields = {"permit_no": make_permit(uscc), "name": f"漏报公司{number}", "management": Management.KEY, "air": True}
    return Permit(**{"adcode": "110105", "uscc": uscc, **fields, **given})  # type: ignore[arg-type]


async def permits_on_list(runtime: Runtime) -> list[Permit]:
    """A permit for every enterprise of the list in force, as it states it."""
    async with runtime.unit() as uow:
        rows = await uow.fetch("SELECT uscc, name, county, document::json->'enterprise'->>'permit_no' AS no FROM list_enterprise")
    return [Permit(row["no"], row["name"], Management.KEY, True, row["county"], row["uscc"]) for row in rows if row["no"]]


async def upload(client: Client, who: dict[str, str], permits: list[Permit], adcode: str = "110000", **extra: str) -> dict[str, object]:
    answer = await client.http.post(f"{API}?adcode={adcode}", headers=who | extra, content=write_register(permits))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


class TestUpload:
    async def test_versions_pile_up_and_the_newest_is_in_force(self, client: Client, clock: ManualClock) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        first = await upload(client, officer, [stranger(1)])
        clock.advance_to(NOW + timedelta(days=1))
        second = await upload(client, officer, [stranger(1), stranger(2)])
        items = (await client.http.get(API, headers=officer)).json()["items"]
        assert [(item["id"], item["permits"], item["holders"], item["in_force"]) for item in items] == [
            (second["id"], 2, 2, True),
            (first["id"], 1, 1, False),
        ]

    async def test_the_same_content_again_is_no_new_version(self, client: Client) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        first = await upload(client, officer, [stranger(1)])
        again = await upload(client, officer, [stranger(1)])
        assert (first["changed"], again["changed"], again["id"]) == (True, False, first["id"])

    async def test_the_same_key_has_one_effect(self, client: Client) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        given = {"idempotency-key": "k-1"}
        assert await upload(client, officer, [stranger(1)], **given) == await upload(client, officer, [stranger(1)], **given)

    async def test_every_fault_at_once_and_nothing_is_stored(self, client: Client) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        faulty = "排污许可证编号,统一社会信用代码,单位名称,管理类别,涉气,区县代码\n1,2,甲,重点,是,110105\n,,,一般,,130202\n"
        answer = await client.http.post(f"{API}?adcode=110000", headers=officer, content=faulty.encode())
        assert answer.status_code == 422
        problem = answer.json()
        assert problem["type"] == "urn:lantian:problem:invalid-content"
        assert {(error["code"], error["row"]) for error in problem["errors"]} == {
            ("PERMIT_FORMAT", 2), ("USCC_LENGTH", 2), ("REQUIRED", 3), ("NOT_A_CHOICE", 3),
        }  # fmt: skip
        assert (await client.http.get(API, headers=officer)).json()["items"] == []

    async def test_permits_of_another_province_are_refused(self, client: Client) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        content = write_register([stranger(1, adcode="130202")])
        answer = await client.http.post(f"{API}?adcode=110000", headers=officer, content=content)
        assert [error["code"] for error in answer.json()["errors"]] == ["PERMIT_OUTSIDE"]

    async def test_an_unknown_division_is_named(self, client: Client) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        answer = await client.http.post(f"{API}?adcode=110199", headers=officer, content=b"")
        assert (answer.status_code, "110199" in answer.json()["detail"]) == (404, True)

    async def test_it_stands_on_the_ledger(self, client: Client, runtime: Runtime) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        stored = await upload(client, officer, [stranger(1)])
        async with runtime.unit() as uow:
            content = await uow.fetchval("SELECT content FROM ledger_entry WHERE kind = 'permits.registered'")
        assert f'"register":{stored["id"]}' in content

    async def test_the_template_is_a_register_without_rows(self, client: Client) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        template = await client.http.get(f"{API}/template.xlsx", headers=officer)
        assert "permit-register.xlsx" in template.headers["content-disposition"]
        answer = await client.http.post(f"{API}?adcode=110000", headers=officer, content=template.content)
        assert [error["code"] for error in answer.json()["errors"]] == ["NO_ROWS"]


class TestCoverage:
    async def test_who_is_missing_and_which_rows_stand_on_no_permit(self, client: Client, runtime: Runtime) -> None:
        await listed(runtime)
        officer = await client.account(Role.DUTY_OFFICER)
        given = await permits_on_list(runtime)
        ended = Permit(**{**_fields(given[0]), "valid_until": date(2016, 12, 14)})
        other = Permit(**{**_fields(given[1]), "uscc": stranger(5).uscc})
        await upload(client, officer, [ended, other, *given[3:], stranger(1), stranger(2, management=Management.REGISTERED)])
        found = (await client.http.get(f"{API}/coverage?adcode=110000", headers=officer)).json()
        assert {item["name"] for item in found["missing"]} == {"漏报公司1", "漏报公司2", other.name}
        assert [item["uscc"] for item in found["expired"]] == [given[0].uscc]
        assert [item["uscc"] for item in found["other_unit"]] == [given[1].uscc]
        assert [item["uscc"] for item in found["not_in_register"]] == [given[2].uscc]
        assert found["counts"]["listed"] == 12
        assert found["counts"]["covered"] + found["counts"]["missing"] == found["counts"]["holders"]
        assert found["as_of"] == "2016-12-15"

    async def test_one_county_of_it(self, client: Client, runtime: Runtime) -> None:
        await listed(runtime)
        officer = await client.account(Role.DUTY_OFFICER)
        await upload(client, officer, [stranger(1), stranger(2, adcode="110108")])
        found = (await client.http.get(f"{API}/coverage?adcode=110105", headers=officer)).json()
        assert [item["name"] for item in found["missing"]] == ["漏报公司1"]

    async def test_as_a_workbook(self, client: Client, runtime: Runtime) -> None:
        await listed(runtime)
        officer = await client.account(Role.DUTY_OFFICER)
        await upload(client, officer, [stranger(1, name="=1+1")])
        answer = await client.http.get(f"{API}/coverage.xlsx?adcode=110000", headers=officer)
        book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
        assert book.get_sheet_by_name("未列入清单的持证单位").to_python()[1][2] == "'=1+1"
        counts = dict(row[:2] for row in book.get_sheet_by_name("核对结果").to_python()[1:])
        assert (counts["清单企业"], counts["未列入清单的持证单位"]) == (12, 1)

    async def test_nothing_to_compare_says_what_to_do(self, client: Client, runtime: Runtime) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        first = await client.http.get(f"{API}/coverage?adcode=110000", headers=officer)
        await listed(runtime)
        second = await client.http.get(f"{API}/coverage?adcode=110000", headers=officer)
        third = await client.http.get(f"{API}/coverage?adcode=110000&list=999", headers=officer)
        assert [one.status_code for one in (first, second, third)] == [409, 409, 404]
        assert "activate" in first.json()["detail"]
        assert "upload" in second.json()["detail"]

    async def test_a_list_of_another_division_is_not_taken(self, client: Client, runtime: Runtime) -> None:
        await listed(runtime)
        there = await client.account(Role.COMMANDER, adcode="130000")
        async with runtime.unit() as uow:
            version = await uow.fetchval("SELECT id FROM list_version")
        for query in (f"adcode=130000&list={version}", f"adcode=110000&list={version}"):
            answer = await client.http.get(f"{API}/coverage?{query}", headers=there)
            assert answer.status_code in {403, 404}, query

    async def test_a_city_without_a_register_uses_that_of_its_province(self, client: Client, runtime: Runtime) -> None:
        province = await client.account(Role.COMMANDER, adcode="130000")
        own = stranger(1, adcode="130202")
        away = stranger(2, adcode="130102")
        await upload(client, province, [own, away], adcode="130000")
        async with runtime.unit() as uow:
            checks = await flows.coverage_checks(uow, 1, "130200")
        assert [check["code"] for check in checks] == ["PERMIT_HOLDER_MISSING"]
        await upload(client, province, [stranger(3, adcode="130202"), own], adcode="130200")
        async with runtime.unit() as uow:
            checks = await flows.coverage_checks(uow, 1, "130200")
        assert len(checks) == 2

    async def test_without_a_register_that_is_said(self, runtime: Runtime) -> None:
        async with runtime.unit() as uow:
            checks = await flows.coverage_checks(uow, 1, "110000")
            with pytest.raises(Conflict):
                await flows.held(uow, Scope("110000"), "110000")
        assert [(check["code"], check["severity"]) for check in checks] == [("PERMIT_REGISTER_MISSING", "warning")]


class TestActivation:
    async def draft(self, runtime: Runtime) -> int:
        made = generate_list("110000", seed=7, enterprises=5, guide=guide_of("G2020"), profile=profile())
        async with runtime.unit() as uow:
            version = await store_draft(uow, made, guide="G2020", created_by=None, generated=True)
            await uow.commit()
        return version

    async def test_the_checks_of_a_list_name_who_is_missing(self, client: Client, runtime: Runtime) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        checks = f"/api/v1/lists/{await self.draft(runtime)}/checks"
        before = (await client.http.get(checks, headers=officer)).json()["items"]
        assert "PERMIT_REGISTER_MISSING" in {item["code"] for item in before}
        await upload(client, officer, [*await permits_on_list(runtime), stranger(1)])
        after = (await client.http.get(checks, headers=officer)).json()["items"]
        assert (after[0]["code"], after[0]["severity"]) == ("PERMIT_HOLDER_MISSING", "blocking")
        assert "漏报公司1" in after[0]["message"]
        assert after[0]["reference"].startswith("国发〔2023〕24号")

    async def test_a_missing_holder_forbids_the_activation_until_the_register_is_corrected(
        self, client: Client, runtime: Runtime
    ) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        path = f"/api/v1/lists/{await self.draft(runtime)}/activate"
        on_it = await permits_on_list(runtime)
        await upload(client, officer, [*on_it, stranger(1)])
        refused = await client.http.post(path, headers=officer)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "PERMIT_HOLDER_MISSING")
        await upload(client, officer, [*on_it, stranger(1, air=False)])
        assert (await client.http.post(path, headers=officer)).status_code == 200


def _fields(permit: Permit) -> dict[str, object]:
    return {name: getattr(permit, name) for name in Permit.__slots__}


@pytest.mark.parametrize(
    ("adcode", "chain"),
    [
        ("130202", ["130202", "130200", "130000", "100000"]),
        ("130200", ["130200", "130000", "100000"]),
        ("130000", ["130000", "100000"]),
        ("100000", ["100000"]),
    ],
)
def test_divisions_around(adcode: str, chain: list[str]) -> None:
    assert above(adcode) == chain
