"""Notices (通知) to enterprises: in the portal at once, to their contacts by a mailing, and a call list for those who do not answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from alerts.levels import Level
from service.accounts.roles import Principal, Role
from service.kit.problems import Conflict, Forbidden
from service.kit.unit_of_work import UnitOfWork
from service.notices.repository import Notice, find, list_of, standing_of
from service.people import mailing
from service.people.flows import notify
from service.people.templates import load_templates

EVENT, REMINDER = "notice.warning", "notice.reminder"
REMIND_AGAIN = timedelta(minutes=10)
"""Reminders of one notice are at least so far apart."""
INBOX = "/me/inbox"
OVER_SQL = """
SELECT coalesce(w.closed_at <= $2, false) OR EXISTS (
    SELECT 1 FROM notice later JOIN warning_step t ON t.id = later.step_id WHERE t.warning_id = w.id AND later.id > n.id
) FROM notice n JOIN warning_step s ON s.id = n.step_id JOIN warning w ON w.id = s.warning_id WHERE n.id = $1
"""
"""A newer notice of the same warning stands in the place of this one, or the warning is over."""


async def announce(uow: UnitOfWork, adcode: str, step_id: int, level: Level, notice: dict[str, Any]) -> int:
    """Put the notice of a step before all listed enterprises of the division: one row, whatever their number.

    Their contacts get it by a mailing; when the time to acknowledge is over the duty officer gets a call list.
    """
    notice_id = await uow.fetchval(
        "INSERT INTO notice (adcode, step_id, level, headline_zh, headline_en, created_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        adcode,
        step_id,
        int(level),
        notice["zh"]["headline"],
        notice["en"]["headline"],
        uow.now,
    )
    await uow.record("notice.sent", adcode, notice=notice_id, step=step_id, headline=notice["zh"]["headline"])
    made = Notice(notice_id, adcode, step_id, level, notice["zh"]["headline"], notice["en"]["headline"], uow.now)
    await mailing.begin(
        uow,
        reason=f"notice:{notice_id}",
        adcode=adcode,
        event=EVENT,
        texts=_texts(uow, "warning", adcode, {language: dict(notice[language]) for language in ("zh", "en")}),
        versions=await list_of(uow, made),
        notice_id=notice_id,
    )
    minutes = uow.runtime.settings.acknowledge_minutes.get(level.code)
    if minutes is not None:
        await uow.due(f"call_up:{notice_id}", uow.now + timedelta(minutes=minutes), "call_up", {"notice": notice_id})
    return int(notice_id)


def _texts(uow: UnitOfWork, template: str, adcode: str, values: dict[str, dict[str, str]]) -> dict[str, Any]:
    settings = uow.runtime.settings
    shared = {"place": uow.runtime.place(adcode), "link": settings.address + INBOX}
    return load_templates(settings.config_dir)[template].texts({key: shared | given for key, given in values.items()})


async def call_up(uow: UnitOfWork, notice_id: int) -> None:
    """The time to acknowledge is over: the duty officer is told how many must be called. Idempotent.

    Nobody is called for a notice that a newer one replaced, nor when its warning is over.
    """
    row = await uow.fetchrow("SELECT * FROM notice WHERE id = $1", notice_id)
    if row is None or await uow.fetchval(OVER_SQL, notice_id, uow.now):
        return
    standing = await standing_of(uow, Notice.of(row), "")
    if not standing.silent:
        return
    silent, listed = standing.silent, standing.listed
    await notify(
        uow,
        adcode=row["adcode"],
        roles=[Role.DUTY_OFFICER.value],
        kind="notice",
        reason=f"calls:notice:{notice_id}",
        zh=(
            f"{silent} 家企业到时未确认通知，请电话通知",
            f"“{row['headline_zh']}”：应确认 {listed} 家，未确认 {silent} 家。",
        ),
        en=(
            f"{silent} enterprise(s) have not acknowledged in time: call them",
            f"“{row['headline_en']}”: {silent} of {listed} have not acknowledged.",
        ),
        link=f"/notices/{notice_id}/calls",
        urgent=True,
    )


async def remind(uow: UnitOfWork, principal: Principal, notice_id: int) -> dict[str, Any]:
    """Remind the contacts of those who have not acknowledged; it changes nothing of the notice, so nobody else must agree.

    Raises Forbidden, Unknown outside the region, and Conflict when the last reminder was a moment ago or nobody is silent.
    """
    if not principal.may_reach_people:
        raise Forbidden(
            "Reminders are sent by the command centre of the division.", detail_zh="催办由所在地指挥部发出。"
        )
    notice = await find(uow, principal.scope, notice_id)
    if not principal.scope.covers(notice.adcode):
        raise Forbidden("This notice is of a larger division; its own command centre reminds.")
    await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"remind:{notice_id}")
    last = await uow.fetchval(
        "SELECT max(created_at) FROM mailing WHERE notice_id = $1 AND event = $2", notice_id, REMINDER
    )
    if last is not None and uow.now - last < REMIND_AGAIN:
        raise Conflict(
            "The last reminder was a few minutes ago; wait before the next.", detail_zh="刚刚催办过，请稍后再催。"
        )
    standing = await standing_of(uow, notice, principal.scope.prefix)
    if not standing.silent:
        raise Conflict("Everybody has answered; nobody is to be reminded.", detail_zh="全部已确认，无须催办。")
    number = 1 + await uow.fetchval(
        "SELECT count(*) FROM mailing WHERE notice_id = $1 AND event = $2", notice_id, REMINDER
    )
    values = {"zh": {"headline": notice.headline_zh}, "en": {"headline": notice.headline_en}}
    mailing_id = await mailing.begin(
        uow,
        reason=f"reminder:{notice_id}:{number}",
        adcode=notice.adcode,
        event=REMINDER,
        texts=_texts(uow, "reminder", notice.adcode, values),
        versions=list(standing.versions),
        notice_id=notice_id,
        unanswered=True,
    )
    await uow.record("notice.reminded", notice.adcode, notice=notice_id, number=number, account=principal.account_id)
    return {"mailing": mailing_id, "silent": standing.silent}
