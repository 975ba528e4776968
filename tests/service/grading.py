"""What tests of grades share: a city of Inner Mongolia with a small list, its officials, and cases brought on their way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx

from emission_lists.grades import Grade
from emission_lists.identifiers import make_uscc
from emission_lists.levels import PerLevel
from emission_lists.lists import EmissionListDraft, Enterprise, Line, ListRow
from emission_lists.measures import Action, CountUnit, Measure, Verification
from service.accounts.roles import Role, Scope
from service.grades.repository import grade_standing
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.jobs import tick
from service.kit.runtime import Runtime
from service.lists.flows import activate, store_draft
from tests.support import Client

CITY, COUNTY, PROVINCE, NATION = "150100", "150102", "150000", "100000"
GRADES = "/api/v1/grades"
CEMENT, STEEL, SMALL = make_uscc(COUNTY, 1), make_uscc(COUNTY, 2), make_uscc(COUNTY, 3)
REVIEWER = {"district": "county", "city": "city", "province": "province", "ministry": "ministry"}
NOW = datetime(2026, 1, 5, 9, 30, tzinfo=SHANGHAI)
STOP = Measure(
    Action.STOP, 1.0, total_units=1, count_unit=CountUnit.PRODUCTION_LINE, verification=(Verification.METER,)
)
ROAD = Measure(Action.UNKNOWN)


def listed_line(code: str, process: str, measure: Measure = STOP) -> Line:
    return Line(code, f"{code}号线", process, PerLevel(measure, measure, measure))


def rows(grade: Grade = Grade.C, measure: Measure = STOP) -> tuple[ListRow, ...]:
    cement = Enterprise(CEMENT, "青城水泥有限公司", COUNTY, "水泥", True, grade)
    steel = Enterprise(STEEL, "青城钢铁有限公司", COUNTY, "长流程联合钢铁", True, Grade.C)
    other = Enterprise(SMALL, "青城木业有限公司", COUNTY, "木材加工", False, Grade.UNGRADED)
    return (
        ListRow(cement, listed_line("MF0001", "熟料生产线", measure), 2),
        ListRow(cement, listed_line("MF0002", "熟料生产线", measure), 3),
        ListRow(steel, listed_line("MF0001", "高炉"), 4),
        ListRow(other, listed_line("MF0001", "锯切"), 5),
    )


async def with_list(runtime: Runtime, made: tuple[ListRow, ...] | None = None) -> int:
    """A list in force; returns its version."""
    draft = EmissionListDraft(CITY, made or rows())
    async with runtime.unit() as uow:
        version = await store_draft(uow, draft, guide="G2020", created_by=None, generated=True)
        await uow.execute("UPDATE list_version SET checks = '[]', blocking = 0 WHERE id = $1", version)
        await activate(uow, Scope(CITY), version, None)
        await uow.commit()
    return version


class People:
    """Everybody who takes part, signed in; two of each level."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.calls: dict[str, dict[str, str]] = {}

    async def come(self) -> People:
        for name, role, adcode, uscc in (
            ("county", Role.DUTY_OFFICER, COUNTY, None),
            ("city", Role.DUTY_OFFICER, CITY, None),
            ("city2", Role.COMMANDER, CITY, None),
            ("province", Role.DUTY_OFFICER, PROVINCE, None),
            ("province2", Role.COMMANDER, PROVINCE, None),
            ("ministry", Role.COMMANDER, NATION, None),
            ("ministry2", Role.COMMANDER, NATION, None),
            ("plant", Role.ENTERPRISE, CITY, CEMENT),
            ("stranger", Role.ENTERPRISE, CITY, STEEL),
            ("auditor", Role.AUDITOR, PROVINCE, None),
            ("elsewhere", Role.COMMANDER, "370000", None),
        ):
            self.calls[name] = await self.client.account(role, adcode, uscc)
        return self

    async def get(self, name: str, path: str) -> httpx.Response:
        return await self.client.http.get(path, headers=self.calls[name])

    async def post(self, name: str, path: str, **body: Any) -> httpx.Response:
        return await self.client.http.post(path, headers=self.calls[name], json=body)

    async def apply(self, name: str = "plant", **body: Any) -> httpx.Response:
        asked = {"uscc": CEMENT, "grade": "A", "reason": "完成深度治理"} | body
        return await self.post(name, f"{GRADES}/applications", **asked)

    async def step(self, name: str, case: int, move: str, **body: Any) -> httpx.Response:
        return await self.post(name, f"{GRADES}/applications/{case}/steps", move=move, **body)

    async def done(self, name: str, case: int, move: str, **body: Any) -> dict[str, Any]:
        answer = await self.step(name, case, move, **body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def publicised(self, **body: Any) -> dict[str, Any]:
        """An application that has passed every review and stands in publicity."""
        asked = await self.apply(**body)
        assert asked.status_code == 201, asked.text
        case, route = asked.json()["id"], [one["level"] for one in asked.json()["route"]]
        for level in route:
            await self.done(REVIEWER[level], case, "review")
        return await self.done(REVIEWER[route[-1]], case, "publicise")

    async def published(self, clock: ManualClock, runtime: Runtime, **body: Any) -> dict[str, Any]:
        """A grade that is published and in force."""
        stated = {name: body.pop(name) for name in ("valid_until", "effective_from") if name in body}
        opened = await self.publicised(**body)
        await pass_until(clock, runtime, self.client, datetime.fromisoformat(opened["window"]["end"]))
        second = REVIEWER[opened["route"][-1]["level"]] + "2"
        found = await self.done(second, opened["id"], "publish", document="内环发〔2026〕1号", **stated)
        await pass_until(clock, runtime, self.client, datetime.fromisoformat(found["effective_from"]))
        return found


async def pass_until(clock: ManualClock, runtime: Runtime, client: Client, instant: datetime) -> None:
    """Let the clock reach an instant, and everything that falls due then happen."""
    clock.advance_to(max(clock.current, instant))
    await tick(runtime)
    await client.work()


async def pass_by(clock: ManualClock, runtime: Runtime, client: Client, **span: float) -> None:
    """Let some time pass."""
    await pass_until(clock, runtime, client, clock.current + timedelta(**span))


def changed(enterprise: Enterprise, **fields: Any) -> Enterprise:
    return replace(enterprise, **fields)


async def grade_at(runtime: Runtime, at: datetime) -> str | None:
    """The grade of the cement works at an instant."""
    async with runtime.unit() as uow:
        found = await grade_standing(uow, CEMENT, CITY, at)
    return None if found is None or found.grade is None else found.grade.value


async def respond(runtime: Runtime, start: datetime, end: datetime | None = None, level: int = 4) -> int:
    """A response of the city at a level (4 red), written directly; returns its id."""
    async with runtime.unit() as uow:
        version = await uow.fetchval("SELECT id FROM list_version WHERE adcode = $1 AND state = 'active'", CITY)
        warning = await uow.fetchval(
            "INSERT INTO warning (adcode, state, level, announced_at, effective_at, fixed_end, closed_at)"
            " VALUES ($1, 'active', $2, $3, $3, false, $4) RETURNING id",
            CITY,
            level,
            start,
            end,
        )
        step = await uow.fetchval(
            "INSERT INTO warning_step (warning_id, adcode, action, level, reason, announced_at, effective_at, content)"
            " VALUES ($1, $2, 'issue', $3, 'criteria_met', $4, $4, '{}') RETURNING id",
            warning,
            CITY,
            level,
            start,
        )
        made = await uow.fetchval(
            "INSERT INTO response (adcode, level, step_id, list_version_id, starts_at, ends_at)"
            " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
            CITY,
            level,
            step,
            version,
            start,
            end,
        )
        await uow.tell("response", CITY)
        await uow.commit()
    runtime.live.changed("response", CITY)
    return int(made)
