"""What a trip saved is, and what may be told to everybody."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.figures import OTHERS, SMALLEST_TOLD, Counted, grades_told, joined_small, may_tell_share, paper_trips
from tests.builders import make_service_item
from tests.packaged import packaged_catalogue

sizes = st.lists(st.integers(min_value=1, max_value=30), max_size=12)


def groups(numbers: list[int]) -> list[Counted]:
    return [Counted(key=f"k{n}", ended=size) for n, size in enumerate(numbers)]


@given(sizes)
def test_no_small_group_is_told_or_can_be_found_from_the_whole(numbers: list[int]) -> None:
    told = joined_small(groups(numbers))
    assert all(row.ended >= SMALLEST_TOLD for row in told)
    left_out = sum(numbers) - sum(row.ended for row in told)
    assert left_out == 0 or (told == [] and left_out < SMALLEST_TOLD)


@given(sizes)
def test_groups_that_are_large_enough_are_told_as_they_are_unless_they_cover_a_small_one(numbers: list[int]) -> None:
    told = {row.key: row.ended for row in joined_small(groups(numbers))}
    changed = [size for n, size in enumerate(numbers) if size >= SMALLEST_TOLD and f"k{n}" not in told]
    assert len(changed) <= 1 and (not changed or OTHERS in told)


def test_durations_of_groups_that_were_put_together_are_not_told() -> None:
    rows = [
        Counted(key="a", ended=3, median_hours=1),
        Counted(key="b", ended=3, median_hours=2),
        Counted(key="c", ended=50, median_hours=3),
    ]
    assert [(row.key, row.ended, row.median_hours) for row in joined_small(rows)] == [("c", 50, 3), (OTHERS, 6, None)]


@pytest.mark.parametrize(
    ("part", "whole", "told"), [(0, 9, True), (4, 9, False), (5, 9, False), (5, 10, True), (9, 9, True), (8, 9, False)]
)
def test_a_share_is_told_when_neither_its_part_nor_its_rest_is_small(part: int, whole: int, told: bool) -> None:
    assert may_tell_share(part, whole) is told


def test_grades_are_told_all_or_not_at_all() -> None:
    assert grades_told({5: 40, 4: 5, 1: 0}) == {5: 40, 4: 5, 1: 0}
    assert grades_told({5: 40, 1: 1}) is None and grades_told({}) is None


def test_the_paper_way_is_one_trip_to_hand_in_one_to_collect_and_one_to_each_authority_outside_the_police() -> None:
    catalogue = packaged_catalogue()

    def keeper_of(source: str) -> str | None:
        known = catalogue.sources[source]
        return None if known.group == "police" else known.keeper.zh

    def material(code: str, fact: str | None, **more: Any) -> dict[str, Any]:
        source = {"source": "registry", "replaced_by": fact} if fact else {"source": "upload"}
        return {"code": code, "name": {"zh": "材料", "en": "Paper"}, **source, **more}

    def asked(*sources: str) -> list[dict[str, Any]]:
        return [{"source": source, "purpose": {"zh": "核对", "en": "To check"}} for source in sources]

    item = make_service_item(
        materials=[
            material("deed", "property"),
            material("deed-map", "property"),  # the same authority: the same trip
            material("marriage", "marriage"),
            material("book", "resident_population"),  # the police's own
            material("insurance", "social_security", required=False),
            material("photo", None),
        ],
        evidence=asked("property", "marriage", "resident_population", "social_security"),
    )
    assert paper_trips(item, keeper_of) == 2 + 2
    assert paper_trips(make_service_item(materials=[], evidence=asked("property")), keeper_of) == 2
    query = next(catalogue.get(code) for code in catalogue.codes() if catalogue.get(code).kind.value == "query")
    assert paper_trips(query, keeper_of) == 1
