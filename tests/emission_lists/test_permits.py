"""Permit registers: read from .xlsx and .csv with every fault at once, and held against a list."""

from datetime import date
from io import BytesIO

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.coverage import Listed, coverage, coverage_document, listed
from emission_lists.identifiers import make_permit, make_uscc
from emission_lists.permits import (
    COLUMNS,
    Management,
    Permit,
    permit_document,
    permit_from,
    read_register,
    register_template,
    write_register,
)
from emission_lists.workbook_guard import Limits
from tests.emission_lists.list_samples import adcodes, firm, texts

DAY = date(2026, 11, 22)
HEADER = "排污许可证编号,统一社会信用代码,单位名称,管理类别,行业类别代码,涉气,有效期至,区县代码"


@st.composite
def permits(draw: st.DrawFn) -> Permit:
    uscc = make_uscc(draw(adcodes), draw(st.integers(0, 40)))
    return Permit(
        permit_no=make_permit(uscc, draw(st.integers(1, 3)), draw(st.sampled_from("PXCW"))),
        name=draw(texts),
        management=draw(st.sampled_from(Management)),
        air=draw(st.booleans()),
        adcode=draw(adcodes),
        uscc=uscc,
        gbt4754=draw(st.none() | st.just("3011")),
        valid_until=draw(st.none() | st.dates(date(2020, 1, 1), date(2030, 12, 31))),
    )


registers = st.lists(permits(), max_size=8, unique_by=lambda permit: permit.permit_no)


def permit(organisation: int = 1, **given_fields: object) -> Permit:
    uscc = make_uscc("130202", organisation)
    fields = {"permit_no": make_permit(uscc), "name": "甲", "management": Management.KEY, "air": True, "adcode": "130202"}
    return Permit(**{"uscc": uscc, **fields, **given_fields})


def on_list(organisation: int = 1, **given_fields: object) -> Listed:
    uscc = make_uscc("130202", organisation)
    return Listed(**{"uscc": uscc, "name": "甲", "adcode": "130202", "permit_no": make_permit(uscc), **given_fields})


def csv(*rows: str, header: str = HEADER, encoding: str = "utf-8") -> bytes:
    return "\r\n".join([header, *rows]).encode(encoding)


def row(**changed: str) -> str:
    uscc = make_uscc("130202", 1)
    cells = dict(zip(HEADER.split(","), (make_permit(uscc), uscc, "甲公司", "重点", "3011", "是", "2027-01-31", "130202"), strict=True))
    return ",".join({**cells, **changed}.values())


