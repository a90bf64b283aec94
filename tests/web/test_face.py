"""The face check's pages: consent before anything, ways that suit the person, pauses, and what the result says."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from casework.views import IdentityView
from domain.application import Status
from domain.identity import Movement, Way
from domain.service_item import StepKind
from tests.web import fake_office as fake
from tests.web.fake_face import challenge
from tests.web.fake_office import CASE, CLERK_CSRF, CSRF, WORK, World

HERE = f"/applications/{CASE}"
CLIP = {"clip": ("clip.webm", b"\x1a\x45\xdf\xa3 bytes", "video/webm;codecs=vp8")}
GUARDIAN = {"guardian_name": "林建国", "guardian_id_number": "330302196001011234", "guardian_relation": "father"}


def identity(**changed: Any) -> IdentityView:
    base: dict[str, Any] = {
        "attempts_used": 0,
        "attempts_allowed": 3,
        "checking": False,
        "passed": False,
        "last_reasons": [],
        "consented": True,
    }
    return IdentityView(**base | changed)


def awaiting(world: World, **changed: Any) -> None:
    more = {name: changed.pop(name) for name in ("challenge",) if name in changed}
    world.case = fake.case_view(Status.VERIFYING, identity=identity(**changed), **more)


# --- consent ---------------------------------------------------------------------------------------------------------


def test_recording_needs_consent_first(browser: TestClient, world: World) -> None:
    awaiting(world, consented=False)
    for page in ("record", "file"):
        assert browser.get(f"{HERE}/face/{page}").headers["location"] == f"{HERE}/face"
    assert browser.post(f"{HERE}/face/demo", data={"csrf": CSRF}).headers["location"] == f"{HERE}/face"
    refused = browser.post(f"{HERE}/face", data={"csrf": CSRF})
    assert refused.status_code == 422 and 'href="#consent"' in refused.text and world.done == []
    assert browser.post(f"{HERE}/face", data={"csrf": CSRF, "consent": "yes"}).headers["location"] == f"{HERE}/face/record"
    assert world.done == [("consent_to_face_check", None)]


def test_the_consent_page_says_what_why_who_and_how_long_and_offers_the_counter(browser: TestClient, world: World) -> None:
    page = browser.get(f"{HERE}/face").text
    for said in ("视频加密保存到这件事办结，随后删除", "与户籍照片比对", "谁能看", "改到窗口核验身份"):
        assert said in page
    box = re.search(r'<input[^>]*name="consent"[^>]*>', page)
    assert box and "checked" not in box[0], "nobody's box is ticked for them"
    assert browser.post(f"{HERE}/face/counter", data={"csrf": CSRF}).headers["location"] == HERE
    assert ("choose_counter", CASE) in world.done


def test_a_guardian_consents_for_a_child(browser: TestClient, world: World) -> None:
    assert 'name="guardian_name"' not in browser.get(f"{HERE}/face").text
    awaiting(world, needs_guardian=True, consented=False)
    assert 'name="guardian_name"' in browser.get(f"{HERE}/face").text
    refused = browser.post(f"{HERE}/face", data={"csrf": CSRF, "consent": "yes", "guardian_name": "林建国"})
    assert refused.status_code == 422 and 'href="#guardian-id_number"' in refused.text and 'href="#guardian-relation"' in refused.text
    assert 'value="林建国"' in refused.text and world.done == []
    assert browser.post(f"{HERE}/face", data={"csrf": CSRF, "consent": "yes", **GUARDIAN}).status_code == 303
    ((_, guardian),) = world.done
    assert (guardian.name, guardian.relation) == ("林建国", "father")


def test_who_consents_after_the_code_is_over_is_given_a_new_one(browser: TestClient, world: World) -> None:
    awaiting(world, challenge=challenge(expires_at=datetime.now(UTC) - timedelta(minutes=1)))
    browser.post(f"{HERE}/face", data={"csrf": CSRF, "consent": "yes"})
    assert [name for name, _ in world.done] == ["consent_to_face_check", "renew_challenge"]


# --- recording -------------------------------------------------------------------------------------------------------


def test_what_is_asked_for_is_told_only_when_the_recording_begins(browser: TestClient, world: World) -> None:
    page = browser.get(f"{HERE}/face/record").text
    assert "3582" not in page and ("show_challenge", CASE) not in world.done
    told = browser.post(f"{HERE}/face/show", data={"csrf": CSRF})
    assert told.json() == {"challenge": str(world.asked.id), "code": "3582", "language": "zh", "acts": [{"kind": "move", "to": "left"}]}
    assert told.headers["cache-control"] == "no-store" and ("show_challenge", CASE) in world.done


def test_the_page_for_a_file_shows_what_is_asked_for_and_says_so_to_the_office(browser: TestClient, world: World) -> None:
    page = browser.get(f"{HERE}/face/file").text
    assert "3582" in page and "请向左转头" in page and world.done == [("show_challenge", CASE)]


@pytest.mark.parametrize(("movement", "phone", "said"), [("left", "right", "把手机移向右边"), ("right", "left", "把手机移向左边")])
def test_who_cannot_turn_the_head_is_told_where_the_phone_goes(
    browser: TestClient, world: World, movement: Movement, phone: str, said: str
) -> None:
    world.asked = challenge("digits", movements=[movement])
    assert browser.post(f"{HERE}/face/show", data={"csrf": CSRF}).json()["acts"] == [{"kind": "carry", "to": phone}]
    page = browser.get(f"{HERE}/face/file").text
    assert "358219" in page and said in page and "可以请人帮忙拿手机" in page
    assert "转头" not in page


@pytest.mark.parametrize(("way", "said"), [("code_and_turn", "向一边转头"), ("movements", "不用说话"), ("digits", "把手机移向一边")])
def test_the_consent_page_tells_how_in_the_way_that_was_chosen(browser: TestClient, world: World, way: Way, said: str) -> None:
    awaiting(world, consented=False, way=way)
    assert said in browser.get(f"{HERE}/face").text


@pytest.mark.parametrize(("way", "said"), [("movements", "不用说话"), ("digits", "把手机移向一边"), ("code_and_turn", "四个数字")])
def test_each_way_asks_for_something_new_and_has_its_own_words(browser: TestClient, world: World, way: Way, said: str) -> None:
    assert browser.post(f"{HERE}/face/code", data={"csrf": CSRF, "way": way}).headers["location"] == f"{HERE}/face/record"
    assert world.done == [("renew_challenge", (CASE, way))]
    assert said in browser.get(f"{HERE}/face/record").text


def test_a_way_that_there_is_not_leaves_the_way_as_it_was(browser: TestClient, world: World) -> None:
    browser.post(f"{HERE}/face/code", data={"csrf": CSRF, "way": "none"})
    assert world.done == [("renew_challenge", (CASE, None))]


def test_who_does_not_see_the_screen_is_read_to(browser: TestClient) -> None:
    onward = browser.post(f"{HERE}/face/code", data={"csrf": CSRF, "way": "digits", "aloud": "yes"}).headers["location"]
    assert onward == f"{HERE}/face/record?aloud=1"
    page = browser.get(onward).text
    assert 'data-aloud="yes"' in page
    for way in ("movements", "digits", "code_and_turn"):
        assert f'name="way" value="{way}"' in page, "whoever is not read to may still choose any way"


def test_the_camera_page_always_offers_the_counter(browser: TestClient, world: World) -> None:
    for page in ("record", "file"):
        assert f'action="{HERE}/face/counter"' in browser.get(f"{HERE}/face/{page}").text
    awaiting(world, challenge=challenge(expires_at=datetime.now(UTC) - timedelta(minutes=1)))
    assert f'action="{HERE}/face/counter"' in browser.get(f"{HERE}/face/record").text


def test_a_clip_from_the_plain_form_goes_on_with_its_type(browser: TestClient, world: World) -> None:
    assert browser.post(f"{HERE}/face/clip", data={"csrf": CSRF}, files=CLIP).headers["location"] == f"{HERE}/face/result"
    assert world.done == [("hand_in_clip", (10, "video/webm"))]


def test_a_clip_that_is_not_there_is_said_beside_the_field(browser: TestClient) -> None:
    answer = browser.post(f"{HERE}/face/clip", data={"csrf": CSRF})
    assert answer.status_code == 422 and 'href="#clip"' in answer.text and "3582" in answer.text


def test_a_clip_of_what_another_tab_has_replaced_is_no_try_and_the_page_shows_what_is_asked_now(browser: TestClient, world: World) -> None:
    page = browser.get(f"{HERE}/face/file").text
    shown = re.search(r'name="challenge" value="([^"]+)"', page)
    assert shown and shown[1] == str(world.asked.id)
    answer = browser.post(f"{HERE}/face/clip", data={"csrf": CSRF, "challenge": str(uuid4())}, files=CLIP)
    assert answer.status_code == 409 and "3582" in answer.text and "要录的内容已经换了" in answer.text
    assert browser.post(f"{HERE}/face/clip", data={"csrf": CSRF, "challenge": shown[1]}, files=CLIP).status_code == 303


@pytest.mark.parametrize("data", [b"%PDF-1.7 a letter", b"a note that was renamed", b""])
def test_a_file_that_is_no_video_is_said_beside_the_field_and_is_no_try(browser: TestClient, world: World, data: bytes) -> None:
    answer = browser.post(f"{HERE}/face/clip", data={"csrf": CSRF}, files={"clip": ("clip.mp4", data, "video/mp4")})
    assert answer.status_code == 422 and 'href="#clip"' in answer.text and "3582" in answer.text
    assert "hand_in_clip" not in dict(world.done)


# --- the result ------------------------------------------------------------------------------------------------------


def test_a_failed_check_says_what_helps_and_never_a_score(browser: TestClient, world: World) -> None:
    awaiting(world, attempts_used=1, tries_today=4, last_reasons=[fake.zh_en("您的脸在阴影里", "Your face was in shadow")])
    page = browser.get(f"{HERE}/face/result").text
    for said in ("您的脸在阴影里", "还可以再试 2 次", "今天已试 4 次，每天最多 10 次"):
        assert said in page
    assert "data-wait" not in page


def test_a_pause_sends_from_the_camera_to_the_page_that_counts_it_down(browser: TestClient, world: World) -> None:
    awaiting(world, attempts_used=1, wait_until=datetime.now(UTC) + timedelta(seconds=90))
    assert browser.get(f"{HERE}/face/record").headers["location"] == f"{HERE}/face/result"
    page = browser.get(f"{HERE}/face/result").text
    assert re.search(r'data-wait="(8\d|90)"', page)
    presses = re.findall(rf'<form method="post" action="{HERE}/face/code">.*?</form>', page)
    assert len(presses) == 5 and all("data-after-wait" in press for press in presses), "every way waits, as the try does"


def test_after_a_failure_the_phones_own_camera_is_offered_with_something_new(browser: TestClient, world: World) -> None:
    awaiting(world, attempts_used=1)
    page = browser.get(f"{HERE}/face/result").text
    assert 'name="onward" value="file"' in page and "data-after-wait" not in page
    onward = browser.post(f"{HERE}/face/code", data={"csrf": CSRF, "way": "digits", "onward": "file"}).headers["location"]
    assert onward == f"{HERE}/face/file" and ("renew_challenge", (CASE, "digits")) in world.done


def test_after_the_last_try_the_page_says_what_to_bring_and_where_it_went(browser: TestClient, world: World) -> None:
    awaiting(world, attempts_used=3, to_counter=True)
    page = browser.get(f"{HERE}/face/result").text
    for said in ("改由窗口核验身份", "您没有做错什么", "本人的居民身份证", fake.NUMBER):
        assert said in page
    assert f'action="{HERE}/face/code"' not in page


def test_an_application_that_has_ended_sends_nobody_to_a_counter(browser: TestClient, world: World) -> None:
    world.case = fake.case_view(Status.WITHDRAWN, identity=identity(attempts_used=1))
    assert browser.get(f"{HERE}/face/result").headers["location"] == HERE
    live = browser.get(f"{HERE}/face/live").text
    assert "已经结束" in live and "请到窗口" not in live


def test_who_has_used_up_the_day_keeps_the_counter(browser: TestClient, world: World) -> None:
    tomorrow = datetime.now(UTC) + timedelta(hours=9)
    awaiting(world, attempts_used=1, tries_today=10, to_counter=True, wait_until=tomorrow)
    page = browser.get(f"{HERE}/face/result").text
    assert f'action="{HERE}/face/counter"' in page and "今天的次数已用完" in page


# --- the clerk who takes over ----------------------------------------------------------------------------------------

ITEM = f"/staff/work-items/{WORK}"


def test_the_clerk_sees_each_tries_pictures_beside_the_portrait_and_why(browser: TestClient, world: World) -> None:
    world.detail = fake.work_detail(StepKind.IDENTITY_CHECK)
    page = browser.get(ITEM).text
    assert f'src="{ITEM}/identity/portrait"' in page and page.count("/frames/") == 6
    for said in (
        "与户籍照片是同一人",
        "未通过",
        "未做",
        "三张最清楚的画面与户籍照片的距离都超过门槛",
        "告诉申请人的话：",
        "没有可看的画面",
    ):
        assert said in page
    assert "same_person" in page, "the decision stays the clerk's own"


def test_a_face_is_served_to_be_looked_at_and_not_to_be_kept(browser: TestClient, world: World) -> None:
    world.face_picture = fake.picture()
    for address in ("identity/portrait", f"identity/{CASE}/frames/2"):
        answer = browser.get(f"{ITEM}/{address}")
        assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("image/jpeg", "no-store")
    assert world.done == [("portrait", WORK), ("frame", (CASE, 2))]


def test_no_face_is_on_the_page_of_who_does_not_hold_the_check(browser: TestClient, world: World) -> None:
    world.detail = fake.work_detail(StepKind.IDENTITY_CHECK, may_complete=False)
    page = browser.get(ITEM).text
    assert "/identity/" not in page and "领取后才能看到画面和照片" in page
    assert not any(name == "identity_file" for name, _ in world.done)


def test_a_result_that_lacks_something_still_shows_the_pictures(browser: TestClient, world: World) -> None:
    world.detail = fake.work_detail(StepKind.IDENTITY_CHECK)
    assert "/identity/portrait" in browser.post(ITEM, data={"csrf": CLERK_CSRF}).text
