"""How the scripted officials decide: who, when, and with which words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

DUTY, COMMANDER, COORDINATOR = "demo-script-duty", "demo-script-commander", "demo-script-coordinator"
"""Logins of the scripted officials; a person signs in with others, so the ledger tells them apart."""
BEIJING_DUTY, BEIJING_CHIEF = "demo-script-beijing-duty", "demo-script-beijing"
"""Scripted officials of the visitors' city: nobody passes two steps of one case."""
OFFICE, DEPUTY = "demo-script-office", "demo-script-deputy"
"""Who signs where a plan names a chain."""
LOGIN_OF_ROLE = {"duty_officer": DUTY, "office_director": OFFICE, "deputy_commander": DEPUTY, "commander": COMMANDER}
REASONS = {
    "criteria_met": "预报达到分级标准，同意发布。",
    "level_raised": "预报升级，同意提高预警级别。",
    "level_lowered": "预报减轻，同意降低预警级别。",
    "prolonged": "污染过程延长，同意延长预警。",
    "improved": "空气质量改善并预计持续，同意解除。",
    "regional_prompt": "按区域预警提示，同意同步启动。",
}
OTHERWISE = "已核对依据，同意。"


def reason_for(proposal: Mapping[str, Any]) -> str:
    """The words with which a scripted official approves."""
    return REASONS.get(str(proposal["reason"]), OTHERWISE)


def decider_of(proposal: Mapping[str, Any]) -> str | None:
    """The scripted official whose signature is due; None when no role that may sign is scripted."""
    return next((LOGIN_OF_ROLE[role] for role in proposal["approvers"] if role in LOGIN_OF_ROLE), None)


def _matter(proposal: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(proposal["adcode"]), str(proposal["action"]), str(proposal["to"])


@dataclass
class Patience:
    """When a scripted official decides. Exactly one of the two is given.

    `wait`: so long after the matter came up. `margin`: so long before its first deadline, which leaves the time before to a person.
    A matter is (division, action, level): that its wording follows the newest hour does not start its time anew.
    """

    wait: timedelta | None = None
    margin: timedelta | None = None
    _due: dict[tuple[str, str, str], datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.wait is None) == (self.margin is None):
            raise ValueError("give either wait or margin")

    def ripe(self, open_proposals: Iterable[Mapping[str, Any]], now: datetime) -> list[Mapping[str, Any]]:
        """The open proposals whose time has come. Remembers those that have not; forgets those that are gone."""
        proposals = list(open_proposals)
        self._due = {_matter(one): self._due.get(_matter(one), self._due_at(one)) for one in proposals}
        return [one for one in proposals if self._due[_matter(one)] <= now]

    def next_due(self) -> datetime | None:
        """The earliest instant at which something waiting is to be decided."""
        return min(self._due.values(), default=None)

    def _due_at(self, proposal: Mapping[str, Any]) -> datetime:
        if self.wait is not None:
            return datetime.fromisoformat(proposal["created_at"]) + self.wait
        assert self.margin is not None  # one of the two is given
        return datetime.fromisoformat(proposal["deadline"]) - self.margin
