"""The city page: notes, ranges and tiers below the trace, feeds compared, skill, links; and documents of older versions."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest

from alerts.law import Law
from service.accounts.roles import Role
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from service.web.city import feeds_compared
from tests.support import HEAVY, NOW, Client, forecast, hours

CLEAN = [20.0] * 96
RANGED = [
    {"date": f"2016-12-{day}", "aqi_low": 150, "aqi": 190, "aqi_high": 320} for day in range(16, 22)
]  # fmt: skip


def plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


async def page(client: Client, path: str = "/city/110000", adcode: str = "110000") -> str:
    official = await client.account(Role.DUTY_OFFICER, adcode)
    answer = await client.http.get(path, headers=official)
    assert answer.status_code == 200, answer.text
    return answer.text


COPY_SQL = """
INSERT INTO assessment (adcode, as_of, forecast_id, rules, plan, level, state, clause, starts_at, ends_at, inputs_digest, document,
    created_at)
SELECT adcode, as_of, forecast_id, rules, coalesce($2, plan), level, state, clause, starts_at, ends_at, 'older', $1, created_at
FROM assessment ORDER BY id DESC LIMIT 1
"""


async def leave(runtime: Runtime, without: tuple[str, ...] = (), plan: str | None = None) -> None:
    """Store the newest assessment once more as an older version of the service could have left it."""
    connection = await runtime.database.connect()
    document = json.loads(await connection.fetchval("SELECT document FROM assessment ORDER BY id DESC LIMIT 1"))
    kept: dict[str, Any] = {name: value for name, value in document.items() if name not in without}
    kept["trace"] = {name: value for name, value in document["trace"].items() if name not in without}
    await connection.execute(COPY_SQL, json.dumps(kept, ensure_ascii=False), plan)
    await connection.close()


class TestFeeds:
    async def test_stand_side_by_side_and_the_plan_says_which_counts(self, client: Client, clock: ManualClock) -> None:
        for feed, values in (("mild", CLEAN), ("bold", HEAVY)):
            await client.feed(feed)
            await client.deliver(forecast(values), feed=feed)
        await client.work()
        html = await page(client)
        rows = re.findall(r"<tr>(.*?)</tr>", html[html.index("h-feeds") :], re.S)
        told = {match[1]: plain(row) for row in rows if (match := re.search(r"<code>(mild|bold)</code>", row))}
        assert "以此为准" in told["bold"]
        assert "黄色" in told["bold"]
        assert "只显示" in told["mild"]
        assert "无预警" in told["mild"]
        assert "各来源分别研判，级别从高，相同时取最新" in plain(html)
        assert "/law/plans/national-default#h-conduct" in html

    async def test_one_feed_needs_no_rule(self, client: Client) -> None:
        await client.feed()
        await client.deliver(forecast(HEAVY))
        await client.work()
        assert "只有一个来源" in plain(await page(client))

    async def test_nothing_known_says_what_will_stand_here(self, client: Client) -> None:
        text = plain(await page(client))
        assert "收到预报后，这里并列各来源的级别" in text
        assert "近 90 天的预报检验" in text

    @pytest.mark.parametrize(("hours_older", "stale"), [(36, False), (37, True)])
    def test_what_is_older_than_the_plan_allows_does_not_count(self, law: Law, hours_older: int, stale: bool) -> None:
        issued = datetime(2025, 12, 15, 20, tzinfo=SHANGHAI)
        rows = [{"issued_at": (issued - timedelta(hours=age)).isoformat()} for age in (hours_older, 0)]
        found = feeds_compared({"feeds": rows}, law.plan_for("110000", issued))
        assert [row["stale"] for row in found["rows"]] == [stale, False]


@pytest.fixture
def law(runtime: Runtime) -> Law:
    return runtime.law


class TestBelowTheTrace:
    async def test_the_levels_of_a_range(self, client: Client) -> None:
        await client.feed()
        body = forecast([])
        body["data"]["points"] = RANGED
        assert (await client.deliver(body)).status_code == 202
        await client.work()
        html = await page(client)
        ranged = plain(html[html.index("预报范围") :][:2500])
        assert re.search(r"下限 ○ 无预警.*中值 ○ 无预警.*上限 .*级 按此值分级", ranged), ranged
        assert "预报给出范围" in plain(html)

    async def test_notes_are_not_called_missing_data(self, client: Client) -> None:
        await client.feed()
        body = forecast([])
        body["data"]["points"] = RANGED
        await client.deliver(body)
        await client.work()
        html = await page(client)
        assert "<dt>说明</dt>" in html
        assert "<dt>数据不足</dt>" not in html

    async def test_a_tier_is_shown_as_no_warning(self, client: Client, clock: ManualClock) -> None:
        clock.current = datetime(2025, 12, 15, 17, tzinfo=SHANGHAI)
        await client.feed()
        await client.deliver(forecast([90.0] * 96, issued=clock.current, adcode="321000"))
        await client.work()
        html = await page(client, "/city/321000", adcode="321000")
        text = plain(html[html.index("预警之外") :])
        assert text.startswith("预警之外 临时管控（预警前） pre_warning.any[")
        assert "须由上级下达指令" in text

    async def test_links_to_the_plan_of_the_day_and_to_a_simulation(self, client: Client) -> None:
        await client.feed()
        await client.deliver(forecast(HEAVY))
        await client.work()
        html = await page(client)
        assert 'href="/law/plans/national-default?on=2016-12-15"' in html
        (href,) = re.findall(r'href="(/simulation\?adcode=110000&amp;forecast=\d+)"', html)
        assert 'value="' + href.rpartition("=")[2] + '" selected' in await page(client, unescape(href))


class TestOlderDocuments:
    @pytest.fixture
    async def assessed(self, client: Client) -> None:
        await client.feed()
        await client.deliver(forecast(HEAVY))
        await client.work()

    @pytest.mark.usefixtures("assessed")
    async def test_without_feeds_notes_or_range(self, client: Client, runtime: Runtime) -> None:
        await leave(runtime, without=("feeds", "notes_zh", "notes_en", "document", "basis_zh", "basis_en"))
        text = plain(await page(client))
        assert "这次研判没有保留各来源的对比" in text
        assert "达到黄色" in text

    @pytest.mark.usefixtures("assessed")
    async def test_by_a_plan_that_config_no_longer_has(self, client: Client, runtime: Runtime) -> None:
        await leave(runtime, plan="a-plan-of-old")
        html = await page(client)
        assert "a-plan-of-old" not in html
        assert "/law/plans/national-default" in html


class TestSkill:
    async def test_rates_stand_with_their_interval(self, client: Client, clock: ManualClock) -> None:
        await client.feed()
        for day in range(4):
            clock.current = NOW + timedelta(days=day)
            measured = {
                "type": "observation", "timestamp": clock.current.isoformat(),
                "data": {"adcode": "110000", "points": hours(clock.current - timedelta(hours=24), [180.0] * 24)},
            }  # fmt: skip
            assert (await client.deliver(measured, kind="observations")).status_code == 202
            assert (await client.deliver(forecast([180.0] * 96, issued=clock.current))).status_code == 202
        html = await page(client, "/city/110000/skill")
        text = plain(html)
        assert "当时发布的预报" in text
        assert re.search(r"第 1 天 \d+ 100 % \[\d+–100\] 0 [+-]0", text), text
        assert "Wilson" in text

    async def test_nothing_to_verify_says_so(self, client: Client) -> None:
        assert "近 90 天没有预报" in plain(await page(client, "/city/110000/skill"))
        await client.feed()
        await client.deliver(forecast(HEAVY))
        assert "还没有可检验的日子" in plain(await page(client, "/city/110000/skill"))

    async def test_is_refused_outside_the_scope_and_to_enterprises(self, client: Client) -> None:
        shandong = await client.account(Role.COMMANDER, "370000")
        enterprise = await client.account(Role.ENTERPRISE, uscc="91110000100000000X")
        for headers in (shandong, enterprise):
            answer = await client.http.get("/city/110000/skill", headers=headers)
            assert answer.status_code == 403
