"""The record: its heads sealed, its entries exported, its looks searched. Entries are made by the database itself (migration 0006)."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import Row, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.engine import Database
from adapters.database.tables import applications, clerks, data_reads, record_heads
from domain.errors import Unavailable
from domain.record import (
    NOTHING,
    Head,
    HeadSigner,
    MerkleTree,
    SignedHead,
    entry_line,
    first_line,
    hash_of_token,
    last_line,
    mark_line,
    member_leaf,
)

Record = dict[str, Any]
_SEALING = 7_201_803  # any number of our own: one sealer at a time
_LOCK_NOT_AVAILABLE = "55P03"
_ROWS_AT_ONCE = 2000


class RecordStore:
    def __init__(self, database: Database, signer: HeadSigner, *, entries_a_head: int = 250_000) -> None:
        """`entries_a_head` bounds the work of one transaction: what is more gets further heads."""
        self._db = database
        self._signer = signer
        self._entries_a_head = entries_a_head

    async def append(self, kind: str, entry: Mapping[str, Any], chain: str) -> None:
        """An entry that no table's trigger makes; no personal data in it. `kind` and `chain`: lower case, a chain with `:` and `-`."""
        async with self._db.statement() as connection:
            await connection.execute(
                text("select record_append(:chain, :kind, cast(:entry as jsonb))"),
                {"chain": chain, "kind": kind, "entry": to_json(dict(entry)).decode()},
            )

    # --- heads ---------------------------------------------------------------------------------------------------

    async def heads(self, *, after: int = 0, limit: int) -> list[SignedHead]:
        """In order, from the number after `after`."""
        query = select(record_heads).where(record_heads.c.number > after).order_by(record_heads.c.number).limit(limit)
        async with self._db.statement() as connection:
            return [_signed(row) for row in await connection.execute(query)]

    async def newest_head(self) -> SignedHead | None:
        async with self._db.statement() as connection:
            row = await self._last(connection)
        return _signed(row) if row else None

    async def size(self) -> int:
        """How many entries there are, by the database's own estimate."""
        async with self._db.statement() as connection:
            found = await connection.execute(text("select greatest(reltuples, 0)::bigint from pg_class where relname = 'record_entries'"))
            return int(found.scalar_one())

    async def seal(self, day: date, at: datetime) -> list[SignedHead]:
        """Vouch for whatever was entered since the last head; empty when nothing was, or when another sealer was first.

        Writers wait for as long as it takes to read one number.

        Raises:
            Unavailable: somebody has been writing for seconds; nothing was sealed.
        """
        cut, made = await self._cut(), list[SignedHead]()
        async with self._db.statement() as connection:
            last = await self._last(connection)
        after = last.cut if last else 0
        while after < cut:
            upto = min(cut, after + self._entries_a_head)
            if head := await self._seal_to(after, upto, day, at):
                made.append(head)
            after = upto
        return made

    async def _cut(self) -> int:
        try:
            async with self._db.statement() as connection:
                return int((await connection.execute(text("select record_cut()"))).scalar_one())
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
                raise Unavailable() from error
            raise

    async def _last(self, connection: AsyncConnection) -> Row[Any] | None:
        return (await connection.execute(select(record_heads).order_by(record_heads.c.number.desc()).limit(1))).first()

    async def _seal_to(self, after: int, upto: int, day: date, at: datetime) -> SignedHead | None:
        async with self._db.transaction() as connection:
            await connection.execute(select(func.pg_advisory_xact_lock(_SEALING)))
            last = await self._last(connection)
            if last is not None and last.cut > after:
                return None
            number = last.number + 1 if last else 1
            place = {"head": number, "after": after, "upto": upto}
            if (await connection.execute(_MEMBERS, place)).rowcount == 0:
                return None
            entries = int((await connection.execute(_COUNTED, place)).scalar_one())
            tree = await self._tree(connection, number)
            head = Head(
                number=number,
                day=day,
                sealed_at=at,
                prev=hash_of_token(last.token) if last else NOTHING,
                root=await asyncio.to_thread(tree.root),
                chains=tree.leaves,
                entries=entries,
            )
            signed = SignedHead(head, self._signer.sign(head.payload()))
            await connection.execute(
                insert(record_heads).values(**head.model_dump(), cut=upto, key_id=self._signer.key_id, token=signed.token)
            )
        return signed

    async def _tree(self, connection: AsyncConnection, number: int) -> MerkleTree:
        tree = MerkleTree()
        rows = await connection.stream(_MEMBERS_OF_HEAD, {"head": number}, execution_options={"yield_per": _ROWS_AT_ONCE})
        async for chain, seq, hash_ in rows:
            tree.add(member_leaf(chain.encode(), seq, hash_.encode()))
        return tree

    # --- export --------------------------------------------------------------------------------------------------

    async def export(self, at: datetime, *, until: int | None = None, tail: bool = False) -> AsyncIterator[list[bytes]]:
        """Lines, some at a time: until a head (the last one when none is named); with `tail` also what no head vouches for yet."""
        async with self._db.transaction() as connection:
            head = await self._last_until(connection, until)
            number, cut = (head.number, head.cut) if head else (0, 0)
            digest, entries, marks = sha256(), 0, 0
            lines = [first_line(number, tail, at)]
            await connection.execute(_IN_ORDER)
            rows = await connection.stream(
                _EXPORT, {"head": number, "cut": cut, "tail": tail}, execution_options={"yield_per": _ROWS_AT_ONCE}
            )
            async for some in rows.partitions(_ROWS_AT_ONCE):
                for chain, seq, hash_, body, marked in some:
                    lines.append(entry_line(hash_, body))
                    if marked is not None:
                        lines.append(mark_line(marked, chain, seq, hash_))
                        marks += 1
                entries += len(some)
                digest.update(b"".join(lines))
                yield lines
                lines = []
            digest.update(b"".join(lines))
            yield [*lines, last_line(entries, marks, digest.hexdigest())]

    async def _last_until(self, connection: AsyncConnection, until: int | None) -> Row[Any] | None:
        if until is None:
            return await self._last(connection)
        return (await connection.execute(select(record_heads).where(record_heads.c.number == until))).first()

    # --- looks ---------------------------------------------------------------------------------------------------

    async def looks(
        self,
        *,
        by: str | None = None,
        application_id: UUID | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        before: int | None = None,
        limit: int,
    ) -> list[Record]:
        """Who looked at whose data, newest first: the row, with the case's number, and of a clerk login, name, role, station, county."""
        clerk = data_reads.c.by == func.concat("clerk:", clerks.c.id)
        query = (
            select(
                data_reads,
                applications.c.acceptance_number,
                clerks.c.login,
                clerks.c.name,
                clerks.c.role,
                clerks.c.station,
                clerks.c.county,
            )
            .outerjoin(applications, applications.c.id == data_reads.c.application_id)
            .outerjoin(clerks, clerk)
        )
        if by is not None:
            query = query.where(data_reads.c.by == by)
        if application_id is not None:
            query = query.where(data_reads.c.application_id == application_id)
        if since is not None:
            query = query.where(data_reads.c.at >= since)
        if until is not None:
            query = query.where(data_reads.c.at < until)
        if before is not None:
            query = query.where(data_reads.c.id < before)
        async with self._db.statement() as connection:
            rows = await connection.execute(query.order_by(data_reads.c.id.desc()).limit(limit))
            return [dict(row._mapping) for row in rows]

    async def case_numbered(self, acceptance_number: str) -> UUID | None:
        async with self._db.statement() as connection:
            found = await connection.execute(select(applications.c.id).where(applications.c.acceptance_number == acceptance_number))
            return found.scalar_one_or_none()

    async def clerk_named(self, login: str) -> str | None:
        async with self._db.statement() as connection:
            return (await connection.execute(select(clerks.c.id).where(clerks.c.login == login))).scalar_one_or_none()


