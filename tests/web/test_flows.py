"""What forms do: tokens, errors beside their fields with everything kept, and what reaches the use cases."""

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.application import ApplicationRequest, Status
from domain.errors import FieldError, InvalidInput
from tests.web import fake_office as fake
from tests.web.fake_administration import ACCOUNT
from tests.web.fake_counter import PERSON
from tests.web.fake_office import CASE, CHILD, CLERK_CSRF, CODE_REQUEST, CSRF, HUSBAND, UPLOAD, WORK, World
from tests.web.fake_queue import KEPT
from web.visitor import MAX_BODY

HERE = f"/applications/{CASE}"
INQUIRY = "01930000-0000-7000-8000-0000000000d1"
ITEM = f"/staff/work-items/{WORK}"
COUNTER = f"/staff/counter/{WORK}"
FILING, FILED = f"/staff/filing/{PERSON}", f"/staff/filing/cases/{CASE}"
HOME = "浙(2023)温州市不动产权第0045678号"


def token_of(client: TestClient, path: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)
    assert found
    return found[1]


# --- tokens ---

POSTS = [
    "/sign-in",
    "/sign-in/code",
    "/sign-out",
    "/verify",
    "/items/name-change/apply",
    "/items/purchase-migration/delivery",
    "/items/name-change/check",
    f"{HERE}/withdraw",
    f"{HERE}/question",
    "/my-data/email",
    "/my/identity/card/front",
    "/my/identity/demo",
    "/my/identity/details",
    f"{HERE}/materials/proof",
    f"{HERE}/supplement",
    f"{HERE}/rating",
    f"{HERE}/face",
    f"{HERE}/face/code",
    f"{HERE}/face/counter",
    f"{HERE}/face/clip",
    f"{HERE}/face/demo",
    f"{HERE}/face/show",
    "/staff/sign-in",
    "/staff/sign-out",
    "/staff/take-next",
    "/staff/search",
    "/staff/bulk",
    "/staff/views",
    f"/staff/views/{KEPT}/drop",
    "/staff/notices/read",
    "/staff/templates",
    f"/staff/templates/{KEPT}/drop",
    "/staff/delegations",
    f"/staff/delegations/{KEPT}/end",
    *(f"{ITEM}/{act}" for act in ("hand-over", "offer", "decline", "priority")),
    ITEM,
    f"{ITEM}/claim",
    f"{ITEM}/release",
    f"{ITEM}/questions",
    f"{ITEM}/investigations",
    f"{ITEM}/investigations/close",
    f"{ITEM}/notes",
    COUNTER,
    f"{COUNTER}/scan",
    "/staff/counter/check-in",
    f"{HERE}/appointment",
    f"{HERE}/appointment/cancel",
    f"/staff/counter/cases/{CASE}/appointment",
    f"/staff/counter/cases/{CASE}/appointment/cancel",
    "/staff/filing",
    "/staff/filing/phone",
    f"{FILING}/name-change/apply",
    f"{FILING}/purchase-migration/delivery",
    f"{FILING}/name-change/check",
    f"{FILED}/identity",
    f"{FILED}/materials/proof",
    *(f"{FILED}/face{rest}" for rest in ("", "/code", "/counter", "/clip", "/demo", "/show")),
    f"/staff/cases/{CASE}/inquiries",
    f"/staff/inquiries/{INQUIRY}/take",
    f"/staff/inquiries/{INQUIRY}/entries",
    f"/staff/inquiries/{INQUIRY}/ask",
    f"/staff/inquiries/{INQUIRY}/close",
    "/staff/first-sign-in",
    "/staff/admin/calendar",
    "/staff/admin/calendar/take-back",
    "/staff/admin/hours",
    "/staff/admin/accounts-new",
    *(f"/staff/admin/accounts/{ACCOUNT}/{act}" for act in ("move", "password", "household", "role", "dismiss", "second-factor")),
    "/staff/record/seal",
    "/staff/record/verify",
    "/staff/record/export",
    "/staff/catalogue-new",
    "/staff/catalogue/name-change",
    "/staff/catalogue/name-change/publish",
    "/staff/catalogue/name-change/discard",
]


