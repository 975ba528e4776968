"""Sign-in by an OpenID provider: against a real one on loopback, and against one that lies."""

from __future__ import annotations

import base64
import hmac
import re
import time
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from pydantic import SecretStr

from service.accounts import oidc
from service.accounts.roles import Role
from service.kit.auth import COOKIE
from service.kit.runtime import Runtime
from service.web.signin_oidc import TRIP_COOKIE
from tests.service.access_support import ledger_kinds, office
from tests.support import Client

ISSUER = "https://id.example.test"
KEY = RSAKey.generate_key(2048, parameters={"kid": "one"})
OTHER = RSAKey.generate_key(2048, parameters={"kid": "one"})


@pytest.fixture(scope="module")
def real_provider() -> Iterator[str]:
    """A packaged provider, served on loopback by a thread."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own use of what authlib gives up
        from oidc_provider_mock import run_server_in_thread

        with run_server_in_thread(require_nonce=True) as server:
            yield f"http://localhost:{server.server_port}"


def provider_settings(runtime: Runtime, issuer: str = ISSUER) -> None:
    runtime.settings.oidc_issuer = issuer
    runtime.settings.oidc_client_id = "lantian"
    runtime.settings.oidc_client_secret = SecretStr("s3cret")


async def bound(client: Client, external_id: str = "wang@gov", role: Role | None = Role.COMMANDER) -> int:
    """An account that is bound to an identity at the provider."""
    book = await office(client)
    made = await book.opened("wang.bound", external_id=external_id)
    if role is not None:
        await book.act(book.security, made["id"], "grant", role=role.value, adcode="110000")
    client.http.cookies.clear()
    return int(made["id"])


def cookie_of(answer: httpx.Response, name: str) -> str:
    """The value of a cookie that an answer sets."""
    found = [value for value in answer.headers.get_list("set-cookie") if value.startswith(f"{name}=")]
    return found[0].partition("=")[2].partition(";")[0] if found else ""


async def leave(client: Client, target: str = "/law") -> tuple[httpx.Response, dict[str, list[str]]]:
    client.http.cookies.clear()
    answer = await client.http.get(f"/signin/oidc?next={target}")
    return answer, parse_qs(urlsplit(answer.headers["location"]).query)


async def come_back(client: Client, trip: str, **answer: str) -> httpx.Response:
    client.http.cookies.clear()
    return await client.http.get(
        "/signin/oidc/callback", params=answer, headers={"cookie": f"{TRIP_COOKIE}={trip}", "accept": "text/html"}
    )


@pytest.mark.filterwarnings("ignore")  # the provider's own, in its threads
class TestRealProvider:
    async def through(self, client: Client, issuer: str, sub: str) -> httpx.Response:
        left, asked = await leave(client)
        trip = cookie_of(left, TRIP_COOKIE)
        assert left.headers["location"].startswith(f"{issuer}/")
        assert asked["code_challenge_method"] == ["S256"]
        async with httpx.AsyncClient() as browser:
            said = await browser.post(left.headers["location"], data={"sub": sub})
        home = urlsplit(said.headers["location"])
        assert home.path == oidc.CALLBACK
        return await come_back(client, trip, **{name: values[0] for name, values in parse_qs(home.query).items()})

    async def test_a_bound_person_gets_a_session(self, client: Client, runtime: Runtime, real_provider: str) -> None:
        provider_settings(runtime, real_provider)
        await bound(client)
        answer = await self.through(client, real_provider, "wang@gov")
        assert (answer.status_code, 'content="0;url=/law"' in answer.text) == (200, True)
        token = cookie_of(answer, COOKIE)
        seen = await client.http.get("/api/v1/sessions/current", headers={"authorization": f"Bearer {token}"})
        assert (seen.json()["login"], seen.json()["role"]) == ("wang.bound", "commander")
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT means FROM session ORDER BY id DESC LIMIT 1") == "oidc"

    async def test_a_stranger_gets_none_and_no_account_is_made(
        self, client: Client, runtime: Runtime, real_provider: str
    ) -> None:
        provider_settings(runtime, real_provider)
        await bound(client)
        answer = await self.through(client, real_provider, "stranger@gov")
        assert answer.headers["location"] == "/signin?fault=oidc_unknown"
        assert cookie_of(answer, COOKIE) == ""
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM account") == 3
        assert (await ledger_kinds(runtime, "account.sign_in_failed")) == ["account.sign_in_failed"]

    async def test_an_account_without_a_role_stays_without(
        self, client: Client, runtime: Runtime, real_provider: str
    ) -> None:
        provider_settings(runtime, real_provider)
        await bound(client, role=None)
        answer = await self.through(client, real_provider, "wang@gov")
        assert answer.headers["location"] == "/signin?fault=signin_no_role"


class Liar:
    """A provider whose answers a test bends. `asked` are the forms that came to its token endpoint."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
        }
        self.claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": "lantian",
            "sub": "wang@gov",
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
        }
        self.key: Any = KEY
        self.header = {"alg": "RS256", "kid": "one"}
        self.token: str | None = None
        self.status = 200
        self.asked: list[tuple[dict[str, list[str]], str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/.well-known/openid-configuration":
            return httpx.Response(200, json=self.document)
        if path == "/keys":
            return httpx.Response(200, json=KeySet([KEY]).as_dict(private=False))
        self.asked.append((parse_qs(request.content.decode()), request.headers.get("authorization", "")))
        token = self.token or jwt.encode(self.header, self.claims, self.key)
        return httpx.Response(self.status, json={"id_token": token, "access_token": "a", "token_type": "Bearer"})


@pytest.fixture
async def liar(client: Client, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Liar:
    made = Liar()
    monkeypatch.setattr(oidc, "_http", lambda: httpx.AsyncClient(transport=httpx.MockTransport(made)))
    provider_settings(runtime)
    await bound(client)
    return made


class TestLiar:
    async def trip(self, client: Client, liar: Liar, **bend: Any) -> tuple[str, dict[str, str]]:
        """Leave; what the browser keeps, and what an honest provider would send back."""
        left, asked = await leave(client)
        liar.claims = {"nonce": asked["nonce"][0]} | liar.claims | bend
        return cookie_of(left, TRIP_COOKIE), {"state": asked["state"][0], "code": "c"}

    async def refused(self, client: Client, trip: str, back: dict[str, str], fault: str = "oidc_refused") -> None:
        answer = await come_back(client, trip, **back)
        assert answer.headers.get("location") == f"/signin?fault={fault}"
        assert cookie_of(answer, COOKIE) == ""

    async def test_the_code_is_exchanged_with_the_verifier_of_the_challenge(self, client: Client, liar: Liar) -> None:
        left, asked = await leave(client)
        liar.claims["nonce"] = asked["nonce"][0]
        answer = await come_back(client, cookie_of(left, TRIP_COOKIE), state=asked["state"][0], code="c")
        assert answer.status_code == 200
        ((form, authorization),) = liar.asked
        assert oidc.create_s256_code_challenge(form["code_verifier"][0]) == asked["code_challenge"][0]
        assert form["redirect_uri"] == asked["redirect_uri"] == ["http://127.0.0.1:8000/signin/oidc/callback"]
        assert authorization.startswith("Basic ")

    async def test_the_trip_is_kept_from_scripts_and_readers(self, client: Client, liar: Liar) -> None:
        left, asked = await leave(client)
        (flags,) = [value.lower() for value in left.headers.get_list("set-cookie")]
        assert "httponly" in flags
        assert "samesite=lax" in flags
        assert asked["state"][0] not in flags

    @pytest.mark.parametrize(
        "bend",
        [
            {"nonce": "another"},
            {"nonce": None},
            {"iss": "https://evil.example"},
            {"aud": "somebody-else"},
            {"aud": ["somebody-else", "other"]},
            {"aud": ["lantian", "other"]},
            {"azp": "somebody-else"},
            {"exp": 1},
            {"exp": None},
            {"iat": int(time.time()) + 3600},
            {"at_hash": "AAAA"},
            {"sub": None},
        ],
    )
    async def test_claims_that_do_not_fit(self, client: Client, liar: Liar, bend: dict[str, Any]) -> None:
        trip, back = await self.trip(client, liar)
        liar.claims = {name: value for name, value in (liar.claims | bend).items() if value is not None}
        await self.refused(client, trip, back)

    async def test_a_token_of_another_key(self, client: Client, liar: Liar) -> None:
        trip, back = await self.trip(client, liar)
        liar.key = OTHER
        await self.refused(client, trip, back)

    async def test_a_token_signed_with_the_public_key_as_a_secret(self, client: Client, liar: Liar) -> None:
        trip, back = await self.trip(client, liar)
        public = KEY.as_pem(private=False)
        head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').rstrip(b"=")
        body = jwt.encode(liar.header, liar.claims, KEY).split(".")[1].encode()
        mac = base64.urlsafe_b64encode(hmac.digest(public, head + b"." + body, "sha256")).rstrip(b"=")
        liar.token = b".".join((head, body, mac)).decode()
        await self.refused(client, trip, back)

    async def test_a_token_that_nobody_signed(self, client: Client, liar: Liar) -> None:
        trip, back = await self.trip(client, liar)
        honest = jwt.encode(liar.header, liar.claims, KEY)
        liar.token = "eyJhbGciOiJub25lIn0." + honest.split(".")[1] + "."
        await self.refused(client, trip, back)
        liar.token = "nonsense"
        await self.refused(client, trip, back)

    async def test_another_state_another_browser_or_a_refusal(self, client: Client, liar: Liar) -> None:
        trip, back = await self.trip(client, liar)
        for wrong in (
            {"state": "x"},
            {"state": ""},
            {"code": ""},
            {"error": "access_denied"},
            {"iss": "https://evil.example"},
        ):
            await self.refused(client, trip, back | wrong)
        await self.refused(client, "planted", back)
        await self.refused(client, "", back)
        assert liar.asked == []
        other, _ = await self.trip(client, liar)
        await self.refused(client, other, back)

    async def test_a_trip_that_took_too_long(self, client: Client, liar: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
        trip, back = await self.trip(client, liar)
        real = oidc.present()
        monkeypatch.setattr(oidc, "present", lambda: real.fromtimestamp(real.timestamp() + 700, real.tzinfo))
        await self.refused(client, trip, back)

    async def test_a_code_that_the_provider_does_not_take(self, client: Client, liar: Liar) -> None:
        trip, back = await self.trip(client, liar)
        liar.status = 400
        await self.refused(client, trip, back)

    @pytest.mark.parametrize(
        "bend",
        [{"issuer": "https://evil.example"}, {"token_endpoint": "http://id.example.test/token"}, {"jwks_uri": None}],
    )
    async def test_a_description_of_somebody_else(self, client: Client, liar: Liar, bend: dict[str, Any]) -> None:
        liar.document |= bend
        client.http.cookies.clear()
        assert (await client.http.get("/signin/oidc")).headers["location"] == "/signin?fault=oidc_away"

    async def test_a_provider_that_is_away(self, client: Client, liar: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
        def nobody(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused", request=request)

        trip, back = await self.trip(client, liar)
        monkeypatch.setattr(oidc, "_http", lambda: httpx.AsyncClient(transport=httpx.MockTransport(nobody)))
        await self.refused(client, trip, back, "oidc_away")

    async def test_only_our_own_pages_follow(self, client: Client, liar: Liar) -> None:
        left, asked = await leave(client, "//evil.example/x")
        liar.claims["nonce"] = asked["nonce"][0]
        answer = await come_back(client, cookie_of(left, TRIP_COOKIE), state=asked["state"][0], code="c")
        assert 'content="0;url=/"' in answer.text

    async def test_a_disabled_account_is_unknown(self, client: Client, liar: Liar, runtime: Runtime) -> None:
        async with runtime.unit() as uow:
            await uow.execute("UPDATE account SET enabled = false WHERE login = 'wang.bound'")
            await uow.commit()
        trip, back = await self.trip(client, liar)
        await self.refused(client, trip, back, "oidc_unknown")

    async def test_the_second_factor_is_asked_for_here_too(self, client: Client, liar: Liar, runtime: Runtime) -> None:
        async with runtime.unit() as uow:
            await uow.execute(
                "INSERT INTO factor (account_id, sealed, confirmed_at, created_at)"
                " SELECT id, '', $1, $1 FROM account WHERE login = 'wang.bound'",
                uow.now,
            )
            await uow.commit()
        trip, back = await self.trip(client, liar)
        answer = await come_back(client, trip, **back)
        assert cookie_of(answer, COOKIE) == ""
        assert re.search(r'name="pending" value="[^"]{20,}"', answer.text)

    async def test_the_sign_in_page_offers_it_only_where_there_is_one(self, client: Client, runtime: Runtime) -> None:
        assert "/signin/oidc" not in (await client.http.get("/signin")).text
        assert (await client.http.get("/signin/oidc")).status_code == 404
        assert (await client.http.get("/signin/oidc/callback")).status_code == 404
        provider_settings(runtime)
        assert "/signin/oidc" in (await client.http.get("/signin")).text
