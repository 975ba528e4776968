"""The life of a grade (绩效分级管理) as a table: states, moves, and who may make them.

Application → reviews along the province's route → publicity (公示) → publication → in force. A downgrade is a case
of its own kind. Nothing here knows days or law: see `grading_rules`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from emission_lists.measures import Labelled

L = TypeVar("L", bound=Labelled)


def named(kind: type[L], value: str) -> L:
    """The member of a labelled enum by its value. ValueError if there is none."""
    for member in kind:
        if member.value == value:
            return member
    raise ValueError(f"{value!r} is not one of {', '.join(member.value for member in kind)}")


class Kind(Labelled):
    """What a case is about. PUBLISHED: a result that was published elsewhere and is entered here."""

    RATING = ("rating", "绩效分级申请", "rating")
    PUBLISHED = ("published", "已公布结果录入", "published result")
    DOWNGRADE = ("downgrade", "降级", "downgrade")


class State(Labelled):
    """Where a case stands."""

    APPLIED = ("applied", "已申请", "applied")
    DISTRICT_REVIEWED = ("district_reviewed", "区县初审通过", "reviewed by the district")
    CITY_REVIEWED = ("city_reviewed", "市级审核通过", "reviewed by the city")
    PROVINCE_REVIEWED = ("province_reviewed", "省级复核通过", "reviewed by the province")
    MINISTRY_REVIEWED = ("ministry_reviewed", "部级遴选通过", "picked by the ministry")
    IN_PUBLICITY = ("in_publicity", "公示中", "in publicity")
    OBJECTED = ("objected", "公示异议核实中", "objection under examination")
    PUBLICITY_ENDED = ("publicity_ended", "公示期满", "publicity over")
    ENTERED = ("entered", "已录入，待复核", "entered, to be confirmed")
    PUBLISHED = ("published", "已公布，待生效", "published, not yet in force")
    IN_FORCE = ("in_force", "生效", "in force")
    EXPIRED = ("expired", "到期失效", "expired")
    SUPERSEDED = ("superseded", "已被新决定替代", "superseded")
    REJECTED = ("rejected", "不予通过", "rejected")
    APPEALED = ("appealed", "申诉中", "under appeal")
    UPHELD = ("upheld", "申诉不成立，维持原决定", "upheld on appeal")
    WITHDRAWN = ("withdrawn", "已撤回", "withdrawn")
    PROPOSED = ("proposed", "建议降级", "downgrade proposed")
    DECIDED = ("decided", "决定降级，待生效", "downgrade decided, not yet in force")
    DROPPED = ("dropped", "不予降级", "not downgraded")
    REVERSED = ("reversed", "申诉成立，决定撤销", "reversed on appeal")


class Move(Labelled):
    """What is done to a case."""

    REVIEW = ("review", "审核通过", "review")
    REJECT = ("reject", "不予通过", "reject")
    WITHDRAW = ("withdraw", "撤回", "withdraw")
    PUBLICISE = ("publicise", "公示", "open the publicity")
    OBJECT = ("object", "提出异议", "object")
    DISMISS_OBJECTION = ("dismiss_objection", "异议不成立", "dismiss the objection")
    UPHOLD_OBJECTION = ("uphold_objection", "异议成立", "uphold the objection")
    END_PUBLICITY = ("end_publicity", "公示期满", "publicity ends")
    PUBLISH = ("publish", "公布", "publish")
    TAKE_EFFECT = ("take_effect", "生效", "takes effect")
    EXPIRE = ("expire", "到期", "expires")
    SUPERSEDE = ("supersede", "被替代", "is superseded")
    APPEAL = ("appeal", "申诉", "appeal")
    GRANT_APPEAL = ("grant_appeal", "申诉成立", "grant the appeal")
    DISMISS_APPEAL = ("dismiss_appeal", "申诉不成立", "dismiss the appeal")
    DECIDE = ("decide", "决定降级", "decide the downgrade")
    DROP = ("drop", "不予降级", "drop the downgrade")
    END_BAN = ("end_ban", "限制申请期满", "the ban on applying ends")


class Actor(Labelled):
    """Who makes a move. NEXT: the level whose review comes next on the route; DECIDER: the last level of the route;
    PUBLICISER: the level after whose review the publicity comes, the last one where the place rules nothing else."""

    ENTERPRISE = ("enterprise", "企业", "the enterprise")
    DISTRICT = ("district", "区县", "the district")
    CITY = ("city", "市级", "the city")
    PROVINCE = ("province", "省级", "the province")
    MINISTRY = ("ministry", "生态环境部", "the ministry")
    CLOCK = ("clock", "系统（到期）", "the clock")
    NEXT = ("next", "下一审核层级", "the next level")
    DECIDER = ("decider", "决定层级", "the deciding level")
    PUBLICISER = ("publiciser", "公示层级", "the publicising level")


OFFICIAL = frozenset({Actor.DISTRICT, Actor.CITY, Actor.PROVINCE, Actor.MINISTRY})
REVIEWED = {
    Actor.DISTRICT: State.DISTRICT_REVIEWED,
    Actor.CITY: State.CITY_REVIEWED,
    Actor.PROVINCE: State.PROVINCE_REVIEWED,
    Actor.MINISTRY: State.MINISTRY_REVIEWED,
}
_REVIEWS = (State.APPLIED, *REVIEWED.values())
_Moves = dict[Move, tuple[State | None, frozenset[Actor]]]


def _by(*actors: Actor) -> frozenset[Actor]:
    return frozenset(actors)


# None as the next state: the reviewed state of the level that reviewed, or (for END_BAN) the same state.
_REVIEWING: _Moves = {
    Move.REVIEW: (None, _by(Actor.NEXT)),
    Move.PUBLICISE: (State.IN_PUBLICITY, _by(Actor.PUBLICISER)),
    Move.PUBLISH: (State.PUBLISHED, _by(Actor.DECIDER)),
    Move.REJECT: (State.REJECTED, _by(Actor.NEXT, Actor.DECIDER)),
    Move.WITHDRAW: (State.WITHDRAWN, _by(Actor.ENTERPRISE)),
}
_STANDING: _Moves = {
    Move.EXPIRE: (State.EXPIRED, _by(Actor.CLOCK)),
    Move.SUPERSEDE: (State.SUPERSEDED, _by(Actor.CLOCK)),
}
_PUBLISHING: _Moves = {
    Move.TAKE_EFFECT: (State.IN_FORCE, _by(Actor.CLOCK)),
    Move.SUPERSEDE: (State.SUPERSEDED, _by(Actor.CLOCK)),
}
RATING_MOVES: dict[State, _Moves] = {
    **dict.fromkeys(_REVIEWS, _REVIEWING),
    State.IN_PUBLICITY: {
        Move.OBJECT: (State.OBJECTED, OFFICIAL),
        Move.END_PUBLICITY: (State.PUBLICITY_ENDED, _by(Actor.CLOCK)),
        Move.WITHDRAW: (State.WITHDRAWN, _by(Actor.ENTERPRISE)),
    },
    State.OBJECTED: {
        Move.DISMISS_OBJECTION: (State.IN_PUBLICITY, _by(Actor.PUBLICISER)),
        Move.UPHOLD_OBJECTION: (State.REJECTED, _by(Actor.PUBLICISER)),
        Move.WITHDRAW: (State.WITHDRAWN, _by(Actor.ENTERPRISE)),
    },
    State.PUBLICITY_ENDED: {
        Move.REVIEW: (None, _by(Actor.NEXT)),
        Move.PUBLISH: (State.PUBLISHED, _by(Actor.DECIDER)),
        Move.REJECT: (State.REJECTED, _by(Actor.DECIDER)),
    },
    State.PUBLISHED: _PUBLISHING,
    State.IN_FORCE: _STANDING,
    State.REJECTED: {Move.APPEAL: (State.APPEALED, _by(Actor.ENTERPRISE))},
    State.APPEALED: {
        Move.GRANT_APPEAL: (State.APPLIED, _by(Actor.DECIDER)),
        Move.DISMISS_APPEAL: (State.UPHELD, _by(Actor.DECIDER)),
    },
}
PUBLISHED_MOVES: dict[State, _Moves] = {
    State.ENTERED: {
        Move.PUBLISH: (State.PUBLISHED, _by(Actor.DECIDER)),
        Move.REJECT: (State.REJECTED, _by(Actor.DECIDER)),
    },
    State.PUBLISHED: _PUBLISHING,
    State.IN_FORCE: _STANDING,
}
_ENDING_BAN: _Moves = {Move.END_BAN: (None, _by(Actor.CLOCK)), Move.SUPERSEDE: (State.SUPERSEDED, _by(Actor.CLOCK))}
DOWNGRADE_MOVES: dict[State, _Moves] = {
    State.PROPOSED: {
        Move.DECIDE: (State.DECIDED, _by(Actor.DECIDER)),
        Move.DROP: (State.DROPPED, _by(Actor.DECIDER)),
    },
    State.DECIDED: {**_PUBLISHING, Move.APPEAL: (State.APPEALED, _by(Actor.ENTERPRISE))},
    State.IN_FORCE: {**_ENDING_BAN, Move.APPEAL: (State.APPEALED, _by(Actor.ENTERPRISE))},
    State.APPEALED: {
        Move.GRANT_APPEAL: (State.REVERSED, _by(Actor.DECIDER)),
        Move.DISMISS_APPEAL: (State.UPHELD, _by(Actor.DECIDER)),
    },
    State.UPHELD: _ENDING_BAN,
}
MOVES: dict[Kind, dict[State, _Moves]] = {
    Kind.RATING: RATING_MOVES,
    Kind.PUBLISHED: PUBLISHED_MOVES,
    Kind.DOWNGRADE: DOWNGRADE_MOVES,
}
FIRST = {Kind.RATING: State.APPLIED, Kind.PUBLISHED: State.ENTERED, Kind.DOWNGRADE: State.PROPOSED}
CLERICAL = frozenset({Move.PUBLICISE, Move.OBJECT})
"""Moves that pass no judgement: whoever makes one may still pass another step of the same case."""


class IllegalMove(ValueError):
    """A move that the state does not know, or that somebody else has to make; says what is possible."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class NotYours(IllegalMove):
    """The state allows the move, but somebody else has to make it."""


