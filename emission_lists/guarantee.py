"""The guarantee class (保障类): its approval chain as a table, and what it is worth at an instant.

Chain (2023 draft plan for 京津冀及周边): the city government agrees, the provincial department vets, the ministry is
told (备案). Relief holds only while treatment runs and emissions comply (Xuchang 2021), under a load cap that the city
approves: heat-led (以热定产) or order-led (以量定产).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from emission_lists.grading import Actor, IllegalMove, NotYours
from emission_lists.lists import Enterprise, GuaranteeType
from emission_lists.measures import Basis, Labelled, LoadCap

_SHANGHAI = ZoneInfo("Asia/Shanghai")


class GuaranteeState(Labelled):
    """Where a guarantee stands."""

    PROPOSED = ("proposed", "已提出", "proposed")
    CITY_AGREED = ("city_agreed", "市级政府同意", "agreed by the city")
    PROVINCE_VETTED = ("province_vetted", "省级审核通过", "vetted by the province")
    MEE_FILED = ("mee_filed", "已报部备案", "filed with the ministry")
    IN_FORCE = ("in_force", "生效", "in force")
    SUSPENDED = ("suspended", "暂停（未达标排放）", "suspended while not compliant")
    REJECTED = ("rejected", "不予同意", "rejected")
    WITHDRAWN = ("withdrawn", "已撤回", "withdrawn")
    EXPIRED = ("expired", "到期", "expired")
    REVOKED = ("revoked", "已撤销", "revoked")


class GuaranteeMove(Labelled):
    """What is done to a guarantee."""

    AGREE = ("agree", "市级政府同意", "agree")
    VET = ("vet", "省级审核", "vet")
    FILE = ("file", "报部备案", "file with the ministry")
    START = ("start", "生效", "put in force")
    SUSPEND = ("suspend", "暂停", "suspend")
    RESUME = ("resume", "恢复", "resume")
    REVOKE = ("revoke", "撤销", "revoke")
    REJECT = ("reject", "不予同意", "reject")
    WITHDRAW = ("withdraw", "撤回", "withdraw")
    EXPIRE = ("expire", "到期", "expire")


_S, _M = GuaranteeState, GuaranteeMove
_CITY, _PROVINCE = frozenset({Actor.CITY}), frozenset({Actor.PROVINCE})
_EITHER, _PLANT, _CLOCK = _CITY | _PROVINCE, frozenset({Actor.ENTERPRISE}), frozenset({Actor.CLOCK})
_OVER = {_M.EXPIRE: (_S.EXPIRED, _CLOCK)}
_LIVE = {_M.REVOKE: (_S.REVOKED, _EITHER), **_OVER}
MOVES: dict[GuaranteeState, dict[GuaranteeMove, tuple[GuaranteeState, frozenset[Actor]]]] = {
    _S.PROPOSED: {
        _M.AGREE: (_S.CITY_AGREED, _CITY),
        _M.REJECT: (_S.REJECTED, _CITY),
        _M.WITHDRAW: (_S.WITHDRAWN, _PLANT),
        **_OVER,
    },
    _S.CITY_AGREED: {
        _M.VET: (_S.PROVINCE_VETTED, _PROVINCE),
        _M.REJECT: (_S.REJECTED, _PROVINCE),
        _M.WITHDRAW: (_S.WITHDRAWN, _PLANT),
        **_OVER,
    },
    _S.PROVINCE_VETTED: {_M.FILE: (_S.MEE_FILED, _PROVINCE), _M.REJECT: (_S.REJECTED, _PROVINCE), **_OVER},
    _S.MEE_FILED: {_M.START: (_S.IN_FORCE, _EITHER), **_LIVE},
    _S.IN_FORCE: {_M.SUSPEND: (_S.SUSPENDED, _EITHER | {Actor.DISTRICT}), **_LIVE},
    _S.SUSPENDED: {_M.RESUME: (_S.IN_FORCE, _EITHER), **_LIVE},
}
CLERICAL = frozenset({_M.FILE, _M.SUSPEND, _M.RESUME, _M.REVOKE, _M.WITHDRAW})
"""Moves beside the chain of approvals, which no two of may be passed by one person."""
BASES = (Basis.HEAT_SUPPLY, Basis.ORDERED_QUANTITY)


def guarantee_moved(state: GuaranteeState, move: GuaranteeMove, by: frozenset[Actor]) -> tuple[GuaranteeState, Actor]:
    """The state after a move and who made it. Raises IllegalMove with what is possible instead."""
    possible = MOVES.get(state, {})
    if move not in possible:
        human = [one for one, (_, actors) in possible.items() if actors != _CLOCK]
        zh, en = "、".join(one.zh for one in human), ", ".join(one.value for one in human)
        raise IllegalMove(
            f"当前状态“{state.zh}”不能“{move.zh}”；可以：{zh or '无（已办结）'}",
            f"A guarantee that is {state.en} does not allow '{move.value}'; possible: {en or 'nothing, it is closed'}",
        )
    target, actors = possible[move]
    makers = sorted(actors & by, key=list(Actor).index)
    if not makers:
        ordered = sorted(actors, key=list(Actor).index)
        raise NotYours(
            f"“{move.zh}”应由{'、'.join(one.zh for one in ordered)}办理",
            f"'{move.en}' is for {' or '.join(one.en for one in ordered)} to do",
        )
    return target, makers[0]


@dataclass(frozen=True, slots=True)
class GuaranteeStep:
    """A state of a guarantee from an instant on."""

    state: GuaranteeState
    effective_from: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Guarantee:
    """One guarantee with its steps, oldest first. `cap`: the approved load, counted by `basis`."""

    id: int
    kind: GuaranteeType
    basis: Basis
    cap: LoadCap
    valid_until: datetime
    steps: tuple[GuaranteeStep, ...]

    def state_at(self, instant: datetime) -> tuple[GuaranteeState, datetime] | None:
        """The state at an instant and since when; None before the first step. What has expired stays so.

        It is over at its own end, whenever the clock's step was written.
        """
        begun = [step for step in self.steps if step.effective_from <= instant]
        if not begun:
            return None
        state, since = begun[-1].state, begun[-1].effective_from
        if state is _S.EXPIRED or (_M.EXPIRE in MOVES.get(state, {}) and self.valid_until <= instant):
            return _S.EXPIRED, self.valid_until
        return state, since


@dataclass(frozen=True, slots=True)
class GuaranteeStanding:
    """What one guarantee is worth at an instant, since when it is so."""

    guarantee: Guarantee
    state: GuaranteeState
    since: datetime

    @property
    def relieves(self) -> bool:
        """True only while it is in force: not before its chain is through, not while suspended, not after its end."""
        return self.state is _S.IN_FORCE


_STOOD = frozenset({_S.IN_FORCE, _S.SUSPENDED, _S.EXPIRED, _S.REVOKED})


def guarantee_at(guarantees: Iterable[Guarantee], instant: datetime) -> GuaranteeStanding | None:
    """The guarantee that counts at an instant: one in force before one that was; None if none has ever been."""
    found = []
    for guarantee in guarantees:
        held = guarantee.state_at(instant)
        if held is not None and held[0] in _STOOD and _was_in_force(guarantee, instant):
            found.append(GuaranteeStanding(guarantee, *held))
    return max(found, key=lambda one: (one.relieves, one.since, one.guarantee.id), default=None)


def unheld_at(guarantees: Iterable[Guarantee], instant: datetime) -> tuple[GuaranteeStanding, ...]:
    """The cases that had begun by an instant and had never been in force: on their way or closed, the newest last."""
    found = []
    for guarantee in sorted(guarantees, key=lambda one: one.id):
        held = guarantee.state_at(instant)
        if held is not None and not _was_in_force(guarantee, instant):
            found.append(GuaranteeStanding(guarantee, *held))
    return tuple(found)


CLOSED = frozenset({_S.REJECTED, _S.WITHDRAWN, _S.EXPIRED, _S.REVOKED})
"""States from which nothing leads on."""


def denied_by(guarantees: Sequence[Guarantee], start: datetime, at: datetime) -> GuaranteeStanding | None:
    """The case by which the list's word about a guarantee does not count, under a response from `start` on, as of `at`.

    Of guarantees that never came into force: one that had begun by the start counts before the list. One that is put
    forward only later leaves the relief of the start, until it is closed without an approval.
    """
    now = unheld_at(guarantees, at)
    if unheld_at(guarantees, start):
        return now[-1] if now else None
    return next((one for one in reversed(now) if one.state in CLOSED), None)


def listed_holds(enterprise: Enterprise, instant: datetime) -> bool:
    """Whether a guarantee that the list names reaches an instant: through the Beijing day that it states as its last."""
    return enterprise.guaranteed_on(instant.astimezone(_SHANGHAI).date())


def listed_end(enterprise: Enterprise) -> datetime | None:
    """The instant at which a guarantee that the list names is over; None without one, or without an end that can come."""
    until = enterprise.guarantee_until
    if enterprise.guarantee is None or until is None or until == date.max:
        return None
    return datetime.combine(until + timedelta(days=1), time(), _SHANGHAI)


def _was_in_force(guarantee: Guarantee, instant: datetime) -> bool:
    return any(step.state is _S.IN_FORCE and step.effective_from <= instant for step in guarantee.steps)
