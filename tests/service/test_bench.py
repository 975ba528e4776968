"""Benches run, at a tiny size: what they measure is right; how fast it was is asserted nowhere."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from emission_lists.generator import generate_list
from emission_lists.identifiers import uscc_valid
from emission_lists.workbook import read_workbook
from emission_lists.workbook_writer import write_workbook
from service.bench.big_lists import DIVISION, ELSEWHERE, cities_of, city_lists, one_division, tiny_list
from service.bench.import_paths import FAULTY_OF, IMPORTS, spoiled
from service.bench.limits import CONSTANT, constant_of
from service.bench.list_paths import SIZED
from service.bench.load import Compared, Result, compared
from service.bench.server import put_limits_first
from service.bench.stage import Stage, set_up, tear_down
from service.kit.database import with_database
from service.kit.runtime import Runtime
from service.law.loader import load_law
from service.lists.summary import recomputed, sums_of
from service.lists.workbooks import guide_of, profile
from service.permits.flows import coverage_checks
from service.permits.repository import register_in_force


class TestBigLists:
    async def test_cities_have_documents_of_their_own_and_sums(self, runtime: Runtime) -> None:
        cities = await city_lists(runtime, 50)
        assert [len(city.codes) for city in cities] == [40, 10]
        async with runtime.unit() as uow:
            for city in cities:
                row = await uow.fetchrow("SELECT * FROM list_version WHERE id = $1", city.version)
                assert row is not None
                assert (row["state"], row["adcode"], row["enterprises"]) == ("active", city.adcode, len(city.codes))
                stored = await uow.fetch(
                    "SELECT uscc, document FROM list_enterprise WHERE version_id = $1", city.version
                )
                assert {one["uscc"] for one in stored} == set(city.codes)
                assert all(json.loads(one["document"])["enterprise"]["uscc"] == one["uscc"] for one in stored)
                assert await sums_of(uow, city.version) == await recomputed(uow, city.version)

    async def test_the_same_again_in_one_division_under_other_codes(self, runtime: Runtime) -> None:
        cities = await city_lists(runtime, 30)
        division = await one_division(runtime, cities)
        codes = {code for city in cities for code in city.codes}
        assert len(set(division.codes)) == 30
        assert codes.isdisjoint(division.codes)
        assert all(map(uscc_valid, division.codes))
        async with runtime.unit() as uow:
            kept = await sums_of(uow, division.version)
            assert kept == await recomputed(uow, division.version)
            whole = kept[0]
            parts = [(await sums_of(uow, city.version))[0] for city in cities]
        assert whole.lines == sum(part.lines for part in parts)
        assert whole.milligrams == tuple(map(sum, zip(*(part.milligrams for part in parts), strict=True)))

    async def test_an_activation_finds_guarantees_and_a_register_that_it_must_read(self, runtime: Runtime) -> None:
        cities = await city_lists(runtime, 200)
        division, tiny = await one_division(runtime, cities), await tiny_list(runtime)
        async with runtime.unit() as uow:
            for big in (*cities, division):
                guarantees = await uow.fetchval(
                    "SELECT count(*) FROM list_record r JOIN list_enterprise e ON e.version_id = r.version_id AND e.uscc = r.key"
                    " WHERE r.version_id = $1 AND r.sheet = 'guarantee' AND r.document LIKE '%' || e.uscc || '%'",
                    big.version,
                )
                assert guarantees > 0
            for big in (*cities, division, tiny):
                register = await register_in_force(uow, big.adcode)
                assert register is not None
                assert 0 < register["permits"] <= len(big.codes)
                assert await coverage_checks(uow, big.version, big.adcode) == []
        assert tiny.adcode not in {DIVISION, *(city.adcode for city in cities)}

    def test_the_cities_are_those_of_the_key_regions(self) -> None:
        cities = cities_of(load_law())
        assert 30 <= len(cities) <= 60
        assert {DIVISION, ELSEWHERE}.isdisjoint(cities)


@pytest.fixture
async def stage(tmp_path: Path, server_address: str) -> AsyncIterator[Stage]:
    made = await set_up(tmp_path, 260, with_database(server_address, f"lantian_bench_{os.getpid()}"))
    yield made
    await tear_down(made)


class TestPaths:
    async def test_every_path_of_lists_gives_a_line(self, stage: Stage) -> None:
        await self.under_red(stage)
        results: list[Result] = [await run(stage, 1) for run in SIZED.values()]
        results += [await run(stage, 1, 60) for run in IMPORTS.values()]
        assert [result.name for result in results] == [*SIZED, *IMPORTS]
        for result in results:
            line = json.loads(json.dumps(result.document()))
            assert line["ours"] > 0
            assert line["limit"] > 0
            assert line["ratio"] > 0
            assert line["bar"].split()[0] in (">=", "<=")

    @staticmethod
    async def under_red(stage: Stage) -> None:
        """The cities are under red, the division of the decisions is not, and some enterprises of both were graded."""
        async with httpx.AsyncClient(base_url=stage.address, headers=stage.signed_in) as http:
            for city in stage.cities:
                body = (await http.get(f"/api/v1/enterprises/{city.codes[0]}/requirements")).json()
                assert body["response"]["level"] == "red"
                assert body["lines"]
        async with stage.runtime.unit() as uow:
            graded = await uow.fetch("SELECT DISTINCT adcode FROM grade_decision")
            assert {row["adcode"] for row in graded} == {DIVISION, *(city.adcode for city in stage.cities)}
            assert not await uow.fetchval("SELECT 1 FROM response WHERE adcode = $1", DIVISION)


async def test_a_limit_is_found_before_every_other_route() -> None:
    app = FastAPI()
    others = APIRouter()

    @others.get("/{anything:path}")
    def other() -> str:
        return "other"

    app.include_router(others)
    put_limits_first(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1") as http:
        assert (await http.get("/limit/constant")).content == CONSTANT
        assert len((await http.get("/limit/constant?5408")).content) == 5408
        assert (await http.get("/elsewhere")).json() == "other"


def test_a_spoiled_workbook_has_faults_of_three_kinds() -> None:
    draft = generate_list("130100", seed=3, enterprises=20, guide=guide_of("G2020"), profile=profile())
    found = Counter(fault.code for fault in read_workbook(write_workbook(spoiled(draft))).errors)
    each = -(-len(draft.rows) // FAULTY_OF)
    assert found == {"USCC_CHARACTERS": each, "GBT4754": each, "OUT_OF_RANGE": each}


@pytest.mark.parametrize("length", [1, len(CONSTANT), len(CONSTANT) + 1, 5408])
def test_constant_bytes_are_as_many_as_asked_for(length: int) -> None:
    assert len(constant_of(str(length).encode())) == length


class TestCompared:
    async def test_neither_is_always_first(self) -> None:
        order: list[str] = []

        async def told(name: str, number: int) -> float:
            order.append(f"{name}{number}")
            return 1.0

        await compared(lambda number: told("ours", number), lambda number: told("limit", number), 2)
        assert order == ["limit0", "ours0", "ours1", "limit1", "limit2", "ours2"]

    async def test_medians_of_alternating_rounds_without_the_first(self) -> None:
        ours, limits = iter([99.0, 2.0, 4.0, 9.0]), iter([1.0, 1.0, 2.0, 3.0])

        async def next_of(values: object) -> float:
            return next(values)  # type: ignore[call-overload, no-any-return]

        found = await compared(lambda _: next_of(ours), lambda _: next_of(limits), 3)
        assert found.medians == (4.0, 2.0, 2.0)
        assert found.spread == "2-3 in 3"
        assert Compared([(1.0, 2.0)]).ratios == [0.5]
