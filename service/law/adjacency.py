"""Which divisions (行政区) touch each other, computed from the polygons in `config/geo`.

`python -m service.law.adjacency` prints what would change in `config/adjacency.csv`; with `--write` it writes
the file. The rule, all on coordinates rounded to a thousandth of a degree (the polygons were simplified with
shared borders kept):

- `border`: two polygons own the same edge (two consecutive corners); a special county, whose outline was
simplified
apart from its neighbours, needs one shared corner only.
- `parent`: a special county and the prefecture it lies in.
- `declared`: entered by hand with a note, for divisions that have no polygon any more; kept as they are.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

CONFIG = Path(__file__).resolve().parents[2] / "config"
COLUMNS = ("a", "b", "basis", "note")

Corner = tuple[int, int]


@dataclass(frozen=True, order=True)
class Neighbours:
    """One unordered pair, `a` < `b`, with what it rests on: border, parent or declared."""

    a: str
    b: str
    basis: str
    note: str = ""


@dataclass(frozen=True)
class Shape:
    """The outline of one division: rings of corners in thousandths of a degree."""

    adcode: str
    rings: tuple[tuple[Corner, ...], ...]


def shapes(collection: dict[str, Any]) -> list[Shape]:
    """The shapes of a GeoJSON feature collection of Polygons and MultiPolygons with `properties.adcode`."""
    return [
        Shape(str(feature["properties"]["adcode"]), tuple(_rings(feature["geometry"])))
        for feature in collection["features"]
    ]


def _rings(geometry: dict[str, Any]) -> Iterator[tuple[Corner, ...]]:
    coordinates = geometry["coordinates"]
    for polygon in coordinates if geometry["type"] == "MultiPolygon" else [coordinates]:
        for ring in polygon:
            yield tuple((round(lon * 1000), round(lat * 1000)) for lon, lat in ring)


def shared_borders(prefectures: Iterable[Shape]) -> set[tuple[str, str]]:
    """The pairs that own at least one common edge."""
    owners: dict[frozenset[Corner], set[str]] = defaultdict(set)
    for shape in prefectures:
        for ring in shape.rings:
            for edge in pairwise(ring):
                owners[frozenset(edge)].add(shape.adcode)
    return {pair for names in owners.values() for pair in combinations(sorted(names), 2)}


def touching(counties: Iterable[Shape], others: Iterable[Shape]) -> set[tuple[str, str]]:
    """The pairs of a special county with any other shape that have at least one common corner."""
    special = list(counties)
    owners: dict[Corner, set[str]] = defaultdict(set)
    for shape in [*special, *others]:
        for ring in shape.rings:
            for corner in ring:
                owners[corner].add(shape.adcode)
    found: set[tuple[str, str]] = set()
    for shape in special:
        for corner in {corner for ring in shape.rings for corner in ring}:
            found |= {_pair(shape.adcode, other) for other in owners[corner] - {shape.adcode}}
    return found


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def compute(
    prefectures: Iterable[Shape], counties: Iterable[Shape], parents: dict[str, str], known: Collection[str]
) -> list[Neighbours]:
    """All neighbours by geometry, sorted.

    Shapes that are no division (`known`), such as reserves, are left out.
    """
    large, special = list(prefectures), list(counties)
    inside = {_pair(shape.adcode, parents[shape.adcode]) for shape in special if shape.adcode in parents}
    borders = (shared_borders(large) | touching(special, large)) - inside
    pairs = [Neighbours(a, b, "border") for a, b in borders] + [Neighbours(a, b, "parent") for a, b in inside]
    return sorted(pair for pair in pairs if pair.a in known and pair.b in known)


def read_shapes(config: Path) -> tuple[list[Shape], list[Shape]]:
    """The prefecture shapes and the special county shapes of a config folder."""
    with gzip.open(config / "geo" / "prefectures.geojson.gz", "rt", encoding="utf-8") as prefectures:
        large = shapes(json.load(prefectures))
    return large, shapes(json.loads((config / "geo" / "special_counties.geojson").read_text("utf-8")))


def read_table(path: Path) -> list[Neighbours]:
    """The rows of an adjacency table."""
    with path.open(encoding="utf-8", newline="") as table:
        return [Neighbours(row["a"], row["b"], row["basis"], row["note"]) for row in csv.DictReader(table)]


def table_text(pairs: Iterable[Neighbours]) -> str:
    """The CSV text of an adjacency table, sorted."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((pair.a, pair.b, pair.basis, pair.note) for pair in sorted(pairs))
    return text.getvalue()


def from_config(config: Path) -> list[Neighbours]:
    """What `adjacency.csv` of a config folder should hold: geometry plus the declared rows it already has."""
    with (config / "divisions" / "divisions.csv").open(encoding="utf-8", newline="") as table:
        parents = {row["adcode"]: row["parent"] for row in csv.DictReader(table)}
    declared = [pair for pair in read_table(config / "adjacency.csv") if pair.basis == "declared"]
    return sorted([*compute(*read_shapes(config), parents, parents.keys()), *declared])


def main(arguments: list[str] | None = None) -> int:
    """Compare, or with `--write` rewrite, `config/adjacency.csv`.

    Exit code 1 when it differs and was not written.
    """
    parser = argparse.ArgumentParser(description="Compute which divisions touch from the polygons in config/geo.")
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--write", action="store_true", help="write config/adjacency.csv")
    call = parser.parse_args(arguments)
    path = call.config / "adjacency.csv"
    text = table_text(from_config(call.config))
    same = text == path.read_text("utf-8")
    if call.write and not same:
        path.write_text(text, "utf-8")
    state = "is up to date" if same else "written" if call.write else "differs: run again with --write"
    sys.stdout.write(f"{path}: {state}\n")
    return 0 if same or call.write else 1


if __name__ == "__main__":
    sys.exit(main())
