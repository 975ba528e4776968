"""`kill -9` of the worker between any two steps of an import: it goes on, and exactly one draft version is stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.accounts.roles import Role
from service.kit.runtime import Runtime
from service.ledger.flows import seal, verify
from tests.faults.crashing import Site, job_until_through, request_until_through
from tests.service.test_list_imports import BAD, GOOD, IMPORTS
from tests.support import Client

pytestmark = pytest.mark.faults


@pytest.fixture
def site(runtime: Runtime, tmp_path: Path) -> Site:
    return Site(runtime.database.address, str(tmp_path))


async def count(runtime: Runtime, what: str) -> int:
    async with runtime.unit() as uow:
        return int(await uow.fetchval(f"SELECT count(*) FROM {what}"))


async def test_killed_at_every_step_of_an_import(client: Client, runtime: Runtime, site: Site) -> None:
    officer = await client.account(Role.DUTY_OFFICER) | {"idempotency-key": "upload"}
    upload = {"method": "POST", "url": f"{IMPORTS}?adcode=110000", "content": GOOD, "headers": officer}
    assert request_until_through(site, **upload) >= 6
    again = await client.http.request(**upload)
    assert (again.status_code, again.headers["idempotent-replay"]) == (202, "true")
    assert await count(runtime, "list_import") == 1

    assert job_until_through(site, "import_list") >= 15
    done = (await client.http.get(f"{IMPORTS}/{again.json()['id']}", headers=officer)).json()
    assert (done["state"], done["rows_read"]) == ("done", 37)
    assert await count(runtime, "list_version") == 1
    assert await count(runtime, f"list_enterprise WHERE version_id = {done['version_id']}") == 12
    assert await count(runtime, "list_enterprise") == 12
    assert await count(runtime, "ledger_entry WHERE kind = 'list.imported'") == 1
    assert await count(runtime, "pgqueuer") == 0
    await seal(runtime)
    connection = await runtime.database.connect()
    assert (await verify(connection)).whole
    await connection.close()


async def test_killed_at_every_step_of_a_refusal(client: Client, runtime: Runtime, site: Site) -> None:
    officer = await client.account(Role.DUTY_OFFICER)
    sent = await client.http.post(
        IMPORTS, headers=officer, content=BAD["the same line twice"](), params={"adcode": "110000"}
    )
    assert job_until_through(site, "import_list") >= 4
    done = (await client.http.get(f"{IMPORTS}/{sent.json()['id']}", headers=officer)).json()
    assert done["state"] == "refused"
    assert await count(runtime, "list_import_finding") == done["findings"] > 0
    assert await count(runtime, "list_version") == 0
