"""A list version is regraded by the guides that it was frozen with; a later release of the service changes no past answer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml

from emission_lists.grades import Grade
from emission_lists.guides_regional import GuideBook
from emission_lists.levels import PerLevel
from emission_lists.lists import ListRow
from emission_lists.measures import Action, Measure
from service.evaluations.accounts import accounts_of
from service.evaluations.repository import responses_of
from service.findings.told import book_of, plants_of
from service.guides import loader, repository
from service.guides.loader import GUIDES, book, book_from, edition, read_book
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from service.kit.unit_of_work import Reading
from service.kit.yaml_files import read_yaml
from service.responses.repository import of_division
from tests.service.duty_support import rows as rows_of
from tests.service.duty_support import step
from tests.service.grading import CITY, GRADES, NOW, STEEL, People, pass_by, pass_until, rows, with_list
from tests.support import Client

Release = Callable[[Callable[[Path], None]], None]
OWN_MEASURE = PerLevel(*[Measure(Action.SELF_DETERMINED)] * 3)


def completed(folder: Path) -> None:
    """What integrated mills of grade C must do has been established: the furnaces stop."""
    path = folder / "g2020.yaml"
    guide = read_yaml(path)
    [mill] = [one for one in guide["industries"] if one["code"] == "KI01"]
    stop = [{"action": "stop", "process": "blast_furnace", "ratio": 1.0}]
    mill["measures"] = {"C": dict.fromkeys(("yellow", "orange", "red"), stop)}
    mill["grade_confidence"]["C"] = "high"
    mill["confidence"] = "partial"
    guide["processes"]["blast_furnace"] = {"zh": "高炉", "en": "blast furnace"}
    path.write_text(yaml.safe_dump(guide, allow_unicode=True), encoding="utf-8")


def granted(folder: Path) -> None:
    """The profile of Inner Mongolia has been corrected: C decides its own reduction there."""
    extension = read_yaml(folder / "regions" / "410000.yaml") | {"id": "R150000", "adcode": "150000", "industries": None}
    extension["grades"] = [extension["grades"][0] | {"grade": "C"}]
    (folder / "regions" / "150000.yaml").write_text(yaml.safe_dump(extension, allow_unicode=True), encoding="utf-8")


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Release]:
    """Put a release of the service with other guides in place of this one, as a process that starts with it."""

    def put(change: Callable[[Path], None]) -> None:
        folder = tmp_path / "guides"
        shutil.copytree(GUIDES, folder)
        change(folder)
        monkeypatch.setattr(loader, "GUIDES", folder)
        monkeypatch.setattr(repository, "_BOOKS", {})
        edition.cache_clear()

    yield put
    monkeypatch.undo()
    edition.cache_clear()


@pytest.fixture
async def people(client: Client, runtime: Runtime, clock: ManualClock) -> People:
    """A mill that the list lets decide for itself (grade A), and that has been downgraded to C since."""
    clock.current = NOW
    await with_mill(runtime)
    people = await People(client).come()
    body = {"uscc": STEEL, "cause": "measures_not_carried_out", "reason": "未落实", "grade": "C"}
    asked = await people.post("city", f"{GRADES}/downgrades", **body)
    assert asked.status_code == 201, asked.text
    await people.done("province", asked.json()["id"], "decide", reason="属实", document="x")
    await pass_by(clock, runtime, client, hours=2)
    return people


async def with_mill(runtime: Runtime) -> int:
    """A list in force whose mill decides for itself."""
    made = [row for row in rows() if row.enterprise.uscc == STEEL]
    left = [
        ListRow(replace(row.enterprise, grade=Grade.A), replace(row.line, measures=OWN_MEASURE), 4) for row in made
    ]
    return await with_list(runtime, tuple(left))


async def declared(runtime: Runtime, end: datetime | None = None) -> None:
    """Red for the city from now on, on the list in force."""
    [active] = await rows_of(runtime, "SELECT id FROM list_version WHERE adcode = $1 AND state = 'active'", CITY)
    await step(runtime, "issue", "red", adcode=CITY, end=end, fixed=end is not None, list_version=active["id"])


async def told(people: People, **query: str) -> bytes:
    """What the mill is told."""
    found = await people.client.http.get(
        f"/api/v1/enterprises/{STEEL}/requirements", headers=people.calls["stranger"], params=query
    )
    assert found.status_code == 200, found.text
    return found.content


def actions(answer: bytes) -> list[str]:
    return [line["action"] for line in json.loads(answer)["lines"]]


@pytest.mark.parametrize(("change", "new"), [(completed, "stop"), (granted, "self_determined")])
class TestANewRelease:
    async def test_changes_no_past_answer_and_holds_for_the_next_list(
        self,
        people: People,
        runtime: Runtime,
        clock: ManualClock,
        client: Client,
        release: Release,
        change: Callable[[Path], None],
        new: str,
    ) -> None:
        start = clock.current
        await declared(runtime, start + timedelta(hours=6))
        clock.advance_to(start + timedelta(hours=3))
        past, now = await told(people, at=start.isoformat()), await told(people)
        assert actions(past) == ["unknown"]

        release(change)
        runtime.live.forget()
        assert await told(people, at=start.isoformat()) == past
        assert await told(people) == now

        await with_mill(runtime)  # frozen with the new release
        runtime.live.forget()
        clock.advance_to(start + timedelta(hours=5))
        assert actions(await told(people)) == ["unknown"], "the response keeps the version that it pinned"
        await pass_until(clock, runtime, client, start + timedelta(hours=7))
        await declared(runtime)
        assert actions(await told(people)) == [new]
        assert await told(people, at=start.isoformat()) == past

    async def test_a_version_of_before_the_editions_follows_the_guides_as_they_are(
        self,
        people: People,
        runtime: Runtime,
        clock: ManualClock,
        release: Release,
        change: Callable[[Path], None],
        new: str,
    ) -> None:
        await unnamed(runtime)
        await declared(runtime)
        assert actions(await told(people)) == ["unknown"]
        release(change)
        runtime.live.forget()
        assert actions(await told(people)) == [new]


class TestFindingsAndAccounts:
    async def test_judge_and_reckon_by_the_edition_too(
        self, people: People, runtime: Runtime, clock: ManualClock, release: Release
    ) -> None:
        await declared(runtime)
        clock.advance_to(clock.current + timedelta(hours=3))
        before = await asked_and_planned(runtime)
        assert before[0] == [Action.UNKNOWN]
        release(completed)
        assert await asked_and_planned(runtime) == before
        await unnamed(runtime)
        anew = await asked_and_planned(runtime)
        assert anew[0] == [Action.STOP]
        assert anew[1] != before[1], "the accounts look at the same line"


async def unnamed(runtime: Runtime) -> None:
    """The versions as if they had been frozen before editions were kept."""
    async with runtime.unit() as uow:
        await uow.execute("ALTER TABLE list_version DISABLE TRIGGER list_version_frozen")
        await uow.execute("UPDATE list_version SET guide_content = NULL")
        await uow.execute("ALTER TABLE list_version ENABLE TRIGGER list_version_frozen")
        await uow.commit()


async def asked_and_planned(runtime: Runtime) -> tuple[list[Action], str]:
    """What findings judge the mill by, and what the accounts of the warning say."""
    async with runtime.unit() as uow:
        [response] = await of_division(uow, CITY)
        plants = await plants_of(uow, [STEEL])
        ordered = (await book_of(uow, response, plants, response.starts_at)).ordered(STEEL, plants[STEEL][0])
        assert ordered is not None
        asked = [stage.stage.measure.action for told in ordered.stages.values() for stage in told]
        warning = await uow.fetchval("SELECT max(id) FROM warning")
        [account] = await accounts_of(uow, await responses_of(uow, warning))
    return asked, repr(account.tallies)


class TestEditions:
    async def test_a_version_names_its_edition_once_and_for_all(self, runtime: Runtime, release: Release) -> None:
        first, second = await with_mill(runtime), await with_mill(runtime)
        kept = await rows_of(runtime, "SELECT digest, document FROM guide_content")
        assert kept == [{"digest": edition().digest, "document": edition().document}]
        own = edition().digest
        release(completed)
        third = await with_mill(runtime)
        assert own != edition().digest
        named = await rows_of(runtime, "SELECT id, guide_content AS named FROM list_version ORDER BY id")
        expected = {first: own, second: own, third: edition().digest}
        assert {one["id"]: one["named"] for one in named} == expected
        entries = await rows_of(runtime, "SELECT content FROM ledger_entry WHERE kind = 'list.frozen' ORDER BY id")
        assert [json.loads(one["content"])["guides"] for one in entries] == [own, own, edition().digest]
        with pytest.raises(asyncpg.RestrictViolationError, match="frozen"):
            async with runtime.unit() as uow:
                await uow.execute("UPDATE list_version SET guide_content = $2 WHERE id = $1", first, edition().digest)

    async def test_ours_is_asked_of_nobody_and_another_once(
        self, people: People, runtime: Runtime, release: Release, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said: list[str] = []
        fetchval = Reading.fetchval

        async def heard(self: Reading, statement: str, *arguments: Any) -> Any:
            said.append(statement)
            return await fetchval(self, statement, *arguments)

        monkeypatch.setattr(Reading, "fetchval", heard)
        await declared(runtime)
        assert actions(await told(people)) == ["unknown"]
        assert repository.DOCUMENT_SQL not in said
        release(completed)
        for _ in range(2):
            runtime.live.forget()
            assert actions(await told(people)) == ["unknown"]
        assert said.count(repository.DOCUMENT_SQL) == 1

    def test_what_is_kept_is_what_is_read(self) -> None:
        def law(one: GuideBook) -> tuple[Any, ...]:
            return one.guides, one.extensions, one.profile

        assert law(book_from(edition().document)) == law(read_book(GUIDES)) == law(book())
