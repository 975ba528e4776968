"""Several demands on one line at the same time (城市与区县响应、错峰生产): the stricter one, or both, with the reasons.

Pure and independent of order: the same demands in any order, or repeated, come to the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

from emission_lists.measure_strictness import asks_nothing, covers, order_key, without_deadline
from emission_lists.measures import Measure


class SourceKind(StrEnum):
    """RESPONSE: a warning's response (应急响应); SEASONAL: a seasonal plan (错峰生产); DECLARED: what if a level were declared."""

    RESPONSE = "response"
    SEASONAL = "seasonal"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """Who asks. `key` tells sources apart; `zh`, `en` name it in a sentence: 唐山市红色预警 Ⅰ级响应."""

    kind: SourceKind
    key: str
    zh: str
    en: str


class Demand(NamedTuple):
    """One measure asked by one source. `due`: when it must be carried out; None = at once."""

    source: Source
    measure: Measure
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A measure that must be carried out, and everybody who asks for exactly this."""

    measure: Measure
    sources: tuple[Source, ...]
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Combined:
    """What is to be done: one measure, or several that cannot be compared; and why, in Chinese and English."""

    kept: tuple[Kept, ...]
    reasons: tuple[tuple[str, str], ...] = ()

    @property
    def main(self) -> Kept:
        """The first one: stops before limits, what is not established last."""
        return self.kept[0]

    @property
    def known(self) -> bool:
        """True if nothing in it is unknown."""
        return all(kept.measure.executable for kept in self.kept)


def combine(demands: Iterable[Demand], at: datetime | None = None) -> Combined:
    """The strictest of the demands. `at`: demands that are due by then are compared as carried out.

    Every demand is covered by something kept: never weaker than any of them. ValueError without a demand.
    """
    given = sorted(set(demands), key=_key)
    if not given:
        raise ValueError("nothing is demanded: there is nothing to combine")
    groups: dict[tuple[Measure, datetime | None], list[Source]] = {}
    for demand in given:
        groups.setdefault((demand.measure, demand.due), []).append(demand.source)
    held = [Kept(measure, tuple(sorted(sources)), due) for (measure, due), sources in groups.items()]
    if len(held) == 1:
        return Combined(tuple(held), ())
    kept = [one for one in held if not any(_displaces(other, one, held, at) for other in held if other is not one)]
    dropped = [one for one in held if one not in kept]
    return Combined(tuple(kept), (*_stricter_reasons(kept, dropped, at), *_both_reasons(kept)))


def _key(demand: Demand) -> tuple[tuple[int, int, str], str, Source]:
    return order_key(demand.measure), "" if demand.due is None else demand.due.isoformat(), demand.source


def _displaces(strict: Kept, mild: Kept, held: list[Kept], at: datetime | None) -> bool:
    """Whether `mild` need not be said because `strict` stands; of two that are equally strict the first one stays."""
    if not _covers(strict, mild, at):
        return False
    return not _covers(mild, strict, at) or held.index(strict) < held.index(mild)


def _covers(strict: Kept, mild: Kept, at: datetime | None) -> bool:
    if asks_nothing(mild.measure):
        return True
    if at is None:
        return covers(strict.measure, mild.measure)
    in_time = strict.due is None or strict.due <= at or (mild.due is not None and strict.due <= mild.due)
    return in_time and covers(without_deadline(strict.measure), without_deadline(mild.measure))


def _named(sources: Iterable[Source]) -> tuple[str, str]:
    found = list(sources)
    return "、".join(source.zh for source in found), " and ".join(source.en for source in found)


def _stricter_reasons(kept: list[Kept], dropped: list[Kept], at: datetime | None) -> Iterable[tuple[str, str]]:
    for mild in dropped:
        strict = next(one for one in kept if _covers(one, mild, at))
        by_zh, by_en = _named(strict.sources)
        of_zh, of_en = _named(mild.sources)
        more, less = strict.measure, mild.measure
        if not more.executable:
            yield (
                f"{by_zh}的措施尚未确定，不能按{of_zh}的“{less.render_zh()}”执行",
                f"{by_en}: not established, so “{less.render_en()}” ({of_en}) is not an answer",
            )
        elif _covers(mild, strict, at):
            yield f"{by_zh}与{of_zh}要求一样严", f"{by_en} and {of_en} are equally strict"
        else:
            yield (
                f"{by_zh}“{more.render_zh()}”严于{of_zh}“{less.render_zh()}”，从严执行",
                f"{by_en}, “{more.render_en()}”, is stricter than {of_en}, “{less.render_en()}”",
            )


def _both_reasons(kept: list[Kept]) -> Iterable[tuple[str, str]]:
    for one, other in combinations(kept, 2):
        one_zh, one_en = _named(one.sources)
        other_zh, other_en = _named(other.sources)
        if other.measure.executable:
            yield (
                f"{one_zh}“{one.measure.render_zh()}”与{other_zh}“{other.measure.render_zh()}”无法比较严格程度，两项都要执行",
                f"{one_en}, “{one.measure.render_en()}”, and {other_en}, “{other.measure.render_en()}”,"
                " cannot be compared: carry out both",
            )
        else:
            yield (
                f"{other_zh}的措施尚未确定：{one_zh}“{one.measure.render_zh()}”照常执行，未确定部分请联系主管部门",
                f"{other_en}: not established; carry out “{one.measure.render_en()}” ({one_en}) and ask the authority",
            )
