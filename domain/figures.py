"""Figures of ended cases: what is counted, what a trip saved is, and what may be told to everybody."""

from collections.abc import Callable, Mapping, Sequence

from pydantic import BaseModel

from domain.service_item import MaterialSource, ServiceItem
from domain.text import Bilingual

YUAN_A_TRIP = 50
SMALLEST_TOLD = 5  # a smaller number could point at somebody
OTHERS = "others"

TRIPS_DEFINITION = Bilingual(
    zh=(
        "纸质办理需要的趟数按目录计算：递交一趟、领取一趟；每有一个公安以外的部门，其出具的必需材料改由系统查询，再加一趟。"
        "查询类事项没有领取，只算递交一趟。节省的趟数 = 纸质办理需要的趟数 − 本件实际到窗口的次数（不小于零），只统计办结的办件。"
    ),
    en=(
        "The trips that the paper way needs follow from the catalogue: one to hand in and one to collect, and one more for every "
        "authority outside the police whose required paper is now asked of its registry. An item of kind query has nothing to collect, "
        "so it counts one. Trips saved are those trips less the visits to a counter that the case really took, never below zero, of "
        "completed cases alone."
    ),
)


def paper_trips(item: ServiceItem, keeper_of: Callable[[str], str | None]) -> int:
    """The trips that the paper way needs; `keeper_of` names the authority outside the police that keeps a source, else None."""
    outside = set()
    for material in item.materials:
        if material.source is not MaterialSource.REGISTRY or not material.required or material.replaced_by is None:
            continue
        wanted = item.evidence_for(material.replaced_by)
        if wanted is not None and (keeper := keeper_of(wanted.source)) is not None:
            outside.add(keeper)
    return (1 if item.kind.value == "query" else 2) + len(outside)


class Counted(BaseModel):
    """Ended cases of one group. `key`: a service item's code, a station, a month `2026-11`, or nothing for all."""

    key: str
    ended: int = 0
    completed: int = 0
    refused: int = 0
    void: int = 0
    machine_approved: int = 0
    complete_at_first: int = 0  # decided without a supplement
    trips_saved: int = 0
    median_hours: float | None = None  # from opening to the end, of completed and refused cases
    p95_hours: float | None = None

    @property
    def decided(self) -> int:
        return self.completed + self.refused + self.void

    @property
    def yuan_saved(self) -> int:
        return self.trips_saved * YUAN_A_TRIP

    @property
    def machine_share(self) -> float | None:
        return _share(self.machine_approved, self.decided)

    @property
    def first_time_share(self) -> float | None:
        return _share(self.complete_at_first, self.decided)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def may_tell(n: int) -> bool:
    return n == 0 or n >= SMALLEST_TOLD


def may_tell_share(part: int, whole: int) -> bool:
    """A share tells its part and its rest to whoever knows the whole."""
    return may_tell(part) and may_tell(whole - part)


def joined_small(rows: Sequence[Counted]) -> list[Counted]:
    """Groups too small to be told are put together, with the next larger one where that is still too small.

    So nobody finds a small group by taking the others from the whole. Durations of groups that were put together are left out.
    """
    by_size = sorted(rows, key=lambda row: (row.ended, row.key))
    small = [row for row in by_size if row.ended < SMALLEST_TOLD]
    rest = [row for row in by_size if row.ended >= SMALLEST_TOLD]
    while small and sum(row.ended for row in small) < SMALLEST_TOLD and rest:
        small.append(rest.pop(0))
    if not small:
        return list(rows)
    kept = {row.key for row in rest}
    told = [row for row in rows if row.key in kept]
    others = added(small)
    return [*told, others] if others.ended >= SMALLEST_TOLD else told


def added(rows: Sequence[Counted]) -> Counted:
    names = ("ended", "completed", "refused", "void", "machine_approved", "complete_at_first", "trips_saved")
    return Counted(key=OTHERS, **{name: sum(getattr(row, name) for row in rows) for name in names})


def grades_told(counts: Mapping[int, int]) -> Mapping[int, int] | None:
    """The distribution of grades, if no grade's number is too small to be told."""
    return counts if counts and all(may_tell(n) for n in counts.values()) else None
