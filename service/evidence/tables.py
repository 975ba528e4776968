"""Evidence as it came in (佐证): append-only. A correction is a new row of a later batch; the newest counts, the old one stays.

Keys lead with the division, so that the tables can be partitioned by it; `batch_id` carries no foreign key, because half a
million rows a day would each look their batch up.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Index
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, json, reference, serial, text


def _batch() -> Any:
    return Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


def _at() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), primary_key=True))


class EvidenceBatchRow(SQLModel, table=True):
    """One delivery: by a feed (webhook id in `reference`) or by an account (file name in `reference`)."""

    __tablename__ = "evidence_batch"
    __table_args__ = (Index("evidence_batch_by_division", "adcode", "id"),)

    id: int | None = serial()
    adcode: str = division()
    kind: str = Field(max_length=16)
    feed: str | None = Field(default=None, max_length=64)
    account_id: int | None = reference("account.id", nullable=True)
    reference: str = text()
    digest: str = Field(max_length=64)
    rows: int
    received_at: datetime = instant()


class EvidencePointRow(SQLModel, table=True):
    """What a point measures (监测点位): a meter, a monitor (CEMS) or a gate of one line. The newest row of a point counts.

    `role` production or treatment; `rated` in kW; `metric` and `unit` of what a load meter counts; `source` upload or list.
    """

    __tablename__ = "evidence_point"
    __table_args__ = (Index("evidence_point_by_enterprise", "adcode", "uscc", "point", "id"),)

    id: int | None = serial()
    adcode: str = division()
    uscc: str = Field(max_length=18)
    point: str = Field(max_length=64)
    kind: str = Field(max_length=16)
    line_code: str = Field(max_length=64)
    role: str = Field(max_length=16)
    rated: float | None = None
    metric: str | None = Field(default=None, max_length=64)
    unit: str | None = Field(default=None, max_length=16)
    source: str = Field(max_length=16)
    batch_id: int | None = Field(default=None, sa_type=BigInteger)
    registered_at: datetime = instant()


class EvidenceHourRow(SQLModel, table=True):
    """One hour of one point, stamped with its end. `item` kwh, load, or a pollutant; `flag` as HJ 212 writes it."""

    __tablename__ = "evidence_hour"

    adcode: str = Field(primary_key=True, max_length=6)
    uscc: str = Field(primary_key=True, max_length=18)
    point: str = Field(primary_key=True, max_length=64)
    item: str = Field(primary_key=True, max_length=16)
    until_at: datetime = _at()
    batch_id: int = _batch()
    value: float | None = None
    flag: str | None = Field(default=None, max_length=4)


class EvidenceBaselineRow(SQLModel, table=True):
    """What a meter counts in a normal hour before a response began; can be rebuilt from the hours at any time."""

    __tablename__ = "evidence_baseline"

    response_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("response.id"), primary_key=True, autoincrement=False)
    )
    uscc: str = Field(primary_key=True, max_length=18)
    point: str = Field(primary_key=True, max_length=64)
    mean: float | None = None
    days: list[str] = json()
    reckoned_at: datetime = instant()


class GateRecordRow(SQLModel, table=True):
    """One passage at a freight entrance (门禁记录): plate, emission stage, fuel, and whether the barrier opened."""

    __tablename__ = "gate_record"

    adcode: str = Field(primary_key=True, max_length=6)
    uscc: str = Field(primary_key=True, max_length=18)
    passed_at: datetime = _at()
    gate: str = Field(primary_key=True, max_length=64)
    plate: str = Field(primary_key=True, max_length=16)
    direction: str = Field(primary_key=True, max_length=4)
    batch_id: int = _batch()
    plate_colour: str = Field(max_length=16)
    vehicle: str = Field(max_length=16)
    stage: str = Field(max_length=4)
    fuel: str = Field(max_length=4)
    let_in: bool


class InspectionRow(SQLModel, table=True):
    """What an inspector saw (现场检查)."""

    __tablename__ = "inspection"
    __table_args__ = (Index("inspection_by_enterprise", "adcode", "uscc", "inspected_at"),)

    id: int | None = serial()
    adcode: str = division()
    uscc: str = Field(max_length=18)
    line_code: str | None = Field(default=None, max_length=64)
    inspected_at: datetime = instant()
    inspector: str = text()
    result: str = Field(max_length=16)
    note: str = text()
    reference: str | None = text(nullable=True)
    batch_id: int = Field(sa_type=BigInteger)
