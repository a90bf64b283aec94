"""What an applicant does on a case's pages: pays, answers, reads what was sent; and what each page says of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from casework import applying
from casework import paying as casework_paying
from domain.application import ApplicationRequest, Status
from domain.appointments import AppointmentStatus
from domain.errors import Unavailable
from domain.money import PaymentState
from domain.parcels import ParcelState
from tests.web import fake_following as following
from tests.web import fake_office as fake
from tests.web.fake_following import PAY_URL
from tests.web.fake_office import CASE, CSRF, NOW, World

HERE = f"/applications/{CASE}"
SPITE = '<img src=x onerror="alert(1)">'


def paying(**fee: Any) -> Any:
    return fake.case_view(Status.PAYING, fee=following.fee_view(**fee), actions=["pay", "withdraw"])


# --- the fee -----------------------------------------------------------------------------------------------------


def test_the_way_to_pay_leads_through_the_fee_to_the_provider_and_back_to_a_case_that_waits(world: World, browser: TestClient) -> None:
    world.case = paying()
    assert "请缴费" in browser.get(HERE).text
    page = browser.get(f"{HERE}/fee").text
    assert "40.50 元" in page and following.BASIS.zh in page and f'href="{HERE}/fee/pay"' in page
    away = browser.get(f"{HERE}/fee/pay")
    assert (away.status_code, away.headers["location"]) == (303, PAY_URL)
    browser.cookies.update(away.cookies)
    back = browser.get(HERE).text
    assert "正在等支付平台确认" in back and "没付成？重新打开支付页面" in back
    world.case = fake.case_view(Status.GATHERING, fee=following.fee_view(PaymentState.PAID))
    known = browser.get(HERE).text
    assert "正在等支付平台确认" not in known and "已缴费" in known


def test_coming_back_makes_the_case_ask_the_provider_once(world: World, browser: TestClient) -> None:
    world.case = paying()
    browser.get(HERE)
    assert world.done == [], "who was not at the provider's makes nobody ask"
    browser.cookies.update(browser.get(f"{HERE}/fee/pay").cookies)
    for _ in range(3):
        browser.cookies.update(browser.get(HERE).cookies)
    assert world.done == [("look_at_payment", CASE)]
    browser.cookies.update(browser.get(f"{HERE}/fee/pay").cookies)
    browser.get(HERE)
    assert world.done == [("look_at_payment", CASE)] * 2, "each way to the provider and back"


def test_an_engine_that_is_away_spoils_no_case_page(world: World, browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any) -> None:
        raise Unavailable

    world.case = paying()
    browser.cookies.update(browser.get(f"{HERE}/fee/pay").cookies)
    monkeypatch.setattr(casework_paying, "look_at_payment", away)
    assert "正在等支付平台确认" in browser.get(HERE).text


def test_another_cases_payment_makes_nobody_wait(world: World, browser: TestClient) -> None:
    world.case = paying()
    browser.cookies.set("onetrip_paying", str(UUID(int=5)))
    assert "正在等支付平台确认" not in browser.get(HERE).text


def test_what_is_paid_or_closed_leads_nowhere(world: World, browser: TestClient) -> None:
    world.case = fake.case_view(Status.GATHERING, fee=following.fee_view(PaymentState.PAID))
    assert browser.get(f"{HERE}/fee").headers["location"] == HERE
    assert browser.get(f"{HERE}/fee/pay").status_code == 409


@pytest.mark.parametrize(("fen", "said"), [(1, "0.01 元"), (100, "1.00 元"), (4_050, "40.50 元"), (123_456_789, "1,234,567.89 元")])
def test_an_amount_is_told_to_the_last_fen(fen: int, said: str, world: World, browser: TestClient) -> None:
    world.case = paying(fen=fen)
    assert f">{said}<" in browser.get(f"{HERE}/fee").text


def test_a_receipt_names_its_number_and_a_refund_is_on_it(world: World, browser: TestClient) -> None:
    world.case = fake.case_view(Status.REFUSED, fee=following.fee_view(PaymentState.REFUNDED))
    receipt = browser.get(f"{HERE}/receipt").text
    assert "4200002288202611210000000001" in receipt
    assert "已于" in receipt and "原路退回" in receipt
    world.case = paying()
    assert browser.get(f"{HERE}/receipt").status_code == 404


def test_who_was_refused_after_paying_reads_that_the_fee_comes_back(world: World, browser: TestClient) -> None:
    world.case = fake.case_view(Status.REFUSED, fee=following.fee_view(PaymentState.PAID))
    assert "这笔费用会原路退回" in browser.get(HERE).text
    world.case = fake.case_view(Status.COMPLETED, "no-criminal-record", fee=following.fee_view(PaymentState.PAID))
    assert "这笔费用会原路退回" not in browser.get(HERE).text


def test_who_withdraws_after_paying_reads_that_the_fee_comes_back(world: World, browser: TestClient) -> None:
    world.case = fake.case_view(Status.REVIEWING, fee=following.fee_view(PaymentState.PAID))
    assert "您缴的 40.50 元会原路退回" in browser.get(f"{HERE}/withdraw").text
    world.case = fake.case_view(Status.REVIEWING)
    assert "原路退回" not in browser.get(f"{HERE}/withdraw").text


# --- a question --------------------------------------------------------------------------------------------------


def ask(world: World, text: str = "您在单位用哪个名字？") -> Any:
    asked = fake.open_question_view().model_copy(update={"text": text})
    world.case = fake.case_view(
        Status.REVIEWING, questions=[asked], waiting_for=[following.waiting_for_answer()], actions=["answer", "withdraw"]
    )
    return asked


def test_a_question_is_on_the_case_page_and_answered_on_its_own(world: World, browser: TestClient) -> None:
    asked = ask(world)
    page = browser.get(HERE).text
    assert "民警有一个问题要问您" in page and asked.text in page
    form = {"csrf": CSRF, "question": str(asked.id), "answer": " 一直用“林雨桐”。\r\n工作证上也是。 "}
    answer = browser.post(f"{HERE}/question", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, HERE)
    assert ("answer", (asked.id, "一直用“林雨桐”。\n工作证上也是。")) in world.done


def test_an_empty_answer_is_said_beside_the_field(world: World, browser: TestClient) -> None:
    asked = ask(world)
    answer = browser.post(f"{HERE}/question", data={"csrf": CSRF, "question": str(asked.id), "answer": "  "})
    assert answer.status_code == 422
    assert '<a href="#answer">' in answer.text and 'id="answer-error"' in answer.text
    assert not [entry for entry in world.done if entry[0] == "answer"]


def test_an_answer_without_its_question_is_nowhere(world: World, browser: TestClient) -> None:
    fake_case = fake.case_view(Status.REVIEWING)
    world.case = fake_case
    assert browser.post(f"{HERE}/question", data={"csrf": CSRF, "question": "x", "answer": "y"}).status_code == 404
    assert browser.get(f"{HERE}/question").headers["location"] == HERE


def test_what_a_clerk_wrote_is_text_and_nothing_else(world: World, browser: TestClient) -> None:
    ask(world, SPITE)
    for path in (HERE, f"{HERE}/question"):
        page = browser.get(path).text
        assert SPITE not in page and "&lt;img" in page


# --- limits and trips --------------------------------------------------------------------------------------------


def test_the_case_says_who_has_it_until_when_and_both_limits(world: World, browser: TestClient) -> None:
    world.case = fake.case_view(Status.REVIEWING)
    page = browser.get(HERE).text
    for said in ("现在在谁手里", "最晚到", "承诺办结", "法定期限", "只跑一次：到窗口核对原件"):
        assert said in page
    world.case = fake.case_view(Status.SUPPLEMENTING)
    page = browser.get(HERE).text
    assert "我们在等您，这段时间不计入办理时限" in page and "承诺办结" not in page


def test_an_investigation_is_told_without_alarm_and_without_its_reason(world: World, browser: TestClient) -> None:
    world.case = fake.case_view(Status.REVIEWING, looked_into=True)
    page = browser.get(HERE).text
    assert "正在核实情况" in page and "不需要您做什么" in page


@pytest.mark.parametrize("why", ["originals", "identity", "returned_parcel"])
def test_a_visit_asks_to_bring_what_it_is_for(why: Any, world: World, browser: TestClient) -> None:
    trips = fake.case_view().trips.model_copy(update={"needed": 1, "why": why})  # type: ignore[union-attr]
    parcel = following.parcel_view(ParcelState.RETURNED) if why == "returned_parcel" else None
    world.case = fake.case_view(Status.AWAITING_COUNTER, trips=trips, parcel=parcel, actions=["book", "withdraw"])
    page = browser.get(HERE).text
    original = next(m for m in world.case.item.originals if m.code == "household-book").name.zh
    assert (original in page) == (why == "originals")
    assert "居民身份证（核对本人）" in page
    assert ("本来不用您跑" in page) == (why == "returned_parcel")
    assert f'href="{HERE}/appointment"' in page


def test_a_booked_time_is_on_the_page_and_a_missed_one_can_be_made_again(world: World, browser: TestClient) -> None:
    booked = following.appointment_view()
    world.case = fake.case_view(Status.AWAITING_COUNTER, appointment=booked, actions=["book"])
    page = browser.get(HERE).text
    assert "已预约：" in page and "改时间或取消预约" in page
    missed = following.appointment_view(AppointmentStatus.NO_SHOW)
    world.case = fake.case_view(Status.AWAITING_COUNTER, appointment=missed, actions=["book"])
    page = browser.get(HERE).text
    assert "您没有在预约的时间到窗口" in page and "预约到窗口的时间" in page


def test_after_the_end_one_may_rate_once(world: World, browser: TestClient) -> None:
    world.case = fake.case_view(Status.COMPLETED, "no-criminal-record", actions=["rate"])
    assert f'href="{HERE}/rating"' in browser.get(HERE).text
    world.case = fake.case_view(Status.COMPLETED, "no-criminal-record", grade=5)
    assert f"{HERE}/rating" not in browser.get(HERE).text


# --- messages ----------------------------------------------------------------------------------------------------


def test_each_message_says_when_and_where_it_went_or_why_not_yet(world: World, browser: TestClient) -> None:
    world.notices, world.case = following.notice_views(), fake.case_view(Status.REVIEWING)
    for path in ("/my-notices", HERE):
        page = browser.get(path).text
        for said in (
            "短信马上发到 199****0001",
            "夜里不打扰您",
            "暂时发不出去",
            "邮件已于",
            "l***@example.com",
            "没有留手机号",
            "没有留电子邮箱",
        ):
            assert said in page, (path, said)


def test_messages_are_escaped(world: World, browser: TestClient) -> None:
    world.notices = [following.notice_view(text=fake.zh_en(SPITE, SPITE), to=SPITE)]
    assert SPITE not in browser.get("/my-notices").text


# --- the e-mail address ------------------------------------------------------------------------------------------


def test_an_address_is_kept_and_cleared(world: World, browser: TestClient) -> None:
    kept = browser.post("/my-data/email", data={"csrf": CSRF, "email": "Lin@Example.COM"})
    assert (kept.status_code, world.email) == (303, "Lin@example.com")
    assert 'value="Lin@example.com"' in browser.get(kept.headers["location"]).text
    browser.post("/my-data/email", data={"csrf": CSRF, "email": ""})
    assert world.email is None


@pytest.mark.parametrize("typed", ["lin", "lin@example.com\nBcc: all@example.com", SPITE])
def test_what_is_no_address_is_kept_on_the_page_and_not_by_us(typed: str, world: World, browser: TestClient) -> None:
    answer = browser.post("/my-data/email", data={"csrf": CSRF, "email": typed})
    assert answer.status_code == 422
    assert '<a href="#email">' in answer.text and SPITE not in answer.text
    assert world.email is None


DRAFT = {"answers": {"reason": "abroad"}, "delivery": {"method": "online"}}
CHECK = "/items/no-criminal-record/check"


def test_the_address_on_the_check_page_goes_with_the_application(world: World, browser: TestClient) -> None:
    world.drafts["no-criminal-record"], world.email = dict(DRAFT), "lin@example.com"
    assert 'value="lin@example.com"' in browser.get(CHECK).text
    browser.post(CHECK, data={"csrf": CSRF, "key": "k-1", "email": "other@example.com"})
    asked: ApplicationRequest = next(value for name, value in world.done if name == "submit")[0]
    assert asked.applicant.email == "other@example.com"


def test_a_wrong_address_on_the_check_page_submits_nothing(world: World, browser: TestClient) -> None:
    world.drafts["no-criminal-record"] = dict(DRAFT)
    answer = browser.post(CHECK, data={"csrf": CSRF, "key": "k-1", "email": "lin at example.com"})
    assert answer.status_code == 422
    assert 'value="lin at example.com"' in answer.text and 'id="email-error"' in answer.text
    assert not [name for name, _ in world.done if name == "submit"]


def test_after_an_outage_the_same_request_is_sent_again(world: World, browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key may be used by now, so the address cannot change under it."""

    async def away(*_: Any) -> Any:
        raise Unavailable

    world.drafts["no-criminal-record"] = dict(DRAFT)
    with monkeypatch.context() as patch:
        patch.setattr(applying, "submit", away)
        answer = browser.post(CHECK, data={"csrf": CSRF, "key": "k-1", "email": "lin@example.com"})
    assert answer.status_code == 503
    assert '<input type="hidden" name="email" value="lin@example.com">' in answer.text
    assert 'name="key" value="k-1"' in answer.text


def test_the_days_that_are_left_are_counted(world: World, browser: TestClient) -> None:
    waits = following.waiting_for_answer().model_copy(update={"until": NOW + timedelta(days=3)})
    world.case = fake.case_view(Status.REVIEWING, waiting_for=[waits])
    assert "还有 3 天" in browser.get(HERE).text
