"""What a list says beside the measures: kept and exported as it came, told in the difference, and nobody's but the officials'."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from emission_lists.columns import CHOICES_SHEET, LIST_SHEET, PLAIN_COLUMNS
from emission_lists.documents import enterprise_document, line_document
from emission_lists.lists import EmissionListDraft, EnterpriseParticulars, LineParticulars, Means
from emission_lists.workbook_writer import write_workbook
from service.accounts.roles import Role
from service.kit.canonical import canonical
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from service.lists.content import Writer
from service.lists.flows import activate
from tests.service.test_list_versions import move, stored
from tests.service.test_lists_api import GENERATED, LISTS, bring
from tests.support import Client

PERSONS = ("法人甲", "责任人乙", "13800000000")
SAID = LineParticulars(
    product="某产品",
    capacity=5000.0,
    capacity_unit="t/d",
    manager=PERSONS[1],
    manager_phone=PERSONS[2],
    means=Means(eia_capacity=5000.0, unit="t/d"),
)


def described() -> EmissionListDraft:
    """The generated list with something said of its first enterprise."""
    first, *others = GENERATED.rows
    owner = replace(first.enterprise, particulars=EnterpriseParticulars(116.4, 39.9, PERSONS[0]))
    rows = [row._replace(enterprise=owner) if row.enterprise.uscc == owner.uscc else row for row in (first, *others)]
    rows[0] = rows[0]._replace(line=replace(rows[0].line, particulars=SAID))
    return replace(GENERATED, rows=tuple(rows))


DESCRIBED = described()
OWNER = DESCRIBED.rows[0].enterprise.uscc


@pytest.fixture
async def officer(client: Client) -> dict[str, str]:
    return await client.account(Role.DUTY_OFFICER)


async def export_of(client: Client, who: dict[str, str], version: int) -> bytes:
    answer = await client.http.get(f"{LISTS}/{version}/export.xlsx", headers=who)
    assert answer.status_code == 200, answer.text[:300]
    return answer.content


def header_of(content: bytes) -> list[Any]:
    return list(CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_name(LIST_SHEET).to_python()[0])


def test_the_document_is_the_canonical_form_of_the_whole() -> None:
    for rows in DESCRIBED.by_enterprise().values():
        whole = {
            "enterprise": enterprise_document(rows[0].enterprise),
            "lines": [line_document(row.line) for row in rows],
        }
        assert Writer().enterprise(rows[0].enterprise, [row.line for row in rows]) == canonical(whole)


async def test_an_export_is_imported_as_the_same_list(client: Client, officer: dict[str, str]) -> None:
    first = (await bring(client, officer, write_workbook(DESCRIBED))).json()
    content = await export_of(client, officer, first["id"])
    assert "责任人电话" in header_of(content)
    second = (await bring(client, officer, content)).json()
    assert second["digest"] == first["digest"]


async def test_a_list_without_them_is_exported_without_their_columns(
    client: Client, runtime: Runtime, officer: dict[str, str]
) -> None:
    content = await export_of(client, officer, await stored(runtime))
    assert len(header_of(content)) == len(PLAIN_COLUMNS) + 1


async def test_a_change_is_told_field_by_field(client: Client, runtime: Runtime, officer: dict[str, str]) -> None:
    first, second = await stored(runtime), await stored(runtime, DESCRIBED)
    answer = await client.http.get(f"{LISTS}/{second}/difference", headers=officer, params={"against": first})
    (item,) = answer.json()["items"]
    told = {change["field"]: (change["old"], change["new"]) for change in item["changes"]}
    assert told["particulars.lon"] == (None, 116.4)
    assert told["particulars.capacity"] == (None, 5000.0)
    assert told["particulars.means.eia_capacity"] == (None, 5000.0)


async def test_personal_data_goes_no_further_than_the_list(
    client: Client, runtime: Runtime, officer: dict[str, str]
) -> None:
    """An enterprise's answer, its board and the pages of the list name nobody; officials have the export."""
    version = await stored(runtime, DESCRIBED)
    await move(runtime, activate, version)
    plant = await client.account(Role.ENTERPRISE, uscc=OWNER)
    paths = [f"/api/v1/enterprises/{OWNER}/requirements", f"/api/v1/enterprises/{OWNER}", f"/enterprises/{OWNER}"]
    for who in (plant, officer):
        for path in (*paths, f"{LISTS}/{version}", f"{LISTS}/{version}/summary", f"/lists/{version}"):
            answer = await client.http.get(path, headers=who | {"accept": "text/html, application/json"})
            assert not [one for one in PERSONS if one in answer.text], path
    assert (await client.http.get(f"{LISTS}/{version}/export.xlsx", headers=plant)).status_code == 403


@pytest.mark.parametrize(
    ("adcode", "day", "offered"), [("410100", 2026, True), ("410100", 2019, False), ("110000", 2026, False)]
)
async def test_the_template_offers_the_industries_of_its_place_and_day(
    client: Client, clock: ManualClock, adcode: str, day: int, offered: bool
) -> None:
    clock.advance_to(clock.now().replace(year=day))
    here = await client.account(Role.DUTY_OFFICER, adcode=adcode)
    elsewhere = await client.account(Role.COORDINATOR, adcode="100000")
    for who, asked in ((here, {}), (elsewhere, {"adcode": adcode})):
        answer = await client.http.get(f"{LISTS}/template.xlsx", headers=who, params={"guide": "G2020"} | asked)
        assert answer.status_code == 200, answer.text[:300]
        choices = CalamineWorkbook.from_filelike(BytesIO(answer.content)).get_sheet_by_name(CHOICES_SHEET).to_python()
        assert ("机械加工" in {row[choices[0].index("行业")] for row in choices}) is offered
    nation = await client.http.get(f"{LISTS}/template.xlsx", headers=elsewhere)
    assert nation.status_code == 200
    assert (await client.http.get(f"{LISTS}/template.xlsx?adcode=999999", headers=here)).status_code == 404
