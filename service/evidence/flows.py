"""Take evidence in through its two doors: check all of it, store it, and queue the enterprises it touches, in one transaction."""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from emission_lists.findings import Finding
from service.accounts.roles import Principal, Role, Scope
from service.enterprises.sources import homes_of
from service.evidence import points as registry
from service.evidence.faults import MOST, fault
from service.evidence.points import Known
from service.evidence.reading import read_file
from service.evidence.records import Hour, Inspected, Kind, Passage, PointRecord, Record
from service.evidence.schemas import read_message
from service.feeds.flows import CLAIM_SQL, EVIDENCE, repeated, signed_by
from service.kit.canonical import canonical
from service.kit.clock import SHANGHAI
from service.kit.problems import Forbidden, Invalid
from service.kit.unit_of_work import UnitOfWork

AHEAD = timedelta(minutes=10)
"""How far a meter's clock may be ahead."""
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
PER_JOB = 500
BATCH_SQL = """
INSERT INTO evidence_batch (adcode, kind, feed, account_id, reference, digest, rows, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id
"""
HOUR_COLUMNS = ["adcode", "uscc", "point", "item", "until_at", "batch_id", "value", "flag"]
GATE_COLUMNS = ["adcode", "uscc", "passed_at", "gate", "plate", "direction", "batch_id", "plate_colour", "vehicle", "stage",
                "fuel", "let_in"]  # fmt: skip
INSPECTION_COLUMNS = [
    "adcode",
    "uscc",
    "line_code",
    "inspected_at",
    "inspector",
    "result",
    "note",
    "reference",
    "batch_id",
]


@dataclass(frozen=True)
class Sender:
    """Who delivers: a feed or an account; `own` binds an enterprise to itself."""

    scope: Scope
    reference: str
    digest: str
    feed: str | None = None
    account_id: int | None = None
    own: str | None = None


