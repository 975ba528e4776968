"""`lantian replay --against-records` on the terminal: aligned lines, or JSON lines."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence

from service.history.comparison import Comparison, count
from service.history.reasons import Known, Reason, reasons_of
from service.history.views import (
    BASIS,
    CATEGORIES,
    Lang,
    air,
    counts_document,
    counts_text,
    document_of,
    lead,
    of,
    published,
    reason_text,
    rule_set,
    rules_say,
    several,
    timing,
)

HEADS = (
    ("号", "no."),
    ("地点", "place"),
    ("公布", "published"),
    ("生效", "effective"),
    ("日AQI峰/均(天)", "daily AQI peak/mean (days)"),
    ("规则", "rules"),
    ("结论", "agreement"),
)
_GAP = "  "


def json_lines(comparisons: Sequence[Comparison], known: Known) -> Iterator[str]:
    """One object per record and one with the sums."""
    for each in comparisons:
        yield json.dumps(document_of(each, reasons_of(each, known)), ensure_ascii=False)
    yield json.dumps(counts_document(count(comparisons)), ensure_ascii=False)


def text_lines(comparisons: Sequence[Comparison], known: Known, lang: Lang) -> Iterator[str]:
    """A table with one line per record, its reasons below, and the sums at the end."""
    yield of(BASIS, lang)
    yield ""
    rows = [[of(head, lang) for head in HEADS], *(_cells(each, lang) for each in comparisons)]
    widths = [max(width(row[column]) for row in rows) for column in range(len(HEADS))]
    yield _line(rows[0], widths)
    for each, row in zip(comparisons, rows[1:], strict=True):
        yield _line(row, widths)
        yield from (f"      {line}" for line in _below(each, reasons_of(each, known), lang))
    yield ""
    yield counts_text(count(comparisons), lang)


def _cells(comparison: Comparison, lang: Lang) -> list[str]:
    record = comparison.record
    return [
        str(record.rec),
        record.title,
        published(record, lang),
        record.effective.printed,
        air(comparison),
        _GAP.join((rule_set(comparison), *rules_say(comparison, lang))),
        of(CATEGORIES[comparison.category], lang),
    ]


def _below(comparison: Comparison, reasons: Sequence[Reason], lang: Lang) -> Iterator[str]:
    extra = (lead(comparison.record, lang), timing(comparison, lang), several(comparison, lang))
    if any(extra):
        yield of(("；", "; "), lang).join(filter(None, extra))
    for reason in reasons:
        yield f"{reason.code.value}: {reason_text(reason, lang)}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(pad(cell, size) for cell, size in zip(cells, widths, strict=True)).rstrip()


def width(text: str) -> int:
    """Columns that a text takes on a terminal; Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def pad(text: str, columns: int) -> str:
    """The text filled up with spaces."""
    return text + " " * max(0, columns - width(text))
