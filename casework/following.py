"""Following a case: its view, its changes as they happen, its papers."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

from casework.access import require_case
from casework.actors import Actor, ApplicantActor, ClerkActor
from casework.attempts import add_attempts
from casework.casefile import application_row, application_view
from casework.office import Office
from casework.questions import questions_of
from casework.reads import enter_case_look, enter_document_look, enter_upload_look
from casework.standing import add_standing
from casework.views import ApplicationRow, ApplicationView
from domain.application import Applicant, ApplicationRequest, DeliveryChoice
from domain.clock import day_in_china
from domain.documents import DocumentText
from domain.errors import NotFound, Unavailable
from domain.facts import facts_of
from domain.object_keys import document_key, material_key
from domain.service_item import Delivery, Kind

LOOK_SECONDS = 0.7


async def get_application(office: Office, actor: Actor, application_id: UUID) -> ApplicationView:
    """One case.

    Raises:
        NotFound, NotAllowed: not theirs to see.
    """
    await require_case(office, actor, application_id)
    await enter_case_look(office, actor, application_id)
    case = await office.desk.case_file(application_id)
    view = application_view(case, show_challenge=not isinstance(actor, ClerkActor))
    await add_attempts(office, view, case)
    if any(e["event"] == "question_asked" for e in case["events"]):
        view.questions = await questions_of(office, application_id, for_staff=isinstance(actor, ClerkActor))
    standing = await office.standings.standing_of(application_id)
    add_standing(view, standing, promised_due_at=case["promised_due_at"], legal_due_at=case["legal_due_at"])
    if isinstance(actor, ClerkActor) and view.fee is not None:
        view.fee.pay_url = None  # only who applied pays
    view.result = await _result(office, case, view)
    if view.result is not None:
        await enter_document_look(office, actor, application_id)
    return view


async def _result(office: Office, case: Mapping[str, Any], view: ApplicationView) -> DocumentText | None:
    """What an answered query says: the words of its document, from the registry answers that it was made from."""
    if view.item.kind is not Kind.QUERY or not view.documents or view.item.certificate is None:
        return None
    id_number = await office.desk.id_number_of(case["person_id"])
    request = ApplicationRequest(
        service_item=view.service_item,
        applicant=Applicant(id_number=id_number, name=case["applicant_name"], phone=case["phone"]),
        answers=view.answers,
        delivery=DeliveryChoice(method=Delivery(view.delivery)),
        language="zh",
    )
    evidence = await office.papers.evidence_of(view.id)
    issued = min(document.issued_at for document in view.documents)
    return office.catalogue.document_text(view.item, facts_of(request, evidence, today=day_in_china(issued), item=view.item))


async def my_applications(office: Office, actor: ApplicantActor) -> list[ApplicationRow]:
    cases = await office.desk.cases_of(actor.person_id, actor.phone_index)
    return [application_row(case, office.catalogue.name_of(case["service_item"])) for case in cases]


async def changes(office: Office, actor: Actor, application_id: UUID, after: int) -> AsyncIterator[int]:
    """Event ids as a case changes, beginning with what came after `after`; ends with the case."""
    await require_case(office, actor, application_id)
    newest = after
    while True:
        try:
            seen = await office.desk.newest_event(application_id)
            ended = (await office.desk.access_of(application_id))["status"] in _FINAL
        except Unavailable:  # the stream stays open; what was missed comes next time
            await asyncio.sleep(LOOK_SECONDS)
            continue
        if seen > newest:
            newest = seen
            yield seen
        elif ended:
            return
        await asyncio.sleep(LOOK_SECONDS)


_FINAL = frozenset({"completed", "refused", "void", "expired", "withdrawn", "abandoned"})


async def document_file(office: Office, actor: Actor, number: str) -> tuple[bytes, str]:
    """The PDF of a document and a name to save it under."""
    row = await office.papers.document(number)
    await require_case(office, actor, row.application_id)
    await enter_document_look(office, actor, row.application_id)
    return await office.objects.get(document_key(row.id, row.sha256), row.sha256), f"{number}.pdf"


async def material_file(office: Office, actor: Actor, application_id: UUID, upload_id: UUID) -> tuple[bytes, str]:
    """The bytes of an upload and its media type."""
    await require_case(office, actor, application_id)
    row = await office.desk.material(application_id, upload_id)
    if row["application_id"] != application_id:
        raise NotFound()
    await enter_upload_look(office, actor, application_id, row["code"])
    return await office.objects.get(material_key(upload_id), row["sha256"]), row["media_type"]


async def material_page(office: Office, actor: Actor, application_id: UUID, upload_id: UUID, number: int) -> tuple[bytes, str]:
    """One page of an upload, the first is 1, as a picture; a picture is its own first page.

    Raises:
        NotFound: there is no such page.
    """
    data, media_type = await material_file(office, actor, application_id, upload_id)
    if media_type == "application/pdf":
        return office.page_of(data, number), "image/jpeg"
    if number != 1:
        raise NotFound()
    return data, media_type
