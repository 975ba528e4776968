"""Scripts that cannot be, and what a score comes to."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.levels import Level
from service.drills.scoring import Decided, Measured, Proposed, Signed, Told, people_of, result_of, sheet, wrong
from service.drills.script import Script, check_scripts, load_scripts, read_script
from service.kit.canonical import canonical
from service.kit.clock import SHANGHAI
from service.kit.drill import MARK, marked, marked_body, marked_notice
from service.law.loader import CONFIG, load_law

START = datetime(2023, 11, 20, 16, 0, tzinfo=SHANGHAI)
SCRIPT = load_scripts(CONFIG, load_law())["sudden-orange-absent"]
EXPECTED = {one.id: one for one in SCRIPT.expected}


def at(minutes: float) -> datetime:
    """So long after the inject."""
    return START + timedelta(minutes=minutes)


def measured(**given_: Any) -> Measured:
    """Something happened after the inject `sudden`."""
    return Measured(injects={"sudden": START}, **given_)


def decided(minutes: float, *, approve: bool = True, against: str | None = None, grounded: bool = True) -> Decided:
    """A decision of orange."""
    return Decided(1, "140100", Level.ORANGE, "commander", "Li", approve, at(minutes), START, against, grounded)


@given(st.floats(min_value=0, max_value=2000, allow_nan=False))
def test_the_limit_itself_is_in_time(minutes: float) -> None:
    found = result_of(EXPECTED["decided"], measured(decided=(decided(minutes),)))
    limit = EXPECTED["decided"].within_minutes
    span = (at(minutes) - START) / timedelta(minutes=1)
    assert (found.state, found.points) == (("met", 20) if span <= limit else ("late", 10))


@pytest.mark.parametrize(
    ("happened", "state"),
    [
        (Measured(injects={}, decided=(decided(5),)), "not_reached"),
        (measured(), "missed"),
        (measured(decided=(decided(5, approve=False),)), "missed"),
        (measured(decided=(decided(-5),)), "missed"),
        (measured(decided=(decided(300), decided(30))), "met"),
    ],
)
def test_a_decision_that_counts(happened: Measured, state: str) -> None:
    assert result_of(EXPECTED["decided"], happened).state == state


@pytest.mark.parametrize(("level", "state"), [(Level.YELLOW, "missed"), (Level.ORANGE, "met"), (Level.RED, "met")])
def test_a_proposal_below_the_level_does_not_count(level: Level, state: str) -> None:
    assert result_of(EXPECTED["proposed"], measured(proposed=(Proposed(1, "140100", level, at(1)),))).state == state


def test_another_role_or_place_does_not_sign_for_it() -> None:
    others = (
        Signed(1, "140100", "office_director", "Wang", at(1), START),
        Signed(1, "130100", "commander", "Li", at(1), START),
    )
    assert result_of(EXPECTED["takes-over"], measured(signed=others)).state == "missed"


@given(st.integers(1, 40), st.integers(0, 40))
def test_the_share_of_answers(told: int, answered: int) -> None:
    answered = min(told, answered)
    plants = tuple(f"p{number}" for number in range(told))
    notice = Told("140100", at(10), plants, {plant: at(20) for plant in plants[:answered]})
    found = result_of(EXPECTED["acknowledged"], measured(notices=(notice,)))
    assert (found.state == "met") == (answered >= max(1, round(0.9 * told)))
    if found.state == "missed":
        assert found.missing == plants[answered:]


def test_wrong_decisions_cost_points_but_none_below_zero() -> None:
    bad = decided(5, against="lower", grounded=False)
    assert wrong(measured(decided=(decided(5, against="lower"), bad))) == [bad]
    document = sheet(SCRIPT, measured(decided=(bad,) * 5), head={"drill": 1})
    assert (document["points"], document["lost"]) == (0, 50)
    assert json.loads(canonical(document))["possible"] == 100


def test_people_are_told_apart_from_players() -> None:
    happened = measured(
        signed=(Signed(1, "140100", "commander", "Li", at(10), START), Signed(2, "140100", "commander", "Li", at(30), START)),
        simulated=frozenset({"Li"}),
    )
    assert [(one["times"], one["mean_minutes"], one["longest_minutes"], one["simulated"]) for one in people_of(happened)] == [
        (2, 20.0, 30.0, True)
    ]


class TestScripts:
    def test_those_shipped_are_sound(self) -> None:
        assert check_scripts(CONFIG, load_law()) == []
        assert set(load_scripts(CONFIG, load_law())) == {"ministry-prompt-2016", "sudden-orange-absent"}

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (lambda one: one["injects"].append(one["injects"][0]), "given twice"),
            (lambda one: one["expected"][0].update(after="nothing"), "there is none of: nothing"),
            (lambda one: one["injects"][0].update(at_minutes=480), "after the end"),
            (lambda one: one["injects"][0].update(adcode="510100"), "not among the places: 510100"),
            (lambda one: one["injects"][0].update(role=None), "needs role"),
            (lambda one: one["injects"][1].update(minutes=5), "minutes belong to what lasts"),
            (lambda one: one["injects"][1].update(aqi_by_day=[501]), "ends at 500"),
            (lambda one: one["expected"][0].update(late_points=10), "fewer than points"),
            (lambda one: one["expected"][0].update(role="commander"), "role belongs to sign"),
            (lambda one: one.update(pace=0), "greater than 0"),
            (lambda one: one.update(surprise=1), "Extra inputs"),
            (lambda one: one.update(id="other"), "the file is called"),
        ],
    )
    def test_faults_are_named(self, tmp_path: Path, change: Any, says: str) -> None:
        document = SCRIPT.model_dump(mode="json")
        change(document)
        folder = tmp_path / "drills"
        folder.mkdir()
        (folder / f"{SCRIPT.id}.yaml").write_text(json.dumps(document), encoding="utf-8")
        problems = check_scripts(tmp_path, load_law())
        assert any(says in str(problem) for problem in problems), problems
        assert load_scripts(tmp_path, load_law()) == {}

    def test_the_law_is_asked(self, tmp_path: Path) -> None:
        document = SCRIPT.model_dump(mode="json") | {"places": ["140100", "999999"]}
        (tmp_path / "drills").mkdir()
        (tmp_path / "drills" / f"{SCRIPT.id}.yaml").write_text(json.dumps(document), encoding="utf-8")
        assert "999999" in str(check_scripts(tmp_path, load_law())[0])

    def test_a_stored_script_is_read_back_as_it_was(self) -> None:
        assert Script.model_validate(json.loads(canonical(SCRIPT.model_dump(mode="json")))) == SCRIPT
        assert read_script(CONFIG / "drills" / "sudden-orange-absent.yaml", "x") == (SCRIPT, [])


class TestMark:
    @given(st.text())
    def test_it_stands_once_and_only_in_a_drill(self, text: str) -> None:
        assert marked(None, text) == text
        once = marked("drill_1", text)
        assert marked("drill_1", once) == once
        assert once.startswith(MARK) or not text

    @given(st.dictionaries(st.text(), st.integers() | st.text()))
    def test_a_json_body_says_so_and_stays_itself(self, body: dict[str, Any]) -> None:
        body.pop("drill", None)
        assert json.loads(marked_body("drill_1", json.dumps(body))) == {"drill": True} | body
        assert marked_body(None, json.dumps(body)) == json.dumps(body)

    def test_a_body_cannot_deny_it(self) -> None:
        assert json.loads(marked_body("drill_1", '{"drill": false}'))["drill"] is True

    @pytest.mark.parametrize("body", ["text", "[1]", "17"])
    def test_any_other_body_begins_with_it(self, body: str) -> None:
        assert marked_body("drill_1", body) == MARK + body

    def test_a_notice(self) -> None:
        assert marked_notice("drill_1", {"zh": {"headline": "a", "n": 1}}) == {"zh": {"headline": f"{MARK}a", "n": 1}}