@dataclass(frozen=True, slots=True)
class Case:
    """Where a case stands: its kind, its state and the levels that review it in turn, the last one decides.

    `publicity_after`: the level after whose review the publicity (公示) comes, before the levels above it review;
    None = after all of them.
    """

    kind: Kind
    state: State
    route: tuple[Actor, ...]
    publicity_after: Actor | None = None

    def __post_init__(self) -> None:
        if not self.route or not OFFICIAL.issuperset(self.route) or len(set(self.route)) != len(self.route):
            raise ValueError(f"a route names levels of government, each once, at least one: {self.route}")
        if self.publicity_after is not None and self.publicity_after not in self.route:
            raise ValueError(f"the publicity comes after a level of the route {self.route}, not {self.publicity_after}")

    @property
    def decider(self) -> Actor:
        return self.route[-1]

    @property
    def publiciser(self) -> Actor:
        return self.publicity_after or self.route[-1]

    @property
    def after_publicity(self) -> Actor:
        """The level that goes on with the case once its publicity is over."""
        place = self.route.index(self.publiciser) + 1
        return self.route[place] if place < len(self.route) else self.decider

    @property
    def next_level(self) -> Actor | None:
        """The level whose review comes next; None outside the reviews, before the publicity, or when all have reviewed."""
        if self.state is State.APPLIED:
            return self.route[0]
        for level, following in zip(self.route, (*self.route[1:], None), strict=True):
            if self.state is REVIEWED[level]:
                return None if level is self.publiciser else following
            if self.state is State.PUBLICITY_ENDED and level is self.publiciser:
                return following
        return None


