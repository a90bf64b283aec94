"""Parcels as offices read them: where each is, the newest first."""

from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from adapters.database.engine import Database
from adapters.database.tables import applications, parcels
from domain.errors import NotFound

Record = dict[str, Any]


class ParcelStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def parcels_of(self, territories: list[str], *, limit: int) -> list[Record]:
        """Of cases in these territories (6 or 12 digits): tracking number, state, when, and the case's numbers."""
        inside = or_(*(applications.c.station.startswith(place, autoescape=True) for place in territories))
        query = (
            select(
                parcels.c.tracking_number,
                parcels.c.state,
                parcels.c.at,
                parcels.c.ordered_at,
                parcels.c.application_id,
                applications.c.acceptance_number,
                applications.c.service_item,
            )
            .join(applications, applications.c.id == parcels.c.application_id)
            .where(inside)
            .order_by(parcels.c.ordered_at.desc(), parcels.c.order_id)
            .limit(limit)
        )
        async with self._db.statement() as connection:
            return [dict(row._mapping) for row in (await connection.execute(query)).all()]

    async def case_of(self, tracking_number: str) -> UUID:
        """Whose parcel it is.

        Raises:
            NotFound: no parcel has this number.
        """
        query = select(parcels.c.application_id).where(parcels.c.tracking_number == tracking_number)
        async with self._db.statement() as connection:
            found = (await connection.execute(query)).scalar_one_or_none()
        if found is None:
            raise NotFound()
        return UUID(str(found))