def test_every_form_of_the_site_is_in_the_list(site: Any) -> None:
    def posts(routes: Any) -> set[str]:
        found = set()
        for route in routes:
            inner = getattr(route, "original_router", None)
            if inner is not None:
                found |= posts(inner.routes)
            elif "POST" in (getattr(route, "methods", None) or ()):
                found.add(route.path)
        return found

    known = {
        re.sub(r"materials/proof", "materials/{code}", path)
        .replace("/card/front", "/card/{side}")
        .replace(str(CASE), "{application_id}")
        .replace(str(WORK), "{work_item_id}")
        .replace(INQUIRY, "{inquiry_id}")
        .replace(str(PERSON), "{person_id}")
        .replace(f"views/{KEPT}", "views/{view_id}")
        .replace(f"templates/{KEPT}", "templates/{template_id}")
        .replace(f"delegations/{KEPT}", "delegations/{delegation_id}")
        .replace(ACCOUNT, "{clerk_id}")
        .replace("/name-change/", "/{code}/")
        .replace("/catalogue/name-change", "/catalogue/{code}")
        .replace("/purchase-migration/", "/{code}/")
        for path in POSTS
    }
    assert posts(site.routes) == known


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_form_without_its_sessions_token_is_refused(path: str, token: str, world: World, browser: TestClient) -> None:
    assert browser.post(path, data={"csrf": token}).status_code == 403
    assert world.done == []


def test_another_sessions_token_is_refused(browser: TestClient, world: World) -> None:
    assert browser.post(f"{HERE}/withdraw", data={"csrf": CLERK_CSRF}).status_code == 403
    assert browser.post(f"{ITEM}/release", data={"csrf": CSRF}).status_code == 403
    assert world.done == []


def test_a_body_over_the_limit_is_refused_with_words(browser: TestClient) -> None:
    big = {"file": ("proof.jpg", b"x" * (MAX_BODY + 1), "image/jpeg")}
    answer = browser.post(f"{HERE}/materials/proof", data={"csrf": CSRF}, files=big)
    assert answer.status_code == 413
    assert "文件太大" in answer.text


@pytest.mark.parametrize(
    ("came_from", "link"),
    [
        ("http://testserver/items?q=card", '<a href="/items?q=card" class="govuk-back-link">'),
        ("http://elsewhere.example/items", None),
        ("http://testserver//elsewhere.example/items", None),
        ("http://testserver/items/none", None),
        ("", None),
    ],
)
def test_a_page_that_is_not_there_leads_back_to_the_page_of_this_site_before_it(
    browser: TestClient, came_from: str, link: str | None
) -> None:
    answer = browser.get("/items/none", headers={"Referer": came_from})
    assert answer.status_code == 404
    assert link in answer.text if link else "govuk-back-link" not in answer.text


def test_session_cookies_cannot_be_read_by_scripts_or_sent_from_other_sites(stranger: TestClient) -> None:
    csrf = token_of(stranger, "/sign-in/code?request=x")
    answer = stranger.post("/sign-in/code", data={"csrf": csrf, "request": str(CODE_REQUEST), "code": "123456"})
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("onetrip_session="))
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie


# --- signing in ---


def test_sign_in_keeps_what_was_typed_and_says_what_is_wrong(stranger: TestClient) -> None:
    typed = {"name": "林雨桐", "id_number": "33030219900307", "phone": "19900000001"}
    answer = stranger.post("/sign-in", data={"csrf": token_of(stranger, "/sign-in"), **typed})
    assert answer.status_code == 422
    for value in typed.values():
        assert f'value="{value}"' in answer.text
    assert '<a href="#id_number">身份证号应为 18 位，请核对</a>' in answer.text
    assert 'id="id_number-error"' in answer.text
    assert "<title>错误：" in answer.text


