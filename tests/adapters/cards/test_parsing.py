"""Lines as the engine gives them become the fields of a card, or doubts."""

from datetime import date

import pytest

from adapters.cards.back import back_fields
from adapters.cards.front import front_fields
from adapters.cards.landmarks import side_of, turn_needed
from adapters.cards.lines import Line, Seen, Turn, levelled, turned
from adapters.cards.number import id_number_in
from domain.cards import LONG_TERM, CardRead, CardSide

TODAY = date(2026, 6, 1)
NUMBER, BORN = "330302199001012385", date(1990, 1, 1)
WIDE, HIGH = 1012.0, 638.0
# Text, left, top, width and height, as they lie on the card.
Printed = tuple[str, float, float, float, float]
FRONT: tuple[Printed, ...] = (
    ("样本 SAMPLE", 688, 27, 216, 38),
    ("姓名", 55, 81, 79, 39),
    ("林晓梅", 140, 75, 140, 51),
    ("性别女", 52, 155, 153, 51),
    ("民族漢", 322, 153, 155, 54),
    ("出生", 58, 242, 76, 37),
    ("1990 年1月1日", 154, 237, 342, 45),
    ("住址", 56, 321, 73, 39),
    ("浙江省温州市鹿城区五马", 155, 318, 425, 43),
    ("街道公园路28号3幢2", 157, 370, 360, 43),
    ("单元1202室", 155, 421, 211, 45),
    ("公民身份号码", 58, 566, 184, 35),
    (NUMBER, 326, 563, 610, 42),
)
BACK: tuple[Printed, ...] = (
    ("中华人民共和国", 328, 102, 437, 72),
    ("居民身份证", 322, 219, 437, 96),
    ("签发机关", 195, 458, 130, 41),
    ("温州市公安局鹿城区分局", 365, 459, 402, 39),
    ("有效期限", 196, 550, 130, 38),
    ("2016.08.02-2036.08.02", 366, 550, 379, 38),
)
ADDRESS = "浙江省温州市鹿城区五马街道公园路28号3幢2单元1202室"


def seen(*printed: Printed, confidence: float = 0.99) -> list[Seen]:
    return [Seen(text, confidence, ((x, y), (x + w, y), (x + w, y + h), (x, y + h))) for text, x, y, w, h in printed]


def changed(printed: tuple[Printed, ...], **texts: str | None) -> tuple[Printed, ...]:
    """The same with other texts; None takes a line away. Keys are the texts that were."""
    return tuple((texts.get(text, text) or "", *place) for text, *place in printed if texts.get(text, text) is not None)  # type: ignore[misc]


def front(*printed: Printed) -> CardRead:
    return CardRead(side=CardSide.FRONT, fields=front_fields(levelled(seen(*printed)), today=TODAY))


def back(*printed: Printed) -> CardRead:
    return CardRead(side=CardSide.BACK, fields=back_fields(levelled(seen(*printed))))


def test_a_clear_front_is_read_whole_and_leaves_no_doubt() -> None:
    read = front(*FRONT)
    assert read.values == {
        "name": "林晓梅",
        "sex": "female",
        "ethnicity": "汉",
        "birth_date": "1990-01-01",
        "address": ADDRESS,
        "id_number": NUMBER,
    }
    assert read.unsure == []


def test_labels_that_stick_to_their_values_are_taken_off() -> None:
    stuck = changed(FRONT, 姓名=None, 林晓梅="姓名林晓梅", 民族漢=None, 性别女="性别女民族汉", 住址=None)
    read = front(
        *changed(stuck, **{"浙江省温州市鹿城区五马": "住址浙江省温州市鹿城区五马", "公民身份号码": None, NUMBER: f"公民身份号码{NUMBER}"})
    )
    assert read.values == front(*FRONT).values


def test_a_long_ethnic_name_with_one_wrong_character_is_a_doubt() -> None:
    read = front(*changed(FRONT, 民族漢="民族維吾尔"))
    assert read.values["ethnicity"] == "维吾尔"
    doubtful = front(*changed(FRONT, 民族漢="民族乌孜别兄"))
    assert (doubtful.values["ethnicity"], "ethnicity" in doubtful.unsure) == ("乌孜别克", True)
    assert "ethnicity" in front(*changed(FRONT, 民族漢="民族口")).unsure


def test_a_name_without_its_label_is_the_line_over_the_sex() -> None:
    read = front(*changed(FRONT, 姓名=None))
    assert (read.values["name"], "name" in read.unsure) == ("林晓梅", True)


def test_a_sex_or_birth_date_that_contradicts_the_number_is_a_doubt() -> None:
    assert {"sex", "id_number"} <= set(front(*changed(FRONT, 性别女="性别男")).unsure)
    assert "birth_date" in front(*changed(FRONT, **{"1990 年1月1日": "1999年1月1日"})).unsure


