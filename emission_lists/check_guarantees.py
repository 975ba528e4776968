"""The guarantee class (保障类): the sheet 保障类清单 against the rows, approvals complete, in order and in force; cases of it.

City government agrees → provincial environment department vets → filed with the ministry (K50).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from emission_lists.check_context import Checker
from emission_lists.entitlement import without_relief
from emission_lists.findings import Finding, Severity, finding
from emission_lists.guarantee import Guarantee, GuaranteeState, guarantee_at, unheld_at
from emission_lists.guides import ListProfile
from emission_lists.lists import ListRow
from emission_lists.sheets.kinds import Sheet, SheetRecord

CHAIN = {
    "city_agreed": ("市级政府同意", "agreement of the city"),
    "province_vetted": ("省级审核", "vetting by the province"),
    "mee_filed": ("报部备案", "filing with the ministry"),
}


def guarantee_sheet_findings(checker: Checker) -> Iterator[Finding]:
    """Everything that the guarantee sheet and the rows say against each other, and approvals that are not in force."""
    records = {record.key: record for record in checker.draft.of_sheet(Sheet.GUARANTEE)}
    firms = {uscc: rows[0] for uscc, rows in checker.draft.by_enterprise().items()}
    if not records:
        if any(row.enterprise.guarantee is not None for row in firms.values()):
            yield checker.finding("GUARANTEE_SHEET_MISSING")
        return
    for uscc, row in firms.items():
        record = records.get(uscc)
        if row.enterprise.guarantee is not None and record is None:
            yield checker.finding("GUARANTEE_NOT_LISTED", row, "保障类型")
        elif row.enterprise.guarantee is not None and record is not None:
            yield from _differences(checker, row, record)
            if reason := _not_in_force(checker, record):
                yield checker.finding("GUARANTEE_NOT_IN_FORCE", row, "保障类型", what=reason[0], what_en=reason[1])
        elif record is not None:
            yield checker.finding("GUARANTEE_ROW_SILENT", row, "保障类型")
    for record in records.values():
        if record.fields["subject"] == "enterprise" and record.key not in firms:
            yield checker.on_record("GUARANTEE_WITHOUT_ROW", record, "code", record.key)
        yield from _approval(checker, record)


def _differences(checker: Checker, row: ListRow, record: SheetRecord) -> Iterator[Finding]:
    firm = row.enterprise
    until = None if firm.guarantee_until is None else firm.guarantee_until.isoformat()
    cap = firm.guarantee_cap
    pairs = (
        ("保障类型", firm.guarantee and firm.guarantee.value, record.fields["kind"]),
        ("保障有效期至", until, record.fields["valid_until"]),
        ("保障负荷上限", cap and cap.value, record.fields["cap_value"]),
        ("保障负荷单位", cap and cap.unit, record.fields["cap_unit"]),
    )
    for header, said, listed in pairs:
        if said != listed:
            yield checker.finding("GUARANTEE_DIFFERS", row, header, value=said or "–", what=header, listed=listed or "–")


def _day(checker: Checker) -> str | None:
    return None if checker.as_of is None else checker.as_of.isoformat()


def _open(checker: Checker, record: SheetRecord) -> list[str]:
    """The approvals that are not given (on the day of the check)."""
    day = _day(checker)
    given = ((name, record.text(name)) for name in CHAIN)
    return [name for name, value in given if value is None or (day is not None and value > day)]


def _not_in_force(checker: Checker, record: SheetRecord) -> tuple[str, str] | None:
    """Why a guarantee gives no relief on the day of the check; None if it does."""
    day, start, end = _day(checker), record.text("valid_from"), record.text("valid_until")
    if _open(checker, record):
        return "审批未完成", "its approval is not complete"
    if end is None:
        return "没有有效期", "it has no end date"
    if day is not None and end < day:
        return f"已于 {end} 到期", f"it ended on {end}"
    if day is not None and start is not None and start > day:
        return f"{start} 起才有效", f"it holds only from {start}"
    return None


def _approval(checker: Checker, record: SheetRecord) -> Iterator[Finding]:
    """Approvals that are missing, out of order, or not in force on the day."""
    day = _day(checker)
    open_ = _open(checker, record)
    if open_:
        yield checker.on_record(
            "GUARANTEE_CHAIN_OPEN",
            record,
            open_[0],
            what="、".join(CHAIN[name][0] for name in open_),
            what_en=", ".join(CHAIN[name][1] for name in open_),
        )
    dates = [value for name in CHAIN if (value := record.text(name)) is not None]
    if dates != sorted(dates):
        yield checker.on_record("GUARANTEE_CHAIN_ORDER", record, "city_agreed")
    start, end = record.text("valid_from"), record.text("valid_until")
    if end is None:
        yield checker.on_record("GUARANTEE_RECORD_NO_END", record, "valid_until")
    elif day is not None and end < day:
        yield checker.on_record("GUARANTEE_RECORD_EXPIRED", record, "valid_until", end)
    if day is not None and start is not None and start > day:
        yield checker.on_record("GUARANTEE_RECORD_EARLY", record, "valid_from", start)


def case_finding(uscc: str, name: str, cases: Sequence[Guarantee], at: datetime, profile: ListProfile) -> Finding | None:
    """What stands against a guarantee that a list names, by the cases about it as they stand at an instant; None if one is in force.

    A step that was recorded and begins only in the next minutes counts already.
    """
    at = max([at, *(one.steps[-1].effective_from for one in cases if one.steps)])
    standing, held = guarantee_at(cases, at), True
    if standing is None:
        unheld, held = unheld_at(cases, at), False
        standing = unheld[-1] if unheld else None
    if standing is None or standing.relieves:
        return None
    suspended = standing.state is GuaranteeState.SUSPENDED
    what, what_en = without_relief(standing, held=held)
    code = "GUARANTEE_CASE_SUSPENDED" if suspended else "GUARANTEE_CASE_NOT_IN_FORCE"
    rule = profile.checks[code]
    return finding(
        code,
        Severity(rule.severity),
        uscc=uscc,
        reference=rule.reference,
        name=name,
        number=standing.guarantee.id,
        what=what,
        what_en=what_en,
    )


def without_case_finding(count: int, names: Sequence[str], profile: ListProfile) -> Finding:
    """Guarantee enterprises of a list about which there is no case at all: only the list's word relieves them."""
    rule = profile.checks["GUARANTEE_CASE_MISSING"]
    return finding(
        "GUARANTEE_CASE_MISSING",
        Severity(rule.severity),
        value=count,
        reference=rule.reference,
        what="、".join(names),
    )
