"""People with a second factor, and the real time that factors see."""

from __future__ import annotations

import base64
from datetime import timedelta

from service.accounts import factors, totp
from service.accounts.roles import Role
from tests.support import Client


class Watch:
    """The real time that factors see."""

    def __init__(self) -> None:
        self.at = factors.present()


async def enrolled(client: Client, watch: Watch, role: Role, adcode: str = "110000") -> tuple[dict[str, str], bytes]:
    """An account with an active factor; the code of the present step is still good."""
    headers = await client.account(role, adcode)
    begun = (await client.http.post("/api/v1/me/factor", headers=headers)).json()
    secret = base64.b32decode(begun["secret"])
    done = await client.http.post(
        "/api/v1/me/factor/confirmation", headers=headers, json={"factor": code(secret, watch)}
    )
    assert done.status_code == 200, done.text
    watch.at += timedelta(seconds=30)
    return headers, secret


def code(secret: bytes, watch: Watch) -> str:
    return totp.code_of(secret, totp.step_at(watch.at.timestamp()))
