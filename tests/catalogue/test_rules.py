"""Rules: what is missing, wrong or no yes-or-no refers; nothing approves by accident, and nothing refuses."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.rules import RuleSyntaxError, decide, evaluate_rule, station_of, variables_of
from domain.decision import Outcome
from domain.service_item import Rule, RuleOutcome, ServiceItem
from tests.builders import NAME, STATION, library_card, make_service_item
from tests.packaged import packaged_catalogue

TEXT = {"zh": "某", "en": "Some"}
DEFAULT = "330302000000"
STATION_FACTS = {"resident_population": {"found": True, "name": NAME, "station_code": STATION}, "property": {"found": True, "books": 9}}
BASE: dict[str, Any] = {
    "answers": {"genre": "maps"},
    "applicant": {"name": NAME, "id_number": "x"},
    "today": "2026-05-01",
}
FACTS = BASE | STATION_FACTS

PERSON = {"name": NAME, "status": "normal", "address": "旧址", "marital_status": "married", "household_members": [{"id_number": "child"}]}
HOME = {"certificate_number": "C-1", "address": "新址", "station_code": STATION, "owners": [{"id_number": "x", "name": NAME}]}
REAL_FACTS: dict[str, dict[str, Any]] = {
    "library-card": FACTS,
    "no-criminal-record": BASE
    | {
        "resident_population": {"found": True, "name": NAME, "status": "normal"},
        "criminal_records": {"found": False},
        "answers": {"reason": "abroad"},
    },
    "purchase-migration": BASE
    | {
        "answers": {"property_certificate": "C-1", "movers": ["child", "spouse"]},
        "resident_population": {"found": True, **PERSON},
        "property": {"found": True, "properties": [HOME]},
        "marriage": {"found": True, "status": "married", "spouse": {"id_number": "spouse"}},
        "social_security": {"found": True, "name": NAME},
    },
}


def item_of(code: str) -> ServiceItem:
    return make_service_item() if code == "library-card" else packaged_catalogue().get(code)


def make_rule(when: str) -> Rule:
    return Rule.model_validate({"id": "r", "when": when, "holds": TEXT, "otherwise": TEXT, "sources": [], "legal_basis": {"title": TEXT}})


@pytest.mark.parametrize("code", list(REAL_FACTS))
def test_when_everything_agrees_the_machine_approves(code: str) -> None:
    finding = decide(item_of(code), REAL_FACTS[code])
    assert finding.against == []
    assert finding.outcome is Outcome.APPROVED


@pytest.mark.parametrize(
    ("when", "error"),
    [
        ("marriage.found", "a missing source"),
        ("property.shelves > 1", "a missing fact"),
        ("property.books", "a number"),
        ("applicant.name", "text"),
        ("property.books > 'a'", "a comparison of unlike things"),
        ("property.books / 0 > 1", "a division by nought"),
    ],
)
def test_a_rule_that_gives_no_yes_or_no_is_undecided_and_refers(when: str, error: str) -> None:
    result = evaluate_rule(make_rule(when), FACTS)
    assert result.holds is None, error
    assert result.error
    item = make_service_item().model_copy(update={"rules": [*make_service_item().rules, make_rule(when)]})
    assert decide(item, FACTS).outcome is Outcome.REFERRED


def paths_of(value: Any, base: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in the facts that can go missing."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [p for key, v in inner for p in [(*base, key), *paths_of(v, (*base, key))]]


def without(facts: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    less = copy.deepcopy(facts)
    place: Any = less
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return less


ANY_FACT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["found", "name", "books"]), inner, max_size=3),
    max_leaves=8,
)
# What no rule reads: it may be missing.
UNREAD = {"today", "station_code", "address", "genre", "reason", "id_number"}


@settings(deadline=None)  # the first look at a condition compiles it
@given(st.data())
def test_nothing_is_approved_with_a_fact_missing(data: st.DataObject) -> None:
    code = data.draw(st.sampled_from(list(REAL_FACTS)))
    facts = REAL_FACTS[code]
    read = [p for p in paths_of(facts) if p[-1] not in UNREAD and p != ("answers",) and p[:2] != ("answers", "movers")]
    path = data.draw(st.sampled_from(read))
    finding = decide(item_of(code), without(facts, path))
    outcome, results = finding.outcome, finding.results
    assert outcome is Outcome.REFERRED, path
    assert any(r.holds is not True for r in results)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["resident_population", "property", "applicant", "answers"]), ANY_FACT))
def test_whatever_the_facts_are_rules_approve_or_refer_and_never_refuse(facts: dict[str, Any]) -> None:
    finding = decide(make_service_item(), facts)
    outcome, results = finding.outcome, finding.results
    assert outcome in (Outcome.APPROVED, Outcome.REFERRED)
    assert len(results) == 2
    if outcome is Outcome.APPROVED:
        assert facts["resident_population"]["found"] is True
        assert facts["resident_population"]["name"] == facts["applicant"]["name"]
        assert facts["property"]["books"] > 2


def test_a_missing_fact_refers_even_where_the_other_side_of_an_or_is_true() -> None:
    """CEL's `missing || true` is true: whether the source found anybody is asked first."""
    item = item_of("purchase-migration")
    facts = REAL_FACTS["purchase-migration"]
    assert decide(item, facts | {"social_security": {"found": True, "name": NAME}}).outcome is Outcome.APPROVED
    assert decide(item, facts | {"social_security": {"name": NAME}}).outcome is Outcome.REFERRED
    assert decide(item, facts | {"social_security": {"name": "别人"}}).outcome is Outcome.REFERRED
    assert decide(item, facts | {"social_security": {}}).outcome is Outcome.REFERRED


