"""What stands around the lists of a bench: permit registers, grades in force, and cities under red; without them answers are empty."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from alerts.guard import Ground
from alerts.levels import Level
from service.accounts.roles import Principal, Role, Scope
from service.bench.big_lists import BigList
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork
from service.proposals.by_hand import propose_by_hand
from service.proposals.flows import decide
from service.proposals.repository import find

RATED_OF = 5
"""One in so many of the rated enterprises was rated anew since its list came into force."""
ACCOUNT_SQL = """
INSERT INTO account (login, display, password_hash, role, adcode, enabled, failures, created_at)
VALUES ($1, 'bench', '-', $2, '100000', false, 0, now()) ON CONFLICT DO NOTHING
"""
GRADED_SQL = """
WITH rated AS (
    SELECT e.*, v.adcode, v.guide, e.document::json -> 'enterprise' ->> 'subtype' AS subtype,
        CASE e.grade WHEN 'A' THEN 'B' WHEN 'B' THEN 'C' ELSE e.grade END AS found,
        row_number() OVER (ORDER BY e.uscc) AS place
    FROM list_enterprise e JOIN list_version v ON v.id = e.version_id WHERE v.id = $1 AND e.grade <> 'ungraded'
), cases AS (
    INSERT INTO grade_application (kind, uscc, name, adcode, county, industry, subtype, guide, grade, reason, created_at)
    SELECT 'published', uscc, name, adcode, county, industry, subtype, guide, found, 'bench', $3
    FROM rated WHERE place % $2 = 0 RETURNING *
), steps AS (
    INSERT INTO grade_step (application_id, seq, move, state, level, at, grade, effective_from, content)
    SELECT id, 1, 'publish', 'published', 'city', $3, grade, $3, '{}' FROM cases
    UNION ALL SELECT id, 2, 'take_effect', 'in_force', 'clock', $3, grade, $3, '{}' FROM cases
)
INSERT INTO grade_decision (uscc, adcode, industry, guide, grade, kind, effective_from, application_id, reason, recorded_at)
SELECT uscc, adcode, industry, guide, grade, 'published', $3, id, 'bench', $3 FROM cases
"""


async def graded(runtime: Runtime, lists: Iterable[BigList]) -> None:
    """Grades published for a share of the rated enterprises of each list, some of them another than the list gives."""
    for big in lists:
        async with runtime.unit() as uow:
            await uow.execute(GRADED_SQL, big.version, RATED_OF, uow.now)
            await uow.commit()
    async with runtime.unit() as uow:
        await uow.execute("ANALYZE grade_decision")
        await uow.commit()


async def under_red(runtime: Runtime, lists: Iterable[BigList]) -> None:
    """A red response in each division, proposed, signed by everybody its plan names, and pinning the list in force."""
    for big in lists:
        proposal = await proposed(runtime, big.adcode, "red")
        async with runtime.unit() as uow:
            chain = json.loads(await uow.fetchval("SELECT chain FROM proposal WHERE id = $1", proposal["id"]))
            await uow.commit()
        for place, step in enumerate(chain):
            async with runtime.unit() as uow:
                await decide(
                    uow,
                    await _principal(uow, f"bench-signer-{place}", Role(step["roles"][0])),
                    proposal["id"],
                    approve=True,
                    content_hash=proposal["content_hash"],
                    reason="bench",
                )
                await uow.commit()


async def proposed(runtime: Runtime, adcode: str, level: str) -> dict[str, Any]:
    """An open proposal by hand for a level, on the order of a superior."""
    async with runtime.unit() as uow:
        officer = await _principal(uow, "bench-officer", Role.DUTY_OFFICER)
        made = await propose_by_hand(
            uow,
            officer,
            adcode,
            to_level=Level.of(level),
            reason="upper_order",
            ground=Ground.UPPER_ORDER,
            legal_basis="bench No. 1",
            explanation="bench",
        )
        document = await find(uow, officer.scope, made)
        await uow.commit()
    return document


async def _principal(uow: UnitOfWork, login: str, role: Role) -> Principal:
    """Somebody of a role; whoever signs in one place of every chain may have another role in the next city."""
    named = f"{login}-{role.value}"
    await uow.execute(ACCOUNT_SQL, named, role.value)
    number = await uow.fetchval("SELECT id FROM account WHERE login = $1", named)
    return Principal(number, named, "bench", role, Scope("100000"), None)
