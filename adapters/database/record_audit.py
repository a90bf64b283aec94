"""The tables held against the record: rows changed behind its back, and decisions that are not the ones that were entered."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.engine import Database
from adapters.keyring import DecryptionFailed
from domain.text import Bilingual

_ROWS_AT_ONCE = 1000
_CASES_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Difference:
    """`where` names a row or a case by id; nothing personal."""

    text: Bilingual
    where: str


class RecordAudit:
    """Needs the keys, which verifying an export does not. `rows` and `decisions` count what was held against the record."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self.rows = 0
        self.decisions = 0

    async def differences(self) -> AsyncIterator[Difference]:
        """Streams, some cases at a time: as long as the tables are, and no memory to speak of."""
        async with self._db.transaction() as connection:
            for table in ("events", "data_reads"):
                self.rows += int((await connection.execute(text(f"select count(*) from {table}"))).scalar_one())  # noqa: S608 (our own names)
            async for after, upto in self._some_cases(connection):
                for table, statement in _OF_CASES.items():
                    async for row in self._stream(connection, statement, after=after, upto=upto):
                        yield _row_difference(table, row)
            for first in range(256):
                async for row in self._stream(connection, _OF_NO_CASE, **_beginning_with(first)):
                    yield _row_difference("data_reads", row)
            async for row in self._stream(connection, _DECISIONS):
                self.decisions += 1
                for difference in self._of_case(row):
                    yield difference

    async def _some_cases(self, connection: AsyncConnection) -> AsyncIterator[tuple[UUID, UUID]]:
        """Ranges of ids, each after the first and up to the second; together all that there can be."""
        after = _FIRST
        while after != _LAST:
            found = await connection.execute(_NEXT_CASES, {"after": after, "some": _CASES_AT_ONCE})
            upto = found.scalar_one_or_none() or _LAST
            yield after, upto
            after = upto

    async def _stream(self, connection: AsyncConnection, statement: str, **values: Any) -> AsyncIterator[RowMapping]:
        result = await connection.stream(text(statement), values, execution_options={"yield_per": _ROWS_AT_ONCE})
        async for row in result.mappings():
            yield row

    def _of_case(self, row: RowMapping) -> list[Difference]:
        return [found for who in ("decision", "person_decision") if (found := self._of_box(row, who)) is not None]

    def _of_box(self, row: RowMapping, who: str) -> Difference | None:
        box, digest, where = row[f"{who}_box"], row[f"{who}_digest"], f"applications {row['id']} {who}"
        if box is None:
            return Difference(_GONE, where) if digest is not None else None
        if digest is None:  # decided before decisions were bound to their entries, or not entered at all
            return None if row[f"{who}_entered"] else Difference(_UNENTERED, where)
        try:
            kept = dict(self._db.open(box, f"applications.{who}", row["id"]))
        except DecryptionFailed:
            return Difference(_UNREADABLE, where)
        if who == "person_decision":
            kept.pop("decided_at", None)  # the event's own time
        return None if self._db.digest(kept) == digest else Difference(_OTHER, where)


def _row_difference(table: str, row: RowMapping) -> Difference:
    where = f"{table} {row['id']}"
    if row["entered"] is None:
        return Difference(_ROW_INSERTED, where)
    if row["stands"] is None:
        return Difference(_ROW_DELETED, where)
    return Difference(_ROW_ALTERED, where)


def _said(zh: str, en: str) -> Bilingual:
    return Bilingual(zh=zh, en=en)


_ROW_ALTERED = _said("这一行与记录不符", "this row is not what was entered")
_ROW_INSERTED = _said("这一行没有入过记录", "this row was never entered")
_ROW_DELETED = _said("记录中的这一行已不在", "this row was entered and is gone")
_GONE = _said("记录中的决定已不在", "a decision was entered and is gone")
_UNENTERED = _said("决定没有入过记录", "this decision was never entered")
_OTHER = _said("决定与入记录时不同", "this decision is not the one that was entered")
_UNREADABLE = _said("决定无法解密", "this decision cannot be opened")

_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)
_NEXT_CASES = text("select id from applications where id > :after order by id offset :some limit 1")


def _beginning_with(first: int) -> dict[str, Any]:
    """Looks that belong to no case whose person's keyed hash begins with this byte, and their chain."""
    return {"low": bytes([first]), "high": bytes([first + 1]) if first < 255 else None, "chain": f"reads:{first:02x}"}


def _compared(rows: str, entries: str) -> str:
    """Both sides of what must be one: ids are those of the table."""
    return (
        "select coalesce(t.id, r.id) as id, r.said as entered, t.id as stands"  # noqa: S608
        f" from ({rows}) t full join"
        f" (select (e.entry::jsonb ->> 'id')::bigint as id, e.entry::jsonb as said, e.chain from record_entries e where {entries}) r"
        " on r.id = t.id where t.id is null or r.id is null or r.said is distinct from t.said or r.chain <> t.chain"
    )


_IN_RANGE = "application_id > cast(:after as uuid) and application_id <= cast(:upto as uuid)"
_CHAINS = "e.chain > cast(cast(:after as uuid) as text) and e.chain <= cast(cast(:upto as uuid) as text)"
_OF_CASES = {
    "events": _compared(
        f"select id, record_of_event(x) as said, application_id::text as chain from events x where {_IN_RANGE}",  # noqa: S608
        "kind = 'event' and " + _CHAINS,
    ),
    "data_reads": _compared(
        f"select id, record_of_read(x) as said, chain_of_read(x) as chain from data_reads x where {_IN_RANGE}",  # noqa: S608
        "kind = 'read' and " + _CHAINS,
    ),
}
_OF_NO_CASE = _compared(
    "select id, record_of_read(x) as said, chain_of_read(x) as chain from data_reads x"
    " where application_id is null and subject_index >= :low and (cast(:high as bytea) is null or subject_index < :high)",
    "kind = 'read' and chain = :chain",
)
# The newest decision of each kind counts.
_DECISIONS = """
select a.id, a.decision_box, m.digest as decision_digest, m.entered is true as decision_entered,
       a.person_decision_box, p.digest as person_decision_digest, p.entered is true as person_decision_entered
from applications a
left join lateral (
    select e.data ->> 'digest' as digest, true as entered from events e
    where e.application_id = a.id and e.event = 'decided' order by e.id desc limit 1
) m on true
left join lateral (
    select e.data ->> 'digest' as digest, true as entered from events e
    where e.application_id = a.id and e.event <> 'decided' and (e.data ? 'digest' or e.event in ('approved', 'refused', 'void'))
    order by e.data ? 'digest' desc, e.id desc limit 1
) p on true
where a.decision_box is not null or a.person_decision_box is not null or m.digest is not null or p.digest is not null
"""
