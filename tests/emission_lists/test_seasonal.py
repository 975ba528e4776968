"""Seasonal plans as tables: every fault at once with its place, in csv and xlsx alike."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from emission_lists.measures import Action, VehicleRule
from emission_lists.seasonal import COLUMNS, SEASONAL_SHEET, read_seasonal, seasonal_template
from tests.emission_lists.list_samples import USCC

HEADERS = [column.header for column in COLUMNS]
GOOD = [
    USCC,
    "MF0001",
    "2026-11-15",
    "2027-03-15",
    "限产",
    "30",
    "17:00-09:00",
    VehicleRule.STOP_ROAD_TRANSPORT.zh,
    "采暖季",
]


def csv(*rows: list[str], headers: list[str] = HEADERS, encoding: str = "utf-8-sig") -> bytes:
    return "".join(",".join(row) + "\r\n" for row in [headers, *rows]).encode(encoding)


def xlsx(*rows: list[str], name: str = "随便") -> bytes:
    made = BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        sheet = book.add_worksheet(name)
        for number, row in enumerate([HEADERS, *rows]):
            sheet.write_row(number, 0, row)
    return made.getvalue()


def but(**changed: str) -> list[str]:
    names = [column.name for column in COLUMNS]
    return [changed.get(name, cell) for name, cell in zip(names, GOOD, strict=True)]


class TestReading:
    @pytest.mark.parametrize(
        "content", [csv(GOOD), csv(GOOD, encoding="gb18030"), xlsx(GOOD), xlsx(GOOD, name=SEASONAL_SHEET)]
    )
    def test_reads_a_plan(self, content: bytes) -> None:
        reading = read_seasonal(content)
        assert reading.errors == []
        (entry,) = reading.entries
        assert (entry.uscc, entry.line_code) == (USCC, "MF0001")
        assert (entry.starts, entry.until) == (date(2026, 11, 15), date(2027, 3, 15))
        assert (entry.measure.action, entry.measure.ratio, entry.measure.window) == (Action.LIMIT, 0.3, "17:00-09:00")
        assert entry.measure.vehicle_rule is VehicleRule.STOP_ROAD_TRANSPORT

    def test_a_row_without_a_line_speaks_of_every_line(self) -> None:
        assert read_seasonal(csv(but(line_code=""))).entries[0].line_code == ""

    def test_what_is_not_established_stays_so(self) -> None:
        row = but(action="未确定", ratio="", window="", vehicle_rule="")
        assert not read_seasonal(csv(row)).entries[0].measure.executable

    def test_all_faults_at_once_with_their_places(self) -> None:
        rows = [but(uscc="1"), but(starts="soon"), but(action="关门"), but(ratio="0.3"), but(until="2026-01-01"), but(line_code="MF0002")]
        reading = read_seasonal(csv(*rows))
        assert [fault.row for fault in reading.errors] == [2, 3, 4, 5, 6]
        assert all(fault.column and fault.message and fault.message_en for fault in reading.errors)

    def test_transport_needs_its_rule(self) -> None:
        (fault,) = read_seasonal(csv(but(action="运输管控", vehicle_rule=""))).errors
        assert (fault.code, fault.row) == ("REQUIRED", 2)

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (csv(), "NO_ROWS"),
            (b"", "HEADER_MISSING"),
            (b"\xff\xfe\x00", "CSV_ENCODING"),
            (csv(GOOD, headers=[*HEADERS[:-1], "别的"]), "HEADER_UNKNOWN"),
            (b"PK\x03\x04 broken", "BROKEN"),
        ],
    )
    def test_what_is_no_plan(self, content: bytes, code: str) -> None:
        reading = read_seasonal(content)
        assert reading.errors
        assert code in {fault.code for fault in reading.errors}

    def test_a_line_and_its_first_day_stand_once(self) -> None:
        (fault,) = read_seasonal(csv(GOOD, GOOD)).errors
        assert fault.row == 3

    def test_the_template_has_the_headers(self) -> None:
        book = CalamineWorkbook.from_filelike(BytesIO(seasonal_template()))
        assert book.get_sheet_by_name(SEASONAL_SHEET).to_python()[0] == HEADERS
