"""What a person is told to do better fits the way in which they show themselves."""

import re

import pytest

from adapters.biometrics import reasons
from adapters.biometrics.reasons import in_way
from domain.identity import Way
from domain.text import Bilingual

ALL = {name: reason for name, reason in vars(reasons).items() if isinstance(reason, Bilingual)}
OF_THE_HEAD = re.compile(r"转头|转动|头部|head (did|moved|turning)|the head|turn (only|it|slowly)")


@pytest.mark.parametrize("name", ALL)
def test_nobody_who_cannot_turn_the_head_is_told_to(name: str) -> None:
    told = in_way(ALL[name], "digits")
    assert OF_THE_HEAD.search(told.zh) is None and OF_THE_HEAD.search(told.en) is None


@pytest.mark.parametrize("way", ["code_and_turn", "movements"])
def test_who_turns_the_head_is_not_told_of_a_moving_phone(way: Way) -> None:
    assert {in_way(reason, way) for name, reason in ALL.items() if not name.startswith("PHONE_")}.isdisjoint(
        reason for name, reason in ALL.items() if name.startswith("PHONE_")
    )


def test_each_failure_keeps_a_sentence_of_its_own() -> None:
    told = [in_way(reason, "digits") for name, reason in ALL.items() if not name.startswith("PHONE_")]
    assert len(set(told)) == len(told)
