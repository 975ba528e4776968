"""Suggested prompts: adjacent members of a region whose own levels call for acting together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from alerts.law import Region
from alerts.levels import Level
from alerts.region import Group, suggest_prompt, suggested_levels
from service.accounts.roles import COORDINATORS, NATION, Principal, Scope
from service.coordination.adjacency import adjacency
from service.kit.canonical import canonical, digest
from service.kit.problems import Conflict, Forbidden, Unknown
from service.kit.unit_of_work import UnitOfWork, beijing
from service.people.flows import notify
from service.prompts.repository import asked_of

FRESH = timedelta(hours=24)
"""Assessments older than this suggest nothing."""
RESTS = timedelta(hours=12)
"""A suggestion that was dismissed does not come back unchanged for so long."""
LEVELS_SQL = """
SELECT m.adcode, a.id, a.level, a.starts_at, a.ends_at FROM unnest($1::text[]) m(adcode) CROSS JOIN LATERAL
    (SELECT id, level, starts_at, ends_at, as_of FROM assessment WHERE adcode = m.adcode ORDER BY id DESC LIMIT 1) a
WHERE a.as_of > $2 AND a.level > 0
"""
INSERT_SQL = """
INSERT INTO prompt_suggestion (region, fingerprint, document, state, made_at)
SELECT $1::text, $2::text, $3, 'open', $4 WHERE NOT EXISTS (
    SELECT 1 FROM prompt_suggestion WHERE region = $1 AND fingerprint = $2 AND (state = 'open' OR (state = 'dismissed' AND closed_at > $5))
) ON CONFLICT DO NOTHING RETURNING id
"""
GONE_SQL = """
UPDATE prompt_suggestion SET state = 'gone', closed_at = $3
WHERE region = $1 AND state = 'open' AND NOT fingerprint = ANY($2::text[]) RETURNING id
"""


async def suggest(uow: UnitOfWork) -> None:
    """Let the open suggestions of every region in force be what the newest assessments say. Idempotent."""
    await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended('suggest_prompts', 0))")
    changed = False
    for region in uow.runtime.law.regions.values():
        if region.in_force.covers(uow.now.date()) and region.suggestion is not None:
            changed |= await _of_region(uow, region)
    if changed:
        await uow.tell("prompt")


async def _of_region(uow: UnitOfWork, region: Region) -> bool:
    assert region.suggestion is not None
    found = {row["adcode"]: row for row in await uow.fetch(LEVELS_SQL, list(region.members), uow.now - FRESH)}
    levels = {adcode: Level(row["level"]) for adcode, row in found.items()}
    groups = suggest_prompt(
        levels,
        adjacency(uow.runtime.settings.config_dir),
        region.members,
        region.suggestion.divisions,
        Level.of(region.suggestion.level),
    )
    asked = {adcode: one.view.level for adcode, one in (await asked_of(uow, list(levels))).items()}
    documents = [_document(part, found) for part in _apart(groups) if _is_new(part, asked)]
    prints = [digest([[one["adcode"], one["level"]] for one in document["divisions"]]) for document in documents]
    gone = await uow.fetch(GONE_SQL, region.id, prints, uow.now)
    for row in gone:
        await uow.record("suggestion.gone", None, suggestion=row["id"], region=region.id)
    made = [
        await _make(uow, region, fingerprint, document)
        for fingerprint, document in zip(prints, documents, strict=True)
    ]
    return bool(gone) or any(made)


def _apart(groups: Sequence[Group]) -> list[dict[str, Level]]:
    """The widest groups, each division with the highest level of the groups that it belongs to."""
    levels = suggested_levels(groups)
    widest = [one for one in groups if not any(set(one.adcodes) < set(other.adcodes) for other in groups)]
    return [{adcode: levels[adcode] for adcode in one.adcodes} for one in widest]


def _is_new(part: Mapping[str, Level], asked: Mapping[str, Level]) -> bool:
    """Whether a prompt would ask for more than those in force do."""
    return any(asked.get(adcode, Level.NONE) < level for adcode, level in part.items())


def _document(part: Mapping[str, Level], found: Mapping[str, Any]) -> dict[str, Any]:
    """The suggestion: divisions with their levels and own starts, the earliest start and the latest end (a choice)."""
    rows = [found[adcode] for adcode in sorted(part)]
    starts = [row["starts_at"] for row in rows if row["starts_at"] is not None]
    ends = [row["ends_at"] for row in rows if row["ends_at"] is not None]
    return {
        "divisions": [
            {
                "adcode": row["adcode"],
                "level": part[row["adcode"]].code,
                "starts_at": beijing(row["starts_at"]),
                "assessment": row["id"],
            }
            for row in rows
        ],
        "starts_at": beijing(min(starts, default=None)),
        "ends_at": beijing(max(ends, default=None)),
    }


async def _make(uow: UnitOfWork, region: Region, fingerprint: str, document: dict[str, Any]) -> bool:
    made = await uow.fetchval(INSERT_SQL, region.id, fingerprint, canonical(document), uow.now, uow.now - RESTS)
    if made is None:
        return False
    codes = [one["adcode"] for one in document["divisions"]]
    await uow.record("suggestion.made", None, suggestion=made, region=region.id, divisions=codes)
    provinces = {code[:2] for code in codes}
    await notify(
        uow,
        adcode=f"{provinces.pop()}0000" if len(provinces) == 1 else NATION,
        roles=COORDINATORS,
        kind="prompt",
        reason=f"suggestion:{made}",
        zh=(f"建议发出区域预警提示：{len(codes)} 个相邻城市", f"{region.name}：{'、'.join(map(uow.runtime.place, codes))}。"),
        en=(f"A regional prompt is suggested: {len(codes)} adjacent cities", f"{region.name_en}: {', '.join(codes)}."),
        link="/region",
        urgent=True,
    )
    return True


async def page(uow: UnitOfWork, scope: Scope, *, open_only: bool, size: int = 50) -> list[dict[str, Any]]:
    """Suggestions that touch the scope, newest first; of each only the divisions of the scope."""
    rows = await uow.fetch(
        "SELECT * FROM prompt_suggestion WHERE (NOT $1 OR state = 'open') ORDER BY id DESC LIMIT $2", open_only, size
    )
    return [found for row in rows if (found := suggestion_document(uow, scope, row)) is not None]


def suggestion_document(uow: UnitOfWork, scope: Scope, row: Any) -> dict[str, Any] | None:
    """A suggestion as a scope sees it; None when it touches nothing of it. `whole`: all of it lies in the scope."""
    document = json.loads(row["document"])
    mine = [one for one in document["divisions"] if scope.covers(one["adcode"])]
    if not mine:
        return None
    return {
        "id": row["id"],
        "region": row["region"],
        "state": row["state"],
        "made_at": beijing(row["made_at"]),
        "closed_at": beijing(row["closed_at"]),
        "reason": row["reason"],
        "prompt": row["prompt_id"],
        "starts_at": document["starts_at"],
        "ends_at": document["ends_at"],
        "whole": len(mine) == len(document["divisions"]),
        "divisions": [one | {"place": uow.runtime.place(one["adcode"])} for one in mine],
    }


async def find(uow: UnitOfWork, scope: Scope, suggestion_id: int) -> dict[str, Any]:
    """One suggestion. Raises Unknown when it touches nothing of the scope."""
    row = await uow.fetchrow("SELECT * FROM prompt_suggestion WHERE id = $1", suggestion_id)
    found = None if row is None else suggestion_document(uow, scope, row)
    if found is None:
        raise Unknown(f"There is no suggestion {suggestion_id} for your region.")
    return found


async def dismiss(uow: UnitOfWork, principal: Principal, suggestion_id: int, reason: str) -> dict[str, Any]:
    """Set a suggestion aside with a reason. Raises Unknown, Forbidden for part of it or another role, Conflict when closed."""
    if not principal.may_prompt:
        raise Forbidden("Suggestions are for the regional coordinator.")
    found = await find(uow, principal.scope, suggestion_id)
    if not found["whole"]:
        raise Forbidden("This suggestion reaches beyond your region; the regional coordinator decides on it.")
    closed = await _close(uow, principal, suggestion_id, "dismissed", reason, None)
    if not closed:
        raise Conflict("This suggestion is closed already; read the open ones again.")
    await uow.record(
        "suggestion.dismissed", None, suggestion=suggestion_id, account=principal.account_id, reason=reason
    )
    await uow.tell("prompt")
    return await find(uow, principal.scope, suggestion_id)


async def hold_open(uow: UnitOfWork, principal: Principal, suggestion_id: int, key: str | None) -> None:
    """Let nobody else close a suggestion before this transaction ends. Raises Unknown, and Conflict when it is closed.

    The form that closed it, sent again with its `key`, goes on to the prompt that it made.
    """
    await uow.execute("SELECT 1 FROM prompt_suggestion WHERE id = $1 FOR UPDATE", suggestion_id)
    found = await find(uow, principal.scope, suggestion_id)
    if found["state"] == "open":
        return
    again = await uow.fetchval(
        "SELECT 1 FROM prompt WHERE issued_by = $1 AND entry_key = $2", principal.account_id, key
    )
    if again is None:
        raise Conflict(
            "This suggestion is no longer open: somebody entered a prompt on it, set it aside, or it no longer holds."
            " Read the open ones again; to prompt all the same, enter a new prompt without it.",
            detail_zh="该建议已关闭（他人已据此提示、已搁置或条件不再成立）。请重新查看建议；如仍需提示，请另行录入。",
        )


async def accepted(uow: UnitOfWork, principal: Principal, suggestion_id: int, prompt_id: int) -> None:
    """A prompt was entered on a suggestion that is held open."""
    found = await find(uow, principal.scope, suggestion_id)
    if await _close(uow, principal, found["id"], "accepted", None, prompt_id):
        await uow.record(
            "suggestion.accepted", None, suggestion=suggestion_id, account=principal.account_id, prompt=prompt_id
        )


async def _close(
    uow: UnitOfWork, principal: Principal, suggestion_id: int, state: str, reason: str | None, prompt_id: int | None
) -> bool:
    done = await uow.fetchval(
        "UPDATE prompt_suggestion SET state = $2, closed_at = $3, closed_by = $4, reason = $5, prompt_id = $6"
        " WHERE id = $1 AND state = 'open' RETURNING id",
        suggestion_id,
        state,
        uow.now,
        principal.account_id,
        reason,
        prompt_id,
    )
    return done is not None
