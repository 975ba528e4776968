"""Responses begin and end by the clock: subscribers are told when they really do."""

from __future__ import annotations

from datetime import datetime

from alerts.levels import Level
from service.kit.canonical import canonical
from service.kit.unit_of_work import UnitOfWork, beijing
from service.subscriptions.flows import write_deliveries

CHANGED_SQL = """
SELECT r.*, s.warning_id, s.action, s.reason FROM response r JOIN warning_step s ON s.id = r.step_id
WHERE r.adcode = $1 AND (r.starts_at = $2 OR r.ends_at = $2) AND (r.ends_at IS NULL OR r.ends_at > r.starts_at)
ORDER BY r.ends_at NULLS LAST, r.id
"""


async def watch_response(uow: UnitOfWork, adcode: str, begins: datetime, ends: datetime | None) -> None:
    """Let what begins and ends at these instants be told then; what is present or past is told with this transaction."""
    for instant in (begins, ends):
        if instant is None:
            continue
        payload = {"adcode": adcode, "at": instant.isoformat()}
        if instant <= uow.now:
            await uow.enqueue("tell_responses", payload)
        else:
            await uow.due(f"responses:{adcode}", instant, "tell_responses", payload)


async def tell_responses(uow: UnitOfWork, adcode: str, at: datetime, only: int | None = None) -> int:
    """Tell subscribers, or `only` one, which responses of a division end and begin at an instant; what changed since is not told.

    Idempotent.
    """
    if at > uow.now:
        return 0
    rows, told = await uow.fetch(CHANGED_SQL, adcode, at), 0
    started = next((row for row in rows if row["starts_at"] == at), None)
    for row in rows:
        if row["ends_at"] == at:
            follower = None if started is None or started["warning_id"] != row["warning_id"] else started["id"]
            told += await _tell(uow, row, "ended", at, follower, only)
    for row in rows:
        if row["starts_at"] == at:
            told += await _tell(uow, row, "started", at, None, only)
    if only is None:
        if started is not None:
            await uow.enqueue("find_missing_plans", {"adcode": adcode, "at": at})
        await uow.tell("response", adcode)
    return told


async def _tell(uow: UnitOfWork, row: object, what: str, at: datetime, follower: int | None, only: int | None) -> int:
    response: dict[str, object] = dict(row)  # type: ignore[call-overload]
    adcode, level = str(response["adcode"]), Level(int(str(response["level"])))
    version = response["list_version_id"]
    data = {
        "response": response["id"],
        "warning": response["warning_id"],
        "step": response["step_id"],
        "adcode": adcode,
        "place": uow.runtime.place(adcode),
        "level": level.code,
        "response_level": level.response,
        "list_version": version,
        "starts_at": beijing(response["starts_at"]),  # type: ignore[arg-type]
        "ends_at": beijing(response["ends_at"]),  # type: ignore[arg-type]
    }
    if what == "ended":
        data["followed_by"] = follower
    body = canonical({"type": f"response.{what}", "timestamp": beijing(at), "data": data})
    reason = f"response-{response['id']}-{what}"
    written = await write_deliveries(
        uow, reason, f"response.{what}", body, adcode, None if version is None else int(str(version)), only
    )
    if written:
        await uow.record("delivery.queued", adcode, response=response["id"], event=f"response.{what}", deliveries=written)
    return written