def test_what_is_wrong_is_listed_as_the_page_asks_it(stranger: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise InvalidInput(
            fields=[FieldError(path=f"/applicant/{name}", text=fake.zh_en(name, name)) for name in ("id_number", "phone", "name")]
        )

    monkeypatch.setattr("casework.accounts.request_code", refuse)
    answer = stranger.post("/sign-in", data={"csrf": token_of(stranger, "/sign-in"), "name": "", "id_number": "", "phone": ""})
    assert re.findall(r'<a href="#(name|id_number|phone)"', answer.text) == ["name", "id_number", "phone"]


def test_signing_in_goes_on_to_the_code_and_then_where_one_came_from(stranger: TestClient) -> None:
    csrf = token_of(stranger, "/sign-in")
    details = {"name": "林雨桐", "id_number": fake.ME, "phone": "19900000001", "next": "/items/name-change/apply", "csrf": csrf}
    onward = stranger.post("/sign-in", data=details).headers["location"]
    assert onward == f"/sign-in/code?request={CODE_REQUEST}&next=%2Fitems%2Fname-change%2Fapply"
    wrong = stranger.post("/sign-in/code", data={"csrf": csrf, "request": str(CODE_REQUEST), "code": "000000", "next": details["next"]})
    assert wrong.status_code == 422 and 'value="000000"' in wrong.text and "#code" in wrong.text
    right = stranger.post("/sign-in/code", data={"csrf": csrf, "request": str(CODE_REQUEST), "code": "123456", "next": details["next"]})
    assert right.headers["location"] == "/items/name-change/apply"


def test_signing_out_closes_the_session_and_forgets_the_cookie(browser: TestClient, world: World) -> None:
    answer = browser.post("/sign-out", data={"csrf": CSRF})
    assert ("sign_out", "applicant-token") in world.done
    assert 'onetrip_session=""' in answer.headers["set-cookie"]


def test_a_clerks_wrong_password_keeps_the_login_and_not_the_password(stranger: TestClient) -> None:
    csrf = token_of(stranger, "/staff/sign-in")
    answer = stranger.post("/staff/sign-in", data={"csrf": csrf, "login": "zhou", "password": "s3cret", "totp": "1"})
    assert answer.status_code == 422
    assert 'value="zhou"' in answer.text and "s3cret" not in answer.text


# --- the form ---


def test_a_wrong_answer_is_said_beside_its_field_and_nothing_typed_is_lost(browser: TestClient, world: World) -> None:
    typed = {"csrf": CSRF, "new_name": "Lin", "reason": "custom", "reason_detail": "按民族习俗"}
    answer = browser.post("/items/name-change/apply", data=typed)
    assert answer.status_code == 422
    assert 'href="#answers-new_name"' in answer.text and 'id="answers-new_name"' in answer.text
    assert 'value="Lin"' in answer.text and "按民族习俗" in answer.text
    assert re.search(r'value="custom" checked', answer.text)
    assert world.drafts == {}


def test_a_form_left_empty_names_every_question(browser: TestClient) -> None:
    answer = browser.post("/items/name-change/apply", data={"csrf": CSRF})
    assert answer.status_code == 422
    assert 'href="#answers-new_name"' in answer.text and 'href="#answers-reason"' in answer.text


def test_homes_and_household_come_from_the_registries_and_go_on_as_answers(browser: TestClient, world: World) -> None:
    form = browser.get("/items/purchase-migration/apply").text
    assert "滨江街道" in form and "陈念" in form
    assert fake.ME not in form, "applicants do not move along with themselves"

    answer = browser.post("/items/purchase-migration/apply", data={"csrf": CSRF, "property_certificate": HOME, "movers": [HUSBAND, CHILD]})

    assert answer.headers["location"] == "/items/purchase-migration/delivery"
    assert world.drafts["purchase-migration"]["answers"] == {"property_certificate": HOME, "movers": [HUSBAND, CHILD]}


def test_a_home_and_a_spouse_that_the_registries_did_not_name_are_entered_by_hand(browser: TestClient, world: World) -> None:
    world.failed = ["property", "resident_population"]
    form = browser.get("/items/purchase-migration/apply").text
    assert "暂时没有答复" in form
    typed = {"csrf": CSRF, "property_certificate_other": HOME, "movers_other": f"{HUSBAND}，{CHILD}"}
    assert browser.post("/items/purchase-migration/apply", data=typed).status_code == 303
    assert world.drafts["purchase-migration"]["answers"] == {"property_certificate": HOME, "movers": [HUSBAND, CHILD]}


def test_moving_alone_needs_no_choice(browser: TestClient, world: World) -> None:
    browser.post("/items/purchase-migration/apply", data={"csrf": CSRF, "property_certificate": HOME})
    assert world.drafts["purchase-migration"]["answers"]["movers"] == []


def test_delivery_by_post_needs_an_address_and_keeps_the_choice(browser: TestClient, world: World) -> None:
    world.drafts["purchase-migration"] = {"answers": {"property_certificate": HOME, "movers": []}}
    path = "/items/purchase-migration/delivery"
    assert 'href="#method"' in browser.post(path, data={"csrf": CSRF}).text
    answer = browser.post(path, data={"csrf": CSRF, "method": "post", "address": "路"})
    assert answer.status_code == 422 and 'href="#address"' in answer.text and re.search(r'value="post" checked', answer.text)
    browser.post(path, data={"csrf": CSRF, "method": "counter", "address": "left over"})
    assert world.drafts["purchase-migration"]["delivery"] == {"method": "counter"}


def test_submitting_sends_the_checked_answers_once_under_the_pages_key(browser: TestClient, world: World) -> None:
    browser.post("/items/no-criminal-record/apply", data={"csrf": CSRF, "reason": "abroad", "reason_detail": "赴德国学习"})
    page = browser.get("/items/no-criminal-record/check").text
    assert "出国（境）学习、工作或定居" in page and "赴德国学习" in page and fake.ME not in page
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found

    answer = browser.post("/items/no-criminal-record/check", data={"csrf": CSRF, "key": found[1]})

    assert answer.headers["location"] == f"{HERE}?submitted=1"
    (_, (request, key)) = world.done[-1]
    assert isinstance(request, ApplicationRequest) and key == found[1]
    assert request.answers == {"reason": "abroad", "reason_detail": "赴德国学习"}
    assert (request.delivery.method, request.language) == ("online", "zh")


def test_nobody_checks_answers_that_were_not_given(browser: TestClient) -> None:
    assert browser.get("/items/name-change/check").headers["location"] == "/items/name-change/apply"
    assert browser.get("/items/purchase-migration/delivery").headers["location"] == "/items/purchase-migration/apply"


# --- the case ---


def test_an_upload_goes_on_and_an_empty_one_is_said(browser: TestClient, world: World) -> None:
    assert 'href="#file"' in browser.post(f"{HERE}/materials/proof", data={"csrf": CSRF}).text
    photo = {"file": ("proof.jpg", fake.picture(), "image/jpeg")}
    answer = browser.post(f"{HERE}/materials/proof", data={"csrf": CSRF}, files=photo)
    assert answer.headers["location"] == f"{HERE}/materials/proof?sent=1"
    assert world.done[-1][1][0] == "proof"


def test_a_supplement_sends_only_marked_fields_and_waits_for_marked_materials(browser: TestClient, world: World) -> None:
    world.case = fake.case_view(Status.SUPPLEMENTING)
    typed = {"csrf": CSRF, "reason_detail": "常被误写为“同”", "new_name": "别的名字"}
    early = browser.post(f"{HERE}/supplement", data=typed)
    assert early.status_code == 422 and 'href="#materials-proof"' in early.text and "常被误写" in early.text

    again = world.case.materials[0].model_copy(update={"uploads": [fake.upload_view(1), fake.upload_view()]})
    world.case = world.case.model_copy(update={"materials": [again]})
    assert browser.post(f"{HERE}/supplement", data=typed).headers["location"] == HERE
    assert world.done == [("supplement", {"reason_detail": "常被误写为“同”"})]


def test_withdrawing_is_confirmed_first(browser: TestClient, world: World) -> None:
    assert world.done == [] and "撤回后" in browser.get(f"{HERE}/withdraw").text
    assert browser.post(f"{HERE}/withdraw", data={"csrf": CSRF}).headers["location"] == HERE
    assert world.done == [("withdraw", CASE)]


def test_a_live_part_is_drawn_at_each_change_and_says_when_it_ends(browser: TestClient, world: World) -> None:
    world.case = fake.case_view(Status.COMPLETED, "no-criminal-record")
    answer = browser.get(f"{HERE}/live", headers={"last-event-id": "41"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = answer.text.split("\n\n")
    part = next(e for e in events if "event: part" in e)
    assert part.startswith("id: 42") and "已办结" in part
    assert all(line.startswith(("id: ", "event: ", "data: ")) for line in part.splitlines())
    assert "event: end" in answer.text


def test_documents_are_shown_in_place_and_downloaded_under_their_number(browser: TestClient) -> None:
    path = f"{HERE}/documents/{fake.DOCUMENT}/file"
    assert browser.get(path).headers["content-disposition"] == f'inline; filename="{fake.DOCUMENT}.pdf"'
    assert browser.get(f"{path}?download=1").headers["content-disposition"].startswith("attachment")


def test_only_pictures_and_pdf_are_shown_in_place(browser: TestClient, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from casework import following

    assert browser.get(f"{HERE}/uploads/{UPLOAD}").headers["content-disposition"] == "inline"

    async def page(*_: Any) -> tuple[bytes, str]:
        return b"<script>", "text/html"

    monkeypatch.setattr(following, "material_file", page)
    answer = browser.get(f"{HERE}/uploads/{UPLOAD}")
    assert answer.headers["content-type"] == "application/octet-stream" and answer.headers["content-disposition"] == "attachment"


# --- clerks ---


def test_a_claim_that_came_second_is_told_why(browser: TestClient) -> None:
    answer = browser.post(f"{ITEM}/claim", data={"csrf": CLERK_CSRF})
    assert answer.status_code == 409
    assert "已被其他人员领取" in answer.text


def test_differences_come_first_and_are_marked(browser: TestClient) -> None:
    rows = re.findall(r'<tr( class="differs")?><th scope="row">([^<]+)', browser.get(ITEM).text)
    assert [name for _, name in rows] == ["新姓名", "姓名", "变更的理由"]
    assert [bool(marked) for marked, _ in rows] == [True, False, False]


def test_evidence_is_readable(browser: TestClient) -> None:
    page = browser.get(ITEM).text
    assert "与户主关系" in page and "relation_to_head" not in page and "配偶" in page and "该数据源没有此人的记录" in page


def test_a_decision_that_lacks_something_keeps_all_that_was_typed(browser: TestClient, world: World) -> None:
    typed = {
        "csrf": CLERK_CSRF,
        "outcome": "supplement",
        "reason": "请补正",
        "mark:materials.proof": "yes",
        "why:answers.reason": "写具体些",
    }
    answer = browser.post(ITEM, data=typed)
    assert answer.status_code == 422
    assert 'href="#why-materials-proof"' in answer.text, "the reason that is missing is beside the material that was marked"
    assert (
        re.search(r'value="supplement"[^>]* checked', answer.text)
        and "请补正</textarea>" in answer.text
        and 'value="写具体些"' in answer.text
    )
    assert re.search(r'name="mark:materials.proof" value="yes" checked', answer.text)
    assert not any(name == "complete" for name, _ in world.done)


def test_a_decision_goes_on_whole(browser: TestClient, world: World) -> None:
    typed = {
        "csrf": CLERK_CSRF,
        "outcome": "supplement",
        "mark:materials.proof": "yes",
        "why:materials.proof": "不清晰",
        "why:answers.reason": "x",
    }
    assert browser.post(ITEM, data=typed).status_code == 303
    _, result = world.done[-1]
    assert result["outcome"] == "supplement" and result["reason"] is None
    assert [(s.target, s.reason) for s in result["supplement"]] == [("materials.proof", "不清晰")]
