"""Every key of the published skill with its value, so that none is renamed or lost unseen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.alerts.verified import daily, issue, measured


@pytest.fixture
def body() -> dict[str, Any]:
    """Two issues before and in an episode of three days above 150, which is orange."""
    issues = [issue(0, [170, 210, 210]), issue(1, [210, 90])]
    return measured(issues, [daily(0, [60, 180, 240, 230, 60])]).contract()


def rate(hits: int, n: int, low: float, high: float) -> dict[str, object]:
    return {"rate": hits / n, "hits": hits, "n": n, "low": low, "high": high}


NOTHING = {"rate": None, "hits": 0, "n": 0, "low": None, "high": None}
COUNTS = ("hits", "misses", "false_alarms", "correct_negatives", "unknown", "too_short", "pending")


def test_head(body: dict[str, Any]) -> None:
    head = {key: value for key, value in body.items() if key not in {"lead_days", "levels", "lead_times"}}
    assert head == {
        "feed": "f",
        "basis": "forecast",
        "evidence": True,
        "divisions": 1,
        "rules": ["national-2024"],
        "plans": [],
        "issues": 2,
        "first_issue": "2024-11-08T17:00:00+08:00",
        "last_issue": "2024-11-09T17:00:00+08:00",
        "forecast_values": ["aqi"],
        "observed_values": ["aqi"],
    }
    assert [one["lead_day"] for one in body["lead_days"]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("at", "level", "counts", "pod", "far", "csi"),
    [
        (
            0,
            "yellow",
            (2, 0, 0, 0, 0, 0, 0),
            rate(2, 2, 0.3424, 1.0),
            rate(0, 2, 0.0, 0.6576),
            rate(2, 2, 0.3424, 1.0),
        ),
        (
            1,
            "orange",
            (1, 1, 0, 0, 0, 0, 0),
            rate(1, 2, 0.0945, 0.9055),
            rate(0, 1, 0.0, 0.7935),
            rate(1, 2, 0.0945, 0.9055),
        ),
        (2, "red", (0, 0, 0, 1, 0, 1, 0), NOTHING, NOTHING, NOTHING),
    ],
)
def test_levels(
    body: dict[str, Any], at: int, level: str, counts: tuple[int, ...], pod: object, far: object, csi: object
) -> None:
    told = dict(zip(COUNTS, counts, strict=True))
    assert body["levels"][at] == {"level": level, **told, "pod": pod, "far": far, "csi": csi}


def test_lead_times(body: dict[str, Any]) -> None:
    episode = {
        "adcode": "110000",
        "starts_at": "2024-11-09T00:00:00+08:00",
        "ends_at": "2024-11-12T00:00:00+08:00",
        "start_certain": True,
        "able_issues": 1,
        "first_at": "2024-11-08T17:00:00+08:00",
        "first_hours": 7.0,
        "steady_since": "2024-11-08T17:00:00+08:00",
        "steady_hours": 7.0,
        "at_least": True,
    }
    some = {"episodes": 1, "given": 1, "not_told": 0, "median_hours": 7.0, "items": [episode]}
    none = {"episodes": 0, "given": 0, "not_told": 0, "median_hours": None, "items": []}
    assert body["lead_times"] == [
        {"level": "yellow", **some},
        {"level": "orange", **some},
        {"level": "red", **none},
    ]
