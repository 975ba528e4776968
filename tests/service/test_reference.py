"""Whatever an operator can name stands in docs/reference.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.cli.main import COMMANDS
from service.kit import problems
from service.kit.jobs import HANDLERS, load_handlers
from service.kit.metrics import ALL
from service.kit.settings import Settings
from service.subscriptions.flows import EVENTS

REFERENCE = (Path(__file__).parents[2] / "docs" / "reference.md").read_text(encoding="utf-8")


def codes() -> list[str]:
    """Every problem code."""
    known = vars(problems).values()
    return [kind.code for kind in known if isinstance(kind, type) and issubclass(kind, problems.Problem)]


def settings() -> list[str]:
    """Every setting as its environment variable."""
    return ["DATABASE_URL" if name == "database_url" else f"LANTIAN_{name.upper()}" for name in Settings.model_fields]


def jobs() -> list[str]:
    """Every job."""
    load_handlers()
    return sorted(HANDLERS)


def metrics() -> list[str]:
    """Every metric as it is scraped."""
    return [sample.name for metric in ALL for family in metric.collect() for sample in [family]]


@pytest.mark.parametrize("name", [*COMMANDS, *codes(), *settings(), *sorted(EVENTS), *jobs(), *metrics()])
def test_is_in_the_reference(name: str) -> None:
    assert f"`{name}" in REFERENCE


@pytest.mark.parametrize(
    ("variable", "value", "name", "expected"),
    [
        ("LANTIAN_PORT", "9001", "port", 9001),
        ("LANTIAN_POOL_SIZE", "3", "pool_size", 3),
        ("LANTIAN_WORKER", "false", "worker", False),
        ("DATABASE_URL", "postgresql://x/y", "database_url", "postgresql://x/y"),
        ("LANTIAN_BASE_URL", "https://air.example/", "base_url", "https://air.example/"),
    ],
)
def test_the_environment_sets(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, name: str, expected: object
) -> None:
    monkeypatch.setenv(variable, value)
    assert getattr(Settings(), name) == expected
