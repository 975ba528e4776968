"""The pages of accounts: sign-in in two steps, one-time codes, my account, the book."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from service.accounts import factors, totp
from service.accounts.roles import Role
from service.kit.auth import COOKIE
from service.kit.runtime import Runtime
from tests.service.access_support import GOOD, OWN, account_id, browser, office
from tests.support import PASSWORD, Client

FORM = {"origin": OWN, "accept": "text/html"}


async def post(client: Client, path: str, who: dict[str, str] | None = None, **fields: str) -> httpx.Response:
    """Send a form as a browser does."""
    client.http.cookies.clear()
    return await client.http.post(path, headers=browser(who) if who else FORM, data=fields)


async def get(client: Client, path: str, who: dict[str, str]) -> httpx.Response:
    client.http.cookies.clear()
    return await client.http.get(path, headers=browser(who))


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Moves the real time that factors see by seconds."""
    shift = [0.0]
    real = factors.present
    monkeypatch.setattr(factors, "present", lambda: real() + timedelta(seconds=shift[0]))

    def move(seconds: float) -> None:
        shift[0] += seconds

    return move


async def enrolled(client: Client, who: dict[str, str], ahead: Any) -> bytes:
    """Enrol a factor by the page; the next code is of the next step."""
    page = await post(client, "/me/factor", who)
    assert "<svg" in page.text
    secret = base64.b32decode(re.findall(r"<code>([A-Z2-7]{32})</code>", page.text)[0])
    code = totp.code_of(secret, totp.step_at(factors.present().timestamp()))
    wrong = await post(client, "/me/factor/confirmation", who, factor="000")
    assert wrong.status_code == 403
    assert totp.as_text(secret) in wrong.text
    done = await post(client, "/me/factor/confirmation", who, factor=code)
    assert len(re.findall(r"<code>[0-9A-F]{5}(?:-[0-9A-F]{5}){3}</code>", done.text)) == factors.RECOVERY_CODES
    ahead(30)
    return secret


class TestSignIn:
    async def test_the_second_step_opens_a_fresh_session(self, client: Client, runtime: Runtime, ahead: Any) -> None:
        secret = await enrolled(client, await client.account(Role.COMMANDER, login="two.steps"), ahead)
        first = await post(client, "/signin", login="two.steps", password=PASSWORD, next="/law")
        assert first.status_code == 200
        assert "set-cookie" not in first.headers
        pending = re.findall(r'name="pending" value="([^"]+)"', first.text)[0]
        stolen = await client.http.get("/api/v1/sessions/current", headers={"authorization": f"Bearer {pending}"})
        assert stolen.status_code == 401
        wrong = await post(client, "/signin/factor", pending=pending, factor="1", next="/law")
        assert (wrong.status_code, 'role="alert"' in wrong.text) == (403, True)
        code = totp.code_of(secret, totp.step_at(factors.present().timestamp()))
        done = await post(client, "/signin/factor", pending=pending, factor=code, next="/law")
        assert (done.status_code, done.headers["location"]) == (303, "/law")
        token = done.headers["set-cookie"].partition("=")[2].partition(";")[0]
        assert token != pending
        again = await post(client, "/signin/factor", pending=pending, factor=code)
        assert again.status_code == 401

    async def test_a_pending_sign_in_runs_out(self, client: Client, ahead: Any) -> None:
        await enrolled(client, await client.account(Role.COMMANDER, login="slow"), ahead)
        first = await post(client, "/signin", login="slow", password=PASSWORD)
        pending = re.findall(r'name="pending" value="([^"]+)"', first.text)[0]
        ahead(301)
        assert (await post(client, "/signin/factor", pending=pending, factor="1")).status_code == 401

    @pytest.mark.parametrize(
        "target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]
    )
    async def test_nobody_is_sent_to_another_site(self, client: Client, target: str) -> None:
        await client.account(Role.COMMANDER, login="goes.on")
        answer = await post(client, "/signin", login="goes.on", password=PASSWORD, next=target)
        assert answer.headers["location"] == "/"

    async def test_a_session_is_never_the_one_that_was_brought_along(self, client: Client) -> None:
        await client.account(Role.COMMANDER, login="fixed")
        client.http.cookies.clear()
        headers = FORM | {"cookie": f"{COOKIE}=planted"}
        answer = await client.http.post("/signin", headers=headers, data={"login": "fixed", "password": PASSWORD})
        assert "planted" not in answer.headers["set-cookie"]

    async def test_without_a_role_nobody_gets_in_and_is_told_why(self, client: Client) -> None:
        book = await office(client)
        made = await book.opened("waits")
        await book.redeem("waits", made["code"])
        answer = await post(client, "/signin", login="waits", password=GOOD)
        assert (answer.status_code, "安全管理员" in answer.text) == (403, True)

    async def test_a_code_sets_the_first_password(self, client: Client) -> None:
        book = await office(client)
        made = await book.opened("first")
        fields = {"login": "first", "code": made["code"], "password": GOOD}
        assert (await post(client, "/signin/code", **fields, again="x")).status_code == 422
        assert (await post(client, "/signin/code", **(fields | {"code": "x"}), again=GOOD)).status_code == 401
        done = await post(client, "/signin/code", **fields, again=GOOD)
        assert (done.status_code, done.headers["location"]) == (303, "/signin?done=code")

    async def test_https_marks_the_cookie_secure(self, client: Client, runtime: Runtime) -> None:
        runtime.settings.base_url = "https://air.example"
        await client.account(Role.COMMANDER, login="secure")
        answer = await post(client, "/signin", login="secure", password=PASSWORD)
        flags = answer.headers["set-cookie"].lower()
        assert all(flag in flags for flag in ("secure", "httponly", "samesite=strict", "path=/"))


