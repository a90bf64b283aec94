"""The simulated population: made from a seed, asked by ID number."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime
from random import Random

from domain.identity_numbers import parse_id_number
from simulators import names
from simulators.collector import no_collector
from simulators.demo_clip import demo_portrait
from simulators.demo_people import DemoFamilies, DemoPerson
from simulators.details import Details
from simulators.families import REFERENCE_DAY, Books, Registrar, years_before
from simulators.generation import Generation
from simulators.people import (
    Conviction,
    Disagreement,
    Household,
    Insurance,
    Marriage,
    Person,
    Property,
    Sex,
)
from simulators.quick_random import QuickRandom
from simulators.territory import COUNTY, STATION, Station

DEFAULT_SIZE = 100_000


class Population:
    """Everything that the simulated authorities know. Every look-up is one dictionary access.

    `disagreements` lists all that differs between two authorities. `books` are for reading; `details` draws what
    hangs on nobody else when it is asked for, the same each time.
    """

    def __init__(self, seed: int, books: Books, disagreements: list[Disagreement], demo_people: list[DemoPerson]) -> None:
        self.seed = seed
        self.books = books
        self.details = Details(seed, books)
        self.disagreements = disagreements
        self._demo_people = demo_people
        self._portraits = dict.fromkeys((demo.id_number for demo in demo_people), demo_portrait())
        self._added = 0
        self._certificates: dict[str, Property] = {}
        self._by_serial: list[str] = []

    @classmethod
    def generate(cls, seed: int, size: int = DEFAULT_SIZE) -> "Population":
        """The same people for the same seed and size; the demo people depend on the seed alone.

        Raises:
            ValueError: `size` is too small to hold the demo people's families.
        """
        if size < 20:
            raise ValueError("a population has at least 20 people")
        with no_collector():
            return cls._made(seed, size)

    @classmethod
    def _made(cls, seed: int, size: int) -> "Population":
        books = Books()
        demo_families = DemoFamilies(books, seed)
        demo_people = demo_families.enter()
        listed = [*demo_families.disagreements, *Generation(books, QuickRandom(seed), size).run()]
        return cls(seed, books, listed, demo_people)

    def __len__(self) -> int:
        return len(self.books.people)

    def __iter__(self) -> Iterator[Person]:
        return iter(self.books.people.values())

    def find(self, id_number: str) -> Person | None:
        return self.books.people.get(id_number)

    def households(self) -> Iterator[Household]:
        return iter(self.books.households.values())

    def properties(self) -> Iterator[Property]:
        return iter(self.books.properties.values())

    def household_members(self, person: Person) -> list[Person]:
        """Everybody in the person's household, themselves included, the head first."""
        members = [self.books.people[id_number] for id_number in person.household.members]
        return sorted(members, key=lambda member: member.relation != "head")

    def properties_of(self, id_number: str) -> list[Property]:
        return self.books.owned.get(id_number, [])

    def find_property(self, certificate_number: str) -> Property | None:
        """By certificate number; brackets and spaces may be written either way."""
        if len(self._certificates) != len(self.books.properties):
            self._certificates = {certificate_key(number): home for number, home in self.books.properties.items()}
        return self._certificates.get(certificate_key(certificate_number))

    def find_marriage(self, id_number: str) -> Marriage | None:
        return self.books.marriages.get(id_number)

    def find_insurance(self, id_number: str) -> Insurance | None:
        return self.books.insurances.get(id_number)

    def convictions_of(self, id_number: str) -> list[Conviction]:
        return self.books.convictions.get(id_number, [])

    def children_of(self, id_number: str) -> list[Person]:
        """Oldest entry first, living or not."""
        return [self.books.people[child] for child in self.books.children.get(id_number, [])]

    def person_with_serial(self, serial: int) -> Person | None:
        """By the place in the population; serials count from 0 without a gap."""
        if len(self._by_serial) != len(self.books.people):
            self._by_serial = list(self.books.people)
        return self.books.people[self._by_serial[serial]] if serial < len(self._by_serial) else None

    def find_portrait(self, id_number: str) -> bytes | None:
        return self._portraits.get(id_number)

    def give_everybody_a_portrait(self) -> None:
        """The demo portrait for whoever has none: a benchmark compares no faces, but asks for them."""
        everybody = dict.fromkeys((person.id_number for person in self), demo_portrait())
        self._portraits = everybody | self._portraits

    def demo_people(self) -> list[DemoPerson]:
        return list(self._demo_people)

    def movers(self) -> Iterator[tuple[Person, Property]]:
        """Married owners of a home at another station whose spouse lives with them and whose entries all agree.

        `purchase-migration` goes by machine for them.
        """
        doubtful = {d.id_number for d in self.disagreements} | {d.certificate_number for d in self.disagreements}
        doubtful |= self.books.deaths.keys() | self.books.wanted.keys()
        for person in self:
            marriage = self.find_marriage(person.id_number)
            if person.status != "normal" or person.marital_status != "married" or person.id_number in doubtful:
                continue
            if not person.registered_here:
                continue
            if marriage is None or marriage.status != "married":
                continue
            if marriage.spouse_of(person.id_number).id_number not in person.household.members:
                continue
            for home in self.properties_of(person.id_number):
                if home.station.code != person.household.station.code and home.certificate_number not in doubtful:
                    yield person, home
                    break

    def adults_without_record(self) -> Iterator[Person]:
        """Living adults registered here on the population's reference day whom neither criminal records nor wanted persons know."""
        known = self.books.convictions.keys() | self.books.wanted.keys() | self.books.deaths.keys()
        return (
            p for p in self if p.status == "normal" and p.registered_here and p.age_on(REFERENCE_DAY) >= 18 and p.id_number not in known
        )

    def possible_staff(self, number: int) -> list[Person]:
        """So many adults without a record who live with others and with no demo person, the same for a seed and size."""
        taken = {member for demo in self._demo_people for member in self.books.people[demo.id_number].household.members}
        fit = (
            person
            for person in self.adults_without_record()
            if person.id_number not in taken and len(person.household.members) > 1 and 23 <= person.age_on(REFERENCE_DAY) < 55
        )
        chosen: dict[str, Person] = {}  # one of a household
        for person in fit:
            chosen.setdefault(person.household.number, person)
            if len(chosen) == number:
                break
        return list(chosen.values())

    def add_person(
        self,
        name: str | None = None,
        portrait: bytes | None = None,
        *,
        id_number: str | None = None,
        sex: Sex | None = None,
        birth_date: date | None = None,
        station: str | None = None,
    ) -> Person:
        """Register somebody alone in a new household; what is not given is made up from the seed and their order.

        `portrait` is a JPEG as `portraits.as_portrait` makes it. An `id_number` brings sex and date of birth;
        one that is taken by somebody already only changes their portrait and name.

        Raises:
            InvalidInput: the ID number is not valid.
            ValueError: no such station.
        """
        known = self.find(id_number.strip().upper()) if id_number else None
        person = known or self._register(id_number, sex, birth_date, station)
        if name:
            person.name = name
        if portrait is not None:
            self._portraits[person.id_number] = portrait
        return person

    def _register(self, id_number: str | None, sex: Sex | None, born: date | None, station_code: str | None) -> Person:
        """Home and person are drawn apart from the choices, so that giving the choices again gives the same home."""
        if station_code is not None and station_code not in STATION:
            raise ValueError(f"no station has the code {station_code}; the counties are {', '.join(COUNTY)}")
        nth = f"{self.seed}:added:{self._added + 1}"
        choices = Registrar(self.books, Random(nth))
        station = STATION[station_code] if station_code else choices.station()
        number = parse_id_number(id_number or self._made_up(choices, station, sex, born), today=datetime.now(UTC).date(), path="/id_number")
        self._added += 1
        registrar = Registrar(self.books, Random(f"{nth}:home"))
        person = registrar.person(registrar.household(station), "head", number.sex, number.birth_date, id_number=number.value)
        person.former_name = None
        return person

    def _made_up(self, choices: Registrar, station: Station, sex: Sex | None, born: date | None) -> str:
        either: Sex = choices.random.choice(("male", "female"))
        born = born or names.birth_date(choices.random, years_before(REFERENCE_DAY, 50), years_before(REFERENCE_DAY, 22))
        return self.books.id_numbers.give(choices.random, station.division, born, sex or either)


def certificate_key(certificate_number: str) -> str:
    """A certificate number as it is compared: brackets of one width, no spaces."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", certificate_number))
