"""Ratings of ended cases: one a case, its comment sealed; a bad one opens an inquiry in the same transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from adapters.database.engine import Database
from adapters.database.inquiries import open_inquiry
from adapters.database.said import append_event
from adapters.database.tables import applications, ratings
from domain.errors import NotFound, WrongState
from domain.inquiries import Pattern
from domain.ratings import NewRating
from domain.text import Bilingual

_RATED = Bilingual(zh="已评价本次办理", en="The service was rated")
ALREADY = Bilingual(zh="本办件已经评价过，每件只能评价一次。", en="This case has been rated already. Each case is rated once.")
NOT_YET = Bilingual(zh="办件办结后才能评价。", en="A case can be rated once it has ended.")


class RatingStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def rate(
        self, application_id: UUID, rating: NewRating, at: datetime, *, by: str, default_county: str, inquiry_due_at: datetime
    ) -> None:
        """Keep the rating with its event, and open an inquiry if it is bad.

        Raises:
            NotFound: no such case. WrongState: it has not ended, or was rated before.
        """
        async with self._db.transaction() as connection:
            case = (
                await connection.execute(select(applications.c.ended_at, applications.c.station).where(applications.c.id == application_id))
            ).first()
            if case is None:
                raise NotFound()
            if case.ended_at is None:
                raise WrongState(NOT_YET)
            comment = self._db.seal(rating.comment, "ratings.comment", application_id) if rating.comment else None
            kept = await connection.execute(
                insert(ratings)
                .values(
                    application_id=application_id,
                    grade=rating.grade.value,
                    reasons=[reason.value for reason in rating.reasons],
                    comment_box=comment,
                    at=at,
                )
                .on_conflict_do_nothing(index_elements=["application_id"])
                .returning(ratings.c.application_id)
            )
            if kept.first() is None:
                raise WrongState(ALREADY)
            data = {"grade": rating.grade.value}
            await append_event(connection, application_id, "rated", "rated", by, at, text=_RATED, data=data)
            if rating.grade.opens_inquiry:
                await open_inquiry(
                    connection,
                    key=f"{Pattern.BAD_RATING}:{application_id}",
                    pattern=Pattern.BAD_RATING,
                    application_id=application_id,
                    clerk_id=None,
                    county=case.station[:6] if case.station else default_county,
                    station=case.station,
                    facts={"grade": rating.grade.value},
                    opened_by="applicant",
                    at=at,
                    due_at=inquiry_due_at,
                )

    async def rating_of(self, application_id: UUID) -> dict[str, Any] | None:
        """`grade`, `reasons`, `comment` and `at`; None when the case was not rated."""
        async with self._db.statement() as connection:
            row = (await connection.execute(select(ratings).where(ratings.c.application_id == application_id))).first()
        if row is None:
            return None
        comment = self._db.open(row.comment_box, "ratings.comment", application_id) if row.comment_box is not None else None
        return {"grade": row.grade, "reasons": row.reasons, "comment": comment, "at": row.at}
