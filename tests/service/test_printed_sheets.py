"""Printed sheets: the same content is the same file, signed; anybody may check one; nobody else may make one."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path

import asyncpg
import pytest
from pydantic import ValidationError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader

from emission_lists.levels import PerLevel
from emission_lists.lists import Line
from emission_lists.measures import Action, Measure, VehicleRule
from service.accounts.roles import Role
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from service.print import flows
from service.print.content import sheet_id
from service.print.pdf import plain
from tests.service.requirement_support import CITY, FIRM, asked, order, people, put_in_force, season
from tests.support import Client

SHEET = f"/enterprises/{FIRM.uscc}/requirements.pdf"
BOARD = f"/enterprises/{FIRM.uscc}/board"
STOP, UNKNOWN = Measure(Action.STOP), Measure(Action.UNKNOWN)
PLAN = {
    "main_process": "熔化",
    "points": [],
    "lines": [{"code": code, "post": "值班长", "phone": "110", "levels": []} for code in ("MF0001", "MF0009")],
    "command_group": [{"post": "值班长", "duty": "值守", "phone": "110"}],
    "indicators": [],
}
TRUCKS = Measure(Action.TRANSPORT, vehicle_rule=VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS)


@pytest.fixture
async def plant(client: Client, runtime: Runtime) -> dict[str, str]:
    """The enterprise, in a list in force, under a red warning."""
    lines = [
        Line("MF0001", "1号线", "熔化", PerLevel(TRUCKS, STOP, STOP)),
        Line("MF0002", "2号线", "熔化", PerLevel(UNKNOWN, UNKNOWN, UNKNOWN)),
    ]
    await put_in_force(runtime, lines)
    duty, commander = await people(client)
    await order(client, duty, commander, CITY, "red")
    return await client.account(Role.ENTERPRISE, adcode=CITY, uscc=FIRM.uscc)


async def sheets(runtime: Runtime) -> list[asyncpg.Record]:
    async with runtime.unit() as uow:
        return await uow.fetch("SELECT * FROM printed_sheet ORDER BY created_at, id")


class TestPdf:
    async def test_says_what_the_requirement_says(self, client: Client, plant: dict[str, str]) -> None:
        answer = await client.http.get(SHEET, headers=plant)
        assert answer.headers["content-type"] == "application/pdf"
        text = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages).replace("\n", "")
        required = await asked(client, plant)
        assert required["headline_zh"] in text
        assert "1号线停产" in text
        assert "未确立：2号线" in text
        assert FIRM.name in text

    async def test_the_same_content_is_the_same_file(
        self, client: Client, runtime: Runtime, plant: dict[str, str], clock: ManualClock
    ) -> None:
        first = await client.http.get(SHEET, headers=plant)
        again = await client.http.get(SHEET, headers=plant)
        assert first.content == again.content
        assert len(await sheets(runtime)) == 1

    async def test_is_signed_as_a_whole(self, client: Client, plant: dict[str, str]) -> None:
        content = (await client.http.get(SHEET, headers=plant)).content
        signature = PdfFileReader(BytesIO(content)).embedded_signatures[0]
        trusted = ValidationContext(trust_roots=[signature.signer_cert])
        found = await async_validate_pdf_signature(signature, trusted)
        assert found.bottom_line
        assert found.coverage.name == "ENTIRE_FILE"
        assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"

    async def test_a_changed_byte_is_noticed(self, client: Client, plant: dict[str, str]) -> None:
        content = (await client.http.get(SHEET, headers=plant)).content
        place = content.index(b"/Producer")
        forged = content[: place + 1] + b"Q" + content[place + 2 :]
        signature = PdfFileReader(BytesIO(forged)).embedded_signatures[0]
        trusted = ValidationContext(trust_roots=[signature.signer_cert])
        assert not (await async_validate_pdf_signature(signature, trusted)).intact

    async def test_the_trial_key_is_nobody_elses_to_read(
        self, client: Client, runtime: Runtime, plant: dict[str, str]
    ) -> None:
        await client.http.get(SHEET, headers=plant)
        key = runtime.settings.data_dir / "signing" / "trial-key.pem"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert "BEGIN PRIVATE KEY" in key.read_text()

    async def test_the_authoritys_own_pair_is_used(
        self, client: Client, runtime: Runtime, plant: dict[str, str]
    ) -> None:
        trial = (await client.http.get(SHEET, headers=plant)).content
        folder = runtime.settings.data_dir / "signing"
        runtime.settings.signing_key = Path(folder / "trial-key.pem")
        runtime.settings.signing_cert = Path(folder / "trial-cert.pem")
        own = (await client.http.get(SHEET, headers=plant)).content
        assert own != trial
        assert "试用证书" not in "".join(page.extract_text() for page in PdfReader(BytesIO(own)).pages)

    def test_a_key_needs_its_certificate(self) -> None:
        with pytest.raises(ValidationError, match="together, or neither"):
            Settings(signing_key=Path("key.pem"))

    def test_rare_characters_are_marked_and_not_dropped(self) -> None:
        assert plain("张\U00020bb7公司") == "张〓公司"


class TestWhoMayPrint:
    async def test_itself_and_its_officials(self, client: Client, plant: dict[str, str]) -> None:
        here = await client.account(Role.AUDITOR, adcode="130000")
        away = await client.account(Role.COMMANDER, adcode="110000")
        other = await client.account(Role.ENTERPRISE, adcode=CITY, uscc="91110000MA0000000X")
        found = [
            (await client.http.get(path, headers=who)).status_code
            for who in (here, away, other)
            for path in (SHEET, BOARD)
        ]
        assert found == [200, 200, 403, 403, 403, 403]
        client.http.cookies.clear()
        assert (await client.http.get(SHEET)).status_code == 401

    async def test_not_without_end(
        self, client: Client, plant: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(flows, "MOST_SHEETS_AN_HOUR", 2)
        answers = [
            await client.http.get(SHEET, headers=plant, params={"at": f"2016-12-16 1{hour}:00"}) for hour in range(3)
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        again = await client.http.get(SHEET, headers=plant, params={"at": "2016-12-16 10:00"})
        assert again.status_code == 200

    async def test_an_official_does_not_use_up_what_the_enterprise_may_print(
        self, client: Client, plant: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(flows, "MOST_SHEETS_AN_HOUR", 1)
        officer = await client.account(Role.DUTY_OFFICER, adcode=CITY)
        found = [
            (await client.http.get(SHEET, headers=who, params={"at": f"2016-12-16 1{hour}:00"})).status_code
            for hour, who in enumerate((officer, officer, plant, plant))
        ]
        assert found == [200, 429, 200, 429]

    async def test_what_was_printed_stays(self, client: Client, runtime: Runtime, plant: dict[str, str]) -> None:
        await client.http.get(SHEET, headers=plant)
        for statement in ("UPDATE printed_sheet SET level = NULL", "DELETE FROM printed_sheet"):
            async with runtime.unit() as uow:
                with pytest.raises(asyncpg.PostgresError):
                    await uow.execute(statement)


class TestCheckingASheet:
    async def test_anybody_sees_what_stands_on_it(
        self, client: Client, runtime: Runtime, plant: dict[str, str]
    ) -> None:
        await client.http.get(SHEET, headers=plant)
        row = (await sheets(runtime))[0]
        client.http.cookies.clear()
        page = (await client.http.get(f"/verify/{row['id']}")).text
        for said in (FIRM.name, FIRM.uscc, row["digest"], "1号线停产", "试用证书"):
            assert said in page

    @pytest.mark.parametrize(("number", "status"), [("a" * 26, 404), ("A" * 26, 422), ("1", 422)])
    async def test_a_number_that_was_never_given(self, client: Client, number: str, status: int) -> None:
        assert (await client.http.get(f"/verify/{number}")).status_code == status

    def test_other_content_has_another_number(self) -> None:
        assert sheet_id({"a": 1}) != sheet_id({"a": 2})
        assert sheet_id({"a": 1, "b": 2}) == sheet_id({"b": 2, "a": 1})


class TestBoard:
    async def test_stays_the_same_sheet_until_something_on_it_changes(
        self, client: Client, runtime: Runtime, plant: dict[str, str], clock: ManualClock
    ) -> None:
        await client.http.get(BOARD, headers=plant)
        clock.advance_to(clock.now().replace(hour=23))
        await client.http.get(BOARD, headers=plant)
        assert len(await sheets(runtime)) == 1
        runtime.settings.supervision_phones = {"130000": "0311-12345", CITY: "0315-12345"}
        page = (await client.http.get(BOARD, headers=plant)).text
        assert "0315-12345" in page
        assert len(await sheets(runtime)) == 2

    async def test_unknown_is_written_as_unknown(self, client: Client, plant: dict[str, str]) -> None:
        page = (await client.http.get(BOARD, headers=plant)).text
        assert page.count("措施尚未确定") >= 3

    async def test_the_season_stands_with_its_days_and_not_in_the_levels(
        self, client: Client, runtime: Runtime, plant: dict[str, str], clock: ManualClock
    ) -> None:
        before = (await client.http.get(BOARD, headers=plant)).text
        await season(runtime, Measure(Action.LIMIT, 0.2), "MF0001", title="采暖季错峰")
        page = (await client.http.get(BOARD, headers=plant)).text
        assert "2016-11-15 至 2017-03-15" in page
        assert "采暖季错峰" in page
        assert page.count("<td") == before.count("<td")
        first, then = sorted(
            (json.loads(row["content"]) for row in await sheets(runtime)), key=lambda content: len(content["seasonal"])
        )
        assert then["lines"] == first["lines"]
        (entry,) = then["seasonal"]
        assert (entry["line"], entry["from"], entry["last"]) == ("1号线", "2016-11-15", "2017-03-15")

    async def test_after_the_season_the_board_is_what_it_was_without_it(
        self, client: Client, runtime: Runtime, plant: dict[str, str], clock: ManualClock
    ) -> None:
        await client.http.get(BOARD, headers=plant)
        await season(runtime, Measure(Action.LIMIT, 0.2))
        assert "全部生产线" in (await client.http.get(BOARD, headers=plant)).text
        clock.advance_to(datetime(2017, 3, 15, 23, tzinfo=SHANGHAI))
        assert "错峰生产要求" in (await client.http.get(BOARD, headers=plant)).text
        assert len(await sheets(runtime)) == 2
        clock.advance_to(datetime(2017, 3, 16, tzinfo=SHANGHAI))
        assert "错峰生产要求" not in (await client.http.get(BOARD, headers=plant)).text
        assert len(await sheets(runtime)) == 2

    async def test_whom_the_list_names_stands_there_until_a_plan_does(
        self, client: Client, runtime: Runtime, plant: dict[str, str]
    ) -> None:
        assert "值班室" not in (await client.http.get(BOARD, headers=plant)).text
        lines = [Line("MF0001", "1号线", "熔化", PerLevel(STOP, STOP, STOP))]
        await put_in_force(runtime, lines, replace(FIRM, contact="值班室 0315-7654321"))
        page = (await client.http.get(BOARD, headers=plant)).text
        assert "值班室 0315-7654321" in page
        assert "清单所列" in page

    def test_phones_come_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(os.environ, "LANTIAN_SUPERVISION_PHONES", '{"130200": "0315-12345"}')
        assert Settings().supervision_phones == {"130200": "0315-12345"}


class TestTwoPlants:
    THERE = "110000"

    @pytest.fixture
    async def both(self, client: Client, runtime: Runtime, plant: dict[str, str]) -> dict[str, str]:
        """A second plant of the enterprise under the list of Beijing."""
        lines = [Line("MF0009", "9号线", "熔化", PerLevel(STOP, STOP, STOP))]
        await put_in_force(runtime, lines, replace(FIRM, adcode="110101"), self.THERE)
        return plant

    async def test_each_has_a_board_of_its_own(self, client: Client, runtime: Runtime, both: dict[str, str]) -> None:
        pages = {
            division: (await client.http.get(BOARD, headers=both, params={"division": division})).text
            for division in (CITY, self.THERE)
        }
        assert ("1号线" in pages[CITY], "9号线" in pages[CITY]) == (True, False)
        assert ("1号线" in pages[self.THERE], "9号线" in pages[self.THERE]) == (False, True)
        assert {row["adcode"] for row in await sheets(runtime)} == {CITY, self.THERE}

    async def test_the_pages_offer_both(self, client: Client, both: dict[str, str]) -> None:
        for path in (f"/enterprises/{FIRM.uscc}", BOARD):
            page = (await client.http.get(path, headers=both)).text
            for division in (CITY, self.THERE):
                assert f"{BOARD}?division={division}" in page, (path, division)

    async def test_with_one_plant_there_is_nothing_to_choose(self, client: Client, plant: dict[str, str]) -> None:
        for path in (f"/enterprises/{FIRM.uscc}", BOARD):
            assert "?division=" not in (await client.http.get(path, headers=plant)).text

    @pytest.mark.parametrize(("division", "status"), [("330100", 404), ("1", 422)])
    async def test_where_there_is_none_it_says_where_there_are(
        self, client: Client, both: dict[str, str], division: str, status: int
    ) -> None:
        answer = await client.http.get(BOARD, headers=both, params={"division": division})
        assert answer.status_code == status
        assert status == 422 or f"{self.THERE}" in answer.json()["detail"]

    async def test_an_official_prints_the_board_of_the_region_only(self, client: Client, both: dict[str, str]) -> None:
        who = await client.account(Role.AUDITOR, adcode="130000")
        found = [
            (await client.http.get(BOARD, headers=who, params={"division": division})).status_code
            for division in (CITY, self.THERE)
        ]
        assert found == [200, 404]
        assert f"?division={self.THERE}" not in (await client.http.get(BOARD, headers=who)).text

    async def test_the_posts_of_one_plant_do_not_stand_at_the_other(
        self, client: Client, runtime: Runtime, both: dict[str, str]
    ) -> None:
        async with runtime.unit() as uow:
            await uow.execute(
                "INSERT INTO operating_plan (uscc, adcode, version, content, basis, digest, during, filed_by, filed_by_name, filed_at)"
                " VALUES ($1, $2, 1, $3, '{}', $4, '[]', (SELECT max(id) FROM account), '甲', $5)",
                FIRM.uscc, CITY, json.dumps(PLAN), "0" * 64, uow.now,
            )  # fmt: skip
            await uow.execute(
                "INSERT INTO operating_plan_review (plan_id, accepted, reason, account_id, name, at)"
                " SELECT id, true, '', filed_by, '乙', $1 FROM operating_plan", uow.now,
            )  # fmt: skip
            await uow.commit()
        here = (await client.http.get(BOARD, headers=both, params={"division": CITY})).text
        there = (await client.http.get(BOARD, headers=both, params={"division": self.THERE})).text
        assert "值班长" in here
        assert "值班长" not in there
