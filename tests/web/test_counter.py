"""The counter's pages: who is there, what they brought and sign, what they bring next time; and filing for somebody."""

import base64
import io
import re
from typing import Any
from uuid import UUID

import pytest
from PIL import Image
from starlette.testclient import TestClient

from domain.application import Status
from domain.appointments import AppointmentStatus
from domain.inquiries import Pattern
from domain.service_item import StepKind
from tests.web import fake_office as fake
from tests.web.fake_counter import FULL, NAME, NUMBER, PERSON, arrival, booked_view, booking_view, counter_clerk, elsewhere, visit_row
from tests.web.fake_office import CASE, CLERK_CSRF, CSRF, WORK, World

COUNTER = f"/staff/counter/{WORK}"
FILED = f"/staff/filing/cases/{CASE}"
ALL_SAME = {"original:proof": "same", "original:household-book": "same"}
SIGNED = {"signed": "yes", "signed_name": NAME}


@pytest.fixture(autouse=True)
def at_a_counter(world: World) -> None:
    world.clerk = counter_clerk()


def drawing() -> str:
    out = io.BytesIO()
    Image.new("RGB", (90, 27), "white").save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def acts(world: World) -> list[str]:
    return [name for name, _ in world.done]


# --- finding, checking in ---


@pytest.mark.parametrize(
    ("typed", "kind", "number"),
    [
        ("33030020261121 000123 ", "number", NUMBER),
        (f"https://onetrip.example/verify?number={NUMBER}", "number", NUMBER),
        (fake.ME, "id_card", fake.ME),
    ],
)
def test_the_counter_finds_by_what_a_scanner_types(typed: str, kind: str, number: str, browser: TestClient, world: World) -> None:
    browser.get("/staff/counter", params={"q": typed})
    found = dict(world.done)
    assert (found["visits"].kind, found["visits"].number, found["find"]) == (kind, number, number)


def test_a_case_that_another_counter_awaits_is_not_named_until_the_person_is_there(browser: TestClient, world: World) -> None:
    world.found, world.visits_found = [], [elsewhere(present=False)]
    page = browser.get("/staff/counter", params={"q": NUMBER}).text
    assert NAME not in page and "check-in" not in page and "本人在场" in page

    world.visits_found = [elsewhere(present=True)]
    page = browser.get("/staff/counter", params={"q": fake.ME}).text
    assert NAME in page and 'action="/staff/counter/check-in"' in page and f'name="proof" value="{fake.ME}"' in page


@pytest.mark.parametrize(
    ("kind", "onward"),
    [
        (StepKind.COUNTER_CHECK, COUNTER),
        (StepKind.COLLECTION, COUNTER),
        (StepKind.IDENTITY_CHECK, f"/staff/work-items/{WORK}"),
    ],
)
def test_checking_in_leads_to_the_work(kind: StepKind, onward: str, browser: TestClient, world: World) -> None:
    world.visits_found = [visit_row(kind=kind)]
    answer = browser.post("/staff/counter/check-in", data={"csrf": CLERK_CSRF, "application": str(CASE), "proof": NUMBER})
    assert answer.headers["location"] == onward
    assert world.done == [("check_in", NUMBER)]


@pytest.mark.parametrize("application", ["", "abc", str(UUID(int=5))])
def test_checking_in_a_case_that_is_none_is_said(application: str, browser: TestClient) -> None:
    answer = browser.post("/staff/counter/check-in", data={"csrf": CLERK_CSRF, "application": application, "proof": NUMBER})
    assert answer.status_code in (404, 422) and "govuk-error-summary" in answer.text


def test_a_pre_reviewer_finds_work_and_checks_nobody_in(browser: TestClient, world: World) -> None:
    world.clerk = fake.clerk_actor()
    page = browser.get("/staff/counter", params={"q": NUMBER}).text
    assert "visits" not in acts(world) and "check-in" not in page
    assert browser.get("/staff/filing").status_code == 403


