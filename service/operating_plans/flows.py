"""File an operating plan, check the filing, and say why one must be revised."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from emission_lists.levels import ResponseLevel
from service.accounts.roles import Principal
from service.enterprises.flows import may_see, visible
from service.enterprises.situation import carrying
from service.enterprises.sources import Listed, Lists, Site, homes_of, sites_of
from service.kit.canonical import canonical, digest
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.operating_plans.repository import FiledPlan, PlanState, plan_at, plans_of
from service.operating_plans.revision import Reason, basis_of, revision_reasons
from service.operating_plans.schemas import PlanContent, PlanReview
from service.responses.repository import at, of_division

CHECKERS = "Operating plans are checked by duty officers and commanders of the division of the plant."


async def file_plan(uow: UnitOfWork, principal: Principal, uscc: str, content: PlanContent) -> dict[str, Any]:
    """The enterprise files a version. Raises Forbidden for anybody else, Invalid with every line that does not fit the list.

    A change during a response takes effect after it; the first plan of all takes effect with its acceptance.
    """
    if principal.uscc != uscc:
        raise Forbidden("An operating plan is filed by the enterprise itself.")
    await may_see(uow, principal, uscc)
    await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended('operating-plan:' || $1, 0))", uscc)
    site, listed = await listed_now(uow, uscc)
    _check(content, listed)
    body = content.model_dump()
    before = await plans_of(uow, uscc)
    if before and before[-1].digest == digest(body) and before[-1].state is not PlanState.RETURNED:
        raise Conflict(f"Version {before[-1].version} says exactly the same; file a plan that differs from it.")
    plan_id = await uow.fetchval(
        "INSERT INTO operating_plan (uscc, adcode, version, content, basis, digest, during, filed_by, filed_by_name, filed_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
        uscc,
        site.homes[0],
        (before[-1].version if before else 0) + 1,
        canonical(body),
        canonical(basis_of(listed.version, listed.enterprise, listed.lines)),
        digest(body),
        canonical(await _running(uow, site) if any(plan.accepted for plan in before) else []),
        principal.account_id,
        principal.display,
        uow.now,
    )
    await uow.record(
        "operating_plan.filed",
        site.homes[0],
        plan=plan_id,
        uscc=uscc,
        digest=digest(body),
        account=principal.account_id,
    )
    return (await _one(uow, uscc, int(plan_id))).document()


async def review_plan(
    uow: UnitOfWork, principal: Principal, uscc: str, plan_id: int, review: PlanReview
) -> dict[str, Any]:
    """An official accepts a filed version or returns it. Raises Forbidden, Unknown, Conflict when it was checked before."""
    homes = await may_see(uow, principal, uscc)
    if not any(principal.may_check_plans(home.adcode) for home in homes):
        raise Forbidden(CHECKERS)
    await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended('operating-plan:' || $1, 0))", uscc)
    plan = await _one(uow, uscc, plan_id)
    if not await may_check(uow, principal, uscc, plan.adcode):
        raise Forbidden(CHECKERS)
    if plan.accepted is not None:
        raise Conflict(
            f"Version {plan.version} was {'accepted' if plan.accepted else 'returned'} before; nothing was changed."
        )
    await uow.execute(
        "INSERT INTO operating_plan_review (plan_id, accepted, reason, account_id, name, at) VALUES ($1, $2, $3, $4, $5, $6)",
        plan_id,
        review.accept,
        review.reason,
        principal.account_id,
        principal.display,
        uow.now,
    )
    kind = "operating_plan.accepted" if review.accept else "operating_plan.returned"
    await uow.record(kind, plan.adcode, plan=plan_id, uscc=uscc, reason=review.reason, account=principal.account_id)
    return (await _one(uow, uscc, plan_id)).document()


async def may_check(uow: UnitOfWork, principal: Principal, uscc: str, adcode: str) -> bool:
    """Whether somebody may check the plans of the plant that stands in a division; other plants are other officials' matter."""
    return any(principal.may_check_plans(home) for home in await _homes_beside(uow, uscc, adcode))


