"""Jobs of lists: imports, activations that wait for their day, and old uploads that go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from service.kit.jobs import job
from service.kit.runtime import Runtime
from service.lists.flows import activate_when_due
from service.lists.importing import perform

KEPT = timedelta(days=30)
"""How long the content of an upload that became no version is kept."""
SWEEP_SQL = """
DELETE FROM list_import_chunk c USING list_import i
WHERE i.id = c.import_id AND i.state IN ('uploading', 'refused', 'failed') AND i.created_at < $1
"""


@job("import_list")
async def import_list(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Bring an upload to its end: a draft version, or its faults."""
    await perform(runtime, payload["import"])


@job("activate_list")
async def activate_list(runtime: Runtime, payload: dict[str, Any]) -> None:
    """Put a frozen version in force on its day."""
    async with runtime.unit() as uow:
        await activate_when_due(uow, payload["version"], datetime.fromisoformat(payload["effective_from"]))
        await uow.commit()


@job("sweep_imports", every=timedelta(days=1))
async def sweep_imports(runtime: Runtime, _payload: dict[str, Any]) -> None:
    """Forget the content of uploads that were refused or left alone; what was found in them stays."""
    async with runtime.unit() as uow:
        await uow.execute(SWEEP_SQL, uow.now - KEPT)
        await uow.commit()
