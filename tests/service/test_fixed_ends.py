"""Whoever proposes by hand says whether the warning ends there by itself (到期自动结束), and then it does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from service.accounts.roles import Role
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.jobs import tick
from service.kit.problems import Conflict
from service.kit.runtime import Runtime
from tests.service.approving import TWO, put_in_force
from tests.service.duty_support import step
from tests.service.guarding import CONSULTED, ORDER, deviations, heard, refused, say, warned, wish
from tests.support import HEAVY, NOW, Client

END = datetime(2016, 12, 20, tzinfo=SHANGHAI)
"""The end of the yellow warning that HEAVY asks for."""
BEGINS = datetime(2016, 12, 17, tzinfo=SHANGHAI)
"""Its start."""
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def decided(client: Client, officer: dict[str, str], commander: dict[str, str], **given: Any) -> dict[str, Any]:
    """A proposal by hand, approved."""
    made = await wish(client, officer, "yellow", fixed_end=True, **given)
    assert made.status_code == 201, made.text
    answer = await say(client, commander, made.json(), True)
    assert answer.status_code == 200, answer.text
    return dict(made.json())


async def the_warning(client: Client, who: dict[str, str]) -> dict[str, Any]:
    (found,) = (await client.http.get("/api/v1/warnings", headers=who)).json()["items"]
    return dict(found)


async def ended(client: Client, clock: ManualClock, at: datetime) -> None:
    clock.advance_to(at)
    while await tick(client.runtime):
        await client.work()


class TestIssued:
    async def test_content_notice_warning_and_message_say_so(
        self, client: Client, runtime: Runtime, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await heard(client, HEAVY)
        made = await decided(client, officer, commander, planned_end=END.isoformat())
        assert (made["content"]["fixed_end"], made["content"]["flags"]) == (True, [])
        text = made["content"]["notice"]["zh"]["text"]
        assert "自12月17日00:00起至12月20日00:00，" in text
        assert "预计" not in text
        assert "另行通知" not in text
        assert "until 2016-12-20 00:00 the yellow" in made["content"]["notice"]["en"]["text"]
        warning = await the_warning(client, commander)
        assert (warning["fixed_end"], warning["planned_end"]) == (True, END.isoformat())
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT expires FROM message") == END

    async def test_it_ends_there_by_itself(
        self, client: Client, officer: dict[str, str], commander: dict[str, str], clock: ManualClock
    ) -> None:
        await heard(client, HEAVY)
        await decided(client, officer, commander, planned_end=END.isoformat())
        await ended(client, clock, END - MINUTE)
        assert (await the_warning(client, commander))["state"] == "active"
        await ended(client, clock, END)
        warning = await the_warning(client, commander)
        assert (warning["state"], warning["closed_at"]) == ("lapsed", END.isoformat())

    async def test_what_is_only_expected_stays(
        self, client: Client, officer: dict[str, str], commander: dict[str, str], clock: ManualClock
    ) -> None:
        await heard(client, HEAVY)
        made = (await wish(client, officer, "yellow", planned_end=END.isoformat())).json()
        assert made["content"]["fixed_end"] is False
        assert "预计至12月20日00:00，解除时间另行通知" in made["content"]["notice"]["zh"]["text"]
        await say(client, commander, made, True)
        await ended(client, clock, END + HOUR)
        assert (await the_warning(client, commander))["closed_at"] is None

    async def test_it_is_another_content_to_decide_on(self, client: Client, officer: dict[str, str]) -> None:
        await heard(client, HEAVY)
        hashes = {
            (await wish(client, officer, "yellow", planned_end=END.isoformat(), fixed_end=fixed)).json()["content_hash"]
            for fixed in (True, False)
        }
        assert len(hashes) == 2


class TestBeforeTheAssessedEnd:
    async def test_it_needs_a_ground_and_keeps_the_assessed_start(
        self, client: Client, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await heard(client, HEAVY)
        early = {"planned_end": (END - DAY).isoformat(), "fixed_end": True}
        body = refused(await wish(client, officer, "yellow", **early), "ends_before_criteria")
        assert [one["code"] for one in body["grounds"]] == ["upper_order", "consultation"]
        made = (await wish(client, officer, "yellow", **early, **CONSULTED)).json()
        assert (made["content"]["flags"], made["effective_at"]) == (
            ["ends_before_criteria"],
            "2016-12-17T00:00:00+08:00",
        )
        assert (await say(client, commander, made, True)).status_code == 200
        assert [one["kind"] for one in await deviations(client, commander)] == ["ends_before_criteria"]

    async def test_only_expected_earlier_needs_none(self, client: Client, officer: dict[str, str]) -> None:
        await heard(client, HEAVY)
        made = await wish(client, officer, "yellow", planned_end=(END - DAY).isoformat())
        assert (made.status_code, made.json()["content"]["flags"]) == (201, [])

    async def test_an_episode_that_grew_longer_meanwhile_is_not_cut_short(
        self, client: Client, officer: dict[str, str], commander: dict[str, str], clock: ManualClock
    ) -> None:
        await heard(client, HEAVY)
        made = (await wish(client, officer, "yellow", planned_end=END.isoformat(), fixed_end=True)).json()
        clock.advance_to(NOW + HOUR)
        await heard(client, [60.0] * 102 + [180.0] * 72 + [40.0] * 40)  # later and longer: watched, not proposed yet
        answer = await say(client, commander, made, True)
        assert (answer.status_code, "no longer supports" in answer.json()["detail"]) == (409, True)


class TestMoved:
    async def test_an_extension_moves_a_fixed_end(
        self, client: Client, officer: dict[str, str], commander: dict[str, str], clock: ManualClock
    ) -> None:
        await heard(client, HEAVY)
        await decided(client, officer, commander, planned_end=END.isoformat())
        later = {"planned_end": (END + DAY).isoformat(), "reason": "upper_order"}
        made = await decided(client, officer, commander, **later, **ORDER)
        assert (made["action"], made["content"]["fixed_end"]) == ("extend", True)
        assert "至12月21日00:00，北京市执行" in made["content"]["notice"]["zh"]["text"]
        await ended(client, clock, END)
        assert (await the_warning(client, commander))["closed_at"] is None
        await ended(client, clock, END + DAY)
        warning = await the_warning(client, commander)
        assert (warning["state"], warning["closed_at"]) == ("lapsed", (END + DAY).isoformat())

    async def test_or_lets_it_be_announced_apart(
        self, client: Client, officer: dict[str, str], commander: dict[str, str], clock: ManualClock
    ) -> None:
        await heard(client, HEAVY)
        await decided(client, officer, commander, planned_end=END.isoformat())
        made = (await wish(client, officer, "yellow", planned_end=(END + DAY).isoformat(), **ORDER)).json()
        assert (await say(client, commander, made, True)).status_code == 200
        await ended(client, clock, END + DAY)
        warning = await the_warning(client, commander)
        assert (warning["fixed_end"], warning["closed_at"]) == (False, None)

    async def test_it_is_not_moved_back(
        self, client: Client, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await heard(client, HEAVY)
        await decided(client, officer, commander, planned_end=END.isoformat())
        for end in (END, END - DAY):
            answer = await wish(client, officer, "yellow", planned_end=end.isoformat(), fixed_end=True, **ORDER)
            assert (answer.status_code, "only a later one" in answer.json()["detail"]) == (409, True)
            assert "更晚的才是延长" in answer.json()["detail_zh"]


class TestOverBeforeItIsDecided:
    """A decision that comes after the fixed end: nothing is carried out, and it can be rejected and proposed again."""

    END = NOW + 15 * MINUTE

    async def late(self, client: Client, officer: dict[str, str], clock: ManualClock, end: datetime) -> dict[str, Any]:
        await heard(client, [60.0] * 120)
        made = await wish(client, officer, "yellow", planned_end=self.END.isoformat(), fixed_end=True, **ORDER)
        assert made.status_code == 201, made.text
        clock.advance_to(end)
        return dict(made.json())

    @pytest.mark.parametrize("after", [timedelta(), 15 * MINUTE])
    async def test_an_approval_says_what_to_do_and_a_rejection_is_possible(
        self,
        client: Client,
        runtime: Runtime,
        officer: dict[str, str],
        commander: dict[str, str],
        clock: ManualClock,
        after: timedelta,
    ) -> None:
        made = await self.late(client, officer, clock, self.END + after)
        answer = await say(client, commander, made, True)
        assert (answer.status_code, "propose it again" in answer.json()["detail"]) == (409, True), answer.text
        assert "请驳回" in answer.json()["detail_zh"]
        assert (await say(client, commander, made, False)).status_code == 200
        again = {"planned_end": (NOW + DAY).isoformat(), "fixed_end": True, **ORDER}
        made = (await wish(client, officer, "yellow", **again)).json()
        assert (await say(client, commander, made, True)).status_code == 200
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM warning_step") == 1

    async def test_a_minute_before_it_is_carried_out(
        self, client: Client, officer: dict[str, str], commander: dict[str, str], clock: ManualClock
    ) -> None:
        made = await self.late(client, officer, clock, self.END - MINUTE)
        assert (await say(client, commander, made, True)).status_code == 200

    async def test_the_first_of_two_signatures_is_not_asked_for_in_vain(
        self, client: Client, runtime: Runtime, officer: dict[str, str], clock: ManualClock
    ) -> None:
        put_in_force(runtime, TWO)
        director = await client.account(Role.OFFICE_DIRECTOR)
        made = await self.late(client, officer, clock, self.END)
        assert (await say(client, director, made, True)).status_code == 409
        assert (await say(client, director, made, False)).status_code == 200
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM signature") == 0


    async def test_nothing_is_carried_out_that_is_over_when_it_begins(self, runtime: Runtime) -> None:
        with pytest.raises(Conflict, match="propose it again"):
            await step(runtime, "issue", "yellow", effective=NOW + HOUR, end=NOW + HOUR, fixed=True)
        await step(runtime, "issue", "yellow", effective=NOW + DAY)
        with pytest.raises(Conflict, match="propose it again"):
            await step(runtime, "lower", "blue", end=NOW + HOUR, fixed=True)


class TestRefused:
    @pytest.mark.parametrize(
        ("to", "end", "said"),
        [
            ("yellow", None, "needs its end"),
            ("none", None, "needs its end"),
            ("none", "2016-12-20T00:00:00+08:00", "leave planned_end out"),
            ("yellow", "2016-12-17T00:00:00+08:00", "before the start"),
            ("yellow", "2016-12-15T16:00:00+08:00", "must lie ahead"),
        ],
    )
    async def test_what_makes_no_sense_is_told_in_both_languages(
        self, client: Client, officer: dict[str, str], to: str, end: str | None, said: str
    ) -> None:
        await heard(client, HEAVY)
        answer = await wish(client, officer, to, planned_end=end, fixed_end=True, **CONSULTED)
        assert (answer.status_code, said in answer.json()["detail"]) == (422, True), answer.text
        assert "结束" in answer.json()["detail_zh"]

    async def test_a_refused_attempt_stands_on_the_ledger_with_its_end(
        self, client: Client, runtime: Runtime, officer: dict[str, str]
    ) -> None:
        await heard(client, HEAVY)
        early = (END - DAY).isoformat()
        refused(await wish(client, officer, "yellow", planned_end=early, fixed_end=True), "ends_before_criteria")
        async with runtime.unit() as uow:
            found = await uow.fetchval(
                "SELECT content::jsonb ->> 'fixed_end' FROM ledger_entry WHERE kind = 'proposal.refused'"
            )
        assert found == "true"

    @pytest.mark.parametrize(("end", "status"), [(BEGINS - DAY, 422), (BEGINS, 422), (BEGINS + HOUR, 201)])
    async def test_what_is_lowered_before_it_begins_ends_after_it_begins(
        self, client: Client, officer: dict[str, str], commander: dict[str, str], end: datetime, status: int
    ) -> None:
        await warned(client, commander)
        answer = await wish(client, officer, "blue", planned_end=end.isoformat(), fixed_end=True, **ORDER)
        assert answer.status_code == status, answer.text
        if status == 201:
            assert (await say(client, commander, answer.json(), True)).status_code == 200
        else:
            assert "12月17日00:00" in answer.json()["detail_zh"]
