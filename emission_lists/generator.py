"""A generated list (示例生成) for demonstrations and tests: the same seed gives the same list.

Sizes and shares follow published figures where there are any: grades among rated enterprises as in Anhui
(October 2023: A 0.4 %, B 1.8 %, 引领性 0.5 %), three lines per enterprise, about 60 % outside the key
industries. Where the guide's measures are unknown, those here are invented after the principle "B 以限代停,
C 以停代限, D 停产" and are no rule. Names are generic and marked; nobody is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import accumulate
from random import Random

from emission_lists.generated_plans import Planner
from emission_lists.generated_shapes import (
    CITY_KINDS,
    CLINKER,
    HEATING,
    KEY_WEIGHTS,
    OTHER_INDUSTRIES,
    ROAD,
    SHAPES,
    STEMS,
    Shape,
)
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
)
from emission_lists.measures import LoadCap, Measure
from emission_lists.reductions import totals

MARK = "（示例生成）"
_KEY_SHARE = 0.4
_LINE_COUNTS = (1, 2, 3, 4, 5, 8)
_LINE_WEIGHTS = (0.2, 0.25, 0.25, 0.15, 0.08, 0.07)
_UNASSIGNED = 90_000_000  # organisation codes of this range were never given out


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
    guarantee_until: date = date(2035, 12, 31),
) -> EmissionListDraft:
    """A list of `enterprises` enterprises for the division `adcode`, spread over its `counties`.

    `kind`: steel, building_materials, chemical, light or mixed; without it, what the city is known for.
    Raises ValueError for an adcode that is not six digits, an unknown kind or a count below 1.
    """
    if len(adcode) != 6 or not adcode.isdigit():
        raise ValueError(f"{adcode!r} is not a division code of six digits")
    if enterprises < 1:
        raise ValueError("A list needs at least one enterprise")
    kind = kind or CITY_KINDS.get(adcode, "mixed")
    if kind not in KEY_WEIGHTS:
        raise ValueError(f"{kind!r} is not a kind of city: {', '.join(KEY_WEIGHTS)}")
    places = tuple(counties) or (adcode,)
    maker = _Maker(
        Random(f"{adcode}/{seed}"),
        places,
        guide,
        Planner(guide, profile),
        kind,
        unknown_share,
        guarantee_until,
    )
    rows = [row for index in range(enterprises) for row in maker.enterprise(index)]
    base = _matching_base(rows, profile)
    return EmissionListDraft(adcode, tuple(rows), base, f"应急减排清单{MARK}")


def _matching_base(rows: list[ListRow], profile: ListProfile) -> Pollutants | None:
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
        self._industries = [industry for _, industry in found if industry is not None]
        weights = KEY_WEIGHTS[kind]
        self._weights = list(accumulate(weights.get(item.name_zh, 1) for item in self._industries))
        self._line_weights = list(accumulate(_LINE_WEIGHTS))
        self._offset = rng.randrange(0, 5_000_000)

    def enterprise(self, index: int) -> list[ListRow]:
        """The rows of the enterprise with this number."""
        rng = self._rng
        uscc = make_uscc(rng.choice(self._places), _UNASSIGNED + self._offset + index)
        if self._industries and rng.random() < _KEY_SHARE:
            return self._key(uscc, index)
        return self._other(uscc, index)

    def _key(self, uscc: str, index: int) -> list[ListRow]:
        rng = self._rng
        industry = rng.choices(self._industries, cum_weights=self._weights)[0]
        clinker = industry.name_zh == "水泥" and rng.random() < 0.2
        shape = CLINKER if clinker else SHAPES[industry.name_zh]
        grade = self._grade(industry, clinker)
        firm = self._firm(
            uscc,
            index,
            shape.noun,
            industry.name_zh,
            key=True,
            grade=grade,
            code=next(iter(industry.gbt4754), None),
        )
        lines = self._lines(shape, 1.0)
        if self._planner.needs_transport_row(industry, grade):
            lines.append((ROAD_TRANSPORT, "厂区运输车辆", 1, ROAD))
        unknown = rng.random() < self._unknown_share and not self._planner.guide_knows(industry, grade)
        plans = self._planner.key(industry, grade, [(process, units) for process, _, units, _ in lines], unknown)
        return self._rows(firm, lines, plans)

    def _other(self, uscc: str, index: int) -> list[ListRow]:
        rng = self._rng
        draw = rng.random()
        if draw < 0.04:
            name, code, shape = HEATING
            firm = self._firm(uscc, index, shape.noun, name, key=False, grade=Grade.UNGRADED, code=code, heating=True)
            lines = self._lines(shape, 1.0)
            return self._rows(firm, lines, self._planner.guaranteed(len(lines)))
        name, code, shape = rng.choice(OTHER_INDUSTRIES)
        small, stopped = draw < 0.16, draw > 0.99
        firm = self._firm(
            uscc,
            index,
            shape.noun,
            name,
            key=False,
            grade=Grade.UNGRADED,
            code=code,
            small=small,
            stopped=stopped,
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
        heating: bool = False,
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
            guarantee=GuaranteeType.LIVELIHOOD if heating else None,
            guarantee_until=self._guarantee_until if heating else None,
            guarantee_cap=LoadCap(rng.randrange(20, 200) * 10.0, "GJ/h", "供热负荷") if heating else None,
            small_micro=small,
            long_stopped=stopped,
        )

    def _grade(self, industry: Industry, clinker: bool) -> Grade:
        """A grade of the industry's scheme. How C and D share the rest is not published: invented."""
        draw = self._rng.random()
        legal = self._guide.legal_grades(industry)
        if Grade.LEADING in legal and not clinker:
            return Grade.LEADING if draw < 0.013 else Grade.NON_LEADING
        if not legal:
            return Grade.UNGRADED
        steps = ((0.006, Grade.A), (0.030, Grade.B), (0.060, Grade.B_MINUS), (0.65, Grade.C), (1.0, Grade.D))
        return next((grade for limit, grade in steps if draw < limit and grade in legal), Grade.C)

    def _lines(self, shape: Shape, scale: float) -> list[tuple[str, str, int, Pollutants]]:
        """Process, name, units and base emissions of each line."""
        rng = self._rng
        count = rng.choices(_LINE_COUNTS, cum_weights=self._line_weights)[0]
        lines = []
        for number in range(1, count + 1):
            units = rng.randint(1, shape.units) if shape.units > 1 else 1
            size = scale * units * 10 ** (rng.random() - 0.6)
            base = Pollutants(*(round((value or 0) * size, 3) for value in shape.emissions))
            lines.append((shape.process, f"{number}号{shape.process}", units, base))
        return lines

    def _rows(
        self,
        firm: Enterprise,
        lines: list[tuple[str, str, int, Pollutants]],
        plans: list[PerLevel[Measure]],
    ) -> list[ListRow]:
        rows = []
        for number, ((process, name, _, base), measures) in enumerate(zip(lines, plans, strict=True), start=1):
            line = Line(f"MF{number:04d}", name, process, measures)
            if not firm.long_stopped:
                reductions = PerLevel(*(self._saved(base, measures.at(level), level) for level in LEVELS))
                line = Line(line.code, name, process, measures, base, reductions)
            rows.append(ListRow(firm, line))
        return rows

    def _saved(self, base: Pollutants, measure: Measure, level: ResponseLevel) -> Pollutants:
        share = self._planner.saved_share(measure, level)
        return NOT_STATED if share is None else Pollutants(*(round((v or 0) * share, 3) for v in base))