async def _homes_beside(uow: UnitOfWork, uscc: str, adcode: str) -> set[str]:
    """The divisions whose lists name the plant that stands in a division."""
    sites = sites_of(uow.runtime, await homes_of(uow, uscc))
    return {adcode, *(home for site in sites if adcode in site.homes for home in site.homes)}


async def seen_plan(uow: UnitOfWork, principal: Principal, uscc: str, instant: datetime) -> FiledPlan | None:
    """The plan that counts at an instant; None, too, where it is of a plant that is not for somebody to see."""
    plan = await plan_at(uow, uscc, instant)
    return plan if plan is not None and await _may_see_plan(uow, principal, plan) else None


async def _may_see_plan(uow: UnitOfWork, principal: Principal, plan: FiledPlan) -> bool:
    homes = await _homes_beside(uow, plan.uscc, plan.adcode)
    return any(principal.may_see_enterprise(home, plan.uscc) for home in homes)


async def plan_page(uow: UnitOfWork, principal: Principal, uscc: str) -> dict[str, Any]:
    """Every version, newest first, which one counts now, and why it must be revised. Raises Forbidden, Unknown.

    An official sees those of the plants of the region.
    """
    await may_see(uow, principal, uscc)
    plans = [plan for plan in await plans_of(uow, uscc) if await _may_see_plan(uow, principal, plan)]
    counting = await seen_plan(uow, principal, uscc, uow.now)
    return {
        "items": [plan.document() for plan in reversed(plans)],
        "counting": None if counting is None else counting.id,
        "revise": [] if counting is None else await reasons_to_revise(uow, counting),
    }


async def reasons_to_revise(uow: UnitOfWork, plan: FiledPlan) -> list[Reason]:
    """What has changed since the plan was filed, by the list in force now."""
    _, listed = await listed_now(uow, plan.uscc)
    return revision_reasons(plan.basis, basis_of(listed.version, listed.enterprise, listed.lines))


async def listed_now(uow: UnitOfWork, uscc: str, principal: Principal | None = None) -> tuple[Site, Listed]:
    """The enterprise in the list in force, and where it stands; with `principal` only plants that are for them to see.

    Raises Conflict when no list in force names it.
    """
    lists = Lists(uow, uscc)
    await lists.prefetch()
    sites = sites_of(uow.runtime, await homes_of(uow, uscc))
    for site in sites if principal is None else visible(principal, uscc, sites):
        for adcode in site.homes:
            listed = await lists.listed(await lists.active(adcode, uow.now))
            if listed is not None:
                return site, await lists.entitled(listed, uow.now, uow.now, site.homes)
    raise Conflict(
        f"{uscc} is in no emission list in force; an operating plan says how its listed measures are carried out."
    )


def _check(content: PlanContent, listed: Listed) -> None:
    """Every listed line that must do something is in the plan, and no other line is."""
    known = {line.code: line for line in listed.lines}
    faults = [
        {"pointer": f"/lines/{place}/code", "detail": f"{line.code} is no line of list version {listed.version}."}
        for place, line in enumerate(content.lines)
        if line.code not in known
    ]
    planned = {line.code: {one.level for one in line.levels} for line in content.lines}
    for code, line in known.items():
        asked = {level.value for level in ResponseLevel if line.measure(level).forced}
        missing = sorted(asked - planned.get(code, set()))
        if missing:
            faults.append(
                {
                    "pointer": "/lines",
                    "detail": f"{line.name} ({code}) must act at {', '.join(missing)}: say what it does then.",
                }
            )
    if faults:
        raise Invalid(f"{len(faults)} fault(s): the plan does not fit the list; nothing was filed.", errors=faults)


async def _running(uow: UnitOfWork, site: Site) -> list[int]:
    """Responses that touch the plant at this instant."""
    found = [carrying(at(await of_division(uow, adcode), uow.now)) for adcode in site.chain]
    return [responding.id for responding in found if responding is not None]


async def _one(uow: UnitOfWork, uscc: str, plan_id: int) -> FiledPlan:
    for plan in await plans_of(uow, uscc):
        if plan.id == plan_id:
            return plan
    raise Unknown(f"{uscc} has filed no operating plan {plan_id}.")
