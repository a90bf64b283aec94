"""From a transcript to digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.biometrics.spoken_code import chinese_numerals, heard_digits, wrong_digits

codes = st.text("0123456789", min_size=4, max_size=4)


@pytest.mark.parametrize(
    ("transcript", "digits"),
    [
        ("三五八二", "3582"),
        ("三。五。八。二。", "3582"),
        ("验证码：三五八二。", "3582"),
        ("验证码是三五八二", "3582"),
        ("幺零两洞", "1020"),
        ("一〇二○", "1020"),
        ("壹貳參肆", "1234"),
        ("伍陸柒捌", "5678"),
        ("玖零兩么", "9021"),
        ("3582", "3582"),
        ("3 5 8 2", "3582"),
        ("3,582.", "3582"),
        ("３５８２", "3582"),
        ("3-5-8-2", "3582"),
        ("三5八2", "3582"),
        ("伞五吧二", "3582"),
        ("山舞八儿", "3582"),
        ("就是零起", "9407"),
        ("刘腰期酒", "6179"),
    ],
)
def test_chinese_transcripts_become_digits(transcript: str, digits: str) -> None:
    assert heard_digits(transcript) == digits


@pytest.mark.parametrize(
    ("transcript", "digits"),
    [
        (" Three, five, eight, two.", "3582"),
        ("three five EIGHT two", "3582"),
        ("3, 5, 8, 2.", "3582"),
        ("Code: 3582", "3582"),
        ("oh one zero nine", "0109"),
        ("0-1-0-9", "0109"),
        ("free five ate to", "3582"),
        ("won for six too", "1462"),
        ("thirty-five eighty-two", "3582"),
        ("thirty five 82", "3582"),
        ("twenty, nineteen", "2019"),
        ("ninety oh five", "9005"),
        ("double seven three one", "7731"),
        ("triple 4 niner", "4449"),
        (" 3... 3... I... I...", "3355"),
    ],
)
def test_english_transcripts_become_digits(transcript: str, digits: str) -> None:
    assert heard_digits(transcript) == digits


def test_words_that_sound_like_digits_do_not_disturb_a_whole_code() -> None:
    assert heard_digits("是三五八二，对吧") == "3582"
    assert heard_digits("I want to read 3582 for you") == "3582"


@pytest.mark.parametrize("transcript", ["", "。", "谢谢观看", "Thank you.", "😀", "\x00", "double", "½"])
def test_speech_without_digits_gives_no_code(transcript: str) -> None:
    assert len(heard_digits(transcript)) < 3


@given(codes)
def test_every_code_survives_each_way_of_writing_it(code: str) -> None:
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    assert heard_digits(chinese_numerals(code)) == code
    assert heard_digits(", ".join(words[int(d)] for d in code)) == code
    assert heard_digits(" ".join(code)) == code


@given(st.text(max_size=60))
def test_any_text_gives_only_plain_digits(transcript: str) -> None:
    assert set(heard_digits(transcript)) <= set("0123456789")


@pytest.mark.parametrize(
    ("heard", "wrong"),
    [
        ("3582", 0),
        ("3589", 1),
        ("3289", 2),
        ("0000", 4),
        ("358", 1),
        ("582", 1),
        ("35982", 1),
        ("359982", 2),
        ("35", 2),
        ("", 4),
        ("35823582", 0),
        ("353582", 0),
    ],
)
def test_wrong_digits_are_counted(heard: str, wrong: int) -> None:
    assert wrong_digits("3582", heard) == wrong


def test_a_recital_of_many_digits_does_not_count_as_the_code() -> None:
    assert wrong_digits("3582", "0123456789353582") > 1


@given(codes, codes)
def test_codes_of_one_length_differ_by_position(code: str, other: str) -> None:
    assert wrong_digits(code, other) == sum(a != b for a, b in zip(code, other, strict=True))


def test_a_random_code_is_accepted_in_37_of_10000_cases() -> None:
    assert sum(wrong_digits("3582", f"{n:04d}") <= 1 for n in range(10_000)) == 37


@pytest.mark.parametrize("heard", ["", "358", "111", "35821", "12345", "358235", "123456789012"])
def test_no_recital_of_another_length_accepts_half_a_percent_of_codes(heard: str) -> None:
    assert sum(wrong_digits(f"{n:04d}", heard) <= 1 for n in range(10_000)) < 50
