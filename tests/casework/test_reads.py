"""Every look at a case is entered before it is shown, and told to the applicant by office and role."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from casework import accounts, clerking, following, reads
from casework.accounts import NewClerk
from casework.actors import ApplicantActor, ClientActor
from casework.reads import ReadFilter, ReadView
from domain.application import Applicant
from domain.errors import InvalidInput, NotAllowed, NotFound, Unavailable
from domain.jurisdiction import Role
from domain.reads import PersonalRead
from domain.service_item import Kind, StepKind
from tests.builders import make_application_request, make_id_number
from tests.driving import make_clerk
from tests.filing import TEXT, Cabinet, some_station

pytestmark = pytest.mark.stack


async def signed_in(cabinet: Cabinet, id_number: str, phone: str = "13800000001") -> ApplicantActor:
    person = await cabinet.office.accounts.prove_person(Applicant(id_number=id_number, name="虞书谣", phone=phone), datetime.now(UTC))
    return ApplicantActor(person, cabinet.office.accounts.index(phone), "虞书谣", "3303************02", "138****0001")


async def seen_by(cabinet: Cabinet, actor: ApplicantActor, case: UUID) -> list[ReadView]:
    return (await reads.my_reads(cabinet.office, actor, ReadFilter(application_id=case))).items


def told(found: list[ReadView]) -> list[tuple[str, str, list[str]]]:
    """Oldest first: who, why, which fields."""
    return [(r.by.en, r.purpose.en, [f.name for f in r.fields]) for r in reversed(found)]


def read_about(subject: str, case: UUID | None = None, **changes: Any) -> PersonalRead:
    fields: dict[str, Any] = {
        "key": str(uuid4()),
        "subject": subject,
        "at": datetime.now(UTC),
        "by": "machine",
        "source": "resident_population",
    }
    return PersonalRead(**fields | {"purpose": TEXT, "fields": ["name"], "application_id": case} | changes)


async def test_what_a_clerk_looks_at_is_told_once_a_day_by_office_and_role(cabinet: Cabinet) -> None:
    number, station = make_id_number(61), some_station()
    case = await cabinet.case(station, make_application_request(id_number=number))
    item = await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    document, material = await cabinet.document(case), await cabinet.material(case)
    new = NewClerk(login=f"reviewer-{uuid4()}", name="不外传", role=Role.PRE_REVIEWER, county=station[:6], station=station)
    clerk_id = await accounts.add_clerk(cabinet.office, new, password="a password", totp_secret="JBSWY3DPEHPK3PXP")
    clerk = make_clerk(Role.PRE_REVIEWER, station=station, clerk_id=clerk_id)

    for _ in range(2):
        await clerking.work_item(cabinet.office, clerk, item)
        await following.get_application(cabinet.office, clerk, case)
        await following.document_file(cabinet.office, clerk, document)
        await following.material_file(cabinet.office, clerk, case, material)

    found = await seen_by(cabinet, await signed_in(cabinet, number), case)
    officer = f"{station}, pre-review officer"
    assert told(found) == [
        (officer, "Pre-review", ["name", "id_number", "answers", "evidence", "decision", "progress"]),
        (officer, "Looking at the application", ["answers", "decision", "progress"]),
        (officer, "Looking at the document", ["document"]),
        (officer, "Looking at an upload", ["materials.photo"]),
    ]
    assert [f.label.zh for f in found[0].fields] == ["照片"], "an upload is called as the item calls it"
    assert "不外传" not in str(found)


async def test_a_search_at_the_counter_is_told(cabinet: Cabinet) -> None:
    number, station = make_id_number(62), some_station()
    case = await cabinet.case(station, make_application_request(id_number=number))
    await cabinet.work_item(case, StepKind.COUNTER_CHECK, Role.COUNTER)
    clerk = make_clerk(Role.COUNTER, station=station)
    await clerking.find(cabinet.office, clerk, number)
    await clerking.find_cases(cabinet.office, clerk, number)
    found = await seen_by(cabinet, await signed_in(cabinet, number), case)
    assert told(found) == [("officer", "Finding the application by its number or by ID number", ["name", "progress"])]


async def test_an_integrators_program_is_named_and_its_own_applicant_is_not(cabinet: Cabinet) -> None:
    number = make_id_number(63)
    credentials = await accounts.add_client(cabinet.office, "市民门户")
    request = make_application_request(id_number=number, client_id=credentials.client_id)
    case = await cabinet.case(some_station(), request)
    me = await signed_in(cabinet, number)
    for actor in (ClientActor(credentials.client_id), ClientActor(credentials.client_id), me):
        await following.get_application(cabinet.office, actor, case)
    (read,) = await seen_by(cabinet, me, case)
    assert (read.by.zh, read.who, read.purpose) == ("代办程序“市民门户”", "client", reads.FOLLOWING)


async def test_what_cannot_be_entered_is_not_shown(cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch) -> None:
    station = some_station()
    case = await cabinet.case(station)
    item = await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    clerk = make_clerk(Role.PRE_REVIEWER, station=station)

    async def full(_: Any) -> None:
        raise Unavailable()

    monkeypatch.setattr(cabinet.wiring.reads, "record_look", full)
    monkeypatch.setattr(cabinet.wiring.reads, "record_look_at_evidence", full)
    with pytest.raises(Unavailable):
        await following.get_application(cabinet.office, clerk, case)
    with pytest.raises(Unavailable):
        await clerking.work_item(cabinet.office, clerk, item)


async def test_who_may_not_look_leaves_no_trace(cabinet: Cabinet) -> None:
    number = make_id_number(64)
    case = await cabinet.case(some_station(), make_application_request(id_number=number))
    with pytest.raises(NotAllowed):
        await following.get_application(cabinet.office, make_clerk(Role.PRE_REVIEWER, station=some_station()), case)
    with pytest.raises(NotFound):
        await following.get_application(cabinet.office, ClientActor("another"), case)
    assert await seen_by(cabinet, await signed_in(cabinet, number), case) == []


async def test_a_mother_sees_that_she_was_asked_about_and_not_for_whom(cabinet: Cabinet) -> None:
    applicant, mother, station = make_id_number(65), make_id_number(66, born="19660606"), some_station()
    case = await cabinet.case(station, make_application_request(id_number=applicant))
    item = await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    await cabinet.wiring.reads.record(read_about(mother, case, service_item="library-card", fields=["address", "name"]))
    await clerking.work_item(cabinet.office, make_clerk(Role.PRE_REVIEWER, station=station), item)

    look, asked = await seen_by(cabinet, await signed_in(cabinet, mother), case)
    for read in (look, asked):
        assert (read.about_applicant, read.application_id, read.acceptance_number) == (False, None, None)
        assert read.service_item_name == cabinet.item.name
        assert [f.name for f in read.fields] == ["address", "name"]
    assert (asked.who, look.who) == ("machine", "clerk")
    assert [f.label for f in asked.fields] == [f.label for f in look.fields] != [], "labels are those of the source's file"
    mine = await seen_by(cabinet, await signed_in(cabinet, applicant), case)
    assert [(r.who, r.source, r.application_id) for r in mine] == [("clerk", None, case)], "and the applicant does not see her row"


async def test_pages_end_and_a_cursor_that_is_not_ours_is_refused(cabinet: Cabinet) -> None:
    number = make_id_number(67)
    for _ in range(3):
        await cabinet.wiring.reads.record(read_about(number, service_item="library-card"))
    me = await signed_in(cabinet, number)
    first = await reads.my_reads(cabinet.office, me, ReadFilter(), limit=2)
    last = await reads.my_reads(cabinet.office, me, ReadFilter(), first.next_cursor, limit=2)
    assert (len(first.items), len(last.items), last.next_cursor) == (2, 1, None)
    for cursor in ("abc", "1" * 30, "٣"):
        with pytest.raises(InvalidInput):
            await reads.my_reads(cabinet.office, me, ReadFilter(), cursor)


async def test_what_is_no_longer_in_the_catalogue_is_shown_by_its_code(cabinet: Cabinet) -> None:
    number = make_id_number(68)
    await cabinet.wiring.reads.record(read_about(number, service_item="closed-long-ago", source="dissolved", fields=["something"]))
    me = await signed_in(cabinet, number)
    (read,) = (await reads.my_reads(cabinet.office, me, ReadFilter())).items
    assert (read.service_item_name, read.source_name, read.fields[0].label.zh) == (None, None, "something")
    items, sources = await reads.my_choices(cabinet.office, me)
    assert [(code, name.zh) for code, name in items + sources] == [("closed-long-ago", "closed-long-ago"), ("dissolved", "dissolved")]


async def test_an_integrator_reads_who_read_for_its_own_case_only(cabinet: Cabinet) -> None:
    number = make_id_number(69)
    case = await cabinet.case(some_station(), make_application_request(id_number=number, client_id="portal"))
    await cabinet.wiring.reads.record(read_about(number, case))
    (read,) = (await reads.reads_of_case(cabinet.office, ClientActor("portal"), case)).items
    assert (read.application_id, read.about_applicant, read.source) == (case, True, "resident_population")
    with pytest.raises(NotFound):
        await reads.reads_of_case(cabinet.office, ClientActor("another"), case)


async def test_a_decision_that_is_made_again_is_told_to_all_whose_answers_it_shows(cabinet: Cabinet) -> None:
    applicant, mother, station = make_id_number(70), make_id_number(71, born="19660606"), some_station()
    case = await cabinet.case(station, make_application_request(id_number=applicant))
    await cabinet.wiring.reads.record(read_about(mother, case))
    await reads.enter_replay(cabinet.office, None, case)
    (mine,) = await seen_by(cabinet, await signed_in(cabinet, applicant), case)
    look, _ = await seen_by(cabinet, await signed_in(cabinet, mother), case)
    assert [(r.who, r.by.en, [f.name for f in r.fields]) for r in (mine, look)] == [
        ("operator", "The operator of the system", ["decision", "answers", "evidence"]),
        ("operator", "The operator of the system", ["name"]),
    ]


async def test_a_querys_answer_that_is_shown_is_told_like_its_document(cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch) -> None:
    number, station = make_id_number(72), some_station()
    monkeypatch.setattr(cabinet, "item", cabinet.item.model_copy(update={"kind": Kind.QUERY}))
    case = await cabinet.case(station, make_application_request(id_number=number))
    await cabinet.document(case)
    view = await following.get_application(cabinet.office, make_clerk(Role.PRE_REVIEWER, station=station), case)
    assert view.result is not None
    found = await seen_by(cabinet, await signed_in(cabinet, number), case)
    assert [fields for _, _, fields in told(found)] == [["answers", "decision", "progress"], ["document"]]
