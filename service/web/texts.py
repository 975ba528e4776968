"""Every text of the pages in both languages. Chinese comes first; a test compares the keys."""

from __future__ import annotations

from typing import Any, Literal

from service.web.texts_accounts import ACCOUNTS
from service.web.texts_approvals import APPROVALS
from service.web.texts_deliveries import DELIVERIES
from service.web.texts_drills import DRILLS
from service.web.texts_en import ENGLISH
from service.web.texts_enterprise import ENTERPRISE
from service.web.texts_evaluation import EVALUATION
from service.web.texts_evidence import EVIDENCE
from service.web.texts_grades import GRADES
from service.web.texts_guides import GUIDES
from service.web.texts_law import LAW
from service.web.texts_lists import LISTS
from service.web.texts_obligations import OBLIGATIONS
from service.web.texts_people import PEOPLE
from service.web.texts_permits import PERMITS
from service.web.texts_region import REGION
from service.web.texts_zh import CHINESE

Language = Literal["zh", "en"]
PAIRS = LAW | GUIDES | LISTS | PERMITS | GRADES | ENTERPRISE | EVIDENCE | EVALUATION
PAIRS |= ACCOUNTS | APPROVALS | REGION | OBLIGATIONS | DELIVERIES | PEOPLE | DRILLS
TEXTS: dict[Language, dict[str, str]] = {
    "zh": CHINESE | {key: zh for key, (zh, _) in PAIRS.items()},
    "en": ENGLISH | {key: en for key, (_, en) in PAIRS.items()},
}


def text(language: Language, key: str, **values: Any) -> str:
    """One text with its values filled in. Raises KeyError for a key that no language has."""
    return TEXTS[language][key].format(**values)


def language_of(asked: str | None, remembered: str | None) -> Language:
    """The language to write in: what is asked, what was chosen before, otherwise Chinese."""
    for choice in (asked, remembered):
        if choice == "en":
            return "en"
        if choice == "zh":
            return "zh"
    return "zh"