def open_moves(case: Case) -> dict[Move, frozenset[Actor]]:
    """The moves that the state allows and who may make each; empty when the case is closed."""
    found: dict[Move, frozenset[Actor]] = {}
    following = case.next_level
    for move, (_, actors) in MOVES[case.kind].get(case.state, {}).items():
        if _not_yet(case, move, following):
            continue
        who = {_resolved(actor, case, following) for actor in actors} - {None}
        if move is Move.REJECT and following is not None and case.state in (*_REVIEWS, State.PUBLICITY_ENDED):
            who = {following}
        if who:
            found[move] = frozenset(actor for actor in who if actor is not None)
    return found


def _not_yet(case: Case, move: Move, following: Actor | None) -> bool:
    """Whether the publicity or the publication does not come next: one publicity, and the publication after all reviews."""
    if case.state not in (*_REVIEWS, State.PUBLICITY_ENDED):
        return False
    before_publicity = case.state is REVIEWED[case.publiciser]
    if move is Move.PUBLICISE:
        return not before_publicity
    return move is Move.PUBLISH and (following is not None or before_publicity)


def _resolved(actor: Actor, case: Case, following: Actor | None) -> Actor | None:
    if actor is Actor.NEXT:
        return following
    if actor is Actor.PUBLICISER:
        return case.publiciser
    return case.decider if actor is Actor.DECIDER else actor


