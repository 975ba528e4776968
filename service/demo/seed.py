"""What must stand before an episode can be played: feeds, accounts, and one generated emission list for each city.

Everything can be called again: what is there stays as it is. Nothing here is used outside the demonstration and the replay.
"""

from __future__ import annotations

import asyncio
import secrets as random
from dataclasses import dataclass

from emission_lists.generator import generate_list
from emission_lists.lists import EmissionListDraft, Enterprise
from service.accounts.flows import create_account
from service.accounts.passwords import hash_password
from service.accounts.roles import NATION, Role, Scope
from service.demo.contacts import seed_contacts
from service.demo.episodes import Episode
from service.demo.filing import CITY, EVIDENCE_FEED
from service.demo.messages import FORECAST_FEEDS, OBSERVATION_FEED
from service.demo.policy import BEIJING_CHIEF, BEIJING_DUTY, COMMANDER, COORDINATOR, DEPUTY, DUTY, OFFICE
from service.feeds.flows import AIR, EVIDENCE, register, secrets_of
from service.kit.runtime import Runtime
from service.kit.signatures import new_secret
from service.lists.flows import activate, store_draft
from service.lists.workbooks import guide_of, profile

PASSWORD = "lantian-demo-2016"  # noqa: S105 - printed at every start; such accounts exist in demonstrations only
GUIDE = "G2020"
SEED = 2016
SIZES = {
    "110000": 3000,
    "120000": 3000,
    "130100": 8000,
    "130400": 2000,
    "130500": 1500,
    "130600": 2500,
    "140100": 1500,
    "371400": 1500,
    "410100": 2000,
    "410500": 1500,
}
"""Enterprises of each city's generated list: choices, of the order of published lists (some thousands a city)."""
FEEDS = {
    OBSERVATION_FEED: "演示：实测（真实监测数据）· demo observations",
    FORECAST_FEEDS["perfect"]: "演示：完美预报（由事后实测重建）· demo perfect forecast",
    FORECAST_FEEDS["persistence"]: "演示：持续性预报（昨日照旧）· demo persistence forecast",
    EVIDENCE_FEED: "演示：用电监控平台（数据为虚构）· demo meters (invented figures)",
}


@dataclass(frozen=True)
class DemoLogin:
    """An account of the demonstration. `scripted` ones are played by the script, with a password nobody knows."""

    login: str
    role: Role
    display: str
    adcode: str = NATION
    scripted: bool = False


LOGINS = (
    DemoLogin("demo-duty", Role.DUTY_OFFICER, "演示值班员"),
    DemoLogin("demo-office", Role.OFFICE_DIRECTOR, "演示办公室主任"),
    DemoLogin("demo-deputy", Role.DEPUTY_COMMANDER, "演示副指挥长"),
    DemoLogin("demo-commander", Role.COMMANDER, "演示指挥长"),
    DemoLogin("demo-coordinator", Role.COORDINATOR, "演示区域协调员"),
    DemoLogin("demo-auditor", Role.AUDITOR, "演示审计员"),
    DemoLogin("demo-admin", Role.ADMINISTRATOR, "演示管理员"),
    DemoLogin("demo-security", Role.SECURITY_ADMINISTRATOR, "演示安全管理员"),
    DemoLogin("demo-beijing", Role.COMMANDER, "演示北京市指挥长", CITY),
    DemoLogin("demo-beijing-duty", Role.DUTY_OFFICER, "演示北京市值班员", CITY),
    DemoLogin(DUTY, Role.DUTY_OFFICER, "脚本值班员", scripted=True),
    DemoLogin(OFFICE, Role.OFFICE_DIRECTOR, "脚本办公室主任", scripted=True),
    DemoLogin(DEPUTY, Role.DEPUTY_COMMANDER, "脚本副指挥长", scripted=True),
    DemoLogin(COMMANDER, Role.COMMANDER, "脚本指挥长", scripted=True),
    DemoLogin(COORDINATOR, Role.COORDINATOR, "脚本区域协调员", scripted=True),
    DemoLogin(BEIJING_DUTY, Role.DUTY_OFFICER, "脚本北京市值班员", CITY, scripted=True),
    DemoLogin(BEIJING_CHIEF, Role.COMMANDER, "脚本北京市指挥长", CITY, scripted=True),
)


