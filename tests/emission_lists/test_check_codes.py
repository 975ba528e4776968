"""Every check of the profile: a list that it finds fault with, and the nearest list that it leaves alone."""

from dataclasses import replace
from datetime import date
from typing import NamedTuple

import pytest

from emission_lists.check_texts_guides import GUIDE_CHECK_TEXTS
from emission_lists.checks import check_list
from emission_lists.columns import COLUMNS, LIST_SHEET, column_letter
from emission_lists.findings import Finding, Severity
from emission_lists.grades import Grade
from emission_lists.guides import Guide, ListProfile
from emission_lists.identifiers import make_permit, make_uscc
from emission_lists.levels import LEVELS, PerLevel
from emission_lists.lists import EmissionListDraft, Enterprise, GuaranteeType, Line, ListRow, Pollutants, SourceClass
from emission_lists.measures import Action, Basis, LoadCap, Measure, VehicleRule, Verification
from emission_lists.permits import Management, Permit
from emission_lists.sheets.columns import SHEET_COLUMNS, record_key
from emission_lists.sheets.kinds import Json, Sheet, SheetRecord
from tests.emission_lists.conftest import load_profile
from tests.emission_lists.list_samples import USCC, draft, firm, line, measure
from tests.emission_lists.sheet_samples import record

TRUCKS = VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS
STOP = measure(Action.STOP, 1.0, vehicle_rule=TRUCKS)
NONE, UNKNOWN = measure(Action.NONE), measure(Action.UNKNOWN)
BASE = Pollutants(2.5, 2.5, 2.5, 2.5)  # a sample line saves 1 kg/d of each at every level: 40 %
NOTHING = PerLevel(Pollutants(), Pollutants(), Pollutants())
CAP = LoadCap(100, "GJ/h")
PRINTER = firm(industry="包装印刷", grade=Grade.C, gbt4754="2319")
HEATING = firm(
    industry="热力",
    key_industry=False,
    grade=Grade.UNGRADED,
    guarantee=GuaranteeType.LIVELIHOOD,
    guarantee_until=date(2026, 3, 15),
    guarantee_cap=CAP,
)
BAKER = firm(industry="食品加工", key_industry=False, grade=Grade.UNGRADED, small_micro=True)
TINY = Pollutants(0.05, 0.05, 0.05, 0.05)


class Case(NamedTuple):
    """A list with the fault, the same without it, and the day of the check."""

    wrong: EmissionListDraft
    right: EmissionListDraft
    as_of: date | None = None
    permits: tuple[Permit, ...] | None = None
    right_permits: tuple[Permit, ...] | None = None
    """The register for the right list, where it is not that of the wrong one."""
    not_named: int | None = None
    """How many industries of the guide no source names, where the wrong list is held against another than the 2020 guide."""

    def found(self, guide: Guide, profile: ListProfile) -> list[Finding]:
        if self.not_named is not None:
            guide = guide.model_copy(update={"added_not_named": self.not_named})
        return check_list(self.wrong, guide, profile, as_of=self.as_of, permits=self.permits)

    def found_in_right(self, guide: Guide, profile: ListProfile) -> list[Finding]:
        permits = self.permits if self.right_permits is None else self.right_permits
        return check_list(self.right, guide, profile, as_of=self.as_of, permits=permits)


def rows(*given: tuple[Enterprise, Line], base: Pollutants | None = BASE) -> EmissionListDraft:
    return draft(*given, base=base)


def one(owner: Enterprise, *levels: Measure, **fields: object) -> EmissionListDraft:
    """A list of one printing line (or of the process given)."""
    return rows((owner, line("1", *levels, **{"process": "印刷", **fields})))


def clinker(grade: Grade, *levels: Measure, **fields: object) -> EmissionListDraft:
    return one(firm(grade=grade), *levels, **{"process": "熟料生产线", **fields})


def alike(*ratios: float) -> EmissionListDraft:
    """Printers of one grade that stop these shares of ten units."""
    owners = [
        firm(uscc=make_uscc("130202", n), permit_no=make_permit(make_uscc("130202", n)), industry="包装印刷")
        for n in range(len(ratios))
    ]
    return rows(
        *(
            (owner, line("1", measure(Action.STOP, ratio, total_units=10), process="印刷"))
            for owner, ratio in zip(owners, ratios, strict=True)
        )
    )


