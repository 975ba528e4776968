"""A coordinator's prompt, to start or to lift: who may enter it, its rows, and what follows in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.levels import Level
from alerts.region import RegionalPrompt
from alerts.region_lift import LiftPrompt
from service.accounts.roles import Principal
from service.kit.bulk import lock_divisions
from service.kit.problems import Conflict, Forbidden, Invalid
from service.kit.unit_of_work import UnitOfWork
from service.prompts.board import find
from service.prompts.laggards import owe_adoption, waive_older, watch
from service.prompts.proposing import propose_all
from service.prompts.rank import Wanted, check_rank
from service.prompts.suggesting import accepted, hold_open

INSERT_SQL = """
INSERT INTO prompt (kind, region, document, basis, entry_key, issued_by, issued_at, starts_at, ends_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (issued_by, entry_key) DO NOTHING RETURNING id
"""
ENTRIES_SQL = """
INSERT INTO prompt_entry (prompt_id, adcode, level, starts_at)
SELECT $1, adcode, level, starts_at FROM unnest($2::text[], $3::int[], $4::timestamptz[]) n(adcode, level, starts_at)
"""
FARTHEST = timedelta(days=31)
"""A start or a lift later than this is a slip of the pen."""


@dataclass(frozen=True)
class _Entered:
    """A prompt as it is stored: what was entered, and the instant of each division where it has one of its own."""

    kind: str
    region: str
    document: str
    basis: str
    key: str | None
    starts_at: datetime
    ends_at: datetime | None
    levels: Mapping[str, Level]
    own: Mapping[str, datetime | None]


async def issue(
    uow: UnitOfWork,
    principal: Principal,
    prompt: RegionalPrompt,
    *,
    document: str,
    basis: str,
    key: str | None = None,
    suggestion: int | None = None,
) -> dict[str, Any]:
    """Store a prompt and put every division's proposal forward with the common start, in this transaction.

    The same `key` by the same person gives the prompt that it made first. Raises Forbidden outside the coordinator's scope,
    Invalid for unknown divisions and instants that make no sense, Conflict when the key was used for another prompt, where
    less would be asked than a wider region asks, and when the suggestion is no longer open.
    """
    adcodes = [entry.adcode for entry in prompt.entries]
    _check(uow, principal, prompt.region, adcodes)
    starts = [entry.starts_at or prompt.starts_at for entry in prompt.entries]
    _check_instants(uow.now, prompt.ends_at, starts)
    await lock_divisions(uow, adcodes)
    if suggestion is not None:
        await hold_open(uow, principal, suggestion, key)
    entered = _Entered(
        kind="start",
        region=prompt.region,
        document=document,
        basis=basis,
        key=key,
        starts_at=prompt.starts_at,
        ends_at=prompt.ends_at,
        levels={entry.adcode: entry.level for entry in prompt.entries},
        own={entry.adcode: entry.starts_at for entry in prompt.entries},
    )
    made = await _store(uow, principal, entered)
    if made is None:
        return await _before(uow, principal, entered)
    await _check_rank(uow, principal, made, entered)
    await propose_all(uow, adcodes)
    await watch(uow, made, uow.runtime.law.regions[prompt.region], dict(zip(adcodes, starts, strict=True)))
    await owe_adoption(uow, made, adcodes)
    if suggestion is not None:
        await accepted(uow, principal, suggestion, made)
    await _follow(uow, made, adcodes)
    return await find(uow, principal.scope, made)


async def lift(
    uow: UnitOfWork,
    principal: Principal,
    prompt: LiftPrompt,
    *,
    document: str,
    basis: str,
    key: str | None = None,
) -> dict[str, Any]:
    """Store a joint lift with an hour for each division, and assess them: where the lifting test holds, a lift is proposed.

    The prompts that stood there end at that hour. Where the test does not hold nothing is proposed and the board says why.
    Raises as `issue` does.
    """
    adcodes = [entry.adcode for entry in prompt.entries]
    _check(uow, principal, prompt.region, adcodes)
    _check_instants(uow.now, None, prompt.hours.values())
    await lock_divisions(uow, adcodes)
    entered = _Entered(
        kind="lift",
        region=prompt.region,
        document=document,
        basis=basis,
        key=key,
        starts_at=prompt.lifts_at,
        ends_at=None,
        levels=dict.fromkeys(adcodes, Level.NONE),
        own={entry.adcode: entry.lifts_at for entry in prompt.entries},
    )
    made = await _store(uow, principal, entered)
    if made is None:
        return await _before(uow, principal, entered)
    await _check_rank(uow, principal, made, entered)
    await _follow(uow, made, adcodes)
    return await find(uow, principal.scope, made)


def _check(uow: UnitOfWork, principal: Principal, region: str, adcodes: Collection[str]) -> None:
    law = uow.runtime.law
    if not principal.may_prompt:
        raise Forbidden("Prompts are entered by the regional coordinator.")
    if region not in law.regions:
        raise Invalid(f"There is no region {region}; known: {', '.join(sorted(law.regions))}.")
    unknown = [adcode for adcode in adcodes if adcode not in law.divisions]
    if unknown:
        raise Invalid(f"Unknown divisions: {', '.join(unknown)}.")
    foreign = [adcode for adcode in adcodes if not principal.scope.covers(adcode)]
    if foreign:
        raise Forbidden(f"Outside your region: {', '.join(foreign)}.")


async def _check_rank(uow: UnitOfWork, principal: Principal, made: int, new: _Entered) -> None:
    wanted = {
        adcode: Wanted(level, new.own[adcode] or new.starts_at, new.ends_at) for adcode, level in new.levels.items()
    }
    await check_rank(uow, principal.scope, made, wanted)


def _check_instants(now: datetime, ends_at: datetime | None, starts: Collection[datetime]) -> None:
    if ends_at is not None and ends_at <= now:
        raise Invalid("The end lies in the past; leave it empty when it is open.")
    if max(starts) > now + FARTHEST:
        raise Invalid("An instant lies more than a month ahead; correct its date.")


async def _store(uow: UnitOfWork, principal: Principal, new: _Entered) -> int | None:
    """The rows of a prompt and its line on the ledger; None when this key has made one already."""
    made = await uow.fetchval(
        INSERT_SQL,
        new.kind,
        new.region,
        new.document,
        new.basis,
        new.key,
        principal.account_id,
        uow.now,
        new.starts_at,
        new.ends_at,
    )
    if made is None:
        return None
    codes = sorted(new.levels)
    await uow.execute(
        ENTRIES_SQL, made, codes, [int(new.levels[code]) for code in codes], [new.own[code] for code in codes]
    )
    told: dict[str, Any] = {"divisions": codes, "starts_at": new.starts_at}
    if new.kind == "start":
        told |= {"levels": [new.levels[code].code for code in codes], "ends_at": new.ends_at}
    if any(new.own.values()):
        told["hours"] = {code: new.own[code] for code in codes if new.own[code]}
    await waive_older(uow, int(made), codes)
    event = "prompt.issued" if new.kind == "start" else "prompt.lift"
    await uow.record(event, None, prompt=made, region=new.region, **told)
    return int(made)


async def _before(uow: UnitOfWork, principal: Principal, again: _Entered) -> dict[str, Any]:
    """The prompt that this key made before. Raises Conflict when it was another one."""
    row = await uow.fetchrow(
        "SELECT * FROM prompt WHERE issued_by = $1 AND entry_key = $2", principal.account_id, again.key
    )
    assert row is not None
    entries = await uow.fetch("SELECT adcode, level, starts_at FROM prompt_entry WHERE prompt_id = $1", row["id"])
    stored = {entry["adcode"]: (entry["level"], entry["starts_at"]) for entry in entries}
    given = {adcode: (int(level), again.own[adcode]) for adcode, level in again.levels.items()}
    same = all(row[name] == getattr(again, name) for name in ("kind", "region", "document", "basis", "starts_at", "ends_at"))
    if not same or stored != given:
        raise Conflict(
            f"This form was sent already and made prompt {row['id']}; to change what it asks, enter a new one.",
            detail_zh=f"此表单已提交过并生成第 {row['id']} 号提示；如需修改，请重新打开表单录入新的提示。",
        )
    return await find(uow, principal.scope, int(row["id"]))


async def _follow(uow: UnitOfWork, prompt_id: int, adcodes: Collection[str]) -> None:
    """What comes after the commit: assessments that know of the prompt, and people told."""
    await uow.enqueue("assess", {"adcodes": sorted(adcodes)})
    await uow.enqueue("tell_of_prompt", {"prompt": prompt_id})
    await uow.tell("prompt")
