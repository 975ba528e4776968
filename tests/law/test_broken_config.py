"""Every way in which a config folder can be broken yields the right problem: file, place and words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from service.law.loader import CONFIG, check_config

NEW = "rules/national-2024.yaml"
OLD = "rules/national-2019.yaml"
PLAN = "plans/100000/default.yaml"
REGION = "regions/fenwei-2023.yaml"
AQI = "aqi/hj633-2026.yaml"
BEIJING = "plans/110000/2023.yaml"
TIANJIN, TIANJIN_2023 = "plans/120000/2018.yaml", "plans/120000/2023.yaml"
HEBEI_2016 = "plans/130000/2016.yaml"
TAIYUAN = "plans/140100/2019.yaml"
JIANGSU = "plans/320000/2025.yaml"
SHANDONG, SHANDONG_2023 = "plans/370000/2024.yaml", "plans/370000/2023.yaml"
ZHENGZHOU = "plans/410100/2023.yaml"
HUBEI = "plans/420000/2022.yaml"
SICHUAN, CHENGDU = "plans/510000/2024.yaml", "plans/510100/2020.yaml"
XIAN = "plans/610100/2024.yaml"
DIVISIONS = "divisions/divisions.csv"
NAMES = "divisions/names.csv"
PAIRS = "adjacency.csv"
GUIDE = "guides/g2020.yaml"
HENAN_MORE, SICHUAN_MORE = "guides/regions/410000.yaml", "guides/regions/510000.yaml"
XUZHOU_ONCE = "guides/local/lp-xuzhou-2019.yaml"
LATER_HENAN = """id: R410000-2026
adcode: "410000"
title: x
status: in_force
in_force: {from: 2026-01-01, until: null}
in_force_note: x
confidence: low
source: [S]
sources: {S: {title: x}}
"""


@dataclass(frozen=True)
class Broken:
    """Replace `old` by `new` once in `file` (append when empty); expect `words` at `path`."""

    file: str
    old: str
    new: str
    path: str
    words: str
    where: str = ""
    """The file named in the problem, when it is another one."""
    choice: str = ""
    """A choice that explains the same value and is taken out too."""

    def apply(self, config: Path) -> None:
        path = config / self.file
        text = path.read_text("utf-8") if path.exists() else ""
        if self.choice:
            choices = text.index("\nchoices:\n")
            assert f"\n  {self.choice}:" in text[choices:]
            text = text[:choices] + text[choices:].replace(f"\n  {self.choice}:", "\n  gone:", 1)
        assert self.old in text, f"{self.old!r} is not in {self.file}: the table of mutations is out of date"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(self.old, self.new, 1) if self.old else text + self.new, "utf-8")


LATER_PLAN = """
id: beijing-plan
adcode: "110000"
version: "1"
title: 预案
in_force: {from: 2017-01-01, until: 2018-01-01}
approvers: {blue: [commander], yellow: [commander], orange: [commander], red: [commander]}
references: {authority: 大气污染防治法第95条}
choices: {in_force: 测试, approvers: 测试}
"""

TIER_TWICE = """tiers:
  - {id: pre_warning, name: 临时, name_en: temporary, any: [{over: 100, hours: 48}], on: discretion}
