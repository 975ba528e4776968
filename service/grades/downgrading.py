"""What a downgrade may be about and where it may lead: an industry that the enterprise has a grade in, a grade below that one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emission_lists.grades import Grade
from emission_lists.grading_rules import GradingRules, legal_grades
from emission_lists.guides import Guide
from emission_lists.regrading import overall_grade
from emission_lists.standing import GradeStanding, at_most
from service.grades.admission import Listed, fault
from service.kit.problems import Invalid


@dataclass(frozen=True)
class Subject:
    """The industry of a downgrade as the guide names it, its legal grades (empty: not established), and the grade in force."""

    industry: str
    subtype: str | None
    legal: tuple[Grade, ...]
    current: Grade


def subject_of(
    listed: Listed, standing: GradeStanding | None, guide: Guide, rules: GradingRules, written: str | None
) -> Subject:
    """What a downgrade of an industry as it was `written` is about (None: that of the list).

    Raises Invalid for an industry in which the enterprise is neither listed nor rated: there is no grade to take away, and
    what a mistyped name made would fix the overall grade from then on.
    """
    own = [listed.enterprise.industry, *(one.industry for one in (() if standing is None else standing.subjects))]
    asked = written or listed.enterprise.industry
    if not any(guide.same_industry(asked, one) for one in own):
        names = "、".join(dict.fromkeys(own))
        raise _refused(
            "industry",
            f"{listed.enterprise.name} is neither listed nor rated under {asked}; it has: {names}. Correct the industry, or"
            " let it be rated there first.",
            f"{listed.enterprise.name}未列入“{asked}”，也没有该行业的等级；有：{names}。请更正行业，或先行评定",
        )
    known, part = guide.placed(asked)
    if known is None:
        local = rules.local_industry(asked)
        return Subject(asked, None, () if local is None else local.grades, _current(listed, standing, guide, asked))
    if part is None and guide.same_industry(asked, listed.enterprise.industry):
        part = listed.enterprise.subtype
    own_part = known.subtype(part)
    subtype = None if own_part is None else own_part.name_zh
    legal = legal_grades(guide, known, subtype)
    return Subject(known.name_zh, subtype, legal, _current(listed, standing, guide, known.name_zh))


def _current(listed: Listed, standing: GradeStanding | None, guide: Guide, industry: str) -> Grade:
    """The grade in force in an industry, or the list's where nothing was decided."""
    if standing is None:
        return listed.enterprise.grade
    own = [subject.grade for subject in standing.enterprise if guide.same_industry(subject.industry, industry)]
    return (own[0] if own else overall_grade(listed.enterprise, standing, guide)) or listed.enterprise.grade


def fall_faults(industry: str, legal: Sequence[Grade], current: Grade, target: Grade) -> list[dict[str, str]]:
    """What is wrong with the grade that a downgrade leads to: not of the industry's scheme, not below, not comparable.

    Where no legal grade can be compared with the one in force, any legal one will do: the order is not established.
    """
    below = [one for one in legal if one is not current and at_most(one, current)]
    possible = "、".join(one.zh for one in below or legal)
    if legal and target not in legal:
        return [
            fault(
                "grade",
                f"{industry} has no {target.title_en}; possible: {possible}.",
                f"{industry}没有{target.title_zh}；可以是：{possible}",
            )
        ]
    lower = at_most(target, current)
    if lower is False:
        return [
            fault(
                "grade",
                f"{target.title_en} is not below {current.title_en}, which is in force{f'; possible: {possible}' if below else ''}.",
                f"{target.title_zh}不低于生效的{current.title_zh}{f'；可以是：{possible}' if below else ''}",
            )
        ]
    if lower is None and below:
        return [
            fault(
                "grade",
                f"{target.title_en} cannot be compared with {current.title_en}, which is in force; possible: {possible}.",
                f"{target.title_zh}与生效的{current.title_zh}无法比较高低；可以是：{possible}",
            )
        ]
    return []


def check_fall(subject: Subject, target: Grade | None) -> Grade:
    """The grade that a downgrade leads to. Raises Invalid where it is not established or wrong."""
    if target is None:
        raise Invalid(
            f"Which grade {subject.industry} falls to is not established; state it.",
            errors=[fault("grade", "State the grade that the enterprise falls to.", "请写明降至的等级")],
            detail_zh=f"{subject.industry}降至几级未确立，请写明",
        )
    faults = fall_faults(subject.industry, subject.legal, subject.current, target)
    if faults:
        raise Invalid(faults[0]["detail"], errors=faults, detail_zh=faults[0]["detail_zh"])
    return target


def _refused(name: str, detail: str, detail_zh: str) -> Invalid:
    return Invalid(detail, errors=[fault(name, detail, detail_zh)], detail_zh=detail_zh)
