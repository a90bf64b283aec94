"""The simulated territory: six counties of Wenzhou (GB/T 2260), their police stations and streets."""

from dataclasses import dataclass

CITY = "330300"


@dataclass(frozen=True, slots=True)
class Station:
    """A police station; `code` is the county's six digits and six more."""

    code: str
    name_zh: str
    name_en: str
    town_zh: str
    roads: tuple[str, ...]

    @property
    def division(self) -> str:
        return self.code[:6]


@dataclass(frozen=True, slots=True)
class County:
    """A county-level division; `weight` is its share of the people."""

    code: str
    name_zh: str
    name_en: str
    bureau_zh: str
    weight: float
    stations: tuple[Station, ...]


def _county(code: str, zh: str, en: str, bureau: str, weight: float, *stations: tuple[str, str, str, tuple[str, ...]]) -> County:
    return County(
        code=code,
        name_zh=zh,
        name_en=en,
        bureau_zh=bureau,
        weight=weight,
        stations=tuple(
            Station(f"{code}{51 + n}0000", f"{bureau}{name}派出所", f"{name_en} Police Station, {en}", town, roads)
            for n, (name, name_en, town, roads) in enumerate(stations)
        ),
    )


COUNTIES: tuple[County, ...] = (
    _county(
        "330302",
        "鹿城区",
        "Lucheng District",
        "温州市公安局鹿城区分局",
        0.26,
        ("五马", "Wuma", "五马街道", ("公园路", "解放街", "人民西路", "信河街")),
        ("南汇", "Nanhui", "南汇街道", ("锦绣路", "惠民路", "府东路", "市府路")),
        ("双屿", "Shuangyu", "双屿街道", ("鹿城路", "嵇师路", "牛岭路")),
    ),
    _county(
        "330303",
        "龙湾区",
        "Longwan District",
        "温州市公安局龙湾区分局",
        0.16,
        ("永中", "Yongzhong", "永中街道", ("永宁西路", "永中路", "龙兴路")),
        ("蒲州", "Puzhou", "蒲州街道", ("蒲江路", "雁荡东路", "上江路")),
    ),
    _county(
        "330304",
        "瓯海区",
        "Ouhai District",
        "温州市公安局瓯海区分局",
        0.20,
        ("梧田", "Wutian", "梧田街道", ("南湖路", "温瑞大道", "蟠凤路")),
        ("茶山", "Chashan", "茶山街道", ("学府北路", "梅泉大街", "中心路")),
        ("娄桥", "Louqiao", "娄桥街道", ("娄桥大道", "商汇路", "古岸东路")),
    ),
    _county(
        "330305",
        "洞头区",
        "Dongtou District",
        "温州市公安局洞头区分局",
        0.06,
        ("北岙", "Beiao", "北岙街道", ("中心街", "新城大道", "人民路")),
        ("大门", "Damen", "大门镇", ("营盘路", "大门路")),
    ),
    _county(
        "330324",
        "永嘉县",
        "Yongjia County",
        "永嘉县公安局",
        0.14,
        ("上塘", "Shangtang", "北城街道", ("县前路", "环城西路", "永建路")),
        ("瓯北", "Oubei", "江北街道", ("阳光大道", "双塔路", "罗浮大街")),
    ),
    _county(
        "330381",
        "瑞安市",
        "Rui'an City",
        "瑞安市公安局",
        0.18,
        ("安阳", "Anyang", "安阳街道", ("万松路", "安阳路", "瑞祥大道")),
        ("塘下", "Tangxia", "塘下镇", ("塘下大道", "新华路", "广场路")),
    ),
)

COUNTY: dict[str, County] = {county.code: county for county in COUNTIES}
STATIONS: tuple[Station, ...] = tuple(station for county in COUNTIES for station in county.stations)
STATION: dict[str, Station] = {station.code: station for station in STATIONS}

# Counties where people who moved in were first registered; all stand in today's GB/T 2260.
ELSEWHERE: tuple[str, ...] = (
    "330106",
    "330203",
    "330402",
    "331002",
    "340104",
    "350102",
    "360102",
    "361102",
    "410105",
    "411002",
    "420106",
    "430102",
    "440305",
    "450103",
    "500103",
    "510104",
    "520102",
    "530102",
    "610113",
    "310115",
    "320102",
    "110105",
)


def street_address(station: Station, road: str, number: int) -> str:
    """The part of an address that names a building: province, city, county, town, road and number."""
    county = COUNTY[station.division]
    return f"浙江省温州市{county.name_zh}{station.town_zh}{road}{number}号"
