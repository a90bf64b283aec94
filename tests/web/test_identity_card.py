"""The real-name pages: photographs fill in the form, doubts and differences are told, and the face check comes next."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.testclient import TestClient

from casework.real_name import ITEM, PHOTOS_AN_HOUR
from tests.web.fake_cards import ANSWERS, NUMBER
from tests.web.fake_office import CASE, CSRF, World

FRONT, BACK, DETAILS = "/my/identity/card/front", "/my/identity/card/back", "/my/identity/details"


def send(browser: TestClient, side: str, photo: bytes) -> Any:
    return browser.post(f"/my/identity/card/{side}", data={"csrf": CSRF}, files={"photo": ("card.jpg", photo, "image/jpeg")})


def typed(answers: Mapping[str, str], **more: str) -> dict[str, str]:
    """The answers as the form posts them: a date in three fields."""
    form = {"csrf": CSRF, "key": "k1", **more}
    for name, value in answers.items():
        parts = value.split("-") if name.startswith("valid_") else []
        form |= dict(zip((f"{name}-year", f"{name}-month", f"{name}-day"), parts, strict=True)) if parts else {name: value}
    return form


def told_by(page: Any) -> str:
    """What the page remembers to have told."""
    found = re.search(r'name="told" value="([^"]*)"', page.text)
    assert found
    return found[1]


def submitted(world: World) -> list[Any]:
    return [what for done, what in world.done if done == "submit"]


def test_two_photographs_fill_in_the_form(browser: TestClient, world: World) -> None:
    assert send(browser, "front", b"front").headers["location"] == BACK
    assert send(browser, "back", b"back").headers["location"] == DETAILS
    page = browser.get(DETAILS).text
    assert all(f'value="{value}"' in page for value in (ANSWERS["name"], NUMBER, ANSWERS["issuer"], "2016", "2036"))
    assert world.drafts[ITEM]["answers"] == ANSWERS


def test_whose_number_was_read_is_told_of_it(browser: TestClient, world: World) -> None:
    send(browser, "front", b"front")
    assert [(read.subject, read.by, read.service_item) for read in world.cards.entered] == [(NUMBER, "identity", ITEM)]


def test_the_wrong_side_and_no_card_are_told_with_what_to_do(browser: TestClient, world: World) -> None:
    wrong, none = send(browser, "front", b"back"), send(browser, "back", b"a cat")
    assert wrong.status_code == none.status_code == 422
    assert "请翻过来" in wrong.text
    assert "没有认出身份证" in none.text
    assert browser.post(FRONT, data={"csrf": CSRF}).status_code == 422
    assert ITEM not in world.drafts


def test_a_field_that_was_not_read_well_is_marked(browser: TestClient, world: World) -> None:
    world.cards.doubtful = ("birth_date",)
    send(browser, "front", b"front")
    page = browser.get(DETAILS).text
    assert 'href="#answers-id_number"' in page
    assert page.count("没有读清，请对照身份证核对") == 1


def test_a_card_as_on_record_goes_straight_to_the_face_check(browser: TestClient, world: World) -> None:
    went = browser.post(DETAILS, data=typed(ANSWERS))
    assert went.headers["location"] == f"/applications/{CASE}/face"
    request, key = submitted(world)[0]
    assert (request.service_item, request.answers, key) == (ITEM, ANSWERS, "k1")


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"valid_from": "2016-08-03"}, "有效期限与制发记录不一致"),
        ({"valid_until": "2026-08-02"}, "已过有效期"),
        ({"address": "浙江省温州市瓯海区某路1号"}, "不影响认证"),
        ({"name": "林雨彤"}, "退出后用身份证上的姓名重新登录"),
        ({"id_number": "330302198811023217"}, "只能用本人的身份证"),
    ],
)
def test_what_differs_is_told_once_and_never_with_the_registers_own_value(
    wrong: dict[str, str], said: str, browser: TestClient, world: World
) -> None:
    first = browser.post(DETAILS, data=typed(ANSWERS | wrong))
    assert said in first.text and "data-focus" in first.text, "the page begins with it, for a reader too"
    assert submitted(world) == []
    again = browser.post(DETAILS, data=typed(ANSWERS | wrong, told=told_by(first)))
    assert again.status_code == 303
    assert submitted(world)[0][0].answers == ANSWERS | wrong


def test_another_answer_that_differs_is_told_again(browser: TestClient, world: World) -> None:
    first = browser.post(DETAILS, data=typed(ANSWERS | {"valid_from": "2016-08-03"}))
    second = browser.post(DETAILS, data=typed(ANSWERS | {"valid_from": "2016-08-04"}, told=told_by(first)))
    assert (second.status_code, submitted(world)) == (200, [])


def test_the_registers_are_not_asked_about_a_card_that_is_not_the_accounts(browser: TestClient, world: World) -> None:
    browser.post(DETAILS, data=typed(ANSWERS | {"id_number": "330302198811023217"}))
    assert world.cards.asked == []


def test_a_name_that_the_register_does_not_hold_learns_nothing_else(browser: TestClient, world: World) -> None:
    world.cards.records["resident_population"]["name"] = "别人"
    page = browser.post(DETAILS, data=typed(ANSWERS | {"address": "别的地方1号", "issuer": "别处公安局"})).text
    assert page.count('href="#answers-') == 1
    assert "姓名或户籍状态" in page


def test_registers_that_are_late_hold_nobody_up(browser: TestClient, world: World) -> None:
    world.cards.late = {"resident_population", "id_card_issue"}
    assert browser.post(DETAILS, data=typed(ANSWERS)).status_code == 303


def test_an_answer_that_cannot_be_is_told_beside_its_field(browser: TestClient, world: World) -> None:
    page = browser.post(DETAILS, data=typed(ANSWERS | {"id_number": "330302199003071283"}))
    assert page.status_code == 422
    assert 'id="answers-id_number-error"' in page.text
    assert world.cards.asked == []


def test_after_many_photographs_an_hour_one_is_asked_to_wait(browser: TestClient, world: World) -> None:
    world.cards.photos = PHOTOS_AN_HOUR
    assert send(browser, "front", b"front").status_code == 429


def test_the_demonstration_reads_a_sample_card(browser: TestClient, world: World) -> None:
    assert browser.post("/my/identity/demo", data={"csrf": CSRF}).headers["location"] == DETAILS
    assert world.drafts[ITEM]["answers"] == ANSWERS


def test_the_items_own_form_leads_to_the_photographs(browser: TestClient) -> None:
    assert browser.get(f"/items/{ITEM}/apply").headers["location"] == "/my/identity"


def test_signing_in_first_comes_back_here(stranger: TestClient) -> None:
    assert stranger.get("/my/identity").headers["location"] == "/sign-in?next=/my/identity"
