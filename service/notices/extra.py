"""Notices by hand (补充通知): one person drafts, another approves exactly that content, then it goes to the audience."""

from __future__ import annotations

from typing import Any

from service.accounts.factors import confirm
from service.accounts.roles import Principal, Role, Scope
from service.kit.canonical import canonical, digest
from service.kit.problems import Conflict, ContentChanged, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork, beijing
from service.notices import webhooks
from service.notices.schemas import ExtraBody, ExtraDecision
from service.people import audience as audiences
from service.people import mailing
from service.people.audience import Audience
from service.people.flows import notify
from service.people.templates import load_templates
from service.subscriptions.flows import EXTRA_EVENT

SQL = """
SELECT x.*, a.display AS drafter, b.display AS decider FROM extra_notice x JOIN account a ON a.id = x.drafted_by
LEFT JOIN account b ON b.id = x.decided_by
"""


def document(uow: UnitOfWork, row: Any) -> dict[str, Any]:
    """An extra notice as the API tells it."""
    return {
        "id": row["id"],
        "adcode": row["adcode"],
        "place": uow.runtime.place(row["adcode"]),
        "audience": row["audience"],
        "zh": {"title": row["title_zh"], "text": row["text_zh"]},
        "en": {"title": row["title_en"], "text": row["text_en"]},
        "content_hash": row["content_hash"],
        "state": row["state"],
        "drafted_by": row["drafter"],
        "drafter": row["drafted_by"],
        "drafted_at": beijing(row["drafted_at"]),
        "decided_by": row["decider"],
        "decided_at": beijing(row["decided_at"]),
        "note": row["note"],
    }


async def page(uow: UnitOfWork, scope: Scope, after: int | None, size: int) -> list[dict[str, Any]]:
    """Extra notices of a scope, newest first."""
    rows = await uow.fetch(
        SQL + "WHERE starts_with(x.adcode, $1) AND ($2::bigint IS NULL OR x.id < $2) ORDER BY x.id DESC LIMIT $3",
        scope.prefix,
        after,
        size,
    )
    return [document(uow, row) for row in rows]


async def find(uow: UnitOfWork, scope: Scope, extra_id: int) -> dict[str, Any]:
    """One of them. Raises Unknown outside the scope."""
    row = await uow.fetchrow(SQL + "WHERE x.id = $1 AND starts_with(x.adcode, $2)", extra_id, scope.prefix)
    if row is None:
        raise Unknown(f"There is no extra notice {extra_id} in your region.")
    return document(uow, row)


def _require(principal: Principal, adcode: str) -> None:
    if not principal.may_reach_people or not principal.scope.covers(adcode):
        raise Forbidden(
            "Extra notices are drafted and approved by the command centre of the division.",
            detail_zh="补充通知由所在地指挥部起草和批准。",
        )


async def preview(uow: UnitOfWork, principal: Principal, adcode: str, audience: Audience) -> dict[str, int]:
    """How many an audience reaches, by each channel whether it is chosen or not.

    Raises Forbidden, Unknown, Invalid for counties outside the division: what is sent there is for its own command centre.
    """
    _require(principal, adcode)
    if adcode not in uow.runtime.law.divisions:
        raise Unknown(f"There is no division {adcode}; use a GB/T 2260 code.")
    outside = sorted({county for county in audience.counties if not Scope(adcode).covers(county)})
    if outside:
        named = ", ".join(outside)
        raise Invalid(
            f"These counties do not lie in {adcode}: {named}; take them out of the audience.",
            detail_zh=f"下列区县不在 {adcode} 范围内：{named}，请从受众中去掉。",
        )
    return await count(uow, adcode, audience)


async def count(uow: UnitOfWork, adcode: str, audience: Audience) -> dict[str, int]:
    """How many an audience reaches, by each channel, whatever was written into it."""
    counted = await audiences.count(uow, audience, adcode)
    return counted | {"webhook": await webhooks.count(uow, adcode, audience)}


