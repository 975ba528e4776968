"""Who takes part: copied from the live side (without addresses and telephones) or generated, and a simulated player for every part."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from functools import partial

from emission_lists.generator import generate_list
from service.accounts.passwords import hash_password
from service.accounts.roles import CENTRE, NATION, Role, Scope, prefix_of
from service.demo.messages import FORECAST_FEEDS, OBSERVATION_FEED
from service.drills.script import Script
from service.feeds.flows import register
from service.kit.database import Connection
from service.kit.runtime import Runtime
from service.kit.signatures import new_secret
from service.kit.unit_of_work import UnitOfWork
from service.lists.flows import activate, store_draft
from service.lists.workbooks import guide_of, profile

LEADER = "drill-leader"
"""Who directs the drill (导调): sees the injects, throws them, ends it, and decides nothing."""
SIMULATED = "sim-"
"""Logins of simulated players begin with it; no live account can sign in by one, their password is known to the process only."""
COORDINATOR = "sim-coordinator"
FEED = "drill-forecast"
GUIDE = "G2020"
LIST_SEED = 2026
TAKEN = "id, login, display, role, adcode, uscc, post, created_at"
UNSET = "!"
"""In place of a hash: nothing matches it."""
COPIED = "login NOT LIKE 'sim-%' AND login NOT LIKE 'drill-%'"


@dataclass(frozen=True)
class Handed:
    """What the process is told once: the password of the simulated players, of the leader and of generated people, the feeds' keys.

    `own`: the drill password of each copied account, by login.
    """

    simulated: str
    people: str
    feeds: dict[str, list[str]]
    own: dict[str, str]


def simulated(role: str, adcode: str) -> str:
    """The login of the simulated player of a part."""
    return f"{SIMULATED}{role.replace('_', '-')}-{adcode}"


async def copy_accounts(live: Connection, schema: str, script: Script) -> int:
    """Take over the live accounts of the script's places with their roles; returns how many. `own_passwords` lets them in.

    Nothing that opens the live side or reaches a person comes along: no password hash (without the factor and the rests that guard
    it there, it could be tried here), no external identity, no factor, no session, no key, no telephone, no address.
    """
    prefixes = [prefix_of(adcode) for adcode in script.places]
    home = await live.fetchval("SELECT quote_ident(current_schema())")
    tag = await live.execute(
        f"INSERT INTO {schema}.account ({TAKEN}, password_hash, must_change, enabled, failures) OVERRIDING SYSTEM VALUE"
        f" SELECT {TAKEN}, '{UNSET}', false, true, 0 FROM {home}.account a WHERE a.enabled AND a.role IS NOT NULL"
        f" AND {COPIED} AND (EXISTS (SELECT 1 FROM unnest($1::text[]) p WHERE a.adcode LIKE p || '%')"
        " OR a.adcode = ANY($2::text[]))",
        prefixes,
        [NATION, *{adcode[:2] + "0000" for adcode in script.places}],
    )
    await live.execute(
        f"SELECT setval(pg_get_serial_sequence('{schema}.account', 'id'), coalesce(max(id), 1)) FROM {schema}.account"
    )
    await live.execute(
        f"INSERT INTO {schema}.contact (adcode, account_id, name, post, phone, email, language, calling_order, by_email, by_sms,"
        f" quiet_from, quiet_until, changed_by, changed_at) SELECT c.adcode, c.account_id, c.name, c.post, NULL,"
        " 'drill-' || c.account_id || '@example.test', c.language, c.calling_order, c.by_email, c.by_sms, c.quiet_from,"
        f" c.quiet_until, c.account_id, c.changed_at FROM {home}.contact c JOIN {schema}.account a ON a.id = c.account_id"
    )
    return int(tag.rpartition(" ")[2])


async def own_passwords(uow: UnitOfWork) -> dict[str, str]:
    """A fresh drill password for each copied account, by login; what was there before opens nothing any more."""
    rows = await uow.fetch(f"SELECT login FROM account WHERE {COPIED} ORDER BY login")
    told = {row["login"]: secrets.token_urlsafe(9) for row in rows}
    hashes = await asyncio.gather(*(hash_password(password) for password in told.values()))
    await uow.execute(
        "UPDATE account SET password_hash = n.hash FROM unnest($1::text[], $2::text[]) n(login, hash) WHERE account.login = n.login",
        list(told),
        hashes,
    )
    return told


async def seat(runtime: Runtime, script: Script, participants: str) -> Handed:
    """Make the list of each place, the simulated players, the leader, generated people where asked, and the feeds."""
    handed = Handed(secrets.token_urlsafe(24), secrets.token_urlsafe(9), {}, {})
    for_players, for_people = await asyncio.gather(hash_password(handed.simulated), hash_password(handed.people))
    for adcode in script.places:
        plants = await _list_of(runtime, script, adcode)
        async with runtime.unit() as uow:
            await _players(uow, adcode, plants, for_players)
            if participants == "generated" and adcode == script.adcode and plants:
                await _open(uow, f"drill-plant-{adcode}", "演练企业", Role.ENTERPRISE, adcode, for_people, plants[0])
            await uow.commit()
    async with runtime.unit() as uow:
        handed.own.update(await own_passwords(uow))
        await _open(uow, COORDINATOR, "模拟区域协调员", Role.COORDINATOR, NATION, for_players)
        await _open(uow, LEADER, "演练导调员", Role.AUDITOR, script.adcode, for_people)
        if participants == "generated":
            for part in script.cast:
                login = f"drill-{part.role.value.replace('_', '-')}-{part.adcode}"
                await _open(uow, login, part.title.zh, part.role, part.adcode, for_people)
        for feed in (FEED, OBSERVATION_FEED, FORECAST_FEEDS["perfect"]):
            handed.feeds[feed] = [new_secret()]
            await register(uow, feed, f"演练数据源 drill feed {feed}", NATION, handed.feeds[feed])
        await uow.commit()
    return handed


async def _list_of(runtime: Runtime, script: Script, adcode: str) -> list[str]:
    """The codes of the enterprises of a place's generated list, put in force."""
    counties = sorted(
        one.adcode
        for one in runtime.law.divisions.values()
        if one.level == "county" and Scope(adcode).covers(one.adcode) and one.valid_until is None
    )
    make = partial(generate_list, adcode, seed=LIST_SEED, enterprises=script.players.enterprises)
    draft = await asyncio.to_thread(make, guide=guide_of(GUIDE), profile=profile(), counties=counties)
    async with runtime.unit() as uow:
        version = await store_draft(uow, draft, guide=GUIDE, created_by=None, generated=True)
        await activate(uow, Scope(adcode), version, None)
        await uow.commit()
    return list(dict.fromkeys(row.enterprise.uscc for row in draft.rows))


