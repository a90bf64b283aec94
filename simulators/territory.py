"""The simulated territory: six counties of Wenzhou (GB/T 2260), their police stations and streets."""

from dataclasses import dataclass

CITY = "330300"
CITY_PREFIX = CITY[:4]


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

# Counties elsewhere: where people who moved in were first registered, and where those are who only live here.
_ELSEWHERE: tuple[tuple[str, str, str, str], ...] = (
    ("330106", "浙江省杭州市西湖区", "Xihu District, Hangzhou", "杭州市公安局西湖区分局"),
    ("330203", "浙江省宁波市海曙区", "Haishu District, Ningbo", "宁波市公安局海曙分局"),
    ("330402", "浙江省嘉兴市南湖区", "Nanhu District, Jiaxing", "嘉兴市公安局南湖区分局"),
    ("331002", "浙江省台州市椒江区", "Jiaojiang District, Taizhou", "台州市公安局椒江分局"),
    ("340104", "安徽省合肥市蜀山区", "Shushan District, Hefei", "合肥市公安局蜀山分局"),
    ("350102", "福建省福州市鼓楼区", "Gulou District, Fuzhou", "福州市公安局鼓楼分局"),
    ("360102", "江西省南昌市东湖区", "Donghu District, Nanchang", "南昌市公安局东湖分局"),
    ("361102", "江西省上饶市信州区", "Xinzhou District, Shangrao", "上饶市公安局信州分局"),
    ("410105", "河南省郑州市金水区", "Jinshui District, Zhengzhou", "郑州市公安局金水分局"),
    ("411002", "河南省许昌市魏都区", "Weidu District, Xuchang", "许昌市公安局魏都分局"),
    ("420106", "湖北省武汉市武昌区", "Wuchang District, Wuhan", "武汉市公安局武昌区分局"),
    ("430102", "湖南省长沙市芙蓉区", "Furong District, Changsha", "长沙市公安局芙蓉分局"),
    ("440305", "广东省深圳市南山区", "Nanshan District, Shenzhen", "深圳市公安局南山分局"),
    ("450103", "广西壮族自治区南宁市青秀区", "Qingxiu District, Nanning", "南宁市公安局青秀分局"),
    ("500103", "重庆市渝中区", "Yuzhong District, Chongqing", "重庆市公安局渝中区分局"),
    ("510104", "四川省成都市锦江区", "Jinjiang District, Chengdu", "成都市公安局锦江区分局"),
    ("520102", "贵州省贵阳市南明区", "Nanming District, Guiyang", "贵阳市公安局南明分局"),
    ("530102", "云南省昆明市五华区", "Wuhua District, Kunming", "昆明市公安局五华分局"),
    ("610113", "陕西省西安市雁塔区", "Yanta District, Xi'an", "西安市公安局雁塔分局"),
    ("310115", "上海市浦东新区", "Pudong New Area, Shanghai", "上海市公安局浦东分局"),
    ("320102", "江苏省南京市玄武区", "Xuanwu District, Nanjing", "南京市公安局玄武分局"),
    ("110105", "北京市朝阳区", "Chaoyang District, Beijing", "北京市公安局朝阳分局"),
)
ELSEWHERE: tuple[str, ...] = tuple(code for code, *_ in _ELSEWHERE)
OUTSIDE_STATIONS: tuple[Station, ...] = tuple(
    Station(f"{code}510000", f"{bureau}中心派出所", f"Central Police Station, {en}", "", ("人民路", "中山路", "解放路", "建设路"))
    for code, _, en, bureau in _ELSEWHERE
)
ANY_STATION: dict[str, Station] = STATION | {station.code: station for station in OUTSIDE_STATIONS}
DIVISION_NAMES: dict[str, str] = {code: zh for code, zh, _, _ in _ELSEWHERE} | {
    county.code: f"浙江省温州市{county.name_zh}" for county in COUNTIES
}
BUREAUS: dict[str, str] = {code: bureau for code, _, _, bureau in _ELSEWHERE} | {county.code: county.bureau_zh for county in COUNTIES}


def street_address(station: Station, road: str, number: int) -> str:
    """The part of an address that names a building: province, city, county, town, road and number."""
    return f"{DIVISION_NAMES[station.division]}{station.town_zh}{road}{number}号"
