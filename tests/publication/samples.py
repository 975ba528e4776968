"""Invented but plausible public states."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from alerts.cap import CapMessage, Certainty, Ending, InfoText, MessageType, Reference, Status, render_cap
from alerts.cap_values import Area, geocode
from alerts.instants import SHANGHAI
from alerts.levels import Level
from service.publication.state import (
    Advice,
    AirCategory,
    ForecastDay,
    Place,
    PublicMessage,
    PublicReason,
    PublicState,
    PublicStep,
    PublicWarning,
    StepKind,
    Words,
)

NOW = datetime(2016, 12, 17, 9, 0, tzinfo=SHANGHAI)
BASE = "https://air.example.gov.cn/public/"
DRILL_NOTE = Words(
    "演练：模拟时钟 2016年12月17日 09:00，内容不是真实预警。",
    "Drill on a simulated clock (17 Dec 2016 09:00). These are not real warnings.",
)
ADVICE = (
    Advice(
        Words("儿童、老年人和心肺疾病患者", "Children, the elderly, heart and lung patients"),
        Words("留在室内，停止户外活动。", "Stay indoors; no outdoor activity."),
    ),
    Advice(
        Words("中小学和幼儿园", "Schools and kindergartens"),
        Words("停止户外课程和活动，可采取弹性教学。", "No outdoor lessons; teaching may be flexible."),
    ),
    Advice(
        Words("一般人群", "Everybody else"),
        Words("尽量减少户外活动，外出戴口罩。", "Cut outdoor time; wear a mask outside."),
    ),
)
NAMES = {
    "110000": ("北京市", "Beijing", "北京市", "Beijing"),
    "120000": ("天津市", "Tianjin", "天津市", "Tianjin"),
    "130100": ("石家庄市", "Shijiazhuang", "河北省", "Hebei"),
    "130300": ("秦皇岛市", "Qinhuangdao", "河北省", "Hebei"),
    "130600": ("保定市", "Baoding", "河北省", "Hebei"),
    "370100": ("济南市", "Jinan", "山东省", "Shandong"),
    "370200": ("青岛市", "Qingdao", "山东省", "Shandong"),
    "410100": ("郑州市", "Zhengzhou", "河南省", "Henan"),
}


def at(text: str) -> datetime:
    """An instant of Beijing time."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def cap_message(**changes: object) -> CapMessage:
    """A red warning for Beijing, with changes."""
    message = CapMessage(
        identifier="11000033300000_20161215130000",
        sender="air.example.gov.cn",
        sender_name="北京市空气重污染应急指挥部办公室",
        sent=at("2016-12-15T13:00:00"),
        status=Status.ACTUAL,
        msg_type=MessageType.ALERT,
        level=Level.RED,
        effective=at("2016-12-15T13:00:00"),
        onset=at("2016-12-16T20:00:00"),
        expires=at("2016-12-22T00:00:00"),
        certainty=Certainty.LIKELY,
        public=InfoText(
            "公众",
            "北京市发布空气重污染红色预警",
            "预计12月17日至21日 AQI 210–380，首要污染物 PM2.5。",
            "减少户外活动，外出戴口罩。",
        ),
        enterprises=InfoText(
            "列入应急减排清单的企业",
            "北京市启动空气重污染Ⅰ级应急响应",
            "12月16日20时起执行Ⅰ级响应。",
            "按应急减排清单停产、限产。",
        ),
        areas=(Area("北京市", (geocode("110000"),)),),
    )
    return replace(message, **changes)  # type: ignore[arg-type]


def published(message: CapMessage) -> PublicMessage:
    """The message as it lies among the published ones."""
    return PublicMessage(
        identifier=message.identifier,
        xml=render_cap(message),
        title=message.public.headline,
        summary=message.public.description,
        sent=message.sent,
        status=message.status,
        msg_type=message.msg_type,
        expires=message.expires,
        references=tuple(reference.identifier for reference in message.references),
    )


def step(
    level: Level,
    announced: str,
    effective: str,
    end: str | None,
    *,
    kind: StepKind = StepKind.ISSUE,
    reason: PublicReason = PublicReason.CRITERIA_MET,
    adcode: str = "110000",
) -> PublicStep:
    """An announced step; its CAP identifier follows from place and instant."""
    announced_at = at(announced)
    return PublicStep(
        kind=kind,
        level=level,
        decision_id=f"decision-{adcode}-{announced_at:%m%d%H}",
        announced_at=announced_at,
        effective_at=at(effective),
        planned_end=at(end) if end else None,
        reason=reason,
        cap_identifier=f"{adcode}33300000_{announced_at:%Y%m%d%H%M%S}",
    )


def warning(*steps: PublicStep, name: str = "某市", status: Status = Status.ACTUAL) -> PublicWarning:
    """A warning with these steps."""
    return PublicWarning(
        id=f"w-{steps[0].cap_identifier}" if steps else "w-none",
        issuer=Words(f"{name}空气重污染应急指挥部办公室", "Office of the municipal emergency command"),
        status=status,
        steps=steps,
        items=Words(
            "预计12月17日至21日 AQI 210–380，首要污染物 PM2.5。", "17–21 Dec: AQI 210–380, led by PM2.5."
        ),
        advice=ADVICE,
    )


