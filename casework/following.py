"""Following a case: its view, its changes as they happen, its papers."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from casework.access import require_case
from casework.actors import Actor, ApplicantActor, ClerkActor
from casework.casefile import application_row, application_view
from casework.office import Office
from casework.views import ApplicationRow, ApplicationView
from domain.errors import NotFound, Unavailable
from domain.object_keys import document_key, material_key

LOOK_SECONDS = 0.7


async def get_application(office: Office, actor: Actor, application_id: UUID) -> ApplicationView:
    """One case.

    Raises:
        NotFound, NotAllowed: not theirs to see.
    """
    await require_case(office, actor, application_id)
    if isinstance(actor, ClerkActor):
        await office.desk.note_read(application_id, f"clerk:{actor.clerk_id}", "case", office.now())
    return application_view(await office.desk.case_file(application_id), show_challenge=not isinstance(actor, ClerkActor))


async def my_applications(office: Office, actor: ApplicantActor) -> list[ApplicationRow]:
    cases = await office.desk.cases_of(actor.person_id, actor.phone_index)
    return [application_row(case, office.catalogue.get(case["service_item"]).name) for case in cases]


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
    if isinstance(actor, ClerkActor):
        await office.desk.note_read(row.application_id, f"clerk:{actor.clerk_id}", "document", office.now())
    return await office.objects.get(document_key(row.id, row.sha256), row.sha256), f"{number}.pdf"


async def material_file(office: Office, actor: Actor, application_id: UUID, upload_id: UUID) -> tuple[bytes, str]:
    """The bytes of an upload and its media type."""
    await require_case(office, actor, application_id)
    row = await office.desk.material(application_id, upload_id)
    if row["application_id"] != application_id:
        raise NotFound()
    if isinstance(actor, ClerkActor):
        await office.desk.note_read(application_id, f"clerk:{actor.clerk_id}", f"material:{row['code']}", office.now())
    return await office.objects.get(material_key(upload_id), row["sha256"]), row["media_type"]
