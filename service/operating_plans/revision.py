"""Why a plan must be revised (修订情形): line, grade, measure or contact have changed since it was filed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emission_lists.documents import measure_document
from emission_lists.grades import Grade
from emission_lists.levels import LEVELS, ResponseLevel
from emission_lists.lists import Enterprise, Line
from service.kit.canonical import digest

Reason = dict[str, str]


def basis_of(version: int, enterprise: Enterprise, lines: tuple[Line, ...]) -> dict[str, Any]:
    """What a plan rests on: the grade, the contact, and each line with what is asked of it per level."""
    return {
        "list_version": version,
        "grade": enterprise.grade.value,
        "contact": enterprise.contact,
        "lines": {
            line.code: {
                "name": line.name,
                "measures": {level.value: digest(measure_document(line.measure(level))) for level in LEVELS},
            }
            for line in lines
        },
    }


def revision_reasons(filed: dict[str, Any], present: dict[str, Any]) -> list[Reason]:
    """What has changed between the basis of a plan and the present one, each `{code, zh, en}`; empty if nothing has."""
    return [*_of_the_enterprise(filed, present), *_of_lines(filed["lines"], present["lines"])]


def _of_the_enterprise(filed: dict[str, Any], present: dict[str, Any]) -> Iterator[Reason]:
    if filed["grade"] != present["grade"]:
        before, after = Grade(filed["grade"]), Grade(present["grade"])
        yield _reason(
            "grade",
            f"绩效分级由{before.title_zh}变为{after.title_zh}",
            f"the grade changed from {before.title_en} to {after.title_en}",
        )
    if filed["contact"] != present["contact"]:
        yield _reason(
            "contact",
            f"联系方式由“{filed['contact'] or '无'}”变为“{present['contact'] or '无'}”",
            f"the contact changed from “{filed['contact'] or 'none'}” to “{present['contact'] or 'none'}”",
        )


def _of_lines(filed: dict[str, Any], present: dict[str, Any]) -> Iterator[Reason]:
    for code in sorted(present.keys() - filed.keys()):
        name = present[code]["name"]
        yield _reason("line_added", f"新增生产线 {name}（{code}）", f"line {name} ({code}) is new")
    for code in sorted(filed.keys() - present.keys()):
        name = filed[code]["name"]
        yield _reason(
            "line_gone", f"生产线 {name}（{code}）已不在清单中", f"line {name} ({code}) is in the list no more"
        )
    for code in sorted(filed.keys() & present.keys()):
        before, after = filed[code]["measures"], present[code]["measures"]
        changed = [ResponseLevel(level) for level in after if before.get(level) != after[level]]
        if changed:
            name = present[code]["name"]
            zh = "、".join(f"{level.zh}预警" for level in changed)
            en = ", ".join(level.value for level in changed)
            yield _reason(
                "measure", f"{name}（{code}）{zh}措施有变化", f"the measure of {name} ({code}) changed at {en}"
            )


def _reason(code: str, zh: str, en: str) -> Reason:
    return {"code": code, "zh": zh, "en": en}
