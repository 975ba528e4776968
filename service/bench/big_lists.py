"""Generated lists of real size, with further sheets and permit registers: many cities, and the same again in one division."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alerts.law import Law
from emission_lists.generator import TITLE, generate_list, spread
from emission_lists.identifiers import uscc_check
from emission_lists.lists import EmissionListDraft
from emission_lists.summary import Dimension, Sum, summed
from service.accounts.roles import Scope
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork
from service.lists.content import ENTERPRISE_COLUMNS, RECORD_COLUMNS
from service.lists.flows import activate
from service.lists.storing import FromDraft
from service.lists.summary import store_sums, sums_of
from service.lists.workbooks import guide_of, profile

GUIDE = "G2020"
REGIONS = ("jingjinji-2023", "fenwei-2023")
DIVISION = "110000"
"""Where the case of all enterprises in one division is; it is none of the cities."""
ELSEWHERE = "540100"
"""Where a list with one enterprise is: no division of the others, because its register has one permit."""
SEED = 20161216
NEW_SQL = """
INSERT INTO list_version (adcode, title, guide, state, generated, enterprises, lines, totals, checks, blocking, remarks, digest, created_at)
VALUES ($1, $2, $3, 'draft', true, 0, 0, '{}', '[]', 0, 0, $4, now()) RETURNING id
"""
COUNTED_SQL = "UPDATE list_version SET enterprises = $2, lines = $3, digest = $4 WHERE id = $1"
COPIED_SQL = """
INSERT INTO list_enterprise (version_id, uscc, name, county, industry, grade, lines, permit_no, gbt4754, document)
SELECT $1, u.uscc, e.name, $5::text, e.industry, e.grade, e.lines, replace(e.permit_no, e.uscc, u.uscc), e.gbt4754,
    replace(replace(e.document, e.uscc, u.uscc), e.county, $5::text)