def saves(*levels: Pollutants, owner: Enterprise = PRINTER) -> EmissionListDraft:
    return one(owner, measure(Action.STOP, 1.0), reductions=PerLevel(*levels))


ONE, TWO = Pollutants(1, 1, 1, 1), Pollutants(2, 2, 2, 2)
GOOD, STOPPED = clinker(Grade.C, STOP), measure(Action.STOP, 1.0)
DAY = date(2026, 3, 16)
OWN = Permit(str(firm().permit_no), firm().name, Management.KEY, True, "130202", firm().uscc, "3011")
NEXT = Permit(make_permit(make_uscc("130202", 8)), "邻厂", Management.KEY, True, "130202", make_uscc("130202", 8), "3011")

CASES: dict[str, Case] = {
    "USCC_CHECK": Case(one(firm(uscc="91350211M0000XUF46"), STOP), GOOD),
    "PERMIT_CHECK": Case(one(firm(permit_no="91130200699229618X001P"), STOP), GOOD),
    "PERMIT_OTHER_UNIT": Case(
        one(firm(permit_no=make_permit(make_uscc("110105", 1))), STOP),
        one(firm(permit_no="H91302020000000000001P"), STOP),
    ),
    "PERMIT_MISSING": Case(one(firm(permit_no=None), STOP), GOOD),
    "ADCODE_OUTSIDE": Case(one(firm(adcode="130302"), STOP), one(firm(adcode="130281"), STOP)),
    "INDUSTRY_UNKNOWN": Case(
        one(firm(industry="水泥厂"), STOP), one(firm(industry="水泥厂", key_industry=False), STOP)
    ),
    "INDUSTRY_IS_PART": Case(one(firm(industry="水泥制品"), STOP), one(firm(subtype="水泥制品"), STOP)),
    "INDUSTRY_NOT_ESTABLISHED": Case(
        one(firm(industry="水泥厂"), STOP), one(firm(industry="水泥厂", key_industry=False), STOP), not_named=12
    ),
    "INDUSTRY_IS_KEY": Case(one(firm(key_industry=False), STOP), GOOD),
    "GRADE_ILLEGAL": Case(one(firm(industry="包装印刷", grade=Grade.LEADING), STOP), one(PRINTER, STOP)),
    "GRADE_UNCERTAIN": Case(
        one(firm(industry="短流程钢铁", grade=Grade.C), STOP), one(firm(industry="长流程联合钢铁"), STOP)
    ),
    "SUBTYPE_UNKNOWN": Case(
        one(firm(subtype="特种水泥"), STOP, process="熟料生产线"), one(firm(subtype="水泥熟料"), STOP, process="熟料生产线")
    ),
    "GRADE_NOT_APPLIED": Case(one(firm(industry="包装印刷", grade=Grade.UNGRADED), STOP), one(PRINTER, STOP)),
    "TOP_GRADE_FORCED": Case(clinker(Grade.A, STOP), clinker(Grade.A, measure(Action.SELF_DETERMINED))),
    "SELF_DETERMINED_BELOW": Case(one(PRINTER, measure(Action.SELF_DETERMINED)), one(PRINTER, STOPPED)),
    "WEAKER_THAN_GUIDE": Case(clinker(Grade.C, NONE), GOOD),
    "GUIDE_PROCESS_MISSING": Case(clinker(Grade.C, STOP, process="粉磨"), GOOD),
    "NOT_COMPARABLE": Case(
        clinker(Grade.B, measure(Action.LIMIT, None, load_cap=CAP, vehicle_rule=TRUCKS)),
        clinker(Grade.B, measure(Action.LIMIT, 0.2, load_cap=CAP, vehicle_rule=TRUCKS)),
    ),
    "INCONSISTENT_MEASURES": Case(alike(0.5, 0.5, 0.3), alike(0.5, 0.5, 0.5)),
    "ROUNDING": Case(
        one(PRINTER, measure(Action.STOP, 0.5, total_units=3, stopped_units=1)),
        one(PRINTER, measure(Action.STOP, 0.5, total_units=3, stopped_units=2)),
    ),
    "UNITS_EXCEED": Case(
        one(PRINTER, measure(Action.STOP, None, total_units=2, stopped_units=3)),
        one(PRINTER, measure(Action.STOP, None, total_units=2, stopped_units=2)),
    ),
    "LONG_STOPPED_BASE": Case(
        one(firm(long_stopped=True), STOP),
        one(firm(long_stopped=True), STOP, base=Pollutants(0, 0), reductions=NOTHING),
    ),
    "GUARANTEE_NO_END": Case(one(firm(guarantee=GuaranteeType.OTHER, guarantee_cap=CAP), STOP), one(HEATING, STOPPED)),
    "GUARANTEE_EXPIRED": Case(
        one(HEATING, STOPPED),
        one(firm(guarantee=GuaranteeType.OTHER, guarantee_until=date(2026, 3, 16), guarantee_cap=CAP), STOP),
        date(2026, 3, 16),
    ),
    "GUARANTEE_NO_CAP": Case(
        one(firm(guarantee=GuaranteeType.OTHER, guarantee_until=date(2026, 3, 16)), STOP), one(HEATING, STOPPED)
    ),
    "MEASURE_UNKNOWN": Case(one(PRINTER, UNKNOWN, reductions=NOTHING), one(PRINTER, STOPPED)),
    "UNKNOWN_WITH_REDUCTION": Case(one(PRINTER, UNKNOWN), one(PRINTER, UNKNOWN, reductions=NOTHING)),
    "SMALL_MICRO_FORCED": Case(
        one(BAKER, NONE, STOPPED, STOPPED, base=TINY, reductions=PerLevel(TINY, TINY, TINY)),
        one(BAKER, NONE, NONE, STOPPED, base=TINY, reductions=PerLevel(TINY, TINY, TINY)),
    ),
    "SMALL_MICRO_TOO_LARGE": Case(
        one(BAKER, NONE, base=Pollutants(0.31), reductions=NOTHING),
        one(BAKER, NONE, base=Pollutants(0.303), reductions=NOTHING),
    ),
    "NOT_VERIFIABLE": Case(one(PRINTER, measure(Action.STOP, 1.0, verification_point=None)), one(PRINTER, STOPPED)),
    "REDUCTION_MISSING": Case(saves(Pollutants(), ONE, ONE), saves(Pollutants(so2=0), ONE, ONE)),
    "REDUCTION_EXCEEDS_BASE": Case(
        saves(ONE, ONE, Pollutants(10.00001, 1, 1, 1)), saves(ONE, ONE, Pollutants(10, 10, 10, 10))
    ),
    "LEVEL_DECREASES": Case(saves(TWO, ONE, TWO), saves(ONE, ONE, TWO)),
    "FLOOR_NOT_MET": Case(
        rows((firm(), line("1", STOP)), base=Pollutants(2.5, 2.5, 3.4, 2.5)),
        rows((firm(), line("1", STOP)), base=Pollutants(2.5, 2.5, 3.3, 2.5)),
    ),
    "FLOOR_NOT_ESTABLISHED": Case(
        rows((firm(), line("1", measure(Action.UNKNOWN))), base=Pollutants(33, 33, 33, 33)),
        rows((firm(), line("1", measure(Action.UNKNOWN))), base=Pollutants(110, 110, 110, 110)),
    ),
    "FLOOR_SWAP_USED": Case(rows((firm(), line("1", STOP)), base=Pollutants(5, 2.5, 2.5, 2.5)), GOOD),
    "FLOOR_NOT_CHECKED": Case(rows((firm(), line("1", STOP)), base=Pollutants(2.5, 2.5, None, 2.5)), GOOD),
    "PERMIT_HOLDER_MISSING": Case(GOOD, GOOD, DAY, (OWN, NEXT), (OWN, replace(NEXT, air=False))),
    "PERMIT_REGISTRANT_MISSING": Case(GOOD, GOOD, DAY, (OWN, replace(NEXT, management=Management.REGISTERED)), (OWN,)),
    "PERMIT_LAPSED_HOLDER": Case(
        GOOD, GOOD, DAY, (OWN, replace(NEXT, valid_until=date(2026, 3, 15))), (OWN, replace(NEXT, valid_until=DAY))
    ),
    "PERMIT_NOT_IN_REGISTER": Case(GOOD, GOOD, DAY, (NEXT,), (OWN,)),
    "PERMIT_EXPIRED": Case(
        GOOD, GOOD, DAY, (replace(OWN, valid_until=date(2026, 3, 15)),), (replace(OWN, valid_until=DAY),)
    ),
    "PERMIT_OF_OTHER_UNIT": Case(GOOD, GOOD, DAY, (replace(OWN, uscc=NEXT.uscc),), (OWN,)),
    "PERMIT_NOT_AIR": Case(GOOD, GOOD, DAY, (replace(OWN, air=False),), (OWN,)),
}

