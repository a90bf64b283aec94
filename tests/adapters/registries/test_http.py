"""The registry connector believes an answer only when signature, source, request id and person hold."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.registries.http import HttpRegistries
from catalogue.sources import load_sources
from domain.errors import RegistryUnavailable
from domain.evidence import RegistryQuery
from domain.source import Source
from simulators.demo_clip import demo_portrait
from simulators.population import Population
from simulators.registries import Registries
from simulators.signing import AuthorityKey
from tests.serving import serve

TOKEN = "t"
ID_NUMBER = "11010119900307109X"
JPEG = b"\xff\xd8\xff\xe0 a portrait"


SOURCES = load_sources()
# A record of the fake authority holds what these tests are about.
SOURCES["marriage"] = Source.model_validate(
    SOURCES["marriage"].model_dump(by_alias=True)
    | {"record": {"type": "object", "properties": {"id_number": {"type": "string"}, "name": {"type": "string"}}}}
)


def connect(base: str, **limits: float) -> HttpRegistries:
    return HttpRegistries(SOURCES, {"REGISTRIES": base, "REGISTRIES_TOKEN": TOKEN}, **limits)


def query(source: str = "marriage", id_number: str = ID_NUMBER, **parameters: str) -> RegistryQuery:
    return RegistryQuery(source=source, id_number=id_number, purpose="办理购房迁移", request_id="request-1", parameters=parameters)


class FakeAuthority:
    """One authority whose answers a test may bend before or after they are signed."""

    def __init__(self) -> None:
        self.straighten()

    def straighten(self) -> None:
        """Forget what a test bent; a new key."""
        self.key = AuthorityKey(Ed25519PrivateKey.generate())
        self.published = [self.key]
        self.key_requests = 0
        self.before_signing: Callable[[dict[str, Any]], dict[str, Any]] = lambda answer: answer
        self.after_signing: Callable[[bytes], bytes] = lambda body: body
        self.headers: dict[str, str] = {}
        self.status = 200
        self.portrait = JPEG

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/registries/{source}/lookup", self._lookup, methods=["POST"]),
                Route("/registries/{source}/portrait", self._portrait, methods=["POST"]),
                Route("/registries/{source}/.well-known/keys", self._keys),
            ]
        )

    def _answer(self, request: Request, **more: Any) -> bytes:
        answer = {
            "source": request.path_params["source"],
            "request_id": request.headers["x-request-id"],
            "answered_at": "2026-01-01T00:00:00+00:00",
            "found": True,
            **more,
        }
        return json.dumps(self.before_signing(answer)).encode()

    async def _lookup(self, request: Request) -> Response:
        body = self._answer(request, record={"id_number": ID_NUMBER, "name": "王伟"})
        headers = {"X-Signature": self.key.sign(body), "X-Key-Id": self.key.key_id, **self.headers}
        return Response(self.after_signing(body), self.status, headers)

    async def _portrait(self, request: Request) -> Response:
        signed = self._answer(request, kind="portrait", sha256=hashlib.sha256(JPEG).hexdigest())
        statement = base64.b64encode(self.after_signing(signed)).decode()
        headers = {"X-Signature": self.key.sign(signed), "X-Key-Id": self.key.key_id, "X-Statement": statement}
        return Response(self.portrait, 200, {**headers, **self.headers})

    async def _keys(self, request: Request) -> Response:
        self.key_requests += 1
        return Response(json.dumps({"keys": [key.as_jwk() for key in self.published]}))


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[FakeAuthority, str]]:
    authority = FakeAuthority()
    with serve(authority.app()) as base:
        yield authority, f"{base}/registries"


@pytest.fixture
def authority(served: tuple[FakeAuthority, str]) -> FakeAuthority:
    served[0].straighten()
    return served[0]


@pytest.fixture
def fake_base(served: tuple[FakeAuthority, str], authority: FakeAuthority) -> str:
    return served[1]


@pytest.fixture
async def connector(fake_base: str) -> AsyncIterator[HttpRegistries]:
    registries = connect(fake_base)
    yield registries
    await registries.aclose()


async def why_refused(connector: HttpRegistries, asked: RegistryQuery | None = None) -> str:
    with pytest.raises(RegistryUnavailable) as refused:
        await connector.look_up(asked or query())
    assert refused.value.source == (asked or query()).source
    assert ID_NUMBER not in f"{refused.value} {refused.value.why} {refused.value.__cause__}"
    return refused.value.why


async def test_an_answer_is_kept_as_the_bytes_that_were_signed(connector: HttpRegistries, authority: FakeAuthority) -> None:
    answer = await connector.look_up(query())
    assert (answer.source, answer.request_id, answer.found, answer.record["name"]) == ("marriage", "request-1", True, "王伟")
    assert answer.digest == hashlib.sha256(answer.body).hexdigest()
    assert json.loads(answer.body)["record"] == answer.record
    assert (answer.key_id, answer.signature) == (authority.key.key_id, authority.key.sign(answer.body))
    assert answer.fetched_at.utcoffset() is not None


async def test_a_key_is_fetched_once_for_many_answers(connector: HttpRegistries, authority: FakeAuthority) -> None:
    for _ in range(5):
        await connector.look_up(query())
    assert authority.key_requests == 1


async def test_a_signature_by_another_key_is_refused(connector: HttpRegistries, authority: FakeAuthority) -> None:
    authority.headers = {"X-Signature": AuthorityKey(Ed25519PrivateKey.generate()).sign(b"something else")}
    assert await why_refused(connector) == "bad signature"


async def test_an_answer_without_a_signature_is_refused(connector: HttpRegistries, authority: FakeAuthority) -> None:
    authority.headers = {"X-Signature": ""}
    assert "without a signature" in await why_refused(connector)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 120), flip=st.integers(1, 255))
async def test_any_changed_byte_is_refused(fake_base: str, authority: FakeAuthority, position: int, flip: int) -> None:
    def change(body: bytes) -> bytes:
        at = position % len(body)
        return body[:at] + bytes([body[at] ^ flip]) + body[at + 1 :]

    authority.after_signing = change
    connector = connect(fake_base)
    try:
        assert await why_refused(connector) == "bad signature"
    finally:
        await connector.aclose()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"source": "property"}, "another question"),
        ({"request_id": "request-2"}, "another question"),
        ({"record": {"id_number": "110101199003071022"}}, "somebody else"),
        ({"found": False}, "do not fit"),
        ({"found": "yes"}, "found is missing"),
        ({"record": []}, "do not fit"),
        ({"answered_at": "yesterday"}, "answered_at"),
        ({"answered_at": "2026-01-01T00:00:00"}, "answered_at"),
        ({"record": {"share": float("nan")}}, "not JSON"),
        ({"record": {"name": "a\0b"}}, "NUL"),
    ],
)
async def test_a_signed_answer_that_does_not_fit_the_question_is_refused(
    connector: HttpRegistries, authority: FakeAuthority, change: dict[str, Any], why: str
) -> None:
    authority.before_signing = lambda answer: answer | change
    assert why in await why_refused(connector)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503, 302])
async def test_any_other_status_is_no_answer(connector: HttpRegistries, authority: FakeAuthority, status: int) -> None:
    authority.status = status
    assert await why_refused(connector) == f"status {status}"


async def test_an_endless_answer_is_cut_off(connector: HttpRegistries, authority: FakeAuthority) -> None:
    authority.before_signing = lambda answer: answer | {"record": {"name": "x" * 2_000_000}}
    assert "too large" in await why_refused(connector)


async def test_a_source_that_is_no_name_is_never_asked(connector: HttpRegistries) -> None:
    assert await why_refused(connector, query("../sms")) == "no such source"


async def test_a_new_key_is_fetched_and_a_key_changed_under_its_id_is_refused(fake_base: str, authority: FakeAuthority) -> None:
    connector = connect(fake_base, keys_refetch_seconds=0)
    first = authority.key
    await connector.look_up(query())
    authority.key = AuthorityKey(Ed25519PrivateKey.generate())
    authority.published.append(authority.key)
    assert (await connector.look_up(query())).key_id == authority.key.key_id

    impostor = AuthorityKey(Ed25519PrivateKey.generate())
    impostor.key_id = first.key_id
    authority.key, authority.published = impostor, [impostor]
    assert await why_refused(connector) == "bad signature"
    authority.headers = {"X-Key-Id": "unseen"}
    assert await why_refused(connector) == "keys: a known id came with another key"
    await connector.aclose()


async def test_unknown_key_ids_do_not_make_it_fetch_keys_at_every_answer(connector: HttpRegistries, authority: FakeAuthority) -> None:
    authority.headers = {"X-Key-Id": "unseen"}
    for _ in range(4):
        assert await why_refused(connector) == "bad signature: unknown key"
    assert authority.key_requests == 1


async def test_a_portrait_is_believed_with_its_statement(connector: HttpRegistries) -> None:
    assert await connector.portrait(query("resident_population")) == JPEG


@pytest.mark.parametrize(
    "bend",
    [
        lambda a: setattr(a, "portrait", JPEG + b"!"),
        lambda a: setattr(a, "before_signing", lambda answer: answer | {"request_id": "request-2"}),
        lambda a: setattr(a, "before_signing", lambda answer: answer | {"kind": "lookup"}),
        lambda a: setattr(a, "before_signing", lambda answer: answer | {"found": False}),
        lambda a: setattr(a, "after_signing", lambda signed: signed + b" "),
        lambda a: a.headers.update({"X-Statement": ""}),
        lambda a: a.headers.update({"X-Statement": "*"}),
    ],
)
async def test_a_portrait_that_is_not_what_was_signed_is_refused(
    connector: HttpRegistries, authority: FakeAuthority, bend: Callable[[FakeAuthority], None]
) -> None:
    bend(authority)
    with pytest.raises(RegistryUnavailable):
        await connector.portrait(query("resident_population"))


async def test_nobody_listening_is_unavailable() -> None:
    connector = connect("http://127.0.0.1:1/registries")
    assert "connection failed" in await why_refused(connector)
    await connector.aclose()


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registries, str]]:
    registries = Registries(Population.generate(5, 100), tmp_path_factory.mktemp("registries"), TOKEN, demo=True)
    with serve(Starlette(routes=registries.routes())) as base:
        yield registries, f"{base}/registries"


async def test_the_simulator_and_the_connector_understand_each_other(simulated: tuple[Registries, str], tmp_path: Path) -> None:
    registries, base = simulated
    mover = next(d for d in registries.population.demo_people() if d.key == "mover")
    connector = connect(base)
    answer = await connector.look_up(query("property", mover.id_number, certificate_number=mover.certificate_number or ""))
    assert answer.record["properties"][0]["owners"][0]["name"] == mover.name
    assert json.loads(answer.body)["purpose"] == "办理购房迁移"
    assert (await connector.look_up(query("criminal_records", mover.id_number))).found is False
    assert await connector.portrait(query("resident_population", mover.id_number)) == demo_portrait()
    assert await connector.portrait(query("resident_population", ID_NUMBER)) is None
    await connector.aclose()


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"outage": True}, "status 503"),
        ({"error_rate": 1}, "status 500"),
        ({"bad_signature_rate": 1}, "bad signature"),
        ({"latency_ms": 5000}, "no answer within 0.3 s"),
    ],
)
async def test_each_fault_of_the_simulator_is_unavailable_and_passes(
    simulated: tuple[Registries, str], fault: dict[str, Any], why: str
) -> None:
    registries, base = simulated
    connector = connect(base, longest_seconds=0.3)
    await connector.look_up(query())
    registries.faults.change({"marriage": fault})
    assert await why_refused(connector) == why
    registries.faults.change({"*": {"outage": False, "error_rate": 0, "bad_signature_rate": 0, "latency_ms": 0}})
    assert (await connector.look_up(query())).found is False
    await connector.aclose()
