"""Why the coordinator of an episode prompted: the words of the published letter, kept beside its list of cities."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache

from alerts.region import RegionalPrompt
from service.demo.episodes import DATA

ENDS = {"mep-2016-12-15": datetime.fromisoformat("2016-12-22T00:00:00+08:00")}
"""The letter names no end, and an open prompt would hold every level for ever. A choice: the end of the night of 12-21, until when
Beijing announced its red warning (see `warning_records.csv`)."""


@cache
def basis_of(episode_id: str, prompt_id: str) -> str:
    """The basis of a prompt. Raises KeyError for a prompt that the episode does not have."""
    entries = json.loads((DATA / episode_id / "prompts.json").read_text("utf-8"))
    return str({entry["id"]: entry["basis"] for entry in entries}[prompt_id])


def as_entered(prompt: RegionalPrompt) -> RegionalPrompt:
    """The prompt as the scripted coordinator enters it: with the chosen end where the letter names none."""
    return prompt.model_copy(update={"ends_at": prompt.ends_at or ENDS.get(prompt.id)})
