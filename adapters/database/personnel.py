"""Accounts of staff: made, given a role, dismissed; who they are and whose household they belong to; sign-ins that were refused."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, cast, delete, exists, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.acts import STAFF, enter_act
from adapters.database.engine import Database
from adapters.database.queue import OPEN_AGAIN
from adapters.database.said import append_event
from adapters.database.tables import (
    callbacks,
    clerk_kin,
    clerks,
    record_entries,
    sessions,
    sign_in_attempts,
    state_keys,
    work_items,
)
from domain.errors import NotFound, WrongState
from domain.ids import new_id
from domain.jurisdiction import ADMINISTRATORS, Role
from domain.text import Bilingual

Record = dict[str, Any]
_FIRST_PASSWORD, _KIN_READ = "first-password:", "kin-read:"
_REFUSED = "refused-sign-ins"  # a chain of the record
_ONE_ACCOUNT = Bilingual(
    zh="该人员已有另一个启用的账号；一人只用一个账号，三员不得兼任",
    en="This person has another active account. One person has one account, and no administrator holds two offices",
)
_LOGIN_TAKEN = Bilingual(zh="已有这个登录名，请换一个", en="This login exists already. Choose another one")


class PersonnelStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    # --- accounts ------------------------------------------------------------------------------------------------

    async def accounts(self, words: str = "", *, limit: int = 200) -> list[Record]:
        """By login: the columns of `clerks` that are no secret, `known` (who it is), `kin`, `kin_read_at`, `first_password`, `held`."""
        query = _accounts().order_by(clerks.c.login).limit(limit)
        if words:
            pattern = f"%{_escaped(words)}%"
            query = query.where(or_(clerks.c.login.ilike(pattern), clerks.c.name.ilike(pattern), clerks.c.station.ilike(pattern)))
        async with self._db.statement() as connection:
            return [dict(row._mapping) for row in await connection.execute(query)]

    async def account(self, clerk_id: str) -> Record:
        """One of them.

        Raises:
            NotFound: there is none.
        """
        async with self._db.statement() as connection:
            row = (await connection.execute(_accounts().where(clerks.c.id == clerk_id))).first()
        if row is None:
            raise NotFound()
        return dict(row._mapping)

    async def make(self, row: Mapping[str, Any], *, id_number: str, totp_secret: str, by: str) -> None:
        """A new account, inactive and without a role; its password is a first one, to be replaced by its owner.

        Raises:
            WrongState: the login is taken.
        """
        clerk_id = row["id"]
        sealed = {
            "totp_secret_box": self._db.seal(totp_secret, "clerks.totp", UUID(clerk_id)),
            "person_box": self._db.seal(id_number, "clerks.person", UUID(clerk_id)),
            "person_index": self._db.index(id_number),
        }
        try:
            async with self._db.transaction() as connection:
                await connection.execute(insert(clerks).values(**row, **sealed, role="", active=False, leads=False))
                await _set_kin(connection, clerk_id, sealed["person_index"], [])
                await _remember(connection, f"{_FIRST_PASSWORD}{clerk_id}", "1")
                facts = {"clerk": clerk_id, "county": row["county"], "station": row["station"]}
                await enter_act(connection, STAFF, "account_made", by, facts)
        except IntegrityError as error:
            raise WrongState(_LOGIN_TAKEN) from error

    async def move(self, clerk_id: str, *, name: str, county: str, station: str | None, by: str) -> None:
        """Another place or name; what the clerk holds goes back to where it came from."""
        async with self._db.transaction() as connection:
            row = await _locked(connection, clerk_id)
            await connection.execute(update(clerks).where(clerks.c.id == clerk_id).values(name=name, county=county, station=station))
            if (row.county, row.station) != (county, station):
                await _free_what_is_held(connection, clerk_id)
                await _close_sessions(connection, clerk_id)
            await enter_act(connection, STAFF, "account_moved", by, {"clerk": clerk_id, "county": county, "station": station})

    async def set_password(self, clerk_id: str, password_hash: str, *, by: str | None) -> None:
        """`by` None: its owner's own choice. Otherwise a first password again."""
        async with self._db.transaction() as connection:
            await _locked(connection, clerk_id)
            await connection.execute(update(clerks).where(clerks.c.id == clerk_id).values(password_hash=password_hash))
            await _close_sessions(connection, clerk_id)
            if by is None:
                await connection.execute(delete(state_keys).where(state_keys.c.key == f"{_FIRST_PASSWORD}{clerk_id}"))
                await enter_act(connection, STAFF, "password_chosen", f"clerk:{clerk_id}", {"clerk": clerk_id})
            else:
                await _remember(connection, f"{_FIRST_PASSWORD}{clerk_id}", "1")
                await enter_act(connection, STAFF, "password_renewed", by, {"clerk": clerk_id})

    async def has_first_password(self, clerk_id: str) -> bool:
        async with self._db.statement() as connection:
            found = await connection.execute(select(state_keys.c.key).where(state_keys.c.key == f"{_FIRST_PASSWORD}{clerk_id}"))
            return found.first() is not None

    # --- roles ---------------------------------------------------------------------------------------------------

    async def appoint(self, clerk_id: str, role: Role, *, leads: bool, by: str) -> None:
        """Give the one role that an account has, and activate it. What was held under another role goes back.

        Raises:
            WrongState: this person has another active account.
        """
        try:
            async with self._db.transaction() as connection:
                row = await _locked(connection, clerk_id)
                await _refuse_second_account(connection, clerk_id, row.person_index)
                values = {"role": role.value, "leads": leads, "active": True}
                await connection.execute(update(clerks).where(clerks.c.id == clerk_id).values(**values))
                if row.role != role.value:
                    await _free_what_is_held(connection, clerk_id)
                await _close_sessions(connection, clerk_id)
                await enter_act(connection, STAFF, "role_given", by, {"clerk": clerk_id, "was": row.role, **values})
        except IntegrityError as error:  # two administrators made of one person at the same moment
            raise WrongState(_ONE_ACCOUNT) from error

    async def appoint_first(self, clerk_id: str, role: Role, *, by: str) -> None:
        """The same for the first administrator of an installation.

        Raises:
            WrongState: there is one of this role already.
        """
        async with self._db.transaction() as connection:
            # Two commands at once: the second waits for the first.
            await connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"first:{role.value}"))))
            there_is = exists(select(clerks.c.id).where(clerks.c.role == role.value, clerks.c.active))
            if (await connection.execute(select(there_is))).scalar_one():
                raise WrongState()
            await _refuse_second_account(connection, clerk_id, (await _locked(connection, clerk_id)).person_index)
            await connection.execute(update(clerks).where(clerks.c.id == clerk_id).values(role=role.value, active=True))
            await enter_act(connection, STAFF, "first_administrator", by, {"clerk": clerk_id, "role": role.value})

    async def drop_unused(self, clerk_id: str) -> None:
        """An account that never was active."""
        async with self._db.transaction() as connection:
            await connection.execute(delete(clerk_kin).where(clerk_kin.c.clerk_id == clerk_id))
            await connection.execute(delete(state_keys).where(state_keys.c.key == f"{_FIRST_PASSWORD}{clerk_id}"))
            await connection.execute(delete(clerks).where(clerks.c.id == clerk_id, clerks.c.role == "", ~clerks.c.active))

    async def holders_of(self, role: Role) -> int:
        async with self._db.statement() as connection:
            query = select(func.count()).select_from(clerks).where(clerks.c.role == role.value, clerks.c.active)
            return int((await connection.execute(query)).scalar_one())

    async def dismiss(self, clerk_id: str, *, by: str) -> int:
        """Take the role: the account can do nothing any more. Returns how many work items went back into the queue."""
        async with self._db.transaction() as connection:
            row = await _locked(connection, clerk_id)
            await connection.execute(update(clerks).where(clerks.c.id == clerk_id).values(active=False, leads=False))
            freed = await _free_what_is_held(connection, clerk_id)
            await _close_sessions(connection, clerk_id)
            await enter_act(connection, STAFF, "role_taken", by, {"clerk": clerk_id, "was": row.role})
        return freed

    async def set_second_factor(self, clerk_id: str, totp_secret: str, *, by: str) -> None:
        async with self._db.transaction() as connection:
            await _locked(connection, clerk_id)
            box = self._db.seal(totp_secret, "clerks.totp", UUID(clerk_id))
            await connection.execute(update(clerks).where(clerks.c.id == clerk_id).values(totp_secret_box=box, last_totp_step=0))
            await _close_sessions(connection, clerk_id)
            await enter_act(connection, STAFF, "second_factor_renewed", by, {"clerk": clerk_id})

    # --- who they are --------------------------------------------------------------------------------------------

    async def same_person(self, one: str, other: str) -> bool:
        """Whether two accounts are one person's."""
        async with self._db.statement() as connection:
            indexes = (await connection.execute(select(clerks.c.person_index).where(clerks.c.id.in_((one, other))))).scalars().all()
        return one == other or (len(indexes) == 2 and indexes[0] is not None and indexes[0] == indexes[1])

    async def set_person(self, clerk_id: str, id_number: str) -> None:
        """Whose account it is, for accounts that were made without."""
        index = self._db.index(id_number)
        box = self._db.seal(id_number, "clerks.person", UUID(clerk_id))
        async with self._db.transaction() as connection:
            await connection.execute(update(clerks).where(clerks.c.id == clerk_id).values(person_index=index, person_box=box))
            await _set_kin(connection, clerk_id, index, [])

    async def id_number_of(self, clerk_id: str) -> str | None:
        async with self._db.statement() as connection:
            box = (await connection.execute(select(clerks.c.person_box).where(clerks.c.id == clerk_id))).scalar_one_or_none()
        return None if box is None else str(self._db.open(box, "clerks.person", UUID(clerk_id)))

    async def set_kin(self, clerk_id: str, id_number: str, household: Iterable[str], at: datetime) -> None:
        """Self and household, as keyed hashes, replacing what was known; unless the account is another person's by now."""
        index = self._db.index(id_number)
        async with self._db.transaction() as connection:
            row = await _locked(connection, clerk_id)
            if row.person_index is None or bytes(row.person_index) != index:
                return
            await _set_kin(connection, clerk_id, index, [self._db.index(member) for member in household])
            await _remember(connection, f"{_KIN_READ}{clerk_id}", at.isoformat())

    async def kin_read_before(self, moment: datetime, *, limit: int) -> list[str]:
        """Active accounts whose household was not read since, or never; administrators handle no case and are left out."""
        read = select(state_keys.c.value).where(state_keys.c.key == literal(_KIN_READ).concat(clerks.c.id)).scalar_subquery()
        query = (
            select(clerks.c.id)
            .where(
                clerks.c.active,
                clerks.c.person_index.is_not(None),
                clerks.c.role.not_in([role.value for role in ADMINISTRATORS]),
                or_(read.is_(None), read < moment.isoformat()),
            )
            .order_by(clerks.c.id)
            .limit(limit)
        )
        async with self._db.statement() as connection:
            return list((await connection.execute(query)).scalars())

    # --- what was refused ----------------------------------------------------------------------------------------

    async def note_refused_sign_in(self, clerk_id: str) -> None:
        async with self._db.transaction() as connection:
            await enter_act(connection, _REFUSED, "sign_in_refused", f"clerk:{clerk_id}", {})

    async def refused_sign_ins(self, limit: int) -> list[Record]:
        """`at`, `clerk_id`, `login`, `name`, the newest first."""
        clerk_id = func.substr(func.jsonb_extract_path_text(cast(record_entries.c.entry, JSONB), "by"), len("clerk:") + 1)
        query = (
            select(record_entries.c.at, clerks.c.id.label("clerk_id"), clerks.c.login, clerks.c.name)
            .join(clerks, clerks.c.id == clerk_id)
            .where(record_entries.c.chain == _REFUSED)
            .order_by(record_entries.c.seq.desc())
            .limit(limit)
        )
        async with self._db.statement() as connection:
            return [dict(row._mapping) for row in await connection.execute(query)]

    async def guesses(self, since: datetime) -> tuple[int, int]:
        """Names and phones at which sign-ins were tried in vain since then, and how often; accounts that exist are not among them."""
        async with self._db.statement() as connection:
            logins = (await connection.execute(select(clerks.c.login))).scalars().all()
            known = [self._db.index(f"clerk:{login}") for login in logins]
            query = select(func.count(), func.coalesce(func.sum(sign_in_attempts.c.failures), 0)).where(
                sign_in_attempts.c.first_at >= since, sign_in_attempts.c.subject_index.not_in(known)
            )
            subjects, tries = (await connection.execute(query)).one()
        return int(subjects), int(tries)

    async def refused_callbacks(self, limit: int) -> list[Record]:
        """`provider`, `why`, `order_id`, `received_at` and the digest of the body, the newest first; one that was repeated is none."""
        columns = (callbacks.c.provider, callbacks.c.why, callbacks.c.order_id, callbacks.c.received_at, callbacks.c.body_sha256)
        query = (
            select(*columns)
            .where(~callbacks.c.accepted, callbacks.c.why != "repeated")
            .order_by(callbacks.c.received_at.desc())
            .limit(limit)
        )
        async with self._db.statement() as connection:
            return [dict(row._mapping) for row in await connection.execute(query)]


