"""`lantian evidence`: the same checks and the same storing as over HTTP, faults by row and column, judging at once."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service.accounts.roles import Role
from service.cli.main import main
from service.evidence.reading import read_file
from service.evidence.records import Kind
from service.kit.runtime import Runtime
from tests.service.access_support import browser
from tests.service.evidence_support import (
    ADCODE,
    OTHER,
    START,
    USCC,
    evidence_feed,
    evidence_list,
    power,
    respond,
    send,
)
from tests.support import Client

DAY = timedelta(days=1)
DOOR_SQL = "SELECT content::json->>'door' FROM ledger_entry WHERE kind = 'evidence.received' ORDER BY id"
WINDOW = ("--from", (START - 9 * DAY).isoformat(), "--until", (START + DAY).isoformat())


@pytest.fixture
async def place(client: Client, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Beijing with a list, a response of a day, and a feed of meters; the command works on its database."""
    monkeypatch.setenv("DATABASE_URL", runtime.database.address)
    await evidence_list(runtime)
    await respond(runtime, end=START + DAY)
    await evidence_feed(client)
    return client


async def lantian(*arguments: object) -> int:
    """The command, beside the loop of the test."""
    return await asyncio.to_thread(main, ["evidence", *map(str, arguments)])


def power_file(folder: Path, *, hours: int = 6, uscc: str = USCC, value: float = 100.0, days: int = 8) -> Path:
    """Normal days, then hours of the response, of a line that must stand still then."""
    lines = ["uscc,point,time,kwh"]
    for number in range(-24 * days, hours):
        at = START + timedelta(hours=number + 1)
        lines.append(f"{uscc},L1 meter,{at:%Y-%m-%d %H:%M},{value}")
    path = folder / "power.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


async def stored(place: Client, statement: str) -> list[tuple[Any, ...]]:
    async with place.runtime.unit() as uow:
        return [tuple(row) for row in await uow.fetch(statement)]


