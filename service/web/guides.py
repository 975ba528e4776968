"""The guides as people read them: versions, the matrix of industry, grade and level, what places add, old practices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from emission_lists.guides import ListProfile
from emission_lists.guides_regional import GuideInForce, LocalPractice, RegionalExtension
from service.guides.documents import rules_of
from service.guides.endpoints import GuideId, On
from service.guides.flows import COUNTRY, found
from service.guides.loader import book
from service.guides.matrix import matrix, sentence
from service.kit.auth import Official, runtime_of
from service.kit.problems import Invalid
from service.web.pages import render, writer_of

router = APIRouter(include_in_schema=False)
UNDATED = "undated"


@router.get("/law/guides")
async def guides_page(request: Request, official: Official) -> Response:
    """Every version, what places add and what they once did."""
    shelf, today = book(), runtime_of(request).clock.now().date()
    return render(
        request,
        "guides.html",
        official,
        guides=sorted(shelf.guides.values(), key=lambda guide: guide.in_force.from_, reverse=True),
        extensions=sorted(shelf.extensions, key=lambda one: one.adcode),
        practices=sorted(shelf.practices, key=lambda one: (one.issued != UNDATED, one.issued), reverse=True),
        in_language=in_language,
        today=today,
        named=lambda adcode: _named(request, adcode),
    )


@router.get("/law/guides/{guide_id}")
async def guide_page(
    guide_id: GuideId, request: Request, official: Official, adcode: str | None = None, on: On = None
) -> Response:
    """One guide as a place has it, one extension, or one local practice."""
    runtime = runtime_of(request)
    place = (adcode or "").strip() or None
    if place is not None and not (len(place) == 6 and place.isascii() and place.isdigit()):
        raise Invalid(f"adcode: {place[:20]} is no division; give six digits such as 410100.")
    one = found(runtime.law, guide_id, place, on, runtime.clock.now().date())
    if isinstance(one, GuideInForce):
        return _guide(request, official, one, place)
    if isinstance(one, RegionalExtension):
        return _extension(request, official, one)
    return _practice(request, official, one)


def _extension(request: Request, official: Official, one: RegionalExtension) -> Response:
    national = book().profile
    floor = None if one.profile.floors is None else national.floor(one.profile.floors)
    return render(
        request,
        "guide_extension.html",
        official,
        one=one,
        floor=floor,
        cited_sources=one.sources | _cited(national, [] if floor is None else [floor, floor.so2_nox_swap], one.sources),
        named=lambda code: _named(request, code),
    )


def _cited(profile: ListProfile, rules: Iterable[Any], known: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The profile's documents behind the rules that are shown, but for those that are known already."""
    keys = [key for rule in rules if rule is not None for key in rule.source]
    return {key: profile.sources[key] for key in keys if key in profile.sources and key not in known}


def _guide(request: Request, official: Official, one: GuideInForce, place: str | None) -> Response:
    profile = rules_of(one, place)
    floor, small = profile.floor(), profile.small_micro
    shown = [profile.single_unit, floor, floor.so2_nox_swap, small, small.annual_days, profile.graded_gates, profile.gate]
    return render(
        request,
        "guide.html",
        official,
        found=one,
        guide=one.guide,
        parts=matrix(one),
        profile=profile,
        cited_sources=one.guide.sources | _cited(profile, shown, one.guide.sources),
        place=place,
        place_name=_named(request, place or COUNTRY),
        named=lambda adcode: _named(request, adcode),
    )


def _practice(request: Request, official: Official, one: LocalPractice) -> Response:
    known = {industry.code: industry for guide in book().guides.values() for industry in guide.industries}
    rows = [
        (
            [known.get(code) or code for code in row.industries],
            row,
            [(sentence(None, template), template.note_zh) for template in row.measures],
        )
        for row in one.rows
    ]
    return render(request, "guide_practice.html", official, one=one, rows=rows, in_language=in_language)


def in_language(name: str, language: str) -> str:
    """The half of a bilingual name (唐山市 Tangshan) for a reader; the whole where it has only one."""
    place = next((at for at, sign in enumerate(name) if sign.isascii() and sign.isalpha()), len(name))
    zh, en = name[:place].strip(), name[place:].strip()
    return (zh or en) if language == "zh" else (en or zh)


def _named(request: Request, adcode: str) -> str:
    if adcode == COUNTRY:
        return writer_of(request).t("guides_nationwide")
    known = runtime_of(request).law.divisions.get(adcode)
    return adcode if known is None else known.name