FROM unnest($3::text[], $4::text[]) AS u(uscc, source) JOIN list_enterprise e ON e.version_id = $2 AND e.uscc = u.source
"""
COPIED_RECORDS_SQL = """
INSERT INTO list_record (version_id, sheet, key, county, document)
SELECT $1, r.sheet, u.uscc, $5::text, replace(r.document, r.key, u.uscc)
FROM unnest($3::text[], $4::text[]) AS u(uscc, source) JOIN list_record r
ON r.version_id = $2 AND r.key = u.source AND r.sheet IN ('guarantee', 'bulk_transport')
"""
REGISTER_SQL = """
WITH held AS (
    SELECT permit_no, uscc, name, county, gbt4754 FROM list_enterprise WHERE version_id = $2
), register AS (
    INSERT INTO permit_register (adcode, source, permits, holders, digest, created_at)
    SELECT $1, 'bench', count(*), count(*), '', now() FROM held WHERE permit_no IS NOT NULL RETURNING id
)
INSERT INTO permit (register_id, permit_no, uscc, name, management, gbt4754, air, county)
SELECT r.id, h.permit_no, h.uscc, h.name, CASE WHEN h.permit_no LIKE '%P' THEN 'key' ELSE 'registered' END, h.gbt4754, true, h.county
FROM register r, held h WHERE h.permit_no IS NOT NULL
"""


@dataclass(frozen=True)
class BigList:
    """A version in force and the credit codes on it."""

    adcode: str
    version: int
    codes: list[str]


def cities_of(law: Law) -> list[str]:
    """The prefecture-level cities of the key regions, without the division that holds everything."""
    members = [adcode for region in REGIONS for adcode in law.regions[region].members]
    return sorted(set(members) - {DIVISION})


def counties_of(law: Law, adcode: str) -> list[str]:
    """The counties of a city that exist today."""
    return sorted(
        one.adcode
        for one in law.divisions.values()
        if one.parent == adcode and one.level == "county" and one.valid_until is None
    )


async def city_lists(runtime: Runtime, enterprises: int) -> list[BigList]:
    """Lists in force of so many enterprises in all, each generated for itself; the largest city first."""
    made = []
    for share in spread(enterprises, cities_of(runtime.law)):
        draft = _generated(share.adcode, SEED, share.enterprises, counties_of(runtime.law, share.adcode))
        async with runtime.unit() as uow:
            found = await store_unchecked(uow, draft)
            await add_register(uow, found)
            await activate(uow, Scope("100000"), found.version, None)
            await uow.commit()
        made.append(found)
    await analyze(runtime)
    return made


def _generated(adcode: str, seed: int, enterprises: int, counties: Sequence[str]) -> EmissionListDraft:
    return generate_list(
        adcode, seed=seed, enterprises=enterprises, guide=guide_of(GUIDE), profile=profile(), counties=counties
    )


async def store_unchecked(uow: UnitOfWork, draft: EmissionListDraft) -> BigList:
    """A draft version with all its sheets and sums; the checks, which take longest, are left out."""
    version = int(await uow.fetchval(NEW_SQL, draft.adcode, TITLE, GUIDE, ""))
    content = FromDraft(draft)
    await content.begin(version)
    for table, columns in (("list_enterprise", ENTERPRISE_COLUMNS), ("list_record", RECORD_COLUMNS)):
        await uow.connection.copy_to_table(table, source=content.pieces(), columns=columns)
    firms = {code: (rows[0].enterprise, [row.line for row in rows]) for code, rows in draft.by_enterprise().items()}
    sums = summed(firms.values(), draft.records)
    await store_sums(uow, version, sums)
    await uow.execute(COUNTED_SQL, version, sums[0].enterprises, sums[0].lines, await content.digest())
    return BigList(draft.adcode, version, list(firms))


async def add_register(uow: UnitOfWork, big: BigList) -> None:
    """A register of the division with the permit of every enterprise of a list, as a complete list is held against."""
    await uow.execute(REGISTER_SQL, big.adcode, big.version)


async def one_division(runtime: Runtime, cities: Sequence[BigList]) -> BigList:
    """Every enterprise of the cities once more, under a code of its own, in one list in force of one division."""
    codes: list[str] = []
    async with runtime.unit() as uow:
        version = int(await uow.fetchval(NEW_SQL, DIVISION, TITLE, GUIDE, ""))
        for city in cities:
            own = [_code(len(codes) + number) for number in range(len(city.codes))]
            for statement in (COPIED_SQL, COPIED_RECORDS_SQL):
                await uow.execute(statement, version, city.version, own, city.codes, DIVISION)
            codes += own
        sums = merged([await sums_of(uow, city.version) for city in cities])
        await store_sums(uow, version, sums)
        await uow.execute(COUNTED_SQL, version, sums[0].enterprises, sums[0].lines, "")
        made = BigList(DIVISION, version, codes)
        await add_register(uow, made)
        await activate(uow, Scope("100000"), version, None)
        await uow.commit()
    await analyze(runtime)
    return made


def merged(parts: Iterable[Iterable[Sum]]) -> list[Sum]:
    """The sums of several lists as those of one whose only county is the division, which has none of the sheets that emit."""
    groups: dict[tuple[Dimension, str], list[Sum]] = {}
    for one in (one for part in parts for one in part if one.dimension is not Dimension.SHEET):
        key = DIVISION if one.dimension is Dimension.COUNTY else one.key
        groups.setdefault((one.dimension, key), []).append(one)
    order = list(Dimension)
    return [
        Sum(
            dimension,
            key,
            sum(one.enterprises for one in sums),
            sum(one.lines for one in sums),
            tuple(map(sum, zip(*(one.milligrams for one in sums), strict=True))),
            tuple(map(sum, zip(*(one.gaps or () for one in sums), strict=True))),
        )
        for (dimension, key), sums in sorted(groups.items(), key=lambda one: (order.index(one[0][0]), one[0][1]))
    ]


async def tiny_list(runtime: Runtime) -> BigList:
    """A draft with a single enterprise, and a register with its permit: what activating costs at the least."""
    async with runtime.unit() as uow:
        found = await store_unchecked(uow, _generated(ELSEWHERE, 1, 1, ()))
        await add_register(uow, found)
        await uow.commit()
    return found


async def analyze(runtime: Runtime) -> None:
    """Fresh statistics, as autovacuum would bring them."""
    async with runtime.unit() as uow:
        for table in ("list_enterprise", "list_record", "list_version", "permit", "permit_register"):
            await uow.execute(f"ANALYZE {table}")
        await uow.commit()


def _code(number: int) -> str:
    """A valid code of the range that was never given out, apart from those of the cities."""
    body = f"93{DIVISION}{number:08d}X"
    return body + uscc_check(body)
