"""Guard against arbitrary action (防止随意启动、升级、延长).

Air-quality targets are no reason to start a warning, raise it or prolong a response against the criteria
(环大气〔2024〕6号; 2023-2024 年秋冬季攻坚方案（征求意见稿）五、十). What an officer wants is compared here with
what the newest assessment supports; a deviation needs a ground from a closed list, a legal basis and a reason.
Nothing is stored here, and no explanation is judged by its words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.instants import HOUR
from alerts.levels import Level
from alerts.proposal import PromptView
from alerts.proposal_words import Action


class Act(StrEnum):
    """What somebody wants to do; HOLD is the decision that nothing changes (无变化)."""

    ISSUE = "issue"
    RAISE = "raise"
    LOWER = "lower"
    EXTEND = "extend"
    ADVANCE = "advance"
    LIFT = "lift"
    REVOKE = "revoke"
    HOLD = "hold"


class Kind(StrEnum):
    """How an act, or leaving things as they are, departs from the assessment (偏离研判)."""

    STARTED_WITHOUT_CRITERIA = "started_without_criteria"
    RAISED_WITHOUT_CRITERIA = "raised_without_criteria"
    PROLONGED_WITHOUT_CRITERIA = "prolonged_without_criteria"
    ADVANCED_WITHOUT_CRITERIA = "advanced_without_criteria"
    KEPT_WITHOUT_CRITERIA = "kept_without_criteria"
    SET_BELOW_CRITERIA = "set_below_criteria"
    LOWERED_AGAINST_CRITERIA = "lowered_against_criteria"
    LIFTED_AGAINST_CRITERIA = "lifted_against_criteria"
    ENDS_BEFORE_CRITERIA = "ends_before_criteria"
    REVOKED = "revoked"
    NOT_STARTED_THOUGH_MET = "not_started_though_met"
    NOT_RAISED_THOUGH_MET = "not_raised_though_met"
    NOT_PROLONGED_THOUGH_MET = "not_prolonged_though_met"
    KEPT_UNDECIDED = "kept_undecided"
    NOT_STARTED_UNDECIDED = "not_started_undecided"
    NOT_RAISED_UNDECIDED = "not_raised_undecided"
    NOT_PROLONGED_UNDECIDED = "not_prolonged_undecided"


class Ground(StrEnum):
    """The closed list of grounds (依据类别). Targets, rankings and annual assessments are not on it, by law."""

    UPPER_ORDER = "upper_order"
    REGIONAL_PROMPT = "regional_prompt"
    CONSULTATION = "consultation"
    OBSERVED_HEAVY = "observed_heavy"
    ISSUED_IN_ERROR = "issued_in_error"


class Lack(StrEnum):
    """Why a deviation is refused."""

    GROUND = "ground_missing"
    FITTING_GROUND = "ground_does_not_fit"
    PROMPT = "prompt_not_on_record"
    MEASURED = "not_measured_heavy"
    LEGAL_BASIS = "legal_basis_missing"
    DOCUMENT = "document_not_named"
    EXPLANATION = "explanation_missing"


@dataclass(frozen=True)
class Words:
    """The same in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True)
class GroundRule:
    """What one ground is, what its legal basis must name, for which deviations it stands, and where it is found.

    With `names_document` the legal basis must carry a number or a date.
    """

    words: Words
    needs: Words
    kinds: frozenset[Kind]
    source: str
    names_document: bool = False


