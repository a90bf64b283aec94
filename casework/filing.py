"""Assisted filing (A2): a clerk fills in for somebody who stands at the counter, who signs and proves themselves there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from casework import applying
from casework.access import SERVED_FOR, require_case
from casework.actors import AttendedActor, ClerkActor
from casework.counter import SignatureInput, check_signature, keep_signature, require_counter, take_up
from casework.office import Office
from casework.prefilling import draft_key
from casework.reads import ENTERING_PHONE, FILING, enter_filing
from casework.views import ApplicationView
from domain.admission import invalid_request
from domain.application import Applicant, ApplicationRequest
from domain.clock import day_in_china
from domain.errors import FieldError, FourEyes, InvalidInput, NotFound, WrongState
from domain.identity_numbers import IdNumber, parse_id_number
from domain.ids import new_id
from domain.service_item import StepKind
from domain.text import Bilingual
from domain.work_items import WorkItemStatus
from workflows.prefill import PrefillRequest

RECEIPT_CODE_LIFE = timedelta(days=90)  # a printed code outlives any counter window
_REGISTER = "resident_population"
_LIVE = (WorkItemStatus.OPEN.value, WorkItemStatus.CLAIMED.value)

_SEE_CARD = Bilingual(zh="请先核对身份证与本人，再勾选", en="Compare the ID card with the person first, then tick the box")
_OTHER_NAME = Bilingual(zh="姓名与人口信息不一致，请核对身份证", en="The population registry has another name. Check the ID card")
_NAMES = {
    "/phone": Bilingual(zh="请填写 11 位手机号；没有手机的可以不填", en="Enter a mobile number of 11 digits, or leave it empty"),
    "/name": Bilingual(zh="请填写姓名", en="Enter the name"),
    "/email": Bilingual(zh="电子邮箱格式不对，例如 name@example.com", en="This is not an e-mail address. It looks like name@example.com"),
}
_NO_PHONE = Bilingual(zh="请填写 11 位手机号", en="Enter a mobile number of 11 digits")
_BOUND = Bilingual(
    zh="该身份证号已登记另一个手机号。确需更换的，请勾选“更换为此号码”；原号码会收到通知。",
    en="Another phone is registered for this ID number. To replace it, tick “replace the registered phone”; the old number is told.",
)
_REPLACED = (
    "【最多跑一次】您登记的手机号已在公安窗口凭身份证更换。如非本人办理，请立即联系就近派出所。"
    "OneTrip: your registered phone was replaced at a police counter on showing the ID card. "
    "If this was not you, contact a police station at once."
)


@dataclass(frozen=True)
class PersonTyped:
    """What a clerk reads off the ID card and is told. `replace_phone`: another phone that was bound is given up."""

    id_number: str
    name: str
    phone: str = ""
    email: str = ""
    card_seen: bool = False
    replace_phone: bool = False


# --- the person ------------------------------------------------------------------------------------------------------


async def begin(office: Office, clerk: ClerkActor, code: str, typed: PersonTyped) -> UUID:
    """Somebody stands here and wants this service item. Returns the person.

    Raises:
        InvalidInput: field by field. UnknownServiceItem. FourEyes: the clerk's own household. NotAllowed: no counter clerk.
    """
    item = office.catalogue.get(code)
    if not item.can_be_applied_for:
        raise WrongState()
    applicant = await _seen(office, clerk, typed, FILING, service_item=item.code, what="filing")
    person_id = await office.counter.person_present(applicant, office.now())
    if applicant.phone:
        await _bind(office, person_id, applicant, typed)
    kept = {"applicant": applicant.model_dump(), "begun_at": office.now().isoformat()}
    await office.desk.save_draft(person_id, _person_key(clerk), kept, office.now())
    await office.desk.drop_draft(person_id, draft_key(_actor(office, clerk, person_id, applicant), item.code))  # of an earlier visit
    return person_id


async def enter_phone(office: Office, clerk: ClerkActor, typed: PersonTyped) -> None:
    """Enter or change the phone of somebody who stands here with their ID card.

    Raises:
        InvalidInput: field by field, another phone is bound and its replacement not asked for among them. FourEyes, NotAllowed.
    """
    if not typed.phone.strip():
        raise _refuse("/phone", _NO_PHONE)
    applicant = await _seen(office, clerk, typed, ENTERING_PHONE, service_item=None, what="phone")
    person_id = await office.counter.person_present(applicant, office.now())
    await _bind(office, person_id, applicant, typed)


async def _seen(
    office: Office, clerk: ClerkActor, typed: PersonTyped, purpose: Bilingual, *, service_item: str | None, what: str
) -> Applicant:
    """The person as typed, once everything holds that a clerk must see to."""
    require_counter(clerk)
    applicant = _applicant(office, typed)
    if await office.counter.is_kin(clerk.clerk_id, applicant.id_number):
        raise FourEyes()
    await enter_filing(office, clerk, applicant.id_number, service_item, what, ["name"])
    if await _registered_name(office, clerk, applicant, purpose) not in (None, applicant.name):
        raise _refuse("/name", _OTHER_NAME)
    return applicant


def _applicant(office: Office, typed: PersonTyped) -> Applicant:
    problems: list[FieldError] = []
    try:
        id_number = parse_id_number(typed.id_number, today=day_in_china(office.now())).value
    except InvalidInput as error:
        problems += [FieldError(path="/id_number", text=field.text) for field in error.fields]
        id_number = "0" * 18  # so that the rest is looked at too
    try:
        applicant = Applicant(
            id_number=id_number, name=typed.name.strip(), phone=typed.phone.replace(" ", "") or None, email=typed.email.strip() or None
        )
    except ValidationError as error:
        fields = invalid_request(error).fields
        problems += [FieldError(path=field.path, text=_NAMES.get(field.path, field.text)) for field in fields]
        raise InvalidInput(fields=problems) from error
    if not typed.card_seen:
        problems.append(FieldError(path="/card_seen", text=_SEE_CARD))
    if problems:
        raise InvalidInput(fields=problems)
    return applicant


async def _registered_name(office: Office, clerk: ClerkActor, applicant: Applicant, purpose: Bilingual) -> str | None:
    """The name that the population registry has; None where it knows nobody or does not answer: then the card alone tells."""
    request = PrefillRequest(
        service_item="",
        id_number=applicant.id_number,
        sources=[_REGISTER],
        fields={_REGISTER: ["name"]},
        by=f"clerk:{clerk.clerk_id}",
        purpose=purpose,
    )
    answers = (await office.engine.prefill(request)).answers
    return next((str(answer.record["name"]) for answer in answers if answer.found and answer.record.get("name")), None)


async def _bind(office: Office, person_id: UUID, applicant: Applicant, typed: PersonTyped) -> None:
    """The phone is this person's from now on. Whoever held another one before is told, and is signed out (decision 0006)."""
    bound = await office.counter.phone_of(applicant.id_number)
    before = bound[0] if bound else None
    if before not in (None, applicant.phone) and not typed.replace_phone:
        raise _refuse("/phone", _BOUND)
    if before is not None and before != applicant.phone:  # first: what cannot be told does not happen
        await office.sms.send(message_id=str(new_id()), phone=before, text=_REPLACED)
    await office.counter.enter_phone(person_id, applicant, office.now())


