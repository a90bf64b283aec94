"""Published versions of service items, and the drafts that editors keep."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from adapters.database.engine import Database
from adapters.database.tables import catalogue_drafts, clerks, published_items
from domain.errors import WrongState
from domain.service_item import ServiceItem


class PublicationStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def newest(self) -> int:
        async with self._db.statement() as connection:
            return int((await connection.execute(select(func.coalesce(func.max(published_items.c.serial), 0)))).scalar_one())

    async def all(self) -> list[ServiceItem]:
        async with self._db.statement() as connection:
            bodies = (await connection.execute(select(published_items.c.body).order_by(published_items.c.serial))).scalars().all()
        return [ServiceItem.model_validate(body) for body in bodies]

    async def publish(self, item: ServiceItem, digest: str, text: str, by: str, at: datetime) -> None:
        """Make a version live.

        Raises:
            WrongState: this version was published meanwhile.
        """
        row = {"code": item.code, "version": item.version, "digest": digest, "body": item.model_dump(mode="json"), "text": text}
        try:
            async with self._db.transaction() as connection:
                await connection.execute(insert(published_items).values(**row, published_by=by, published_at=at))
        except IntegrityError as error:
            raise WrongState() from error

    async def history(self, code: str) -> list[dict[str, Any]]:
        """Who published which version when, the newest first; `text` is the file as it was written."""
        table = published_items.c
        columns = (table.version, table.digest, table.published_by, table.published_at, table.text)
        async with self._db.statement() as connection:
            rows = await connection.execute(
                select(*columns).where(published_items.c.code == code).order_by(published_items.c.version.desc())
            )
            return [dict(row._mapping) for row in rows]

    async def newest_of_each(self) -> list[dict[str, Any]]:
        """Who published the newest version of each code, and when."""
        table = published_items.c
        newest = select(table.code, func.max(table.version)).group_by(table.code)
        query = select(table.code, table.version, table.published_by, table.published_at).where(
            tuple_(table.code, table.version).in_(newest)
        )
        async with self._db.statement() as connection:
            return [dict(row._mapping) for row in await connection.execute(query)]

    # --- drafts --------------------------------------------------------------------------------------------------

    async def save_draft(self, clerk_id: str, code: str, text: str, at: datetime) -> None:
        values = {"text": text, "updated_at": at}
        async with self._db.statement() as connection:
            await connection.execute(
                insert(catalogue_drafts)
                .values(clerk_id=clerk_id, code=code, **values)
                .on_conflict_do_update(index_elements=["clerk_id", "code"], set_=values)
            )

    async def draft(self, clerk_id: str, code: str) -> str | None:
        query = select(catalogue_drafts.c.text).where(catalogue_drafts.c.clerk_id == clerk_id, catalogue_drafts.c.code == code)
        async with self._db.statement() as connection:
            return (await connection.execute(query)).scalar_one_or_none()

    async def open_drafts(self) -> list[dict[str, Any]]:
        """Who is writing what, the newest first; the texts stay where they are."""
        table = catalogue_drafts.c
        query = (
            select(table.code, table.clerk_id, clerks.c.name, table.updated_at)
            .join(clerks, clerks.c.id == table.clerk_id, isouter=True)
            .order_by(table.updated_at.desc())
        )
        async with self._db.statement() as connection:
            return [dict(row._mapping) for row in await connection.execute(query)]

    async def drop_draft(self, clerk_id: str, code: str) -> None:
        async with self._db.statement() as connection:
            await connection.execute(
                delete(catalogue_drafts).where(catalogue_drafts.c.clerk_id == clerk_id, catalogue_drafts.c.code == code)
            )
