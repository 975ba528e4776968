"""Whom the tests of the service ask most, and where many of them begin."""

from __future__ import annotations

import pytest

from service.accounts.roles import Role
from tests.service.approving import People
from tests.support import HEAVY, Client, forecast


@pytest.fixture
async def officer(client: Client) -> dict[str, str]:
    """Headers of a duty officer of Beijing."""
    return await client.account(Role.DUTY_OFFICER)


@pytest.fixture
async def commander(client: Client) -> dict[str, str]:
    """Headers of a commander of Beijing."""
    return await client.account(Role.COMMANDER)


@pytest.fixture
async def proposed(client: Client) -> Client:
    """Beijing with one open proposal: yellow from the second midnight."""
    await client.feed()
    await client.deliver(forecast(HEAVY))
    await client.work()
    return client


@pytest.fixture
def people(client: Client) -> People:
    """Everybody of a place who signs."""
    return People(client)
