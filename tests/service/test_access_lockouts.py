"""Lock-outs that strangers cannot turn against those who are locked out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.accounts import factors
from service.accounts.flows import sign_in
from service.accounts.roles import Role
from service.accounts.throttle import place_of
from service.kit.problems import FactorWrong, TooManyAttempts, WrongCredentials
from service.kit.runtime import Runtime
from tests.service.access_support import account_id, enrolled, lend, office
from tests.support import PASSWORD, Client


class TestLockOuts:
    @pytest.mark.parametrize(
        ("address", "place"),
        [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("fe80::1%eth0", "fe80::/64"),
            ("", ""),
            ("testclient", "testclient"),
        ],
    )
    def test_where_a_try_is_counted(self, address: str, place: str) -> None:
        assert place_of(address) == place

    @given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
    def test_one_ipv6_network_is_one_place(self, address: Any, host: int) -> None:
        neighbour = type(address)((int(address) >> 64 << 64) | host)
        mapped = address.ipv4_mapped or neighbour.ipv4_mapped
        assert mapped or place_of(str(neighbour)) == place_of(str(address))

    async def test_one_network_does_not_make_an_account_rest(self, client: Client, runtime: Runtime) -> None:
        await client.account(Role.COMMANDER, login="wanted")
        for number in range(60):
            with pytest.raises((WrongCredentials, TooManyAttempts)):
                await sign_in(runtime, "wanted", "wrong", f"2001:db8::{number:x}")
        token, _ = await sign_in(runtime, "wanted", PASSWORD, "198.51.100.1")
        assert token

    async def besieged(self, runtime: Runtime) -> None:
        for number in range(50):
            with pytest.raises(WrongCredentials):
                await sign_in(runtime, "besieged", "wrong", f"192.0.2.{number}")

    async def test_the_owner_gets_in_from_where_he_was_lately(self, client: Client, runtime: Runtime) -> None:
        await client.account(Role.COMMANDER, login="besieged")
        await sign_in(runtime, "besieged", PASSWORD, "198.51.100.1")
        await self.besieged(runtime)
        with pytest.raises(TooManyAttempts):
            await sign_in(runtime, "besieged", PASSWORD, "198.51.100.2")
        with pytest.raises(WrongCredentials):
            await sign_in(runtime, "besieged", "wrong", "198.51.100.1")
        token, _ = await sign_in(runtime, "besieged", PASSWORD, "198.51.100.1")
        assert token

    async def test_not_from_where_he_was_long_ago(self, client: Client, runtime: Runtime) -> None:
        await client.account(Role.COMMANDER, login="besieged")
        await sign_in(runtime, "besieged", PASSWORD, "198.51.100.1")
        async with runtime.unit() as uow:
            await uow.execute("UPDATE familiar_place SET last_at = last_at - interval '30 days'")
            await uow.commit()
        await self.besieged(runtime)
        with pytest.raises(TooManyAttempts):
            await sign_in(runtime, "besieged", PASSWORD, "198.51.100.1")

    async def test_wrong_codes_of_sign_ins_do_not_keep_a_session_from_signing(
        self, client: Client, runtime: Runtime
    ) -> None:
        boss = await client.account(Role.COMMANDER, login="boss")
        await client.account(Role.DEPUTY_COMMANDER, login="deputy")
        code = await enrolled(client, boss)
        for _ in range(factors.TRIES):
            with pytest.raises(FactorWrong):
                await sign_in(runtime, "boss", PASSWORD, "192.0.2.1", code="000000")
        with pytest.raises(TooManyAttempts):
            await sign_in(runtime, "boss", PASSWORD, "192.0.2.1", code=code)
        assert (await lend(client, boss, "deputy", factor=code)).status_code == 201

    async def test_wrong_codes_in_a_session_do_not_keep_the_owner_from_signing_in(
        self, client: Client, runtime: Runtime
    ) -> None:
        boss = await client.account(Role.COMMANDER, login="boss")
        await client.account(Role.DEPUTY_COMMANDER, login="deputy")
        code = await enrolled(client, boss)
        answers = [(await lend(client, boss, "deputy", factor="000000")).status_code for _ in range(6)]
        assert answers == [403] * 5 + [429]
        token, _ = await sign_in(runtime, "boss", PASSWORD, "192.0.2.1", code=code)
        assert token
        book = await office(client)
        number = await account_id(client, boss)
        assert (await book.act(book.operator, number, "unlock")).status_code == 204
        assert (await lend(client, boss, "deputy", factor="000000")).status_code == 403
