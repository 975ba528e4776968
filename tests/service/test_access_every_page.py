"""Every page for every role and for a foreign division, from the application's own routes: a new page has the strictest rule.

Without an entry here a page is for officials only, needs a session, and shows nothing to whoever is of another province.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from service.accounts.roles import Role
from service.kit.runtime import Runtime
from service.web.endpoints import MODULES
from tests.service.access_support import browser, ledger_kinds
from tests.service.test_access import CENTRE, COORDINATORS, SEERS_OF_ACCOUNTS, world
from tests.support import Client

__all__ = ["world"]
ROUTES = sorted(
    {
        (method, route.path)
        for module in MODULES
        for route in module.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods - {"HEAD"}
    }
)
READ = [path for method, path in ROUTES if method == "GET" and path != "/events"]
OPEN = {
    "/signin",
    "/signin/factor",
    "/signin/code",
    "/signin/oidc",
    "/signin/oidc/callback",
    "/signout",
    "/verify/{number}",
}
"""Asked without a session: the way in, and the check of a printed sheet by its number."""
LAW = {"/law/plans/{plan_id}", "/law/guides/{guide_id}"}
"""Law is the same for every official of the country."""
OWN = ("/me", "/parts/clock", "/parts/inbox")
FOR_ENTERPRISES = (
    "/enterprises/{uscc}",
    "/grades",
    "/findings",
    "/web/findings",
    "/evidence",
    "/people",
    "/deliveries",
    "/",  # leads an enterprise to its own page
)
"""Where these begin, an enterprise sees its own; the front page leads it there."""
ONLY: dict[str, frozenset[Role]] = {
    "/ledger": frozenset({Role.AUDITOR, Role.ADMINISTRATOR, Role.COMMANDER}),
    "/notices/{notice_id}/calls": CENTRE,
    "/accounts": SEERS_OF_ACCOUNTS,
    "/accounts/{account_id}": SEERS_OF_ACCOUNTS,
    "/accounts/organisations/{organisation_id}": SEERS_OF_ACCOUNTS,
    "/region/new": COORDINATORS,
    "/region/{prompt_id}/lift": COORDINATORS,
}
"""Pages of some officials only."""
KEPT_OUT = {301, 302, 303, 401, 403, 404, 405}


@pytest.fixture
async def filled(client: Client, runtime: Runtime, world: dict[str, str]) -> dict[str, str]:
    """Values of every parameter of every page, of Beijing's things where there are any."""
    async with runtime.unit() as uow:
        account = await uow.fetchval("SELECT id FROM account WHERE adcode = '110000' ORDER BY id LIMIT 1")
    return world | {
        "account_id": str(account),
        "act": "unlock",
        "number": "LT-NOWHERE",
        "step": "freeze",
        "contact_id": "999999",
        "circular_id": "999999",
        "suggestion_id": "999999",
    }


