"""Industry × grade × level: what a guide asks, with its confidence and source; what is not known stays named as that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emission_lists.grades import Grade
from emission_lists.guide_templates import MeasureTemplate, Season
from emission_lists.guides import Guide, Industry, Subtype
from emission_lists.guides_regional import GuideInForce, RegionalExtension
from emission_lists.levels import LEVELS, PerLevel

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class GradeRow:
    """One grade: what it must do at each level; None = not established (never executed, never "nothing to do")."""

    grade: Grade
    confidence: str
    levels: PerLevel[tuple[Pair, ...] | None]
    season: Season | None

    @property
    def known(self) -> bool:
        return any(level is not None for level in self.levels)


@dataclass(frozen=True, slots=True)
class Part:
    """An industry, or one of its sub-types that has a scheme or measures of its own.

    `origin`: the extension that adds it; None = the national guide. `grades` empty: its scheme is not established.
    """

    industry: Industry
    subtype: Subtype | None
    scheme: str
    scheme_confidence: str
    scheme_source: tuple[str, ...]
    origin: RegionalExtension | None
    grades: tuple[GradeRow, ...]


def matrix(found: GuideInForce) -> tuple[Part, ...]:
    """Every industry of a guide in its order, the place's own after the national ones; each grade of its scheme.

    A grade that a place adds without saying to which industries stands with the place, not here.
    """
    return tuple(part for industry in found.guide.industries for part in _parts(found, industry))


def _parts(found: GuideInForce, industry: Industry) -> Iterator[Part]:
    own: list[Subtype | None] = [one for one in industry.subtypes if one.scheme is not None or one.measures]
    for subtype in own or [None]:
        name = None if subtype is None else subtype.code
        scheme = industry.scheme if subtype is None or subtype.scheme is None else subtype.scheme
        yield Part(
            industry,
            subtype,
            scheme,
            _or(None if subtype is None else subtype.scheme_confidence, industry.scheme_confidence),
            industry.scheme_source if subtype is None else subtype.scheme_source or industry.scheme_source,
            found.origin_of(industry),
            tuple(_grade_row(found.guide, industry, name, grade) for grade in found.guide.schemes[scheme]),
        )


def _or(value: str | None, otherwise: str) -> str:
    return otherwise if value is None else value


def _grade_row(guide: Guide, industry: Industry, subtype: str | None, grade: Grade) -> GradeRow:
    said = guide.measures_of(industry, subtype).get(grade)
    levels = (guide.templates(industry, grade, level, subtype) for level in LEVELS)
    return GradeRow(
        grade,
        industry.grade_confidence.get(grade, "unknown"),
        PerLevel(*(None if asked is None else tuple(sentence(guide, one) for one in asked) for asked in levels)),
        None if said is None else said.season,
    )


def sentence(guide: Guide | None, template: MeasureTemplate) -> Pair:
    """A template in words, Chinese and English, with its process where it is not the whole plant."""
    label = None if guide is None else guide.processes.get(template.process)
    measure = template.measure()
    zh, en = measure.render_zh(), measure.render_en()
    if template.ratio_up_to is not None:
        zh, en = f"{zh}（至 {template.ratio_up_to:.0%}）", f"{en} (up to {template.ratio_up_to:.0%})"
    if template.units_from is not None or template.units_to is not None:
        zh, en = f"{_units(template, chinese=True)}：{zh}", f"{_units(template, chinese=False)}: {en}"
    if template.process == "all":
        return zh, en
    names = (template.process, template.process) if label is None else (label.zh, label.en)
    return f"{names[0]}：{zh}", f"{names[1]}: {en}"


def _units(template: MeasureTemplate, *, chinese: bool) -> str:
    low, high = template.units_from or 1, template.units_to
    if high is None:
        return f"{low} 条（台）及以上" if chinese else f"{low} units or more"
    span = f"{low}" if low == high else f"{low}–{high}"
    return f"{span} 条（台）" if chinese else f"{span} units"
