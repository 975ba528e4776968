"""People: what they are told (站内消息), how they are reached, and who was called."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, json, reference, serial, text


class InboxMessageRow(SQLModel, table=True):
    """One message to everybody in some roles whose region holds a division: one row, whatever their number.

    `audience`: of a message to enterprises, those of them that it is for.
    """

    __tablename__ = "inbox_message"
    __table_args__ = (Index("inbox_message_newest", "created_at", "id"),)

    id: int | None = serial()
    adcode: str = division()
    roles: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    kind: str = Field(max_length=16)
    reason: str = Field(max_length=200, unique=True)
    title_zh: str = text()
    text_zh: str = text()
    title_en: str = text()
    text_en: str = text()
    link: str = text()
    urgent: bool = False
    audience: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    created_at: datetime = instant()


class InboxReadRow(SQLModel, table=True):
    """An account has read a message."""

    __tablename__ = "inbox_read"

    account_id: int = Field(sa_type=BigInteger, foreign_key="account.id", primary_key=True)
    message_id: int = Field(sa_type=BigInteger, foreign_key="inbox_message.id", primary_key=True)
    read_at: datetime = instant()


class ContactRow(SQLModel, table=True):
    """How a person is reached (联系人): of an enterprise, or an official's own. Personal data: it is changed and deleted for good.

    `calling_order`: who is called first (1). `quiet_from`, `quiet_until`: minutes of the day, Beijing time, in which only what
    is urgent goes out.
    """

    __tablename__ = "contact"
    __table_args__ = (
        Index("contact_of_enterprise", "uscc", "calling_order", "id", postgresql_where=sql("uscc IS NOT NULL")),
        Index("contact_by_division", "adcode", "id"),
        UniqueConstraint("uscc", "name", name="contact_once"),
        CheckConstraint(
            "adcode ~ '^[0-9]{6}$' AND (account_id IS NULL) <> (uscc IS NULL) AND (phone IS NOT NULL OR email IS NOT NULL)"
            " AND language IN ('zh', 'en') AND calling_order BETWEEN 1 AND 99 AND (quiet_from IS NULL) = (quiet_until IS NULL)"
            " AND coalesce(quiet_from, 0) BETWEEN 0 AND 1439 AND coalesce(quiet_until, 0) BETWEEN 0 AND 1439",
            name="contact_sound",
        ),
    )

    id: int | None = serial()
    adcode: str = division()
    account_id: int | None = Field(default=None, sa_type=BigInteger, foreign_key="account.id", unique=True)
    uscc: str | None = Field(default=None, max_length=18)
    name: str = Field(max_length=64)
    post: str | None = Field(default=None, max_length=64)
    phone: str | None = Field(default=None, max_length=20)
    email: str | None = Field(default=None, max_length=254)
    language: str = Field(default="zh", max_length=2)
    calling_order: int = 1
    by_email: bool = True
    by_sms: bool = True
    quiet_from: int | None = None
    quiet_until: int | None = None
    changed_by: int = reference("account.id")
    changed_at: datetime = instant()


class MailingRow(SQLModel, table=True):
    """A message on its way to the contacts of an audience (群发), in batches: what comes after `after_uscc`, `after_contact` waits."""

    __tablename__ = "mailing"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'done')", name="mailing_sound"),
        Index("mailing_by_division", "adcode", "id"),
    )

    id: int | None = serial()
    reason: str = Field(max_length=100, unique=True)
    adcode: str = division()
    event: str = Field(max_length=64)
    notice_id: int | None = reference("notice.id", nullable=True)
    audience: dict[str, Any] = json()
    texts: dict[str, Any] = json()
    unanswered: bool = False
    after_uscc: str = Field(default="", max_length=18)
    after_contact: int = Field(default=0, sa_type=BigInteger)
    contacts: int = 0
    queued: int = 0
    state: str = Field(default="running", max_length=8)
    created_at: datetime = instant()
    done_at: datetime | None = instant(nullable=True)


class ExtraNoticeRow(SQLModel, table=True):
    """A notice written by hand (补充通知): drafted by one person, sent or refused by another."""

    __tablename__ = "extra_notice"
    __table_args__ = (
        CheckConstraint(
            "state IN ('draft', 'sent', 'rejected') AND (state = 'draft') = (decided_by IS NULL)"
            " AND (decided_by IS NULL OR decided_by <> drafted_by)",
            name="extra_notice_sound",
        ),
        Index("extra_notice_by_division", "adcode", "id"),
    )

    id: int | None = serial()
    adcode: str = division()
    audience: dict[str, Any] = json()
    title_zh: str = text()
    text_zh: str = text()
    title_en: str = text()
    text_en: str = text()
    content_hash: str = Field(max_length=64)
    state: str = Field(default="draft", max_length=8)
    drafted_by: int = reference("account.id")
    drafted_at: datetime = instant()
    decided_by: int | None = reference("account.id", nullable=True)
    decided_at: datetime | None = instant(nullable=True)
    note: str | None = text(nullable=True)


class PhoneCallRow(SQLModel, table=True):
    """A call to an enterprise that has not acknowledged a notice, and how it ended. Append-only; no personal data."""

    __tablename__ = "phone_call"
    __table_args__ = (
        CheckConstraint("outcome IN ('reached', 'no_answer', 'wrong_number')", name="phone_call_sound"),
        Index("phone_call_of_notice", "notice_id", "uscc", "id"),
    )

    id: int | None = serial()
    notice_id: int = reference("notice.id")
    uscc: str = Field(max_length=18)
    contact_id: int | None = Field(default=None, sa_type=BigInteger)
    outcome: str = Field(max_length=16)
    note: str | None = text(nullable=True)
    account_id: int = reference("account.id")
    called_at: datetime = instant()
