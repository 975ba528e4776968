"""What the accounting shows about the list itself (清单修订建议), line by line. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from emission_lists.accounting import NOTHING, Amounts, Measured, Origin
from emission_lists.accounting_weights import Span
from emission_lists.lists import Enterprise, Line
from emission_lists.measures import Labelled, Measure


class RemarkKind(Labelled):
    """What the accounting shows about the list itself (清单修订建议)."""

    MEASURE_UNKNOWN = (
        "measure_unknown",
        "减排措施未确立，未计减排量",
        "the measure is not established; nothing was counted",
    )
    NO_AMOUNT = (
        "no_amount",
        "无基数且未载明减排量，无法核算",
        "neither base nor stated reduction; it cannot be counted",
    )
    ABOVE_BASE = (
        "above_base",
        "载明减排量大于基数，按基数计",
        "the stated reduction exceeds the base; counted up to the base",
    )
    LONG_STOPPED_BASE = (
        "long_stopped_base",
        "长期停产仍列基数，未计入",
        "stopped for long, yet with a base; not counted",
    )
    NO_VERIFICATION = ("no_verification", "清单未载明核查方式", "the list names no way to verify it")
    NOT_MEASURED = ("not_measured", "应核查而无用电或在线数据", "to be verified, yet without electricity or CEMS data")
    NOT_BY_POWER = (
        "not_by_power",
        "焖炉、保温或公路运输，用电不能核实减排，需在线监测",
        "banked, kept warm or road transport: electricity shows no saving; it takes CEMS",
    )
    NO_BASELINE = (
        "no_baseline",
        "有用电数据而无正常生产基线",
        "electricity was measured, yet no normal production is known",
    )
    REPORTED_ABOVE_BASE = ("reported_above_base", "企业上报减排量大于基数", "more was reported than the line emits")


@dataclass(frozen=True, slots=True)
class Remark:
    """One line that the list should be corrected for."""

    kind: RemarkKind
    uscc: str
    name: str
    line: str
    line_name: str


def remarks(
    enterprise: Enterprise,
    line: Line,
    measures: Sequence[Measure],
    every: Sequence[tuple[Span, Amounts]],
    measured: Measured | None,
) -> Iterable[RemarkKind]:
    """What the row of a line lacks, from its amounts in every response and the `measures` that it had in them."""
    if enterprise.long_stopped:
        if any(line.base):
            yield RemarkKind.LONG_STOPPED_BASE
        if any(_exceeds(one) for _, one in every):
            yield RemarkKind.REPORTED_ABOVE_BASE
        return
    if any(not measure.executable for measure in measures):
        yield RemarkKind.MEASURE_UNKNOWN
    if any(one.account.above_base for _, one in every):
        yield RemarkKind.ABOVE_BASE
    if any(_exceeds(one) for _, one in every):
        yield RemarkKind.REPORTED_ABOVE_BASE
    asked = [one for _, one in every if one.account.asked]
    if not asked:
        return
    if all(set(one.account.origins) == {Origin.NOT_ESTABLISHED} for one in asked):
        yield RemarkKind.NO_AMOUNT
    yield from _unverified(measures, asked, measured)


def _unverified(
    measures: Sequence[Measure], asked: Sequence[Amounts], measured: Measured | None
) -> Iterable[RemarkKind]:
    if not any(measure.verification for measure in measures):
        yield RemarkKind.NO_VERIFICATION
    elif (
        measured is not None
        and measured.power is not None
        and not measured.cems
        and not any(one.account.by_power for one in asked)
    ):
        yield RemarkKind.NOT_BY_POWER
    elif measured is not None and measured.power is not None and not measured.baseline and not measured.cems:
        yield RemarkKind.NO_BASELINE
    elif all(one.verified is None or one.verified.minutes == NOTHING for one in asked):
        yield RemarkKind.NOT_MEASURED


def _exceeds(one: Amounts) -> bool:
    """Whether more was reported than the line emits; a line that has been stopped for long, or with a base of 0, emits nothing."""
    if one.reported is None:
        return False
    account = one.account
    pairs = zip(one.reported.saved, account.base, account.daily_base, account.unstated, strict=True)
    return any(
        value is not None and not free and value > base + daily // 1000 for value, base, daily, free in pairs
    )
