"""Clips on their way, in parts that come one after another, and what was agreed to before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, exists, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_ignore
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.engine import Database
from adapters.database.said import append_event
from adapters.database.tables import applications, challenges, clip_uploads, guardian_consents, identity_clips, persons
from domain.errors import NotFound, OffsetConflict, UploadGone
from domain.guardians import Guardian, Vouched
from domain.records import ClipState, NewUpload, StoredUpload, Try, UploadPart
from domain.text import Bilingual

CONSENT_KEY = "consent:face"
GUARDIAN_KEY = "consent:guardian"


class UploadStore:
    """What `casework.identity_ports.IdentityDesk` asks of uploads and consents; parts and clips themselves lie in the object store."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # --- consent -------------------------------------------------------------------------------------------------

    async def keep_consent(self, application_id: UUID, by: str, text: Bilingual, at: datetime) -> None:
        """Somebody agreed to the use of their face for this application; said once."""
        async with self._db.statement() as connection:
            await append_event(connection, application_id, CONSENT_KEY, "consented", by, at, text=text)

    async def keep_guardian_consent(
        self, application_id: UUID, guardian: Guardian, vouched: Vouched, by: str, text: Bilingual, at: datetime
    ) -> None:
        """A guardian agreed for a child. What they stated is sealed; the first one counts."""
        row = {"application_id": application_id, "at": at}
        box = self._db.seal(guardian.model_dump() | {"vouched": vouched}, "guardian_consents", application_id)
        async with self._db.transaction() as connection:
            await connection.execute(insert_or_ignore(guardian_consents).values(**row, box=box).on_conflict_do_nothing())
            await append_event(connection, application_id, GUARDIAN_KEY, "consented", by, at, text=text, data={"vouched": vouched})

    async def guardian_of(self, application_id: UUID) -> dict[str, Any] | None:
        """`name`, `id_number`, `relation`, `vouched` of the guardian who agreed."""
        async with self._db.statement() as connection:
            query = select(guardian_consents.c.box).where(guardian_consents.c.application_id == application_id)
            box = (await connection.execute(query)).scalar_one_or_none()
        return None if box is None else dict(self._db.open(box, "guardian_consents", application_id))

    # --- uploads -------------------------------------------------------------------------------------------------

    async def begin_upload(self, upload: NewUpload) -> None:
        async with self._db.statement() as connection:
            await connection.execute(insert(clip_uploads).values(**asdict(upload), received=0, parts=[]))

    async def upload(self, application_id: UUID, upload_id: UUID) -> StoredUpload:
        """
        Raises:
            NotFound: no such upload in this case.
        """
        found = await self._uploads(clip_uploads.c.id == upload_id, clip_uploads.c.application_id == application_id)
        if not found:
            raise NotFound()
        return found[0]

    async def unfinished_uploads(self, application_id: UUID) -> list[StoredUpload]:
        """Of a case: those that lack bytes."""
        return await self._uploads(
            clip_uploads.c.application_id == application_id,
            clip_uploads.c.clip_id.is_(None),
            clip_uploads.c.received < clip_uploads.c.size,
        )

    async def whole_uploads(self, began_before: datetime) -> list[StoredUpload]:
        """Those that have all their bytes and were not made a clip: who received the last part may have died."""
        return await self._uploads(
            clip_uploads.c.began_at < began_before,
            clip_uploads.c.clip_id.is_(None),
            clip_uploads.c.received == clip_uploads.c.size,
        )

    async def spent_uploads(self, began_before: datetime) -> list[StoredUpload]:
        """Those that began before then, whatever became of them."""
        return await self._uploads(clip_uploads.c.began_at < began_before)

    async def begin_part(self, upload_id: UUID, part: UploadPart) -> None:
        """Say that a part is about to be stored, so that whatever reaches the store is known of.

        Raises:
            UploadGone, OffsetConflict: it is not the next one.
        """
        async with self._db.transaction() as connection:
            row = await self._held(connection, upload_id)
            if row.received != part.offset:
                raise OffsetConflict()
            parts = _parts(row.parts)
            if replace(part, kept=False) not in parts:
                await self._write_parts(connection, upload_id, [*parts, part])

    async def keep_part(self, upload_id: UUID, part: UploadPart) -> int:
        """A part that was begun lies in the store now; returns how many bytes have come.

        Raises:
            UploadGone. OffsetConflict: another part came first.
        """
        async with self._db.transaction() as connection:
            row = await self._held(connection, upload_id)
            if row.received != part.offset:
                raise OffsetConflict()
            parts = [p for p in _parts(row.parts) if p != part]
            await self._write_parts(connection, upload_id, [*parts, replace(part, kept=True)], received=part.offset + part.size)
        return part.offset + part.size

    async def make_clip(self, upload_id: UUID, sha256: str, at: datetime, since: datetime, allow: Callable[[Sequence[Try]], None]) -> None:
        """An upload that is whole becomes the clip of its id; a second time changes nothing.

        `allow` is shown the tries of the applicant since then and raises where this one is too many. The person's row is held
        meanwhile, so that no two clips of one person are judged side by side.

        Raises:
            UploadGone: it was given up meanwhile.
        """
        async with self._db.transaction() as connection:
            row = await self._held(connection, upload_id)
            if row.clip_id is not None:
                return
            person = select(applications.c.person_id).where(applications.c.id == row.application_id).scalar_subquery()
            await connection.execute(select(persons.c.id).where(persons.c.id == person).with_for_update())
            allow(await _tries(connection, row.application_id, since))
            await connection.execute(
                insert(identity_clips).values(
                    id=upload_id,
                    application_id=row.application_id,
                    challenge_id=row.challenge_id,
                    sha256=sha256,
                    media_type=row.media_type,
                    size=row.size,
                    received_at=at,
                    stated_seconds=row.stated_seconds,
                )
            )
            await connection.execute(
                update(clip_uploads).where(clip_uploads.c.id == upload_id).values(clip_id=upload_id, received=clip_uploads.c.size)
            )

    async def drop_upload(self, upload_id: UUID) -> None:
        async with self._db.statement() as connection:
            await connection.execute(delete(clip_uploads).where(clip_uploads.c.id == upload_id))

    async def _held(self, connection: AsyncConnection, upload_id: UUID) -> Any:
        """The row, held until the transaction ends."""
        row = (await connection.execute(select(clip_uploads).where(clip_uploads.c.id == upload_id).with_for_update())).first()
        if row is None:
            raise UploadGone()
        return row

    async def _write_parts(self, connection: AsyncConnection, upload_id: UUID, parts: Sequence[UploadPart], **changes: Any) -> None:
        values = {"parts": [asdict(part) for part in parts]} | changes
        await connection.execute(update(clip_uploads).where(clip_uploads.c.id == upload_id).values(**values))

    async def _uploads(self, *conditions: ColumnElement[bool]) -> list[StoredUpload]:
        newer = challenges.alias()
        superseded = exists().where(
            newer.c.application_id == clip_uploads.c.application_id,
            newer.c.created_at > challenges.c.created_at,
            newer.c.id != challenges.c.id,
        )
        query = (
            select(
                clip_uploads,
                challenges.c.expires_at,
                superseded.label("superseded"),
                identity_clips.c.id.label("clip"),
                identity_clips.c.verdict,
            )
            .join(challenges, challenges.c.id == clip_uploads.c.challenge_id)
            .outerjoin(identity_clips, identity_clips.c.id == clip_uploads.c.clip_id)
            .where(*conditions)
            .order_by(clip_uploads.c.began_at)
            .limit(100)
        )
        async with self._db.statement() as connection:
            return [_stored(row) for row in await connection.execute(query)]


