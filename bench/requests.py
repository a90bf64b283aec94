"""Applications of simulated people, one per person, as bodies of `POST /v1/applications`."""

import io
import random
from collections.abc import Iterator
from itertools import count
from typing import Any

from PIL import Image, ImageDraw

from simulators.people import Person
from simulators.population import Population

Body = dict[str, Any]
CLIP_BYTES = 300_000


class People:
    """Hands out people of the simulated population, each once. `counties` limits whose territory a case can become."""

    def __init__(self, seed: int, size: int, counties: frozenset[str] | None = None) -> None:
        self._population = Population.generate(seed, size)
        self._counties = counties
        self._given: set[str] = set()
        self._phones = count(13_800_000_000)
        self._adults = self._population.adults_without_record()
        self._movers = self._population.movers()

    def no_criminal_record(self) -> Body:
        return self._body("no-criminal-record", self._adult(), {"reason": "abroad"}, "online")

    def name_change(self) -> Body:
        person = self._adult()
        name = f"{person.name[0]}安然" if person.name[1:] != "安然" else f"{person.name[0]}安宁"
        return self._body("name-change", person, {"new_name": name, "reason": "same-name"}, "counter")

    def purchase_migration(self, delivery: str = "counter") -> Body:
        """One that the machine approves."""
        for person, home in self._movers:
            if not self._covered(home.station.division) or not self._fresh(person):
                continue
            return self._body("purchase-migration", person, {"property_certificate": home.certificate_number, "movers": []}, delivery)
        raise ValueError("the population has no more movers: ask for fewer applications")

    def marital_status(self) -> Body:
        """Of somebody married, whose household book says so too: a person looks at it, for nothing is to be changed."""
        for person, _ in self._movers:
            if self._covered(person.household.station.division) and self._fresh(person):
                return self._body("marital-status", person, {"new_status": "married"}, "online")
        raise ValueError("the population has no more couples: ask for fewer applications")

    def of_anybody(self, item: str, answers: dict[str, Any], delivery: str) -> Body:
        """For an item that asks nothing of whoever applies but to be an adult."""
        return self._body(item, self._adult(), answers, delivery)

    def _adult(self) -> Person:
        for person in self._adults:
            if self._covered(person.household.station.division) and self._fresh(person):
                return person
        raise ValueError("the population has no more adults: ask for fewer applications")

    def _covered(self, division: str) -> bool:
        return self._counties is None or division in self._counties

    def _fresh(self, person: Person) -> bool:
        if person.id_number in self._given:
            return False
        self._given.add(person.id_number)
        return True

    def _body(self, item: str, person: Person, answers: dict[str, Any], delivery: str) -> Body:
        applicant = {"id_number": person.id_number, "name": person.name, "phone": str(next(self._phones))}
        address = {"address": person.household.address} if delivery == "post" else {}
        return {"service_item": item, "applicant": applicant, "answers": answers, "delivery": {"method": delivery, **address}}


def mixed(people: People, applications: int) -> Iterator[Body]:
    """The three service items in turn; every sixth application goes by post."""
    for number in range(applications):
        match number % 3:
            case 0:
                yield people.no_criminal_record()
            case 1:
                yield people.purchase_migration("post" if number % 6 == 1 else "counter")
            case _:
                yield people.name_change()


def clip_bytes() -> bytes:
    """As large as a short clip of a phone, and as incompressible."""
    return random.Random(1).randbytes(CLIP_BYTES)  # noqa: S311


def paper_bytes() -> bytes:
    """A PNG to upload as a material."""
    page = Image.new("RGB", (600, 800), "white")
    ImageDraw.Draw(page).text((60, 60), "bench: proof of the reason", fill="black")
    out = io.BytesIO()
    page.save(out, "PNG")
    return out.getvalue()