class TestReading:
    @settings(max_examples=40)
    @given(registers.filter(bool))
    def test_what_is_written_is_read_again(self, given_permits: list[Permit]) -> None:
        register = read_register(write_register(given_permits))
        assert (register.errors, register.permits) == ([], given_permits)

    @given(permits())
    def test_what_is_stored_comes_back(self, one: Permit) -> None:
        assert permit_from(permit_document(one)) == one

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_csv_as_programs_in_china_write_it(self, encoding: str) -> None:
        register = read_register(csv(row(单位名称="喆镕公司"), encoding=encoding))
        assert register.errors == []
        assert [(one.name, one.management, one.valid_until) for one in register.permits] == [
            ("喆镕公司", Management.KEY, date(2027, 1, 31))
        ]

    @pytest.mark.parametrize("written", ["2027/1/31", "2027.01.31", "2027年1月31日", " 2027-1-31 "])
    def test_days_as_other_systems_write_them(self, written: str) -> None:
        assert read_register(csv(row(有效期至=written))).permits[0].valid_until == date(2027, 1, 31)

    def test_every_fault_at_once(self) -> None:
        faulty = row(排污许可证编号="91350211M0000XUF46001P", 管理类别="一般", 涉气="有", 有效期至="2027/13/1", 区县代码="13")
        register = read_register(csv(row(), faulty, row()))
        assert [(one.code, one.row) for one in register.errors] == [
            ("PERMIT_CHECK_DIGIT", 3),
            ("NOT_A_CHOICE", 3),
            ("NOT_A_CHOICE", 3),
            ("NOT_A_DATE", 3),
            ("ADCODE", 3),
            ("RECORD_TWICE", 4),
        ]
        assert register.errors[0].column == "A 排污许可证编号"

    def test_permits_of_other_divisions(self) -> None:
        assert read_register(csv(row()), "130200").errors == []
        assert [(one.code, one.row) for one in read_register(csv(row()), "110000").errors] == [("PERMIT_OUTSIDE", 2)]

    def test_a_holder_without_credit_code(self) -> None:
        assert [one.code for one in read_register(csv(row(统一社会信用代码=""))).errors] == ["HOLDER_MISSING"]
        register = read_register(csv(row(统一社会信用代码="", 排污许可证编号="H91302020000000000001P")))
        assert [one.holder for one in register.permits] == ["H91302020000000000001P"]

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "HEADER_MISSING"),
            (csv(), "NO_ROWS"),
            (b"\xff\xff\x81", "CSV_ENCODING"),
            (csv('"open'), "CSV_BROKEN"),
            (b"PK\x03\x04 not a zip", "BROKEN"),
            (csv(row(), header=HEADER + ",颜色"), "HEADER_UNKNOWN"),
            (csv(row(), header=HEADER.replace("涉气", "大气")), "HEADER_MISSING"),
        ],
    )
    def test_files_that_are_no_register(self, content: bytes, code: str) -> None:
        register = read_register(content)
        assert register.permits == []
        assert code in [one.code for one in register.errors]

    def test_too_many_rows_and_too_many_errors(self) -> None:
        assert [one.code for one in read_register(csv(row(), row(涉气="")), limits=Limits(rows=1)).errors] == ["TOO_MANY_ROWS"]
        faulty = read_register(csv(*[row(涉气="")] * 9), limits=Limits(findings=3)).errors
        assert [one.code for one in faulty] == ["REQUIRED"] * 3 + ["TOO_MANY_ERRORS"]

    def test_the_example_of_the_template_is_not_imported(self) -> None:
        assert [one.code for one in read_register(register_template()).errors] == ["NO_ROWS"]

    def workbook(self, *names: str, formula: bool = False) -> bytes:
        target = BytesIO()
        with xlsxwriter.Workbook(target) as book:
            for name in names:
                page = book.add_worksheet(name)
                for place, (header, cell) in enumerate(zip(HEADER.split(","), row().split(","), strict=True)):
                    page.write_string(0, place, header)
                    page.write_string(1, place, cell)
                if formula:
                    page.write_formula(1, 2, "=1+1")
        return target.getvalue()

    def test_the_only_sheet_may_have_any_name(self) -> None:
        assert len(read_register(self.workbook("Sheet1")).permits) == 1
        assert len(read_register(self.workbook("其他", "排污许可名录")).permits) == 1
        assert [one.code for one in read_register(self.workbook("甲", "乙")).errors] == ["NO_SHEET"]

    def test_formulas_are_named(self) -> None:
        assert "FORMULA" in [one.code for one in read_register(self.workbook("Sheet1", formula=True)).errors]

    @given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: (HEADER + "\n" + text).encode()))
    def test_no_content_makes_it_raise(self, content: bytes) -> None:
        register = read_register(content)
        assert register.errors or register.permits


