"""The law pages lose nothing that the files under config/ say, whatever plan or rule set it is."""

from __future__ import annotations

import re
from html import unescape

import pytest

from alerts.plans import Plan
from alerts.rules import AqiStandard, RuleSet
from service.accounts.roles import Role
from service.kit.runtime import Runtime
from tests.support import Client

EVIDENCE = ("references", "confidence", "source", "choices")
OPEN = {"zh": "not_established", "en": "not_established_en"}


def plain(html: str) -> str:
    """The text of a page, blanks as one."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def told(document: RuleSet | Plan | AqiStandard, language: str) -> list[str]:
    """Every sentence of evidence that a file has."""
    names = (*EVIDENCE, *([] if isinstance(document, AqiStandard) else [OPEN[language]]))
    return [" ".join(text.split()) for name in names for text in getattr(document, name, {}).values()]


@pytest.mark.parametrize("language", ["zh", "en"])
class TestNothingIsLost:
    async def test_of_a_plan(self, client: Client, runtime: Runtime, language: str) -> None:
        official = await client.account(Role.AUDITOR, "100000")
        for plan in runtime.law.plans.values():
            answer = await client.http.get(f"/law/plans/{plan.id}?lang={language}", headers=official)
            assert answer.status_code == 200, plan.id
            page = plain(answer.text)
            assert [text for text in told(plan, language) if text not in page] == [], plan.id
            assert plan.document in page

    async def test_of_a_rule_set_or_a_standard(self, client: Client, runtime: Runtime, language: str) -> None:
        official = await client.account(Role.AUDITOR, "100000")
        page = plain((await client.http.get(f"/law?lang={language}", headers=official)).text)
        for document in (*runtime.law.rules.values(), *runtime.law.standards.editions):
            assert [text for text in told(document, language) if text not in page] == [], document.id
