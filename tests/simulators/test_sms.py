"""The SMS operator: one delivery per message id, whatever is sent again and whoever is killed."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from simulators.sms import create_app
from tests.serving import serve

BEARER = {"Authorization": "Bearer t"}
MESSAGE = {"message_id": "m-1", "phone": "19900000001", "text": "您的验证码是 4821。<b>"}


@pytest.fixture
def sms(tmp_path: Path) -> Iterator[httpx.Client]:
    with serve(create_app(tmp_path, "t")) as base, httpx.Client(base_url=base, headers=BEARER) as client:
        yield client


def test_a_message_sent_again_is_not_delivered_again(sms: httpx.Client) -> None:
    assert [sms.post("/sms/messages", json=MESSAGE).status_code for _ in range(3)] == [202, 200, 200]
    shown = sms.get("/sms/messages", params={"phone": MESSAGE["phone"]}).json()
    assert [m["text"] for m in shown["messages"]] == [MESSAGE["text"]]
    assert (shown["delivered"], shown["duplicates_dropped"]) == (1, 2)


def test_of_twenty_senders_at_once_one_delivers(sms: httpx.Client) -> None:
    with ThreadPoolExecutor(20) as senders:
        statuses = list(senders.map(lambda _: sms.post("/sms/messages", json=MESSAGE).status_code, range(20)))
    assert sorted(statuses) == [200] * 19 + [202]


def test_deliveries_and_duplicates_outlive_a_restart_and_a_torn_line(tmp_path: Path) -> None:
    def send() -> int:
        with serve(create_app(tmp_path, "t")) as base:
            return httpx.post(f"{base}/sms/messages", json=MESSAGE, headers=BEARER).status_code

    assert [send(), send()] == [202, 200]
    with (tmp_path / "messages.jsonl").open("ab") as file:
        file.write(b'{"message_id":"m-2","pho')
    assert send() == 200
    with serve(create_app(tmp_path, "t")) as base:
        shown = httpx.get(f"{base}/sms/messages").json()
    assert (shown["delivered"], shown["duplicates_dropped"], len(shown["messages"])) == (1, 2, 1)


def test_an_outage_delivers_nothing_and_the_message_can_be_sent_again(sms: httpx.Client) -> None:
    sms.put("/sms/_faults", json={"sms": {"outage": True}})
    assert sms.post("/sms/messages", json=MESSAGE).status_code == 503
    assert sms.get("/sms/messages").json()["delivered"] == 0
    sms.put("/sms/_faults", json={"sms": {"outage": False}})
    assert sms.post("/sms/messages", json=MESSAGE).status_code == 202


@pytest.mark.parametrize(
    "spoil",
    [
        lambda m: m | {"phone": "12345"},
        lambda m: m | {"text": ""},
        lambda m: m | {"message_id": 7},
        lambda m: m | {"text": "x" * 3000},
        lambda m: {"text": "only"},
    ],
)
def test_a_malformed_message_is_refused(sms: httpx.Client, spoil: Callable[[dict[str, str]], dict[str, object]]) -> None:
    response = sms.post("/sms/messages", json=spoil(MESSAGE))
    assert (response.status_code, response.json()["error"]) == (400, "bad-request")


def test_lone_surrogates_are_refused(sms: httpx.Client) -> None:
    body = b'{"message_id": "m", "phone": "19900000001", "text": "\\ud800"}'
    assert sms.post("/sms/messages", content=body).status_code == 400


def test_without_the_token_nothing_is_taken(sms: httpx.Client) -> None:
    assert httpx.post(f"{sms.base_url}/sms/messages", json=MESSAGE).status_code == 401
    assert sms.get("/sms/messages").json()["delivered"] == 0


def test_the_phone_shows_newest_first_and_escapes_what_it_shows(sms: httpx.Client) -> None:
    sms.post("/sms/messages", json=MESSAGE)
    sms.post("/sms/messages", json=MESSAGE | {"message_id": "m-2", "text": "第二条"})
    sms.post("/sms/messages", json=MESSAGE | {"message_id": "m-3", "phone": "19900000002", "text": "别人的"})
    page = sms.get("/sms/", params={"phone": MESSAGE["phone"]}).text
    assert page.index("第二条") < page.index("您的验证码是 4821")
    assert "<b>" not in page
    assert "别人的" not in page
    assert "别人的" in sms.get("/sms/").text
    assert "没有短信" in sms.get("/sms/", params={"phone": "13000000000"}).text