def test_an_item_that_the_machine_may_not_approve_is_always_referred() -> None:
    item = make_service_item(machine_may_approve=False)
    finding = decide(item, FACTS)
    outcome, results = finding.outcome, finding.results
    assert outcome is Outcome.REFERRED
    assert all(r.holds for r in results)


def test_an_item_without_rules_is_referred() -> None:
    finding = decide(make_service_item(rules=[]), FACTS)
    assert (finding.outcome, finding.results) == (Outcome.REFERRED, [])


def test_a_result_keeps_the_values_that_its_condition_read() -> None:
    name, shelf = decide(make_service_item(), FACTS).results
    assert name.inputs == {"resident_population.found": True, "resident_population.name": NAME, "applicant.name": NAME}
    assert shelf.inputs == {"property.found": True, "property.books": 9}
    migration = next(
        r for r in decide(item_of("purchase-migration"), REAL_FACTS["purchase-migration"]).results if r.rule == "owns-the-home"
    )
    assert migration.inputs["property.properties"] == [HOME]
    assert migration.inputs["answers.property_certificate"] == "C-1"


def test_a_decision_can_be_made_again_from_what_was_kept() -> None:
    """Each rule's inputs alone give the same result."""
    for code, facts in REAL_FACTS.items():
        item = item_of(code)
        for rule, result in zip(item.rules, decide(item, facts).results, strict=True):
            rebuilt: dict[str, Any] = {}
            for path, value in result.inputs.items():
                place = rebuilt
                *parents, last = path.split(".")
                for parent in parents:
                    place = place.setdefault(parent, {})
                place[last] = value
            assert evaluate_rule(rule, rebuilt).holds is result.holds, rule.id


def test_the_reason_told_is_the_one_for_how_the_rule_came_out() -> None:
    rule = make_service_item().rules[1]
    assert evaluate_rule(rule, FACTS).text == rule.holds
    assert evaluate_rule(rule, FACTS | {"property": {"found": True, "books": 0}}).text == rule.otherwise
    assert evaluate_rule(rule, {}).text == rule.otherwise


