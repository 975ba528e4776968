"""Evaluate a response (事后评估): computed live until a person closes it; then it stands."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from alerts.instants import SHANGHAI
from alerts.levels import Level
from emission_lists.accounting_records import Group
from emission_lists.accounting_sums import By, Tally
from emission_lists.compliance_rules import Rule
from emission_lists.documents import pollutants_from
from emission_lists.guides import FloorProfile
from emission_lists.levels import LEVELS, ResponseLevel
from emission_lists.lists import Pollutants
from service.accounts.roles import Principal, Scope
from service.evaluations import classes, course, figures, following, repository
from service.evaluations.accounts import Account, accounts_of, by_dimension, merged
from service.evaluations.air import days_of
from service.evaluations.following import Followed
from service.evaluations.repository import Response
from service.kit.canonical import canonical, digest
from service.kit.problems import Conflict, ContentChanged, Forbidden, Invalid
from service.kit.unit_of_work import UnitOfWork, beijing
from service.lists.workbooks import law_at
from service.skill.flows import skill_of

DRAFT, CLOSED = "draft", "closed"


async def evaluation(uow: UnitOfWork, scope: Scope, warning_id: int) -> dict[str, Any]:
    """The evaluation of a warning's responses: as it was closed, otherwise as it is now, marked a draft (草稿).

    Raises Unknown outside the scope.
    """
    row = await repository.warning_row(uow, scope, warning_id)
    shut = await repository.closed(uow, warning_id)
    if shut is not None:
        return _frozen(shut)
    content = await compute(uow, scope, row)
    return {"state": DRAFT, "content_hash": digest(content), "closed": None, **content}


def _frozen(row: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(row["document"])
    closing = {
        "evaluation": row["id"],
        "closed_at": beijing(row["closed_at"]),
        "closed_by": row["display"],
        "role": row["role"],
        "conclusion": row["conclusion"],
        "lessons": row["lessons"],
    }
    return {"state": CLOSED, "content_hash": row["digest"], "closed": closing, **content}


async def sums_of(uow: UnitOfWork, warning: Any) -> dict[str, Any]:
    """Only the sums of a warning's responses as of now."""
    responses = await repository.responses_of(uow, warning["id"])
    followed = await following.followed_by(uow, responses)
    accounts = await accounts_of(uow, responses, followed)
    version = await _version(uow, responses)
    floor = _floor(warning["adcode"], version, responses)
    open_ones = following.without_list(responses, followed)
    return _sums(uow, by_dimension(merged(accounts)), accounts, version, floor, open_ones)


async def compute(uow: UnitOfWork, scope: Scope, warning: Any) -> dict[str, Any]:
    """The content as of now; it does not change any more once the response is over and nothing new comes in."""
    adcode = warning["adcode"]
    responses = await repository.responses_of(uow, warning["id"])
    steps = course.steps(uow.runtime, await uow.fetch(repository.STEPS_SQL, warning["id"]))
    followed = await following.followed_by(uow, responses)
    accounts = await accounts_of(uow, responses, followed)
    tallies = by_dimension(merged(accounts))
    version = await _version(uow, responses)
    floor, open_ones = _floor(adcode, version, responses), following.without_list(responses, followed)
    over = bool(responses) and all(one.ends_at is not None and one.ends_at <= uow.now for one in responses)
    start = responses[0].starts_at if responses else None
    end = responses[-1].ends_at if over else None
    document = {
        "warning": warning["id"],
        "adcode": adcode,
        "place": uow.runtime.place(adcode),
        "level": max((one.level for one in responses), default=Level(warning["level"])).code,
        "running": not over,
        "starts_at": start,
        "ends_at": end,
        "responses": [_response(one) for one in responses],
        "list": version,
        "lists": await _lists(uow, responses, followed),
        "course": steps,
        "coverage": await _coverage(uow, warning["id"], tallies),
        **_sums(uow, tallies, accounts, version, floor, open_ones),
        "findings": await _findings(uow, responses),
        "air": [] if start is None else await days_of(uow, scope, adcode, start, end or uow.now),
        "skill": None if start is None else await _skill(uow, scope, adcode, start, end or uow.now),
        "corrections": figures.corrections([one.accounts for one in accounts]),
    }
    plain: dict[str, Any] = json.loads(canonical(document))
    return plain


