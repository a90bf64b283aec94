"""Who read my data: plain sentences by day, narrowed by item and source, and a table to keep."""

import csv
import io
import re
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from casework.reads import ReadFilter
from domain.application import Status
from tests.web.fake_office import CASE, NUMBER, World, case_view, read_view, read_views, zh_en


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page.split("<main")[1].split("</main")[0]))


@pytest.fixture
def asked(world: World) -> World:
    world.reads = read_views()
    return world


def test_a_read_is_told_as_a_sentence_with_its_purpose(asked: World, browser: TestClient) -> None:
    text = words(browser.get("/my-data").text)
    assert "查询了您的：姓名、户籍地址" in text
    assert "用途：核对您的姓名和户籍" in text
    assert f"受理编号 {NUMBER}" in text


def test_clerks_and_programs_are_told_apart_and_so_is_what_was_needed_for_others(asked: World, browser: TestClient) -> None:
    browser.cookies.set("onetrip_language", "en")
    text = words(browser.get("/my-data").text)
    assert "Wuma station, pre-review officer looked at your: Name, Address" in text
    assert "The program “City portal” looked at" in text
    assert "The operator of the system looked at your: Name, Address" in text
    assert "looked at what" in text
    assert text.count("somebody else’s application") == 2


def test_only_a_case_that_may_be_seen_is_linked(asked: World, browser: TestClient) -> None:
    links = re.findall(r'href="(/applications/[0-9a-f-]+)"', browser.get("/my-data").text)
    assert links == [f"/applications/{CASE}"] * 3


def test_filter_and_page_are_asked_for_and_kept_in_the_links(asked: World, browser: TestClient) -> None:
    page = browser.get(f"/my-data?item=name-change&source=resident_population&case={CASE}").text
    assert asked.done[-1] == (
        "my_reads",
        (ReadFilter(service_item="name-change", source="resident_population", application_id=UUID(str(CASE))), ""),
    )
    assert f'href="/my-data?item=name-change&amp;source=resident_population&amp;case={CASE}&amp;cursor=7"' in page.replace(
        "&amp;amp;", "&&"
    )
    assert f'href="/my-data.csv?item=name-change&amp;source=resident_population&amp;case={CASE}"' in page


def test_the_table_opens_in_a_spreadsheet_and_runs_nothing(world: World, browser: TestClient) -> None:
    world.reads = [*read_views(), read_view(50, purpose=zh_en("=1+1", "=1+1"))]
    answer = browser.get("/my-data.csv?item=name-change")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="my-data.csv"' in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == ["时间", "由谁", "数据来源", "内容", "用途", "事项", "受理编号"]
    assert len(rows) == 9
    assert rows[1][3] == "姓名、户籍地址"
    assert rows[8][4] == "'=1+1"


@pytest.mark.parametrize("path", ["/my-data", "/my-data.csv"])
def test_a_stranger_is_sent_to_sign_in(stranger: TestClient, path: str) -> None:
    answer = stranger.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path}")


def test_the_applications_and_each_case_lead_there(world: World, browser: TestClient) -> None:
    world.case = case_view(Status.REVIEWING)
    assert 'href="/my-data"' in browser.get("/applications").text
    assert f'href="/my-data?case={CASE}"' in browser.get(f"/applications/{CASE}").text
