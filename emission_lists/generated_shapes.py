"""What generated enterprises look like: words and orders of magnitude, invented for demonstrations."""

from __future__ import annotations

from typing import NamedTuple

from emission_lists.lists import GuaranteeType, Pollutants


class Proportions(NamedTuple):
    """Shares that a generated list follows. Published figures are named; the others are choices."""

    key: float = (1142 + 1230) / 5567  # Hengshui 2020: enterprises of key industries among all
    lettered: float = 1142 / (1142 + 1230)  # Hengshui 2020: those of industries graded by letters among key ones
    a: float = 21 / 5689  # Anhui, October 2023: among rated enterprises
    b: float = 105 / 5689
    leading: float = 29 / 5689
    not_applied: float = 0.03  # key enterprises that have not applied for a grade [choice]
    c_of_rest: float = 0.62  # how C and D share the rest is published nowhere [choice]
    relieved: float = 248 / 1254  # Chifeng 2024: exempt enterprises among all; here guarantee class and small-micro
    small_of_relieved: float = 0.6  # [choice]
    heating: float = 0.025  # heating plants among all [choice]
    power: float = 0.005  # power plants among all [choice]
    long_stopped: float = 0.01  # [choice]
    dust_sites: float = 186 / 1254  # Chifeng 2024: sites per enterprise
    machines: float = 0.3  # non-road machines per enterprise [choice]
    whitelisted: float = 0.05  # trucks on the whitelist per enterprise [choice]


PROPORTIONS = Proportions()


class Shape(NamedTuple):
    """One industry's generated lines. `emissions` of a typical line, kg/d; `units`: most in one row."""

    process: str
    noun: str
    emissions: Pollutants
    units: int = 1


_FURNACE = Pollutants(90, 260, 60, 6)
_KILN = Pollutants(60, 140, 45, 2)
_CHEMICAL = Pollutants(12, 25, 8, 60)
_COATING = Pollutants(1, 4, 6, 45)

# Industry of the guide → its shape.
SHAPES: dict[str, Shape] = {
    "长流程联合钢铁": Shape("烧结", "钢铁", Pollutants(420, 900, 300, 40)),
    "短流程钢铁": Shape("电炉", "特钢", Pollutants(40, 160, 120, 10)),
    "铁合金": Shape("矿热炉", "合金", _FURNACE),
    "焦化": Shape("焦炉", "焦化", Pollutants(120, 420, 90, 60)),
    "石灰窑": Shape("石灰窑", "石灰", _KILN),
    "铸造": Shape("熔化", "铸造", Pollutants(6, 12, 25, 12), 4),
    "氧化铝": Shape("焙烧炉", "氧化铝", _FURNACE),
    "电解铝": Shape("电解槽", "铝业", Pollutants(150, 60, 80, 2)),
    "炭素": Shape("焙烧炉", "炭素", _FURNACE),
    "铜冶炼": Shape("熔炼炉", "铜业", _FURNACE),
    "铅锌冶炼": Shape("熔炼炉", "铅锌", _FURNACE),
    "再生铜铝铅锌": Shape("熔炼炉", "再生金属", Pollutants(30, 60, 25, 4)),
    "有色金属压延": Shape("加热炉", "铝材", Pollutants(8, 30, 8, 14), 3),
    "水泥": Shape("粉磨", "水泥", Pollutants(2, 6, 40, 0.5)),
    "砖瓦窑": Shape("隧道窑", "新型墙材", _KILN),
    "陶瓷": Shape("窑炉", "陶瓷", _KILN, 3),
    "耐火材料": Shape("隧道窑", "耐火材料", _KILN),
    "玻璃": Shape("熔窑", "玻璃", Pollutants(120, 380, 40, 4)),
    "防水建筑材料制造": Shape("改性沥青生产线", "防水材料", Pollutants(4, 8, 6, 24)),
    "炼油与石油化工": Shape("工艺加热炉", "石化", Pollutants(140, 300, 50, 260)),
    "煤制氮肥": Shape("造气", "化肥", Pollutants(110, 240, 60, 40)),
    "制药": Shape("合成车间", "药业", _CHEMICAL, 3),
    "农药制造": Shape("合成车间", "农化", _CHEMICAL, 3),
    "涂料制造": Shape("调漆", "涂料", Pollutants(1, 2, 6, 38), 4),
    "油墨制造": Shape("研磨", "油墨", Pollutants(1, 2, 3, 30), 4),
    "包装印刷": Shape("印刷", "包装印刷", Pollutants(0.5, 2, 1, 35), 4),
    "人造板制造": Shape("热压", "板业", Pollutants(4, 14, 22, 26), 3),
    "塑料人造革与合成革制造": Shape("涂覆", "合成革", Pollutants(3, 9, 5, 70), 3),
    "橡胶制品制造": Shape("硫化", "橡胶", Pollutants(2, 5, 9, 28), 6),
    "制鞋": Shape("刷胶", "鞋业", Pollutants(0.3, 1, 1, 22), 6),
    "家具制造": Shape("喷漆", "家具", _COATING, 4),
    "汽车整车制造": Shape("涂装", "汽车", Pollutants(6, 30, 14, 180)),
    "工程机械整机制造": Shape("涂装", "工程机械", Pollutants(2, 10, 12, 70)),
    "工业涂装": Shape("喷漆", "涂装", _COATING, 4),
}
CLINKER = Shape("熟料生产线", "水泥熟料", Pollutants(120, 860, 95, 5))
CEMENT_PARTS = ("水泥粉磨站", "水泥熟料")  # the guide's sub-types: without and with clinker
ROAD = Pollutants(0.2, 28, 1.4, 2.2)

