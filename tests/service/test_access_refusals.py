"""What a person is refused on the pages of accounts is said in the language of the page."""

from __future__ import annotations

import ast
import html
import inspect
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.accounts import factors
from service.accounts.roles import Role
from service.accounts.schemas import AccountBody, GrantBody, OrganisationBody, ReasonBody
from service.kit import problems
from service.kit.problems import Conflict, Forbidden, Problem
from service.kit.runtime import Runtime
from service.web.pages import said_of
from service.web.texts import TEXTS
from tests.service.access_support import GOOD, account_id, browser, office
from tests.support import PASSWORD, Client

ROOT = Path(__file__).parents[2] / "service"
SPEAKING = sorted(
    [*(ROOT / "accounts").glob("*.py"), ROOT / "web" / "accounts.py", ROOT / "web" / "me.py", ROOT / "web" / "forms.py"]
)
MACHINES = {"console.py", "oidc.py", "create_account"}
"""The command line speaks English; what an identity provider refuses has a text of the sign-in page."""
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ENGLISH_WORDS = re.compile(r"[A-Za-z]+ [a-z]+ [a-z]+")
PROBLEMS = {name for name, kind in vars(problems).items() if inspect.isclass(kind) and issubclass(kind, Problem)}


def refusals(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every problem that is made in a file with a detail, and the function it is made in."""
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in PROBLEMS
                and node.args
            ):
                yield function.name, node


@pytest.mark.parametrize("path", SPEAKING, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_detail_is_said_in_chinese_too(path: Path) -> None:
    if path.name in MACHINES:
        return
    silent = [
        f"{function}, line {call.lineno}"
        for function, call in refusals(path)
        if function not in MACHINES and "detail_zh" not in {one.arg for one in call.keywords}
    ]
    assert silent == []


def test_the_search_finds_what_it_looks_for() -> None:
    found = [call.lineno for path in SPEAKING for _, call in refusals(path)]
    assert len(found) > 60


@pytest.mark.parametrize("name", sorted(PROBLEMS - {"_Http"}))
def test_every_title_has_its_chinese(name: str) -> None:
    kind = getattr(problems, name)
    assert CHINESE.search(kind.title_zh)
    assert name == "NoLongerSupported" or "title_zh" in vars(kind)


@pytest.mark.parametrize("schema", [AccountBody, GrantBody, OrganisationBody, ReasonBody])
def test_every_field_of_the_forms_says_what_it_wants(schema: Any) -> None:
    assert all(f"account_wants_{field}" in TEXTS["zh"] for field in schema.model_fields)


def test_the_detail_of_a_language_comes_before_the_title() -> None:
    assert said_of(Forbidden(), "zh") == Forbidden.title_zh
    assert said_of(Forbidden(), "en") == Forbidden.title
    both = Conflict("It is over.", detail_zh="已经结束。")
    assert (said_of(both, "zh"), said_of(both, "en")) == ("已经结束。", "It is over.")
    assert said_of(Conflict("It is over."), "zh") == "It is over."


async def refused(client: Client, path: str, who: dict[str, str], language: str, **fields: str) -> httpx.Response:
    client.http.cookies.clear()
    return await client.http.post(f"{path}?lang={language}", headers=browser(who), data=fields)


def alert(answer: httpx.Response) -> str:
    """What stands in the alert of a page."""
    (found,) = re.findall(r'role="alert">(.*?)<', answer.text, re.DOTALL)
    return html.unescape(found)


def is_said_in(said: str, language: str) -> bool:
    return bool(CHINESE.search(said)) is (language == "zh") and (language == "en" or not ENGLISH_WORDS.search(said))


@pytest.mark.parametrize("language", ["zh", "en"])
class TestPages:
    async def test_the_book(self, client: Client, language: str) -> None:
        book = await office(client)
        mine = await account_id(client, book.operator)
        other = (await book.opened("somebody"))["id"]
        for path, who, fields, status in (
            ("/accounts", book.operator, {"login": "x", "display": "", "adcode": "11"}, 422),
            ("/accounts", book.operator, {"login": "ok.login", "display": "A", "adcode": "120000"}, 403),
            ("/accounts", book.operator, {"login": "somebody", "display": "A", "adcode": "110000"}, 409),
            ("/accounts", book.security, {"login": "ok.login", "display": "A", "adcode": "110000"}, 403),
            *(
                (
                    "/accounts",
                    book.operator,
                    {"login": "ok.login", "display": "A", "adcode": "110000", "uscc": uscc},
                    422,
                )
                for uscc in ("9111", "9111000091573922IO", "911100009157392250")
            ),
            (
                "/accounts",
                book.operator,
                {"login": "ok.login", "display": "A", "adcode": "110000", "organisation_id": "7"},
                422,
            ),
            ("/accounts/organisations", book.operator, {"name": "", "adcode": "110000", "kind": "office"}, 422),
            ("/accounts/organisations", book.operator, {"name": "A", "adcode": "110000", "kind": "none"}, 422),
            (f"/accounts/{other}/grant", book.security, {"role": "king", "adcode": "110000"}, 422),
            (f"/accounts/{other}/grant", book.security, {"role": "enterprise", "adcode": "110000"}, 422),
            (f"/accounts/{other}/grant", book.operator, {"role": "auditor", "adcode": "110000"}, 403),
            (f"/accounts/{other}/enable", book.security, {}, 409),
            (f"/accounts/{other}/factor-reset", book.security, {}, 409),
            (f"/accounts/{other}/disable", book.security, {"reason": " "}, 422),
            (f"/accounts/{mine}/unlock", book.operator, {}, 403),
        ):
            answer = await refused(client, path, who, language, **fields)
            assert answer.status_code == status, (path, fields, answer.text)
            assert is_said_in(alert(answer), language), (path, fields, alert(answer))

    async def test_my_account(self, client: Client, runtime: Runtime, language: str) -> None:
        who = await client.account(Role.COMMANDER, login="me.self")
        forecaster = await client.account(Role.FORECASTER, login="forecaster")
        await client.account(Role.AUDITOR, login="auditor")
        soon = (runtime.clock.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
        late = (runtime.clock.now() + timedelta(days=200)).strftime("%Y-%m-%dT%H:%M")
        lend = {"to": "forecaster", "until": soon, "reason": "x"}
        for path, sender, fields, status in (
            ("/me/password", who, {"old": "wrong", "new": GOOD, "again": GOOD}, 403),
            ("/me/password", who, {"old": PASSWORD, "new": "short", "again": "short"}, 422),
            ("/me/password", who, {"old": PASSWORD, "new": PASSWORD, "again": PASSWORD}, 422),
            ("/me/password", who, {"old": PASSWORD, "new": GOOD, "again": "x"}, 422),
            ("/me/factor/confirmation", who, {"factor": "000000"}, 409),
            ("/me/factor/recovery-codes", who, {"factor": "000000"}, 409),
            ("/me/sessions/99/end", who, {}, 404),
            ("/me/keys", who, {"name": "x", "days": "30"}, 422),
            ("/me/keys", who, {"name": "x", "days": "0", "scope-read": "1"}, 422),
            ("/me/keys/99/rotation", who, {}, 404),
            ("/me/keys/99/revocation", who, {}, 404),
            ("/me/delegations", who, {**lend, "to": "nobody"}, 404),
            ("/me/delegations", who, {**lend, "to": "me.self"}, 422),
            ("/me/delegations", who, {**lend, "to": "auditor"}, 422),
            ("/me/delegations", who, {**lend, "until": "soon"}, 422),
            ("/me/delegations", who, {**lend, "until": late}, 422),
            ("/me/delegations", who, {**lend, "from": "2010-01-01T00:00"}, 422),
            ("/me/delegations", who, {**lend, "from": soon}, 422),
            ("/me/delegations", who, {**lend, "for": "forecaster"}, 403),
            ("/me/delegations", forecaster, {**lend, "to": "me.self"}, 403),
            ("/me/delegations/99/end", who, {}, 404),
        ):
            answer = await refused(client, path, sender, language, **fields)
            assert answer.status_code == status, (path, fields, answer.text)
            assert is_said_in(alert(answer), language), (path, fields, alert(answer))

    async def test_a_wrong_and_a_missing_code(self, client: Client, language: str) -> None:
        who = await client.account(Role.COMMANDER)
        await refused(client, "/me/factor", who, language)
        wrong = await refused(client, "/me/factor/confirmation", who, language, factor="000")
        assert wrong.status_code == 403
        assert is_said_in(alert(wrong), language)
        for _ in range(factors.TRIES):
            wrong = await refused(client, "/me/factor/confirmation", who, language, factor="000")
        assert wrong.status_code == 429
        assert is_said_in(alert(wrong), language)

    async def test_the_factor_that_a_deployment_wants(self, client: Client, runtime: Runtime, language: str) -> None:
        runtime.settings = runtime.settings.model_copy(update={"require_factor": True})
        who = await client.account(Role.COMMANDER)
        answer = await refused(client, "/me/keys", who, language, name="x", days="30", **{"scope-read": "1"})
        assert answer.status_code == 403
        assert is_said_in(alert(answer), language)
