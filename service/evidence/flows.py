"""Take evidence in through its two doors: check all of it, store it, and queue the enterprises it touches, in one transaction."""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from weakref import WeakKeyDictionary

from emission_lists.findings import Finding
from service.accounts.roles import Principal, Role, Scope
from service.enterprises.sources import homes_of
from service.evidence import delivered
from service.evidence import points as registry
from service.evidence.checks import check, instant_of, mentioned
from service.evidence.delivered import NONE
from service.evidence.faults import MOST
from service.evidence.points import Known
from service.evidence.reading import read_file
from service.evidence.records import Hour, Inspected, Kind, Passage, PointRecord, Record
from service.evidence.schemas import read_message
from service.feeds.flows import CLAIM_SQL, EVIDENCE, repeated, signed_by
from service.kit.canonical import canonical
from service.kit.problems import Forbidden, Invalid
from service.kit.unit_of_work import UnitOfWork

OFFICIAL = frozenset({Kind.POINTS, Kind.INSPECTION})
"""What no enterprise sends of itself."""
AHEAD = timedelta(minutes=10)
"""How far a meter's clock may be ahead."""
PER_JOB = 500
_READING: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
"""One file at a time is read on a node: each may need as much memory as all the rest."""
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
    """Who delivers: a feed or an account; `own` binds an enterprise to itself.

    `door` is said by the door itself (feed, api, page, command); `reference` is what the sender calls it.
    """

    scope: Scope
    door: str
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
    await accept(uow, Sender(Scope(feed["adcode"]), "feed", webhook_id, digest, feed=feed_id), kind, records)
    return 202, answer


def kinds_of(principal: Principal) -> tuple[Kind, ...]:
    """What somebody signed in may send as a file: an enterprise neither says what its points are nor inspects itself."""
    if not principal.may_send_evidence:
        return ()
    return tuple(kind for kind in Kind if principal.role is not Role.ENTERPRISE or kind not in OFFICIAL)


def require_sender(principal: Principal, kind: Kind) -> None:
    """Raises Forbidden unless somebody signed in may send that kind of evidence."""
    if not principal.may_send_evidence:
        raise Forbidden(
            "Evidence is sent by duty officers and commanders, and by each enterprise for itself.",
            detail_zh="佐证由值班员、指挥长报送，企业报送本企业的数据。",
        )
    if kind not in kinds_of(principal):
        raise Forbidden(
            f"An enterprise does not send {kind.value}: points and inspections come from a feed or from an official.",
            detail_zh="点位表和现场检查由数据源或主管部门报送，企业不能报送。",
        )


async def parsed(principal: Principal, kind: Kind, content: bytes) -> list[Record]:
    """The records of a file, read beside the event loop, one file at a time; call it before a unit of work is opened.

    Raises Forbidden, and Invalid with every fault by row and column.
    """
    require_sender(principal, kind)
    loop = asyncio.get_running_loop()
    async with _READING.setdefault(loop, asyncio.Semaphore(1)):
        records, faults = await asyncio.to_thread(read_file, kind, content)
    if faults:
        raise refused(faults)
    return records


async def upload(
    uow: UnitOfWork,
    principal: Principal,
    kind: Kind,
    name: str,
    content: bytes,
    records: Sequence[Record],
    *,
    door: str,
) -> dict[str, Any]:
    """Store the `records` of a file (.csv, .xlsx) of somebody signed in, as `parsed` read them, through a `door` of `Sender`.

    Raises Forbidden, and Invalid with every fault by row; then nothing is stored.
    """
    require_sender(principal, kind)
    own = principal.uscc if principal.role is Role.ENTERPRISE else None
    sender = Sender(
        principal.scope,
        door,
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
    said = await asyncio.to_thread(mentioned, records)
    known = await registry.look_up(uow, sender.scope, said.usccs, sender.own)
    known = await registry.derive(uow, known, said.points, said.lines, alone=sender.own is not None)
    await delivered.take_turn(uow, known, alone=sender.own is not None)
    theirs = NONE if sender.own is None else await delivered.look_up(uow, known, sender.own, kind, records)
    faults = await asyncio.to_thread(check, kind, records, known, theirs, sender.own, uow.now + AHEAD)
    if faults:
        raise refused(faults)
    grouped = await asyncio.to_thread(_by_home, known, records)
    return [await _store(uow, sender, kind, adcode, part) for adcode, part in sorted(grouped.items())]


def _by_home(known: Known, records: Sequence[Record]) -> dict[str, list[Record]]:
    grouped: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        grouped[known.home(record)].append(record)
    return grouped


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
        rows = await asyncio.to_thread(_hours, adcode, batch, records)
        await uow.connection.copy_records_to_table("evidence_hour", records=rows, columns=HOUR_COLUMNS)
    elif kind is Kind.GATE:
        rows = await asyncio.to_thread(_passages, adcode, batch, records)
        await uow.connection.copy_records_to_table("gate_record", records=rows, columns=GATE_COLUMNS)
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


def _hours(adcode: str, batch: int, records: Sequence[Record]) -> list[tuple[Any, ...]]:
    once = {record[:4]: record for record in records if isinstance(record, Hour)}
    return [(adcode, *key, batch, record.value, record.flag) for key, record in once.items()]


def _passages(adcode: str, batch: int, records: Sequence[Record]) -> list[tuple[Any, ...]]:
    once = {(r.uscc, r.at, r.gate, r.plate, r.direction): r for r in records if isinstance(r, Passage)}
    return [(adcode, *key, batch, r.plate_colour, r.vehicle, r.stage, r.fuel, r.let_in) for key, r in once.items()]


async def _tell(
    uow: UnitOfWork, sender: Sender, kind: Kind, adcode: str, batch: int, records: Sequence[Record]
) -> None:
    touched = sorted({record.uscc for record in records})
    instants = [at for record in records if (at := instant_of(record)) is not None]
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
        door=sender.door,
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
