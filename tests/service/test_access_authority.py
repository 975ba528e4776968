"""Who acts for whom, and what a program's key opens: four eyes kept, dates kept, nothing widened."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.accounts import keys
from service.accounts.flows import principal_of
from service.accounts.roles import LENDABLE, Principal, Role, Scope, StandIn
from service.kit.clock import ManualClock
from service.kit.problems import Forbidden
from service.kit.runtime import Runtime
from tests.service.access_support import account_id, ledger_kinds, office, until
from tests.support import NOW, Client, app_over, listed

PLACES = ["110000", "130000", "130100", "130200", "100000"]
LATER = NOW + timedelta(days=1)


def somebody(number: int, role: Role, adcode: str, *lent: StandIn) -> Principal:
    return Principal(number, f"p{number}", f"p{number}", role, Scope(adcode), None, stand_ins=lent)


stand_ins = st.builds(
    StandIn,
    st.integers(1, 99),
    st.integers(1, 5),
    st.just("x"),
    st.sampled_from(sorted(LENDABLE)),
    st.sampled_from(PLACES).map(Scope),
    st.just(LATER),
)
people = st.builds(
    lambda number, role, adcode, lent: somebody(number, role, adcode, *lent),
    st.integers(1, 5),
    st.sampled_from(list(Role)),
    st.sampled_from(PLACES),
    st.lists(stand_ins, max_size=3),
)
asked = st.tuples(
    st.sampled_from(PLACES),
    st.sets(st.sampled_from([role.value for role in LENDABLE]), max_size=3),
    st.one_of(st.none(), st.integers(1, 5)),
    st.sets(st.integers(1, 5), max_size=3),
)


class TestCapacity:
    @given(people, asked)
    def test_four_eyes_hold_whoever_stands_in(self, who: Principal, case: Any) -> None:
        adcode, roles, proposed_by, signed_by = case
        acting = who.capacity(adcode, roles, proposed_by, signed_by=signed_by)
        if acting is None:
            return
        assert acting.role.value in roles
        assert who.account_id != proposed_by
        assert who.account_id not in signed_by
        assert acting.for_account is None or acting.for_account not in {proposed_by, *signed_by}
        own = acting.delegation_id is None
        scopes = (
            [who.scope] if own else [one.scope for one in who.stand_ins if one.delegation_id == acting.delegation_id]
        )
        assert any(scope.covers(adcode) for scope in scopes)

    @given(people, asked)
    def test_his_own_role_comes_first(self, who: Principal, case: Any) -> None:
        adcode, roles, proposed_by, signed_by = case
        acting = who.capacity(adcode, roles, proposed_by, signed_by=signed_by)
        mine = who.role.value in roles and who.scope.covers(adcode)
        if acting is not None and mine:
            assert (acting.role, acting.delegation_id, acting.for_account) == (who.role, None, None)

    def test_a_lent_role_acts_where_his_own_does_not(self) -> None:
        lent = StandIn(7, 2, "boss", Role.COMMANDER, Scope("110000"), LATER)
        who = somebody(1, Role.DUTY_OFFICER, "110000", lent)
        acting = who.capacity("110000", ["commander"], 3)
        assert acting is not None
        assert (acting.role, acting.delegation_id, acting.for_account) == (Role.COMMANDER, 7, 2)
        assert who.capacity("110000", ["commander"], 2) is None
        assert who.capacity("110000", ["commander"], 3, signed_by=[2]) is None
        assert who.capacity("130000", ["commander"], 3) is None
        assert not who.may_decide("110000", ("commander",), 3)


class Pair:
    """A commander who will be away, and his deputy."""

    def __init__(self, client: Client, boss: dict[str, str], deputy: dict[str, str]) -> None:
        self.client, self.boss, self.deputy = client, boss, deputy

    async def lend(self, who: dict[str, str] | None = None, **change: Any) -> httpx.Response:
        body = {
            "to": "deputy",
            "valid_from": NOW.isoformat(),
            "valid_until": LATER.isoformat(),
            "reason": "出差",
        } | change
        return await self.client.http.post("/api/v1/delegations", headers=who or self.boss, json=body)

    async def stands_in(self) -> list[Any]:
        self.client.runtime.live.sessions.clear()
        seen = await self.client.http.get("/api/v1/sessions/current", headers=self.deputy)
        return list(seen.json()["stands_in"])


@pytest.fixture
async def pair(client: Client) -> Pair:
    boss = await client.account(Role.COMMANDER, login="boss")
    return Pair(client, boss, await client.account(Role.DEPUTY_COMMANDER, login="deputy"))


class TestDelegations:
    async def test_holds_between_its_dates_and_not_a_moment_longer(self, pair: Pair, clock: ManualClock) -> None:
        begins = NOW + timedelta(hours=1)
        assert (await pair.lend(valid_from=begins.isoformat())).status_code == 201
        for at, holds in [(NOW, 0), (begins, 1), (LATER - timedelta(seconds=1), 1), (LATER, 0)]:
            clock.advance_to(at)
            assert len(await pair.stands_in()) == holds, at

    async def test_a_remembered_session_forgets_it_at_its_end(
        self, pair: Pair, clock: ManualClock, runtime: Runtime
    ) -> None:
        stop = asyncio.Event()
        hearing = asyncio.create_task(runtime.live.listen(runtime.database, stop))
        await until(lambda: runtime.live.listening)
        await pair.lend()
        await until(lambda: len(runtime.live.sessions) == 0)
        current = "/api/v1/sessions/current"
        seen = await pair.client.http.get(current, headers=pair.deputy)
        assert len(seen.json()["stands_in"]) == 1
        clock.advance_to(LATER)
        assert (await pair.client.http.get(current, headers=pair.deputy)).json()["stands_in"] == []
        stop.set()
        await hearing

    async def test_ends_before_its_time_by_either_and_once(self, pair: Pair, runtime: Runtime) -> None:
        number = (await pair.lend()).json()["id"]
        stranger = await pair.client.account(Role.COMMANDER, login="third")
        path = f"/api/v1/delegations/{number}"
        assert (await pair.client.http.delete(path, headers=stranger)).status_code == 404
        assert (await pair.client.http.delete(path, headers=pair.deputy)).status_code == 204
        assert await pair.stands_in() == []
        assert (await pair.client.http.delete(path, headers=pair.boss)).status_code == 409
        assert await ledger_kinds(runtime, "delegation.%") == ["delegation.made", "delegation.ended"]

    async def test_ends_with_the_account_that_lent_it(self, pair: Pair) -> None:
        book = await office(pair.client)
        await pair.lend()
        assert len(await pair.stands_in()) == 1
        await book.act(book.security, await account_id(pair.client, pair.boss), "disable", reason="left")
        assert await pair.stands_in() == []

    async def test_shrinks_with_the_region_of_who_lent_it(self, pair: Pair, runtime: Runtime) -> None:
        await pair.lend()
        async with runtime.unit() as uow:
            await uow.execute("UPDATE account SET adcode = '110100' WHERE login = 'boss'")
            await uow.commit()
        assert await pair.stands_in() == []

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"to": "boss"}, 422),
            ({"to": "nobody"}, 404),
            ({"valid_from": (NOW - timedelta(hours=1)).isoformat()}, 422),
            ({"valid_until": NOW.isoformat()}, 422),
            ({"valid_until": (NOW + timedelta(days=93)).isoformat()}, 422),
            ({"valid_until": "2016-12-16T12:00:00"}, 422),
            ({"reason": "  "}, 422),
            ({"adcode": "130000"}, 403),
            ({"for_login": "deputy"}, 403),
        ],
    )
    async def test_what_is_refused(self, pair: Pair, change: dict[str, str], status: int) -> None:
        assert (await pair.lend(**change)).status_code == status

    @pytest.mark.parametrize(
        "role", [Role.AUDITOR, Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.INSPECTOR, Role.ENTERPRISE]
    )
    async def test_duties_that_stay_apart_stand_in_for_nobody(self, pair: Pair, role: Role) -> None:
        uscc = "91350100M000100Y43" if role is Role.ENTERPRISE else None
        other = await pair.client.account(role, login="other", uscc=uscc)
        assert (await pair.lend(to="other")).status_code == 422
        assert (await pair.lend(other)).status_code == 403

    async def test_who_does_not_see_the_division_cannot_stand_in(self, pair: Pair) -> None:
        await pair.client.account(Role.DEPUTY_COMMANDER, adcode="130000", login="far")
        assert (await pair.lend(to="far")).status_code == 404
        await pair.client.account(Role.DEPUTY_COMMANDER, adcode="110100", login="part")
        assert (await pair.lend(to="part")).status_code == 422

    async def test_a_role_that_is_lent_is_not_lent_on(self, pair: Pair) -> None:
        await pair.lend()
        third = await pair.client.account(Role.DUTY_OFFICER, login="third")
        assert (await pair.lend(pair.deputy, to="third")).status_code == 201
        pair.client.runtime.live.sessions.clear()
        seen = (await pair.client.http.get("/api/v1/sessions/current", headers=third)).json()["stands_in"]
        assert [one["role"] for one in seen] == ["deputy_commander"]

    async def test_one_at_a_time_between_two(self, pair: Pair) -> None:
        first, second = await asyncio.gather(pair.lend(), pair.lend())
        assert sorted([first.status_code, second.status_code]) == [201, 409]

    async def test_a_stand_in_is_appointed_by_the_security_administrator_not_for_himself(self, pair: Pair) -> None:
        book = await office(pair.client)
        assert (await pair.lend(book.security, for_login="boss")).status_code == 201
        assert len(await pair.stands_in()) == 1
        assert (await pair.lend(book.operator, for_login="boss")).status_code == 403
        far = await office(pair.client, "130000")
        assert (await pair.lend(far.security, for_login="boss")).status_code == 404

    async def test_others_do_not_see_them(self, pair: Pair) -> None:
        await pair.lend()
        third = await pair.client.account(Role.COMMANDER, login="third")
        book, far = await office(pair.client), await office(pair.client, "130000")
        for who, count in [(pair.boss, 1), (pair.deputy, 1), (third, 0), (book.security, 1), (far.security, 0)]:
            seen = (await pair.client.http.get("/api/v1/delegations", headers=who)).json()["items"]
            assert len(seen) == count


class TestKeys:
    async def made(self, client: Client, who: dict[str, str], *scopes: str, days: int = 90) -> dict[str, Any]:
        body = {"name": "gateway", "scopes": list(scopes), "days": days}
        answer = await client.http.post("/api/v1/keys", headers=who, json=body)
        assert answer.status_code == 201, answer.text
        client.http.cookies.clear()
        return dict(answer.json())

    def program(self, made: dict[str, Any]) -> dict[str, str]:
        return {"authorization": f"Bearer {made['key']}"}

    async def test_a_key_opens_what_it_is_for_and_nothing_else(self, client: Client, runtime: Runtime) -> None:
        uscc = await listed(runtime)
        who = await client.account(Role.COMMANDER)
        reader = self.program(await self.made(client, who, "requirements:read"))
        path = f"/api/v1/enterprises/{uscc}/requirements"
        assert (await client.http.get(path, headers=reader)).status_code == 200
        for other in ("/api/v1/proposals", "/api/v1/lists", "/api/v1/ledger", "/api/v1/keys", "/me", "/"):
            answer = await client.http.get(other, headers=reader)
            assert answer.status_code == 403, other
        writer = self.program(await self.made(client, who, "evidence:write"))
        assert (await client.http.post("/api/v1/evidence?kind=power", headers=writer)).status_code == 422
        assert (await client.http.get(path, headers=writer)).status_code == 403

    async def test_no_key_of_any_scope_decides_signs_or_keeps_accounts(self, client: Client) -> None:
        """Every route that is not plainly for programs, present or future, is closed to a key with all scopes."""
        documented = app_over(client.runtime).openapi()["paths"]
        who = Principal(1, "k", "k", Role.COMMANDER, Scope("100000"), None, key_scopes=frozenset(keys.SCOPES))
        opened = set()
        for path, methods in documented.items():
            for method in methods:
                try:
                    keys.check_scope(who, method.upper(), path)
                except Forbidden:
                    continue
                if method.upper() not in keys.READ:
                    opened.add(f"{method.upper()} {path}")
        assert opened == {
            "POST /api/v1/evidence",
            "POST /api/v1/responses/{response_id}/reports",
            "POST /api/v1/lists",
            "POST /api/v1/lists/imports",
            "PATCH /api/v1/lists/imports/{import_id}",
            "POST /api/v1/permits",
        } | {route for route in opened if " /api/v1/subscriptions" in route}

    async def test_it_never_opens_more_than_its_owner(self, client: Client) -> None:
        who = await client.account(Role.AUDITOR)
        program = self.program(await self.made(client, who, *keys.SCOPES))
        assert (await client.http.post("/api/v1/lists?adcode=110000", headers=program)).status_code == 403
        assert (await client.http.get("/api/v1/ledger", headers=program)).status_code == 200

    async def test_is_stored_as_a_keyed_hash(self, client: Client, runtime: Runtime) -> None:
        made = await self.made(client, await client.account(Role.COMMANDER), "read")
        secret = made["key"].split("_", 2)[2]
        async with runtime.unit() as uow:
            row = await uow.fetchval("SELECT to_jsonb(k)::text FROM api_key k")
            entries = await uow.fetchval("SELECT string_agg(content, '') FROM ledger_entry")
        assert secret not in row + entries

    async def test_wrong_keys_are_refused_and_noted(self, client: Client, runtime: Runtime) -> None:
        made = await self.made(client, await client.account(Role.COMMANDER), "read")
        key = made["key"]
        flipped = key[:-1] + ("A" if key[-1] != "A" else "B")
        for wrong in (flipped, key[:-1], key + "x", "lk_", "lk_" + "0" * 12 + "_" + "x" * 43, key.upper()):
            answer = await client.http.get("/api/v1/proposals", headers={"authorization": f"Bearer {wrong}"})
            assert answer.status_code == 401, wrong
        assert await ledger_kinds(runtime, "key.refused") == ["key.refused"] * 2
        assert (await client.http.get("/api/v1/proposals", headers=self.program(made))).status_code == 200
        assert await ledger_kinds(runtime, "key.first_used") == ["key.first_used"]

    async def test_rotation_overlaps_by_a_week(
        self, client: Client, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        who = await client.account(Role.COMMANDER)
        old = await self.made(client, who, "read")
        new = (await client.http.post(f"/api/v1/keys/{old['id']}/rotation", headers=who)).json()
        again = await client.http.post(f"/api/v1/keys/{old['id']}/rotation", headers=who)
        assert again.status_code == 409
        real = keys.present()
        for after, holds in [(timedelta(0), [True, True]), (keys.OVERLAP + timedelta(minutes=1), [False, True])]:
            monkeypatch.setattr(keys, "present", lambda at=real + after: at)
            found = []
            for key in (old["key"], new["key"]):
                async with runtime.unit() as uow:
                    found.append(await keys.principal_of(uow, key, "192.0.2.1") is not None)
            assert found == holds

    async def test_runs_out(self, client: Client, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
        made = await self.made(client, await client.account(Role.COMMANDER), "read", days=1)
        ahead: datetime = keys.present() + timedelta(days=1, seconds=1)
        monkeypatch.setattr(keys, "present", lambda: ahead)
        async with runtime.unit() as uow:
            assert await keys.principal_of(uow, made["key"], "192.0.2.1") is None

    async def test_somebody_elses_key_is_neither_seen_nor_touched(self, client: Client) -> None:
        made = await self.made(client, await client.account(Role.COMMANDER), "read")
        other = await client.account(Role.COMMANDER)
        path = f"/api/v1/keys/{made['id']}"
        assert (await client.http.get("/api/v1/keys", headers=other)).json()["items"] == []
        assert (await client.http.delete(path, headers=other)).status_code == 404
        assert (await client.http.post(f"{path}/rotation", headers=other)).status_code == 404
        far, near = await office(client, "130000"), await office(client)
        assert (await client.http.delete(path, headers=far.security)).status_code == 404
        assert (await client.http.delete(path, headers=near.security)).status_code == 204
        assert (await client.http.delete(path, headers=near.security)).status_code == 409

    async def test_a_key_makes_no_keys(self, client: Client) -> None:
        program = self.program(await self.made(client, await client.account(Role.COMMANDER), *keys.SCOPES))
        answer = await client.http.post("/api/v1/keys", headers=program, json={"name": "x", "scopes": ["read"]})
        assert answer.status_code == 403

    @pytest.mark.parametrize("body", [{"scopes": []}, {"days": 0}, {"days": 367}, {"scopes": ["read", "decide"]}])
    async def test_odd_keys_are_not_made(self, client: Client, body: dict[str, Any]) -> None:
        who = await client.account(Role.COMMANDER)
        answer = await client.http.post("/api/v1/keys", headers=who, json={"name": "x", "scopes": ["read"]} | body)
        assert answer.status_code == 422

    async def test_not_too_many(self, client: Client) -> None:
        who = await client.account(Role.COMMANDER)
        for _ in range(keys.MOST_KEYS):
            await self.made(client, who, "read")
        answer = await client.http.post("/api/v1/keys", headers=who, json={"name": "x", "scopes": ["read"]})
        assert answer.status_code == 409


class TestIdling:
    async def test_an_unused_session_ends_and_a_used_one_does_not(self, client: Client, runtime: Runtime) -> None:
        who = await client.account(Role.COMMANDER)
        token = who["authorization"].removeprefix("Bearer ")

        async def back(minutes: float) -> None:
            async with runtime.unit() as uow:
                await uow.execute(
                    "UPDATE session SET last_seen_at = last_seen_at - $1::interval", timedelta(minutes=minutes)
                )
                await uow.commit()

        async def found(active: bool = True) -> bool:
            async with runtime.unit() as uow:
                return await principal_of(uow, token, active=active) is not None

        await back(29)
        assert await found()
        await back(29)
        assert await found()
        await back(29)
        assert await found(active=False)
        await back(1.5)
        assert not await found()

    async def test_polling_of_an_open_page_is_no_use(self, client: Client, runtime: Runtime) -> None:
        who = await client.account(Role.COMMANDER)

        async def seen() -> datetime:
            async with runtime.unit() as uow:
                await uow.execute("UPDATE session SET last_seen_at = last_seen_at - interval '2 minutes'")
                before: datetime = await uow.fetchval("SELECT last_seen_at FROM session")
                await uow.commit()
            return before

        async def after(path: str) -> bool:
            before = await seen()
            assert (await client.http.get(path, headers=who)).status_code == 200
            async with runtime.unit() as uow:
                return bool(await uow.fetchval("SELECT last_seen_at > $1 FROM session", before))

        assert not await after("/parts/clock")
        assert await after("/api/v1/proposals")
