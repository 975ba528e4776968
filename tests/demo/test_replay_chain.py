"""A short window of an episode through the whole chain: what is told, that it is told twice the same, and that nothing is left behind."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pytest

from alerts.instants import parse_instant
from service.cli.main import main
from service.demo.episodes import load_episode
from service.demo.replay import Plan, replaying
from service.demo.timeline import Line
from service.kit.database import with_database
from service.kit.settings import Settings

RED_CITIES = {"110000", "120000", "130100", "130400", "130500", "130600"}
"""Those of the letter whose red process begins within the days that a warning is proposed ahead."""
KEYS = {"at", "adcode", "place", "event", "level", "reason", "clause", "text", "forecast_basis"}


def plan(start: str, end: str, **given: object) -> Plan:
    return Plan(load_episode("2016-12"), start=parse_instant(start), end=parse_instant(end), **given)  # type: ignore[arg-type]


async def played(asked: Plan, server: str) -> tuple[list[Line], object]:
    async with replaying(asked, Settings(database_url=server)) as replay:
        lines = [line async for line in replay.lines()]
        return lines, await replay.sums()


def events(lines: Sequence[Line], event: str) -> dict[str | None, Line]:
    return {line.adcode: line for line in lines if line.event == event}


@pytest.fixture(scope="module")
async def evening(server_address: str) -> tuple[list[Line], object]:
    """The evening of the first forecast, without lists."""
    asked = plan("2016-12-14 16:50", "2016-12-14 18:00", with_lists=False)
    return await played(asked, server_address)


class TestEvening:
    async def test_cities_of_the_letter_get_a_red_warning(self, evening: tuple[list[Line], object]) -> None:
        issued = events(evening[0], "warning.issue")
        assert {adcode for adcode, line in issued.items() if line.level == "red"} >= RED_CITIES
        assert {line.clause for adcode, line in issued.items() if adcode in RED_CITIES} == {"red.any[0]"}

    async def test_nothing_is_announced_before_somebody_approved_it(self, evening: tuple[list[Line], object]) -> None:
        lines, _ = evening
        for adcode in RED_CITIES:
            order = [line.event for line in lines if line.adcode == adcode]
            assert order.index("proposal.made") < order.index("decision.approved") < order.index("warning.issue")

    async def test_decision_comes_twenty_minutes_after_the_proposal(self, evening: tuple[list[Line], object]) -> None:
        made, decided = events(evening[0], "proposal.made"), events(evening[0], "decision.approved")
        assert {decided[adcode].at - made[adcode].at for adcode in RED_CITIES} == {
            parse_instant("2016-12-14 17:20") - parse_instant("2016-12-14 17:00")
        }

    async def test_ledger_is_whole(self, evening: tuple[list[Line], object]) -> None:
        sums = evening[1]
        assert sums.ledger_whole  # type: ignore[attr-defined]
        assert sums.decisions == sums.steps == sums.messages >= 6  # type: ignore[attr-defined]


async def test_same_run_tells_the_same(evening: tuple[list[Line], object], server_address: str) -> None:
    again, sums = await played(plan("2016-12-14 16:50", "2016-12-14 18:00", with_lists=False), server_address)
    assert again == evening[0]
    assert sums == evening[1]


async def test_prompt_of_the_ministry_reaches_the_cities(server_address: str) -> None:
    asked = plan("2016-12-15 11:50", "2016-12-15 12:40", with_lists=False)
    lines, _ = await played(asked, server_address)
    (prompt,) = (line for line in lines if line.event == "prompt.issued")
    assert "红色23市、橙色9市" in prompt.text_zh
    prompted = events(lines, "proposal.made")
    assert prompted.keys() >= RED_CITIES
    assert {line.reason for line in prompted.values()} == {"regional_prompt"}


async def test_database_is_dropped_at_the_end(server_address: str) -> None:
    await played(plan("2016-12-14 00:00", "2016-12-14 00:20", with_lists=False), server_address)
    connection = await asyncpg.connect(with_database(server_address, "postgres"))
    left = await connection.fetch("SELECT datname FROM pg_database WHERE datname LIKE 'lantian_replay_%'")
    await connection.close()
    assert left == []


class TestCommand:
    def test_json_lines_have_the_stable_keys_and_declare_the_forecasts(
        self, server_address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", server_address)
        arguments = [
            "replay",
            "2016-12",
            "--from",
            "2016-12-14 16:50",
            "--until",
            "2016-12-14 17:05",
            "--json",
            "--no-lists",
        ]
        assert main([*arguments, "--forecast", "persistence", "--rules", "national-2024"]) == 0
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert all(line.keys() >= KEYS for line in lines)
        assert {line["forecast_basis"] for line in lines} == {"persistence"}
        assert (lines[0]["event"], lines[0]["rules"]) == ("replay.started", "national-2024")
        assert lines[-1]["event"] == "replay.finished"
        assert "forecasts.received" in {line["event"] for line in lines}

    @pytest.mark.parametrize(
        ("given", "advice"),
        [
            (["--rules", "national-1999"], "national-2016"),
            (["--from", "2017-01-01 00:00"], "choose within it"),
            (["--until", "yesterday"], "2016"),
        ],
    )
    def test_wrong_call_is_refused_with_advice(
        self, given: list[str], advice: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["replay", "2016-12", *given]) == 2
        assert advice in capsys.readouterr().err

    def test_unknown_episode_is_refused(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as stopped:
            main(["replay", "1952-12"])
        assert stopped.value.code == 2
        assert "2016-12" in capsys.readouterr().err


async def test_all_cities_of_spring_festival_are_assessed(server_address: str, tmp_path: Path) -> None:
    """One morning of the 367 cities: every one is assessed, and the message is split so that none is refused."""
    asked = Plan(load_episode("2019-02"), end=parse_instant("2019-02-04 06:30"), step_hours=6, with_lists=False)
    lines, sums = await played(asked, server_address)
    assert sums.assessments >= 367  # type: ignore[attr-defined]
    assert {line.reason for line in lines if line.event == "assessment.changed"} <= {"determined", "insufficient"}
