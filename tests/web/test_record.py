"""The record's pages: published to anybody, administered by one role alone."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.jurisdiction import Role
from tests.web import fake_office as fake
from tests.web.fake_office import CLERK_CSRF, World


@pytest.fixture
def auditor(world: World, browser: TestClient) -> TestClient:
    world.clerk = fake.clerk_actor(Role.AUDIT_ADMIN)
    return browser


def post(browser: TestClient, what: str) -> Any:
    return browser.post(f"/staff/record/{what}", data={"csrf": CLERK_CSRF})


def test_sealing_makes_a_head_that_anybody_sees(world: World, auditor: TestClient, stranger: TestClient) -> None:
    assert "还没有日签" in stranger.get("/record").text
    reply = post(auditor, "seal")
    assert (reply.status_code, reply.headers["location"]) == (303, "/staff/record?sealed=1")
    assert "已签发第 1 期日签" in auditor.get("/staff/record?sealed=1").text
    assert world.record.ledger.heads[0].head.root in stranger.get("/record").text


def test_verifying_says_that_the_record_is_whole(world: World, auditor: TestClient) -> None:
    world.record.ledger.enter("case-1")
    post(auditor, "seal")
    said = post(auditor, "verify").text
    assert "完整，未被改动" in said
    assert "其中 1 个在最后一期日签之后" in said  # that it was verified


def test_verifying_says_what_was_altered_and_where(world: World, auditor: TestClient) -> None:
    world.record.ledger.enter("case-1")
    post(auditor, "seal")
    hash_, body, head = world.record.ledger.chains["case-1"][0]
    world.record.ledger.chains["case-1"][0] = (hash_, body.replace("noted", "moved"), head)
    said = post(auditor, "verify").text
    assert "发现 1 处不符" in said and "改动" in said and "case-1" in said


def test_a_record_too_long_for_a_page_is_verified_elsewhere(world: World, auditor: TestClient) -> None:
    world.record.many = True
    assert "onetrip audit verify" in post(auditor, "verify").text
    assert world.record.ledger.chains == {}


def test_the_export_is_a_file_whose_making_is_entered(world: World, auditor: TestClient) -> None:
    post(auditor, "seal")
    reply = post(auditor, "export")
    assert "attachment" in reply.headers["content-disposition"]
    assert reply.content.splitlines(keepends=True) == world.record.ledger.export()
    assert '"kind":"exporting"' in world.record.ledger.chains["audit"][-1][1]


def test_looks_are_searched_by_clerk_case_and_day_and_that_is_entered(world: World, auditor: TestClient) -> None:
    world.record.looked = [fake.look_row(serial=serial) for serial in range(60)]
    said = auditor.get("/staff/record?login=zhou&number=123&day=2026-11-22").text
    assert "周明" in said and "查看办件" in said and "cursor=51" in said
    (asked,) = world.record.asked
    assert asked["by"] == "clerk:clerk-1" and asked["application_id"].int == 1
    assert (asked["since"].isoformat(), asked["until"].isoformat()) == ("2026-11-21T16:00:00+00:00", "2026-11-22T16:00:00+00:00")
    assert '"kind":"looks_searched"' in world.record.ledger.chains["audit"][-1][1]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUDIT_ADMIN])
def test_no_other_role_sees_or_does_anything_here(role: Role, world: World, browser: TestClient) -> None:
    world.clerk = fake.clerk_actor(role)
    replies = [
        browser.get("/staff/record"),
        browser.get("/staff/record?login=zhou"),
        *(post(browser, what) for what in ("seal", "verify", "export")),
    ]
    assert [reply.status_code for reply in replies] == [403] * 5
    assert (world.record.ledger.chains, world.record.asked) == ({}, [])


def test_pages_of_heads_go_on_to_the_first(world: World, stranger: TestClient) -> None:
    for number in range(150):
        world.record.ledger.enter(f"case-{number % 7}")
        world.record.ledger.seal()
    first = stranger.get("/record").text
    assert 'cursor=51"' in first
    older = stranger.get("/record?cursor=51").text
    assert world.record.ledger.heads[0].head.root in older and "cursor=" not in older.split("<main")[1].split("/main")[0]
    assert stranger.get("/record?cursor=abc").status_code == 422
