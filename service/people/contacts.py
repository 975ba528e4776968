"""Contacts (通讯录): officials enter their own, enterprises and their district those of the enterprise.

Personal data: what is told of it goes by `seen_by`; a change replaces what was, and a deletion leaves nothing behind. The ledger
tells who changed which contact, never what it says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from service.accounts.roles import Principal, Role
from service.enterprises.flows import may_see
from service.enterprises.sources import Home
from service.kit.problems import Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork, beijing
from service.people.schemas import EnterpriseContact, OwnContact, clock_of, masked_email, masked_phone

MOST_OF_ENTERPRISE = 10
BATCH = 2_000
"""Contacts entered by one statement."""
OWN_SQL = """
INSERT INTO contact (adcode, account_id, name, phone, email, language, calling_order, by_email, by_sms, quiet_from, quiet_until,
    changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9, $10, $2, $11)
ON CONFLICT (account_id) DO UPDATE SET adcode = $1, name = $3, phone = $4, email = $5, language = $6, by_email = $7, by_sms = $8,
    quiet_from = $9, quiet_until = $10, changed_by = $2, changed_at = $11
RETURNING id
"""
KEEP_SQL = """
INSERT INTO contact (adcode, uscc, name, post, phone, email, language, calling_order, by_email, by_sms, changed_by, changed_at)
SELECT n.*, $11::bigint, $12::timestamptz FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
    $7::text[], $8::int[], $9::bool[], $10::bool[]) n(adcode, uscc, name, post, phone, email, language, calling_order, by_email, by_sms)
ON CONFLICT (uscc, name) DO UPDATE SET adcode = excluded.adcode, post = excluded.post, phone = excluded.phone, email = excluded.email,
    language = excluded.language, calling_order = excluded.calling_order, by_email = excluded.by_email, by_sms = excluded.by_sms,
    changed_by = excluded.changed_by, changed_at = excluded.changed_at
RETURNING id
"""
PAGE_SQL = """
SELECT c.*, a.display, a.role FROM contact c LEFT JOIN account a ON a.id = c.account_id
WHERE starts_with(c.adcode, $1) AND ($2::bigint IS NULL OR c.id < $2) AND ($3::text IS NULL OR c.uscc = $3)
    AND ($4::boolean IS NULL OR (c.account_id IS NOT NULL) = $4) ORDER BY c.id DESC LIMIT $5
"""
ERASE_SQL = """
UPDATE delivery SET state = 'cancelled'
WHERE contact_id = $1 AND state IN ('pending', 'sending')
"""


def document(row: Any, *, whole: bool) -> dict[str, Any]:
    """A contact as the API tells it; numbers and addresses masked unless `whole`."""
    return {
        "id": row["id"],
        "adcode": row["adcode"],
        "uscc": row["uscc"],
        "account": row["account_id"],
        "name": row["name"] if whole else f"{row['name'][:1]}**",
        "post": row["post"],
        "phone": row["phone"] if whole else masked_phone(row["phone"]),
        "email": row["email"] if whole else masked_email(row["email"]),
        "language": row["language"],
        "calling_order": row["calling_order"],
        "by_email": row["by_email"],
        "by_sms": row["by_sms"],
        "quiet_from": clock_of(row["quiet_from"]),
        "quiet_until": clock_of(row["quiet_until"]),
        "changed_at": beijing(row["changed_at"]),
        "masked": not whole,
    }


def seen_whole(principal: Principal, row: Any) -> bool:
    """Whether somebody needs the number itself: the person, the enterprise, the command centre of the region."""
    if row["account_id"] is not None:
        return row["account_id"] == principal.account_id or principal.may_reach_people
    return principal.uscc == row["uscc"] if principal.role is Role.ENTERPRISE else principal.may_reach_people


async def page(
    uow: UnitOfWork,
    principal: Principal,
    after: int | None,
    size: int,
    *,
    uscc: str | None = None,
    officials: bool | None = None,
) -> list[dict[str, Any]]:
    """Contacts: an enterprise those of its own, officials those of their region, masked for whoever need not reach them.

    Raises Forbidden for an enterprise that is not the caller's.
    """
    if principal.role is Role.ENTERPRISE:
        if uscc not in {None, principal.uscc} or principal.uscc is None:
            raise Forbidden("You may see the contacts of your own enterprise.")
        rows = await uow.fetch(PAGE_SQL, "", after, principal.uscc, False, size)
    elif uscc is not None:
        await may_see(uow, principal, uscc)
        rows = await uow.fetch(PAGE_SQL, "", after, uscc, False, size)
    else:
        rows = await uow.fetch(PAGE_SQL, principal.scope.prefix, after, None, officials, size)
    return [document(row, whole=seen_whole(principal, row)) for row in rows]


async def find(uow: UnitOfWork, principal: Principal, contact_id: int) -> dict[str, Any]:
    """A contact of an enterprise as the caller may see it now. Raises Unknown when it is deleted, Forbidden for another's."""
    row = await uow.fetchrow("SELECT * FROM contact WHERE id = $1 AND uscc IS NOT NULL", contact_id)
    if row is None:
        raise Unknown(f"There is no contact {contact_id} any more.", detail_zh="该联系人已删除。")
    await may_see(uow, principal, row["uscc"])
    return document(row, whole=seen_whole(principal, row))


