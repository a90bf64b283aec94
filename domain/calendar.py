"""The working-day calendar: what is announced, what is only expected, and what an office corrects."""

from collections.abc import Callable
from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from domain.text import Bilingual

IsWorkingDay = Callable[[date], bool]
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
