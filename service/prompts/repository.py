"""Prompts in force for divisions, and prompts of a scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.levels import Level
from alerts.plans import Plan
from alerts.proposal import PromptView
from alerts.region import Zones, link_levels
from service.accounts.roles import Scope
from service.kit.problems import Unknown
from service.kit.unit_of_work import UnitOfWork, beijing

IN_FORCE_SQL = """
SELECT * FROM (
    SELECT DISTINCT ON (e.adcode) e.adcode, p.id, p.region, e.level, coalesce(e.starts_at, p.starts_at) AS starts_at,
        least(p.ends_at, (
            SELECT coalesce(l.starts_at, lift.starts_at) FROM prompt_entry l JOIN prompt lift ON lift.id = l.prompt_id
            WHERE l.adcode = e.adcode AND lift.kind = 'lift' AND lift.id > p.id AND lift.issued_at <= $2 ORDER BY lift.id DESC LIMIT 1
        )) AS ends_at
    FROM prompt_entry e JOIN prompt p ON p.id = e.prompt_id
    WHERE e.adcode = ANY($1::text[]) AND p.kind = 'start' AND p.issued_at <= $2
    ORDER BY e.adcode, p.issued_at DESC, p.id DESC
) newest WHERE ends_at IS NULL OR ends_at > $2
"""
"""The newest prompt that names a division counts, until its end or the hour that a later lift names for the division."""
LINKED_SQL = """
SELECT e.prompt_id, e.adcode, e.level, coalesce(w.level, 0) AS standing,
    EXISTS (
        SELECT 1 FROM proposal r WHERE r.adcode = e.adcode AND r.prompt_id = e.prompt_id AND r.state = 'rejected'
        AND r.content::jsonb -> 'flags' ? 'same_level'
    ) AS declined
