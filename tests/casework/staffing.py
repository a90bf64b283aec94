"""A station's people in the database: clerks who may be handed work, a leader, a supervisor."""

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import update

from adapters.database.tables import clerks
from casework import accounts
from casework.accounts import NewClerk
from casework.actors import ClerkActor
from domain.jurisdiction import ClerkScope, Role
from tests.filing import Cabinet


@dataclass(frozen=True)
class Team:
    station: str
    pre_reviewers: list[ClerkActor]
    leader: ClerkActor
    supervisor: ClerkActor

    @property
    def everybody(self) -> list[ClerkActor]:
        return [*self.pre_reviewers, self.leader, self.supervisor]


async def hire(cabinet: Cabinet, station: str, *, pre_reviewers: int) -> Team:
    """Pre-reviewers of a station with their leader, and the county's supervisor."""
    people = [await hire_one(cabinet, Role.PRE_REVIEWER, station) for _ in range(pre_reviewers)]
    leader = await hire_one(cabinet, Role.PRE_REVIEWER, station, leads=True)
    return Team(station, people, leader, await hire_one(cabinet, Role.SUPERVISOR, None, county=station[:6]))


async def hire_one(cabinet: Cabinet, role: Role, station: str | None, *, county: str | None = None, leads: bool = False) -> ClerkActor:
    place = county or (station or "")[:6]
    login = f"{role.value}-{uuid4().hex[:12]}"
    new = NewClerk(login=login, name=f"民警{login[-4:]}", role=role, county=place, station=station)
    clerk_id = await accounts.add_clerk(cabinet.office, new, password="a password of tests", totp_secret="A" * 32)
    async with cabinet.wiring.database.transaction() as connection:
        await connection.execute(update(clerks).where(clerks.c.id == clerk_id).values(leads=leads))
    scope = ClerkScope(clerk_id=clerk_id, role=role, county=place, station=station, leads=leads)
    return ClerkActor(scope=scope, login=login, name=new.name)
