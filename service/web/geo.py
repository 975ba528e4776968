"""A schematic map from polygons: projected and thinned here, drawn as SVG by the template."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from service.law.adjacency import CONFIG, Shape, read_shapes

WIDTH = 1000.0
PADDING = 14.0
MIN_STEP = 1.2
"""Corners closer than this many picture units to the one before are left out."""

MIN_SPAN = 4.0
"""Degrees of latitude that the picture shows at least, so that one city stands among its neighbours."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Drawn:
    """One division as an SVG path with the place of its label and the size of its largest ring in picture units."""

    adcode: str
    path: str
    x: float
    y: float
    size: float


@dataclass(frozen=True)
class Sketch:
    """A picture of `width` × `height` units; divisions beyond its edges are cut off."""

    width: float
    height: float
    shapes: tuple[Drawn, ...]


def outline(adcodes: Iterable[str], focus: Iterable[str], config: Path | None = None) -> Sketch:
    """The divisions drawn so that those in `focus` fill the picture (all of them when none is in focus)."""
    return _outline(tuple(sorted(adcodes)), frozenset(focus), config or CONFIG)


@lru_cache(maxsize=32)
def _outline(adcodes: tuple[str, ...], focus: frozenset[str], config: Path) -> Sketch:
    wanted = set(adcodes)
    shapes = [shape for shape in _shapes(config) if shape.adcode in wanted]
    if not shapes:
        return Sketch(WIDTH, WIDTH / 2, ())
    framing = [shape for shape in shapes if shape.adcode in focus] or shapes
    scale, left, top, height = _frame(framing)

    def place(corner: tuple[int, int]) -> Point:
        return (_east(corner[0], left[1]) - left[0]) * scale + PADDING, (top - corner[1] / 1000) * scale + PADDING

    drawn = [_draw(shape, [[place(corner) for corner in ring] for ring in shape.rings]) for shape in shapes]
    inside = [shape for shape in drawn if shape is not None and _visible(shape, height)]
    return Sketch(WIDTH, height, tuple(inside))


@lru_cache(maxsize=4)
def _shapes(config: Path) -> tuple[Shape, ...]:
    prefectures, counties = read_shapes(config)
    return (*prefectures, *counties)


def _east(lon: int, middle: float) -> float:
    """Degrees of longitude shortened to the length that they have at the picture's middle latitude."""
    return lon / 1000 * math.cos(math.radians(middle))


def _frame(shapes: Collection[Shape]) -> tuple[float, tuple[float, float], float, float]:
    """Scale, (left edge, middle latitude), top edge and height of the picture."""
    corners = [corner for shape in shapes for ring in shape.rings for corner in ring]
    south, north = min(y for _, y in corners) / 1000, max(y for _, y in corners) / 1000
    middle = (south + north) / 2
    west, east = _east(min(x for x, _ in corners), middle), _east(max(x for x, _ in corners), middle)
    narrow = max(0.0, MIN_SPAN - max(east - west, north - south)) / 2
    south, north, west, east = south - narrow, north + narrow, west - narrow, east + narrow
    scale = (WIDTH - 2 * PADDING) / max(east - west, (north - south) / 1.1)
    slack = (WIDTH - 2 * PADDING) / scale - (east - west)
    return scale, (west - slack / 2, middle), north, round((north - south) * scale + 2 * PADDING, 1)


def _draw(shape: Shape, rings: list[list[Point]]) -> Drawn | None:
    kept = [thin for ring in rings if len(thin := _thinned(ring)) >= 4]
    if not kept:
        return None
    path = "".join("M" + "L".join(f"{x:g},{y:g}" for x, y in ring) + "Z" for ring in kept)
    largest = max(kept, key=lambda ring: abs(_area(ring)))
    x, y = _centre(largest)
    return Drawn(shape.adcode, path, round(x, 1), round(y, 1), round(math.sqrt(abs(_area(largest))), 1))


def _thinned(ring: list[Point]) -> list[Point]:
    kept: list[Point] = []
    for x, y in ring:
        if not kept or math.hypot(x - kept[-1][0], y - kept[-1][1]) >= MIN_STEP:
            kept.append((round(x, 1), round(y, 1)))
    return kept


def _area(ring: list[Point]) -> float:
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs) / 2


def _centre(ring: list[Point]) -> Point:
    area = _area(ring)
    x = y = 0.0
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        cross = x1 * y2 - x2 * y1
        x, y = x + (x1 + x2) * cross, y + (y1 + y2) * cross
    return (x / (6 * area), y / (6 * area)) if area else ring[0]


def _visible(shape: Drawn, height: float) -> bool:
    reach = shape.size
    return -reach < shape.x < WIDTH + reach and -reach < shape.y < height + reach
