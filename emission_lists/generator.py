"""A generated list (示例生成) for demonstrations and tests: the same seed gives the same list.

Sizes and shares follow published figures where there are any (`generated_shapes.Proportions`). Where the guide's measures
are unknown, those here are invented (`generated_measures`) and are no rule. Names are generic and marked; organisation codes
are of a range that was never given out; nobody is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import accumulate
from random import Random
from typing import NamedTuple

from emission_lists.generated_measures import saved_share
from emission_lists.generated_plans import Planner
from emission_lists.generated_shapes import (
    CEMENT_PARTS,
    CITY_KINDS,
    CLINKER,
    GUARANTEED,
    HEATING,
    KEY_WEIGHTS,
    OTHER_INDUSTRIES,
    POWER,
    PROPORTIONS,
    ROAD,
    SHAPES,
    STEMS,
    Shape,
)
from emission_lists.generated_sheets import generated_records
from emission_lists.grades import Grade
from emission_lists.guides import Guide, Industry, ListProfile
from emission_lists.identifiers import make_permit, make_uscc
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import (
    NOT_STATED,
    ROAD_TRANSPORT,
    EmissionListDraft,
    Enterprise,
    GuaranteeType,
    Line,
    ListRow,
    Pollutants,
    SourceClass,
)
from emission_lists.measures import Basis, LoadCap, Measure
from emission_lists.reductions import totals

MARK = "（示例生成）"
TITLE = f"应急减排清单{MARK}"
_UNTIL = date(2035, 12, 31)
_LINE_COUNTS = (1, 2, 3, 4, 5, 8)
_LINE_WEIGHTS = (0.2, 0.25, 0.25, 0.15, 0.08, 0.07)
_UNASSIGNED = 90_000_000  # organisation codes of this range were never given out
_CLASSES = {POWER[0]: SourceClass.POWER_PLANT, HEATING[0]: SourceClass.HEATING_BOILER}
_STEEL_B_MINUS = 0.1
_CLINKER_SHARE = 0.2
_Lines = list[tuple[str, str, int, Pollutants]]  # process, name, units and base emissions of each line


def generate_list(
    adcode: str,
    *,
    seed: int,
    enterprises: int,
    guide: Guide,
    profile: ListProfile,
    counties: Sequence[str] = (),
    kind: str | None = None,
    unknown_share: float = 0.01,
    guarantee_until: date = _UNTIL,
) -> EmissionListDraft:
    """A list of `enterprises` enterprises for the division `adcode`, spread over its `counties`, with its further sheets.

    `kind`: steel, building_materials, chemical, light or mixed; without it, what the city is known for.
    Raises ValueError for an adcode that is not six digits, an unknown kind or a count below 1.
    """
    streamed = stream_list(
        adcode,
        seed=seed,
        enterprises=enterprises,
        guide=guide,
        profile=profile,
        counties=counties,
        kind=kind,
        unknown_share=unknown_share,
        guarantee_until=guarantee_until,
    )
    rows = tuple(row for firm in streamed for row in firm)
    base = _matching_base(rows, profile)
    records = generated_records(adcode, tuple(counties) or (adcode,), rows, base, seed=seed)
    return EmissionListDraft(adcode, rows, base, TITLE, records)


def stream_list(
    adcode: str,
    *,
    seed: int,
    enterprises: int,
    guide: Guide,
    profile: ListProfile,
    counties: Sequence[str] = (),
    kind: str | None = None,
    unknown_share: float = 0.01,
    guarantee_until: date = _UNTIL,
) -> Iterator[tuple[ListRow, ...]]:
    """The same rows as `generate_list`, one enterprise at a time, so that a list of any size needs no memory.

    Raises ValueError as `generate_list` does, at once.
    """
    if len(adcode) != 6 or not adcode.isdigit():
        raise ValueError(f"{adcode!r} is not a division code of six digits")
    if enterprises < 1:
        raise ValueError("A list needs at least one enterprise")
    kind = kind or CITY_KINDS.get(adcode, "mixed")
    if kind not in KEY_WEIGHTS:
        raise ValueError(f"{kind!r} is not a kind of city: {', '.join(KEY_WEIGHTS)}")
    places = tuple(counties) or (adcode,)
    planner = Planner(guide, profile)
    maker = _Maker(Random(f"{adcode}/{seed}"), places, guide, planner, kind, unknown_share, guarantee_until)
    return (maker.enterprise(index) for index in range(enterprises))


class CityShare(NamedTuple):
    """How many enterprises of a region one city has."""

    adcode: str
    enterprises: int


def spread(total: int, cities: Sequence[str], *, largest: int = 12_000) -> list[CityShare]:
    """`total` enterprises over the first of `cities`: the largest has at most `largest`, the others evenly fewer.

    The key regions have 275,000 enterprises and a prefecture-level city a few thousand; the distribution is published nowhere.
    Raises ValueError when the cities cannot hold so many.
    """
    if total < 1 or not cities:
        raise ValueError("Give at least one enterprise and one city")
    mean = largest * 0.6
    count = min(len(cities), max(1 if total < 4 else 2, round(total / mean)))
    if total > largest * count:
        raise ValueError(f"{len(cities)} cities of at most {largest} cannot hold {total} enterprises")
    top = min(largest, round(total * 0.8)) if count > 1 else total
    average = total / count
    low = max(1.0, 2 * average - top)
    top_used = 2 * average - low
    step = 0.0 if count == 1 else (top_used - low) / (count - 1)
    sizes = [round(top_used - step * place) for place in range(count)]
    sizes[-1] += total - sum(sizes)
    return [CityShare(adcode, size) for adcode, size in zip(cities, sizes, strict=False) if size > 0]


def _matching_base(rows: Sequence[ListRow], profile: ListProfile) -> Pollutants | None:
    """Whole-society emissions that the planned reductions meet the floors of, with a little to spare."""
    planned, floor = totals(rows).reductions, profile.floor()
    bases = []
    for index in range(len(Pollutants._fields)):
        ratios = (planned.at(level)[index] or 0 for level in LEVELS)
        least = min(value / (floor.at(level)[index] or 1) for value, level in zip(ratios, LEVELS, strict=True))
        bases.append(round(least * 0.95, 3))
    return Pollutants(*bases) if all(bases) else None


class _Maker:
    def __init__(
        self,
        rng: Random,
        places: Sequence[str],
        guide: Guide,
        planner: Planner,
        kind: str,
        unknown_share: float,
        guarantee_until: date,
    ) -> None:
        self._rng, self._places, self._guide, self._planner = rng, places, guide, planner
        self._unknown_share, self._guarantee_until = unknown_share, guarantee_until
        found = [(name, guide.industry(name)) for name in SHAPES]
        industries = [industry for _, industry in found if industry is not None]
        weights = KEY_WEIGHTS[kind]
        letters = [item for item in industries if Grade.LEADING not in guide.legal_grades(item)]
        leading = [item for item in industries if Grade.LEADING in guide.legal_grades(item)]
        self._classes = [_Weighted(items, weights) for items in (letters, leading) if items]
        self._has_leading = bool(leading)
        self._line_weights = list(accumulate(_LINE_WEIGHTS))
        self._offset = rng.randrange(0, 5_000_000)

    def enterprise(self, index: int) -> tuple[ListRow, ...]:
        """The rows of the enterprise with this number."""
        rng = self._rng
        uscc = make_uscc(rng.choice(self._places), _UNASSIGNED + self._offset + index)
        if self._classes and rng.random() < PROPORTIONS.key:
            return self._key(uscc, index)
        return self._other(uscc, index, rng.random())

    def _key(self, uscc: str, index: int) -> tuple[ListRow, ...]:
        rng = self._rng
        by_letters = rng.random() < PROPORTIONS.lettered
        industry = self._classes[0 if by_letters else -1].pick(rng)
        clinker = industry.name_zh == "水泥" and rng.random() < _CLINKER_SHARE
        shape = CLINKER if clinker else SHAPES[industry.name_zh]
        part = industry.subtype(CEMENT_PARTS[clinker]) if industry.name_zh == "水泥" else None
        subtype = None if part is None else part.name_zh
        grade = self._grade(industry, subtype, clinker)
        code = next(iter(industry.gbt4754), None)
        firm = self._firm(uscc, index, shape.noun, industry.name_zh, key=True, grade=grade, code=code, subtype=subtype)
        lines = self._lines(shape, 1.0)
        if self._planner.needs_transport_row(industry, grade, subtype):
            lines.append((ROAD_TRANSPORT, "厂区运输车辆", 1, ROAD))
        unknown = rng.random() < self._unknown_share and not self._planner.guide_knows(industry, grade, subtype)
        named = [(process, units) for process, _, units, _ in lines]
        plans = self._planner.key(industry, grade, named, unknown, subtype)
        return self._rows(firm, lines, plans)

    def _other(self, uscc: str, index: int, draw: float) -> tuple[ListRow, ...]:
        """An enterprise outside the key industries. `draw` 0..1 says of which kind."""
        shares = PROPORTIONS
        others = 1 - shares.key if self._classes else 1.0
        heating, power = shares.heating / others, shares.power / others
        guaranteed = shares.relieved * (1 - shares.small_of_relieved) / others
        small = guaranteed + shares.relieved * shares.small_of_relieved / others
        if draw < heating:
            return self._guaranteed(uscc, index, *HEATING, GuaranteeType.LIVELIHOOD, "GJ/h", Basis.HEAT_SUPPLY)
        if draw < heating + power:
            return self._guaranteed(uscc, index, *POWER, GuaranteeType.LIVELIHOOD, "MW", Basis.ORDERED_QUANTITY)
        if draw < guaranteed:
            return self._guaranteed(uscc, index, *self._rng.choice(GUARANTEED), Basis.ORDERED_QUANTITY)
        return self._plain(uscc, index, small=draw < small, stopped=draw > 1 - shares.long_stopped / others)

    def _guaranteed(
        self, uscc: str, index: int, name: str, code: str, shape: Shape, why: GuaranteeType, unit: str, basis: Basis
    ) -> tuple[ListRow, ...]:
        metric = "供热负荷" if basis is Basis.HEAT_SUPPLY else "发电负荷" if unit == "MW" else "日产量"
        cap = LoadCap(self._rng.randrange(20, 200) * 10.0, unit, metric)
        firm = self._firm(
            uscc, index, shape.noun, name, key=False, grade=Grade.UNGRADED, code=code, guarantee=why, cap=cap
        )
        if name in _CLASSES:
            firm = replace(firm, source_class=_CLASSES[name])
        lines = self._lines(shape, 1.0)
        return self._rows(firm, lines, self._planner.guaranteed([(line[0], line[2]) for line in lines], basis))

    def _plain(self, uscc: str, index: int, *, small: bool, stopped: bool) -> tuple[ListRow, ...]:
        name, code, shape = self._rng.choice(OTHER_INDUSTRIES)
        firm = self._firm(
            uscc, index, shape.noun, name, key=False, grade=Grade.UNGRADED, code=code, small=small, stopped=stopped
        )
        lines = self._lines(shape, 0.0 if stopped else 0.0004 if small else 1.0)
        plans = self._planner.other([(process, units) for process, _, units, _ in lines], small=small)
        return self._rows(firm, lines, plans)

    def _firm(
        self,
        uscc: str,
        index: int,
        noun: str,
        industry: str,
        *,
        key: bool,
        grade: Grade,
        code: str | None,
        guarantee: GuaranteeType | None = None,
        cap: LoadCap | None = None,
        subtype: str | None = None,
        small: bool = False,
        stopped: bool = False,
    ) -> Enterprise:
        rng = self._rng
        county = rng.choice(self._places)
        return Enterprise(
            uscc=uscc,
            name=f"{STEMS[index % len(STEMS)]}{noun}有限公司{index + 1:05d}号{MARK}",
            adcode=county,
            industry=industry,
            key_industry=key,
            grade=grade,
            permit_no=None if rng.random() < 0.02 else make_permit(uscc, kind="P" if key else "X"),
            gbt4754=code,
            guarantee=guarantee,
            guarantee_until=None if guarantee is None else self._guarantee_until,
            guarantee_cap=cap,
            small_micro=small,
            long_stopped=stopped,
            subtype=subtype,
        )

    def _grade(self, industry: Industry, subtype: str | None, clinker: bool) -> Grade:
        """A grade of the scheme, so that A, B and leading have their share among all that are rated."""
        rng, legal = self._rng, self._guide.legal_grades(industry, subtype)
        if not legal or rng.random() < PROPORTIONS.not_applied:
            return Grade.UNGRADED
        draw = rng.random()
        if Grade.LEADING in legal and not clinker:
            return Grade.LEADING if draw < PROPORTIONS.leading / (1 - PROPORTIONS.lettered) else Grade.NON_LEADING
        lettered = PROPORTIONS.lettered if self._has_leading else 1.0
        if draw < PROPORTIONS.a / lettered and Grade.A in legal:
            return Grade.A
        if draw < (PROPORTIONS.a + PROPORTIONS.b) / lettered and Grade.B in legal:
            return Grade.B
        if Grade.B_MINUS in legal and rng.random() < _STEEL_B_MINUS:
            return Grade.B_MINUS
        return Grade.C if Grade.D not in legal or rng.random() < PROPORTIONS.c_of_rest else Grade.D

    def _lines(self, shape: Shape, scale: float) -> _Lines:
        rng = self._rng
        count = rng.choices(_LINE_COUNTS, cum_weights=self._line_weights)[0]
        lines = []
        for number in range(1, count + 1):
            units = rng.randint(1, shape.units) if shape.units > 1 else 1
            size = scale * units * 10 ** (rng.random() - 0.6)
            base = Pollutants(*[round((value or 0) * size, 3) for value in shape.emissions])
            lines.append((shape.process, f"{number}号{shape.process}", units, base))
        return lines

    def _rows(self, firm: Enterprise, lines: _Lines, plans: Iterable[PerLevel[Measure]]) -> tuple[ListRow, ...]:
        rows = []
        for number, ((process, name, _, base), measures) in enumerate(zip(lines, plans, strict=True), start=1):
            code = f"MF{number:04d}"
            if firm.long_stopped:
                line = Line(code, name, process, measures)
            else:
                reductions = PerLevel(*[_saved(base, measures.at(level), level) for level in LEVELS])
                line = Line(code, name, process, measures, base, reductions)
            rows.append(ListRow(firm, line))
        return tuple(rows)


class _Weighted:
    """Industries to draw from; those that a kind of city does not name weigh 1."""

    def __init__(self, industries: Sequence[Industry], weights: dict[str, int]) -> None:
        self._industries = industries
        self._weights = list(accumulate(weights.get(item.name_zh, 1) for item in industries))

    def pick(self, rng: Random) -> Industry:
        return rng.choices(self._industries, cum_weights=self._weights)[0]


def _saved(base: Pollutants, measure: Measure, level: ResponseLevel) -> Pollutants:
    share = saved_share(measure, level)
    return NOT_STATED if share is None else Pollutants(*[round((value or 0) * share, 3) for value in base])
