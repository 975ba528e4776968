"""Make the demonstration's lists in a process of its own: `python -m service.demo.making_lists EPISODE` with DATABASE_URL set."""

from __future__ import annotations

import asyncio
import sys

from service.demo.episodes import load_episode
from service.demo.seed import SIZES, seed_lists
from service.kit.database import Database
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from service.law.loader import load_law


async def make(episode_id: str) -> int:
    """Generate what is missing in the database of the environment; returns how many lists."""
    settings = Settings()
    assert settings.database_url is not None  # the caller gives it
    runtime = Runtime(settings, Database(settings.database_url, pool_size=2), load_law(settings.config_dir))
    await runtime.load_clock()
    try:
        return await seed_lists(runtime, load_episode(episode_id), SIZES)
    finally:
        await runtime.close()


if __name__ == "__main__":
    asyncio.run(make(sys.argv[1]))
