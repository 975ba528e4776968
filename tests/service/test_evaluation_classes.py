"""Industry, dust and mobile sources of an evaluation: over HTTP, on the page, in the document, over several cities."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st

from emission_lists.accounting_sums import Tally
from emission_lists.guides import FloorProfile
from emission_lists.levels import ResponseLevel
from emission_lists.lists import ROAD_TRANSPORT, Pollutants
from service.accounts.roles import Role
from service.evaluations import classes, figures, repository
from service.evaluations.document import docx
from service.kit.canonical import canonical
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from service.web.evaluations import by_day, picture
from tests.emission_lists.conftest import load_profile
from tests.service.test_evaluations import POLLUTANTS, World
from tests.support import HEAVY, Client, approve_open, forecast, listed

HTML = {"accept": "text/html"}
GROUPS = ("industry", "dust", "mobile")
DAYS = 3
AS_IF = "SET LOCAL session_replication_role = replica"
"""In one transaction, without the triggers that keep lists as they are: a list that was imported otherwise."""


@pytest.fixture
async def world(client: Client, runtime: Runtime, clock: ManualClock) -> World:
    uscc = await listed(runtime)
    commander = await client.account(Role.COMMANDER)
    await client.feed()
    await client.deliver(forecast(HEAVY))
    await client.work()
    found = World(client, clock, uscc, await approve_open(client, commander), commander)
    await found.over()
    return found


async def records(world: World, sheet: str) -> list[dict[str, Any]]:
    async with world.client.runtime.unit() as uow:
        rows = await uow.fetch("SELECT document FROM list_record WHERE sheet = $1 ORDER BY key", sheet)
    return [json.loads(row["document"])["fields"] for row in rows]


async def rewrite(world: World, sheet: str, **fields: Any) -> None:
    """Change fields of every row of a sheet, as if the list had been imported so."""
    async with world.client.runtime.unit() as uow:
        await uow.execute(AS_IF)
        for row in await uow.fetch("SELECT key, document FROM list_record WHERE sheet = $1", sheet):
            document = json.loads(row["document"])
            document["fields"] |= fields
            await uow.execute(
                "UPDATE list_record SET document = $3 WHERE sheet = $1 AND key = $2", sheet, row["key"], canonical(document)
            )
        await uow.commit()


def part(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in found["classes"]["parts"] if one["class"] == name)


def sheet_of(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in part(found, "mobile")["sheets"] if one["sheet"] == name)


class TestFigures:
    async def test_each_sheet_counts_what_it_states_for_these_days(self, world: World) -> None:
        found = await world.get()
        stated = dict.fromkeys(POLLUTANTS, 0.0)
        for sheet in ("dust", "road_mobile", "non_road"):
            for fields in await records(world, sheet):
                for name in POLLUTANTS:
                    if fields["yellow"] != "unknown":
                        stated[name] += DAYS * (fields.get(f"yellow_{name}") or 0)
        for name in POLLUTANTS:
            counted = [part(found, group)["pollutants"][name]["planned_kg"] or 0 for group in ("dust", "mobile")]
            assert sum(counted) == pytest.approx(stated[name], abs=1e-4)
        assert part(found, "dust")["pollutants"]["pm"]["planned_kg"] > 0
        assert part(found, "dust")["rows"] == len(await records(world, "dust"))

    async def test_the_classes_add_up_exactly_and_industry_is_what_it_was(self, world: World) -> None:
        found = await world.get()
        assert found["classes"]["includes"] == list(GROUPS)
        assert (found["includes"], found["levels"][0]["floor"]["includes"]) == (["industry"], ["industry"])
        for name in POLLUTANTS:
            amounts = [part(found, group)["pollutants"][name]["planned_kg"] or 0.0 for group in GROUPS]
            assert round(sum(amounts), 6) == found["classes"]["total"]["pollutants"][name]["planned_kg"]
            assert amounts[0] == found["totals"]["pollutants"][name]["planned_kg"]
            hourly = [sum(sum(one["planned_kg"][group][name]) for one in found["classes"]["hours"]) for group in GROUPS]
            assert hourly == pytest.approx(amounts, abs=1e-4)

    async def test_all_three_stand_against_the_floor(self, world: World) -> None:
        found = await world.get()
        (level,) = found["classes"]["levels"]
        for name in POLLUTANTS:
            whole = level["floor"]["whole_society_kg_per_day"][name]
            planned = level["total"]["pollutants"][name]["planned_kg"] / DAYS
            assert level["floor"]["shares"][name] == pytest.approx(planned / whole, abs=1e-6)
            assert level["floor"]["shares"][name] >= found["levels"][0]["floor"]["shares"][name]
        assert level["floor"]["shares"]["pm"] > found["levels"][0]["floor"]["shares"]["pm"]
        assert level["floor"]["includes"] == list(GROUPS)

    async def test_a_ban_without_a_figure_is_not_established_and_never_zero(self, world: World) -> None:
        await rewrite(world, "road_mobile", yellow="ban_heavy_truck_le_cn4_incl_gas", **{f"yellow_{n}": None for n in POLLUTANTS})
        found = await world.get()
        road, count = sheet_of(found, "road_mobile"), len(await records(world, "road_mobile"))
        for name in POLLUTANTS:
            assert road["pollutants"][name]["planned_kg"] is None
            assert road["pollutants"][name]["not_established_rows"] == count
        (level,) = found["classes"]["levels"]
        assert level["floor"]["not_established_rows"]["nox"] >= count

    async def test_a_bulk_unit_counts_once(self, world: World) -> None:
        async with world.client.runtime.unit() as uow:
            documents = {row["uscc"]: row["document"] for row in await uow.fetch("SELECT uscc, document FROM list_enterprise")}
            await uow.execute(AS_IF)
            await uow.execute("DELETE FROM list_record WHERE sheet = 'bulk_transport'")
            listed_one = next(uscc for uscc, text in documents.items() if ROAD_TRANSPORT in text)
            other = next(uscc for uscc, text in documents.items() if ROAD_TRANSPORT not in text)
            version = await uow.fetchval("SELECT id FROM list_version")
            for uscc in (listed_one, other):
                fields = {"uscc": uscc, "name": "甲", "yellow": "stop_road_transport", "orange": "unknown", "red": "none"}
                document = {"sheet": "bulk_transport", "key": uscc, "number": 2, "fields": fields}
                await uow.execute(
                    "INSERT INTO list_record (version_id, sheet, key, county, document) VALUES ($1, 'bulk_transport', $2, '110101', $3)",
                    version, uscc, canonical(document),
                )  # fmt: skip
            assert await repository.transport_listed(uow, version) == {listed_one}
            await uow.commit()
        bulk = sheet_of(await world.get(), "bulk_transport")
        assert (bulk["rows"], bulk["asked_rows"], bulk["listed_rows"]) == (2, 2, 1)
        assert bulk["pollutants"]["nox"] == {
            "base_kg": None, "planned_kg": None, "planned_stated_kg": None, "planned_computed_kg": None, "not_established_rows": 1,
            "base_not_stated_rows": 1,
        }  # fmt: skip

    async def test_many_rows_come_in_batches(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        before = (await world.get())["classes"]
        monkeypatch.setattr(repository, "RECORD_BATCH", 3)
        assert (await world.get())["classes"] == before

    async def test_closed_it_stands_whatever_the_list_says_later(self, world: World) -> None:
        before = await world.get()
        await world.close(before["content_hash"])
        await rewrite(world, "dust", yellow="none", yellow_pm=None)
        assert (await world.get())["classes"] == before["classes"]


class TestRegion:
    async def look(self, world: World) -> Any:
        asked = {"from": "2016-12-01", "until": "2017-01-01"}
        return (await world.client.http.get("/api/v1/evaluations", headers=world.who, params=asked)).json()

    async def test_one_warning_adds_up_to_itself_live_and_closed_alike(self, world: World) -> None:
        live, one = (await self.look(world))["classes"], await world.get()
        assert live["total"] == one["classes"]["total"]
        assert [part["pollutants"] for part in live["parts"]] == [part["pollutants"] for part in one["classes"]["parts"]]
        assert live["without"] == 0
        await world.close(one["content_hash"])
        assert (await self.look(world))["classes"] == live

    async def test_twice_the_same_is_twice_as_much_and_older_ones_are_named(self, world: World) -> None:
        one = (await world.get())["classes"]
        both = classes.added([one, None, one])
        assert both["without"] == 1
        for name in POLLUTANTS:
            amount = one["total"]["pollutants"][name]["planned_kg"]
            assert both["total"]["pollutants"][name]["planned_kg"] == round(2 * amount, 6)

    def test_where_all_were_closed_before_nothing_is_known_and_without_any_it_is_zero(self) -> None:
        unknown = classes.added([None, None])
        assert (unknown["without"], unknown["total"], unknown["parts"]) == (2, None, [])
        none = classes.added([])
        assert (none["without"], none["total"]["pollutants"]["nox"]["planned_kg"]) == (0, 0.0)


DAY = 1440
KG = 10**6
SOCIETY = Pollutants(100.0, 100.0, 100.0, 100.0)
FLOOR = load_profile().floor()


def entry(planned: tuple[int, ...], unestablished: tuple[int, ...], floor: FloorProfile = FLOOR) -> dict[str, Any]:
    """A day of yellow response: kg planned and rows not established, by pollutant, of 100 kg each."""
    tally = Tally(planned=[value * KG for value in planned], unestablished=list(unestablished))
    return figures.floor_entry(ResponseLevel.YELLOW, DAY, tally, SOCIETY, floor)


def verdicts(found: dict[str, Any]) -> list[str]:
    return [figures.verdict(found, name) for name in POLLUTANTS]


class TestFloors:
    def test_nothing_established_has_no_share_and_is_not_missed(self) -> None:
        found = entry((90, 90, 90, 0), (0, 0, 0, 3))
        assert (found["shares"]["vocs"], found["planned_kg_per_day"]["vocs"]) == (None, None)
        assert (found["short"], found["not_established"], found["met"]) == ([], ["vocs"], None)
        assert verdicts(found) == ["met", "met", "met", "not_established"]

    def test_a_lower_bound_shows_that_a_floor_was_reached_never_that_it_was_missed(self) -> None:
        found = entry((90, 90, 1, 90), (0, 0, 2, 2))
        assert found["shares"]["pm"] == 0.01
        assert (found["short"], found["not_established"], found["met"]) == ([], ["pm"], None)
        assert entry((90, 90, 90, 90), (5, 5, 5, 5))["met"] is True

    def test_what_is_known_to_be_short_stays_short(self) -> None:
        found = entry((90, 90, 1, 0), (0, 0, 0, 3))
        assert (found["short"], found["met"]) == (["pm"], False)
        assert verdicts(found)[2:] == ["not_met", "not_established"]

    def test_what_is_open_of_nox_may_balance_so2_only_where_they_may_be_balanced(self) -> None:
        alone = FLOOR.model_copy(update={"so2_nox_swap": FLOOR.so2_nox_swap.model_copy(update={"allowed": False})})
        both = FLOOR.model_copy(update={"so2_nox_swap": FLOOR.so2_nox_swap.model_copy(update={"allowed": True})})
        short = {floor.so2_nox_swap.allowed: entry((1, 1, 90, 90), (0, 4, 0, 0), floor)["short"] for floor in (alone, both)}
        assert short == {False: ["so2"], True: []}

    @given(st.tuples(*[st.integers(0, 20)] * 4), st.tuples(*[st.integers(0, 1)] * 4), st.tuples(*[st.integers(0, 20)] * 4))
    def test_no_verdict_changes_when_open_rows_become_known(
        self, planned: tuple[int, ...], rows: tuple[int, ...], more: tuple[int, ...]
    ) -> None:
        later = tuple(value + row * add for value, row, add in zip(planned, rows, more, strict=True))
        for before, after in zip(verdicts(entry(planned, rows)), verdicts(entry(later, (0,) * 4)), strict=True):
            assert before in {after, "not_established"}

    def test_one_that_was_closed_before_is_read_by_its_open_rows(self) -> None:
        old = {"shares": dict.fromkeys(POLLUTANTS, 0.0) | {"so2": None}, "short": ["nox", "pm"]}
        assert verdicts(old) == ["not_established", "not_met", "not_met", "met"]
        assert verdicts(old | {"not_established_rows": {"nox": 2, "pm": 0}})[1:3] == ["not_established", "not_met"]


async def open_vocs(world: World) -> None:
    """Nothing but a ban without figures bears on VOCs: close the evaluation so, whatever the other rows say."""
    found = await world.get()
    await world.close(found["content_hash"])
    (level,) = found["classes"]["levels"]
    tally = Tally(planned=[0] * 4, unestablished=[0, 0, 0, 3])
    level["floor"] |= figures.floor_entry(ResponseLevel.YELLOW, level["minutes"], tally, SOCIETY, FLOOR)
    for name in ("state", "content_hash", "closed"):
        del found[name]
    async with world.client.runtime.unit() as uow:
        await uow.execute(AS_IF)
        await uow.execute("UPDATE evaluation SET document = $1", canonical(found))
        await uow.commit()


class TestShown:
    async def page(self, world: World, **query: str) -> str:
        path = f"/responses/{world.response}/evaluation"
        answer = await world.client.http.get(path, headers=world.who | HTML, params=query)
        assert answer.status_code == 200, answer.text[:500]
        return answer.text

    async def test_the_page_says_what_its_sums_hold(self, world: World) -> None:
        await rewrite(world, "road_mobile", yellow="ban_heavy_truck_le_cn4_incl_gas", **{f"yellow_{n}": None for n in POLLUTANTS})
        text = await self.page(world)
        for words in ("本表只含工业源", "分源类计划减排", "扬尘源", "移动源", "道路移动源", "非道路移动机械", "未确立", "不含生活及其他源"):
            assert words in text, words
        english = await self.page(world, lang="en")
        for words in ("mobile sources", "not established", "dust", "in all", "neither estimated nor zero"):
            assert words in english, words

    async def test_page_and_document_tell_unknown_from_missed(self, world: World) -> None:
        await open_vocs(world)
        text = await self.page(world)
        rows = re.findall(r"<tr>.*?</tr>", text[text.index('id="h-classes"') : text.index('id="h-hours"')])
        shown = [re.sub(r"<[^>]+>", " ", row).split() for row in rows if "%" in row]
        assert [row[-1] for row in shown] == ["未达到", "未达到", "未达到", "未确立"]
        assert "–" in shown[-1]
        answer = await world.client.http.get(f"/responses/{world.response}/evaluation.docx", headers=world.who)
        table = next(one for one in Document(io.BytesIO(answer.content)).tables if one.rows[0].cells[1].text == "工业源（t）")
        assert [row.cells[-1].text for row in table.rows] == ["结论", "未达到", "未达到", "未达到", "未确立"]
        assert table.rows[-1].cells[5].text == "–"

    async def test_the_chart_draws_nothing_where_nothing_is_established(self, world: World) -> None:
        found = await world.get()
        drawn = picture(found)["classes"]
        assert list(drawn) == list(GROUPS)
        assert drawn["dust"][2] == round(part(found, "dust")["pollutants"]["pm"]["planned_kg"] / 1000, 6)
        for one in found["classes"]["parts"]:
            one["pollutants"]["nox"]["planned_kg"] = None
        assert [values[1] for values in picture(found)["classes"].values()] == [None] * 3

    async def test_the_document_has_them_too(self, world: World) -> None:
        await rewrite(world, "road_mobile", yellow="ban_heavy_truck_le_cn4_incl_gas", **{f"yellow_{n}": None for n in POLLUTANTS})
        found = await world.get()
        made = Document(io.BytesIO(docx(found, by_day(found["hours"]))))
        table = next(one for one in made.tables if one.rows[0].cells[0].text == "源类")
        rows = {row.cells[0].text: [cell.text for cell in row.cells] for row in table.rows}
        assert [name for name in rows if "其中" not in name] == ["源类", "工业源", "扬尘源", "移动源", "合计"]
        count = len(await records(world, "road_mobile"))
        assert rows["其中：道路移动源"][4] == f"未确立（{count} 条）"
        dust = part(found, "dust")["pollutants"]["pm"]["planned_kg"]
        assert rows["扬尘源"][5].startswith(f"{dust / 1000:.3f}")

    async def test_what_was_closed_before_they_were_accounted_says_so(self, world: World) -> None:
        found = await world.get()
        await world.close(found["content_hash"])
        del found["classes"], found["state"], found["content_hash"], found["closed"]
        async with world.client.runtime.unit() as uow:
            await uow.execute(AS_IF)
            await uow.execute("UPDATE evaluation SET document = $1", canonical(found))
            await uow.commit()
        assert "只含工业源" in await self.page(world)
        assert 'id="classes"' not in await self.page(world)
        answer = await world.client.http.get(f"/responses/{world.response}/evaluation.docx", headers=world.who)
        texts = [one.text for one in Document(io.BytesIO(answer.content)).paragraphs]
        assert "本评估定稿时尚未核算扬尘源与移动源，只含工业源。" in texts
