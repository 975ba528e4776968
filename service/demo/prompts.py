"""Why the coordinator of an episode prompted: the words of the published letter, kept beside its list of cities."""

from __future__ import annotations

import json
from functools import cache

from service.demo.episodes import DATA


@cache
def basis_of(episode_id: str, prompt_id: str) -> str:
    """The basis of a prompt. Raises KeyError for a prompt that the episode does not have."""
    entries = json.loads((DATA / episode_id / "prompts.json").read_text("utf-8"))
    return str({entry["id"]: entry["basis"] for entry in entries}[prompt_id])
