"""Enters into the books what happens to a few of the people: births to register, deaths, cancellations, changed numbers."""

from datetime import date, timedelta
from random import Random

from simulators import names
from simulators.details import today
from simulators.families import REFERENCE_DAY, Books, years_before
from simulators.life import (
    Birth,
    Cancellation,
    CancellationReason,
    Death,
    FormerNumber,
    NumberChange,
    ReturnApproval,
    Wanted,
)
from simulators.people import Person, Sex
from simulators.territory import BUREAUS, DIVISION_NAMES, ELSEWHERE

_COUNTRIES = ("意大利", "西班牙", "法国", "荷兰", "美国", "葡萄牙", "巴西")
_LEAVING: tuple[tuple[CancellationReason, int], ...] = (
    ("moved_abroad", 30),
    ("student_moved_out", 22),
    ("moved_out_not_settled", 22),
    ("military_service", 10),
    ("prison", 6),
    ("declared_missing", 5),
    ("declared_dead", 5),
)
_YOUNG = ("student_moved_out", "military_service")


class Events:
    """One random source, so that a seed gives the same events."""

    def __init__(self, books: Books, random: Random) -> None:
        self.books = books
        self.random = random

    def newborn(self, mother: Person, father: Person, born_on: date) -> Birth:
        """A birth that the hospital has certified and nobody has registered."""
        sex: Sex = self.random.choice(("male", "female"))
        siblings = {self.books.people[child].name for child in self.books.children.get(mother.id_number, [])}
        name = names.surname_of(father.name) + names.given_name(self.random, sex)
        while name in siblings:
            name = names.surname_of(father.name) + names.given_name(self.random, sex)
        birth = Birth(f"U330{self.books.next_serial('newborn'):06d}", name, sex, born_on, mother.id_number, father.id_number)
        self.books.births[birth.certificate_number] = birth
        for parent in (mother, father):
            self.books.births_of.setdefault(parent.id_number, []).append(birth)
        return birth

    def death(self, person: Person, died_on: date) -> None:
        """Certified; cancelling the registration is another step."""
        division = person.household.station.division
        number = f"{division}-{died_on.year}-{self.books.next_serial(f'death {division}{died_on.year}'):06d}"
        self.books.deaths[person.id_number] = Death(number, died_on)

    def cancel(self, person: Person, reason: CancellationReason, cancelled_on: date) -> None:
        """End a registration. The person leaves the household, which ends when nobody is left in it."""
        household = person.household
        person.status = "cancelled"
        household.members.remove(person.id_number)
        if not household.members:
            del self.books.households[household.number]
        self.books.insurances.pop(person.id_number, None)
        left_for = self._destination(reason)
        self.books.cancellations[person.id_number] = Cancellation(
            id_number=person.id_number,
            name=person.name,
            reason=reason,
            cancelled_on=cancelled_on,
            household_number=household.number,
            address=household.address,
            station=household.station,
            destination=left_for,
            move_certificate_number=self._move_certificate(reason),
            settled=reason == "student_moved_out" and self.random.random() < 0.7,
        )

    def _destination(self, reason: CancellationReason) -> str | None:
        if reason == "moved_abroad":
            return self.random.choice(_COUNTRIES)
        if reason in ("student_moved_out", "moved_out_not_settled"):
            return DIVISION_NAMES[self.random.choice(ELSEWHERE)]
        return None

    def _move_certificate(self, reason: CancellationReason) -> str | None:
        if reason not in ("student_moved_out", "moved_out_not_settled"):
            return None
        return f"浙公迁字第{self.books.next_serial('move certificate'):08d}号"

    def leave(self, person: Person) -> CancellationReason:
        """Cancel a registration for one of the reasons that fit somebody of this age."""
        young = person.age_on(REFERENCE_DAY) <= 27
        reasons, weights = zip(*((reason, weight) for reason, weight in _LEAVING if young or reason not in _YOUNG), strict=True)
        reason: CancellationReason = self.random.choices(reasons, weights)[0]
        earliest = max(years_before(person.birth_date, -18), date(2010, 1, 1))
        self.cancel(person, reason, names.birth_date(self.random, earliest, REFERENCE_DAY - timedelta(days=60)))
        return reason

    def approve_return(self, person: Person, on: date | None = None) -> ReturnApproval:
        """A settlement approval of late for somebody whose registration was cancelled when they moved abroad."""
        left = self.books.cancellations[person.id_number]
        lately = today() - timedelta(days=self.random.randrange(10, 240))
        approved_on = on or max(lately, left.cancelled_on + timedelta(days=30))
        station = left.station
        approval = ReturnApproval(
            number=f"浙温侨定〔{approved_on.year}〕{self.books.next_serial(f'return {approved_on.year}'):04d}号",
            approved_on=approved_on,
            valid_until=approved_on + timedelta(days=181),
            station=station,
            address=left.address,
            country=left.destination or _COUNTRIES[0],
            left_on=left.cancelled_on - timedelta(days=30),
            returned_on=approved_on - timedelta(days=20),
            passport_number=f"EJ{7_000_000 + person.serial:07d}",
        )
        self.books.returns[person.id_number] = approval
        return approval

    def change_number(self, person: Person, reason: NumberChange) -> FormerNumber:
        """Enter the number that the person had before; it is cancelled and says who they are now."""
        born, sex = person.birth_date, person.sex
        if reason == "wrong_birth_date":
            born = born - timedelta(days=self.random.randrange(1, 400))
        if reason == "wrong_sex":
            sex = "male" if sex == "female" else "female"
        former = self.books.id_numbers.give(self.random, person.id_number[:6], born, sex)
        day = names.birth_date(self.random, max(person.birth_date + timedelta(days=400), date(1996, 1, 1)), REFERENCE_DAY)
        change = FormerNumber(former, day, reason)
        self.books.former_numbers.setdefault(person.id_number, []).append(change)
        household = person.household
        self.books.cancellations[former] = Cancellation(
            id_number=former,
            name=person.name,
            reason="duplicate" if reason == "duplicate" else "number_changed",
            cancelled_on=day,
            household_number=household.number,
            address=household.address,
            station=household.station,
            current_id_number=person.id_number,
        )
        return change

    def want(self, person: Person) -> None:
        since = names.birth_date(self.random, date(2022, 1, 1), REFERENCE_DAY - timedelta(days=5))
        division = person.household.station.division
        number = f"T{division}{since.year}{self.books.next_serial('wanted'):06d}"
        self.books.wanted[person.id_number] = Wanted(number, since, BUREAUS[division])
