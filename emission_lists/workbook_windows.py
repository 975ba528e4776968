"""A long worksheet read a window at a time, so that its cells are never held all at once.

The sheet's XML is streamed out of the file and cut before a row; each window is read as a small workbook of its own, with the
styles and shared texts of the whole. Before each window stands a ruler: a row of ours where the window before ended. When it
comes back as the first row and untouched, all cells of the window stand below those read before, so the rows are those that
reading the sheet as a whole gives. Otherwise, and where the XML cannot be cut, `Unusual` is raised.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from posixpath import join, normpath
from typing import IO, Any, NamedTuple
from xml.etree.ElementTree import ParseError, fromstring
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from python_calamine import CalamineSheet, CalamineWorkbook

from emission_lists.columns import column_letter
from emission_lists.worksheets import only_one

_PIECE = 1 << 18
_MOST_AROUND = 16 << 20
_OPEN, _CLOSE = b"<sheetData>", b"</sheetData>"
_NUMBERED = re.compile(rb'<row (?:[^>]*\s)?r="\d')
_RULER = 0.8271  # what the cells of the row put before a window hold
_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"

Cells = list[Any]
Merged = list[tuple[tuple[int, int], tuple[int, int]]]


class Windows(NamedTuple):
    """From which size on a sheet is read in windows, and how large they are: bytes of XML.

    Without a `size` 2 MB, and more where the shared texts, which every window reads again, are larger.
    """

    long: int = 32 << 20  # some 15,000 to 20,000 rows of a list
    size: int | None = None

    def fitting(self, texts: int) -> int:
        """The size where the shared texts have so many bytes."""
        return max(2 << 20, texts) if self.size is None else self.size


class Unusual(ValueError):
    """The sheet cannot be cut: read it as a whole."""


class _Window(NamedTuple):
    """A piece of a sheet: its rows and the XML around them."""

    head: bytes
    body: bytes
    tail: bytes


class LongSheet:
    """The worksheet of an .xlsx file that is a sheet of the template. KeyError or Unusual unless there is just one.

    The file is one that `inspect` found nothing wrong with.
    """

    def __init__(self, file: IO[bytes], sheet: str) -> None:
        self._archive = ZipFile(file)
        self.sheets = parts_of_sheets(self._archive)
        self.name = only_one(self.sheets, sheet)
        self.part = self.sheets[self.name]
        self.size = self._archive.getinfo(self.part).file_size
        self.first = 0
        """Row and column are counted from 0, as calamine does. The first row that has a cell, once a row has been read."""
        self.last = -1
        self.merged: Merged = []
        """Merged cells, known when all rows have been read."""

    def rows(self, windows: Windows) -> Iterator[Cells]:
        """Every row from `first` to `last`, from column A on.

        Raises Unusual, or what calamine raises; the rows given until then count for nothing.
        """
        common = self._without(set(self.sheets.values()))
        texts = sum(one.file_size for one in self._archive.infolist() if "sharedstrings" in one.filename.lower())
        width = 0
        for piece in _cut(self._archive.open(self.part), windows.fitting(texts)):
            sheet = self._sheet(common, piece, width)
            if sheet.start is None or sheet.end is None:
                continue
            cells = iter(sheet.to_python())
            if width:
                _check_ruler(next(cells), width)
            else:
                width, self.first = sheet.end[1] + 1, sheet.start[0]
            blank = [""] * sheet.start[1]
            yield from ([*blank, *row] for row in cells) if blank else cells
            self.last = sheet.end[0]

    def others(self) -> bytes:
        """The workbook without the content of this sheet."""
        return self._without({self.part})

    def _without(self, parts: set[str]) -> bytes:
        target = BytesIO()
        with ZipFile(target, "w") as made:
            for entry in self._archive.infolist():
                name = entry.filename
                if name.lower().endswith((".xml", ".rels")) and name not in parts:
                    part = ZipInfo(name)
                    part.compress_type = entry.compress_type
                    made.writestr(part, self._archive.read(entry), compresslevel=1)
        return target.getvalue()

    def _sheet(self, common: bytes, piece: _Window, width: int) -> CalamineSheet:
        target = BytesIO()
        target.write(common)
        with ZipFile(target, "a", ZIP_STORED) as made:
            made.writestr(ZipInfo(self.part), b"".join((piece.head, _ruler(self.last, width), piece.body, piece.tail)))
        target.seek(0)
        with CalamineWorkbook.from_filelike(target) as book:
            sheet = book.get_sheet_by_name(self.name)
        self.merged += sheet.merged_cell_ranges or []
        return sheet


def parts_of_sheets(archive: ZipFile) -> dict[str, str]:
    """The part in which each sheet stands, by its name. KeyError or Unusual if the workbook does not tell it of each."""
    try:
        book, relations = (fromstring(archive.read(part)) for part in (_WORKBOOK, _RELATIONS))  # noqa: S314 - no DOCTYPE: inspected
    except ParseError as problem:
        raise Unusual(str(problem)) from problem
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    parts: dict[str, str] = {}
    for sheet in book.iterfind("{*}sheets/{*}sheet"):
        key = next((value for of, value in sheet.items() if of.endswith("}id")), None)
        target = targets.get(key, "")
        if (name := sheet.get("name", "")) in parts:
            raise Unusual("two sheets of one name")
        parts[name] = target[1:] if target.startswith("/") else normpath(join("xl", target))
    return parts


def _ruler(row: int, width: int) -> bytes:
    """A row to put before a window: it makes the window as wide as the first one and start where that before it ended."""
    if not width:
        return b""
    cells = "".join(f'<c r="{column_letter(place)}{row + 1}"><v>{_RULER}</v></c>' for place in sorted({0, width - 1}))
    return f'<row r="{row + 1}">{cells}</row>'.encode()


def _check_ruler(cells: Cells, width: int) -> None:
    expected = [""] * len(cells)
    expected[0] = expected[width - 1] = _RULER  # type: ignore[call-overload]
    if cells != expected:
        raise Unusual("a cell in the row of another")


def _cut(stream: IO[bytes], size: int) -> Iterator[_Window]:
    """The sheet in windows of whole rows, of about `size` bytes."""
    with stream:
        head, rest = _head(stream)
        ended = False
        while not ended:
            body, rest, ended = _body(stream, rest, size)
            tail = _CLOSE + b"</worksheet>"
            if ended:
                tail = rest + stream.read(_MOST_AROUND)
                if len(tail) >= _MOST_AROUND:
                    raise Unusual("much after the rows")
            yield _Window(head, body, tail)
            if not ended and _NUMBERED.match(rest) is None:
                raise Unusual("a row without number")


def _head(stream: IO[bytes]) -> tuple[bytes, bytes]:
    """What stands before the rows, and what was read after it."""
    head = b""
    while (place := head.find(_OPEN)) < 0:
        piece = stream.read(_PIECE)
        if not piece or len(head) > _MOST_AROUND:
            raise Unusual("no rows")
        head += piece
    place += len(_OPEN)
    if b"<!" in head[:place]:
        raise Unusual("comments")
    return head[:place], head[place:]


def _body(stream: IO[bytes], rest: bytes, size: int) -> tuple[bytes, bytes, bool]:
    """Whole rows, what was read after them, and whether they are the last ones."""
    if len(rest) < size:
        rest += stream.read(size - len(rest))
    complete = len(rest) < size
    end = rest.find(_CLOSE, 0, size)
    if end >= 0:
        return rest[:end], rest[end:], True
    end = rest.rfind(b"<row ", 1, size)
    if end > 0:
        return rest[:end], rest[end:], False
    if complete:
        raise Unusual("no end of the rows")
    return _body(stream, rest, 2 * size)  # a row longer than the window
