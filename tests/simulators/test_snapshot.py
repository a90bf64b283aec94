"""A kept population is the one that was made; a file that does not fit is not used."""

import json
import time
from pathlib import Path

import pytest

from simulators import snapshot
from simulators.population import Population
from simulators.records import RECORDS


def records(population: Population) -> list[object]:
    numbers = [*(person.id_number for person in population), *population.books.cancellations]
    return [make(population, id_number, {}) for id_number in numbers for make in RECORDS.values()]


def test_a_restored_population_answers_as_the_one_that_was_made() -> None:
    made = Population.generate(2026, 400)
    restored = snapshot.restore(json.loads(json.dumps(snapshot.dump(made))))
    assert records(restored) == records(made)
    assert restored.disagreements == made.disagreements
    assert restored.demo_people() == made.demo_people()
    assert [restored.find_portrait(d.id_number) for d in made.demo_people()] == [
        made.find_portrait(d.id_number) for d in made.demo_people()
    ]


def test_a_restored_population_takes_new_people_as_the_one_that_was_made() -> None:
    made = Population.generate(5, 200)
    restored = snapshot.restore(json.loads(json.dumps(snapshot.dump(made))))
    one, other = made.add_person("周末"), restored.add_person("周末")
    assert one == other
    marriages = restored.books.marriages
    assert all(marriages[spouse.id_number] is marriage for marriage in marriages.values() for spouse in marriage.spouses)
    assert all(home in restored.properties_of(owner.id_number) for home in restored.properties() for owner in home.owners)


def wait_for(file: Path) -> None:
    deadline = time.monotonic() + 60
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def test_the_second_start_reads_what_the_first_has_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = snapshot.get_population(7, 200, tmp_path)
    wait_for(tmp_path / "population.json")
    assert (tmp_path / "population.json").stat().st_mode & 0o777 == 0o600
    monkeypatch.setattr(Population, "generate", lambda *_: pytest.fail("made again"))
    assert records(snapshot.get_population(7, 200, tmp_path)) == records(first)


@pytest.mark.parametrize(
    "content", ["", "{}", '{"key": "other"}\n{}\n', "not json\n", '{"key": "k"}\n["seed", 1]\n', '{"key": "k"}\n["seed", 1']
)
def test_a_torn_or_foreign_file_is_not_used(tmp_path: Path, content: str) -> None:
    file = tmp_path / "population.json"
    file.write_text(content)
    assert snapshot._read(file, "k") is None


def test_another_seed_or_size_has_another_key() -> None:
    assert len({snapshot._key(1, 100), snapshot._key(1, 101), snapshot._key(2, 100)}) == 3


def test_a_new_home_takes_the_installations_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "installed"
    monkeypatch.setattr(snapshot, "INSTALLED", installed)
    snapshot.install(7, 200)
    made = (installed / "population.json").stat().st_mtime_ns
    snapshot.install(7, 200)
    assert (installed / "population.json").stat().st_mtime_ns == made, "it is made once"
    monkeypatch.setattr(Population, "generate", None)
    assert len(snapshot.get_population(7, 200, tmp_path / "home", installed)) == 200
    assert not (tmp_path / "home").exists()
