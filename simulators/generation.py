"""Fills the books with a whole population of a given size: families first, then what happens to some of them."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random

from simulators import names
from simulators.events import Events
from simulators.families import REFERENCE_DAY, Books, Registrar, years_before
from simulators.migrants import Migrants
from simulators.misprints import Misprints
from simulators.people import Disagreement, Person, Sex
from simulators.territory import Station

_FROM_ELSEWHERE = 0.08  # of all people: registered elsewhere, living here
_CANCELLED = 0.01
_NUMBER_CHANGED = 0.002
_WANTED = 0.0005
_TWENTY_YEARS_AGO = years_before(REFERENCE_DAY, 20)


class Generation:
    """One run over the books. The order of steps is part of what a seed means."""

    def __init__(self, books: Books, random: Random, size: int) -> None:
        self.books = books
        self.known_before = frozenset(books.people)  # the demo people's families stay as they were made
        self.random = random
        self.size = size
        self._from_elsewhere = int(size * _FROM_ELSEWHERE)
        self.registrar = Registrar(books, random)
        self.events = Events(books, random)
        self.couples: list[tuple[Person, Person]] = []  # husband, wife; both adults under 60

    def run(self) -> list[Disagreement]:
        """Fill the books up to exactly `size` people."""
        unmarried = [*self._elders_and_their_children(), *self._newcomers()]
        self._marry_off(unmarried)
        self._grandchildren()
        while self._room() > 0:
            self._newcomer()
        self._newborns()
        self._cancellations(unmarried)
        Migrants(self.books, self.random).arrive(self.size - len(self.books.people))
        self._changed_numbers()
        self._convictions()
        return Misprints(self.books, self.random, self.known_before).make(self.couples)

    def _room(self) -> int:
        """Places for people who are registered here."""
        return self.size - self._from_elsewhere - len(self.books.people)

    def _elders_and_their_children(self) -> list[Person]:
        """Couples over 55, each with up to three grown children in homes of their own, still unmarried."""
        children: list[Person] = []
        for _ in range(int(self.size * 0.09)):
            if self._room() < 5:
                break
            children += self._elder_family()
        return children

    def _elder_family(self) -> list[Person]:
        random, registrar = self.random, self.registrar
        station = registrar.station()
        household = registrar.household(station)
        father = registrar.adult(household, "head", "male", 57, 84)
        mother_born = names.birth_date(random, father.birth_date - timedelta(days=700), father.birth_date + timedelta(days=1400))
        mother = registrar.person(household, "spouse", "female", mother_born)
        married_on = registrar.marry(father, mother).registered_on
        grown = [self._grown_child(father, mother, married_on) for _ in range(random.choices((1, 2, 3), (4, 4, 2))[0])]
        if random.random() < 0.6:
            registrar.buy_home(station, random.choice(([father], [father, mother])), address=household.address)
        for elder in (father, mother):
            if random.random() < 0.5:
                registrar.insure(elder)
        if random.random() < 0.12:
            self._die(father, mother)
        return grown

    def _grown_child(self, father: Person, mother: Person, married_on: date) -> Person:
        registrar, random = self.registrar, self.random
        station = father.household.station if random.random() < 0.5 else registrar.station()
        youngest = min(years_before(married_on, -12), years_before(REFERENCE_DAY, 23))
        born = names.birth_date(random, married_on, max(youngest, married_on))
        household = registrar.household(station)
        child = registrar.child(household, father, mother, born, relation="head", first_registered=father.household.station.division)
        self._settle(child, station)
        return child

    def _die(self, husband: Person, wife: Person) -> None:
        """The husband's registration is cancelled; his widow heads the household. Lately, some have not been to the police yet."""
        earliest, latest = REFERENCE_DAY - timedelta(days=2400), REFERENCE_DAY - timedelta(days=40)
        if self.random.random() < 0.06:
            self.events.death(husband, latest + timedelta(days=self.random.randrange(3, 38)))
            self._stop_insurance(husband)
            return
        died_on = names.birth_date(self.random, earliest, latest)
        self.events.death(husband, died_on)
        self.events.cancel(husband, "death", died_on + timedelta(days=self.random.randrange(3, 35)))
        wife.marital_status, wife.relation = "widowed", "head"

    def _stop_insurance(self, person: Person) -> None:
        insurance = self.books.insurances.get(person.id_number)
        if insurance:
            self.books.insurances[person.id_number] = replace(insurance, active=False)

    def _newcomers(self) -> list[Person]:
        return [self._newcomer() for _ in range(int(self.size * 0.34)) if self._room() > 0]

    def _newcomer(self) -> Person:
        """An adult whose parents are registered elsewhere, alone in a household."""
        sex: Sex = self.random.choice(("male", "female"))
        station = self.registrar.station()
        person = self.registrar.adult(self.registrar.household(station), "head", sex, 19, 55)
        self._settle(person, station)
        return person

    def _settle(self, person: Person, station: Station) -> None:
        """Give an adult work, and some of them a home."""
        registrar, random = self.registrar, self.random
        if random.random() < 0.8:
            registrar.insure(person)
        chance = random.random()
        if chance < 0.25:
            registrar.buy_home(station, [person], address=person.household.address)
        elif chance < 0.32:
            registrar.buy_home(registrar.station(outside=station.division), [person])

    def _marry_off(self, unmarried: list[Person]) -> None:
        """Marry four in five to somebody of about their age from another family; one couple in twelve is divorced since."""
        men, women = (
            sorted((p for p in unmarried if p.sex == sex and p.age_on(REFERENCE_DAY) >= 23), key=lambda p: (p.birth_date, p.id_number))
            for sex in ("male", "female")
        )
        for husband, wife in zip(men, women, strict=False):
            if self.random.random() > 0.8 or (husband.father and husband.father == wife.father):
                continue
            self._marry(husband, wife)

    def _marry(self, husband: Person, wife: Person) -> None:
        registrar, random = self.registrar, self.random
        marriage = registrar.marry(husband, wife)
        if random.random() < 1 / 12 and marriage.registered_on < REFERENCE_DAY - timedelta(days=800):
            registrar.divorce(marriage)
            return
        head, joining = (husband, wife) if random.random() < 0.8 else (wife, husband)
        left = joining.household
        registrar.move(joining, head.household, "spouse")
        if not left.members:
            del self.books.households[left.number]
        if random.random() < 0.18:
            registrar.buy_home(registrar.station(outside=head.household.station.division), [husband, wife])
        self.couples.append((husband, wife))

    def _grandchildren(self) -> None:
        """Children under 23 of the couples, living with them, as far as the size allows."""
        wanted = self._room() * 9 // 10
        while wanted > 0 and self.couples:
            before = wanted
            for husband, wife in self.couples:
                if wanted and self.random.random() < 0.6 and self._have_child(husband, wife):
                    wanted -= 1
            if wanted == before:
                break

    def _have_child(self, husband: Person, wife: Person) -> bool:
        household = husband.household
        married_on = self.books.marriages[wife.id_number].registered_on
        siblings = [self.books.people[m].birth_date for m in household.members if self.books.people[m].mother == wife.id_number]
        earliest = max(married_on, years_before(REFERENCE_DAY, 22), *[born + timedelta(days=400) for born in siblings])
        latest = min(years_before(wife.birth_date, -44), REFERENCE_DAY - timedelta(days=5), earliest + timedelta(days=2500))
        if len(siblings) >= 3 or earliest >= latest:
            return False
        self.registrar.child(household, husband, wife, names.birth_date(self.random, earliest, latest))
        return True

    def _newborns(self) -> None:
        """A few couples have a child of some weeks whose birth is certified and not registered."""
        for husband, wife in self.couples:
            if self.random.random() > 0.012 or not 21 <= wife.age_on(REFERENCE_DAY) <= 43:
                continue
            born_on = REFERENCE_DAY - timedelta(days=self.random.randrange(3, 60))
            youngest = max((self.books.people[c].birth_date for c in self.books.children.get(wife.id_number, [])), default=date.min)
            if youngest < born_on - timedelta(days=400) and self.books.marriages[wife.id_number].registered_on < born_on:
                self.events.newborn(wife, husband, born_on)

    def _cancellations(self, unmarried: list[Person]) -> None:
        """People who lived alone and left; a third of those who settled abroad are approved to come back."""
        alone = [p for p in unmarried if p.marital_status == "single" and len(p.household.members) == 1]
        alone = [p for p in alone if p.id_number not in self.books.owned]
        for person in self.random.sample(alone, k=min(len(alone) // 2, int(self.size * _CANCELLED))):
            reason = self.events.leave(person)
            if reason == "prison":
                self.registrar.convict(person)
            elif reason == "moved_abroad" and self.random.random() < 0.35:
                self.events.approve_return(person)

    def _changed_numbers(self) -> None:
        everybody = [p for p in self.books.people.values() if self._is_adult(p)]
        for person in self.random.sample(everybody, k=min(len(everybody), int(self.size * _NUMBER_CHANGED))):
            self.events.change_number(person, self.random.choice(("duplicate", "wrong_birth_date", "wrong_sex")))
        for person in self.random.sample(everybody, k=min(len(everybody), int(self.size * _WANTED))):
            self.events.want(person)

    def _convictions(self) -> None:
        convicted = len(self.books.convictions)
        adults = [p for p in self.books.people.values() if self._is_adult(p) and p.id_number not in self.books.convictions]
        for person in self.random.sample(adults, k=max(0, min(len(adults), round(self.size * 0.01) - convicted))):
            self.registrar.convict(person)
            if self.random.random() < 0.15:
                self.registrar.convict(person)

    def _is_adult(self, person: Person) -> bool:
        """Registered, alive, of age, and not of a demo person's family."""
        return (
            person.status == "normal"
            and person.birth_date <= _TWENTY_YEARS_AGO
            and person.id_number not in self.known_before
            and person.id_number not in self.books.deaths
        )
