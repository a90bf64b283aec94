"""The catalogue for programs: filters, everyday words, pages, guides."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from catalogue.guide import guide_of


async def listed(http: httpx.AsyncClient, **asked: str) -> dict[str, Any]:
    answer = await http.get("/v1/service-items", params=asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_every_item_is_listed_once_over_all_pages(app: FastAPI, http: httpx.AsyncClient) -> None:
    found: list[str] = []
    page = await listed(http)
    while True:
        found += [item["code"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        page = await listed(http, cursor=page["next_cursor"])
    assert found == [item.code for item in app.state.office.catalogue.all()]
    assert page["total"] == len(found)


async def test_filters_narrow_the_list(http: httpx.AsyncClient) -> None:
    assert {item["kind"] for item in (await listed(http, kind="query"))["items"]} == {"query"}
    assert {item["branch"] for item in (await listed(http, branch="criminal"))["items"]} == {"criminal"}
    without = (await listed(http, trips="0"))["items"]
    assert {item["trips"] for item in without} == {0} and "notice" not in {item["kind"] for item in without}


async def test_everyday_words_find_the_item_that_they_mean(http: httpx.AsyncClient) -> None:
    for words, code in (("我想改名字", "name-change"), ("had a baby", "birth-registration"), ("我妈是我妈", "kinship-parent")):
        assert (await listed(http, q=words))["items"][0]["code"] == code, words
    assert (await listed(http, q="xyzzy"))["items"] == []


@pytest.mark.parametrize("asked", [{"branch": "navy"}, {"kind": "sell"}, {"trips": "2"}, {"cursor": "bm90aGluZw=="}, {"cursor": "?"}])
async def test_what_cannot_be_is_refused(http: httpx.AsyncClient, asked: dict[str, str]) -> None:
    assert (await http.get("/v1/service-items", params=asked)).status_code == 422


async def test_an_item_comes_with_the_guide_that_the_page_shows(app: FastAPI, http: httpx.AsyncClient) -> None:
    catalogue = app.state.office.catalogue
    shown = (await http.get("/v1/service-items/purchase-migration")).json()
    assert shown["form"] == catalogue.get("purchase-migration").form
    assert shown["guide"] == guide_of(catalogue.get("purchase-migration"), catalogue.sources).model_dump(mode="json")


async def test_a_notice_carries_its_table_and_takes_no_application(app: FastAPI, integrator: httpx.AsyncClient) -> None:
    notice = (await integrator.get("/v1/service-items/notice-fees")).json()
    codes = {row["code"] for row in notice["guide"]["notice"]["table"]["rows"]}
    assert codes == {item.code for item in app.state.office.catalogue.all() if item.can_be_applied_for}
    applicant = {"id_number": "330302199001012385", "name": "林晓梅", "phone": "13800000001"}
    refused = await integrator.post("/v1/applications", json={"service_item": "notice-fees", "applicant": applicant, "answers": {}})
    assert refused.status_code == 422


@pytest.mark.parametrize(("path", "looks"), [("/v1/service-items", True), ("/", True), ("/items/name-change", True), ("/healthz", False)])
async def test_what_reads_the_catalogue_looks_for_publications_first(
    app: FastAPI, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, path: str, looks: bool
) -> None:
    looked: list[float] = []

    async def refresh(*, at_most_every: float = 0.0) -> None:
        looked.append(at_most_every)

    monkeypatch.setattr(app.state.office.catalogue, "refresh", refresh)
    assert (await http.get(path)).status_code == 200
    assert bool(looked) is looks
