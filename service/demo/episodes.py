"""Real episodes (污染过程) of the past, ready to be played.

No archive of the forecasts of that time is public. What a feed would have forecast is rebuilt here from what
was measured later and says so in every message: `basis` is "perfect" (the later observation) or "persistence"
(yesterday goes on).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from alerts.region import RegionalPrompt
from service.demo.tracks import (
    FIELDS,
    PointDict,
    Track,
    by_division,
    local,
    midnight,
    number,
    read_rows,
    track,
)
from service.law.names import load_names

DATA = Path(__file__).parent / "data"
BASES = ("perfect", "persistence")


@dataclass(frozen=True)
class Episode:
    """One episode: what was measured where, what the region's coordinator prompted, and the clock's run.

    The clock runs in [starts_at, ends_at); `tracks` may reach further on both sides. `forecast_days` is how
    many whole days after the day of issue a rebuilt forecast covers, as far as there are observations.
    """

    id: str
    title_zh: str
    title_en: str
    starts_at: datetime
    ends_at: datetime
    forecast_days: int
    tracks: Mapping[str, Track]
    prompts: tuple[RegionalPrompt, ...]
    note_zh: str
    note_en: str

    @property
    def divisions(self) -> tuple[str, ...]:
        """The codes of all divisions with observations, sorted."""
        return tuple(sorted(self.tracks))

    @property
    def forecasts(self) -> tuple[str, ...]:
        """On what rebuilt forecasts may rest; there are no others."""
        return BASES

    def observations(self, adcode: str) -> list[PointDict]:
        """Everything measured in a division, in time order, as points of the feed contract.

        Raises KeyError for a division that the episode has no observations of.
        """
        measured = self.tracks[adcode]
        return measured.points(measured.first, measured.end)


class UnknownEpisode(ValueError):
    """There is no such episode; the message names those that exist."""

    def __init__(self, episode_id: str) -> None:
        super().__init__(f"there is no episode {episode_id!r}; choose one of {', '.join(EPISODES)}")


def load_episode(episode_id: str) -> Episode:
    """The episode "2016-12" or "2019-02", read once. Raises `UnknownEpisode` for anything else."""
    if episode_id not in EPISODES:
        raise UnknownEpisode(episode_id)
    return _loaded(episode_id)


@cache
def _loaded(episode_id: str) -> Episode:
    return EPISODES[episode_id](DATA / episode_id)


def _december_2016(folder: Path) -> Episode:
    return Episode(
        id="2016-12",
        title_zh="2016年12月京津冀及周边重污染过程",
        title_en="December 2016, Beijing-Tianjin-Hebei and surroundings",
        starts_at=datetime.fromisoformat("2016-12-14T00:00:00+08:00"),
        ends_at=datetime.fromisoformat("2016-12-24T00:00:00+08:00"),
        forecast_days=7,
        tracks={"110000": _beijing(folder / "beijing_hourly.csv")} | _ten_cities(folder / "city_daily.csv"),
        prompts=_prompts(folder / "prompts.json"),
        note_zh="实测为真实监测数据;预报由事后实测重建,并非当时的预报。",
        note_en="Observations are real. Forecasts are rebuilt from later observations.",
    )


def _beijing(path: Path) -> Track:
    """Hourly city means; the mean of the stations' AQI is not the city's AQI and stays out."""
    rows = {
        local(row["time"]): [number(None if field == "aqi" else row[field]) for field in FIELDS]
        for row in read_rows(path)
    }
    return track("110000", "hourly", rows)


def _ten_cities(path: Path) -> dict[str, Track]:
    """Daily means.

    The largest hour of O3 is not its 8-hour value and stays out. Beijing has hours and is left out.
    """
    columns = {"aqi": "aqi_calc", "o3": None}
    rows = (
        (
            row["adcode"],
            local(row["date"]),
            [number(row[column] if (column := columns.get(field, field)) else None) for field in FIELDS],
        )
        for row in read_rows(path)
        if row["adcode"] != "110000"
    )
    return {adcode: track(adcode, "daily", days) for adcode, days in by_division(rows).items()}


def _prompts(path: Path) -> tuple[RegionalPrompt, ...]:
    return tuple(RegionalPrompt.model_validate(_published(entry)) for entry in json.loads(path.read_text("utf-8")))


def _published(prompt: dict[str, Any]) -> dict[str, Any]:
    """The prompt without what is for readers of the file only."""
    kept = [{key: entry[key] for key in ("adcode", "level")} for entry in prompt["entries"]]
    return {key: value for key, value in prompt.items() if key not in {"basis", "certainty"}} | {"entries": kept}


def _february_2019(folder: Path) -> Episode:
    names = load_names()
    rows = (
        (
            names.adcode(row["city"], local(row["time"]).date()) or row["city"],
            local(row["time"]),
            [number(row[field]) for field in FIELDS],
        )
        for row in read_rows(folder / "cities_hourly.csv.gz")
    )
    tracks = {adcode: track(adcode, "hourly", hours) for adcode, hours in by_division(rows).items()}
    start = min(measured.first for measured in tracks.values())
    return Episode(
        id="2019-02",
        title_zh="2019年春节期间全国367个城市",
        title_en="Spring Festival 2019, 367 cities",
        starts_at=start,
        ends_at=midnight(start.date()) + timedelta(days=8),
        forecast_days=5,
        tracks=tracks,
        prompts=(),
        note_zh="实测为真实监测数据(含除夕烟花爆竹);预报由事后实测重建,并非当时的预报。",
        note_en="Observations are real, fireworks included. Forecasts are rebuilt from later observations.",
    )


EPISODES: dict[str, Callable[[Path], Episode]] = {"2016-12": _december_2016, "2019-02": _february_2019}