async def own(uow: UnitOfWork, principal: Principal) -> dict[str, Any] | None:
    """The caller's own contact; None when there is none."""
    row = await uow.fetchrow("SELECT * FROM contact WHERE account_id = $1", principal.account_id)
    return None if row is None else document(row, whole=True)


async def keep_own(uow: UnitOfWork, principal: Principal, given: OwnContact) -> dict[str, Any]:
    """Enter or change one's own contact. Raises Forbidden for enterprises: theirs are contacts of the enterprise."""
    if principal.role is Role.ENTERPRISE:
        raise Forbidden("Enter the contacts of your enterprise instead.", detail_zh="企业请填写本企业的联系人。")
    number = await uow.fetchval(
        OWN_SQL,
        principal.scope.adcode,
        principal.account_id,
        principal.display[:64],
        given.phone,
        given.email,
        given.language,
        given.by_email,
        given.by_sms,
        *given.quiet,
        uow.now,
    )
    await uow.record("contact.kept", principal.scope.adcode, contact=number, account=principal.account_id)
    found = await own(uow, principal)
    assert found is not None
    return found


async def keep(uow: UnitOfWork, principal: Principal, given: EnterpriseContact) -> dict[str, Any]:
    """Enter a person of an enterprise, or change the one of that name. Raises Forbidden, Invalid, Unknown."""
    home = await _home(uow, principal, given.uscc)
    number = (await _store(uow, principal, [(home.county, given)]))[0]
    row = await uow.fetchrow("SELECT * FROM contact WHERE id = $1", number)
    return document(row, whole=True)


async def _home(uow: UnitOfWork, principal: Principal, uscc: str) -> Home:
    """Where the contact is kept: a home of the enterprise that the caller may act for."""
    homes = await may_see(uow, principal, uscc)
    if principal.role is not Role.ENTERPRISE and not principal.may_reach_people:
        raise Forbidden(
            "Contacts are kept by the enterprise itself and the command centre of its division.",
            detail_zh="联系人由企业自己和所在地指挥部维护。",
        )
    return next((home for home in homes if principal.may_see_enterprise(home.adcode, uscc)), homes[0])


