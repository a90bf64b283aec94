"""Who signs in: citizens, clerks, integrators; their one-time codes, sessions and failed attempts."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.database.engine import Database
from adapters.database.tables import api_clients, clerks, one_time_codes, persons, sessions, sign_in_attempts, state_keys
from domain.application import Applicant
from domain.errors import NotFound, WrongState
from domain.ids import new_id

Record = dict[str, Any]


_BOUND = or_(persons.c.verified_at.is_not(None), persons.c.seen_at_counter.is_not(None))


class AccountStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    def index(self, text: str) -> bytes:
        return self._db.index(text)

    # --- attempts ------------------------------------------------------------------------------------------------

    async def failures(self, subject: str, window: timedelta, at: datetime) -> int:
        """Failed attempts on this subject within the window that began with the first of them."""
        async with self._db.statement() as connection:
            row = (
                await connection.execute(select(sign_in_attempts).where(sign_in_attempts.c.subject_index == self._db.index(subject)))
            ).first()
        return 0 if row is None or row.first_at < at - window else int(row.failures)

    async def note_failure(self, subject: str, window: timedelta, at: datetime) -> None:
        index = self._db.index(subject)
        async with self._db.transaction() as connection:
            await connection.execute(
                sign_in_attempts.delete().where(sign_in_attempts.c.subject_index == index, sign_in_attempts.c.first_at < at - window)
            )
            await connection.execute(
                insert(sign_in_attempts)
                .values(subject_index=index, failures=1, first_at=at)
                .on_conflict_do_update(index_elements=["subject_index"], set_={"failures": sign_in_attempts.c.failures + 1})
            )

    # --- citizens ------------------------------------------------------------------------------------------------

    async def proven_phone_index(self, id_number: str) -> bytes | None:
        """The keyed hash of the phone that is bound to this number, if any: proved by a code, or entered at a counter."""
        async with self._db.statement() as connection:
            row = (
                await connection.execute(
                    select(persons.c.phone_index).where(persons.c.id_number_index == self._db.index(id_number), _BOUND)
                )
            ).first()
        return None if row is None else bytes(row.phone_index)

    async def save_one_time_code(self, code_id: UUID, applicant: Applicant, code: str, expires_at: datetime) -> None:
        async with self._db.transaction() as connection:
            await connection.execute(one_time_codes.delete().where(one_time_codes.c.expires_at < expires_at - timedelta(days=1)))
            await connection.execute(
                insert(one_time_codes).values(
                    id=code_id,
                    id_number_index=self._db.index(applicant.id_number),
                    code_index=self._db.index(f"{code_id}:{code}"),
                    applicant_box=self._db.seal(applicant.model_dump(), "one_time_codes.applicant", code_id),
                    attempts=0,
                    expires_at=expires_at,
                )
            )

    async def try_one_time_code(self, code_id: UUID, code: str, at: datetime, *, at_most: int) -> Applicant | None:
        """The applicant when the code is right, unused, unexpired and not guessed too often; each call counts.

        Raises:
            NotFound: no such request.
        """
        async with self._db.transaction() as connection:
            row = (
                await connection.execute(
                    update(one_time_codes)
                    .where(one_time_codes.c.id == code_id)
                    .values(attempts=one_time_codes.c.attempts + 1)
                    .returning(one_time_codes)
                )
            ).first()
            if row is None:
                raise NotFound()
            usable = row.used_at is None and row.expires_at >= at and row.attempts <= at_most
            if not usable or bytes(row.code_index) != self._db.index(f"{code_id}:{code}"):
                return None
            await connection.execute(update(one_time_codes).where(one_time_codes.c.id == code_id).values(used_at=at))
        return Applicant.model_validate(self._db.open(row.applicant_box, "one_time_codes.applicant", code_id))

    async def prove_person(self, applicant: Applicant, at: datetime) -> UUID:
        """The person, whose phone is now proved; name and phone are taken from this proof.

        Raises:
            WrongState: another phone was bound meanwhile, by a code or at a counter.
        """
        index, person_id = self._db.index(applicant.id_number), new_id()
        async with self._db.transaction() as connection:
            found = (
                await connection.execute(
                    select(persons.c.id, persons.c.phone_index, _BOUND.label("bound"))
                    .where(persons.c.id_number_index == index)
                    .with_for_update()
                )
            ).first()
            if found and found.bound and bytes(found.phone_index) != self._db.index(applicant.phone or ""):
                raise WrongState()
            row_id = UUID(str(found.id)) if found else person_id
            values = {
                "name_box": self._db.seal(applicant.name, "persons.name", row_id),
                "phone_box": self._db.seal(applicant.phone, "persons.phone", row_id),
                "phone_index": self._db.index(applicant.phone or ""),
                "verified_at": at,
            }
            if found:
                await connection.execute(update(persons).where(persons.c.id == row_id).values(**values))
            else:
                number = self._db.seal(applicant.id_number, "persons.id_number", row_id)
                await connection.execute(
                    insert(persons).values(id=row_id, id_number_index=index, id_number_box=number, created_at=at, **values)
                )
        return row_id

    async def person(self, person_id: UUID) -> Record:
        async with self._db.statement() as connection:
            row = (await connection.execute(select(persons).where(persons.c.id == person_id))).first()
        if row is None:
            raise NotFound()
        opened = {name: self._db.open(getattr(row, f"{name}_box"), f"persons.{name}", person_id) for name in ("id_number", "name", "phone")}
        email = self._db.open(row.email_box, "persons.email", person_id) if row.email_box is not None else None
        return opened | {"id": row.id, "phone_index": bytes(row.phone_index), "email": email}

    async def set_email(self, person_id: UUID, email: str | None) -> None:
        """Where e-mails about later applications go; None forgets it."""
        box = self._db.seal(email, "persons.email", person_id) if email is not None else None
        async with self._db.statement() as connection:
            await connection.execute(update(persons).where(persons.c.id == person_id).values(email_box=box))

    # --- clerks --------------------------------------------------------------------------------------------------

    async def add_clerk(self, clerk: Record, totp_secret: str) -> str:
        """Add or replace a clerk by login; returns the clerk id."""
        async with self._db.transaction() as connection:
            known = (await connection.execute(select(clerks.c.id).where(clerks.c.login == clerk["login"]))).scalar_one_or_none()
            clerk_id = known or str(new_id())
            row = clerk | {"id": clerk_id, "totp_secret_box": self._db.seal(totp_secret, "clerks.totp", UUID(clerk_id)), "active": True}
            await connection.execute(insert(clerks).values(**row).on_conflict_do_update(index_elements=["id"], set_=row))
        return str(clerk_id)

    async def clerk_by_login(self, login: str) -> Record | None:
        return await self._clerk(clerks.c.login == login)

    async def clerk(self, clerk_id: str) -> Record | None:
        return await self._clerk(clerks.c.id == clerk_id)

    async def _clerk(self, condition: Any) -> Record | None:
        async with self._db.statement() as connection:
            row = (await connection.execute(select(clerks).where(condition, clerks.c.active))).first()
        if row is None:
            return None
        return dict(row._mapping) | {"totp_secret": self._db.open(row.totp_secret_box, "clerks.totp", UUID(row.id))}

    async def logins(self) -> list[str]:
        """Of all active clerks, in order."""
        async with self._db.statement() as connection:
            return list((await connection.execute(select(clerks.c.login).where(clerks.c.active).order_by(clerks.c.login))).scalars())

    async def use_totp_step(self, clerk_id: str, step: int) -> bool:
        """Mark a time step as used; False when it, or a later one, was used before."""
        async with self._db.statement() as connection:
            used = await connection.execute(
                update(clerks)
                .where(clerks.c.id == clerk_id, clerks.c.last_totp_step < step)
                .values(last_totp_step=step)
                .returning(clerks.c.id)
            )
            return used.first() is not None

    # --- integrators ---------------------------------------------------------------------------------------------

    async def add_client(self, client_id: str, name: str, secret_hash: str, at: datetime) -> None:
        async with self._db.statement() as connection:
            await connection.execute(
                insert(api_clients).values(id=client_id, name=name, secret_hash=secret_hash, created_at=at, active=True)
            )

    async def client(self, client_id: str) -> Record | None:
        async with self._db.statement() as connection:
            row = (await connection.execute(select(api_clients).where(api_clients.c.id == client_id, api_clients.c.active))).first()
        return None if row is None else dict(row._mapping)

    # --- sessions ------------------------------------------------------------------------------------------------

    async def open_session(self, token_hash: bytes, kind: str, subject: str, at: datetime, expires_at: datetime) -> None:
        async with self._db.transaction() as connection:
            await connection.execute(sessions.delete().where(sessions.c.expires_at < at))
            await connection.execute(
                insert(sessions).values(token_hash=token_hash, kind=kind, subject=subject, created_at=at, expires_at=expires_at)
            )

    async def session(self, token_hash: bytes, kind: str, at: datetime) -> str | None:
        async with self._db.statement() as connection:
            row = (
                await connection.execute(
                    select(sessions.c.subject).where(
                        sessions.c.token_hash == token_hash, sessions.c.kind == kind, sessions.c.expires_at > at
                    )
                )
            ).first()
        return None if row is None else str(row.subject)

    async def close_session(self, token_hash: bytes) -> None:
        async with self._db.statement() as connection:
            await connection.execute(sessions.delete().where(sessions.c.token_hash == token_hash))

    # --- facts of the installation -------------------------------------------------------------------------------

    async def remember(self, key: str, value: str) -> None:
        async with self._db.statement() as connection:
            await connection.execute(
                insert(state_keys).values(key=key, value=value).on_conflict_do_update(index_elements=["key"], set_={"value": value})
            )

    async def recall(self, key: str) -> str | None:
        async with self._db.statement() as connection:
            return (await connection.execute(select(state_keys.c.value).where(state_keys.c.key == key))).scalar_one_or_none()
