"""Rows of the further sheets: read page by page, found by words, compared with any version, and nothing of other regions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from emission_lists.sheets.kinds import Sheet, SheetRecord
from service.accounts.roles import Role
from service.kit.runtime import Runtime
from service.lists.flows import activate
from tests.emission_lists.sheet_samples import record
from tests.service.test_list_pages import HTML
from tests.service.test_list_versions import move, stored
from tests.service.test_lists_api import GENERATED, LISTS
from tests.support import Client

SITES = tuple(
    record(Sheet.DUST, number, code=f"SG-{number:03}", name=f"工地{number}号", adcode="110101", stage="earthworks")
    for number in range(2, 9)
)
MACHINES = (
    record(Sheet.NON_ROAD, 2, code="CAT-1", kind="excavator", owner="东城机械", adcode="110101"),
    record(Sheet.NON_ROAD, 3, code="CAT-2", kind="loader", owner="100%_东城", adcode="110101"),
)
FIRST = (*SITES, *MACHINES)
CHANGED = (
    *(one for one in SITES if one.key != "SG-002"),
    record(Sheet.DUST, 20, code="SG-900", name="新工地", adcode="110101"),
    replace(MACHINES[0], number=50),
    record(Sheet.NON_ROAD, 3, code="CAT-2", kind="loader", owner="100%_东城", adcode="110101", red="none"),
)


@pytest.fixture
async def officer(client: Client) -> dict[str, str]:
    return await client.account(Role.DUTY_OFFICER)


async def version(runtime: Runtime, records: tuple[SheetRecord, ...]) -> int:
    return await stored(runtime, replace(GENERATED, records=records))


async def page(client: Client, who: dict[str, str], path: str) -> str:
    answer = await client.http.get(path, headers=who | HTML)
    assert answer.status_code == 200, answer.text[:300]
    return answer.text


async def read(client: Client, who: dict[str, str], path: str, status: int = 200, **query: Any) -> Any:
    answer = await client.http.get(f"{LISTS}/{path}", headers=who, params=query)
    assert answer.status_code == status, answer.text[:300]
    return answer.json()


class TestRows:
    async def test_pages_show_every_row_once_by_key(
        self, client: Client, runtime: Runtime, officer: dict[str, str]
    ) -> None:
        made = await version(runtime, FIRST)
        seen: list[str] = []
        after: str | None = ""
        while after is not None:
            found = await read(client, officer, f"{made}/records", sheet="dust", size=3, after=after)
            seen += [item["key"] for item in found["items"]]
            after = found["next"]
        assert seen == [one.key for one in SITES]
        assert found["sheets"] == {"dust": 7, "non_road": 2}

    async def test_a_row_as_stored_and_as_the_workbook_shows_it(
        self, client: Client, runtime: Runtime, officer: dict[str, str]
    ) -> None:
        found = await read(client, officer, f"{await version(runtime, FIRST)}/records")
        first = found["items"][0]
        assert found["sheet"] == "dust"
        assert first["fields"] == dict(SITES[0].fields)
        assert {"field": "stage", "header": "施工阶段", "text": "土石方"} in first["shown"]
        assert first["place"] == "东城区"

    @pytest.mark.parametrize(
        ("sheet", "words", "keys"),
        [
            ("dust", "工地5", ["SG-005"]),
            ("dust", "sg-00", [one.key for one in SITES]),
            ("non_road", "挖掘机", ["CAT-1"]),
            ("non_road", "excavator", []),
            ("non_road", "100%_", ["CAT-2"]),
            ("non_road", "%", ["CAT-2"]),
            ("non_road", "_", ["CAT-2"]),
            ("non_road", "\\", []),
            ("whitelist", "", []),
        ],
    )
    async def test_words(
        self, client: Client, runtime: Runtime, officer: dict[str, str], sheet: str, words: str, keys: list[str]
    ) -> None:
        found = await read(client, officer, f"{await version(runtime, FIRST)}/records", sheet=sheet, q=words)
        assert [item["key"] for item in found["items"]] == keys

    async def test_what_cannot_be_asked(self, client: Client, runtime: Runtime, officer: dict[str, str]) -> None:
        made = await version(runtime, FIRST)
        assert "whitelist" in (await read(client, officer, f"{made}/records", 422, sheet="boats"))["detail"]
        await read(client, officer, f"{made}/records", 422, q="a\x00b")
        await read(client, officer, f"{made}/difference/records", 422, after="boats:1")

    async def test_nobody_else_reads_them(self, client: Client, runtime: Runtime) -> None:
        made = await version(runtime, FIRST)
        there = await client.account(Role.COMMANDER, adcode="130000")
        plant = await client.account(Role.ENTERPRISE, uscc=GENERATED.rows[0].enterprise.uscc)
        for path in (f"{made}/records", f"{made}/difference/records"):
            await read(client, there, path, 404)
            await read(client, plant, path, 403)


class TestChanges:
    @pytest.fixture
    async def versions(self, runtime: Runtime) -> tuple[int, int]:
        first = await version(runtime, FIRST)
        await move(runtime, activate, first)
        return first, await version(runtime, CHANGED)

    async def test_added_removed_and_changed_with_old_and_new(
        self, client: Client, officer: dict[str, str], versions: tuple[int, int]
    ) -> None:
        found = await read(client, officer, f"{versions[1]}/difference/records")
        assert found["against"] == versions[0]
        assert [(one["sheet"], one["key"], one["kind"]) for one in found["items"]] == [
            ("dust", "SG-002", "removed"),
            ("dust", "SG-900", "added"),
            ("non_road", "CAT-2", "changed"),
        ]
        assert found["items"][2]["changes"] == [
            {"field": "red", "header": "红色-措施", "old": "停用", "new": "不采取措施"}
        ]

    async def test_it_counts_what_the_difference_counts(
        self, client: Client, officer: dict[str, str], versions: tuple[int, int]
    ) -> None:
        counted = (await read(client, officer, f"{versions[1]}/difference"))["records"]
        items = (await read(client, officer, f"{versions[1]}/difference/records"))["items"]
        for sheet, counts in counted.items():
            kinds = [one["kind"] for one in items if one["sheet"] == sheet]
            assert counts == {kind: kinds.count(kind) for kind in ("added", "removed", "changed")}

    async def test_pages_and_another_version(
        self, client: Client, officer: dict[str, str], versions: tuple[int, int]
    ) -> None:
        seen: list[str] = []
        after: str | None = ""
        while after is not None:
            found = await read(client, officer, f"{versions[1]}/difference/records", size=1, after=after)
            seen += [one["key"] for one in found["items"]]
            after = found["next"]
        assert seen == ["SG-002", "SG-900", "CAT-2"]
        same = await read(client, officer, f"{versions[1]}/difference/records", against=versions[1])
        assert same["items"] == []
        back = await read(client, officer, f"{versions[0]}/difference/records", against=versions[1])
        assert [one["kind"] for one in back["items"]] == ["added", "removed", "changed"]

    async def test_the_first_list_is_all_new(self, client: Client, runtime: Runtime, officer: dict[str, str]) -> None:
        found = await read(client, officer, f"{await version(runtime, FIRST)}/difference/records")
        assert {one["kind"] for one in found["items"]} == {"added"}
        assert len(found["items"]) == len(FIRST)


class TestPages:
    async def test_tabs_search_and_measures(self, client: Client, runtime: Runtime, officer: dict[str, str]) -> None:
        made = await version(runtime, FIRST)
        assert f"/lists/{made}/records?sheet=non_road" in await page(client, officer, f"/lists/{made}")
        shown = await page(client, officer, f"/lists/{made}/records?sheet=non_road")
        assert "东城机械" in shown
        assert "停用" in shown
        assert 'aria-current="page">非道路移动机械 2' in shown
        found = await page(client, officer, f"/lists/{made}/records?sheet=non_road&q=装载")
        assert "CAT-2" in found
        assert "CAT-1" not in found
        assert "没有与“无此词”相符的行" in await page(client, officer, f"/lists/{made}/records?sheet=dust&q=无此词")

    async def test_the_next_page_keeps_the_sheet_and_the_words(
        self, client: Client, runtime: Runtime, officer: dict[str, str]
    ) -> None:
        many = tuple(
            record(Sheet.DUST, n, code=f"SG-{n:03}", name="同名 & 工地", adcode="110101") for n in range(2, 60)
        )
        made = await version(runtime, many)
        shown = await page(client, officer, f"/lists/{made}/records?sheet=dust&q=%26")
        link = shown.partition("&amp;q=%26&amp;after=")[2].partition('"')[0]
        assert link == "SG-051"
        rest = await page(client, officer, f"/lists/{made}/records?sheet=dust&q=%26&after={link}")
        assert "SG-052" in rest
        assert "SG-051</code>" not in rest

    async def test_a_list_without_rows_says_how_they_come(
        self, client: Client, runtime: Runtime, officer: dict[str, str]
    ) -> None:
        assert "没有其他清单的行" in await page(client, officer, f"/lists/{await version(runtime, ())}/records")

    async def test_any_version_may_be_chosen_to_compare_with(
        self, client: Client, runtime: Runtime, officer: dict[str, str]
    ) -> None:
        first, second, third = [await version(runtime, records) for records in (FIRST, CHANGED, CHANGED)]
        await move(runtime, activate, first)
        plain = await page(client, officer, f"/lists/{third}/difference")
        assert f'<option value="{second}">' in plain
        assert "SG-900" in plain
        chosen = await page(client, officer, f"/lists/{third}/difference?against={second}")
        assert f'<option value="{second}" selected>' in chosen
        assert "其他清单没有变化" in chosen
        assert (await client.http.get(f"/lists/{third}/difference?against=", headers=officer | HTML)).status_code == 200

    async def test_further_pages_of_changes(self, client: Client, runtime: Runtime, officer: dict[str, str]) -> None:
        first, second = await version(runtime, FIRST), await version(runtime, CHANGED)
        shown = await page(client, officer, f"/lists/{second}/difference/records?against={first}&after=dust:SG-002")
        assert "SG-900" in shown
        assert "停用 → <b>不采取措施</b>" in shown
        assert "SG-002</code>" not in shown