async def draft(uow: UnitOfWork, principal: Principal, given: ExtraBody) -> dict[str, Any]:
    """Write a notice; it goes out when somebody else approves it. Raises as `preview`."""
    await preview(uow, principal, given.adcode, given.audience)
    content = given.content()
    number = await uow.fetchval(
        "INSERT INTO extra_notice (adcode, audience, title_zh, text_zh, title_en, text_en, content_hash, state, drafted_by, drafted_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, 'draft', $8, $9) RETURNING id",
        given.adcode,
        canonical(content["audience"]),
        given.zh.title,
        given.zh.text,
        given.en.title,
        given.en.text,
        digest(content),
        principal.account_id,
        uow.now,
    )
    await uow.record(
        "extra_notice.drafted", given.adcode, notice=number, content_hash=digest(content), account=principal.account_id
    )
    await notify(
        uow,
        adcode=given.adcode,
        roles=[Role.DUTY_OFFICER.value, Role.OFFICE_DIRECTOR.value],
        kind="notice",
        reason=f"extra:{number}:draft",
        zh=(f"补充通知待批准：{given.zh.title}", "须由起草人以外的人批准后发出。"),
        en=(f"An extra notice waits for approval: {given.en.title}", "Somebody other than its author approves it."),
        link=f"/notices/extra/{number}",
    )
    return await find(uow, principal.scope, number)


async def decide(uow: UnitOfWork, principal: Principal, extra_id: int, given: ExtraDecision) -> dict[str, Any]:
    """Send it or refuse it, with the second factor of who has one.

    Raises Unknown, Forbidden for its author and the wrong role, Conflict once decided, ContentChanged when the hash is another or
    the stored words are not those under it, and what `confirm` raises.
    """
    row = await uow.fetchrow("SELECT * FROM extra_notice WHERE id = $1 FOR UPDATE", extra_id)
    if row is None or not principal.scope.covers(row["adcode"]):
        raise Unknown(f"There is no extra notice {extra_id} in your region.")
    _require(principal, row["adcode"])
    if row["drafted_by"] == principal.account_id:
        raise Forbidden("Somebody other than the author approves a notice.", detail_zh="通知须由起草人以外的人批准。")
    if row["state"] != "draft":
        raise Conflict("This notice is decided already.", detail_zh="该通知已作出决定。")
    if row["content_hash"] != given.content_hash:
        raise ContentChanged(content_hash=row["content_hash"])
    if digest(_stored(row)) != row["content_hash"]:
        raise ContentChanged("The stored notice does not match its hash; it was tampered with. Tell the auditor.")
    await confirm(uow, principal, given.factor)
    state = "sent" if given.approve else "rejected"
    await uow.execute(
        "UPDATE extra_notice SET state = $2, decided_by = $3, decided_at = $4, note = $5 WHERE id = $1",
        extra_id,
        state,
        principal.account_id,
        uow.now,
        given.note,
    )
    await uow.record(
        f"extra_notice.{state}",
        row["adcode"],
        notice=extra_id,
        content_hash=row["content_hash"],
        account=principal.account_id,
    )
    if given.approve:
        await _send(uow, row)
    return await find(uow, principal.scope, extra_id)


def _stored(row: Any) -> dict[str, Any]:
    """The content of a stored notice, as `ExtraBody.content` gave it."""
    return {
        "adcode": row["adcode"],
        "audience": row["audience"],
        "zh": {"title": row["title_zh"], "text": row["text_zh"]},
        "en": {"title": row["title_en"], "text": row["text_en"]},
    }


async def _send(uow: UnitOfWork, row: Any) -> None:
    audience = Audience.model_validate(row["audience"])
    words = {"zh": (row["title_zh"], row["text_zh"]), "en": (row["title_en"], row["text_en"])}
    await notify(
        uow,
        adcode=row["adcode"],
        roles=[Role.ENTERPRISE.value],
        kind="notice",
        reason=f"extra:{row['id']}",
        zh=words["zh"],
        en=words["en"],
        link="/me/inbox",
        audience=audience,
    )
    settings = uow.runtime.settings
    shared = {"place": uow.runtime.place(row["adcode"]), "link": f"{settings.address}/me/inbox"}
    values = {language: shared | {"title": title, "text": text} for language, (title, text) in words.items()}
    texts = load_templates(settings.config_dir)["extra"].texts(values)
    if {"email", "sms"} & set(audience.channels):
        await mailing.begin(
            uow,
            reason=f"extra:{row['id']}",
            adcode=row["adcode"],
            event=EXTRA_EVENT,
            texts=texts,
            audience=audience,
        )
    if "webhook" in audience.channels:
        await webhooks.send(uow, row, audience, texts)
