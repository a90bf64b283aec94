"""What is drawn for a challenge."""

from collections import Counter

import pytest

from domain.challenges import PHONE_GOES, SIDES, draw
from domain.identity import Movement, Way


@pytest.mark.parametrize(("way", "digits", "movements"), [("code_and_turn", 4, 1), ("movements", 0, 5), ("digits", 6, 1)])
def test_each_way_asks_for_what_it_says(way: Way, digits: int, movements: int) -> None:
    asked = draw(way, "en")
    assert (len(asked.code), len(asked.movements), asked.way, asked.language) == (digits, movements, way, "en")
    assert asked.code == "" or asked.code.isdecimal()


@pytest.mark.parametrize("way", ["code_and_turn", "digits"])
def test_one_movement_alone_is_to_a_side_and_each_is_as_likely(way: Way) -> None:
    sides = Counter(draw(way, "zh").movements[0] for _ in range(2000))
    assert set(sides) == {"left", "right"}
    assert min(sides.values()) > 850  # six standard deviations


@pytest.mark.parametrize("side", SIDES)
def test_the_phone_goes_where_the_head_does_not(side: Movement) -> None:
    assert PHONE_GOES[side] != side and PHONE_GOES[PHONE_GOES[side]] == side


def test_codes_and_courses_come_seldom_twice() -> None:
    assert len({draw("digits", "zh").code for _ in range(300)}) > 290
    assert len({tuple(draw("movements", "zh").movements) for _ in range(300)}) > 200
