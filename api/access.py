"""Who calls: each route names the role it needs through one of these dependencies."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from casework import accounts
from casework.actors import Actor, ClerkActor, ClientActor
from casework.office import Office
from domain.errors import NotAllowed, NotSignedIn

_bearer = HTTPBearer(auto_error=False, description="An access token of POST /oauth/token")


def office_of(request: Request) -> Office:
    office: Office = request.app.state.office
    return office


OfficeHere = Annotated[Office, Depends(office_of)]


async def anybody() -> None:
    """No role needed: service items, guides, and verifying a certificate."""


async def signed_in(office: OfficeHere, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Actor:
    if credentials is None:
        raise NotSignedIn()
    return await accounts.actor_of_token(office, credentials.credentials)


async def integrator(actor: Annotated[Actor, Depends(signed_in)]) -> ClientActor:
    if not isinstance(actor, ClientActor):
        raise NotAllowed()
    return actor


async def clerk(actor: Annotated[Actor, Depends(signed_in)]) -> ClerkActor:
    if not isinstance(actor, ClerkActor):
        raise NotAllowed()
    return actor


SignedIn = Annotated[Actor, Depends(signed_in)]
Integrator = Annotated[ClientActor, Depends(integrator)]
Clerk = Annotated[ClerkActor, Depends(clerk)]
ROLES = (anybody, signed_in, integrator, clerk)
