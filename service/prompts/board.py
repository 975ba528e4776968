"""The synchronization board of a prompt: every division, where it stands, how late, and why, in a few statements."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from alerts.approval import read_chain
from alerts.levels import Level
from alerts.region import link_levels
from alerts.region_board import Facts, Line, Proposed, lift_line, line, quorum, rank
from service.accounts.roles import Scope
from service.kit.unit_of_work import UnitOfWork, beijing
from service.prompts.board_words import reason
from service.prompts.repository import asked_from, asked_of, prompt_document, row_of, zones_of

LINES_SQL = """
SELECT e.adcode, e.level AS prompted, coalesce(e.starts_at, $2) AS starts_at,
    a.level AS own, a.state AS own_state, a.as_of, step.announced_at, step.effective_at, step.level AS decided,
    w.state, w.closed_at, w.level AS standing, w.warning_id,
    x.id AS proposal, x.state AS proposal_state, x.action, x.to_level, x.effective_at AS proposed_start, x.created_at, x.deadline,
    x.closed_at AS proposal_closed, x.chain, x.step, x.escalations, x.closed_reason, first.at AS proposed_at,
    d.reason AS said, d.decided_at, v.ground,
    EXISTS (SELECT 1 FROM list_version l WHERE l.adcode = e.adcode AND l.state = 'active') AS has_list,
    ack.acknowledged, ack.listed,
    (SELECT max(stage) FROM prompt_escalation p WHERE p.prompt_id = e.prompt_id AND p.adcode = e.adcode) AS escalated