class TestOffline:
    @pytest.mark.parametrize("kind", list(Kind))
    @pytest.mark.parametrize("form", ["csv", "XLSX"])
    def test_a_template_can_be_read_back(self, tmp_path: Path, kind: Kind, form: str) -> None:
        path = tmp_path / f"t.{form}"
        assert main(["evidence", "template", "--kind", kind.value, "-o", str(path)]) == 0
        assert [one.code for one in read_file(kind, path.read_bytes())[1]] == ["EMPTY"]

    def test_another_form_is_refused(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["evidence", "template", "--kind", "power", "-o", str(tmp_path / "t.txt")]) == 2
        assert ".csv or .xlsx" in capsys.readouterr().err
        assert not (tmp_path / "t.txt").exists()

    def test_a_good_file_is_counted(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["evidence", "check", str(power_file(tmp_path, days=1)), "--kind", "power", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"kind": "power", "rows": 30}

    def test_faults_are_told_by_row_and_column(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "p.csv"
        path.write_text(f"uscc,point,time,kwh\n{USCC},M,2016-12-15 18:30,5\n{USCC},M,2016-12-15 18:00,much\n")
        assert main(["evidence", "check", str(path), "--kind", "power"]) == 1
        said = capsys.readouterr().out
        assert "第 2 行 C" in said
        assert "第 3 行 D" in said
        assert main(["evidence", "check", str(path), "--kind", "power", "--json"]) == 1
        assert [(one["row"], one["code"]) for one in json.loads(capsys.readouterr().out)["errors"]] == [
            (2, "NOT_WHOLE_HOUR"), (3, "NOT_A_NUMBER"),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "arguments",
        [
            ["import", "x.csv", "--kind", "power"],
            ["import", "x.csv", "--kind", "power", "--feed", "a", "--account", "b"],
            ["import", "x.csv", "--kind", "video", "--feed", "a"],
            ["judge", "--adcode", "110000"],
            ["judge", "--adcode", "110000", "--from", "yesterday", "--until", "2016-12-15T00:00+08:00"],
            ["list", "--size", "0"],
        ],
    )
    def test_a_wrong_call_is_refused(self, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as refused:
            main(["evidence", *arguments])
        assert refused.value.code == 2
        assert "usage:" in capsys.readouterr().err

    def test_a_missing_file_is_named(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["evidence", "import", "nowhere.csv", "--kind", "power", "--feed", "meters"]) == 2
        assert "nowhere.csv" in capsys.readouterr().err


class TestImport:
    async def test_a_feed_s_file_is_stored_judged_and_listed(
        self, place: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = power_file(tmp_path)
        assert await lantian("import", path, "--kind", "power", "--feed", "meters", "--json") == 0
        made = json.loads(capsys.readouterr().out)
        assert made["received"] == 8 * 24 + 6
        assert await stored(place, "SELECT id, feed, account_id, reference, rows FROM evidence_batch") == [
            (*made["batches"], "meters", None, "lantian evidence import: power.csv", 198)
        ]
        assert await stored(place, "SELECT count(*) FROM ledger_entry WHERE kind = 'evidence.received'") == [(1,)]
        assert await stored(place, DOOR_SQL) == [("command",)]
        assert await lantian("judge", "--adcode", ADCODE, *WINDOW, "--json") == 0
        assert json.loads(capsys.readouterr().out) == {"adcode": ADCODE, "enterprises": 1, "changed": 1}
        assert await stored(place, "SELECT rule, line_code, extract(epoch FROM until_at - starts_at) FROM finding") == [
            ("RUNNING_WHILE_STOPPED", "L1", 6 * 3600)
        ]
        assert await lantian("list", "--adcode", ADCODE, "--json") == 0
        (batch,) = json.loads(capsys.readouterr().out)["items"]
        assert (batch["feed"], batch["rows"]) == ("meters", 198)

    async def test_judging_again_and_by_the_job_changes_nothing(self, place: Client, tmp_path: Path) -> None:
        await lantian("import", power_file(tmp_path), "--kind", "power", "--feed", "meters")
        await lantian("judge", "--adcode", ADCODE, *WINDOW)
        before = await stored(place, "SELECT id, content_hash, changed_at FROM finding")
        await lantian("judge", "--adcode", ADCODE, *WINDOW, "--uscc", USCC)
        await place.work()
        assert await stored(place, "SELECT id, content_hash, changed_at FROM finding") == before != []

    async def test_faults_against_the_list_store_nothing(
        self, place: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "p.csv"
        path.write_text(f"uscc,point,time,kwh\n{USCC},nowhere,2016-12-15 18:00,5\n{USCC},L1 meter,2036-12-15 18:00,5\n")
        assert await lantian("import", path, "--kind", "power", "--feed", "meters") == 1
        said = capsys.readouterr().out
        assert "第 2 行" in said
        assert "第 3 行" in said
        assert await stored(place, "SELECT 1 FROM evidence_batch") == []

    async def test_an_account_sends_in_its_rights(
        self, place: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        await place.account(Role.ENTERPRISE, uscc=USCC)
        login = (await stored(place, "SELECT login FROM account WHERE role = 'enterprise'"))[0][0]
        path = power_file(tmp_path, days=1)
        assert await lantian("import", path, "--kind", "power", "--account", login) == 0
        assert await stored(
            place, "SELECT b.feed, a.login FROM evidence_batch b JOIN account a ON a.id = b.account_id"
        ) == [(None, login)]
        assert await lantian("import", path, "--kind", "inspection", "--account", login) == 2
        other = power_file(tmp_path, days=1, uscc=OTHER)
        assert await lantian("import", other, "--kind", "power", "--account", login) == 1
        assert "已存 30 行" in capsys.readouterr().out

    async def test_the_ledger_says_the_door_whatever_the_file_is_called(self, place: Client, tmp_path: Path) -> None:
        who = await place.account(Role.ENTERPRISE, uscc=USCC)
        name = "lantian evidence import: power.csv"
        content = power_file(tmp_path, days=1).read_bytes()
        sent = await place.http.post(
            f"/api/v1/evidence?kind=power&name={name}", content=content, headers=who | {"content-type": "text/csv"}
        )
        assert sent.status_code == 201, sent.text
        form = {"files": {"file": (name, content)}, "data": {"kind": "power"}, "headers": browser(who)}
        assert (await place.http.post("/evidence", **form)).status_code == 201
        assert (await send(place, power([1]))).status_code == 202
        path = power_file(tmp_path, days=2)
        assert await lantian("import", path, "--kind", "power", "--feed", "meters") == 0
        called = await stored(place, "SELECT reference = $$" + name + "$$ FROM evidence_batch ORDER BY id")
        assert called == [(True,), (True,), (False,), (True,)]
        assert await stored(place, DOOR_SQL) == [("api",), ("page",), ("feed",), ("command",)]

    async def test_unknown_senders_and_feeds_of_air_are_refused(
        self, place: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        await place.feed()
        (air,) = (await stored(place, "SELECT id FROM feed WHERE kind = 'air'"))[0]
        path = power_file(tmp_path, days=1)
        for sender in (("--feed", "nobody"), ("--account", "nobody"), ("--feed", air)):
            assert await lantian("import", path, "--kind", "power", *sender) == 2
        said = capsys.readouterr().err
        assert said.count("nobody") == 2
        assert "air data" in said
        assert await stored(place, "SELECT 1 FROM evidence_batch") == []


class TestList:
    async def test_the_hours_of_an_enterprise(
        self, place: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        await lantian("import", power_file(tmp_path), "--kind", "power", "--feed", "meters")
        capsys.readouterr()
        until = (START + timedelta(hours=2)).isoformat()
        assert await lantian("list", "--uscc", USCC, "--from", START.isoformat(), "--until", until, "--json") == 0
        assert [one["value"] for one in json.loads(capsys.readouterr().out)["items"]] == [100.0, 100.0]
        assert await lantian("list", "--uscc", USCC, "--from", START.isoformat(), "--until", until) == 0
        assert "2 行" in capsys.readouterr().out
        assert (
            await lantian("list", "--uscc", USCC, "--adcode", "130100", "--from", START.isoformat(), "--until", until)
            == 0
        )
        assert "0 行" in capsys.readouterr().out

    async def test_a_period_is_needed_and_a_known_enterprise(
        self, place: Client, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert await lantian("list", "--uscc", USCC) == 2
        assert "--from" in capsys.readouterr().err
        assert await lantian("list", "--uscc", "91110000MA0000000X", *WINDOW) == 2

    async def test_a_period_goes_forward(self, place: Client, capsys: pytest.CaptureFixture[str]) -> None:
        assert await lantian("judge", "--adcode", ADCODE, "--from", WINDOW[3], "--until", WINDOW[1]) == 2
        assert "--until" in capsys.readouterr().err
