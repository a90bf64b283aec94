"""Whether somebody may try the face check now: what is asked for a case, and what a case's page says of it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from casework.consenting import consented
from casework.office import Office
from casework.views import ApplicationView
from domain.application import Status
from domain.attempts import TRIES_A_DAY, begin_of_day, require_room, tries_made
from domain.clock import day_in_china
from domain.guardians import needs_guardian

_TRYING = ("record_clip", "new_code")


async def require_a_try(office: Office, application_id: UUID) -> None:
    """
    Raises:
        TooManyAttempts: until when the applicant has to wait, over all their cases.
    """
    now = office.now()
    require_room(await office.identity.tries_of(application_id, begin_of_day(now)), now)


async def add_attempts(office: Office, view: ApplicationView, case: Mapping[str, Any]) -> None:
    """Say in a view what its applicant may still do, while a face check is awaited. `case` as `Desk.case_file` gives it."""
    if view.status is not Status.VERIFYING:
        return
    now, identity = office.now(), view.identity
    made = tries_made(await office.identity.tries_of(view.id, begin_of_day(now)), now)
    identity.tries_today, identity.tries_per_day, identity.wait_until = made.today, TRIES_A_DAY, made.wait_until
    identity.to_counter = made.used_up or identity.attempts_used >= identity.attempts_allowed
    id_number = await office.desk.id_number_of(case["person_id"])
    identity.needs_guardian = needs_guardian(id_number, day_in_china(now))
    identity.consented = consented(case["events"], by_guardian=identity.needs_guardian)
    if identity.to_counter:
        view.actions = [action for action in view.actions if action not in _TRYING]
