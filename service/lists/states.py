"""The states of a list version and of an import, and the moves between them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from service.kit.problems import Conflict


class VersionState(StrEnum):
    """Where a version stands (草稿、已冻结、生效、已替代、已撤回)."""

    DRAFT = "draft"
    FROZEN = "frozen"
    ACTIVE = "active"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class ImportState(StrEnum):
    """Where an upload stands."""

    UPLOADING = "uploading"
    QUEUED = "queued"
    READING = "reading"
    CHECKING = "checking"
    STORING = "storing"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


VERSION_MOVES: Mapping[VersionState, frozenset[VersionState]] = {
    VersionState.DRAFT: frozenset({VersionState.FROZEN, VersionState.WITHDRAWN}),
    VersionState.FROZEN: frozenset({VersionState.ACTIVE, VersionState.WITHDRAWN}),
    VersionState.ACTIVE: frozenset({VersionState.SUPERSEDED, VersionState.WITHDRAWN}),
    VersionState.SUPERSEDED: frozenset(),
    VersionState.WITHDRAWN: frozenset(),
}
WORKING = frozenset({ImportState.QUEUED, ImportState.READING, ImportState.CHECKING, ImportState.STORING})
"""An import in one of these is begun again by whoever takes its job: nothing is stored before it is done."""
IMPORT_MOVES: Mapping[ImportState, frozenset[ImportState]] = {
    ImportState.UPLOADING: frozenset({ImportState.QUEUED, ImportState.FAILED}),
    **{state: WORKING | {ImportState.DONE, ImportState.REFUSED, ImportState.FAILED} for state in WORKING},
    ImportState.DONE: frozenset(),
    ImportState.REFUSED: frozenset(),
    ImportState.FAILED: frozenset(),
}
WORDS_ZH = {
    VersionState.DRAFT: "草稿",
    VersionState.FROZEN: "已冻结",
    VersionState.ACTIVE: "生效",
    VersionState.SUPERSEDED: "已替代",
    VersionState.WITHDRAWN: "已撤回",
}
_State = TypeVar("_State", bound=StrEnum)


def may_move(moves: Mapping[_State, frozenset[_State]], old: _State, new: _State) -> bool:
    """Whether the table allows the move."""
    return new in moves[old]


def move_version(old: str, new: VersionState) -> VersionState:
    """The new state. Raises Conflict that says what was tried and what is allowed."""
    state = VersionState(old)
    if not may_move(VERSION_MOVES, state, new):
        allowed = sorted(VERSION_MOVES[state])
        raise Conflict(
            f"This version is {state.value} and cannot become {new.value}; "
            + (f"it can become {' or '.join(allowed)}." if allowed else "import a new one to change the list."),
            detail_zh=f"这一版的状态是“{WORDS_ZH[state]}”，不能变为“{WORDS_ZH[new]}”；"
            + (f"可以变为：{'、'.join(WORDS_ZH[VersionState(one)] for one in allowed)}。" if allowed else "如需修改请导入新的一版。"),
        )
    return new
