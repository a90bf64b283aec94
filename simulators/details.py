"""Details of a person that nobody else's entry depends on: drawn when asked for, the same each time, from seed and number."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from random import Random

from simulators.families import REFERENCE_DAY, Books, years_before
from simulators.life import Licence, Traffic, Vehicle, VehicleKind, Violation, ViolationKind
from simulators.names import birth_date
from simulators.people import Person
from simulators.territory import DIVISION_NAMES, STATIONS

CHINA = timezone(timedelta(hours=8))
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_CARS: tuple[tuple[VehicleKind, str], ...] = (
    ("small_car", "大众朗逸"),
    ("small_car", "吉利帝豪"),
    ("small_car", "丰田卡罗拉"),
    ("small_car", "本田雅阁"),
    ("new_energy_car", "比亚迪秦"),
    ("new_energy_car", "吉利银河"),
)
_OFFENCES: tuple[tuple[ViolationKind, int, int], ...] = (  # fine in yuan, points
    ("speeding", 200, 6),
    ("red_light", 150, 6),
    ("illegal_parking", 150, 0),
    ("wrong_lane", 100, 3),
    ("phone_while_driving", 150, 3),
    ("no_seat_belt", 50, 1),
)
_OCCUPATIONS = ("制造业工人", "销售人员", "会计", "教师", "护士", "软件工程技术人员", "驾驶员", "餐饮服务人员", "建筑施工人员")
_EDUCATION_FROM = ((27, "master"), (24, "bachelor"), (21, "college"), (18, "senior_middle"), (15, "junior_middle"))
_CARD_YEARS = ((46, None), (26, 20), (16, 10), (0, 5))  # from this age on, a card counts so long (Law on Resident Identity Cards)


@dataclass(frozen=True, slots=True)
class MoveIn:
    """Since when somebody is registered where they are, and why; `moved_from` is a place's name."""

    on: date
    reason: str
    moved_from: str | None


@dataclass(frozen=True, slots=True)
class Card:
    issued_on: date
    valid_until: date | None
    collected_on: date
    application: tuple[str, str, date] | None  # kind, state, applied on


@dataclass(frozen=True, slots=True)
class TravelDocument:
    kind: str
    number_masked: str
    issued_on: date
    valid_until: date
    lost: bool


def today() -> date:
    """The day in China. What counts for a time (permits, cards, insurance) is kept up to it; ages and months are not."""
    return max(REFERENCE_DAY, datetime.now(CHINA).date())


def full_years(since: date, day: date = REFERENCE_DAY) -> int:
    return max(0, day.year - since.year - ((day.month, day.day) < (since.month, since.day)))


def within(random: Random, earliest: date, latest: date) -> date:
    """A day of the range; the earlier end, when it is empty."""
    return birth_date(random, earliest, latest) if earliest < latest else earliest


