"""What the departments and command centres of the demonstration's Hebei cities do of their duties: receipts, progress, daily reports.

Every call looks at what is still open, so that it can be made again at any time. All words and numbers are invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from service.demo.outside import Outside, Refused
from service.demo.policy import DUTY

CITIES = ("130100", "130400", "130500", "130600")
"""The cities of the episode whose plan (Hebei, 2016) asks for a daily report by 10:00."""
LATE = ("130600", "2016-12-17")
"""The one daily report that is written after its hour."""
HOUR = timedelta(hours=1)
REPORT_AFTER = timedelta(hours=8, minutes=30)
LATE_AFTER = timedelta(hours=11, minutes=30)
"""When a daily report is written, from the midnight that ends its day on; the second of the late one."""
RECEIPT_AFTER, PROGRESS_AFTER, DONE_AFTER = HOUR, 6 * HOUR, 20 * HOUR
SITES = 40
SITUATION = "各部门已按方案落实应急减排措施，督查继续进行。（演示）"
SAID = "此为演示脚本填写，非真实情况。"


def entry_of(task: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """What a department says next of its task; None when nothing is to be said yet.

    Of four tasks one is never answered, one only received, one comes half way, one is done: a visitor sees all of them.
    """
    diligence = task["id"] % 4
    runs = now - datetime.fromisoformat(task["starts_at"])
    if task["over"] or diligence == 0 or runs < RECEIPT_AFTER:
        return None
    if task["received_at"] is None:
        return {"kind": "receipt"}
    if diligence >= 2 and task["done"] is None and runs >= PROGRESS_AFTER:
        return {"kind": "progress", "done": SITES // 2, "total": SITES, "note": SAID}
    if diligence == 3 and task["state"] == "received" and runs >= DONE_AFTER:
        return {"kind": "done", "done": SITES, "total": SITES, "note": SAID}
    return None


def writes_at(report: Mapping[str, Any]) -> datetime:
    """When the centre writes a daily report."""
    ended = datetime.fromisoformat(f"{report['day']}T00:00:00+08:00") + 24 * HOUR
    return ended + (LATE_AFTER if (report["adcode"], report["day"]) == LATE else REPORT_AFTER)


@dataclass
class Duties:
    """Answers tasks and writes daily reports as the duty officer on the script."""

    outside: Outside
    _looked: datetime | None = field(default=None)

    async def look(self, now: datetime) -> None:
        """Do what has become due, at most every quarter of an hour. Raises Refused."""
        if self._looked is not None and now - self._looked < HOUR / 4:
            return
        for adcode in CITIES:
            for task in await self._items("/api/v1/tasks", {"adcode": adcode}):
                if (entry := entry_of(task, now)) is not None:
                    await self._post(f"/api/v1/tasks/{task['id']}/entries", entry)
        for state in ("open", "missed"):
            for report in await self._items("/api/v1/obligations", {"kind": "daily_report", "state": state}):
                if report["adcode"] in CITIES and writes_at(report) <= now:
                    await self._report(report["id"])
        self._looked = now

    async def _report(self, obligation: int) -> None:
        path = f"/api/v1/obligations/{obligation}/report"
        draft = await self._read(path, {})
        await self._post(path, {"content_hash": draft["content_hash"], "situation": SITUATION})

    async def _items(self, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self._read(path, query | {"size": "500"}))["items"]
        return found

    async def _read(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        answer = await self.outside.call(DUTY, "GET", path, params=query)
        if answer.status_code != 200:
            raise Refused(f"{path} was not answered", answer)
        return dict(answer.json())

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        """Somebody else may have been faster, or the content may have changed: then the next look sees it."""
        answer = await self.outside.call(DUTY, "POST", path, json=body)
        if answer.status_code not in (201, 409):
            raise Refused(f"{path} was refused", answer)
