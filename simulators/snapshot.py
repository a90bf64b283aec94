"""A generated population kept in a file, so that the next start reads it instead of making it again."""

import hashlib
import json
import os
import sys
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

from simulators.collector import no_collector
from simulators.demo_people import DemoPerson
from simulators.details import today
from simulators.families import Books
from simulators.life import Birth, Cancellation, Death, FormerNumber, Residence, ReturnApproval, Traffic, Wanted
from simulators.people import Conviction, Disagreement, Household, Insurance, Marriage, Person, Property
from simulators.population import DEFAULT_SIZE, Population
from simulators.rows import from_columns, to_columns

_KEYED: dict[str, type[Any]] = {
    "insurances": Insurance,
    "deaths": Death,
    "cancellations": Cancellation,
    "residences": Residence,
    "returns": ReturnApproval,
    "wanted": Wanted,
    "traffic": Traffic,
}
_GROUPED: dict[str, type[Any]] = {"convictions": Conviction, "former_numbers": FormerNumber}
_HOUSEHOLD = [field.name for field in fields(Person)].index("household")


DEFAULT_SEED = 2026
INSTALLED = Path(sys.prefix) / "share" / "onetrip"  # where an installation keeps the one that most starts ask for


def get_population(seed: int, size: int, folder: Path, installed: Path = INSTALLED) -> Population:
    """The population from the folder's snapshot, or the installation's; made, and kept for the next time, if none fits."""
    file, key = folder / "population.json", _key(seed, size)
    for kept in (file, installed / "population.json"):
        if (known := _read(kept, key)) is not None:
            return known
    population = Population.generate(seed, size)
    _keep_aside(population, file, key)
    return population


def _key(seed: int, size: int) -> str:
    """Changes with whatever makes other people: the generator, its name lists, and the month, as some entries age."""
    digest = hashlib.sha256(f"{seed}:{size}:{today():%Y-%m}:{sys.version}:{version('faker')}".encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _read(file: Path, key: str) -> Population | None:
    """Nothing of a file that is not whole, or that another generator has written, is used."""
    try:
        with no_collector(), file.open(encoding="utf-8") as lines:
            if json.loads(next(lines)) != {"key": key}:
                return None
            return restore(dict(json.loads(line) for line in lines))
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        return None


def _keep_aside(population: Population, file: Path, key: str) -> None:
    """Write in a process of its own, which has these people as they are now, while this one goes on to serve.

    The writer is nobody's child in the end, holds no file of ours open, and steps back for everybody.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        if os.fork() == 0:
            _let_go()
            write(population, file, key)
    finally:
        os._exit(0)


def _let_go() -> None:
    os.nice(19)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)


def write(population: Population, file: Path, key: str) -> None:
    """Beside and renamed: a kill leaves the old file or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(f"{json.dumps({'key': key})}\n")
        for table in dump(population).items():
            out.write(json.dumps(table, ensure_ascii=False, separators=(",", ":")) + "\n")
    beside.replace(file)


def dump(population: Population) -> dict[str, Any]:
    """Plain JSON values; what follows from other entries is left out."""
    books = population.books
    households = list({id(person.household): person.household for person in population}.values())
    place = {id(household): n for n, household in enumerate(households)}
    people = to_columns(books.people.values(), Person)
    people[_HOUSEHOLD] = [place[id(household)] for household in people[_HOUSEHOLD]]
    return {
        "seed": population.seed,
        "demo_people": to_columns(population.demo_people(), DemoPerson),
        "disagreements": to_columns(population.disagreements, Disagreement),
        "households": to_columns(households, Household),
        "standing": list(books.households),
        "people": people,
        "properties": to_columns(books.properties.values(), Property),
        "marriages": to_columns({id(m): m for m in books.marriages.values()}.values(), Marriage),
        "births": to_columns(books.births.values(), Birth),
        "misprints": [[kind, id_number, text] for (kind, id_number), text in books.misprints.items()],
        "serials": books.serials,
        **{name: [list(entries := getattr(books, name)), to_columns(entries.values(), kind)] for name, kind in _KEYED.items()},
        **{name: _grouped(getattr(books, name), kind) for name, kind in _GROUPED.items()},
    }


def _grouped(entries: dict[str, list[Any]], kind: type[Any]) -> list[Any]:
    keys = [key for key, values in entries.items() for _ in values]
    return [keys, to_columns((value for values in entries.values() for value in values), kind)]


def restore(content: dict[str, Any]) -> Population:
    """The population that `dump` has written. Takes the tables out of `content`, so that each is let go once it is read."""
    books = Books(serials=content.pop("serials"))
    _restore_people(books, content)
    for home in from_columns(content.pop("properties"), Property):
        books.properties[home.certificate_number] = home
        for owner in home.owners:
            books.owned.setdefault(owner.id_number, []).append(home)
    for marriage in from_columns(content.pop("marriages"), Marriage):
        books.marriages |= {spouse.id_number: marriage for spouse in marriage.spouses}
    for birth in from_columns(content.pop("births"), Birth):
        books.births[birth.certificate_number] = birth
        for parent in (birth.mother, birth.father):
            books.births_of.setdefault(parent, []).append(birth)
    books.misprints = {(kind, id_number): text for kind, id_number, text in content.pop("misprints")}
    for name, kind in _KEYED.items():
        keys, columns = content.pop(name)
        getattr(books, name).update(zip(keys, from_columns(columns, kind), strict=True))
    for name, kind in _GROUPED.items():
        keys, columns = content.pop(name)
        for key, value in zip(keys, from_columns(columns, kind), strict=True):
            getattr(books, name).setdefault(key, []).append(value)
    for id_number in (*books.people, *books.cancellations):
        books.id_numbers.reserve(id_number)
    disagreements = from_columns(content.pop("disagreements"), Disagreement)
    return Population(content.pop("seed"), books, disagreements, from_columns(content.pop("demo_people"), DemoPerson))


def _restore_people(books: Books, content: dict[str, Any]) -> None:
    households = from_columns(content.pop("households"), Household)
    standing = {household.number: household for household in households}
    books.households = {number: standing[number] for number in content.pop("standing")}
    columns = content.pop("people")
    columns[_HOUSEHOLD] = [households[n] for n in columns[_HOUSEHOLD]]
    people = from_columns(columns, Person)
    books.people = {person.id_number: person for person in people}
    for person in people:
        for parent in (person.father, person.mother):
            if parent:
                books.children.setdefault(parent, []).append(person.id_number)


def install(seed: int = DEFAULT_SEED, size: int = DEFAULT_SIZE) -> None:
    """Make the installation's snapshot, unless it is there: the first start of a new home then takes no longer than the next."""
    file, key = INSTALLED / "population.json", _key(seed, size)
    if _read(file, key) is None:
        write(Population.generate(seed, size), file, key)


if __name__ == "__main__":
    install()
