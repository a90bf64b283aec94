"""The record on a database of its own: entries nobody forgets, changes that are refused, heads, exports, and what was altered behind it."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from adapters.database.migrate import migrate
from adapters.database.record import RecordStore
from adapters.database.record_audit import RecordAudit
from adapters.database.tables import applications, events
from adapters.heads import HeadKeys, KeysUnreadable
from casework.record import seal_ended_day
from domain.changes import DecisionByPerson
from domain.clock import CHINA
from domain.decision import Outcome
from domain.errors import Unavailable
from domain.ids import new_id
from domain.reads import PersonalRead
from domain.record import SignedHead
from domain.record_checks import RecordCheck, Verification, check_heads
from settings import Settings
from tests import tampering
from tests.builders import MemoryObjects, PlainDocuments, Shelf, make_id_number, make_service_item
from tests.driving import TestWiring
from tests.filing import TEXT, Cabinet, make_change, some_station
from tests.running import run_stack

pytestmark = pytest.mark.stack

TODAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=CHINA)
ONLY_GROW = ("record_entries", "record_heads", "record_members", "events", "data_reads")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A server that no other test writes to: heads vouch for everything in it."""
    for settings in run_stack(tmp_path_factory.mktemp("record") / "home", ("postgres",)):
        asyncio.run(migrate(settings.database_owner, settings.database))
        yield settings


@pytest_asyncio.fixture
async def cabinet(own: Settings) -> AsyncIterator[Cabinet]:
    item = make_service_item()
    wiring = TestWiring(own, catalogue=Shelf(item), objects=MemoryObjects(), documents=PlainDocuments())
    yield Cabinet(wiring, await wiring.office(), item)
    await wiring.close()


@pytest_asyncio.fixture
async def owner(own: Settings) -> AsyncIterator[asyncpg.Connection]:
    """The role that owns the tables, which only migrations have."""
    connection = await asyncpg.connect(own.database_owner)
    yield connection
    await connection.close()


async def entries(cabinet: Cabinet, chain: str) -> list[dict[str, Any]]:
    lines = [line for some in [lines async for lines in cabinet.wiring.record.export(NOON, tail=True)] for line in some]
    bodies = [json.loads(line)["body"] for line in lines if b'"body"' in line and tampering.chain_of(line) == chain.encode()]
    return [body["entry"] | {"kind": body["kind"]} for body in bodies]


async def exported(record: RecordStore, **options: Any) -> list[bytes]:
    return [line for some in [lines async for lines in record.export(NOON, **options)] for line in some]


async def published(cabinet: Cabinet) -> list[SignedHead]:
    heads, wrong = check_heads([h.token for h in await cabinet.wiring.record.heads(limit=10_000)], cabinet.wiring.heads)
    assert wrong == []
    return heads


def verified(heads: list[SignedHead], lines: list[bytes]) -> Verification:
    check = RecordCheck(heads)
    check.feed(lines)
    return check.finish()


# --- first, while the record is short -----------------------------------------------------------------------------------


async def test_a_thousand_alterations_of_a_real_export_are_found_and_the_untouched_one_verifies(cabinet: Cabinet) -> None:
    record, first = cabinet.wiring.record, len(await published(cabinet))
    for _ in range(4):
        await asyncio.gather(*(cabinet.case(some_station()) for _ in range(3)))
        await record.seal(TODAY, NOON)
    heads, whole = await published(cabinet), await exported(record)
    assert len(heads) >= first + 4 and verified(heads, whole).whole
    chance = random.Random(1122)
    missed = [way for way, changed in (tampering.tamper(whole, chance) for _ in range(1000)) if verified(heads, changed).whole]
    assert missed == []


# --- entries ---------------------------------------------------------------------------------------------------------


async def test_every_change_and_every_look_is_an_entry_in_the_chain_of_its_case(cabinet: Cabinet) -> None:
    case = await cabinet.case(some_station())
    await cabinet.apply(case, "noted", data={"figure": 7})
    read = PersonalRead(
        key=str(uuid4()),
        subject=make_id_number(),
        at=NOON,
        by="machine",
        source="property",
        purpose=TEXT,
        fields=["x"],
        application_id=case,
    )
    await cabinet.wiring.reads.record(read)
    chain = await entries(cabinet, str(case))
    assert [(entry["kind"], entry.get("event")) for entry in chain] == [
        ("event", "submitted"), ("event", "decided"), ("event", "noted"), ("read", None),
    ]  # fmt: skip
    assert chain[2]["data"] == {"figure": 7}
    assert chain[0]["result"]["challenge"]["id"]
    assert make_id_number() not in json.dumps(chain)
    assert chain[3]["subject"] == cabinet.wiring.database.index(make_id_number()).hex()