# Industries that are in no guide: (name, GB/T 4754 class, shape).
OTHER_INDUSTRIES: tuple[tuple[str, str, Shape], ...] = (
    ("塑料制品", "2929", Shape("注塑", "塑料", Pollutants(0.2, 0.6, 1, 9), 6)),
    ("金属制品", "3311", Shape("焊接", "金属制品", Pollutants(0.3, 1, 5, 3), 6)),
    ("食品加工", "1411", Shape("天然气锅炉", "食品", Pollutants(0.8, 5, 0.8, 1))),
    ("纺织印染", "1713", Shape("定型", "纺织", Pollutants(1, 5, 3, 8), 4)),
    ("商品混凝土", "3021", Shape("搅拌", "混凝土", Pollutants(0.1, 0.5, 9, 0.1), 3)),
    ("木材加工", "2011", Shape("锯切", "木业", Pollutants(0.2, 0.6, 7, 2), 4)),
    ("机械加工", "3484", Shape("打磨", "机械", Pollutants(0.2, 0.6, 5, 2), 6)),
    ("石材加工", "3032", Shape("切割", "石材", Pollutants(0.1, 0.4, 8, 0.1), 6)),
)
HEATING = ("热力生产和供应", "4430", Shape("供热锅炉", "热力", Pollutants(14, 34, 5, 1)))
POWER = ("火力发电", "4411", Shape("燃煤机组", "发电", Pollutants(180, 320, 30, 4)))
# Industries whose enterprises are under guarantee for other reasons than heat: (name, class, shape, why, unit of the cap).
GUARANTEED: tuple[tuple[str, str, Shape, GuaranteeType, str], ...] = (
    ("环境治理业", "7724", Shape("焚烧炉", "环保能源", Pollutants(20, 60, 4, 2)), GuaranteeType.CITY_OPERATION, "t/d"),
    ("乳制品制造", "1440", Shape("天然气锅炉", "乳业", Pollutants(0.8, 5, 0.8, 1)), GuaranteeType.LIVELIHOOD, "t/d"),
    (
        "电子元件",
        "3982",
        Shape("镀膜", "电子", Pollutants(0.2, 1, 0.4, 6), 3),
        GuaranteeType.STRATEGIC_INDUSTRY,
        "件/d",
    ),
    (
        "商品混凝土",
        "3021",
        Shape("搅拌", "混凝土", Pollutants(0.1, 0.5, 9, 0.1), 3),
        GuaranteeType.MAJOR_PROJECT,
        "m3/d",
    ),
    ("屠宰及肉类加工", "1353", Shape("天然气锅炉", "冷链", Pollutants(0.6, 4, 0.6, 1)), GuaranteeType.OTHER, "t/d"),
)

# Weight of each key industry by the kind of city; industries that are not named weigh 1.
KEY_WEIGHTS: dict[str, dict[str, int]] = {
    "steel": {
        "长流程联合钢铁": 12,
        "短流程钢铁": 14,
        "焦化": 12,
        "石灰窑": 12,
        "铸造": 40,
        "水泥": 16,
        "铁合金": 6,
    },
    "building_materials": {"水泥": 24, "砖瓦窑": 24, "陶瓷": 24, "耐火材料": 24, "玻璃": 12, "石灰窑": 14},
    "chemical": {
        "制药": 30,
        "农药制造": 16,
        "涂料制造": 20,
        "炼油与石油化工": 8,
        "橡胶制品制造": 24,
        "煤制氮肥": 4,
    },
    "light": {"包装印刷": 40, "家具制造": 30, "工业涂装": 40, "汽车整车制造": 3, "制鞋": 8, "人造板制造": 10},
    "mixed": {
        "铸造": 14,
        "水泥": 10,
        "砖瓦窑": 10,
        "包装印刷": 18,
        "家具制造": 12,
        "工业涂装": 22,
        "制药": 8,
    },
}
# The kind of some cities of the demonstration; all others are mixed.
CITY_KINDS = {
    "110000": "light",
    "130200": "steel",
    "130100": "chemical",
    "130400": "steel",
    "410100": "building_materials",
}

STEMS = ("甲子", "乙丑", "丙寅", "丁卯", "戊辰", "己巳", "庚午", "辛未", "壬申", "癸酉", "甲戌", "乙亥")
