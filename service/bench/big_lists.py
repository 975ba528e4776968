"""Generated lists of real size, streamed into the database: many cities, and the same enterprises again in one division."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass

from alerts.law import Law
from emission_lists.generator import TITLE, spread, stream_list
from emission_lists.identifiers import uscc_check
from emission_lists.lists import ListRow
from emission_lists.summary import Dimension, Sum, Summary
from service.accounts.roles import Scope
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork
from service.lists.content import ENTERPRISE_COLUMNS, Writer, batches, enterprise_lines
from service.lists.flows import activate
from service.lists.summary import store_sums, sums_of
from service.lists.workbooks import guide_of, profile

GUIDE = "G2020"
REGIONS = ("jingjinji-2023", "fenwei-2023")
DIVISION = "110000"
"""Where the case of all enterprises in one division is; it is none of the cities."""
SEED = 20161216
NEW_SQL = """
INSERT INTO list_version (adcode, title, guide, state, generated, enterprises, lines, totals, checks, blocking, remarks, digest, created_at)
VALUES ($1, $2, $3, 'draft', true, 0, 0, '{}', '[]', 0, 0, $4, now()) RETURNING id
"""
COUNTED_SQL = "UPDATE list_version SET enterprises = $2, lines = $3, digest = $4 WHERE id = $1"
COPIED_SQL = """
INSERT INTO list_enterprise (version_id, uscc, name, county, industry, grade, lines, document)
SELECT $1, u.uscc, e.name, $5::text, e.industry, e.grade, e.lines, replace(replace(e.document, e.uscc, u.uscc), e.county, $5::text)
FROM unnest($3::text[], $4::text[]) AS u(uscc, source) JOIN list_enterprise e ON e.version_id = $2 AND e.uscc = u.source
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
    law, guide, rules = runtime.law, guide_of(GUIDE), profile()
    made = []
    for share in spread(enterprises, cities_of(law)):
        rows = stream_list(
            share.adcode,
            seed=SEED,
            enterprises=share.enterprises,
            guide=guide,
            profile=rules,
            counties=counties_of(law, share.adcode),
        )
        async with runtime.unit() as uow:
            found = await store_stream(uow, share.adcode, rows)
            await activate(uow, Scope("100000"), found.version, None)
            await uow.commit()
        made.append(found)
    await analyze(runtime)
    return made


async def store_stream(uow: UnitOfWork, adcode: str, rows: Iterator[Sequence[ListRow]]) -> BigList:
    """A draft of rows that are never all in memory; it is not checked."""
    version = int(await uow.fetchval(NEW_SQL, adcode, TITLE, GUIDE, ""))
    writer, summary, codes = Writer(), Summary(), list[str]()

    def counted() -> Iterator[Sequence[ListRow]]:
        for group in rows:
            codes.append(group[0].enterprise.uscc)
            summary.add(group[0].enterprise, [row.line for row in group])
            yield group

    async def pieces() -> AsyncIterator[bytes]:
        for piece in batches(enterprise_lines(version, counted(), writer)):
            yield piece

    await uow.connection.copy_to_table("list_enterprise", source=pieces(), columns=ENTERPRISE_COLUMNS)
    sums = summary.sums()
    await store_sums(uow, version, sums)
    await uow.execute(COUNTED_SQL, version, sums[0].enterprises, sums[0].lines, writer.digest())
    return BigList(adcode, version, codes)


async def one_division(runtime: Runtime, cities: Sequence[BigList]) -> BigList:
    """Every enterprise of the cities once more, under a code of its own, in one list in force of one division."""
    codes: list[str] = []
    async with runtime.unit() as uow:
        version = int(await uow.fetchval(NEW_SQL, DIVISION, TITLE, GUIDE, ""))
        for city in cities:
            own = [_code(len(codes) + number) for number in range(len(city.codes))]
            await uow.execute(COPIED_SQL, version, city.version, own, city.codes, DIVISION)
            codes += own
        sums = merged([await sums_of(uow, city.version) for city in cities])
        await store_sums(uow, version, sums)
        await uow.execute(COUNTED_SQL, version, sums[0].enterprises, sums[0].lines, "")
        await activate(uow, Scope("100000"), version, None)
        await uow.commit()
    await analyze(runtime)
    return BigList(DIVISION, version, codes)


def merged(parts: Iterable[Iterable[Sum]]) -> list[Sum]:
    """The sums of several lists as those of one whose only county is the division."""
    groups: dict[tuple[Dimension, str], list[Sum]] = {}
    for one in (one for part in parts for one in part):
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
        )
        for (dimension, key), sums in sorted(groups.items(), key=lambda one: (order.index(one[0][0]), one[0][1]))
    ]


async def tiny_list(runtime: Runtime, adcode: str) -> BigList:
    """A draft with a single enterprise: what activating costs at the least."""
    rows = stream_list(adcode, seed=1, enterprises=1, guide=guide_of(GUIDE), profile=profile())
    async with runtime.unit() as uow:
        found = await store_stream(uow, adcode, rows)
        await uow.commit()
    return found


async def analyze(runtime: Runtime) -> None:
    """Fresh statistics, as autovacuum would bring them."""
    async with runtime.unit() as uow:
        await uow.execute("ANALYZE list_enterprise")
        await uow.execute("ANALYZE list_version")
        await uow.commit()


def _code(number: int) -> str:
    """A valid code of the range that was never given out, apart from those of the cities."""
    body = f"93{DIVISION}{number:08d}X"
    return body + uscc_check(body)
