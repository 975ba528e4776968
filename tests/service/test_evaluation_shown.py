"""Page and document of an evaluation: nothing established is no 0, open lines make lower bounds, and what is cut is said."""

from __future__ import annotations

import io
import json
import re
from copy import deepcopy
from typing import Any

import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.accounting_records import RecordAccounts
from emission_lists.accounting_sums import OPEN, Accounts, By, Tally
from emission_lists.documents import measure_document
from emission_lists.levels import ResponseLevel
from emission_lists.lists import Pollutants
from emission_lists.measures import Action, Measure
from service.evaluations import classes, flows
from service.evaluations.accounts import Account, merged
from service.evaluations.document import SHOWN_GROUPS, Report, docx
from service.evaluations.figures import figures, level_entry, total
from service.kit.canonical import canonical
from service.obligations.document import _effect as effect
from service.web.evaluations import by_day, picture
from tests.emission_lists.conftest import load_profile
from tests.service.test_evaluation_classes import AS_IF, HTML
from tests.service.test_evaluations import ENDS, POLLUTANTS, STARTS, World, stopped, world

__all__ = ["world"]


async def change(world: World, change: Any) -> None:
    """Change the lines of the list, as if it had been imported so: `change(number of the line, line)`."""
    async with world.client.runtime.unit() as uow:
        await uow.execute(AS_IF)
        number = 0
        for row in await uow.fetch("SELECT uscc, document FROM list_enterprise ORDER BY uscc"):
            document = json.loads(row["document"])
            for line in document["lines"]:
                change(number, line)
                number += 1
            await uow.execute("UPDATE list_enterprise SET document = $2 WHERE uscc = $1", row["uscc"], canonical(document))
        await uow.commit()


def unknown(line: dict[str, Any]) -> None:
    line["measures"]["yellow"] = measure_document(Measure(Action.UNKNOWN))
    line["reductions"]["yellow"] = dict.fromkeys(line["reductions"]["yellow"])


async def page(world: World) -> str:
    answer = await world.client.http.get(f"/responses/{world.response}/evaluation", headers=world.who | HTML)
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def section(text: str, name: str) -> list[list[str]]:
    """The rows of the tables of one section of the page, cell by cell."""
    part = text[text.index(f'id="h-{name}"') :]
    part = part[: part.index("</section>")]
    rows = re.findall(r"<tr>(.*?)</tr>", part, re.DOTALL)
    cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in rows]
    return [[re.sub(r"<[^>]+>|\s+", " ", cell).strip() for cell in row] for row in cells]


def tables(found: dict[str, Any]) -> list[list[list[str]]]:
    made = Document(io.BytesIO(docx(found, by_day(found["hours"]))))
    return [[[cell.text for cell in row.cells] for row in table.rows] for table in made.tables]


def headed(found: dict[str, Any], first: str, second: str) -> list[list[str]]:
    return next(one for one in tables(found) if one[0][:2] == [first, second])


class TestNothingEstablished:
    async def test_no_figure_of_industry_is_zero(self, world: World) -> None:
        await change(world, lambda _, line: unknown(line))
        await world.over()
        found = await world.get()
        for name in POLLUTANTS:
            figure = found["totals"]["pollutants"][name]
            assert found["totals"]["not_established_lines"][name] > 0
            for sums in (found["totals"], found["levels"][0], *(one for by in found["by"].values() for one in by)):
                every = sums["pollutants"][name]
                kinds = ("planned_kg", "planned_stated_kg", "planned_computed_kg", "planned_share")
                assert sums["not_established_lines"][name] == 0 or {every[kind] for kind in kinds} == {None}
            assert figure["planned_kg"] is None
            assert set(found["hours"][0]["pollutants"][name]["planned_kg"]) == {None}
            assert set(found["classes"]["hours"][0]["planned_kg"]["industry"][name]) == {None}
            assert found["levels"][0]["floor"]["list_shares"][name] is not None  # what the version says of itself is not changed
        assert found["largest"] == []

    async def test_page_document_and_chart_say_so(self, world: World) -> None:
        await change(world, lambda _, line: unknown(line))
        await world.over()
        found = await world.get()
        count = found["totals"]["not_established_lines"]["nox"]
        text = await page(world)
        nox = next(row for row in section(text, "reductions") if row[0].endswith("NOx"))
        assert "未确立" in nox[2]
        assert f"{count} 条" in nox[2]
        assert not any("0.000" in cell or "0.0 %" in cell for cell in nox)
        days = [row for row in section(text, "hours") if row[0].endswith("2016-12-17")]
        assert [cell.split()[-1] for cell in days[0][1:]] == ["未确立"] * 4 + ["未核实"] * 4
        assert [one["planned"] for one in picture(found)["pollutants"]] == [None] * 4
        assert {value for one in picture(found)["pollutants"] for value in one["hours"]["planned"]} == {None}
        assert headed(found, "污染物", "基准排放（t）")[2][2] == f"未确立（{count} 条）"
        assert headed(found, "污染物", "计划减排（t）")[2][1] == f"未确立（{count} 条）"
        assert headed(found, "日期", "计划 SO2")[1][1:] == ["未确立"] * 4 + ["未核实"] * 4
        assert all(row[3:7] == ["未确立"] * 4 for row in headed(found, "分组", "企业")[1:])


