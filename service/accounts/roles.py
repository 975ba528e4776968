"""Roles and what they may do; one positive, named predicate for each guard."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Who somebody is to the service."""

    FORECASTER = "forecaster"
    DUTY_OFFICER = "duty_officer"
    OFFICE_DIRECTOR = "office_director"
    DEPUTY_COMMANDER = "deputy_commander"
    COMMANDER = "commander"
    PROVINCIAL_COORDINATOR = "provincial_coordinator"
    COORDINATOR = "coordinator"
    INSPECTOR = "inspector"
    ENTERPRISE = "enterprise"
    AUDITOR = "auditor"
    SECURITY_ADMINISTRATOR = "security_administrator"
    ADMINISTRATOR = "administrator"

    @property
    def zh(self) -> str:
        """The role in Chinese."""
        return ROLE_ZH[self]


ROLE_ZH = {
    Role.FORECASTER: "预报员",
    Role.DUTY_OFFICER: "值班员",
    Role.OFFICE_DIRECTOR: "指挥部办公室主任",
    Role.DEPUTY_COMMANDER: "副指挥长",
    Role.COMMANDER: "指挥长",
    Role.PROVINCIAL_COORDINATOR: "省级协调员",
    Role.COORDINATOR: "区域协调员",
    Role.INSPECTOR: "执法检查员",
    Role.ENTERPRISE: "企业",
    Role.AUDITOR: "审计员",
    Role.SECURITY_ADMINISTRATOR: "安全管理员",
    Role.ADMINISTRATOR: "系统管理员",
}
OFFICIALS = frozenset(Role) - {Role.ENTERPRISE}
LEADERS = frozenset({Role.OFFICE_DIRECTOR, Role.DEPUTY_COMMANDER, Role.COMMANDER})
"""Who may be named by a plan to sign, beside the duty officer."""
CENTRE = LEADERS | {Role.DUTY_OFFICER}
"""The command centre of a division."""
COORDINATORS = frozenset({Role.PROVINCIAL_COORDINATOR, Role.COORDINATOR})
NATION = "100000"
"""GB/T 2260 code of the whole country."""


def prefix_of(adcode: str) -> str:
    """The digits that every division inside `adcode` begins with: the nation all, a province two, a city four."""
    if adcode == NATION:
        return ""
    if adcode.endswith("0000"):
        return adcode[:2]
    return adcode[:4] if adcode.endswith("00") else adcode


@dataclass(frozen=True)
class Scope:
    """The divisions somebody may act for. Repositories start from it."""

    adcode: str

    @property
    def prefix(self) -> str:
        """First digits of every division in it."""
        return prefix_of(self.adcode)

    def covers(self, adcode: str) -> bool:
        """Whether the division lies inside."""
        return adcode.startswith(self.prefix)


@dataclass(frozen=True)
class Principal:
    """Somebody who is signed in."""

    account_id: int
    login: str
    display: str
    role: Role
    scope: Scope
    uscc: str | None

    @property
    def may_see_command(self) -> bool:
        """Situation, proposals, traces: officials, not enterprises."""
        return self.role in OFFICIALS

    @property
    def may_propose(self) -> bool:
        """Enter a proposal by hand."""
        return self.role in CENTRE | {Role.FORECASTER}

    @property
    def may_prompt(self) -> bool:
        """Enter a regional prompt."""
        return self.role in COORDINATORS

    @property
    def may_keep_lists(self) -> bool:
        """Import and activate emission lists."""
        return self.role in CENTRE | {Role.ADMINISTRATOR}

    @property
    def may_send_evidence(self) -> bool:
        """Upload hours, gate records and inspections; an enterprise its own."""
        return self.role in CENTRE | {Role.INSPECTOR, Role.ENTERPRISE}

    @property
    def may_pursue_findings(self) -> bool:
        """Raise, notify, confirm and withdraw findings of the region."""
        return self.role in CENTRE | {Role.INSPECTOR}

    @property
    def may_judge_grades(self) -> bool:
        """Pass the steps of grades and guarantees that are for the level of their scope."""
        return self.role in CENTRE

    @property
    def may_keep_permits(self) -> bool:
        """Upload permit registers."""
        return self.role in CENTRE | {Role.ADMINISTRATOR}

    @property
    def may_evaluate(self) -> bool:
        """Close the evaluation of a response."""
        return self.role in CENTRE

    @property
    def may_subscribe(self) -> bool:
        """Have events sent to an endpoint: everybody who acts on them; the auditor and the security officer change nothing."""
        return self.role not in {Role.AUDITOR, Role.SECURITY_ADMINISTRATOR}

    @property
    def may_read_ledger(self) -> bool:
        """Read the ledger."""
        return self.role in {Role.AUDITOR, Role.ADMINISTRATOR, Role.COMMANDER}

    def may_decide(self, adcode: str, approvers: tuple[str, ...], proposed_by: int | None) -> bool:
        """Decide on a proposal of a division: in scope, a role the plan names, and not the proposer (four eyes)."""
        return self.scope.covers(adcode) and self.role.value in approvers and proposed_by != self.account_id

    def may_see_enterprise(self, adcode: str, uscc: str) -> bool:
        """An enterprise sees itself; officials see those of their region."""
        return self.uscc == uscc if self.role is Role.ENTERPRISE else self.scope.covers(adcode)

    def may_check_plans(self, adcode: str) -> bool:
        """Accept or return the operating plans, and keep the seasonal plans, of a division."""
        return self.role in CENTRE and self.scope.covers(adcode)
