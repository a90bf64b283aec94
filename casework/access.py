"""Who may see and touch a case. Other people's cases look as if they did not exist."""

from typing import Any
from uuid import UUID

from casework.actors import Actor, ApplicantActor, ClerkActor, ClientActor
from casework.office import Office
from domain.errors import NotAllowed, NotFound
from domain.jurisdiction import Role


async def require_case(office: Office, actor: Actor, application_id: UUID) -> dict[str, Any]:
    """The access row of a case that this actor may see.

    Raises:
        NotFound: no such case, or not theirs.
        NotAllowed: a clerk of another territory, or an investigator who has no task in it.
    """
    access = await office.desk.access_of(application_id)
    match actor:
        case ApplicantActor():
            theirs = access["person_id"] == actor.person_id and bytes(access["phone_index"]) == actor.phone_index
            if not theirs:
                raise NotFound()
        case ClientActor():
            if access["client_id"] != actor.client_id:
                raise NotFound()
        case ClerkActor():
            if access["station"] is None or not actor.scope.covers(access["station"]):
                raise NotAllowed()
            if actor.scope.role is Role.INVESTIGATOR and not await office.investigations.has_task(application_id, actor.clerk_id):
                raise NotAllowed()
    return access


async def require_own_case(office: Office, actor: Actor, application_id: UUID) -> dict[str, Any]:
    """The same for acting on it: its applicant, or the integrator that started it.

    Raises:
        NotFound, NotAllowed: as above; clerks act through work items.
    """
    if isinstance(actor, ClerkActor):
        raise NotAllowed()
    return await require_case(office, actor, application_id)


def working_role(actor: ClerkActor) -> str | None:
    """The role whose work a clerk sees; None for a supervisor, who sees all of the territory."""
    return None if actor.scope.role is Role.SUPERVISOR else actor.scope.role.value


def territory(actor: ClerkActor) -> str:
    return actor.scope.station or actor.scope.county
