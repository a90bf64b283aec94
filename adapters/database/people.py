"""The person behind a number: found, or made."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.engine import Database
from adapters.database.tables import persons
from domain.application import Applicant
from domain.ids import new_id


async def person_of(db: Database, connection: AsyncConnection, applicant: Applicant, at: datetime) -> UUID:
    """Find or make the person; what is stated here never overwrites what the person proved."""
    index = db.index(applicant.id_number)
    known = select(persons.c.id).where(persons.c.id_number_index == index)
    found = (await connection.execute(known)).scalar_one_or_none()
    if found is not None:
        return UUID(str(found))
    person_id, phone = new_id(), applicant.phone or ""  # no phone is nobody's: a sign-in always has one
    inserted = await connection.execute(
        insert(persons)
        .values(
            id=person_id,
            id_number_index=index,
            id_number_box=db.seal(applicant.id_number, "persons.id_number", person_id),
            name_box=db.seal(applicant.name, "persons.name", person_id),
            phone_box=db.seal(phone, "persons.phone", person_id),
            phone_index=db.index(phone),
            created_at=at,
        )
        .on_conflict_do_nothing(index_elements=["id_number_index"])
        .returning(persons.c.id)
    )
    return person_id if inserted.first() is not None else UUID(str((await connection.execute(known)).scalar_one()))
