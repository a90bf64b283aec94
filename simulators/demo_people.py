"""The people a demonstration signs in as: the same ones for a seed, whatever the size of the population."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from domain.text import Bilingual
from simulators import names
from simulators.families import REFERENCE_DAY, Books, Registrar, years_before
from simulators.people import Disagreement, Household, Person
from simulators.territory import STATION

HOME_STATION = "330302510000"  # where they live, or where the home stands that they move to
FORMER_STATION = "330304510000"  # where the two movers live until now


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody to try a service item with. All carry the demo portrait, so that the demo clip matches them."""

    key: str
    name: str
    id_number: str
    phone: str
    station_code: str  # where they are registered now
    what_for: Bilingual
    certificate_number: str | None = None  # the home they move to


class DemoFamilies:
    """Enters each demo person and their family into the books."""

    def __init__(self, books: Books, seed: int) -> None:
        self.books = books
        self.seed = seed
        self.disagreements: list[Disagreement] = []

    def enter(self) -> list[DemoPerson]:
        makers: list[Callable[[str, str], DemoPerson]] = [
            self._no_record,
            self._with_record,
            self._mover,
            self._mover_with_disagreement,
            self._new_name,
        ]
        keys = ("no-record", "with-record", "mover", "mover-disagreement", "new-name")
        return [make(key, f"1990000000{n}") for n, (key, make) in enumerate(zip(keys, makers, strict=True), start=1)]

    def _no_record(self, key: str, phone: str) -> DemoPerson:
        return self._demo(
            key,
            phone,
            self._single_woman(key),
            "申请“有无违法犯罪记录证明”：无记录，系统自动办结",
            "Apply for the no-criminal-record certificate: no record, the machine completes it",
        )

    def _with_record(self, key: str, phone: str) -> DemoPerson:
        person = self._single_woman(key)
        self._registrar(f"{key}:conviction").convict(person)
        return self._demo(
            key,
            phone,
            person,
            "申请“有无违法犯罪记录证明”：有一条记录，转人工审核",
            "Apply for the no-criminal-record certificate: a record exists, a person reviews it",
        )

    def _mover(self, key: str, phone: str) -> DemoPerson:
        person, certificate = self._family_with_a_home_elsewhere(key)
        return self._demo(
            key,
            phone,
            person,
            "申请“购房迁移”：产权、户籍、婚姻一致，系统自动通过，全家可随迁",
            "Apply for purchase migration: owner, household and marriage agree, the machine approves; spouse and child may move along",
            certificate,
        )

    def _mover_with_disagreement(self, key: str, phone: str) -> DemoPerson:
        person, certificate = self._family_with_a_home_elsewhere(key)
        owner = self.books.properties[certificate].owners[0]
        owner.name = names.misspelt(Random(f"{self.seed}:{key}:misspelt"), owner.name)
        self.disagreements.append(Disagreement("owner_name", owner.id_number, ("property", "resident_population"), certificate))
        return self._demo(
            key,
            phone,
            person,
            "申请“购房迁移”：不动产登记的姓名与户籍不一致，转人工审核",
            "Apply for purchase migration: the property registry spells the owner's name differently, a person reviews it",
            certificate,
        )

    def _new_name(self, key: str, phone: str) -> DemoPerson:
        return self._demo(
            key,
            phone,
            self._single_woman(key),
            "申请“姓名变更”：派出所预审、县级审批，再到窗口核对原件",
            "Apply for a change of name: the station pre-reviews, the county approves, originals are compared at the counter",
        )

    def _registrar(self, purpose: str) -> Registrar:
        return Registrar(self.books, Random(f"{self.seed}:demo:{purpose}"))

    def _single_woman(self, key: str) -> Person:
        registrar = self._registrar(key)
        household = registrar.household(STATION[HOME_STATION])
        person = self._woman(registrar, household)
        registrar.insure(person)
        return person

    def _woman(self, registrar: Registrar, household: Household) -> Person:
        born = names.birth_date(registrar.random, years_before(REFERENCE_DAY, 42), years_before(REFERENCE_DAY, 33))
        person = registrar.person(household, "head", "female", born)
        person.former_name = None
        return person

    def _family_with_a_home_elsewhere(self, key: str) -> tuple[Person, str]:
        """A married woman who heads a household with husband and child, and owns one home, in another county."""
        registrar = self._registrar(key)
        household = registrar.household(STATION[FORMER_STATION])
        wife = self._woman(registrar, household)
        husband = registrar.person(household, "spouse", "male", years_before(wife.birth_date, 2))
        married_on = registrar.marry(husband, wife).registered_on
        latest = max(married_on, years_before(REFERENCE_DAY, 1))
        registrar.child(household, husband, wife, names.birth_date(registrar.random, married_on, latest))
        registrar.insure(wife)
        registrar.insure(husband)
        home = registrar.buy_home(STATION[HOME_STATION], [wife])
        return wife, home.certificate_number

    def _demo(self, key: str, phone: str, person: Person, zh: str, en: str, certificate_number: str | None = None) -> DemoPerson:
        station = person.household.station.code
        return DemoPerson(key, person.name, person.id_number, phone, station, Bilingual(zh=zh, en=en), certificate_number)
