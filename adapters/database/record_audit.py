"""The tables held against the record: rows changed behind its back, and decisions that are not the ones that were entered."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.database.engine import Database
from adapters.keyring import DecryptionFailed
from domain.text import Bilingual

_ROWS_AT_ONCE = 1000


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
        """Streams: as long as the tables are, and no memory to speak of."""
        async with self._db.transaction() as connection:
            await connection.execute(_PATIENT)
            for table, statement in _TABLES.items():
                self.rows += int((await connection.execute(text(f"select count(*) from {table}"))).scalar_one())  # noqa: S608 (our own names)
                async for row in self._stream(connection, statement):
                    yield _row_difference(table, row)
            async for row in self._stream(connection, _DECISIONS):
                self.decisions += 1
                for difference in self._of_case(row):
                    yield difference

    async def _stream(self, connection: AsyncConnection, statement: str) -> AsyncIterator[RowMapping]:
        result = await connection.stream(text(statement), execution_options={"yield_per": _ROWS_AT_ONCE})
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

_PATIENT = text("select set_config('statement_timeout', '0', true)")


def _compared(table: str, kind: str, function: str, chain: str) -> str:
    return (
        f"select coalesce(t.id, (r.entry ->> 'id')::bigint) as id, r.entry as entered, t.id as stands from {table} t"  # noqa: S608
        f" full join (select chain, entry::jsonb from record_entries where kind = '{kind}') r on (r.entry ->> 'id')::bigint = t.id"
        f" where t.id is null or r.entry is null or r.entry is distinct from {function}(t) or r.chain <> {chain}"
    )


_TABLES = {
    "events": _compared("events", "event", "record_of_event", "t.application_id::text"),
    "data_reads": _compared("data_reads", "read", "record_of_read", "chain_of_read(t)"),
}
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
