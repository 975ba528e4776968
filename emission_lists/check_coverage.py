"""Findings of permit coverage (排污许可衔接) for a list: who is missing, which rows stand on no permit in force."""

from __future__ import annotations

from collections.abc import Iterator

from emission_lists.columns import COLUMNS, LIST_SHEET, column_letter
from emission_lists.coverage import Coverage, Listed
from emission_lists.findings import Finding, Severity, finding
from emission_lists.guides import ListProfile
from emission_lists.permits import Management, Permit

_HEADER = "排污许可证编号"
_PLACE = next(
    f"{column_letter(place)} {_HEADER}" for place, column in enumerate(COLUMNS, start=1) if column.header == _HEADER
)


def coverage_findings(profile: ListProfile, found: Coverage | None) -> list[Finding]:
    """What coverage means for a list. None = no register is in force for its division, which is said."""
    return list(_nothing_known(profile) if found is None else _findings(profile, found))


def _nothing_known(profile: ListProfile) -> Iterator[Finding]:
    yield _finding(profile, "PERMIT_REGISTER_MISSING", None)


def _findings(profile: ListProfile, found: Coverage) -> Iterator[Finding]:
    for permit in found.missing:
        registered = permit.management is Management.REGISTERED
        code = "PERMIT_REGISTRANT_MISSING" if registered else "PERMIT_HOLDER_MISSING"
        yield _of_holder(profile, code, permit)
    for permit in found.lapsed:
        yield _of_holder(profile, "PERMIT_LAPSED_HOLDER", permit)
    for listed in found.not_in_register:
        yield _finding(profile, "PERMIT_NOT_IN_REGISTER", listed, listed.permit_no)
    for listed, permit in found.expired:
        yield _finding(profile, "PERMIT_EXPIRED", listed, permit.permit_no, until=permit.valid_until)
    for listed, permit in found.other_unit:
        yield _finding(profile, "PERMIT_OF_OTHER_UNIT", listed, permit.permit_no, what=permit.name)
    for listed, permit in found.not_air:
        yield _finding(profile, "PERMIT_NOT_AIR", listed, permit.permit_no)
    for listed, permit in found.name_differs:
        yield _finding(profile, "PERMIT_NAME_DIFFERS", listed, listed.name, what=permit.name)
    for listed, permit in found.class_differs:
        yield _finding(profile, "PERMIT_CLASS_DIFFERS", listed, listed.gbt4754 or "–", what=permit.gbt4754)


def _of_holder(profile: ListProfile, code: str, permit: Permit) -> Finding:
    rule = profile.checks[code]
    return finding(
        code,
        Severity(rule.severity),
        value=permit.permit_no,
        uscc=permit.uscc,
        reference=rule.reference,
        name=permit.name,
        county=permit.adcode,
        management=permit.management.zh,
        management_en=permit.management.en,
        until=permit.valid_until,
    )


def _finding(
    profile: ListProfile, code: str, listed: Listed | None, value: object = None, **facts: object
) -> Finding:
    rule = profile.checks[code]
    return finding(
        code,
        Severity(rule.severity),
        sheet=LIST_SHEET if listed else None,
        row=(listed.number or None) if listed else None,
        column=_PLACE if listed else None,
        value=value,
        uscc=listed.uscc if listed else None,
        reference=rule.reference,
        name=listed.name if listed else None,
        **facts,
    )
