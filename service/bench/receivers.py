"""Endpoints of many subscribers in one process of their own: they answer at once, those under `/slow/` after some seconds.

`python -m service.bench.receivers PORT SECONDS`; `GET /` tells how many fast messages came and when the last one did.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import cast

import uvloop

EMPTY = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"


class Heard:
    """What came, of fast endpoints only."""

    def __init__(self) -> None:
        self.fast = 0
        self.last = 0.0


class Endpoint(asyncio.Protocol):
    """As little HTTP/1.1 as a client with Content-Length needs."""

    def __init__(self, heard: Heard, seconds: float) -> None:
        self._heard, self._seconds = heard, seconds
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (ends := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:ends].lower()
            _, found, length = head.partition(b"content-length: ")
            whole = ends + 4 + (int(length.split(b"\r", 1)[0]) if found else 0)
            if len(self._read) < whole:
                return
            self._read = self._read[whole:]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        if head.startswith(b"get "):
            told = json.dumps({"fast": self._heard.fast, "last": self._heard.last}).encode()
            self._heard.fast = 0
            self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(told), told))
        elif head.startswith(b"post /slow"):
            asyncio.get_running_loop().call_later(self._seconds, self._late)
        else:
            self._heard.fast += 1
            self._heard.last = time.time()
            self._transport.write(EMPTY)

    def _late(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(EMPTY)


async def serve(port: int, seconds: float) -> None:
    """Listen on every address of this machine's loopback net until ended."""
    heard = Heard()
    server = await asyncio.get_running_loop().create_server(
        lambda: Endpoint(heard, seconds), "0.0.0.0", port, backlog=4096  # noqa: S104 - every 127.x.y.z
    )
    print("receivers ready", file=sys.stderr, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), float(sys.argv[2])))