def messages_of(one: PublicWarning, adcode: str) -> tuple[PublicMessage, ...]:
    """A CAP message for each step, chained as the steps are."""
    found: list[CapMessage] = []
    for taken in one.steps:
        ends = taken.kind.ends
        references = tuple(Reference(m.sender, m.identifier, m.sent) for m in found)
        found.append(
            cap_message(
                identifier=taken.cap_identifier,
                sent=taken.announced_at,
                effective=taken.announced_at,
                onset=taken.effective_at,
                expires=None if ends else taken.planned_end,
                status=one.status,
                level=taken.level,
                note=None if one.status is Status.ACTUAL else "演练",
                msg_type=(MessageType.CANCEL if ends else MessageType.UPDATE)
                if references
                else MessageType.ALERT,
                references=references,
                ending=Ending.LIFTED if ends else None,
                areas=(Area(adcode, (geocode(adcode),)),),
            )
        )
    return tuple(published(message) for message in found)


def forecast(first: date, *ranges: tuple[int, int, AirCategory]) -> tuple[ForecastDay, ...]:
    """Consecutive days."""
    return tuple(ForecastDay(first + timedelta(days=i), *values) for i, values in enumerate(ranges))


HEAVY_DAYS = forecast(
    date(2016, 12, 18),
    (210, 260, AirCategory.HEAVY),
    (240, 310, AirCategory.HEAVY),
    (290, 380, AirCategory.SEVERE),
    (180, 240, AirCategory.HEAVY),
    (40, 70, AirCategory.GOOD),
)
CLEAN_DAYS = forecast(
    date(2016, 12, 18),
    (45, 80, AirCategory.GOOD),
    (90, 130, AirCategory.LIGHT),
    (120, 170, AirCategory.MODERATE),
    (60, 90, AirCategory.GOOD),
    (20, 45, AirCategory.EXCELLENT),
)


def place(
    adcode: str, *warnings: PublicWarning, days: tuple[ForecastDay, ...] = (), name: str | None = None
) -> Place:
    """One of the known places, or one with an invented name."""
    zh, en, province, province_en = NAMES.get(adcode, ("某市", "Some city", "某省", "Some province"))
    return Place(
        adcode=adcode,
        name=Words(name or zh, name or en),
        province=Words(province, province_en),
        warnings=warnings,
        forecast=days,
        forecast_issued_at=at("2016-12-16T20:00:00") if days else None,
    )


def state(*places: Place, **changes: object) -> PublicState:
    """A state with these places and the messages of their steps."""
    found = PublicState(
        as_of=NOW,
        base_address=BASE,
        publisher=Words("某区域空气重污染应急指挥中心", "Regional heavy-pollution command centre"),
        places=places,
        messages=tuple(m for p in places for w in p.warnings for m in messages_of(w, p.adcode)),
        sources=(Words("空气质量监测：中国环境监测总站。", "Observations: national monitoring centre."),),
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def episode(status: Status = Status.ACTUAL, **changes: object) -> PublicState:
    """Places in every situation: in force, raised, announced only, open end, lifting, ended, quiet."""
    red = step(Level.RED, "2016-12-15T13:00:00", "2016-12-16T20:00:00", "2016-12-22T00:00:00")
    orange = step(Level.ORANGE, "2016-12-15T18:00:00", "2016-12-16T12:00:00", None, adcode="130100")
    raised = step(
        Level.RED,
        "2016-12-17T08:00:00",
        "2016-12-17T20:00:00",
        None,
        kind=StepKind.RAISE,
        reason=PublicReason.LEVEL_RAISED,
        adcode="130100",
    )
    coming = step(
        Level.ORANGE,
        "2016-12-16T16:00:00",
        "2016-12-17T20:00:00",
        None,
        reason=PublicReason.REGIONAL_PROMPT,
        adcode="370100",
    )
    yellow = step(Level.YELLOW, "2016-12-15T10:00:00", "2016-12-15T20:00:00", None, adcode="130300")
    lifting = step(
        Level.YELLOW,
        "2016-12-17T08:30:00",
        "2016-12-17T12:00:00",
        None,
        kind=StepKind.LIFT,
        reason=PublicReason.IMPROVED,
        adcode="130300",
    )
    blue = step(
        Level.BLUE, "2016-12-09T10:00:00", "2016-12-10T00:00:00", "2016-12-12T00:00:00", adcode="410100"
    )
    return state(
        place("110000", warning(red, name="北京市", status=status), days=HEAVY_DAYS),
        place("120000", days=CLEAN_DAYS),
        place("130100", warning(orange, raised, name="石家庄市", status=status), days=HEAVY_DAYS),
        place("130300", warning(yellow, lifting, name="秦皇岛市", status=status), days=CLEAN_DAYS),
        place("370100", warning(coming, name="济南市", status=status), days=HEAVY_DAYS),
        place("370200"),
        place("410100", warning(blue, name="郑州市", status=status), days=CLEAN_DAYS),
        **changes,
    )