class TestMe:
    async def test_a_first_password_of_somebody_else_leads_there(self, client: Client, runtime: Runtime) -> None:
        who = await client.account(Role.COMMANDER)
        async with runtime.unit() as uow:
            await uow.execute("UPDATE account SET must_change = true")
            await uow.commit()
        answer = await get(client, "/warnings", who)
        assert (answer.status_code, answer.headers["location"]) == (303, "/me")
        assert "初始密码须先修改" in (await get(client, "/me", who)).text

    @pytest.mark.parametrize("role", list(Role))
    @pytest.mark.parametrize("language", ["zh", "en"])
    async def test_everybody_has_it(self, client: Client, role: Role, language: str) -> None:
        who = await client.account(role, uscc="91350100M000100Y43" if role is Role.ENTERPRISE else None)
        page = await get(client, f"/me?lang={language}", who)
        assert page.status_code == 200
        assert ("Second factor" in page.text) is (language == "en")

    async def test_a_key_is_told_once_and_rotated_and_revoked(self, client: Client) -> None:
        who = await client.account(Role.COMMANDER)
        made = await post(client, "/me/keys", who, name="厂区网关", days="30", **{"scope-read": "1"})
        (key,) = re.findall(r"<code>(lk_[^<…]{50,})</code>", made.text)
        assert key not in (await get(client, "/me", who)).text
        program = {"authorization": f"Bearer {key}"}
        client.http.cookies.clear()
        assert (await client.http.get("/api/v1/proposals", headers=program)).status_code == 200
        assert (await client.http.get("/me", headers=program)).status_code == 403
        assert (await post(client, "/me/keys", who, name="x", days="0", **{"scope-read": "1"})).status_code == 422
        assert (await post(client, "/me/keys/1/revocation", who)).headers["location"] == "/me?done=key"
        client.http.cookies.clear()
        assert (await client.http.get("/api/v1/proposals", headers=program)).status_code == 401

    async def test_a_delegation_by_form(self, client: Client) -> None:
        who = await client.account(Role.COMMANDER, login="away")
        await client.account(Role.DEPUTY_COMMANDER, login="deputy")
        done = await post(client, "/me/delegations", who, to="deputy", until="2016-12-20T18:00", reason="出差")
        assert done.headers["location"] == "/me?done=delegation"
        assert "出差" in (await get(client, "/me", who)).text
        odd = await post(client, "/me/delegations", who, to="deputy", until="tomorrow", reason="出差")
        assert (odd.status_code, "2026-11-22T18:00" in odd.text) == (422, True)
        assert (await post(client, "/me/delegations/1/end", who)).status_code == 303

    async def test_the_password_by_form(self, client: Client) -> None:
        who = await client.account(Role.COMMANDER)
        differs = await post(client, "/me/password", who, old=PASSWORD, new=GOOD, again="x")
        weak = await post(client, "/me/password", who, old=PASSWORD, new="short", again="short")
        assert (differs.status_code, weak.status_code) == (422, 422)
        assert "至少 12 个字符" in weak.text
        done = await post(client, "/me/password", who, old=PASSWORD, new=GOOD, again=GOOD)
        assert done.headers["location"] == "/me?done=password"

    async def test_another_session_is_ended_by_form(self, client: Client, runtime: Runtime) -> None:
        who = await client.account(Role.COMMANDER, login="both")
        other = (await client.http.post("/api/v1/sessions", json={"login": "both", "password": PASSWORD})).json()[
            "token"
        ]
        async with runtime.unit() as uow:
            number = await uow.fetchval("SELECT max(id) FROM session")
        assert (await post(client, f"/me/sessions/{number}/end", who)).status_code == 303
        client.http.cookies.clear()
        answer = await client.http.get("/api/v1/sessions/current", headers={"authorization": f"Bearer {other}"})
        assert answer.status_code == 401


