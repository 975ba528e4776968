"""The lines that save most: the same as sorting all of them, at every level, whatever the list."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emission_lists.generator import generate_list
from emission_lists.largest import MOST, largest, largest_document
from emission_lists.levels import LEVELS, PerLevel
from emission_lists.lists import ListRow, Pollutants
from emission_lists.measure_kinds import Action
from emission_lists.reductions import planned
from service.lists.workbooks import guide_of, profile

DRAFT = generate_list("110000", seed=3, enterprises=40, guide=guide_of("G2020"), profile=profile())
YELLOW, ORANGE, RED = LEVELS


def saving(row: ListRow, values: Pollutants) -> ListRow:
    return row._replace(line=replace(row.line, reductions=PerLevel(values, values, values)))


def executable(rows: tuple[ListRow, ...]) -> list[ListRow]:
    return [row for row in rows if all(row.line.measures.at(level).executable for level in LEVELS)]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("most", [1, 10, 10_000])
def test_it_is_the_head_of_the_whole_list_in_order(level: object, most: int) -> None:
    def whole(row: ListRow) -> float:
        return round(sum(value or 0 for value in planned(row.line, level)), 6)  # type: ignore[arg-type]

    ordered = sorted((row for row in DRAFT.rows if whole(row) > 0), key=lambda row: (-whole(row), row.key))
    assert [one.row.key for one in largest(DRAFT.rows, level, most)] == [row.key for row in ordered[:most]]  # type: ignore[arg-type]


@given(st.lists(st.sampled_from([None, 0.0, 0.1, 5.0, 5.0, 70.0]), max_size=30), st.integers(1, 12))
def test_it_holds_at_most_so_many_and_nothing_that_saves_nothing(values: list[float | None], most: int) -> None:
    rows = [
        saving(row, Pollutants(None, value, None, None))
        for row, value in zip(executable(DRAFT.rows), values, strict=False)
    ]
    found = largest(rows, RED, most)
    saved = sorted((value for _, value in zip(rows, values, strict=False) if value), reverse=True)
    assert [one.whole for one in found] == saved[:most]


def test_equal_ones_stand_in_the_order_of_their_codes_however_the_list_is_ordered() -> None:
    rows = [saving(row, Pollutants(1.0, 1.0, 1.0, 1.0)) for row in executable(DRAFT.rows)]
    assert largest(rows, RED) == largest(rows[::-1], RED)
    assert len(largest(rows, RED)) == MOST


def test_a_measure_that_is_not_established_saves_nothing() -> None:
    row = saving(executable(DRAFT.rows)[0], Pollutants(9.0, 9.0, 9.0, 9.0))
    unknown = replace(row.line.measures.red, action=Action.UNKNOWN)
    line = replace(row.line, measures=replace(row.line.measures, red=unknown))
    assert [one.whole for one in largest([row], RED)] == [36.0]
    assert largest([row._replace(line=line)], RED) == []


def test_the_document_names_enterprise_line_grade_measure_and_reduction() -> None:
    found = largest_document(DRAFT.rows)
    assert set(found) == {level.value for level in LEVELS}
    first = found["red"][0]
    row = next(row for row in DRAFT.rows if row.key == (first["uscc"], first["code"]))
    assert (first["enterprise"], first["line"], first["grade"]) == (
        row.enterprise.name,
        row.line.name,
        row.enterprise.grade.value,
    )
    assert first["measure_zh"]
    assert first["whole"] == pytest.approx(sum(value or 0 for value in first["reduction"].values()))


def test_an_empty_list_has_none() -> None:
    assert largest_document(()) == {"yellow": [], "orange": [], "red": []}
