"""Contacts of demonstration enterprises: generated names, numbers of no range in use, addresses under example.test."""

from __future__ import annotations

from emission_lists.lists import EmissionListDraft
from service.kit.unit_of_work import UnitOfWork

SHOWN = 40
"""So many enterprises of a list have contacts; the others show what a list without them looks like."""
SQL = """
INSERT INTO contact (adcode, uscc, name, post, phone, email, language, calling_order, by_email, by_sms, changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, 'zh', $7, true, true, $8, $9) ON CONFLICT DO NOTHING
"""
POSTS = ("环保负责人", "值班室")


async def seed_contacts(uow: UnitOfWork, draft: EmissionListDraft, account_id: int) -> None:
    """Two contacts for the first enterprises of a list."""
    rows = []
    for place, lines in enumerate(list(draft.by_enterprise().values())[:SHOWN]):
        firm = lines[0].enterprise
        for order, post in enumerate(POSTS, start=1):
            number = 2 * place + order
            rows.append(
                (
                    firm.adcode,
                    firm.uscc,
                    f"联系人{number}（生成）",
                    post,
                    f"100{int(draft.adcode[:4]):04}{number:04}",
                    f"contact{number}.{draft.adcode}@example.test",
                    order,
                    account_id,
                    uow.now,
                )
            )
    await uow.connection.executemany(SQL, rows)
