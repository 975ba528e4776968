"""Gates (门禁) of those who apply for a better grade: HJ 1321-2023 asks one at every freight entrance."""

from __future__ import annotations

import json

from emission_lists.sheets.kinds import Sheet
from service.grades.admission import Listed, fault
from service.grades.schemas import ApplicationBody
from service.kit.unit_of_work import UnitOfWork
from service.lists.workbooks import law_at

ROW_SQL = """
SELECT r.document FROM list_record r JOIN list_version v ON v.id = r.version_id
WHERE v.adcode = $1 AND v.state = 'active' AND r.sheet = $2 AND r.key = $3
"""


async def gate_faults(uow: UnitOfWork, listed: Listed, body: ApplicationBody, industry: str) -> list[dict[str, str]]:
    """An application for a grade that needs gates, while the list in force says that some are missing.

    Where the list says nothing of them, nothing is held against it; evidence of gates built since answers the list.
    """
    guide, profile = law_at(listed.county, body.guide or listed.guide, uow.now.date())
    if body.evidence or not profile.asks_gates(guide.industry(industry), body.grade):
        return []
    stored = await uow.fetchval(ROW_SQL, listed.adcode, Sheet.BULK_TRANSPORT.value, listed.enterprise.uscc)
    if stored is None:
        return []
    fields = json.loads(stored)["fields"]
    entrances = fields.get("entrances")
    built = fields.get("barriers") if fields.get("gate") else 0
    if built is None or entrances == 0 or (fields.get("gate") and (entrances is None or built >= entrances)):
        return []
    whole = "–" if entrances is None else entrances
    return [
        fault(
            "evidence",
            f"{body.grade.title_en} needs a gate at every freight entrance (HJ 1321-2023); the list in force names {built} of"
            f" {whole}. Say in evidence when the others were built.",
            f"申请{body.grade.title_zh}须在每个货运出入口安装门禁（HJ 1321-2023）；现行清单载明{whole}个出入口中已装{built}个，"
            "请在证明材料中写明建成情况",
        )
    ]
