"""The chain of the demonstration: one city, its winter only, marked as invented; the law itself stays as it is."""

from __future__ import annotations

from datetime import datetime

import pytest

from alerts.approval import chain_of
from alerts.levels import Level
from service.demo.episodes import load_episode
from service.demo.policy import LOGIN_OF_ROLE
from service.demo.seed import LOGINS
from service.demo.serving import EPISODE
from service.demo.signing import CITY, with_chain
from service.kit.clock import SHANGHAI
from service.law.loader import load_law

DURING = datetime(2016, 12, 16, tzinfo=SHANGHAI)


def test_one_city_of_the_episode_is_signed_in_order() -> None:
    assert CITY in load_episode(EPISODE).divisions
    plan = with_chain(load_law()).plan_for(CITY, DURING)
    chain = chain_of(plan, Level.NONE, Level.RED)
    assert chain is not None
    assert [step.roles for step in chain.steps] == [("office_director",), ("deputy_commander",)]
    assert set(chain.roles) <= set(LOGIN_OF_ROLE), "the script can sign every step"
    visitors = {one.role.value for one in LOGINS if not one.scripted}
    assert set(chain.roles) <= visitors, "and so can a visitor"


def test_it_says_that_it_is_invented() -> None:
    plan = with_chain(load_law()).plan_for(CITY, DURING)
    assert "虚构" in plan.title
    assert "Invented" in plan.choices["signatures"]


@pytest.mark.parametrize("adcode", ["110000", "130600"])
def test_no_other_city_is_touched(adcode: str) -> None:
    assert with_chain(load_law()).plan_for(adcode, DURING) == load_law().plan_for(adcode, DURING)


def test_the_shipped_law_stays_as_it_is() -> None:
    before = set(load_law().plans)
    with_chain(load_law())
    assert set(load_law().plans) == before
    assert not load_law().plan_for(CITY, DURING).signatures
