"""Addresses that are exactly one, masks, and what an e-mail says."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.application import Applicant
from domain.notices import OutgoingNotice, clean_email, email_body, masked_email, masked_phone
from domain.text import Bilingual

OFFICE = Bilingual(zh="温州市公安局", en="Wenzhou Public Security Bureau")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("lin@example.com", "lin@example.com"),
        ("  Lin.Yutong+cases@Mail.EXAMPLE.com ", "Lin.Yutong+cases@mail.example.com"),
        ("o'brien@example.co", "o'brien@example.co"),
        ("雨桐@例子.中国", "雨桐@例子.中国"),
        ("jose\u0301@example.com", "josé@example.com"),
    ],
)
def test_an_address_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert clean_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "lin",
        "lin@localhost",
        "@example.com",
        "lin@",
        "lin@example..com",
        ".lin@example.com",
        "lin@-example.com",
        "a@example.com,b@example.com",
        "a,b@example.com",
        "a@example.com b@example.com",
        "Lin <lin@example.com>",
        '"lin yu"@example.com',
        "lin@[127.0.0.1]",
        "lin@example.com\r\nBcc: everybody@example.com",
        "lin\r\nBcc:everybody@example.com",
        "lin\u2028@example.com",
        "lin\x00@example.com",
        "lin@example.com;",
        "<script>@example.com",
        f"{'a' * 65}@example.com",
        f"a@{'b' * 63}.{'c' * 63}.{'d' * 63}.{'e' * 63}.com",
    ],
)
def test_what_is_not_exactly_one_address_is_refused(typed: str) -> None:
    assert clean_email(typed) is None
    if typed.strip():
        with pytest.raises(ValueError, match="email"):
            Applicant(id_number="330302199003071282", name="林雨桐", phone="13800000001", email=typed)


@given(st.text(alphabet=st.sampled_from("ab1.-_@+,;:<>\"'() \r\n\t\x00\x7f\u2028é例"), max_size=30))
def test_nothing_that_could_end_a_header_or_name_a_second_address_gets_through(typed: str) -> None:
    address = clean_email(typed)
    if address is None:
        return
    assert address.count("@") == 1
    assert not set(address) & set(' \r\n\t,;:<>"()')
    assert not any(unicodedata.category(c).startswith(("C", "Z")) for c in address)
    assert clean_email(address) == address


def test_masks_show_enough_to_tell_ones_own_by_and_no_more() -> None:
    assert masked_phone("13812345678") == "138****5678"
    assert masked_email("linyutong@example.com") == "l***@example.com"


def test_an_email_says_what_the_sms_says_who_sends_it_and_where_to_look() -> None:
    notice = OutgoingNotice(message_id="1", to="lin@example.com", subject="S", text="[OneTrip] Please sign in.", language="en")
    body = email_body(notice, OFFICE, "https://onetrip.example")
    assert body.startswith("[OneTrip] Please sign in.\n")
    assert OFFICE.en in body
    assert "https://onetrip.example" in body
    in_chinese = email_body(notice.model_copy(update={"language": "zh"}), OFFICE, "https://onetrip.example")
    assert OFFICE.zh in in_chinese and "请勿回复" in in_chinese
