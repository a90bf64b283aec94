"""The working-day calendar: what is announced, what is only expected, and what an office corrects."""

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.text import Bilingual

IsWorkingDay = Callable[[date], bool]
UNTOLD = "calendar-untold:"  # how keys of `Untold` begin
EVERYWHERE = ""  # the county of a correction that holds for everybody


class DaySource(StrEnum):
    """Who says whether a day is worked."""

    ANNOUNCED = "announced"  # the State Council's yearly arrangement, make-up days included
    PROVISIONAL = "provisional"  # its year is not announced: weekends and statutory holidays off
    CORRECTED = "corrected"  # for everybody
    CORRECTED_HERE = "corrected_here"  # for this county, which goes before everybody's


class Correction(BaseModel):
    """`county` is EVERYWHERE, or a GB/T 2260 code whose correction goes before."""

    model_config = ConfigDict(frozen=True)

    day: date
    county: str = EVERYWHERE
    working: bool
    name: Bilingual  # why, as pages show it


class DayOfCalendar(BaseModel):
    """`name` is that of a holiday, or the reason of a correction."""

    day: date
    working: bool
    source: DaySource
    name: Bilingual | None = None


class Untold(BaseModel):
    """A correction whose running cases are being told, up to `after`. `serial` tells a newer correction of the same day apart."""

    county: str
    day: date
    serial: str
    corrected_at: datetime
    after: UUID | None = None

    @property
    def key(self) -> str:
        return f"{UNTOLD}{self.county}:{self.day}"