def test_todays_appointments_tell_who_has_checked_in(browser: TestClient, world: World) -> None:
    world.expected = [
        arrival(0, checked_in_at=arrival(0).starts_at),
        arrival(30),
        arrival(60, status=AppointmentStatus.NO_SHOW),
        arrival(90, waits=False),
    ]
    page = browser.get("/staff/counter/today").text
    assert [said in page for said in ("已签到 08:30", "未到", "已记爽约", "已办")] == [True] * 4


# --- comparing, signing ---


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({}, "original-proof"),
        ({"original:proof": "same"}, "original-household-book"),
        ({"original:proof": "different", "original:household-book": "same", "signed": "yes"}, "reason"),
        (ALL_SAME, "signed"),
        (ALL_SAME | {"signed": "yes"}, "signature"),
        (ALL_SAME | {"signed": "yes", "signed_name": "别的人"}, "signature"),
        (ALL_SAME | {"signed": "yes", "signature": "data:image/png;base64,AAAA"}, "signature"),
    ],
)
def test_the_counter_says_what_is_still_to_be_done(typed: dict[str, str], field: str, browser: TestClient, world: World) -> None:
    world.detail = fake.work_detail(StepKind.COUNTER_CHECK)
    answer = browser.post(COUNTER, data={"csrf": CLERK_CSRF, **typed})
    assert answer.status_code == 422 and f'href="#{field}"' in answer.text and f'id="{field}"' in answer.text
    assert world.done == []


@pytest.mark.parametrize(
    ("typed", "outcome", "signed"),
    [
        (ALL_SAME | SIGNED, "match", [("receipt", "text/plain")]),
        (ALL_SAME | {"signed": "yes", "signature": drawing()}, "match", [("receipt", "image/jpeg")]),
        (ALL_SAME | {"original:proof": "different", "reason": "编号不同", "signed": "yes"}, "differ", []),
    ],
)
def test_the_findings_on_the_originals_make_the_outcome(
    typed: dict[str, str], outcome: str, signed: list[Any], browser: TestClient, world: World
) -> None:
    world.detail = fake.work_detail(StepKind.COUNTER_CHECK)
    answer = browser.post(COUNTER, data={"csrf": CLERK_CSRF, **typed})
    assert answer.headers["location"] == f"{COUNTER}/done"
    assert [asked for name, asked in world.done if name == "keep_signature"] == signed
    assert world.done[-1][1]["outcome"] == outcome


def test_who_lacks_an_original_goes_with_a_note_of_what_to_bring(browser: TestClient, world: World) -> None:
    world.detail = fake.work_detail(StepKind.COUNTER_CHECK)
    answer = browser.post(COUNTER, data={"csrf": CLERK_CSRF, **ALL_SAME, "original:household-book": "missing"})
    assert answer.status_code == 200 and "居民户口簿原件" in answer.text and "不用重新申请" in answer.text
    assert world.done == [("end_visit", ["household-book"])]


def test_a_missing_original_never_hides_one_that_differs(browser: TestClient, world: World) -> None:
    world.detail = fake.work_detail(StepKind.COUNTER_CHECK)
    typed = {"original:proof": "different", "original:household-book": "missing", "reason": "编号不同", "signed": "yes"}
    browser.post(COUNTER, data={"csrf": CLERK_CSRF, **typed})
    assert world.done[-1][1]["outcome"] == "differ"


def test_a_picture_of_an_original_goes_beside_its_upload_and_nothing_filled_in_is_lost(browser: TestClient, world: World) -> None:
    world.detail = fake.work_detail(StepKind.COUNTER_CHECK)
    typed = {"csrf": CLERK_CSRF, "original:proof": "same", "scan_code": "proof", "signed_name": NAME}
    photo = {"scan": ("proof.jpg", fake.picture(), "image/jpeg")}
    answer = browser.post(f"{COUNTER}/scan", data=typed, files=photo)
    assert answer.status_code == 200
    assert world.done == [("scan_original", ("proof", len(fake.picture()), "image/jpeg"))]
    assert re.search(r'name="original:proof" value="same" checked', answer.text) and f'value="{NAME}"' in answer.text
    assert 'href="#scan"' in browser.post(f"{COUNTER}/scan", data=typed).text


