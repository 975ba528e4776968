"""The layouts of docs/evidence.md are read as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emission_lists.compliance_rules import Rule
from service.evidence.reading import read_file
from service.evidence.records import Kind
from service.evidence.schemas import read_message

DOCS = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text("utf-8")
FILES = re.findall(r"```csv (\w+)\n(.*?)```", DOCS, re.DOTALL)
MESSAGES = re.findall(r"```json (\w+)\n(.*?)```", DOCS, re.DOTALL)


def test_every_kind_has_its_layout() -> None:
    assert {kind for kind, _ in FILES} == set(Kind)


@pytest.mark.parametrize(("kind", "text"), FILES)
def test_files(kind: str, text: str) -> None:
    records, faults = read_file(Kind(kind), text.encode())
    assert faults == []
    assert len(records) == text.strip().count("\n")


@pytest.mark.parametrize(("kind", "text"), MESSAGES)
def test_messages(kind: str, text: str) -> None:
    found, records = read_message(text.encode())
    assert (found, len(records)) == (Kind(kind), 1)


@pytest.mark.parametrize("rule", list(Rule))
def test_every_rule_is_described(rule: Rule) -> None:
    assert f"| `{rule.value}` | {rule.zh} |" in DOCS
