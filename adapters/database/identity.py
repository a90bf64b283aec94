"""Challenges, clips, their verdicts and what clips are known by."""

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.engine import Database
from adapters.database.tables import applications, challenges, clip_prints, identity_clips, persons
from adapters.database.uploading import UploadStore, tries_query, try_of
from domain.application import Status
from domain.challenges import draw
from domain.changes import ChallengeIssued
from domain.errors import NotFound
from domain.identity import Asked, Handing, Prints, Way
from domain.ids import new_id
from domain.records import ClipQuestion, KeptClip, Try
from domain.text import Language

CHALLENGE_MINUTES = 5
FINAL = [status.value for status in Status if status.final]


def new_challenge(at: datetime) -> ChallengeIssued:
    return ChallengeIssued(id=new_id(), expires_at=at + timedelta(minutes=CHALLENGE_MINUTES))


async def issue_challenge(
    database: Database, connection: AsyncConnection, application_id: UUID, challenge: ChallengeIssued, at: datetime, *,
    language: Language | None = None, way: Way | None = None,
) -> None:  # fmt: skip
    """Draw and keep what is asked. What is not said stays as the case's last challenge had it; the first asks for a code and a turn."""
    last = (await connection.execute(_challenges_of(application_id))).first()
    asked = draw(way or (last.way if last else "code_and_turn"), language or (last.language if last else "zh"))
    movements = database.seal(asked.movements, "challenges.movements", challenge.id) if asked.movements else None
    await connection.execute(
        insert(challenges).values(
            id=challenge.id,
            application_id=application_id,
            way=asked.way,
            code_box=database.seal(asked.code, "challenges.code", challenge.id),
            movements_box=movements,
            language=asked.language,
            expires_at=challenge.expires_at,
            created_at=at,
        )
    )


async def newest_challenge(database: Database, connection: AsyncConnection, application_id: UUID) -> dict[str, Any] | None:
    """The newest one as `domain.application.Challenge` has it, unless a clip was handed in for it."""
    answered = exists().where(identity_clips.c.challenge_id == challenges.c.id).label("answered")
    row = (await connection.execute(_challenges_of(application_id).add_columns(answered))).first()
    if row is None or row.answered:
        return None
    return _asked(database, row).model_dump() | {"id": row.id, "expires_at": row.expires_at}


def _challenges_of(application_id: UUID) -> Select[Any]:
    return (
        select(challenges)
        .where(challenges.c.application_id == application_id)
        .order_by(challenges.c.created_at.desc(), challenges.c.id.desc())
        .limit(1)
    )


def _asked(database: Database, row: Any) -> Asked:
    return Asked(
        way=row.way,
        code=database.open(row.code_box, "challenges.code", row.id),
        language=row.language,
        movements=database.open(row.movements_box, "challenges.movements", row.id) if row.movements_box else [],
    )


