"""Versions: what may become what, fixed once frozen, in force on their day, compared, exported so that they come back the same."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from itertools import product
from typing import Any

import asyncpg
import pytest

from emission_lists.documents import enterprise_document, line_document
from emission_lists.generator import generate_list
from emission_lists.levels import PerLevel
from emission_lists.lists import EmissionListDraft, GuaranteeType, ListRow, Pollutants
from emission_lists.measures import LoadCap
from emission_lists.sheets.kinds import Sheet, SheetRecord, record_document
from emission_lists.workbook import read_workbook
from emission_lists.workbook_writer import write_workbook
from service.accounts.roles import Role, Scope
from service.kit.canonical import canonical, digest
from service.kit.clock import ManualClock
from service.kit.jobs import Worker, tick
from service.kit.problems import Conflict
from service.kit.runtime import Runtime
from service.lists import workbooks
from service.lists.content import Writer
from service.lists.flows import activate, find, freeze, store_draft, withdraw
from service.lists.states import IMPORT_MOVES, VERSION_MOVES, ImportState, VersionState, may_move, move_version
from service.lists.workbooks import checked, guide_of, profile
from tests.emission_lists.sheet_samples import record
from tests.service.test_lists_api import GENERATED, GOOD, LISTS
from tests.support import Client

BEIJING = Scope("110000")


async def stored(runtime: Runtime, draft: EmissionListDraft = GENERATED) -> int:
    """A draft version."""
    async with runtime.unit() as uow:
        version = await store_draft(uow, draft, guide="G2020", created_by=None)
        await uow.commit()
    return version


async def move(runtime: Runtime, flow: Any, version: int, *more: Any) -> dict[str, Any]:
    """One step of a version by an account that did not import it."""
    async with runtime.unit() as uow:
        found: dict[str, Any] = await flow(uow, BEIJING, version, None, *more)
        await uow.commit()
    return found


async def state_of(runtime: Runtime, version: int) -> str:
    async with runtime.unit() as uow:
        return str((await find(uow, BEIJING, version))["state"])


class TestMoves:
    @pytest.mark.parametrize(("old", "new"), list(product(VersionState, VersionState)))
    def test_only_what_the_table_allows(self, old: VersionState, new: VersionState) -> None:
        if may_move(VERSION_MOVES, old, new):
            assert move_version(old.value, new) is new
        else:
            with pytest.raises(Conflict, match=old.value) as refused:
                move_version(old.value, new)
            assert refused.value.extensions["detail_zh"]

    def test_nothing_becomes_a_draft_again_and_the_last_states_are_last(self) -> None:
        assert not any(VersionState.DRAFT in moves for moves in VERSION_MOVES.values())
        last = {state for state, moves in VERSION_MOVES.items() if not moves}
        assert last == {VersionState.SUPERSEDED, VersionState.WITHDRAWN}

    def test_a_working_import_may_begin_again_but_an_ended_one_stays(self) -> None:
        assert may_move(IMPORT_MOVES, ImportState.STORING, ImportState.READING)
        for state in (ImportState.DONE, ImportState.REFUSED, ImportState.FAILED):
            assert not IMPORT_MOVES[state]


class TestFreezing:
    async def test_it_is_fixed_by_the_database_itself(self, runtime: Runtime) -> None:
        version = await stored(runtime)
        frozen = await move(runtime, freeze, version)
        assert (frozen["state"], frozen["frozen_at"]) == ("frozen", runtime.clock.now())
        for change in ("digest = 'x'", "totals = '{}'", "largest = '{}'", "largest = NULL", "guide = 'G2019'", "state = 'draft'"):
            with pytest.raises(asyncpg.RestrictViolationError, match="frozen"):
                async with runtime.unit() as uow:
                    await uow.execute(f"UPDATE list_version SET {change} WHERE id = $1", version)

    async def test_a_second_freezing_is_refused(self, runtime: Runtime) -> None:
        version = await stored(runtime)
        await move(runtime, freeze, version)
        with pytest.raises(Conflict, match="frozen"):
            await move(runtime, freeze, version)


class TestGuaranteesThatRunOut:
    """An approval that held when the list was checked may have run out when it is frozen."""

    async def draft(self, runtime: Runtime, *, claimed: bool, where: str = "both") -> int:
        firm = GENERATED.rows[0].enterprise
        day = runtime.clock.now().date()
        owner = replace(
            firm,
            guarantee=GuaranteeType.LIVELIHOOD if claimed else None,
            guarantee_until=(day + timedelta(days=99 if where == "sheet" else 0)) if claimed else None,
            guarantee_cap=LoadCap(500, "GJ", "日供热量") if claimed else None,
        )
        rows = tuple(
            row._replace(enterprise=owner) if row.enterprise.uscc == firm.uscc else row for row in GENERATED.rows
        )
        approval = record(Sheet.GUARANTEE, code=firm.uscc, adcode=firm.adcode, name=firm.name, valid_until=day.isoformat())
        return await stored(runtime, replace(GENERATED, rows=rows, records=() if where == "row" else (approval,)))

    async def test_on_its_last_day_the_list_is_frozen(self, runtime: Runtime) -> None:
        version = await self.draft(runtime, claimed=True)
        await self.checked(runtime, version)
        assert (await move(runtime, freeze, version))["state"] == "frozen"

    @pytest.mark.parametrize("flow", [freeze, activate])
    async def test_a_day_later_it_is_refused_and_nothing_changes(
        self, runtime: Runtime, clock: ManualClock, flow: Any
    ) -> None:
        version = await self.draft(runtime, claimed=True)
        await self.checked(runtime, version)
        clock.advance_to(clock.now() + timedelta(days=1))
        with pytest.raises(Conflict, match="have run out since the list was checked"):
            await move(runtime, flow, version)
        assert await state_of(runtime, version) == "draft"

    @pytest.mark.parametrize("where", ["row", "sheet"])
    async def test_a_frozen_version_is_asked_again(self, runtime: Runtime, clock: ManualClock, where: str) -> None:
        """Frozen on the last day, activated a day later; the end may stand in the row alone or in the sheet alone."""
        version = await self.draft(runtime, claimed=True, where=where)
        await self.checked(runtime, version)
        await move(runtime, freeze, version)
        clock.advance_to(clock.now() + timedelta(days=1))
        with pytest.raises(Conflict, match="have run out since the list was checked"):
            await move(runtime, activate, version)
        assert await state_of(runtime, version) == "frozen"

    @pytest.mark.parametrize("hours", [1, 30])
    async def test_a_day_ahead_is_asked_as_of_that_day(self, runtime: Runtime, clock: ManualClock, hours: int) -> None:
        version = await self.draft(runtime, claimed=True, where="row")
        await self.checked(runtime, version)
        start = clock.now() + timedelta(hours=hours)
        if hours == 1:
            assert (await move(runtime, activate, version, start))["effective_from"] == start
            return
        with pytest.raises(Conflict, match=f"will have run out on {start.date()}, when the list would come into force"):
            await move(runtime, activate, version, start)
        assert await state_of(runtime, version) == "draft"

    async def test_a_scheduled_activation_that_cannot_happen_is_told(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        """The approval is cut short between the decision and its day: the version stays frozen, and people hear of it."""
        version = await self.draft(runtime, claimed=True, where="row")
        await self.checked(runtime, version)
        await move(runtime, activate, version, clock.now() + timedelta(hours=2))
        clock.advance_to(clock.now() + timedelta(days=2))  # as if nobody had worked off what fell due
        await tick(runtime)
        await Worker(runtime).run_queued()
        assert await state_of(runtime, version) == "frozen"
        people = [await client.account(Role.DUTY_OFFICER), await client.account(Role.COMMANDER, "370000")]
        mine, others = [(await client.http.get("/api/v1/me/inbox", headers=one)).json()["items"] for one in people]
        assert [(one["kind"], one["link"]) for one in mine] == [("list", f"/lists/{version}")]
        assert f"第 {version} 版未能按期生效" in mine[0]["title"]["zh"]
        assert GENERATED.rows[0].enterprise.uscc in mine[0]["text"]["zh"]
        assert others == []
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM ledger_entry WHERE kind = 'list.held_back'") == 1
            assert await uow.fetchval("SELECT effective_from FROM list_version WHERE id = $1", version) is None

    async def test_what_no_row_rests_on_blocks_nothing(self, runtime: Runtime, clock: ManualClock) -> None:
        version = await self.draft(runtime, claimed=False)
        await self.checked(runtime, version)
        clock.advance_to(clock.now() + timedelta(days=1))
        assert (await move(runtime, freeze, version))["state"] == "frozen"

    async def checked(self, runtime: Runtime, version: int) -> None:
        """As if nothing else had been found."""
        async with runtime.unit() as uow:
            await uow.execute("UPDATE list_version SET checks = '[]', blocking = 0 WHERE id = $1", version)
            await uow.commit()


class TestInForce:
    async def test_a_version_waits_for_its_day_and_takes_over_once(self, runtime: Runtime, clock: ManualClock) -> None:
        first, second = await stored(runtime), await stored(runtime)
        await move(runtime, activate, first)
        start = clock.now() + timedelta(hours=6)
        assert (await move(runtime, activate, second, start))["state"] == "frozen"
        for hours, states in ((5, ("active", "frozen")), (7, ("superseded", "active")), (8, ("superseded", "active"))):
            clock.advance_to(start + timedelta(hours=hours - 6))
            await tick(runtime)
            await Worker(runtime).run_queued()
            assert (await state_of(runtime, first), await state_of(runtime, second)) == states
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM ledger_entry WHERE kind = 'list.activated'") == 2

    async def test_one_that_was_withdrawn_meanwhile_does_not(self, runtime: Runtime, clock: ManualClock) -> None:
        version = await stored(runtime)
        await move(runtime, activate, version, clock.now() + timedelta(hours=1))
        await move(runtime, withdraw, version, "错误版本")
        clock.advance_to(clock.now() + timedelta(hours=2))
        await tick(runtime)
        await Worker(runtime).run_queued()
        assert await state_of(runtime, version) == "withdrawn"

    async def test_a_withdrawn_list_asks_nothing_from_then_on_but_its_past_stays(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        commander = await client.account(Role.COMMANDER)
        version = await stored(runtime)
        await move(runtime, activate, version)
        path = f"/api/v1/enterprises/{GENERATED.rows[0].enterprise.uscc}/requirements"
        before = clock.now()
        clock.advance_to(before + timedelta(hours=2))
        await move(runtime, withdraw, version, "数据有误")
        clock.advance_to(before + timedelta(hours=3))
        past = await client.http.get(path, headers=commander, params={"at": (before + timedelta(hours=1)).isoformat()})
        assert (past.status_code, past.json()["list_version"]) == (200, version)
        assert (await client.http.get(path, headers=commander)).status_code == 404


class TestFourEyes:
    async def test_who_put_a_version_in_force_does_not_withdraw_it(self, client: Client, runtime: Runtime) -> None:
        first, second = [await client.account(role) for role in (Role.COMMANDER, Role.DUTY_OFFICER)]
        version = await stored(runtime)
        path = f"{LISTS}/{version}"
        assert (await client.http.post(f"{path}/activate", headers=first)).status_code == 200
        refused = await client.http.post(f"{path}/withdraw", headers=first, json={"reason": "数据有误"})
        assert (refused.status_code, refused.json()["detail_zh"]) == (
            403,
            "这一版由您本人启用，须由另一人撤回（双人复核）。",
        )
        assert await state_of(runtime, version) == "active"
        assert (await client.http.post(f"{path}/withdraw", headers=second, json={"reason": "数据有误"})).status_code == 200
        assert await state_of(runtime, version) == "withdrawn"

    @pytest.mark.parametrize("ahead", [False, True])
    async def test_what_is_not_in_force_is_withdrawn_by_one(
        self, client: Client, runtime: Runtime, clock: ManualClock, ahead: bool
    ) -> None:
        officer = await client.account(Role.COMMANDER)
        version = await stored(runtime)
        path = f"{LISTS}/{version}"
        if ahead:
            start = (clock.now() + timedelta(hours=1)).isoformat()
            await client.http.post(f"{path}/activate", headers=officer, json={"effective_from": start})
        assert await state_of(runtime, version) == ("frozen" if ahead else "draft")
        assert (await client.http.post(f"{path}/withdraw", headers=officer, json={"reason": "重复"})).status_code == 200


class TestContent:
    def test_documents_put_together_are_canonical(self) -> None:
        writer = Writer()
        for rows in GENERATED.by_enterprise().values():
            firm, lines = rows[0].enterprise, [row.line for row in rows]
            whole = {"enterprise": enterprise_document(firm), "lines": [line_document(line) for line in lines]}
            assert writer.enterprise(firm, lines) == canonical(whole)

    def test_hard_texts_and_missing_quantities_too(self) -> None:
        row = GENERATED.rows[0]
        firm = replace(row.enterprise, name='"引号"\\ \n\t😀')
        line = replace(row.line, name="\u2028\x7f'", base=Pollutants(None, 0.1 + 0.2, 1e-6, 12345678.0))
        whole = {"enterprise": enterprise_document(firm), "lines": [line_document(line)]}
        assert Writer().enterprise(firm, [line]) == canonical(whole)

    def test_records_are_canonical_and_their_digest_leaves_out_the_row_number(self) -> None:
        hard = SheetRecord(Sheet.DUST, '"引号"\\ \t', {"name": "\u2028\x7f😀", "area_m2": 1e-6, "pm": None, "guarantee": True}, 7)
        for one in (hard, *GENERATED.records):
            writer, document = Writer(), record_document(one)
            assert writer.record(one) == canonical(document)
            del document["number"]
            mark = f"{one.sheet.value}/{one.key} {digest(document)}"
            assert writer.digest() == hashlib.sha256(mark.encode()).hexdigest()

    def test_the_digest_does_not_depend_on_the_order_of_enterprises(self) -> None:
        groups = list(GENERATED.by_enterprise().values())

        def digest(order: list[list[ListRow]]) -> str:
            writer = Writer()
            for rows in order:
                writer.enterprise(rows[0].enterprise, [row.line for row in rows])
            return writer.digest()

        assert digest(groups) == digest(groups[::-1])
        assert digest(groups) != digest(groups[1:])

    async def test_hard_texts_come_through_the_copy(self, runtime: Runtime) -> None:
        row = GENERATED.rows[0]
        firm = replace(row.enterprise, name='反斜杠\\N "引号" \\t')
        version = await stored(runtime, EmissionListDraft("110000", (ListRow(firm, row.line),)))
        async with runtime.unit() as uow:
            kept = await uow.fetchrow("SELECT name, document FROM list_enterprise WHERE version_id = $1", version)
        assert kept is not None
        assert kept["name"] == firm.name
        assert kept["document"] == canonical(
            {"enterprise": enterprise_document(firm), "lines": [line_document(row.line)]}
        )

    def test_findings_are_counted_but_not_all_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = checked(GENERATED, "G2020")
        monkeypatch.setattr(workbooks, "MOST_KEPT", 3)
        few = checked(GENERATED, "G2020")
        assert len(few.findings) == 3
        assert (few.blocking, few.remarks) == (whole.blocking, whole.remarks)
        assert few.blocking + few.remarks == len(whole.findings)


class TestExport:
    async def test_it_comes_back_as_the_same_list(self, client: Client, runtime: Runtime) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        first = (await client.http.post(LISTS, headers=officer, content=GOOD, params={"adcode": "110000"})).json()
        export = await client.http.get(f"{LISTS}/{first['id']}/export.xlsx", headers=officer)
        assert export.status_code == 200
        second = await client.http.post(LISTS, headers=officer, content=export.content, params={"adcode": "110000"})
        same = ("digest", "totals", "enterprises", "lines", "records", "blocking", "remarks")
        assert [second.json()[name] for name in same] == [first[name] for name in same]

    async def test_further_sheets_come_back_too(self, client: Client) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        content = write_workbook(replace(GENERATED, records=tuple(record(sheet) for sheet in Sheet)))
        first = (await client.http.post(LISTS, headers=officer, content=content, params={"adcode": "110000"})).json()
        export = (await client.http.get(f"{LISTS}/{first['id']}/export.xlsx", headers=officer)).content
        second = await client.http.post(LISTS, headers=officer, content=export, params={"adcode": "110000"})
        assert second.status_code == 201, second.text[:400]
        assert second.json()["records"] == first["records"] == {sheet.value: 1 for sheet in Sheet}
        assert second.json()["digest"] == first["digest"]

    @pytest.mark.parametrize("sheet", ["industrial", "all", *(sheet.value for sheet in Sheet)])
    async def test_every_sheet_has_a_template_that_reads(self, client: Client, sheet: str) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        answer = await client.http.get(f"{LISTS}/template.xlsx", headers=officer, params={"sheet": sheet})
        assert answer.status_code == 200
        codes = {fault.code for fault in read_workbook(answer.content).errors}
        assert codes <= {"NO_ROWS", "NO_SHEET"}

    async def test_an_unknown_sheet_is_named_with_the_known_ones(self, client: Client) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        answer = await client.http.get(f"{LISTS}/template.xlsx", headers=officer, params={"sheet": "boats"})
        assert answer.status_code == 422
        assert "industrial" in answer.json()["detail"]


class TestDifference:
    @pytest.fixture
    async def versions(self, client: Client, runtime: Runtime) -> tuple[int, int]:
        """One in force, and a draft with one enterprise less, one more, and one line of another changed."""
        more = generate_list("110000", seed=8, enterprises=1, guide=guide_of("G2020"), profile=profile()).rows
        groups = list(GENERATED.by_enterprise().values())
        head, *tail = groups[1]
        changed = head._replace(line=replace(head.line, name="改名", base=Pollutants(1.0, 2.0, 3.0, 4.0)))
        rows = (*more, changed, *tail, *(row for rows in groups[2:] for row in rows))
        first = await stored(runtime)
        await move(runtime, activate, first)
        return first, await stored(runtime, replace(GENERATED, rows=rows))

    async def test_counts_sums_and_fields(self, client: Client, runtime: Runtime, versions: tuple[int, int]) -> None:
        first, second = versions
        officer = await client.account(Role.DUTY_OFFICER)
        found = (await client.http.get(f"{LISTS}/{second}/difference", headers=officer)).json()
        groups = list(GENERATED.by_enterprise().values())
        assert found["against"] == first
        assert found["enterprises"] == {"added": 1, "removed": 1, "changed": 1, "same": len(groups) - 2}
        assert found["lines"]["removed"] == len(groups[0])
        assert found["lines"]["changed"] == 1
        async with runtime.unit() as uow:
            old, new = [(await find(uow, BEIJING, version))["totals"] for version in versions]
        for level in ("yellow", "orange", "red"):
            for name, values in found["totals"][level].items():
                assert values["old"] == old["planned"][level][name]
                assert values["change"] == pytest.approx(new["planned"][level][name] - old["planned"][level][name])
        kinds = {item["uscc"]: item for item in found["items"]}
        changed = kinds[groups[1][0].enterprise.uscc]
        assert changed["kind"] == "changed"
        assert {change["field"] for change in changed["changes"]} >= {"name", "base.so2"}
        assert kinds[groups[0][0].enterprise.uscc]["kind"] == "removed"

    async def test_pages_show_every_change_once(self, client: Client, versions: tuple[int, int]) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        seen: list[str] = []
        after: str | None = ""
        while after is not None:
            page = (
                await client.http.get(
                    f"{LISTS}/{versions[1]}/difference", headers=officer, params={"after": after, "size": 1}
                )
            ).json()
            seen += [item["uscc"] for item in page["items"]]
            after = page["next"]
        assert len(seen) == len(set(seen)) == 3

    async def test_the_same_rows_stored_before_open_lines_were_counted_differ_in_nothing(
        self, client: Client, runtime: Runtime
    ) -> None:
        blank = Pollutants()
        rows = tuple(row._replace(line=replace(row.line, reductions=PerLevel(blank, blank, blank))) for row in GENERATED.rows)
        first, second = [await stored(runtime, replace(GENERATED, rows=rows)) for _ in range(2)]
        async with runtime.unit() as uow:
            await uow.execute("SET LOCAL session_replication_role = replica")
            totals = (await find(uow, BEIJING, first))["totals"]
            stated = {level: dict.fromkeys(values, 0.0) for level, values in totals["planned"].items()}
            before = {"base": totals["base"], "planned": stated, "whole_society": totals["whole_society"]}
            assert before["planned"] != totals["planned"]
            await uow.execute("UPDATE list_version SET totals = $2 WHERE id = $1", first, canonical(before))
            await uow.execute("UPDATE list_sum SET gaps = NULL WHERE version_id = $1", first)
            await uow.commit()
        officer = await client.account(Role.DUTY_OFFICER)
        for one, against in ((second, first), (first, second)):
            path = f"{LISTS}/{one}/difference?against={against}"
            found = (await client.http.get(path, headers=officer)).json()
            assert found["enterprises"]["same"] == 12
            for level, values in found["totals"].items():
                expected = totals["base"] if level == "base" else totals["planned"][level]
                for name, value in values.items():
                    assert (value["old"], value["new"]) == (expected[name], expected[name])
                    assert value["change"] in (0, None)

    async def test_against_itself_and_against_another_place(self, client: Client, runtime: Runtime) -> None:
        officer = await client.account(Role.DUTY_OFFICER, adcode="100000")
        version = await stored(runtime)
        other = await stored(runtime, replace(GENERATED, adcode="120000"))
        path = f"{LISTS}/{version}/difference"
        same = (await client.http.get(path, headers=officer, params={"against": version})).json()
        assert same["items"] == []
        assert same["enterprises"]["same"] == 12
        assert (await client.http.get(path, headers=officer, params={"against": other})).status_code == 422

    async def test_the_first_list_is_all_new(self, client: Client, runtime: Runtime) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        found = (await client.http.get(f"{LISTS}/{await stored(runtime)}/difference", headers=officer)).json()
        assert (found["against"], found["enterprises"]["added"], found["lines"]["added"]) == (None, 12, 37)


def test_writing_and_reading_give_the_same_rows() -> None:
    assert read_workbook(write_workbook(GENERATED)).rows == read_workbook(BytesIO(GOOD).getvalue()).rows
