"""Reductions line by line: the lines add up to the evaluation, null says what is not established, and everyone sees the own only."""

from __future__ import annotations

import csv
import io
import json
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from emission_lists.documents import measure_document
from emission_lists.measures import Action, Measure
from service.accounts.roles import Role
from service.evaluations import lines
from tests.service import test_evaluations as shared
from tests.service.test_evaluations import ENDS, HOUR, POLLUTANTS, STARTS, World, meter, stopped, world
from tests.support import Client

__all__ = ["world"]
PATH = "/evaluation/lines"


async def every(world: World) -> list[dict[str, Any]]:
    """All lines, page by page."""
    items: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        page = await world.get(PATH, after=after, size="7")
        items += page["items"]
        after = page["next"]
    return items


async def table(world: World, path: str, **query: str) -> list[dict[str, str]]:
    answer = await world.client.http.get(world.path + path, headers=world.who, params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def milligrams(items: list[dict[str, Any]], name: str, figure: str) -> int:
    return sum(round((one["pollutants"][name][figure] or 0) * 1_000_000) for one in items)


class TestLines:
    async def test_the_lines_of_all_pages_add_up_to_the_evaluation(self, world: World) -> None:
        await world.over()
        items, body = await every(world), await world.get()
        keys = [(one["uscc"], one["line"]) for one in items]
        assert keys == sorted(set(keys))
        assert len(items) == body["totals"]["lines"]
        for name in POLLUTANTS:
            for figure in ("planned_kg", "base_kg"):
                assert milligrams(items, name, figure) == round(body["totals"]["pollutants"][name][figure] * 1_000_000)

    async def test_one_enterprise_has_its_hours_and_they_add_up(self, world: World) -> None:
        await world.over()
        items = (await world.get(PATH, uscc=world.uscc))["items"]
        assert {one["uscc"] for one in items} == {world.uscc}
        assert any(one["pollutants"]["nox"]["planned_kg"] for one in items)
        for one in items:
            (response,) = one["responses"]
            assert len(response["hours"]["until"]) == 72
            for name in POLLUTANTS:
                figures, hours = one["pollutants"][name], response["hours"]["pollutants"][name]
                for figure in ("planned_kg", "base_kg"):
                    whole = figures[figure]
                    assert (whole is None) is (set(hours[figure]) == {None})
                    assert whole is None or sum(hours[figure]) == pytest.approx(whole, abs=1e-6)
                assert set(hours["verified_at_least_kg"]) == {None}

    async def test_without_evidence_and_reports_there_is_null_and_no_zero(self, world: World) -> None:
        await world.over()
        for one in (await world.get(PATH, uscc=world.uscc))["items"]:
            for figures in one["pollutants"].values():
                assert figures["reported_kg"] is None
                assert figures["verified_at_least_kg"] is None
                assert figures["planned_where_verified_kg"] is None

    async def test_what_no_list_states_is_not_established_and_no_zero(self, world: World) -> None:
        code = next(iter(await world.lines()))
        async with world.client.runtime.unit() as uow:
            document = json.loads(await uow.fetchval("SELECT document FROM list_enterprise WHERE uscc = $1", world.uscc))
            (line,) = [one for one in document["lines"] if one["code"] == code]
            line["base"]["vocs"] = None
            line["reductions"] = {level: dict.fromkeys(POLLUTANTS) for level in ("yellow", "orange", "red")}
            line["measures"] = dict.fromkeys(("yellow", "orange", "red"), measure_document(Measure(Action.UNKNOWN)))
            await uow.execute("SET LOCAL session_replication_role = replica")
            await uow.execute("UPDATE list_enterprise SET document = $1 WHERE uscc = $2", json.dumps(document), world.uscc)
            await uow.commit()
        await world.over()
        found = {one["line"]: one for one in (await world.get(PATH, uscc=world.uscc))["items"]}[code]
        assert found["pollutants"]["vocs"]["base_kg"] is None
        assert {figures["planned_kg"] for figures in found["pollutants"].values()} == {None}
        assert found["pollutants"]["nox"]["not_established"] == 1
        assert set(found["responses"][0]["origins"].values()) == {"not_established"}
        totals = (await world.get(PATH, uscc=world.uscc))["totals"]
        assert totals["vocs"]["base_not_stated_lines"] == totals["nox"]["not_established_lines"] == 1
        row = next(row for row in await table(world, PATH + ".csv", uscc=world.uscc) if row["line 生产线编号"] == code)
        assert row["vocs_base_kg VOCs响应期基准排放"].startswith("未确立")
        assert row["nox_planned_kg NOx计划减排"].startswith("未确立")

    async def test_reported_and_verified_stand_at_their_line_and_hour(self, world: World) -> None:
        await world.over()
        proof = shared.TestVerified()
        line = await proof.asked(world)
        await proof.metered(world, meter(world.uscc, line.code, "DB1"))
        await proof.prove(world, line.code, {0: 0.0, 1: 50.0, 2: 100.0})
        await world.report(await world.enterprise(), stopped(line.code, hours=12, nox=4.25))
        items = (await world.get(PATH, uscc=world.uscc))["items"]
        found = next(one for one in items if one["line"] == line.code)
        figures = found["pollutants"]["nox"]
        assert figures["reported_kg"] == 4.25
        assert figures["verified_at_least_kg"] == pytest.approx(1.5 * line.base.nox / 24, abs=1e-5)
        assert figures["verified_minutes"] == 180
        hours = found["responses"][0]["hours"]["pollutants"]["nox"]["verified_at_least_kg"]
        assert hours[:4] == [pytest.approx(line.base.nox / 24, abs=1e-5), pytest.approx(line.base.nox / 48, abs=1e-5), 0.0, None]
        totals = (await world.get())["totals"]["pollutants"]["nox"]
        assert totals["verified_at_least_kg"] == figures["verified_at_least_kg"]
        assert all(one["pollutants"]["nox"]["verified_at_least_kg"] is None for one in items if one is not found)

    async def test_the_lines_of_an_enterprise_add_up_to_its_totals(self, world: World) -> None:
        await world.over()
        body = await world.get(PATH, uscc=world.uscc)
        for name in POLLUTANTS:
            for figure in ("planned_kg", "base_kg"):
                assert round(body["totals"][name][figure] * 1_000_000) == milligrams(body["items"], name, figure)
            assert (body["totals"][name]["reported_kg"], body["totals"][name]["verified_at_least_kg"]) == (None, None)
        assert (await world.get(PATH))["totals"] is None

    async def test_before_it_begins_nothing_stands_there(self, world: World) -> None:
        body = await world.get(PATH)
        assert (body["items"], body["next"], body["running"]) == ([], None, True)


class TestWhoMaySee:
    async def test_an_enterprise_sees_its_own_and_nobody_elses(self, world: World) -> None:
        await world.over()
        async with world.client.runtime.unit() as uow:
            other = await uow.fetchval("SELECT uscc FROM list_enterprise WHERE uscc <> $1 LIMIT 1", world.uscc)
        who = await world.enterprise()
        seen = await world.client.http.get(world.path + PATH, headers=who)
        assert {one["uscc"] for one in seen.json()["items"]} == {world.uscc}
        assert len(seen.json()["items"][0]["responses"][0]["hours"]["until"]) == 72
        for path in (PATH, PATH + ".csv", "/evaluation/hours.csv"):
            refused = await world.client.http.get(world.path + path, headers=who, params={"uscc": other})
            assert refused.status_code == 403, path
        rows = (await world.client.http.get(world.path + PATH + ".csv", headers=who)).content.decode()
        assert world.uscc in rows
        assert other not in rows

    async def test_an_enterprise_that_no_list_names_learns_nothing(self, client: Client, world: World) -> None:
        await world.over()
        stranger = await client.account(Role.ENTERPRISE, uscc="91110000MA0000000X")
        answer = await client.http.get(world.path + PATH, headers=stranger)
        assert answer.status_code == 404
        assert "do not name" in answer.json()["detail"]

    async def test_officials_of_another_province_and_unknown_codes_find_nothing(self, client: Client, world: World) -> None:
        away = await client.account(Role.COMMANDER, adcode="130000")
        assert (await client.http.get(world.path + PATH, headers=away)).status_code == 404
        unlisted = {"uscc": "91110000MA0000000X"}
        assert (await client.http.get(world.path + PATH, headers=world.who, params=unlisted)).status_code == 404

    async def test_hours_are_asked_for_one_enterprise(self, world: World) -> None:
        await world.over()
        answer = await world.client.http.get(world.path + "/evaluation/hours.csv", headers=world.who)
        assert answer.status_code == 422
        assert "lines.csv" in answer.json()["detail"]


class TestTables:
    async def test_every_line_stands_in_order_over_many_batches(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lines, "BATCH", 3)
        await world.over()
        rows, items = await table(world, PATH + ".csv"), await every(world)
        assert [(row["uscc 统一社会信用代码"], row["line 生产线编号"]) for row in rows] == [
            (one["uscc"], one["line"]) for one in items
        ]
        for row, one in zip(rows, items, strict=True):
            planned = one["pollutants"]["nox"]["planned_kg"]
            assert row["nox_planned_kg NOx计划减排"] == ("未确立 not established" if planned is None else f"{planned:.6f}")
            assert row["nox_reported_kg NOx企业上报"] == "未上报 not reported"

    async def test_the_hours_of_one_enterprise(self, world: World) -> None:
        await world.over()
        rows = await table(world, "/evaluation/hours.csv", uscc=world.uscc)
        assert len(rows) == 72 * len(await world.lines())
        assert rows[0]["hour_until 小时（止）"] == (STARTS + HOUR).isoformat()

    async def test_a_name_that_looks_like_a_formula_is_quoted(self, world: World) -> None:
        async with world.client.runtime.unit() as uow:
            document = json.loads(await uow.fetchval("SELECT document FROM list_enterprise WHERE uscc = $1", world.uscc))
            document["enterprise"]["name"] = "=1+1"
            await uow.execute("SET LOCAL session_replication_role = replica")
            await uow.execute("UPDATE list_enterprise SET document = $1 WHERE uscc = $2", json.dumps(document), world.uscc)
            await uow.commit()
        await world.over()
        rows = await table(world, PATH + ".csv", uscc=world.uscc)
        assert {row["name 企业"] for row in rows} == {"'=1+1"}


class TestClosed:
    @pytest.fixture
    async def shut(self, world: World) -> dict[str, Any]:
        await world.over()
        read = await world.get()
        assert (await world.close(read["content_hash"])).status_code == 201
        return read

    async def test_lines_that_were_kept_show_what_was_closed(self, world: World, shut: dict[str, Any]) -> None:
        kept = {(one["uscc"], one["line"]): one["pollutants"] for one in shut["largest"]}
        items = await every(world)
        assert {(one["uscc"], one["line"]): one["as_closed"] for one in items if one["as_closed"]} == kept
        closed = (await world.get(PATH))["closed"]
        assert closed["lines_kept"] == len(kept) > 0
        assert "重新核算" in closed["words"]["zh"]

    async def test_a_line_that_was_kept_under_two_versions_of_the_list_shows_both_together(
        self, world: World, shut: dict[str, Any]
    ) -> None:
        """The list was replaced between two responses: what was closed holds the line once for each version."""
        own, *_ = shut["largest"]
        more = deepcopy(own)
        more["pollutants"]["so2"] |= {"reported_kg": 1.5, "planned_kg": None, "not_established": True, "base_kg": None}
        more["pollutants"]["pm"] |= {"verified_at_least_kg": 0.25, "verified_minutes": 60}
        async with world.client.runtime.unit() as uow:
            row = await uow.fetchrow("SELECT id, document FROM evaluation")
            document = json.loads(row["document"])
            document["largest"].append(more)
            await uow.execute("SET LOCAL session_replication_role = replica")
            await uow.execute("UPDATE evaluation SET document = $2 WHERE id = $1", row["id"], json.dumps(document))
            await uow.commit()
        items = (await world.get(PATH, uscc=own["uscc"]))["items"]
        (closed,) = [one["as_closed"] for one in items if one["line"] == own["line"]]
        before = own["pollutants"]
        for name in POLLUTANTS:
            for figure in ("base_kg", "planned_kg"):
                expected = None if before[name][figure] is None else round(2 * before[name][figure], 6)
                assert name == "so2" or closed[name][figure] == expected
        assert closed["so2"] == before["so2"] | {
            "base_kg": None, "reported_kg": 1.5, "not_established": True,
        }  # fmt: skip
        assert (closed["pm"]["verified_at_least_kg"], closed["pm"]["verified_minutes"]) == (0.25, 60)

    async def test_what_came_in_since_is_said(self, world: World, shut: dict[str, Any]) -> None:
        before = (await world.get(PATH, uscc=world.uscc))["closed"]
        assert (before["reports_since"], before["evidence_since"]) == (0, False)
        world.clock.advance_to(ENDS + timedelta(days=2))
        await world.report(await world.enterprise(), stopped(next(iter(await world.lines()))))
        async with world.client.runtime.unit() as uow:
            batch = await uow.fetchval(
                "INSERT INTO evidence_batch (adcode, kind, account_id, reference, digest, rows, received_at)"
                " VALUES ('110000', 'power', (SELECT max(id) FROM account), 'x', $1, 1, $2) RETURNING id",
                "0" * 64, uow.now,
            )  # fmt: skip
            await uow.execute(
                "INSERT INTO evidence_hour VALUES ('110000', $1, 'DB1', 'kwh', $2, $3, 1.0, NULL)", world.uscc, STARTS + HOUR, batch
            )
            await uow.commit()
        after = (await world.get(PATH, uscc=world.uscc))["closed"]
        assert (after["reports_since"], after["evidence_since"]) == (1, True)

    async def test_a_draft_has_no_closing(self, world: World) -> None:
        await world.over()
        body = await world.get(PATH, uscc=world.uscc)
        assert body["closed"] is None
        assert {one["as_closed"] for one in body["items"]} == {None}