class TestSomeOpen:
    async def test_page_and_document_give_lower_bounds_with_the_count(self, world: World) -> None:
        await change(world, lambda number, line: unknown(line) if number % 2 else None)
        await world.over()
        found = await world.get()
        planned, count = found["totals"]["pollutants"]["nox"]["planned_kg"], found["totals"]["not_established_lines"]["nox"]
        least = f"≥ {planned / 1000:.3f}"
        row = next(row for row in section(await page(world), "reductions") if row[0].endswith("NOx"))
        assert least in row[2]
        assert f"另 {count} 条未确立" in row[2]
        assert headed(found, "污染物", "基准排放（t）")[2][2] == f"{least}\n另 {count} 条未确立"
        assert headed(found, "污染物", "基准排放（t）")[2][3].startswith("≥ ")
        for day in headed(found, "日期", "计划 SO2")[1:]:
            assert day[2].startswith("≥ ")

    async def test_where_no_base_is_stated_there_is_no_share(self, world: World) -> None:
        def blank(number: int, line: dict[str, Any]) -> None:
            if number == 0:
                line["base"]["nox"], line["reductions"]["yellow"]["nox"] = None, 10.0
                line["measures"]["yellow"] = measure_document(Measure(Action.STOP, 1.0))

        await change(world, blank)
        await world.over()
        found = await world.get()
        figure = found["totals"]["pollutants"]["nox"]
        assert (figure["planned_share"], figure["planned_without_base_lines"]) == (None, 1)
        assert found["totals"]["base_not_stated_lines"]["nox"] == 1
        assert found["totals"]["pollutants"]["so2"]["planned_share"] is not None
        row = next(row for row in section(await page(world), "reductions") if row[0].endswith("NOx"))
        assert "另 1 条未载明基数" in row[1]
        table = headed(found, "污染物", "基准排放（t）")
        assert (table[2][1], table[2][3]) == (f"≥ {figure['base_kg'] / 1000:.3f}\n另 1 条未载明", "–")

    async def test_one_that_was_closed_before_these_were_counted_reads_on(self, world: World) -> None:
        await world.over()
        found = await world.get()
        await world.close(found["content_hash"])
        for name in ("state", "content_hash", "closed"):
            del found[name]
        older = deepcopy(found)
        for sums in (older["totals"], *older["levels"], *(one for by in older["by"].values() for one in by)):
            del sums["base_not_stated_lines"], sums["not_established_lines"]
            for figure in sums["pollutants"].values():
                del figure["planned_without_base_lines"]
        for line in older["largest"]:
            for figure in line["pollutants"].values():
                del figure["not_established"]
        for response in older["hours"]:
            for figure in response["pollutants"].values():
                del figure["not_established_lines"]
        async with world.client.runtime.unit() as uow:
            await uow.execute(AS_IF)
            await uow.execute("UPDATE evaluation SET document = $1", canonical(older))
            await uow.commit()
        planned = f"{found['totals']['pollutants']['nox']['planned_kg'] / 1000:.3f}"
        assert next(row for row in section(await page(world), "reductions") if row[0].endswith("NOx"))[2].startswith(planned)
        assert headed(await world.get(), "污染物", "基准排放（t）")[2][2] == planned
        asked = {"from": "2016-12-01", "until": "2017-01-01"}
        body = (await world.client.http.get("/api/v1/evaluations", headers=world.who, params=asked)).json()
        assert body["totals"]["pollutants"]["nox"]["planned_kg"] == found["totals"]["pollutants"]["nox"]["planned_kg"]


