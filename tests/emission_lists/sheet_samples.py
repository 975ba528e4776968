"""Strategies for records of the further sheets, made from the columns themselves, and makers of single records."""

from datetime import date

from hypothesis import strategies as st

from emission_lists.sheets.codes import SUBJECTS
from emission_lists.sheets.columns import SHEET_COLUMNS, record_key
from emission_lists.sheets.examples import EXAMPLES
from emission_lists.sheets.kinds import Json, Sheet, SheetRecord
from emission_lists.sheets.readers import Kind, SheetColumn
from tests.emission_lists.list_samples import adcodes, texts, usccs

plates = st.from_regex(r"[京冀晋][A-H][0-9A-HJ-N]{5}[0-9]?", fullmatch=True)
_SPECIAL = {"adcode": adcodes, "uscc": usccs, "owner_uscc": usccs, "plate": plates}


def values(column: SheetColumn) -> st.SearchStrategy[Json]:
    """What a cell of a column can hold."""
    if column.name in _SPECIAL:
        return _SPECIAL[column.name]
    if column.codes is not None:
        return st.sampled_from(list(column.codes.values()))
    if column.kind is Kind.DATE:
        return st.dates(date(2000, 1, 1), date(2100, 12, 31)).map(date.isoformat)
    if column.kind is Kind.WHOLE:
        return st.integers(int(column.low or 0), int(column.high or 0))
    if column.kind is Kind.NUMBER:
        low, high = column.low or 0, min(column.high or 0, 1e6)
        return st.floats(low, high).map(lambda value: round(value, 6)).filter(lambda value: value >= low)
    return texts


@st.composite
def records(draw: st.DrawFn, sheet: Sheet) -> SheetRecord:
    """A record that its sheet can hold."""
    fields: dict[str, Json] = {
        column.name: draw(values(column) if column.needed else st.none() | values(column))
        for column in SHEET_COLUMNS[sheet]
    }
    for one, other in (("lon", "lat"), ("cap_value", "cap_unit")):
        if one in fields and (fields[one] is None or fields[other] is None):
            fields[one] = fields[other] = None
    entrances, barriers = fields.get("entrances"), fields.get("barriers")
    if isinstance(entrances, int) and isinstance(barriers, int):
        fields["entrances"], fields["barriers"] = max(entrances, barriers), min(entrances, barriers)
    if fields.get("valid_from") and fields.get("valid_until"):
        fields["valid_from"], fields["valid_until"] = sorted((str(fields["valid_from"]), str(fields["valid_until"])))
    if "subject" in fields:
        fields["code"] = draw({"enterprise": usccs, "vehicle": plates}.get(str(fields["subject"]), texts))
    assert fields.get("subject") in {None, *SUBJECTS.values()}
    return SheetRecord(sheet, record_key(sheet, fields), fields)


@st.composite
def many_records(draw: st.DrawFn, most: int = 4) -> tuple[SheetRecord, ...]:
    """Records of several sheets, numbered as a workbook numbers them."""
    found: list[SheetRecord] = []
    for sheet in Sheet:
        given_here = draw(st.lists(records(sheet), max_size=most, unique_by=lambda record: record.key))
        found += [
            SheetRecord(sheet, record.key, record.fields, number) for number, record in enumerate(given_here, start=2)
        ]
    return tuple(found)


def record(sheet: Sheet, number: int = 2, **changed: Json) -> SheetRecord:
    """The example of a sheet, changed by some fields."""
    names = [column.name for column in SHEET_COLUMNS[sheet]]
    strangers = set(changed) - set(names)
    assert not strangers, strangers
    fields = {name: changed.get(name, EXAMPLES[sheet].get(name)) for name in names}
    return SheetRecord(sheet, record_key(sheet, fields), fields, number)