def _response(one: Response) -> dict[str, Any]:
    return {
        "id": one.id,
        "level": one.level.code,
        "action": one.action,
        "starts_at": one.starts_at,
        "ends_at": one.ends_at,
        "list_version": one.list_version,
    }


async def _version(uow: UnitOfWork, responses: list[Response]) -> dict[str, Any] | None:
    """The list that the newest response pinned."""
    pinned = next((one.list_version for one in reversed(responses) if one.list_version is not None), None)
    row = None if pinned is None else await uow.fetchrow(repository.VERSION_SQL, pinned)
    return None if row is None else dict(row) | {"activated_at": beijing(row["activated_at"])}


BORROWED = {
    "zh": "本地没有生效的清单：按响应开始时生效的上下级清单中本地的企业核算，与发给企业的要求所依据的清单相同；"
    "这些清单的全社会排放量不是本地的，不作比例比较。",
    "en": "No list of this division was in force: reckoned from the lists of the divisions around it that were in force when"
    " the response began, as the requirements are; their whole-society emissions are not this place's, so no share is told.",
}
NO_LIST = {
    "zh": "响应开始时没有生效的清单：计划减排量未确立，不是零。",
    "en": "No list was in force when the response began: what is planned is not established; it is not zero.",
}


async def _lists(
    uow: UnitOfWork, responses: list[Response], followed: Mapping[int, Followed]
) -> list[dict[str, Any]]:
    """Of each response that pinned no list: the lists that it is reckoned from, or that there was none."""
    found = []
    for one in responses:
        if one.list_version is not None or one.id not in followed:
            continue
        versions = [source.version for source in followed[one.id]]
        rows = {row["id"]: row for row in await uow.fetch(repository.VERSIONS_SQL, versions)}
        lists = [dict(rows[version]) | {"place": uow.runtime.place(rows[version]["adcode"])} for version in versions]
        found.append({"response": one.id, "lists": lists, "words": BORROWED if lists else NO_LIST})
    return found


async def _coverage(uow: UnitOfWork, warning_id: int, tallies: dict[By, dict[str, Tally]]) -> dict[str, Any]:
    whole = tallies.get(By.WHOLE, {}).get("", Tally())
    return {
        "enterprises": whole.enterprises,
        "lines": whole.lines,
        "asked_lines": whole.asked_lines,
        "unknown_lines": whole.unknown_lines,
        "acknowledged": int(await uow.fetchval(repository.EVER_ACKNOWLEDGED_SQL, warning_id)),
        "reported_lines": max(whole.reported_lines),
        "verified_lines": max(whole.verified_lines),
    }


FINDING_STATES = {
    "found": {"zh": "已发现", "en": "found"},
    "notified": {"zh": "已告知企业", "en": "the enterprise was told"},
    "answered": {"zh": "企业已答复", "en": "the enterprise answered"},
    "confirmed": {"zh": "已认定", "en": "confirmed"},
    "withdrawn": {"zh": "已撤销", "en": "withdrawn"},
}
SHOWN_FINDINGS = 300


async def _findings(uow: UnitOfWork, responses: list[Response]) -> dict[str, Any]:
    """What checks found under these responses, by state, and the first of them."""
    rows = await uow.fetch(repository.FINDINGS_SQL, [one.id for one in responses])
    found = [
        dict(row)
        | {
            "starts_at": beijing(row["starts_at"]),
            "until_at": beijing(row["until_at"]),
            "words": {"zh": Rule(row["rule"]).zh, "en": Rule(row["rule"]).en},
            "state_words": FINDING_STATES[row["state"]],
        }
        for row in rows
    ]
    return {"count": len(found), "states": dict(Counter(one["state"] for one in found)), "shown": found[:SHOWN_FINDINGS]}


def _floor(adcode: str, version: dict[str, Any] | None, responses: list[Response]) -> FloorProfile | None:
    """The floors of the place on the day of the first response, by the guide of its list; None without a list."""
    if version is None:
        return None
    return law_at(adcode, version["guide"], responses[0].starts_at.astimezone(SHANGHAI).date())[1].for_place(adcode).floor()


