"""Messages to officials outside the portal: to the nearest in each role, by their wishes, never in quiet hours unless urgent."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.accounts.roles import Role
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.jobs import tick
from service.kit.runtime import Runtime
from service.people.flows import notify
from service.people.telling import chain_of, quiet_until, tell
from tests.support import NOW, Client

DUTY, COMMANDER = Role.DUTY_OFFICER, Role.COMMANDER


async def reachable(client: Client, role: Role, adcode: str = "110000", **given: Any) -> dict[str, str]:
    who = await client.account(role, adcode=adcode)
    body = {"email": f"{role.value}.{adcode}@example.test"} | given
    answer = await client.http.put("/api/v1/me/contact", headers=who, json=body)
    assert answer.status_code == 200, answer.text
    return who


async def told(runtime: Runtime, *roles: Role, adcode: str = "110000", urgent: bool = False, reason: str = "r") -> None:
    async with runtime.unit() as uow:
        await notify(
            uow,
            adcode=adcode,
            roles=[role.value for role in roles],
            kind="reminder",
            reason=reason,
            zh=("提案待签", "请签署。"),
            en=("A proposal waits", "Sign."),
            link="/proposals/17",
            urgent=urgent,
        )
        await uow.commit()


def mailed(runtime: Runtime) -> list[str]:
    return sorted(one.address for one in runtime.channels.email.sent)  # type: ignore[union-attr]


class TestWhom:
    async def test_by_mail_and_text_in_the_words_of_the_template(self, client: Client, runtime: Runtime) -> None:
        await reachable(client, DUTY, phone="13800001234", language="en")
        await told(runtime, DUTY)
        await client.work()
        (mail,) = runtime.channels.email.sent  # type: ignore[union-attr]
        (text,) = runtime.channels.sms.sent  # type: ignore[union-attr]
        body = json.loads(mail.body)
        assert (mail.subject, body["first"]) == ("北京市: A proposal waits", "en")
        assert "http://127.0.0.1:8000/proposals/17" in body["zh"]["text"]
        assert (text.address, text.body) == (
            "13800001234",
            "北京市: A proposal waits. http://127.0.0.1:8000/proposals/17",
        )

    async def test_the_nearest_in_each_role(self, client: Client, runtime: Runtime) -> None:
        for role, adcode in (
            (DUTY, "130000"),
            (DUTY, "130100"),
            (COMMANDER, "130000"),
            (COMMANDER, "100000"),
            (COMMANDER, "110000"),
            (Role.AUDITOR, "130100"),
        ):
            await reachable(client, role, adcode)
        await told(runtime, DUTY, COMMANDER, adcode="130100")
        await client.work()
        assert mailed(runtime) == ["commander.130000@example.test", "duty_officer.130100@example.test"]

    async def test_wishes(self, client: Client, runtime: Runtime) -> None:
        await reachable(client, DUTY, phone="13800001234", by_email=False)
        await told(runtime, DUTY)
        await client.work()
        assert mailed(runtime) == []
        assert len(runtime.channels.sms.sent) == 1  # type: ignore[union-attr]

    async def test_the_job_twice_sends_once(self, client: Client, runtime: Runtime) -> None:
        await reachable(client, DUTY)
        await told(runtime, DUTY)
        await client.work()
        async with runtime.unit() as uow:
            number = await uow.fetchval("SELECT id FROM inbox_message")
            assert await tell(uow, number) == 0
            assert await tell(uow, number + 1) == 0
            await uow.commit()
        await client.work()
        assert len(mailed(runtime)) == 1

    async def test_a_stand_in_is_told_while_it_lasts(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        await client.account(COMMANDER, login="away")
        await reachable(client, Role.DEPUTY_COMMANDER)
        async with runtime.unit() as uow:
            away = await uow.fetchval("SELECT id FROM account WHERE login = 'away'")
            deputy = await uow.fetchval("SELECT account_id FROM contact")
            await uow.execute(
                "INSERT INTO delegation (kind, from_account_id, to_account_id, role, adcode, valid_from, valid_until, reason,"
                " made_by, made_at) VALUES ('delegation', $1, $2, 'commander', '110000', $3, $4, 'x', $1, $3)",
                away,
                deputy,
                NOW,
                NOW + timedelta(hours=1),
            )
            await uow.commit()
        await told(runtime, COMMANDER)
        await client.work()
        assert mailed(runtime) == ["deputy_commander.110000@example.test"]
        clock.advance_to(NOW + timedelta(hours=1))
        await told(runtime, COMMANDER, reason="later")
        await client.work()
        assert len(mailed(runtime)) == 1

    @pytest.mark.parametrize(
        ("adcode", "chain"),
        [("130102", ["130102", "130100", "130000", "100000"]), ("130000", ["130000", "130000", "130000", "100000"])],
    )
    def test_a_division_and_those_above(self, adcode: str, chain: list[str]) -> None:
        assert chain_of(adcode) == chain


class TestQuietHours:
    async def test_what_is_not_urgent_waits_for_the_morning(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        await reachable(client, DUTY, quiet_from="16:00", quiet_until="07:30")
        await told(runtime, DUTY)
        await client.work()
        assert mailed(runtime) == []
        clock.advance_to(NOW.replace(hour=7, minute=29) + timedelta(days=1))
        await tick(runtime)
        await client.work()
        assert mailed(runtime) == []
        clock.advance_to(clock.now() + timedelta(minutes=1))
        await tick(runtime)
        await client.work()
        assert len(mailed(runtime)) == 1

    async def test_what_is_urgent_does_not(self, client: Client, runtime: Runtime) -> None:
        await reachable(client, DUTY, quiet_from="16:00", quiet_until="07:30")
        await told(runtime, DUTY, urgent=True)
        await client.work()
        assert len(mailed(runtime)) == 1

    @given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
    def test_they_end_at_their_end_and_within_a_day(self, start: int, end: int, minute: int) -> None:
        now = datetime(2016, 12, 15, minute // 60, minute % 60, 30, tzinfo=SHANGHAI)
        later = quiet_until(now, start, end)
        length = (end - start) % 1440
        inside = (minute - start) % 1440 < length
        assert (later is not None) == inside
        if later is not None:
            assert now < later <= now + timedelta(days=1)
            assert 60 * later.hour + later.minute == end
            assert quiet_until(later, start, end) is None

    def test_without_them_nothing_waits(self) -> None:
        assert quiet_until(NOW, None, None) is None
