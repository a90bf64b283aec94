"""The household registration items keep what the law and the sources ask of them, whatever else their files say."""

from functools import cache

import pytest

from catalogue.loader import SERVICES, load_service_item
from catalogue.simulation import example_facts, simulate_example
from catalogue.sources import load_sources
from catalogue.wording import fee_in_words
from domain.decision import Outcome
from domain.service_item import Delivery, Example, MaterialSource, ServiceItem

FILES = sorted((SERVICES / "population").glob("*.yaml"))
CODES = [path.stem for path in FILES]
SOURCES = load_sources()

# What changes who somebody is in the eyes of the state: no machine decides it.
PEOPLE_DECIDE = [
    "name-change", "name-correction", "sex-change", "sex-correction", "ethnicity-change", "ethnicity-correction",
    "id-number-correction", "birth-date-correction", "duplicate-cancellation", "declared-missing-or-dead-cancellation",
    "adoption-registration", "birth-registration-outside-marriage", "birth-registration-born-abroad", "birth-registration-late",
    "restoration-released-prisoner", "restoration-reappeared", "restoration-before-going-abroad", "restoration-gave-up-settling-abroad",
]  # fmt: skip
NEW_ID_CARD = ["name-correction", "sex-change", "sex-correction", "ethnicity-correction", "id-number-correction", "birth-date-correction"]
THREE_THAT_JOIN = ["dependant-spouse", "dependant-child", "dependant-parent"]
SEVEN_RESTORATIONS = [
    "restoration-student", "restoration-moved-out-unsettled", "restoration-before-going-abroad", "restoration-gave-up-settling-abroad",
    "restoration-western-region", "restoration-released-prisoner", "restoration-reappeared",
]  # fmt: skip


@cache
def item_of(code: str) -> ServiceItem:
    return load_service_item(SERVICES / "population" / f"{code}.yaml", SOURCES)


def decision_of(item: ServiceItem, example: Example, **registries: str) -> Outcome:
    changed = example.model_copy(update={"registries": {**example.registries, **registries}})
    return simulate_example(item, changed, SOURCES).decision


def approved_examples(item: ServiceItem) -> list[Example]:
    return [example for example in item.examples if example.decision == "approved"]


ITEMS_OF_THE_MACHINE = [code for code in CODES if item_of(code).machine_may_approve]


def test_forty_and_more_household_items_are_there() -> None:
    assert len(FILES) >= 44
    assert {*PEOPLE_DECIDE, *THREE_THAT_JOIN, *SEVEN_RESTORATIONS} <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_the_file_is_called_after_its_item(code: str) -> None:
    assert item_of(code).code == code
    assert item_of(code).branch == "population"


@pytest.mark.parametrize("code", PEOPLE_DECIDE)
def test_who_somebody_is_is_decided_by_people(code: str) -> None:
    item = item_of(code)
    assert not item.machine_may_approve
    assert all(simulate_example(item, example, SOURCES).decision is Outcome.REFERRED for example in item.examples)


@pytest.mark.parametrize("code", NEW_ID_CARD)
def test_where_the_id_card_no_longer_fits_the_guide_says_that_fingerprints_are_taken_on_site(code: str) -> None:
    item = item_of(code)
    assert item.trips == 1
    assert any("指纹" in exclusion.reason.zh for exclusion in item.exclusions)


@pytest.mark.parametrize("code", [code for code in CODES if item_of(code).trips == 0])
def test_a_zero_trip_item_has_no_original_and_no_counter(code: str) -> None:
    item = item_of(code)
    assert item.originals == []
    assert Delivery.COUNTER not in item.delivery


@pytest.mark.parametrize("code", [code for code in CODES if item_of(code).trips == 1])
def test_a_visit_has_something_to_show_at_the_counter(code: str) -> None:
    assert item_of(code).originals


@pytest.mark.parametrize("code", ITEMS_OF_THE_MACHINE)
def test_what_the_machine_approves_without_a_visit_rests_on_no_upload(code: str) -> None:
    asked_for = [material for material in item_of(code).materials if material.required and material.source is MaterialSource.UPLOAD]
    assert asked_for == []


@pytest.mark.parametrize("code", ITEMS_OF_THE_MACHINE)
def test_what_the_machine_may_approve_has_an_approved_example(code: str) -> None:
    assert approved_examples(item_of(code))


