"""The pages of permit registers and of a list's floors, as a browser gets them."""

from __future__ import annotations

from typing import Any

import pytest

from emission_lists.generator import generate_list
from emission_lists.lists import Pollutants
from emission_lists.permits import Permit, write_register
from emission_lists.sheets.kinds import Sheet, SheetRecord
from service.accounts.roles import Role, Scope
from service.kit.runtime import Runtime
from service.lists.floors import floors_of
from service.lists.flows import store_draft
from service.lists.workbooks import guide_of, profile
from tests.emission_lists.sheet_samples import record
from tests.service.test_permits_api import permits_on_list, stranger, upload
from tests.support import Client, listed

OURS = {"origin": "http://127.0.0.1:8000"}


async def post(client: Client, who: dict[str, str], content: bytes, adcode: str = "110000") -> Any:
    return await client.http.post(
        "/lists/permits",
        headers=who | OURS | {"accept": "text/html"},
        files={"register": ("名录.xlsx", content)},
        data={"adcode": adcode},
    )


async def page(client: Client, who: dict[str, str], path: str) -> str:
    answer = await client.http.get(path, headers=who | {"accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return answer.text


async def stored(runtime: Runtime, whole: Pollutants | None, *records: SheetRecord) -> int:
    made = generate_list("110000", seed=7, enterprises=5, guide=guide_of("G2020"), profile=profile())
    draft = type(made)(made.adcode, made.rows, whole, "清单", records)
    async with runtime.unit() as uow:
        version = await store_draft(uow, draft, guide="G2020", created_by=None, generated=True)
        await uow.commit()
    return version


class TestPermitsPage:
    async def test_before_there_is_anything_it_says_what_will_be_here(self, client: Client) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        text = await page(client, officer, "/lists/permits")
        assert "还没有名录" in text
        assert "No register yet" in await page(client, officer, "/lists/permits?lang=en")

    async def test_an_uploaded_register_is_compared_at_once(self, client: Client, runtime: Runtime) -> None:
        await listed(runtime)
        officer = await client.account(Role.DUTY_OFFICER)
        given = await permits_on_list(runtime)
        other = Permit(**{**{name: getattr(given[0], name) for name in Permit.__slots__}, "uscc": stranger(9).uscc, "name": "邻厂"})
        answer = await post(client, officer, write_register([other, *given[2:], stranger(1)]))
        assert answer.status_code == 303, answer.text
        text = await page(client, officer, answer.headers["location"])
        assert "名录第 1 版已生效" in text
        assert "漏报公司1" in text
        assert "编号属于其他单位" in text
        assert "编号不在名录中" in text

    async def test_the_same_file_again_is_said_to_change_nothing(self, client: Client) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        await post(client, officer, write_register([stranger(1)]))
        answer = await post(client, officer, write_register([stranger(1)]))
        assert answer.headers["location"].endswith("stored=unchanged")
        assert "没有新增版本" in (await client.http.get(answer.headers["location"], headers=officer)).text

    async def test_faults_stand_in_a_table_with_their_place(self, client: Client) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        answer = await post(client, officer, write_register([stranger(1, adcode="130202")]))
        assert answer.status_code == 422
        assert "排污许可名录" in answer.text
        assert "区县代码 130202 不属于 110000" in answer.text
        assert "什么都没有保存" in answer.text

    async def test_no_file_and_no_code(self, client: Client) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        for content, adcode in ((b"", "110000"), (write_register([stranger(1)]), "北京")):
            answer = await post(client, officer, content, adcode)
            assert (answer.status_code, "请选择名录文件" in answer.text) == (422, True)

    async def test_another_sites_form_and_other_roles_are_refused(self, client: Client) -> None:
        auditor = await client.account(Role.AUDITOR)
        assert (await post(client, auditor, b"x")).status_code == 403
        officer = await client.account(Role.DUTY_OFFICER)
        foreign = await client.http.post("/lists/permits", headers=officer | {"origin": "http://elsewhere"}, files={"register": b"x"})
        assert foreign.status_code == 403

    async def test_an_auditor_reads_but_sees_no_form(self, client: Client) -> None:
        auditor = await client.account(Role.AUDITOR)
        text = await page(client, auditor, "/lists/permits")
        assert 'name="register"' not in text
        assert "名录由值班员、指挥长或管理员上传" in text

    async def test_nothing_to_compare_is_said(self, client: Client) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        answer = await client.http.get("/lists/permits?adcode=110000", headers=officer | {"accept": "text/html"})
        assert (answer.status_code, "没有生效的清单" in answer.text) == (409, True)

    async def test_everything_covered_is_said(self, client: Client, runtime: Runtime) -> None:
        await listed(runtime)
        officer = await client.account(Role.DUTY_OFFICER)
        await upload(client, officer, await permits_on_list(runtime))
        assert "没有漏列" in await page(client, officer, "/lists/permits?adcode=110000")

    @pytest.mark.parametrize("query", ["adcode=1", "list=x", "stored=%3Cb%3E"])
    async def test_queries_that_are_none(self, client: Client, query: str) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        answer = await client.http.get(f"/lists/permits?{query}", headers=officer | {"accept": "text/html"})
        assert answer.status_code == 422


class TestFloorsPage:
    async def test_shares_requirements_and_verdicts_stand_in_words(self, client: Client, runtime: Runtime) -> None:
        version = await stored(runtime, Pollutants(1e9, 1e9, 1.0, 1.0))
        officer = await client.account(Role.DUTY_OFFICER)
        text = await page(client, officer, f"/lists/{version}")
        assert "减排比例与底线" in text
        assert "未达到" in text
        assert "10 %" in text
        assert "30 %" in text
        assert "floors.js" in text
        english = await page(client, officer, f"/lists/{version}?lang=en&floors=FLOOR-B")
        assert "something is short" in english
        assert "15 %" in english

    async def test_without_a_base_nothing_is_judged(self, client: Client, runtime: Runtime) -> None:
        version = await stored(runtime, None)
        officer = await client.account(Role.DUTY_OFFICER)
        text = await page(client, officer, f"/lists/{version}")
        assert "没有全社会排放量，无法判定" in text
        assert "部分无法判定" in text

    async def test_an_unknown_profile_is_named_with_the_known_ones(self, client: Client, runtime: Runtime) -> None:
        version = await stored(runtime, None)
        officer = await client.account(Role.DUTY_OFFICER)
        answer = await client.http.get(f"/api/v1/lists/{version}/floors?profile=FLOOR-Z", headers=officer)
        assert (answer.status_code, "FLOOR-A, FLOOR-B" in answer.json()["detail"]) == (422, True)

    async def test_every_class_of_sources_counts(self, client: Client, runtime: Runtime) -> None:
        dust = record(Sheet.DUST)
        road = record(Sheet.ROAD_MOBILE, 3)
        domestic = record(Sheet.SUMMARY, 2, source="domestic", item="red", so2=7.0, nox=None, pm=None, vocs=None)
        whole = record(Sheet.SUMMARY, 3, source="whole_society", item="base", so2=1000.0, nox=1000.0, pm=1000.0, vocs=1000.0)
        version = await stored(runtime, None, dust, road, domestic, whole)
        officer = await client.account(Role.DUTY_OFFICER)
        found = (await client.http.get(f"/api/v1/lists/{version}/floors", headers=officer)).json()
        sources = {one["source"]: one for one in found["sources"]}
        assert sources["dust"]["planned"]["red"]["pm"] == 80
        assert sources["domestic"]["planned"]["red"]["so2"] == 7
        assert found["whole_society"]["so2"] == 1000
        red_pm = found["levels"][2]["pollutants"][2]
        parts = [sources[name]["planned"]["red"]["pm"] for name in ("industry", "dust", "road_mobile", "domestic")]
        assert red_pm["planned"] == pytest.approx(sum(part or 0 for part in parts))
        assert red_pm["share"] == pytest.approx(red_pm["planned"] / 1000)
        async with runtime.unit() as uow:
            assert (await floors_of(uow, Scope("110000"), version)).whole == Pollutants(1000, 1000, 1000, 1000)
