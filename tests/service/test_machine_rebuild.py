"""The state rebuilt from the ledger alone, as a pure function; and beside the tables, by the command."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from alerts.levels import Level
from service.accounts.roles import Role
from service.cli.main import main
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from service.ledger.comparing import compare
from service.ledger.flows import seal
from service.ledger.rebuild import UNTOLD, Entry, in_force, overlaps, rebuild
from tests.support import HEAVY, NOW, Client, approve_open, forecast, listed

CITY = "110000"


class Book:
    """Writes entries as the flows do."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.proposals = self.steps = 0
        self.now = NOW

    def add(self, kind: str, adcode: str = CITY, **content: Any) -> None:
        told = json.loads(json.dumps(content, default=datetime.isoformat))
        self.entries.append(Entry(len(self.entries) + 1, self.now, kind, adcode, told))

    def step(
        self,
        action: str,
        level: str,
        start: datetime,
        end: datetime | None = None,
        *,
        warning: int = 1,
        fixed: bool = False,
        signers: tuple[int, ...] = (1, 2),
        **given: Any,
    ) -> None:
        """A proposal with its signatures, its decision and its step."""
        self.proposals += 1
        self.steps += 1
        number = self.proposals
        chain = [{"roles": ["commander"], "hours": 2, "escalates_to": []}] * 2
        told = {"proposal": number, "action": action, "to": level, "reason": "x", "hash": f"h{number}", "chain": chain}
        self.add("proposal.made", **told, proposed_by=9)
        for place, account in enumerate(signers):
            self.add(
                "proposal.signed", proposal=number, signature=place + 1, of=2, account=account, role="commander",
                delegation=None, for_account=None, hash=f"h{number}",
            )  # fmt: skip
        decided = {"decision": number, "proposal": number, "account": signers[-1], "role": "commander", "hash": f"h{number}"}
        self.add("decision.approved", **decided, reason="x")
        content = {
            "warning": warning, "step": number, "level": level, "reason": "x", "decision": number, "effective_at": start,
            "planned_end": end, "fixed_end": fixed, "list_version": 5,
            "response": None if action in ("lift", "revoke") else number,
        } | given  # fmt: skip
        self.add(f"warning.{action}", **content)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def test_issue_raise_and_lift_follow_from_the_entries() -> None:
    book = Book()
    book.step("issue", "yellow", NOW + hours(3), NOW + hours(60))
    book.now += hours(4)
    book.add("warning.active", warning=1, level="yellow")
    book.step("raise", "orange", NOW + hours(10), NOW + hours(80))
    book.now += hours(20)
    book.step("lift", "none", NOW + hours(30))
    found = rebuild(book.entries)
    assert found.faults == []
    levels = [[one.level for one in in_force(found.books, NOW + hours(at))] for at in (2, 3, 9.9, 10, 29.9, 30)]
    assert levels == [[], [Level.YELLOW], [Level.YELLOW], [Level.ORANGE], [Level.ORANGE], []]
    (stands,) = in_force(found.books, NOW + hours(12))
    assert (stands.warning, stands.step, stands.list_version, stands.decision) == (1, 2, 5, 2)
    assert stands.signed_by == ((1, "commander"), (2, "commander"))
    assert found.books["warning"][1]["state"] == "lifted"
    assert found.books["warning"][1]["closed_at"] == NOW + hours(30)


def test_a_fixed_end_is_kept_by_the_clock_and_carried_over_to_a_later_start() -> None:
    book = Book()
    book.step("issue", "yellow", NOW, NOW + hours(10), fixed=True)
    book.step("extend", "yellow", NOW + hours(14), NOW + hours(20), fixed=True)
    found = rebuild(book.entries).books
    assert [(one["starts_at"], one["ends_at"]) for one in found["response"].values()] == [
        (NOW, NOW + hours(14)),
        (NOW + hours(14), NOW + hours(20)),
    ]
    assert in_force(found, NOW + hours(20)) == []
    book.now += hours(21)
    book.add("warning.lapsed", warning=1, level="yellow", ended_at=NOW + hours(20))
    assert rebuild(book.entries).books["warning"][1]["closed_at"] == NOW + hours(20)


