"""Corrections of the working-day calendar, the hours that counters keep, and which cases a correction has still to reach."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.database.acts import CALENDAR, enter_act
from adapters.database.engine import Database
from adapters.database.tables import applications, calendar_days, office_hours, state_keys, work_items
from domain.appointments import Hours
from domain.calendar import EVERYWHERE, UNTOLD, Correction, Untold
from domain.clock import CHINA
from domain.text import Bilingual


class CalendarStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    # --- corrections ---------------------------------------------------------------------------------------------

    async def all(self) -> list[Correction]:
        async with self._db.statement() as connection:
            rows = (await connection.execute(select(calendar_days))).all()
        return [Correction(day=row.day, county=row.county, working=row.working, name=Bilingual.model_validate(row.name)) for row in rows]

    async def correct(self, correction: Correction, by: str, at: datetime, serial: str) -> None:
        """Keep a correction, and that running cases are still to be told."""
        row = correction.model_dump(mode="python") | {"name": correction.name.model_dump(), "set_by": by, "set_at": at}
        async with self._db.transaction() as connection:
            await connection.execute(insert(calendar_days).values(**row).on_conflict_do_update(index_elements=["day", "county"], set_=row))
            await connection.execute(_remember(correction.county, correction.day, at, serial))
            said = correction.model_dump(mode="json")
            await enter_act(connection, CALENDAR, "calendar_corrected", by, said)

    async def take_back(self, county: str, day: date, by: str, at: datetime, serial: str) -> bool:
        """Drop a correction; False when there is none."""
        async with self._db.transaction() as connection:
            gone = await connection.execute(
                delete(calendar_days).where(calendar_days.c.county == county, calendar_days.c.day == day).returning(calendar_days.c.day)
            )
            if gone.first() is None:
                return False
            await connection.execute(_remember(county, day, at, serial))
            await enter_act(connection, CALENDAR, "correction_taken_back", by, {"county": county, "day": day.isoformat()})
        return True

    # --- telling running cases -----------------------------------------------------------------------------------

    async def untold(self) -> list[Untold]:
        """Corrections whose cases are not all told, the oldest first."""
        async with self._db.statement() as connection:
            values = (await connection.execute(select(state_keys.c.value).where(state_keys.c.key.startswith(UNTOLD)))).scalars()
            return sorted((Untold.model_validate_json(value) for value in values), key=lambda untold: untold.corrected_at)

    async def cases_reaching(self, untold: Untold, limit: int) -> list[UUID]:
        """Running cases of the territory with a limit that ends on that day or later, after `untold.after`, in order of their ids."""
        begins = datetime.combine(untold.day, time(), CHINA)
        runs = exists(
            select(work_items.c.id).where(
                work_items.c.application_id == applications.c.id,
                work_items.c.status.in_(("open", "claimed")),
                work_items.c.clock.is_not(None),
                work_items.c.due_at >= begins,
            )
        )
        query = select(applications.c.id).where(
            applications.c.ended_at.is_(None),
            or_(applications.c.promised_due_at >= begins, applications.c.legal_due_at >= begins, runs),
        )
        if untold.county != EVERYWHERE:
            query = query.where(func.left(applications.c.station, 6) == untold.county)
        if untold.after is not None:
            query = query.where(applications.c.id > untold.after)
        async with self._db.statement() as connection:
            return list((await connection.execute(query.order_by(applications.c.id).limit(limit))).scalars())

    async def note_told(self, untold: Untold, last: UUID) -> Untold:
        """Go on after this case, also after a restart."""
        further = untold.model_copy(update={"after": last})
        async with self._db.statement() as connection:
            await connection.execute(
                update(state_keys)
                .where(state_keys.c.key == untold.key, state_keys.c.value == untold.model_dump_json())
                .values(value=further.model_dump_json())
            )
        return further

    async def all_told(self, untold: Untold) -> None:
        """Unless the day was corrected again meanwhile."""
        async with self._db.statement() as connection:
            await connection.execute(
                delete(state_keys).where(state_keys.c.key == untold.key, state_keys.c.value == untold.model_dump_json())
            )

    # --- office hours --------------------------------------------------------------------------------------------

    async def hours(self, station: str) -> list[Hours]:
        """As this station keeps them; empty where it keeps the default."""
        query = select(office_hours).where(office_hours.c.station == station).order_by(office_hours.c.weekday, office_hours.c.opens)
        async with self._db.statement() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Hours(weekday=row.weekday, opens=row.opens, closes=row.closes, slot_minutes=row.slot_minutes, seats=row.seats) for row in rows
        ]

    async def set_hours(self, station: str, hours: Sequence[Hours], by: str) -> None:
        """Replace them all; none at all goes back to the default. Idempotent."""
        rows: list[dict[str, Any]] = [{"station": station, **opening.model_dump(mode="python")} for opening in hours]
        async with self._db.transaction() as connection:
            await connection.execute(delete(office_hours).where(office_hours.c.station == station))
            if rows:
                await connection.execute(insert(office_hours), rows)
            await enter_act(connection, CALENDAR, "office_hours_set", by, {"station": station, "openings": len(rows)})

    async def stations_with_hours(self) -> list[str]:
        async with self._db.statement() as connection:
            return list((await connection.execute(select(office_hours.c.station).distinct().order_by(office_hours.c.station))).scalars())


def _remember(county: str, day: date, at: datetime, serial: str) -> Any:
    untold = Untold(county=county, day=day, serial=serial, corrected_at=at)
    value = untold.model_dump_json()
    return insert(state_keys).values(key=untold.key, value=value).on_conflict_do_update(index_elements=["key"], set_={"value": value})
