"""The world around the service, over HTTP: feeds that post, officials that sign in and decide, enterprises that acknowledge."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import structlog

from alerts.region import RegionalPrompt
from service.demo.messages import FeedMessage
from service.kit.signatures import headers

KINDS = {"forecast.issued": "forecasts", "observation.reported": "observations"}
PAGE = 200
logger = structlog.get_logger("lantian.demo")


class Refused(RuntimeError):
    """The service answered a scripted call with a problem; the message says which."""

    def __init__(self, what: str, answer: httpx.Response) -> None:
        super().__init__(f"{what}: {answer.status_code} {answer.text[:500]}")
        self.status = answer.status_code


@dataclass(frozen=True)
class Posting:
    """A feed message with the webhook id it always has, so that posting it again has no second effect."""

    id: str
    message: FeedMessage


def postings(messages: Iterator[FeedMessage]) -> Iterator[Posting]:
    """Number the messages of an episode in their order."""
    for number, message in enumerate(messages):
        yield Posting(f"{message.feed}:{message.at:%Y%m%dT%H%M}:{number}", message)


@dataclass
class Outside:
    """Calls of the outside world on one service. `passwords` of the logins it plays; `secrets` by feed, newest first."""

    http: httpx.AsyncClient
    secrets: Mapping[str, Sequence[str]]
    passwords: Mapping[str, str]
    _tokens: dict[str, str] = field(default_factory=dict)

    async def post(self, posting: Posting) -> None:
        """Deliver a feed message, signed with the present. Raises Refused."""
        message = posting.message
        body = json.dumps(message.body, ensure_ascii=False, separators=(",", ":")).encode()
        signed = headers(self.secrets[message.feed], posting.id, datetime.now(tz=UTC), body)
        answer = await self.http.post(
            f"/api/v1/feeds/{message.feed}/{KINDS[message.type]}",
            content=body,
            headers=signed | {"content-type": "application/json"},
        )
        if answer.status_code != 202:
            raise Refused(f"{posting.id} was not taken", answer)

    async def evidence(self, feed: str, name: str, body: Mapping[str, Any]) -> None:
        """Deliver a message of evidence under a fixed id. Raises Refused."""
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        signed = headers(self.secrets[feed], f"{feed}:{name}", datetime.now(tz=UTC), content)
        answer = await self.http.post(
            "/api/v1/evidence", content=content, headers=signed | {"content-type": "application/json"}, params={"feed": feed}
        )
        if answer.status_code != 202:
            raise Refused(f"the evidence {name} was not taken", answer)

    async def open_proposals(self, login: str) -> list[dict[str, Any]]:
        """Every open proposal that this official sees, oldest first."""
        found = [item async for item in self._pages(login, "/api/v1/proposals", {"state": "open", "size": str(PAGE)})]
        return found[::-1]

    async def decide(self, login: str, proposal: Mapping[str, Any], reason: str) -> bool:
        """Approve exactly the content read. False when somebody else was faster or the content has changed. Raises Refused."""
        answer = await self.call(
            login,
            "POST",
            f"/api/v1/proposals/{proposal['id']}/decision",
            json={"approve": True, "content_hash": proposal["content_hash"], "reason": reason},
        )
        if answer.status_code == 409:
            return False
        if answer.status_code != 200:
            raise Refused(f"the decision on proposal {proposal['id']} was refused", answer)
        return True

    async def prompt(self, login: str, prompt: RegionalPrompt, basis: str) -> None:
        """Enter a regional prompt once, however often and however late this is called. Raises Refused."""
        async for known in self._pages(login, "/api/v1/prompts", {"size": str(PAGE)}):
            if known["document"] == prompt.document and datetime.fromisoformat(known["starts_at"]) == prompt.starts_at:
                return
        answer = await self.call(
            login,
            "POST",
            "/api/v1/prompts",
            json={
                "region": prompt.region,
                "document": prompt.document,
                "basis": basis,
                "starts_at": prompt.starts_at.isoformat(),
                "ends_at": None if prompt.ends_at is None else prompt.ends_at.isoformat(),
                "entries": [{"adcode": entry.adcode, "level": entry.level.code} for entry in prompt.entries],
            },
            headers={"idempotency-key": f"demo-{prompt.id}"},
        )
        if answer.status_code != 201:
            raise Refused(f"the prompt {prompt.id} was refused", answer)

    async def requirement_tag(self, login: str, uscc: str) -> str:
        """The ETag of what an enterprise must do now: another tag means that something is new. Raises Refused."""
        answer = await self.call(login, "GET", f"/api/v1/enterprises/{uscc}/requirements")
        if answer.status_code != 200:
            raise Refused(f"the requirements of {uscc} were not answered", answer)
        return answer.headers["etag"]

    async def acknowledge(self, login: str, uscc: str, name: str) -> bool:
        """Acknowledge the newest notice. False when there is none yet. Raises Refused."""
        answer = await self.call(login, "POST", f"/api/v1/enterprises/{uscc}/acknowledgements", json={"name": name})
        if answer.status_code == 409:
            return False
        if answer.status_code != 201:
            raise Refused(f"the acknowledgement of {uscc} was refused", answer)
        return True

    async def _pages(self, login: str, path: str, query: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
        after: int | None = None
        while True:
            asked = query if after is None else query | {"after": str(after)}
            answer = await self.call(login, "GET", path, params=asked)
            if answer.status_code != 200:
                raise Refused(f"{path} was not answered", answer)
            page = answer.json()
            for item in page["items"]:
                yield item
            after = page["next"]
            if after is None:
                return

    async def call(
        self, login: str, method: str, path: str, headers: Mapping[str, str] | None = None, **given: Any
    ) -> httpx.Response:
        """One request signed in as `login`; its token is renewed when it has ended."""
        answer = await self.http.request(method, path, headers=dict(headers or {}) | await self._bearer(login), **given)
        if answer.status_code == 401:
            self._tokens.pop(login, None)
            answer = await self.http.request(
                method, path, headers=dict(headers or {}) | await self._bearer(login), **given
            )
        return answer

    async def _bearer(self, login: str) -> dict[str, str]:
        if login not in self._tokens:
            answer = await self.http.post("/api/v1/sessions", json={"login": login, "password": self.passwords[login]})
            if answer.status_code != 201:
                raise Refused(f"{login} could not sign in", answer)
            self._tokens[login] = answer.json()["token"]
        return {"authorization": f"Bearer {self._tokens[login]}"}