class TestCut:
    async def test_groups_beyond_the_shown_ones_stand_as_one_row_and_the_table_adds_up(self, world: World) -> None:
        await world.over()
        found = await world.get()
        group = next(one for one in found["by"]["county"] if one["pollutants"]["nox"]["planned_kg"])
        found["by"]["county"] = [group] * (SHOWN_GROUPS + 7)
        table = headed(found, "分组", "企业")
        assert len(table) == 1 + SHOWN_GROUPS + 1
        assert table[-1][0] == "另有 7 项合计"
        assert sum(int(row[1]) for row in table[1:]) == group["enterprises"] * (SHOWN_GROUPS + 7)
        assert float(table[-1][4].removeprefix("≥ ")) == pytest.approx(7 * group["pollutants"]["nox"]["planned_kg"] / 1000, abs=1e-3)
        found["by"]["county"] = [group] * SHOWN_GROUPS
        assert len(headed(found, "分组", "企业")) == 1 + SHOWN_GROUPS

    async def test_findings_and_lines_that_are_not_listed_are_counted(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(flows, "SHOWN_FINDINGS", 2)
        await world.over()
        async with world.client.runtime.unit() as uow:
            for number in range(5):
                await uow.execute(
                    "INSERT INTO finding (adcode, uscc, enterprise, line_code, rule, response_id, state, starts_at, until_at,"
                    " proof, content_hash, supported, found_at, changed_at)"
                    " VALUES ('110000', $1, '甲', $2, 'TREATMENT_OFF', $3, 'found', $4, $5, '{}', $6, true, $5, $5)",
                    world.uscc, str(number), world.response, STARTS, ENDS, "0" * 64,
                )  # fmt: skip
            await uow.commit()
        found = await world.get()
        assert (found["findings"]["count"], len(found["findings"]["shown"])) == (5, 2)
        named = max(found["corrections"], key=lambda one: one["lines"])
        named["lines"] += 3
        texts = [one.text for one in Document(io.BytesIO(docx(found, by_day(found["hours"])))).paragraphs]
        assert "另有 3 个问题，未在此列出。" in texts
        assert f"另有 {named['lines'] - len(named['shown'])} 条生产线。" in texts
        assert "另有 3 个问题，未在此列出。" in await page(world)


async def test_a_report_of_a_line_that_was_stopped_long_before_is_named(world: World) -> None:
    async with world.client.runtime.unit() as uow:
        await uow.execute(AS_IF)
        document = json.loads(await uow.fetchval("SELECT document FROM list_enterprise WHERE uscc = $1", world.uscc))
        document["enterprise"]["long_stopped"] = True
        await uow.execute("UPDATE list_enterprise SET document = $2 WHERE uscc = $1", world.uscc, canonical(document))
        await uow.commit()
    await world.over()
    code = next(iter(await world.lines()))
    await world.report(await world.enterprise(), stopped(code, nox=12.5))
    found = await world.get()
    assert found["totals"]["pollutants"]["nox"]["reported_kg"] == 12.5
    named = next(one for one in found["corrections"] if one["kind"] == "reported_above_base")
    assert [line["line"] for line in named["shown"]] == [code]


fours = st.lists(st.integers(0, 10**13), min_size=4, max_size=4)
counts = st.lists(st.integers(0, 3), min_size=4, max_size=4)
tallies = st.builds(
    lambda base, stated, computed, *many: Tally(
        base=base, stated=stated, computed=computed, planned=[a + b for a, b in zip(stated, computed, strict=True)],
        **dict(zip(OPEN, many, strict=True)),
    ),
    fours, fours, fours, counts, counts, counts,
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(tallies, min_size=1, max_size=4))
def test_documents_of_cities_add_up_as_their_milligrams_do_and_keep_what_is_open(every: list[Tally]) -> None:
    found = total(figures(one) for one in every)
    for place, name in enumerate(POLLUTANTS):
        for member, of, counted in (("planned_kg", "planned", "unestablished"), ("base_kg", "base", "unstated")):
            whole = sum(getattr(one, of)[place] for one in every)
            open_lines = sum(getattr(one, counted)[place] for one in every)
            assert found["pollutants"][name][member] == (None if open_lines and not whole else round(whole / 10**6, 6))
        assert found["not_established_lines"][name] == sum(one.unestablished[place] for one in every)
        assert found["base_not_stated_lines"][name] == sum(one.unstated[place] for one in every)
        assert found["pollutants"][name]["planned_without_base_lines"] == sum(one.baseless[place] for one in every)


def test_over_list_versions_amounts_add_up_and_what_was_open_in_one_stays_open() -> None:
    first = Tally(enterprises=3, lines=9, planned=[5, 0, 0, 0], unestablished=[2, 0, 4, 0], unknown_lines=2)
    second = Tally(enterprises=2, lines=8, planned=[7, 0, 0, 0], unestablished=[0, 1, 1, 0])
    place = (By.LEVEL, "red")
    several = [Account(Accounts([]), {place: one}, RecordAccounts([])) for one in (first, second)]
    found = merged(several)[place]
    assert (found.enterprises, found.lines, found.planned[0]) == (2, 8, 12)
    assert (found.unestablished, found.unknown_lines) == ([2, 1, 4, 0], 2)
    assert merged(several[:1])[place] == first


def test_a_day_of_two_responses_is_open_if_one_of_them_is() -> None:
    def response(until: str, count: int, planned: float | None) -> dict[str, Any]:
        figure = {"planned_kg": [planned], "verified_at_least_kg": [None], "not_established_lines": count}
        return {"until": [until], "pollutants": dict.fromkeys(POLLUTANTS, figure)}

    (day,) = by_day([response("2016-12-17T01:00:00+08:00", 2, None), response("2016-12-17T02:00:00+08:00", 0, 1.5)])
    assert (day["planned"]["nox"], day["open"]["nox"], day["verified"]["nox"]) == (1.5, 2, None)


def test_the_share_of_the_list_is_unknown_where_it_states_nothing_and_lines_are_open() -> None:
    society, listed = Pollutants(100.0, 100.0, 100.0, 100.0), {"so2": 0.0, "nox": 0.0, "pm": 5.0, "vocs": None}
    tally = Tally(planned=[0, 0, 10**6, 0], unestablished=[1, 0, 1, 0])
    floor = level_entry(ResponseLevel.YELLOW, 1440, tally, society, listed, load_profile().floor())["floor"]
    assert floor["list_shares"] == {"so2": None, "nox": 0.0, "pm": 0.05, "vocs": None}


def test_classes_that_were_closed_before_bases_were_counted_stay_without_a_base() -> None:
    new = classes.added([])
    part = new["parts"][1]
    part["rows"] = 3
    for figure in part["pollutants"].values():
        del figure["base_not_stated_rows"]
        figure["base_kg"] = None
    found = classes.added([new])["parts"][1]["pollutants"]["pm"]
    assert (found["base_kg"], found["base_not_stated_rows"], found["planned_kg"]) == (None, 3, 0.0)


def test_the_summary_of_a_response_words_what_is_open_as_the_evaluation_does() -> None:
    totals = figures(Tally(planned=[0, 2 * 10**9, 10**9, 0], stated=[0, 2 * 10**9, 10**9, 0], unestablished=[4, 1, 0, 0]))
    report = Report()
    effect(report, {"evaluation": {"state": "draft", "totals": totals}})
    rows = [[cell.text for cell in row.cells] for row in report.file.tables[0].rows]
    assert [row[1] for row in rows[1:]] == ["未确立（4 条）", "≥ 2.000\n另 1 条未确立", "1.000", "0.000"]
