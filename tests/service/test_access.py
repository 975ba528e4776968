"""Who may do what: every route of the API for every role, at home and away, and what a session is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from service.accounts.roles import Role
from service.kit.auth import COOKIE
from service.kit.runtime import Runtime
from service.lists.imports import Upload, begin
from tests.support import HEAVY, Client, app_over, approve_open, forecast, listed

COMMANDER, COORDINATOR, ENTERPRISE = Role.COMMANDER, Role.COORDINATOR, Role.ENTERPRISE
ALL = frozenset(Role)
OFFICIALS = ALL - {ENTERPRISE}
# written out once more, not taken from service/accounts/roles.py: a role that gains a right by accident is found here
CENTRE = frozenset({Role.DUTY_OFFICER, Role.OFFICE_DIRECTOR, Role.DEPUTY_COMMANDER, COMMANDER})
NAMED = frozenset({Role.DUTY_OFFICER, COMMANDER})
"""Whom the plan that applies to the world's proposal names."""
PROPOSERS = CENTRE | {Role.FORECASTER}
COORDINATORS = frozenset({Role.PROVINCIAL_COORDINATOR, COORDINATOR})
FIELD = CENTRE | {Role.INSPECTOR}
KEEPERS = CENTRE | {Role.ADMINISTRATOR}
READERS_OF_LEDGER = frozenset({Role.AUDITOR, Role.ADMINISTRATOR, COMMANDER})
OPERATORS = frozenset({Role.ADMINISTRATOR})
SECURITY = frozenset({Role.SECURITY_ADMINISTRATOR})
SEERS_OF_ACCOUNTS = OPERATORS | SECURITY | {Role.AUDITOR}
SUBSCRIBERS = ALL - {Role.AUDITOR, Role.SECURITY_ADMINISTRATOR}


@dataclass(frozen=True)
class Rule:
    """What a route answers: `status` to the roles named, 403 to the others; `away` to a commander of another province."""

    status: int
    roles: frozenset[Role]
    away: int
    body: Any = None
    query: str = ""
    open: bool = False
    """Answers without a session; feeds prove themselves by their signature."""