KIND_WORDS: Mapping[Kind, Words] = {
    Kind.STARTED_WITHOUT_CRITERIA: Words("未达标准启动", "started without the criteria"),
    Kind.RAISED_WITHOUT_CRITERIA: Words("未达标准升级", "raised without the criteria"),
    Kind.PROLONGED_WITHOUT_CRITERIA: Words("未达标准延长", "prolonged without the criteria"),
    Kind.ADVANCED_WITHOUT_CRITERIA: Words("无依据提前启动", "brought forward without the criteria or a prompt"),
    Kind.KEPT_WITHOUT_CRITERIA: Words("已不达标准仍维持", "kept without the criteria"),
    Kind.SET_BELOW_CRITERIA: Words("低于应达级别", "set below the level that the criteria call for"),
    Kind.LOWERED_AGAINST_CRITERIA: Words("未达降级条件而降级", "lowered although the criteria hold"),
    Kind.LIFTED_AGAINST_CRITERIA: Words("未达解除条件而解除", "lifted although the lifting test is not met"),
    Kind.ENDS_BEFORE_CRITERIA: Words("早于应结束时间自动结束", "ends by itself before the end that is called for"),
    Kind.REVOKED: Words("撤销", "revoked"),
    Kind.NOT_STARTED_THOUGH_MET: Words("达到标准未启动", "not started although the criteria are met"),
    Kind.NOT_RAISED_THOUGH_MET: Words("达到更高标准未升级", "not raised although the criteria are met"),
    Kind.NOT_PROLONGED_THOUGH_MET: Words("过程延长未延长预警", "not prolonged although the criteria still hold"),
    Kind.KEPT_UNDECIDED: Words("逾期未审批而维持", "kept because nobody decided in time"),
    Kind.NOT_STARTED_UNDECIDED: Words("逾期未审批而未启动", "not started because nobody decided in time"),
    Kind.NOT_RAISED_UNDECIDED: Words("逾期未审批而未升级", "not raised because nobody decided in time"),
    Kind.NOT_PROLONGED_UNDECIDED: Words("逾期未审批而未延长", "not prolonged because nobody decided in time"),
}
UNDECIDED: Mapping[Kind, Kind] = {
    Kind.KEPT_WITHOUT_CRITERIA: Kind.KEPT_UNDECIDED,
    Kind.NOT_STARTED_THOUGH_MET: Kind.NOT_STARTED_UNDECIDED,
    Kind.NOT_RAISED_THOUGH_MET: Kind.NOT_RAISED_UNDECIDED,
    Kind.NOT_PROLONGED_THOUGH_MET: Kind.NOT_PROLONGED_UNDECIDED,
}
"""What keeping things as they are is called when nobody decided."""
UPWARD = frozenset(
    {
        Kind.STARTED_WITHOUT_CRITERIA,
        Kind.RAISED_WITHOUT_CRITERIA,
        Kind.PROLONGED_WITHOUT_CRITERIA,
        Kind.ADVANCED_WITHOUT_CRITERIA,
        Kind.KEPT_WITHOUT_CRITERIA,
    }
)
"""More than the criteria support."""
CHOSEN = frozenset(Kind) - frozenset(UNDECIDED.values()) - {Kind.REVOKED}
"""Deviations that somebody chooses; revoking has a ground of its own."""

GROUNDS: Mapping[Ground, GroundRule] = {
    Ground.UPPER_ORDER: GroundRule(
        words=Words("上级指令", "order of a higher authority"),
        needs=Words("上级政府或指挥机构指令的文号", "the number of the order"),
        kinds=CHOSEN,
        source="突发事件应对法第二十条；实例：2020-12-24 河南按省级建议启动红色预警",
        names_document=True,
    ),
    Ground.REGIONAL_PROMPT: GroundRule(
        words=Words("区域预警提示", "regional prompt"),
        needs=Words(
            "系统中已登记、点名本地且级别和时段都覆盖此项的提示",
            "a live prompt on record that names this place at this level and for this time",
        ),
        kinds=UPWARD,
        source="空气质量持续改善行动计划（国发〔2023〕24号）第二十七条；攻坚方案（征求意见稿）五",
    ),
    Ground.CONSULTATION: GroundRule(
        words=Words("会商意见", "opinion of a consultation"),
        needs=Words("会商纪要的编号或日期", "the number or date of the consultation record"),
        kinds=CHOSEN,
        source="大气污染防治法第九十五条",
        names_document=True,
    ),
    Ground.OBSERVED_HEAVY: GroundRule(
        words=Words("监测已达重度且未来12小时无明显改善", "already heavy, no clear improvement within 12 hours"),
        needs=Words("预案中提前启动或快速升级的条款", "the clause of the plan on early start or quick raising"),
        kinds=frozenset(
            {Kind.STARTED_WITHOUT_CRITERIA, Kind.RAISED_WITHOUT_CRITERIA, Kind.ADVANCED_WITHOUT_CRITERIA}
        ),
        source="聊城 2019 年预案（提前启动）；武政规〔2020〕4号（预报或监测任一达到即升级）",
    ),
    Ground.ISSUED_IN_ERROR: GroundRule(
        words=Words("误发", "issued in error"),
        needs=Words("准予撤销的规定", "the provision that allows the withdrawal"),
        kinds=frozenset({Kind.REVOKED}),
        source="误发撤销的专门条文未确立；最近的是突发事件应对法第七十条（及时调整并重新发布）",
    ),
}
"""Only what the sources of the domain support; a ground that is not here cannot be given."""


@dataclass(frozen=True)
class Intent:
    """What somebody wants in one division. `planned_end` (aware) is the end they state, None: none stated.

    `effective_at` (aware) counts for ADVANCE only: the earlier start they want, None: at once. With `fixed_end` the
    warning ends at `planned_end` by itself.
    """

    act: Act
    from_level: Level
    to_level: Level
    planned_end: datetime | None = None
    effective_at: datetime | None = None
    fixed_end: bool = False


