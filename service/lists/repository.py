"""The rows of a stored list version."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from emission_lists.documents import enterprise_from, line_from
from emission_lists.lists import Enterprise, Line
from service.kit.unit_of_work import UnitOfWork

BATCH = 500
ROWS_SQL = """
SELECT uscc, document FROM list_enterprise WHERE version_id = $1 AND uscc > $2 ORDER BY uscc LIMIT $3
"""


async def enterprises_of(uow: UnitOfWork, version_id: int) -> AsyncIterator[tuple[Enterprise, tuple[Line, ...]]]:
    """Every enterprise of a version with its lines, by credit code; read in batches, so memory stays flat."""
    last = ""
    while rows := await uow.fetch(ROWS_SQL, version_id, last, BATCH):
        for row in rows:
            stored = json.loads(row["document"])
            yield enterprise_from(stored["enterprise"]), tuple(line_from(line) for line in stored["lines"])
        last = rows[-1]["uscc"]
