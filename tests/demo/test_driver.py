"""The scripted outside world on a service in process: it resumes where it stopped, and never does anything twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from service.accounts.roles import Role
from service.demo import clock as demo_clock
from service.demo import serving
from service.demo.clock import STANDSTILL, begins, position, save, set_going
from service.demo.driver import Driver
from service.demo.episodes import Episode, load_episode
from service.demo.outside import Outside, Refused
from service.demo.policy import COORDINATOR
from service.demo.prompts import as_entered
from service.demo.seed import LOGINS, PASSWORD, enterprise_login, seed_accounts, seed_feeds, seed_lists
from service.kit.clock import ManualClock
from service.kit.http import forget_answers
from service.kit.problems import Conflict
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from service.kit.signatures import new_secret
from tests.support import Client

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def episode() -> Episode:
    return load_episode("2016-12")


@pytest.fixture
async def outside(runtime: Runtime, client: Client) -> Outside:
    return Outside(client.http, await seed_feeds(runtime), await seed_accounts(runtime, visitors=False))


def driver(runtime: Runtime, episode: Episode, outside: Outside, *, hands_off: bool = False) -> Driver:
    return Driver(runtime, episode, outside, hands_off=hands_off, pace=100)


async def count(runtime: Runtime, table: str) -> int:
    async with runtime.unit() as uow:
        return int(await uow.fetchval(f"SELECT count(*) FROM {table}"))


class TestDriver:
    async def test_posts_what_is_due_and_goes_on_after_a_restart(
        self, runtime: Runtime, clock: ManualClock, episode: Episode, outside: Outside
    ) -> None:
        clock.current = begins(episode)
        await driver(runtime, episode, outside).beat(1)
        before = await count(runtime, "receipt")
        clock.advance_to(begins(episode) + HOUR)
        again = driver(runtime, episode, outside)
        assert await again.skip_delivered() == before > 0
        await again.beat(1)
        assert await count(runtime, "receipt") > before
        assert await count(runtime, "forecast") == len(episode.divisions)

    async def test_message_delivered_twice_is_stored_once(
        self, runtime: Runtime, clock: ManualClock, episode: Episode, outside: Outside
    ) -> None:
        clock.current = begins(episode) + HOUR
        await driver(runtime, episode, outside).beat(1)
        stored = await count(runtime, "observation")
        await driver(runtime, episode, outside).beat(1)
        assert await count(runtime, "observation") == stored

    async def test_decides_only_near_the_deadline(
        self, runtime: Runtime, client: Client, clock: ManualClock, episode: Episode, outside: Outside
    ) -> None:
        clock.current = begins(episode) + HOUR
        script = driver(runtime, episode, outside)
        await script.beat(0)
        await client.work()
        await script.beat(0)
        assert await count(runtime, "decision") == 0
        clock.advance_to(begins(episode) + timedelta(hours=2, minutes=46))
        await script.beat(0)
        assert await count(runtime, "decision") >= 6

    async def test_hands_off_leaves_decisions_to_people(
        self, runtime: Runtime, client: Client, clock: ManualClock, episode: Episode, outside: Outside
    ) -> None:
        clock.current = begins(episode) + HOUR
        script = driver(runtime, episode, outside, hands_off=True)
        await script.beat(0)
        await client.work()
        clock.advance_to(begins(episode) + timedelta(hours=2, minutes=46))
        await script.beat(0)
        assert await count(runtime, "decision") == 0
        assert await count(runtime, "proposal") >= 6

    async def test_prompt_is_entered_once(
        self, runtime: Runtime, clock: ManualClock, episode: Episode, outside: Outside
    ) -> None:
        clock.current = episode.prompts[0].issued_at
        for _ in range(2):
            await driver(runtime, episode, outside).beat(1)
        assert await count(runtime, "prompt") == 1
        assert await count(runtime, "prompt_entry") == 32

    async def test_a_prompt_whose_end_has_passed_is_not_entered_again(
        self, runtime: Runtime, clock: ManualClock, episode: Episode, outside: Outside
    ) -> None:
        prompt = as_entered(episode.prompts[0])
        clock.current = prompt.issued_at
        await outside.prompt(COORDINATOR, prompt, "x")
        clock.advance_to(prompt.issued_at + timedelta(days=10))
        async with runtime.unit() as uow:
            await forget_answers(uow)  # a repeated call is not known any more
            await uow.commit()
        await outside.prompt(COORDINATOR, prompt, "x")
        assert await count(runtime, "prompt") == 1

    async def test_wrong_secret_is_refused_and_nothing_stored(
        self, runtime: Runtime, clock: ManualClock, episode: Episode, outside: Outside
    ) -> None:
        clock.current = begins(episode)
        stranger = Outside(outside.http, {feed: [new_secret()] for feed in outside.secrets}, {})
        with pytest.raises(Refused):
            await driver(runtime, episode, stranger).beat(1)
        assert await count(runtime, "observation") == 0


class TestSeed:
    async def test_second_time_changes_nothing_but_the_scripts_passwords(self, runtime: Runtime) -> None:
        secrets, first = await seed_feeds(runtime), await seed_accounts(runtime)
        assert await seed_feeds(runtime) == secrets
        second = await seed_accounts(runtime)
        assert first.keys() == second.keys() == {one.login for one in LOGINS if one.scripted}
        assert not set(first.values()) & set(second.values())
        assert await count(runtime, "account") == len(LOGINS)

    async def test_visitor_signs_in_with_the_printed_password(self, runtime: Runtime, client: Client) -> None:
        await seed_accounts(runtime)
        answer = await client.http.post("/api/v1/sessions", json={"login": "demo-commander", "password": PASSWORD})
        assert answer.status_code == 201

    async def test_printed_password_opens_no_scripted_account(self, runtime: Runtime, client: Client) -> None:
        await seed_accounts(runtime)
        for one in LOGINS:
            if one.scripted:
                answer = await client.http.post("/api/v1/sessions", json={"login": one.login, "password": PASSWORD})
                assert answer.status_code == 401

    async def test_every_city_gets_a_list_marked_as_generated_and_an_enterprise(
        self, runtime: Runtime, client: Client, episode: Episode
    ) -> None:
        sizes = dict.fromkeys(episode.divisions, 3)
        assert await seed_lists(runtime, episode, sizes) == len(episode.divisions)
        assert await seed_lists(runtime, episode, sizes) == 0
        async with runtime.unit() as uow:
            rows = await uow.fetch("SELECT title, generated, state FROM list_version")
            uscc = await uow.fetchval("SELECT uscc FROM account WHERE login = $1", enterprise_login("110000"))
        assert {(row["generated"], row["state"], "生成" in row["title"]) for row in rows} == {(True, "active", True)}
        outside = Outside(client.http, {}, {enterprise_login("110000"): PASSWORD})
        assert await outside.requirement_tag(enterprise_login("110000"), uscc)


class TestClock:
    async def test_begins_half_an_hour_before_the_first_forecast(self, runtime: Runtime, episode: Episode) -> None:
        found = await position(runtime, episode)
        assert (found.at.isoformat(), found.running) == ("2016-12-14T16:30:00+08:00", False)

    async def test_goes_on_where_it_stood(self, runtime: Runtime, episode: Episode) -> None:
        stood = begins(episode) + 5 * HOUR
        await set_going(runtime, stood, STANDSTILL, episode.ends_at)
        assert (await position(runtime, episode)).at == stood
        assert runtime.clock.now() - stood < timedelta(seconds=1)

    async def test_saving_keeps_its_course(self, runtime: Runtime, episode: Episode) -> None:
        await set_going(runtime, begins(episode), 1000.0, episode.ends_at)
        async with runtime.unit() as uow:
            await save(uow)
            saved = uow.now
            await uow.commit()
        await runtime.load_clock()
        assert timedelta(0) <= runtime.clock.now() - saved < timedelta(hours=3)
        assert (await position(runtime, episode)).running

    async def test_never_falls_behind_what_has_happened(
        self, runtime: Runtime, clock: ManualClock, episode: Episode, outside: Outside
    ) -> None:
        """After a crash the saved position is older than the last delivery."""
        await set_going(runtime, begins(episode), STANDSTILL, episode.ends_at)
        runtime.set_clock(clock)
        clock.current = begins(episode) + HOUR
        await driver(runtime, episode, outside).beat(1)
        assert (await position(runtime, episode)).at == clock.current

    async def test_clock_that_nobody_moves_any_more_is_not_running(
        self, runtime: Runtime, episode: Episode, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await set_going(runtime, begins(episode), 100.0, episode.ends_at)
        monkeypatch.setattr(demo_clock, "ALIVE", datetime.now(tz=UTC) - datetime.now(tz=UTC))
        assert not (await position(runtime, episode)).running


class TestOwnDatabase:
    async def test_empty_database_is_welcome(self, runtime: Runtime) -> None:
        await serving.check(runtime)
        assert not await serving.is_demo(runtime)

    async def test_its_own_is_recognised(self, runtime: Runtime) -> None:
        await seed_feeds(runtime)
        await seed_accounts(runtime)
        await serving.check(runtime)
        assert await serving.is_demo(runtime)

    async def test_real_service_is_left_alone(self, runtime: Runtime, client: Client) -> None:
        await client.account(Role.COMMANDER)
        with pytest.raises(serving.NotADemo, match="real service"):
            await serving.prepare(runtime, fresh=True)
        assert await count(runtime, "account") == 1

    async def test_fresh_forgets_the_last_run(self, runtime: Runtime) -> None:
        await seed_feeds(runtime)
        public = runtime.settings.public_root
        public.mkdir(parents=True)
        await serving.prepare(runtime, fresh=True)
        assert not public.exists()
        assert not await serving.is_demo(runtime)

    def test_demo_lives_in_a_folder_of_its_own(self) -> None:
        plain = Settings(database_url=None)
        assert serving.demo_settings(plain).public_root != plain.public_root

    @pytest.mark.parametrize(
        ("host", "address"),
        [("127.0.0.1", "http://127.0.0.1:8000"), ("0.0.0.0", "http://127.0.0.1:8000"), ("::1", "http://[::1]:8000")],
    )
    def test_reaches_itself(self, host: str, address: str) -> None:
        assert serving.own_address(Settings(host=host)) == address


async def test_welcome_names_address_and_every_visitors_login(runtime: Runtime, episode: Episode) -> None:
    text = serving.welcome(runtime, episode, serving.Options(), "http://127.0.0.1:8000")
    assert "http://127.0.0.1:8000/" in text
    assert PASSWORD in text
    assert all((one.login in text) is not one.scripted for one in LOGINS)


async def test_call_of_a_gone_session_signs_in_again(runtime: Runtime, outside: Outside) -> None:
    login = LOGINS[-1].login
    assert await outside.open_proposals(login) == []
    async with runtime.unit() as uow:
        await uow.execute("DELETE FROM session")
        await uow.commit()
    runtime.live.forget()
    assert await outside.open_proposals(login) == []


async def test_decision_that_somebody_else_took_is_no_fault(
    runtime: Runtime, client: Client, clock: ManualClock, episode: Episode, outside: Outside
) -> None:
    clock.current = begins(episode) + HOUR
    await driver(runtime, episode, outside, hands_off=True).beat(1)
    await client.work()
    login = next(one.login for one in LOGINS if one.scripted and one.role is Role.COMMANDER)
    proposal = (await outside.open_proposals(login))[0]
    assert await outside.decide(login, proposal, "同意") is True
    assert await outside.decide(login, proposal, "同意") is False
    assert Conflict.status == httpx.codes.CONFLICT