class IdentityStore(UploadStore):
    """Implements `domain.records.IdentityRecords` and `casework.identity_ports.IdentityDesk`."""

    # --- handing in ----------------------------------------------------------------------------------------------

    async def show_challenge(self, challenge_id: UUID, at: datetime) -> datetime:
        """Note that what is asked was shown now; returns when it was shown first."""
        async with self._db.statement() as connection:
            shown = update(challenges).where(challenges.c.id == challenge_id)
            row = (
                await connection.execute(shown.values(shown_at=func.coalesce(challenges.c.shown_at, at)).returning(challenges.c.shown_at))
            ).first()
        if row is None:
            raise NotFound()
        moment: datetime = row.shown_at
        return moment

    async def drop_clip(self, clip_id: UUID) -> None:
        """A clip that the case did not take."""
        async with self._db.statement() as connection:
            await connection.execute(identity_clips.delete().where(identity_clips.c.id == clip_id))

    async def clips_without_verdict(self, received_before: datetime) -> list[dict[str, Any]]:
        """`id`, `application_id` and `challenge_id` of clips that cases which await an identity check were given, oldest first."""
        query = (
            select(identity_clips.c.id, identity_clips.c.application_id, identity_clips.c.challenge_id)
            .join(applications, applications.c.id == identity_clips.c.application_id)
            .where(
                identity_clips.c.verdict.is_(None),
                identity_clips.c.received_at < received_before,
                applications.c.status == Status.VERIFYING.value,
            )
            .order_by(identity_clips.c.received_at)
            .limit(100)
        )
        async with self._db.statement() as connection:
            return [dict(row._mapping) for row in await connection.execute(query)]

    async def tries_of(self, application_id: UUID, since: datetime) -> list[Try]:
        """Clips handed in since then in any case of this case's applicant, oldest first."""
        async with self._db.statement() as connection:
            return [try_of(row) for row in await connection.execute(tries_query(application_id, since))]

    # --- the check -----------------------------------------------------------------------------------------------

    async def clip_question(self, clip_id: UUID) -> ClipQuestion:
        """
        Raises:
            NotFound: no such clip.
        """
        query = (
            select(
                *(challenges.c[name] for name in ("id", "way", "code_box", "movements_box", "language", "created_at", "shown_at")),
                *(identity_clips.c[name] for name in ("sha256", "verdict", "received_at", "stated_seconds", "application_id")),
                persons.c.id.label("person_id"),
                persons.c.id_number_box,
            )
            .select_from(identity_clips)
            .join(challenges, challenges.c.id == identity_clips.c.challenge_id)
            .join(applications, applications.c.id == identity_clips.c.application_id)
            .join(persons, persons.c.id == applications.c.person_id)
            .where(identity_clips.c.id == clip_id)
        )
        async with self._db.statement() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            raise NotFound()
        return ClipQuestion(
            application_id=row.application_id,
            sha256=row.sha256,
            verdict=row.verdict,
            asked=_asked(self._db, row),
            handing=Handing(shown_at=row.shown_at or row.created_at, received_at=row.received_at, stated_seconds=row.stated_seconds),
            id_number=str(self._db.open(row.id_number_box, "persons.id_number", row.person_id)),
        )

    async def earlier_prints(self, clip_id: UUID, at_most: int = 50) -> list[Prints]:
        """Of the same applicant's earlier clips, in whatever case, newest first."""
        query = (
            select(clip_prints.c.clip_id, clip_prints.c.box)
            .where(clip_prints.c.person_id == _person_of(clip_id), clip_prints.c.clip_id != clip_id)
            .order_by(clip_prints.c.made_at.desc())
            .limit(at_most)
        )
        async with self._db.statement() as connection:
            rows = (await connection.execute(query)).all()
        return [_opened_prints(self._db.open(row.box, "clip_prints", row.clip_id)) for row in rows]

    async def save_verdict(self, clip_id: UUID, verdict: Mapping[str, Any], prints: Prints | None, at: datetime) -> None:
        """Keep the verdict, and what the clip is known by from now on."""
        async with self._db.transaction() as connection:
            await connection.execute(update(identity_clips).where(identity_clips.c.id == clip_id).values(verdict=dict(verdict)))
            if prints is not None:
                box = self._db.seal(_closed_prints(prints), "clip_prints", clip_id)
                row = {"clip_id": clip_id, "person_id": _person_of(clip_id), "box": box, "made_at": at}
                await connection.execute(insert(clip_prints).values(**row).on_conflict_do_nothing())

    # --- what is kept, and for how long --------------------------------------------------------------------------

    async def clips_to_delete(self, at_most: int = 100) -> list[KeptClip]:
        """Clips of cases that have ended, still stored."""
        query = (
            select(identity_clips.c.id, identity_clips.c.verdict)
            .join(applications, applications.c.id == identity_clips.c.application_id)
            .where(identity_clips.c.deleted_at.is_(None), applications.c.status.in_(FINAL))
            .order_by(identity_clips.c.received_at)
            .limit(at_most)
        )
        async with self._db.statement() as connection:
            return [KeptClip(row.id, _frames(row.verdict)) for row in await connection.execute(query)]

    async def clip_deleted(self, clip_id: UUID, at: datetime) -> None:
        async with self._db.statement() as connection:
            await connection.execute(
                update(identity_clips).where(identity_clips.c.id == clip_id, identity_clips.c.deleted_at.is_(None)).values(deleted_at=at)
            )

    async def forget_prints(self, made_before: datetime) -> int:
        """Returns how many were forgotten."""
        async with self._db.statement() as connection:
            return int((await connection.execute(delete(clip_prints).where(clip_prints.c.made_at < made_before))).rowcount)


def _person_of(clip_id: UUID) -> Any:
    return (
        select(applications.c.person_id)
        .join(identity_clips, identity_clips.c.application_id == applications.c.id)
        .where(identity_clips.c.id == clip_id)
        .scalar_subquery()
    )


def _frames(answer: Mapping[str, Any] | None) -> int:
    return len(((answer or {}).get("verdict") or {}).get("frame_digests", []))


def _closed_prints(prints: Prints) -> dict[str, str]:
    courses = {"sound": prints.sound, "picture": prints.picture}
    return {"bytes": prints.bytes_digest} | {name: base64.b64encode(course).decode() for name, course in courses.items()}


def _opened_prints(stored: Mapping[str, str]) -> Prints:
    return Prints(stored["bytes"], base64.b64decode(stored["sound"]), base64.b64decode(stored["picture"]))