def enterprise_login(adcode: str) -> str:
    """The login of a city's demonstration enterprise."""
    return f"demo-enterprise-{adcode}"


async def seed_feeds(runtime: Runtime) -> dict[str, list[str]]:
    """Register the demonstration's feeds with fresh secrets where they are missing; returns all secrets by feed."""
    async with runtime.unit() as uow:
        known = {feed: await secrets_of(uow, feed) for feed in FEEDS}
        for feed, title in FEEDS.items():
            if not known[feed]:
                known[feed] = [new_secret()]
                kind = EVIDENCE if feed == EVIDENCE_FEED else AIR
                await register(uow, feed, title, NATION, known[feed], kind=kind)
        await uow.commit()
    return known


async def seed_accounts(runtime: Runtime, *, visitors: bool = True) -> dict[str, str]:
    """Open the missing accounts, without `visitors` only the scripted ones; returns the scripted passwords, made anew each time."""
    given = {one.login: random.token_urlsafe(24) for one in LOGINS if one.scripted}
    async with runtime.unit() as uow:
        known = {row["login"] for row in await uow.fetch("SELECT login FROM account")}
        for one in LOGINS:
            if one.login not in known and (visitors or one.scripted):
                await create_account(
                    uow,
                    login=one.login,
                    password=given.get(one.login, PASSWORD),
                    display=one.display,
                    role=one.role,
                    adcode=one.adcode,
                )
            elif one.scripted:
                fresh = await hash_password(given[one.login])
                await uow.execute("UPDATE account SET password_hash = $2 WHERE login = $1", one.login, fresh)
        await uow.commit()
    return given


async def seed_lists(runtime: Runtime, episode: Episode, sizes: dict[str, int]) -> int:
    """Generate, store and activate the list of every city of the episode that has none; returns how many were made."""
    made = 0
    for adcode in episode.divisions:
        async with runtime.unit() as uow:
            if await uow.fetchval("SELECT 1 FROM list_version WHERE adcode = $1 AND state = 'active'", adcode):
                continue
            draft = await asyncio.to_thread(_draft, runtime, adcode, sizes[adcode])
            version = await store_draft(uow, draft, guide=GUIDE, created_by=None, generated=True)
            await activate(uow, Scope(adcode), version, None)
            chosen = showcase(draft)
            account_id = await create_account(
                uow,
                login=enterprise_login(adcode),
                password=PASSWORD,
                display=chosen.name,
                role=Role.ENTERPRISE,
                adcode=adcode,
                uscc=chosen.uscc,
            )
            await seed_contacts(uow, draft, account_id)
            await uow.commit()
        made += 1
    return made


def _draft(runtime: Runtime, adcode: str, enterprises: int) -> EmissionListDraft:
    counties = sorted(
        division.adcode
        for division in runtime.law.divisions.values()
        if division.level == "county" and Scope(adcode).covers(division.adcode) and division.valid_until is None
    )
    return generate_list(
        adcode, seed=SEED, enterprises=enterprises, guide=guide_of(GUIDE), profile=profile(), counties=counties
    )


def showcase(draft: EmissionListDraft) -> Enterprise:
    """The enterprise that shows most: of a key industry, with the most lines, running; the first where several are equal."""
    groups = [rows for rows in draft.by_enterprise().values() if not rows[0].enterprise.long_stopped]
    key = [rows for rows in groups if rows[0].enterprise.key_industry] or groups
    return max(key, key=len)[0].enterprise
