"""The nineteenth authority is reached by its file alone: XML, pages, names of its own, against its running simulator."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from adapters.registries.http import HttpRegistries
from adapters.registries.reading import says_what_was_signed
from catalogue.sources import SOURCES, load_sources
from domain.errors import RegistryUnavailable
from domain.evidence import RegistryQuery, signed_pages, verify_evidence
from settings import PROJECT

CODE = "housing_fund"
TOKEN = "t"
NOBODY = "11010119900307109X"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    state = tmp_path_factory.mktemp("simulators")
    command = [sys.executable, "-m", "simulators", "--port", str(port), "--state", str(state), "--population", "2000"]
    process = subprocess.Popen(command, cwd=PROJECT, env={**os.environ, "REGISTRIES_TOKEN": TOKEN})
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}/registries"
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_until_healthy(base: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{base}/healthz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the simulators did not get ready")


@pytest.fixture
async def registries(base: str) -> AsyncIterator[HttpRegistries]:
    connector = HttpRegistries(load_sources(), {"REGISTRIES": base, "REGISTRIES_TOKEN": TOKEN}, longest_seconds=2)
    yield connector
    await connector.aclose()


@pytest.fixture(scope="module")
def people(base: str) -> list[str]:
    answer = httpx.get(f"{base}/_people", headers={"Authorization": f"Bearer {TOKEN}"})
    return [person["id_number"] for person in answer.json()["people"]]


@pytest.fixture
def set_fault(base: str) -> Iterator[Any]:
    def change(**fault: Any) -> None:
        httpx.put(f"{base}/_faults", json={CODE: fault}).raise_for_status()

    yield change
    change(latency_ms=0, error_rate=0, outage=False, bad_signature_rate=0)


def query(id_number: str, *fields: str, source: str = CODE) -> RegistryQuery:
    return RegistryQuery(
        source=source, id_number=id_number, purpose="积分入户 & 核验", request_id=f"r-{id_number[-4:]}", fields=list(fields)
    )


async def why_refused(registries: HttpRegistries, asked: RegistryQuery) -> str:
    with pytest.raises(RegistryUnavailable) as refused:
        await registries.look_up(asked)
    return refused.value.why


async def an_insured_person(registries: HttpRegistries, people: list[str]) -> str:
    for id_number in people:
        if (await registries.look_up(query(id_number, "months_paid"))).record.get("months_paid", 0) > 24:
            return id_number
    raise AssertionError("nobody has paid for more than two pages")


@pytest.mark.stack
async def test_its_pages_become_one_record_and_every_page_is_kept_signed(registries: HttpRegistries, people: list[str]) -> None:
    answer = await registries.look_up(query(await an_insured_person(registries, people)))
    payments = answer.record["payments"]
    assert len(payments) > 24
    assert len({payment["month"] for payment in payments}) == len(payments)
    assert len(signed_pages(answer.body)) == -(-len(payments) // 12)
    assert json.loads(answer.body)["record"] == answer.record
    keys = await registries.public_keys(CODE)
    assert verify_evidence(answer.body, answer.signature, answer.key_id, keys)
    assert says_what_was_signed(load_sources()[CODE], answer.body)


@pytest.mark.stack
async def test_it_agrees_with_social_security_about_the_person(registries: HttpRegistries, people: list[str]) -> None:
    id_number = await an_insured_person(registries, people)
    account = (await registries.look_up(query(id_number, "id_number", "name", "employer"))).record
    insured = (await registries.look_up(query(id_number, source="social_security"))).record
    assert account == {"id_number": id_number, "name": insured["name"], "employer": insured["employer"]}


@pytest.mark.stack
async def test_nobody_s_account_is_an_answer_and_busy_is_none(registries: HttpRegistries, set_fault: Any) -> None:
    assert (await registries.look_up(query(NOBODY))).found is False
    set_fault(error_rate=1)
    assert await why_refused(registries, query(NOBODY)) == "the authority says that it cannot answer now"


@pytest.mark.stack
@pytest.mark.parametrize(
    ("fault", "why"),
    [({"outage": True}, "status 503"), ({"bad_signature_rate": 1}, "bad signature"), ({"latency_ms": 20_000}, "no answer within 2 s")],
)
async def test_its_faults_are_no_answer_and_pass(registries: HttpRegistries, set_fault: Any, fault: dict[str, Any], why: str) -> None:
    set_fault(**fault)
    assert await why_refused(registries, query(NOBODY)) == why
    set_fault(latency_ms=0, error_rate=0, outage=False, bad_signature_rate=0)
    assert (await registries.look_up(query(NOBODY))).found is False


@pytest.mark.stack
@pytest.mark.parametrize("source", sorted(path.stem for path in SOURCES.glob("*.yaml")))
async def test_every_source_answers_about_the_demo_people_as_its_schema_says(
    registries: HttpRegistries, people: list[str], source: str
) -> None:
    answers = [await registries.look_up(query(id_number, source=source)) for id_number in people]
    for answer in [answer for answer in answers if answer.found][:1]:
        field = sorted(answer.record)[0]
        narrow = await registries.look_up(query(people[answers.index(answer)], field, source=source))
        assert narrow.record == {field: answer.record[field]}