"""

CASES = {
    "yaml syntax": Broken(NEW, "levels:\n", "levels: [\n", "line 10", "expected"),
    "duplicate key": Broken(NEW, "day: rolling", "day: rolling\nday: natural", "line 7", "'day' is given twice"),
    "duplicate key inside": Broken(
        NEW,
        "lift: {at_most: 150,",
        "lift: {at_most: 150, at_most: 200,",
        "line 1",
        "'at_most' is given twice",
    ),
    "alias": Broken(NEW, "title: 关于", "title: &t 关于\nnumber2: *t #", "line 4", "aliases"),
    "python tag": Broken(NEW, "day: rolling", "day: !!python/name:os.system x", "line 6", "could not determine"),
    "two documents": Broken(NEW, "", "\n---\na: 1\n", "line ", "another document"),
    "not a mapping": Broken("rules/list-2030.yaml", "", "- a\n- b\n", "", "holds no keys"),
    "unknown key": Broken(NEW, "day: rolling", "day: rolling\nmerge_hours: 3", "merge_hours", "Extra inputs"),
    "missing key": Broken(NEW, "day: rolling\n", "", "day", "Field required"),
    "wrong word": Broken(NEW, "day: rolling", "day: sliding", "day", "rolling"),
    "impossible date": Broken(NEW, "from: 2024-01-01", "from: 2024-02-30", "", "is not YAML"),
    "date as text": Broken(NEW, "from: 2024-01-01", "from: spring", "in_force.from", "valid date"),
    "ends before it begins": Broken(OLD, "from: 2018-12-01", "from: 2028-12-01", "in_force", "later than"),
    "negative hours": Broken(NEW, "hours: 24}", "hours: -24}", "levels.", "greater than or equal"),
    "hours no block": Broken(NEW, "{over: 200, hours: 24}", "{over: 200, hours: 30}", "levels.", "multiple of 24"),
    "level above the scale": Broken(NEW, "{over: 150, hours: 48}", "{over: 550, hours: 48}", "levels.", "500"),
    "level misspelt": Broken(NEW, "  yellow: {any", "  yelow: {any", "levels", "'yellow'"),
    "no references": Broken(NEW, "  levels: 环大气", "  level: 环大气", "references.levels", "is missing"),
    "clock read as number": Broken(NEW, "lead_time_hours: 48", "lead_time_hours: 48:00", "lead_time_hours", "integer"),
    "id is not the file's": Broken(NEW, "id: national-2024", "id: national-2025", "id", "national-2025"),
    "rule sets overlap": Broken(OLD, "until: 2024-01-01", "until: 2024-03-01", "in_force.from", "overlaps", NEW),
    "gap between rule sets": Broken(OLD, "until: 2024-01-01", "until: 2023-12-31", "in_force.from", "nothing", NEW),
    "rules run out": Broken(NEW, "until: null", "until: 2030-01-01", "in_force.until", "nothing is in force"),
    "breakpoints fall": Broken(AQI, "[0, 35, 60, 115", "[0, 35, 30, 115", "items.pm25_24h", "rise"),
    "breakpoints stand still": Broken(AQI, "[0, 35, 60, 115", "[0, 35, 35, 115", "items.pm25_24h", "rise"),
    "too many breakpoints": Broken(AQI, "350, 500]", "350, 500, 600]", "items.pm25_24h.breakpoints", "at most 8"),
    "indices fall": Broken(AQI, "indices: [0, 50, 100", "indices: [0, 100, 50", "indices", "do not rise"),
    "report of an unknown item": Broken(AQI, "daily: {pm25: pm25_24h", "daily: {pm25: pm25_day", "", "pm25_day"),
    "standards overlap": Broken(
        "aqi/hj633-2012.yaml", "until: 2026-03-01", "until: 2026-04-01", "in_force.from", "overlaps", AQI
    ),
    "adcode not quoted": Broken(PLAN, 'adcode: "100000"', "adcode: 100000", "adcode", "valid string"),
    "plan in a foreign folder": Broken(PLAN, 'adcode: "100000"', 'adcode: "110000"', "adcode", "the folder 100000"),
    "no national plan": Broken(
        PLAN, 'adcode: "100000"', 'adcode: "220000"', "", "nothing for the whole country", "plans"
    ),
    "base unknown": Broken(PLAN, "base: null", "base: national-2099", "base", "national-2099"),
    "nobody decides": Broken(PLAN, "  red: [commander]\n", "", "approvers.red", "nobody may decide"),
    "no approver for blue of old": Broken(
        PLAN, "  blue: [duty_officer, commander]\n", "", "approvers.blue", "nobody may decide"
    ),
    "approvers empty": Broken(PLAN, "orange: [commander]", "orange: []", "approvers.orange", "nobody may decide"),
    "deadline zero": Broken(PLAN, "decision_hours: 2,", "decision_hours: 0,", "deadlines.decision_hours", "greater"),
    "conflict rule unknown": Broken(PLAN, "conflict: higher", "conflict: lower", "conflict", "higher"),
    "plan without references": Broken(
        "plans/110000/1.yaml", "", LATER_PLAN.partition("references")[0], "references", "missing"
    ),
    "plan of nowhere": Broken(
        "plans/990000/1.yaml", "", LATER_PLAN.replace("110000", "990000"), "adcode", "is no division"
    ),
    "plan with a zone of nowhere": Broken(
        "plans/110000/1.yaml",
        "",
        LATER_PLAN + 'zones: {north: ["999999"]}\n',
        "zones.north",
        "is no division",
    ),
    "level without a reference": Broken(
        NEW, "  levels: 环大气〔2024〕6号", "  levels.yellow: 环大气〔2024〕6号", "levels.orange", "without a reference"
    ),
    "rule value without a reference": Broken(
        NEW, "  lift_ahead_hours: How", "  ahead: How", "lift_ahead", "without a ref"
    ),
    "dates without a reference": Broken(
        OLD, "  in_force: Each city", "  start: Each city", "in_force", "without a ref"
    ),
    "early start without a reference": Broken(
        NEW,
        "lower_after_runs: 2\n",
        "lower_after_runs: 2\nearly_start: {over: 200, hours: 6}\n",
        "early_start",
        "without",
    ),
    "a note of confidence is no reference": Broken(
        XIAN, "  lead_time_hours: 市政办发", "  x: 市政办发", "lead_time_hours", "without a reference"
    ),
    "an empty reference": Broken(
        SHANDONG,
        "  lead_time_hours: 鲁政办字〔2024〕119号（原则上提前48小时）",
        '  lead_time_hours: " "',
        "lead_",
        "without a ref",
    ),
    "lifting without a reference": Broken(
        XIAN, "  lift: 市政办发", "  x: 市政办发", "lift", "without a ref", choice="lift"
    ),
    "conflict without a reference": Broken(XIAN, "  conflict: 市政办发", "  x: 市政办发", "conflict", "without a ref"),
    "base without a reference": Broken(HUBEI, "  base: 鄂环发", "  x: 鄂环发", "base", "without a ref", choice="base"),
    "graded without a reference": Broken(
        SICHUAN, "  graded: 川办发", "  x: 川办发", "graded", "without", choice="graded"
    ),
    "tier without a reference": Broken(
        SHANDONG_2023, "  tiers: 鲁政", "  x: 鲁政", "tiers.ozone_warning", "without a ref"
    ),
    "zones without a reference": Broken(
        HEBEI_2016, "  zones: 河北省2016", "  x: 河北省2016", "zones.区域一", "without", choice="zones"
    ),
    "deadline without a reference": Broken(
        TAIYUAN, "  publish_hours: 太原市", "  x: 太原市", "deadlines.publish_hours", "without a reference"
    ),
    "authority without a reference": Broken(
        BEIJING, "  authorities.orange: 2023年", "  x: 2023年", "authorities.orange", "without a reference"
    ),
    "measures without a reference": Broken(
        ZHENGZHOU, "  measures: 郑州", "  x: 郑州", "measures.yellow", "without a ref"
    ),
    "advice without a reference": Broken(
        BEIJING, "  health_advice: 北京", "  x: 北京", "health_advice.orange", "without"
    ),
    "start of measures without a reference": Broken(
        BEIJING,
        "  measures_from: 2023-10-30",
        "  x: 2023-10-30",
        "measures_from.强制",
        "without",
        choice="measures_from",
    ),
    "signatures without a reason": Broken(
        TAIYUAN, "  signatures: 太原", "  x: 太原", "signatures.red", "without a ref", choice="signatures"
    ),
    "a signature by a role that is none": Broken(
        TAIYUAN, "{role: commander, within", "{role: mayor, within", "signatures.red[1]", "there is no role 'mayor'"
    ),
    "a signature by a role that decides on nothing": Broken(
        TAIYUAN, "{role: commander, within", "{role: auditor, within", "signatures.red[1]", "auditor decides on nothing"
    ),
    "an escalation to nobody": Broken(
        ZHENGZHOU, "[deputy_commander, commander]", "[governor]", "signatures.yellow[0]", "there is no role 'governor'"
    ),
    "an escalation to who may sign already": Broken(
        ZHENGZHOU, "[deputy_commander, commander]", "[office_director]", "signatures.yellow[0]", "stands twice"
    ),
    "a chain of nobody": Broken(XIAN, "  red: [{role: commander}]", "  red: []", "signatures.red", "nobody may decide"),
    "a signature without a role": Broken(
        XIAN, "  red: [{role: commander}]", "  red: [{}]", "signatures.red.0.role", "required"
    ),
    "too many signatures": Broken(
        XIAN,
        "  red: [{role: commander}]",
        f"  red: [{', '.join(['{role: commander}'] * 9)}]",
        "signatures.red",
        "9 signatures",
    ),
    "a signature in no time": Broken(
        TAIYUAN, "commander, within_hours: 2}", "commander, within_hours: 0}", "signatures.red", "greater"
    ),
    "a signature within a week": Broken(
        TAIYUAN, "commander, within_hours: 2}", "commander, within_hours: 168}", "signatures.red", "less"
    ),
    "approvers beside signatures": Broken(
        XIAN, "signatures:\n  yellow", "approvers: {red: [commander]}\nsignatures:\n  yellow", "signatures.red", "too"
    ),
    "an approver that is none": Broken(
        PLAN, "orange: [commander]", "orange: [mayor]", "approvers.orange", "there is no role 'mayor'"
    ),
    "an approver that decides on nothing": Broken(
        PLAN, "orange: [commander]", "orange: [enterprise]", "approvers.orange", "enterprise decides on nothing"
    ),
    "signatures of a level that is not": Broken(
        XIAN,
        "signatures:\n  yellow",
        "signatures:\n  blue: [{role: commander}]\n  yellow",
        "signatures.blue",
        "not exist",
    ),
    "feeds without a reason": Broken(PLAN, "  feeds: >-", "  x: >-", "feeds", "without a reference"),
    "own level weaker than the base": Broken(
        CHENGDU,
        "      - {over: 200, hours: 72}\n",
        "",
        "levels.orange",
        "orange.any[0] of national-2019 does not reach",
    ),
    "own level higher than the base": Broken(
        CHENGDU, "- {over: 200, hours: 72}", "- {over: 250, hours: 72}", "levels.orange", "weakens its base"
    ),
    "lead shorter than the base": Broken(
        SHANDONG, "lead_time_hours: 48\n", "lead_time_hours: 24\n", "lead_time", "48 h"
    ),
    "lift higher than the base": Broken(
        XIAN, "lift: {at_most: 150", "lift: {at_most: 200", "lift.at_most", "lifts at 200"
    ),
    "lift sooner than the base": Broken(
        XIAN, "forecast_hours: 36", "forecast_hours: 24", "lift.forecast", "asks for 24 h"
    ),
    "weaker than a set that comes later": Broken(
        HEBEI_2016, "deadlines: {", "lead_time_hours: 24\ndeadlines: {", "lead_time_hours", "of national-2024"
    ),
    "a base that its own lifting is too weak for": Broken(
        TAIYUAN, "base: national-2019", "base: national-2024", "lift.at_most", "weakens its base"
    ),
    "origin written": Broken(XIAN, "", "origin: {lift: xian-2024}\n", "origin", "is filled from the plans above"),
    "layers written": Broken(XIAN, "", "layers: [xian-2024]\n", "layers", "is filled from the plans above"),
    "level documents written": Broken(XIAN, "", "level_documents: {red: 预案}\n", "level_documents", "is filled"),
    "tier twice": Broken(JIANGSU, "tiers:\n", TIER_TWICE, "tiers.pre_warning", "stands twice"),
    "city in two zones": Broken(
        JIANGSU,
        '沿江8市: ["320100"',
        '沿江8市: ["320300", "320100"',
        "zones.沿江8市",
        "320300 stands in zone 苏北5市 too",
    ),
    "category misspelt": Broken(
        ZHENGZHOU, "强制·移动源: [", "强制移动源: [", "measures.yellow", "'强制移动源' is none of the national"
    ),
    "English category misspelt": Broken(
        ZHENGZHOU, "Mandatory, vehicles: [", "Vehicles: [", "measures_en.yellow", "'Vehicles' is none"
    ),
    "audience misspelt": Broken(HUBEI, "    学校: [停课", "    中小学: [停课", "health_advice.red", "'中小学' is none"),
    "measures of no category begin": Broken(
        BEIJING, "强制·移动源: next_midnight", "移动源: next_midnight", "measures_from", "no category of measures"
    ),
    "authority of a level that is not": Broken(
        XIAN, "authorities:\n", "authorities:\n  blue: {approves: 市政府}\n", "authorities.blue", "does not exist"
    ),
    "measures of a level that is not": Broken(
        ZHENGZHOU, "measures_en:\n", "measures_en:\n  blue: {Other: [x]}\n", "measures_en.blue", "does not exist"
    ),
    "a city without anybody for red": Broken(
        "plans/110000/1.yaml", "", LATER_PLAN.replace("red: [commander]", "red: []"), "approvers.red", "nobody may"
    ),
    "gap between a city's plans": Broken(
        TIANJIN,
        "until: 2023-11-01",
        "until: 2023-10-01",
        "in_force.from",
        "nothing is in force",
        TIANJIN_2023,
        choice="in_force",
    ),
    "a city's plans overlap": Broken(
        TIANJIN, "until: 2023-11-01", "until: 2023-12-01", "in_force.from", "overlaps", TIANJIN_2023
    ),
    "plan ids twice": Broken(
        "plans/110000/1.yaml", "", LATER_PLAN.replace("beijing-plan", "national-default"), "id", "stands in"
    ),
    "member of nowhere": Broken(REGION, '"140100"', '"149900"', "members.0", "149900 is no division"),
    "member twice": Broken(REGION, '"140300"', '"140100"', "members.1", "listed twice"),
    "member that ended": Broken(REGION, '"140100"', '"371200"', "members.0", "371200 is no division"),
    "member ends within": Broken(
        "regions/jingjinji-2015.yaml", "until: 2017-03-01", "until: 2019-06-01", "members.", "371200"
    ),
    "region without coordinator": Broken(REGION, "coordinator: 汾渭", "koordinator: 汾渭", "coordinator", "required"),
    "region without references": Broken(REGION, "references:\n", "references: {}\nx:\n", "x", "Extra"),
    "regions overlap": Broken(
        "regions/fenwei-2018.yaml", "until: 2023-11-30", "until: null", "in_force.from", "overlaps", REGION
    ),
    "suggestion of one": Broken(REGION, "divisions: 3", "divisions: 1", "suggestion.divisions", "greater than"),
    "division twice": Broken(DIVISIONS, "", "110000,北京市,province,,,,,,\n", "line", "stands in line 2 too"),
    "division without parent": Broken(DIVISIONS, "", "999900,某市,prefecture,,,,,,\n", "line", "no parent"),
    "division with unknown parent": Broken(DIVISIONS, "", "999900,某市,prefecture,990000,,,,,\n", "line", "990000"),
    "division outside its parent": Broken(DIVISIONS, "", "999900,某市,prefecture,110000,,,,,\n", "line", "outside"),
    "division with a short code": Broken(DIVISIONS, "", "1100,某市,prefecture,110000,,,,,\n", ".adcode", "pattern"),
    "division off the globe": Broken(DIVISIONS, "", "119900,某,county,110000,,,200,40,\n", ".lon", "180"),
    "division ends first": Broken(
        DIVISIONS, "", "119900,某,county,110000,2020-01-01,2019-01-01,,,\n", "line", "ends before it begins"
    ),
    "division of an unknown level": Broken(DIVISIONS, "", "119900,某,town,110000,,,,,\n", ".level", "province"),
    "cells missing": Broken(DIVISIONS, "", "119900,某,county\n", "line", "too many or too few"),
    "columns renamed": Broken(DIVISIONS, "adcode,name,level", "code,name,level", "line 1", "other columns"),
    "name of nowhere": Broken(NAMES, "", "某市,999999,,,x,\n", "line", "999999 is no division"),
    "name means two": Broken(NAMES, "", "北京,120000,,,x,\n", "line", "on the same days"),
    "name means two for a time": Broken(NAMES, "", "莱芜市,110000,2018-06-01,2018-07-01,x,\n", "line", "same days"),
    "name with a broken date": Broken(NAMES, "", "某市,110000,1.1.2019,,x,\n", "line", "is not a date"),
    "pair in the wrong order": Broken(PAIRS, "", "120000,110000,border,\n", "line", "not in order"),
    "pair with itself": Broken(PAIRS, "", "110000,110000,border,\n", "line", "not in order"),
    "pair twice": Broken(PAIRS, "", "110000,120000,border,\n", "line", "stands twice"),
    "pair of nowhere": Broken(PAIRS, "", "110000,999999,border,\n", "line", "999999 is no division"),
    "pair without basis": Broken(PAIRS, "", "110000,140100,hearsay,\n", "line", "hearsay"),
    "guide kind": Broken(GUIDE, "kind: guide", "kind: hint", "kind", "guide"),
    "guide scheme": Broken(GUIDE, "  ABCD: [A, B, C, D]", "  ABCX: [A, B, C, D]", "", "ABCD"),
    "guides overlap": Broken(
        "guides/g2019.yaml", "until: 2020-06-29", "until: 2020-07-29", "in_force.from", "overlaps", GUIDE
    ),
    "guides leave a gap": Broken(
        "guides/g2019.yaml", "until: 2020-06-29", "until: 2020-05-29", "in_force.from", "no guide is in force", GUIDE
    ),
    "more industries than there are": Broken(
        GUIDE, "industries_total: 39", "industries_total: 38", "industries_total", "39"
    ),
    "extension of another place": Broken(HENAN_MORE, 'adcode: "410000"', 'adcode: "420000"', "adcode", "410000"),
    "extension of nowhere": Broken(SICHUAN_MORE, 'used_by: ["500000"]', 'used_by: ["599999"]', "used_by", "599999"),
    "extension with an id that is taken": Broken(SICHUAN_MORE, "id: R510000", "id: R410000", "id", "stands in"),
    "extension that names too many": Broken(HENAN_MORE, "total: 13", "total: 0", "industries.total", "greater"),
    "extension with a national industry": Broken(
        HENAN_MORE, "name_zh: 机械加工", "name_zh: 水泥", "industries", "already"
    ),
    "extension with a scheme that is nowhere": Broken(HENAN_MORE, "scheme: UNKNOWN", "scheme: XYZ", "", "XYZ"),
    "extension with floors that do not exist": Broken(
        "guides/regions/410100.yaml", "floors: FLOOR-A", "floors: FLOOR-Z", "profile.floors", "FLOOR-Z"
    ),
    "extension with a source that is nowhere": Broken(HENAN_MORE, "source: [K47]", "source: [K48]", "", "K48"),
    "extension twice on a day": Broken("guides/regions/410000-2026.yaml", "", LATER_HENAN, "in_force.from", "overlaps"),
    "practice under another name": Broken(
        XUZHOU_ONCE, "id: LP-XUZHOU-2019", "id: LP-XUZHOU-2020", "id", "LP-XUZHOU-2020"
    ),
    "practice of no industry": Broken(XUZHOU_ONCE, "industries: [KI04]", "industries: [KI77]", "industries", "KI77"),
    "practice with an unknown measure": Broken(
        XUZHOU_ONCE, "action: limit, coking", "action: unknown, coking", "", "leave an"
    ),
    "practice with stages out of order": Broken(
        XUZHOU_ONCE, "after_hours: 42", "after_hours: 0", "after_hours", "greater"
    ),
    "guide folder nobody reads": Broken("guides/provinces/410000.yaml", "", "id: x\n", "", "is not read"),
    "profile": Broken("guides/profile.yaml", "default_floors:", "default_floor:", "default_floors", "required"),
    "ending nobody reads": Broken("rules/extra.yml", "", "id: x\n", "", "is not read"),
    "folder nobody reads": Broken("plans/stray.yaml", "", "id: x\n", "", "is not read"),
}


@pytest.mark.parametrize("broken", CASES.values(), ids=CASES.keys())
def test_is_named(config: Path, broken: Broken) -> None:
    broken.apply(config)
    problems = check_config(config)
    file = broken.where or broken.file
    hits = [one for one in problems if one.file == file and broken.path in one.path and broken.words in one.problem]
    assert hits, "\n".join(map(str, problems)) or "no problem was found"
    assert all(one.advice for one in problems)


def test_sound_folder_has_no_problem(sound: Path) -> None:
    assert check_config(sound) == []


@pytest.mark.parametrize("file", [NEW, AQI, DIVISIONS, REGION, GUIDE])
def test_unreadable_file_is_the_only_thing_named(config: Path, file: str) -> None:
    (config / file).write_text("{[", "utf-8")
    assert {problem.file for problem in check_config(config)} == {file}


def test_all_problems_come_at_once(config: Path) -> None:
    for name in ("wrong word", "breakpoints fall", "member of nowhere", "pair twice", "deadline zero"):
        CASES[name].apply(config)
    files = {problem.file for problem in check_config(config)}
    assert {NEW, AQI, REGION, PAIRS, PLAN} <= files


@pytest.mark.parametrize("name", ["aqi", "rules", "plans", "regions", "guides", "divisions"])
def test_missing_folder_is_named(config: Path, name: str) -> None:
    (config / name).rename(config.parent / "gone")
    assert any(problem.file == name for problem in check_config(config))


@pytest.mark.parametrize("name", [DIVISIONS, NAMES, PAIRS])
def test_missing_table_is_named(config: Path, name: str) -> None:
    (config / name).unlink()
    assert any(problem.file == name and "missing" in problem.problem for problem in check_config(config))


@pytest.mark.parametrize("name", [NEW, PLAN, DIVISIONS])
def test_other_encodings_are_refused(config: Path, name: str) -> None:
    (config / name).write_bytes("预案".encode("gbk"))
    assert any(problem.file == name and "UTF-8" in problem.problem for problem in check_config(config))


def test_gap_between_a_citys_plans_that_the_older_explains(config: Path) -> None:
    Broken(TIANJIN, "until: 2023-11-01", "until: 2023-10-01", "", "").apply(config)
    assert check_config(config) == []


@pytest.mark.parametrize("place", ["references", "choices"])
def test_either_makes_a_value_lawful(config: Path, place: str) -> None:
    Broken(SHANDONG, "in_force: {", "lift_ahead_hours: 12\nin_force: {", "", "").apply(config)
    (problem,) = check_config(config)
    assert (problem.file, problem.path) == (SHANDONG, "lift_ahead_hours")
    assert "`references`" in problem.advice
    Broken(SHANDONG, f"\n{place}:\n", f"\n{place}:\n  lift_ahead_hours: 依据\n", "", "").apply(config)
    assert check_config(config) == []


def test_who_decides_nothing_is_not_named_for_a_weak_default(config: Path) -> None:
    Broken(PLAN, "lift_ahead_hours: 24\n", "lift_ahead_hours: 24\nlead_time_hours: 12\n", "", "").apply(config)
    weak = [problem for problem in check_config(config) if "weakens" in problem.problem]
    of_default = {problem.problem.rpartition(" ")[2] for problem in weak if problem.file == PLAN}
    assert of_default == {"national-2016", "national-2017", "national-2019", "national-2024"}
    assert HUBEI in {problem.file for problem in weak}  # it has chosen a base that asks for more
    assert HEBEI_2016 not in {problem.file for problem in weak}


def test_folder_that_does_not_exist(tmp_path: Path) -> None:
    assert check_config(tmp_path / "nowhere")


def test_the_example_of_the_manual_is_sound(config: Path) -> None:
    manual = (CONFIG.parent / "docs/law.md").read_text("utf-8")
    example = manual.partition("```yaml\n")[2].partition("```")[0]
    place = config / "plans/371500"
    place.mkdir()
    (place / "2027.yaml").write_text(example, "utf-8")
    assert check_config(config) == []