class Details:
    """Draws for one population. `books` says what is known already; nothing here changes it."""

    def __init__(self, seed: int, books: Books) -> None:
        self.seed = seed
        self.books = books

    def dice(self, topic: str, person: Person) -> Random:
        return Random(f"{self.seed}:{topic}:{person.id_number}")

    # registration

    def registered_on(self, person: Person) -> date:
        return person.birth_date + timedelta(days=10 + int(person.id_number[14:17]) % 18)

    def established_on(self, person: Person) -> date:
        """When the household of this person came into being: its head's own move."""
        return self._move_of_head(self._head_of(person)).on

    def move_in(self, person: Person) -> MoveIn:
        """Nobody was in a household before it came into being."""
        head = self._head_of(person)
        founding = self._move_of_head(head)
        own = founding if head is person else self._own_move(person)
        if own.on >= founding.on:
            return own
        return MoveIn(founding.on, founding.reason, founding.moved_from)

    def _head_of(self, person: Person) -> Person:
        members = (self.books.people[id_number] for id_number in person.household.members)
        return next((member for member in members if member.relation == "head"), person)

    def _move_of_head(self, head: Person) -> MoveIn:
        random = self.dice("move in", head)
        latest = REFERENCE_DAY - timedelta(days=30)
        grown = max(years_before(head.birth_date, -20), self.registered_on(head))
        if grown > latest:
            return MoveIn(self.registered_on(head), "birth", None)
        home = next((h for h in self.books.owned.get(head.id_number, []) if h.address == head.household.address), None)
        came_from = DIVISION_NAMES.get(head.id_number[:6])
        if home:
            return MoveIn(max(grown, min(home.registered_on + timedelta(days=random.randrange(5, 50)), latest)), "home_purchase", came_from)
        day = within(random, grown, min(latest, years_before(head.birth_date, -38)))
        if head.id_number[:6] != head.household.station.division:
            return MoveIn(day, random.choice(("job_transfer", "graduation")), came_from)
        return MoveIn(day, "household_split", None)

    def _own_move(self, person: Person) -> MoveIn:
        marriage = self.books.marriages.get(person.id_number)
        if person.relation == "spouse" and marriage:
            day = max(marriage.married_on, self.registered_on(person)) + timedelta(days=int(person.id_number[14:17]) % 60)
            return MoveIn(min(day, REFERENCE_DAY), "dependant_spouse", DIVISION_NAMES.get(person.id_number[:6]))
        return MoveIn(self.registered_on(person), "birth", None)

    def education(self, person: Person) -> str | None:
        age = person.age_on(REFERENCE_DAY)
        if age < 6:
            return None
        if age < 15:
            return "primary"
        chance = self.dice("education", person).random()
        reachable = [level for from_age, level in _EDUCATION_FROM if age >= from_age]
        return reachable[min(len(reachable) - 1, int((chance**0.6) * len(reachable)))]

    def blood_type(self, person: Person) -> str | None:
        return self.dice("blood", person).choice(("A", "B", "AB", "O", "O", None))

    def height_cm(self, person: Person) -> int | None:
        if person.age_on(REFERENCE_DAY) < 18:
            return None
        return round(self.dice("height", person).gauss(172 if person.sex == "male" else 160, 5))

    def religion(self, person: Person) -> str | None:
        return self.dice("religion", person).choices((None, "佛教", "基督教", "道教"), (88, 6, 5, 1))[0]

    def military_service(self, person: Person) -> str | None:
        if person.age_on(REFERENCE_DAY) < 18:
            return None
        served = person.sex == "male" and self.dice("military", person).random() < 0.06
        return "discharged" if served and person.age_on(REFERENCE_DAY) > 24 else "none"

    def occupation(self, person: Person) -> str | None:
        insurance = self.books.insurances.get(person.id_number)
        return self.dice("occupation", person).choice(_OCCUPATIONS) if insurance and insurance.active else None

    def renamed_on(self, person: Person) -> date:
        earliest = person.birth_date + timedelta(days=200)
        return within(self.dice("renamed", person), earliest, REFERENCE_DAY - timedelta(days=100))

    # ID card and travel documents

    def card(self, person: Person) -> Card | None:
        """None for a child without a card."""
        random = self.dice("card", person)
        age = person.age_on(REFERENCE_DAY)
        if not person.has_card_on(REFERENCE_DAY) and random.random() < 0.6:
            return None
        issued_on = self._card_issued_on(person, random, age)
        valid_until = _card_counts_until(person, issued_on)
        while valid_until and valid_until < today() - timedelta(days=200):
            issued_on = valid_until
            valid_until = _card_counts_until(person, issued_on)
        application = None
        if valid_until and valid_until < today() + timedelta(days=90) and random.random() < 0.5:
            state = random.choice(("accepted", "in_production", "ready"))
            application = ("renewal", state, today() - timedelta(days=random.randrange(2, 50)))
        return Card(issued_on, valid_until, min(issued_on + timedelta(days=random.randrange(15, 60)), today()), application)

    def _card_issued_on(self, person: Person, random: Random, age: int) -> date:
        """Within the last years, so that most cards still count; never before the card of this kind or the person."""
        back = 365 * (20 if age >= 46 else 19 if age >= 36 else 10 if age >= 26 else 5)
        earliest = max(person.birth_date + timedelta(days=60), date(2005, 1, 1), REFERENCE_DAY - timedelta(days=back))
        return within(random, earliest, REFERENCE_DAY - timedelta(days=70))

    def travel_documents(self, person: Person) -> list[TravelDocument]:
        random = self.dice("travel", person)
        cancellation = self.books.cancellations.get(person.id_number)
        abroad = cancellation is not None and cancellation.reason == "moved_abroad"
        documents: list[TravelDocument] = []
        for kind, letter, chance in (("passport", "E", 0.35), ("hong_kong_macau_permit", "C", 0.25), ("taiwan_permit", "L", 0.05)):
            if random.random() > chance and not (abroad and kind == "passport"):
                continue
            years = 10 if person.age_on(REFERENCE_DAY) >= 26 else 5
            earliest = max(REFERENCE_DAY - timedelta(days=365 * (years + 2)), person.birth_date + timedelta(days=100))
            issued_on = within(random, earliest, REFERENCE_DAY - timedelta(days=15))
            until = years_before(issued_on, -years) - timedelta(days=1)
            documents.append(TravelDocument(kind, f"{letter}****{random.randrange(10_000):04d}", issued_on, until, random.random() < 0.03))
        return documents

    # traffic

    def traffic(self, person: Person) -> Traffic:
        """What was entered for a demo person, or what chance says; the vehicles of children and of the dead are none."""
        given = self.books.traffic.get(person.id_number)
        if given is not None:
            return given
        if person.age_on(REFERENCE_DAY) < 19 or person.id_number in self.books.deaths:
            return Traffic((), None, ())
        random = self.dice("traffic", person)
        vehicles = tuple(self.vehicle(person, random, nth) for nth in range(random.choices((0, 1, 2), (66, 31, 3))[0]))
        licence = self.licence(person, random) if random.random() < (0.95 if vehicles else 0.4) else None
        count = random.choices((0, 1, 2, 3), (55, 25, 12, 8))[0] if vehicles and licence else 0
        violations = [self.violation(person, random, vehicles[0], n, settled=random.random() < 0.75) for n in range(count)]
        return Traffic(vehicles, licence, tuple(sorted(violations, key=lambda v: v.at, reverse=True)))

    def vehicle(self, person: Person, random: Random, nth: int = 0) -> Vehicle:
        kind, brand = random.choice(_CARS)
        registered_on = within(random, max(date(2014, 1, 1), years_before(person.birth_date, -18)), REFERENCE_DAY - timedelta(days=60))
        # Checked every second year, insured every year, both around the day of registration.
        inspected = years_before(registered_on, -(full_years(registered_on, today()) // 2 * 2 + 2))
        overdue = random.random() < 0.05 and full_years(registered_on, today()) > 3
        return Vehicle(
            plate=plate(person, nth, kind),
            kind=kind,
            brand=brand,
            registered_on=registered_on,
            inspection_valid_until=years_before(inspected, 2) if overdue else inspected,
            insurance_valid_until=years_before(registered_on, -(full_years(registered_on, today()) + 1)) - timedelta(days=1),
            mortgaged=random.random() < 0.1,
        )

    def licence(self, person: Person, random: Random) -> Licence:
        latest = min(years_before(person.birth_date, -45), REFERENCE_DAY - timedelta(days=90))
        first = within(random, years_before(person.birth_date, -18), latest)
        held = full_years(first, today())
        # Six years, then ten, then without limit (Provisions on Driving Licences).
        began, ends = (16, None) if held >= 16 else (6, 16) if held >= 6 else (0, 6)
        valid_from, valid_until = years_before(first, -began), years_before(first, -ends) if ends else None
        classes = random.choices((("C1",), ("C2",), ("C1", "E"), ("B2",)), (70, 18, 8, 4))[0]
        return Licence(classes, first, valid_from, valid_until, years_before(first, -(held + 1)) - timedelta(days=1))

    def violation(self, person: Person, random: Random, vehicle: Vehicle, nth: int, *, settled: bool) -> Violation:
        kind, yuan, points = random.choice(_OFFENCES)
        station = random.choice(STATIONS)
        latest = today() - timedelta(days=60 if settled else 5)
        day = within(random, max(vehicle.registered_on, today() - timedelta(days=700)), latest)
        at = datetime.combine(day, time(random.randrange(6, 23), random.randrange(60)), CHINA)
        return Violation(
            number=f"330302{person.serial:08d}{nth:02d}",
            kind=kind,
            at=at,
            place=f"{DIVISION_NAMES[station.division]}{random.choice(station.roads)}",
            plate=vehicle.plate,
            fine_fen=yuan * 100,
            points=points,
            settled_on=day + timedelta(days=random.randrange(1, 50)) if settled else None,
        )

    # births

    def birth_time(self, id_number: str, day: date) -> str:
        random = Random(f"{self.seed}:birth time:{id_number}")
        return datetime.combine(day, time(random.randrange(24), random.randrange(60)), CHINA).isoformat()

    def birth_size(self, key: str) -> tuple[int, int, int]:
        """Weight in g, length in cm, weeks of gestation."""
        random = Random(f"{self.seed}:birth size:{key}")
        return random.randrange(2500, 4200, 10), random.randrange(47, 54), random.choice((38, 39, 39, 40, 40, 41))


def _card_counts_until(person: Person, issued_on: date) -> date | None:
    years = next(years for from_age, years in _CARD_YEARS if person.age_on(issued_on) >= from_age)
    return years_before(issued_on, -years) if years else None


def plate(person: Person, nth: int, kind: VehicleKind) -> str:
    """A plate of this city; two a person are kept free, so that no two people have the same (up to 240,000 people)."""
    number = (2 * person.serial + nth) * 7919
    if kind == "new_energy_car":
        letter, rest = divmod(number % 240_000, 10_000)
        return f"浙CD{_LETTERS[letter]}{rest:04d}" if number % 480_000 < 240_000 else f"浙CF{_LETTERS[letter]}{rest:04d}"
    letters, digits = divmod(number % 576_000, 1000)
    return f"浙C{_LETTERS[letters // 24]}{_LETTERS[letters % 24]}{digits:03d}"
