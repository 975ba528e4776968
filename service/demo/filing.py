"""What the demonstration's bureau and plants file over HTTP: permits, grade cases, an operating plan, and power by the hour.

All of it can be called again: every call carries its fixed key, so a second time has no second effect.
"""

from __future__ import annotations

import json
import secrets as random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from emission_lists.grades import Grade
from emission_lists.permits import write_register
from service.accounts.flows import create_account
from service.accounts.passwords import hash_password
from service.accounts.roles import Role
from service.demo.outside import Outside, Refused
from service.demo.plants import (
    HOUR,
    Listed,
    Plant,
    hours_message,
    load_of,
    normal_days,
    plan_of,
    plants_of,
    points_message,
    register_of,
)
from service.demo.policy import BEIJING_CHIEF, BEIJING_DUTY, DUTY
from service.kit.runtime import Runtime
from service.lists.repository import enterprises_of

CITY = "110000"
EVIDENCE_FEED = "demo-evidence"
WITHOUT_PLAN = 2
"""Which of the plants has no operating plan."""
MOST_AT_ONCE = 24
"""Hours caught up with at a time when the clock ran ahead."""
_LAST = "normal-days"
"""The last of what is filed before an episode begins."""
_FILED_SQL = "SELECT EXISTS (SELECT 1 FROM evidence_batch WHERE feed = $1 AND reference = $2)"
_ACTIVE_SQL = "SELECT id FROM list_version WHERE adcode = $1 AND state = 'active'"


def plant_login(uscc: str) -> str:
    """The login of a played plant."""
    return f"demo-script-{uscc}"


