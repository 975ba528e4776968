"""Findings of the checks tell a column where it stands in the workbook that was read, not where the template has it."""

from io import BytesIO
from typing import Any

from python_calamine import CalamineWorkbook

from emission_lists.check_context import Checker
from emission_lists.checks import check_list
from emission_lists.columns import COLUMNS, LIST_SHEET, NUMBER_HEADER, OPTIONAL, column_letter, header_key
from emission_lists.guides import Guide, ListProfile
from emission_lists.lists import EmissionListDraft
from emission_lists.measures import Action
from emission_lists.sheets.columns import SHEET_COLUMNS
from emission_lists.sheets.kinds import Sheet
from emission_lists.sheets.writing import sheet_template
from emission_lists.workbook import Windows, read_workbook
from emission_lists.workbook_writer import write_workbook
from tests.emission_lists.list_samples import draft, firm, line, measure
from tests.emission_lists.test_workbook import book
from tests.emission_lists.test_worksheets import LIST, made

ONE = draft((firm(permit_no=None), line("MF0001", measure(Action.STOP, 1.0))))


def turned(one: EmissionListDraft) -> tuple[list[str], list[list[Any]]]:
    """Header and rows of a list whose optional columns were deleted and whose others stand the other way round."""
    page = CalamineWorkbook.from_filelike(BytesIO(write_workbook(one))).get_sheet_by_name(LIST_SHEET)
    header, *rows = page.to_python(skip_empty_area=False)
    kept = [place for place, name in enumerate(header) if header_key(str(name)) not in OPTIONAL][::-1]
    return [str(header[place]) for place in kept], [
        [None if row[place] == "" else row[place] for place in kept] for row in rows
    ]


def read(content: bytes) -> EmissionListDraft:
    reading = read_workbook(content, windows=Windows(long=1 << 60))
    assert read_workbook(content, windows=Windows(0, 3000)) == reading
    assert reading.errors == []
    return reading.draft("130200")


class TestList:
    def test_every_column_is_told_by_the_letter_of_the_file(self, guide: Guide, profile: ListProfile) -> None:
        header, rows = turned(ONE)
        moved = read(book(rows, header))
        checker = Checker(moved, guide, profile)
        for column in COLUMNS:
            name = column.header
            told = checker.finding("PERMIT_MISSING", moved.rows[0], name).column
            letter = f"{column_letter(header.index(name))} " if name in header else ""
            assert told == f"{letter}{name}"

    def test_check_list_says_so(self, guide: Guide, profile: ListProfile) -> None:
        header, rows = turned(ONE)
        (found,) = (one for one in check_list(read(book(rows, header)), guide, profile) if one.code == "PERMIT_MISSING")
        assert found.column == f"{column_letter(header.index('排污许可证编号'))} 排污许可证编号"

    def test_without_a_workbook_the_letters_are_those_of_the_export(self, guide: Guide, profile: ListProfile) -> None:
        exported = read(write_workbook(ONE))
        headers = [NUMBER_HEADER, *(column.header for column in COLUMNS)]
        for one in (ONE, exported):
            told = Checker(one, guide, profile).finding("PERMIT_MISSING", one.rows[0], "黄色-措施").column
            assert told == f"{column_letter(headers.index('黄色-措施'))} 黄色-措施"
        assert exported == read(write_workbook(exported))


class TestFurtherSheets:
    def test_fields_are_told_by_the_letter_of_the_file(self, guide: Guide, profile: ListProfile) -> None:
        template = CalamineWorkbook.from_filelike(BytesIO(sheet_template(Sheet.DUST))).get_sheet_by_name(Sheet.DUST.zh)
        header, example = template.to_python(skip_empty_area=False)[:2]
        needed = {column.header for column in SHEET_COLUMNS[Sheet.DUST] if column.needed}
        filled = [place for place, cell in enumerate(example) if place and (cell != "" or header[place] in needed)][::-1]
        names = [str(header[place]) for place in filled]
        moved = read(made(LIST, (Sheet.DUST.zh, [names, [example[place] for place in filled]])))
        checker = Checker(moved, guide, profile)
        (record,) = moved.of_sheet(Sheet.DUST)
        for column in SHEET_COLUMNS[Sheet.DUST]:
            letter = f"{column_letter(names.index(column.header))} " if column.header in names else ""
            assert checker.on_record("PERMIT_MISSING", record, column.name).column == f"{letter}{column.header}"
