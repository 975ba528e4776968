"""What activation holds against the register stands beside the documents, and says what they say."""

from __future__ import annotations

import json

from emission_lists.identifiers import make_uscc
from emission_lists.lists import EmissionListDraft, ListRow
from emission_lists.measures import Action, Measure
from service.kit.runtime import Runtime
from service.lists.flows import store_draft
from service.permits.repository import listed_in
from tests.emission_lists.list_samples import firm, line
from tests.service.requirement_support import CITY, COUNTY

PERMITS = (None, "91130202MA00000001P", "\\N", "a\tb\nc\\", '"', "")
CODES = [make_uscc(COUNTY, number) for number in range(1, len(PERMITS) + 1)]


async def test_permit_and_class_are_those_of_the_document(runtime: Runtime) -> None:
    firms = [
        firm(adcode=COUNTY, uscc=code, permit_no=permit, gbt4754=permit and f"x{permit}")
        for code, permit in zip(CODES, PERMITS, strict=True)
    ]
    draft = EmissionListDraft(CITY, tuple(ListRow(one, line("MF0001", Measure(Action.STOP))) for one in firms), None, "清单")
    async with runtime.unit() as uow:
        version = await store_draft(uow, draft, guide="G2020", created_by=None)
        rows = await uow.fetch("SELECT uscc, document FROM list_enterprise WHERE version_id = $1", version)
        found = await listed_in(uow, version, CITY)
    documents = {row["uscc"]: json.loads(row["document"])["enterprise"] for row in rows}
    assert {one.uscc: (one.permit_no, one.gbt4754) for one in found} == {
        code: (document["permit_no"], document["gbt4754"]) for code, document in documents.items()
    }
    assert [one.permit_no for one in sorted(found, key=lambda one: one.uscc)] == [
        one.permit_no for one in sorted(firms, key=lambda one: one.uscc)
    ]
