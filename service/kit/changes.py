"""The changes that a node has heard of, in the order of their commits; PostgreSQL gives all nodes the same order."""

from __future__ import annotations

import hashlib
from collections import deque
from typing import NamedTuple

KEPT = 1000
EVERYTHING = "*"
"""The topic told where nobody knows what was missed."""


class Change(NamedTuple):
    """A topic and its division; `mark` names the change on every node, "" where nothing is known of the order."""

    topic: str
    adcode: str
    mark: str = ""


class Course:
    """The last changes heard. A page carries the mark of the last one before it was made; any node can say what came after it."""

    def __init__(self, kept: int = KEPT) -> None:
        self._heard: deque[Change] = deque(maxlen=kept)

    def begin(self) -> None:
        """Forget all: what comes next does not follow on what came before."""
        self._heard.clear()

    def add(self, payload: str) -> Change:
        """Keep what was heard, `topic:division:random`."""
        topic, _, rest = payload.partition(":")
        # a digest: the mark stands in pages of people who may not know of the change; who guesses cannot try, for a part is random
        change = Change(topic, rest.partition(":")[0], hashlib.sha256(payload.encode()).hexdigest()[:16])
        self._heard.append(change)
        return change

    @property
    def mark(self) -> str:
        """The mark of the last change; "" when none was heard."""
        return self._heard[-1].mark if self._heard else ""

    def after(self, mark: str) -> list[Change] | None:
        """What came after a mark, oldest first; None when that is not known: the mark is none, or not one of the last."""
        found: list[Change] = []
        for change in reversed(self._heard):
            if change.mark == mark:
                return found[::-1]
            found.append(change)
        return None