PROPOSAL = {"adcode": "110000", "to": "red", "reason": "upper_order", "explanation": "x"}
WITHDRAWAL = {"content_hash": "0" * 64, "reason": "x"}
DECISION = {"approve": True, "content_hash": "0" * 64, "reason": "x"}
PROMPT = {
    "region": "nowhere",
    "document": "x",
    "basis": "x",
    "starts_at": "2016-12-17T00:00:00+08:00",
    "entries": [{"adcode": "110000", "level": "red"}],
}
LIFT = {
    "region": "nowhere",
    "document": "x",
    "basis": "x",
    "lifts_at": "2016-12-17T00:00:00+08:00",
    "entries": [{"adcode": "110000"}],
}
GRADE_ASKED = {"uscc": "91110000915739225W", "grade": "A", "industry": "没有这个行业", "reason": "x"}
GRADE_LOST = {"uscc": "91110000915739225W", "cause": "finding", "industry": "没有这个行业", "reason": "x"}
RANGE = {"from": "2016-12-15T12:00:00+08:00", "until": "2016-12-16T12:00:00+08:00"}
POST_AND_PHONE = {"post": "x", "phone": "110"}
PLAN = {
    "main_process": "x",
    "lines": [POST_AND_PHONE | {"code": "nowhere", "levels": [{"level": "red", "steps": "x"}]}],
    "command_group": [POST_AND_PHONE | {"duty": "x"}],
}
HAND = {"uscc": "{uscc}", "starts_at": "2016-12-15T12:00:00+08:00", "note": "x"}
GUARANTEE_ASKED = {
    "uscc": "91110000915739225W",
    "kind": "livelihood",
    "basis": "heat_supply",
    "cap": {"value": 1, "unit": "t"},
    "valid_until": "2000-01-01T00:00:00+08:00",
    "reason": "x",
}
NOBODY_TO_LEND = {
    "to": "nobody",
    "valid_from": "2016-12-15T18:00:00+08:00",
    "valid_until": "2016-12-16T18:00:00+08:00",
    "reason": "x",
}
CONTACT = {"uscc": "", "name": "x", "phone": "13800000000"}
WORDS = {"title": "x", "text": "x"}
EXTRA_NOTICE = {"adcode": "110000", "zh": WORDS, "en": WORDS}
RULES: dict[str, Rule] = {
    "GET /api/v1/organisations": Rule(200, OFFICIALS, 200),
    "POST /api/v1/organisations": Rule(422, OPERATORS, 403, {"name": "x", "adcode": "110000", "kind": "none"}),
    "GET /api/v1/organisations/{organisation_id}": Rule(404, SEERS_OF_ACCOUNTS, 403),
    "PATCH /api/v1/organisations/{organisation_id}": Rule(404, OPERATORS, 403, {"name": "x"}),
    "POST /api/v1/organisations/{organisation_id}/closure": Rule(404, OPERATORS, 403, {"reason": "x"}),
    "DELETE /api/v1/organisations/{organisation_id}/closure": Rule(404, OPERATORS, 403),
    "GET /api/v1/accounts": Rule(200, SEERS_OF_ACCOUNTS, 403),
    "POST /api/v1/accounts": Rule(
        422, OPERATORS, 403, {"login": "new", "display": "x", "adcode": "110000", "organisation_id": 9}
    ),
    "GET /api/v1/accounts/{account_id}": Rule(404, SEERS_OF_ACCOUNTS, 403),
    "POST /api/v1/accounts/{account_id}/grant": Rule(404, SECURITY, 403, {"role": "commander", "adcode": "110000"}),
    "POST /api/v1/accounts/{account_id}/disable": Rule(404, SECURITY | OPERATORS, 403, {"reason": "x"}),
    "POST /api/v1/accounts/{account_id}/enable": Rule(404, SECURITY, 403),
    "POST /api/v1/accounts/{account_id}/unlock": Rule(404, OPERATORS, 403),
    "POST /api/v1/accounts/{account_id}/password-reset": Rule(404, OPERATORS, 403),
    "POST /api/v1/accounts/{account_id}/identity": Rule(404, OPERATORS, 403, {"external_id": "x"}),
    "POST /api/v1/accounts/{account_id}/factor-reset": Rule(404, SECURITY, 403),
    "DELETE /api/v1/accounts/{account_id}/sessions": Rule(404, SECURITY | OPERATORS, 403),
    "GET /api/v1/sessions": Rule(200, ALL, 200),
    "DELETE /api/v1/sessions/{session_id}": Rule(404, ALL, 404),
    "POST /api/v1/passwords": Rule(422, ALL, 422, {"login": "nobody", "code": "x", "password": "x"}, open=True),
    "POST /api/v1/me/password": Rule(422, ALL, 422, {"old": "x", "new": "x"}),
    "POST /api/v1/me/factor": Rule(201, ALL, 201),
    "POST /api/v1/me/factor/confirmation": Rule(403, ALL, 403, {"factor": "x"}),
    "POST /api/v1/me/factor/recovery-codes": Rule(409, ALL, 409, {"factor": "x"}),
    "GET /api/v1/delegations": Rule(200, ALL, 200),
    "POST /api/v1/delegations": Rule(404, CENTRE | COORDINATORS, 404, NOBODY_TO_LEND),
    "DELETE /api/v1/delegations/{delegation_id}": Rule(404, ALL, 404),
    "GET /api/v1/keys": Rule(200, ALL, 200),
    "POST /api/v1/keys": Rule(422, ALL, 422, {"name": "x", "scopes": ["decide"]}),
    "POST /api/v1/keys/{key_id}/rotation": Rule(404, ALL, 404),
    "DELETE /api/v1/keys/{key_id}": Rule(404, ALL, 404),
    "POST /api/v1/sessions": Rule(401, ALL, 401, {"login": "nobody", "password": "x"}, open=True),
    "GET /api/v1/sessions/current": Rule(200, ALL, 200),
    "GET /api/v1/divisions/{adcode}": Rule(200, OFFICIALS, 403),
    "GET /api/v1/divisions/{adcode}/forecast": Rule(200, OFFICIALS, 403),
    "GET /api/v1/divisions/{adcode}/assessment": Rule(200, OFFICIALS, 403),
    "GET /api/v1/deviations": Rule(200, OFFICIALS, 200),
    "GET /api/v1/enterprises/{uscc}/requirements": Rule(200, ALL, 403),
    "POST /api/v1/enterprises/{uscc}/acknowledgements": Rule(201, frozenset({ENTERPRISE}), 403, {"name": "x"}),
    "POST /api/v1/evidence": Rule(422, FIELD | {ENTERPRISE}, 422, query="?kind=power"),
    "GET /api/v1/evidence": Rule(200, ALL, 403, query="?uscc={uscc}&from=2016-12-15T00:00&until=2016-12-16T00:00"),
    "GET /api/v1/evidence/inspections": Rule(200, ALL, 200),
    "GET /api/v1/evidence/templates/{kind}.{form}": Rule(200, ALL, 200),
    "GET /api/v1/enterprises/{uscc}/operating-plans": Rule(200, ALL, 403),
    "POST /api/v1/enterprises/{uscc}/operating-plans": Rule(422, frozenset({ENTERPRISE}), 403, PLAN),
    "POST /api/v1/enterprises/{uscc}/operating-plans/{operating_plan_id}/review": Rule(
        404, CENTRE, 403, {"accept": True}
    ),
    "POST /api/v1/feeds/{feed}/forecasts": Rule(401, ALL, 401, {}, open=True),
    "POST /api/v1/feeds/{feed}/observations": Rule(401, ALL, 401, {}, open=True),
    "GET /api/v1/enterprises/{uscc}/grades": Rule(200, ALL, 403),
    "GET /api/v1/grades": Rule(200, ALL, 200),
    "POST /api/v1/grades/applications": Rule(422, CENTRE | {ENTERPRISE}, 403, GRADE_ASKED),
    "GET /api/v1/grades/applications/{case_id}": Rule(404, ALL, 404),
    "POST /api/v1/grades/applications/{case_id}/steps": Rule(404, ALL, 404, {"move": "review"}),
    "POST /api/v1/grades/downgrades": Rule(422, CENTRE, 403, GRADE_LOST),
    "GET /api/v1/findings": Rule(200, ALL, 200),
    "POST /api/v1/findings": Rule(201, FIELD, 403, HAND),
    "GET /api/v1/findings/{finding_id}": Rule(404, ALL, 404),
    "POST /api/v1/findings/{finding_id}/steps": Rule(404, ALL, 404, {"step": "notify", "note": "x"}),
    "POST /api/v1/grades/imports": Rule(422, CENTRE, 403, query="?adcode=110000&source=x"),
    "POST /api/v1/grades/imports/{batch_id}/publication": Rule(404, ALL, 404, {"document": "x"}),
    "GET /api/v1/guarantees": Rule(200, ALL, 200),
    "POST /api/v1/guarantees": Rule(422, CENTRE | {ENTERPRISE}, 403, GUARANTEE_ASKED),
    "GET /api/v1/guarantees/{guarantee_id}": Rule(404, ALL, 404),
    "POST /api/v1/guarantees/{guarantee_id}/steps": Rule(404, ALL, 404, {"move": "agree"}),
    "GET /healthz": Rule(200, ALL, 200, open=True),
    "GET /readyz": Rule(200, ALL, 200, open=True),
    "GET /metrics": Rule(200, ALL, 200, open=True),
    "GET /api/v1/ledger": Rule(200, READERS_OF_LEDGER, 200),
    "GET /api/v1/lists": Rule(200, OFFICIALS, 200),
    "POST /api/v1/lists": Rule(422, KEEPERS, 403, query="?adcode=110000"),
    "GET /api/v1/lists/template.xlsx": Rule(200, ALL, 200),
    "GET /api/v1/lists/{list_id}": Rule(200, OFFICIALS, 404),
    "GET /api/v1/lists/{list_id}/checks": Rule(200, OFFICIALS, 404),
    "GET /api/v1/lists/{list_id}/floors": Rule(200, OFFICIALS, 404),
    "GET /api/v1/lists/{list_id}/summary": Rule(200, OFFICIALS, 404),
    "GET /api/v1/lists/{list_id}/export.xlsx": Rule(200, OFFICIALS, 404),
    "GET /api/v1/lists/{list_id}/difference": Rule(200, OFFICIALS, 404),
    "GET /api/v1/lists/{list_id}/difference/records": Rule(200, OFFICIALS, 404),
    "GET /api/v1/lists/{list_id}/records": Rule(200, OFFICIALS, 404),
    "POST /api/v1/lists/{list_id}/freeze": Rule(409, KEEPERS, 404),
    "POST /api/v1/lists/{list_id}/withdraw": Rule(422, KEEPERS, 404, {}),
    "GET /api/v1/lists/imports": Rule(200, OFFICIALS, 200),
    "POST /api/v1/lists/imports": Rule(422, KEEPERS, 403, query="?adcode=110000"),
    "PATCH /api/v1/lists/imports/{import_id}": Rule(422, KEEPERS, 404),
    "HEAD /api/v1/lists/imports/{import_id}": Rule(200, OFFICIALS, 404),
    "GET /api/v1/lists/imports/{import_id}": Rule(200, OFFICIALS, 404),
    "GET /api/v1/lists/imports/{import_id}/errors": Rule(200, OFFICIALS, 404),
    "GET /api/v1/lists/imports/{import_id}/marked.xlsx": Rule(409, OFFICIALS, 404),
    "POST /api/v1/lists/{list_id}/activate": Rule(409, KEEPERS, 404),
    "GET /api/v1/permits": Rule(200, OFFICIALS, 200),
    "POST /api/v1/permits": Rule(422, KEEPERS, 403, query="?adcode=110000"),
    "GET /api/v1/permits/template.xlsx": Rule(200, ALL, 200),
    "GET /api/v1/permits/coverage": Rule(409, OFFICIALS, 403, query="?adcode=110000"),
    "GET /api/v1/permits/coverage.xlsx": Rule(409, OFFICIALS, 403, query="?adcode=110000"),
    "GET /api/v1/guides": Rule(200, OFFICIALS, 200),
    "GET /api/v1/guides/{guide_id}": Rule(200, OFFICIALS, 200),
    "GET /api/v1/plans": Rule(200, OFFICIALS, 200),
    "GET /api/v1/plans/{plan_id}": Rule(200, OFFICIALS, 200),
    "GET /api/v1/prompts": Rule(200, OFFICIALS, 200),
    "POST /api/v1/prompts": Rule(422, COORDINATORS, 403, PROMPT),
    "GET /api/v1/prompts/{prompt_id}": Rule(200, OFFICIALS, 404),
    "GET /api/v1/prompts/{prompt_id}/board.csv": Rule(200, OFFICIALS, 404),
    "POST /api/v1/prompts/lifts": Rule(422, COORDINATORS, 403, LIFT),
    "GET /api/v1/prompts/suggestions": Rule(200, OFFICIALS, 200),
    "POST /api/v1/prompts/suggestions/{suggestion_id}/dismissal": Rule(404, COORDINATORS, 403, {"reason": "x"}),
    "GET /api/v1/circulars": Rule(200, OFFICIALS, 200),
    "GET /api/v1/circulars/{circular_id}": Rule(200, OFFICIALS, 200),
    "POST /api/v1/circulars/{circular_id}/receipts": Rule(404, OFFICIALS, 404, {"adcode": "110000"}),
    "GET /api/v1/proposals": Rule(200, OFFICIALS, 200),
    "POST /api/v1/proposals": Rule(201, PROPOSERS, 403, PROPOSAL),
    "GET /api/v1/proposals/{proposal_id}": Rule(200, OFFICIALS, 404),
    "POST /api/v1/proposals/{proposal_id}/decision": Rule(409, NAMED, 404, DECISION),
    "POST /api/v1/proposals/{proposal_id}/withdrawal": Rule(403, frozenset(), 404, WITHDRAWAL),
    "GET /api/v1/responses/{response_id}/evaluation": Rule(200, OFFICIALS, 404),
    "POST /api/v1/responses/{response_id}/evaluation": Rule(
        409, CENTRE, 404, {"content_hash": "0" * 64, "conclusion": "x"}
    ),
    "POST /api/v1/responses/{response_id}/reports": Rule(
        422, frozenset({ENTERPRISE}), 403, {"lines": [{"line": "x", "day": "2016-12-01", "state": "running"}]}
    ),
    "GET /api/v1/responses/{response_id}/evaluation/lines": Rule(200, ALL, 404),
    "GET /api/v1/responses/{response_id}/evaluation/lines.csv": Rule(200, ALL, 404),
    "GET /api/v1/responses/{response_id}/evaluation/hours.csv": Rule(200, ALL, 404, query="?uscc={uscc}"),
    "GET /api/v1/responses/{response_id}/reports": Rule(200, ALL, 200),
    "GET /api/v1/evaluations": Rule(200, OFFICIALS, 200, query="?from=2016-12-01&until=2017-01-01"),
    "GET /api/v1/me/inbox": Rule(200, ALL, 200),
    "POST /api/v1/me/inbox/{message_id}/read": Rule(404, ALL, 404),
    "GET /api/v1/me/contact": Rule(200, OFFICIALS, 200),
    "DELETE /api/v1/me/contact": Rule(404, OFFICIALS, 404),
    "PUT /api/v1/me/contact": Rule(200, OFFICIALS, 200, {"phone": "13800000000"}),
    "GET /api/v1/contacts": Rule(200, ALL, 200),
    "POST /api/v1/contacts": Rule(201, CENTRE | {ENTERPRISE}, 403, CONTACT),
    "POST /api/v1/contacts/imports": Rule(422, CENTRE, 422),
    "GET /api/v1/contacts/template.xlsx": Rule(200, ALL, 200),
    "DELETE /api/v1/contacts/{contact_id}": Rule(404, ALL, 404),
    "GET /api/v1/notices": Rule(200, OFFICIALS, 200),
    "GET /api/v1/notices/{notice_id}": Rule(200, OFFICIALS, 404),
    "GET /api/v1/notices/{notice_id}/silent.csv": Rule(200, OFFICIALS, 404),
    "POST /api/v1/notices/{notice_id}/reminders": Rule(201, CENTRE, 404),
    "GET /api/v1/notices/{notice_id}/calls": Rule(200, CENTRE, 404),
    "POST /api/v1/notices/{notice_id}/calls": Rule(201, CENTRE, 404, {"uscc": "", "outcome": "reached"}),
    "POST /api/v1/audiences/preview": Rule(200, CENTRE, 403, {"adcode": "110000"}),
    "GET /api/v1/extra-notices": Rule(200, OFFICIALS, 200),
    "POST /api/v1/extra-notices": Rule(201, CENTRE, 403, EXTRA_NOTICE),
    "GET /api/v1/extra-notices/{extra_id}": Rule(404, OFFICIALS, 404),
    "POST /api/v1/extra-notices/{extra_id}/decision": Rule(404, ALL, 404, {"approve": True, "content_hash": "0" * 64}),
    "GET /api/v1/obligations": Rule(200, OFFICIALS, 200),
    "GET /api/v1/obligations/{obligation_id}": Rule(404, OFFICIALS, 404),
    "GET /api/v1/obligations/{obligation_id}/report": Rule(404, OFFICIALS, 404),
    "POST /api/v1/obligations/{obligation_id}/report": Rule(
        404, OFFICIALS, 404, {"content_hash": "0" * 64, "situation": "x"}
    ),
    "GET /api/v1/tasks": Rule(200, OFFICIALS, 200),
    "GET /api/v1/tasks/{task_id}": Rule(200, OFFICIALS, 404),
    "POST /api/v1/tasks/{task_id}/entries": Rule(201, CENTRE, 404, {"kind": "receipt"}),
    "GET /api/v1/departments": Rule(200, OFFICIALS, 404, query="?adcode=110000"),
    "PUT /api/v1/departments/{adcode}/{department}": Rule(422, CENTRE, 403, {"organisation": 9}),
    "GET /api/v1/rules": Rule(200, OFFICIALS, 200),
    "GET /api/v1/seasonal-plans": Rule(200, OFFICIALS, 200),
    "POST /api/v1/seasonal-plans": Rule(
        422, CENTRE, 403, query="?adcode=110000&valid_from=2016-11-15&valid_until=2017-03-15"
    ),
    "GET /api/v1/seasonal-plans/template.xlsx": Rule(200, ALL, 200),
    "GET /api/v1/seasonal-plans/{seasonal_id}": Rule(404, OFFICIALS, 404),
    "POST /api/v1/simulations": Rule(200, OFFICIALS, 403, {"adcode": "110000"}),
    "GET /api/v1/skill": Rule(200, OFFICIALS, 403, query="?adcode=110000"),
    "GET /api/v1/subscriptions": Rule(200, ALL, 200),
    "POST /api/v1/subscriptions": Rule(422, SUBSCRIBERS, 422, {"url": "http://127.0.0.1/"}),
    "DELETE /api/v1/subscriptions/{subscription_id}": Rule(404, ALL, 404),
    "GET /api/v1/subscriptions/{subscription_id}": Rule(404, ALL, 404),
    "PATCH /api/v1/subscriptions/{subscription_id}": Rule(404, ALL, 404, {"state": "paused"}),
    "POST /api/v1/subscriptions/{subscription_id}/rotation": Rule(404, ALL, 404),
    "POST /api/v1/subscriptions/{subscription_id}/test": Rule(404, ALL, 404),
    "POST /api/v1/subscriptions/{subscription_id}/replay": Rule(404, ALL, 404, RANGE),
    "GET /api/v1/deliveries": Rule(200, ALL, 200),
    "GET /api/v1/deliveries/{delivery_id}": Rule(404, ALL, 404),
    "POST /api/v1/deliveries/{delivery_id}/resend": Rule(404, ALL, 404),
    "POST /api/v1/deliveries/redrive": Rule(202, ALL, 202, {}),
    "POST /api/v1/webhook-keys": Rule(403, frozenset(), 403),
    "GET /.well-known/webhook-keys.json": Rule(200, ALL, 200, open=True),
    "GET /api/v1/warnings": Rule(200, OFFICIALS, 200),
    "GET /api/v1/warnings/{warning_id}": Rule(200, OFFICIALS, 404),
}
LISTS = ("/api/v1/lists", "/api/v1/proposals", "/api/v1/warnings", "/api/v1/prompts", "/api/v1/ledger")
LEAVES = "DELETE /api/v1/sessions/current"


