"""What an inspector saw while only the county of a plant responds stands under that response."""

from __future__ import annotations

from service.accounts.roles import Role
from service.kit.runtime import Runtime
from tests.service.evidence_support import ADCODE, START, USCC
from tests.service.homes_support import COUNTY, HOUR, STOP, based, listed, responding
from tests.support import Client


async def test_the_response_of_the_county_that_has_no_list(client: Client, runtime: Runtime) -> None:
    await listed(runtime, ADCODE, [based("L1", STOP)])
    elsewhere = await responding(runtime, "110106", None)
    response = await responding(runtime, COUNTY, None)
    who = await client.account(Role.INSPECTOR)
    seen = {"uscc": USCC, "line": "L1", "note": "running"}
    for hours, expected in ((5, response), (12, None)):
        body = seen | {"starts_at": (START + hours * HOUR).isoformat()}
        answer = await client.http.post("/api/v1/findings", headers=who, json=body)
        assert (answer.status_code, answer.json()["response"]) == (201, expected), answer.text
    assert elsewhere != response


async def test_an_inspection_that_is_uploaded(client: Client, runtime: Runtime) -> None:
    await listed(runtime, ADCODE, [based("L1", STOP)])
    response = await responding(runtime, COUNTY, None)
    who = await client.account(Role.INSPECTOR)
    table = f"统一社会信用代码,生产线编码,检查时间,检查人员,结论,情况\n{USCC},L1,2016-12-15 05:00,张三,不符合,正在生产\n"
    answer = await client.http.post("/api/v1/evidence?kind=inspection&name=x.csv", headers=who, content=table.encode())
    assert answer.status_code == 201, answer.text
    await client.work()
    async with runtime.unit() as uow:
        assert await uow.fetchval("SELECT response_id FROM finding WHERE rule = 'BY_HAND'") == response