@dataclass(frozen=True)
class Supported:
    """The step that the newest assessment supports from what is in force now.

    `effective_at` None: at once; `planned_end` None: open. Not `due`: it begins so far ahead that it is watched only.
    `observed_heavy`: it found the measured air heavy already with no clear improvement ahead, by its plan's rule.
    `starts_at`: when the level that is announced, or a higher one, begins by the assessment itself; None: it finds none.
    """

    action: Action
    to_level: Level
    effective_at: datetime | None = None
    planned_end: datetime | None = None
    due: bool = True
    observed_heavy: bool = False
    starts_at: datetime | None = None


@dataclass(frozen=True)
class Plea:
    """What somebody brings forward for a deviation."""

    ground: Ground | None = None
    legal_basis: str | None = None
    explanation: str | None = None


@dataclass(frozen=True)
class Verdict:
    """Whether an intent follows the assessment, and if it does not, whether it may be put forward.

    `kind` None: it follows. `lack` None: it may be put forward. `called_for` is the level that the assessment or a
    prompt calls for, None when no assessment is fresh enough. `refusal` says why not, and what to do next.
    """

    kind: Kind | None
    called_for: Level | None
    lack: Lack | None = None
    refusal: Words | None = None

    @property
    def allowed(self) -> bool:
        """Whether it may be put forward."""
        return self.lack is None

    @property
    def flags(self) -> tuple[str, ...]:
        """What the frozen content and the audit carry."""
        return () if self.kind is None else (self.kind.value,)


class _Side(StrEnum):
    """Where the wanted level lies: above what is supported, within it, or below what is called for."""

    ABOVE = "above"
    WITHIN = "within"
    BELOW = "below"


_KINDS: Mapping[tuple[Act, _Side], Kind] = {
    (Act.ISSUE, _Side.ABOVE): Kind.STARTED_WITHOUT_CRITERIA,
    (Act.ISSUE, _Side.BELOW): Kind.SET_BELOW_CRITERIA,
    (Act.RAISE, _Side.ABOVE): Kind.RAISED_WITHOUT_CRITERIA,
    (Act.RAISE, _Side.BELOW): Kind.SET_BELOW_CRITERIA,
    (Act.LOWER, _Side.ABOVE): Kind.KEPT_WITHOUT_CRITERIA,
    (Act.LOWER, _Side.BELOW): Kind.LOWERED_AGAINST_CRITERIA,
    (Act.LIFT, _Side.BELOW): Kind.LIFTED_AGAINST_CRITERIA,
    (Act.EXTEND, _Side.ABOVE): Kind.PROLONGED_WITHOUT_CRITERIA,
    (Act.EXTEND, _Side.BELOW): Kind.NOT_RAISED_THOUGH_MET,
    (Act.ADVANCE, _Side.ABOVE): Kind.ADVANCED_WITHOUT_CRITERIA,
    (Act.ADVANCE, _Side.BELOW): Kind.NOT_RAISED_THOUGH_MET,
    (Act.HOLD, _Side.ABOVE): Kind.KEPT_WITHOUT_CRITERIA,
    (Act.HOLD, _Side.BELOW): Kind.NOT_RAISED_THOUGH_MET,
}
"""What is not in this table follows the assessment."""
_WITH_END = frozenset({Action.ISSUE, Action.RAISE, Action.LOWER, Action.EXTEND, Action.ADVANCE})
"""Steps that state the end which the assessment expects; the end of a hold is the one announced before."""


def act_of(from_level: Level, to_level: Level, *, planned_end: datetime | None, in_error: bool) -> Act:
    """What it is to go from one level to another; the same level is an extension when a later end is stated."""
    if to_level == from_level:
        return Act.EXTEND if planned_end is not None and to_level else Act.HOLD
    if to_level is Level.NONE:
        return Act.REVOKE if in_error else Act.LIFT
    if from_level is Level.NONE:
        return Act.ISSUE
    return Act.RAISE if to_level > from_level else Act.LOWER


def is_due(action: str, effective_at: datetime | None, now: datetime, ahead: timedelta) -> bool:
    """Whether a step is to be put forward now: a start more than `ahead` away is watched only."""
    begins = action in {Action.ISSUE, Action.RAISE}
    return not begins or effective_at is None or effective_at <= now + ahead


