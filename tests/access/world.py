"""Three cases full of secrets, of a station, of another station of its county, and of another county; and everybody who may ask."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update

from adapters.database.tables import (
    appointments,
    case_notes,
    inquiries,
    inquiry_entries,
    investigations,
    parcels,
    payments,
    questions,
    ratings,
    work_items,
)
from casework import accounts
from casework.accounts import NewClerk
from casework.office import Office
from domain.application import Applicant, ApplicationRequest
from domain.changes import NoticeText
from domain.evidence import RegistryAnswer
from domain.ids import new_id
from domain.jurisdiction import Role
from domain.service_item import ServiceItem, StepKind
from domain.text import Bilingual
from tests.builders import make_application_request, make_id_number
from tests.filing import Cabinet
from wiring import Wiring

ITEM = "name-change"
OWN, STATION, COUNTY = "own", "other station", "other county"
RELATIONS = (OWN, STATION, COUNTY)
# Every string below is found nowhere else, so finding it in an answer proves that it was told.
FIELDS = (
    "number", "name", "id_number", "phone", "email", "address", "answer", "evidence", "note", "question", "task", "reason", "finding",
    "comment",
)  # fmt: skip


@dataclass
class SecretCase:
    """One case: its ids for addresses, and its secrets by field."""

    relation: str
    station: str
    id: UUID
    person_id: UUID
    secrets: dict[str, str]
    ids: dict[str, str] = field(default_factory=dict)  # by the parameter's name in an address


@dataclass
class Caller:
    """Somebody who asks, with what their requests carry."""

    name: str
    role: Role | None = None
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""
    bearer: str | None = None
    may_see: frozenset[str] = frozenset()
    clerk_id: str | None = None


@dataclass
class World:
    cases: list[SecretCase]
    callers: list[Caller]


async def build(wiring: Wiring, office: Office, item: ServiceItem) -> World:
    """Places that no other test uses: two stations of one county and one of another."""
    county, other = (f"9{new_id().int % 10**5:05d}" for _ in range(2))
    places = {OWN: f"{county}510000", STATION: f"{county}520000", COUNTY: f"{other}510000"}
    cabinet = Cabinet(wiring, office, item)
    client = await accounts.add_client(office, "of the own case")
    stranger = await accounts.add_client(office, "of no case")
    cases = [
        await _case(wiring, office, cabinet, relation, station, serial, client.client_id if relation == OWN else None)
        for serial, (relation, station) in enumerate(places.items(), start=1)
    ]
    callers = [
        Caller("nobody"),
        await _applicant(office, cases[0]),
        await _stranger(office),
        await _program(office, "integrator", client.client_id, client.client_secret, frozenset({OWN})),
        await _program(office, "other integrator", stranger.client_id, stranger.client_secret, frozenset()),
        *[await _clerk(office, role, places[OWN]) for role in Role],
    ]
    async with wiring.database.transaction() as connection:  # the own case's task is this investigator's, the others' are somebody else's
        investigator = next(caller.clerk_id for caller in callers if caller.role is Role.INVESTIGATOR)
        own_task = work_items.c.id == UUID(cases[0].ids["task"])
        await connection.execute(update(work_items).where(own_task).values(candidates=[investigator]))
    return World(cases, callers)


# --- callers -----------------------------------------------------------------------------------------------------------

_SEES_COUNTY = {Role.APPROVER, Role.SUPERVISOR}
_SEES_STATION = {Role.PRE_REVIEWER, Role.COUNTER}


async def _clerk(office: Office, role: Role, station: str) -> Caller:
    seat = station if role in _SEES_STATION else None
    login = f"access-{role.value}-{new_id()}"
    new = NewClerk(login=login, name="某民警", role=role, county=station[:6], station=seat)
    clerk_id = await accounts.add_clerk(office, new, password=str(new_id()), totp_secret="JBSWY3DPEHPK3PXP")
    token = await accounts._open_session(office, "clerk", clerk_id, timedelta(hours=1))
    seen = {OWN, STATION} if role in _SEES_COUNTY else {OWN} if role in _SEES_STATION or role is Role.INVESTIGATOR else set()
    return Caller(
        role.value,
        role,
        {"onetrip_staff": token},
        await accounts.csrf_of(office, token),
        accounts._token(office, f"clerk:{clerk_id}"),
        frozenset(seen),
        clerk_id,
    )


async def _applicant(office: Office, case: SecretCase) -> Caller:
    token = await accounts._open_session(office, "applicant", str(case.person_id), timedelta(hours=1))
    return Caller("applicant", None, {"onetrip_session": token}, await accounts.csrf_of(office, token), None, frozenset({OWN}))


async def _stranger(office: Office) -> Caller:
    person = Applicant(id_number=make_id_number(901), name="路人甲", phone="13700000901")
    token = await accounts._open_session(
        office, "applicant", str(await office.accounts.prove_person(person, datetime.now(UTC))), timedelta(hours=1)
    )
    return Caller("other applicant", None, {"onetrip_session": token}, await accounts.csrf_of(office, token))


async def _program(office: Office, name: str, client_id: str, secret: str, seen: frozenset[str]) -> Caller:
    return Caller(name, None, {}, "", await accounts.client_token(office, client_id, secret), seen)


# --- cases -------------------------------------------------------------------------------------------------------------


async def _case(
    wiring: Wiring, office: Office, cabinet: Cabinet, relation: str, station: str, serial: int, client_id: str | None
) -> SecretCase:
    mark = f"{new_id().int % 10**9:09d}"
    secrets = {
        "name": f"秘名{mark}",
        "id_number": make_id_number(new_id().int % 1000, born=f"19{60 + serial}0{serial}1{serial}"),
        "phone": f"13{mark}",
        "email": f"secret{mark}@example.com",
        "address": f"秘密路{mark}号",
        "answer": f"秘新名{mark}",
        "evidence": f"秘证据{mark}",
        "note": f"秘备注{mark}",
        "question": f"秘问题{mark}",
        "task": f"秘任务{mark}",
        "reason": f"秘理由{mark}",
        "finding": f"秘结论{mark}",
        "comment": f"秘评语{mark}",
    }
    request = make_application_request(
        ITEM,
        id_number=secrets["id_number"],
        name=secrets["name"],
        phone=secrets["phone"],
        answers={"new_name": secrets["answer"], "reason": "same-name"},
        delivery="counter",
        client_id=client_id,
    )
    request = ApplicationRequest.model_validate(
        request.model_dump()
        | {
            "applicant": request.applicant.model_dump() | {"email": secrets["email"]},
            "delivery": {"method": "counter", "address": secrets["address"]},
        }
    )
    person_id = await office.accounts.prove_person(request.applicant, datetime.now(UTC))
    case = await cabinet.case(station, request)
    secrets["number"] = (await office.desk.case_file(case))["acceptance_number"]
    world = SecretCase(relation, station, case, person_id, secrets, {"application_id": str(case), "person_id": str(person_id)})
    await _evidence(wiring, case, secrets)
    await _people_s_work(wiring, cabinet, world)
    await _papers(cabinet, world)
    return world


async def _evidence(wiring: Wiring, case: UUID, secrets: dict[str, str]) -> None:
    record = {"name": secrets["evidence"], "id_number": secrets["id_number"], "address": secrets["evidence"]}
    body = json.dumps({"found": True, "record": record}, ensure_ascii=False).encode()
    answer = RegistryAnswer(
        source="resident_population",
        request_id=str(new_id()),
        found=True,
        record=record,
        body=body,
        digest="0" * 64,
        signature="",
        key_id="test",
        fetched_at=datetime.now(UTC),
    )
    await wiring.papers.keep_evidence(case, 0, "测试", answer)


async def _people_s_work(wiring: Wiring, cabinet: Cabinet, world: SecretCase) -> None:
    db, now, case, said = wiring.database, datetime.now(UTC), world.id, world.secrets
    held = await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    visit = await cabinet.work_item(case, StepKind.COUNTER_CHECK, Role.COUNTER)
    approval = await cabinet.work_item(case, StepKind.APPROVAL, Role.APPROVER, level="county")
    world.ids |= {"work_item_id": str(held), "approval": str(approval), "visit": str(visit)}
    question, inquiry, entry, note, investigation, task = (new_id() for _ in range(6))
    world.ids |= {"inquiry_id": str(inquiry), "task": str(task)}
    county = world.station[:6]
    rows: list[tuple[Any, dict[str, Any]]] = [
        (questions, {"id": question, "application_id": case, "work_item_id": held, "asked_by": "somebody", "asked_at": now,
                     "until": now + timedelta(days=9), "text_box": db.seal(said["question"], "questions.text", question)}),
        (case_notes, {"id": note, "application_id": case, "clerk_id": "somebody", "at": now,
                      "text_box": db.seal(said["note"], "case_notes.text", note)}),
        (investigations, {"id": investigation, "application_id": case, "work_item_id": held, "opened_by": "somebody", "opened_at": now,
                          "reason_box": db.seal(said["reason"], "investigations.reason", investigation)}),
        (work_items, {"id": task, "application_id": case, "kind": "investigation", "role": "investigator", "jurisdiction": county,
                      "name": {"zh": "走访", "en": "Visit"}, "status": "open", "due_at": now, "opened_at": now, "findings": {},
                      "candidates": ["somebody"], "investigation_id": investigation, "task": "visit",
                      "task_box": db.seal(said["task"], "work_items.task", task)}),
        (inquiries, {"id": inquiry, "number": f"T{new_id()}", "key": f"test:{case}", "pattern": "by_hand", "application_id": case,
                     "facts": {}, "county": county, "station": world.station, "opened_by": "machine", "opened_at": now,
                     "due_at": now + timedelta(days=5)}),
        (inquiry_entries, {"id": entry, "inquiry_id": inquiry, "at": now, "by": "somebody",
                           "text_box": db.seal(said["finding"], "inquiry_entries.text", entry)}),
        (ratings, {"application_id": case, "grade": 1, "reasons": [], "at": now,
                   "comment_box": db.seal(said["comment"], "ratings.comment", case)}),
        (payments, {"order_id": f"fee-{case}", "application_id": case, "state": "paid", "fen": 500, "receipt_number": f"R{case.hex}",
                    "ordered_at": now, "paid_at": now}),
        (parcels, {"order_id": str(new_id()), "application_id": case, "tracking_number": f"T{case.hex}", "state": "in_transit",
                   "at": now, "ordered_at": now}),
        (appointments, {"id": new_id(), "application_id": case, "station": world.station, "starts_at": now + timedelta(hours=1),
                        "minutes": 30, "seat": 1, "status": "booked", "made_by": "applicant", "made_at": now, "changed_at": now}),
    ]  # fmt: skip
    async with db.transaction() as connection:
        for table, row in rows:
            await connection.execute(insert(table).values(**row))


async def _papers(cabinet: Cabinet, world: SecretCase) -> None:
    world.ids["number"] = await cabinet.document(world.id)
    world.ids["upload_id"] = str(await cabinet.material(world.id))
    await cabinet.apply(world.id, notices=[NoticeText(key="access", text=Bilingual(zh="测试", en="Test"))])
