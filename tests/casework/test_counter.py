"""Any counter takes any case of somebody who is there; and whoever is not there opens nothing by it."""

import dataclasses
import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from adapters.database import tables
from casework import clerking, counter, following
from casework.actors import ClerkActor
from casework.counter import SignatureInput
from casework.office import Office
from domain.application import Status
from domain.errors import FourEyes, InvalidInput, NotAllowed, NotFound, WorkItemAlreadyClaimed, WorkItemNotClaimed, WrongState
from domain.jurisdiction import Role
from domain.service_item import StepKind
from domain.text import Bilingual
from tests.builders import NAME, make_application_request, make_id_number
from tests.driving import make_clerk
from tests.filing import Cabinet, some_station

pytestmark = pytest.mark.stack
HER_NUMBER = make_id_number(77, born="19850607")


async def waiting_case(cabinet: Cabinet, station: str, *, number: str = HER_NUMBER, kind: StepKind = StepKind.COUNTER_CHECK) -> UUID:
    case = await cabinet.case(station, make_application_request(id_number=number))
    await cabinet.work_item(case, kind, Role.COUNTER)
    await cabinet.apply(case, status=Status.AWAITING_COUNTER)
    return case


async def acceptance_number(office: Office, case: UUID) -> str:
    return str((await office.desk.case_file(case))["acceptance_number"])


async def code_of(office: Office, case: UUID, life: timedelta = counter.PAGE_CODE_LIFE) -> str:
    return counter.visit_code(office, await acceptance_number(office, case), life)


async def events_of(cabinet: Cabinet, case: UUID, event: str) -> list[dict[str, Any]]:
    return [e for e in await cabinet.office.desk.events_after(case, 0) if e["event"] == event]


def clerk_at(station: str) -> ClerkActor:
    return make_clerk(Role.COUNTER, station=station)


# --- what was scanned or typed ---


async def test_a_code_of_ours_proves_presence_until_it_expires_and_an_altered_one_never(cabinet: Cabinet) -> None:
    office, case = cabinet.office, await waiting_case(cabinet, some_station())
    code = await code_of(office, case)
    assert counter.read_proof(office, code.lower()).kind == "qr"
    assert len(code) < 60 and code.isascii() and code == code.upper()
    for bad in (await code_of(office, case, timedelta(hours=-2)), code[:-1] + ("A" if code[-1] != "A" else "B"), "9" + code[1:]):
        with pytest.raises(InvalidInput):
            counter.read_proof(office, bad)
    assert counter.read_proof(office, HER_NUMBER).kind == "id_card"
    assert counter.read_proof(office, code[:20]).kind == "number"


# --- checking in ---


@pytest.mark.parametrize("how", ["qr", "id_card"])
async def test_a_counter_far_away_takes_the_case_of_somebody_who_is_there(cabinet: Cabinet, how: str) -> None:
    office, home, here = cabinet.office, some_station(), some_station()
    case = await waiting_case(cabinet, home)
    clerk = clerk_at(here)
    proof = await code_of(office, case) if how == "qr" else HER_NUMBER

    work_item, kind = await counter.check_in(office, clerk, case, proof)

    assert kind is StepKind.COUNTER_CHECK
    record = await office.desk.work_item(work_item)
    assert (record["jurisdiction"], record["status"], record["claimed_by"]) == (here, "claimed", clerk.clerk_id)
    (event,) = await events_of(cabinet, case, "counter_visit")
    assert (event["data"]["from"], event["data"]["to"], event["data"]["how"]) == (home, here, how)
    assert (await clerking.work_item(office, clerk, work_item)).may_complete
    assert await following.get_application(office, clerk, case), "uploads and print-outs open too"


async def test_an_acceptance_number_alone_opens_nothing_of_another_counters_case(cabinet: Cabinet) -> None:
    office, home = cabinet.office, some_station()
    case = await waiting_case(cabinet, home)
    number = await acceptance_number(office, case)
    stranger = clerk_at(some_station())
    (row,) = await counter.visits(office, stranger, counter.read_proof(office, number))
    assert (row.applicant_name, row.service_item_name, row.may_check_in) == (None, None, False)
    with pytest.raises(NotAllowed):
        await counter.check_in(office, stranger, case, number)
    with pytest.raises(NotAllowed):
        await following.get_application(office, stranger, case)
    assert await events_of(cabinet, case, "counter_visit") == []

    assert await counter.check_in(office, clerk_at(home), case, number)


async def test_somebody_elses_code_or_card_does_not_open_a_case(cabinet: Cabinet) -> None:
    office = cabinet.office
    case = await waiting_case(cabinet, some_station())
    other = await waiting_case(cabinet, some_station(), number=make_id_number(78, born="19850608"))
    for proof in (await code_of(office, other), make_id_number(78, born="19850608"), make_id_number(79, born="19850609")):
        with pytest.raises(NotFound):
            await counter.check_in(office, clerk_at(some_station()), case, proof)


async def test_checking_in_twice_is_once_and_a_colleague_reads_that_it_is_taken(cabinet: Cabinet) -> None:
    office, here = cabinet.office, some_station()
    case = await waiting_case(cabinet, some_station())
    clerk = clerk_at(here)
    assert await counter.check_in(office, clerk, case, HER_NUMBER) == await counter.check_in(office, clerk, case, HER_NUMBER)
    assert len(await events_of(cabinet, case, "counter_visit")) == 1
    query = select(tables.counter_visits.c.how).where(tables.counter_visits.c.application_id == case)
    async with cabinet.wiring.database.transaction() as connection:
        assert list((await connection.execute(query)).scalars()) == ["id_card"]
    with pytest.raises(WorkItemAlreadyClaimed):
        await counter.check_in(office, clerk_at(here), case, HER_NUMBER)


