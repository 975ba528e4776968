"""The due process of a finding (问题处理程序) as a table, and how findings follow their evidence. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from emission_lists.compliance import Found
from emission_lists.compliance_rules import Rule


class FindingState(StrEnum):
    """FOUND may still grow with its evidence; from NOTIFIED on it stays as the enterprise was told.

    What evidence then shows only in part is FOUND again until the enterprise is notified of what is left.
    """

    FOUND = "found"
    NOTIFIED = "notified"
    ANSWERED = "answered"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


class FindingStep(StrEnum):
    """What somebody does with a finding."""

    NOTIFY = "notify"
    ANSWER = "answer"
    CONFIRM = "confirm"
    WITHDRAW = "withdraw"


_S, _D = FindingState, FindingStep
MOVES: dict[tuple[FindingState, FindingStep], FindingState] = {
    (_S.FOUND, _D.NOTIFY): _S.NOTIFIED,
    (_S.FOUND, _D.WITHDRAW): _S.WITHDRAWN,
    (_S.NOTIFIED, _D.ANSWER): _S.ANSWERED,
    (_S.NOTIFIED, _D.CONFIRM): _S.CONFIRMED,  # only once the time to answer has passed
    (_S.NOTIFIED, _D.WITHDRAW): _S.WITHDRAWN,
    (_S.ANSWERED, _D.CONFIRM): _S.CONFIRMED,
    (_S.ANSWERED, _D.WITHDRAW): _S.WITHDRAWN,
}


class IllegalStepError(ValueError):
    """A step that the state does not allow; the message says which are."""


def moved(state: FindingState, step: FindingStep, now: datetime, answer_by: datetime | None) -> FindingState:
    """The state after a step. Raises IllegalStepError.

    Without an answer a finding can be confirmed only when the time to answer has passed.
    """
    following = MOVES.get((state, step))
    if following is None:
        allowed = ", ".join(known.value for at, known in MOVES if at is state) or "nothing"
        raise IllegalStepError(f"A finding that is {state.value} allows {allowed}, not {step.value}.")
    if state is _S.NOTIFIED and step is _D.CONFIRM and (answer_by is None or now < answer_by):
        raise IllegalStepError(
            "The enterprise still has time to answer; confirm once it has, or once the time has passed."
        )
    return following


def steps_from(state: FindingState, now: datetime, answer_by: datetime | None) -> tuple[FindingStep, ...]:
    """The steps that are open now."""
    waiting = state is _S.NOTIFIED and (answer_by is None or now < answer_by)
    return tuple(step for at, step in MOVES if at is state and not (waiting and step is _D.CONFIRM))


PassageKey = tuple[str, str, str]
"""One passage as a proof states it: gate, plate, instant."""


class Existing(NamedTuple):
    """A stored finding that evidence made. `supported` false on a withdrawn one: evidence withdrew it, not a person.

    `told`: the passages of a finding of gates; what it says is them, not the time between the first and the last.
    """

    id: int
    rule: Rule
    line_code: str
    starts: datetime
    until: datetime
    state: FindingState
    content_hash: str
    supported: bool = True
    told: frozenset[PassageKey] = frozenset()


def told_of(proof: Mapping[str, Any]) -> frozenset[PassageKey]:
    """The passages that a proof names; none where hours prove."""
    return frozenset(_key(one) for one in proof.get("passages", ()))


def _key(passage: Mapping[str, Any]) -> PassageKey:
    return passage["gate"], passage["plate"], passage["time"]


@dataclass
class Changes:
    """What has to be stored so that the findings say what the evidence says.

    `narrowed`: evidence shows only a part of what was told; they are found anew with it, among `changed`.
    """

    new: list[Found] = field(default_factory=list)
    changed: list[tuple[int, Found]] = field(default_factory=list)
    merged: list[tuple[int, int]] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    narrowed: set[int] = field(default_factory=set)
    supported: dict[int, bool] = field(default_factory=dict)


def reconcile(existing: Sequence[Existing], found: Sequence[Found]) -> Changes:
    """The changes that bring stored findings of one enterprise and response in line with what its evidence shows now.

    What was notified stays as it was told; what goes on afterwards is a finding of its own from there on. Where evidence shows
    only a part of it, it has to be notified again with that part, unless it is confirmed. What a person withdrew is not raised
    again. The result depends on the content of the evidence only, not on the order it came in.
    """
    changes = Changes()
    for key in sorted({(one.rule, one.line_code) for one in existing} | {(one.rule, one.line_code) for one in found}):
        stored = sorted((one for one in existing if (one.rule, one.line_code) == key), key=lambda one: one.id)
        shown = [one for one in found if (one.rule, one.line_code) == key]
        frozen = [one for one in stored if one.state is not FindingState.FOUND and (one.supported or not _over(one))]
        _check_support(frozen, shown, changes)
        left = [part for one in shown for part in _without(one, [kept for kept in frozen if _stands(kept, changes)])]
        _match([one for one in stored if one.state is FindingState.FOUND or one.id in changes.narrowed], left, changes)
    changes.narrowed &= {number for number, _ in changes.changed}
    return changes


def _over(one: Existing) -> bool:
    return one.state is FindingState.WITHDRAWN


def _stands(one: Existing, changes: Changes) -> bool:
    return one.id not in changes.gone and one.id not in changes.narrowed


def _check_support(frozen: Sequence[Existing], shown: Sequence[Found], changes: Changes) -> None:
    """Whether the evidence still shows what was told; unless it is confirmed, what it does not show at all is gone."""
    for one in frozen:
        if _over(one):
            continue
        whole = any(_holds(found, one) for found in shown)
        if not whole and one.state is not FindingState.CONFIRMED:
            if any(_meet(one, found) for found in shown):
                changes.narrowed.add(one.id)
            else:
                changes.gone.append(one.id)
        elif whole != one.supported:
            changes.supported[one.id] = whole


def _holds(found: Found, one: Existing) -> bool:
    """Whether all that a stored finding says is shown."""
    if one.told:
        return one.told <= told_of(found.proof)
    return found.starts <= one.starts and one.until <= found.until


def _meet(one: Existing, found: Found) -> bool:
    if one.told:
        return not one.told.isdisjoint(told_of(found.proof))
    return one.starts == found.starts or (one.starts < found.until and found.starts < one.until)


def _without(found: Found, frozen: Sequence[Existing]) -> list[Found]:
    """The parts of a finding that no frozen one speaks of already."""
    if "passages" in found.proof:
        return _untold(found, frozen)
    meeting = [one for one in frozen if _meet(one, found)]
    if not meeting:
        return [found]
    parts: list[list[dict[str, Any]]] = []
    for item in found.proof["items"]:
        starts, until = datetime.fromisoformat(item["from"]), datetime.fromisoformat(item["until"])
        if any(one.starts < until and starts < one.until for one in meeting):
            continue
        if parts and parts[-1][-1]["until"] == item["from"]:
            parts[-1].append(item)
        else:
            parts.append([item])
    return [
        replace(
            found,
            starts=datetime.fromisoformat(part[0]["from"]),
            until=datetime.fromisoformat(part[-1]["until"]),
            proof=found.proof | {"items": part},
        )
        for part in parts
    ]


def _untold(found: Found, frozen: Sequence[Existing]) -> list[Found]:
    """The passages that no frozen finding has told, whenever they came: earlier, later or at the same instant."""
    told = frozenset[PassageKey]().union(*(one.told for one in frozen))
    return besides(found, told, {one.starts for one in frozen})


def besides(found: Found, told: Collection[PassageKey], taken: Collection[datetime]) -> list[Found]:
    """A finding of gates without the passages that others tell; nothing where none is left.

    No two findings of a line begin at the same instant (`taken`): one that does is put a microsecond before.
    """
    left = [one for one in found.proof["passages"] if _key(one) not in told]
    if not left:
        return []
    starts = found.starts if found.starts not in taken else datetime.fromisoformat(left[0]["time"])
    while starts in taken:
        starts -= timedelta(microseconds=1)
    until = datetime.fromisoformat(left[-1]["time"])
    return [replace(found, starts=starts, until=until, proof=found.proof | {"passages": left})]


def _match(stored: Sequence[Existing], left: Sequence[Found], changes: Changes) -> None:
    """One stored finding for each part; two that have grown together become the older one."""
    free = {one.id: one for one in stored}
    for found in left:
        meeting = [one for one in free.values() if _meet(one, found)]
        if not meeting:
            changes.new.append(found)
            continue
        kept, *others = meeting
        changes.changed.append((kept.id, found))
        changes.merged += [(other.id, kept.id) for other in others]
        for one in meeting:
            del free[one.id]
    changes.gone += list(free)
