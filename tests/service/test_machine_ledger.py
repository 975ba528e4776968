"""The ledger against whoever holds the database: any character changed, entries swapped, the end cut, seals gone; writers meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from service.channels.registry import recording_channels
from service.kit.database import Database
from service.kit.runtime import Runtime
from service.ledger.flows import Verdict, seal, verify, verify_within

ENTRIES = 4
NODES, WRITERS, TURNS = 2, 20, 6


class Undone(Exception):
    """Ends a transaction without a trace."""


@pytest.fixture
async def books(runtime: Runtime) -> AsyncIterator[asyncpg.Connection]:
    """A short sealed ledger, and a connection for which its guards do not stand."""
    for number in range(ENTRIES):
        async with runtime.unit() as uow:
            await uow.record(f"test.kind{number}", "110000" if number % 2 else None, number=number, reason="一|二")
            await uow.commit()
    assert await seal(runtime) == ENTRIES
    connection = await runtime.database.connect()
    await connection.execute("SET session_replication_role = replica")
    yield connection
    await connection.close()


@asynccontextmanager
async def undone(connection: asyncpg.Connection) -> AsyncIterator[None]:
    try:
        async with connection.transaction():
            yield
            raise Undone
    except Undone:
        pass


async def verdict_on(connection: asyncpg.Connection, *statements: tuple[Any, ...]) -> Verdict:
    async with undone(connection):
        for statement in statements:
            await connection.execute(*statement)
        return await verify_within(connection)
    raise AssertionError("unreachable")


def flipped(text: str) -> Iterator[str]:
    """The text with one character changed, for every place."""
    for place, character in enumerate(text):
        yield text[:place] + chr(ord(character) ^ 1) + text[place + 1 :]


async def test_any_character_changed_names_the_entry(books: asyncpg.Connection) -> None:
    tried = 0
    entries = await books.fetch("SELECT s.seq, e.* FROM ledger_entry e JOIN ledger_seal s ON s.entry_id = e.id")
    for entry in entries:
        for column in ("kind", "adcode", "content"):
            for text in flipped(entry[column] or ""):
                change = f"UPDATE ledger_entry SET {column} = $2 WHERE id = $1"
                assert (await verdict_on(books, (change, entry["id"], text))).broken_at == entry["seq"], (column, text)
                tried += 1
    assert tried > 300


async def test_any_character_of_a_seal_changed_names_the_entry(books: asyncpg.Connection) -> None:
    for row in await books.fetch("SELECT seq, hash FROM ledger_seal"):
        for text in flipped(row["hash"]):
            verdict = await verdict_on(books, ("UPDATE ledger_seal SET hash = $2 WHERE seq = $1", row["seq"], text))
            assert verdict.broken_at == row["seq"]


@pytest.mark.parametrize("microseconds", [1, -1, 60_000_000])
async def test_another_instant_names_the_entry(books: asyncpg.Connection, microseconds: int) -> None:
    for number in range(1, ENTRIES + 1):
        change = (
            "UPDATE ledger_entry SET at = at + $2 * interval '1 microsecond'"
            " WHERE id = (SELECT entry_id FROM ledger_seal WHERE seq = $1)"
        )
        assert (await verdict_on(books, (change, number, microseconds))).broken_at == number


@pytest.mark.parametrize("first", range(1, ENTRIES))
async def test_two_entries_swapped_name_the_first_of_them(books: asyncpg.Connection, first: int) -> None:
    swap = "UPDATE ledger_seal SET entry_id = $2 WHERE seq = $1"
    one, other = [row["entry_id"] for row in await books.fetch("SELECT entry_id FROM ledger_seal ORDER BY seq")][first - 1 : first + 1]
    verdict = await verdict_on(books, (swap, first, -1), (swap, first + 1, one), (swap, first, other))
    assert verdict.broken_at == first
    contents = (
        "UPDATE ledger_entry e SET content = o.content, kind = o.kind, adcode = o.adcode FROM ledger_entry o"
        " WHERE (e.id, o.id) IN (($1::bigint, $2::bigint), ($2::bigint, $1::bigint))"
    )
    assert (await verdict_on(books, (contents, one, other))).broken_at == first


@pytest.mark.parametrize("gone", range(1, ENTRIES + 1))
async def test_deleted_seals_and_entries_are_missed(books: asyncpg.Connection, gone: int) -> None:
    seal_gone = ("DELETE FROM ledger_seal WHERE seq = $1", gone)
    entry_gone = ("DELETE FROM ledger_entry WHERE id = (SELECT entry_id FROM ledger_seal WHERE seq = $1)", gone)
    assert not (await verdict_on(books, seal_gone)).whole
    assert (await verdict_on(books, entry_gone)).broken_at == gone
    head = await verify(books)
    async with undone(books):  # the end with its seals: an honest, shorter chain, unless somebody noted the head
        await books.execute("DELETE FROM ledger_entry WHERE id IN (SELECT entry_id FROM ledger_seal WHERE seq >= $1)", gone)
        await books.execute("DELETE FROM ledger_seal WHERE seq >= $1", gone)
        assert (await verify_within(books)).whole
        verdict = await verify_within(books, noted=(head.entries, head.head))
    assert (verdict.whole, verdict.broken_at) == (False, gone)


async def test_a_chain_written_anew_contradicts_the_noted_head(books: asyncpg.Connection, runtime: Runtime) -> None:
    noted = await verify(books)
    await books.execute("UPDATE ledger_entry SET content = replace(content, '\"number\":1', '\"number\":7')")
    await books.execute("INSERT INTO ledger_pending SELECT id FROM ledger_entry")
    await books.execute("DELETE FROM ledger_seal")
    await seal(runtime)
    assert (await verify(books)).whole
    assert "rewritten" in str((await verify(books, noted=(noted.entries, noted.head))).problem)


async def test_twenty_writers_and_two_nodes_that_seal(runtime: Runtime) -> None:
    other = Runtime(runtime.settings, Database(runtime.database.address), runtime.law)
    other.channels = recording_channels()
    nodes, writing = (runtime, other), True

    async def write(number: int) -> None:
        for turn in range(TURNS):
            async with nodes[number % NODES].unit() as uow:
                await uow.record("test.written", "110000", writer=number, turn=turn)
                await asyncio.sleep(0)
                if turn != 3:  # one of them is given up
                    await uow.commit()

    async def keep_sealing(node: Runtime) -> int:
        sealed = 0
        while writing:
            sealed += await seal(node)
            await asyncio.sleep(0)
        return sealed

    async def keep_verifying() -> list[Verdict]:
        connection, found = await runtime.database.connect(), []
        while writing:
            found.append(await verify(connection))
        await connection.close()
        return found

    sealing = [asyncio.create_task(keep_sealing(node)) for node in (*nodes, *nodes)]
    verifying = asyncio.create_task(keep_verifying())
    await asyncio.gather(*(write(number) for number in range(WRITERS)))
    writing = False
    sealed = sum(await asyncio.gather(*sealing)) + await seal(runtime)
    assert all(verdict.whole for verdict in await verifying)
    connection = await runtime.database.connect()
    last = await verify(connection)
    order = await connection.fetch(
        "SELECT e.content::jsonb ->> 'writer' AS writer, (e.content::jsonb ->> 'turn')::int AS turn FROM ledger_seal s"
        " JOIN ledger_entry e ON e.id = s.entry_id ORDER BY s.seq"
    )
    await connection.close()
    await other.close()
    assert (last.whole, last.entries, last.unsealed, sealed) == (True, WRITERS * (TURNS - 1), 0, WRITERS * (TURNS - 1))
    for number in range(WRITERS):  # what one writer did stands in its order
        assert [row["turn"] for row in order if row["writer"] == str(number)] == [0, 1, 2, 4, 5]
