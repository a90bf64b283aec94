"""The ways that an application with a fee can go, and what becomes of its money and its parcel."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Way:
    """`outcomes` are what clerks find, by kind of work item; `given_back` None: if it was paid."""

    name: str
    end: str
    genre: str = "novels"
    delivery: str = "post"
    pays: bool = True
    withdraws: Literal["now", "later"] | None = None
    given_back: bool | None = False
    parcels: int = 0
    outcomes: dict[str, str] = field(default_factory=dict)


POSTED = Way("paid and posted", "completed", parcels=1)
WAYS = (
    POSTED,
    Way("refused", "refused", genre="maps", given_back=True, outcomes={"review": "refuse"}),
    POSTED,
    Way("void at the counter", "void", delivery="counter", given_back=True, outcomes={"counter_check": "differ"}),
    POSTED,
    Way("withdrawn after paying", "withdrawn", delivery="counter", withdraws="later", given_back=True),
    Way("withdrawn instead of paying", "withdrawn", pays=False, withdraws="now"),
    Way("paying and withdrawing at once", "withdrawn", delivery="counter", withdraws="now", given_back=None),
)
