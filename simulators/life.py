"""What happens to some of the simulated people: births, deaths, cancellations, moves here from elsewhere, returns."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from simulators.people import Sex
from simulators.territory import Station

CancellationReason = Literal[
    "death",
    "moved_abroad",
    "declared_missing",
    "declared_dead",
    "prison",
    "military_service",
    "student_moved_out",
    "moved_out_not_settled",
    "duplicate",
    "number_changed",
]
NumberChange = Literal["duplicate", "wrong_birth_date", "wrong_sex"]
Dwelling = Literal["rented", "owned", "dormitory"]
ViolationKind = Literal["speeding", "red_light", "illegal_parking", "wrong_lane", "phone_while_driving", "no_seat_belt"]
VehicleKind = Literal["small_car", "new_energy_car"]


@dataclass(frozen=True, slots=True)
class Birth:
    """A certified birth that no household book has yet; the parents are ID numbers."""

    certificate_number: str
    child_name: str
    sex: Sex
    born_on: date
    mother: str
    father: str


@dataclass(frozen=True, slots=True)
class Death:
    """A certified death. The registration of the person may not be cancelled yet."""

    certificate_number: str
    died_on: date


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A registration, or an ID number, that counts no longer; where it was and as whom."""

    id_number: str
    name: str
    reason: CancellationReason
    cancelled_on: date
    household_number: str
    address: str
    station: Station
    destination: str | None = None
    move_certificate_number: str | None = None
    settled: bool = False
    current_id_number: str | None = None


@dataclass(frozen=True, slots=True)
class FormerNumber:
    id_number: str
    changed_on: date
    reason: NumberChange


@dataclass(frozen=True, slots=True)
class Permit:
    """A residence permit. It is endorsed once a year until now, or until `lapsed_on`."""

    number: str
    first_issued_on: date
    lapsed_on: date | None


@dataclass(frozen=True, slots=True)
class Residence:
    """Somebody registered elsewhere lives here; the landlord is an ID number, the address their home's."""

    number: str
    address: str
    station: Station
    since: date
    kind: Dwelling
    landlord: str | None
    lease_number: str | None
    permit: Permit | None


@dataclass(frozen=True, slots=True)
class ReturnApproval:
    """A settlement approval for somebody who had settled abroad."""

    number: str
    approved_on: date
    valid_until: date
    station: Station
    address: str
    country: str
    left_on: date
    returned_on: date
    passport_number: str


@dataclass(frozen=True, slots=True)
class Wanted:
    reference_number: str
    since: date
    authority: str


@dataclass(frozen=True, slots=True)
class Vehicle:
    plate: str
    kind: VehicleKind
    brand: str
    registered_on: date
    inspection_valid_until: date
    insurance_valid_until: date
    mortgaged: bool


@dataclass(frozen=True, slots=True)
class Licence:
    """A driving licence; `cycle_ends_on` closes the twelve months in which points add up."""

    classes: tuple[str, ...]
    first_issued_on: date
    valid_from: date
    valid_until: date | None
    cycle_ends_on: date


@dataclass(frozen=True, slots=True)
class Violation:
    number: str
    kind: ViolationKind
    at: datetime  # aware
    place: str
    plate: str
    fine_fen: int
    points: int
    settled_on: date | None


@dataclass(frozen=True, slots=True)
class Traffic:
    """All that the traffic police has of one person; violations newest first."""

    vehicles: tuple[Vehicle, ...]
    licence: Licence | None
    violations: tuple[Violation, ...]