# --- statements ------------------------------------------------------------------------------------------------------


def _accounts() -> Any:
    kin = select(func.count()).where(clerk_kin.c.clerk_id == clerks.c.id, clerk_kin.c.relation == "household").scalar_subquery()
    held = select(func.count()).where(work_items.c.claimed_by == clerks.c.id, work_items.c.status == "claimed").scalar_subquery()
    return select(
        clerks.c.id,
        clerks.c.login,
        clerks.c.name,
        clerks.c.role,
        clerks.c.county,
        clerks.c.station,
        clerks.c.active,
        clerks.c.leads,
        clerks.c.created_at,
        clerks.c.person_index.is_not(None).label("known"),
        kin.label("kin"),
        _state(_KIN_READ).label("kin_read_at"),
        _state(_FIRST_PASSWORD).is_not(None).label("first_password"),
        held.label("held"),
    )


def _state(prefix: str) -> Any:
    return select(state_keys.c.value).where(state_keys.c.key == literal(prefix).concat(clerks.c.id)).correlate(clerks).scalar_subquery()


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def _locked(connection: AsyncConnection, clerk_id: str) -> Any:
    row = (await connection.execute(select(clerks).where(clerks.c.id == clerk_id).with_for_update())).first()
    if row is None:
        raise NotFound()
    return row


