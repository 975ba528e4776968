"""Two database roles: the application's may neither drop nor switch off what keeps the books, nor empty a table."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest

from service.accounts.roles import Role
from service.app import create_app
from service.cli.main import main
from service.kit.database import Database
from service.kit.grants import SameRole, grant_rows
from service.kit.migrate import migrate
from service.kit.runtime import Runtime
from service.ledger.flows import seal
from tests.support import HEAVY, Client, approve_open, forecast


def as_role(address: str, role: str, password: str) -> str:
    """The address with another role."""
    scheme, _, rest = address.partition("://")
    head, _, tail = rest.partition("@") if "@" in rest.partition("?")[0] else ("", "", rest)
    return f"{scheme}://{role}:{password}@{tail if head or '@' in rest else rest}"


@pytest.fixture
async def application(database_address: str) -> AsyncIterator[str]:
    """The address of a fresh role that may sign in and nothing else."""
    role, password = f"app_{secrets.token_hex(4)}", secrets.token_hex(8)
    owner = await asyncpg.connect(database_address)
    await owner.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
    yield as_role(database_address, role, password)
    await owner.execute(f"DROP OWNED BY {role}")
    await owner.execute(f"DROP ROLE {role}")
    await owner.close()


FORBIDDEN = [
    "DROP TRIGGER ledger_entry_append_only ON ledger_entry",
    "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
    "ALTER TABLE ledger_entry ADD COLUMN x int",
    "DROP TABLE ledger_entry",
    "TRUNCATE ledger_entry",
    "TRUNCATE account CASCADE",
    "UPDATE ledger_entry SET content = ''",
    "DELETE FROM decision",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "SET session_replication_role = replica",
    "UPDATE alembic_version SET version_num = '0001'",
    "CREATE TABLE mine (x int)",
    "CREATE TRIGGER mine BEFORE UPDATE ON account FOR EACH ROW EXECUTE FUNCTION refuse_change()",
]


class TestApplicationRole:
    async def test_may_not_touch_what_keeps_the_books(self, database_address: str, application: str) -> None:
        await grant_rows(database_address, application)
        connection = await asyncpg.connect(application)
        allowed = []
        for statement in FORBIDDEN:
            try:
                await connection.execute(statement)
            except asyncpg.InsufficientPrivilegeError:
                continue
            allowed.append(statement)
        await connection.close()
        assert allowed == []

    async def test_does_the_whole_chain(self, runtime: Runtime, application: str) -> None:
        await grant_rows(runtime.database.address, application)
        await migrate(application)
        mine = Runtime(runtime.settings, Database(application), runtime.law)
        mine.set_clock(runtime.clock.inner)
        mine.channel = runtime.channel
        client = Client(mine)
        commander = await client.account(Role.COMMANDER)
        await client.feed()
        assert (await client.deliver(forecast(HEAVY))).status_code in {200, 201, 202}
        await client.work()
        decided = await approve_open(client, commander)
        await client.work()
        await seal(mine)
        assert decided["warning"]
        assert create_app(mine, background=False)
        await client.http.aclose()
        await mine.close()

    async def test_is_not_the_owner_itself(self, database_address: str) -> None:
        with pytest.raises(SameRole):
            await grant_rows(database_address, database_address)


def test_migrate_grants_and_says_so(
    server_address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", server_address)
    monkeypatch.setenv("LANTIAN_MIGRATE_URL", server_address)
    assert main(["migrate"]) == 2
    assert "same role" in capsys.readouterr().err