@pytest.mark.parametrize(("at", "state"), [(3, "announced"), (0, "active"), (-1, "active")])
def test_a_start_brought_forward_leaves_one_response(at: int, state: str) -> None:
    book = Book()
    book.step("issue", "red", NOW + hours(10))
    book.step("advance", "red", max(NOW + hours(at), NOW))
    found = rebuild(book.entries)
    assert found.faults == overlaps(found.books) == []
    warning = found.books["warning"][1]
    assert (warning["state"], warning["effective_at"]) == (state, max(NOW + hours(at), NOW))
    assert [one.step for one in in_force(found.books, NOW + hours(12))] == [2]
    assert [one.level for one in in_force(found.books, NOW + hours(max(at, 0)))] == [Level.RED]


def test_what_has_begun_cannot_be_brought_forward() -> None:
    book = Book()
    book.step("issue", "red", NOW)
    book.step("advance", "red", NOW)
    assert any("cannot become active" in fault for fault in rebuild(book.entries).faults)


def _without(kind: str) -> Iterator[Entry]:
    book = Book()
    book.step("issue", "yellow", NOW)
    return (entry for entry in book.entries if entry.kind != kind)


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("decision.approved", "rests on no approved decision"),
        ("proposal.made", "cannot be replayed"),
        ("proposal.signed", "has 0 of 2 signatures"),
    ],
)
def test_an_effect_without_what_it_rests_on_is_a_fault(missing: str, said: str) -> None:
    assert any(said in fault for fault in rebuild(_without(missing)).faults)


@pytest.mark.parametrize(
    ("signers", "said"),
    [((1, 1), "signed proposal 1 twice"), ((9, 1), "by who proposed it"), ((1,), "has 1 of 2 signatures")],
)
def test_four_eyes_are_read_from_the_entries(signers: tuple[int, ...], said: str) -> None:
    book = Book()
    book.step("issue", "yellow", NOW, signers=signers)
    assert any(said in fault for fault in rebuild(book.entries).faults)


def test_two_warnings_at_once_and_a_second_step_of_a_decision_are_faults() -> None:
    book = Book()
    book.step("issue", "yellow", NOW)
    book.step("issue", "red", NOW, warning=2)
    book.step("raise", "red", NOW, warning=2, decision=2)
    faults = "\n".join(rebuild(book.entries).faults)
    assert "another warning was still in force" in faults
    assert "decision 2 has two steps" in faults


def test_entries_from_before_a_fact_was_recorded_leave_it_open() -> None:
    book = Book()
    book.step("issue", "yellow", NOW, NOW + hours(5))
    old = [
        Entry(one.id, one.at, one.kind, one.adcode, {key: value for key, value in one.content.items() if key != "fixed_end"})
        for one in book.entries
    ]
    found = rebuild(old)
    assert found.faults == []
    assert found.books["response"][1]["ends_at"] is UNTOLD
    lapsed = Entry(99, NOW + hours(6), "warning.lapsed", CITY, {"warning": 1, "ended_at": (NOW + hours(5)).isoformat()})
    assert rebuild([*old, lapsed]).books["response"][1]["ends_at"] == NOW + hours(5)


LEVELS = st.sampled_from(("blue", "yellow", "orange", "red"))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("raise", "lower", "extend", "lift")), LEVELS, st.integers(-3, 40), st.integers(1, 60), st.booleans()
        ),
        max_size=12,
    )
)
def test_replayed_responses_never_overlap_and_leave_no_gap(changes: list[tuple[str, str, int, int, bool]]) -> None:
    book, warning, live = Book(), 0, False
    for wanted, level, start, length, fixed in changes:
        book.now += hours(1)
        begins, action = max(book.now, book.now + hours(start)), wanted if live else "issue"
        warning += not live
        live = action != "lift"
        begins = begins if live else book.now
        book.step(action, level, begins, begins + hours(length), warning=warning, fixed=fixed)
    found = rebuild(book.entries)
    assert found.faults == []
    assert overlaps(found.books) == []
    for number in range(1, warning + 1):
        of = [one for one in found.of("response of", number) if one["ends_at"] is None or one["ends_at"] > one["starts_at"]]
        of.sort(key=lambda one: one["starts_at"])
        assert all(one["ends_at"] == other["starts_at"] for one, other in pairwise(of))


