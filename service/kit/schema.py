"""All tables in one metadata, for migrations and their check."""

from __future__ import annotations

import importlib

from sqlmodel import SQLModel

NOUNS = (
    "accounts",
    "feeds",
    "forecasts",
    "assessments",
    "prompts",
    "proposals",
    "deviations",
    "warnings",
    "coordination",
    "obligations",
    "tasks",
    "guides",
    "lists",
    "permits",
    "grades",
    "guarantees",
    "responses",
    "operating_plans",
    "seasonal",
    "print",
    "notices",
    "people",
    "evidence",
    "findings",
    "evaluations",
    "subscriptions",
    "publication",
    "ledger",
    "drills",
    "kit",
)

for _noun in NOUNS:
    importlib.import_module(f"service.{_noun}.tables")

METADATA = SQLModel.metadata
APPEND_ONLY = (
    "forecast",
    "observation",
    "assessment",
    "decision",
    "warning_step",
    "message",
    "receipt",
    "ledger_entry",
    "ledger_seal",
    "prompt",
    "prompt_entry",
    "lift_check",
    "prompt_escalation",
    "circular",
    "circular_recipient",
    "circular_receipt",
    "guide_content",
    "list_enterprise",
    "acknowledgement",
    "notice",
    "inbox_message",
    "phone_call",
    "deviation",
    "list_record",
    "list_sum",
    "grade_application",
    "grade_step",
    "grade_decision",
    "guarantee_case",
    "guarantee_step",
    "permit_register",
    "permit",
    "operating_plan",
    "operating_plan_review",
    "seasonal_plan",
    "seasonal_entry",
    "printed_sheet",
    "evidence_batch",
    "evidence_point",
    "evidence_hour",
    "gate_record",
    "inspection",
    "finding_step",
    "reduction_report",
    "evaluation",
    "delivery_content",
    "delivery_attempt",
    "signature",
    "drill_inject",
    "drill_score",
    "duty_report",
    "task_entry",
)
"""Tables whose rows may neither change nor go; the database itself refuses."""


def is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
    """Whether a migration cares about a table: those of the job queue are kept by its own installer."""
    return kind != "table" or not (name or "").startswith("pgqueuer")
