"""Uploads of workbooks on their way to a version (导入): taken in whole or in pieces, found again, with everything that was found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from service.accounts.roles import Principal, Scope
from service.kit.problems import Conflict, Forbidden, Invalid, TooLarge, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.lists.flows import KEEPERS, KEEPERS_ZH, check_keeper
from service.lists.states import WORKING, ImportState

JOB = "import_list"
TOPIC = "import"
PIECE_BYTES = 1 << 20
FIELDS = (
    "id, adcode, title, guide, state, size, received, sha256, rows, rows_read, findings, version_id, created_by, created_at, ended_at"
)
INSERT_SQL = """
INSERT INTO list_import (adcode, title, guide, state, size, received, sha256, rows_read, findings, deaths, created_by, created_at)
VALUES ($1, $2, $3, 'uploading', $4, 0, $5, 0, 0, 0, $6, $7) RETURNING id
"""


@dataclass(frozen=True)
class Upload:
    """What is going to be uploaded: bytes in all, and their SHA-256 in hex."""

    adcode: str
    title: str
    guide: str
    size: int
    sha256: str


def check_size(uow: UnitOfWork, size: int) -> None:
    """Raises TooLarge or Invalid."""
    limit = uow.runtime.settings.max_upload_bytes
    if size > limit:
        raise TooLarge(
            f"A workbook may have at most {limit} bytes.", detail_zh=f"工作簿最大 {limit} 字节；请按区县拆分后分别导入。"
        )
    if size < 1:
        raise Invalid("The workbook is empty; send the .xlsx file.", detail_zh="文件是空的，请选择 .xlsx 文件。")


async def create(uow: UnitOfWork, principal: Principal, upload: Upload) -> int:
    """Begin an upload. Raises Forbidden, Unknown, Invalid or TooLarge."""
    check_keeper(uow, principal, upload.adcode, upload.guide)
    return await begin(uow, upload, principal.account_id)


async def begin(uow: UnitOfWork, upload: Upload, account_id: int | None) -> int:
    """An upload of nobody's or an account's."""
    check_size(uow, upload.size)
    number = await uow.fetchval(
        INSERT_SQL,
        upload.adcode,
        upload.title,
        upload.guide,
        upload.size,
        upload.sha256,
        account_id,
        uow.now,
    )
    return int(number)


async def take_whole(uow: UnitOfWork, principal: Principal, upload: Upload, pieces: Iterable[bytes]) -> dict[str, Any]:
    """Begin an upload with all its content and queue it."""
    number = await create(uow, principal, upload)
    await put(uow, number, 0, pieces)
    await _queue(uow, number, upload.adcode)
    return await find(uow, principal.scope, number)


async def put(uow: UnitOfWork, number: int, start: int, pieces: Iterable[bytes]) -> int:
    """Keep pieces from a byte on; returns the byte after them."""
    for piece in pieces:
        await uow.execute(
            "INSERT INTO list_import_chunk (import_id, start, content) VALUES ($1, $2, $3)", number, start, piece
        )
        start += len(piece)
    await uow.execute("UPDATE list_import SET received = $2 WHERE id = $1", number, start)
    return start


async def append(uow: UnitOfWork, principal: Principal, number: int, offset: int, content: bytes) -> dict[str, Any]:
    """Take the next piece. The last one queues the import.

    Raises Conflict (with the right `offset`) when the piece does not follow, Invalid when the whole has another SHA-256: the
    upload is given up then.
    """
    if not principal.may_keep_lists:
        raise Forbidden(KEEPERS, detail_zh=KEEPERS_ZH)
    await find(uow, principal.scope, number)
    row = await uow.fetchrow(f"SELECT {FIELDS} FROM list_import WHERE id = $1 FOR UPDATE", number)
    assert row is not None
    if row["state"] != ImportState.UPLOADING:
        raise Conflict(f"This upload is {row['state']}; nothing more is taken.", offset=row["received"])
    if offset != row["received"]:
        raise Conflict(f"The next piece begins at byte {row['received']}.", offset=row["received"])
    if not content:
        raise Invalid("The piece is empty.")
    if offset + len(content) > row["size"]:
        raise Invalid(f"The piece goes beyond the {row['size']} bytes that were announced.")
    received = await put(uow, number, offset, cut(content))
    if received == row["size"]:
        if await _hash(uow, number) == row["sha256"]:
            await _queue(uow, number, row["adcode"])
        else:
            await _give_up(uow, number)
    return await find(uow, principal.scope, number)


def cut(content: bytes) -> Iterable[bytes]:
    """Content in pieces that are kept."""
    return (content[start : start + PIECE_BYTES] for start in range(0, len(content), PIECE_BYTES))


async def _hash(uow: UnitOfWork, number: int) -> str:
    found = hashlib.sha256()
    async for piece in pieces_of(uow, number):
        found.update(piece)
    return found.hexdigest()


async def _queue(uow: UnitOfWork, number: int, adcode: str) -> None:
    await uow.execute("UPDATE list_import SET state = 'queued' WHERE id = $1", number)
    await uow.enqueue(JOB, {"import": number})
    await uow.tell(TOPIC, adcode)


async def queue_later(uow: UnitOfWork, number: int, after: timedelta) -> None:
    """Let a worker go on with an import that this process begins, should it not get through."""
    await uow.execute("UPDATE list_import SET state = 'queued' WHERE id = $1", number)
    await uow.enqueue(JOB, {"import": number}, after=after)


async def _give_up(uow: UnitOfWork, number: int) -> None:
    await keep_faults(uow, number, [UPLOAD_DIFFERS])
    await uow.execute(
        "UPDATE list_import SET state = 'failed', findings = 1, ended_at = $2 WHERE id = $1", number, uow.now
    )


def _fault(code: str, zh: str, advice_zh: str, en: str, advice_en: str) -> dict[str, Any]:
    nowhere = dict.fromkeys(("sheet", "row", "column", "value", "uscc", "reference"))
    words = {"message": zh, "advice": advice_zh, "message_en": en, "advice_en": advice_en}
    return {"code": code, "severity": "blocking", **nowhere, **words}


UPLOAD_DIFFERS = _fault(
    "UPLOAD_DIFFERS",
    "上传内容与声明的 SHA-256 不一致",
    "请重新上传文件",
    "what arrived has another SHA-256 than was announced",
    "upload the file again",
)
READER_ENDED = _fault(
    "READER_ENDED",
    "读取进程多次中断，文件未能读完",
    "请在 Excel 中打开并另存为 .xlsx，或按区县拆分后重试",
    "the reading process ended several times before the file was read",
    "open it in Excel and save it again, or split it by county",
)


async def keep_faults(uow: UnitOfWork, number: int, faults: list[dict[str, Any]]) -> None:
    """Keep what was found, in its order."""
    await uow.connection.copy_records_to_table(
        "list_import_finding",
        records=[
            (number, place, json.dumps(fault, ensure_ascii=False)) for place, fault in enumerate(faults, start=1)
        ],
        columns=("import_id", "number", "document"),
    )


async def pieces_of(uow: UnitOfWork, number: int) -> AsyncIterator[bytes]:
    """The uploaded content, piece by piece."""
    start = -1
    while True:
        row = await uow.fetchrow(
            "SELECT start, content FROM list_import_chunk WHERE import_id = $1 AND start > $2 ORDER BY start LIMIT 1",
            number,
            start,
        )
        if row is None:
            return
        start = row["start"]
        yield row["content"]


async def find(uow: UnitOfWork, scope: Scope, number: int) -> dict[str, Any]:
    """One import. Raises Unknown outside the scope."""
    row = await uow.fetchrow(f"SELECT {FIELDS} FROM list_import WHERE id = $1", number)
    if row is None or not scope.covers(row["adcode"]):
        raise Unknown(f"There is no import {number} in your region.", detail_zh=f"您的辖区内没有第 {number} 次导入。")
    return document_of(uow, row)


def document_of(uow: UnitOfWork, row: Any) -> dict[str, Any]:
    """An import as it is answered. `offset` is where the next piece begins."""
    return dict(row) | {
        "place": uow.runtime.place(row["adcode"]),
        "offset": row["received"],
        "ended": ImportState(row["state"]) not in WORKING | {ImportState.UPLOADING},
    }


async def page(uow: UnitOfWork, scope: Scope, after: int | None, size: int) -> list[dict[str, Any]]:
    """Imports of a scope, newest first."""
    rows = await uow.fetch(
        f"SELECT {FIELDS} FROM list_import WHERE adcode LIKE $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        scope.prefix + "%",
        after,
        size,
    )
    return [document_of(uow, row) for row in rows]


async def faults_of(uow: UnitOfWork, number: int, after: int, size: int) -> list[dict[str, Any]]:
    """Faults in their order, each with its `number`."""
    rows = await uow.fetch(
        "SELECT number, document FROM list_import_finding WHERE import_id = $1 AND number > $2 ORDER BY number LIMIT $3",
        number,
        after,
        size,
    )
    return [{"number": row["number"], **json.loads(row["document"])} for row in rows]