@pytest.fixture
async def world(client: Client, runtime: Runtime) -> dict[str, str]:
    """Beijing with one of everything; returns the values of path parameters."""
    uscc = await listed(runtime)
    commander = await client.account(COMMANDER)
    coordinator = await client.account(COORDINATOR, adcode="100000")
    await client.feed()
    await client.deliver(forecast(HEAVY))
    await client.work()
    decided = await approve_open(client, commander)
    prompt = PROMPT | {"region": "jingjinji-2015"}
    entered = await client.http.post("/api/v1/prompts", headers=coordinator, json=prompt)
    assert entered.status_code == 201, entered.text
    async with runtime.unit() as uow:
        version = await uow.fetchval("SELECT id FROM list_version")
        notice = await uow.fetchval("SELECT max(id) FROM notice")
        task = await uow.fetchval("SELECT max(id) FROM task")
        upload = await begin(uow, Upload("110000", "x", "G2020", 9, "0" * 64), None)
        await uow.commit()
    return {
        "uscc": uscc,
        "adcode": "110000",
        "feed": "feed",
        "organisation_id": "999999",
        "list_id": str(version),
        "import_id": str(upload),
        "prompt_id": str(entered.json()["id"]),
        "proposal_id": str(decided["proposal"]),
        "warning_id": str(decided["warning"]),
        "response_id": str(decided["response"]),
        "plan_id": "national-default",
        "guide_id": "G2020",
        "operating_plan_id": "1",
        "seasonal_id": "1",
        "case_id": "1",
        "guarantee_id": "1",
        "batch_id": "0" * 36,
        "subscription_id": "1",
        "kind": "power",
        "form": "csv",
        "finding_id": "999999",
        "account_id": "999999",
        "session_id": "999999",
        "delegation_id": "999999",
        "key_id": "999999",
        "message_id": "999999",
        "contact_id": "999999",
        "extra_id": "999999",
        "delivery_id": "999999",
        "notice_id": str(notice),
        "suggestion_id": "999999",
        "obligation_id": "999999",
        "task_id": str(task),
        "department": "health",
        "circular_id": "1",
    }


