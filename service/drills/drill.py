"""A drill that this process runs."""

from __future__ import annotations

from dataclasses import dataclass

from service.drills.director import Director
from service.drills.participants import Handed
from service.drills.script import Script
from service.kit.runtime import Runtime


@dataclass(frozen=True)
class Drill:
    """A drill ready to be served."""

    id: int
    runtime: Runtime
    script: Script
    director: Director
    handed: Handed
    participants: str
