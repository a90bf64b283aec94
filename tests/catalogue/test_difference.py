"""What changes between two versions is told by field and by name, and nothing that the loader works out counts."""

from typing import Any

import pytest

from catalogue.difference import Difference, as_text, difference
from catalogue.reading import read_service_item
from catalogue.skeleton import packaged_file
from domain.service_item import ServiceItem
from tests.builders import TEST_SOURCES, library_card, make_service_item


def between(**changes: Any) -> Difference:
    return difference(make_service_item(), make_service_item(**changes))


def told(found: Difference) -> list[tuple[str, str, Any, Any]]:
    return [(change.kind, change.path, change.before, change.after) for change in found.changes]


def test_the_same_text_differs_in_nothing() -> None:
    assert between().changes == []
    assert between(version=2).beyond_the_header == []
    assert between(version=2).summary[0].en == "Nothing changes beside version and period"


def test_a_code_that_nothing_has_is_a_new_item() -> None:
    found = difference(None, make_service_item())
    assert found.before is None and found.changes == []
    assert found.summary[0].zh == "新事项，第 1 版"


def test_a_rule_is_known_by_its_name_wherever_it_stands() -> None:
    first, second = library_card()["rules"]
    third = first | {"id": "is-polite"}
    found = between(rules=[third, first | {"when": "resident_population.found"}, second])
    assert told(found) == [
        (
            "changed",
            "rules.name-agrees.when",
            "resident_population.found && resident_population.name == applicant.name",
            "resident_population.found",
        ),
        ("added", "rules.is-polite", None, found.changes[1].after),
    ]
    assert found.summary[0].en == "Rules: changes the rule name-agrees, adds the rule is-polite"
    assert found.summary[0].zh == "规则：改动规则“name-agrees”，新增规则“is-polite”"


def test_rules_in_another_order_are_told_as_that() -> None:
    found = between(rules=library_card()["rules"][::-1])
    assert told(found) == [("reordered", "rules", ["name-agrees", "shelf-is-full"], ["shelf-is-full", "name-agrees"])]


def test_one_rule_fewer_is_no_other_order() -> None:
    assert [change.kind for change in between(rules=library_card()["rules"][1:]).changes] == ["removed"]


def test_a_question_and_its_options_are_told_by_name() -> None:
    form = library_card()["form"]
    genre = form["properties"]["genre"] | {"enum": ["novels", "poems"]}
    found = between(form=form | {"properties": {"genre": genre}})
    assert [(change.kind, change.path, change.before) for change in found.changes] == [
        ("removed", "form.properties.genre.enum", "maps"),
        ("removed", "form.properties.shelf", found.changes[1].before),
    ]
    assert found.summary[0].en == "Form: changes the question genre, drops the question shelf"


def test_lists_without_names_are_aligned_so_that_one_in_front_changes_nothing_else() -> None:
    known = library_card()["who_can"]
    found = between(who_can=[{"zh": "小孩", "en": "Children"}, *known])
    assert told(found) == [("added", "who_can[1]", None, {"zh": "小孩", "en": "Children"})]


def test_a_text_in_two_languages_is_shown_whole() -> None:
    found = between(name={"zh": "借书证", "en": "Reader's card"})
    assert told(found) == [("changed", "name", {"zh": "借书证", "en": "Library card"}, {"zh": "借书证", "en": "Reader's card"})]
    assert as_text(found.changes[0].after) == "借书证 / Reader's card"


def test_a_single_number_is_told_from_what_to_what() -> None:
    assert [line.zh for line in between(window_days=30).summary] == ["窗口期限：60 → 30"]


def test_what_the_loader_works_out_is_no_change() -> None:
    path = packaged_file("no-criminal-record")
    assert path is not None
    text = path.read_text(encoding="utf-8")
    before = read_service_item(text, path.name, TEST_SOURCES)
    relabelled = before.model_copy(update={"evidence": [e.model_copy(update={"label": None}) for e in before.evidence]})
    assert difference(relabelled, before).changes == []


@pytest.mark.parametrize("delivery", [["counter", "online", "post"], ["online", "counter"]])
def test_the_first_way_of_delivery_is_the_default_so_order_counts(delivery: list[str]) -> None:
    kinds = {change.kind for change in between(delivery=delivery).changes}
    assert kinds == ({"reordered"} if len(delivery) == 3 else {"removed"})


def test_both_languages_say_the_same_number_of_things() -> None:
    before, after = make_service_item(), make_service_item(trips=0, delivery=["online"], rules=[], name={"zh": "甲", "en": "A"})
    lines = difference(before, after).summary
    assert [line.zh.count("，") for line in lines] == [line.en.count(", ") for line in lines]
    assert isinstance(after, ServiceItem)