@pytest.mark.parametrize("code", CODES)
def test_every_item_has_an_example_for_a_person_and_one_with_a_registry_down(code: str) -> None:
    examples = item_of(code).examples
    assert any(example.decision == "referred" for example in examples)
    assert any("down" in example.registries.values() for example in examples)


@pytest.mark.parametrize("code", ITEMS_OF_THE_MACHINE)
def test_nothing_is_approved_when_a_registry_that_is_asked_does_not_answer(code: str) -> None:
    item = item_of(code)
    for example in approved_examples(item):
        for fact in item.fact_names:
            silent = example.model_copy(update={"registries": {**example.registries, fact: "down"}})
            if fact in example_facts(item, silent, SOURCES):
                continue  # nobody is asked: the question is about somebody whom these answers do not name
            assert decision_of(item, example, **{fact: "down"}) is Outcome.REFERRED, (example.name, fact)


@pytest.mark.parametrize("code", CODES)
def test_nothing_is_approved_when_no_registry_answers(code: str) -> None:
    item = item_of(code)
    for example in item.examples:
        assert decision_of(item, example, **dict.fromkeys(item.fact_names, "down")) is Outcome.REFERRED


@pytest.mark.parametrize("code", ITEMS_OF_THE_MACHINE)
def test_every_registry_that_the_machine_relies_on_is_read_by_a_rule(code: str) -> None:
    item = item_of(code)
    read = {fact for rule in item.rules for fact in rule.sources}
    assert item.fact_names <= read


@pytest.mark.parametrize("code", ITEMS_OF_THE_MACHINE)
def test_a_document_that_the_machine_issues_leaves_no_sentence_out(code: str) -> None:
    item = item_of(code)
    for example in approved_examples(item):
        document = simulate_example(item, example, SOURCES).document
        assert document is not None and document.unfilled == 0, example.name


@pytest.mark.parametrize("code", ITEMS_OF_THE_MACHINE)
def test_a_case_that_the_machine_approves_finds_its_station(code: str) -> None:
    item = item_of(code)
    for example in approved_examples(item):
        assert simulate_example(item, example, SOURCES).station, example.name


def test_every_rule_is_shown_both_ways_by_some_example() -> None:
    """Shared rules are counted once, wherever they are tried: a condition that never turns is one that nobody has tried."""
    seen: dict[tuple[str, str], set[bool]] = {}
    for code in CODES:
        item = item_of(code)
        conditions = {rule.id: rule.when for rule in item.rules}
        for example in item.examples:
            for result in simulate_example(item, example, SOURCES).finding.results:
                seen.setdefault((result.rule, conditions[result.rule]), set()).add(bool(result.holds))
    assert [rule for (rule, _), ways in seen.items() if len(ways) == 1] == []


@pytest.mark.parametrize("code", THREE_THAT_JOIN)
def test_who_joins_from_elsewhere_shows_the_old_household_book_at_the_counter(code: str) -> None:
    assert any(material.code == "newcomer-household-book" for material in item_of(code).originals)


@pytest.mark.parametrize("code", [*SEVEN_RESTORATIONS, "discharged-soldier"])
def test_nobody_is_restored_who_is_registered_or_was_never_cancelled(code: str) -> None:
    item = item_of(code)
    for example in item.examples:
        assert decision_of(item, example, resident_population="sample") is Outcome.REFERRED, example.name
        assert decision_of(item, example, cancelled_persons="none") is Outcome.REFERRED, example.name
        registered = example.model_copy(update={"registries": {**example.registries, "resident_population": "sample"}})
        assert "not-registered-now" in simulate_example(item, registered, SOURCES).finding.against, example.name


@pytest.mark.parametrize("code", ["move-to-spouse", "graduate-return", "overseas-return", "restoration-moved-out-unsettled"])
def test_who_joins_a_household_brings_its_book_so_it_is_never_posted(code: str) -> None:
    item = item_of(code)
    book = next(material for material in item.originals if material.code == "household-book")
    assert book.required
    assert item.delivery == [Delivery.COUNTER]


@pytest.mark.parametrize("code", ["residence-permit-lost", "residence-permit-damaged"])
def test_a_fee_that_is_set_locally_is_not_called_free(code: str) -> None:
    assert fee_in_words(item_of(code).fee).en == "As the place has set it"
    assert fee_in_words(item_of("residence-permit").fee).en == "Free of charge"