@given(st.data())
def test_nothing_in_an_entry_can_stop_the_replay(data: st.DataObject) -> None:
    book = Book()
    book.step("issue", "yellow", NOW)
    book.step("lift", "none", NOW)
    values = st.none() | st.integers(-5, 5) | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
    spoilt = data.draw(st.sampled_from(book.entries))
    key = data.draw(st.sampled_from(sorted(spoilt.content)))
    content = {**spoilt.content, key: data.draw(values)}
    found = rebuild([Entry(one.id, one.at, one.kind, one.adcode, content if one is spoilt else one.content) for one in book.entries])
    assert found.entries == len(book.entries)


async def _issued(client: Client, runtime: Runtime) -> None:
    await listed(runtime)
    await client.feed()
    assert (await client.deliver(forecast(HEAVY))).status_code == 202
    await client.work()
    await approve_open(client, await client.account(Role.COMMANDER))
    await client.work()


async def test_the_command_agrees_with_the_tables_and_names_each_difference(
    client: Client, runtime: Runtime, clock: ManualClock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await _issued(client, runtime)
    await seal(runtime)
    monkeypatch.setenv("DATABASE_URL", runtime.database.address)
    assert await asyncio.to_thread(main, ["audit", "rebuild"]) == 0
    assert "The tables say the same." in capsys.readouterr().out
    async with runtime.unit() as uow:
        await uow.execute("UPDATE warning SET level = 4")
        await uow.execute("UPDATE response SET ends_at = starts_at")
        await uow.commit()
    assert await asyncio.to_thread(main, ["audit", "rebuild", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["ledger"]["whole"]
    assert {(one["book"], one["field"]) for one in found["differences"]} == {
        ("warning", "level"),
        ("response", "ends_at"),
    }
    assert await asyncio.to_thread(main, ["audit", "rebuild"]) == 1
    assert "warning 1, level: ledger 2, tables 4" in capsys.readouterr().out
    start = clock.now() + timedelta(days=2)
    assert await asyncio.to_thread(main, ["audit", "rebuild", "--at", start.isoformat()]) == 0
    assert "110000 yellow since 2016-12-17T00:00+08:00" in capsys.readouterr().out
    assert await asyncio.to_thread(main, ["audit", "rebuild", "--at", "yesterday"]) == 2
    assert "such as 2016-12-16T08:00+08:00" in capsys.readouterr().err


TAMPERED = {
    "message": "UPDATE message SET body = body || 'x'",
    "proposal": "UPDATE proposal SET content = content || ' '",
    "step": "UPDATE warning_step SET content = content || ' '",
    "decision": "UPDATE decision SET role = 'inspector'",
    "signature": "UPDATE signature SET account_id = proposal_id WHERE account_id <> proposal_id",
    "notice": "DELETE FROM notice",
    "list": "UPDATE list_version SET digest = repeat('0', 64)",
}


@pytest.mark.parametrize("book", sorted(TAMPERED))
async def test_what_was_changed_behind_the_ledger_is_found(client: Client, runtime: Runtime, book: str) -> None:
    await client.account(Role.INSPECTOR)  # the numbers of accounts and proposals differ
    await _issued(client, runtime)
    connection = await runtime.database.connect()
    try:
        assert (await compare(connection, NOW)).whole
        await connection.execute("SET session_replication_role = replica")  # as somebody with the database in hand could
        await connection.execute(TAMPERED[book])
        found = await compare(connection, NOW)
    finally:
        await connection.close()
    assert not found.whole
    assert {one.book for one in found.differences} == {book}