def test_the_names_that_a_condition_reads_are_known_without_running_it() -> None:
    assert variables_of("answers.movers.all(m, property.homes.exists(h, h.id == m))") == {"answers", "property"}
    with pytest.raises(RuleSyntaxError):
        variables_of("1 +")


@pytest.mark.parametrize(
    ("facts", "station"),
    [
        (FACTS, STATION),
        ({}, DEFAULT),
        ({"resident_population": {"found": False}}, DEFAULT),
        ({"resident_population": {"station_code": "33030"}}, DEFAULT),
        ({"resident_population": {"station_code": 330302510000}}, DEFAULT),
        ({"resident_population": {"station_code": "330302510000; drop"}}, DEFAULT),
        ({"resident_population": {"station_code": "330302510000\n"}}, DEFAULT),
    ],
)
def test_a_case_goes_to_the_station_that_a_registry_tells_or_else_to_the_default(facts: dict[str, Any], station: str) -> None:
    assert station_of(make_service_item(), facts, DEFAULT) == station


def test_the_first_expression_that_gives_a_station_wins() -> None:
    item = make_service_item(jurisdiction=["property.station_code", "resident_population.station_code"])
    assert station_of(item, FACTS, DEFAULT) == STATION
    assert station_of(item, FACTS | {"property": {"station_code": "330304510000"}}, DEFAULT) == "330304510000"
    assert library_card()["jurisdiction"] == ["resident_population.station_code"]


def test_a_sign_of_doubt_refers_when_it_is_true_and_when_it_cannot_be_told() -> None:
    doubt = make_rule("property.books > 5").model_copy(update={"outcome": RuleOutcome.REFER})
    item = make_service_item().model_copy(update={"rules": [*make_service_item().rules, doubt]})
    assert decide(item, FACTS).against == ["r"]
    few = FACTS | {"property": {"found": True, "books": 3}}
    assert decide(item, few).outcome is Outcome.APPROVED
    assert (
        decide(item.model_copy(update={"rules": [doubt, *item.rules[:1]]}), {**few, "property": {"found": True}}).outcome
        is Outcome.REFERRED
    )


def test_rules_that_pull_both_ways_go_to_a_person() -> None:
    both = make_rule("property.books > 5")
    against = both.model_copy(update={"id": "s", "outcome": RuleOutcome.REFER})
    finding = decide(make_service_item().model_copy(update={"rules": [both, against]}), FACTS)
    assert (finding.outcome, finding.against) == (Outcome.REFERRED, ["s"])


LINES = [
    {"id": "years", "label": TEXT, "amount": "months_between(property.since, today) / 12 * 5", "how": TEXT, "most": 30},
    {"id": "noise", "label": TEXT, "amount": "property.found ? -3 : 0", "how": TEXT},
]


def points_item() -> ServiceItem:
    rule = make_rule("points.total >= points.needed").model_dump(mode="json")
    return make_service_item(points={"needed": 20, "lines": LINES}, rules=[rule])


@pytest.mark.parametrize(
    ("since", "total", "outcome"),
    [("2021-05-01", 22, Outcome.APPROVED), ("2021-05-02", 17, Outcome.REFERRED), ("1990-01-01", 27, Outcome.APPROVED)],
)
def test_points_are_summed_line_by_line_within_their_bounds(since: str, total: int, outcome: Outcome) -> None:
    finding = decide(points_item(), BASE | {"property": {"found": True, "since": since}})
    assert finding.points is not None
    assert (finding.points.total, finding.outcome) == (total, outcome)
    assert sum(line.amount or 0 for line in finding.points.lines) == total


@pytest.mark.parametrize("since", [None, "some day", 7])
def test_points_that_cannot_be_counted_rest_on_nothing_and_refer(since: object) -> None:
    finding = decide(points_item(), BASE | {"property": {"found": True, "since": since}})
    assert finding.points is not None
    assert finding.points.total is None
    assert finding.outcome is Outcome.REFERRED
