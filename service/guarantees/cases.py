"""A guarantee as it is stored, one step more, and the end that the clock brings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emission_lists.grading import Actor, named
from emission_lists.guarantee import MOVES, GuaranteeMove, GuaranteeState, guarantee_moved
from emission_lists.lists import GuaranteeType
from emission_lists.measures import Basis, LoadCap
from emission_lists.standing import effective_instant
from service.grades.documents import words
from service.kit.problems import Unknown
from service.kit.unit_of_work import UnitOfWork, beijing

CASE_SQL = "SELECT * FROM guarantee_case WHERE id = $1"
STEPS_SQL = """
SELECT s.*, a.display AS by_name FROM guarantee_step s LEFT JOIN account a ON a.id = s.account_id
WHERE s.case_id = ANY($1::bigint[]) ORDER BY s.case_id, s.seq
"""
INSERT_STEP_SQL = """
INSERT INTO guarantee_step (case_id, seq, move, state, level, account_id, at, effective_from, reason, document)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
PROPOSE = "propose"
JOB = "end_guarantee"


@dataclass(frozen=True)
class Stored:
    """One guarantee with its steps, oldest first."""

    row: Any
    steps: tuple[Any, ...]

    @property
    def id(self) -> int:
        return int(self.row["id"])

    @property
    def state(self) -> GuaranteeState:
        return named(GuaranteeState, self.steps[-1]["state"])

    @property
    def cap(self) -> LoadCap:
        return LoadCap(self.row["cap_value"], self.row["cap_unit"], self.row["cap_metric"])

    @property
    def before(self) -> list[tuple[GuaranteeMove | None, int | None]]:
        """Who made which step; the proposal has no move."""
        return [
            (None if step["move"] == PROPOSE else named(GuaranteeMove, step["move"]), step["account_id"])
            for step in self.steps
        ]


async def load(uow: UnitOfWork, case_id: int, *, lock: bool = False) -> Stored:
    """A guarantee by its number; with `lock` nobody else can move it until the commit. Raises Unknown."""
    row = await uow.fetchrow(CASE_SQL + (" FOR UPDATE" if lock else ""), case_id)
    if row is None:
        raise Unknown(f"There is no guarantee {case_id} in your region.")
    return Stored(row, tuple(await uow.fetch(STEPS_SQL, [case_id])))


async def add_step(
    uow: UnitOfWork,
    row: Any,
    seq: int,
    move: str,
    state: GuaranteeState,
    level: Actor,
    *,
    account_id: int | None = None,
    reason: str | None = None,
    document: str | None = None,
) -> None:
    """Write a step and put it on the ledger. What it changes counts from the next full minutes on, never backwards.

    That a guarantee is only asked for or was refused changes an answer too: a list that names it no longer relieves.
    What has run out was over at its end already.
    """
    begins = uow.now if move == GuaranteeMove.EXPIRE.value else effective_instant(None, uow.now)
    await uow.execute(
        INSERT_STEP_SQL,
        row["id"],
        seq,
        move,
        state.value,
        level.value,
        account_id,
        uow.now,
        begins,
        reason,
        document,
    )
    await uow.record(
        f"guarantee.{move}",
        row["adcode"],
        case=row["id"],
        uscc=row["uscc"],
        state=state.value,
        level=level.value,
        account=account_id,
        reason=reason,
        document=document,
        effective_from=begins,
    )
    await uow.tell("grade", row["adcode"])
    await uow.tell("list", row["adcode"])


async def settle(uow: UnitOfWork, case_id: int) -> Stored:
    """End a guarantee whose time is over; asked twice, it ends once. The case stays locked."""
    stored = await load(uow, case_id, lock=True)
    open_still = GuaranteeMove.EXPIRE in MOVES.get(stored.state, {})
    if not open_still or stored.row["valid_until"] > uow.now:
        return stored
    state, level = guarantee_moved(stored.state, GuaranteeMove.EXPIRE, frozenset({Actor.CLOCK}))
    await add_step(uow, stored.row, len(stored.steps), GuaranteeMove.EXPIRE.value, state, level)
    return await load(uow, case_id)


async def end_at(uow: UnitOfWork, case_id: int, instant: datetime) -> None:
    """Let the clock end a guarantee."""
    await uow.due(f"guarantee:{case_id}", instant, JOB, {"case": case_id})


def document(uow: UnitOfWork, stored: Stored) -> dict[str, Any]:
    """A guarantee: what it allows, where it stands, what comes next and who may do it."""
    row = stored.row
    cap = stored.cap
    return {
        "id": stored.id,
        "uscc": row["uscc"],
        "name": row["name"],
        "adcode": row["adcode"],
        "place": uow.runtime.place(row["adcode"]),
        "kind": row["kind"],
        "kind_words": words(named(GuaranteeType, row["kind"])),
        "basis": row["basis"],
        "basis_words": words(named(Basis, row["basis"])),
        "cap": {"value": cap.value, "unit": cap.unit, "metric": cap.metric},
        "cap_words": {"zh": cap.render_zh(), "en": cap.render_en()},
        "valid_until": beijing(row["valid_until"]),
        "reason": row["reason"],
        "state": stored.state.value,
        "state_words": words(stored.state),
        "relieves": stored.state is GuaranteeState.IN_FORCE,
        "created_at": beijing(row["created_at"]),
        "next": [
            {
                "move": move.value,
                **words(move),
                "by": [{"level": one.value, **words(one)} for one in sorted(actors, key=list(Actor).index)],
            }
            for move, (_, actors) in MOVES.get(stored.state, {}).items()
            if actors != {Actor.CLOCK}
        ],
    }


_PROPOSED = {"zh": "提出", "en": "put forward"}


def steps_document(stored: Stored) -> list[dict[str, Any]]:
    """The chain of steps: who, when, by which document."""
    return [
        {
            "seq": step["seq"],
            "move": step["move"],
            "move_words": _PROPOSED if step["move"] == PROPOSE else words(named(GuaranteeMove, step["move"])),
            "state": step["state"],
            "state_words": words(named(GuaranteeState, step["state"])),
            "level": step["level"],
            "level_words": words(named(Actor, step["level"])),
            "by": step["by_name"],
            "at": beijing(step["at"]),
            "effective_from": beijing(step["effective_from"]),
            "reason": step["reason"],
            "document": step["document"],
        }
        for step in stored.steps
    ]
