"""What a version consists of as it is stored: canonical documents, lines of COPY, and the digest over all of them.

An enterprise's document is the canonical JSON of its columns and lines, a record's that of its fields. They are put together from
parts, because the plans of thousands of lines are the same few; tests compare them with the canonical form of the whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from json.encoder import encode_basestring  # the quick one of the standard library
from typing import Any

from emission_lists.documents import enterprise_document, measure_document, particulars_document
from emission_lists.levels import LEVELS, PerLevel
from emission_lists.lists import Enterprise, Line, ListRow, Pollutants
from emission_lists.measures import Measure
from emission_lists.sheets.kinds import SheetRecord
from service.kit.canonical import canonical

BATCH_BYTES = 1 << 18
ENTERPRISE_COLUMNS = (
    "version_id", "uscc", "name", "county", "industry", "grade", "lines", "permit_no", "gbt4754", "document",
)  # fmt: skip
RECORD_COLUMNS = ("version_id", "sheet", "key", "county", "document")
_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))
_NULL = "\\N"
_MOST_PLANS = 20_000


class Writer:
    """Writes the enterprises and further records of one version, and takes their digest."""

    def __init__(self) -> None:
        self._plans: dict[int, tuple[PerLevel[Measure], str]] = {}
        self._marks: list[str] = []

    def enterprise(self, enterprise: Enterprise, lines: Sequence[Line]) -> str:
        """The canonical document of an enterprise with its lines."""
        written = ",".join([self._line(line) for line in lines])
        document = f'{{"enterprise":{canonical(enterprise_document(enterprise))},"lines":[{written}]}}'
        self._marks.append(f"{enterprise.uscc} {_hash(document)}")
        return document

    def record(self, record: SheetRecord) -> str:
        """The canonical document of a row of a further sheet. Its row number is no part of the digest."""
        start = f'{{"fields":{canonical(dict(record.fields))},"key":{encode_basestring(record.key)},'
        end = f'"sheet":"{record.sheet.value}"}}'
        self._marks.append(f"{record.sheet.value}/{record.key} {_hash(start + end)}")
        return f'{start}"number":{record.number},{end}'

    def digest(self) -> str:
        """Hex SHA-256 over everything written so far, whatever its order in the workbook was."""
        return hashlib.sha256("\n".join(sorted(self._marks)).encode()).hexdigest()

    def _line(self, line: Line) -> str:
        reductions, stated = line.reductions, line.particulars
        particulars = "" if stated is None else f'"particulars":{canonical(particulars_document(stated))},'
        return (
            f'{{"base":{_pollutants(line.base)},"code":{encode_basestring(line.code)},"measures":{self._plan(line.measures)},'
            f'"name":{encode_basestring(line.name)},{particulars}"process":{encode_basestring(line.process)},"reductions":'
            f'{{"orange":{_pollutants(reductions.orange)},"red":{_pollutants(reductions.red)},'
            f'"yellow":{_pollutants(reductions.yellow)}}}}}'
        )

    def _plan(self, plan: PerLevel[Measure]) -> str:
        """The reader gives equal plans as one object, so identity finds them without looking into them."""
        known = self._plans.get(id(plan))
        if known is not None:
            return known[1]
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        written = canonical({level.value: measure_document(plan.at(level)) for level in LEVELS})
        self._plans[id(plan)] = plan, written
        return written


def _pollutants(values: Pollutants) -> str:
    so2, nox, pm, vocs = values
    if None in values:
        so2, nox, pm, vocs = ("null" if value is None else repr(value) for value in values)  # type: ignore[assignment]
        return f'{{"nox":{nox},"pm":{pm},"so2":{so2},"vocs":{vocs}}}'
    return f'{{"nox":{nox!r},"pm":{pm!r},"so2":{so2!r},"vocs":{vocs!r}}}'


def _hash(document: str) -> str:
    return hashlib.sha256(document.encode()).hexdigest()


def enterprise_lines(version_id: int, groups: Iterable[Sequence[ListRow]], writer: Writer) -> Iterator[str]:
    """One line of COPY for each enterprise, in the order of `ENTERPRISE_COLUMNS`."""
    for rows in groups:
        firm = rows[0].enterprise
        document = writer.enterprise(firm, [row.line for row in rows])
        yield _copied(
            version_id, firm.uscc, firm.name, firm.adcode, firm.industry, firm.grade.value, len(rows), firm.permit_no,
            firm.gbt4754, document,
        )  # fmt: skip


def record_lines(version_id: int, adcode: str, records: Iterable[SheetRecord], writer: Writer) -> Iterator[str]:
    """One line of COPY for each row of a further sheet, in the order of `RECORD_COLUMNS`; `adcode` where it names no county."""
    for record in records:
        county = record.county or adcode
        yield _copied(version_id, record.sheet.value, record.key, county, writer.record(record))


def _copied(*values: Any) -> str:
    return "\t".join([_NULL if value is None else _escaped(str(value)) for value in values]) + "\n"


def _escaped(text: str) -> str:
    """Text as COPY takes it."""
    for plain, written in _ESCAPES:
        if plain in text:
            text = text.replace(plain, written)
    return text


def batches(lines: Iterable[str]) -> Iterator[bytes]:
    """Lines as pieces of at least `BATCH_BYTES`."""
    held: list[str] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= BATCH_BYTES:
            yield "".join(held).encode()
            held, size = [], 0
    if held:
        yield "".join(held).encode()
