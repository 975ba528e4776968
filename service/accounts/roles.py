"""Roles and what they may do; one positive, named predicate for each guard."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
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
LENDABLE = CENTRE | COORDINATORS
"""Roles that somebody else may hold for a while: the ones that decide, sign and prompt."""
TAKERS: dict[Role, frozenset[Role]] = {
    **{role: CENTRE | {Role.FORECASTER} for role in CENTRE},
    **dict.fromkeys(COORDINATORS, COORDINATORS),
}
"""Who may hold a lent role: the command's people for those that decide, coordinators only for coordinators. Otherwise who
issued a prompt could sign what it made others propose."""
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
class StandIn:
    """Somebody else's role, held until an instant of the service's clock."""

    delegation_id: int
    account_id: int
    """Whose role it is."""
    display: str
    role: Role
    scope: Scope
    until: datetime


@dataclass(frozen=True)
class Capacity:
    """In which role somebody acts: his own, or another's by a delegation."""

    role: Role
    delegation_id: int | None = None
    for_account: int | None = None


@dataclass(frozen=True)
class Principal:
    """Somebody who is signed in, or a program with a key (`key_scopes`)."""

    account_id: int
    login: str
    display: str
    role: Role
    scope: Scope
    uscc: str | None
    stand_ins: tuple[StandIn, ...] = ()
    """Whom he stands in for at this moment."""
    key_scopes: frozenset[str] | None = None
    """What an API key is for; None for a person's session."""
    session_id: int | None = None
    must_change: bool = False
    """The password is somebody else's choice and has to be changed first."""

    def capacity(
        self, adcode: str, roles: Collection[str], proposed_by: int | None, *, signed_by: Collection[int] = ()
    ) -> Capacity | None:
        """In which of `roles` he may act for a division: his own first, then a lent one; None when in none.

        Four eyes: never who proposed it, nor for him, nor who signed before, nor for him. `signed_by` names everybody who
        signed, and everybody for whom it was signed. A key acts in no capacity.
        """
        spent = {proposed_by, *signed_by}
        if self.key_scopes is not None or self.account_id in spent:
            return None
        if self.role in roles and self.scope.covers(adcode):
            return Capacity(self.role)
        for lent in self.stand_ins:
            if lent.role in roles and lent.scope.covers(adcode) and lent.account_id not in spent:
                return Capacity(lent.role, lent.delegation_id, lent.account_id)
        return None

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

    def may_acknowledge_circular(self, adcode: str) -> bool:
        """Acknowledge what a neighbour announced to a place: its own command or coordinator, or a command above short of the nation."""
        if self.scope.adcode == adcode:
            return self.role in CENTRE | COORDINATORS
        return self.role in CENTRE and self.scope.adcode != NATION and self.scope.covers(adcode)

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
    def may_reach_people(self) -> bool:
        """Keep and read contacts of the region, write notices to its enterprises, call them."""
        return self.role in CENTRE

    @property
    def may_send_again(self) -> bool:
        """Send deliveries of the scope's divisions again, whoever's endpoint it is."""
        return self.role in CENTRE | {Role.ADMINISTRATOR}

    @property
    def may_replace_webhook_keys(self) -> bool:
        """Replace the key with which the service signs: the system administrator of the whole."""
        return self.role is Role.ADMINISTRATOR and self.scope.prefix == ""

    @property
    def may_read_ledger(self) -> bool:
        """Read the ledger."""
        return self.role in {Role.AUDITOR, Role.ADMINISTRATOR, Role.COMMANDER}

    @property
    def may_open_accounts(self) -> bool:
        """Open accounts without rights, reset passwords, unlock: the operator's half of administration."""
        return self.role is Role.ADMINISTRATOR

    @property
    def may_grant(self) -> bool:
        """Grant roles and scopes, enable, reset factors, appoint stand-ins, revoke keys: the security officer's half."""
        return self.role is Role.SECURITY_ADMINISTRATOR

    @property
    def may_see_accounts(self) -> bool:
        """Read the book of accounts of the region."""
        return self.may_open_accounts or self.may_grant or self.role is Role.AUDITOR

    @property
    def may_lend(self) -> bool:
        """Let somebody else act for him."""
        return self.role in LENDABLE

    def may_decide(self, adcode: str, approvers: tuple[str, ...], proposed_by: int | None) -> bool:
        """Decide in his own role on a proposal of a division: in scope, named by the plan, not the proposer (four eyes)."""
        acting = self.capacity(adcode, approvers, proposed_by)
        return acting is not None and acting.delegation_id is None

    def may_see_enterprise(self, adcode: str, uscc: str) -> bool:
        """An enterprise sees itself; officials see those of their region."""
        return self.uscc == uscc if self.role is Role.ENTERPRISE else self.scope.covers(adcode)

    def may_check_plans(self, adcode: str) -> bool:
        """Accept or return the operating plans, and keep the seasonal plans, of a division."""
        return self.role in CENTRE and self.scope.covers(adcode)