async def test_a_look_without_a_case_is_an_entry_too(cabinet: Cabinet) -> None:
    number, key = make_id_number(77), str(uuid4())
    read = PersonalRead(key=key, subject=number, at=NOON, by="prefill", source="property", purpose=TEXT, fields=["x"], service_item="x")
    await cabinet.wiring.reads.record(read)
    await cabinet.wiring.reads.record(read)
    chain = f"reads:{cabinet.wiring.database.index(number).hex()[:2]}"
    assert [entry["key"] for entry in await entries(cabinet, chain)].count(key) == 1


async def test_a_change_that_is_rolled_back_leaves_no_entry(cabinet: Cabinet) -> None:
    case, before = await cabinet.case(some_station()), await entries(cabinet, "x")
    with pytest.raises(RuntimeError):
        async with cabinet.wiring.database.transaction() as connection:
            values = {"application_id": case, "key": "k", "at": NOON, "event": "noted", "by": "machine", "text": None, "data": {}}
            await connection.execute(events.insert().values(**values))
            raise RuntimeError
    assert (len(await entries(cabinet, str(case))), before) == (2, [])


async def test_roles_and_sign_ins_are_entries_whoever_writes_them(cabinet: Cabinet, owner: asyncpg.Connection) -> None:
    clerk = str(new_id())
    await owner.execute(
        "insert into clerks (id, login, name, role, county, password_hash, totp_secret_box, created_at, active)"
        " values ($1, $1, 'Tests', 'approver', '330302', '', '', now(), true)", clerk,
    )  # fmt: skip
    await owner.execute("update clerks set last_totp_step = 9 where id = $1", clerk)
    await owner.execute("update clerks set role = 'supervisor' where id = $1", clerk)
    told = [entry for entry in await entries(cabinet, "staff") if entry["is"]["id"] == clerk]
    assert [(e.get("was", {}).get("role"), e["is"]["role"]) for e in told] == [(None, "approver"), ("approver", "supervisor")]
    assert "Tests" not in json.dumps(told)

    await cabinet.office.accounts.open_session(b"t" * 32, "clerk", clerk, datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1))
    lines = await exported(cabinet.wiring.record, tail=True)
    assert len([line for line in lines if b'"chain":"sign-ins:' in line and clerk.encode() in line]) == 1


async def test_one_person_holds_one_of_the_three_offices(cabinet: Cabinet, owner: asyncpg.Connection) -> None:
    """Whatever program tries."""
    index, statement = cabinet.wiring.database.index(make_id_number(31)), (
        "insert into clerks (id, login, name, role, county, password_hash, totp_secret_box, created_at, active, person_index)"
        " values ($1, $1, 'Tests', $2, '330302', '', '', now(), $3, $4)"
    )  # fmt: skip
    await owner.execute(statement, str(new_id()), "system_admin", True, index)
    await owner.execute(statement, str(new_id()), "audit_admin", False, index)
    await owner.execute(statement, str(new_id()), "approver", True, index)
    for role in ("security_admin", "audit_admin", "system_admin"):
        with pytest.raises(asyncpg.UniqueViolationError):
            await owner.execute(statement, str(new_id()), role, True, index)


async def test_writers_of_one_case_at_once_are_one_after_another_in_its_chain(cabinet: Cabinet) -> None:
    case = await cabinet.case(some_station())
    await asyncio.gather(*(cabinet.apply(case, "noted", data={"number": n}) for n in range(40)))
    chain = [entry for entry in await entries(cabinet, str(case)) if entry["event"] == "noted"]
    assert sorted(entry["data"]["number"] for entry in chain) == list(range(40))
    assert verified(await published(cabinet), await exported(cabinet.wiring.record, tail=True)).whole


# --- what the database refuses ---------------------------------------------------------------------------------------


def changes(table: str) -> list[str]:
    return [
        f"update {table} set {'key' if table in ('events', 'data_reads') else 'chain' if table != 'record_heads' else 'root'} = 'x'",
        f"delete from {table}",
        f"truncate {table} cascade",
    ]


