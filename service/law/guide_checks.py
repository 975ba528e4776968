"""What must hold across the guides, their regional extensions, the local practices and the list profile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import PurePosixPath

from pydantic import ValidationError

from emission_lists.guides import Guide, InForce
from emission_lists.guides_regional import RegionalExtension, clashes, laid_over, profile_of
from service.law.problems import LawProblem, of_model
from service.law.reading import Draft, Entry


def check_guides(draft: Draft) -> Iterator[LawProblem]:
    """Every problem of the guides across files."""
    yield from _versions(draft)
    yield from _names(draft)
    yield from _places(draft)
    yield from _succession(draft)
    yield from _overlays(draft)
    yield from _practices(draft)


def _versions(draft: Draft) -> Iterator[LawProblem]:
    if not draft.guides and not any(problem.file.startswith("guides") for problem in draft.problems):
        yield LawProblem("guides", "", "holds no guide", "add the technical guide in force")
    dated = [(entry.file, entry.value.in_force) for entry in draft.guides if entry.value.kind == "guide"]
    for (before, one), (file, other) in pairwise(sorted(dated, key=lambda item: item[1].from_)):
        if one.until is None or one.until > other.from_:
            yield LawProblem(file, "in_force.from", f"overlaps {before}", "end the older one where the newer begins")
        elif one.until < other.from_:
            problem = f"no guide is in force from {one.until}, after {before}"
            yield LawProblem(file, "in_force.from", problem, "let one end where the next begins")
    for entry in draft.guides:
        guide, count = entry.value, len(entry.value.industries)
        if guide.industries_total is not None and count > guide.industries_total:
            problem = f"is {guide.industries_total}, but {count} industries stand in the file"
            yield LawProblem(entry.file, "industries_total", problem, "correct the number or remove what is not in it")


def _names(draft: Draft) -> Iterator[LawProblem]:
    """A file is found by its name: an extension by its place, a practice by its id."""
    for extension in draft.extensions:
        stem = PurePosixPath(extension.file).stem
        if stem.partition("-")[0] != extension.value.adcode:
            problem = f"is {extension.value.adcode}, the file {stem}"
            yield LawProblem(extension.file, "adcode", problem, "name the file <adcode>.yaml or <adcode>-<year>.yaml")
    for practice in draft.practices:
        if PurePosixPath(practice.file).stem != practice.value.id.lower():
            yield LawProblem(practice.file, "id", f"is {practice.value.id!r}", "give the file the name of its id")
    seen: dict[str, str] = {}
    for file, identity in (
        *((entry.file, entry.value.id) for entry in draft.extensions),
        *((entry.file, entry.value.id) for entry in draft.practices),
    ):
        first = seen.setdefault(identity, file)
        if first != file:
            yield LawProblem(file, "id", f"{identity!r} stands in {first} too", "give it its own id")


def _places(draft: Draft) -> Iterator[LawProblem]:
    if any(problem.file.startswith("divisions") for problem in draft.problems):
        return
    known = {entry.value.adcode for entry in draft.divisions}
    for extension in draft.extensions:
        for path, codes in (("adcode", (extension.value.adcode,)), ("used_by", extension.value.used_by)):
            for adcode in codes:
                if adcode not in known:
                    advice = "correct the code or divisions.csv"
                    yield LawProblem(extension.file, path, f"{adcode} is no division", advice)


def _succession(draft: Draft) -> Iterator[LawProblem]:
    """Two extensions of one place and kind do not hold on the same day."""
    series: dict[tuple[str, str], list[Entry[RegionalExtension]]] = defaultdict(list)
    for entry in draft.extensions:
        for place in entry.value.places:
            series[place, entry.value.status].append(entry)
    for (place, _), entries in series.items():
        ordered = sorted(entries, key=lambda entry: entry.value.in_force.from_)
        for before, entry in pairwise(ordered):
            until = before.value.in_force.until
            if until is None or until > entry.value.in_force.from_:
                problem = f"overlaps {before.file} in {place}"
                yield LawProblem(entry.file, "in_force.from", problem, "end the older one where the newer begins")


def _overlays(draft: Draft) -> Iterator[LawProblem]:
    """Every extension can be laid over every guide that holds at the same time, and over the profile."""
    for entry in draft.extensions:
        extension = entry.value
        try:
            for profile in draft.profiles:
                profile_of(profile.value, extension)
        except ValueError as error:
            known = sorted({floor.id for profile in draft.profiles for floor in profile.value.floors})
            yield LawProblem(entry.file, "profile.floors", str(error), f"use one of: {', '.join(known)}")
        for guide in draft.guides:
            if guide.value.kind != "guide" or not _meet(guide.value.in_force, extension.in_force):
                continue
            for name in clashes(guide.value, extension):
                problem = f"{name} stands in {guide.file} already"
                yield LawProblem(
                    entry.file, "industries", problem, "remove it: a place adds industries, it replaces none"
                )
            if not clashes(guide.value, extension):
                yield from _contradiction(entry, guide.value)


def _contradiction(entry: Entry[RegionalExtension], guide: Guide) -> Iterator[LawProblem]:
    try:
        laid_over(guide, entry.value)
    except ValidationError as error:
        for problem in of_model(entry.file, error):
            yield replace(problem, problem=f"laid over {guide.id}: {problem.problem}")


def _meet(one: InForce, other: InForce) -> bool:
    return (one.until is None or other.from_ < one.until) and (other.until is None or one.from_ < other.until)


def _practices(draft: Draft) -> Iterator[LawProblem]:
    codes = {industry.code for guide in draft.guides for industry in guide.value.industries}
    if any(problem.file.startswith("guides/") for problem in draft.problems):
        return
    for entry in draft.practices:
        for place, row in enumerate(entry.value.rows):
            for code in row.industries:
                if code.startswith("KI") and code.partition("-")[0] not in codes:
                    advice = "correct the code, or write the industry's name"
                    yield LawProblem(entry.file, f"rows.{place}.industries", f"there is no industry {code}", advice)
