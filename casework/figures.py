"""Figures of ended cases: for supervisors by item, office and month; for everybody without anything that could point at somebody."""

import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field

from casework.access import territory
from casework.actors import ClerkActor
from casework.inquiries import require_supervisor
from casework.office import Office
from domain.clock import CHINA, day_in_china
from domain.errors import FieldError, InvalidInput, NotAllowed, Unavailable, UnknownServiceItem
from domain.figures import (
    OTHERS,
    TRIPS_DEFINITION,
    YUAN_A_TRIP,
    Counted,
    grades_told,
    joined_small,
    may_tell,
    may_tell_share,
    paper_trips,
)
from domain.ratings import GRADE_TEXT, Grade
from domain.text import Bilingual

MONTHS_SHOWN = 12
FRESH_SECONDS = 60.0
PUBLIC_FRESH_SECONDS = 600.0
P95_NEEDS = 20  # of fewer durations the 95th percentile is the longest, which is one person's
_ALL = Bilingual(zh="全部", en="All")
_OTHERS = Bilingual(zh="其他（合并）", en="Others (put together)")
_NO_PLACE = Bilingual(zh="未定辖区", en="No territory yet")


class Line(BaseModel):
    """One group of ended cases; what is None cannot be told, or is of no case."""

    key: str
    name: Bilingual
    ended: int
    completed: int
    refused: int
    void: int
    machine_share: float | None
    first_time_share: float | None
    median_hours: float | None
    p95_hours: float | None
    trips_saved: int
    yuan_saved: int


class Misleading(BaseModel):
    """A question or material that was sent back so often: where the form misleads."""

    service_item: str
    service_item_name: Bilingual
    target: str
    label: Bilingual
    times: int


