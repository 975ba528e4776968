"""Tasks of departments (部门任务) with receipt and progress, and which organisation a department is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, serial, text


class DutyHolderRow(SQLModel, table=True):
    """The organisation that holds a department's tasks in a division."""

    __tablename__ = "duty_holder"

    adcode: str = Field(primary_key=True, max_length=6)
    department: str = Field(primary_key=True, max_length=32)
    organisation_id: int = reference("organisation.id")
    account_id: int = reference("account.id")
    named_at: datetime = instant()


class TaskRow(SQLModel, table=True):
    """One category of measures for one department over a half-open time; `department` empty where none is established.

    `document` holds the measures in both languages, `digest` tells whether they are the same after a change of level;
    `before_id` is the task that this one follows. `done` of `total` is the newest progress.
    """

    __tablename__ = "task"
    __table_args__ = (
        Index("task_by_warning", "warning_id", "id"),
        Index("task_by_division", "adcode", "starts_at"),
    )

    id: int | None = serial()
    warning_id: int = reference("warning.id")
    step_id: int = reference("warning_step.id")
    adcode: str = division()
    category: str = text()
    department: str = Field(max_length=32)
    organisation_id: int | None = reference("organisation.id", nullable=True)
    document: str = text()
    digest: str = Field(max_length=64)
    level: int
    starts_at: datetime = instant()
    ends_at: datetime | None = instant(nullable=True)
    before_id: int | None = reference("task.id", nullable=True)
    state: str = Field(max_length=16)
    received_at: datetime | None = instant(nullable=True)
    received_by: int | None = reference("account.id", nullable=True)
    done: int | None = None
    total: int | None = None
    told_at: datetime | None = instant(nullable=True)
    created_at: datetime = instant()


class TaskEntryRow(SQLModel, table=True):
    """A receipt, a progress or the end of a task, as a department said it."""

    __tablename__ = "task_entry"
    __table_args__ = (Index("task_entry_by_task", "task_id", "id"),)

    id: int | None = serial()
    task_id: int = reference("task.id")
    adcode: str = division()
    kind: str = Field(max_length=16)
    done: int | None = None
    total: int | None = None
    note: str | None = text(nullable=True)
    account_id: int = reference("account.id")
    role: str = Field(max_length=32)
    at: datetime = instant()
