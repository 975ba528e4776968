"""Plans of a fresh law laid over each other by place, one to three layers, each looked up twice."""

from __future__ import annotations

import pytest

from alerts.law import Division, Law
from alerts.rules import NATIONAL
from tests.alerts.air import LAW, STANDARDS, START, plan

PLACES = {"130000": ("河北省", "province", None), "130100": ("石家庄市", "prefecture", "130000")}
PLANS = {"default": NATIONAL, "province": "130000", "city": "130100"}


def law(*plans: str) -> Law:
    return Law(
        standards=STANDARDS,
        rules=LAW.rules,
        plans={name: plan(id=name, adcode=PLANS[name], title=name) for name in plans},
        divisions={
            code: Division.model_validate({"adcode": code, "name": name, "level": level, "parent": parent})
            for code, (name, level, parent) in PLACES.items()
        },
    )


@pytest.mark.parametrize(
    ("plans", "adcode", "layers"),
    [
        (("default",), "130100", ()),
        (("default", "city"), "130100", ("city", "default")),
        (("default", "province", "city"), "130100", ("city", "province", "default")),
        (("default", "province", "city"), "130000", ("province", "default")),
        (("default", "province", "city"), "110000", ()),
        (("province", "city"), "130100", ("city", "province")),
    ],
)
def test_the_most_specific_first(plans: tuple[str, ...], adcode: str, layers: tuple[str, ...]) -> None:
    fresh = law(*plans)
    found = fresh.plan_for(adcode, START)
    assert (found.id, found.layers) == (layers[0] if layers else "default", layers)
    assert fresh.plan_for(adcode, START) is found


def test_a_named_plan_stands_over_those_of_the_places_above() -> None:
    fresh = law("default", "province", "city")
    assert fresh.plan("province", START).layers == ("province", "default")
    assert fresh.plan("default", START).layers == ()