async def test_the_application_can_change_nothing_that_only_grows(own: Settings) -> None:
    application = await asyncpg.connect(own.database)
    try:
        assert await application.fetchval("select count(*) from pg_class where relowner = current_user::regrole") == 0
        for table in ONLY_GROW:
            for statement in (
                *changes(table),
                f"alter table {table} disable trigger all",
                f"drop table {table} cascade",
                f"alter table {table} owner to onetrip",
                f"create trigger mine before insert on {table} for each row execute function suppress_redundant_updates_trigger()",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await application.execute(statement)
        for statement in (
            "insert into record_entries (chain, seq, at, kind, entry, hash) values ('forged', 1, now(), 'event', '{}', '')",
            "select setval('record_entries_position_seq', 1)",
            "set session_replication_role = replica",
            "create or replace function record_append(text, text, jsonb) returns bigint language sql return 1",
            "create table record_entries_of_mine (x int)",
            "do $$ begin lock table record_entries in share mode; end $$",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await application.execute(statement)
    finally:
        await application.close()


async def test_the_triggers_hold_for_the_owner_too(cabinet: Cabinet, owner: asyncpg.Connection) -> None:
    await cabinet.case(some_station())
    for table in ONLY_GROW:
        for statement in changes(table):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only grows"):
                await owner.execute(statement)


# --- heads -----------------------------------------------------------------------------------------------------------


async def test_a_head_vouches_for_what_came_since_the_one_before(cabinet: Cabinet) -> None:
    record = cabinet.wiring.record
    await record.seal(TODAY, NOON)
    case, other = await cabinet.case(some_station()), await cabinet.case(some_station())
    (signed,) = await record.seal(TODAY, NOON)
    assert (signed.head.chains, signed.head.entries, signed.head.day) == (2, 4, TODAY)
    assert await record.seal(TODAY, NOON) == []
    await cabinet.apply(case)
    (signed,) = await record.seal(TODAY, NOON)
    assert (signed.head.chains, signed.head.entries) == (1, 1)
    assert other != case
    found = verified(await published(cabinet), await exported(record))
    assert (found.whole, found.unvouched) == (True, 0)


async def test_of_two_sealers_at_once_one_wins(cabinet: Cabinet) -> None:
    for _ in range(5):
        await cabinet.case(some_station())
        made = await asyncio.gather(*(cabinet.wiring.record.seal(TODAY, NOON) for _ in range(4)))
        assert sorted(map(len, made)) == [0, 0, 0, 1]


async def test_sealing_while_many_write_leaves_nothing_out_and_takes_nothing_half(cabinet: Cabinet) -> None:
    record = cabinet.wiring.record
    cases = [await cabinet.case(some_station()) for _ in range(6)]
    await record.seal(TODAY, NOON)
    writing = asyncio.gather(*(_keep_writing(cabinet, case, 25) for case in cases))
    while not writing.done():
        await record.seal(TODAY, NOON)
        await asyncio.sleep(0.01)
    await writing
    await record.seal(TODAY, NOON)
    heads = await published(cabinet)
    found = verified(heads, await exported(record))
    assert (found.whole, found.unvouched) == (True, 0), found.findings
    assert found.entries == sum(signed.head.entries for signed in heads)


async def _keep_writing(cabinet: Cabinet, case: UUID, times: int) -> None:
    for _ in range(times):
        await cabinet.wiring.cases.apply(make_change(case))


async def test_much_at_once_gets_several_heads(cabinet: Cabinet) -> None:
    await cabinet.wiring.record.seal(TODAY, NOON)
    for _ in range(3):
        await cabinet.case(some_station())
    small = RecordStore(cabinet.wiring.database, cabinet.wiring.heads, entries_a_head=2)
    made = await small.seal(TODAY, NOON)
    assert len(made) >= 3 and sum(signed.head.entries for signed in made) == 6
    assert verified(await published(cabinet), await exported(cabinet.wiring.record)).whole


async def test_a_writer_who_does_not_end_is_waited_for_only_a_moment(cabinet: Cabinet, own: Settings) -> None:
    stuck = await asyncpg.connect(own.database)
    try:
        transaction = stuck.transaction()
        await transaction.start()
        await stuck.execute("select record_append('stuck', 'noted', '{}')")
        with pytest.raises(Unavailable):
            await cabinet.wiring.record.seal(TODAY, NOON)
        await transaction.rollback()
        await cabinet.wiring.record.seal(TODAY, NOON)
    finally:
        await stuck.close()
    assert await entries(cabinet, "stuck") == []


async def test_the_day_that_ended_is_sealed_once(cabinet: Cabinet) -> None:
    record = cabinet.wiring.record
    await cabinet.case(some_station())
    await record.seal(TODAY, NOON)
    await cabinet.case(some_station())
    assert await seal_ended_day(record, NOON.replace(hour=23, minute=59)) == []
    (signed,) = await seal_ended_day(record, NOON.replace(hour=0) + timedelta(days=1))
    assert signed.head.day == TODAY
    await cabinet.case(some_station())
    assert await seal_ended_day(record, NOON + timedelta(days=1)) == []


# --- exports ---------------------------------------------------------------------------------------------------------


async def test_an_export_comes_in_small_pieces_however_long_it_is(cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        await cabinet.case(some_station())
    whole = await exported(cabinet.wiring.record, tail=True)
    monkeypatch.setattr("adapters.database.record._ROWS_AT_ONCE", 3)
    pieces = [lines async for lines in cabinet.wiring.record.export(NOON, tail=True)]
    assert max(map(len, pieces)) <= 1 + 2 * 3
    assert [line for piece in pieces for line in piece] == whole


async def test_an_export_until_a_head_holds_no_more(cabinet: Cabinet) -> None:
    record = cabinet.wiring.record
    await record.seal(TODAY, NOON)
    before = await exported(record)
    number = len(await published(cabinet))
    late = await cabinet.case(some_station())
    await record.seal(TODAY, NOON)
    assert await exported(record, until=number) == before
    assert str(late).encode() not in b"".join(before)
    assert str(late).encode() in b"".join(await exported(record))


# --- what the tables hold against it ---------------------------------------------------------------------------------


async def differences(cabinet: Cabinet) -> list[str]:
    return [f"{d.text.en}: {d.where}" async for d in RecordAudit(cabinet.wiring.database).differences()]


async def test_what_is_altered_behind_the_record_by_who_can_switch_triggers_off_is_told(
    cabinet: Cabinet, owner: asyncpg.Connection
) -> None:
    assert await differences(cabinet) == []
    altered, gone, moved, other = [await cabinet.case(some_station()) for _ in range(4)]
    await owner.execute("alter table events disable trigger user")
    number = await owner.fetchval(
        "update events set data = '{\"outcome\": \"approved\"}' where application_id = $1 and event = 'decided' returning id", altered
    )
    deleted = await owner.fetchval("delete from events where application_id = $1 and event = 'submitted' returning id", gone)
    put = await owner.fetchval(
        "update events set application_id = $1, key = 'moved' where application_id = $2 and event = 'submitted' returning id", other, moved
    )
    await owner.execute("alter table events enable trigger user")
    told = await differences(cabinet)
    assert f"this row is not what was entered: events {number}" in told
    assert f"this row was entered and is gone: events {deleted}" in told
    assert f"this row is not what was entered: events {put}" in told
    await owner.execute("alter table events disable trigger user")  # back again, for the tests that follow
    await owner.execute("delete from events where application_id = any($1)", [altered, gone, moved, other])
    await owner.execute("alter table events enable trigger user")
    assert len(await differences(cabinet)) == 8 + 4


async def test_tables_of_any_length_are_held_against_it_some_cases_at_a_time(cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await differences(cabinet)
    for _ in range(5):
        await cabinet.case(some_station())
    for at_once in (1, 2, 3):
        monkeypatch.setattr("adapters.database.record_audit._CASES_AT_ONCE", at_once)
        assert sorted(await differences(cabinet)) == sorted(before)


async def test_a_decision_that_was_put_in_its_place_is_told(cabinet: Cabinet) -> None:
    database = cabinet.wiring.database
    before = await differences(cabinet)
    case = await cabinet.case(some_station())
    decided = DecisionByPerson(outcome=Outcome.REFUSED, by="clerk:approver", reason="理由")
    await cabinet.apply(case, "refused", decision=decided, by="clerk:approver")
    assert await differences(cabinet) == before
    for who in ("decision", "person_decision"):
        forged = database.seal({"outcome": "approved", "by": "clerk:approver", "reason": None}, f"applications.{who}", case)
        async with database.transaction() as connection:
            await connection.execute(applications.update().where(applications.c.id == case).values({f"{who}_box": forged}))
    assert [told for told in await differences(cabinet) if told not in before] == [
        f"this decision is not the one that was entered: applications {case} {who}" for who in ("decision", "person_decision")
    ]


async def test_the_record_is_sealed_by_the_key_whose_public_half_is_given_out(cabinet: Cabinet, tmp_path: Path) -> None:
    await cabinet.case(some_station())
    (signed,) = await cabinet.wiring.record.seal(TODAY, NOON)
    keys = cabinet.wiring.heads.public_keys()
    assert "d" not in keys["keys"][0]
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(keys), encoding="utf-8")
    assert HeadKeys.of_file(file).read(signed.token) == signed.head.payload()
    folder = cabinet.wiring.settings.home / "authority" / "public"
    assert HeadKeys.of_file(folder / "token-key.json").read(signed.token) == signed.head.payload()
    for place in range(0, len(signed.token), 7):
        changed = signed.token[:place] + ("A" if signed.token[place] != "A" else "B") + signed.token[place + 1 :]
        assert HeadKeys.of_file(file).read(changed) is None
    last = signed.token[:-1]
    assert [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" if HeadKeys.of_file(file).read(last + c)] == [
        signed.token[-1]
    ]
    file.write_text("[]", encoding="utf-8")
    with pytest.raises(KeysUnreadable):
        HeadKeys.of_file(file)
