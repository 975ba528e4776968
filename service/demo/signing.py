"""A chain of signatures to look at: in 2016 none is established for any city, so the demonstration brings one and says so."""

from __future__ import annotations

from alerts.law import Law
from alerts.plans import Plan, Signature
from alerts.rules import Validity

CITY = "130100"
LEVELS = ("blue", "yellow", "orange", "red")
SAID = "Invented for the demonstration, after Taiyuan's plan of 2019; no chain of this city is established for 2016."


def with_chain(law: Law) -> Law:
    """The law with one more plan: Shijiazhuang's proposals are signed by the office and then by a deputy commander."""
    steps = (
        Signature(role="office_director", within_hours=2, escalates_to=("deputy_commander",)),
        Signature(role="deputy_commander", within_hours=2, escalates_to=("commander",)),
    )
    plan = Plan.model_validate(
        {
            "id": "demo-signatures",
            "adcode": CITY,
            "version": "demo",
            "title": "演示用签批设置（虚构，不是该市预案）",
            "in_force": Validity.model_validate({"from": "2016-11-01", "until": "2017-02-01"}),
            "signatures": dict.fromkeys(LEVELS, steps),
            "choices": {"in_force": SAID, "signatures": SAID},
            "not_established": {"authorities": "2016年石家庄市各级别的审批主体未确立；此处签批顺序为演示虚构。"},
            "not_established_en": {
                "authorities": "Who approved in Shijiazhuang in 2016; the order of signatures here is invented."
            },
        }
    )
    return law.model_copy(update={"plans": {plan.id: plan} | law.plans})
