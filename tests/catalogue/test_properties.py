"""What must hold for every service item, whatever its file says: held by properties over the whole catalogue."""

import copy
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.conditions import reads_of
from catalogue.forms import check_answers
from catalogue.redeciding import fares
from catalogue.rules import decide
from catalogue.simulation import example_facts, example_request, sample_person, simulate
from domain.decision import Outcome
from domain.errors import InvalidInput
from domain.redeciding import DecidedCase
from domain.service_item import Kind, RuleOutcome, ServiceItem
from tests.answers import answers_for, id_number
from tests.packaged import packaged_catalogue

CATALOGUE = packaged_catalogue()
ITEMS = {item.code: item for item in CATALOGUE.all() if item.kind is not Kind.NOTICE}
APPROVED = [
    (item, example)
    for item in ITEMS.values()
    for example in item.examples
    if example.decision == "approved"
]  # fmt: skip


def facts_of(item: ServiceItem, example: Any) -> dict[str, Any]:
    return example_facts(item, example, CATALOGUE.sources)


def decisive(item: ServiceItem) -> list[tuple[str, ...]]:
    """Every fact, and every field of a fact, that some rule or point line must read."""
    conditions = [rule.when for rule in item.rules] + ([line.amount for line in item.points.lines] if item.points else [])
    reads = [read for condition in conditions for read in reads_of(condition)]
    roots = {(read.root,) for read in reads if read.root in item.fact_names}
    return sorted(roots | {read.path[:2] for read in reads if read.root in item.fact_names and len(read.path) > 1 and not read.optional})


def test_there_is_much_to_hold() -> None:
    assert len(ITEMS) > 75
    assert len(APPROVED) > 60


@given(st.data())
def test_nothing_is_approved_with_a_fact_missing(data: st.DataObject) -> None:
    item, example = data.draw(st.sampled_from(APPROVED))
    facts = facts_of(item, example)
    assert decide(item, facts).outcome is Outcome.APPROVED
    path = data.draw(st.sampled_from(decisive(item)))
    if len(path) == 2 and not facts[path[0]].get("found"):
        return  # a source without a record has no fields to miss
    less = copy.deepcopy(facts)
    if len(path) == 1:
        del less[path[0]]
    else:
        less[path[0]].pop(path[1])
    finding = decide(item, less)
    assert finding.outcome is Outcome.REFERRED, f"{item.code} {example.name}: {path}"
    assert finding.against


@given(st.data())
def test_no_registry_answer_approves_by_itself_and_nothing_refuses(data: st.DataObject) -> None:
    """Any source may send any value that CEL can hold, in any field: the machine approves, or a person looks."""
    item, example = data.draw(st.sampled_from(APPROVED))
    facts = copy.deepcopy(facts_of(item, example))
    fact = data.draw(st.sampled_from(sorted(item.fact_names)))
    junk = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=8) | st.lists(st.text(max_size=3), max_size=3)
    facts[fact] = {"found": data.draw(st.booleans()), **{key: data.draw(junk) for key in facts[fact] if key != "found"}}
    finding = decide(item, facts)
    assert finding.outcome in (Outcome.APPROVED, Outcome.REFERRED)
    for rule, result in zip(item.rules, finding.results, strict=True):
        assert result.outcome is rule.outcome
        assert (result.error is None) == (result.holds is not None)
    if finding.outcome is Outcome.APPROVED:
        assert all(result.holds is (rule.outcome is RuleOutcome.APPROVE) for rule, result in zip(item.rules, finding.results, strict=True))


@pytest.mark.parametrize("code", sorted(ITEMS))
def test_every_item_has_examples_of_every_end_that_it_can_come_to(code: str) -> None:
    item = ITEMS[code]
    outcomes = {example.decision for example in item.examples}
    assert "referred" in outcomes
    assert ("approved" in outcomes) is item.machine_may_approve
    for example in item.examples:
        simulation = simulate(item, facts_of(item, example))
        assert simulation.decision.value == example.decision


@given(st.data())
def test_an_id_number_with_one_digit_changed_is_refused_by_every_form_that_asks_for_one(data: st.DataObject) -> None:
    asking = [
        (item, name)
        for item in ITEMS.values()
        for name, field in item.form.get("properties", {}).items()
        if field.get("format") == "id-number"
    ]
    assert asking
    item, name = data.draw(st.sampled_from(asking))
    random = data.draw(st.randoms(use_true_random=False))
    answers = _answers_with(item, name, random)
    if answers is None:
        return
    right = id_number(random)
    check_answers(item, answers | {name: right})
    place, other = data.draw(st.integers(0, 17)), data.draw(st.sampled_from("0123456789"))
    wrong = right[:place] + other + right[place + 1 :]
    if wrong == right:
        return
    with pytest.raises(InvalidInput) as refused:
        check_answers(item, answers | {name: wrong})
    assert [field.path for field in refused.value.fields] == [f"/answers/{name}"]


def _answers_with(item: ServiceItem, name: str, random: Random) -> dict[str, Any] | None:
    """Answers after which this field is asked."""
    for _ in range(30):
        if name in (answers := answers_for(item.form, random)):
            return answers
    return None


@pytest.mark.parametrize("code", sorted(code for code, item in ITEMS.items() if item.certificate and item.certificate.statement))
def test_a_document_states_nothing_when_the_registries_say_nothing(code: str) -> None:
    """With no answer from anybody, a sentence that needs one is left out."""
    item = ITEMS[code]
    person = sample_person(CATALOGUE.sources)
    facts = {"answers": {}, "applicant": {"id_number": person["id_number"], "name": person["name"]}, "today": "2026-06-01"}
    text = CATALOGUE.document_text(item, facts)
    assert text.statement == [], "a sentence stands on nothing"


def test_a_past_case_whose_record_tells_nothing_is_skipped() -> None:
    item, example = APPROVED[0]
    case = DecidedCase(
        application_id=UUID(int=0),
        acceptance_number="1",
        request=example_request(item, example, CATALOGUE.sources),
        evidence=[],
        decision={},
        round=0,
        version=1,
    )
    assert fares(item, case) == "skipped"
