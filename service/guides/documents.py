"""Guides, extensions and local practices as JSON values, keys in a fixed order."""

from __future__ import annotations

from datetime import date
from typing import Any

from emission_lists.guides import FloorProfile, Guide, ListProfile
from emission_lists.guides_regional import GuideBook, GuideInForce, LocalPractice, PlaceProfile, RegionalExtension
from emission_lists.levels import LEVELS
from service.guides.matrix import GradeRow, Part, matrix, sentence

UNKNOWN = {"zh": "未确立：请联系主管部门", "en": "not established: ask the authority"}


def book_document(book: GuideBook, day: date) -> dict[str, Any]:
    """Every version, what places add, and what they once did. `in_force`: holds on the day."""
    return {
        "day": day.isoformat(),
        "guides": [_head(guide) | {"in_force": guide.in_force.holds_on(day)} for guide in book.guides.values()],
        "extensions": [_extension(one) | {"in_force": one.in_force.holds_on(day)} for one in book.extensions],
        "practices": [_practice_head(one) for one in book.practices],
    }


def guide_document(found: GuideInForce, adcode: str | None) -> dict[str, Any]:
    """One guide with what a place adds: every industry, grade and level. Levels that are null are not established."""
    guide, rules = found.guide, rules_of(found, adcode)
    return {
        **_head(guide),
        "adcode": adcode,
        "schemes": {name: [grade.value for grade in grades] for name, grades in guide.schemes.items()},
        "self_determined": {
            "grades": sorted(grade.value for grade in guide.self_determined.grades),
            "confidence": guide.self_determined.confidence,
            "source": list(guide.self_determined.source),
        },
        "never_weaker": guide.never_weaker,
        "not_applied": guide.not_applied,
        "several_industries": guide.several_industries,
        "supplements": [one.model_dump(mode="json") for one in guide.supplements],
        "framework": None if found.framework is None else _head(found.framework),
        "extensions": [_extension(one) for one in found.extensions],
        "beside": [_extension(one) for one in found.beside],
        "floors": rules.default_floors,
        "floor_profile": _floor(rules.floor()),
        "single_unit": rules.single_unit.model_dump(mode="json"),
        "small_micro": _sorted(rules.small_micro.model_dump(mode="json"), "relieved"),
        "gates": {
            "trips": rules.gate.model_dump(mode="json"),
            "graded": None
            if rules.graded_gates is None
            else _sorted(rules.graded_gates.model_dump(mode="json"), "grades"),
        },
        "industries": [_part(part) for part in matrix(found)],
        "not_established": UNKNOWN,
        "sources": guide.sources,
        "profile_sources": rules.sources,
    }


def rules_of(found: GuideInForce, adcode: str | None) -> ListProfile:
    """Floors, relief and gates as they hold in the place, or in the nation without one."""
    return found.profile if adcode is None else found.profile.for_place(adcode)


def _place(profile: PlaceProfile) -> dict[str, Any]:
    small = profile.small_micro
    own = None if small is None else _sorted(small.model_dump(mode="json"), "relieved")
    return profile.model_dump(mode="json") | {"small_micro": own}


def _floor(floor: FloorProfile) -> dict[str, Any]:
    """Shares 0..1 of the whole society's emissions, by level and pollutant."""
    shares = {level.value: floor.at(level)._asdict() for level in LEVELS}
    return floor.model_dump(mode="json", exclude={level.value for level in LEVELS}) | shares


def _sorted(document: dict[str, Any], name: str) -> dict[str, Any]:
    return document | {name: sorted(document[name])}


def practice_document(practice: LocalPractice) -> dict[str, Any]:
    """A local practice: every row with its measures in words."""
    return _practice_head(practice) | {
        "rows": [
            {
                "industries": list(row.industries),
                "grade": row.grade,
                "level": row.level,
                "measures": [_said(sentence(None, template)) for template in row.measures],
            }
            for row in practice.rows
        ],
        "sources": practice.sources,
    }


def extension_document(extension: RegionalExtension) -> dict[str, Any]:
    """What a place adds, with its sources."""
    return _extension(extension) | {"sources": extension.sources}


def _head(guide: Guide) -> dict[str, Any]:
    until = guide.in_force.until
    return {
        "id": guide.id,
        "title": guide.title,
        "number": guide.number,
        "kind": guide.kind,
        "from": guide.in_force.from_.isoformat(),
        "until": None if until is None else until.isoformat(),
        "in_force_note": guide.in_force_note,
        "confidence": guide.confidence,
        "source": list(guide.source),
        "industries_total": guide.industries_total,
        "industries_named": len(guide.industries),
    }


def _extension(one: RegionalExtension) -> dict[str, Any]:
    until, added = one.in_force.until, one.industries
    return {
        "id": one.id,
        "adcode": one.adcode,
        "used_by": list(one.used_by),
        "title": one.title,
        "number": one.number,
        "status": one.status,
        "from": one.in_force.from_.isoformat(),
        "until": None if until is None else until.isoformat(),
        "in_force_note": one.in_force_note,
        "industries_total": None if added is None else added.total,
        "industries_named": [industry.name_zh for industry in one.named],
        "grades": [grade.model_dump(mode="json") for grade in one.grades],
        "universal_guide": None if one.universal_guide is None else one.universal_guide.model_dump(mode="json"),
        "statements": [statement.model_dump(mode="json") for statement in one.statements],
        "profile": _place(one.profile),
        "confidence": one.confidence,
        "source": list(one.source),
    }


def _practice_head(one: LocalPractice) -> dict[str, Any]:
    return {
        "id": one.id,
        "jurisdiction": one.jurisdiction,
        "adcode": one.adcode,
        "issued": one.issued,
        "status": one.status,
        "status_zh": one.status_zh,
        "confidence": one.confidence,
        "source": list(one.source),
    }


def _part(part: Part) -> dict[str, Any]:
    industry, subtype = part.industry, part.subtype
    return {
        "code": industry.code,
        "name_zh": industry.name_zh,
        "name_en": industry.name_en,
        "subtype": None if subtype is None else {"code": subtype.code, "zh": subtype.name_zh, "en": subtype.name_en},
        "origin": "national" if part.origin is None else part.origin.id,
        "scheme": part.scheme,
        "scheme_confidence": part.scheme_confidence,
        "scheme_source": list(part.scheme_source),
        "gbt4754": list(industry.gbt4754),
        "confidence": industry.confidence,
        "source": list(industry.source),
        "memo": industry.memo,
        "grades": [_grade(row) for row in part.grades],
    }


def _grade(row: GradeRow) -> dict[str, Any]:
    levels = zip(LEVELS, row.levels, strict=True)
    return {
        "grade": row.grade.value,
        "confidence": row.confidence,
        "season": None if row.season is None else row.season.model_dump(mode="json"),
        **{level.value: None if said is None else [_said(pair) for pair in said] for level, said in levels},
    }


def _said(pair: tuple[str, str]) -> dict[str, str]:
    return {"zh": pair[0], "en": pair[1]}
