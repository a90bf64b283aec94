"""Every page draws in both languages, well-formed and within its security policy."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from catalogue.guide import sample_of
from domain.service_item import ServiceItem
from domain.text import Language
from tests.web.fake_office import CATALOGUE, World
from tests.web.sample_pages import ALL_PAGES, SamplePage

VOID = {"meta", "link", "img", "input", "br", "hr", "source"}


class Outline(HTMLParser):
    """What a page must have, and what it must not have."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.named: list[str] = []
        self.wrong: list[str] = []
        self.language = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if tag == "html":
            self.language = facts.get("lang") or ""
        if tag == "h1":
            self.headings.append(tag)
        if "id" in facts:
            self.ids.append(facts["id"] or "")
        if tag == "a" and (facts.get("href") or "").startswith("#"):
            self.links.append((facts["href"] or "")[1:])
        self.named += [name for key in ("for", "aria-describedby", "aria-labelledby") for name in (facts.get(key) or "").split()]
        if tag == "script" and "src" not in facts:
            self.wrong.append("a script in the page")
        if tag == "style" or "style" in facts or any(name.startswith("on") for name in facts):
            self.wrong.append(f"style or handler in <{tag}>")
        for key in ("src", "href", "action"):
            if re.match(r"(https?:)?//", facts.get(key) or "") and not (facts[key] or "").startswith("http://testserver"):
                self.wrong.append(f"elsewhere: {facts[key]}")
        if tag not in VOID and "/" not in tag:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID or tag in ("path", "ellipse"):
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes nothing")


def outline(text: str) -> Outline:
    parser = Outline()
    parser.feed(text)
    parser.close()
    return parser


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("sample", ALL_PAGES, ids=lambda sample: sample.name)
def test_page(sample: SamplePage, language: Language, world: World, browser: TestClient) -> None:
    sample.arrange(world)
    if not sample.signed_in:
        browser.cookies.clear()
    browser.cookies.set("onetrip_language", language)

    response = browser.get(sample.path)

    assert response.status_code == sample.status
    seen = outline(response.text)
    assert seen.wrong == []
    assert seen.open == [], "every element is closed"
    assert len(seen.headings) == 1, "one h1"
    assert seen.language == ("zh-CN" if language == "zh" else "en")
    assert len(seen.ids) == len(set(seen.ids)), "ids are unique"
    assert set(seen.links) | set(seen.named) <= set(seen.ids), "what is named exists"
    title = re.search(r"<title>(.+?)</title>", response.text)
    assert title and title[1].strip(" -")
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy


@pytest.mark.parametrize("sample", ALL_PAGES, ids=lambda sample: sample.name)
def test_nothing_is_left_untranslated_or_raw(sample: SamplePage, world: World, browser: TestClient) -> None:
    sample.arrange(world)
    if not sample.signed_in:
        browser.cookies.clear()
    body = re.sub(r"<[^>]+>", " ", browser.get(sample.path).text)
    assert "Bilingual" not in body and "None" not in body and "{'" not in body and "zh=" not in body
    assert "GOV.UK" not in body


def test_the_language_stays_on_the_page_and_is_remembered(browser: TestClient) -> None:
    chinese = browser.get("/verify?number=WZ-1")
    assert 'href="/verify?number=WZ-1&amp;lang=en"' in chinese.text
    assert "Verify a certificate" in browser.get("/verify?number=WZ-1&lang=en").text
    assert "Verify a certificate" in browser.get("/verify").text
    browser.get("/verify?lang=zh")
    assert "验证证明的真伪" in browser.get("/verify").text


def test_who_is_not_signed_in_comes_back_after_signing_in(stranger: TestClient) -> None:
    answer = stranger.get("/items/name-change/apply")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/items/name-change/apply"
    assert stranger.get("/staff/counter?q=1").headers["location"] == "/staff/sign-in?next=/staff/counter%3Fq%3D1"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_site(stranger: TestClient, elsewhere: str) -> None:
    page = stranger.get("/sign-in", params={"next": elsewhere})
    assert "evil" not in page.text.split("<main")[1]
    assert 'name="next" value="/applications"' in page.text


def test_the_demonstration_offers_nothing_where_it_is_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.web.fake_office import CASE, CSRF, TOKEN, pages

    client = TestClient(pages(world, monkeypatch, demo_mode=False), follow_redirects=False)
    assert "19900000001" not in client.get("/sign-in").text
    assert "123456" not in client.get("/staff/sign-in").text
    client.cookies.update({"onetrip_session": TOKEN})
    assert "/face/demo" not in client.get(f"/applications/{CASE}/face/record").text
    assert client.post(f"/applications/{CASE}/face/demo", data={"csrf": CSRF}).status_code == 404


def test_only_the_case_that_awaits_its_visit_shows_a_code_for_the_counter(world: World, browser: TestClient) -> None:
    from domain.application import Status
    from tests.web.fake_office import CASE, case_view

    world.case = case_view(Status.AWAITING_COUNTER)
    assert "data:image/svg+xml" in browser.get(f"/applications/{CASE}").text
    world.case = case_view(Status.APPROVING)
    assert "data:image/svg+xml" not in browser.get(f"/applications/{CASE}").text


@pytest.mark.parametrize("item", [item for item in CATALOGUE.all() if item.can_be_applied_for], ids=lambda item: item.code)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_item_has_a_guide_and_a_form(item: ServiceItem, language: Language, browser: TestClient) -> None:
    guide = browser.get(f"/items/{item.code}?lang={language}")
    assert guide.status_code == 200 and outline(guide.text).wrong == []
    shown = unescape(guide.text)
    assert item.name.in_language(language) in shown
    for exclusion in item.exclusions:
        assert exclusion.reason.in_language(language) in shown
    form = browser.get(f"/items/{item.code}/apply?lang={language}")
    assert form.status_code in (200, 303)
    assert form.status_code == 303 or outline(form.text).wrong == []


def test_a_notice_has_no_form(browser: TestClient) -> None:
    assert browser.get("/items/notice-trips/apply").headers["location"] == "/items/notice-trips"
    assert "/items/notice-trips/apply" not in browser.get("/items/notice-trips").text


def test_a_notices_table_lists_what_the_catalogue_holds(browser: TestClient) -> None:
    page = browser.get("/items/notice-trips").text
    assert all(f'href="/items/{item.code}"' in page for item in CATALOGUE.all() if item.can_be_applied_for)


def test_a_query_without_questions_goes_straight_to_its_check(browser: TestClient, world: World) -> None:
    assert browser.get("/items/household-query/apply").headers["location"] == "/items/household-query/check"
    page = browser.get("/items/household-query/check").text
    assert "请确认查询" in page and "常住人口信息" in page


def test_points_say_what_is_counted_and_what_comes_later(browser: TestClient, world: World) -> None:
    item = CATALOGUE.get("points-settlement")
    world.drafts[item.code] = {"answers": dict(sample_of(item).answers), "delivery": {"method": item.delivery[0].value}}
    page = browser.get(f"/items/{item.code}/check").text
    assert "提交后计算" in page and "目前合计" in page and "不是任何地方的现行标准" in page


def test_a_long_list_comes_in_groups_that_open(browser: TestClient) -> None:
    page = browser.get("/items").text
    assert page.count('class="ot-group"') >= 8
    assert all(f'href="/items/{item.code}"' in page for item in CATALOGUE.all())
