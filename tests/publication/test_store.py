"""The public store: whole releases, newest wins, nothing lost when a publisher is killed at any step."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from service.publication.store import KEPT_RELEASES, PublicStore, StoreError

HOUSE = Path(__file__).parents[2]

COUNTED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from service.publication.store import PublicStore
left = int(sys.argv[3])
def counted(name):
    real = getattr(os, name)
    def step(*args, **kwargs):
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return real(*args, **kwargs)
    setattr(os, name, step)
store = PublicStore(Path(sys.argv[2]))
files = {f"{n}.html": b"2" * 2000 for n in "abc"} | {"en/a.html": b"2" * 2000, "cap/two.xml": b"two"}
for name in ("open", "fsync", "mkdir", "rename", "replace", "symlink", "unlink", "rmdir"):
    counted(name)
store.publish(files, 2)
print(left)
"""

ENDLESS = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from service.publication.store import PublicStore
store, start = PublicStore(Path(sys.argv[2])), int(sys.argv[3])
print("ready", flush=True)
for n in range(start, start + 100000):
    text = str(n).encode() * 500
    store.publish({"a.html": text, "b/c.html": text, "d.html": text, f"cap/m{n}.xml": text}, n)
"""


def files(number: int, **more: bytes) -> dict[str, bytes]:
    """A small site whose every file says the same number."""
    text = str(number).encode()
    return {"index.html": text, "en/index.html": text, "warnings.json": text, **more}


def contents(root: Path) -> dict[str, bytes]:
    """What a reader sees below current/, the messages left out."""
    current = (root / "current").resolve()
    return {
        str(path.relative_to(current)): path.read_bytes()
        for path in current.rglob("*")
        if path.is_file() and path.parent.name != "cap"
    }


def leftovers(root: Path) -> list[Path]:
    return list(root.rglob(".tmp-*"))


@pytest.fixture
def store(tmp_path: Path) -> PublicStore:
    return PublicStore(tmp_path / "public")


class TestPublish:
    def test_what_is_published_is_what_is_read(self, store: PublicStore) -> None:
        name = store.publish(files(1), 1)
        assert store.current_release() == name
        assert contents(store.root) == files(1)

    def test_a_second_release_replaces_the_first_whole(self, store: PublicStore) -> None:
        store.publish(files(1, **{"gone.html": b"1"}), 1)
        store.publish(files(2), 2)
        assert contents(store.root) == files(2)

    def test_an_older_state_is_quietly_not_published(self, store: PublicStore) -> None:
        newest = store.publish(files(7), 7)
        assert store.publish(files(6), 6) == newest
        assert contents(store.root) == files(7)

    def test_the_same_again_changes_nothing(self, store: PublicStore) -> None:
        assert store.publish(files(1), 1) == store.publish(files(1), 1)
        assert len(list(store.releases.iterdir())) == 1

    def test_the_same_generation_drawn_anew_is_published(self, store: PublicStore) -> None:
        store.publish(files(1), 1)
        store.publish(files(2), 1)
        assert contents(store.root) == files(2)

    def test_generations_are_compared_as_numbers(self, store: PublicStore) -> None:
        store.publish(files(9), 9)
        store.publish(files(10), 10)
        assert contents(store.root) == files(10)

    def test_messages_outlive_every_release(self, store: PublicStore) -> None:
        store.publish(files(0, **{"cap/a.xml": b"a"}), 0)
        for number in range(1, KEPT_RELEASES + 4):
            store.publish(files(number), number)
        assert (store.root / "current" / "cap" / "a.xml").read_bytes() == b"a"
        assert len(list(store.releases.iterdir())) == KEPT_RELEASES

    def test_a_message_never_changes_its_bytes(self, store: PublicStore) -> None:
        store.publish(files(1, **{"cap/a.xml": b"a"}), 1)
        with pytest.raises(StoreError, match="new identifier"):
            store.publish(files(2, **{"cap/a.xml": b"b"}), 2)
        assert contents(store.root) == files(1)
        assert (store.cap / "a.xml").read_bytes() == b"a"

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "/etc/x",
            "../x",
            "a/../b",
            "./a",
            "a//b",
            ".hidden",
            "a/",
            "a\\b",
            "a\0b",
            "cap/a/b.xml",
            "cap",
        ],
    )
    def test_a_path_that_could_lead_elsewhere(self, store: PublicStore, path: str) -> None:
        with pytest.raises(StoreError):
            store.publish({path: b"x"}, 1)
        assert not store.root.exists()

    def test_a_negative_generation(self, store: PublicStore) -> None:
        with pytest.raises(StoreError, match="count from 0"):
            store.publish(files(1), -1)

    def test_a_proxy_under_another_account_can_read(self, store: PublicStore) -> None:
        store.publish(files(1, **{"cap/a.xml": b"a"}), 1)
        current = (store.root / "current").resolve()
        for path in (current, current / "en", current / "index.html", store.cap / "a.xml"):
            assert path.stat().st_mode & 0o044 == 0o044


@pytest.mark.faults
class TestKilled:
    def test_between_any_two_steps(self, tmp_path: Path) -> None:
        """A real process kills itself before its n-th system call, for every n until it gets through."""
        seen = set()
        for steps in range(500):
            store = PublicStore(tmp_path / str(steps))
            store.publish({"a.html": b"1", "cap/one.xml": b"one"}, 1)
            done = subprocess.run(
                [sys.executable, "-c", COUNTED, str(HOUSE), str(store.root), str(steps)],
                capture_output=True,
                check=False,
                timeout=30,
            )
            found = contents(store.root)
            new = {f"{n}.html": b"2" * 2000 for n in ("a", "b", "c", "en/a")}
            assert found in ({"a.html": b"1"}, new), steps
            if found == new:
                assert (store.root / "current/cap/two.xml").read_bytes() == b"two"
            seen.add("new" if found == new else "old")
            store.publish({"a.html": b"3", "cap/two.xml": b"two"}, 3)
            assert contents(store.root) == {"a.html": b"3"}
            assert not leftovers(store.root)
            if done.returncode == 0:
                assert steps > 20
                break
            assert done.returncode == -signal.SIGKILL, done.stderr.decode()
        assert seen == {"old", "new"}

    def test_at_any_moment(self, tmp_path: Path) -> None:
        store, chance, last = PublicStore(tmp_path / "public"), random.Random(20161216), -1
        for _ in range(8):
            start = last + 1
            process = subprocess.Popen(
                [sys.executable, "-c", ENDLESS, str(HOUSE), str(store.root), str(start)],
                stdout=subprocess.PIPE,
            )
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            while store.current_release() is None:
                os.sched_yield()
            threading.Event().wait(chance.uniform(0.005, 0.08))
            os.kill(process.pid, signal.SIGKILL)
            process.wait(timeout=10)
            process.stdout.close()
            release = store.current_release()
            assert release is not None
            last = int(release.split("-")[0])
            assert contents(store.root) == {
                name: str(last).encode() * 500 for name in ("a.html", "b/c.html", "d.html")
            }
            assert (store.cap / f"m{last}.xml").exists()
        last += 1
        store.publish(files(last), last)
        assert contents(store.root) == files(last)
        assert not leftovers(store.root)


@pytest.mark.faults
class TestTogether:
    def test_processes_publishing_at_once_leave_the_newest(self, tmp_path: Path) -> None:
        store = PublicStore(tmp_path / "public")
        code = ENDLESS.replace("100000", "25")
        running = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(HOUSE), str(store.root), str(start)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for start in (0, 1000, 500)
        ]
        for process in running:
            _, errors = process.communicate(timeout=60)
            assert process.returncode == 0, errors.decode()
        assert contents(store.root)["a.html"] == b"1024" * 500
        assert not leftovers(store.root)

    def test_readers_never_see_half_a_site(self, tmp_path: Path) -> None:
        store = PublicStore(tmp_path / "public")
        store.publish(files(0), 0)
        writer = threading.Thread(target=lambda: [store.publish(files(n), n) for n in range(1, 60)])
        writer.start()
        looked = 0
        until = time.monotonic() + 30
        while writer.is_alive() and time.monotonic() < until:
            release = (store.root / "current").resolve()
            try:
                found = {(release / name).read_bytes() for name in files(0)}
            except FileNotFoundError:
                # A reader slower than five releases; the next look finds the present one.
                continue
            assert len(found) == 1
            looked += 1
        writer.join()
        assert looked > 0
        assert contents(store.root) == files(59)
