"""Sign-in by an OpenID provider: authorization code with PKCE, state and nonce; the id token is verified against its keys.

The provider only says who somebody is. It opens no account and grants no role: the claim named by the deployment has to equal the
external id that an administrator bound to an account.
"""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from service.accounts.factors import present, state_of
from service.accounts.flows import ACCOUNT_SQL, Caller, SignedIn, note_stranger, open_session
from service.accounts.seal import seal_of
from service.kit.problems import Busy, NoRole
from service.kit.runtime import Runtime
from service.kit.settings import Settings

CALLBACK = "/signin/oidc/callback"
SCOPE = "openid profile"
ALGORITHMS = ["RS256", "PS256", "ES256"]
"""Signatures by a key of the provider only: neither `none` nor a shared secret."""
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
LONGEST_TRIP = 600
"""Seconds between leaving for the provider and coming back."""
LEEWAY = 60
TIMEOUT = httpx.Timeout(10)
ABOUT = "oidc"


class OidcAway(Exception):
    """The provider does not answer, or not as a provider does."""


class OidcRefused(Exception):
    """What came back proves nothing: another browser, another state, a token that does not verify, or a refusal there."""


class OidcUnknown(Exception):
    """Known to the provider, but no account here is bound to him."""


@dataclass(frozen=True)
class Departure:
    """Where to send the browser, and what it keeps meanwhile (sealed)."""

    address: str
    trip: str


def _http() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False)


async def begin(settings: Settings, target: str) -> Departure:
    """Leave for the provider. `target` is the page of our own to go on to. Raises OidcAway."""
    async with _http() as http:
        provider = await _discover(http, settings)
    trip = {
        "state": secrets.token_urlsafe(24),
        "nonce": secrets.token_urlsafe(24),
        "verifier": secrets.token_urlsafe(48),
        "target": target,
        "at": present().timestamp(),
    }
    address = prepare_grant_uri(
        provider["authorization_endpoint"],
        client_id=settings.oidc_client_id,
        response_type="code",
        redirect_uri=settings.address + CALLBACK,
        scope=SCOPE,
        state=trip["state"],
        nonce=trip["nonce"],
        code_challenge=create_s256_code_challenge(trip["verifier"]),
        code_challenge_method="S256",
    )
    return Departure(address, seal_of(settings).close(json.dumps(trip).encode(), ABOUT))


async def finish(runtime: Runtime, trip: str, answer: dict[str, str], caller: Caller) -> tuple[SignedIn, str]:
    """Come back: a session (pending where the account has a second factor) and the page to go on to.

    Raises OidcRefused, OidcAway, OidcUnknown; NoRole for an account that waits for its role.
    """
    settings = runtime.settings
    kept = _opened(settings, trip)
    if not hmac.compare_digest(kept["state"].encode(), answer.get("state", "").encode()):
        raise OidcRefused("The state is another one.")
    if "error" in answer or not answer.get("code"):
        raise OidcRefused(answer.get("error", "There is no code."))
    if answer.get("iss", settings.oidc_issuer) != settings.oidc_issuer:
        raise OidcRefused("Another provider answered.")
    async with _http() as http:
        provider = await _discover(http, settings)
        token = await _exchange(http, settings, provider["token_endpoint"], answer["code"], kept["verifier"])
        keys = await _json(http, provider["jwks_uri"])
    claims = verified(settings, keys, token, kept["nonce"], present().timestamp())
    return await _open(runtime, claims.get(settings.oidc_claim), caller), kept["target"]


def _opened(settings: Settings, trip: str) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(seal_of(settings).open(trip, ABOUT))
    except (Busy, ValueError) as error:
        raise OidcRefused("This browser did not leave from here.") from error
    if not 0 <= present().timestamp() - kept["at"] <= LONGEST_TRIP:
        raise OidcRefused("It took too long.")
    return kept


async def _discover(http: httpx.AsyncClient, settings: Settings) -> dict[str, Any]:
    """The provider's own description. Raises OidcAway when it is not that of the issuer or names unsafe addresses."""
    issuer = settings.oidc_issuer or ""
    found = await _json(http, get_well_known_url(issuer, external=True))
    scheme = urlsplit(issuer).scheme
    if found.get("issuer") != issuer or any(urlsplit(str(found.get(name))).scheme != scheme for name in ENDPOINTS):
        raise OidcAway("The description is not that of the issuer.")
    return found


async def _json(http: httpx.AsyncClient, address: str) -> dict[str, Any]:
    try:
        answer = await http.get(address)
        answer.raise_for_status()
        found = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise OidcAway(str(error)) from error
    if not isinstance(found, dict):
        raise OidcAway("No JSON object.")
    return found


async def _exchange(
    http: httpx.AsyncClient, settings: Settings, endpoint: str, code: str, verifier: str
) -> dict[str, Any]:
    """The tokens for a code."""
    secret = settings.oidc_client_secret
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": settings.address + CALLBACK,
        "client_id": str(settings.oidc_client_id),
        "code_verifier": verifier,
    }
    auth = None if secret is None else httpx.BasicAuth(str(settings.oidc_client_id), secret.get_secret_value())
    try:
        answer = await http.post(endpoint, data=form, auth=auth or httpx.USE_CLIENT_DEFAULT)
        found = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise OidcAway(str(error)) from error
    if (
        answer.status_code != httpx.codes.OK
        or not isinstance(found, dict)
        or not isinstance(found.get("id_token"), str)
    ):
        raise OidcRefused("The provider gave no token for the code.")
    return found


def verified(settings: Settings, keys: dict[str, Any], token: dict[str, Any], nonce: str, now: float) -> dict[str, Any]:
    """The claims of an id token whose signature, issuer, audience, times, nonce and access token fit. Raises OidcRefused."""
    try:
        decoded = jwt.decode(token["id_token"], KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": settings.oidc_issuer},
                "aud": {"essential": True, "value": settings.oidc_client_id},
            },
            {"nonce": nonce, "client_id": settings.oidc_client_id, "access_token": token.get("access_token")},
        )
        claims.validate(now=int(now), leeway=LEEWAY)
    except (JoseError, AuthlibBaseError, ValueError, KeyError, TypeError) as error:
        raise OidcRefused(f"The id token does not verify: {type(error).__name__}.") from error
    return dict(claims)


async def _open(runtime: Runtime, external_id: Any, caller: Caller) -> SignedIn:
    async with runtime.unit() as uow:
        row = None
        if isinstance(external_id, str) and external_id:
            row = await uow.fetchrow(ACCOUNT_SQL + "external_id = $1 AND enabled", external_id)
        if row is not None and row["role"] is not None:
            pending = await state_of(uow, row["id"]) == "active"
            opened = await open_session(uow, row, caller, pending=pending)
            await uow.commit()
            return opened
    if row is not None:
        raise NoRole()
    await note_stranger(runtime, "account.sign_in_failed", f"oidc:{external_id}", caller.address, present())
    raise OidcUnknown("No account is bound to this identity.")
