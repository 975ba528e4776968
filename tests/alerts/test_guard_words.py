"""What a refused deviation reads, word by word, in both languages: it is answered to whoever wanted to act."""

from __future__ import annotations

import pytest

from alerts.guard import Act, Ground, Intent, Kind, Lack, Plea, Supported, deviation, judge
from alerts.instants import HOUR
from alerts.levels import Level
from alerts.proposal import PromptView
from alerts.proposal_words import Action
from tests.alerts.air import START

CLEAN = Supported(Action.NONE, Level.NONE)
START_ORANGE = Intent(Act.ISSUE, Level.NONE, Level.ORANGE)
NO_GROUND_ZH = "空气质量目标、排名和年度考核不是理由（环大气〔2024〕6号）。"
NO_GROUND_EN = "Air-quality targets, rankings and annual assessments are no ground (环大气〔2024〕6号)."
CHOOSE_ZH = "请从列表中选择依据类别（上级指令、区域预警提示、会商意见、监测已达重度且未来12小时无明显改善），并写明法律依据和理由。"
CHOOSE_EN = (
    "Choose a ground from the list (upper_order, regional_prompt, consultation, observed_heavy) and give the legal basis "
    "and the reason."
)


def refused(
    plea: Plea, intent: Intent = START_ORANGE, supported: Supported | None = CLEAN
) -> tuple[Kind | None, Lack | None, str, str]:
    found = judge(intent, supported=supported, prompt=None, plea=plea, now=START)
    assert found.refusal is not None
    assert not found.allowed
    return found.kind, found.lack, found.refusal.zh, found.refusal.en


@pytest.mark.parametrize(
    ("plea", "lack", "zh", "en"),
    [
        (Plea(), Lack.GROUND, CHOOSE_ZH, CHOOSE_EN),
        (
            Plea(Ground.ISSUED_IN_ERROR, "第七十条", "误发"),
            Lack.FITTING_GROUND,
            f"“误发”不适用于此。{CHOOSE_ZH}",
            f"“issued in error” does not stand for this. {CHOOSE_EN}",
        ),
        (
            Plea(Ground.REGIONAL_PROMPT, "1号", "提示"),
            Lack.PROMPT,
            "没有系统中已登记、点名本地且级别和时段都覆盖此项的提示；请协调员先登记，或选择其他依据类别。",
            "There is no live prompt on record that names this place at this level and for this time; have the coordinator "
            "enter it, or choose another ground.",
        ),
        (
            Plea(Ground.UPPER_ORDER, " ", "理由"),
            Lack.LEGAL_BASIS,
            "请在法律依据中写明上级政府或指挥机构指令的文号。",
            "The legal basis must name the number of the order.",
        ),
        (
            Plea(Ground.CONSULTATION, "会商纪要", "理由"),
            Lack.DOCUMENT,
            "请在法律依据中写明会商纪要的编号或日期。",
            "The legal basis must name the number or date of the consultation record.",
        ),
        (Plea(Ground.CONSULTATION, "会商纪要12号", " "), Lack.EXPLANATION, "请写明理由。", "Give the reason."),
    ],
)
def test_what_to_do_next(plea: Plea, lack: Lack, zh: str, en: str) -> None:
    assert refused(plea) == (
        Kind.STARTED_WITHOUT_CRITERIA,
        lack,
        f"最近一次研判未达到预警标准，此项属于“未达标准启动”，未予受理。{zh}{NO_GROUND_ZH}",
        "The newest assessment supports no warning level; this would be “started without the criteria” and is refused. "
        f"{en} {NO_GROUND_EN}",
    )


@pytest.mark.parametrize(
    ("supported", "zh", "en"),
    [
        (None, "没有足够新的研判可以支持，", "No assessment is fresh enough to support this; "),
        (
            Supported(Action.ISSUE, Level.YELLOW),
            "最近一次研判支持的级别是黄色，",
            "The newest assessment supports the level yellow; ",
        ),
        (CLEAN, "最近一次研判未达到预警标准，", "The newest assessment supports no warning level; "),
    ],
)
def test_what_the_assessment_says(supported: Supported | None, zh: str, en: str) -> None:
    _, _, told_zh, told_en = refused(Plea(), supported=supported)
    assert told_zh.startswith(f"{zh}此项属于“未达标准启动”，未予受理。")
    assert told_en.startswith(f"{en}this would be “started without the criteria” and is refused. ")


def test_only_grounds_that_can_stand_are_listed() -> None:
    lift = Intent(Act.LIFT, Level.ORANGE, Level.NONE)
    kind, _, zh, en = refused(Plea(), lift, Supported(Action.HOLD, Level.ORANGE))
    assert kind is Kind.LIFTED_AGAINST_CRITERIA
    assert "（上级指令、会商意见），" in zh
    assert "(upper_order, consultation) and" in en


@pytest.mark.parametrize(("hours", "kind"), [(1, None), (0, Kind.STARTED_WITHOUT_CRITERIA)])
def test_a_prompt_that_is_over_supports_nothing(hours: int, kind: Kind | None) -> None:
    prompt = PromptView(id="p", level=Level.ORANGE, starts_at=START - HOUR, ends_at=START + hours * HOUR)
    assert deviation(START_ORANGE, supported=CLEAN, prompt=prompt, now=START) is kind


def test_a_ground_that_lacks_everything_else_is_told_what_it_must_name() -> None:
    _, lack, zh, _ = refused(Plea(Ground.UPPER_ORDER))
    assert lack is Lack.LEGAL_BASIS
    assert "请在法律依据中写明上级政府或指挥机构指令的文号。" in zh


def test_what_follows_says_what_is_called_for() -> None:
    found = judge(START_ORANGE, supported=Supported(Action.ISSUE, Level.ORANGE), prompt=None, plea=Plea(), now=START)
    assert (found.allowed, found.kind, found.called_for, found.flags) == (True, None, Level.ORANGE, ())
