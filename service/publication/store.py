"""Releases of the public site on disk: immutable folders, one atomic switch.

    root/
      releases/00000000000000000042-1f0c9a77e3b2/   files of one release, never touched again
        cap -> ../../cap
      cap/<identifier>.xml                          kept for ever, bytes never change
      current -> releases/…                         switched by rename
A process may be killed between any two steps: readers see the old release or the new one, whole; what is
left over is cleared by the next publisher. Standard library only.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

KEPT_RELEASES = 5
CAP_FOLDER = "cap"
_TEMPORARY = ".tmp-"


class StoreError(ValueError):
    """Files that cannot be published; the message names the path and what to do."""


class PublicStore:
    """The public site under one folder. Any number of processes on the machine may publish."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.releases = root / "releases"
        self.cap = root / CAP_FOLDER
        self.current = root / "current"

    def publish(self, files: Mapping[str, bytes], generation: int) -> str:
        """Make `files` (path → bytes) the current release; return the name of the release that is current
        afterwards.

        `generation` grows with the state (≥ 0). A lower one than the current is quietly not published, so a
        slow publisher never overwrites newer truth. Paths below `cap/` outlive every release; another
        content for a known one is a StoreError, because consumers never fetch an address twice. Blocks
        while another process publishes.
        """
        if generation < 0:
            raise StoreError(f"generation {generation} is negative; count from 0")
        for path in files:
            _check_path(path)
        self._make_folders()
        with self._lock():
            current = self.current_release()
            if current is not None and generation < _generation(current):
                return current
            self._keep_cap(files)
            name = f"{generation:020d}-{_digest(files)}"
            self._write_release(name, files)
            if name != current:
                self._switch(name)
            self._prune(name)
            return name

    def current_release(self) -> str | None:
        """The name of the release that readers see, None before the first."""
        try:
            return self.current.readlink().name
        except FileNotFoundError:
            return None

    def _make_folders(self) -> None:
        for folder in (self.root, self.releases, self.cap):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        _sync(self.root)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        handle = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _keep_cap(self, files: Mapping[str, bytes]) -> None:
        written = False
        for path, content in files.items():
            if not _is_cap(path):
                continue
            target = self.root / path
            if target.exists():
                if target.read_bytes() != content:
                    raise StoreError(
                        f"{path} is published with other bytes; send a new message with a new identifier"
                    )
                continue
            temporary = target.with_name(_temporary_name())
            _write(temporary, content)
            temporary.rename(target)
            written = True
        if written:
            _sync(self.cap)

    def _write_release(self, name: str, files: Mapping[str, bytes]) -> None:
        """Write the folder under a passing name and rename it: under its own name a release is always
        whole.
        """
        target = self.releases / name
        if target.exists():
            return
        building = self.releases / _temporary_name()
        building.mkdir(mode=0o755)
        for path, content in files.items():
            if not _is_cap(path):
                (building / path).parent.mkdir(mode=0o755, parents=True, exist_ok=True)
                _write(building / path, content)
        (building / CAP_FOLDER).symlink_to(Path("..", "..", CAP_FOLDER))
        for folder in (building, *(path for path in building.rglob("*") if path.is_dir())):
            _sync(folder)
        building.rename(target)
        _sync(self.releases)

    def _switch(self, name: str) -> None:
        link = self.root / _temporary_name()
        link.symlink_to(Path("releases", name))
        link.replace(self.current)
        _sync(self.root)

    def _prune(self, name: str) -> None:
        """Keep the last releases; clear what killed publishers left. The lock makes every leftover
        nobody's.
        """
        older = sorted(path for path in self.releases.iterdir() if not path.name.startswith(_TEMPORARY))
        gone = [path for path in older[:-KEPT_RELEASES] if path.name != name]
        for path in gone:
            leaving = path.with_name(_temporary_name())
            path.rename(leaving)
        for folder in (self.root, self.cap, self.releases):
            for leftover in folder.glob(f"{_TEMPORARY}*"):
                if leftover.is_dir() and not leftover.is_symlink():
                    shutil.rmtree(leftover)
                else:
                    leftover.unlink()


def _check_path(path: str) -> None:
    parts = path.split("/")
    clean = all(part and not part.startswith(".") and "\\" not in part and "\0" not in part for part in parts)
    if not clean or PurePosixPath(path).is_absolute():
        raise StoreError(f"{path!r} is not a plain relative path; use names without leading dots or slashes")
    if parts[0] == CAP_FOLDER and len(parts) != 2:
        raise StoreError(f"{path!r}: the folder cap/ holds files only; put it elsewhere")


def _is_cap(path: str) -> bool:
    return path.startswith(f"{CAP_FOLDER}/")


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        if not _is_cap(path):
            digest.update(f"{path}\0{len(files[path])}\0".encode())
            digest.update(files[path])
    return digest.hexdigest()[:12]


def _generation(release: str) -> int:
    return int(release.split("-", 1)[0])


def _temporary_name() -> str:
    return f"{_TEMPORARY}{os.getpid()}-{secrets.token_hex(6)}"


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
