"""A verification as readable tables, in Chinese or English."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from alerts.levels import Level
from service.skill.words import BASES, definitions

Cell = str | int | float | None
_DASH = "—"
_HEADS: dict[str, tuple[str, str]] = {
    "lead_day": ("预报时效", "lead day"),
    "n": ("天数", "n"),
    "hit": ("级别准确率 [95%区间]", "category hit [95 %]"),
    "within_one": ("相差≤1级", "within 1"),
    "mae": ("绝对误差", "MAE"),
    "bias": ("偏差", "bias"),
    "rmse": ("均方根误差", "RMSE"),
    "skill": ("技巧", "skill"),
    "missing_forecast": ("缺预报", "no fcst"),
    "missing_observed": ("缺实测", "no obs"),
    "pending": ("未到期", "pending"),
    "level": ("级别及以上", "level or above"),
    "hits": ("命中", "hits"),
    "misses": ("漏报", "misses"),
    "false_alarms": ("空报", "false al."),
    "correct_negatives": ("正确否定", "corr. neg."),
    "unknown": ("不明", "unknown"),
    "too_short": ("过短", "short"),
    "pod": ("命中率POD", "POD"),
    "far": ("空报率FAR", "FAR"),
    "csi": ("CSI", "CSI"),
    "episodes": ("实测过程", "episodes"),
    "given": ("开始前已给出", "given until the start"),
    "not_told": ("无可判定的预报", "no issue could tell"),
    "median_hours": ("提前量中位数（小时）", "median hours gained"),
    "place": ("城市", "division"),
}
_DAYS = (
    "lead_day", "n", "hit", "within_one", "mae", "bias", "rmse", "skill", "missing_forecast", "missing_observed", "pending",
)  # fmt: skip
_LEVELS = (
    "level", "hits", "misses", "false_alarms", "correct_negatives", "unknown", "too_short", "pending", "pod", "far", "csi",
)  # fmt: skip
_LEADS = ("level", "episodes", "given", "not_told", "median_hours")
_PLACES = ("place", "lead_day", "n", "hit", "mae", "bias")
_SHOWN_BY_PLACE = (1, 3)
_VERDICTS = {
    "met": ("达到", "met"),
    "missed": ("未达到", "missed"),
    "no_data": ("无数据", "no data"),
    "no_evidence": ("不作评判（完美预报）", "not judged (perfect forecasts)"),
}
_SHORT = ("lead_day", "aqi", "hit", "skill", "missing", "levels", "lead_time", "targets")


class Words:
    """One language: 0 Chinese, 1 English."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._at = 1 if lang == "en" else 0

    def __call__(self, zh: str, en: str) -> str:
        return en if self._at else zh

    def head(self, name: str) -> str:
        """A column's head."""
        return _HEADS[name][self._at]

    def verdict(self, name: str) -> str:
        """A target's verdict."""
        return _VERDICTS[name][self._at]

    def level(self, code: str) -> str:
        """A level's name."""
        return self(Level.of(code).zh, code)

    def lead(self, number: int) -> str:
        """A lead day's name."""
        return self(f"第{number}天", f"{number}")


def described(body: Mapping[str, Any], lang: str) -> str:
    """The whole answer as text; `divisions` in it gives one table per feed by division."""
    say = Words(lang)
    lines: list[str] = [*_title(body, say), ""]
    for feed in body["feeds"]:
        lines += [*_feed(feed, body["target_documents"], say), ""]
    if not body["feeds"]:
        lines += [say("这一时段没有预报。", "There are no forecasts in this period."), ""]
    if len(body.get("divisions", ())) > 1:
        lines += [*_places(body["divisions"], say), ""]
    lines += [say("定义（详见 docs/skill.md）：", "Definitions (docs/skill.md says more):")]
    lines += [f"- {definitions()[say.lang][name]}" for name in _SHORT]
    return "\n".join(lines)


def _title(body: Mapping[str, Any], say: Words) -> Iterator[str]:
    place = say(body.get("name", ""), body.get("name_en") or body.get("name", ""))
    yield say(f"预报检验  {place}", f"Forecast skill  {place}")
    plan = f" {body['plan']}" if body.get("plan") else ""
    yield say(
        f"发布日 {body['from']} 至 {body['until']}（不含）；级别依据 {body['rules']}{plan}《{body['title']}》（{body['number']}）",
        f"Days of issue {body['from']} to before {body['until']}; levels by {body['rules']}{plan} ({body['title']}, {body['number']})",
    )