def moved(case: Case, move: Move, by: frozenset[Actor]) -> tuple[State, Actor]:
    """The state after a move and the level that made it. Raises IllegalMove with what is possible instead."""
    possible = open_moves(case)
    if move not in possible:
        raise _unknown_move(case, move, possible)
    makers = possible[move] & by
    if not makers:
        zh, en = _names(possible[move])
        raise NotYours(f"“{move.zh}”应由{zh}办理", f"'{move.en}' is for {en} to do")
    maker = min(makers, key=list(Actor).index)
    target = MOVES[case.kind][case.state][move][0]
    if target is None:
        target = REVIEWED[maker] if move is Move.REVIEW else case.state
    return target, maker


def _unknown_move(case: Case, move: Move, possible: dict[Move, frozenset[Actor]]) -> IllegalMove:
    human = [one for one, actors in possible.items() if actors != {Actor.CLOCK}]
    zh = "、".join(one.zh for one in human) or "无（已办结）"
    en = ", ".join(one.value for one in human) or "nothing, it is closed"
    return IllegalMove(
        f"当前状态“{case.state.zh}”不能“{move.zh}”；可以：{zh}",
        f"A case that is {case.state.en} does not allow '{move.value}'; possible: {en}",
    )


def _names(actors: frozenset[Actor]) -> tuple[str, str]:
    ordered = sorted(actors, key=list(Actor).index)
    return "、".join(actor.zh for actor in ordered), " or ".join(actor.en for actor in ordered)


def passed_before(steps: list[tuple[Move | None, int | None]], account: int) -> bool:
    """Whether somebody has already passed a step of the case (four eyes). `None` as move: put the case forward."""
    return any(by == account and move not in CLERICAL for move, by in steps)


_MUNICIPALITIES = frozenset({"11", "12", "31", "50"})


def levels_of(adcode: str) -> frozenset[Actor]:
    """The levels of government that somebody whose scope is `adcode` (GB/T 2260) acts for.

    A municipality (直辖市) is city and province in one; a county-level city right under its province acts as a city.
    """
    if adcode == "100000":
        return frozenset({Actor.MINISTRY})
    if adcode.endswith("0000"):
        both = frozenset({Actor.CITY, Actor.PROVINCE})
        return both if adcode[:2] in _MUNICIPALITIES else frozenset({Actor.PROVINCE})
    if adcode.endswith("00"):
        return frozenset({Actor.CITY})
    if adcode[2:4] == "90":
        return frozenset({Actor.CITY, Actor.DISTRICT})
    return frozenset({Actor.DISTRICT})
