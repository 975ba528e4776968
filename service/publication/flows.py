"""Freeze a message when it is decided; render the public site from what is announced and switch it atomically."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from alerts.cap import (
    Area,
    CapMessage,
    Certainty,
    Ending,
    InfoText,
    MessageType,
    Reference,
    Status,
    render_cap,
)
from alerts.levels import Level
from service.kit.drill import MARK
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork, beijing
from service.obligations.flows import published
from service.publication.forecast import forecasts_of
from service.publication.render import render_site
from service.publication.state import (
    Advice,
    Place,
    PublicMessage,
    PublicReason,
    PublicState,
    PublicStep,
    PublicWarning,
    StepKind,
    Words,
)
from service.publication.store import PublicStore

PUBLISHER = Words("重污染天气应急指挥部办公室", "Office of the heavy-pollution emergency command")
SIMULATED = Words(
    "模拟时钟：以下为历史过程的演示，不是真实预警。",
    "Simulated clock: a replay of a past episode, no real warning.",
)
DRILL = Words(
    f"{MARK}以下为应急演练内容，不是真实预警。",
    f"{MARK}An exercise, no real warning.",
)
SOURCES = (
    Words(
        "空气质量数据来自国家与地方环境监测网；预报来自所接入的预报机构。",
        "Air-quality data come from the national and local networks; forecasts from the connected institutions.",
    ),
)
MESSAGE_TYPES = {"issue": MessageType.ALERT, "lift": MessageType.CANCEL, "revoke": MessageType.CANCEL}
CANCEL_STANDS = timedelta(hours=24)
"""How long a lifting stays in the feeds."""
PAST_SHOWN = timedelta(days=60)


async def freeze_message(
    uow: UnitOfWork, warning_id: int, step_id: int, frozen: dict[str, Any], level: Level, effective: datetime
) -> str:
    """Render and keep the CAP bytes of a step, in the transaction that decides it; returns the identifier."""
    settings = uow.runtime.settings
    action, adcode = frozen["action"], frozen["adcode"]
    sent = uow.now.replace(microsecond=0)
    earlier = await uow.fetch(
        "SELECT identifier, sent FROM message WHERE warning_id = $1 ORDER BY sent", warning_id
    )
    kind = MESSAGE_TYPES.get(action, MessageType.UPDATE)
    identifier = f"{adcode}00000000_{sent:%Y%m%d%H%M%S}_{step_id}"
    shown = Level.of(frozen["from"]) if kind is MessageType.CANCEL else level
    note = note_of(uow)
    starts = max(effective.replace(microsecond=0), sent)
    expires = starts + CANCEL_STANDS if kind is MessageType.CANCEL else _fixed_end(frozen)
    body = render_cap(
        CapMessage(
            identifier=identifier,
            sender=settings.cap_sender,
            sender_name=frozen["place"] + PUBLISHER.zh,
            sent=sent,
            status=Status.ACTUAL if note is None else Status.EXERCISE,
            msg_type=kind,
            level=shown,
            effective=sent,
            onset=starts,
            expires=expires,
            certainty=Certainty.LIKELY,
            public=_info(uow, frozen, shown, "公众", kind),
            enterprises=_info(uow, frozen, shown, "应急减排清单内企业", kind),
            areas=(Area(frozen["place"], (adcode + "000000",)),),
            references=tuple(
                Reference(settings.cap_sender, row["identifier"], _aware(row["sent"])) for row in earlier
            ),
            note=None if note is None else note.zh,
            ending={"lift": Ending.LIFTED, "revoke": Ending.ISSUED_IN_ERROR}.get(action),
            web=f"{settings.address}/public/place/{adcode}.html",
        )
    )
    await uow.execute(
        "INSERT INTO message (identifier, adcode, warning_id, step_id, kind, sent, expires, title, body)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        identifier,
        adcode,
        warning_id,
        step_id,
        kind.value,
        sent,
        expires,
        frozen["notice"]["zh"]["headline"],
        body,
    )
    await uow.record(
        "message.frozen", adcode, message=identifier, step=step_id, digest=hashlib.sha256(body).hexdigest()
    )
    return identifier


def note_of(uow: UnitOfWork) -> Words | None:
    """What stands over everything published in a drill or on a simulated clock; None in earnest."""
    if uow.runtime.drill is not None:
        return DRILL
    return SIMULATED if uow.runtime.clock.simulated else None


def _fixed_end(frozen: dict[str, Any]) -> datetime | None:
    if not frozen["fixed_end"] or not frozen["planned_end"]:
        return None
    return datetime.fromisoformat(frozen["planned_end"])


def _aware(instant: datetime) -> datetime:
    local = beijing(instant)
    assert local is not None
    return local


def _second(instant: datetime) -> datetime:
    """The public is told whole seconds, as CAP does."""
    return _aware(instant).replace(microsecond=0)


def _info(
    uow: UnitOfWork, frozen: dict[str, Any], level: Level, audience: str, kind: MessageType
) -> InfoText:
    notice = frozen["notice"]["zh"]
    if kind is MessageType.CANCEL:
        instruction = "恢复正常生产生活，继续关注空气质量。"
    elif audience == "公众":
        instruction = "".join(
            advice.group.zh + "：" + advice.text.zh for advice in advice_of(uow, frozen["adcode"], level)
        )
        instruction = instruction or "减少户外活动，关注最新通知。"
    else:
        instruction = (
            f"按应急减排清单执行{level.response}响应措施，登录系统查看本企业各生产线的具体要求并回执。"
        )
    return InfoText(
        audience=audience,
        headline=notice["headline"][:140],
        description=notice["text"],
        instruction=instruction,
    )


def advice_of(uow: UnitOfWork, adcode: str, level: Level) -> tuple[Advice, ...]:
    """Health advice by group from the plan in force."""
    plan = uow.runtime.law.plan_for(adcode, uow.now)
    chinese = next((groups for code, groups in plan.health_advice.items() if code == level.code), {})
    english = next((groups for code, groups in plan.health_advice_en.items() if code == level.code), {})
    groups = zip(chinese.items(), english.items(), strict=False)
    return tuple(
        Advice(Words(group_zh, group_en), Words("".join(text_zh), " ".join(text_en)))
        for (group_zh, text_zh), (group_en, text_en) in groups
    )


async def public_state(uow: UnitOfWork) -> PublicState:
    """Everything announced so far, from the steps that rest on a decision."""
    since = uow.now - PAST_SHOWN
    steps = await uow.fetch(
        "SELECT s.*, m.identifier FROM warning_step s JOIN warning w ON w.id = s.warning_id"
        " JOIN message m ON m.step_id = s.id WHERE s.decision_id IS NOT NULL AND (w.closed_at IS NULL OR w.closed_at > $1)"
        " ORDER BY s.adcode, s.id",
        since,
    )
    messages = await uow.fetch(
        "SELECT m.* FROM message m JOIN warning w ON w.id = m.warning_id WHERE w.closed_at IS NULL OR w.closed_at > $1 ORDER BY m.sent",
        since,
    )
    grouped: dict[str, dict[int, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for step in steps:
        grouped[step["adcode"]][step["warning_id"]].append(step)
    forecasts = await forecasts_of(uow)
    note = note_of(uow)
    simulated = note is not None
    told = [_second(row[name]) for rows, name in ((steps, "announced_at"), (messages, "sent")) for row in rows]
    return PublicState(
        as_of=max(_second(uow.now), *told) if told else _second(uow.now),  # another node's clock may be ahead of ours
        base_address=f"{uow.runtime.settings.address}/public/",
        publisher=PUBLISHER,
        places=tuple(
            _place(uow, adcode, grouped.get(adcode, {}), forecasts.get(adcode), simulated)
            for adcode in sorted(grouped.keys() | forecasts.keys())
        ),
        messages=tuple(_messages(messages, simulated)),
        sources=SOURCES,
        clock_note=note,
    )


def _place(
    uow: UnitOfWork, adcode: str, warnings: dict[int, list[Any]], forecast: Any, simulated: bool
) -> Place:
    law = uow.runtime.law
    province = law.divisions.get(adcode[:2] + "0000")
    return Place(
        adcode=adcode,
        name=Words(uow.runtime.place(adcode), uow.runtime.place(adcode)),
        province=Words(province.name, province.name) if province else Words("", ""),
        warnings=tuple(
            _warning(uow, adcode, warning_id, steps, simulated)
            for warning_id, steps in sorted(warnings.items())
        ),
        forecast=forecast.days if forecast else (),
        forecast_issued_at=forecast.issued_at if forecast else None,
        forecast_note=forecast.note if forecast else None,
    )


def _warning(
    uow: UnitOfWork, adcode: str, warning_id: int, steps: list[Any], simulated: bool
) -> PublicWarning:
    latest = json.loads(steps[-1]["content"])
    shown = Level(max(step["level"] for step in steps))
    return PublicWarning(
        id=str(warning_id),
        issuer=Words(latest["place"] + PUBLISHER.zh, f"{PUBLISHER.en}, {latest['place']}"),
        status=Status.EXERCISE if simulated else Status.ACTUAL,
        steps=tuple(_step(step) for step in steps),
        items=Words(latest["notice"]["zh"]["text"], latest["notice"]["en"]["text"]),
        advice=advice_of(uow, adcode, Level.of(latest["to"]) if latest["to"] != "none" else shown),
    )


def _step(step: Any) -> PublicStep:
    kind = StepKind(step["action"])
    frozen = json.loads(step["content"])
    return PublicStep(
        kind=kind,
        level=Level.of(frozen["from"]) if kind.ends else Level(step["level"]),
        decision_id=str(step["decision_id"]),
        announced_at=_second(step["announced_at"]),
        effective_at=_second(step["effective_at"]),
        planned_end=beijing(step["planned_end"]) if frozen["fixed_end"] else None,
        reason=PublicReason(step["reason"]),
        cap_identifier=step["identifier"],
    )


def _messages(rows: list[Any], simulated: bool) -> list[PublicMessage]:
    earlier: dict[int, list[str]] = defaultdict(list)
    found = []
    for row in rows:
        found.append(
            PublicMessage(
                identifier=row["identifier"],
                xml=bytes(row["body"]),
                title=row["title"],
                summary=row["title"],
                sent=_aware(row["sent"]),
                status=Status.EXERCISE if simulated else Status.ACTUAL,
                msg_type=MessageType(row["kind"]),
                expires=beijing(row["expires"]),
                references=tuple(earlier[row["warning_id"]]),
            )
        )
        earlier[row["warning_id"]].append(row["identifier"])
    return found


async def publish(runtime: Runtime) -> str:
    """Render the site and make it current. A later call with the same state changes nothing that readers see."""
    async with runtime.unit() as uow:
        generation = await uow.fetchval("SELECT nextval('publication_generation')")
        await uow.commit()
    async with runtime.unit() as uow:
        await uow.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        state = await public_state(uow)
    files = await asyncio.to_thread(render_site, state)
    current = await asyncio.to_thread(PublicStore(runtime.settings.public_root).publish, files, int(generation))
    async with runtime.unit() as uow:
        await published(uow, [message.identifier for message in state.messages], state.as_of)
        await uow.commit()
    return current