FROM prompt_entry e
LEFT JOIN LATERAL (SELECT level, state, as_of FROM assessment WHERE adcode = e.adcode ORDER BY id DESC LIMIT 1) a ON true
LEFT JOIN LATERAL (
    SELECT id AS warning_id, state, closed_at, level FROM warning WHERE adcode = e.adcode AND (closed_at IS NULL OR closed_at > $3)
    ORDER BY id DESC LIMIT 1
) w ON true
LEFT JOIN LATERAL (
    SELECT s.id, s.announced_at, s.effective_at, s.level FROM warning_step s
    WHERE s.warning_id = w.warning_id AND s.level >= e.level AND s.level > 0 ORDER BY s.effective_at, s.id LIMIT 1
) step ON true
LEFT JOIN LATERAL (
    SELECT * FROM proposal x WHERE x.adcode = e.adcode AND (x.created_at >= $3 OR x.closed_at IS NULL OR x.closed_at >= $3)
        AND x.state <> 'superseded' ORDER BY (x.state = 'open') DESC, x.id DESC LIMIT 1
) x ON true
LEFT JOIN LATERAL (
    SELECT min(y.created_at) AS at FROM proposal y WHERE y.adcode = e.adcode
        AND (y.created_at >= $3 OR y.id = x.id OR (y.closed_at >= $3 AND y.to_level >= e.level))
) first ON true
LEFT JOIN decision d ON d.proposal_id = x.id
LEFT JOIN LATERAL (SELECT ground FROM deviation WHERE proposal_id = x.id AND ground IS NOT NULL ORDER BY id DESC LIMIT 1) v ON true
LEFT JOIN LATERAL (
    SELECT (SELECT count(*) FROM acknowledgement k WHERE k.notice_id = n.id) AS acknowledged, l.enterprises AS listed
    FROM notice n LEFT JOIN response r ON r.step_id = n.step_id LEFT JOIN list_version l ON l.id = r.list_version_id
    WHERE n.step_id = step.id
) ack ON true
WHERE e.prompt_id = $1 ORDER BY e.adcode
"""
CHECKS_SQL = """
SELECT DISTINCT ON (adcode) adcode, state, missing, heavy, worst, line, lift_at FROM lift_check WHERE prompt_id = $1
ORDER BY adcode, id DESC
"""


@dataclass(frozen=True)
class _Context:
    """What all lines of a board share."""

    prompt: Any
    region: Any
    scope: Scope
    now: datetime
    asked: Mapping[str, str]
    linked: Mapping[str, Level]
    checks: Mapping[str, Any]

    ahead: dict[str, int] = field(default_factory=dict)

    @property
    def lifting(self) -> bool:
        return bool(self.prompt["kind"] == "lift")

    def lift_ahead(self, uow: UnitOfWork, adcode: str, plan: str) -> int | None:
        """How many hours ahead a lift may be proposed by a plan; asked only of a lift, and once for each plan."""
        if self.lifting and plan not in self.ahead:
            self.ahead[plan] = uow.runtime.law.criteria_for(adcode, self.now, plan_id=plan).lift_ahead_hours
        return self.ahead.get(plan)


async def find(uow: UnitOfWork, scope: Scope, prompt_id: int) -> dict[str, Any]:
    """One prompt with its board, what needs action first, and its quorum. Raises Unknown.

    What is not announced of places outside the scope stays blank.
    """
    prompt, entries = await row_of(uow, scope, prompt_id)
    rows = await uow.fetch(LINES_SQL, prompt_id, prompt["starts_at"], prompt["issued_at"])
    region = uow.runtime.law.regions.get(prompt["region"])
    context = _Context(
        prompt,
        region,
        scope,
        uow.now,
        {adcode: one.view.id for adcode, one in (await asked_of(uow, [row["adcode"] for row in entries])).items()},
        _linked(uow, prompt, region, rows),
        {row["adcode"]: row for row in await uow.fetch(CHECKS_SQL, prompt_id)},
    )
    lines = [(_stands(uow, context, row), row) for row in rows]
    lines.sort(key=lambda pair: (*rank(pair[0]), pair[1]["adcode"]))
    share = None if region is None or region.laggards is None or context.lifting else region.laggards.quorum
    acted = quorum([one for one, _ in lines], share)
    return prompt_document(prompt) | {
        "quorum": {"acted": acted.acted, "of": acted.of, "needed": acted.needed, "reached": acted.reached},
        "divisions": [_document(uow, context, one, row) for one, row in lines],
    }


def _linked(uow: UnitOfWork, prompt: Any, region: Any, rows: list[Any]) -> Mapping[str, Level]:
    """The level that the linked divisions of its province or zone imply for each, where the region says so."""
    if region is None or not region.same_level or prompt["kind"] == "lift":
        return {}
    levels = {row["adcode"]: Level(max(row["prompted"], row["standing"] or 0)) for row in rows}
    zones = {province: zones_of(uow, province) for province in {f"{adcode[:2]}0000" for adcode in levels}}
    return link_levels(levels, zones)


def _stands(uow: UnitOfWork, context: _Context, row: Any) -> Line:
    facts = _facts(uow, context, row)
    return lift_line(facts, context.now) if context.lifting else line(facts, context.now)


def _facts(uow: UnitOfWork, context: _Context, row: Any) -> Facts:
    mine = context.scope.covers(row["adcode"])
    plan = uow.runtime.law.plan_for(row["adcode"], context.now)
    hours = plan.deadlines.adopt_prompt_hours
    begins = asked_from(plan, context.prompt["issued_at"], row["starts_at"])
    check = context.checks.get(row["adcode"])
    ahead = context.lift_ahead(uow, row["adcode"], plan.id)
    return Facts(
        asked=Level(row["prompted"]),
        starts_at=row["starts_at"],
        issued_at=context.prompt["issued_at"],
        known=mine,
        assessed=row["own"] is not None,
        announced_at=row["announced_at"],
        effective_at=row["effective_at"],
        closed_at=row["closed_at"],
        standing=Level(row["standing"] or 0),
        proposed=_proposed(row) if mine else None,
        has_list=row["has_list"],
        superseded=context.asked.get(row["adcode"]) not in (None, str(context.prompt["id"])),
        adopt_by=None if hours is None else begins + timedelta(hours=hours),
        too_far=row["starts_at"] > context.now + timedelta(hours=plan.deadlines.issue_ahead_hours),
        lift_state=None if check is None else check["state"],
        lift_ahead=ahead is not None and row["starts_at"] > context.now + timedelta(hours=ahead),
    )


def _proposed(row: Any) -> Proposed | None:
    if row["proposal"] is None:
        return None
    chain = None if row["chain"] is None else read_chain(json.loads(row["chain"]))
    roles: tuple[str, ...] = ()
    if chain is not None:
        roles = chain.steps[min(row["step"], len(chain.steps) - 1)].may_sign(row["escalations"])
    return Proposed(
        state=row["proposal_state"],
        to_level=Level(row["to_level"]),
        created_at=row["created_at"],
        deadline=row["deadline"],
        closed_at=row["proposal_closed"],
        roles=roles,
        signed=row["step"],
        of=len(chain.steps) if chain else 1,
        ground=row["ground"],
        said=row["said"] if row["proposal_state"] == "rejected" else row["closed_reason"],
    )


def _document(uow: UnitOfWork, context: _Context, one: Line, row: Any) -> dict[str, Any]:
    adcode = row["adcode"]
    mine = context.scope.covers(adcode)
    check = context.checks.get(adcode)
    linked = context.linked.get(adcode, Level.NONE)
    return {
        "adcode": adcode,
        "place": uow.runtime.place(adcode),
        "mine": mine,
        "own_level": None if row["own"] is None or not mine else Level(row["own"]).code,
        "prompted_level": Level(row["prompted"]).code,
        "linked_level": linked.code if mine and linked > Level(row["prompted"]) else None,
        "starts_at": beijing(row["starts_at"]),
        "proposed_at": beijing(row["proposed_at"]) if mine else None,
        "proposal": row["proposal"] if mine else None,
        "proposal_state": row["proposal_state"] if mine else None,
        "decided_level": None if row["decided"] is None else Level(row["decided"]).code,
        "announced_at": beijing(row["announced_at"]),
        "effective_at": beijing(row["effective_at"]),
        "closed_at": beijing(row["closed_at"]),
        "state": row["state"],
        "in_force_level": Level(row["standing"]).code if row["standing"] else None,
        "acknowledged": _share(row) if mine else None,
        "late_minutes": one.late_minutes,
        "waiting_since": beijing(one.since),
        "escalated": row["escalated"] if mine else None,
        "done": one.done,
        "acted": one.decided,
        "reason": reason(one, dict(check) if check is not None else None),
    }


def _share(row: Any) -> int | None:
    """Acknowledged of listed in percent, rounded down so that 100 is all of them."""
    return None if not row["listed"] else min(100, 100 * row["acknowledged"] // row["listed"])
