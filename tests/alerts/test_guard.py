"""No arbitrary action: every way to depart from the assessment, with and without what it needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alerts.assessment import Assessment
from alerts.guard import (
    GROUNDS,
    KIND_WORDS,
    UNDECIDED,
    Act,
    Ground,
    Intent,
    Kind,
    Lack,
    Plea,
    Supported,
    Verdict,
    act_of,
    called_for,
    deviation,
    grounds_for,
    is_due,
    judge,
    lack_of,
    no_change,
)
from alerts.instants import DAY, HOUR
from alerts.levels import WARNING_LEVELS, Level
from alerts.proposal import InForce, PromptView, next_step
from alerts.proposal_words import Action
from tests.alerts.air import START, criteria, days, hourly, judged

NOW = START
NONE, BLUE, YELLOW, ORANGE, RED = Level
END = NOW + 3 * DAY


def step(action: Action, to: Level, **more: object) -> Supported:
    return replace(Supported(action, to), **more)  # type: ignore[arg-type]


def prompt(level: Level, ends_at: datetime | None = None) -> PromptView:
    return PromptView(id="1", level=level, starts_at=NOW + DAY, ends_at=ends_at)


def want(from_: Level, to: Level, end: datetime | None = None, *, in_error: bool = False) -> Intent:
    return Intent(act_of(from_, to, planned_end=end, in_error=in_error), from_, to, end)


CLEAN = step(Action.NONE, NONE)
HOLD_YELLOW = step(Action.HOLD, YELLOW, planned_end=END)
CLEARS_LATER = step(Action.LIFT, NONE, effective_at=NOW + 12 * HOUR)


def early(level: Level, at: datetime | None) -> Intent:
    """An announced level is to begin at an earlier instant."""
    return Intent(Act.ADVANCE, level, level, effective_at=at)


@dataclass(frozen=True)
class Case:
    """What is wanted, what is supported, and how it departs (None: it follows)."""

    name: str
    intent: Intent
    supported: Supported | None
    kind: Kind | None
    prompt: PromptView | None = None


CASES = (
    Case("start on clean air", want(NONE, ORANGE), CLEAN, Kind.STARTED_WITHOUT_CRITERIA),
    Case("start without any assessment", want(NONE, YELLOW), None, Kind.STARTED_WITHOUT_CRITERIA),
    Case("start above", want(NONE, RED), step(Action.ISSUE, ORANGE), Kind.STARTED_WITHOUT_CRITERIA),
    Case("start above the prompt", want(NONE, RED), CLEAN, Kind.STARTED_WITHOUT_CRITERIA, prompt(ORANGE)),
    Case("start below", want(NONE, YELLOW), step(Action.ISSUE, ORANGE), Kind.SET_BELOW_CRITERIA),
    Case("start below the prompt", want(NONE, YELLOW), CLEAN, Kind.SET_BELOW_CRITERIA, prompt(ORANGE)),
    Case("start as assessed", want(NONE, ORANGE), step(Action.ISSUE, ORANGE), None),
    Case("start as prompted", want(NONE, ORANGE), CLEAN, None, prompt(ORANGE)),
    Case("start as prompted, no assessment", want(NONE, ORANGE), None, None, prompt(ORANGE)),
    Case(
        "start longer than assessed",
        want(NONE, ORANGE, END + HOUR),
        step(Action.ISSUE, ORANGE, planned_end=END),
        Kind.PROLONGED_WITHOUT_CRITERIA,
    ),
    Case("start as long as assessed", want(NONE, ORANGE, END), step(Action.ISSUE, ORANGE, planned_end=END), None),
    Case("raise on a hold", want(YELLOW, ORANGE), HOLD_YELLOW, Kind.RAISED_WITHOUT_CRITERIA),
    Case("raise above", want(YELLOW, RED), step(Action.RAISE, ORANGE), Kind.RAISED_WITHOUT_CRITERIA),
    Case("raise below", want(YELLOW, ORANGE), step(Action.RAISE, RED), Kind.SET_BELOW_CRITERIA),
    Case("raise as assessed", want(YELLOW, RED), step(Action.RAISE, RED), None),
    Case("raise while it clears", want(YELLOW, ORANGE), CLEARS_LATER, Kind.RAISED_WITHOUT_CRITERIA),
    Case("prolong on a hold", want(YELLOW, YELLOW, END + HOUR), HOLD_YELLOW, Kind.PROLONGED_WITHOUT_CRITERIA),
    Case("prolong while it clears", want(RED, RED, END), CLEARS_LATER, Kind.PROLONGED_WITHOUT_CRITERIA),
    Case("prolong, no assessment", want(RED, RED, END), None, Kind.PROLONGED_WITHOUT_CRITERIA),
    Case(
        "prolong beyond the assessed end",
        want(RED, RED, END + timedelta(seconds=1)),
        step(Action.EXTEND, RED, planned_end=END),
        Kind.PROLONGED_WITHOUT_CRITERIA,
    ),
    Case("prolong as assessed", want(RED, RED, END), step(Action.EXTEND, RED, planned_end=END), None),
    Case("prolong less than assessed", want(RED, RED, END - HOUR), step(Action.EXTEND, RED, planned_end=END), None),
    Case("prolong, assessed open", want(RED, RED, END), step(Action.EXTEND, RED), None),
    Case("prolong as prompted", want(RED, RED, END), step(Action.HOLD, RED, planned_end=NOW), None, prompt(RED, END)),
    Case(
        "prolong beyond the prompt",
        want(RED, RED, END + HOUR),
        step(Action.HOLD, RED, planned_end=NOW),
        Kind.PROLONGED_WITHOUT_CRITERIA,
        prompt(RED, END),
    ),
    Case("prolong yellow, red called for", want(YELLOW, YELLOW, END), step(Action.RAISE, RED), Kind.NOT_RAISED_THOUGH_MET),
    Case("keep though it clears", want(ORANGE, ORANGE), CLEARS_LATER, Kind.KEPT_WITHOUT_CRITERIA),
    Case("keep though it may be lowered", want(RED, RED), step(Action.LOWER, YELLOW), Kind.KEPT_WITHOUT_CRITERIA),
    Case("keep because a prompt asks", want(RED, RED), step(Action.LOWER, YELLOW), None, prompt(RED)),
    Case("keep until the prompt ends", want(RED, RED), CLEARS_LATER, None, prompt(RED, NOW + 12 * HOUR)),
    Case("keep, no assessment", want(RED, RED), None, None),
    Case("keep as assessed", want(YELLOW, YELLOW), HOLD_YELLOW, None),
    Case("lower too little", want(RED, ORANGE), step(Action.LOWER, YELLOW), Kind.KEPT_WITHOUT_CRITERIA),
    Case("lower instead of lifting", want(RED, YELLOW), step(Action.LIFT, NONE), Kind.KEPT_WITHOUT_CRITERIA),
    Case("lower too far", want(RED, YELLOW), step(Action.LOWER, ORANGE), Kind.LOWERED_AGAINST_CRITERIA),
    Case("lower on a hold", want(ORANGE, YELLOW), step(Action.HOLD, ORANGE), Kind.LOWERED_AGAINST_CRITERIA),
    Case("lower, no assessment", want(ORANGE, YELLOW), None, Kind.LOWERED_AGAINST_CRITERIA),
    Case("lower below the prompt", want(RED, ORANGE), None, Kind.LOWERED_AGAINST_CRITERIA, prompt(RED)),
    Case("lower as assessed", want(RED, ORANGE), step(Action.LOWER, ORANGE), None),
    Case("lift on a hold", want(ORANGE, NONE), step(Action.HOLD, ORANGE), Kind.LIFTED_AGAINST_CRITERIA),
    Case("lift instead of lowering", want(RED, NONE), step(Action.LOWER, YELLOW), Kind.LIFTED_AGAINST_CRITERIA),
    Case("lift, no assessment", want(ORANGE, NONE), None, Kind.LIFTED_AGAINST_CRITERIA),
    Case("lift before the prompt ends", want(RED, NONE), CLEARS_LATER, Kind.LIFTED_AGAINST_CRITERIA, prompt(RED, END)),
    Case("lift against an open prompt", want(RED, NONE), CLEARS_LATER, Kind.LIFTED_AGAINST_CRITERIA, prompt(RED)),
    Case("lift when the prompt ends", want(RED, NONE), CLEARS_LATER, None, prompt(RED, NOW + 12 * HOUR)),
    Case("lift as assessed", want(RED, NONE), CLEARS_LATER, None),
    Case("revoke", want(RED, NONE, in_error=True), step(Action.LIFT, NONE), Kind.REVOKED),
    Case("no start though met", want(NONE, NONE), step(Action.ISSUE, YELLOW), Kind.NOT_STARTED_THOUGH_MET),
    Case("no start though prompted", want(NONE, NONE), CLEAN, Kind.NOT_STARTED_THOUGH_MET, prompt(YELLOW)),
    Case("no start, far ahead", want(NONE, NONE), step(Action.ISSUE, YELLOW, due=False), None),
    Case("no start on clean air", want(NONE, NONE), CLEAN, None),
    Case("no start, no assessment", want(NONE, NONE), None, None),
    Case("no raise though met", want(YELLOW, YELLOW), step(Action.RAISE, RED), Kind.NOT_RAISED_THOUGH_MET),
    Case("no raise, far ahead", want(YELLOW, YELLOW), step(Action.RAISE, RED, due=False), None),
    Case("a raise far ahead is no reason to lift", want(YELLOW, NONE), step(Action.RAISE, RED, due=False),
         Kind.LIFTED_AGAINST_CRITERIA),
    Case("begin earlier on a hold", early(YELLOW, NOW + HOUR), HOLD_YELLOW, Kind.ADVANCED_WITHOUT_CRITERIA),
    Case("begin earlier, no assessment", early(YELLOW, None), None, Kind.ADVANCED_WITHOUT_CRITERIA),
    Case("begin earlier above what is called for", early(RED, None), HOLD_YELLOW, Kind.ADVANCED_WITHOUT_CRITERIA),
    Case("begin yellow earlier, red called for", early(YELLOW, None), step(Action.RAISE, RED), Kind.NOT_RAISED_THOUGH_MET),
    Case("begin at the assessed start", early(RED, END), step(Action.ADVANCE, RED, effective_at=END), None),
    Case("begin before the assessed start", early(RED, END - HOUR), step(Action.ADVANCE, RED, effective_at=END),
         Kind.ADVANCED_WITHOUT_CRITERIA),
    Case("begin earlier as prompted", early(RED, NOW + DAY), step(Action.HOLD, RED), None, prompt(RED)),
    Case("begin earlier than prompted", early(RED, None), step(Action.HOLD, RED), Kind.ADVANCED_WITHOUT_CRITERIA, prompt(RED)),
    Case("begin earlier than a lower prompt asks", early(RED, None), step(Action.HOLD, RED),
         Kind.ADVANCED_WITHOUT_CRITERIA, prompt(ORANGE)),
    Case("end by itself before the episode does", replace(want(NONE, RED, END - HOUR), fixed_end=True),
         step(Action.ISSUE, RED, planned_end=END), Kind.ENDS_BEFORE_CRITERIA),
    Case("no extension though it lasts", want(RED, RED), step(Action.EXTEND, RED), Kind.NOT_PROLONGED_THOUGH_MET),
)  # fmt: skip
DEVIATING = [case for case in CASES if case.kind is not None]
FOLLOWING = [case for case in CASES if case.kind is None]
ADEQUATE = Plea(Ground.UPPER_ORDER, "某政办〔2026〕1号", "按上级指令办理")
ON_RECORD = {Ground.REGIONAL_PROMPT, Ground.OBSERVED_HEAVY}
"""Grounds that the record itself must show; nothing in these cases does."""


def verdict_of(case: Case, plea: Plea) -> Verdict:
    return judge(case.intent, supported=case.supported, prompt=case.prompt, plea=plea, now=NOW)


def named(case: Case) -> str:
    return case.name


def test_every_kind_that_can_be_chosen_has_a_case() -> None:
    assert {case.kind for case in DEVIATING} == set(Kind) - set(UNDECIDED.values())


class TestJudge:
    @pytest.mark.parametrize("case", FOLLOWING, ids=named)
    def test_what_follows_needs_nothing_and_is_not_flagged(self, case: Case) -> None:
        found = verdict_of(case, Plea())
        assert (found.kind, found.allowed, found.flags, found.refusal) == (None, True, (), None)

    @pytest.mark.parametrize("case", DEVIATING, ids=named)
    def test_a_deviation_without_a_ground_is_refused(self, case: Case) -> None:
        assert case.kind is not None
        for plea in (Plea(), Plea(None, "某政办〔2026〕1号", "为完成年度空气质量目标")):
            found = verdict_of(case, plea)
            assert (found.kind, found.allowed, found.lack) == (case.kind, False, Lack.GROUND)
            assert found.refusal is not None
            assert KIND_WORDS[case.kind].zh in found.refusal.zh
            assert KIND_WORDS[case.kind].en in found.refusal.en
            assert "空气质量目标、排名和年度考核不是理由" in found.refusal.zh
            assert "targets" in found.refusal.en

    @pytest.mark.parametrize("case", DEVIATING, ids=named)
    def test_every_ground_of_the_list_either_carries_it_or_not(self, case: Case) -> None:
        assert case.kind is not None
        for ground in Ground:
            found = verdict_of(case, replace(ADEQUATE, ground=ground))
            carries = ground in grounds_for(case.kind) and ground not in ON_RECORD
            assert found.allowed is carries, ground
            assert found.flags == (case.kind.value,)
            if not carries:
                assert found.lack in {Lack.FITTING_GROUND, Lack.PROMPT, Lack.MEASURED}

    @pytest.mark.parametrize("case", DEVIATING, ids=named)
    @pytest.mark.parametrize(
        ("changes", "lack"),
        [
            ({"legal_basis": None}, Lack.LEGAL_BASIS),
            ({"legal_basis": " \n"}, Lack.LEGAL_BASIS),
            ({"explanation": None}, Lack.EXPLANATION),
            ({"explanation": "\t"}, Lack.EXPLANATION),
        ],
    )
    def test_half_of_what_is_needed_is_not_enough(self, case: Case, changes: dict[str, str | None], lack: Lack) -> None:
        assert case.kind is not None
        ground = next(ground for ground in grounds_for(case.kind) if ground is not Ground.REGIONAL_PROMPT)
        found = verdict_of(case, replace(ADEQUATE, ground=ground, **changes))
        assert (found.allowed, found.lack) == (False, lack)

    def test_a_prompt_that_is_over_asks_for_nothing(self) -> None:
        over = prompt(ORANGE, NOW)
        found = judge(want(NONE, ORANGE), supported=CLEAN, prompt=over, plea=Plea(), now=NOW)
        assert (found.kind, found.called_for) == (Kind.STARTED_WITHOUT_CRITERIA, NONE)

    @pytest.mark.parametrize(
        ("supported", "given", "level", "said"),
        [
            (None, None, None, "没有足够新的研判"),
            (CLEAN, None, NONE, "未达到预警标准"),
            (step(Action.ISSUE, YELLOW), None, YELLOW, "支持的级别是黄色"),
            (step(Action.ISSUE, YELLOW), prompt(ORANGE), ORANGE, "支持的级别是橙色"),
            (None, prompt(BLUE), BLUE, "支持的级别是蓝色"),
        ],
    )
    def test_it_says_what_is_called_for(
        self, supported: Supported | None, given: PromptView | None, level: Level | None, said: str
    ) -> None:
        found = judge(want(NONE, RED), supported=supported, prompt=given, plea=Plea(), now=NOW)
        assert found.called_for is level
        assert called_for(supported, given) is level
        assert found.refusal is not None
        assert said in found.refusal.zh


class TestGrounds:
    def test_the_list_is_closed_and_knows_no_targets(self) -> None:
        assert set(GROUNDS) == set(Ground)
        for word in ("目标", "排名", "考核", "指标", "target", "rank"):
            assert not any(word in rule.words.zh + rule.words.en for rule in GROUNDS.values())

    @pytest.mark.parametrize("ground", Ground)
    def test_each_says_where_it_stands_and_what_it_needs(self, ground: Ground) -> None:
        rule = GROUNDS[ground]
        assert rule.kinds
        assert all((rule.words.zh, rule.words.en, rule.needs.zh, rule.needs.en, rule.source))

    @pytest.mark.parametrize("kind", sorted(set(Kind) - set(UNDECIDED.values())))
    def test_every_chosen_deviation_can_be_carried_by_something(self, kind: Kind) -> None:
        assert any(ground is not Ground.REGIONAL_PROMPT for ground in grounds_for(kind))

    @pytest.mark.parametrize("kind", UNDECIDED.values())
    def test_nothing_excuses_that_nobody_decided(self, kind: Kind) -> None:
        assert grounds_for(kind) == ()

    def test_only_an_error_is_revoked_and_an_error_is_only_revoked(self) -> None:
        assert grounds_for(Kind.REVOKED) == (Ground.ISSUED_IN_ERROR,)
        assert GROUNDS[Ground.ISSUED_IN_ERROR].kinds == {Kind.REVOKED}

    @pytest.mark.parametrize("kind", Kind)
    def test_heavy_air_that_was_measured_only_starts_and_raises(self, kind: Kind) -> None:
        expected = kind in {
            Kind.STARTED_WITHOUT_CRITERIA,
            Kind.RAISED_WITHOUT_CRITERIA,
            Kind.ADVANCED_WITHOUT_CRITERIA,
        }
        assert (Ground.OBSERVED_HEAVY in grounds_for(kind)) is expected

    @pytest.mark.parametrize("ground", [Ground.UPPER_ORDER, Ground.CONSULTATION])
    @pytest.mark.parametrize(
        ("basis", "enough"),
        [
            ("令", False),
            ("市长口头要求", False),
            ("令第3号", True),
            ("12月15日会商纪要", True),
            ("〔二〇一六〕号", True),
            ("会商一致同意", False),
        ],
    )
    def test_an_order_and_a_consultation_are_named_by_number_or_date(
        self, ground: Ground, basis: str, enough: bool
    ) -> None:
        lack = lack_of(Kind.STARTED_WITHOUT_CRITERIA, Plea(ground, basis, "说明"))
        assert lack is (None if enough else Lack.DOCUMENT)

    def test_a_regional_prompt_is_on_record_or_does_not_count(self) -> None:
        plea = Plea(Ground.REGIONAL_PROMPT, "环大气函〔2026〕1号", "按区域提示")
        without = judge(want(NONE, ORANGE), supported=CLEAN, prompt=None, plea=plea, now=NOW)
        assert without.lack is Lack.PROMPT
        assert without.refusal is not None
        assert "请协调员先登记" in without.refusal.zh
        lower = judge(want(NONE, ORANGE), supported=CLEAN, prompt=prompt(YELLOW), plea=plea, now=NOW)
        assert lower.lack is Lack.PROMPT
        recorded = judge(want(NONE, ORANGE), supported=CLEAN, prompt=prompt(ORANGE), plea=plea, now=NOW)
        assert (recorded.allowed, recorded.flags) == (True, ())

    @pytest.mark.parametrize("wanted", [want(NONE, ORANGE), want(YELLOW, RED)])
    def test_heavy_air_counts_when_the_assessment_found_it(self, wanted: Intent) -> None:
        plea = Plea(Ground.OBSERVED_HEAVY, "某市预案第三条", "监测已达重度")
        action = Action.NONE if wanted.from_level is NONE else Action.HOLD
        clear = step(action, wanted.from_level)
        heavy = replace(clear, observed_heavy=True)
        refused = judge(wanted, supported=clear, prompt=None, plea=plea, now=NOW)
        assert refused.lack is Lack.MEASURED
        assert refused.refusal is not None
        assert "没有认定“监测已达重度且未来12小时无明显改善”" in refused.refusal.zh
        assert "does not find “already heavy" in refused.refusal.en
        assert judge(wanted, supported=None, prompt=None, plea=plea, now=NOW).lack is Lack.MEASURED
        assert judge(wanted, supported=heavy, prompt=None, plea=plea, now=NOW).allowed
        unnamed = judge(wanted, supported=heavy, prompt=None, plea=replace(plea, legal_basis=None), now=NOW)
        assert unnamed.lack is Lack.LEGAL_BASIS


@pytest.mark.parametrize(
    ("from_", "to", "end", "in_error", "act"),
    [
        (NONE, NONE, None, False, Act.HOLD),
        (NONE, NONE, END, False, Act.HOLD),
        (NONE, NONE, None, True, Act.HOLD),
        (NONE, BLUE, END, False, Act.ISSUE),
        (BLUE, RED, END, False, Act.RAISE),
        (RED, BLUE, None, False, Act.LOWER),
        (RED, RED, None, False, Act.HOLD),
        (RED, RED, END, False, Act.EXTEND),
        (RED, NONE, None, False, Act.LIFT),
        (RED, NONE, None, True, Act.REVOKE),
    ],
)
def test_act_of(from_: Level, to: Level, end: datetime | None, in_error: bool, act: Act) -> None:
    assert act_of(from_, to, planned_end=end, in_error=in_error) is act


@pytest.mark.parametrize(
    ("action", "hours", "due"),
    [
        (Action.ISSUE, None, True),
        (Action.ISSUE, 72, True),
        (Action.ISSUE, 72.001, False),
        (Action.RAISE, 73, False),
        (Action.LIFT, 100, True),
        (Action.EXTEND, 100, True),
    ],
)
def test_is_due(action: Action, hours: float | None, due: bool) -> None:
    effective = None if hours is None else NOW + hours * HOUR
    assert is_due(action, effective, NOW, 72 * HOUR) is due


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_words(kind: Kind) -> None:
    assert KIND_WORDS[kind].zh
    assert KIND_WORDS[kind].en
    assert len(kind.value) <= 32


levels = st.sampled_from(Level)
ends = st.none() | st.integers(-5, 200).map(lambda hours: NOW + hours * HOUR)


@st.composite
def steps(draw: st.DrawFn, current: Level) -> Supported:
    """A step that can be supported where `current` is in force."""
    to = draw(levels)
    if to > current:
        action = Action.RAISE if current else Action.ISSUE
    elif to < current:
        action = Action.LOWER if to else Action.LIFT
    else:
        action = draw(st.sampled_from((Action.HOLD, Action.EXTEND, Action.ADVANCE))) if current else Action.NONE
    return Supported(action, to, draw(ends), draw(ends), draw(st.booleans()))


@st.composite
def situations(draw: st.DrawFn) -> tuple[Intent, Supported | None, PromptView | None]:
    current, to, end = draw(levels), draw(levels), draw(ends)
    intent = want(current, to, end, in_error=draw(st.booleans()))
    prompted = draw(st.none() | st.builds(prompt, st.sampled_from(WARNING_LEVELS), ends))
    return intent, draw(st.none() | steps(current)), prompted


texts = st.none() | st.text(max_size=12)
pleas = st.builds(Plea, st.none() | st.sampled_from(Ground), texts, texts)


class TestProperties:
    @given(situations(), pleas)
    def test_a_deviation_is_never_allowed_without_ground_basis_and_reason(
        self, situation: tuple[Intent, Supported | None, PromptView | None], plea: Plea
    ) -> None:
        intent, supported, prompted = situation
        found = judge(intent, supported=supported, prompt=prompted, plea=plea, now=NOW)
        if found.kind is None:
            assert (found.allowed, found.flags, found.refusal) == (True, (), None)
            return
        assert found.flags == (found.kind.value,)
        assert found.allowed is (found.refusal is None)
        if found.allowed:
            assert plea.ground in grounds_for(found.kind)
            assert plea.ground is not Ground.REGIONAL_PROMPT
            assert (plea.legal_basis or "").strip()
            assert (plea.explanation or "").strip()

    @given(situations())
    def test_a_full_plea_always_finds_a_ground(
        self, situation: tuple[Intent, Supported | None, PromptView | None]
    ) -> None:
        intent, supported, prompted = situation
        allowed = [
            judge(intent, supported=supported, prompt=prompted, plea=replace(ADEQUATE, ground=ground), now=NOW).allowed
            for ground in Ground
        ]
        assert any(allowed)

    @given(st.data())
    def test_the_step_itself_is_never_flagged(self, data: st.DataObject) -> None:
        current = data.draw(levels)
        supported = data.draw(steps(current))
        act = Act.HOLD if supported.action is Action.NONE else Act(supported.action)
        end = None if act in (Act.HOLD, Act.LIFT) else supported.planned_end
        intent = Intent(act, current, supported.to_level, end, supported.effective_at)
        assert deviation(intent, supported=supported, prompt=None, now=NOW) is None

    @given(levels, st.sampled_from(WARNING_LEVELS), st.data())
    def test_a_live_prompt_at_the_level_is_never_flagged(self, current: Level, to: Level, data: st.DataObject) -> None:
        assume(to >= current)
        supported = data.draw(st.none() | steps(current))
        assume(supported is None or (supported.to_level <= to and supported.action is not Action.EXTEND))
        intent = want(current, to, data.draw(ends) if to > current else None)
        assert deviation(intent, supported=supported, prompt=prompt(to), now=NOW) is None

    @given(situations())
    def test_a_higher_level_is_never_less_of_a_start(
        self, situation: tuple[Intent, Supported | None, PromptView | None]
    ) -> None:
        intent, supported, prompted = situation
        upward = {Kind.STARTED_WITHOUT_CRITERIA, Kind.RAISED_WITHOUT_CRITERIA}
        assume(intent.from_level < intent.to_level < RED)
        higher = want(intent.from_level, Level(intent.to_level + 1), intent.planned_end)
        if deviation(intent, supported=supported, prompt=prompted, now=NOW) in upward:
            assert deviation(higher, supported=supported, prompt=prompted, now=NOW) in upward

    @given(st.sampled_from(WARNING_LEVELS), levels)
    def test_unknown_never_lowers_or_lifts(self, current: Level, to: Level) -> None:
        assume(to < current)
        assert deviation(want(current, to), supported=None, prompt=None, now=NOW) is not None
        assert deviation(no_change(current), supported=None, prompt=None, now=NOW) is None


AIR = [
    judged(hourly(aqi=[60.0] * 96)),
    judged(days([160, 170])),
    judged(days([210, 210])),
    judged(days([310, 310, 310])),
    judged(hourly(aqi=[250.0] * 30 + [60.0] * 90)),
    judged(hourly(aqi=[250.0] * 30 + [None] * 20 + [60.0] * 60)),
]


@given(st.sampled_from(AIR), st.sampled_from(WARNING_LEVELS) | st.none(), ends, st.booleans(), st.integers(0, 60))
def test_what_the_service_proposes_is_never_flagged(
    air: Assessment, current: Level | None, end: datetime | None, prompted: bool, hours: int
) -> None:
    now = NOW + hours * HOUR
    live = prompt(ORANGE, NOW + 80 * HOUR) if prompted else None
    standing = None
    if current is not None:
        standing = InForce(level=current, effective_at=NOW, planned_end=end, announced_at=NOW, fixed_end=False)
    found = next_step(air, in_force=standing, prompt=live, criteria=criteria(), now=now)
    assume(found.action not in (Action.NONE, Action.HOLD))
    supported = Supported(found.action, found.to_level, found.effective_at, found.planned_end)
    intent = Intent(Act(found.action), found.from_level, found.to_level, found.planned_end)
    assert deviation(intent, supported=supported, prompt=live, now=now) is None
