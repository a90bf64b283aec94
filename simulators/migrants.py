"""Enters people who are registered elsewhere and live here: their families, homes, work and residence permits."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from simulators import names
from simulators.families import REFERENCE_DAY, Books, Registrar, years_before
from simulators.life import Dwelling, Permit, Residence
from simulators.people import Household, Person, Property, Relation, Sex
from simulators.territory import OUTSIDE_STATIONS, Station

_PERMIT_AFTER_DAYS = 190  # half a year of living here, and a few days (Interim Regulations on Residence Permits)


@dataclass(frozen=True, slots=True)
class Lodging:
    """Where a family lives, and since when they can have done so; a landlord lets to them."""

    address: str
    station: Station
    kind: Dwelling
    free_since: date
    landlord: str | None = None


class Migrants:
    """Homes to let are those whose owners are registered at another address."""

    def __init__(self, books: Books, random: Random) -> None:
        self.books = books
        self.random = random
        self.registrar = Registrar(books, random)
        self._to_let = [home for home in books.properties.values() if self._is_to_let(home)]

    def _is_to_let(self, home: Property) -> bool:
        owner = self.books.people[home.owners[0].id_number]
        return owner.status == "normal" and owner.household.address != home.address

    def arrive(self, people: int) -> None:
        """Enter families until so many people have come."""
        full = len(self.books.people) + people
        while (room := full - len(self.books.people)) > 0:
            family = self.family(self.random.choice(OUTSIDE_STATIONS), room)
            self.settle(family, self._lodging(family[0]))

    def family(self, station: Station, room: int) -> list[Person]:
        """One grown-up; nearly half of them with a spouse, most of those with a child."""
        random = self.random
        household = self.registrar.household(station)
        sex: Sex = random.choice(("male", "female"))
        first = self._adult(household, "head", sex, years_before(REFERENCE_DAY, 54), years_before(REFERENCE_DAY, 19))
        if room < 2 or first.age_on(REFERENCE_DAY) < 25 or random.random() > 0.45:
            return [first]
        born = first.birth_date
        other: Sex = "female" if sex == "male" else "male"
        spouse = self._adult(household, "spouse", other, born - timedelta(days=700), born + timedelta(days=700))
        married_on = self.registrar.marry(first, spouse).registered_on
        earliest = max(married_on, years_before(REFERENCE_DAY, 17))
        latest = min(REFERENCE_DAY - timedelta(days=400), years_before(max(born, spouse.birth_date), -40))
        if room < 3 or earliest >= latest or random.random() > 0.7:
            return [first, spouse]
        husband, wife = (first, spouse) if sex == "male" else (spouse, first)
        return [first, spouse, self.registrar.child(household, husband, wife, names.birth_date(random, earliest, latest))]

    def _adult(self, household: Household, relation: Relation, sex: Sex, earliest: date, latest: date) -> Person:
        return self.registrar.person(household, relation, sex, names.birth_date(self.random, earliest, latest))

    def _lodging(self, person: Person) -> Lodging:
        if self.random.random() < 0.12 and person.age_on(REFERENCE_DAY) >= 25:
            return self.own(self.registrar.buy_home(self.registrar.station(), [person]))
        if self._to_let and self.random.random() < 0.85:
            home = self._to_let.pop()
            return Lodging(home.address, home.station, "rented", home.registered_on, home.owners[0].id_number)
        station = self.registrar.station()
        return Lodging(self.registrar.address(station), station, "dormitory", date(2014, 1, 1))

    def own(self, home: Property) -> Lodging:
        return Lodging(home.address, home.station, "owned", home.registered_on)

    def settle(self, family: list[Person], lodging: Lodging, since: date | None = None) -> None:
        """They move in together; the grown-ups work, and most have a permit after half a year."""
        latest = REFERENCE_DAY - timedelta(days=20)
        earliest = min(max(lodging.free_since, years_before(family[0].birth_date, -18)), latest)
        since = since or names.birth_date(self.random, earliest, latest)
        for person in family:
            here_since = max(since, person.birth_date + timedelta(days=30))
            self.books.residences[person.id_number] = self._residence(person, lodging, here_since)
            works_since = max(here_since, years_before(person.birth_date, -18))
            if works_since < REFERENCE_DAY - timedelta(days=31) and self.random.random() < 0.85:
                self.registrar.insure_since(person, works_since)

    def _residence(self, person: Person, lodging: Lodging, since: date) -> Residence:
        division = lodging.station.division
        serial = self.books.next_serial(f"residence {division}{since.year}")
        lease = self.books.next_serial(f"lease {division}{since.year}") if lodging.landlord else 0
        return Residence(
            number=f"LD{division}-{since.year}-{serial:06d}",
            address=lodging.address,
            station=lodging.station,
            since=since,
            kind=lodging.kind,
            landlord=lodging.landlord,
            lease_number=f"ZL{division}-{since.year}-{lease:06d}" if lease else None,
            permit=self._permit(person, division, since) if self.random.random() < 0.8 else None,
        )

    def _permit(self, person: Person, division: str, since: date) -> Permit | None:
        first = since + timedelta(days=_PERMIT_AFTER_DAYS + self.random.randrange(200))
        if first > REFERENCE_DAY - timedelta(days=5) or person.age_on(first) < 16:
            return None
        lapsed = years_before(first, -1) if self.random.random() < 0.12 else None
        serial = self.books.next_serial(f"permit {division}{first.year}")
        return Permit(f"{division}{first.year}{serial:07d}", first, lapsed if lapsed and lapsed < REFERENCE_DAY else None)