async def _store(uow: UnitOfWork, principal: Principal, given: Sequence[tuple[str, EnterpriseContact]]) -> list[int]:
    """Enter or change people; returns their numbers. The last word on one person counts."""
    numbers: list[int] = []
    last = {(one.uscc, one.name): (adcode, one) for adcode, one in given}
    ordered = [last[key] for key in sorted(last)]  # registers that overlap wait for each other and never cross
    for start in range(0, len(ordered), BATCH):
        columns = zip(*(_row(adcode, one) for adcode, one in ordered[start : start + BATCH]), strict=True)
        rows = await uow.fetch(KEEP_SQL, *map(list, columns), principal.account_id, uow.now)
        numbers.extend(row["id"] for row in rows)
    crowded = await uow.fetchval(
        "SELECT uscc FROM contact WHERE uscc = ANY($1::text[]) GROUP BY uscc HAVING count(*) > $2 LIMIT 1",
        [one.uscc for _, one in given],
        MOST_OF_ENTERPRISE,
    )
    if crowded is not None:
        raise Invalid(
            f"{crowded} would have more than {MOST_OF_ENTERPRISE} contacts; delete one first.",
            detail_zh=f"{crowded} 的联系人超过 {MOST_OF_ENTERPRISE} 人，请先删除。",
        )
    await uow.record(
        "contact.kept",
        given[0][0] if len({adcode for adcode, _ in given}) == 1 else principal.scope.adcode,
        contacts=numbers[:100],
        count=len(numbers),
        account=principal.account_id,
    )
    return numbers


def _row(adcode: str, one: EnterpriseContact) -> tuple[Any, ...]:
    """The columns of KEEP_SQL."""
    return (
        adcode, one.uscc, one.name, one.post, one.phone, one.email, one.language, one.calling_order, one.by_email, one.by_sms
    )  # fmt: skip


async def keep_all(uow: UnitOfWork, principal: Principal, given: Sequence[EnterpriseContact]) -> int:
    """Take in a register of contacts. Raises Forbidden, and Invalid naming every enterprise that no list of the region names."""
    if not principal.may_reach_people:
        raise Forbidden("Registers of contacts are kept by the command centre of the division.")
    homes = await _homes(uow, principal, {one.uscc for one in given})
    foreign = [number for number, one in enumerate(given, start=2) if one.uscc not in homes]
    if foreign:
        raise Invalid(
            f"{len(foreign)} row(s) name an enterprise that is on no list of your region; nothing was stored.",
            errors=[
                {"row": row, "column": "统一社会信用代码", "detail": "不在本地区清单内 / on no list here"}
                for row in foreign[:500]
            ],
            detail_zh=f"有 {len(foreign)} 行的企业不在本地区清单内，什么都没有保存。",
        )
    return len(await _store(uow, principal, [(homes[one.uscc], one) for one in given]))


async def _homes(uow: UnitOfWork, principal: Principal, usccs: Iterable[str]) -> dict[str, str]:
    rows = await uow.fetch(
        "SELECT e.uscc, min(e.county) AS county FROM list_enterprise e JOIN list_version v ON v.id = e.version_id"
        " WHERE e.uscc = ANY($1::text[]) AND v.state = 'active' AND starts_with(v.adcode, $2) GROUP BY e.uscc",
        list(usccs),
        principal.scope.prefix,
    )
    return {row["uscc"]: row["county"] for row in rows}


async def forget(uow: UnitOfWork, principal: Principal, contact_id: int) -> None:
    """Delete a contact for good: what waits for it is cancelled, and its address goes from what was sent.

    Raises Unknown for what the caller may not see, Forbidden for what somebody else keeps.
    """
    row = await uow.fetchrow("SELECT * FROM contact WHERE id = $1 FOR UPDATE", contact_id)
    absent = Unknown(f"There is no contact {contact_id} in your region.")
    if row is None:
        raise absent
    if row["account_id"] is None:
        try:
            await _home(uow, principal, row["uscc"])
        except Forbidden:
            if principal.role is Role.ENTERPRISE or not principal.scope.covers(row["adcode"]):
                raise absent from None
            raise
    elif row["account_id"] != principal.account_id:
        if not principal.scope.covers(row["adcode"]) or principal.role is Role.ENTERPRISE:
            raise absent
        raise Forbidden("Only the person can delete their own contact.")
    await uow.execute("DELETE FROM contact WHERE id = $1", contact_id)
    await uow.execute(ERASE_SQL, contact_id)
    await uow.record("contact.deleted", row["adcode"], contact=contact_id, account=principal.account_id)