def _sums(
    uow: UnitOfWork,
    tallies: dict[By, dict[str, Tally]],
    accounts: list[Account],
    version: dict[str, Any] | None,
    floor: FloorProfile | None,
    without_list: list[int],
) -> dict[str, Any]:
    """`without_list`: the responses for which no list was in force; the sums hold nothing of them."""
    society = _society(version)
    minutes: dict[ResponseLevel, int] = dict.fromkeys(LEVELS, 0)
    for account in accounts:
        for span in account.accounts.spans:
            minutes[span.level] += span.minutes
    levels, whole = tallies.get(By.LEVEL, {}), tallies.get(By.WHOLE, {}).get("", Tally())
    return {
        "includes": [Group.INDUSTRY.value],
        "without_list": without_list,
        "totals": figures.unless_without_list(figures.figures(whole), len(without_list)),
        "levels": [
            figures.level_entry(level, minutes[level], levels[level.value], society, _listed(version, level), floor)
            for level in LEVELS
            if level.value in levels
        ],
        "by": {by.value: figures.groups(uow.runtime, by, tallies.get(by, {})) for by in figures.SHOWN_BY},
        "classes": classes.document(accounts, whole, levels, minutes, society, floor),
        "largest": [figures.large(line) for account in accounts for line in account.accounts.largest],
        "hours": [
            figures.hourly(hours, account.of_response(hours.span.key))
            for account in accounts
            for hours in account.accounts.hours.values()
        ],
    }


def _listed(version: dict[str, Any] | None, level: ResponseLevel) -> dict[str, float | None]:
    """What the list plans for a whole day of a level, kg."""
    planned: dict[str, float | None] = {} if version is None else version["totals"]["planned"].get(level.value, {})
    return planned


def _society(version: dict[str, Any] | None) -> Pollutants | None:
    whole = None if version is None else version["totals"].get("whole_society")
    return None if whole is None else pollutants_from(whole)


async def _skill(uow: UnitOfWork, scope: Scope, adcode: str, start: datetime, end: datetime) -> dict[str, Any] | None:
    """How the forecasts of these days stood up; None where no division, feed or rule lets it be told."""
    first = (start - timedelta(days=4)).astimezone(SHANGHAI).date()
    until = end.astimezone(SHANGHAI).date() + timedelta(days=1)
    try:
        found = await skill_of(uow, scope, adcode, first=first, until=until, compact=True)
    except Invalid:
        return None
    return {"from": first, "until": until, "feeds": found["feeds"]} if found["feeds"] else None


async def close(
    uow: UnitOfWork, principal: Principal, warning_id: int, content_hash: str, conclusion: str, lessons: str | None
) -> dict[str, Any]:
    """Close an evaluation: what was seen is frozen with its digest and stands on the ledger. Raises Forbidden, Conflict."""
    row = await repository.warning_row(uow, principal.scope, warning_id)
    if not principal.may_evaluate:
        raise Forbidden("Evaluations are closed by duty officers and commanders of the division.")
    await uow.lock_division(row["adcode"])
    if await repository.closed(uow, warning_id) is not None:
        raise Conflict("This evaluation is closed; it stands as it is.")
    content = await compute(uow, principal.scope, row)
    if content["running"]:
        raise Conflict("The response is not over; an evaluation is closed after it (大气污染防治法第九十六条).")
    present = digest(content)
    if content_hash != present:
        raise ContentChanged("Reports or evidence came in since; read the evaluation again.", content_hash=present)
    evaluation_id = await uow.fetchval(
        "INSERT INTO evaluation (warning_id, adcode, digest, document, conclusion, lessons, account_id, role, closed_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
        warning_id,
        row["adcode"],
        present,
        canonical(content),
        conclusion,
        lessons,
        principal.account_id,
        principal.role.value,
        uow.now,
    )
    await uow.record(
        "evaluation.closed",
        row["adcode"],
        warning=warning_id,
        evaluation=evaluation_id,
        digest=present,
        account=principal.account_id,
    )
    return await evaluation(uow, principal.scope, warning_id)
