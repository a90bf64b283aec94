"""People find what they need without knowing what it is called."""

import pytest

from catalogue.finding import counts, search, select
from tests.packaged import packaged_catalogue

ITEMS = packaged_catalogue().all()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("我想改名字", "name-change"),
        ("买了房怎么迁户口", "purchase-migration"),
        ("宝宝上户口", "birth-registration"),
        ("无犯罪证明", "no-criminal-record"),
        ("我妈是我妈", "kinship-parent"),
        ("户口本丢了", "registration-page"),
        ("I had a baby", "birth-registration"),
        ("criminal records", "no-criminal-record"),
        ("how do I rename", "name-change"),
        ("积分", "points-settlement"),
        ("passport", "exit-entry-documents-query"),
    ],
)
def test_everyday_words_lead_to_the_item(said: str, meant: str) -> None:
    assert meant in [item.code for item in search(ITEMS, said)[:3]]


def test_every_item_is_found_first_or_nearly_by_its_own_name() -> None:
    for item in ITEMS:
        for name in (item.name.zh, item.name.en):
            assert item.code in [found.code for found in search(ITEMS, name)[:8]], name


def test_nothing_is_found_for_words_that_mean_nothing() -> None:
    assert search(ITEMS, "xyzzy") == []


def test_materials_are_searched_too() -> None:
    assert search(ITEMS, "结婚证")


def test_counts_are_what_the_lists_hold() -> None:
    for what, numbers in counts(ITEMS).items():
        for code, number in numbers.items():
            asked = {"trips": int(code)} if what == "trips" else {what: code}
            assert len(select(ITEMS, **asked)) == number, (what, code)
