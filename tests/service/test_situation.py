"""What is in force over a plant's divisions is remembered for all plants there, and never longer than it is so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.levels import Level
from emission_lists.identifiers import make_uscc
from emission_lists.levels import PerLevel
from emission_lists.lists import Line
from emission_lists.measures import Action, Measure
from service.enterprises import situation, sources
from service.enterprises.situation import situation_of
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from service.kit.unit_of_work import Reading
from service.responses.repository import Responding
from tests.emission_lists.list_samples import firm
from tests.service.duty_support import step
from tests.service.requirement_support import CITY, COUNTY, FIRM, asked, people, put_in_force
from tests.support import NOW, Client

HOUR = timedelta(hours=1)
BEGIN = datetime(2016, 12, 16, tzinfo=SHANGHAI)
CHAIN = ("130000", CITY, COUNTY)
hours = st.integers(0, 30).map(lambda n: BEGIN + n * HOUR)


@st.composite
def respondings(draw: st.DrawFn) -> Responding:
    """A response whose end was announced, moved and expected at any time."""
    first = draw(st.none() | hours)
    cuts = tuple(sorted(draw(st.lists(st.tuples(hours, hours), max_size=2, unique_by=lambda cut: cut[0]))))
    level = draw(st.sampled_from([Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED]))
    ends = cuts[-1][1] if cuts else first
    number = draw(st.integers(1, 9))
    return Responding(number, CITY, level, None, draw(hours), ends, draw(st.none() | hours), "", first, cuts)


@settings(deadline=None)
@given(st.lists(st.lists(respondings(), max_size=3).map(tuple), max_size=2), hours, st.lists(hours, max_size=8))
def test_it_stays_as_it_is_until_it_says(
    stored: list[tuple[Responding, ...]], moment: datetime, others: list[datetime]
) -> None:
    found = situation._situation(stored, moment, moment)
    assert found.holds(moment)
    for other in others:
        if found.holds(other):
            again = situation._situation(stored, other, other)
            assert (again.current, again.following) == (found.current, found.following)
            for mine, theirs in zip(found.responses, again.responses, strict=True):
                assert [one.ends_at for one in mine] == [one.ends_at for one in theirs]


def line(code: str = "MF0001") -> Line:
    return Line(code, f"{code}号线", "熔化", PerLevel(*[Measure(Action.STOP)] * 3))


async def answered(runtime: Runtime) -> tuple[str, ...]:
    """The levels in force now, as everybody there is told."""
    async with runtime.reading() as reading:
        found = await situation_of(reading, CHAIN, reading.now, reading.now)
    return tuple(one.level.code for one in found.current)


class TestRemembered:
    @pytest.fixture(autouse=True)
    def listening(self, runtime: Runtime) -> None:
        runtime.live.listening = True

    async def test_a_decision_is_known_at_once(self, runtime: Runtime) -> None:
        assert await answered(runtime) == ()
        await step(runtime, "issue", "red", adcode=CITY)
        assert await answered(runtime) == ("red",)

    async def test_what_is_announced_begins_and_ends_by_itself(self, runtime: Runtime, clock: ManualClock) -> None:
        await step(runtime, "issue", "red", adcode=CITY, effective=NOW + HOUR, end=NOW + 3 * HOUR, fixed=True)
        told = []
        for hour in range(5):
            clock.advance_to(NOW + hour * HOUR)
            told.append(await answered(runtime))
        assert told == [(), ("red",), ("red",), (), ()]

    async def test_while_nothing_changes_it_is_not_worked_out_again(
        self, runtime: Runtime, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await step(runtime, "issue", "red", adcode=CITY)
        assert await answered(runtime) == ("red",)
        monkeypatch.setattr(situation, "of_division", None)
        clock.advance_to(NOW + HOUR)
        assert await answered(runtime) == ("red",)

    async def test_before_it_was_worked_out_it_is_worked_out_again(self, runtime: Runtime, clock: ManualClock) -> None:
        await step(runtime, "issue", "red", adcode=CITY, effective=NOW + HOUR)
        clock.advance_to(NOW + 2 * HOUR)
        assert await answered(runtime) == ("red",)
        clock.current = NOW  # a paced clock that was set back
        assert await answered(runtime) == ()

    async def test_who_lost_the_connection_forgets(self, runtime: Runtime) -> None:
        assert await answered(runtime) == ()
        assert len(runtime.live.situations) == 1
        runtime.live.forget()
        assert len(runtime.live.situations) == 0

    async def test_deaf_it_remembers_nothing(self, runtime: Runtime) -> None:
        runtime.live.listening = False
        await answered(runtime)
        assert len(runtime.live.situations) == 0

    async def test_another_instant_is_not_taken_for_now(self, runtime: Runtime) -> None:
        await step(runtime, "issue", "red", adcode=CITY, effective=NOW + HOUR)
        async with runtime.reading() as reading:
            ahead = await situation_of(reading, CHAIN, NOW + 2 * HOUR, reading.now)
        assert [one.level.code for one in ahead.current] == ["red"]
        assert await answered(runtime) == ()


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is asked of the database within."""
    seen: list[str] = []
    fetchrow = Reading.fetchrow

    async def counted(self: Reading, statement: str, *arguments: Any) -> Any:
        seen.append(statement)
        return await fetchrow(self, statement, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Reading, "fetchrow", counted)
        yield seen


class TestNamed:
    async def test_a_countys_list_that_does_not_name_it_is_not_asked(
        self, client: Client, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await put_in_force(runtime, [line()])
        other = await put_in_force(runtime, [line()], firm(adcode=COUNTY, uscc=make_uscc(COUNTY, 18)), COUNTY)
        _, commander = await people(client)
        await step(runtime, "issue", "red", adcode=COUNTY, list_version=other)
        with statements(monkeypatch) as seen:
            found = await asked(client, commander)
        assert (found["response"]["adcode"], found["lines"][0]["action"]) == (COUNTY, "stop")
        assert sources.ENTERPRISE_SQL not in seen

    async def test_a_version_that_no_longer_counts_is_still_read(self, client: Client, runtime: Runtime) -> None:
        """A response pins it, ends, and the past is asked after everything of now was read."""
        old = await put_in_force(runtime, [line("OLD")])
        _, commander = await people(client)
        await step(runtime, "issue", "red", adcode=CITY, end=NOW + HOUR, fixed=True, list_version=old)
        await put_in_force(runtime, [line("NEW")])
        async with runtime.reading() as reading:
            lists = sources.Lists(reading, FIRM.uscc)
            await lists.prefetch()
            pinned = await lists.pinned(old)
        assert pinned is not None
        assert [one.code for one in pinned.lines] == ["OLD"]
        assert [one["code"] for one in (await asked(client, commander))["lines"]] == ["OLD"]

    async def test_a_superseded_version_is_known_to_name_it(self, client: Client, runtime: Runtime) -> None:
        old = await put_in_force(runtime, [line("OLD")])
        new = await put_in_force(runtime, [line("NEW")])
        async with runtime.reading() as reading:
            lists = sources.Lists(reading, FIRM.uscc)
            assert [row["id"] for row in await lists.prefetch()] == [new]
            found = await lists.pinned(old)
            assert found is not None
            assert await lists.pinned(new + 1000) is None
            assert await lists.pinned(None) is None
        assert [one.code for one in found.lines] == ["OLD"]