def test_a_parcel_that_came_back_is_handed_over_against_a_signature(browser: TestClient, world: World) -> None:
    world.detail = fake.work_detail(StepKind.COLLECTION, originals=[])
    assert "交给申请人" in browser.get(COUNTER).text
    assert 'href="#signature"' in browser.post(COUNTER, data={"csrf": CLERK_CSRF, "signed": "yes"}).text
    assert browser.post(COUNTER, data={"csrf": CLERK_CSRF, **SIGNED}).headers["location"] == f"{COUNTER}/done"
    assert world.done[-1][1]["outcome"] == "handed_over"


def test_a_void_case_tells_the_clerk_the_number_of_its_inquiry(browser: TestClient, world: World) -> None:
    world.detail = fake.work_detail(StepKind.COUNTER_CHECK, application=fake.case_view(Status.VOID))
    world.inquiry = "DC330302202611210001"
    assert world.inquiry in browser.get(f"{COUNTER}/done").text
    assert Pattern.ORIGINALS_DIFFER.value not in browser.get(f"{COUNTER}/done").text


# --- appointments ---


def test_a_day_is_picked_and_then_a_time(browser: TestClient, world: World) -> None:
    here = f"/applications/{CASE}/appointment"
    first = browser.get(here).text
    assert f'href="{here}?day=2027-03-01#times"' in first and 'name="starts_at"' not in first
    times = browser.get(f"{here}?day=2027-03-01").text
    assert "上午" in times and "下午" in times and 'value="2027-03-01T14:00:00+08:00"' in times
    answer = browser.post(here, data={"csrf": CSRF, "day": "2027-03-01", "starts_at": "2027-03-01T14:00:00+08:00"})
    assert answer.headers["location"] == f"/applications/{CASE}?booked=1"
    assert [(name, str(at)) for name, at in world.done] == [("book", "2027-03-01 14:00:00+08:00")]


@pytest.mark.parametrize(("starts_at", "status"), [("", 422), ("soon", 422), (FULL.isoformat(), 409)])
def test_a_time_that_cannot_be_had_is_said_beside_the_times(starts_at: str, status: int, browser: TestClient, world: World) -> None:
    typed = {"csrf": CSRF, "day": "2027-03-01", "starts_at": starts_at}
    answer = browser.post(f"/applications/{CASE}/appointment", data=typed)
    assert answer.status_code == status and 'href="#starts_at"' in answer.text and 'value="2027-03-01T14:00:00+08:00"' in answer.text
    assert world.done == []


def test_what_is_booked_can_be_given_back_by_the_applicant_and_by_a_clerk(browser: TestClient, world: World) -> None:
    world.bookable = booking_view(current=booked_view())
    for here, csrf in ((f"/applications/{CASE}/appointment", CSRF), (f"/staff/counter/cases/{CASE}/appointment", CLERK_CSRF)):
        assert f'action="{here}/cancel"' in browser.get(here).text
        assert browser.post(f"{here}/cancel", data={"csrf": csrf}).status_code == 303
    assert world.done == [("cancel", CASE)] * 2


def test_a_page_that_is_no_day_asks_for_a_day(browser: TestClient) -> None:
    assert 'name="starts_at"' not in browser.get(f"/applications/{CASE}/appointment?day=tomorrow").text


# --- filing ---


def test_filing_begins_with_the_person_and_the_card(browser: TestClient, world: World) -> None:
    typed = {"csrf": CLERK_CSRF, "item": "name-change", "id_number": fake.ME, "name": NAME, "phone": ""}
    refused = browser.post("/staff/filing", data=typed)
    assert refused.status_code == 422 and 'href="#card_seen"' in refused.text and f'value="{fake.ME}"' in refused.text
    assert re.search(r'value="name-change" selected', refused.text)
    answer = browser.post("/staff/filing", data={**typed, "card_seen": "yes"})
    assert answer.headers["location"] == f"/staff/filing/{PERSON}/name-change/apply"
    assert 'href="#item"' in browser.post("/staff/filing", data={**typed, "item": "nothing"}).text