class TestCoverage:
    def test_a_list_that_covers_everybody(self) -> None:
        found = coverage([on_list()], [permit()], "130200", DAY)
        assert coverage_document(found)["counts"] == {
            "holders": 1, "covered": 1, "listed": 1, "missing": 0, "lapsed": 0, "without_permit": 0, "not_in_register": 0,
            "expired": 0, "other_unit": 0, "not_air": 0, "name_differs": 0, "class_differs": 0,
        }  # fmt: skip

    def test_a_holder_that_is_not_listed(self) -> None:
        found = coverage([on_list(2)], [permit(1), permit(2)], "130200", DAY)
        assert (found.missing, found.holders, found.covered) == ((permit(1),), 2, 1)

    @pytest.mark.parametrize(
        "changed", [{"air": False}, {"adcode": "130302"}, {"valid_until": date(2026, 11, 21)}], ids=str
    )
    def test_who_need_not_be_listed(self, changed: dict[str, object]) -> None:
        assert coverage([], [permit(**changed)], "130200", DAY).missing == ()

    def test_a_permit_counts_on_its_last_day(self) -> None:
        last = permit(valid_until=DAY)
        assert coverage([], [last], "130200", DAY).missing == (last,)
        assert coverage([on_list()], [last], "130200", DAY).expired == ()

    def test_one_holder_with_several_permits_is_missing_once(self) -> None:
        second = permit(permit_no=make_permit(make_uscc("130202", 1), 2))
        assert coverage([], [permit(), second], "130200", DAY).missing == (permit(),)

    def test_a_holder_whose_permits_have_all_ended_is_told_apart(self) -> None:
        ended = permit(valid_until=date(2020, 1, 1))
        assert coverage([], [ended], "130200", DAY).lapsed == (ended,)
        renewed = permit(permit_no=make_permit(make_uscc("130202", 1), 2))
        both = coverage([], [ended, renewed], "130200", DAY)
        assert (both.lapsed, both.missing) == ((), (renewed,))

    def test_rows_by_what_is_wrong_with_their_permit(self) -> None:
        register = [
            permit(2),
            permit(3, valid_until=date(2026, 11, 21)),
            permit(4, air=False),
            permit(5),
        ]
        firms = [
            on_list(1, permit_no=None),
            on_list(2),
            on_list(3),
            on_list(4),
            on_list(6, permit_no=permit(5).permit_no),
            on_list(7),
        ]
        found = coverage(firms, register, "130200", DAY)
        assert [firm.uscc for firm in found.without_permit] == [firms[0].uscc]
        assert [match.listed.uscc for match in found.expired] == [firms[2].uscc]
        assert [match.listed.uscc for match in found.not_air] == [firms[3].uscc]
        assert [(match.listed.uscc, match.permit) for match in found.other_unit] == [(firms[4].uscc, permit(5))]
        assert [firm.uscc for firm in found.not_in_register] == [firms[5].uscc]
        assert found.missing == (permit(5),)

    def test_a_unit_without_credit_code_is_found_by_its_number(self) -> None:
        nameless = permit(permit_no="H91302020000000000001P", uscc=None)
        assert coverage([], [nameless], "130200", DAY).missing == (nameless,)
        assert coverage([on_list(9, permit_no=nameless.permit_no)], [nameless], "130200", DAY).missing == ()

    def test_enterprises_of_a_list_as_coverage_sees_them(self) -> None:
        assert listed([firm()])[0].permit_no == firm().permit_no

    @given(registers, st.lists(st.integers(0, 40), max_size=6, unique=True), st.randoms())
    def test_counts_agree_and_order_does_not_matter(self, register: list[Permit], listed_: list[int], random: object) -> None:
        firms = [on_list(number) for number in listed_]
        found = coverage(firms, register, "130000", DAY)
        assert found.covered + len(found.missing) == found.holders
        asides = (found.without_permit, found.not_in_register, found.expired, found.other_unit, found.not_air)
        assert sum(len(aside) for aside in asides) <= found.listed == len(firms)
        shuffled = register[:]
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        assert coverage(firms[::-1], shuffled, "130000", DAY) == found
        assert not {permit.holder for permit in found.missing} & {firm.uscc for firm in firms}


def test_notes_and_headers_of_the_columns_are_told_apart() -> None:
    assert len({column.key for column in COLUMNS}) == len(COLUMNS)