def _signed(row: Row[Any]) -> SignedHead:
    head = Head(
        number=row.number,
        day=row.day,
        sealed_at=row.sealed_at,
        prev=row.prev,
        root=row.root,
        chains=row.chains,
        entries=row.entries,
    )
    return SignedHead(head, row.token)


_MEMBERS = text(
    "insert into record_members (chain, seq, head, hash) select distinct on (chain) chain, seq, :head, hash"
    " from record_entries where position > :after and position <= :upto order by chain, seq desc"
)
_COUNTED = text("select count(*) from record_entries where position > :after and position <= :upto")
_MEMBERS_OF_HEAD = text("select chain, seq, encode(hash, 'hex') from record_members where head = :head order by chain")
# By the primary key: nothing is sorted, so the first line comes at once and memory stays as it is.
_IN_ORDER = text("select set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true)")
_EXPORT = text(
    "select e.chain, e.seq, encode(e.hash, 'hex'), record_body("
    " coalesce(lag(e.hash) over (partition by e.chain order by e.seq), decode(repeat('00', 32), 'hex')),"
    " e.chain, e.seq, e.at, e.kind, e.entry), m.head from record_entries e"
    " left join record_members m on m.chain = e.chain and m.seq = e.seq and m.head <= :head"
    " where :tail or e.position <= :cut order by e.chain, e.seq"
)
