"""Whom a notice is for (受众): listed enterprises of a division by county, industry, grade and the measure of a line."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from emission_lists.grades import Grade
from service.accounts.roles import prefix_of
from service.kit.unit_of_work import UnitOfWork

LISTED_SQL = """
FROM list_enterprise e WHERE e.version_id = ANY($1::bigint[]) AND starts_with(e.county, $2)
    AND (cardinality($3::text[]) = 0 OR e.county = ANY($3)) AND (cardinality($4::text[]) = 0 OR e.industry = ANY($4))
    AND (cardinality($5::text[]) = 0 OR e.grade = ANY($5))
    AND ($6::text IS NULL OR EXISTS (SELECT 1 FROM json_array_elements(e.document::json->'lines') AS line
        WHERE line->'measures'->$6->>'action' = ANY($7::text[])))
    AND ($8::bigint IS NULL OR NOT EXISTS (SELECT 1 FROM acknowledgement k WHERE k.notice_id = $8 AND k.uscc = e.uscc))
"""
COUNT_SQL = f"""
WITH listed AS (SELECT DISTINCT e.uscc {LISTED_SQL}), reached AS (
    SELECT c.uscc, count(*) AS contacts, count(c.email) FILTER (WHERE c.by_email) AS mails,
        count(*) FILTER (WHERE c.by_sms AND c.phone ~ '^([+]?86)?1[0-9]{{10}}$') AS texts
    FROM contact c JOIN listed USING (uscc) GROUP BY c.uscc)
SELECT (SELECT count(*) FROM listed) AS enterprises, count(*) AS with_contact, coalesce(sum(contacts), 0)::bigint AS contacts,
    coalesce(sum(mails), 0)::bigint AS email, coalesce(sum(texts), 0)::bigint AS sms FROM reached
"""
VERSIONS_SQL = """
SELECT id FROM list_version WHERE state = 'active' AND (starts_with(adcode, $1) OR adcode = ANY($2::text[])) ORDER BY id
"""
MINE_SQL = """
(m.audience IS NULL OR EXISTS (
    SELECT 1 FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
    WHERE e.uscc = {uscc} AND v.state = 'active'
        AND (m.audience->'counties' = '[]'::jsonb OR m.audience->'counties' ? e.county)
        AND (m.audience->'industries' = '[]'::jsonb OR m.audience->'industries' ? e.industry)
        AND (m.audience->'grades' = '[]'::jsonb OR m.audience->'grades' ? e.grade)
        AND (m.audience->>'level' IS NULL OR EXISTS (
            SELECT 1 FROM json_array_elements(e.document::json->'lines') AS line
            WHERE m.audience->'actions' ? (line->'measures'->(m.audience->>'level')->>'action')))))
"""
Adcode = Annotated[str, Field(pattern=r"^\d{6}$")]


class Audience(BaseModel):
    """Listed enterprises; what is empty does not narrow. `actions`: what a line must do at `level`.

    `channels`: by which ways it goes to them beside the portal.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    counties: Annotated[list[Adcode], Field(max_length=200)] = []
    industries: Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=100)] = []
    grades: Annotated[list[Grade], Field(max_length=20)] = []
    level: Literal["yellow", "orange", "red"] | None = None
    actions: Annotated[
        list[Literal["stop", "limit", "transport", "self_determined", "none", "unknown"]], Field(max_length=6)
    ] = []

    channels: Annotated[list[Literal["email", "sms", "webhook"]], Field(max_length=3)] = ["email", "sms"]

    @model_validator(mode="after")
    def _together(self) -> Audience:
        if (self.level is None) is not (not self.actions):
            raise ValueError("give a level and the measures asked at it, or neither / 级别与措施须同时填写")
        return self

    def parameters(self, versions: list[int], adcode: str, unanswered: int | None = None) -> list[Any]:
        """Values of `LISTED_SQL`; `unanswered` leaves only those who have not acknowledged that notice."""
        return [
            versions,
            prefix_of(adcode),
            self.counties,
            self.industries,
            [grade.value for grade in self.grades],
            self.level,
            list(self.actions),
            unanswered,
        ]


async def versions_of(uow: UnitOfWork, adcode: str) -> list[int]:
    """Active list versions that name enterprises of a division: its own, those inside it, and those it lies in."""
    above = [adcode[:4] + "00", adcode[:2] + "0000"]
    rows = await uow.fetch(VERSIONS_SQL, prefix_of(adcode), above)
    return [row["id"] for row in rows]


async def count(
    uow: UnitOfWork,
    audience: Audience,
    adcode: str,
    *,
    versions: list[int] | None = None,
    unanswered: int | None = None,
) -> dict[str, int]:
    """How many enterprises an audience has, how many have no contact, and how many contacts each channel reaches."""
    found = await versions_of(uow, adcode) if versions is None else versions
    row = await uow.fetchrow(COUNT_SQL, *audience.parameters(found, adcode, unanswered))
    assert row is not None
    return {
        "enterprises": row["enterprises"],
        "without_contact": row["enterprises"] - row["with_contact"],
        "contacts": row["contacts"],
        "email": row["email"],
        "sms": row["sms"],
    }
