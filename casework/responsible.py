"""Who answers for an administrative act."""

import getpass
from dataclasses import dataclass

from casework.actors import ClerkActor
from domain.errors import NotAllowed
from domain.jurisdiction import Role


@dataclass(frozen=True)
class Operator:
    """Whoever runs commands at the machine itself."""

    user: str

    @classmethod
    def here(cls) -> "Operator":
        return cls(getpass.getuser())


Administrator = ClerkActor | Operator


def responsible(actor: Administrator, role: Role) -> str:
    """How the record names whoever acts: `clerk:<id>` or `command:<user>`.

    Raises:
        NotAllowed: a member of staff without that role.
    """
    if isinstance(actor, Operator):
        return f"command:{actor.user}"
    if actor.scope.role is not role:
        raise NotAllowed()
    return f"clerk:{actor.clerk_id}"
