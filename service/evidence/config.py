"""The rules of compliance and the table of consequences, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from emission_lists.compliance_rules import ComplianceRules, Consequences

FOLDER = Path(__file__).resolve().parents[2] / "config" / "compliance"


@cache
def rules() -> ComplianceRules:
    """The rules that evidence is judged by. ValidationError names what is wrong with the file."""
    return ComplianceRules.model_validate(yaml.safe_load((FOLDER / "rules.yaml").read_text("utf-8")))


@cache
def consequences() -> Consequences:
    """What laws say may follow."""
    return Consequences.model_validate(yaml.safe_load((FOLDER / "consequences.yaml").read_text("utf-8")))
