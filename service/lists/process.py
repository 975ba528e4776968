"""The process apart in which workbooks are read, checked and written, so that the server neither grows nor stops.

It talks in frames over its standard input and output (see `frames`), holds no secret and no connection, and ends when its
caller does. What it may be asked for: `import`, `export`, `mark`.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import queue
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from service.lists.frames import AHEAD, END, GO, HEAD, PIECE, PROGRESS, packed, unpacked_size

PIECE_BYTES = 1 << 18
PIPE_BYTES = 1 << 20
HELD = 32
"""Frames that may wait to be worked on; the caller waits when there are more."""
Task = Callable[["Talk", dict[str, Any]], None]


class Talk:
    """The frames from and to the caller. When the caller is gone, so is this process."""

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source, self._target = source, target
        _widen(target)
        self._heard: queue.Queue[tuple[int, bytes]] = queue.Queue(HELD)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while head := self._source.read(5):
            kind, size = unpacked_size(head)
            self._heard.put((kind, self._source.read(size)))
        os._exit(1)

    def hear(self, kind: int) -> bytes:
        """The next frame, which must be of a kind."""
        found, content = self._heard.get()
        if found != kind:
            raise ValueError(f"frame {found} where {kind} was due")
        return content

    def pieces(self) -> Iterator[bytes]:
        """Frames of content until the end is said."""
        while True:
            kind, content = self._heard.get()
            if kind == END:
                return
            yield content

    def say(self, kind: int, content: bytes = b"") -> None:
        """Send one frame."""
        self._target.write(packed(kind, content))
        self._target.flush()

    def tell(self, stage: str, done: int, whole: int) -> None:
        """How far the work is."""
        self.say(PROGRESS, json.dumps([stage, done, whole]).encode())

    def answer(self, value: Any) -> None:
        """A JSON value."""
        self.say(HEAD, json.dumps(value, ensure_ascii=False).encode())


def import_workbook(talk: Talk, request: dict[str, Any]) -> None:
    """Content → faults, or counts, checks and sums, and on `GO` the lines to copy."""
    from emission_lists.workbook import read_workbook
    from service.lists.content import Writer, batches, enterprise_lines, record_lines
    from service.lists.workbooks import checked_by

    with tempfile.TemporaryFile() as file:  # without a name: nothing is left behind, however this process ends
        file.writelines(talk.pieces())
        reading = read_workbook(file, tell=lambda done, whole: talk.tell("reading", done, whole))
    if reading.errors:
        talk.answer({"faults": [fault.document() for fault in reading.errors]})
        return
    rows = len(reading.rows)
    talk.tell("checking", rows, rows)
    draft = reading.draft(request["adcode"], request["title"])
    guide, rules = request["law"]
    talk.answer(checked_by(draft, guide, rules, request["as_of"]).document())
    version = int(talk.hear(GO))
    writer = Writer()
    for lines in (
        enterprise_lines(version, draft.by_enterprise().values(), writer),
        record_lines(version, draft.adcode, draft.records, writer),
    ):
        for piece in batches(lines):
            talk.say(PIECE, piece)
        talk.say(END)
    talk.answer({"digest": writer.digest()})


def export(talk: Talk, request: dict[str, Any]) -> None:
    """Stored documents, the enterprises' and then the records', each as a JSON array in pieces → the workbook."""
    from emission_lists.documents import enterprise_from, line_from, pollutants_from
    from emission_lists.lists import ListRow
    from emission_lists.sheets.kinds import record_from
    from emission_lists.workbook_writer import write_long

    def rows() -> Iterator[ListRow]:
        for piece in talk.pieces():
            for document in json.loads(piece):
                enterprise = enterprise_from(document["enterprise"])
                for line in document["lines"]:
                    yield ListRow(enterprise, line_from(line))

    def records() -> Iterator[Any]:
        for piece in talk.pieces():
            yield from map(record_from, json.loads(piece))

    whole = request["whole_society"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        society = None if whole is None else pollutants_from(whole)
        try:
            write_long(path, rows(), records(), society, request["guide"], request["floors"], particulars=request["particulars"])
        except ValueError as unwritable:
            talk.answer({"problem": str(unwritable)})
            return
        _send_file(talk, path)


def mark(talk: Talk, request: dict[str, Any]) -> None:
    """Content and its faults → the workbook with the faulty cells marked."""
    from emission_lists.marked import write_marked

    content = b"".join(talk.pieces())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "marked.xlsx"
        write_marked(path, content, request["faults"])
        _send_file(talk, path)


def _send_file(talk: Talk, path: Path) -> None:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            talk.say(PIECE, piece)
    talk.say(END)


def _widen(target: BinaryIO) -> None:
    """Let a pipe hold several pieces where the system can: this process then works on while the caller stores them."""
    with suppress(OSError, ImportError, AttributeError):
        from fcntl import F_SETPIPE_SZ, fcntl

        fcntl(target.fileno(), F_SETPIPE_SZ, PIPE_BYTES)


TASKS: dict[str, Task] = {"import": import_workbook, "export": export, "mark": mark}


NEEDED = ("emission_lists.workbook", "service.lists.content", "service.lists.workbooks")
"""What a process that is started ahead loads: all that an import needs, and with it most of what the other tasks do."""


def main() -> None:
    """Do the one thing that the first frame asks for."""
    gc.disable()  # short-lived, and what it makes holds no cycles: collecting would cost a tenth of the time
    talk = Talk(sys.stdin.buffer, sys.stdout.buffer)
    if AHEAD in sys.argv[1:]:
        for name in NEEDED:
            import_module(name)
        talk.say(END)
    request = pickle.loads(talk.hear(HEAD))  # noqa: S301 - from the process that started this one
    TASKS[request["task"]](talk, request)
    os._exit(0)  # the listening thread waits for more


if __name__ == "__main__":
    main()