def judge(
    intent: Intent, *, supported: Supported | None, prompt: PromptView | None, plea: Plea, now: datetime
) -> Verdict:
    """Whether an intent may be put forward at `now` (aware). `supported` None: no assessment is fresh enough.

    What follows the assessment, or a regional prompt on record, needs nothing more and is never flagged. Everything
    else needs a ground that stands for it, a legal basis and an explanation, and is flagged.
    """
    live = None if prompt is None or prompt.over(now) else prompt
    kind = deviation(intent, supported=supported, prompt=live, now=now)
    asked = called_for(supported, live)
    if kind is None:
        return Verdict(None, asked)
    heavy = supported is not None and supported.observed_heavy
    lack = lack_of(kind, plea, observed_heavy=heavy)
    refusal = None if lack is None else _refusal(kind, asked, lack, plea)
    return Verdict(kind, asked, lack, refusal)


def deviation(intent: Intent, *, supported: Supported | None, prompt: PromptView | None, now: datetime) -> Kind | None:
    """How an intent departs from what is supported; None when it follows it."""
    if intent.act is Act.REVOKE:
        return Kind.REVOKED
    live = None if prompt is None or prompt.over(now) else prompt
    side = _side(intent, supported, live, now)
    if side is not _Side.WITHIN:
        kind = _KINDS[intent.act, side]
        started = intent.from_level is not Level.NONE
        return kind if started or intent.act is not Act.HOLD else Kind.NOT_STARTED_THOUGH_MET
    if intent.act is Act.HOLD:
        left = supported is not None and supported.action is Action.EXTEND
        return Kind.NOT_PROLONGED_THOUGH_MET if left else None
    if intent.act is Act.ADVANCE and _too_early(intent, supported, live, now):
        return Kind.ADVANCED_WITHOUT_CRITERIA
    if _too_long(intent, supported, live):
        return Kind.PROLONGED_WITHOUT_CRITERIA
    return Kind.ENDS_BEFORE_CRITERIA if _ends_early(intent, supported, live) else None


def no_change(level: Level) -> Intent:
    """Leaving things as they are at a level: what a rejection and an expiry come to."""
    return Intent(Act.HOLD, level, level)


def grounds_for(kind: Kind) -> tuple[Ground, ...]:
    """The grounds that can be given for a deviation."""
    return tuple(ground for ground, rule in GROUNDS.items() if kind in rule.kinds)


def lack_of(kind: Kind, plea: Plea, *, observed_heavy: bool = False) -> Lack | None:
    """What is missing for a deviation to be put forward; None when nothing is.

    `observed_heavy`: the newest assessment found what the ground of that name says.
    """
    if plea.ground is None:
        return Lack.GROUND
    rule = GROUNDS[plea.ground]
    if kind not in rule.kinds:
        return Lack.FITTING_GROUND
    if plea.ground is Ground.REGIONAL_PROMPT:
        return Lack.PROMPT  # with one on record this would be no deviation
    if plea.ground is Ground.OBSERVED_HEAVY and not observed_heavy:
        return Lack.MEASURED
    if not (plea.legal_basis or "").strip():
        return Lack.LEGAL_BASIS
    if rule.names_document and not any(letter.isdecimal() or letter == "〇" for letter in plea.legal_basis or ""):
        return Lack.DOCUMENT
    return None if (plea.explanation or "").strip() else Lack.EXPLANATION


def _side(intent: Intent, supported: Supported | None, prompt: PromptView | None, now: datetime) -> _Side:
    low, high = _range(intent, supported, prompt, now)
    if intent.to_level > high:
        return _Side.ABOVE
    return _Side.BELOW if intent.to_level < low else _Side.WITHIN


def _range(
    intent: Intent, supported: Supported | None, prompt: PromptView | None, now: datetime
) -> tuple[Level, Level]:
    """The lowest and the highest level that is no deviation.

    Without a fresh assessment nothing goes up but by a prompt, and nothing comes down: unknown is not none.
    """
    prompted = Level.NONE if prompt is None else prompt.level
    if supported is None:
        stays = intent.from_level if intent.act in (Act.LOWER, Act.LIFT, Act.HOLD) else Level.NONE
        return max(stays, prompted), max(stays, prompted)
    high = max(supported.to_level, prompted)
    if not supported.due:
        return min(intent.from_level, supported.to_level), high
    if supported.action is Action.LIFT and prompt is not None and not _asks_at(prompt, supported.effective_at or now):
        return Level.NONE, high
    return high, high


def _asks_at(prompt: PromptView, instant: datetime) -> bool:
    return prompt.ends_at is None or prompt.ends_at > instant