def test_the_clerk_sees_the_applicants_own_forms_under_the_counters_address(browser: TestClient, world: World) -> None:
    here = f"/staff/filing/{PERSON}/no-criminal-record"
    form = browser.get(f"{here}/apply").text
    assert f'action="{here}/apply"' in form and "ot-header--staff" in form and NAME in form
    answer = browser.post(f"{here}/apply", data={"csrf": CLERK_CSRF, "reason": "abroad"})
    assert answer.headers["location"] == f"{here}/check"
    check = browser.get(f"{here}/check").text
    assert "data-signature" in check and "没有手机" in check and "email" not in re.sub(r"<head.*?</head>", "", check, flags=re.S)


def test_the_applicant_signs_what_was_filled_in_before_it_is_sent(browser: TestClient, world: World) -> None:
    here = f"/staff/filing/{PERSON}/no-criminal-record"
    browser.post(f"{here}/apply", data={"csrf": CLERK_CSRF, "reason": "abroad"})
    unsigned = browser.post(f"{here}/check", data={"csrf": CLERK_CSRF, "key": "k"})
    assert unsigned.status_code == 422 and 'href="#signature"' in unsigned.text
    assert (
        browser.post(f"{here}/check", data={"csrf": CLERK_CSRF, "key": "k", "signed_name": NAME}).headers["location"]
        == f"{FILED}?submitted=1"
    )
    assert acts(world) == ["file"]


def test_a_filed_case_leads_to_the_camera_or_to_the_card(browser: TestClient, world: World) -> None:
    page = browser.get(FILED).text
    assert f'href="{FILED}/face"' in page and f'action="{FILED}/identity"' not in page
    assert f"请把下面的说明念给{NAME}听" in browser.get(f"{FILED}/face").text
    agreed = browser.post(f"{FILED}/face", data={"csrf": CLERK_CSRF, "consent": "yes"})
    assert agreed.headers["location"] == f"{FILED}/face/record"
    recording = browser.get(f"{FILED}/face/record").text
    assert f'data-uploads="{FILED}/face/uploads"' in recording and 'data-keep="no"' in recording, (
        "nobody's clip stays on a counter's computer"
    )

    world.waits_for_clerk = WORK
    assert f'action="{FILED}/identity"' in browser.get(FILED).text
    assert browser.post(f"{FILED}/identity", data={"csrf": CLERK_CSRF}).headers["location"] == f"/staff/work-items/{WORK}"


def test_the_receipt_tells_what_to_bring_or_nothing(browser: TestClient, world: World) -> None:
    world.case = fake.case_view(Status.VERIFYING, "no-criminal-record")
    assert "不用再来" in browser.get(f"{FILED}/receipt").text
    world.case = fake.case_view(Status.VERIFYING, "name-change", delivery="counter")
    receipt = browser.get(f"{FILED}/receipt").text
    assert NUMBER in receipt and "data:image/svg+xml" in receipt and "核对本人" in receipt


def test_a_phone_is_replaced_only_when_that_is_asked_for(browser: TestClient, world: World) -> None:
    typed = {"csrf": CLERK_CSRF, "id_number": fake.ME, "name": NAME, "phone": "13900000009", "card_seen": "yes"}
    refused = browser.post("/staff/filing/phone", data=typed)
    assert refused.status_code == 422 and 'name="replace_phone"' in refused.text
    assert browser.post("/staff/filing/phone", data={**typed, "replace_phone": "yes"}).status_code == 303
    assert world.done == [("enter_phone", "13900000009")]


def test_an_applicant_has_no_door_to_the_counters_pages(browser: TestClient) -> None:
    browser.cookies.delete("onetrip_staff")
    for path in (FILED, f"{FILED}/face", f"/staff/filing/{PERSON}/name-change/apply", "/staff/filing/phone"):
        assert browser.get(path).headers["location"].startswith("/staff/sign-in")
