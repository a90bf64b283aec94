"""Figures counted by the real database, against cases whose every number is known."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, update

from adapters.database import tables
from adapters.database.figures import FigureStore
from casework.figures import period
from domain.changes import SupplementRequest
from domain.figures import Counted
from domain.ids import new_id
from tests.filing import Cabinet, some_station

pytestmark = pytest.mark.stack
PAPER = {"library-card": 3}
END = datetime(2026, 5, 20, 4, tzinfo=UTC)


@pytest.fixture
def figures(cabinet: Cabinet) -> FigureStore:
    return FigureStore(cabinet.wiring.database)


async def ended(cabinet: Cabinet, station: str, status: str, *, hours: float = 1, at: datetime = END, **columns: Any) -> UUID:
    case = await cabinet.case(station)
    change = update(tables.applications).where(tables.applications.c.id == case)
    values = {"status": status, "outcome": "approved", "ended_at": at, "opened_at": at - timedelta(hours=hours)}
    async with cabinet.wiring.database.transaction() as connection:
        await connection.execute(change.values(**values | columns))
    return case


async def visit(cabinet: Cabinet, case: UUID) -> None:
    row = {"id": new_id(), "application_id": case, "station": some_station(), "clerk_id": "c", "how": "qr", "at": END - timedelta(hours=1)}
    async with cabinet.wiring.database.transaction() as connection:
        await connection.execute(insert(tables.counter_visits).values(**row))


async def counted(figures: FigureStore, place: str, month: str = "2026-05", item: str | None = None) -> dict[str, list[Counted]]:
    since, until = period(month, END)
    return await figures.counted(since, until, PAPER, place=place, service_item=item)


async def test_cases_are_counted_by_what_became_of_them(cabinet: Cabinet, figures: FigureStore) -> None:
    here = some_station()
    await ended(cabinet, here, "completed", hours=1)
    await ended(cabinet, here, "completed", hours=2, supplement_round=1, person_decision_box=b"x")
    await ended(cabinet, here, "refused", hours=9, outcome="refused", person_decision_box=b"x")
    await ended(cabinet, here, "void", hours=99)
    await ended(cabinet, here, "withdrawn", hours=500)
    (row,) = (await counted(figures, here))["all"]
    assert (row.ended, row.completed, row.refused, row.void, row.decided) == (5, 2, 1, 1, 4)
    assert row.machine_share == 2 / 4 and row.first_time_share == 3 / 4
    assert row.median_hours == 2 and row.p95_hours == pytest.approx(8.3)


async def test_a_trip_saved_is_one_that_the_paper_way_needed_and_the_case_did_not(cabinet: Cabinet, figures: FigureStore) -> None:
    here = some_station()
    await ended(cabinet, here, "completed")  # three saved
    once, often = await ended(cabinet, here, "completed"), await ended(cabinet, here, "completed")
    await visit(cabinet, once)  # two saved
    for _ in range(4):
        await visit(cabinet, often)  # none, and none lost
    worked = await ended(cabinet, here, "completed")  # a counter worked on it, though nobody checked in: two saved
    row = {"id": new_id(), "application_id": worked, "kind": "counter_check", "role": "counter", "jurisdiction": here, "name": {}}
    more = {"status": "completed", "due_at": END, "opened_at": END, "findings": {}, "outcome": "match"}
    async with cabinet.wiring.database.transaction() as connection:
        await connection.execute(insert(tables.work_items).values(**row, **more))
    await ended(cabinet, here, "refused")
    (total,) = (await counted(figures, here))["all"]
    assert total.trips_saved == 3 + 2 + 0 + 2
    assert total.yuan_saved == 350


async def test_months_end_in_china_and_places_are_kept_apart(cabinet: Cabinet, figures: FigureStore) -> None:
    here, next_door = some_station(), some_station()
    last_moment = datetime(2026, 5, 31, 15, 59, tzinfo=UTC)
    await ended(cabinet, here, "completed", at=last_moment)
    await ended(cabinet, here, "completed", at=last_moment + timedelta(minutes=1))
    await ended(cabinet, next_door, "completed")
    assert [row.ended for row in (await counted(figures, here, "2026-05"))["all"]] == [1]
    assert [row.ended for row in (await counted(figures, here, "2026-06"))["all"]] == [1]
    year = await figures.counted(*period("", datetime(2026, 6, 15, tzinfo=UTC)), PAPER, place=here, service_item=None)
    assert [(row.key, row.ended) for row in year["months"]] == [("2026-05", 1), ("2026-06", 1)]
    assert [row.key for row in year["offices"]] == [here]
    assert [row.ended for row in (await counted(figures, here[:6]))["offices"] if row.key == here] == [1]


async def test_an_item_is_counted_alone_and_nothing_gives_zeros(cabinet: Cabinet, figures: FigureStore) -> None:
    here = some_station()
    await ended(cabinet, here, "completed")
    assert [row.key for row in (await counted(figures, here, item="library-card"))["items"]] == ["library-card"]
    (nothing,) = (await counted(figures, here, item="another"))["all"]
    assert (nothing.ended, nothing.machine_share, nothing.median_hours) == (0, None, None)


async def test_what_was_sent_back_is_counted_by_question_and_material(cabinet: Cabinet, figures: FigureStore) -> None:
    here = some_station()
    for marked in (["answers.genre", "materials.photo"], ["answers.genre"]):
        case = await cabinet.case(here)
        requests = [SupplementRequest(target=target, reason="写明") for target in marked]
        await cabinet.apply(case, "supplement_asked", supplement=requests, supplement_until=datetime.now(UTC))
    since, until = period("", datetime.now(UTC))
    rows = await figures.supplements(since, until, place=here, service_item=None)
    assert [(row["target"], row["n"]) for row in rows] == [("answers.genre", 2), ("materials.photo", 1)]


async def test_grades_are_counted_by_item_and_office(cabinet: Cabinet, figures: FigureStore) -> None:
    here = some_station()
    for grade in (5, 5, 1):
        case = await ended(cabinet, here, "completed")
        async with cabinet.wiring.database.transaction() as connection:
            await connection.execute(insert(tables.ratings).values(application_id=case, grade=grade, reasons=[], at=END))
    rows = await figures.grades(*period("2026-05", END), place=here, service_item=None)
    assert {(r["grouped"], r["key"], r["grade"], r["n"]) for r in rows} == {
        (group, key, grade, n)
        for group, key in (("all", ""), ("items", "library-card"), ("offices", here))
        for grade, n in ((5, 2), (1, 1))
    }
