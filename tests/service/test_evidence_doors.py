"""The doors hold: an enterprise takes back nothing that others delivered of it, and no file takes the service down."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from service.accounts.roles import Role
from service.evidence import checks, delivered, flows, reading
from service.evidence.faults import MOST
from service.evidence.points import Known
from service.evidence.reading import read_file
from service.evidence.records import Hour, Kind
from service.evidence.repository import baseline_of, hours_of
from service.kit.runtime import Runtime
from tests.service.evidence_support import START, USCC, evidence_feed, evidence_list, normal_days, power, respond, send
from tests.support import NOW, Client

HEADER = "uscc,point,time,kwh\n"
CEMS = "uscc,point,time,item,value,flag\n"
GATE = "uscc,gate,time,plate,plate_colour,vehicle,stage,fuel,direction,let_in\n"
TRUCK = {"uscc": USCC, "gate": "G1", "time": (START + timedelta(hours=1)).isoformat(), "plate": "冀B12345",
         "plate_colour": "yellow", "vehicle": "heavy_truck", "stage": "4", "fuel": "B", "direction": "in", "let_in": True}  # fmt: skip


@pytest.fixture
async def ready(client: Client, runtime: Runtime) -> Client:
    """A list and a response in force, a feed of evidence."""
    await evidence_list(runtime)
    await evidence_feed(client)
    await respond(runtime)
    return client


async def upload(client: Client, who: dict[str, str], content: str, kind: str = "power") -> Any:
    return await client.http.post(f"/api/v1/evidence?kind={kind}&name=a.csv", content=content.encode(), headers=who)


async def plant(client: Client) -> dict[str, str]:
    return await client.account(Role.ENTERPRISE, uscc=USCC)


def hour(number: int, kwh: float, point: str = "L1 meter") -> str:
    return f"{USCC},{point},{(START + timedelta(hours=number)).isoformat(' ', 'minutes')},{kwh}\n"


def message(kind: str, *data: Any) -> dict[str, Any]:
    return {"type": f"evidence.{kind}", "timestamp": NOW.isoformat(), "data": list(data)}


def codes(answer: Any) -> list[tuple[int | None, str]]:
    return [(one["row"], one["code"]) for one in answer.json()["errors"]]


async def count(runtime: Runtime, table: str) -> int:
    async with runtime.unit() as uow:
        return int(await uow.fetchval(f"SELECT count(*) FROM {table}"))


async def states(client: Client) -> list[str]:
    await client.work()
    async with client.runtime.unit() as uow:
        return [row["state"] for row in await uow.fetch("SELECT state FROM finding ORDER BY id")]


class TestWhatAnEnterpriseMaySend:
    @pytest.mark.parametrize(
        ("kind", "content"),
        [
            ("points", f"uscc,point,kind,line,role,rated,metric,unit\n{USCC},L1 meter,power,L1,none,,,\n"),
            (
                "inspection",
                f"uscc,time,inspector,line,result,note,reference\n{USCC},2016-12-15 01:00,我,L1,符合,停产,\n",
            ),
        ],
    )
    async def test_neither_its_points_nor_its_own_inspection(
        self, ready: Client, runtime: Runtime, kind: str, content: str
    ) -> None:
        refused = await upload(ready, await plant(ready), content, kind)
        assert (refused.status_code, "企业不能报送" in refused.json()["detail_zh"]) == (403, True)
        assert await count(runtime, "evidence_batch") == 0
        assert (await upload(ready, await ready.account(Role.DUTY_OFFICER), content, kind)).status_code == 201

    async def test_the_form_offers_no_more(self, ready: Client) -> None:
        page = {"accept": "text/html"}
        own = (await ready.http.get("/evidence", headers=await plant(ready) | page)).text
        theirs = (await ready.http.get("/evidence", headers=await ready.account(Role.DUTY_OFFICER) | page)).text
        assert ('value="points"' in own, 'value="power"' in own, 'value="points"' in theirs) == (False, True, True)

    @pytest.mark.parametrize("by", ["feed", "official"])
    async def test_no_hour_that_others_delivered(self, ready: Client, runtime: Runtime, by: str) -> None:
        if by == "feed":
            await send(ready, power([10, 20]))
        else:
            await upload(ready, await ready.account(Role.COMMANDER), HEADER + hour(1, 10) + hour(2, 20))
        answer = await upload(ready, await plant(ready), HEADER + hour(1, 0) + hour(2, 0) + hour(3, 0))
        assert (answer.status_code, codes(answer)) == (422, [(2, "DELIVERED"), (3, "DELIVERED")])
        assert all("主管部门" in one["message"] and "official" in one["message_en"] for one in answer.json()["errors"])
        assert await count(runtime, "evidence_hour") == 2

    async def test_what_it_sent_itself_it_corrects_until_the_feed_delivers(
        self, ready: Client, runtime: Runtime
    ) -> None:
        who = await plant(ready)
        for kwh in (1, 2):
            assert (await upload(ready, who, HEADER + hour(1, kwh))).status_code == 201
        await send(ready, power([30]))
        assert codes(await upload(ready, who, HEADER + hour(1, 3))) == [(2, "DELIVERED")]
        async with runtime.unit() as uow:
            found = await hours_of(uow, USCC, START, START + timedelta(days=1))
        assert [value for _, value in found["L1", "power", "production"]] == [30]

    async def test_an_official_still_corrects(self, ready: Client) -> None:
        await send(ready, power([10]))
        officer = await ready.account(Role.DUTY_OFFICER)
        assert (await upload(ready, officer, HEADER + hour(1, 0))).status_code == 201

    async def test_no_passage_that_others_delivered(self, ready: Client, runtime: Runtime) -> None:
        await send(ready, message("gate", TRUCK))
        row = f"{USCC},G1,2016-12-15 01:00:00,冀B12345,黄,重型货车,6,B,进,否\n"
        who = await plant(ready)
        assert codes(await upload(ready, who, GATE + row, "gate")) == [(2, "DELIVERED")]
        other = [row.replace("冀B12345", "冀B99999"), row.replace("01:00:00", "01:00:01"), row.replace(",进,", ",出,")]
        assert (await upload(ready, who, GATE + "".join(other), "gate")).status_code == 201
        assert await count(runtime, "gate_record") == 4

    async def test_no_flag_of_another_monitor_of_the_line(self, ready: Client) -> None:
        points = [{"uscc": USCC, "point": name, "kind": "cems", "line": line, "role": "treatment"}
                  for name, line in (("DA1", "L1"), ("DA2", "L1"), ("DA3", "L2"))]  # fmt: skip
        assert (await send(ready, message("points", *points))).status_code == 202
        stood = {"time": (START + timedelta(hours=1)).isoformat(), "flag": "F"}
        await send(ready, message("cems", {"uscc": USCC, "point": "DA1", "item": "nox", "hours": [stood]}))
        who = await plant(ready)
        rows = [f"{USCC},{point},2016-12-15 01:00,{item},5,N\n"
                for point, item in (("DA1", "so2"), ("DA2", "nox"), ("DA3", "nox"))]  # fmt: skip
        assert codes(await upload(ready, who, CEMS + "".join(rows), "cems")) == [(2, "DELIVERED"), (3, "DELIVERED")]
        assert (await upload(ready, who, CEMS + rows[2], "cems")).status_code == 201


class TestAFindingStays:
    async def test_whatever_the_enterprise_says_of_the_hours_and_the_days_before(
        self, ready: Client, runtime: Runtime
    ) -> None:
        await normal_days(ready, days=4)
        await send(ready, power([50, 50]))
        assert await states(ready) == ["found"]
        who = await plant(ready)
        assert (await upload(ready, who, HEADER + hour(1, 0))).status_code == 422
        earlier = "".join(hour(-number, 9000) for number in range(4 * 24, 8 * 24))
        assert (await upload(ready, who, HEADER + earlier)).status_code == 201
        assert await states(ready) == ["found"]
        async with runtime.unit() as uow:
            assert await baseline_of(uow, USCC, "L1", START) == 100

    async def test_a_second_meter_of_the_line_neither_lifts_the_baseline_nor_ends_judging(
        self, ready: Client, runtime: Runtime
    ) -> None:
        named = {"uscc": USCC, "point": "X1", "kind": "power", "line": "L1", "role": "production"}
        await send(ready, message("points", named))
        await normal_days(ready, point="X1")
        await send(ready, power([50, 50], point="X1"))
        assert await states(ready) == ["found"]
        answer = await upload(ready, await plant(ready), HEADER + "".join(hour(-n, 9000) for n in range(8 * 24)))
        assert codes(answer) == [(2, "UNKNOWN_POINT")]
        assert await states(ready) == ["found"]
        async with runtime.unit() as uow:
            assert await baseline_of(uow, USCC, "L1", START) == 100

    async def test_alone_its_hours_make_the_normal_days(self, ready: Client, runtime: Runtime) -> None:
        content = HEADER + "".join(hour(-number, 80) for number in range(8 * 24))
        assert (await upload(ready, await plant(ready), content)).status_code == 201
        async with runtime.unit() as uow:
            assert await baseline_of(uow, USCC, "L1", START) == 80
        await send(ready, power([1]))
        async with runtime.unit() as uow:
            assert await baseline_of(uow, USCC, "L1", START) is None


class TestFilesAreBounded:
    def test_reading_stops_at_the_row_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reading, "MOST_ROWS", 3)
        whole, more = (HEADER + hour(1, 1) * number for number in (2, 3))
        assert [one.code for one in read_file(Kind.POWER, whole.encode())[1]] == []
        broken_after = (more + "x" * 30_000).encode()
        assert [one.code for one in read_file(Kind.POWER, broken_after)[1]] == ["TOO_MANY_ROWS"]

    @pytest.mark.parametrize(
        ("row", "code"),
        [("x" * 20_001, "TOO_LONG"), ('"' + "x\n" * 10_001 + '"', "TOO_LONG"), ("x" * 9000, "REQUIRED")],
    )
    def test_a_long_row(self, row: str, code: str) -> None:
        records, faults = read_file(Kind.POWER, (HEADER + hour(1, 1) + row).encode())
        assert records == []
        assert code in {one.code for one in faults}
        assert {one.row for one in faults} == {3}

    def test_a_wide_header_is_one_fault(self) -> None:
        at, over = ("uscc,point,time,kwh" + ",z" * more for more in (96, 97))
        assert len(read_file(Kind.POWER, at.encode())[1]) == 96
        (fault,) = read_file(Kind.POWER, over.encode())[1]
        assert (fault.code, fault.row) == ("HEADER_UNKNOWN", 1)

    def test_a_workbook_unpacks_to_256_megabytes_at_most(self) -> None:
        assert reading.LIMITS.unpacked == 256 * 1024 * 1024

    async def test_one_file_is_read_at_a_time(self, ready: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        who = await plant(ready)
        inside, most = 0, 0

        def watched(kind: Kind, content: bytes) -> Any:
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            threading.Event().wait(0.02)  # long enough for the others to come in, were they let
            inside -= 1
            return read_file(kind, content)

        monkeypatch.setattr(flows, "read_file", watched)
        answers = await asyncio.gather(*(upload(ready, who, HEADER + hour(number, 1)) for number in (1, 2, 3)))
        assert ({answer.status_code for answer in answers}, most) == ({201}, 1)

    async def test_a_file_is_read_before_its_transaction_begins(
        self, ready: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        who = await plant(ready)
        open_units, seen = 0, []
        unit = Runtime.unit

        @asynccontextmanager
        async def counted(runtime: Runtime) -> Any:
            nonlocal open_units
            open_units += 1
            async with unit(runtime) as uow:
                yield uow
            open_units -= 1

        def watched(kind: Kind, content: bytes) -> Any:
            seen.append(open_units)
            return read_file(kind, content)

        monkeypatch.setattr(Runtime, "unit", counted)
        monkeypatch.setattr(flows, "read_file", watched)
        assert (await upload(ready, who, HEADER + hour(1, 1))).status_code == 201
        sent = {"file": ("a.csv", (HEADER + hour(2, 1)).encode())}
        origin = {"origin": "http://127.0.0.1:8000", "accept": "text/html"}
        answer = await ready.http.post("/evidence", headers=who | origin, files=sent, data={"kind": "power"})
        assert answer.status_code == 201
        assert seen == [0, 0]


class TestChecks:
    def test_they_stop_at_the_most_that_is_listed(self) -> None:
        looked = 0

        class Counted(list[Any]):
            def __iter__(self) -> Any:
                nonlocal looked
                for one in super().__iter__():
                    looked += 1
                    yield one

        late = Hour(USCC, "p", "kwh", NOW + timedelta(days=1), 1.0, None, 5)
        faults = checks.check(Kind.POWER, Counted([late] * 10_000), Known({}, {}), delivered.NONE, None, NOW)
        assert (len(faults), faults[-1].code, looked) == (MOST, "TOO_MANY_ERRORS", MOST + 1)

    async def test_they_run_beside_the_event_loop(self, ready: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        threads = []

        def watched(*given: Any) -> Any:
            threads.append(threading.current_thread())
            return checks.check(*given)

        monkeypatch.setattr(flows, "check", watched)
        assert (await send(ready, power([1]))).status_code == 202
        assert threads
        assert threading.main_thread() not in threads
