"""Filing for somebody at a counter: what the clerk may see and do, and whose the case is afterwards (decision 0006)."""

import dataclasses
import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from adapters.database import tables
from casework import access, accounts, applying, filing, following
from casework.actors import ApplicantActor, AttendedActor, ClerkActor
from casework.counter import SignatureInput
from casework.filing import PersonTyped
from casework.office import Office
from domain.application import Applicant, ApplicationRequest, DeliveryChoice
from domain.changes import LookUpAnswer, OpenCase
from domain.errors import FourEyes, InvalidInput, NotAllowed, NotFound, NotSignedIn, Unavailable, WrongState
from domain.jurisdiction import Role
from domain.service_item import Delivery
from tests.builders import NAME, make_application_request, make_id_number
from tests.driving import make_clerk
from tests.filing import DIVISION, Cabinet, some_station
from workflows.prefill import PrefillRequest, PrefillResult

pytestmark = pytest.mark.stack
OLD, NEW = "13800000011", "13900000022"


class SmsBox:
    """Keeps message id, phone and text; hands nothing over while `away`."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.away = False

    async def send(self, *, message_id: str, phone: str, text: str) -> None:
        if self.away:
            raise Unavailable()
        self.sent.append((message_id, phone, text))


class Register:
    """Stands in for the engine: answers what the population registry has, and files a case straight into the read model."""

    def __init__(self, cabinet: Cabinet) -> None:
        self.cabinet = cabinet
        self.name: str | None = NAME
        self.asked: list[PrefillRequest] = []

    async def prefill(self, request: PrefillRequest) -> PrefillResult:
        self.asked.append(request)
        if self.name is None:
            return PrefillResult(answers=[], failed=request.sources)
        answer = LookUpAnswer(source="resident_population", found=True, record={"name": self.name, "address": "书院路1号"})
        return PrefillResult(answers=[answer], failed=[])

    async def start(self, application_id: UUID, request: ApplicationRequest) -> None:
        opening = OpenCase(application_id=application_id, request=request, at=self.cabinet.office.now())
        await self.cabinet.wiring.cases.open_case(opening, self.cabinet.item, division=DIVISION)


@dataclasses.dataclass
class Hall:
    """A counter with its clerk, a gateway that keeps its messages, and a person who is new."""

    office: Office
    register: Register
    sms: SmsBox
    clerk: ClerkActor
    number: str

    def typed(self, **changed: Any) -> PersonTyped:
        base: dict[str, Any] = {"id_number": self.number, "name": NAME, "phone": "", "card_seen": True}
        return PersonTyped(**base | changed)

    async def serve(self, **changed: Any) -> AttendedActor:
        person_id = await filing.begin(self.office, self.clerk, "library-card", self.typed(**changed))
        return await filing.attended(self.office, self.clerk, person_id)

    async def file(self, actor: AttendedActor) -> UUID:
        answers, delivery = {"genre": "novels", "shelf": "S-1"}, DeliveryChoice(method=Delivery.ONLINE)
        request = await applying.request_of(self.office, actor, "library-card", answers, delivery, "zh", "pc")
        return (await filing.file(self.office, actor, request, str(uuid4()), SignatureInput(typed=NAME))).id

    async def sign_in(self, phone: str) -> ApplicantActor:
        code_id = await accounts.request_code(self.office, id_number=self.number, name=NAME, phone=phone)
        code = next(text for _, to, text in reversed(self.sms.sent) if to == phone).split("登录验证码 ")[1][:6]
        actor = await accounts.applicant_of(self.office, await accounts.confirm_code(self.office, code_id, code))
        assert actor is not None
        return actor


@pytest.fixture
def hall(cabinet: Cabinet) -> Hall:
    register, sms = Register(cabinet), SmsBox()
    office = dataclasses.replace(cabinet.office, engine=register, sms=sms)  # type: ignore[arg-type]  # the part of it that filing needs
    number = make_id_number(
        random.randrange(1000), born=f"19{random.randrange(40, 99)}{random.randrange(10, 13)}{random.randrange(10, 29)}"
    )
    return Hall(office, register, sms, make_clerk(Role.COUNTER, station=some_station()), number)


# --- who may ---


async def test_only_a_counter_files_and_never_for_the_clerks_own_household(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    for role in (Role.APPROVER, Role.PRE_REVIEWER, Role.SUPERVISOR, Role.SYSTEM_ADMIN):
        with pytest.raises(NotAllowed):
            await filing.begin(hall.office, make_clerk(role), "library-card", hall.typed())

    async def kin(clerk_id: str, id_number: str) -> bool:
        return id_number == hall.number

    monkeypatch.setattr(hall.office.counter, "is_kin", kin)
    with pytest.raises(FourEyes):
        await filing.begin(hall.office, hall.clerk, "library-card", hall.typed())
    with pytest.raises(FourEyes):
        await filing.enter_phone(hall.office, hall.clerk, hall.typed(phone=NEW))
    assert hall.register.asked == [], "nothing was looked up"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"card_seen": False}, "/card_seen"),
        ({"id_number": "330302199001020001"}, "/id_number"),
        ({"name": ""}, "/name"),
        ({"phone": "12345"}, "/phone"),
        ({"email": "nobody"}, "/email"),
        ({"name": "别的人"}, "/name"),
    ],
)
async def test_what_is_wrong_with_the_person_is_said_beside_its_field(hall: Hall, changed: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await filing.begin(hall.office, hall.clerk, "library-card", hall.typed(**changed))
    assert [f.path for f in refused.value.fields] == [field]


async def test_a_registry_that_does_not_answer_leaves_it_to_the_card(hall: Hall) -> None:
    hall.register.name = None
    assert (await hall.serve()).name == NAME


async def test_a_clerk_serves_only_whom_they_began_with_that_day(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    actor = await hall.serve()
    colleague = make_clerk(Role.COUNTER, station=hall.clerk.scope.station)
    with pytest.raises(NotFound):
        await filing.attended(hall.office, colleague, actor.person_id)
    tomorrow = hall.office.now() + access.SERVED_FOR + timedelta(minutes=1)
    monkeypatch.setattr(Office, "now", lambda self: tomorrow)
    with pytest.raises(NotFound):
        await filing.attended(hall.office, hall.clerk, actor.person_id)


async def test_the_clerk_never_sees_what_the_person_began_at_home_nor_the_other_way_round(hall: Hall) -> None:
    actor = await hall.serve()
    at_home = ApplicantActor(actor.person_id, b"", NAME, "", "")
    await applying.save_draft(hall.office, at_home, "library-card", {"answers": {"genre": "poetry"}})
    assert await applying.load_draft(hall.office, actor, "library-card") is None
    await applying.save_draft(hall.office, actor, "library-card", {"answers": {"genre": "novels"}})
    assert await applying.load_draft(hall.office, at_home, "library-card") == {"answers": {"genre": "poetry"}}


# --- the case ---


async def test_a_case_filed_at_a_counter_says_by_whom_and_carries_the_applicants_signature(hall: Hall) -> None:
    case = await hall.file(await hall.serve())
    file = await hall.office.desk.case_file(case)
    assert (file["filed_by"], file["filed_at"]) == (hall.clerk.clerk_id, hall.clerk.scope.station)
    assert (file["channel"], file["phone"], file["status"]) == ("counter", None, "verifying")
    signature = await hall.office.counter.signature_of(case, "application")
    assert signature is not None and signature["clerk_id"] == hall.clerk.clerk_id


async def test_nothing_is_filed_unsigned(hall: Hall) -> None:
    actor = await hall.serve()
    request = await applying.request_of(
        hall.office, actor, "library-card", {"genre": "novels", "shelf": "S-1"}, DeliveryChoice(method=Delivery.ONLINE), "zh"
    )
    with pytest.raises(InvalidInput):
        await filing.file(hall.office, actor, request, "key", SignatureInput())
    query = select(tables.applications.c.id).where(tables.applications.c.person_id == actor.person_id)
    async with hall.register.cabinet.wiring.database.transaction() as connection:
        assert (await connection.execute(query)).first() is None


async def test_the_clerk_who_filed_it_helps_on_and_their_look_is_recorded_and_a_colleague_cannot(hall: Hall) -> None:
    case = await hall.file(await hall.serve())
    actor = await filing.attended_case(hall.office, hall.clerk, case)
    assert (await following.get_application(hall.office, actor, case)).challenge is not None
    readers = {read["by"] for read in await hall.office.reads.reads_of_case(case, limit=20)}
    assert f"clerk:{hall.clerk.clerk_id}" in readers
    with pytest.raises(NotFound):
        await filing.attended_case(hall.office, make_clerk(Role.COUNTER, station=hall.clerk.scope.station), case)


async def test_the_clerk_has_no_say_in_the_persons_other_cases(hall: Hall) -> None:
    actor = await hall.serve()
    other = await hall.register.cabinet.case(some_station(), make_application_request(id_number=hall.number, phone=OLD))
    with pytest.raises(NotFound):
        await following.get_application(hall.office, actor, other)
    with pytest.raises(NotFound):
        await applying.withdraw(hall.office, actor, other)


# --- whose it is afterwards ---


async def test_a_case_filed_with_a_phone_is_in_the_list_of_whoever_signs_in_with_it(hall: Hall) -> None:
    case = await hall.file(await hall.serve(phone=NEW))
    actor = await hall.sign_in(NEW)
    assert [row.id for row in await following.my_applications(hall.office, actor)] == [case]
    assert (await following.get_application(hall.office, actor, case)).id == case


async def test_a_case_without_a_phone_shows_once_a_counter_entered_one(hall: Hall) -> None:
    case = await hall.file(await hall.serve())
    await filing.enter_phone(hall.office, hall.clerk, hall.typed(phone=NEW))
    actor = await hall.sign_in(NEW)
    assert [row.id for row in await following.my_applications(hall.office, actor)] == [case]


async def test_a_stranger_who_signs_in_first_never_sees_a_case_without_a_phone(hall: Hall) -> None:
    thief = await hall.sign_in(OLD)  # knows number and name, and was first
    case = await hall.file(await hall.serve())
    assert await following.my_applications(hall.office, thief) == []
    with pytest.raises(NotFound):
        await following.get_application(hall.office, thief, case)


async def test_entering_a_phone_turns_out_whoever_held_the_number_before_and_tells_them(hall: Hall) -> None:
    thief = await hall.sign_in(OLD)
    token = await accounts._open_session(hall.office, "applicant", str(thief.person_id), timedelta(hours=1))
    pending = await accounts.request_code(hall.office, id_number=hall.number, name=NAME, phone=OLD)
    code = hall.sms.sent[-1][2].split("登录验证码 ")[1][:6]
    case = await hall.file(await hall.serve())

    with pytest.raises(InvalidInput) as refused:  # never by the way
        await filing.enter_phone(hall.office, hall.clerk, hall.typed(phone=NEW))
    assert [f.path for f in refused.value.fields] == ["/phone"]
    await filing.enter_phone(hall.office, hall.clerk, hall.typed(phone=NEW, replace_phone=True))

    assert [to for _, to, text in hall.sms.sent if "已在公安窗口" in text] == [OLD]
    assert await accounts.applicant_of(hall.office, token) is None, "the session that was open"
    with pytest.raises((NotFound, InvalidInput, NotSignedIn)):
        await accounts.confirm_code(hall.office, pending, code)  # the code that was on its way
    with pytest.raises(WrongState):
        await accounts.request_code(hall.office, id_number=hall.number, name=NAME, phone=OLD)
    assert [row.id for row in await following.my_applications(hall.office, await hall.sign_in(NEW))] == [case]


async def test_a_code_confirmed_after_the_counter_changed_the_phone_binds_nothing(hall: Hall) -> None:
    await hall.serve(phone=NEW)
    late = Applicant(id_number=hall.number, name=NAME, phone=OLD)
    with pytest.raises(WrongState):
        await hall.office.accounts.prove_person(late, hall.office.now())
    assert await hall.office.accounts.proven_phone_index(hall.number) == hall.office.accounts.index(NEW)


async def test_whoever_was_seen_with_their_card_sees_all_cases_of_their_number(hall: Hall) -> None:
    before = await hall.register.cabinet.case(some_station(), make_application_request(id_number=hall.number, phone=OLD))
    await hall.sign_in(OLD)
    await filing.enter_phone(hall.office, hall.clerk, hall.typed(phone=NEW, replace_phone=True))
    actor = await hall.sign_in(NEW)
    assert [row.id for row in await following.my_applications(hall.office, actor)] == [before]


async def test_the_phone_that_is_bound_already_needs_no_replacing_and_tells_nobody(hall: Hall) -> None:
    await hall.sign_in(OLD)
    await filing.enter_phone(hall.office, hall.clerk, hall.typed(phone=OLD))
    assert not [text for _, _, text in hall.sms.sent if "已在公安窗口" in text]


async def test_a_gateway_that_is_away_changes_nothing(hall: Hall) -> None:
    await hall.sign_in(OLD)
    hall.sms.away = True
    with pytest.raises(Unavailable):
        await filing.enter_phone(hall.office, hall.clerk, hall.typed(phone=NEW, replace_phone=True))
    assert await hall.office.counter.phone_of(hall.number) == (OLD, False)


async def test_the_person_reads_afterwards_that_a_clerk_entered_their_phone(hall: Hall) -> None:
    await filing.enter_phone(hall.office, hall.clerk, hall.typed(phone=NEW))
    actor = await hall.sign_in(NEW)
    rows = await hall.office.reads.reads_about(actor.person_id, actor.phone_index, limit=20)
    assert ("窗口登记您的手机号", f"clerk:{hall.clerk.clerk_id}") in {(row["purpose"]["zh"], row["by"]) for row in rows}