def _refuse(path: str, text: Bilingual) -> InvalidInput:
    return InvalidInput(fields=[FieldError(path=path, text=text)])


def _person_key(clerk: ClerkActor) -> str:
    return f"@{clerk.clerk_id}"


async def attended(office: Office, clerk: ClerkActor, person_id: UUID) -> AttendedActor:
    """The person whom this clerk serves now.

    Raises:
        NotFound: this clerk began no filing for them today.
    """
    require_counter(clerk)
    kept = await office.desk.load_draft(person_id, _person_key(clerk))
    if kept is None or _begun(kept) < office.now() - SERVED_FOR:
        raise NotFound()
    return _actor(office, clerk, person_id, Applicant.model_validate(kept["applicant"]))


def _begun(kept: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(kept["begun_at"])


def _actor(office: Office, clerk: ClerkActor, person_id: UUID, applicant: Applicant) -> AttendedActor:
    phone = applicant.phone
    return AttendedActor(
        person_id=person_id,
        phone_index=office.accounts.index(phone) if phone else b"",
        name=applicant.name,
        masked_id_number=IdNumber(applicant.id_number).masked(),
        masked_phone=f"{phone[:3]}****{phone[-4:]}" if phone else "",
        clerk=clerk,
        phone=phone,
        email=applicant.email,
    )


async def attended_case(office: Office, clerk: ClerkActor, application_id: UUID) -> AttendedActor:
    """The person of a case that this clerk filled in today.

    Raises:
        NotFound: another clerk's, or too long ago.
    """
    access = await office.desk.access_of(application_id)
    actor = await attended(office, clerk, access["person_id"])
    await require_case(office, actor, application_id)
    return actor


# --- the case --------------------------------------------------------------------------------------------------------


async def file(
    office: Office, actor: AttendedActor, request: ApplicationRequest, idempotency_key: str, signature: SignatureInput
) -> ApplicationView:
    """Start the case with the applicant's signature.

    Raises:
        InvalidInput: the signature is missing or another name's; what to correct. Others as `applying.submit`.
    """
    signed = await check_signature(office, signature, actor.name)
    view = await applying.submit(office, actor, request, idempotency_key)
    await keep_signature(office, actor.clerk, view.id, "application", signed)
    # Last: until the signature is kept, sending the page again finds what was filled in, and the same case.
    await office.desk.drop_draft(actor.person_id, draft_key(actor, view.service_item))
    return view


async def identity_work(office: Office, actor: AttendedActor, application_id: UUID) -> UUID | None:
    """The identity check that waits for a clerk, if the case has come to it."""
    await require_case(office, actor, application_id)
    records = await office.desk.work_items_of([application_id])
    live = (r for r in records if r["kind"] == StepKind.IDENTITY_CHECK.value and r["status"] in _LIVE)
    return next((r["id"] for r in live), None)


async def check_identity_here(office: Office, actor: AttendedActor, application_id: UUID) -> UUID:
    """The clerk who filed it compares the person with the ID card. Returns the work item.

    Raises:
        WrongState: no identity check waits yet.
    """
    if await identity_work(office, actor, application_id) is None:
        raise WrongState()
    return await take_up(office, actor.clerk, application_id, "id_card")
