"""Replay the ledger: warnings, decisions with their signatures, responses and lists follow from its entries alone.

No database and no clock here. What the entries themselves break (an effect without its decision, one person signing twice,
two warnings at once) is told as a fault.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from alerts.instants import parse_instant
from alerts.levels import Level
from alerts.lifecycle import IllegalMove, State, advanced, move

Facts = dict[str, Any]
Books = dict[str, dict[Any, Facts]]
"""Facts by kind and key: proposals, signatures (proposal, step), decisions, warnings, steps, responses, messages, notices, lists."""
BOOKS = ("proposal", "signature", "decision", "warning", "step", "response", "message", "notice", "list")


class _Untold:
    """What an entry from before the fact was recorded does not say; it is compared with nothing."""

    def __repr__(self) -> str:
        return "untold"


UNTOLD = _Untold()
AFTER = {"raise": State.RAISED, "lower": State.LOWERED, "extend": State.EXTENDED}
ADVANCE = "advance"
ENDING = {"lift": State.LIFTED, "revoke": State.REVOKED}
CLOSING = ("superseded", "withdrawn", "expired")


@dataclass(frozen=True)
class Entry:
    """One entry of the ledger: its number, instant (aware), kind, division and the values of its content."""

    id: int
    at: datetime
    kind: str
    adcode: str | None
    content: Mapping[str, Any]


@dataclass
class Rebuilt:
    """What the entries taken so far amount to, and what they break."""

    books: Books = field(default_factory=lambda: {name: {} for name in BOOKS})
    delivered: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    entries: int = 0
    older: set[int] = field(default_factory=set)
    """Steps from before the ledger told of their messages and of a fixed end."""

    _of: dict[tuple[str, Any], list[Facts]] = field(default_factory=lambda: defaultdict(list))

    def take(self, entry: Entry) -> None:
        """Add one entry; they come in the order of their numbers. Kinds that tell nothing of the state are passed over."""
        self.entries += 1
        handler = _HANDLERS.get(entry.kind)
        if handler is None:
            return
        try:
            handler(self, entry)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            self.fault(entry, f"cannot be replayed ({type(error).__name__}: {error})")

    def put(self, book: str, key: Any, facts: Facts, of: Any) -> None:
        """Write facts down, to be found by `of` too (the division, the proposal, the warning)."""
        self.books[book][key] = facts
        self._of[book, of].append(facts)

    def of(self, book: str, of: Any) -> list[Facts]:
        """The facts of a book that belong to a division, a proposal or a warning, in the order of their entries."""
        return self._of[book, of]

    def fault(self, entry: Entry, what: str) -> None:
        """Note what an entry breaks."""
        self.faults.append(f"entry {entry.id} ({entry.kind}, {entry.adcode or 'no division'}): {what}")


@dataclass(frozen=True)
class Stands:
    """A level in force in one division at an instant, the list it pins and who decided on it."""

    adcode: str
    level: Level
    since: datetime
    ends_at: datetime | None
    warning: int
    step: int
    list_version: int | None
    decision: int | None
    signed_by: tuple[tuple[int, str], ...]


def rebuild(entries: Iterable[Entry]) -> Rebuilt:
    """The state that the entries, in the order of their numbers, make."""
    found = Rebuilt()
    for entry in entries:
        found.take(entry)
    return found


def in_force(books: Books, instant: datetime) -> list[Stands]:
    """What is in force at an instant (aware), by division; more than one entry of a division would be a fault."""
    standing = [_stands(books, facts) for facts in books["response"].values() if _holds(facts, instant)]
    return sorted(standing, key=lambda one: (one.adcode, one.step))


def overlaps(books: Books) -> list[str]:
    """Pairs of responses of one division that hold at the same time."""
    found = []
    by_division: dict[str, list[tuple[int, Facts]]] = {}
    for key, facts in books["response"].items():
        if not _void(facts):
            by_division.setdefault(facts["adcode"], []).append((key, facts))
    for adcode, responses in sorted(by_division.items()):
        responses.sort(key=lambda one: (one[1]["starts_at"], one[0]))
        for (one, before), (other, after) in pairwise(responses):
            ends = before["ends_at"]
            if ends is not UNTOLD and (ends is None or ends > after["starts_at"]):
                found.append(f"responses {one} and {other} of {adcode} hold at the same time")
    return found


def _stands(books: Books, facts: Facts) -> Stands:
    step = books["step"].get(facts["step_id"], {})
    decision = books["decision"].get(step.get("decision_id"), {})
    proposal = decision.get("proposal_id")
    signed = sorted((key, one) for key, one in books["signature"].items() if key[0] == proposal)
    ends = facts["ends_at"]
    return Stands(
        facts["adcode"],
        Level(facts["level"]),
        facts["starts_at"],
        None if ends is UNTOLD else ends,
        step.get("warning_id", 0),
        facts["step_id"],
        facts["list_version_id"],
        step.get("decision_id"),
        tuple((one["account_id"], one["role"]) for _, one in signed),
    )


def _void(facts: Facts) -> bool:
    ends = facts["ends_at"]
    return ends is not None and ends is not UNTOLD and ends <= facts["starts_at"]


def _holds(facts: Facts, instant: datetime) -> bool:
    ends = facts["ends_at"]
    return bool(facts["starts_at"] <= instant and (ends is None or ends is UNTOLD or instant < ends))


def _instant(value: str | None) -> datetime | None:
    return None if value is None else parse_instant(value)


def _proposed(found: Rebuilt, entry: Entry) -> None:
    content = entry.content
    if any(one["state"] == "open" for one in found.of("proposal", entry.adcode)[-1:]):
        found.fault(entry, "another proposal of the division was open")
    proposal = {
        "adcode": entry.adcode,
        "state": "open",
        "action": content["action"],
        "to_level": int(Level.of(content["to"])),
        "reason": content["reason"],
        "content_hash": content["hash"],
        "digest": content["hash"],
        "signatures": len(content["chain"]) if content.get("chain") else UNTOLD,
        "proposed_by": content.get("proposed_by", UNTOLD),
        "created_at": entry.at,
        "closed_at": None,
    }
    found.put("proposal", content["proposal"], proposal, entry.adcode)


def _closed(found: Rebuilt, entry: Entry) -> None:
    _close(found, entry, entry.kind.partition(".")[2])


def _close(found: Rebuilt, entry: Entry, state: str) -> Facts:
    proposal = found.books["proposal"][entry.content["proposal"]]
    if proposal["state"] != "open":
        found.fault(entry, f"proposal {entry.content['proposal']} was {proposal['state']} already")
    proposal |= {"state": state, "closed_at": entry.at}
    return proposal


def _signed(found: Rebuilt, entry: Entry) -> None:
    content, books = entry.content, found.books
    number, step = content["proposal"], content["signature"] - 1
    proposal = books["proposal"][number]
    given = found.of("signature", number)
    people = {person for one in given for person in _people(one)}
    facts = {
        "adcode": entry.adcode,
        "account_id": content["account"],
        "role": content["role"],
        "delegation_id": content["delegation"],
        "for_account": content["for_account"],
        "content_hash": content["hash"],
        "signed_at": entry.at,
    }
    if proposal["state"] != "open":
        found.fault(entry, f"proposal {number} was {proposal['state']} when it was signed")
    if step != len(given):
        found.fault(entry, f"signature {step + 1} of proposal {number} is out of order")
    if _people(facts) & people:
        found.fault(entry, f"the same person signed proposal {number} twice")
    if proposal["proposed_by"] is not UNTOLD and proposal["proposed_by"] in _people(facts):
        found.fault(entry, f"proposal {number} was signed by who proposed it")
    if content["hash"] != proposal["content_hash"]:
        found.fault(entry, f"signature {step + 1} of proposal {number} is under other content")
    found.put("signature", (number, step), facts, number)


def _people(signature: Facts) -> set[int]:
    return {signature["account_id"], signature["for_account"]} - {None}


def _decided(found: Rebuilt, entry: Entry) -> None:
    content, approve = entry.content, entry.kind == "decision.approved"
    proposal = _close(found, entry, "approved" if approve else "rejected")
    given = found.of("signature", content["proposal"])
    if content["hash"] != proposal["content_hash"]:
        found.fault(entry, f"decision {content['decision']} is under other content than proposal {content['proposal']}")
    if approve and proposal["signatures"] is not UNTOLD and len(given) != proposal["signatures"]:
        found.fault(entry, f"decision {content['decision']} has {len(given)} of {proposal['signatures']} signatures")
    if proposal["proposed_by"] is not UNTOLD and proposal["proposed_by"] == content["account"]:
        found.fault(entry, f"decision {content['decision']} is by who proposed it")
    found.books["decision"][content["decision"]] = {
        "adcode": entry.adcode,
        "proposal_id": content["proposal"],
        "account_id": content["account"],
        "role": content["role"],
        "approve": approve,
        "reason": content["reason"],
        "content_hash": content["hash"],
        "decided_at": entry.at,
    }


def _stepped(found: Rebuilt, entry: Entry) -> None:
    content, action = entry.content, entry.kind.partition(".")[2]
    effective, planned_end = parse_instant(content["effective_at"]), _instant(content["planned_end"])
    level, fixed = Level.of(content["level"]), content.get("fixed_end", UNTOLD)
    decision = found.books["decision"].get(content["decision"])
    if decision is None or not decision["approve"] or decision["adcode"] != entry.adcode:
        found.fault(entry, f"step {content['step']} rests on no approved decision of its division")
    if found.of("step", content["decision"]):
        found.fault(entry, f"decision {content['decision']} has two steps")
    if fixed is UNTOLD:
        found.older.add(content["step"])
    if action == "issue":
        _issue(found, entry, level, effective, planned_end, fixed)
    else:
        _change(found, entry, action, level, effective, planned_end, fixed)
    step = {
        "adcode": entry.adcode,
        "warning_id": content["warning"],
        "action": action,
        "level": int(level),
        "reason": content["reason"],
        "decision_id": content["decision"],
        "announced_at": entry.at,
        "effective_at": effective,
        "planned_end": None if action in ENDING else planned_end,
        "digest": UNTOLD if decision is None else decision["content_hash"],
    }
    found.put("step", content["step"], step, content["decision"])
    end = UNTOLD if fixed is UNTOLD else planned_end if fixed else None
    _respond(found, entry, action in ENDING, int(level), effective, end)


def _issue(
    found: Rebuilt, entry: Entry, level: Level, effective: datetime, planned_end: datetime | None, fixed: object
) -> None:
    if any(one["closed_at"] is None or one["closed_at"] > entry.at for one in found.of("warning", entry.adcode)[-1:]):
        found.fault(entry, f"another warning was still in force when warning {entry.content['warning']} was issued")
    warning = {
        "adcode": entry.adcode,
        "state": (State.ACTIVE if effective <= entry.at else State.ANNOUNCED).value,
        "level": int(level),
        "announced_at": entry.at,
        "effective_at": effective,
        "planned_end": planned_end,
        "fixed_end": fixed,
        "closed_at": None,
    }
    found.put("warning", entry.content["warning"], warning, entry.adcode)


def _change(
    found: Rebuilt,
    entry: Entry,
    action: str,
    level: Level,
    effective: datetime,
    planned_end: datetime | None,
    fixed: object,
) -> None:
    warning = found.books["warning"][entry.content["warning"]]
    if action in ENDING:
        _move(found, entry, warning, ENDING[action])
        warning["closed_at"] = effective
        return
    if action == ADVANCE:
        _advance(found, entry, warning, begun=effective <= entry.at)
    else:
        _move(found, entry, warning, AFTER[action])
    warning |= {"level": int(level), "planned_end": planned_end, "fixed_end": fixed}
    warning["effective_at"] = min(warning["effective_at"], effective)


def _advance(found: Rebuilt, entry: Entry, warning: Facts, *, begun: bool) -> None:
    try:
        warning["state"] = advanced(State(warning["state"]), begun=begun).value
    except IllegalMove as error:
        found.fault(entry, str(error))


def _move(found: Rebuilt, entry: Entry, warning: Facts, to: State) -> None:
    try:
        move(State(warning["state"]), to)
    except IllegalMove as error:
        found.fault(entry, str(error))
    warning["state"] = to.value


def _respond(
    found: Rebuilt, entry: Entry, ending: bool, level: int, effective: datetime, end: datetime | _Untold | None
) -> None:
    """The running response ends where the new one begins; a gap before a later start is carried over by the one before."""
    warning = entry.content["warning"]
    for one in found.of("response", entry.adcode):
        ends = one["ends_at"]
        if ends is None or ends is UNTOLD or ends > effective:
            one["ends_at"] = max(one["starts_at"], effective)
    if ending:
        return
    same = [one for one in found.of("response of", warning) if not _void(one)]
    if same:
        last = max(reversed(same), key=lambda one: one["ends_at"])  # every end is known: the loop above saw to it
        last["ends_at"] = max(last["ends_at"], effective)
    response = {
        "adcode": entry.adcode,
        "level": level,
        "step_id": entry.content["step"],
        "list_version_id": entry.content["list_version"],
        "starts_at": effective,
        "ends_at": end,
    }
    found.put("response", entry.content["response"], response, entry.adcode)
    found.of("response of", warning).append(response)


def _active(found: Rebuilt, entry: Entry) -> None:
    _move(found, entry, found.books["warning"][entry.content["warning"]], State.ACTIVE)


def _lapsed(found: Rebuilt, entry: Entry) -> None:
    warning = found.books["warning"][entry.content["warning"]]
    _move(found, entry, warning, State.LAPSED)
    warning["closed_at"] = parse_instant(entry.content["ended_at"])
    for one in found.of("response of", entry.content["warning"]):
        if one["ends_at"] is UNTOLD:
            one["ends_at"] = warning["closed_at"]


def _message(found: Rebuilt, entry: Entry) -> None:
    if entry.content["step"] not in found.books["step"]:
        found.fault(entry, "a message of no step")
    key = entry.content["message"]
    found.books["message"][key] = {"adcode": entry.adcode, "step_id": entry.content["step"], "digest": entry.content["digest"]}


def _notice(found: Rebuilt, entry: Entry) -> None:
    if entry.content["step"] not in found.books["step"]:
        found.fault(entry, "a notice of no step")
    found.books["notice"][entry.content["notice"]] = {"adcode": entry.adcode, "step_id": entry.content["step"]}


def _imported(found: Rebuilt, entry: Entry) -> None:
    content = entry.content
    version = {
        "adcode": entry.adcode,
        "state": "draft",
        "digest": content["digest"],
        "enterprises": content["enterprises"],
        "lines": content["lines"],
        "activated_at": None,
        "ended_at": None,
    }
    found.put("list", content["version"], version, entry.adcode)


def _frozen(found: Rebuilt, entry: Entry) -> None:
    found.books["list"][entry.content["version"]]["state"] = "frozen"


def _activated(found: Rebuilt, entry: Entry) -> None:
    for one in found.of("list", entry.adcode):
        if one["state"] == "active":
            one |= {"state": "superseded", "ended_at": entry.at}
    found.books["list"][entry.content["version"]] |= {"state": "active", "activated_at": entry.at}


def _withdrawn(found: Rebuilt, entry: Entry) -> None:
    found.books["list"][entry.content["version"]] |= {"state": "withdrawn", "ended_at": entry.at}


def _delivered(found: Rebuilt, entry: Entry) -> None:
    found.delivered.update(delivery for delivery, _, _ in entry.content["deliveries"])


_HANDLERS: dict[str, Callable[[Rebuilt, Entry], None]] = {
    "proposal.made": _proposed,
    "proposal.signed": _signed,
    "decision.approved": _decided,
    "decision.rejected": _decided,
    "warning.active": _active,
    "warning.lapsed": _lapsed,
    "message.frozen": _message,
    "notice.sent": _notice,
    "list.imported": _imported,
    "list.frozen": _frozen,
    "list.activated": _activated,
    "list.withdrawn": _withdrawn,
    "delivery.done": _delivered,
    **{f"proposal.{state}": _closed for state in CLOSING},
    **{f"warning.{action}": _stepped for action in ("issue", *AFTER, ADVANCE, *ENDING)},
}
KINDS = tuple(_HANDLERS)
"""The kinds of entries that make the state."""