async def _refuse_second_account(connection: AsyncConnection, clerk_id: str, person_index: bytes | None) -> None:
    if person_index is None:
        return
    another: ColumnElement[bool] = and_(clerks.c.person_index == person_index, clerks.c.id != clerk_id, clerks.c.active)
    if (await connection.execute(select(clerks.c.id).where(another).limit(1))).first() is not None:
        raise WrongState(_ONE_ACCOUNT)


async def _free_what_is_held(connection: AsyncConnection, clerk_id: str) -> int:
    """Back into the queue, for everybody: nothing waits for somebody who is gone. Each is an event of its case."""
    freed = (
        await connection.execute(
            update(work_items)
            .where(work_items.c.claimed_by == clerk_id, work_items.c.status == "claimed")
            .values(**OPEN_AGAIN)
            .returning(work_items.c.id, work_items.c.application_id, work_items.c.role)
        )
    ).all()
    await connection.execute(
        update(work_items)
        .where(work_items.c.status == "open", work_items.c.candidates.contains([clerk_id]))
        .values(candidates=func.array_remove(work_items.c.candidates, clerk_id))
    )
    for row in sorted(freed, key=lambda row: row.application_id):  # the record locks each case's chain until the commit
        data = {"work_item": str(row.id), "clerk": clerk_id, "why": "account"}
        key = f"released:{row.id}:{new_id()}"
        await append_event(connection, row.application_id, key, "work_item_released", "machine", func.now(), data=data)
    return len(freed)


async def _close_sessions(connection: AsyncConnection, clerk_id: str) -> None:
    await connection.execute(delete(sessions).where(sessions.c.kind == "clerk", sessions.c.subject == clerk_id))


async def _set_kin(connection: AsyncConnection, clerk_id: str, person: bytes, household: Iterable[bytes]) -> None:
    rows = [{"clerk_id": clerk_id, "person_index": person, "relation": "self"}]
    rows += [{"clerk_id": clerk_id, "person_index": member, "relation": "household"} for member in sorted(set(household) - {person})]
    known = [row["person_index"] for row in rows]
    # Only what differs is touched: each row that comes or goes is an entry of the record.
    await connection.execute(delete(clerk_kin).where(clerk_kin.c.clerk_id == clerk_id, clerk_kin.c.person_index.not_in(known)))
    await connection.execute(insert(clerk_kin).values(rows).on_conflict_do_nothing(index_elements=["clerk_id", "person_index"]))


async def _remember(connection: AsyncConnection, key: str, value: str) -> None:
    await connection.execute(
        insert(state_keys).values(key=key, value=value).on_conflict_do_update(index_elements=["key"], set_={"value": value})
    )
