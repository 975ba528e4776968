"""Strategies for rows that a list can hold, and small makers for tests that need one exact row."""

from dataclasses import replace
from datetime import date

from hypothesis import strategies as st

from emission_lists.grades import Grade
from emission_lists.identifiers import make_permit, make_uscc
from emission_lists.levels import PerLevel
from emission_lists.lists import (
    EmissionListDraft,
    Enterprise,
    EnterpriseParticulars,
    GuaranteeType,
    Line,
    LineParticulars,
    ListRow,
    Means,
    Pollutants,
    SourceClass,
)
from emission_lists.measures import Action, Basis, CountUnit, LoadCap, Measure, VehicleRule, Verification

USCC = make_uscc("130202", 12345678)

texts = (
    st.text(
        st.characters(
            exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp", "Zs", "Cf"), include_characters=" =+-@'_"
        ),
        min_size=1,
        max_size=12,
    )
    .map(str.strip)
    .filter(bool)
)
quantities = st.integers(0, 9_999_999_999).map(lambda n: round(n / 1_000_000, 6))
positive = st.integers(1, 9_999_999_999).map(lambda n: round(n / 1_000_000, 6))
ratios = st.integers(101, 10_000).map(lambda n: round(n / 10_000, 8))
adcodes = st.sampled_from(["130202", "130203", "110105", "140105"])
usccs = st.builds(make_uscc, adcodes, st.integers(0, 99_999_999))
pollutants = st.builds(Pollutants, *[st.none() | quantities] * 4)
caps = st.builds(LoadCap, positive, texts, st.none() | texts)
hours = st.integers(0, 23).map(lambda h: f"{h:02d}")
windows = st.builds(lambda a, b: f"{a}:30-{b}:00", hours, hours)
verifications = st.sets(st.sampled_from(list(Verification))).map(lambda s: tuple(v for v in Verification if v in s))
shared = st.fixed_dictionaries(
    {
        "count_unit": st.none() | st.sampled_from(list(CountUnit)),
        "total_units": st.none() | st.integers(1, 40),
        "basis": st.none() | st.sampled_from(list(Basis)),
        "verification": verifications,
        "verification_point": st.none() | texts,
    }
)


@st.composite
def measures(draw: st.DrawFn, common: dict[str, object]) -> Measure:
    action = draw(st.sampled_from(list(Action)))
    note = draw(st.none() | texts)
    if action in (Action.NONE, Action.SELF_DETERMINED, Action.UNKNOWN):
        return Measure(action, note_zh=note, **common)
    extra = {
        "load_cap": draw(st.none() | caps),
        "window": draw(st.none() | windows),
        "vehicle_rule": draw(st.none() | st.sampled_from(list(VehicleRule))),
        "note_zh": note,
    }
    if action is Action.TRANSPORT:
        rule = draw(st.sampled_from(list(VehicleRule)))
        return Measure(action, **{**extra, "vehicle_rule": rule}, **common)
    ratio, at_least = draw(ratios), draw(st.booleans())
    total = common["total_units"]
    stopped = None
    if action is Action.STOP and isinstance(total, int):
        stopped = draw(st.none() | st.integers(0, total))
    return Measure(action, ratio=ratio, at_least=at_least, stopped_units=stopped, **extra, **common)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    common = draw(shared)
    return Line(
        code=draw(texts),
        name=draw(texts),
        process=draw(texts),
        measures=PerLevel(*(draw(measures(common)) for _ in range(3))),
        base=draw(pollutants),
        reductions=PerLevel(*(draw(pollutants) for _ in range(3))),
        particulars=draw(st.none() | described()),
    )