class GradeLine(BaseModel):
    """How many gave which grade; `counts` by grade, 5 to 1."""

    key: str
    name: Bilingual
    counts: dict[int, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def satisfied_share(self) -> float | None:
        """Grades 3 to 5, as 满意率 is counted."""
        return sum(n for grade, n in self.counts.items() if grade >= Grade.FAIR) / self.total if self.total else None


class Figures(BaseModel):
    since: date
    until: date  # the last day
    all: Line
    items: list[Line]
    offices: list[Line]
    months: list[Line]
    misleading: list[Misleading]
    grades: GradeLine
    grades_by_item: list[GradeLine]
    grades_by_office: list[GradeLine]


class PublicLine(BaseModel):
    name: Bilingual
    ended: int = Field(description="Cases that ended")
    machine_approved: float | None = Field(description="Share of decided cases that the machine approved; null: too few to be told")
    complete_at_first: float | None = Field(description="Share of decided cases without a supplement; null: too few to be told")
    median_hours: float | None
    p95_hours: float | None
    trips_saved: int
    yuan_saved: int


class PublicFigures(BaseModel):
    """Of the whole installation and the last twelve months. Groups of fewer than five cases are put together with others."""

    as_of: datetime
    since: date
    until: date
    trips_definition: Bilingual
    yuan_a_trip: int = YUAN_A_TRIP
    all: PublicLine | None = Field(description="null: fewer than five cases have ended")
    items: list[PublicLine]
    months: list[PublicLine]
    grades: dict[Grade, int] | None = Field(description="How many gave which grade; null: too few to be told")


_kept: dict[tuple[Any, ...], tuple[float, Figures]] = {}
_public: dict[int, tuple[float, PublicFigures]] = {}


async def figures(office: Office, actor: ClerkActor, *, service_item: str = "", place: str = "", month: str = "") -> Figures:
    """Figures of the supervisor's territory, or of one station of it; of one month, or of the last twelve.

    Raises:
        NotAllowed: not a supervisor, or a place outside the territory. InvalidInput: no such month or item.
    """
    require_supervisor(actor)
    here = place or territory(actor)
    if not actor.scope.covers(here):
        raise NotAllowed()
    since, until = period(month, office.now())
    if service_item and service_item not in office.catalogue.codes():
        raise _invalid("item", Bilingual(zh="没有这个办事事项", en="There is no such service item"))
    key = (id(office), here, service_item, since)
    if key in _kept and time.monotonic() - _kept[key][0] < FRESH_SECONDS:
        return _kept[key][1]
    made = await _figures(office, since, until, place=here, service_item=service_item or None)
    if len(_kept) > 500:
        _kept.clear()
    _kept[key] = (time.monotonic(), made)
    return made


async def public_figures(office: Office) -> PublicFigures:
    """What everybody may know, made anew every ten minutes."""
    kept = _public.get(id(office))
    if kept is not None and time.monotonic() - kept[0] < PUBLIC_FRESH_SECONDS:
        return kept[1]
    try:
        made = await _public_figures(office)
    except Unavailable:  # counting took too long now: what was told before still holds, and says of when it is
        if kept is None:
            raise
        made = kept[1]
    _public[id(office)] = (time.monotonic(), made)
    return made


async def _public_figures(office: Office) -> PublicFigures:
    since, until = period("", office.now())
    counted = await office.figures.counted(since, until, _paper_trips(office), place=None, service_item=None)
    whole = counted["all"][0] if counted["all"] else Counted(key="")
    grades = {
        row["grade"]: row["n"]
        for row in await office.figures.grades(since, until, place=None, service_item=None)
        if row["grouped"] == "all"
    }
    told = grades_told(grades)
    return PublicFigures(
        as_of=office.now(),
        since=day_in_china(since),
        until=day_in_china(office.now()),
        trips_definition=TRIPS_DEFINITION,
        all=_public_line(_ALL, whole) if whole.ended and may_tell(whole.ended) else None,
        items=[_public_line(_item_name(office, row.key), row) for row in joined_small(counted["items"])],
        months=[_public_line(_month_name(row.key), row) for row in joined_small(counted["months"])],
        grades={grade: told.get(grade, 0) for grade in sorted(Grade, reverse=True)} if told else None,
    )


def period(month: str, now: datetime) -> tuple[datetime, datetime]:
    """The month `2026-11` in China, or the last twelve months up to now.

    Raises:
        InvalidInput: not a month.
    """
    today = day_in_china(now)
    if not month:
        return _midnight(date.fromisoformat(f"{months_to_choose(now)[-1]}-01")), _midnight(today + timedelta(days=1))
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise _invalid("month", Bilingual(zh="月份应为 2026-11 的形式", en="A month reads 2026-11")) from error
    return _midnight(first), _midnight(_next_month(first))


def months_to_choose(now: datetime) -> list[str]:
    """The last twelve months, the newest first."""
    first, months = day_in_china(now).replace(day=1), []
    for _ in range(MONTHS_SHOWN):
        months.append(f"{first:%Y-%m}")
        first = (first - timedelta(days=1)).replace(day=1)
    return months


def _next_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=CHINA)


def _invalid(path: str, text: Bilingual) -> InvalidInput:
    return InvalidInput(fields=[FieldError(path=f"/{path}", text=text)])


# --- making ----------------------------------------------------------------------------------------------------------


async def _figures(office: Office, since: datetime, until: datetime, *, place: str, service_item: str | None) -> Figures:
    counted = await office.figures.counted(since, until, _paper_trips(office), place=place, service_item=service_item)
    sent_back = await office.figures.supplements(since, until, place=place, service_item=service_item)
    grades = await office.figures.grades(since, until, place=place, service_item=service_item)
    whole = counted["all"][0] if counted["all"] else Counted(key="")
    return Figures(
        since=day_in_china(since),
        until=min(day_in_china(until - timedelta(seconds=1)), day_in_china(office.now())),
        all=_line(_ALL, whole),
        items=[_line(_item_name(office, row.key), row) for row in sorted(counted["items"], key=lambda row: -row.ended)],
        offices=[_line(_place_name(row.key), row) for row in sorted(counted["offices"], key=lambda row: -row.ended)],
        months=[_line(_month_name(row.key), row) for row in sorted(counted["months"], key=lambda row: row.key)],
        misleading=[_misleading(office, row) for row in sent_back],
        grades=_grades(grades, "all", lambda key: _ALL)[0] if grades else GradeLine(key="", name=_ALL, counts=_no_grades()),
        grades_by_item=_grades(grades, "items", lambda key: _item_name(office, key)),
        grades_by_office=_grades(grades, "offices", _place_name),
    )


