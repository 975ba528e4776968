"""What a process does about the collector once it has started."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import gc
from service.kit.memory import THRESHOLDS, settle

made = [[number] for number in range(1000)]
before = gc.get_freeze_count()
settle()
assert gc.get_freeze_count() >= before + 1000, gc.get_freeze_count()
assert not any(one is made for one in gc.get_objects())
assert gc.get_threshold()[:2] == THRESHOLDS[:2], gc.get_threshold()

class Ring:
    pass

import weakref
ring = Ring()
ring.itself = ring
seen = weakref.ref(ring)
del ring
gc.collect()
assert seen() is None  # what is made later is still found
"""


def test_what_the_start_made_is_not_gone_through_again() -> None:
    """In a process of its own: it would change this one for good."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
