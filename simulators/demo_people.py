"""The people a demonstration signs in as: the same ones for a seed, whatever the size of the population."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from domain.text import Bilingual
from simulators import names
from simulators.details import Details, today
from simulators.events import Events
from simulators.families import REFERENCE_DAY, Books, Registrar, years_before
from simulators.life import Permit, Traffic
from simulators.migrants import Migrants
from simulators.people import Disagreement, Household, Person
from simulators.territory import ANY_STATION, STATION

HOME_STATION = "330302510000"  # where they live, or where the home stands that they move to
FORMER_STATION = "330304510000"  # where the two movers live until now
OUTSIDE_STATION = "361102510000"  # where the permit holder is registered
KEYS = (
    "no-record",
    "with-record",
    "mover",
    "mover-disagreement",
    "new-name",
    "newborn-parent",
    "permit-holder",
    "renamed",
    "driver",
    "returnee",
)


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody to try a service item with. All carry the demo portrait, so that the demo clip matches them."""

    key: str
    name: str
    id_number: str
    phone: str
    station_code: str  # where they are registered now
    what_for: Bilingual
    certificate_number: str | None = None  # the home they move to, or the paper that their item asks for


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
            self._newborn_parent,
            self._permit_holder,
            self._renamed,
            self._driver,
            self._returnee,
        ]
        return [make(key, f"199000000{n:02d}") for n, (key, make) in enumerate(zip(KEYS, makers, strict=True), start=1)]

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

    def _newborn_parent(self, key: str, phone: str) -> DemoPerson:
        """Married, living in a home of their own here, with a first child of five weeks."""
        registrar = self._registrar(key)
        household = registrar.household(STATION[HOME_STATION])
        mother = registrar.person(household, "head", "female", date(1994, 3, 11))
        father = registrar.person(household, "spouse", "male", date(1992, 7, 2))
        mother.former_name = father.former_name = None
        registrar.marry(father, mother)
        registrar.insure(mother)
        registrar.insure(father)
        registrar.buy_home(household.station, [mother, father], address=household.address)
        birth = Events(self.books, registrar.random).newborn(mother, father, REFERENCE_DAY - timedelta(days=35))
        return self._demo(
            key,
            phone,
            mother,
            "申请“出生登记”：出生医学证明、父母、婚姻、户籍一致，系统自动通过，零跑",
            "Apply for birth registration: birth certificate, parents, marriage and household agree; no trip is needed",
            birth.certificate_number,
        )

    def _permit_holder(self, key: str, phone: str) -> DemoPerson:
        """Registered elsewhere; here since 2016 with a permit, a home since 2017 and insurance all along."""
        registrar = self._registrar(key)
        household = registrar.household(ANY_STATION[OUTSIDE_STATION])
        person = registrar.person(household, "head", "male", date(1986, 10, 18))
        person.former_name = None
        home = registrar.buy_home(STATION[HOME_STATION], [person], on=date(2017, 5, 9))
        migrants = Migrants(self.books, registrar.random)
        lodging = migrants.own(home)
        since = date(2017, 6, 1)
        migrants.settle([person], lodging, since)
        permit = Permit(f"{home.station.division}20180000001", date(2018, 1, 15), None)
        self.books.residences[person.id_number] = replace(self.books.residences[person.id_number], permit=permit)
        registrar.insure_since(person, date(2016, 9, 1))
        return self._demo(
            key,
            phone,
            person,
            "申请“积分入户”：居住证、自有住房、养老保险均满 5 年，分数达标；也可办居住证签注",
            "Apply for settlement by points: permit, home and pension all over 5 years, enough points; or endorse the permit",
            permit.number,
        )

    def _renamed(self, key: str, phone: str) -> DemoPerson:
        """Had another name until some years ago, and another ID number before that."""
        registrar = self._registrar(key)
        person = registrar.person(registrar.household(STATION[HOME_STATION]), "head", "female", date(1985, 4, 23))
        person.former_name = names.surname_of(person.name) + ("招娣" if person.name[1:] != "招娣" else "来娣")
        registrar.insure(person)
        Events(self.books, registrar.random).change_number(person, "duplicate")
        return self._demo(
            key,
            phone,
            person,
            "申请“同一人证明”：改过姓名，公民身份号码因重号变更过",
            "Apply for the same-person certificate: the name changed, and the ID number, which had been given twice",
        )

    def _driver(self, key: str, phone: str) -> DemoPerson:
        """One car, a licence, two violations unsettled and one settled."""
        registrar = self._registrar(key)
        person = registrar.person(registrar.household(STATION[HOME_STATION]), "head", "male", date(1989, 8, 30))
        person.former_name = None
        registrar.insure(person)
        details, random = Details(self.seed, self.books), registrar.random
        vehicle = details.vehicle(person, random)
        violations = [details.violation(person, random, vehicle, nth, settled=nth == 0) for nth in range(3)]
        violations.sort(key=lambda violation: violation.at, reverse=True)
        self.books.traffic[person.id_number] = Traffic((vehicle,), details.licence(person, random), tuple(violations))
        return self._demo(
            key,
            phone,
            person,
            "查询交通违法：有两条未处理；驾驶证、机动车可查",
            "Query traffic violations: two are unsettled; licence and vehicle can be queried too",
        )

    def _returnee(self, key: str, phone: str) -> DemoPerson:
        """Registration cancelled on settling abroad; approved to settle here again."""
        registrar = self._registrar(key)
        person = registrar.person(registrar.household(STATION[HOME_STATION]), "head", "female", date(1979, 12, 5))
        person.former_name = None
        events = Events(self.books, registrar.random)
        events.cancel(person, "moved_abroad", date(2011, 3, 15))
        approval = events.approve_return(person, today() - timedelta(days=24))
        return self._demo(
            key,
            phone,
            person,
            "申请“回国定居恢复户口”：华侨回国定居证在有效期内",
            "Apply to restore registration after return from overseas: the settlement approval is valid",
            approval.number,
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
