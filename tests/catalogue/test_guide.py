"""Guides are made from the file alone and say nothing that is not in it."""

import pytest

from catalogue.guide import guide_markdown, guide_of
from domain.service_item import MaterialSource, ServiceItem
from domain.text import Language
from tests.builders import TEST_SOURCES, make_service_item
from tests.packaged import packaged_catalogue

CATALOGUE = packaged_catalogue()


@pytest.mark.parametrize("item", CATALOGUE.all(), ids=lambda item: item.code)
def test_each_guide_names_every_paper_registry_step_and_exclusion(item: ServiceItem) -> None:
    guide = guide_of(item, CATALOGUE.sources, CATALOGUE.all())
    papers = {m.code for m in guide.spared} | {m.code for m in guide.to_upload} | {m.code for m in guide.to_bring}
    assert papers == {material.code for material in item.materials}
    assert all(m.registry is not None for m in guide.spared), "each paper that is spared names the registry that vouches"
    assert len(guide.registries) == len(item.evidence)
    assert [step.working_days for step in guide.steps if step.kind == "person"] == (
        [] if item.kind == "query" and item.machine_may_approve else [step.working_days for step in item.steps]
    )
    assert guide.exclusions == item.exclusions


@pytest.mark.parametrize("item", [item for item in CATALOGUE.all() if item.certificate], ids=lambda item: item.code)
def test_each_sample_document_is_filled_in(item: ServiceItem) -> None:
    document = guide_of(item, CATALOGUE.sources).document
    assert document is not None and (document.fields or document.statement)
    assert all("{" not in line.zh + line.en for line in document.statement)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_guide_as_markdown_is_in_one_language_and_whole(language: Language) -> None:
    item = CATALOGUE.get("name-change")
    text = guide_markdown(guide_of(item, CATALOGUE.sources), language)
    assert text.startswith(f"# {item.name.in_language(language)}\n")
    for material in item.materials:
        assert material.name.in_language(language) in text
    for law in item.legal_basis:
        assert law.title.in_language(language) in text


def test_a_registry_that_is_down_for_long_sends_the_case_to_a_person_only_where_the_file_says_so() -> None:
    item = make_service_item()
    patient = [request.model_copy(update={"patience_hours": 48}) for request in item.evidence]
    waits = guide_of(item, TEST_SOURCES).registries[0].if_down.zh
    goes_on = guide_of(item.model_copy(update={"evidence": patient}), TEST_SOURCES).registries[0].if_down.zh
    assert "48 小时" in goes_on and "民警" in goes_on and "民警" not in waits


def test_the_guide_of_an_item_of_the_tests_needs_no_real_one() -> None:
    item = make_service_item()
    guide = guide_of(item, TEST_SOURCES)
    assert guide.name == item.name
    assert {m.code for m in guide.spared} == {m.code for m in item.materials if m.source is MaterialSource.REGISTRY}