def tries_query(application_id: UUID, since: datetime) -> Select[Any]:
    """Clips handed in since then in any case of this case's applicant, oldest first."""
    person = select(applications.c.person_id).where(applications.c.id == application_id).scalar_subquery()
    return (
        select(identity_clips.c.application_id, identity_clips.c.received_at, identity_clips.c.verdict)
        .join(applications, applications.c.id == identity_clips.c.application_id)
        .where(applications.c.person_id == person, identity_clips.c.received_at >= since)
        .order_by(identity_clips.c.received_at)
    )


def try_of(row: Any) -> Try:
    verdict = (row.verdict or {}).get("verdict")
    return Try(row.application_id, row.received_at, None if verdict is None else bool(verdict["passed"]))


async def _tries(connection: AsyncConnection, application_id: UUID, since: datetime) -> list[Try]:
    return [try_of(row) for row in await connection.execute(tries_query(application_id, since))]


def _parts(stored: Sequence[Mapping[str, Any]]) -> list[UploadPart]:
    return [UploadPart(**part) for part in stored]


def _stored(row: Any) -> StoredUpload:
    return StoredUpload(
        **{field.name: getattr(row, field.name) for field in fields(NewUpload)},
        received=row.received,
        expires_at=row.expires_at,
        in_force=not row.superseded,
        clip=_clip_state(row),
        parts=_parts(row.parts),
    )


def _clip_state(row: Any) -> ClipState | None:
    if row.clip_id is None:
        return None
    if row.clip is None:
        return "dropped"
    return "waiting" if row.verdict is None else "judged"
