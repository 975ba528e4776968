"""Checks of the further sheets: dust sites, road vehicles, machines, bulk-transport units and the truck whitelist."""

from __future__ import annotations

from collections.abc import Iterator

from emission_lists.check_context import Checker
from emission_lists.divisions import division_prefix
from emission_lists.findings import Finding
from emission_lists.levels import LEVELS
from emission_lists.lists import POLLUTANT_LABELS, ListRow, Pollutants
from emission_lists.measures import VehicleRule, vehicle_rule_covers
from emission_lists.sheets.kinds import Sheet, SheetRecord
from emission_lists.source_totals import record_pollutants

_EMITTING = frozenset({Sheet.DUST, Sheet.ROAD_MOBILE, Sheet.NON_ROAD})
_MEASURED = _EMITTING | {Sheet.BULK_TRANSPORT}
_GREEN = frozenset({"green", "yellow_green"})
_NEW_ENERGY_LENGTH = 8
_TOLERANCE = 1e-6
_RULES = {rule.value: rule for rule in VehicleRule}


def record_findings(checker: Checker) -> Iterator[Finding]:
    """The findings of every further sheet but the guarantee class and the summary."""
    prefix = division_prefix(checker.draft.adcode)
    for record in checker.draft.records:
        county = record.county
        if county is not None and not county.startswith(prefix):
            yield checker.on_record("RECORD_OUTSIDE", record, "adcode", county, what=checker.draft.adcode)
        if record.sheet in _MEASURED:
            yield from _measure_findings(checker, record)
    yield from _dust_findings(checker)
    yield from _bulk_findings(checker)
    yield from _whitelist_findings(checker)


def _measure_findings(checker: Checker, record: SheetRecord) -> Iterator[Finding]:
    before: Pollutants | None = None
    base = record_pollutants(record, "base")
    for level in LEVELS:
        measure, saved = record.text(level.value), record_pollutants(record, level.value)
        if measure == "unknown":
            yield checker.on_record("RECORD_UNKNOWN", record, level.value, what=level.zh)
            if any(saved):
                yield checker.on_record("RECORD_UNKNOWN_WITH_REDUCTION", record, level.value, what=level.zh)
            continue
        if measure == "none" and any(saved):
            yield checker.on_record("RECORD_NONE_WITH_REDUCTION", record, level.value, what=level.zh)
        if measure != "none" and any(base) and all(value is None for value in saved):
            yield checker.on_record("RECORD_REDUCTION_MISSING", record, level.value, what=level.zh)
        for name, value, whole in zip(POLLUTANT_LABELS, saved, base, strict=True):
            if value is not None and whole is not None and value > whole + _TOLERANCE:
                field = f"{level.value}_{name}"
                yield checker.on_record("RECORD_EXCEEDS_BASE", record, field, value, what=level.zh)
        if before is not None and any((b or 0) > (v or 0) + _TOLERANCE for b, v in zip(before, saved, strict=True)):
            yield checker.on_record("RECORD_DECREASES", record, level.value, what=level.zh)
        before = saved


def _dust_findings(checker: Checker) -> Iterator[Finding]:
    guarantees = {record.key for record in checker.draft.of_sheet(Sheet.GUARANTEE)}
    for record in checker.draft.of_sheet(Sheet.DUST):
        if record.fields["guarantee"] and record.key not in guarantees:
            yield checker.on_record("DUST_NOT_GUARANTEED", record, "guarantee", record.key)
        ordered = any(record.text(level.value) not in ("none", "unknown") for level in LEVELS)
        if ordered and record.text("verification_point") is None:
            yield checker.on_record("DUST_NOT_VERIFIABLE", record, "verification_point")


def _bulk_findings(checker: Checker) -> Iterator[Finding]:
    firms = checker.draft.by_enterprise()
    records = checker.draft.of_sheet(Sheet.BULK_TRANSPORT)
    stated = {record.key for record in records if _gates_stated(record)}
    graded = {uscc for uscc, rows in firms.items() if _asks_gates(checker, rows[0])}
    for record in records:
        yield from _gate_findings(checker, record, graded=record.key in graded)
        for level in LEVELS:
            asked = [row.line.measures.at(level).vehicle_rule for row in firms.get(record.key, ())]
            rule = _RULES.get(record.text(level.value) or "")
            if any(one is not None and not vehicle_rule_covers(rule, one) for one in asked):
                yield checker.on_record("BULK_RULE_WEAKER", record, level.value, what=level.zh)
    if records and (silent := graded - stated):
        yield checker.finding("GRADED_GATES_NOT_STATED", value=min(silent), what=len(silent))


def _asks_gates(checker: Checker, row: ListRow) -> bool:
    firm = row.enterprise
    return firm.key_industry and checker.profile.asks_gates(checker.guide.industry(firm.industry), firm.grade)


def _gates_stated(record: SheetRecord) -> bool:
    """Whether a row says that there is no gate, or how many of its entrances have one."""
    return not record.fields["gate"] or None not in (record.fields["entrances"], record.fields["barriers"])


def _gate_findings(checker: Checker, record: SheetRecord, *, graded: bool) -> Iterator[Finding]:
    """A graded enterprise needs a gate at every freight entrance (HJ 1321-2023), any other one from some trips a day on."""
    trips, least = record.number_of("trips"), checker.profile.gate.daily_trips
    entrances, barriers = record.number_of("entrances"), record.number_of("barriers")
    if graded and record.fields["gate"]:
        if entrances is not None and barriers is not None and barriers < entrances:
            yield checker.on_record("BULK_GATE_PARTIAL", record, "barriers", int(barriers), what=int(entrances))
    elif graded and entrances != 0:
        yield checker.on_record("GRADED_NO_GATE", record, "gate")
    elif not graded and trips is not None and trips >= least and not record.fields["gate"]:
        yield checker.on_record("BULK_NO_GATE", record, "gate", int(trips), what=least)


def _whitelist_findings(checker: Checker) -> Iterator[Finding]:
    for record in checker.draft.of_sheet(Sheet.WHITELIST):
        until = record.text("valid_until") or ""
        if checker.as_of is not None and until < checker.as_of.isoformat():
            yield checker.on_record("WHITELIST_EXPIRED", record, "valid_until", until)
        green = record.fields["colour"] in _GREEN
        if green is not (len(record.key) == _NEW_ENERGY_LENGTH):
            yield checker.on_record("PLATE_COLOUR", record, "colour", record.key)
