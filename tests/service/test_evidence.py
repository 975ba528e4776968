"""Evidence through its two doors: who may send what, every fault at once, corrections beside what they replace."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from service.accounts.roles import Role
from service.evidence.layouts import LAYOUTS
from service.evidence.reading import example_rows, read_file, template_csv, template_xlsx
from service.evidence.records import Hour, Kind, Passage
from service.evidence.repository import baseline_of, hours_of
from service.kit.runtime import Runtime
from tests.service.evidence_support import (
    LINES,
    OTHER,
    START,
    USCC,
    evidence_feed,
    evidence_list,
    normal_days,
    power,
    respond,
    send,
)
from tests.support import NOW, Client, forecast

HEADER = "uscc,point,time,kwh\n"


@pytest.fixture
async def ready(client: Client, runtime: Runtime) -> Client:
    """A list in force and a feed of evidence."""
    await evidence_list(runtime)
    await evidence_feed(client)
    return client


async def upload(client: Client, who: dict[str, str], content: str | bytes, kind: str = "power", **more: str) -> Any:
    body = content.encode() if isinstance(content, str) else content
    return await client.http.post(f"/api/v1/evidence?kind={kind}&name=a.csv", content=body, headers=who | more)


async def stored(runtime: Runtime, table: str = "evidence_hour") -> int:
    async with runtime.unit() as uow:
        return int(await uow.fetchval(f"SELECT count(*) FROM {table}"))


class TestSignedDoor:
    async def test_hours_are_stored_once_for_a_repeated_id(self, ready: Client, runtime: Runtime) -> None:
        first = await send(ready, power([1, 2, 3]), message_id="same")
        second = await send(ready, power([1, 2, 3]), message_id="same")
        assert (first.status_code, second.status_code, first.text) == (202, 202, second.text)
        assert await stored(runtime) == 3

    async def test_a_reused_id_with_other_content_is_a_conflict(self, ready: Client, runtime: Runtime) -> None:
        await send(ready, power([1]), message_id="same")
        assert (await send(ready, power([2]), message_id="same")).status_code == 409
        assert await stored(runtime) == 1

    async def test_a_feed_of_forecasts_may_not_deliver_evidence(self, ready: Client, runtime: Runtime) -> None:
        await ready.feed("air")
        answer = await send(ready, power([1]), feed="air")
        assert (answer.status_code, answer.json()["detail"][:19]) == (403, "This feed delivers ")
        assert await stored(runtime) == 0

    async def test_a_feed_of_evidence_may_not_deliver_forecasts(self, ready: Client, runtime: Runtime) -> None:
        assert (await ready.deliver(forecast([60.0] * 24), feed="meters")).status_code == 403
        assert await stored(runtime, "forecast") == 0

    async def test_a_feed_keeps_its_kind(self, ready: Client) -> None:
        with pytest.raises(Exception, match="delivers evidence data"):
            await ready.feed("meters")

    async def test_a_wrong_signature(self, ready: Client) -> None:
        ready.secrets["meters"] = ready.secrets["meters"][:-8] + "AAAAAAA="
        assert (await send(ready, power([1]))).status_code == 401
        assert (await ready.http.post("/api/v1/evidence?feed=meters", content=b"{}")).status_code == 401

    async def test_the_scope_of_the_feed_binds(self, ready: Client, runtime: Runtime) -> None:
        await evidence_feed(ready, "away", "130000")
        answer = await send(ready, power([1]), feed="away")
        assert answer.status_code == 422
        assert {one["code"] for one in answer.json()["errors"]} == {"NOT_LISTED"}

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"type": "evidence.nothing"}, None),
            ({"type": "evidence.cems"}, "/data/0/item"),
            ({"extra": 1}, "/extra"),
            ({"data": []}, "/data"),
            ({"data": [{"uscc": USCC[:-1] + "0", "point": "x", "hours": [{"time": START.isoformat(), "value": 1}]}]}, "/data/0/uscc"),
            ({"data": [{"uscc": USCC, "point": "x", "hours": [{"time": START.isoformat(), "value": -1}]}]}, "/data/0/hours/0/value"),
            ({"data": [{"uscc": USCC, "point": "x", "hours": [{"time": START.isoformat()}]}]}, "/data/0/hours/0/value"),
            ({"data": [{"uscc": USCC, "point": "x", "hours": [{"time": "2016-12-15T00:30Z", "value": 1}]}]}, "/data/0/hours/0/time"),
            ({"data": [{"uscc": USCC, "point": "x", "hours": [{"time": "2016-12-15T01:00:00", "value": 1}]}]}, "/data/0/hours/0/time"),
            ({"data": [{"uscc": USCC, "point": "x", "hours": [{"time": START.isoformat(), "value": "1"}]}]}, "/data/0/hours/0/value"),
        ],
    )  # fmt: skip
    async def test_faults_have_their_pointer(
        self, ready: Client, runtime: Runtime, change: dict[str, Any], pointer: str | None
    ) -> None:
        answer = await send(ready, power([1]) | change)
        assert answer.status_code == 422
        assert [one["pointer"] for one in answer.json().get("errors", [])] == ([pointer] if pointer else [])
        assert await stored(runtime) == 0

    async def test_what_the_clock_and_the_registry_refuse_comes_at_once(self, ready: Client, runtime: Runtime) -> None:
        body = power([1], first=NOW + timedelta(days=1))
        body["data"] += power([1], point="nowhere")["data"] + power([1], point="G1")["data"]
        answer = await send(ready, body)
        codes = sorted(one["code"] for one in answer.json()["errors"])
        assert (answer.status_code, codes) == (422, ["FUTURE", "POINT_KIND", "UNKNOWN_POINT"])
        assert await stored(runtime) == 0
        assert await stored(runtime, "receipt") == 0

    async def test_the_same_hour_twice_with_other_values(self, ready: Client) -> None:
        body = power([1])
        body["data"] += power([2])["data"]
        answer = await send(ready, body)
        assert [one["code"] for one in answer.json()["errors"]] == ["REPEATED"]

    async def test_it_is_on_the_ledger_and_queues_the_enterprises_touched(
        self, ready: Client, runtime: Runtime
    ) -> None:
        await send(ready, power([1, 2]))
        async with runtime.unit() as uow:
            (entry,) = await uow.fetch("SELECT content FROM ledger_entry WHERE kind = 'evidence.received'")
            queued = await uow.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = 'judge_evidence'")
        assert '"rows":2' in entry["content"]
        assert [USCC in row["payload"].decode() and OTHER not in row["payload"].decode() for row in queued] == [True]

    async def test_gates_and_inspections_and_points(self, ready: Client, runtime: Runtime) -> None:
        passage = {"uscc": USCC, "gate": "G1", "time": START.isoformat(), "plate": "冀B12345", "plate_colour": "yellow",
                   "vehicle": "heavy_truck", "stage": "4", "fuel": "B", "direction": "in", "let_in": True}  # fmt: skip
        seen = {
            "uscc": USCC,
            "time": START.isoformat(),
            "inspector": "一组",
            "line": "L1",
            "result": "in_order",
            "note": "停产",
        }
        point = {"uscc": USCC, "point": "T1", "kind": "power", "line": "L1", "role": "treatment", "rated": 30.0}
        for kind, item in (("gate", passage), ("inspection", seen), ("points", point)):
            body = {"type": f"evidence.{kind}", "timestamp": NOW.isoformat(), "data": [item]}
            assert (await send(ready, body)).status_code == 202, kind
        assert [await stored(runtime, table) for table in ("gate_record", "inspection", "evidence_point")] == [1, 1, 1]
        unknown = {"type": "evidence.points", "timestamp": NOW.isoformat(), "data": [point | {"line": "L9"}]}
        assert (await send(ready, unknown)).json()["errors"][0]["code"] == "UNKNOWN_LINE"


class TestUploadDoor:
    async def test_all_faults_at_once_and_nothing_stored(self, ready: Client, runtime: Runtime) -> None:
        who = await ready.account(Role.DUTY_OFFICER)
        content = (
            HEADER
            + f"{USCC},L1 meter,2016-12-15 01:00,5\n"
            + f"{USCC[:-1]}0,L1 meter,2016-12-15 01:30,-5\n"
            + f"{USCC},,yesterday,many\n"
        )
        answer = await upload(ready, who, content)
        found = [(one["row"], one["code"]) for one in answer.json()["errors"]]
        assert answer.status_code == 422
        assert found == [
            (3, "USCC_CHECK_DIGIT"), (3, "NOT_WHOLE_HOUR"), (3, "OUT_OF_RANGE"),
            (4, "REQUIRED"), (4, "NOT_A_TIME"), (4, "NOT_A_NUMBER"),
        ]  # fmt: skip
        assert all(
            one["message"] and one["advice"] and one["message_en"] and one["advice_en"]
            for one in answer.json()["errors"]
        )
        assert await stored(runtime) == 0
        assert await stored(runtime, "evidence_batch") == 0

    async def test_an_enterprise_sends_its_own_only(self, ready: Client, runtime: Runtime) -> None:
        who = await ready.account(Role.ENTERPRISE, uscc=USCC)
        mine = await upload(ready, who, HEADER + f"{USCC},L1 meter,2016-12-15 01:00,5\n")
        other = await upload(ready, who, HEADER + f"{OTHER},L1 meter,2016-12-15 01:00,5\n")
        assert (mine.status_code, other.status_code) == (201, 422)
        assert [one["code"] for one in other.json()["errors"]] == ["NOT_YOURS"]
        assert await stored(runtime) == 1

    async def test_an_official_sends_for_the_region_only(self, ready: Client) -> None:
        who = await ready.account(Role.COMMANDER, adcode="130000")
        answer = await upload(ready, who, HEADER + f"{USCC},L1 meter,2016-12-15 01:00,5\n")
        assert [one["code"] for one in answer.json()["errors"]] == ["NOT_LISTED"]

    @pytest.mark.parametrize("role", [Role.AUDITOR, Role.COORDINATOR, Role.ADMINISTRATOR])
    async def test_others_do_not_send(self, ready: Client, role: Role) -> None:
        assert (await upload(ready, await ready.account(role), HEADER)).status_code == 403

    async def test_the_same_key_stores_once(self, ready: Client, runtime: Runtime) -> None:
        who = await ready.account(Role.DUTY_OFFICER)
        key = {"idempotency-key": "k1"}
        content = HEADER + f"{USCC},L1 meter,2016-12-15 01:00,5\n"
        first = await upload(ready, who, content, **key)
        second = await upload(ready, who, content, **key)
        assert (first.status_code, first.json()) == (201, second.json())
        assert await stored(runtime) == 1

    async def test_the_kind_must_be_said(self, ready: Client) -> None:
        who = await ready.account(Role.DUTY_OFFICER)
        answer = await ready.http.post("/api/v1/evidence", content=b"x", headers=who)
        assert (answer.status_code, "?kind=" in answer.json()["detail"]) == (422, True)

    @pytest.mark.parametrize("kind", list(Kind))
    @pytest.mark.parametrize("form", ["csv", "xlsx"])
    async def test_templates(self, ready: Client, kind: Kind, form: str) -> None:
        who = await ready.account(Role.ENTERPRISE, uscc=USCC)
        answer = await ready.http.get(f"/api/v1/evidence/templates/{kind.value}.{form}", headers=who)
        assert answer.status_code == 200
        _, faults = read_file(kind, answer.content)
        assert [one.code for one in faults] == ["EMPTY"]


class TestFiles:
    @pytest.mark.parametrize("kind", list(Kind))
    def test_the_examples_read_in_every_form(self, kind: Kind) -> None:
        header, row = example_rows(kind)
        csv = "\n".join([",".join(header), ",".join(row)])
        english = "\n".join([",".join(column.name for column in LAYOUTS[kind]), ",".join(row)])
        found = [
            read_file(kind, content)
            for content in (csv.encode(), csv.encode("gb18030"), english.encode(), book([header, row]))
        ]
        assert [faults for _, faults in found] == [[], [], [], []]
        assert len({tuple(records) for records, _ in found}) == 1
        assert len(found[0][0]) == 1

    def test_midnight_as_24(self) -> None:
        (record,), _ = read_file(Kind.POWER, f"{HEADER}{USCC},a,2016-12-15 24:00,1".encode())
        assert isinstance(record, Hour)
        assert record.until == START + timedelta(days=1)

    def test_times_of_excel(self) -> None:
        row = [USCC, "a", (START + timedelta(hours=3)).replace(tzinfo=None), 5]
        (record,), faults = read_file(Kind.POWER, book([["uscc", "point", "time", "kwh"], row]))
        assert faults == []
        assert isinstance(record, Hour)
        assert record.until == START + timedelta(hours=3)

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "HEADER_MISSING"),
            (b"\xff\xff\xff", "ENCODING"),
            (HEADER.encode(), "EMPTY"),
            (b"uscc,point,time\n", "HEADER_MISSING"),
            (b"uscc,point,time,kwh,kwh\n", "HEADER_REPEATED"),
            (b"uscc,point,time,kwh,colour\n", "HEADER_UNKNOWN"),
            (b"PK not a workbook", "BROKEN"),
        ],
    )
    def test_files_that_cannot_be_read(self, content: bytes, code: str) -> None:
        records, faults = read_file(Kind.POWER, content)
        assert records == []
        assert code in {one.code for one in faults}

    def test_a_formula_is_refused(self) -> None:
        target = BytesIO()
        with xlsxwriter.Workbook(target, {"in_memory": True}) as made:
            sheet = made.add_worksheet()
            sheet.write_row(0, 0, ["uscc", "point", "time", "kwh"])
            sheet.write_formula(1, 3, "=1+1")
        _, faults = read_file(Kind.POWER, target.getvalue())
        assert [(one.code, one.row) for one in faults] == [("FORMULA", 2)]

    def test_a_monitor_without_value_needs_a_flag(self) -> None:
        header = "uscc,point,time,item,value,flag\n"
        flagged, none = (
            read_file(Kind.CEMS, f"{header}{USCC},a,2016-12-15 01:00,a21002,,{flag}".encode()) for flag in ("D", "")
        )
        assert flagged[1] == []
        assert (flagged[0][0].item, flagged[0][0].flag) == ("nox", "D")  # type: ignore[union-attr]
        assert [one.code for one in none[1]] == ["NEEDS_FLAG"]

    @given(st.binary(max_size=300))
    def test_whatever_comes_is_a_fault_and_no_crash(self, content: bytes) -> None:
        records, faults = read_file(Kind.POWER, content)
        assert bool(faults) is not bool(records)

    @given(st.text(max_size=40), st.sampled_from(list(Kind)), st.integers(0, 8))
    def test_whatever_stands_in_a_cell(self, text: str, kind: Kind, place: int) -> None:
        _, row = example_rows(kind)
        row[place % len(row)] = text
        records, faults = read_file(kind, book([[column.name for column in LAYOUTS[kind]], row]))
        assert bool(faults) is not bool(records)


def book(rows: list[Any]) -> bytes:
    """Rows as an .xlsx."""
    target = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "default_date_format": "yyyy-mm-dd hh:mm",
    }
    with xlsxwriter.Workbook(target, options) as made:
        sheet = made.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return target.getvalue()


class TestWhatCounts:
    async def test_a_correction_counts_and_the_old_value_stays(self, ready: Client, runtime: Runtime) -> None:
        await send(ready, power([10, 20, 30]))
        await send(ready, power([None, 5]))
        async with runtime.unit() as uow:
            found = await hours_of(uow, USCC, START, START + timedelta(days=1))
        assert [value for _, value in found["L1", "power", "production"]] == [10, 5, 30]
        assert await stored(runtime) == 4

    async def test_a_correction_may_come_first(self, ready: Client, runtime: Runtime) -> None:
        await send(ready, power([5]))
        await send(ready, power([10]))
        async with runtime.unit() as uow:
            found = await hours_of(uow, USCC, START, START + timedelta(days=1))
        assert [value for _, value in found["L1", "power", "production"]] == [10]

    async def test_hours_are_stamped_with_their_end(self, ready: Client, runtime: Runtime) -> None:
        await send(ready, power([1, 2, 3]))
        async with runtime.unit() as uow:
            found = await hours_of(uow, USCC, START + timedelta(hours=1), START + timedelta(hours=2))
        assert found == {("L1", "power", "production"): [(START + timedelta(hours=2), 2)]}

    async def test_several_meters_count_only_together(self, ready: Client, runtime: Runtime) -> None:
        point = {"uscc": USCC, "point": "L1 second", "kind": "power", "line": "L1", "role": "production"}
        await send(ready, {"type": "evidence.points", "timestamp": NOW.isoformat(), "data": [point]})
        await send(ready, power([10, 10, 10]))
        await send(ready, power([1, None, 1], point="L1 second"))
        async with runtime.unit() as uow:
            found = await hours_of(uow, USCC, START, START + timedelta(days=1))
        assert found["L1", "power", "production"] == [
            (START + timedelta(hours=1), 11),
            (START + timedelta(hours=3), 11),
        ]

    async def test_the_baseline_is_of_normal_days_before_the_response(self, ready: Client, runtime: Runtime) -> None:
        await respond(runtime)
        await normal_days(ready, kwh=100, days=8)
        await send(ready, power([1000] * 12))
        async with runtime.unit() as uow:
            assert await baseline_of(uow, USCC, "L1", START) == 100
            assert await baseline_of(uow, USCC, "L2", START) is None
            assert await baseline_of(uow, OTHER, "L1", START) is None

    async def test_days_under_an_earlier_response_are_left_out(self, ready: Client, runtime: Runtime) -> None:
        await respond(runtime, start=START - timedelta(days=3), end=START - timedelta(days=1), level=2)
        await respond(runtime)
        await normal_days(ready, kwh=100, days=8)
        await send(ready, power([20] * 48, first=START - timedelta(days=3)))
        async with runtime.unit() as uow:
            assert await baseline_of(uow, USCC, "L1", START) == 100

    async def test_a_raised_level_keeps_the_baseline_of_before(self, ready: Client, runtime: Runtime) -> None:
        await respond(runtime, start=START - timedelta(days=3), end=START, level=2)
        await respond(runtime)
        await normal_days(ready, kwh=100, days=12)
        await send(ready, power([20] * 72, first=START - timedelta(days=3)))
        async with runtime.unit() as uow:
            assert await baseline_of(uow, USCC, "L1", START) == 100

    async def test_pages_show_what_was_replaced_too(self, ready: Client) -> None:
        await send(ready, power([10, 20, 30]))
        await send(ready, power([11]))
        who = await ready.account(Role.DUTY_OFFICER)
        path = f"/api/v1/evidence?uscc={USCC}&from=2016-12-15T00:00&until=2016-12-16T00:00&size=3"
        first = (await ready.http.get(path, headers=who)).json()
        following = (
            await ready.http.get(
                path,
                headers=who,
                params=dict(x.split("=") for x in path.partition("?")[2].split("&")) | {"after": first["next"]},
            )
        ).json()
        assert [one["value"] for one in first["items"] + following["items"]] == [10, 11, 20, 30]
        assert following["next"] is None

    @pytest.mark.parametrize("after", ["x", "a|b|c|d", "a|kwh|2016-12-15T01:00:00+08:00|x"])
    async def test_odd_page_keys(self, ready: Client, after: str) -> None:
        who = await ready.account(Role.DUTY_OFFICER)
        query = {"uscc": USCC, "from": "2016-12-15T00:00", "until": "2016-12-16T00:00", "after": after}
        assert (await ready.http.get("/api/v1/evidence", headers=who, params=query)).status_code == 422

    async def test_the_past_cannot_be_rewritten(self, ready: Client, runtime: Runtime) -> None:
        await send(ready, power([10]))
        async with runtime.unit() as uow:
            with pytest.raises(Exception, match="append-only"):
                await uow.execute("UPDATE evidence_hour SET value = 0")


def test_a_passage_reads_its_codes() -> None:
    header, row = example_rows(Kind.GATE)
    (record,), _ = read_file(Kind.GATE, "\n".join([",".join(header), ",".join(row)]).encode())
    assert isinstance(record, Passage)
    assert (record.plate_colour, record.vehicle, record.stage, record.fuel, record.direction, record.let_in) == (
        "yellow", "heavy_truck", "5", "B", "in", True,
    )  # fmt: skip


def test_templates_carry_the_headers() -> None:
    assert LINES
    for kind in Kind:
        assert template_csv(kind).decode("utf-8-sig").strip().split(",") == [column.zh for column in LAYOUTS[kind]]
        assert template_xlsx(kind)[:2] == b"PK"