AGREED = record(Sheet.GUARANTEE, code=str(HEATING.uscc), valid_from="2025-11-01", valid_until="2026-03-15", city_agreed="2025-09-10",
                province_vetted="2025-09-25", mee_filed="2025-10-10", cap_metric=None, cap_value=100.0, cap_unit="GJ/h")  # fmt: skip
LAST = date(2026, 3, 15)
HEATED = one(HEATING, STOPPED)
WHOLE = Pollutants(1000.0, 1000.0, 1000.0, 1000.0)


def given(one_list: EmissionListDraft, *records: SheetRecord, base: Pollutants | None = BASE) -> EmissionListDraft:
    """A list with further sheets."""
    return replace(one_list, records=records, whole_society=base)


def agreed(**changed: Json) -> EmissionListDraft:
    """A heating plant whose guarantee is on the guarantee sheet."""
    return given(HEATED, changed_record(AGREED, **changed))


def changed_record(one_record: SheetRecord, **changed: Json) -> SheetRecord:
    fields = {**one_record.fields, **changed}
    return replace(one_record, fields=fields, key=record_key(one_record.sheet, fields))


def alone(sheet: Sheet, **changed: Json) -> EmissionListDraft:
    """A good list with one record of a sheet."""
    return given(GOOD, record(sheet, **changed))