class _Values(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "999999"


async def ask(client: Client, method: str, path: str, values: dict[str, str], who: dict[str, str]) -> httpx.Response:
    client.http.cookies.clear()
    if not path.startswith("/law"):
        values = values | {"plan_id": "999999"}  # a number everywhere else
    return await client.http.request(
        method, path.format_map(_Values(values)), headers=who, data={} if method == "POST" else None
    )


def for_enterprises(path: str) -> bool:
    return path.startswith(OWN) or path == "/" or any(path.startswith(one) for one in FOR_ENTERPRISES if one != "/")


def refused_by(method: str) -> set[int]:
    """An empty form may be found faulty before it is asked whose it is; the API's matrix sends full ones."""
    return {403, 404, 405} | ({422} if method == "POST" else set())


class TestEveryPage:
    async def test_without_a_session_nothing_opens(self, client: Client, filled: dict[str, str]) -> None:
        wrong = []
        for method, path in ROUTES:
            answer = await ask(client, method, path, filled, {"accept": "text/html", "origin": "http://127.0.0.1:8000"})
            kept_out = answer.status_code in KEPT_OUT and answer.headers.get("location", "/signin").startswith(
                "/signin"
            )
            if path not in OPEN and not kept_out:
                wrong.append((method, path, answer.status_code))
        assert wrong == [], wrong

    async def test_another_province_gets_nothing_of_it(self, client: Client, filled: dict[str, str]) -> None:
        who = browser(await client.account(Role.COMMANDER, adcode="130000"))
        wrong: list[Any] = []
        for method, path in ROUTES:
            if path in OPEN | LAW or path == "/events":
                continue
            answer = await ask(client, method, path, filled, who)
            if "{" in path and answer.status_code not in refused_by(method):
                wrong.append((method, path, answer.status_code))
            if filled["uscc"] in answer.text and "{uscc}" not in path:
                wrong.append((method, path, "shows the plant"))
            if answer.status_code >= 500:
                wrong.append((method, path, answer.status_code))
        assert wrong == [], wrong

    async def test_another_plant_gets_nothing_of_it(self, client: Client, filled: dict[str, str]) -> None:
        who = browser(await client.account(Role.ENTERPRISE, uscc="91350100M000100Y43"))
        wrong: list[Any] = []
        for method, path in ROUTES:
            if path in OPEN or path == "/events":
                continue
            answer = await ask(client, method, path, filled, who)
            if "{" in path and answer.status_code not in refused_by(method):
                wrong.append((method, path, answer.status_code))
            if filled["uscc"] in answer.text and "{uscc}" not in path:
                wrong.append((method, path, "shows the plant"))
        assert wrong == [], wrong

    @pytest.mark.parametrize("role", list(Role))
    async def test_at_home(self, client: Client, filled: dict[str, str], role: Role) -> None:
        plant = role is Role.ENTERPRISE
        who = browser(await client.account(role, uscc=filled["uscc"] if plant else None))
        wrong: list[Any] = []
        for path in READ:
            if path in OPEN:
                continue
            answer = await ask(client, "GET", path, filled, who)
            may = for_enterprises(path) if plant else role in ONLY.get(path, frozenset(Role))
            if (answer.status_code == 403) is may or answer.status_code >= 500:
                wrong.append((path, answer.status_code, "may" if may else "may not"))
        assert wrong == [], wrong

    async def test_the_pages_of_what_there_is_open_to_who_may(self, client: Client, filled: dict[str, str]) -> None:
        """The refusals above are none of emptiness: the same addresses answer at home."""
        who = browser(await client.account(Role.COMMANDER))
        for path in (
            "/proposals/{proposal_id}",
            "/warnings/{warning_id}",
            "/lists/{list_id}",
            "/lists/{list_id}/records",
            "/lists/{list_id}/difference/records",
            "/enterprises/{uscc}",
            "/city/{adcode}",
            "/responses/{response_id}/evaluation",
            "/region/{prompt_id}",
        ):
            answer = await ask(client, "GET", path, filled, who)
            assert answer.status_code == 200, path


class TestRefusalsOnTheLedger:
    async def test_who_is_kept_out_is_noted_a_few_times_only(self, client: Client, runtime: Runtime) -> None:
        who = await client.account(Role.COMMANDER, adcode="130000")
        for _ in range(9):
            answer = await client.http.get("/api/v1/divisions/110000", headers=who)
            assert answer.status_code == 403
        assert await ledger_kinds(runtime, "access.refused") == ["access.refused"] * 5
        async with runtime.unit() as uow:
            content = await uow.fetchval("SELECT content FROM ledger_entry WHERE kind = 'access.refused' LIMIT 1")
        assert "/api/v1/divisions/110000" in content

    async def test_one_who_is_noisy_does_not_hide_another(self, client: Client, runtime: Runtime) -> None:
        noisy = await client.account(Role.COMMANDER, adcode="130000")
        quiet = await client.account(Role.COMMANDER, adcode="130000")
        for who in [noisy] * 7 + [quiet]:
            await client.http.get("/api/v1/divisions/110000", headers=who)
        assert len(await ledger_kinds(runtime, "access.refused")) == 6

    async def test_who_is_not_signed_in_writes_nothing(self, client: Client, runtime: Runtime) -> None:
        await client.http.post(
            "/signin", data={"login": "x", "password": "x"}, headers={"origin": "https://evil.example"}
        )
        assert await ledger_kinds(runtime, "access.refused") == []

    async def test_unknown_logins_are_noted_without_what_was_typed_and_not_without_end(
        self, client: Client, runtime: Runtime
    ) -> None:
        for number in range(70):
            await client.http.post("/api/v1/sessions", json={"login": f"my-password-{number}", "password": "x"})
        async with runtime.unit() as uow:
            rows = await uow.fetch("SELECT content FROM ledger_entry WHERE kind = 'account.sign_in_failed'")
        assert len(rows) == 60
        assert not any("my-password" in row["content"] for row in rows)
