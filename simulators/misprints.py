"""Makes the authorities differ in a few entries, each time in one source only, and writes down which."""

from datetime import timedelta
from random import Random

from simulators import names
from simulators.families import REFERENCE_DAY, Books, Registrar
from simulators.people import Disagreement, DisagreementKind, Insurance, Marriage, Person
from simulators.territory import CITY

KIND_NAMES: dict[DisagreementKind, str] = {
    "owner_name": "产权人姓名有误 Owner's name misspelt",
    "marriage_unknown_to_household": "户籍未登记结婚 Marriage unknown to the household book",
    "divorce_unknown_to_household": "户籍未登记离婚 Divorce unknown to the household book",
    "mother_name_on_birth_certificate": "出生证明母亲姓名有误 Mother's name misspelt on the birth certificate",
    "card_shows_former_name": "身份证仍为曾用名 ID card shows the former name",
    "insured_after_death": "死亡后仍在参保 Insured after death",
    "permit_address_outdated": "居住证地址未更新 Address on the permit outdated",
}
_HOMES = 0.02
_COUPLES = 0.02
_BIRTHS = 0.003
_RENAMED = 0.05
_DEAD = 0.05
_PERMITS = 0.03


class Misprints:
    """`spared` are the people whose entries all agree: the demo people's families."""

    def __init__(self, books: Books, random: Random, spared: frozenset[str]) -> None:
        self.books = books
        self.random = random
        self.spared = spared
        self.registrar = Registrar(books, random)
        self.found: list[Disagreement] = []

    def make(self, couples: list[tuple[Person, Person]]) -> list[Disagreement]:
        """The list is complete: what is not on it agrees."""
        self._homes()
        self._marriages(couples)
        self._names()
        self._insured_dead()
        self._permits()
        return self.found

    def _strikes(self, id_number: str, rate: float) -> bool:
        return self.random.random() < rate and id_number not in self.spared

    def _homes(self) -> None:
        """The property authority writes the owner's name with one wrong character."""
        for home in self.books.properties.values():
            owner = home.owners[0]
            if self._strikes(owner.id_number, _HOMES):
                owner.name = names.misspelt(self.random, owner.name)
                self._note("owner_name", owner.id_number, ("property", "resident_population"), home.certificate_number)

    def _marriages(self, couples: list[tuple[Person, Person]]) -> None:
        for husband, wife in couples:
            chance = self.random.random()
            if chance < _COUPLES / 2:
                self._household_says_single(husband, wife)
            elif chance < _COUPLES:
                self._divorced_elsewhere(husband)

    def _household_says_single(self, *spouses: Person) -> None:
        marriage = self.books.marriages[spouses[0].id_number]
        for person in spouses:
            person.marital_status = "single"
            self._note_marriage("marriage_unknown_to_household", person.id_number, marriage)

    def _divorced_elsewhere(self, husband: Person) -> None:
        """Civil affairs has a divorce that the household book has not: the two still live together as a couple."""
        marriage = self.books.marriages[husband.id_number]
        self.registrar.divorce(marriage)
        for spouse in marriage.spouses:
            self.books.people[spouse.id_number].marital_status = "married"
            self._note_marriage("divorce_unknown_to_household", spouse.id_number, marriage)

    def _names(self) -> None:
        """A hospital wrote the mother's name wrongly; an ID card was made before the name changed."""
        for person in self.books.people.values():
            if person.mother and person.birth_certified and self._strikes(person.id_number, _BIRTHS):
                mother = self.books.people[person.mother]
                self.books.misprints["mother_name_on_birth_certificate", person.id_number] = names.misspelt(self.random, mother.name)
                self._note("mother_name_on_birth_certificate", person.id_number, ("birth_certificate", "resident_population"))
            if person.former_name and person.has_card_on(REFERENCE_DAY) and self._strikes(person.id_number, _RENAMED):
                self.books.misprints["card_shows_former_name", person.id_number] = person.former_name
                self._note("card_shows_former_name", person.id_number, ("id_card_issue", "resident_population"))

    def _insured_dead(self) -> None:
        """Social security has not heard of a death and goes on counting."""
        for id_number, death in self.books.deaths.items():
            person = self.books.people[id_number]
            if person.status == "cancelled" and self._strikes(id_number, _DEAD):
                months = 120 + self.random.randrange(200)
                since = death.died_on - timedelta(days=months * 31)
                self.books.insurances[id_number] = Insurance("温州瓯江鞋业有限公司", CITY, since.replace(day=1), months, active=True)
                self._note("insured_after_death", id_number, ("social_security", "death"))

    def _permits(self) -> None:
        """A permit holder moved and registered the new address; the permit shows the old one."""
        for id_number, residence in self.books.residences.items():
            permit = residence.permit
            if permit and self._strikes(id_number, _PERMITS):
                self.books.misprints["permit_address_outdated", id_number] = self.registrar.address(residence.station)
                self._note("permit_address_outdated", id_number, ("residence_permits", "floating_population"), permit.number)

    def _note_marriage(self, kind: DisagreementKind, id_number: str, marriage: Marriage) -> None:
        self._note(kind, id_number, ("marriage", "resident_population"), marriage.certificate_number)

    def _note(self, kind: DisagreementKind, id_number: str, sources: tuple[str, str], number: str = "") -> None:
        self.found.append(Disagreement(kind, id_number, sources, number))