def limited(**fields: object) -> EmissionListDraft:
    """A printer that limits by half."""
    return one(PRINTER, measure(Action.LIMIT, 0.5, **{"basis": Basis.PERMIT_CAPACITY, **fields}))


def summary(**changed: Json) -> SheetRecord:
    return record(Sheet.SUMMARY, **{"so2": None, "nox": None, "pm": None, "vocs": None, **changed})


PARTS_STATED = tuple(
    summary(source=source, item="base", so2=200.0)
    for source in ("industry", "dust", "road_mobile", "non_road", "domestic")
)
def graded_gates(**changed: Json) -> EmissionListDraft:
    """A printer of grade B with its freight entrances on the sheet of bulk transport."""
    owner = firm(industry="包装印刷", grade=Grade.B, gbt4754="2319")
    return given(one(owner, measure(Action.LIMIT, 0.5)), record(Sheet.BULK_TRANSPORT, **{"uscc": USCC, **changed}))


BULK_AT_HOME = {"uscc": USCC, "yellow": TRUCKS.value, "orange": TRUCKS.value, "red": TRUCKS.value}

CASES |= {
    "LINE_CODE_FORMAT": Case(GOOD, rows((firm(), line("MF0001", STOP)))),
    "LIMIT_NO_METRIC": Case(
        limited(verification=(Verification.GATE,)),
        limited(verification=(Verification.GATE,), load_cap=LoadCap(5, "t/d", "日投料")),
    ),
    "BASIS_NOT_STATED": Case(limited(basis=Basis.NOT_STATED), limited()),
    "BASE_MISSING": Case(
        one(PRINTER, STOPPED, base=Pollutants(10, 10, 10, None)),
        one(PRINTER, STOPPED, base=Pollutants(10, 10, 10, None), reductions=PerLevel(*[Pollutants(1, 1, 1, 0)] * 3)),
    ),
    "NONE_WITH_REDUCTION": Case(one(PRINTER, NONE), one(PRINTER, NONE, reductions=NOTHING)),
    "REDUCTION_NOTHING": Case(
        saves(Pollutants(0, 0, 0, 0), ONE, ONE),
        one(PRINTER, STOPPED, base=Pollutants(0, 0, 0, 0), reductions=PerLevel(*[Pollutants(0, 0, 0, 0)] * 3)),
    ),
    "MEASURE_DECREASES": Case(
        one(PRINTER, measure(Action.STOP, 0.5, total_units=4), measure(Action.STOP, 0.25, total_units=4), STOPPED),
        one(PRINTER, measure(Action.STOP, 0.5, total_units=4), measure(Action.STOP, 0.5, total_units=4), STOPPED),
    ),
    "INDUSTRY_CLASS": Case(one(firm(gbt4754="2319"), STOP), GOOD),
    "SOURCE_CLASS_MISSING": Case(
        one(firm(industry="热力", key_industry=False, gbt4754="4430"), STOPPED),
        one(firm(industry="热力", key_industry=False, gbt4754="4430", source_class=SourceClass.HEATING_BOILER), STOPPED),
    ),
    "PERMIT_NAME_DIFFERS": Case(GOOD, GOOD, DAY, (replace(OWN, name="旧名"),), (OWN,)),
    "PERMIT_CLASS_DIFFERS": Case(GOOD, GOOD, DAY, (replace(OWN, gbt4754="3012"),), (replace(OWN, gbt4754=None),)),
    "GUARANTEE_SHEET_MISSING": Case(HEATED, agreed()),
    "GUARANTEE_NOT_LISTED": Case(
        given(HEATED, record(Sheet.GUARANTEE, subject="project", code="XM-1")), agreed(), LAST
    ),
    "GUARANTEE_NOT_IN_FORCE": Case(agreed(mee_filed="2026-03-16"), agreed(mee_filed="2026-03-15"), LAST),
    "GUARANTEE_ROW_SILENT": Case(given(GOOD, changed_record(AGREED, code=USCC)), agreed()),
    "GUARANTEE_WITHOUT_ROW": Case(given(GOOD, changed_record(AGREED, code=NEXT.uscc)), agreed()),
    "GUARANTEE_DIFFERS": Case(agreed(cap_value=101.0), agreed()),
    "GUARANTEE_CHAIN_OPEN": Case(agreed(province_vetted=None), agreed()),
    "GUARANTEE_CHAIN_ORDER": Case(agreed(city_agreed="2025-09-26"), agreed(city_agreed="2025-09-25")),
    "GUARANTEE_RECORD_NO_END": Case(agreed(valid_until=None), agreed()),
    "GUARANTEE_RECORD_EXPIRED": Case(agreed(), agreed(valid_until="2026-03-16"), date(2026, 3, 16)),
    "GUARANTEE_RECORD_EARLY": Case(agreed(valid_from="2026-03-16"), agreed(valid_from="2026-03-15"), LAST),
    "RECORD_OUTSIDE": Case(alone(Sheet.DUST, adcode="130302"), alone(Sheet.DUST, adcode="130281")),
    "RECORD_UNKNOWN": Case(alone(Sheet.BULK_TRANSPORT, red="unknown"), alone(Sheet.BULK_TRANSPORT)),
    "RECORD_UNKNOWN_WITH_REDUCTION": Case(
        alone(Sheet.DUST, yellow="unknown"), alone(Sheet.DUST, yellow="unknown", yellow_pm=None)
    ),
    "RECORD_NONE_WITH_REDUCTION": Case(alone(Sheet.DUST, yellow="none"), alone(Sheet.DUST, yellow="none", yellow_pm=0.0)),
    "RECORD_REDUCTION_MISSING": Case(alone(Sheet.DUST, yellow_pm=None), alone(Sheet.DUST, yellow_pm=0.0)),
    "RECORD_EXCEEDS_BASE": Case(alone(Sheet.DUST, red_pm=85.1), alone(Sheet.DUST, red_pm=85.0)),
    "RECORD_DECREASES": Case(alone(Sheet.DUST, orange_pm=39.0), alone(Sheet.DUST, orange_pm=40.0)),
    "DUST_NOT_GUARANTEED": Case(
        alone(Sheet.DUST, guarantee=True),
        given(GOOD, record(Sheet.DUST, guarantee=True), record(Sheet.GUARANTEE, subject="project", code="SG-0001")),
    ),
    "DUST_NOT_VERIFIABLE": Case(
        alone(Sheet.DUST, verification_point=None),
        alone(Sheet.DUST, verification_point=None, yellow="none", orange="none", red="none"),
    ),
    "BULK_NO_GATE": Case(
        alone(Sheet.BULK_TRANSPORT, gate=False, trips=10), alone(Sheet.BULK_TRANSPORT, gate=False, trips=9)
    ),
    "BULK_GATE_PARTIAL": Case(graded_gates(barriers=1), graded_gates(barriers=2)),
    "GRADED_NO_GATE": Case(graded_gates(gate=False, trips=1), graded_gates(gate=True, trips=1)),
    "GRADED_GATES_NOT_STATED": Case(graded_gates(barriers=None), graded_gates()),
    "BULK_RULE_WEAKER": Case(
        given(GOOD, record(Sheet.BULK_TRANSPORT, **{**BULK_AT_HOME, "red": "ban_heavy_truck_le_cn3"})),
        given(GOOD, record(Sheet.BULK_TRANSPORT, **{**BULK_AT_HOME, "red": "stop_road_transport"})),
    ),
    "WHITELIST_EXPIRED": Case(
        alone(Sheet.WHITELIST, valid_until="2026-03-14"), alone(Sheet.WHITELIST, valid_until="2026-03-15"), LAST
    ),
    "PLATE_COLOUR": Case(alone(Sheet.WHITELIST, colour="blue"), alone(Sheet.WHITELIST, plate="冀B12345", colour="blue")),
    "SUMMARY_DIFFERS": Case(
        given(GOOD, summary(source="industry", item="base", so2=10.6)),
        given(GOOD, summary(source="industry", item="base", so2=10.5)),
    ),
    "SUMMARY_NOT_SUM": Case(
        given(GOOD, *PARTS_STATED, summary(source="whole_society", item="base", so2=1006.0), base=None),
        given(GOOD, *PARTS_STATED, summary(source="whole_society", item="base", so2=1005.0), base=None),
    ),
    "SUMMARY_WHOLE_DIFFERS": Case(
        given(GOOD, summary(source="whole_society", item="base", nox=1005.1), base=WHOLE),
        given(GOOD, summary(source="whole_society", item="base", nox=1005.0), base=WHOLE),
    ),
}