class TestBook:
    async def test_open_and_grant_by_form(self, client: Client) -> None:
        book = await office(client)
        body = {"name": "市局", "adcode": "110000", "kind": "environment"}
        assert (await post(client, "/accounts/organisations", book.operator, **body)).status_code == 303
        opened = await post(
            client,
            "/accounts",
            book.operator,
            login="wu.di",
            display="吴迪",
            adcode="110000",
            organisation_id="1",
            uscc="",
        )
        (code,) = re.findall(r"<code>([0-9A-F-]{23})</code>", opened.text)
        async with client.runtime.unit() as uow:
            number = await uow.fetchval("SELECT id FROM account WHERE login = 'wu.di'")
        path = f"/accounts/{number}"
        assert "待授权" in (await get(client, path, book.security)).text
        refused = await post(client, f"{path}/grant", book.operator, role="commander", adcode="110000")
        assert refused.status_code == 403
        granted = await post(client, f"{path}/grant", book.security, role="commander", adcode="110000")
        assert granted.headers["location"] == f"{path}?done=grant"
        await book.redeem("wu.di", code)
        assert (await book.sign_in("wu.di")).status_code == 201
        reset = await post(client, f"{path}/password-reset", book.operator)
        assert "安全管理员启用之前" in reset.text
        assert (await post(client, f"{path}/enable", book.security)).status_code == 303
        assert (await post(client, f"{path}/disable", book.security, reason="")).status_code == 422
        assert (await post(client, f"{path}/disable", book.security, reason="调离")).status_code == 303
        assert (await post(client, f"{path}/nothing", book.security)).status_code == 404

    @pytest.mark.parametrize("path", ["/accounts", "/accounts/1"])
    async def test_who_reads_it(self, client: Client, path: str) -> None:
        seers = {Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDITOR}
        for role in Role:
            who = await client.account(role, uscc="91350100M000100Y43" if role is Role.ENTERPRISE else None)
            assert (await get(client, path, who)).status_code == (200 if role in seers else 403), role

    async def test_an_account_of_another_region_is_unknown(self, client: Client) -> None:
        book, other = await office(client), await office(client, "130000")
        number = await account_id(client, book.operator)
        assert (await get(client, f"/accounts/{number}", other.security)).status_code == 404
        answer = await post(client, f"/accounts/{number}/disable", other.security, reason="x")
        assert answer.status_code == 404

    async def test_faults_keep_what_was_typed(self, client: Client) -> None:
        book = await office(client)
        page = await post(client, "/accounts", book.operator, login="a b", display="李四", adcode="110000")
        assert (page.status_code, 'value="李四"' in page.text) == (422, True)

    async def test_finding_people(self, client: Client) -> None:
        book = await office(client)
        await book.opened("needle")
        await book.opened("hay")
        text = (await get(client, "/accounts?find=NEED", book.security)).text
        assert ("needle" in text, ">hay<" in text) == (True, False)
