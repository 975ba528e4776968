"""What an operator does on the machine itself: accounts and feeds."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from service.accounts.seal import opened
from service.cli.main import main
from service.kit.database import drop_database, with_database
from service.kit.settings import Settings
from service.kit.signatures import key_of

PASSWORD = "a long enough password\n"


@pytest.fixture
def database(server_address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a database that the command itself has to create."""
    address = with_database(server_address, "lantian_command_test")
    asyncio.run(drop_database(address))
    monkeypatch.setenv("DATABASE_URL", address)
    yield address
    asyncio.run(drop_database(address))


def look(address: str, statement: str) -> list[Any]:
    """Rows of a statement."""

    async def rows() -> list[Any]:
        connection = await asyncpg.connect(address)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(rows())


def open_account(monkeypatch: pytest.MonkeyPatch, *arguments: str, password: str = PASSWORD) -> int:
    """`lantian account add …` with the password from a pipe."""
    monkeypatch.setattr("sys.stdin", io.StringIO(password))
    return main(["account", "add", *arguments])


class TestAccount:
    def test_is_opened_and_hashed(self, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
        assert open_account(monkeypatch, "duty", "--role", "duty_officer", "--adcode", "130100") == 0
        [(login, role, adcode, stored)] = look(database, "SELECT login, role, adcode, password_hash FROM account")
        assert (login, role, adcode) == ("duty", "duty_officer", "130100")
        assert stored.startswith("$argon2id$")
        assert look(database, "SELECT kind FROM ledger_entry") == [("account.opened",)]

    def test_a_taken_login_is_refused(self, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
        assert open_account(monkeypatch, "duty", "--role", "duty_officer") == 0
        assert open_account(monkeypatch, "duty", "--role", "commander") == 2
        assert look(database, "SELECT role FROM account") == [("duty_officer",)]

    @pytest.mark.parametrize(
        ("arguments", "password"),
        [
            (["x", "--role", "auditor"], "short\n"),
            (["x", "--role", "auditor"], "Password12345\n"),
            (["x", "--role", "enterprise"], PASSWORD),
            (["x", "--role", "enterprise", "--uscc", "91350100M000100Y44"], PASSWORD),
            (["x", "--role", "auditor", "--uscc", "91350100M000100Y43"], PASSWORD),
            (["x", "--role", "auditor", "--adcode", "999999"], PASSWORD),
        ],
    )
    def test_is_refused(
        self, database: str, monkeypatch: pytest.MonkeyPatch, arguments: list[str], password: str
    ) -> None:
        assert open_account(monkeypatch, *arguments, password=password) == 2


class TestFeed:
    def test_rotation_keeps_the_old_secret(
        self, database: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("LANTIAN_DATA_DIR", str(tmp_path))
        secrets = []
        for _ in range(3):
            assert main(["feed", "add", "hebei", "--adcode", "130000", "--json"]) == 0
            secrets.append(json.loads(capsys.readouterr().out)["secret"])
        [(stored,)] = look(database, "SELECT secrets FROM feed")
        assert not any(secret in stored for secret in secrets)
        opened_now = opened(Settings(data_dir=tmp_path), json.loads(stored), "feed:hebei")
        assert opened_now == [secrets[2], secrets[1]]
        assert all(len(key_of(secret)) == 32 for secret in secrets)

    def test_a_polled_feed_needs_its_layout(self, database: str) -> None:
        assert main(["feed", "add", "hebei", "--poll", "https://air.example/bar.json"]) == 2


class TestKeeping:
    @pytest.fixture
    def duty(self, database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
        assert open_account(monkeypatch, "duty", "--role", "duty_officer", "--adcode", "130100", "--temporary") == 0
        capsys.readouterr()
        return database

    def test_an_account_is_listed_by_region(self, duty: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["account", "list", "--adcode", "130000"]) == 0
        assert "duty  duty_officer  130100  enabled  last sign-in never" in capsys.readouterr().out
        assert main(["account", "list", "--adcode", "110000", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"items": []}

    def test_is_shut_out_and_let_in_again(self, duty: str) -> None:
        assert main(["account", "enable", "duty"]) == 2
        assert main(["account", "disable", "duty"]) == 0
        assert look(duty, "SELECT enabled FROM account") == [(False,)]
        assert main(["account", "disable", "duty"]) == 2
        assert main(["account", "enable", "duty"]) == 0
        assert look(duty, "SELECT enabled, must_change FROM account") == [(True, True)]
        kinds = [kind for (kind,) in look(duty, "SELECT kind FROM ledger_entry ORDER BY id")]
        assert kinds == ["account.opened", "account.disabled", "account.enabled"]

    def test_gets_another_role(self, duty: str) -> None:
        assert main(["account", "grant", "duty", "--role", "commander", "--adcode", "130200"]) == 0
        assert look(duty, "SELECT role, adcode FROM account") == [("commander", "130200")]
        assert main(["account", "grant", "duty", "--role", "enterprise", "--adcode", "130200"]) == 2
        assert main(["account", "grant", "nobody", "--role", "commander", "--adcode", "130200"]) == 2

    def test_a_code_replaces_the_password(self, duty: str, capsys: pytest.CaptureFixture[str]) -> None:
        [(before,)] = look(duty, "SELECT password_hash FROM account")
        assert main(["account", "reset-password", "duty", "--json"]) == 0
        code = json.loads(capsys.readouterr().out)["code"]
        [(after, hashed, enabled)] = look(duty, "SELECT password_hash, code_hash, enabled FROM account")
        assert after != before
        assert enabled is True
        assert code not in hashed
        assert main(["account", "reset-password", "nobody"]) == 2
