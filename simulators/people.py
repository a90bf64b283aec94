"""What each simulated authority keeps: people, households, property certificates, marriages, insurance, convictions."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from simulators.territory import Station

Sex = Literal["male", "female"]
Relation = Literal["head", "spouse", "son", "daughter", "father", "mother"]
DisagreementKind = Literal["owner_name", "marriage_unknown_to_household", "divorce_unknown_to_household"]
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
    """A registration as the civil affairs authority has it; the last one of these two people."""

    certificate_number: str
    status: Literal["married", "divorced"]
    registered_on: date
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
    certificate_number: str
