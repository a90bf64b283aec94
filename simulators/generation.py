"""Fills the books with a whole population of a given size: elders, their children, newcomers, marriages, grandchildren."""

from datetime import date, timedelta
from random import Random

from simulators import names
from simulators.families import REFERENCE_DAY, Books, Registrar, years_before
from simulators.people import Disagreement, DisagreementKind, Marriage, Owner, Person, Sex
from simulators.territory import Station

_DISAGREEING = 0.02  # of homes, and of marriages


class Generation:
    """One run over the books. The order of steps is part of what a seed means."""

    def __init__(self, books: Books, random: Random, size: int) -> None:
        self.books = books
        self.known_before = frozenset(books.people)  # the demo people's families stay as they were made
        self.random = random
        self.size = size
        self.registrar = Registrar(books, random)
        self.couples: list[tuple[Person, Person]] = []  # husband, wife; both adults under 60
        self.disagreements: list[Disagreement] = []

    def run(self) -> list[Disagreement]:
        """Fill the books up to exactly `size` people."""
        unmarried = [*self._elders_and_their_children(), *self._newcomers()]
        self._marry_off(unmarried)
        self._grandchildren()
        while len(self.books.people) < self.size:
            self._newcomer()
        self._convictions()
        self._disagreements()
        return self.disagreements

    def _room(self) -> int:
        return self.size - len(self.books.people)

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
        """Cancel the husband's registration; his widow heads the household."""
        husband.status = "cancelled"
        wife.marital_status = "widowed"
        household = husband.household
        household.members.remove(husband.id_number)
        wife.relation = "head"
        self.books.insurances.pop(husband.id_number, None)

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

    def _convictions(self) -> None:
        adults = [p for p in self.books.people.values() if self._may_be_convicted(p)]
        for person in self.random.sample(adults, k=min(len(adults), round(self.size * 0.01))):
            self.registrar.convict(person)
            if self.random.random() < 0.15:
                self.registrar.convict(person)

    def _may_be_convicted(self, person: Person) -> bool:
        return person.id_number not in self.known_before and person.status == "normal" and person.age_on(REFERENCE_DAY) >= 20

    def _disagreements(self) -> None:
        """Spoil a few entries, each in one source only, and write down which."""
        for home in list(self.books.properties.values()):
            if home.owners[0].id_number not in self.known_before and self.random.random() < _DISAGREEING:
                self.misspell_owner(home.owners[0], home.certificate_number)
        for husband, wife in self.couples:
            chance = self.random.random()
            if chance < _DISAGREEING / 2:
                self._household_says_single(husband, wife)
            elif chance < _DISAGREEING:
                self._divorced_elsewhere(husband)

    def misspell_owner(self, owner: Owner, certificate_number: str) -> None:
        """The property authority writes the owner's name with one wrong character."""
        owner.name = names.misspelt(self.random, owner.name)
        self.disagreements.append(Disagreement("owner_name", owner.id_number, ("property", "resident_population"), certificate_number))

    def _household_says_single(self, *spouses: Person) -> None:
        marriage = self.books.marriages[spouses[0].id_number]
        for person in spouses:
            person.marital_status = "single"
            self._note("marriage_unknown_to_household", person.id_number, marriage)

    def _divorced_elsewhere(self, husband: Person) -> None:
        """Civil affairs has a divorce that the household book has not: the two still live together as a couple."""
        marriage = self.books.marriages[husband.id_number]
        self.registrar.divorce(marriage)
        for spouse in marriage.spouses:
            self.books.people[spouse.id_number].marital_status = "married"
            self._note("divorce_unknown_to_household", spouse.id_number, marriage)

    def _note(self, kind: DisagreementKind, id_number: str, marriage: Marriage) -> None:
        sources = ("marriage", "resident_population")
        self.disagreements.append(Disagreement(kind, id_number, sources, marriage.certificate_number))