def test_what_only_the_number_tells_is_taken_from_it() -> None:
    read = front(*changed(FRONT, **{"性别女": None, "出生": None, "1990 年1月1日": None}))
    assert (read.values["sex"], read.values["birth_date"]) == ("female", "1990-01-01")


def test_an_address_ends_over_the_number_and_left_of_the_portrait() -> None:
    assert front(*FRONT, ("某某照相馆", 700, 400, 150, 30)).values["address"] == ADDRESS
    assert NUMBER not in front(*changed(FRONT, 公民身份号码=None)).values["address"]


@pytest.mark.parametrize(
    "seen_as, number, certain",
    [
        (NUMBER, NUMBER, True),
        ("33O3O2I99OOIOI2385", NUMBER, True),
        ("330302199001012335", NUMBER, False),  # one digit for its like: the check digit, birth date and sex leave one number
        ("330302199001012386", None, False),
        ("11010519491231002x", "11010519491231002X", True),
        ("公民身份号码330302199001012385", NUMBER, True),
    ],
)
def test_the_check_digit_decides_between_what_a_character_can_be(seen_as: str, number: str | None, certain: bool) -> None:
    born = None if seen_as.startswith("11") else BORN
    found = id_number_in([seen_as], today=TODAY, born=born, male=None if born is None else False)
    assert found is not None
    assert found[1] is certain
    assert found[0] == number or number is None


def test_a_last_x_that_was_not_seen_is_found_and_doubted() -> None:
    found = id_number_in(["11010519491231002"], today=TODAY, born=date(1949, 12, 31), male=False)
    assert found == ("11010519491231002X", False)


def test_nothing_like_a_number_is_none() -> None:
    assert id_number_in(["浙江省温州市", "1990年1月1日"], today=TODAY, born=None, male=None) is None


def test_a_clear_back_is_read_whole_and_leaves_no_doubt() -> None:
    read = back(*BACK)
    assert read.values == {"issuer": "温州市公安局鹿城区分局", "valid_from": "2016-08-02", "valid_until": "2036-08-02"}
    assert read.unsure == []


@pytest.mark.parametrize(
    "term, until, certain",
    [
        ("2016.08.02-长期", LONG_TERM, True),
        ("2016.08.02-長期", LONG_TERM, True),
        ("2016,08.02—2026.08.02", "2026-08-02", True),
        ("20160802-20360802", "2036-08-02", True),
        ("2016.08.02-2033.08.02", "2033-08-02", False),  # no card is made for 17 years
        ("2016.02.29-2036.03.01", "2036-03-01", True),
        ("2O16.08.02-2036.O8.02", "2036-08-02", True),
    ],
)
def test_terms_are_read_and_those_that_no_card_has_are_doubted(term: str, until: str, certain: bool) -> None:
    read = back(*changed(BACK, **{"2016.08.02-2036.08.02": term}))
    assert read.values["valid_until"] == until
    assert ("valid_until" not in read.unsure) is certain


def test_a_day_that_does_not_exist_is_not_read() -> None:
    assert "valid_until" not in back(*changed(BACK, **{"2016.08.02-2036.08.02": "2016.13.02-2036.13.02"})).values


def test_an_authority_over_two_lines_is_put_together() -> None:
    long = changed(BACK, 温州市公安局鹿城区分局="新疆维吾尔自治区某某县公")
    assert back(*long, ("安局", 365, 500, 90, 38)).values["issuer"] == "新疆维吾尔自治区某某县公安局"


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("printed, side", [(FRONT, CardSide.FRONT), (BACK, CardSide.BACK)])
def test_landmarks_tell_which_way_a_card_lies(turn: Turn, printed: tuple[Printed, ...], side: CardSide) -> None:
    lying = turned(seen(*printed), turn, WIDE, HIGH)
    wide, high = (HIGH, WIDE) if turn in (90, 270) else (WIDE, HIGH)
    needed = turn_needed(lying, wide, high)
    assert needed == (360 - turn) % 360
    upright = levelled(turned(lying, needed, wide, high))
    assert side_of(upright) is side
    assert [line.text for line in upright] == [line.text for line in levelled(seen(*printed))]


def test_a_slant_is_taken_out_before_rows_are_told() -> None:
    slanted = [Seen(s.text, s.confidence, tuple((x, y + 0.08 * x) for x, y in s.corners)) for s in seen(*FRONT)]  # type: ignore[arg-type]
    assert CardRead(side=CardSide.FRONT, fields=front_fields(levelled(slanted), today=TODAY)).values == front(*FRONT).values


def test_a_picture_of_something_else_has_no_side() -> None:
    lines = levelled(seen(("欢迎光临", 10, 10, 100, 30), ("菜单", 10, 60, 60, 30)))
    assert side_of(lines) is None
    assert turn_needed(seen(("欢迎光临", 10, 10, 100, 30)), 200, 100) is None


def test_no_lines_are_no_trouble() -> None:
    assert levelled([]) == []
    assert side_of([Line("", 0.0, 0, 0, 0, 0)]) is None
