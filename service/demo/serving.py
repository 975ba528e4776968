"""`lantian serve --demo`: the service as it is, with an episode played to it and a clock of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import structlog
from fastapi import FastAPI

from service.demo.clock import STANDSTILL, begins, position, set_going
from service.demo.driver import MARGIN, Driver
from service.demo.episodes import Episode, load_episode
from service.demo.filing import CITY as VISITORS_CITY
from service.demo.filing import Filing
from service.demo.messages import OBSERVATION_FEED
from service.demo.outside import Outside
from service.demo.seed import LOGINS, PASSWORD, enterprise_login, seed_accounts, seed_feeds
from service.demo.signing import with_chain
from service.kit.database import drop_database
from service.kit.migrate import migrate
from service.kit.runtime import Runtime
from service.kit.settings import Settings

EPISODE = "2016-12"
PACE = 100.0
FOLDER = "demo"
DRIVER_LOCK = 7_214_003
logger = structlog.get_logger("lantian.demo")


class NotADemo(RuntimeError):
    """The database holds something else than the demonstration."""


@dataclass(frozen=True)
class Options:
    """How to play: simulated seconds in a real one, and whether the script leaves every decision to people."""

    pace: float = PACE
    hands_off: bool = False


def demo_settings(settings: Settings) -> Settings:
    """The demonstration lives in a folder of its own, so that no real service ever starts on its data."""
    return settings.model_copy(update={"data_dir": settings.data_dir / FOLDER})


async def prepare(runtime: Runtime, *, fresh: bool) -> None:
    """Bring the database up, for `fresh` without what an earlier run left. Raises NotADemo for one that holds something else."""
    try:
        await migrate(runtime.database.address)
        await check(runtime)
        if fresh:
            await runtime.database.close()
            await drop_database(runtime.database.address)
            await asyncio.to_thread(shutil.rmtree, runtime.settings.public_root, ignore_errors=True)
            await migrate(runtime.database.address)
    finally:
        await runtime.database.close()


async def check(runtime: Runtime) -> None:
    """Whether the database may host the demonstration: its own, or an empty one. Raises NotADemo."""
    async with runtime.unit() as uow:
        accounts = await uow.fetchval("SELECT count(*) FROM account")
        if accounts and not await is_demo(runtime):
            raise NotADemo(
                "This database holds a real service. The demonstration wants an empty one: unset DATABASE_URL, or name another."
            )


async def is_demo(runtime: Runtime) -> bool:
    """Whether the demonstration has been loaded into this database."""
    async with runtime.unit() as uow:
        return bool(await uow.fetchval("SELECT 1 FROM feed WHERE id = $1", OBSERVATION_FEED))


def attach(app: FastAPI, runtime: Runtime, options: Options) -> None:
    """Let the demonstration live as long as the application does."""
    served = app.router.lifespan_context
    runtime.law = with_chain(runtime.law)

    @asynccontextmanager
    async def lifespan(application: FastAPI) -> AsyncIterator[None]:
        episode = load_episode(EPISODE)
        where = await position(runtime, episode)
        if not where.running:
            await set_going(runtime, where.at, STANDSTILL, episode.ends_at)
        async with served(application):
            stop = asyncio.Event()
            playing = asyncio.create_task(_play(runtime, episode, options, stop))
            playing.add_done_callback(_say_if_ended)
            try:
                yield
            finally:
                stop.set()
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait_for(playing, 10)

    app.router.lifespan_context = lifespan


def _say_if_ended(playing: asyncio.Task[None]) -> None:
    """The script ended by an error: say so at once, the pages would only stand still."""
    if not playing.cancelled() and (error := playing.exception()) is not None:
        tell(f"演示脚本中止，时钟停住 · the script has ended and the clock stands still: {error}")


async def _play(runtime: Runtime, episode: Episode, options: Options, stop: asyncio.Event) -> None:
    """Be the outside world, if no other process is: make ready what is missing, start the clock, and drive."""
    connection = await runtime.database.connect()
    try:
        alone = await connection.fetchval("SELECT pg_try_advisory_lock($1)", DRIVER_LOCK)
        secrets = await seed_feeds(runtime)
        passwords = (await seed_accounts(runtime) if alone else {}) | {
            enterprise_login(adcode): PASSWORD for adcode in episode.divisions
        }
        address = own_address(runtime.settings)
        async with httpx.AsyncClient(base_url=address, timeout=30) as http:
            await _until_served(http, stop)
            tell(welcome(runtime, episode, options, address))
            if not alone or stop.is_set():
                await stop.wait()
                return
            if not await _lists(runtime, episode, stop):
                return
            outside = Outside(http, secrets, passwords)
            where = await position(runtime, episode)
            filing = await Filing.of(runtime, outside, enterprise_login(VISITORS_CITY), begins(episode))
            await filing.before()
            driver = Driver(
                runtime,
                episode,
                outside,
                hands_off=options.hands_off,
                pace=options.pace,
                enterprises=await _scripted_enterprises(runtime),
                filing=filing,
            )
            await driver.skip_delivered()
            await set_going(runtime, where.at, options.pace, episode.ends_at)
            tell(f"模拟时钟 simulated clock: {where.at:%Y-%m-%d %H:%M}, pace {options.pace:g}")
            if where.at >= episode.ends_at:
                tell("过程已结束，重新开始请加 --fresh · The episode is over; start anew with: make run FRESH=1")
            await driver.run(stop)
    finally:
        await connection.close()


async def _lists(runtime: Runtime, episode: Episode, stop: asyncio.Event) -> bool:
    """Generate missing lists in a process of its own, which gives its memory back; False when stopped or failed."""
    async with runtime.unit() as uow:
        there = await uow.fetchval("SELECT count(*) FROM list_version WHERE state = 'active'")
    if there >= len(episode.divisions):
        return True
    tell("生成各市示例清单，时钟随后启动 · generating the cities' sample lists; the clock starts when they are there")
    started = time.monotonic()
    environment = os.environ | {"DATABASE_URL": runtime.database.address}
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "service.demo.making_lists", episode.id, env=environment, stdin=asyncio.subprocess.DEVNULL
    )
    stopping = asyncio.create_task(stop.wait())
    finishing = asyncio.create_task(child.wait())
    await asyncio.wait({stopping, finishing}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if child.returncode is None:
        child.terminate()
    if await finishing != 0:
        logger.warning("the sample lists are not complete; start again to go on", exit_code=child.returncode)
        return False
    tell(f"示例清单就绪 · lists ready after {time.monotonic() - started:.0f} s")
    return True


async def _scripted_enterprises(runtime: Runtime) -> dict[str, str]:
    async with runtime.unit() as uow:
        rows = await uow.fetch(
            "SELECT login, uscc FROM account WHERE role = 'enterprise' AND adcode <> $1 ORDER BY login", VISITORS_CITY
        )
    return {row["login"]: row["uscc"] for row in rows}


def own_address(settings: Settings) -> str:
    """Where this process reaches itself."""
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::", ""} else settings.host  # noqa: S104 - compared, not bound
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


async def _until_served(http: httpx.AsyncClient, stop: asyncio.Event) -> None:
    while not stop.is_set():
        with contextlib.suppress(httpx.TransportError):
            if (await http.get("/healthz")).status_code == 200:
                return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 0.1)


def tell(text: str) -> None:
    """A line for the person at the terminal."""
    print(text, flush=True)  # noqa: T201 - the demonstration talks to a terminal


def welcome(runtime: Runtime, episode: Episode, options: Options, address: str) -> str:
    """Address, logins and what to look at."""
    people = [
        f"    {one.login:<24} {one.role.zh} {one.role.value.replace('_', ' ')}" for one in LOGINS if not one.scripted
    ]
    firm = f"    {enterprise_login(VISITORS_CITY):<24} 企业 enterprise ({runtime.place(VISITORS_CITY)})"
    hours = (
        "所有建议留给人审批 · every decision is left to people"
        if options.hands_off
        else (
            f"截止前{int(MARGIN.total_seconds() // 60)}分钟（模拟时间）无人审批时由脚本审批"
            f" · a script decides when nobody has {int(MARGIN.total_seconds() // 60)} simulated minutes before the deadline"
        )
    )
    return "\n".join(
        [
            "",
            f"  蓝天 Lantian — 演示 demonstration: {episode.title_zh} · {episode.title_en}",
            f"  {episode.note_zh} {episode.note_en}",
            "",
            f"  指挥中心 command centre   {address}/",
            f"  公众页面 public site      {address}/public/",
            f"  API                      {address}/api/v1/openapi.json",
            "",
            f"  演示账号 demo logins (密码 password: {PASSWORD})",
            *people,
            firm,
            "",
            "  看什么 what to look at:",
            "    12-14 17:00 首次预报，各市出现预警建议；用 demo-commander 审批 · first forecast, proposals appear: approve them",
            "    石家庄的建议须依次签批（演示虚构）：demo-office，再 demo-deputy；见 /proposals"
            " · Shijiazhuang's are signed in order (invented): demo-office, then demo-deputy; see /proposals",
            "    12-15 12:00 环保部区域预警提示 · the ministry's regional prompt: 23 red, 9 orange → /region",
            "    12-15 起各市响应陆续生效，企业查看减排要求 · responses begin city by city, enterprises see what to stop",
            "    北京的十几家企业按小时报送用电；一家该停未停，见 核查 /findings（用 demo-beijing-duty、demo-beijing 处理）"
            " · a dozen plants in Beijing send their power by the hour; one runs on: see /findings",
            "    河北各市的部门任务有接收、进展；日报次日10时前填报，保定12-17的一份逾期，见 督办 /duties"
            " · Hebei's departments answer their tasks; daily reports by 10:00, Baoding's of 12-17 is late: see /duties",
            "    12-21 起空气好转，解除 · the air clears, warnings are lifted",
            f"  {hours}",
            f"  模拟时钟每秒走{options.pace:g}秒 · {options.pace:g} simulated seconds pass in a second; Ctrl-C 停止 stops, "
            "再次启动接着走 the next start goes on",
            "",
        ]
    )