OF_NO_ROW = [
    "GRADED_GATES_NOT_STATED",
    "LINE_CODE_FORMAT",
    "GUARANTEE_SHEET_MISSING",
    "FLOOR_NOT_MET",
    "FLOOR_NOT_ESTABLISHED",
    "FLOOR_SWAP_USED",
    "FLOOR_NOT_CHECKED",
    "PERMIT_HOLDER_MISSING",
    *("PERMIT_REGISTRANT_MISSING", "PERMIT_LAPSED_HOLDER"),
]


def test_every_check_of_the_profile_has_a_case(profile: ListProfile) -> None:
    elsewhere = {"PERMIT_REGISTER_MISSING", "GRADE_NOT_IN_FORCE", "CAPACITY_NOT_STATED", "CAP_ABOVE_MEAN", "CAP_UNIT_DIFFERS"}
    elsewhere |= {"GUARANTEE_CASE_NOT_IN_FORCE", "GUARANTEE_CASE_SUSPENDED", "GUARANTEE_CASE_MISSING"}
    assert set(CASES) | elsewhere | set(GUIDE_CHECK_TEXTS) == set(profile.checks)


@pytest.mark.parametrize("code", CASES)
class TestEveryCheck:
    def test_finds_its_fault(self, code: str, guide: Guide, profile: ListProfile) -> None:
        assert code in [found.code for found in CASES[code].found(guide, profile)]

    def test_leaves_the_nearest_right_list_alone(self, code: str, guide: Guide, profile: ListProfile) -> None:
        assert code not in [found.code for found in CASES[code].found_in_right(guide, profile)]

    def test_says_what_to_do_in_both_languages(self, code: str, guide: Guide, profile: ListProfile) -> None:
        found = [f for f in CASES[code].found(guide, profile) if f.code == code]
        for each in found:
            texts = (each.message, each.advice, each.message_en, each.advice_en)
            assert all(text and "None" not in text and "{" not in text for text in texts)
            assert each.severity is Severity(profile.checks[code].severity)
            assert each.reference == profile.checks[code].reference

    def test_the_severity_comes_from_the_profile(self, code: str, guide: Guide, profile: ListProfile) -> None:
        rule = profile.checks[code]
        other = "note" if rule.severity == "blocking" else "blocking"
        checks = {**profile.checks, code: rule.model_copy(update={"severity": other})}
        turned = profile.model_copy(update={"checks": checks})
        found = [f for f in CASES[code].found(guide, turned) if f.code == code]
        assert {f.severity.value for f in found} == {other}