def _paper_trips(office: Office) -> dict[str, int]:
    """By code, as the newest version has it."""

    def keeper_of(source: str) -> str | None:
        known = office.catalogue.sources.get(source)
        return known.keeper.zh if known is not None and known.group != "police" else None

    return {code: paper_trips(office.catalogue.versions(code)[-1], keeper_of) for code in office.catalogue.codes()}


def _line(name: Bilingual, row: Counted) -> Line:
    plain = row.model_dump(include={"key", "ended", "completed", "refused", "void", "median_hours", "p95_hours", "trips_saved"})
    return Line(**plain, name=name, machine_share=row.machine_share, first_time_share=row.first_time_share, yuan_saved=row.yuan_saved)


def _public_line(name: Bilingual, row: Counted) -> PublicLine:
    timed = row.completed + row.refused
    return PublicLine(
        name=_OTHERS if row.key == OTHERS else name,
        ended=row.ended,
        machine_approved=row.machine_share if may_tell_share(row.machine_approved, row.decided) else None,
        complete_at_first=row.first_time_share if may_tell_share(row.complete_at_first, row.decided) else None,
        median_hours=row.median_hours if timed and may_tell(timed) else None,
        p95_hours=row.p95_hours if timed >= P95_NEEDS else None,
        trips_saved=row.trips_saved,
        yuan_saved=row.yuan_saved,
    )


def _misleading(office: Office, row: Mapping[str, Any]) -> Misleading:
    return Misleading(
        service_item=row["service_item"],
        service_item_name=_item_name(office, row["service_item"]),
        target=row["target"],
        label=_label(office, row["service_item"], row["target"]),
        times=row["n"],
    )


def _label(office: Office, service_item: str, target: str) -> Bilingual:
    plain = Bilingual(zh=target, en=target)
    try:
        item = office.catalogue.get(service_item)
    except UnknownServiceItem:
        return plain
    kind, _, name = target.partition(".")
    if kind == "materials":
        return next((m.name for m in item.materials if m.code == name), plain)
    label = item.form.get("properties", {}).get(name, {}).get("x-label")
    return Bilingual.model_validate(label) if label else plain


def _no_grades() -> dict[int, int]:
    return {grade.value: 0 for grade in GRADE_TEXT}


def _grades(rows: Sequence[Mapping[str, Any]], grouped: str, name_of: Any) -> list[GradeLine]:
    lines: dict[str, GradeLine] = {}
    for row in rows:
        if row["grouped"] == grouped:
            line = lines.setdefault(row["key"], GradeLine(key=row["key"], name=name_of(row["key"]), counts=_no_grades()))
            line.counts[row["grade"]] = row["n"]
    return sorted(lines.values(), key=lambda line: -line.total)


def _item_name(office: Office, code: str) -> Bilingual:
    try:
        return office.catalogue.name_of(code)
    except UnknownServiceItem:
        return Bilingual(zh=code or "-", en=code or "-")


def _place_name(station: str) -> Bilingual:
    return Bilingual(zh=station, en=station) if station else _NO_PLACE


def _month_name(month: str) -> Bilingual:
    return (
        Bilingual(zh=f"{month[:4]}年{int(month[5:7])}月", en=f"{date.fromisoformat(month + '-01'):%B %Y}")
        if month[:4].isdigit()
        else _OTHERS
    )
