"""Who read whose data: one row a read, shown to the person whom it is about and to nobody else."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from adapters.database import tables
from domain.application import Applicant
from domain.reads import CaseLook, PersonalRead
from domain.text import Bilingual
from tests.builders import make_application_request, make_id_number
from tests.filing import TEXT, Cabinet, some_station

pytestmark = pytest.mark.stack
MOTHER = make_id_number(44, born="19660606")


def make_read(subject: str, **changes: Any) -> PersonalRead:
    fields: dict[str, Any] = {
        "key": f"registry:{uuid4()}",
        "subject": subject,
        "at": datetime.now(UTC),
        "by": "machine",
        "source": "resident_population",
        "purpose": TEXT,
        "fields": ["address", "name"],
        "service_item": "library-card",
    }
    return PersonalRead(**fields | changes)


def make_look(case: UUID, **changes: Any) -> CaseLook:
    fields: dict[str, Any] = {
        "key": f"look:{uuid4()}",
        "application_id": case,
        "at": datetime.now(UTC),
        "by": f"clerk:{uuid4()}",
        "purpose": TEXT,
        "fields": ["answers"],
    }
    return CaseLook(**fields | changes)


async def rows(cabinet: Cabinet, **columns: Any) -> list[dict[str, Any]]:
    table = tables.data_reads
    query = select(table).where(*(table.c[name] == value for name, value in columns.items())).order_by(table.c.id)
    async with cabinet.wiring.database.statement() as connection:
        return [dict(row._mapping) for row in (await connection.execute(query)).all()]


async def sign_in(cabinet: Cabinet, id_number: str, phone: str = "13800000001") -> tuple[UUID, bytes]:
    """What an actor carries who proved this phone."""
    person = await cabinet.office.accounts.prove_person(Applicant(id_number=id_number, name="虞书谣", phone=phone), datetime.now(UTC))
    return person, cabinet.office.accounts.index(phone)


async def test_a_read_that_is_told_twice_is_one_row_with_what_was_said_first(cabinet: Cabinet) -> None:
    read = make_read(make_id_number(41))
    await cabinet.wiring.reads.record(read)
    await cabinet.wiring.reads.record(read.model_copy(update={"purpose": Bilingual(zh="另", en="Other")}))
    (row,) = await rows(cabinet, key=read.key)
    assert (row["by"], row["source"], row["fields"], row["purpose"]) == (
        "machine",
        "resident_population",
        ["address", "name"],
        TEXT.model_dump(),
    )


async def test_the_number_is_kept_as_a_keyed_hash_only(cabinet: Cabinet) -> None:
    read = make_read(make_id_number(42))
    await cabinet.wiring.reads.record(read)
    (row,) = await rows(cabinet, key=read.key)
    assert bytes(row["subject_index"]) == cabinet.wiring.database.index(read.subject)
    assert read.subject not in str(row)


async def test_a_portrait_is_told_with_the_item_of_its_case(cabinet: Cabinet) -> None:
    case = await cabinet.case(some_station())
    read = make_read(make_id_number(), application_id=case, service_item=None)
    await cabinet.wiring.reads.record(read)
    assert [r["service_item"] for r in await rows(cabinet, key=read.key)] == ["library-card"]


async def test_a_look_at_a_case_is_told_to_its_applicant_once(cabinet: Cabinet) -> None:
    case = await cabinet.case(some_station())
    look = make_look(case)
    for store in (cabinet.wiring.reads, cabinet.wiring.reads, type(cabinet.wiring.reads)(cabinet.wiring.database)):
        await store.record_look(look)
    (row,) = await rows(cabinet, application_id=case)
    assert bytes(row["subject_index"]) == cabinet.wiring.database.index(make_id_number())
    assert (row["by"], row["source"], row["fields"], row["service_item"]) == (look.by, None, ["answers"], "library-card")


async def test_a_look_at_evidence_is_told_to_the_others_whom_it_is_about_with_what_was_asked(cabinet: Cabinet) -> None:
    case = await cabinet.case(some_station())
    await cabinet.wiring.reads.record(make_read(make_id_number(), application_id=case))
    await cabinet.wiring.reads.record(make_read(MOTHER, application_id=case, source="marriage", fields=["spouse"]))
    look = make_look(case)
    await cabinet.wiring.reads.record_look_at_evidence(look)
    await cabinet.wiring.reads.record_look_at_evidence(look)
    told = await rows(cabinet, application_id=case, by=look.by)
    assert [(bytes(r["subject_index"]), r["source"], r["fields"]) for r in told] == [
        (cabinet.wiring.database.index(make_id_number()), None, ["answers"]),
        (cabinet.wiring.database.index(MOTHER), "marriage", ["spouse"]),
    ]


async def test_a_person_sees_reads_of_their_own_data_and_nobody_elses(cabinet: Cabinet) -> None:
    me, other = make_id_number(45), make_id_number(46)
    mine, theirs = make_read(me), make_read(other)
    for read in (mine, theirs):
        await cabinet.wiring.reads.record(read)
    seen = await cabinet.wiring.reads.reads_about(*await sign_in(cabinet, me), limit=50)
    assert [r["key"] for r in seen] == [mine.key]


async def test_nothing_is_shown_for_a_phone_that_the_person_did_not_prove(cabinet: Cabinet) -> None:
    me = make_id_number(47)
    await cabinet.wiring.reads.record(make_read(me))
    person, phone_index = await sign_in(cabinet, me)
    another = cabinet.office.accounts.index("13899999999")
    assert await cabinet.wiring.reads.reads_about(person, another, limit=50) == []
    assert await cabinet.wiring.reads.choices(person, another) == ([], [])
    assert len(await cabinet.wiring.reads.reads_about(person, phone_index, limit=50)) == 1


async def test_a_person_who_applied_but_never_signed_in_has_proved_nothing(cabinet: Cabinet) -> None:
    number = make_id_number(48)
    case = await cabinet.case(some_station(), make_application_request(id_number=number))
    await cabinet.wiring.reads.record_look(make_look(case))
    access = await cabinet.office.desk.access_of(case)
    assert await cabinet.wiring.reads.reads_about(access["person_id"], bytes(access["phone_index"]), limit=50) == []


async def test_a_case_is_its_persons_own_only_under_the_phone_that_it_carries(cabinet: Cabinet) -> None:
    number = make_id_number(49)
    own = await cabinet.case(some_station(), make_application_request(id_number=number, phone="13800000049"))
    anothers_doing = await cabinet.case(some_station(), make_application_request(id_number=number, phone="13800000050"))
    for case in (own, anothers_doing):
        await cabinet.wiring.reads.record(make_read(number, application_id=case))
    seen = await cabinet.wiring.reads.reads_about(*await sign_in(cabinet, number, "13800000049"), limit=50)
    assert {r["application_id"]: (r["own"], r["about_applicant"]) for r in seen} == {own: (True, True), anothers_doing: (False, True)}


async def test_pages_follow_each_other_newest_first_and_filters_narrow_them(cabinet: Cabinet) -> None:
    me = make_id_number(50)
    keys: list[str] = []
    for number in range(5):
        read = make_read(me, source="marriage" if number % 2 else "property", service_item="name-change" if number == 4 else "library-card")
        await cabinet.wiring.reads.record(read)
        keys.insert(0, read.key)
    proof = await sign_in(cabinet, me)
    reads = cabinet.wiring.reads
    first = await reads.reads_about(*proof, limit=3)
    rest = await reads.reads_about(*proof, before=first[-1]["id"], limit=3)
    assert [r["key"] for r in first + rest] == keys
    assert [r["key"] for r in await reads.reads_about(*proof, source="marriage", limit=9)] == [keys[1], keys[3]]
    assert [r["key"] for r in await reads.reads_about(*proof, service_item="name-change", limit=9)] == [keys[0]]
    assert await reads.choices(*proof) == (["library-card", "name-change"], ["marriage", "property"])