async def test_nobody_serves_their_own_household(cabinet: Cabinet) -> None:
    office, clerk = cabinet.office, clerk_at(some_station())
    row = {
        "login": f"kin-{clerk.clerk_id}",
        "name": "x",
        "role": "counter",
        "county": "330302",
        "password_hash": "",
        "created_at": office.now(),
    }
    clerk_id = await office.accounts.add_clerk(row | {"station": clerk.scope.station}, "SECRET")
    kin = ClerkActor(clerk.scope.model_copy(update={"clerk_id": clerk_id}), clerk.login, clerk.name)
    number = make_id_number(80, born="19850610")
    case = await waiting_case(cabinet, some_station(), number=number)
    async with cabinet.wiring.database.transaction() as connection:
        index = cabinet.wiring.database.index(number)
        await connection.execute(insert(tables.clerk_kin).values(clerk_id=clerk_id, person_index=index, relation="household"))
    with pytest.raises(FourEyes):
        await counter.check_in(office, kin, case, number)
    assert await events_of(cabinet, case, "counter_visit") == []


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.COUNTER])
async def test_only_counters_check_in(cabinet: Cabinet, role: Role) -> None:
    case = await waiting_case(cabinet, some_station())
    with pytest.raises(NotAllowed):
        await counter.check_in(cabinet.office, make_clerk(role, station=some_station()), case, HER_NUMBER)


async def test_a_case_that_waits_for_no_visit_has_nobody_to_check_in(cabinet: Cabinet) -> None:
    station = some_station()
    number = make_id_number(81, born="19850611")
    case = await cabinet.case(station, make_application_request(id_number=number))
    await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    assert await counter.visits(cabinet.office, clerk_at(station), counter.read_proof(cabinet.office, number)) == []
    with pytest.raises(WrongState):
        await counter.take_up(cabinet.office, clerk_at(station), case, "id_card")


async def test_the_look_is_told_to_the_person(cabinet: Cabinet) -> None:
    clerk = clerk_at(some_station())
    case = await waiting_case(cabinet, some_station())
    await counter.check_in(cabinet.office, clerk, case, HER_NUMBER)
    reads = await cabinet.office.reads.reads_of_case(case, limit=20)
    assert f"clerk:{clerk.clerk_id}" in {read["by"] for read in reads}
    assert "您到窗口签到" in {read["purpose"]["zh"] for read in reads}


# --- during the visit ---


async def test_who_lacks_an_original_keeps_the_window_and_the_case_returns_to_its_own_counter(cabinet: Cabinet) -> None:
    office, home, here = cabinet.office, some_station(), some_station()
    case = await waiting_case(cabinet, home)
    clerk = clerk_at(here)
    work_item, _ = await counter.check_in(office, clerk, case, HER_NUMBER)
    await counter.end_visit(office, clerk, work_item, [("old-card", Bilingual(zh="旧证", en="Old card"))])
    record = await office.desk.work_item(work_item)
    assert (record["jurisdiction"], record["status"], record["claimed_by"]) == (home, "open", None)
    (event,) = await events_of(cabinet, case, "visit_ended")
    assert "旧证" in event["text"]["zh"] and event["data"]["missing"] == ["old-card"]
    with pytest.raises(WrongState):
        await counter.end_visit(office, clerk, work_item, [])
    with pytest.raises(NotAllowed):
        await following.get_application(office, clerk, case)


async def test_a_picture_of_the_original_is_kept_apart_from_the_uploads(cabinet: Cabinet) -> None:
    office = dataclasses.replace(cabinet.office, clean_upload=_as_it_is)
    clerk = clerk_at(some_station())
    case = await waiting_case(cabinet, some_station())
    work_item, _ = await counter.check_in(office, clerk, case, HER_NUMBER)
    scan = await counter.scan_original(office, clerk, work_item, "old-card", b"a scan", "image/jpeg")
    assert (await office.desk.material(case, scan))["origin"] == "counter"
    assert await following.material_file(office, clerk, case, scan) == (b"a scan", "image/jpeg")
    with pytest.raises(InvalidInput):
        await counter.scan_original(office, clerk, work_item, "no-such-original", b"a scan", "image/jpeg")
    await counter.end_visit(office, clerk, work_item, [])
    with pytest.raises((NotAllowed, WorkItemNotClaimed)):
        await counter.scan_original(office, clerk, work_item, "old-card", b"a scan", "image/jpeg")


@dataclasses.dataclass(frozen=True)
class _Clean:
    data: bytes
    media_type: str = "image/jpeg"
    sha256: str = ""
    pages: int = 1


async def _as_it_is(data: bytes, media_type: str) -> _Clean:
    return _Clean(data, sha256=hashlib.sha256(data).hexdigest())


async def test_a_signature_is_kept_once_and_sealed(cabinet: Cabinet) -> None:
    office, clerk = cabinet.office, clerk_at(some_station())
    case = await waiting_case(cabinet, some_station())
    signature = await counter.check_signature(office, SignatureInput(typed=f" {NAME[0]} {NAME[1:]} "), NAME)
    for _ in range(2):
        await counter.keep_signature(office, clerk, case, "receipt", signature)
    kept = await office.counter.signature_of(case, "receipt")
    assert kept is not None and kept["clerk_id"] == clerk.clerk_id
    assert await office.objects.get(f"signatures/{kept['id']}", kept["sha256"]) == f"{NAME[0]} {NAME[1:]}".encode()
    assert await office.counter.signature_of(case, "application") is None
