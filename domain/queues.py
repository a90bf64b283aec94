"""The queue as clerks look at it: views, filters, priorities, and why somebody may not take a piece of work."""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.jurisdiction import ClerkScope, Role
from domain.limits import Escalation
from domain.service_item import StepKind
from domain.text import Bilingual

COUNT_AT_MOST = 1000  # counting further would cost more the longer the queue; pages show 999+
WORKING_ROLES = (Role.PRE_REVIEWER, Role.COUNTER, Role.APPROVER, Role.INVESTIGATOR)


class Priority(IntEnum):
    NORMAL = 0
    SOON = 1
    URGENT = 2


PRIORITY_TEXT: dict[Priority, Bilingual] = {
    Priority.NORMAL: Bilingual(zh="普通", en="Normal"),
    Priority.SOON: Bilingual(zh="优先", en="Soon"),
    Priority.URGENT: Bilingual(zh="加急", en="Urgent"),
}


class View(StrEnum):
    """What comes built in; a clerk's own views are filters under a name."""

    OPEN = "open"  # what the clerk may take now
    MINE = "mine"
    STATION = "station"  # everything live of the territory, whoever has it
    NEAR = "near"
    OVER = "over"


Barred = Literal["four_eyes", "household"]
BARRED_TEXT: dict[Barred, Bilingual] = {
    "four_eyes": Bilingual(zh="您办理过本件的其他环节", en="you took another step of this case"),
    "household": Bilingual(zh="涉及您本人或家人，应当回避", en="it concerns you or your household"),
}


class QueueFilter(BaseModel):
    """Narrows a view; what is None does not. Holds nobody's name, so that it may be kept and stand in an address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service_item: str | None = Field(default=None, max_length=64)
    kind: StepKind | None = None
    status: Literal["open", "claimed"] | None = None
    priority: Priority | None = None
    escalation: Escalation | None = None  # at least
    holder: str | None = Field(default=None, max_length=40)  # a clerk id
    jurisdiction: str | None = Field(default=None, pattern=r"^[0-9]{6}([0-9]{6})?$")
    paused: bool | None = None
    due_before: date | None = None  # to the end of that day in China


class Counts(BaseModel):
    """Of each view, at most `COUNT_AT_MOST`."""

    mine: int
    open: int
    station: int
    near: int
    over: int


@dataclass(frozen=True)
class Seat:
    """Whose queue it is. `territories`: station or county codes, none inside another; `roles` whose work is seen."""

    clerk_id: str
    roles: tuple[str, ...]
    territories: tuple[str, ...]
    absent: tuple[str, ...] = ()  # clerks in whose place this one works now
    directs: bool = False  # sees what others hold beside what is open

    @property
    def names(self) -> tuple[str, ...]:
        return (self.clerk_id, *self.absent)


def name_key(name: str) -> str:
    """What a name is found under, however it is spaced: 阿依古丽·买买提 is often typed without its dot."""
    return "name:" + "".join(c for c in name.casefold() if c.isalnum())


def acting_for(scope: ClerkScope, jurisdiction: str) -> str | None:
    """The absent clerk in whose place this one works there; None where their own territory covers it."""
    if scope.covers_itself(jurisdiction):
        return None
    return next((absent.clerk_id for absent in scope.stands_in_for if absent.covers_itself(jurisdiction)), None)


def may_direct(scope: ClerkScope, *, role: Role, jurisdiction: str) -> bool:
    """Who sets priorities, offers work and takes it back from others: the role's team leader, and the supervisor."""
    return scope.covers_itself(jurisdiction) and (scope.role is Role.SUPERVISOR or (scope.leads and scope.role is role))
