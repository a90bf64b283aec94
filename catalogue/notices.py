"""Tables of public notices, drawn from the catalogue as it stands."""

from collections.abc import Callable, Iterable, Mapping

from catalogue.guide_models import NoticeRow, NoticeTable
from catalogue.wording import DELIVERY_NAMES, TRIPS_NAMES, fee_in_words, joined, working_days
from domain.service_item import Delivery, Material, MaterialSource, ServiceItem
from domain.source import Source
from domain.text import Bilingual

_NONE = Bilingual(zh="无", en="None")
_ITEM = Bilingual(zh="事项", en="Service item")
Cells = Callable[[ServiceItem], list[Bilingual]]


def notice_table(kind: str, items: Iterable[ServiceItem], sources: Mapping[str, Source]) -> NoticeTable:
    """`kind` is trips, materials, limits, registries or fees; only items that one can apply for are in it."""
    applied_for = [item for item in items if item.can_be_applied_for]
    if kind == "registries":
        return _registries(applied_for, sources)
    columns, cells = _TABLES[kind]
    return NoticeTable(columns=[_ITEM, *columns], rows=[NoticeRow(code=item.code, cells=[item.name, *cells(item)]) for item in applied_for])


def _trips(item: ServiceItem) -> list[Bilingual]:
    return [TRIPS_NAMES[item.trips], joined([DELIVERY_NAMES[way] for way in item.delivery]) if item.delivery else _NONE]


def _materials(item: ServiceItem) -> list[Bilingual]:
    spared = [material for material in item.materials if material.source is MaterialSource.REGISTRY]
    handed_in = {material.code: material for material in (*item.uploads, *item.originals)}
    return [_names(list(handed_in.values())), _names(spared)]


def _names(materials: list[Material]) -> Bilingual:
    return joined([material.name for material in materials]) if materials else _NONE


def _limits(item: ServiceItem) -> list[Bilingual]:
    days = working_days(item)
    if not item.steps:
        people = _NONE
    elif item.machine_may_approve:
        people = Bilingual(zh=f"转人工的 {days} 个工作日", en=f"{days} working days, only where an officer looks")
    else:
        people = Bilingual(zh=f"{days} 个工作日", en=f"{days} working days")
    window = Bilingual(zh=f"{item.window_days} 天", en=f"{item.window_days} days") if Delivery.COUNTER in item.delivery else _NONE
    return [item.minutes, people, window]


def _fees(item: ServiceItem) -> list[Bilingual]:
    return [fee_in_words(item.fee), item.fee.basis or _NONE]


_TABLES: dict[str, tuple[list[Bilingual], Cells]] = {
    "trips": ([Bilingual(zh="跑动次数", en="Visits"), Bilingual(zh="领取方式", en="How you receive it")], _trips),
    "materials": (
        [Bilingual(zh="需要您提供", en="You provide"), Bilingual(zh="不用提供，由我们查询", en="Not needed: we ask a registry")],
        _materials,
    ),
    "limits": (
        [
            Bilingual(zh="大约用时", en="Usually takes"),
            Bilingual(zh="人工审批时限", en="Limit for officers"),
            Bilingual(zh="到窗口的期限", en="Days to come to the counter"),
        ],
        _limits,
    ),
    "fees": ([Bilingual(zh="收费", en="Fee"), Bilingual(zh="说明", en="Ground")], _fees),
}


def _registries(items: list[ServiceItem], sources: Mapping[str, Source]) -> NoticeTable:
    asking: dict[str, int] = {}
    for item in items:
        for source in {request.source for request in item.evidence} | {fill.source for fill in item.prefill}:
            asking[source] = asking.get(source, 0) + 1
    known = sorted((source for source in asking if source in sources), key=lambda source: (-asking[source], source))
    rows = [
        NoticeRow(
            code=None,
            cells=[
                sources[source].name,
                sources[source].keeper,
                Bilingual(zh=f"{asking[source]} 个事项", en=f"{asking[source]} service item{'' if asking[source] == 1 else 's'}"),
            ],
        )
        for source in known
    ]
    columns = [
        Bilingual(zh="数据源", en="Registry"),
        Bilingual(zh="主管部门", en="Kept by"),
        Bilingual(zh="用于", en="Asked by"),
    ]
    return NoticeTable(columns=columns, rows=rows)
