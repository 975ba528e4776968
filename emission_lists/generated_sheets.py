"""The further sheets of a generated list: dust sites, mobile sources, bulk transport, whitelist, guarantees, summary.

How many there are follows `generated_shapes.Proportions`; what they emit is invented. Every name carries the mark of generated data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from random import Random

from emission_lists.generated_measures import HAULERS
from emission_lists.generated_shapes import HEATING, POWER, PROPORTIONS
from emission_lists.levels import LEVELS, PerLevel
from emission_lists.lists import POLLUTANTS, Enterprise, ListRow, Pollutants
from emission_lists.measures import VehicleRule
from emission_lists.reductions import Totals, added, totals
from emission_lists.sheets.codes import LOAD_BASES
from emission_lists.sheets.columns import SHEET_COLUMNS, record_key
from emission_lists.sheets.kinds import Json, Sheet, SheetRecord

_MARK = "（示例生成）"
_PLATES = {"11": "京", "12": "津", "13": "冀", "14": "晋", "31": "沪", "32": "苏", "33": "浙", "34": "皖", "37": "鲁"}
_PLATES |= {"41": "豫", "61": "陕"}
_LETTERS = "ABCDEFGHJK"
_HEAVY, _STOP_ROAD = VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS.value, VehicleRule.STOP_ROAD_TRANSPORT.value
_HEAVY_AND_GAS = VehicleRule.BAN_HEAVY_DIESEL_LE_CN4_AND_GAS_LE_CN5.value
_SITES = (("building", "住宅项目"), ("road", "道路工程"), ("demolition", "拆除工程"), ("municipal", "市政管网"))
_SITE_STAGES = ("earthworks", "foundation", "structure", "fitting")
_SITE_SHARES = {"none": 0.0, "suppress": 0.1, "stop_earthworks": 0.4, "stop_outdoor": 0.7, "stop": 0.9}
_SITE_PLANS = (("stop_earthworks", "stop_outdoor", "stop"), ("suppress", "stop_earthworks", "stop_outdoor"))
_VEHICLES = (
    ("heavy_truck", "B"),
    ("heavy_truck", "E"),
    ("medium_truck", "B"),
    ("light_truck", "B"),
    ("small_car", "A"),
)
_STAGES = ("3", "4", "5", "6")
_MACHINES = ("excavator", "loader", "forklift", "roller", "crane")
_WHOLE_ROAD = (0.002, 0.18, 0.02, 0.05)  # the road's share of the whole society's emissions
_GOODS = {
    "长流程联合钢铁": "铁矿石、钢材",
    "焦化": "煤、焦炭",
    "石灰窑": "石灰石",
    "玻璃": "硅砂",
    "砖瓦窑": "粘土、砖",
}


def generated_records(
    adcode: str, places: Sequence[str], rows: Sequence[ListRow], whole: Pollutants | None, *, seed: int
) -> tuple[SheetRecord, ...]:
    """The records of every sheet for a list with these rows; the same seed gives the same records."""
    rng = Random(f"sheets/{adcode}/{seed}")
    firms = list({row.enterprise.uscc: row.enterprise for row in rows}.values())
    dust = list(_dust(rng, places, max(1, round(len(firms) * PROPORTIONS.dust_sites))))
    road = list(_road(adcode, whole))
    machines = list(_machines(rng, places, max(1, round(len(firms) * PROPORTIONS.machines))))
    others = [
        *_bulk(rng, firms),
        *_whitelist(rng, adcode, places, max(1, round(len(firms) * PROPORTIONS.whitelisted))),
        *_guarantees(rng, firms, places),
    ]
    return (*dust, *road, *machines, *others, *_summary(rows, whole, dust, road, machines))


def _record(sheet: Sheet, **fields: Json) -> SheetRecord:
    values = {column.name: fields.get(column.name) for column in SHEET_COLUMNS[sheet]}
    return SheetRecord(sheet, record_key(sheet, values), values)


def _dust(rng: Random, places: Sequence[str], count: int) -> Iterator[SheetRecord]:
    for number in range(1, count + 1):
        kind, noun = rng.choice(_SITES)
        base = round(rng.uniform(5, 80), 1)
        plan = ("unknown",) * 3 if rng.random() < 0.01 else rng.choice(_SITE_PLANS)
        fields: dict[str, Json] = {}
        for level, measure in zip(LEVELS, plan, strict=True):
            fields[level.value] = measure
            if measure in _SITE_SHARES:
                fields[f"{level.value}_pm"] = round(base * _SITE_SHARES[measure], 3)
        yield _record(
            Sheet.DUST,
            code=f"SG-{number:05d}",
            name=f"{noun}{number:05d}号{_MARK}",
            adcode=rng.choice(places),
            kind=kind,
            area_m2=float(rng.randrange(2_000, 90_000, 100)),
            stage=rng.choice(_SITE_STAGES),
            guarantee=False,
            verification_point=f"扬尘在线 {number} 号",
            base_pm=base,
            **fields,
        )


def _road(adcode: str, whole: Pollutants | None) -> Iterator[SheetRecord]:
    """Every class, fuel and stage once; older trucks emit more and are kept off the road first."""
    weights = {(vehicle, stage): 1 / int(stage[1]) for vehicle in _VEHICLES for stage in (f"s{s}" for s in _STAGES)}
    total = sum(weights.values())
    for ((vehicle, fuel), stage), weight in weights.items():
        share = weight / total
        base = [
            round((value or 0) * part * share, 3) for value, part in zip(whole or (0.0,) * 4, _WHOLE_ROAD, strict=True)
        ]
        fields: dict[str, Json] = {f"base_{name}": value for name, value in zip(POLLUTANTS, base, strict=True)}
        banned = vehicle == "heavy_truck" and int(stage[1]) <= 4
        for level in LEVELS:
            stopped = banned and level is not LEVELS[0]
            fields[level.value] = _HEAVY if stopped else "none"
            for name, value in zip(POLLUTANTS, base, strict=True):
                fields[f"{level.value}_{name}"] = round(value * 0.8, 3) if stopped else 0.0
        count = round(40_000 * share)
        yield _record(
            Sheet.ROAD_MOBILE, adcode=adcode, vehicle_class=vehicle, fuel=fuel, stage=stage[1], count=count, **fields
        )


def _machines(rng: Random, places: Sequence[str], count: int) -> Iterator[SheetRecord]:
    for number in range(1, count + 1):
        stage = rng.choice(("1", "2", "3", "4"))
        nox, pm = round(rng.uniform(0.5, 3), 3), round(rng.uniform(0.02, 0.2), 3)
        fields: dict[str, Json] = {}
        for level, oldest in zip(LEVELS, ("0", "1", "2"), strict=True):
            stopped = stage <= oldest
            fields |= {level.value: "stop" if stopped else "none"}
            fields |= {f"{level.value}_nox": nox if stopped else 0.0, f"{level.value}_pm": pm if stopped else 0.0}
        yield _record(
            Sheet.NON_ROAD,
            code=f"SL-{number:06d}",
            kind=rng.choice(_MACHINES),
            power_kw=float(rng.randrange(40, 260)),
            fuel="B",
            stage=stage,
            owner=f"工程机械租赁{number % 97 + 1:02d}号{_MARK}",
            place=f"{number % 41 + 1} 号工地",
            adcode=rng.choice(places),
            base_nox=nox,
            base_pm=pm,
            **fields,
        )


def _bulk(rng: Random, firms: Iterable[Enterprise]) -> Iterator[SheetRecord]:
    """Haulers and power plants with at least ten trips a day."""
    for firm in firms:
        if firm.industry in HAULERS or firm.industry == POWER[0]:
            trips, entrances = rng.randrange(10, 400), rng.randrange(1, 5)
            yield _record(
                Sheet.BULK_TRANSPORT,
                uscc=firm.uscc,
                name=firm.name,
                adcode=firm.adcode,
                goods=_GOODS.get(firm.industry, "原料、产品"),
                trips=trips,
                tonnes=float(trips * 30),
                gate=True,
                entrances=entrances,
                barriers=entrances,
                yellow=_HEAVY,
                orange=_HEAVY if firm.guarantee else _HEAVY_AND_GAS,
                red=_HEAVY if firm.guarantee else _STOP_ROAD,
            )


def _whitelist(rng: Random, adcode: str, places: Sequence[str], count: int) -> Iterator[SheetRecord]:
    province = _PLATES.get(adcode[:2], "冀")
    for number in range(count):
        letter = _LETTERS[number // 99_999 % len(_LETTERS)]
        yield _record(
            Sheet.WHITELIST,
            plate=f"{province}{letter}D{number % 99_999 + 1:05d}",
            colour="yellow_green",
            vehicle_class="heavy_truck",
            fuel="C",
            stage="D",
            owner=f"物流{number % 53 + 1:02d}号{_MARK}",
            adcode=rng.choice(places),
            purpose="民生保障：鲜活农产品",
            valid_until="2035-12-31",
        )


_APPROVED = {
    "city_agreed": "2013-09-01",
    "province_vetted": "2013-09-15",
    "mee_filed": "2013-10-01",
    "valid_from": "2013-10-15",
}
"""Long enough ago that a generated list may be used for a response of the past."""


def _guarantees(rng: Random, firms: Iterable[Enterprise], places: Sequence[str]) -> Iterator[SheetRecord]:
    """Every enterprise under guarantee, and one project."""
    heat, order = (LOAD_BASES[label] for label in ("以热定产", "以量定产"))
    for firm in firms:
        if firm.guarantee is not None and firm.guarantee_until is not None:
            cap, until = firm.guarantee_cap, firm.guarantee_until
            yield _record(
                Sheet.GUARANTEE,
                code=firm.uscc,
                subject="enterprise",
                name=firm.name,
                adcode=firm.adcode,
                kind=firm.guarantee.value,
                reason=firm.guarantee.zh,
                **_APPROVED,
                valid_until=until.isoformat(),
                basis=heat if firm.industry == HEATING[0] else order,
                cap_metric=None if cap is None else cap.metric,
                cap_value=None if cap is None else cap.value,
                cap_unit=None if cap is None else cap.unit,
            )
    yield _record(
        Sheet.GUARANTEE,
        code="XM-0001",
        subject="project",
        name=f"重大工程一标段{_MARK}",
        adcode=rng.choice(places),
        kind="major_project",
        reason="防汛应急工程",
        **_APPROVED,
        valid_until="2035-12-31",
    )


def _summary(
    rows: Sequence[ListRow], whole: Pollutants | None, *sheets: Iterable[SheetRecord]
) -> Iterator[SheetRecord]:
    """What the city would write into its summary: its classes of sources, and the rest of the whole society as domestic."""
    industry = totals(rows)
    parts = {
        "power_plant": totals(row for row in rows if row.enterprise.industry == POWER[0]),
        "heating_boiler": totals(row for row in rows if row.enterprise.industry == HEATING[0]),
        "small_micro": totals(row for row in rows if row.enterprise.small_micro),
    }
    names = ("dust", "road_mobile", "non_road")
    others = {name: _totals_of(records) for name, records in zip(names, sheets, strict=True)}
    everything = added([industry, *others.values()])
    listed = {"industry": industry, **parts, **others}
    if whole is not None:
        pairs = [((a or 0), (b or 0)) for a, b in zip(whole, everything.base, strict=True)]
        rest = [round(a - b, 3) if a >= b else None for a, b in pairs]  # not stated where nothing is left
        nothing = Pollutants(0.0, 0.0, 0.0, 0.0)
        listed["domestic"] = Totals(Pollutants(*rest), PerLevel(nothing, nothing, nothing))
        listed["whole_society"] = Totals(whole, everything.reductions)
    for source, found in listed.items():
        items = (("base", found.base), *zip((level.value for level in LEVELS), found.reductions, strict=True))
        for item, values in items:
            yield _record(Sheet.SUMMARY, source=source, item=item, **values._asdict())


def _totals_of(records: Iterable[SheetRecord]) -> Totals:
    """Base and reductions of records, exactly."""
    return added(
        Totals(_four(record, "base"), PerLevel(*(_four(record, level.value) for level in LEVELS))) for record in records
    )


def _four(record: SheetRecord, item: str) -> Pollutants:
    return Pollutants(*(record.number_of(f"{item}_{name}") for name in POLLUTANTS))