@st.composite
def described(draw: st.DrawFn) -> LineParticulars | None:
    """What a list may say of a line beside its measures; None if nothing of it is said."""
    said = {name: draw(st.none() | texts) for name in ("product", "fuel", "treatment", "manager", "manager_phone")}
    said |= {name: draw(st.none() | texts) for name in ("seasonal_plan", "remark")}
    unit, mean_unit = draw(st.none() | texts), draw(st.none() | texts)
    amounts = [draw(st.none() | positive) if unit else None for _ in range(2)]
    means = Means(*(draw(st.none() | positive) if mean_unit else None for _ in range(3)), mean_unit)
    made = LineParticulars(
        capacity=amounts[0], capacity_unit=unit, actual_output=amounts[1], means=means if means != Means() else None, **said
    )
    return None if made == LineParticulars() else made


@st.composite
def enterprises(draw: st.DrawFn) -> Enterprise:
    uscc = draw(usccs)
    guarantee = draw(st.none() | st.sampled_from(list(GuaranteeType)))
    return Enterprise(
        uscc=uscc,
        name=draw(texts),
        adcode=draw(adcodes),
        industry=draw(texts),
        key_industry=draw(st.booleans()),
        grade=draw(st.sampled_from(list(Grade))),
        permit_no=draw(st.none() | st.just(make_permit(uscc))),
        address=draw(st.none() | texts),
        gbt4754=draw(st.none() | st.sampled_from(["3011", "2319"])),
        guarantee=guarantee,
        guarantee_until=draw(st.none() | st.dates(date(2000, 1, 1), date(2100, 12, 31))) if guarantee else None,
        guarantee_cap=draw(st.none() | caps) if guarantee else None,
        small_micro=draw(st.booleans()),
        long_stopped=draw(st.booleans()),
        contact=draw(st.none() | texts),
        subtype=draw(st.none() | texts),
        source_class=draw(st.none() | st.sampled_from(SourceClass)),
        particulars=draw(st.none() | placed()),
    )


@st.composite
def placed(draw: st.DrawFn) -> EnterpriseParticulars | None:
    """Where an enterprise lies and who represents it; None if nothing of it is said."""
    at = draw(st.none() | st.tuples(st.integers(73, 136).map(float), st.integers(3, 54).map(float)))
    who = draw(st.none() | texts)
    return None if at is None and who is None else EnterpriseParticulars(*(at or (None, None)), who)


@st.composite
def drafts(draw: st.DrawFn) -> EmissionListDraft:
    firms = draw(st.lists(enterprises(), min_size=1, max_size=3, unique_by=lambda firm: firm.uscc))
    rows = []
    for firm in firms:
        for line in draw(st.lists(lines(), min_size=1, max_size=3, unique_by=lambda line: line.code)):
            rows.append(ListRow(firm, line, len(rows) + 2))
    base = draw(st.none() | st.builds(Pollutants, *[positive] * 4))
    return EmissionListDraft("130200", tuple(rows), base)


def firm(**fields: object) -> Enterprise:
    """A cement enterprise of grade C, changed by `fields`."""
    base = Enterprise(
        USCC, "示例水泥有限公司", "130202", "水泥", True, Grade.C, permit_no=make_permit(USCC), gbt4754="3011"
    )
    return replace(base, **fields)


def measure(action: Action, ratio: float | None = None, **fields: object) -> Measure:
    """A measure on one verified unit."""
    given: dict[str, object] = {
        "total_units": 1,
        "verification": (Verification.METER,),
        "verification_point": "分表",
        **fields,
    }
    return Measure(action, ratio, **given)


def line(code: str = "MF0001", *levels: Measure, process: str = "熟料生产线", **fields: object) -> Line:
    """A line with one measure for all levels, or one for each."""
    each = levels * 3 if len(levels) == 1 else levels
    saved = Pollutants(1.0, 1.0, 1.0, 1.0)
    given: dict[str, object] = {"base": Pollutants(10.0, 10.0, 10.0, 10.0), "reductions": PerLevel(saved, saved, saved)}
    return Line(code, f"{code}号线", process, PerLevel(*each), **{**given, **fields})


def draft(*rows: tuple[Enterprise, Line], base: Pollutants | None = None) -> EmissionListDraft:
    numbered = tuple(ListRow(firm, line, number) for number, (firm, line) in enumerate(rows, start=2))
    return EmissionListDraft("130200", numbered, base)
