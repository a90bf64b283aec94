"""The registries over HTTP: signed answers, headers that must be there, faults, added people."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from simulators.demo_clip import demo_portrait
from simulators.population import Population
from simulators.records import FIELDS
from simulators.registries import SOURCE_NAMES, SOURCES, create_app
from tests.serving import serve

TOKEN = "a token of this test"
SEED = 11


BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def population() -> Population:
    return Population.generate(SEED, 300)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registries")


@pytest.fixture(scope="module")
def running_registries(population: Population, state: Path) -> Iterator[httpx.Client]:
    with serve(create_app(population, state, TOKEN)) as base, httpx.Client(base_url=base, headers=BEARER) as client:
        yield client


@pytest.fixture
def registries(running_registries: httpx.Client) -> Iterator[httpx.Client]:
    """One server for the module, in good repair after each test."""
    yield running_registries
    repaired = {"latency_ms": 0, "error_rate": 0, "outage": False, "bad_signature_rate": 0}
    assert running_registries.put("/registries/_faults", json={"*": repaired}).status_code == 200


def ask(
    client: httpx.Client, source: str, id_number: str, request_id: str = "request-1", kind: str = "lookup", **parameters: str
) -> httpx.Response:
    headers = {"X-Request-Id": request_id, "X-Purpose": "test"}
    return client.post(f"/registries/{source}/{kind}", json={"id_number": id_number, "parameters": parameters}, headers=headers)


def public_key(client: httpx.Client, source: str, key_id: str) -> Ed25519PublicKey:
    keys = client.get(f"/registries/{source}/.well-known/keys").json()["keys"]
    [jwk] = [k for k in keys if k["kid"] == key_id]
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(jwk["x"] + "="))


def check_signature(client: httpx.Client, source: str, response: httpx.Response, signed: bytes) -> None:
    key = public_key(client, source, response.headers["X-Key-Id"])
    key.verify(base64.b64decode(response.headers["X-Signature"]), signed)


def demo_id(population: Population, key: str) -> str:
    return next(d.id_number for d in population.demo_people() if d.key == key)


@pytest.mark.parametrize("source", SOURCES)
def test_every_authority_signs_the_bytes_of_its_answer_with_its_own_key(
    registries: httpx.Client, population: Population, source: str
) -> None:
    response = ask(registries, source, demo_id(population, "mover"))
    assert response.status_code == 200
    check_signature(registries, source, response, response.content)
    with pytest.raises(InvalidSignature):
        check_signature(registries, source, response, response.content.replace(b"request-1", b"request-2"))
    answer = response.json()
    assert (answer["source"], answer["request_id"], answer["purpose"]) == (source, "request-1", "test")
    key_ids = {ask(registries, other, "x").headers["X-Key-Id"] for other in SOURCES}
    assert len(key_ids) == len(SOURCES)


def record(client: httpx.Client, source: str, id_number: str, **parameters: str) -> dict[str, Any]:
    answer = ask(client, source, id_number, f"record-{source}", **parameters).json()
    assert answer["found"] is bool(answer["record"])
    found: dict[str, Any] = answer["record"]
    return found


def test_the_sources_tell_one_story_about_the_demo_mover(registries: httpx.Client, population: Population) -> None:
    mover = next(d for d in population.demo_people() if d.key == "mover")
    resident = record(registries, "resident_population", mover.id_number)
    home = record(registries, "property", mover.id_number)["properties"][0]
    marriage = record(registries, "marriage", mover.id_number)
    assert (resident["name"], resident["sex"]) == (mover.name, "female")
    assert (resident["household_head"], resident["marital_status"]) == (True, "married")
    assert resident["station_code"] == mover.station_code
    assert home["certificate_number"] == mover.certificate_number
    assert home["owners"] == [{"id_number": mover.id_number, "name": mover.name, "share": 100}]
    assert marriage["status"] == "married"
    assert marriage["spouse"]["id_number"] in {m["id_number"] for m in resident["household_members"] if m["relation"] == "spouse"}
    assert record(registries, "social_security", mover.id_number)["id_number"] == mover.id_number


def test_a_conviction_is_found_and_its_absence_is_an_answer_too(registries: httpx.Client, population: Population) -> None:
    assert record(registries, "criminal_records", demo_id(population, "with-record"))["records"][0]["case_number"]
    assert record(registries, "criminal_records", demo_id(population, "no-record")) == {}


def test_a_property_asked_for_by_certificate_is_shown_whoever_owns_it(registries: httpx.Client, population: Population) -> None:
    mover = next(d for d in population.demo_people() if d.key == "mover")
    stranger = demo_id(population, "no-record")
    found = record(registries, "property", stranger, certificate_number=mover.certificate_number or "")
    assert [o["id_number"] for o in found["properties"][0]["owners"]] == [mover.id_number]
    nowhere = ask(registries, "property", mover.id_number, "no-such-one", certificate_number="浙（1999）温州市不动产权第9999999号")
    assert nowhere.json()["found"] is False


def test_the_same_question_under_the_same_request_id_has_the_same_answer_to_the_byte(
    registries: httpx.Client, population: Population
) -> None:
    one, other = demo_id(population, "mover"), demo_id(population, "no-record")
    first, again = ask(registries, "marriage", one), ask(registries, "marriage", one)
    assert (first.content, first.headers["X-Signature"]) == (again.content, again.headers["X-Signature"])
    assert ask(registries, "marriage", other).content != first.content


def test_a_portrait_comes_with_a_signed_statement_and_its_absence_is_signed(registries: httpx.Client, population: Population) -> None:
    response = ask(registries, "resident_population", demo_id(population, "no-record"), kind="portrait")
    assert (response.status_code, response.headers["content-type"], response.content) == (200, "image/jpeg", demo_portrait())
    statement = base64.b64decode(response.headers["X-Statement"])
    check_signature(registries, "resident_population", response, statement)
    assert json.loads(statement)["sha256"] == hashlib.sha256(response.content).hexdigest()

    nobody = ask(registries, "resident_population", "110101199003071090", kind="portrait")
    assert nobody.status_code == 404
    check_signature(registries, "resident_population", nobody, nobody.content)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Authorization": "Bearer wrong"}, b'{"id_number": "1"}', 401),
        ({"Authorization": ""}, b'{"id_number": "1"}', 401),
        ({"X-Request-Id": ""}, b'{"id_number": "1"}', 400),
        ({"X-Purpose": ""}, b'{"id_number": "1"}', 400),
        ({"X-Purpose": "%20%20"}, b'{"id_number": "1"}', 400),
        ({}, b"not json", 400),
        ({}, b"[]", 400),
        ({}, b'{"id_number": 7}', 400),
        ({}, b'{"id_number": "1", "parameters": {"a": 1}}', 400),
        ({}, b'{"id_number": "' + b"1" * 200_000 + b'"}', 400),
        ({}, b"[" * 90_000, 400),
    ],
)
def test_a_malformed_question_is_refused_in_words(registries: httpx.Client, headers: dict[str, str], body: bytes, status: int) -> None:
    whole = {"X-Request-Id": "r", "X-Purpose": "p", **headers}
    response = registries.post("/registries/marriage/lookup", content=body, headers=whole)
    assert response.status_code == status
    assert set(response.json()) == {"error", "detail"}
    assert "X-Signature" not in response.headers


def test_the_access_log_tells_who_asked_why_and_names_nobody(registries: httpx.Client, population: Population, state: Path) -> None:
    one = demo_id(population, "mover")
    ask(registries, "marriage", one, "request-7")
    ask(registries, "property", one, "request-8")
    [entry] = registries.get("/registries/_log", params={"request_id": "request-7"}).json()["entries"]
    assert (entry["source"], entry["kind"], entry["purpose"]) == ("marriage", "lookup", "test")
    kept = (state / "access.jsonl").read_text()
    assert "request-8" in kept
    assert one not in kept


def test_faults_strike_while_they_are_set_and_only_where(registries: httpx.Client, population: Population) -> None:
    one = demo_id(population, "mover")
    assert registries.put("/registries/_faults", json={"marriage": {"outage": True}}).status_code == 200
    assert [ask(registries, s, one).status_code for s in ("marriage", "property")] == [503, 200]
    registries.put("/registries/_faults", json={"*": {"error_rate": 1}})
    assert {ask(registries, s, one).status_code for s in SOURCES} == {500}
    registries.put("/registries/_faults", json={"*": {"error_rate": 0, "latency_ms": 120}})
    started = time.monotonic()
    assert ask(registries, "marriage", one).status_code == 200
    assert time.monotonic() - started >= 0.12
    registries.put("/registries/_faults", json={"*": {"latency_ms": 0, "bad_signature_rate": 1}})
    response = ask(registries, "marriage", one)
    with pytest.raises(InvalidSignature):
        check_signature(registries, "marriage", response, response.content)


@pytest.mark.parametrize(
    "fault",
    [
        {"marriage": {"latency_ms": -1}},
        {"marriage": {"error_rate": 2}},
        {"marriage": {"outage": 1}},
        {"marriage": {"x": 1}},
        {"marriage": 1},
        {"nobody": {}},
    ],
)
def test_a_fault_out_of_range_changes_nothing(registries: httpx.Client, fault: dict[str, Any]) -> None:
    before = registries.get("/registries/_faults").json()
    assert registries.put("/registries/_faults", json={"property": {"outage": True}, **fault}).status_code == 422
    assert registries.get("/registries/_faults").json() == before


def test_the_page_works_without_script_and_not_from_another_site(registries: httpx.Client, population: Population) -> None:
    form = {"source": "marriage", "latency_ms": "5", "error_rate": "0.5", "bad_signature_rate": "0", "outage": "on"}
    assert registries.post("/registries/_faults", data=form, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert registries.get("/registries/_faults").json()["marriage"]["outage"] is False
    response = registries.post("/registries/_faults", data=form, follow_redirects=True)
    assert response.status_code == 200
    expected = {"latency_ms": 5, "error_rate": 0.5, "outage": True, "bad_signature_rate": 0}
    assert registries.get("/registries/_faults").json()["marriage"] == expected
    registries.post("/registries/_faults", data={"source": "marriage", "repair": "1"})
    assert registries.get("/registries/_faults").json()["marriage"]["outage"] is False
    assert all(d.id_number in response.text and d.what_for.zh in response.text for d in population.demo_people())


def test_an_added_person_is_there_after_a_restart_with_the_same_home(tmp_path: Path) -> None:
    portrait = base64.b64encode(demo_portrait()).decode()
    with serve(create_app(Population.generate(SEED, 100), tmp_path, TOKEN)) as base, httpx.Client(base_url=base, headers=BEARER) as client:
        response = client.post("/registries/_people", json={"name": "周末", "portrait": portrait})
        assert response.status_code == 201
        id_number = response.json()["id_number"]
        before = record(client, "resident_population", id_number)
        key_id = ask(client, "property", id_number).headers["X-Key-Id"]
    with serve(create_app(Population.generate(SEED, 100), tmp_path, TOKEN)) as base, httpx.Client(base_url=base, headers=BEARER) as client:
        assert record(client, "resident_population", id_number) == before
        assert before["name"] == "周末"
        assert ask(client, "resident_population", id_number, kind="portrait").status_code == 200
        assert ask(client, "property", id_number).headers["X-Key-Id"] == key_id


@pytest.mark.parametrize(
    "person",
    [
        {"portrait": base64.b64encode(b"not a picture").decode()},
        {"portrait": "***"},
        {"id_number": "110101199003071090"},
        {"station": "110101510000"},
        {"sex": "x"},
        {"birth_date": "yesterday"},
        {"name": "a\nb"},
    ],
)
def test_a_person_that_cannot_be_is_refused(registries: httpx.Client, population: Population, person: dict[str, str]) -> None:
    before = len(population)
    response = registries.post("/registries/_people", json=person)
    assert response.status_code == 422
    assert response.json()["error"] == "invalid-person"
    assert len(population) == before


def test_people_are_added_and_listed_in_a_demonstration_only_and_with_the_token(
    registries: httpx.Client, population: Population, tmp_path: Path
) -> None:
    assert httpx.post(f"{registries.base_url}/registries/_people", json={}).status_code == 401
    listed = registries.get("/registries/_people").json()["people"]
    assert [p["id_number"] for p in listed] == [d.id_number for d in population.demo_people()]
    with serve(create_app(population, tmp_path / "other", TOKEN, demo=False)) as base:
        assert httpx.post(f"{base}/registries/_people", json={}, headers=BEARER).status_code == 404
        assert population.demo_people()[0].id_number not in httpx.get(f"{base}/registries/").text


def test_keys_are_readable_by_their_owner_alone(registries: httpx.Client, state: Path) -> None:
    files = list((state / "keys").iterdir())
    assert {file.stem for file in files} == set(SOURCE_NAMES)
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_record_holds_the_fields_that_were_asked_for_and_no_others(registries: httpx.Client, population: Population) -> None:
    headers = {"X-Request-Id": "fields-1", "X-Purpose": "test"}
    asked = {"id_number": demo_id(population, "mover"), "parameters": {}}

    def shown(fields: list[str] | None) -> set[str]:
        body = {**asked, **({} if fields is None else {"fields": fields})}
        answer = registries.post("/registries/resident_population/lookup", json=body, headers=headers)
        check_signature(registries, "resident_population", answer, answer.content)
        return set(answer.json()["record"])

    assert shown(["name", "status"]) == {"name", "status"}
    assert shown([]) == shown(None) == FIELDS["resident_population"]


@pytest.mark.parametrize("fields", [["name", "salary"], "name", [1], {"name": True}])
def test_a_field_that_the_authority_does_not_have_is_refused(registries: httpx.Client, fields: object) -> None:
    headers = {"X-Request-Id": "fields-2", "X-Purpose": "test"}
    response = registries.post("/registries/marriage/lookup", json={"id_number": "1", "fields": fields}, headers=headers)
    assert (response.status_code, response.json()["error"]) == (400, "bad-request")


def test_disagreements_are_listed_on_the_page_by_kind_and_whole_behind_the_token(registries: httpx.Client, population: Population) -> None:
    assert httpx.get(f"{registries.base_url}/registries/_disagreements").status_code == 401
    listed = registries.get("/registries/_disagreements").json()["disagreements"]
    assert [(d["kind"], d["id_number"]) for d in listed] == [(d.kind, d.id_number) for d in population.disagreements] != []
    page = registries.get("/registries/").text
    assert all(d["kind"] in page and d["sources"][0] in page for d in listed)


def test_the_page_shows_every_source_with_its_faults(registries: httpx.Client) -> None:
    page = registries.get("/registries/").text
    for source, (zh, en) in SOURCE_NAMES.items():
        assert f'name="source" value="{source}"' in page
        assert zh in page
        assert en in page
    assert set(registries.get("/registries/_faults").json()) == {"*", *SOURCE_NAMES}