class TestPlaceOfAFinding:
    """A finding on a row names the row of the sheet and a column that the template has."""

    @pytest.mark.parametrize("code", [code for code in CASES if code not in OF_NO_ROW])
    def test_names_sheet_row_and_column(self, code: str, guide: Guide, profile: ListProfile) -> None:
        places = {LIST_SHEET: [column.header for column in COLUMNS]}
        places |= {sheet.zh: [column.header for column in columns] for sheet, columns in SHEET_COLUMNS.items()}
        case = CASES[code]
        numbers = {one.number for one in (*case.wrong.rows, *case.wrong.records)}
        found = [each for each in case.found(guide, profile) if each.code == code]
        for each in found:
            letter, _, header = str(each.column).partition(" ")
            assert letter == column_letter(places[str(each.sheet)].index(header) + 1)
            assert each.row in numbers
            if each.sheet == LIST_SHEET:
                assert each.uscc in {row.enterprise.uscc for row in case.wrong.rows}

    @pytest.mark.parametrize("code", OF_NO_ROW)
    def test_what_concerns_the_whole_list_belongs_to_no_row(self, code: str, guide: Guide, profile: ListProfile) -> None:
        found = [f for f in CASES[code].found(guide, profile) if f.code == code]
        assert {(f.sheet, f.row) for f in found} == {(None, None)}

    def test_a_list_that_came_from_no_sheet_has_no_row_numbers(self, guide: Guide, profile: ListProfile) -> None:
        bare = EmissionListDraft("130200", tuple(ListRow(row.enterprise, row.line) for row in GOOD.rows), None)
        assert {f.row for f in check_list(bare, guide, profile)} == {None}

    def test_findings_stand_in_the_order_of_the_rows(self, guide: Guide, profile: ListProfile) -> None:
        owners = [firm(uscc=make_uscc("130202", n), permit_no=None) for n in (5, 3, 4)]
        found = check_list(rows(*((owner, line("1", STOP)) for owner in owners)), guide, profile)
        numbers = [f.row for f in found if f.row]
        assert numbers == sorted(numbers)
        assert set(numbers) == {2, 3, 4}


