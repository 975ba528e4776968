"""Real processes of the service over one database, and a receiver that counts what it is told."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

Value = TypeVar("Value")
BACKSTOP_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(look: Callable[[], Value | None], what: str, seconds: float = BACKSTOP_SECONDS) -> Value:
    """The first thing that `look` finds; a process of its own cannot be waited for otherwise."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} s for {what}")


class Quiet(ThreadingHTTPServer):
    """Says nothing of callers that went away in the middle."""

    def handle_error(self, *_: object) -> None:
        """They were killed; that is what the tests are about."""


class Receiver:
    """An endpoint of a subscriber: counts webhook-ids per path; answers after `delay()` seconds, the first call after `release`."""

    def __init__(self, delay: Callable[[], float] = lambda: 0.0, *, hold_first: bool = False) -> None:
        self.heard: dict[str, Counter[str]] = {}
        self.arrived, self.release = threading.Event(), threading.Event()
        heard, lock, arrived, release = self.heard, threading.Lock(), self.arrived, self.release

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                with lock:
                    heard.setdefault(self.path, Counter())[self.headers["webhook-id"]] += 1
                    first = not arrived.is_set()
                    arrived.set()
                if first and hold_first:
                    release.wait(BACKSTOP_SECONDS)
                time.sleep(delay())
                with contextlib.suppress(OSError):  # who called may be dead by now
                    self.send_response(204)
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                """Silent."""

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass
class Nodes:
    """Two `serve` and two `worker` processes, each started again under its name after a kill."""

    database: str
    folder: Path
    ports: dict[str, int] = field(default_factory=lambda: {"serve-1": free_port(), "serve-2": free_port()})
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        environment = os.environ | {
            "DATABASE_URL": self.database,
            "LANTIAN_DATA_DIR": str(self.folder),
            "LANTIAN_BASE_URL": "http://127.0.0.1:8000",
            "LANTIAN_ALLOW_PRIVATE_TARGETS": "true",
            "LANTIAN_JOB_HEARTBEAT_SECONDS": "2",
            "LANTIAN_DELIVERY_TIMEOUT_SECONDS": "1",
            "LANTIAN_DELIVERY_LEASE_SECONDS": "3",
        }
        for name in names:
            command = (
                ["worker"] if name.startswith("worker") else ["serve", "--no-worker", "--port", str(self.ports[name])]
            )
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    [sys.executable, "-m", "service.cli.main", *command, "--json"],
                    env=environment,
                    stdout=log,
                    stderr=log,
                    cwd=Path(__file__).resolve().parents[2],
                )

    def kill(self, *names: str) -> None:
        for name in names:
            self.processes[name].send_signal(signal.SIGKILL)
        for name in names:
            self.processes[name].wait()

    def pause(self, name: str) -> None:
        self.processes[name].send_signal(signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        self.processes[name].send_signal(signal.SIGCONT)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def stop(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def logs(self) -> str:
        return "\n".join(f"== {path.name}\n{path.read_text()[-3000:]}" for path in sorted(self.folder.glob("*.log")))
