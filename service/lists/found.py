"""What the checks of a version found, in pages, and how much more they found than is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.accounts.roles import Scope
from service.kit.unit_of_work import UnitOfWork
from service.lists.flows import checks_of

LEFT_OUT_SQL = """
SELECT coalesce(greatest(0, blocking + remarks - jsonb_array_length(checks)), 0) FROM list_version WHERE id = $1
"""


@dataclass(frozen=True)
class Found:
    """Findings of a version, blocking ones first. `left_out`: found at the import beyond what a version keeps."""

    items: list[dict[str, Any]]
    left_out: int

    @property
    def count(self) -> int:
        """How many there are in all."""
        return len(self.items) + self.left_out


async def found_in(uow: UnitOfWork, scope: Scope, version_id: int) -> Found:
    """What the checks found. Raises Unknown outside the scope."""
    items = await checks_of(uow, scope, version_id)
    return Found(items, int(await uow.fetchval(LEFT_OUT_SQL, version_id)))
