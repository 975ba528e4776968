"""A version's summary over HTTP: what was kept at import equals what its rows add up to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emission_lists.floors import Verdict
from emission_lists.levels import PerLevel
from emission_lists.lists import Pollutants
from emission_lists.reductions import totals
from emission_lists.summary import Dimension, Sum
from service.accounts.roles import Role, Scope
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork
from service.lists import summary
from service.lists.floors import floors_of
from service.lists.flows import store_draft
from service.lists.summary import recomputed, sums_of
from tests.support import Client, generate_list, guide_of, profile

DRAFT = generate_list(
    "110000", seed=5, enterprises=60, guide=guide_of("G2020"), profile=profile(), counties=("110105", "110106")
)


async def without_gaps(uow: UnitOfWork) -> None:
    """As every version was stored before its open lines were counted."""
    await uow.execute("ALTER TABLE list_sum DISABLE TRIGGER USER")
    await uow.execute("UPDATE list_sum SET gaps = NULL")


@pytest.fixture
async def version(runtime: Runtime) -> int:
    async with runtime.unit() as uow:
        stored = await store_draft(uow, DRAFT, guide="G2020", created_by=None, generated=True)
        await uow.commit()
    return stored


class TestSummary:
    async def test_what_was_kept_equals_what_the_rows_add_up_to(self, runtime: Runtime, version: int) -> None:
        async with runtime.unit() as uow:
            kept, anew = await sums_of(uow, version), await recomputed(uow, version)
            assert await uow.fetchval("SELECT count(*) FROM list_sum WHERE version_id = $1", version) == len(kept)
        assert kept == anew
        assert kept[0].totals() == totals(DRAFT.rows)

    async def test_a_version_from_before_is_added_up(self, runtime: Runtime, version: int) -> None:
        async with runtime.unit() as uow:
            kept = await sums_of(uow, version)
            await uow.execute("ALTER TABLE list_sum DISABLE TRIGGER USER")
            await uow.execute("DELETE FROM list_sum")
            assert await sums_of(uow, version) == kept

    async def test_sums_without_open_lines_are_added_up_once(
        self, runtime: Runtime, version: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read: list[int] = []

        async def counted(uow: UnitOfWork, version_id: int) -> list[Sum]:
            read.append(version_id)
            return await recomputed(uow, version_id)

        monkeypatch.setattr(summary, "recomputed", counted)
        async with runtime.unit() as uow:
            kept = await sums_of(uow, version)
            assert read == []
            await without_gaps(uow)
            assert await sums_of(uow, version) == kept
            assert await sums_of(uow, version) == kept
        assert read == [version]

    async def test_the_floors_of_a_version_from_before_are_those_of_its_rows(self, runtime: Runtime) -> None:
        blank = Pollutants()
        rows = tuple(
            row._replace(line=replace(row.line, reductions=PerLevel(blank, blank, blank), base=blank)) for row in DRAFT.rows
        )
        async with runtime.unit() as uow:
            stored = await store_draft(uow, replace(DRAFT, rows=rows), guide="G2020", created_by=None, generated=True)
            fresh = await floors_of(uow, Scope("110000"), stored)
            await without_gaps(uow)
            before = await floors_of(uow, Scope("110000"), stored)
        assert fresh.results == before.results
        assert Verdict.NOT_ESTABLISHED in {result.verdict("pm") for result in before.results}

    async def test_sums_never_change(self, runtime: Runtime, version: int) -> None:
        async with runtime.unit() as uow:
            with pytest.raises(Exception, match="append-only"):
                await uow.execute("UPDATE list_sum SET lines = 0")

    async def test_over_http(self, client: Client, version: int) -> None:
        officer = await client.account(Role.DUTY_OFFICER)
        answer = await client.http.get(f"/api/v1/lists/{version}/summary", headers=officer)
        assert answer.status_code == 200
        body = answer.json()
        city = totals(DRAFT.rows)
        assert body["whole"]["enterprises"] == 60
        assert body["whole"]["lines"] == len(DRAFT.rows)
        assert body["whole"]["base"] == city.base._asdict()
        assert body["whole"]["planned"]["red"] == city.reductions.red._asdict()
        assert set(body["by"]) == {one.value for one in Dimension} - {"list"}
        assert [one["key"] for one in body["by"]["county"]] == ["110105", "110106"]
        assert body["by"]["county"][0]["name_zh"] == "朝阳区"
        assert [one["key"] for one in body["by"]["sheet"]] == ["dust", "non_road", "road_mobile"]
        for dimension, groups in body["by"].items():
            assert dimension == "sheet" or sum(group["lines"] for group in groups) == len(DRAFT.rows)
            assert all(group["name_zh"] and group["name_en"] for group in groups)

    async def test_a_list_of_another_region_is_unknown(self, client: Client, version: int) -> None:
        stranger = await client.account(Role.DUTY_OFFICER, "130100")
        answer = await client.http.get(f"/api/v1/lists/{version}/summary", headers=stranger)
        assert answer.status_code == 404
