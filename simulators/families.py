"""Builds the simulated families: who is born to whom, who married whom, who lives with whom, and what they own."""

import calendar
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from random import Random

from simulators import names
from simulators.life import Birth, Cancellation, Death, FormerNumber, Residence, ReturnApproval, Traffic, Wanted
from simulators.people import (
    Conviction,
    DisagreementKind,
    Household,
    Insurance,
    Marriage,
    Owner,
    Person,
    Property,
    Relation,
    Sex,
    Spouse,
)
from simulators.quick_random import weighted
from simulators.territory import CITY, CITY_PREFIX, COUNTIES, ELSEWHERE, Station, street_address

REFERENCE_DAY = date(2026, 1, 1)  # ages and months are counted to this day, so that a seed gives the same people in any year

_ETHNICITIES = ("汉族", "畲族", "回族", "苗族", "土家族")
_ETHNICITY_WEIGHTS = list(accumulate((970, 12, 6, 6, 6)))
_COUNTY_WEIGHTS = list(accumulate(county.weight for county in COUNTIES))
_EMPLOYERS = tuple(
    f"温州{name}{trade}有限公司"
    for name in ("瓯江", "雁荡", "江心屿", "楠溪", "白鹿", "塘河", "大罗山", "飞云")
    for trade in ("鞋业", "电器", "眼镜", "服装", "泵阀", "软件", "物流", "餐饮管理")
)
_CRIMES = (("盗窃罪", "刑初"), ("危险驾驶罪", "刑初"), ("诈骗罪", "刑初"), ("故意伤害罪", "刑初"), ("赌博", "行罚"), ("殴打他人", "行罚"))


def years_before(day: date, years: int) -> date:
    """The same day of another year; 1 March where 29 February does not exist, so that nobody comes of age too early."""
    year = day.year - years
    leap_day = day.day == 29 and day.month == 2 and not calendar.isleap(year)
    return date(year, 3, 1) if leap_day else date(year, day.month, day.day)


@dataclass
class Books:
    """Every authority's book, keyed as that authority is asked."""

    people: dict[str, Person] = field(default_factory=dict)
    households: dict[str, Household] = field(default_factory=dict)
    properties: dict[str, Property] = field(default_factory=dict)
    owned: dict[str, list[Property]] = field(default_factory=dict)
    marriages: dict[str, Marriage] = field(default_factory=dict)
    insurances: dict[str, Insurance] = field(default_factory=dict)
    convictions: dict[str, list[Conviction]] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=dict)  # by parent, oldest entry first
    births: dict[str, Birth] = field(default_factory=dict)  # not registered yet, by certificate number
    births_of: dict[str, list[Birth]] = field(default_factory=dict)  # the same, by parent
    deaths: dict[str, Death] = field(default_factory=dict)
    cancellations: dict[str, Cancellation] = field(default_factory=dict)  # by the number that was cancelled
    former_numbers: dict[str, list[FormerNumber]] = field(default_factory=dict)
    residences: dict[str, Residence] = field(default_factory=dict)
    returns: dict[str, ReturnApproval] = field(default_factory=dict)
    wanted: dict[str, Wanted] = field(default_factory=dict)
    traffic: dict[str, Traffic] = field(default_factory=dict)  # of people whose vehicles and violations are not left to chance
    misprints: dict[tuple[DisagreementKind, str], str] = field(default_factory=dict)  # what one source says wrongly of a person
    id_numbers: names.IdNumbers = field(default_factory=names.IdNumbers)
    serials: dict[str, int] = field(default_factory=dict)

    def next_serial(self, book: str) -> int:
        self.serials[book] = self.serials.get(book, 0) + 1
        return self.serials[book]


