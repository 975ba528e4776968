"""Regional prompts: what may be prompted, what each division is told, when a prompt is worth suggesting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.instants import parse_instant
from alerts.levels import Level
from alerts.proposal import PromptView
from alerts.region import (
    Group,
    PromptEntry,
    RegionalPrompt,
    fan_out,
    link_levels,
    suggest_prompt,
    suggested_levels,
)

START = parse_instant("2016-12-16 20:00")
END = parse_instant("2016-12-21 24:00")
ROW = ("1", "2", "3", "4", "5", "6")
CHAIN = {one: {other for other in ROW if abs(int(one) - int(other)) == 1} for one in ROW}
"""Six divisions in a row, each touching the next."""


def a_prompt(**changes: Any) -> RegionalPrompt:
    values: dict[str, Any] = {
        "id": "p1",
        "region": "jingjinji-2015",
        "issued_at": parse_instant("2016-12-15 12:00"),
        "starts_at": START,
        "entries": [{"adcode": "110000", "level": "red"}, {"adcode": "370100", "level": "orange"}],
    }
    return RegionalPrompt.model_validate(values | changes)


class TestRegionalPrompt:
    def test_levels_are_read_from_their_codes(self) -> None:
        assert [entry.level for entry in a_prompt().entries] == [Level.RED, Level.ORANGE]

    def test_survives_json(self) -> None:
        prompt = a_prompt(ends_at=END)
        assert RegionalPrompt.model_validate_json(prompt.model_dump_json()) == prompt

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"entries": []}, "at least 1"),
            ({"entries": [{"adcode": "110000", "level": "red"}] * 2}, "named twice"),
            ({"entries": [{"adcode": "110000", "level": "none"}]}, "names a warning level"),
            ({"entries": [{"adcode": "110000", "level": "purple"}]}, "unknown warning level"),
            ({"entries": [{"adcode": "1100", "level": "red"}]}, "pattern"),
            ({"entries": [{"adcode": "110000", "level": "red", "who": 1}]}, "Extra inputs"),
            ({"starts_at": "2016-12-16T20:00"}, "no time zone"),
            ({"ends_at": START}, "later than every start"),
            (
                {"ends_at": END, "entries": [{"adcode": "110000", "level": "red", "starts_at": END}]},
                "later than every start",
            ),
        ],
    )
    def test_refused(self, changes: dict[str, Any], words: str) -> None:
        with pytest.raises(ValidationError, match=words):
            a_prompt(**changes)


class TestFanOut:
    def test_one_view_each_with_the_common_start(self) -> None:
        assert fan_out(a_prompt(ends_at=END)) == {
            "110000": PromptView(id="p1", level=Level.RED, starts_at=START, ends_at=END),
            "370100": PromptView(id="p1", level=Level.ORANGE, starts_at=START, ends_at=END),
        }

    def test_own_start_goes_before_the_common_one(self) -> None:
        later = START + timedelta(hours=6)
        entry = PromptEntry(adcode="370100", level=Level.ORANGE, starts_at=later)
        views = fan_out(a_prompt(entries=[PromptEntry(adcode="110000", level=Level.RED), entry]))
        assert (views["110000"].starts_at, views["370100"].starts_at) == (START, later)

    def test_open_end_stays_open(self) -> None:
        assert {view.ends_at for view in fan_out(a_prompt()).values()} == {None}


def reaching(text: str) -> dict[str, Level]:
    """Levels of the row from one letter each: - none, b, y, o, r."""
    return {code: Level("-byor".index(letter)) for code, letter in zip(ROW, text, strict=True)}


class TestSuggestPrompt:
    @pytest.mark.parametrize(
        ("levels", "n", "groups"),
        [
            ("------", 2, []),
            ("oo-oo-", 3, []),
            ("ooo---", 3, [(Level.ORANGE, "123")]),
            ("oo-ooo", 3, [(Level.ORANGE, "456")]),
            ("oo-oo-", 2, [(Level.ORANGE, "12"), (Level.ORANGE, "45")]),
            ("yooo--", 3, [(Level.ORANGE, "234"), (Level.YELLOW, "1234")]),
            ("yoroy-", 3, [(Level.ORANGE, "234"), (Level.YELLOW, "12345")]),
            ("rrrrrr", 6, [(Level.RED, "123456")]),
        ],
    )
    def test_groups(self, levels: str, n: int, groups: list[tuple[Level, str]]) -> None:
        expected = tuple(Group(level, tuple(codes)) for level, codes in groups)
        assert suggest_prompt(reaching(levels), CHAIN, ROW, n) == expected

    def test_only_members_count(self) -> None:
        assert suggest_prompt(reaching("oooooo"), CHAIN, {"1", "2", "4", "5"}, 3) == ()

    def test_lowest_level_is_configuration(self) -> None:
        assert suggest_prompt(reaching("yyyyyy"), CHAIN, ROW, 3, lowest=Level.ORANGE) == ()
        assert suggest_prompt(reaching("yyyyyy"), CHAIN, ROW, 3, lowest=Level.YELLOW) != ()

    def test_division_without_neighbours(self) -> None:
        assert suggest_prompt({"9": Level.RED}, {}, ["9"], 2) == ()

    def test_one_is_no_region(self) -> None:
        with pytest.raises(ValueError, match="at least 2"):
            suggest_prompt(reaching("oooooo"), CHAIN, ROW, 1)

    @given(st.text("-byor", min_size=6, max_size=6), st.integers(2, 6))
    def test_groups_hang_together_and_reach_their_level(self, letters: str, n: int) -> None:
        levels = reaching(letters)
        for group in suggest_prompt(levels, CHAIN, ROW, n):
            assert len(group.adcodes) >= n
            assert all(levels[code] >= group.level for code in group.adcodes)
            numbers = [int(code) for code in group.adcodes]
            assert numbers == list(range(numbers[0], numbers[-1] + 1))

    @given(st.text("-byor", min_size=6, max_size=6), st.integers(2, 5))
    def test_asking_for_more_never_suggests_more(self, letters: str, n: int) -> None:
        few = suggested_levels(suggest_prompt(reaching(letters), CHAIN, ROW, n))
        many = suggested_levels(suggest_prompt(reaching(letters), CHAIN, ROW, n + 1))
        assert all(few.get(code, Level.NONE) >= level for code, level in many.items())

    @given(st.text("-byor", min_size=6, max_size=6), st.integers(2, 5))
    def test_never_above_the_own_level(self, letters: str, n: int) -> None:
        levels = reaching(letters)
        suggested = suggested_levels(suggest_prompt(levels, CHAIN, ROW, n))
        assert all(level <= levels[code] for code, level in suggested.items())


class TestSuggestedLevels:
    def test_highest_group_counts(self) -> None:
        groups = suggest_prompt(reaching("yooo--"), CHAIN, ROW, 3)
        assert suggested_levels(groups) == {"1": Level.YELLOW} | dict.fromkeys("234", Level.ORANGE)


class TestLinkLevels:
    def test_same_level_within_a_province(self) -> None:
        own = {"130100": Level.YELLOW, "130200": Level.ORANGE, "130600": Level.ORANGE}
        assert set(link_levels(own).values()) == {Level.ORANGE}

    def test_provinces_stay_apart(self) -> None:
        own = {"110000": Level.YELLOW, "130200": Level.RED}
        assert link_levels(own) == own

    def test_zones_take_their_own_level(self) -> None:
        zones = {"320000": {"苏北5市": ("320300", "321300"), "沿江8市": ("320100", "320500")}}
        own = {
            "320300": Level.ORANGE,
            "321300": Level.YELLOW,
            "320100": Level.YELLOW,
            "320500": Level.NONE,
            "320800": Level.BLUE,
        }
        linked = link_levels(own, zones)
        assert linked["321300"] is Level.ORANGE
        assert linked["320500"] is Level.YELLOW
        assert linked["320800"] is Level.BLUE

    @given(st.dictionaries(st.sampled_from(["130100", "130200", "110000", "370100", "370200"]), st.sampled_from(Level)))
    def test_never_lowers_and_is_stable(self, own: dict[str, Level]) -> None:
        linked = link_levels(own)
        assert linked.keys() == own.keys()
        assert all(linked[code] >= level for code, level in own.items())
        assert link_levels(linked) == linked
