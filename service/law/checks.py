"""What must hold across the files of a config folder.

Each check names the file, the place, the problem, the way out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Protocol

from alerts.law import Division
from alerts.rules import NATIONAL, Validity
from service.law.guide_checks import check_guides
from service.law.plan_checks import check_plans
from service.law.problems import LawProblem
from service.law.reading import Draft, Entry

Dated = tuple[str, Validity]


@dataclass(frozen=True)
class _Known:
    """The divisions that can be asked for. When their table has faults every code counts as known."""

    divisions: Mapping[str, Division]
    complete: bool

    def has(self, adcode: str) -> bool:
        return not self.complete or adcode in self.divisions

    def throughout(self, adcode: str, during: Validity) -> bool:
        """Whether a division exists on every day of an interval."""
        division = self.divisions.get(adcode)
        if division is None:
            return not self.complete
        begun = division.valid_from is None or division.valid_from <= during.from_
        until = division.valid_until
        return begun and (until is None or (during.until is not None and during.until <= until))


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


def check(draft: Draft) -> list[LawProblem]:
    """Every problem across files, unsorted, without those that only follow from an unreadable file."""
    faulty = {problem.file.partition("/")[0] for problem in draft.problems}
    known = _Known({entry.value.adcode: entry.value for entry in draft.divisions}, "divisions" not in faulty)
    dates = (problem for problem in _law_dates(draft) if problem.file.partition("/")[0] not in faulty)
    return [
        *_file_names(draft),
        *dates,
        *_rules(draft, known),
        *_plans(draft, known, "rules" not in faulty),
        *check_plans(draft),
        *_regions(draft, known),
        *_divisions(draft, known),
        *_names(draft, known),
        *_adjacency(draft, known),
        *check_guides(draft),
    ]


def _file_names(draft: Draft) -> Iterator[LawProblem]:
    """A rule set, region, standard or guide is found by its file name; an id may stand only once."""
    named: list[Sequence[Entry[_Identified]]] = [draft.standards, draft.rules, draft.regions]
    for entries in named:
        for entry in entries:
            if PurePosixPath(entry.file).stem != entry.value.id:
                yield LawProblem(entry.file, "id", f"is {entry.value.id!r}", "give the file the name of its id")
    named += [draft.plans, draft.guides]
    for entries in named:
        seen: dict[str, str] = {}
        for entry in entries:
            first = seen.setdefault(entry.value.id, entry.file)
            if first != entry.file:
                yield LawProblem(entry.file, "id", f"{entry.value.id!r} stands in {first} too", "give it its own id")


def _law_dates(draft: Draft) -> Iterator[LawProblem]:
    """National law has no day without an answer and none with two; elsewhere nothing may overlap."""
    yield from _succession("aqi", [(e.file, e.value.in_force) for e in draft.standards], open_end=True)
    places: dict[str, list[Dated]] = defaultdict(list)
    for rules in draft.rules:
        places[rules.value.adcode].append((rules.file, rules.value.in_force))
    places.setdefault(NATIONAL, [])
    for place, dated in places.items():
        yield from _succession("rules", dated, open_end=place == NATIONAL)
    owners: dict[str, list[Dated]] = defaultdict(list)
    for plan in draft.plans:
        owners[plan.value.adcode].append((plan.file, plan.value.in_force))
    owners.setdefault(NATIONAL, [])
    explained = frozenset(plan.file for plan in draft.plans if plan.value.choices.get("in_force", "").strip())
    for place, dated in owners.items():
        national = place == NATIONAL
        pauses = frozenset[str]() if national else explained
        yield from _succession("plans", dated, open_end=national, may_pause_after=pauses)
    series: dict[str, list[Dated]] = defaultdict(list)
    for region in draft.regions:
        series[region.value.id.rpartition("-")[0]].append((region.file, region.value.in_force))
    for dated in series.values():
        yield from _succession("regions", dated, open_end=False)


def _succession(
    folder: str, dated: list[Dated], *, open_end: bool, may_pause_after: frozenset[str] = frozenset()
) -> Iterator[LawProblem]:
    """Versions that follow each other without overlap or gap; with `open_end` the last one has no end.

    After the files of `may_pause_after` there may be a gap: those of a place that say why (the plan above it stands).
    """
    if open_end and not dated:
        yield LawProblem(folder, "", "holds nothing for the whole country", "add a national file")
        return
    ordered = sorted(dated, key=lambda item: item[1].from_)
    for (before, one), (file, other) in pairwise(ordered):
        if one.until is None or one.until > other.from_:
            end = one.until or "no end"
            yield LawProblem(
                file,
                "in_force.from",
                f"{other.from_} overlaps {before}, in force until {end}",
                "end the older one where the newer begins",
            )
        elif one.until < other.from_ and before not in may_pause_after:
            yield LawProblem(
                file,
                "in_force.from",
                f"nothing is in force from {one.until} to {other.from_}, after {before}",
                "let one end where the next begins; for a place's plan say in `choices.in_force` of the older why not",
            )
    if open_end and ordered[-1][1].until is not None:
        file, last = ordered[-1]
        yield LawProblem(
            file, "in_force.until", f"nothing is in force from {last.until} on", "write null, or add the next"
        )


def _rules(draft: Draft, known: _Known) -> Iterator[LawProblem]:
    for entry in draft.rules:
        rules = entry.value
        if rules.adcode != NATIONAL and not known.throughout(rules.adcode, rules.in_force):
            yield _unknown(entry.file, "adcode", rules.adcode)
        if not any(key.partition(".")[0] == "levels" for key in rules.references):
            yield LawProblem(entry.file, "references.levels", "is missing", "name the document that sets the levels")
    for standard in draft.standards:
        if "items" not in standard.value.references:
            yield LawProblem(standard.file, "references.items", "is missing", "name the table of the breakpoints")
        tops = [category.up_to for category in standard.value.categories]
        for name, numbers in (("indices", list(standard.value.indices)), ("categories", tops)):
            if any(low >= high for low, high in pairwise(numbers)):
                yield LawProblem(standard.file, name, "do not rise", "write them from the lowest to the highest")


def _plans(draft: Draft, known: _Known, rules_complete: bool) -> Iterator[LawProblem]:
    rules = {entry.value.id: entry.value for entry in draft.rules}
    for entry in draft.plans:
        plan = entry.value
        folder = PurePosixPath(entry.file).parent.name
        if folder != plan.adcode:
            yield LawProblem(entry.file, "adcode", f"is {plan.adcode}, the folder {folder}", "make them the same")
        if plan.adcode != NATIONAL and not known.throughout(plan.adcode, plan.in_force):
            yield _unknown(entry.file, "adcode", plan.adcode)
        if rules_complete and plan.base is not None and plan.base not in rules:
            choice = f"use one of: {', '.join(sorted(rules))}"
            yield LawProblem(entry.file, "base", f"there is no rule set {plan.base!r}", choice)
        if not plan.references:
            yield LawProblem(entry.file, "references", "are missing", "name the documents the plan rests on")
        for zone, members in (plan.zones or {}).items():
            for adcode in members:
                if not known.throughout(adcode, plan.in_force):
                    yield _unknown(entry.file, f"zones.{zone}", adcode)


def _regions(draft: Draft, known: _Known) -> Iterator[LawProblem]:
    for entry in draft.regions:
        region = entry.value
        if not region.references:
            yield LawProblem(entry.file, "references", "are missing", "name the document that sets the members")
        seen: set[str] = set()
        for place, adcode in enumerate(region.members):
            if adcode in seen:
                yield LawProblem(entry.file, f"members.{place}", f"{adcode} is listed twice", "remove one")
            seen.add(adcode)
            if not known.throughout(adcode, region.in_force):
                yield _unknown(entry.file, f"members.{place}", adcode)


def _unknown(file: str, path: str, adcode: str) -> LawProblem:
    return LawProblem(
        file,
        path,
        f"{adcode} is no division on every day it is in force",
        "correct the code or divisions.csv",
    )


def _divisions(draft: Draft, known: _Known) -> Iterator[LawProblem]:
    first: dict[str, int] = {}
    for entry in draft.divisions:
        division = entry.value
        if first.setdefault(division.adcode, entry.line) != entry.line:
            problem = f"{division.adcode} stands in line {first[division.adcode]} too"
            yield LawProblem(entry.file, entry.path, problem, "keep one line")
        if not _ordered(division.valid_from, division.valid_until):
            yield LawProblem(entry.file, entry.path, "ends before it begins", "correct the dates")
        if (division.parent is None) != (division.level == "province"):
            yield LawProblem(entry.file, entry.path, "only a province has no parent", "correct level or parent")
        elif division.parent is not None and not known.has(division.parent):
            yield LawProblem(entry.file, entry.path, f"there is no parent {division.parent}", "correct the parent")
        elif division.parent is not None and division.parent[:2] != division.adcode[:2]:
            yield LawProblem(entry.file, entry.path, f"lies outside its parent {division.parent}", "correct the parent")


def _ordered(start: date | None, end: date | None) -> bool:
    return start is None or end is None or start < end


def _names(draft: Draft, known: _Known) -> Iterator[LawProblem]:
    by_name: dict[str, list[int]] = defaultdict(list)
    for index, entry in enumerate(draft.names):
        name = entry.value
        if name.adcode and not known.has(name.adcode):
            yield LawProblem(
                entry.file, entry.path, f"{name.adcode} is no division", "correct the code or leave it empty"
            )
        if not _ordered(name.valid_from, name.valid_until):
            yield LawProblem(entry.file, entry.path, "ends before it begins", "correct the dates")
        for other in by_name[name.feed_name]:
            earlier = draft.names[other]
            if _spans_meet(earlier.value.valid_from, earlier.value.valid_until, name.valid_from, name.valid_until):
                problem = f"{name.feed_name} means something in {earlier.path} on the same days"
                yield LawProblem(entry.file, entry.path, problem, "give the two separate dates")
        by_name[name.feed_name].append(index)


def _spans_meet(start: date | None, end: date | None, other_start: date | None, other_end: date | None) -> bool:
    before = end is not None and other_start is not None and end <= other_start
    after = other_end is not None and start is not None and other_end <= start
    return not before and not after


def _adjacency(draft: Draft, known: _Known) -> Iterator[LawProblem]:
    """Each pair stands once, smaller code first, so that the relation is symmetric by construction."""
    seen: set[tuple[str, str]] = set()
    for entry in draft.adjacency:
        pair = entry.value
        if pair.a >= pair.b:
            yield LawProblem(
                entry.file, entry.path, f"{pair.a},{pair.b} is not in order", "write the smaller code first"
            )
        if (pair.a, pair.b) in seen:
            yield LawProblem(entry.file, entry.path, f"{pair.a},{pair.b} stands twice", "keep one line")
        seen.add((pair.a, pair.b))
        for adcode in (pair.a, pair.b):
            if not known.has(adcode):
                yield LawProblem(entry.file, entry.path, f"{adcode} is no division", "correct the code")
        if pair.basis not in {"border", "parent", "declared"}:
            yield LawProblem(entry.file, entry.path, f"unknown basis {pair.basis!r}", "use border, parent or declared")
