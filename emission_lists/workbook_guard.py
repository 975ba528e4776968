"""What must hold before a workbook is parsed: bounded sizes, nothing active, nothing hidden in the XML.

Everything is judged on the real bytes, streamed: the sizes that a zip directory declares may lie.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, LargeZipFile, ZipFile, ZipInfo

import numpy as np

from emission_lists.findings import Finding, finding

Source = bytes | Path | IO[bytes]
"""A workbook: its bytes, its path, or an open file that can be read from any place."""
_CHUNK = 1 << 20
_OVERLAP = 512  # longer than any tag this guard looks for
_BROKEN = (
    BadZipFile,
    LargeZipFile,
    struct.error,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    OSError,
    IndexError,
)
_FORMULA = re.compile(rb"<(?:[\w.-]+:)?f[\s/>]")
_CELL = re.compile(rb"""<(?:[\w.-]+:)?c\s[^>]*?\br\s*=\s*["']([A-Za-z]{1,3})(\d{1,7})["']""")
# Written as every program writes it, a reference is found by a literal; otherwise by the patterns below.
_USUAL_FAR_ROW = re.compile(rb'r="[A-Za-z]{0,3}(\d{5,})')
_USUAL_FAR_COLUMN = re.compile(rb'r="(?:[E-Ze-z][A-Za-z]|[A-Za-z]{3,})\d')
_FAR_ROW = re.compile(rb"""\br\s*=\s*["'][A-Za-z]{0,3}(\d{5,})""")
_FAR_COLUMN = re.compile(rb"""\br\s*=\s*["'](?:[E-Ze-z][A-Za-z]|[A-Za-z]{3,})\d""")
_ROW = re.compile(rb"<(?:[\w.-]+:)?row[\s/>]")
_ANY_CELL = re.compile(rb"<(?:[\w.-]+:)?c[\s/>]")
_TEXT_CELL = re.compile(rb"""\bt\s*=\s*["']s["']""")
_FORBIDDEN_XML = re.compile(rb"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
_ACTIVE = re.compile(r"vbaproject|macrosheets|activex|ctrlprops|customui|\.bin$", re.IGNORECASE)
_LINKED = re.compile(r"externallinks/|embeddings/|oleobject|connections\.xml|querytables/", re.IGNORECASE)
_SLACK_ROWS = 10_000
_LEAST_CELLS = 8  # a filled row has more; rows without cells would cost memory as wide as the widest one
_MAX_FORMULAS = 50


@dataclass(frozen=True, slots=True)
class Limits:
    """What a workbook may be at most. Bytes, rows, entries; `ratio` = unpacked ÷ packed over the file."""

    rows: int = 200_000
    packed: int = 64 << 20
    unpacked: int = 640 << 20
    ratio: float = 200.0
    entries: int = 1000
    shared_text: int = 8000
    text_bytes: int = 1 << 30
    findings: int = 5000


@dataclass
class Inspection:
    """What streaming found.

    `merged`: cells are merged; `truths`: a cell may hold TRUE or FALSE; `formulas`: part → cells; `rows`: part → how many.
    """

    findings: list[Finding] = field(default_factory=list)
    merged: bool = False
    truths: bool = False
    formulas: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    unpacked: int = 0
    longest_text: int = 0
    text_cells: int = 0


def inspect(source: Source, limits: Limits) -> Inspection:
    """Looks at every part of the file within the limits. Any finding means: do not parse it. OSError if a path cannot be read."""
    seen = Inspection()
    with opened(source) as file:
        size = file.seek(0, SEEK_END)
        file.seek(0)
        start = file.read(4)
        if size > limits.packed:
            seen.findings.append(finding("TOO_LARGE", what=f"> {limits.packed >> 20} MB"))
        elif start == b"\xd0\xcf\x11\xe0":
            seen.findings.append(finding("OLD_OR_ENCRYPTED"))
        elif start[:2] != b"PK":
            seen.findings.append(finding("NOT_A_WORKBOOK"))
        else:
            try:
                with ZipFile(file) as archive:
                    _inspect_archive(archive, size, limits, seen)
            except _BROKEN as problem:
                seen.findings.append(finding("BROKEN", what=type(problem).__name__))
    return seen


@contextmanager
def opened(source: Source) -> Iterator[IO[bytes]]:
    """The file of a workbook, at its start. A file that was given is not closed."""
    if isinstance(source, bytes):
        yield BytesIO(source)
    elif isinstance(source, Path):
        with source.open("rb") as file:
            yield file
    else:
        source.seek(0)
        yield source


def _inspect_archive(archive: ZipFile, packed: int, limits: Limits, seen: Inspection) -> None:
    entries = archive.infolist()
    seen.findings += list(_directory_findings(entries, packed, limits))
    if seen.findings:
        return
    for entry in entries:
        if entry.filename.lower().endswith((".xml", ".rels", ".vml")):
            _inspect_part(archive, entry, limits, seen)
        else:
            _count(archive, entry, limits, seen)
        if seen.unpacked > min(limits.unpacked, int(packed * limits.ratio) + _CHUNK):
            seen.findings.append(finding("EXPANDS_TOO_MUCH", what=f"> {seen.unpacked >> 20} MB"))
            return
        if any(f.code in ("UNSAFE_XML", "SPARSE", "TOO_LONG") for f in seen.findings):
            return
    if seen.longest_text * seen.text_cells > limits.text_bytes:
        seen.findings.append(finding("EXPANDS_TOO_MUCH", what=f"{seen.text_cells} × {seen.longest_text} B"))


def _directory_findings(entries: list[ZipInfo], packed: int, limits: Limits) -> Iterator[Finding]:
    if len(entries) > limits.entries:
        yield finding("TOO_MANY_PARTS", what=len(entries))
        return
    names = [entry.filename for entry in entries]
    total = sum(entry.file_size for entry in entries)
    if total > limits.unpacked or total > packed * limits.ratio + _CHUNK:
        yield finding("EXPANDS_TOO_MUCH", what=f"{total >> 20} MB")
    if any(entry.flag_bits & 0x41 for entry in entries):
        yield finding("OLD_OR_ENCRYPTED")
    if any(entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for entry in entries):
        yield finding("BROKEN", what="compression")
    if len({name.lower() for name in names}) != len(names) or any("\\" in n or ".." in n for n in names):
        yield finding("BROKEN", what="names")
    if "xl/workbook.xml" not in names or "[Content_Types].xml" not in names:
        yield finding("NOT_A_WORKBOOK")
    active = [name for name in names if _ACTIVE.search(name) and not name.startswith("xl/printerSettings/")]
    if active:
        yield finding("MACROS", what=active[0])
    linked = [name for name in names if _LINKED.search(name)]
    if linked:
        yield finding("EXTERNAL_LINKS", what=linked[0])


def _chunks(archive: ZipFile, entry: ZipInfo, limits: Limits, seen: Inspection) -> Iterator[bytes]:
    """The part's bytes in pieces. Stops when the real size passes the limit."""
    with archive.open(entry) as stream:
        while piece := stream.read(_CHUNK):
            seen.unpacked += len(piece)
            if seen.unpacked > limits.unpacked:
                return
            yield piece


def _count(archive: ZipFile, entry: ZipInfo, limits: Limits, seen: Inspection) -> None:
    for _ in _chunks(archive, entry, limits, seen):
        pass


@dataclass
class _SheetFacts:
    rows: int = 0
    furthest: int = 0
    cell: str = ""
    cells: int = 0


def _inspect_part(archive: ZipFile, entry: ZipInfo, limits: Limits, seen: Inspection) -> None:
    name = entry.filename
    is_sheet = "worksheets/" in name.lower() and name.lower().endswith(".xml")
    is_texts = name.lower().endswith("sharedstrings.xml")
    is_types = name == "[Content_Types].xml"
    tail, first, facts, text_run = b"", True, _SheetFacts(), 0
    for piece in _chunks(archive, entry, limits, seen):
        if first and (b"\x00" in piece[:64] or piece[:2] in (b"\xfe\xff", b"\xff\xfe")):
            seen.findings.append(finding("UNSAFE_XML", what=f"{name}: UTF-16"))
            return
        first = False
        window = tail + piece
        if b"!" in window and _FORBIDDEN_XML.search(window):  # one byte is looked for many times faster than two
            seen.findings.append(finding("UNSAFE_XML", what=f"{name}: DOCTYPE"))
            return
        if is_types and b"macroEnabled" in window:
            seen.findings.append(finding("MACROS", what="macroEnabled"))
        if is_sheet and not _inspect_sheet(name, window, len(tail), facts, limits, seen):
            return
        if is_texts:
            text_run = _longest_text(window, text_run, seen)
            if seen.longest_text > limits.shared_text:
                seen.findings.append(finding("TOO_LONG", what=1000))
                return
        tail = window[-_OVERLAP:] if is_sheet or not is_texts else b""
    if is_sheet:
        seen.rows[name] = facts.rows
    if is_sheet and facts.rows > facts.cells // _LEAST_CELLS + _SLACK_ROWS:
        seen.findings.append(finding("SPARSE", what=f"{facts.rows} rows, {facts.cells} cells"))
    elif is_sheet and facts.furthest > facts.rows + _SLACK_ROWS:
        seen.findings.append(finding("SPARSE", what=f"row {facts.furthest}"))


def _inspect_sheet(
    name: str, window: bytes, overlap: int, facts: _SheetFacts, limits: Limits, seen: Inspection
) -> bool:
    """Looks at one piece of a worksheet; False if it must not be read further."""
    usual = b"'" not in window and not any(_times(window, text) for text in (b" =", b"= ", b":row"))
    if (far := (_USUAL_FAR_COLUMN if usual else _FAR_COLUMN).search(window)) is not None:
        seen.findings.append(finding("SPARSE", what=far.group()[-6:].decode("ascii", "replace")))
        return False
    rows = set((_USUAL_FAR_ROW if usual else _FAR_ROW).findall(window))  # every cell of a row has the same number
    facts.furthest = max([facts.furthest, *(int(number[:9]) for number in rows)])
    if facts.furthest > limits.rows + _SLACK_ROWS:
        seen.findings.append(finding("SPARSE", what=f"row {facts.furthest}"))
        return False
    facts.rows += _times(window, b"<row", overlap) if usual else len(_ROW.findall(window, overlap))
    facts.cells += _times(window, b"<c ", overlap) if usual else len(_ANY_CELL.findall(window, overlap))
    seen.text_cells += _times(window, b't="s"', overlap) if usual else len(_TEXT_CELL.findall(window, overlap))
    if b"m" in window and b"mergeCell" in window:
        seen.merged = True
    if b"b" in window and (b'"b"' in window or b"'b'" in window):
        seen.truths = True
    if b"f" in window and _FORMULA.search(window):
        _note_formulas(name, window, seen)
    return True


def _times(window: bytes, text: bytes, start: int = 0) -> int:
    """`window.count(text, start)` for a text that cannot overlap itself, in less than half its time where its letters are frequent."""
    letters = np.frombuffer(window, dtype=np.uint8)[start:]
    places = max(0, len(letters) - len(text) + 1)
    found = np.ones(places, dtype=np.bool_)
    for place, letter in enumerate(text):
        found &= letters[place : place + places] == letter
    return int(np.count_nonzero(found))


def _note_formulas(name: str, window: bytes, seen: Inspection) -> None:
    cells = seen.formulas.setdefault(name, [])
    for match in _FORMULA.finditer(window):
        before = _CELL.findall(window, max(0, match.start() - _OVERLAP), match.start())
        cell = b"".join(before[-1]).decode("ascii").upper() if before else "?"
        if cell not in cells and len(cells) < _MAX_FORMULAS:
            cells.append(cell)


def _longest_text(window: bytes, run: int, seen: Inspection) -> int:
    """Longest shared text in bytes, markup included; returns the run that is still open at the end."""
    parts = window.split(b"</si>")
    parts_sizes = [len(part) for part in parts]
    parts_sizes[0] += run
    seen.longest_text = max(seen.longest_text, *parts_sizes)
    return parts_sizes[-1]
