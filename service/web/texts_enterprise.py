"""The texts of the pages about the enterprise, each in Chinese and English."""

from __future__ import annotations

ENTERPRISE: dict[str, tuple[str, str]] = {
    "verify_title": ("核验打印单", "Check a printed sheet"),
    "verify_found_requirements": (
        "本系统打印过这张减排要求单，内容如下。请与手中的纸质单逐项核对。",
        "This requirement sheet was printed by this service. Hold the paper against what stands here.",
    ),
    "verify_found_board": (
        "本系统打印过这张公示牌，内容如下。请与厂门口的公示牌逐项核对。",
        "This notice board was printed by this service. Hold the board against what stands here.",
    ),
    "verify_note": (
        "本页只显示打印单上的内容；要求可能已经变化，以企业页面的当前要求为准。",
        "This page shows only what stands on the sheet. Requirements may have changed since: the enterprise's page counts.",
    ),
    "trial_certificate": (
        "当前使用试用证书签名，不能证明签发机关身份；请管理员配置正式证书。",
        "Signed with a trial certificate, which proves no authority; the operator can set the authority's own.",
    ),
    "sheet_as_of": ("适用时刻", "As of"),
    "sheet_printed": ("打印时间", "Printed"),
    "sheet_digest": ("内容摘要 SHA-256", "Digest of the content, SHA-256"),
    "part_now": ("当前要求", "In force"),
    "part_next": ("即将执行", "Next"),
    "part_elsewhere": ("其他厂址", "Another site"),
    "board_title": ("重污染天气应急减排公示牌", "Emission-reduction notice board"),
    "board_measures": ("各级别预警下的减排措施", "Measures at each warning level"),
    "board_contact": ("企业应急负责岗位", "Responsible post"),
    "board_supervision": ("监督电话", "Supervision telephone"),
    "board_supervision_unset": ("未设置，请联系主管部门", "Not set; ask the authority"),
    "board_scan": ("扫码核验本公示牌", "Scan to check this board"),
    "board_link": ("公示牌（A3 打印）", "Notice board (A3 print)"),
    "line_responsible": ("责任岗位", "Responsible"),
    "post_not_filed": ("未备案", "not filed"),
}