class TestGates:
    """HJ 1321-2023 asks of applicants for the better grades of the nation's 39 industries; trips alone ask elsewhere."""

    CODES = frozenset({"GRADED_NO_GATE", "GRADED_GATES_NOT_STATED", "BULK_GATE_PARTIAL", "BULK_NO_GATE"})

    def found(self, owner: Enterprise, guide: Guide, profile: ListProfile, **changed: Json) -> set[str]:
        made = given(one(owner, STOP), record(Sheet.BULK_TRANSPORT, **{"uscc": USCC, **changed}))
        return {each.code for each in check_list(made, guide, profile)} & self.CODES

    @pytest.mark.parametrize("trips", [0, 9, 10, 500])
    @pytest.mark.parametrize(
        ("industry", "grade"),
        [("包装印刷", Grade.A), ("包装印刷", Grade.B), ("长流程联合钢铁", Grade.B_MINUS), ("砖瓦窑", Grade.LEADING)],
    )
    def test_the_grades_it_names_need_gates_whatever_the_trips(
        self, guide: Guide, profile: ListProfile, industry: str, grade: Grade, trips: int
    ) -> None:
        owner = firm(industry=industry, grade=grade)
        assert self.found(owner, guide, profile, gate=False, trips=trips) == {"GRADED_NO_GATE"}
        assert self.found(owner, guide, profile, barriers=1, trips=trips) == {"BULK_GATE_PARTIAL"}
        assert self.found(owner, guide, profile, trips=trips) == set()

    @pytest.mark.parametrize(
        "owner",
        [
            firm(industry="包装印刷", grade=Grade.C),
            firm(industry="包装印刷", grade=Grade.UNGRADED),
            firm(industry="砖瓦窑", grade=Grade.NON_LEADING),
            firm(industry="热力", key_industry=False, grade=Grade.A),
            firm(industry="没有这个行业", grade=Grade.A),
        ],
    )
    def test_others_by_their_trips_alone(self, guide: Guide, profile: ListProfile, owner: Enterprise) -> None:
        assert self.found(owner, guide, profile, gate=False, trips=10) == {"BULK_NO_GATE"}
        assert self.found(owner, guide, profile, gate=False, trips=9) == set()
        assert self.found(owner, guide, profile, barriers=1, trips=500) == set()

    def test_an_industry_of_a_place_is_none_of_the_39(self, guide: Guide) -> None:
        own = load_profile().model_copy(update={"extra_industries": ("包装印刷",)})
        assert self.found(firm(industry="包装印刷", grade=Grade.A), guide, own, gate=False, trips=9) == set()

    def test_without_an_entrance_for_freight_there_is_nothing_to_build(self, guide: Guide, profile: ListProfile) -> None:
        owner = firm(industry="包装印刷", grade=Grade.A)
        assert self.found(owner, guide, profile, gate=False, entrances=0, barriers=0, trips=0) == set()

    def test_a_graded_enterprise_without_a_row_is_not_told_as_having_none(self, guide: Guide, profile: ListProfile) -> None:
        made = one(firm(industry="包装印刷", grade=Grade.A), measure(Action.SELF_DETERMINED))
        other = given(made, record(Sheet.BULK_TRANSPORT, uscc=make_uscc("130202", 5)))
        [told] = [each for each in check_list(other, guide, profile) if each.code in self.CODES]
        assert (told.code, told.severity, told.value) == ("GRADED_GATES_NOT_STATED", Severity.NOTE, USCC)
        assert not {each.code for each in check_list(made, guide, profile)} & self.CODES  # a list without that sheet


