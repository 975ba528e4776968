"""The list versions that a response goes by: the one that it pinned, else the lists that requirements take for its plants.

A response of a division without a list in force goes, plant by plant, by the lists that were in force when it began in the
divisions around it: the narrowest that names the plant. What comes into force later changes nothing here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from alerts.levels import Level
from emission_lists.levels import ResponseLevel
from service.accounts.roles import prefix_of
from service.evaluations.homes import above
from service.evaluations.repository import BATCH, Response
from service.kit.unit_of_work import UnitOfWork

MEASURED_LEVELS = frozenset(level.value for level in ResponseLevel)
PINNED_SQL = "SELECT id, adcode FROM list_version WHERE id = ANY($1::bigint[])"
AROUND_SQL = """
SELECT DISTINCT ON (adcode) id, adcode FROM list_version
WHERE activated_at <= $3 AND (ended_at IS NULL OR ended_at > $3) AND (adcode LIKE $1 OR adcode = ANY($2::text[]))
ORDER BY adcode, activated_at DESC, id DESC
"""
ROWS_SQL = """
SELECT uscc, document, county FROM list_enterprise
WHERE version_id = $1 AND uscc > $2 AND county LIKE $3 AND ($4::text IS NULL OR uscc = $4) ORDER BY uscc LIMIT $5
"""
ROWS_FOR_SQL = """
SELECT uscc, document, county FROM list_enterprise
WHERE version_id = $1 AND uscc = ANY($2::text[]) AND county LIKE $3 ORDER BY uscc
"""
NAMED_SQL = "SELECT uscc FROM list_enterprise WHERE version_id = $1 AND county LIKE $2"
TAKEN_SQL = """
SELECT e.uscc, v.adcode, e.county FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE e.version_id = ANY($1::bigint[]) AND e.uscc = ANY($2::text[]) AND e.county LIKE $3
"""


class Source(NamedTuple):
    """A list version of a division. `within`: only its rows in this place count, "" all; `after`: versions that come first."""

    version: int
    adcode: str
    within: str = ""
    after: tuple[int, ...] = ()


Followed = tuple[Source, ...]
"""What a response goes by, the first that names a plant counting; empty where no list was in force."""


async def followed_by(uow: UnitOfWork, responses: Sequence[Response]) -> dict[int, Followed]:
    """What each response with measures goes by, by its id."""
    found: dict[int, Followed] = {}
    pinned = [one.list_version for one in responses if one.list_version is not None]
    places = {row["id"]: row["adcode"] for row in await uow.fetch(PINNED_SQL, pinned)}
    for one in responses:
        if one.level.code not in MEASURED_LEVELS:
            continue
        if one.list_version is not None:
            found[one.id] = (Source(one.list_version, places[one.list_version]),)
        else:
            found[one.id] = await _around(uow, one)
    return found


async def _around(uow: UnitOfWork, response: Response) -> Followed:
    within = prefix_of(response.adcode) + "%"
    rows = await uow.fetch(AROUND_SQL, within, above(uow.runtime, response.adcode), response.starts_at)
    ordered = sorted(
        rows, key=lambda row: (row["adcode"] != response.adcode, -len(prefix_of(row["adcode"])), row["adcode"])
    )
    versions = [row["id"] for row in ordered]
    return tuple(
        Source(row["id"], row["adcode"], within, tuple(versions[:place])) for place, row in enumerate(ordered)
    )


def without_list(responses: Iterable[Response], followed: Mapping[int, Followed]) -> list[int]:
    """The responses with measures for which no list was in force: what they save is not established (未确立)."""
    return [one.id for one in responses if one.id in followed and not followed[one.id]]


async def rows_of(uow: UnitOfWork, source: Source) -> AsyncIterator[list[tuple[str, str]]]:
    """The enterprises of a source as stored, (credit code, document), in batches by code; none of them is empty."""
    after = ""
    while True:
        rows, last = await batch(uow, source, after, BATCH)
        if rows:
            yield rows
        if last is None:
            return
        after = last


async def batch(
    uow: UnitOfWork, source: Source, after: str, size: int, uscc: str | None = None
) -> tuple[list[tuple[str, str]], str | None]:
    """The next enterprises of a source (or one of them), and the code to go on from; None at the end."""
    rows = await uow.fetch(ROWS_SQL, source.version, after, source.within or "%", uscc, size)
    last = rows[-1]["uscc"] if len(rows) == size and uscc is None else None
    if source.after and rows:
        rows = await _left(uow, source, rows)
    return [(row["uscc"], row["document"]) for row in rows], last


async def rows_for(uow: UnitOfWork, source: Source, usccs: Sequence[str]) -> list[tuple[str, str]]:
    """Some enterprises of a source as stored, in order of their codes."""
    rows = await uow.fetch(ROWS_FOR_SQL, source.version, usccs, source.within or "%")
    left = await _left(uow, source, rows) if source.after and rows else rows
    return [(row["uscc"], row["document"]) for row in left]


async def usccs_of(uow: UnitOfWork, source: Source) -> set[str]:
    """The enterprises that a source names."""
    return {row["uscc"] for row in await uow.fetch(NAMED_SQL, source.version, source.within or "%")}


async def _left(uow: UnitOfWork, source: Source, rows: Sequence[Any]) -> list[Any]:
    """The rows whose plants no list names that comes first."""
    taken: defaultdict[str, list[Any]] = defaultdict(list)
    for row in await uow.fetch(TAKEN_SQL, list(source.after), [row["uscc"] for row in rows], source.within):
        taken[row["uscc"]].append(row)
    return [
        row
        for row in rows
        if not any(
            one_plant((source.adcode, row["county"]), (one["adcode"], one["county"])) for one in taken[row["uscc"]]
        )
    ]


def one_plant(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether rows of an enterprise in two lists, (division, county), speak of one plant: the wider one's county is the other's."""
    wider, narrower = sorted((one, other), key=lambda row: len(prefix_of(row[0])))
    place = prefix_of(narrower[0])
    return wider[0] == narrower[0] or (place.startswith(prefix_of(wider[0])) and wider[1].startswith(place))


async def document_of(uow: UnitOfWork, response: Response, uscc: str) -> tuple[Source, str] | None:
    """What the list that applies to an enterprise under a response says of it; None where none names it."""
    for source in (await followed_by(uow, [response])).get(response.id, ()):
        rows, _ = await batch(uow, source, "", 1, uscc)
        if rows:
            return source, rows[0][1]
    return None


def response_from(row: Any) -> Response:
    """A stored response as it is read, without its step."""
    return Response(
        row["id"], row["adcode"], Level(row["level"]), row["list_version_id"], row["starts_at"], row["ends_at"], ""
    )