async def _players(uow: UnitOfWork, adcode: str, plants: list[str], hashed: str) -> None:
    for role in sorted(CENTRE):
        await _open(uow, simulated(role.value, adcode), f"模拟{role.zh}", role, adcode, hashed)
    for number, uscc in enumerate(plants, 1):
        login = f"{SIMULATED}plant-{adcode}-{number}"
        await _open(uow, login, f"模拟企业{number}", Role.ENTERPRISE, adcode, hashed, uscc)


async def _open(
    uow: UnitOfWork, login: str, display: str, role: Role, adcode: str, hashed: str, uscc: str | None = None
) -> None:
    account = await uow.fetchval(
        "INSERT INTO account (login, display, password_hash, role, adcode, uscc, enabled, failures, must_change, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, true, 0, false, $7) RETURNING id",
        login,
        display,
        hashed,
        role.value,
        adcode,
        uscc,
        uow.now,
    )
    await uow.record("account.opened", adcode, account=account, login=login, role=role.value, uscc=uscc)


async def new_passwords(runtime: Runtime) -> Handed:
    """Fresh passwords and keys for a drill that is taken up again; what the last process knew is gone."""
    handed = Handed(secrets.token_urlsafe(24), secrets.token_urlsafe(9), {}, {})
    for_players, for_people = await asyncio.gather(hash_password(handed.simulated), hash_password(handed.people))
    async with runtime.unit() as uow:
        await uow.execute("UPDATE account SET password_hash = $1 WHERE login LIKE 'sim-%'", for_players)
        await uow.execute("UPDATE account SET password_hash = $1 WHERE login LIKE 'drill-%'", for_people)
        handed.own.update(await own_passwords(uow))
        for row in await uow.fetch("SELECT id, title FROM feed"):
            handed.feeds[row["id"]] = [new_secret()]
            await register(uow, row["id"], row["title"], NATION, handed.feeds[row["id"]])
        await uow.commit()
    return handed