class TestOverlays:
    """What a province adds to the guide is data of the profile."""

    def _found(self, guide: Guide, one_list: EmissionListDraft, **changes: object) -> set[str]:
        profile = load_profile().model_copy(update=changes)
        return {f.code for f in check_list(one_list, guide, profile)}

    def test_an_added_industry_is_known(self, guide: Guide) -> None:
        added = one(firm(industry="电子工业"), STOP)
        assert "INDUSTRY_UNKNOWN" in self._found(guide, added)
        assert "INDUSTRY_UNKNOWN" not in self._found(guide, added, extra_industries=("电子工业",))

    def test_an_added_grade_decides_for_itself(self, guide: Guide) -> None:
        own = one(firm(industry="包装印刷", grade=Grade.ADVANCED), measure(Action.SELF_DETERMINED))
        assert {"GRADE_ILLEGAL", "SELF_DETERMINED_BELOW"} <= self._found(guide, own)
        added = self._found(guide, own, extra_self_determined=frozenset({Grade.ADVANCED}))
        assert not {"GRADE_ILLEGAL", "SELF_DETERMINED_BELOW"} & added

    def test_a_single_unit_that_must_stop_may_not_lower_its_load(self, guide: Guide) -> None:
        half = clinker(Grade.C, measure(Action.LIMIT, 0.5, vehicle_rule=TRUCKS), STOP, STOP)
        rule = load_profile().single_unit.model_copy(update={"policy": "stop_all"})
        assert "WEAKER_THAN_GUIDE" not in self._found(guide, half)
        assert "WEAKER_THAN_GUIDE" in self._found(guide, half, single_unit=rule)

    def test_an_added_industry_with_a_top_grade_is_not_forced(self, guide: Guide) -> None:
        forced = one(firm(industry="电子工业", grade=Grade.A), STOP)
        assert "TOP_GRADE_FORCED" in self._found(guide, forced, extra_industries=("电子工业",))

    @pytest.mark.parametrize(("kilograms", "found"), [(1320.0, False), (1319.9, True)])
    def test_the_limit_of_small_emitters(self, guide: Guide, kilograms: float, found: bool) -> None:
        four = one(BAKER, NONE, base=Pollutants(1, 1, 1, 1), reductions=NOTHING)
        rule = load_profile().small_micro.model_copy(update={"annual_kg": kilograms})
        assert ("SMALL_MICRO_TOO_LARGE" in self._found(guide, four, small_micro=rule)) is found

    def test_relief_at_other_levels(self, guide: Guide) -> None:
        forced_at_red = one(BAKER, NONE, NONE, STOPPED, base=TINY, reductions=PerLevel(TINY, TINY, TINY))
        every = load_profile().small_micro.model_copy(update={"relieved": frozenset(LEVELS)})
        assert "SMALL_MICRO_FORCED" not in self._found(guide, forced_at_red)
        assert "SMALL_MICRO_FORCED" in self._found(guide, forced_at_red, small_micro=every)
