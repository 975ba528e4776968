"""Tasks are handed over without a gap and without an overlap, whatever changes are announced; departments as data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.instants import SHANGHAI
from service.law.loader import CONFIG, check_config, load_law
from service.tasks.departments import Duties, duties_of, files
from service.tasks.planning import Handover, Key, Live, Wanted, hand_over

T0 = datetime(2016, 12, 16, 20, tzinfo=SHANGHAI)
KEYS: list[Key] = [("强制·工业", "environment"), ("强制·扬尘", "housing"), ("其他", "")]
HOUR = timedelta(hours=1)


def ask(digests: Mapping[Key, str], at: datetime) -> dict[Key, Wanted]:
    return {key: Wanted(digest, at) for key, digest in digests.items()}


def after(live: list[Live], wanted: dict[Key, Wanted], effective: datetime, ends: datetime | None) -> list[Live]:
    """All tasks as they stand after a handover."""
    change: Handover = hand_over([one for one in live if one.ends_at is None or one.ends_at > effective], wanted, effective, ends)
    kept = [Live(one.id, one.key, one.digest, *change.spans.get(one.id, (one.starts_at, one.ends_at))) for one in live]
    made = [
        Live(1000 + len(live) + place, key, wanted[key].digest, starts, ends if ends is None else max(ends, starts))
        for place, key in enumerate(change.added)
        for starts in (wanted[key].starts_at,)
    ]
    return kept + made


def holding(tasks: list[Live], key: Key, at: datetime) -> list[str]:
    return [one.digest for one in tasks if one.key == key and one.starts_at <= at and (one.ends_at is None or at < one.ends_at)]


STEPS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(KEYS), st.sampled_from("ab"), max_size=3), st.integers(0, 30), st.none() | st.integers(1, 20)
    ),
    min_size=1,
    max_size=6,
)


class TestHandover:
    @given(STEPS)
    def test_at_every_instant_exactly_what_the_last_step_asks(self, steps: list[tuple[dict[Key, str], int, int | None]]) -> None:
        tasks: list[Live] = []
        model: dict[int, dict[Key, str]] = {hour: {} for hour in range(60)}
        for digests, starts, lasts in steps:
            effective = T0 + starts * HOUR
            end = None if lasts is None else effective + lasts * HOUR
            tasks = after(tasks, ask(digests, effective), effective, end)
            for hour in range(starts, 60):
                model[hour] = digests if lasts is None or hour < starts + lasts else {}
        for hour, asked in model.items():
            for key in KEYS:
                expected = [asked[key]] if key in asked else []
                assert holding(tasks, key, T0 + hour * HOUR) == expected, (hour, key)

    def test_what_stays_keeps_its_receipt(self) -> None:
        live = [Live(1, KEYS[0], "a", T0, None), Live(2, KEYS[1], "a", T0, None)]
        change = hand_over(live, ask({KEYS[0]: "a", KEYS[1]: "b", KEYS[2]: "a"}, T0 + HOUR), T0 + HOUR, None)
        assert change.spans == {1: (T0, None), 2: (T0, T0 + HOUR)}
        assert change.added == {KEYS[1]: 2, KEYS[2]: None}

    def test_measures_that_begin_later_leave_no_gap(self) -> None:
        live = [Live(1, KEYS[1], "a", T0, None)]
        midnight = T0 + 4 * HOUR
        change = hand_over(live, {KEYS[1]: Wanted("b", midnight)}, T0 + HOUR, None)
        assert change.spans == {1: (T0, midnight)}
        assert change.added == {KEYS[1]: 1}

    def test_a_lifting_ends_all(self) -> None:
        live = [Live(1, KEYS[0], "a", T0, None), Live(2, KEYS[1], "a", T0 + 9 * HOUR, None)]
        change = hand_over(live, {}, T0 + HOUR, None)
        assert change.spans == {1: (T0, T0 + HOUR), 2: (T0 + 9 * HOUR, T0 + 9 * HOUR)}
        assert change.added == {}


class TestDepartments:
    def test_every_category_of_plans_is_known_or_open(self) -> None:
        law = load_law()
        duties = duties_of(law, "110000")
        named = {category for plan in law.plans.values() for groups in plan.measures.values() for category in groups}
        assert named - set(duties.categories) <= {"其他"}
        assert duties.chosen("强制·工业")

    def test_a_place_of_its_own_goes_before(self, tmp_path: Path) -> None:
        (tmp_path / "duties").mkdir()
        (tmp_path / "duties" / "100000.yaml").write_text((CONFIG / "duties" / "100000.yaml").read_text(encoding="utf-8"), encoding="utf-8")
        (tmp_path / "duties" / "130100.yaml").write_text(
            'adcode: "130100"\nescalation: [{at: due, roles: [commander]}]\n'
            "categories: {其他: {en: Other, departments: [weather]}}\nreferences: {其他: 石家庄市预案分工表}\n",
            encoding="utf-8",
        )
        law = load_law()
        own, other = duties_of(law, "130100", tmp_path), duties_of(law, "130200", tmp_path)
        assert own.categories["其他"].departments == ("weather",)
        assert not own.chosen("其他")
        assert own.categories["健康防护"] == other.categories["健康防护"]
        assert [rung.roles for rung in own.escalation] == [("commander",)]
        assert "其他" not in other.categories
        assert files(tmp_path).keys() == {"100000", "130100"}

    def test_without_a_file_nothing_is_named(self, tmp_path: Path) -> None:
        assert duties_of(load_law(), "130100", tmp_path).categories == {}

    @pytest.mark.parametrize(
        "wrong",
        [
            {"escalation": [{"at": "due", "roles": ["mayor"]}]},
            {"escalation": [{"at": "due", "roles": ["enterprise"]}]},
            {"escalation": [{"at": 2, "roles": ["commander"]}, {"at": 1, "roles": ["commander"]}]},
            {"escalation": [{"at": 0, "roles": ["commander"]}]},
            {"categories": {"其他": {"en": "Other", "departments": ["nobody"]}}},
            {"unknown": 1},
        ],
    )
    def test_a_wrong_file_is_refused(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ValidationError):
            Duties.model_validate({"adcode": "100000", **wrong})

    def test_the_shipped_file_is_checked_with_the_rest(self) -> None:
        assert not [problem for problem in check_config() if problem.file.startswith("duties")]