class Registrar:
    """Enters families into the books; every choice comes from one random source, so a seed gives the same books."""

    def __init__(self, books: Books, random: Random) -> None:
        self.books = books
        self.random = random

    def station(self, *, outside: str | None = None) -> Station:
        """A station in proportion to the people; `outside` names a county that it must not lie in."""
        while True:
            county = weighted(self.random, COUNTIES, _COUNTY_WEIGHTS)
            if county.code != outside:
                return self.random.choice(county.stations)

    def address(self, station: Station) -> str:
        random = self.random
        building = street_address(station, random.choice(station.roads), random.randrange(1, 400))
        return f"{building}{random.randrange(1, 25)}幢{random.randrange(1, 5)}单元{random.randrange(1, 26)}0{random.randrange(1, 5)}室"

    def household(self, station: Station) -> Household:
        """An empty household; its number is the county's last four digits (elsewhere all six) and a serial of the county."""
        serial = self.books.next_serial(f"household {station.division}")
        county = station.division[2:] if station.division.startswith(CITY_PREFIX) else station.division
        household = Household(number=f"{county}{serial:05d}", address=self.address(station), station=station)
        self.books.households[household.number] = household
        return household

    def person(
        self,
        household: Household,
        relation: Relation,
        sex: Sex,
        born: date,
        *,
        surname: str | None = None,
        first_registered: str | None = None,
        id_number: str | None = None,
    ) -> Person:
        """Register somebody in a household; a made-up ID number begins with the county of first registration."""
        random = self.random
        if id_number is None:
            id_number = self.books.id_numbers.give(random, first_registered or household.station.division, born, sex)
        else:
            self.books.id_numbers.reserve(id_number)
        person = Person(
            id_number=id_number,
            name=(surname or names.surname(random)) + names.given_name(random, sex),
            sex=sex,
            birth_date=born,
            ethnicity=weighted(random, _ETHNICITIES, _ETHNICITY_WEIGHTS),
            household=household,
            relation=relation,
            serial=len(self.books.people),
        )
        if random.random() < 0.02:
            person.former_name = names.surname_of(person.name) + names.given_name(random, sex)
        self.books.people[id_number] = person
        household.members.append(id_number)
        return person

    def adult(self, household: Household, relation: Relation, sex: Sex, youngest: int, oldest: int) -> Person:
        born = names.birth_date(self.random, years_before(REFERENCE_DAY, oldest), years_before(REFERENCE_DAY, youngest))
        moved_in = self.random.random() < 0.3
        return self.person(household, relation, sex, born, first_registered=self.random.choice(ELSEWHERE) if moved_in else None)

    def child(
        self,
        household: Household,
        father: Person,
        mother: Person,
        born: date,
        *,
        relation: Relation | None = None,
        first_registered: str | None = None,
    ) -> Person:
        """A child of both; it takes the father's surname, one in ten the mother's."""
        random = self.random
        sex: Sex = random.choice(("male", "female"))
        surname = names.surname_of((mother if random.random() < 0.1 else father).name)
        relation = relation or ("son" if sex == "male" else "daughter")
        child = self.person(household, relation, sex, born, surname=surname, first_registered=first_registered)
        child.father, child.mother = father.id_number, mother.id_number
        child.ethnicity = father.ethnicity
        for parent in (father, mother):
            self.books.children.setdefault(parent.id_number, []).append(child.id_number)
        return child

    def move(self, person: Person, household: Household, relation: Relation) -> None:
        person.household.members.remove(person.id_number)
        person.household, person.relation = household, relation
        household.members.append(person.id_number)

    def marry(self, first: Person, second: Person) -> Marriage:
        """Register a marriage on a day when both were of age (men 22, women 20: Civil Code, article 1047)."""
        earliest = max(years_before(p.birth_date, -(22 if p.sex == "male" else 20)) for p in (first, second))
        latest = min(max(earliest, years_before(earliest, -8)), REFERENCE_DAY - timedelta(days=30))
        day = names.birth_date(self.random, earliest, latest) if earliest < latest else latest
        marriage = Marriage(
            certificate_number=self._marriage_number("J", first.household.station.division, day),
            status="married",
            registered_on=day,
            married_on=day,
            spouses=(Spouse(first.id_number, first.name), Spouse(second.id_number, second.name)),
        )
        for person in (first, second):
            person.marital_status = "married"
            self.books.marriages[person.id_number] = marriage
        return marriage

    def divorce(self, marriage: Marriage) -> None:
        """Register a divorce; households are the caller's."""
        day = names.birth_date(self.random, marriage.registered_on, REFERENCE_DAY - timedelta(days=10))
        first = self.books.people[marriage.spouses[0].id_number]
        marriage.certificate_number = self._marriage_number("L", first.household.station.division, day)
        marriage.status, marriage.registered_on = "divorced", day
        for spouse in marriage.spouses:
            self.books.people[spouse.id_number].marital_status = "divorced"

    def _marriage_number(self, letter: str, division: str, day: date) -> str:
        return f"{letter}{division}-{day.year}-{self.books.next_serial(f'{letter}{division}{day.year}'):06d}"

    def buy_home(self, station: Station, owners: list[Person], *, address: str | None = None, on: date | None = None) -> Property:
        """Register a home in the names of its owners, in equal shares; the first share takes the rest."""
        random = self.random
        drawn = names.birth_date(random, date(2016, 1, 1), REFERENCE_DAY - timedelta(days=60))
        day = on or drawn
        serial = self.books.next_serial(f"property {day.year}")
        share = 100 // len(owners)
        home = Property(
            certificate_number=f"浙（{day.year}）温州市不动产权第{serial:07d}号",
            address=address or self.address(station),
            station=station,
            area_m2=round(random.uniform(45, 190), 2),
            usage="住宅",
            registered_on=day,
            owners=[Owner(p.id_number, p.name, 100 - share * (len(owners) - 1) if n == 0 else share) for n, p in enumerate(owners)],
        )
        self.books.properties[home.certificate_number] = home
        for owner in owners:
            self.books.owned.setdefault(owner.id_number, []).append(home)
        return home

    def insure(self, person: Person) -> None:
        """Enter somebody's employment: begun after 18, still going for most people under 60."""
        age = person.age_on(REFERENCE_DAY)
        worked = self.random.randrange(1, max(2, min(age, 60) - 18) * 12)
        since = REFERENCE_DAY.year * 12 - worked
        self.books.insurances[person.id_number] = Insurance(
            employer=self.random.choice(_EMPLOYERS),
            city_division=CITY,
            since=date(since // 12, since % 12 + 1, 1),
            months_paid=worked,
            active=age < 60 and self.random.random() < 0.95,
        )

    def insure_since(self, person: Person, since: date) -> None:
        """Enter somebody's employment in this city since a given month, paid for without a break until now."""
        months = (REFERENCE_DAY.year - since.year) * 12 + REFERENCE_DAY.month - since.month
        self.books.insurances[person.id_number] = Insurance(
            employer=self.random.choice(_EMPLOYERS), city_division=CITY, since=since.replace(day=1), months_paid=months, active=True
        )

    def convict(self, person: Person) -> None:
        random = self.random
        kind, court = random.choice(_CRIMES)
        earliest = years_before(person.birth_date, -18)
        day = names.birth_date(random, max(earliest, date(2008, 1, 1)), REFERENCE_DAY - timedelta(days=1))
        county = random.choice(COUNTIES).code[2:]
        number = f"（{day.year}）浙{county}{court}{random.randrange(1, 1500)}号"
        self.books.convictions.setdefault(person.id_number, []).append(Conviction(number, kind, day))