async def receive(uow: UnitOfWork, feed_id: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
    """One signed message of a feed of evidence. Returns status and JSON answer; a repeated `webhook-id` is stored once.

    Raises WrongSignature, Forbidden for a feed of air data, Invalid with every fault, Conflict for a reused id.
    """
    feed, webhook_id = await signed_by(uow, feed_id, EVIDENCE, headers, body)
    digest = hashlib.sha256(body).hexdigest()
    kind, records = await asyncio.to_thread(read_message, body)
    answer = canonical({"feed": feed_id, "kind": kind.value, "received": len(records), "received_at": uow.now})
    if await uow.fetchval(CLAIM_SQL, feed_id, webhook_id, digest, answer, uow.now) is None:
        return await repeated(uow, feed_id, webhook_id, digest)
    await accept(uow, Sender(Scope(feed["adcode"]), webhook_id, digest, feed=feed_id), kind, records)
    return 202, answer


async def upload(uow: UnitOfWork, principal: Principal, kind: Kind, name: str, content: bytes) -> dict[str, Any]:
    """One file (.csv, .xlsx) of somebody signed in. Raises Invalid with every fault by row and column; then nothing is stored."""
    if not principal.may_send_evidence:
        raise Forbidden("Evidence is sent by duty officers and commanders, and by each enterprise for itself.")
    records, faults = await asyncio.to_thread(read_file, kind, content)
    if faults:
        raise refused(faults)
    own = principal.uscc if principal.role is Role.ENTERPRISE else None
    sender = Sender(
        principal.scope,
        name,
        hashlib.sha256(content).hexdigest(),
        account_id=principal.account_id,
        own=own,
    )
    batches = await accept(uow, sender, kind, records)
    return {"kind": kind.value, "received": len(records), "batches": batches, "received_at": uow.now}


def refused(faults: Sequence[Finding]) -> Invalid:
    """The refusal of a file or message, its faults in the order of their places."""
    return Invalid(
        f"{len(faults)} fault(s) in the evidence; nothing was stored.", errors=[asdict(one) for one in faults[:MOST]]
    )


async def accept(uow: UnitOfWork, sender: Sender, kind: Kind, records: Sequence[Record]) -> list[int]:
    """Check the records against lists, points and the clock, store them, queue the enterprises. Returns the batches."""
    faults = _when(records, uow.now)
    known = await registry.look_up(uow, sender.scope, {record.uscc for record in records}, sender.own)
    wanted = {(record.uscc, record.point) for record in records if isinstance(record, Hour)}
    named = {record.uscc for record in records if isinstance(record, PointRecord | Inspected)}
    known = await registry.derive(uow, known, wanted, named)
    faults += _whose(records, known, sender.own) + _what(kind, records, known)
    if faults:
        raise refused(sorted(faults, key=lambda one: (one.row or 0, one.sheet or "")))
    grouped: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        grouped[known.home(record)].append(record)
    return [await _store(uow, sender, kind, adcode, part) for adcode, part in sorted(grouped.items())]


def _instant(record: Record) -> datetime | None:
    if isinstance(record, Hour):
        return record.until
    return None if isinstance(record, PointRecord) else record.at


def _when(records: Sequence[Record], now: datetime) -> list[Finding]:
    """Nothing from the future, nothing out of all range, no point twice at one time with other values."""
    faults = []
    latest = now + AHEAD
    seen: dict[tuple[str, str, str, datetime], tuple[float | None, str | None]] = {}
    for record in records:
        at = _instant(record)
        if at is not None and at > latest:
            faults.append(fault("FUTURE", record.place, "小时止" if isinstance(record, Hour) else "时间", _shown(at)))
        elif at is not None and at < EARLIEST:
            faults.append(fault("TOO_OLD", record.place, None, _shown(at)))
        if isinstance(record, Hour):
            key, value = record[:4], (record.value, record.flag)
            if seen.setdefault(key, value) != value:
                faults.append(fault("REPEATED", record.place, "小时止"))
    return faults


def _shown(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat(" ", "minutes")


def _whose(records: Sequence[Record], known: Known, own: str | None) -> list[Finding]:
    faults = []
    for record in records:
        if own is not None and record.uscc != own:
            faults.append(fault("NOT_YOURS", record.place, "统一社会信用代码", record.uscc))
        elif record.uscc not in known.homes:
            faults.append(fault("NOT_LISTED", record.place, "统一社会信用代码", record.uscc))
    return faults


def _what(kind: Kind, records: Sequence[Record], known: Known) -> list[Finding]:
    """Points registered for what they deliver (each named once), lines that the list knows."""
    faults = []
    named: set[tuple[str, str]] = set()
    for record in records:
        if record.uscc not in known.homes:
            continue
        if isinstance(record, Hour):
            registered = known.kind_of(record.uscc, record.point)
            if registered == kind.value or (record.uscc, record.point) in named:
                continue
            named.add((record.uscc, record.point))
            if registered is None:
                faults.append(fault("UNKNOWN_POINT", record.place, "点位编号", record.point))
            else:
                faults.append(fault("POINT_KIND", record.place, "点位编号", record.point, what=registered))
        elif isinstance(record, PointRecord | Inspected):
            line = record.line_code
            if line is not None and line not in known.lines.get(record.uscc, ()):
                faults.append(fault("UNKNOWN_LINE", record.place, "生产线编码", line))
            if isinstance(record, PointRecord) and record.kind == "load" and not (record.metric and record.unit):
                faults.append(fault("LOAD_UNIT", record.place, "负荷指标", record.metric))
    return faults


async def _store(uow: UnitOfWork, sender: Sender, kind: Kind, adcode: str, records: list[Record]) -> int:
    batch: int = await uow.fetchval(
        BATCH_SQL,
        adcode,
        kind.value,
        sender.feed,
        sender.account_id,
        sender.reference,
        sender.digest,
        len(records),
        uow.now,
    )
    if kind in (Kind.POWER, Kind.CEMS, Kind.LOAD):
        hours = {record[:4]: record for record in records if isinstance(record, Hour)}
        rows = [(adcode, *key, batch, record.value, record.flag) for key, record in hours.items()]
        await uow.connection.copy_records_to_table("evidence_hour", records=rows, columns=HOUR_COLUMNS)
    elif kind is Kind.GATE:
        await uow.connection.copy_records_to_table(
            "gate_record", records=_passages(adcode, batch, records), columns=GATE_COLUMNS
        )
    elif kind is Kind.INSPECTION:
        seen = [
            (adcode, r.uscc, r.line_code, r.at, r.inspector, r.result, r.note, r.reference, batch)
            for r in records
            if isinstance(r, Inspected)
        ]
        await uow.connection.copy_records_to_table("inspection", records=seen, columns=INSPECTION_COLUMNS)
    else:
        await registry.register(
            uow, adcode, [r for r in records if isinstance(r, PointRecord)], batch=batch, source="upload"
        )
    await _tell(uow, sender, kind, adcode, batch, records)
    return batch


def _passages(adcode: str, batch: int, records: Sequence[Record]) -> list[tuple[Any, ...]]:
    once = {(r.uscc, r.at, r.gate, r.plate, r.direction): r for r in records if isinstance(r, Passage)}
    return [(adcode, *key, batch, r.plate_colour, r.vehicle, r.stage, r.fuel, r.let_in) for key, r in once.items()]


async def _tell(
    uow: UnitOfWork, sender: Sender, kind: Kind, adcode: str, batch: int, records: Sequence[Record]
) -> None:
    touched = sorted({record.uscc for record in records})
    instants = [at for record in records if (at := _instant(record)) is not None]
    await uow.record(
        "evidence.received",
        adcode,
        batch=batch,
        evidence=kind.value,
        rows=len(records),
        enterprises=len(touched),
        digest=sender.digest,
        feed=sender.feed,
        account=sender.account_id,
        reference=sender.reference,
    )
    first, last = (min(instants), max(instants)) if instants else (None, None)
    for start in range(0, len(touched), PER_JOB):
        await uow.enqueue(
            "judge_evidence",
            {"adcode": adcode, "usccs": touched[start : start + PER_JOB], "from": first, "until": last},
        )


async def visible_homes(uow: UnitOfWork, principal: Principal, uscc: str) -> tuple[str, ...]:
    """The divisions in which somebody may see an enterprise's evidence. Raises Forbidden, Unknown, Invalid."""
    homes = [home.adcode for home in await homes_of(uow, uscc) if principal.may_see_enterprise(home.adcode, uscc)]
    if not homes:
        raise Forbidden("You may see the evidence of your own enterprise, officials that of their region.")
    return tuple(homes)