def _feed(feed: Mapping[str, Any], documents: Sequence[Mapping[str, Any]], say: Words) -> Iterator[str]:
    yield f"■ {feed['feed']}  {say(*BASES[feed['basis']])}"
    yield say(
        f"{feed['divisions']}个城市，{feed['issues']}次发布，{feed['first_issue'][:16]} 至 {feed['last_issue'][:16]}；"
        f"预报给出 {', '.join(feed['forecast_values']) or _DASH}，实测给出 {', '.join(feed['observed_values']) or _DASH}",
        f"{feed['divisions']} division(s), {feed['issues']} issues, {feed['first_issue'][:16]} to {feed['last_issue'][:16]};"
        f" forecasts give {', '.join(feed['forecast_values']) or _DASH}, observations"
        f" {', '.join(feed['observed_values']) or _DASH}",
    )
    yield from table(_DAYS, [_day(day, say) for day in feed["lead_days"]], say)
    if "levels" in feed:
        yield ""
        yield from table(_LEVELS, [_level(level, say) for level in feed["levels"]], say)
        yield ""
        yield from table(_LEADS, [_lead(level, say) for level in feed["lead_times"]], say)
    yield from _targets(feed["targets"], documents, say)


def _day(day: Mapping[str, Any], say: Words) -> dict[str, Cell]:
    return {
        **day,
        "lead_day": say.lead(day["lead_day"]),
        "hit": _rate(day["hit"], interval=True),
        "within_one": _rate(day["within_one"]),
        "bias": _signed(day["bias"]),
        "skill": None if day["skill"] is None else f"{day['skill']:+.2f}",
    }


def _level(level: Mapping[str, Any], say: Words) -> dict[str, Cell]:
    rates = {name: _rate(level[name], of=True) for name in ("pod", "far", "csi")}
    return {**level, **rates, "level": say.level(level["level"])}


def _lead(level: Mapping[str, Any], say: Words) -> dict[str, Cell]:
    return {**level, "level": say.level(level["level"])}


def _targets(targets: Sequence[Mapping[str, Any]], documents: Sequence[Mapping[str, Any]], say: Words) -> Iterator[str]:
    titles = {document["id"]: say(f"《{document['title']}》", document["title_en"]) for document in documents}
    for target in targets:
        sure = (
            ""
            if target["sure"] or target["verdict"] in {"no_data", "no_evidence"}
            else say("，样本不足以确定", ", not sure")
        )
        binding = "" if target["binding"] else say("，此处不适用，仅供对照", ", not binding here, for comparison")
        yield say(
            f"目标 {titles[target['id']]} {target['hours']}小时≥{target['percent']:g}%：第{target['lead_day']}天"
            f" {_rate(target['measured'], interval=True)} {say.verdict(target['verdict'])}{sure}{binding}",
            f"Target of {titles[target['id']]}, {target['hours']} h at least {target['percent']:g} %: lead day"
            f" {target['lead_day']} {_rate(target['measured'], interval=True)} {say.verdict(target['verdict'])}{sure}{binding}",
        )


def _places(divisions: Sequence[Mapping[str, Any]], say: Words) -> Iterator[str]:
    """Lead days 1 and 3 of every division."""
    rows: list[dict[str, Cell]] = [
        {**_day(day, say), "place": f"{division['adcode']} {division['name']}"}
        for division in divisions
        for feed in division["feeds"]
        for day in feed["lead_days"]
        if day["lead_day"] in _SHOWN_BY_PLACE
    ]
    yield say("各城市", "By division")
    yield from table(_PLACES, rows, say)


def table(names: Sequence[str], rows: Sequence[Mapping[str, Any]], say: Words) -> list[str]:
    """Columns as wide as their widest cell; a Chinese character takes two places."""
    grid = [[say.head(name) for name in names], *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(_width(line[at]) for line in grid) for at in range(len(names))]
    return ["  ".join(_padded(cell, width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in grid]


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _cell(value: Cell) -> str:
    return _DASH if value is None else str(value)


def _signed(value: float | None) -> str | None:
    return None if value is None else f"{value:+.1f}"


def _rate(rate: Mapping[str, Any], *, interval: bool = False, of: bool = False) -> str | None:
    """A rate in per cent, with its interval or the number of its cases; None without any."""
    if rate["rate"] is None:
        return None
    told = f"{rate['rate']:.1%}"
    if interval:
        told += f" [{rate['low']:.1%}, {rate['high']:.1%}]"
    return f"{told} (n={rate['n']})" if of else told
