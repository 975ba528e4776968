"""Adjacency is computed from the polygons, and the shipped table is what the polygons say."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.law.adjacency import (
    CONFIG,
    Neighbours,
    Shape,
    compute,
    from_config,
    main,
    read_shapes,
    read_table,
    shapes,
    shared_borders,
    table_text,
    touching,
)


def square(adcode: str, x: int, y: int, size: int = 2) -> Shape:
    corners = ((x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y))
    return Shape(adcode, (corners,))


class TestSharedBorders:
    def test_common_edge(self) -> None:
        assert shared_borders([square("1", 0, 0), square("2", 2, 0)]) == {("1", "2")}

    def test_common_corner_only(self) -> None:
        assert shared_borders([square("1", 0, 0), square("2", 2, 2)]) == set()

    def test_apart(self) -> None:
        assert shared_borders([square("1", 0, 0), square("2", 3, 0)]) == set()

    def test_direction_of_the_ring_does_not_matter(self) -> None:
        turned = Shape("2", (tuple(reversed(square("2", 2, 0).rings[0])),))
        assert shared_borders([square("1", 0, 0), turned]) == {("1", "2")}

    @given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=12, unique=True))
    def test_grid_cells_touch_when_they_are_one_step_apart(self, cells: list[tuple[int, int]]) -> None:
        grid = [square(f"{x}{y}", 2 * x, 2 * y) for x, y in cells]
        expected = {
            (f"{x}{y}", f"{u}{v}")
            for x, y in cells
            for u, v in cells
            if abs(x - u) + abs(y - v) == 1 and f"{x}{y}" < f"{u}{v}"
        }
        assert shared_borders(grid) == expected


class TestCompute:
    def test_county_touches_by_a_corner(self) -> None:
        assert touching([square("9", 2, 2)], [square("1", 0, 0)]) == {("1", "9")}

    def test_county_belongs_to_its_parent_without_touching_it(self) -> None:
        inner = square("9", 1, 1, 1)
        pairs = compute([square("1", 0, 0, 4), square("2", 9, 0, 4)], [inner], {"9": "1"}, {"1", "2", "9"})
        assert pairs == [Neighbours("1", "9", "parent")]

    def test_shape_that_is_no_division_is_left_out(self) -> None:
        assert compute([square("1", 0, 0), square("2", 2, 0)], [], {}, {"1"}) == []


class TestShapes:
    def test_polygon_and_multipolygon(self) -> None:
        ring = [[116.0004, 40.0], [116.001, 40.0], [116.0, 40.001], [116.0004, 40.0]]
        features: list[dict[str, Any]] = [
            {"properties": {"adcode": 1}, "geometry": {"type": "Polygon", "coordinates": [ring]}},
            {
                "properties": {"adcode": "2"},
                "geometry": {"type": "MultiPolygon", "coordinates": [[ring], [ring]]},
            },
        ]
        one, two = shapes({"features": features})
        assert (one.adcode, two.adcode) == ("1", "2")
        assert one.rings[0][0] == (116000, 40000)
        assert len(two.rings) == 2


class TestShippedTable:
    def test_is_what_the_polygons_say(self) -> None:
        assert table_text(from_config(CONFIG)) == (CONFIG / "adjacency.csv").read_text("utf-8")

    def test_sample_recomputed_from_a_few_shapes(self) -> None:
        large, _ = read_shapes(CONFIG)
        sample = random.Random(20161215).sample(large, 60)
        codes = {shape.adcode for shape in sample} - {"629700", "629800", "629900"}
        sample = [shape for shape in sample if shape.adcode in codes]
        table = {(row.a, row.b) for row in read_table(CONFIG / "adjacency.csv") if row.basis == "border"}
        assert shared_borders(sample) == {(a, b) for a, b in table if a in codes and b in codes}

    @pytest.mark.parametrize(
        ("a", "b"), [("110000", "130700"), ("130600", "130682"), ("130629", "130638"), ("410800", "419001")]
    )
    def test_known_pairs(self, a: str, b: str) -> None:
        assert any((row.a, row.b) == (a, b) for row in read_table(CONFIG / "adjacency.csv"))

    def test_every_prefecture_of_the_mainland_has_a_neighbour(self) -> None:
        touched = {code for row in read_table(CONFIG / "adjacency.csv") for code in (row.a, row.b)}
        with (CONFIG / "divisions/divisions.csv").open(encoding="utf-8", newline="") as table:
            prefectures = {row["adcode"] for row in csv.DictReader(table) if row["level"] == "prefecture"}
        islands = {"330900", "460300"}
        assert prefectures - touched == islands


class TestMain:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "divisions").mkdir()
        (tmp_path / "geo").symlink_to(CONFIG / "geo")
        (tmp_path / "divisions/divisions.csv").symlink_to(CONFIG / "divisions/divisions.csv")
        (tmp_path / "adjacency.csv").write_text("a,b,basis,note\n370100,371200,declared,why\n", "utf-8")
        return tmp_path

    def test_says_when_the_table_differs(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--config", str(folder)]) == 1
        assert "differs" in capsys.readouterr().out

    def test_writes_and_keeps_what_was_declared(self, folder: Path) -> None:
        assert main(["--config", str(folder), "--write"]) == 0
        assert Neighbours("370100", "371200", "declared", "why") in read_table(folder / "adjacency.csv")
        assert main(["--config", str(folder)]) == 0
