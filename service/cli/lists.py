"""`lantian list`: template, offline check, comparison and generation of emission-reduction lists (应急减排清单)."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emission_lists.checks import check_list
from emission_lists.difference import difference, totals_document
from emission_lists.findings import Finding
from emission_lists.generator import generate_list
from emission_lists.guides import Guide, ListProfile
from emission_lists.lists import EmissionListDraft
from emission_lists.reductions import totals
from emission_lists.sheets.kinds import SHEETS
from emission_lists.sheets.shown import record_changes
from emission_lists.workbook import read_workbook
from emission_lists.workbook_writer import write_workbook
from service.cli.list_import import add_export_options, add_options, run_export, run_import
from service.guides.choosing import guide_id_on
from service.kit.clock import SystemClock
from service.kit.problems import Invalid
from service.law.loader import load_law
from service.lists import exporting
from service.lists.workbooks import guide_of, law_at, profile

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

GUIDE_HELP = "version of the guide, such as G2020; the one in force on the day if left out"
OK, FINDINGS, UNUSABLE = 0, 1, 2


def register(subparsers: Commands) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser("list", help="emission-reduction lists · 应急减排清单")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    make = _adder(actions)
    command = make("template", run_template, "write the empty workbook · 生成空白模板")
    command.add_argument("-o", "--output", type=Path, default=Path("emission-list-template.xlsx"), metavar="FILE")
    command.add_argument("--guide", help=f"whose industries are offered: {GUIDE_HELP}")
    command.add_argument("--adcode", default="", help="division whose own industries are offered too")
    command.add_argument("--sheet", default=exporting.ALL, help=f"one sheet only: {', '.join((exporting.INDUSTRIAL, *SHEETS))}")
    command = make("check", run_check, "read a workbook and run every check, offline · 离线审核清单")
    command.add_argument("file", type=Path, metavar="FILE.xlsx")
    command.add_argument("--adcode", default="", help="division the list is for; without it, no county is refused")
    command.add_argument("--guide", help=GUIDE_HELP)
    command.add_argument("--floors", help="id of the floor profile, such as FLOOR-A")
    command.add_argument(
        "--as-of",
        type=date.fromisoformat,
        metavar="DATE",
        help="day on which guarantees must hold, and whose law is used (without it today's)",
    )
    command = make("diff", run_diff, "what changes from one workbook to the next · 清单比对")
    command.add_argument("old", type=Path, metavar="OLD.xlsx")
    command.add_argument("new", type=Path, metavar="NEW.xlsx")
    command = make("generate", run_generate, "write a generated list for demonstrations · 生成示例清单")
    command.add_argument("--adcode", required=True)
    command.add_argument("--enterprises", type=int, required=True, metavar="N")
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--guide", help=GUIDE_HELP)
    command.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.xlsx")
    add_options(make("import", run_import, "store a workbook as a draft version · 导入清单"))
    add_export_options(make("export", run_export, "write a stored version as a workbook · 导出清单"))


def _adder(actions: Commands) -> Callable[..., argparse.ArgumentParser]:
    def add(name: str, run: Callable[[argparse.Namespace], int], help_text: str) -> argparse.ArgumentParser:
        command = actions.add_parser(name, help=help_text)
        command.add_argument("--json", action="store_true", help="print JSON")
        command.set_defaults(run=lambda call: _guarded(run, call))
        return command

    return add


def _guarded(run: Callable[[argparse.Namespace], int], call: argparse.Namespace) -> int:
    """Runs an action; what the caller can put right is said in one line, with exit code 2."""
    try:
        return run(call)
    except Invalid as wrong:
        message = wrong.detail
    except OSError as wrong:
        message = f"{wrong.filename}: {wrong.strerror}"
    except ValueError as wrong:
        message = str(wrong)
    if call.json:
        print(json.dumps({"error": message}, ensure_ascii=False))
    print(message, file=sys.stderr)
    return UNUSABLE


def run_template(call: argparse.Namespace) -> int:
    """Write the template: the whole workbook, or one sheet."""
    call.as_of = None
    guide, _ = _law(call)
    return _write(call, exporting.empty(call.sheet, guide), {})


def run_check(call: argparse.Namespace) -> int:
    """Read and check one workbook; 1 when anything blocks it, 2 when it cannot be read."""
    guide, rules = _law(call)
    if call.floors is not None and call.floors not in (known := [floor.id for floor in rules.floors]):
        raise ValueError(f"There is no floor profile {call.floors}; known: {', '.join(known)}")
    reading = read_workbook(call.file)
    draft = reading.draft(call.adcode, call.file.stem)
    checks = check_list(draft, guide, rules, as_of=call.as_of, floors=call.floors) if draft.rows else []
    findings = [*reading.errors, *checks]
    blocking = [finding for finding in findings if finding.blocking]
    if call.json:
        report = {
            "file": call.file.name,
            "ok": not blocking,
            "guide": guide.id,
            **_size(draft),
            "totals": totals_document(totals(draft.rows)),
            "whole_society": draft.whole_society._asdict() if draft.whole_society else None,
            "findings": [finding.document() for finding in findings],
        }
        print(json.dumps(report, ensure_ascii=False))
    else:
        _print_findings(findings)
        size = _size(draft)
        print(
            f"{call.file.name}：企业 {size['enterprises']} 家，生产线 {size['lines']} 条；"
            f"问题 {len(findings)} 个，其中必须改正 {len(blocking)} 个"
        )
    if reading.errors and not draft.rows:
        return UNUSABLE
    return FINDINGS if blocking else OK


def _law(call: argparse.Namespace) -> tuple[Guide, ListProfile]:
    """The guide and the profile of the place on the day; the national ones where no place is given."""
    day = call.as_of or _today()
    version = call.guide or guide_id_on(day)
    if not call.adcode:
        return guide_of(version), profile()
    if call.adcode not in load_law().divisions:
        raise ValueError(f"There is no division {call.adcode}; use a GB/T 2260 code such as 130100.")
    return law_at(call.adcode, version, day)


def _today() -> date:
    return SystemClock().now().date()


def run_diff(call: argparse.Namespace) -> int:
    """Compare two workbooks; 1 when they differ, 2 when one cannot be read."""
    readings = {path: read_workbook(path) for path in (call.old, call.new)}
    faults = [(path, error) for path, reading in readings.items() for error in reading.errors]
    if faults:
        if call.json:
            print(json.dumps({"errors": [{"file": p.name, **e.document()} for p, e in faults]}, ensure_ascii=False))
        else:
            _print_findings([error for _, error in faults])
        return UNUSABLE
    old, new = readings[call.old], readings[call.new]
    found, others = difference(old.rows, new.rows), record_changes(old.records, new.records)
    code = OK if found.empty and not others else FINDINGS
    if call.json:
        document = found.document() | {"records": [change.document() for change in others]}
        print(json.dumps(document, ensure_ascii=False))
        return code
    for label, keys in (("新增企业", found.enterprises_added), ("移除企业", found.enterprises_removed)):
        print(f"{label} {len(keys)} 家", *keys[:20])
    print(f"新增生产线 {len(found.lines_added)} 条，移除 {len(found.lines_removed)} 条，变更 {len(found.changes)} 项")
    for change in found.changes[:200]:
        print(f"  {change.uscc} {change.line or '企业'} {change.field}：{change.old} → {change.new}")
    words = {"added": "新增", "removed": "移除", "changed": "变更"}
    print(f"其他清单变化 {len(others)} 项")
    for other in others[:200]:
        fields = "；".join(f"{one.header} {one.old or '空'} → {one.new or '空'}" for one in other.changes)
        print(f"  {other.sheet.zh} {words[other.kind]} {other.name}（{other.key}）{fields}")
    return code


def run_generate(call: argparse.Namespace) -> int:
    """Write a generated list; the counties come from the divisions table."""
    divisions = load_law().divisions.values()
    counties = sorted(
        division.adcode
        for division in divisions
        if division.parent == call.adcode and division.level == "county" and division.valid_until is None
    )
    draft = generate_list(
        call.adcode,
        seed=call.seed,
        enterprises=call.enterprises,
        guide=(guide := guide_of(call.guide or guide_id_on(_today()))),
        profile=profile(),
        counties=counties,
    )
    return _write(call, write_workbook(draft, guide), {**_size(draft), "seed": call.seed, "generated": True})


def _write(call: argparse.Namespace, content: bytes, facts: dict[str, Any]) -> int:
    call.output.write_bytes(content)
    if call.json:
        print(json.dumps({"file": str(call.output), "bytes": len(content), **facts}, ensure_ascii=False))
    else:
        print(f"{call.output}（{len(content)} 字节）")
    return OK


def _size(draft: EmissionListDraft) -> dict[str, int]:
    return {"enterprises": len({row.enterprise.uscc for row in draft.rows}), "lines": len(draft.rows)}


def _print_findings(findings: Sequence[Finding]) -> None:
    marks = {"blocking": "必须改正", "warning": "请核对", "note": "说明"}
    for found in findings:
        place = [found.sheet, f"第 {found.row} 行" if found.row else None, found.column]
        where = " ".join(part for part in place if part)
        print(f"[{marks[found.severity.value]}] {where or '文件'}：{found.message}。{found.advice}（{found.code}）")
