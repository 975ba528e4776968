"""What an operator does on the machine itself: accounts and feeds."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from service.cli.main import main
from service.kit.database import drop_database, with_database
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
            (["x", "--role", "enterprise"], PASSWORD),
            (["x", "--role", "auditor", "--uscc", "91350100M000100Y43"], PASSWORD),
            (["x", "--role", "auditor", "--adcode", "999999"], PASSWORD),
        ],
    )
    def test_is_refused(
        self, database: str, monkeypatch: pytest.MonkeyPatch, arguments: list[str], password: str
    ) -> None:
        assert open_account(monkeypatch, *arguments, password=password) == 2


class TestFeed:
    def test_rotation_keeps_the_old_secret(self, database: str, capsys: pytest.CaptureFixture[str]) -> None:
        secrets = []
        for _ in range(3):
            assert main(["feed", "add", "hebei", "--adcode", "130000", "--json"]) == 0
            secrets.append(json.loads(capsys.readouterr().out)["secret"])
        [(stored,)] = look(database, "SELECT secrets FROM feed")
        assert json.loads(stored) == [secrets[2], secrets[1]]
        assert all(len(key_of(secret)) == 32 for secret in secrets)

    def test_a_polled_feed_needs_its_layout(self, database: str) -> None:
        assert main(["feed", "add", "hebei", "--poll", "https://air.example/bar.json"]) == 2