def filled(body: Any, world: dict[str, str]) -> Any:
    """A body with the credit code of the world where it names one."""
    return body | {"uscc": world["uscc"]} if isinstance(body, dict) and "uscc" in body else body


async def call(client: Client, route: str, world: dict[str, str], who: dict[str, str]) -> httpx.Response:
    """One request of the matrix."""
    method, _, path = route.partition(" ")
    rule = RULES[route]
    return await client.http.request(method, (path + rule.query).format(**world), headers=who, json=filled(rule.body, world))


class TestMatrix:
    def test_every_route_has_a_rule(self, client: Client) -> None:
        documented = app_over(client.runtime).openapi()["paths"]
        routes = {f"{method.upper()} {path}" for path, methods in documented.items() for method in methods}
        assert routes == RULES.keys() | {LEAVES}

    async def test_nobody_gets_in_without_a_session(self, client: Client, world: dict[str, str]) -> None:
        client.http.cookies.clear()
        wrong = []
        for route, rule in RULES.items():
            for who in ({}, {"authorization": "Bearer wrong"}, {"cookie": f"{COOKIE}=wrong"}):
                answer = await call(client, route, world, who)
                refused = 403 if "cookie" in who and not route.startswith(("GET", "HEAD")) else 401
                expected = {rule.status} if rule.open else {refused}
                if answer.status_code not in expected:
                    wrong.append((route, who, answer.status_code))
        assert wrong == []

    @pytest.mark.parametrize("role", list(Role))
    async def test_at_home(self, client: Client, world: dict[str, str], role: Role) -> None:
        who = await client.account(role, uscc=world["uscc"] if role is ENTERPRISE else None)
        wrong = []
        for route, rule in RULES.items():
            answer = await call(client, route, world, who)
            expected = rule.status if role in rule.roles else 403
            if answer.status_code != expected:
                wrong.append((route, answer.status_code, expected, answer.text[:200]))
        assert wrong == []

    async def test_away(self, client: Client, world: dict[str, str]) -> None:
        who = await client.account(COMMANDER, adcode="130000")
        wrong = []
        for route, rule in RULES.items():
            answer = await call(client, route, world, who)
            if answer.status_code != rule.away:
                wrong.append((route, answer.status_code, rule.away, answer.text[:200]))
        assert wrong == []

    async def test_lists_show_nothing_of_other_regions(self, client: Client, world: dict[str, str]) -> None:
        here = await client.account(COMMANDER)
        there = await client.account(COMMANDER, adcode="130000")
        async with client.runtime.unit() as uow:
            await uow.execute(
                "INSERT INTO ledger_seal SELECT row_number() OVER (ORDER BY id), id, '' FROM ledger_entry"
            )
            await uow.commit()
        for path in LISTS:
            assert (await client.http.get(path, headers=here)).json()["items"], path
            away = (await client.http.get(path, headers=there)).json()["items"]
            assert [item for item in away if not str(item.get("adcode")).startswith("13")] == [], path

    async def test_one_enterprise_does_not_see_another(self, client: Client, world: dict[str, str]) -> None:
        other = await client.account(ENTERPRISE, uscc="91110000MA0000000X")
        route = "/api/v1/enterprises/{uscc}/"
        seen = await client.http.get(route.format(**world) + "requirements", headers=other)
        receipt = await client.http.post(route.format(**world) + "acknowledgements", headers=other, json={"name": "x"})
        assert (seen.status_code, receipt.status_code) == (403, 403)

    async def test_pages_lead_to_the_sign_in(self, client: Client) -> None:
        for path in ("/", "/warnings", "/lists", "/ledger", "/enterprises", "/warnings/1", "/lists/1"):
            answer = await client.http.get(path, headers={"accept": "text/html"})
            assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/signin"), path
