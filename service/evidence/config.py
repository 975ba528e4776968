"""The rules of compliance and the table of consequences, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from emission_lists.compliance_rules import ComplianceRules, Consequences
from service.kit.yaml_files import read_yaml

FOLDER = Path(__file__).resolve().parents[2] / "config" / "compliance"


@cache
def rules() -> ComplianceRules:
    """The rules that evidence is judged by. ValidationError names what is wrong with the file."""
    return ComplianceRules.model_validate(read_yaml(FOLDER / "rules.yaml"))


@cache
def consequences() -> Consequences:
    """What laws say may follow."""
    return Consequences.model_validate(read_yaml(FOLDER / "consequences.yaml"))