FROM prompt_entry e LEFT JOIN LATERAL (
    SELECT n.level FROM warning n WHERE n.adcode = e.adcode AND (n.closed_at IS NULL OR n.closed_at > $2) AND NOT EXISTS (
        SELECT 1 FROM warning_step s WHERE s.warning_id = n.id AND s.level = n.level AND s.action IN ('issue', 'raise')
        AND s.content::jsonb -> 'flags' ? 'same_level'
    ) ORDER BY n.id DESC LIMIT 1
) w ON true
WHERE e.prompt_id = ANY($1::bigint[]) AND left(e.adcode, 2) = ANY($3::text[])
"""
"""A level that was itself taken from the linked divisions links nobody, or two would hold each other up for ever."""


@dataclass(frozen=True)
class Asked:
    """What the prompt in force asks of one division: its own entry, and the region of the prompt."""

    region: str
    view: PromptView


async def asked_of(uow: UnitOfWork, adcodes: Collection[str]) -> dict[str, Asked]:
    """The prompts in force at this instant, by division, with the levels that they name."""
    rows = await uow.fetch(IN_FORCE_SQL, sorted(set(adcodes)), uow.now)
    return {row["adcode"]: Asked(row["region"], _view(row)) for row in rows}


async def prompts_for(uow: UnitOfWork, adcodes: Collection[str]) -> dict[str, PromptView]:
    """What prompts ask of divisions at this instant, by division.

    Where the region says so, a division lower than those linked with it in its province or zone is asked for their level,
    marked `linked`, until its command has declined that.
    """
    asked = await asked_of(uow, adcodes)
    own = {adcode: one.view for adcode, one in asked.items()}
    regions = uow.runtime.law.regions
    linked = {
        adcode: one.view for adcode, one in asked.items() if one.region in regions and regions[one.region].same_level
    }
    return own | (await _at_one_level(uow, linked) if linked else {})


async def _at_one_level(uow: UnitOfWork, views: Mapping[str, PromptView]) -> dict[str, PromptView]:
    """The views with the level of the other linked divisions, the highest prompted or in force among them."""
    prompts = {int(view.id) for view in views.values()}
    provinces = {adcode[:2] for adcode in views}
    rows = await uow.fetch(LINKED_SQL, sorted(prompts), uow.now, sorted(provinces))
    levels: dict[tuple[int, str], dict[str, Level]] = defaultdict(dict)
    for row in rows:
        levels[row["prompt_id"], row["adcode"][:2]][row["adcode"]] = Level(max(row["level"], row["standing"]))
    declined = {(row["prompt_id"], row["adcode"]) for row in rows if row["declined"]}
    zones = {f"{province}0000": zones_of(uow, f"{province}0000") for province in provinces}
    raised = {}
    for adcode, view in views.items():
        others = levels[int(view.id), adcode[:2]] | {adcode: view.level}
        level = link_levels(others, zones)[adcode]
        if level > view.level and (int(view.id), adcode) not in declined:
            raised[adcode] = view.model_copy(update={"level": level, "linked": True})
    return raised


def zones_of(uow: UnitOfWork, province: str) -> Zones:
    """The working zones of a province by its plan in force; none where the plan names none."""
    if province not in uow.runtime.law.divisions:
        return {}
    return uow.runtime.law.plan_for(province, uow.now).zones or {}


def _view(row: Any) -> PromptView:
    starts = beijing(row["starts_at"])
    assert starts is not None
    return PromptView(id=str(row["id"]), level=Level(row["level"]), starts_at=starts, ends_at=beijing(row["ends_at"]))


def asked_from(plan: Plan, issued_at: datetime, starts_at: datetime) -> datetime:
    """From when a division can act on a prompt: its issue, or when its plan allows a warning that starts then."""
    return max(issued_at, starts_at - timedelta(hours=plan.deadlines.issue_ahead_hours))


def adoption(prompt_id: int | str, adcode: str) -> str:
    """What the obligation of a division to adopt a prompt is about."""
    return f"prompt:{prompt_id}:{adcode}"


async def prompt_for(uow: UnitOfWork, adcode: str) -> PromptView | None:
    """What the prompt in force asks of one division at this instant."""
    return (await prompts_for(uow, [adcode])).get(adcode)


def prompt_document(row: Any) -> dict[str, Any]:
    """A prompt as the API shows it."""
    return {
        "id": row["id"],
        "kind": row["kind"],
        "region": row["region"],
        "document": row["document"],
        "basis": row["basis"],
        "issued_at": beijing(row["issued_at"]),
        "starts_at": beijing(row["starts_at"]),
        "ends_at": beijing(row["ends_at"]),
    }


async def page(uow: UnitOfWork, scope: Scope, after: int | None, size: int) -> list[dict[str, Any]]:
    """Prompts that touch the scope, newest first."""
    rows = await uow.fetch(
        "SELECT * FROM prompt p WHERE ($1::bigint IS NULL OR id < $1) AND EXISTS"
        " (SELECT 1 FROM prompt_entry e WHERE e.prompt_id = p.id AND e.adcode LIKE $2) ORDER BY id DESC LIMIT $3",
        after,
        scope.prefix + "%",
        size,
    )
    return [prompt_document(row) for row in rows]


async def row_of(uow: UnitOfWork, scope: Scope, prompt_id: int) -> tuple[Any, list[Any]]:
    """A prompt and its entries. Raises Unknown when it names no division of the scope."""
    row = await uow.fetchrow("SELECT * FROM prompt WHERE id = $1", prompt_id)
    entries = await uow.fetch("SELECT * FROM prompt_entry WHERE prompt_id = $1 ORDER BY adcode", prompt_id)
    if row is None or not any(scope.covers(entry["adcode"]) for entry in entries):
        raise Unknown(f"There is no prompt {prompt_id} that concerns your region.")
    return row, entries


async def newest_id(uow: UnitOfWork, scope: Scope, at: datetime) -> int | None:
    """The newest prompt to start that touches the scope and is not long over (a week); None when there is none."""
    found: int | None = await uow.fetchval(
        "SELECT max(p.id) FROM prompt p WHERE p.kind = 'start' AND (p.ends_at IS NULL OR p.ends_at > $2::timestamptz - interval '7 days')"
        " AND EXISTS (SELECT 1 FROM prompt_entry e WHERE e.prompt_id = p.id AND e.adcode LIKE $1)",
        scope.prefix + "%",
        at,
    )
    return found
