"""Answers beside what registries hold: what a rule wants to agree is compared, and what differs comes first."""

from datetime import UTC, datetime
from typing import Any

import pytest

from casework.comparing import comparisons
from casework.views import EvidenceRecord
from domain.service_item import ServiceItem
from domain.text import Bilingual
from tests.builders import library_card
from tests.packaged import packaged_catalogue

SHELF = {"type": "string", "maxLength": 20, "x-label": {"zh": "书架号", "en": "Shelf"}}
APPLICANT = {"name": "虞书谣", "id_number": "330302199001020015"}


def item_with(when: str, **changes: Any) -> ServiceItem:
    raw = library_card()
    raw["form"]["properties"]["keeper"] = SHELF | {"x-label": {"zh": "保管人", "en": "Keeper"}}
    raw["rules"][1]["when"] = when
    return ServiceItem.model_validate(raw | changes)


def record(source: str = "property", *, found: bool = True, **fields: Any) -> EvidenceRecord:
    return EvidenceRecord(
        source=source,
        source_name=Bilingual(zh=source, en=source),
        found=found,
        fetched_at=datetime.now(UTC),
        digest="00",
        purpose="核对",
        record=fields,
    )


def compared(item: ServiceItem, answers: dict[str, Any], *records: EvidenceRecord) -> list[tuple[str, str, str, bool | None]]:
    return [(c.field, c.answered, c.registered, c.agrees) for c in comparisons(item, APPLICANT, answers, records)]


@pytest.mark.parametrize(
    "when",
    [
        "property.found && property.keeper.name == answers.keeper",
        "answers.keeper==property.keeper.name || property.books > 2",
    ],
)
def test_what_a_rule_wants_to_be_the_same_is_compared_whichever_way_it_is_written(when: str) -> None:
    item = item_with(when)
    held = record(keeper={"name": "林雨桐"})
    assert compared(item, {"genre": "maps", "keeper": "林雨桐"}, held) == [("answers.keeper", "林雨桐", "林雨桐", True)]
    assert compared(item, {"genre": "maps", "keeper": "林语桐"}, held) == [("answers.keeper", "林语桐", "林雨桐", False)]


@pytest.mark.parametrize(
    ("when", "answers", "fields"),
    [
        ("property.keeper != answers.keeper", {"keeper": "甲"}, {"keeper": "乙"}),  # they must differ: no difference to mark
        ("property.list.exists(p, p.keeper == answers.keeper)", {"keeper": "甲"}, {"list": [{"keeper": "乙"}]}),  # one of many
        ("property.keeper == answers.keeper", {}, {"keeper": "乙"}),  # not answered
        ("property.keeper == answers.keeper", {"keeper": "甲"}, {}),  # not held
        ("property.genre == answers.genre", {"genre": "maps"}, {"genre": "poems"}),  # a choice among codes
        ("property.keeper == answers.keeper.trim()", {"keeper": "甲"}, {"keeper": "乙"}),  # not the answer as it is
    ],
)
def test_what_cannot_be_laid_side_by_side_is_not(when: str, answers: dict[str, Any], fields: dict[str, Any]) -> None:
    assert compared(item_with(when), answers, record(**fields)) == []


def test_a_registry_that_has_no_record_is_compared_with_nothing() -> None:
    assert compared(item_with("property.keeper == answers.keeper"), {"keeper": "甲"}, record(found=False)) == []


def test_what_the_form_was_filled_with_is_compared_with_what_is_held_now() -> None:
    item = item_with("true", prefill=[{"field": "keeper", "source": "property", "path": "keeper", "editable": True}])
    assert compared(item, {"keeper": "甲"}, record(keeper="乙")) == [("answers.keeper", "甲", "乙", False)]


def test_differences_come_first() -> None:
    item = item_with("property.keeper == answers.keeper")
    resident = record("resident_population", name="虞书谣", id_number="330302199001020015")
    fields = [(field, agrees) for field, _, _, agrees in compared(item, {"keeper": "甲"}, resident, record(keeper="乙"))]
    assert fields == [("answers.keeper", False), ("applicant.name", True), ("applicant.id_number", True)]


def test_items_of_the_catalogue_compare_more_than_the_applicants_name() -> None:
    birth = next(item for item in packaged_catalogue().all() if item.code == "birth-registration")
    answers = {"certificate_number": "T330123456", "child_name": "陈念"}
    said = record("birth_certificate", certificate_number="T330123456", child_name="陈年")
    assert ("answers.child_name", "陈念", "陈年", False) in compared(birth, answers, said)
