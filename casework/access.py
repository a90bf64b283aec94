"""Who may see and touch a case. Other people's cases look as if they did not exist."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from casework.actors import Actor, ApplicantActor, AttendedActor, ClerkActor, ClientActor
from casework.office import Office
from domain.errors import NotAllowed, NotFound
from domain.jurisdiction import SEES_NO_CASE, Role

SERVED_FOR = timedelta(hours=12)  # how long a counter clerk may still open a case that they served: to print, say


async def require_case(office: Office, actor: Actor, application_id: UUID) -> dict[str, Any]:
    """The access row of a case that this actor may see.

    Raises:
        NotFound: no such case, or not theirs.
        NotAllowed: a clerk of another territory, or an investigator who has no task in it.
    """
    access = await office.desk.access_of(application_id)
    match actor:
        case AttendedActor():  # goes before the person they are: this one acts through a clerk
            filed = (access["person_id"], access["filed_by"]) == (actor.person_id, actor.clerk.clerk_id)
            if not filed or access["opened_at"] < office.now() - SERVED_FOR:
                raise NotFound()
        case ApplicantActor():
            if access["person_id"] != actor.person_id or not _proven_for(actor, access):
                raise NotFound()
        case ClientActor():
            if access["client_id"] != actor.client_id:
                raise NotFound()
        case ClerkActor():
            covered = access["station"] is not None and actor.scope.covers(access["station"])
            if not covered and not await _serves(office, actor, application_id):
                raise NotAllowed()
            if actor.scope.role is Role.INVESTIGATOR and not await office.investigations.has_task(application_id, actor.clerk_id):
                raise NotAllowed()
    return access


def _proven_for(actor: ApplicantActor, access: Mapping[str, Any]) -> bool:
    """The case carries the phone that the person proved, or a clerk saw their ID card and entered the phone (decision 0006)."""
    return access["seen_at_counter"] is not None or (
        access["phone_index"] is not None and bytes(access["phone_index"]) == actor.phone_index
    )


async def _serves(office: Office, actor: ClerkActor, application_id: UUID) -> bool:
    """Any counter takes any case: whoever has it in hand there may open it."""
    return actor.scope.role is Role.COUNTER and await office.counter.serves(application_id, actor.clerk_id, office.now() - SERVED_FOR)


async def require_own_case(office: Office, actor: Actor, application_id: UUID) -> dict[str, Any]:
    """The same for acting on it: its applicant, or the integrator that started it.

    Raises:
        NotFound, NotAllowed: as above; clerks act through work items.
    """
    if isinstance(actor, ClerkActor):
        raise NotAllowed()
    return await require_case(office, actor, application_id)


def require_case_staff(actor: ClerkActor) -> None:
    """Editors of the catalogue and administrators have no part in cases, nor in what is made of them.

    Raises:
        NotAllowed: one of those.
    """
    if actor.scope.role in SEES_NO_CASE:
        raise NotAllowed()


def working_role(actor: ClerkActor) -> str | None:
    """The role whose work a clerk sees; None for a supervisor, who sees all of the territory."""
    return None if actor.scope.role is Role.SUPERVISOR else actor.scope.role.value


def territory(actor: ClerkActor) -> str:
    return actor.scope.station or actor.scope.county
