"""What the simulated authorities keep of everybody: people, households, homes, marriages, insurance, convictions."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from simulators.territory import CITY_PREFIX, Station

Sex = Literal["male", "female"]
Relation = Literal["head", "spouse", "son", "daughter", "father", "mother"]
DisagreementKind = Literal[
    "owner_name",
    "marriage_unknown_to_household",
    "divorce_unknown_to_household",
    "mother_name_on_birth_certificate",
    "card_shows_former_name",
    "insured_after_death",
    "permit_address_outdated",
]
MaritalStatus = Literal["single", "married", "divorced", "widowed"]


@dataclass(slots=True)
class Household:
    """One household book; `members` are ID numbers, the head first."""

    number: str
    address: str
    station: Station
    members: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Person:
    """A person as the population registry has them. Parents are ID numbers, where they are registered here."""

    id_number: str
    name: str
    sex: Sex
    birth_date: date
    ethnicity: str
    household: Household
    relation: Relation
    marital_status: MaritalStatus = "single"
    former_name: str | None = None
    status: Literal["normal", "cancelled"] = "normal"
    father: str | None = None
    mother: str | None = None
    serial: int = 0  # the how-manieth person of the population; numbers of theirs are made from it

    @property
    def registered_here(self) -> bool:
        """In this city; the others live here, if at all, as floating population."""
        return self.household.station.division.startswith(CITY_PREFIX)

    @property
    def birth_certified(self) -> bool:
        """Born in this city, of registered parents, since there are birth certificates (1996)."""
        return bool(self.mother and self.father) and self.birth_date.year >= 1996 and self.id_number.startswith(CITY_PREFIX)

    def has_card_on(self, day: date) -> bool:
        """Everybody has an ID card from 16 on (Law on Resident Identity Cards)."""
        return self.age_on(day) >= 16

    def age_on(self, day: date) -> int:
        return day.year - self.birth_date.year - ((day.month, day.day) < (self.birth_date.month, self.birth_date.day))


@dataclass(slots=True)
class Owner:
    """An owner as the property authority wrote them down; `share` is a percentage of the whole."""

    id_number: str
    name: str
    share: int


@dataclass(slots=True)
class Property:
    certificate_number: str
    address: str
    station: Station
    area_m2: float
    usage: str
    registered_on: date
    owners: list[Owner]


@dataclass(frozen=True, slots=True)
class Spouse:
    id_number: str
    name: str


@dataclass(slots=True)
class Marriage:
    """A registration as the civil affairs authority has it; the last one of these two people.

    `registered_on` is the day of this registration; `married_on` the day of the marriage, also after a divorce.
    """

    certificate_number: str
    status: Literal["married", "divorced"]
    registered_on: date
    married_on: date
    spouses: tuple[Spouse, Spouse]

    def spouse_of(self, id_number: str) -> Spouse:
        first, second = self.spouses
        return second if first.id_number == id_number else first


@dataclass(frozen=True, slots=True)
class Insurance:
    """Social insurance: `months_paid` in total, `city_division` where it is paid."""

    employer: str
    city_division: str
    since: date
    months_paid: int
    active: bool


@dataclass(frozen=True, slots=True)
class Conviction:
    case_number: str
    kind: str
    decided_on: date


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two sources that were made to differ: whom it concerns, who says otherwise, and how."""

    kind: DisagreementKind
    id_number: str
    sources: tuple[str, str]
    certificate_number: str = ""  # the entry that differs, where it has a number of its own