def _too_long(intent: Intent, supported: Supported | None, prompt: PromptView | None) -> bool:
    """Whether the stated end lies beyond every end that is supported at that level."""
    if intent.planned_end is None or intent.act is Act.LIFT:
        return False
    ends = []
    if supported is not None and intent.to_level <= supported.to_level:
        ends.append(supported.planned_end)
    if prompt is not None and intent.to_level <= prompt.level:
        ends.append(prompt.ends_at)
    return not any(end is None or intent.planned_end <= end for end in ends)


def _ends_early(intent: Intent, supported: Supported | None, prompt: PromptView | None) -> bool:
    """Whether it would end by itself an hour or more before an assessed step or a prompt does, or while that is open."""
    if not intent.fixed_end or intent.planned_end is None:
        return False
    ends = [supported.planned_end] if supported is not None and supported.action in _WITH_END else []
    if prompt is not None and prompt.level is not Level.NONE:
        ends.append(prompt.ends_at)
    return any(end is None or intent.planned_end + HOUR <= end for end in ends)


def _too_early(intent: Intent, supported: Supported | None, prompt: PromptView | None, now: datetime) -> bool:
    """Whether the wanted start lies before every start that is supported: of an advancing step, the assessment or a prompt."""
    starts = [] if supported is None or supported.starts_at is None else [supported.starts_at]
    if supported is not None and supported.action is Action.ADVANCE:
        starts.append(supported.effective_at or now)
    if prompt is not None and intent.to_level <= prompt.level:
        starts.append(prompt.starts_at)
    wanted = max(intent.effective_at or now, now)
    return not any(max(start, now) <= wanted for start in starts)


def called_for(supported: Supported | None, prompt: PromptView | None) -> Level | None:
    """The level that the assessment or a live prompt calls for, the higher; None when neither says anything."""
    if supported is None:
        return None if prompt is None else prompt.level
    return supported.to_level if prompt is None else max(supported.to_level, prompt.level)


_NO_GROUND = Words(
    "空气质量目标、排名和年度考核不是理由（环大气〔2024〕6号）。",
    "Air-quality targets, rankings and annual assessments are no ground (环大气〔2024〕6号).",
)


def _refusal(kind: Kind, asked: Level | None, lack: Lack, plea: Plea) -> Words:
    """Why a deviation is refused and what to do next."""
    named = KIND_WORDS[kind]
    state = _state_words(asked)
    todo = _todo(kind, lack, plea)
    return Words(
        f"{state.zh}，此项属于“{named.zh}”，未予受理。{todo.zh}{_NO_GROUND.zh}",
        f"{state.en}; this would be “{named.en}” and is refused. {todo.en} {_NO_GROUND.en}",
    )


def _state_words(asked: Level | None) -> Words:
    if asked is None:
        return Words("没有足够新的研判可以支持", "No assessment is fresh enough to support this")
    if asked is Level.NONE:
        return Words("最近一次研判未达到预警标准", "The newest assessment supports no warning level")
    return Words(f"最近一次研判支持的级别是{asked.zh}", f"The newest assessment supports the level {asked.code}")


def _todo(kind: Kind, lack: Lack, plea: Plea) -> Words:
    """What to do about a lack."""
    open_to = grounds_for(kind)
    listed_zh = "、".join(GROUNDS[ground].words.zh for ground in open_to)
    listed_en = ", ".join(ground.value for ground in open_to)
    choose = Words(
        f"请从列表中选择依据类别（{listed_zh}），并写明法律依据和理由。",
        f"Choose a ground from the list ({listed_en}) and give the legal basis and the reason.",
    )
    if lack is Lack.GROUND or plea.ground is None:
        return choose
    rule = GROUNDS[plea.ground]
    if lack is Lack.FITTING_GROUND:
        return Words(
            f"“{rule.words.zh}”不适用于此。{choose.zh}", f"“{rule.words.en}” does not stand for this. {choose.en}"
        )
    if lack is Lack.PROMPT:
        return Words(
            f"没有{rule.needs.zh}；请协调员先登记，或选择其他依据类别。",
            f"There is no {rule.needs.en.removeprefix('a ')}; have the coordinator enter it, or choose another ground.",
        )
    if lack is Lack.MEASURED:
        return Words(
            f"最近一次研判没有认定“{rule.words.zh}”；请等待新的监测数据，或选择其他依据类别。",
            f"The newest assessment does not find “{rule.words.en}”; wait for newer measurements, or choose another ground.",
        )
    if lack is Lack.EXPLANATION:
        return Words("请写明理由。", "Give the reason.")
    return Words(f"请在法律依据中写明{rule.needs.zh}。", f"The legal basis must name {rule.needs.en}.")
