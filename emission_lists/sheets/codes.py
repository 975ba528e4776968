"""Code lists of the further sheets: what a drop-down shows, and the code that is kept.

Fuel and stage codes are those of a public gate-platform client (domain notes 4.3, K80); plate colours, vehicle classes
and site types are common words without a document [choice].
"""

from __future__ import annotations

from emission_lists.lists import GuaranteeType
from emission_lists.measures import VehicleRule

FUELS = {
    "汽油": "A",
    "柴油": "B",
    "电": "C",
    "混合油": "D",
    "天然气": "E",
    "液化石油气": "F",
    "甲醇": "L",
    "乙醇": "M",
    "太阳能": "N",
    "混合动力": "O",
    "氢": "P",
    "生物燃料": "Q",
    "无": "Y",
    "其他": "Z",
}
STAGES = {
    "国零": "0",
    "国一": "1",
    "国二": "2",
    "国三": "3",
    "国四": "4",
    "国五": "5",
    "国六": "6",
    "国七": "7",
    "电动": "D",
    "无排放阶段": "X",
}
NON_ROAD_STAGES = {name: code for name, code in STAGES.items() if code not in ("5", "6", "7")}
VEHICLE_CLASSES = {
    "重型货车": "heavy_truck",
    "中型货车": "medium_truck",
    "轻型货车": "light_truck",
    "微型货车": "mini_truck",
    "大型客车": "large_coach",
    "中型客车": "medium_coach",
    "小型客车": "small_car",
    "微型客车": "mini_car",
    "公交车": "bus",
    "出租车": "taxi",
    "低速货车": "low_speed_truck",
    "摩托车": "motorcycle",
    "专项作业车": "special",
    "其他": "other",
}
PLATE_COLOURS = {"蓝": "blue", "黄": "yellow", "绿": "green", "黄绿": "yellow_green", "白": "white", "黑": "black"}
SITE_TYPES = {
    "房屋建筑": "building",
    "拆除": "demolition",
    "道路": "road",
    "市政": "municipal",
    "轨道交通": "railway",
    "水利": "water",
    "园林绿化": "greening",
    "堆场": "stockyard",
    "裸地": "bare_ground",
    "其他": "other",
}
SITE_STAGES = {
    "土石方": "earthworks",
    "地基基础": "foundation",
    "主体结构": "structure",
    "装饰装修": "fitting",
    "停工": "idle",
    "其他": "other",
}
SITE_MEASURES = {
    "停止土石方和拆除作业": "stop_earthworks",
    "停止室外施工": "stop_outdoor",
    "停工": "stop",
    "加强抑尘": "suppress",
    "不采取措施": "none",
    "未确定": "unknown",
}
MACHINES = {
    "挖掘机": "excavator",
    "装载机": "loader",
    "推土机": "bulldozer",
    "压路机": "roller",
    "摊铺机": "paver",
    "平地机": "grader",
    "叉车": "forklift",
    "起重机": "crane",
    "桩工机械": "piling",
    "发电机组": "generator",
    "农业机械": "farm",
    "船舶": "vessel",
    "厂内机车": "locomotive",
    "其他": "other",
}
MACHINE_MEASURES = {"停用": "stop", "不采取措施": "none", "未确定": "unknown"}
ROAD_MEASURES = {**{rule.zh: rule.value for rule in VehicleRule}, "不采取措施": "none", "未确定": "unknown"}
SUBJECTS = {"企业": "enterprise", "重点工程": "project", "车辆": "vehicle"}
GUARANTEE_TYPES = {kind.zh: kind.value for kind in GuaranteeType}
LOAD_BASES = {"以热定产": "heat_supply", "以量定产": "ordered_quantity", "其他": "other"}
SOURCES = {
    "工业": "industry",
    "其中：电厂": "power_plant",
    "其中：供热锅炉": "heating_boiler",
    "其中：小微涉气": "small_micro",
    "其中：厂区公路运输": "plant_transport",
    "扬尘": "dust",
    "道路移动源": "road_mobile",
    "非道路移动机械": "non_road",
    "生活及其他": "domestic",
    "全社会": "whole_society",
}
ITEMS = {"现状排放": "base", "黄色减排": "yellow", "橙色减排": "orange", "红色减排": "red"}