@dataclass
class Filing:
    """Files for the visitors' city. `login`: the enterprise that files its operating plan.

    `filed`: what comes before the episode was filed by an earlier run, so long ago that repeated calls are not known any more.
    """

    outside: Outside
    listed: Sequence[Listed]
    login: str
    uscc: str
    start: datetime
    filed: bool = False
    plants: list[Plant] = field(init=False)
    _posted: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.plants = plants_of(self.listed, self.uscc)
        self._posted = self.start.replace(minute=0, second=0, microsecond=0)

    @classmethod
    async def of(cls, runtime: Runtime, outside: Outside, login: str, start: datetime) -> Filing:
        """The filing for the list in force of the city."""
        async with runtime.unit() as uow:
            version = await uow.fetchval(_ACTIVE_SQL, CITY)
            uscc = await uow.fetchval("SELECT uscc FROM account WHERE login = $1", login)
            listed = [one async for one in enterprises_of(uow, version)]
            filed = await uow.fetchval(_FILED_SQL, EVIDENCE_FEED, f"{EVIDENCE_FEED}:{_LAST}")
        filing = cls(outside, listed, login, uscc, start, filed)
        filing.outside = replace(outside, passwords={**outside.passwords, **await filing._accounts(runtime)})
        return filing

    async def _accounts(self, runtime: Runtime) -> dict[str, str]:
        """Accounts of the played plants, with passwords that are made anew each time."""
        given = {plant_login(plant.uscc): random.token_urlsafe(24) for plant in self.plants if plant.uscc != self.uscc}
        async with runtime.unit() as uow:
            known = {row["login"] for row in await uow.fetch("SELECT login FROM account")}
            for plant in self.plants:
                login = plant_login(plant.uscc)
                if login not in given:
                    continue
                if login in known:
                    fresh = await hash_password(given[login])
                    await uow.execute("UPDATE account SET password_hash = $2 WHERE login = $1", login, fresh)
                    continue
                await create_account(
                    uow,
                    login=login,
                    password=given[login],
                    display=plant.enterprise.name,
                    role=Role.ENTERPRISE,
                    adcode=CITY,
                    uscc=plant.uscc,
                )
            await uow.commit()
        return given

    async def before(self) -> None:
        """Everything that is filed before the episode begins, unless it was."""
        if self.filed:
            return
        await self._permits()
        await self._cases()
        for number, plant in enumerate(self.plants):
            if number != WITHOUT_PLAN:
                await self._plan(plant.uscc)
        await self.outside.evidence(EVIDENCE_FEED, "points", points_message(self.plants, self.start))
        whole = self.start.replace(minute=0, second=0, microsecond=0)
        loads = [(plant, line, normal_days(whole)) for plant in self.plants for line in plant.lines]
        await self.outside.evidence(EVIDENCE_FEED, _LAST, hours_message(loads, self.start))

    async def hour(self, now: datetime) -> None:
        """Post the power of every hour that has ended since the last call, each by what was asked in it."""
        until = now.replace(minute=0, second=0, microsecond=0)
        self._posted = max(self._posted, until - MOST_AT_ONCE * HOUR)
        while self._posted < until:
            end = self._posted + HOUR
            loads = []
            for plant in self.plants:
                asked = await self._asked(plant, end - timedelta(minutes=30))
                loads += [(plant, line, [(end, load_of(plant, line, asked.get(line.code)))]) for line in plant.lines]
            await self.outside.evidence(EVIDENCE_FEED, f"{end:%Y%m%dT%H}", hours_message(loads, end))
            self._posted = end

    async def _asked(self, plant: Plant, at: datetime) -> dict[str, dict[str, Any]]:
        path = f"/api/v1/enterprises/{plant.uscc}/requirements"
        answer = await self.outside.call(DUTY, "GET", path, params={"at": at.isoformat()})
        if answer.status_code == 404:
            return {}
        if answer.status_code != 200:
            raise Refused(f"the requirement of {plant.uscc} was not answered", answer)
        return {line["code"]: line for line in answer.json()["lines"]}

    async def _permits(self) -> None:
        content = write_register(register_of(self.listed, CITY, self.start.date()))
        await self._do(
            BEIJING_DUTY,
            "/api/v1/permits",
            "permits",
            params={"adcode": CITY, "source": "排污许可名录（示例生成）"},
            content=content,
        )

    async def _cases(self) -> None:
        """Three applications: one fresh, one reviewed by the city, one in publicity."""
        rated = [(firm, lines) for firm, lines in self.listed if firm.key_industry and firm.grade is Grade.C][:3]
        steps = (
            (),
            ((BEIJING_CHIEF, "review"),),
            ((BEIJING_CHIEF, "review"), (BEIJING_CHIEF, "publicise")),
        )
        for (firm, _), route in zip(rated, steps, strict=False):
            body = {"uscc": firm.uscc, "adcode": CITY, "grade": "B", "reason": "治理设施改造完成", "evidence": "自评报告（示例）"}
            case = await self._do(BEIJING_DUTY, "/api/v1/grades/applications", f"case-{firm.uscc}", json=body)
            for number, (login, move) in enumerate(route):
                step = {"move": move, "reason": "材料和现场核查一致（示例）", "document": "示例〔2016〕1号"}
                path = f"/api/v1/grades/applications/{case['id']}/steps"
                await self._do(login, path, f"case-{firm.uscc}-{number}", json=step)

    async def _plan(self, uscc: str) -> None:
        own = next(one for one in self.listed if one[0].uscc == uscc)
        path = f"/api/v1/enterprises/{uscc}/operating-plans"
        login = self.login if uscc == self.uscc else plant_login(uscc)
        plan = await self._do(login, path, f"plan-{uscc}", json=plan_of(*own))
        await self._do(BEIJING_DUTY, f"{path}/{plan['id']}/review", f"plan-review-{uscc}", json={"accept": True})

    async def _do(self, login: str, path: str, key: str, **given: Any) -> dict[str, Any]:
        answer = await self.outside.call(login, "POST", path, headers={"idempotency-key": f"demo-{key}"}, **given)
        if answer.status_code not in (200, 201):
            raise Refused(f"{path} was refused", answer)
        return dict(json.loads(answer.content))
