"""Back from the payment provider: the case asks it at once, whether its call-back arrives or not."""

from datetime import timedelta
from uuid import UUID

from casework.access import require_own_case
from casework.actors import ApplicantActor
from casework.office import Office
from domain.application import Status

LOOKS_ALLOWED = 10  # in a quarter of an hour; every one is a question to the provider, and stays in the case's history
LOOK_WINDOW = timedelta(minutes=15)


async def look_at_payment(office: Office, actor: ApplicantActor, application_id: UUID) -> None:
    """Have the case ask the provider how its order stands; too often, and the case's own rhythm has to do.

    Raises:
        NotFound: not theirs. Unavailable: the engine does not answer.
    """
    access = await require_own_case(office, actor, application_id)
    if access["status"] != Status.PAYING.value:
        return
    subject, now = f"fee-look:{application_id}", office.now()
    if await office.accounts.failures(subject, LOOK_WINDOW, now) >= LOOKS_ALLOWED:
        return
    await office.accounts.note_failure(subject, LOOK_WINDOW, now)
    await office.engine.signal(application_id, "provider_changed")
