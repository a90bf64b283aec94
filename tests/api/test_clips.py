"""Uploads as clients of the tus protocol speak it, by token and from the camera page."""

import asyncio
import base64
import dataclasses
import hashlib
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from api.clips import CSRF_HEADER, VERSION
from casework import accounts
from casework.accounts import ClientCredentials, NewClerk
from casework.engine import CaseEngine
from casework.uploading import CLIP_MAX_BYTES, PART_MAX_BYTES
from domain.application import Applicant
from domain.changes import OpenCase
from domain.errors import ChallengeExpired, DomainError
from domain.ids import new_id
from domain.object_keys import clip_key
from domain.records import Try
from settings import Settings
from tests.builders import MemoryObjects, make_application_request, make_id_number, make_service_item
from tests.driving import TestWiring
from tests.filing import DIVISION

CLIP = random.Random(11).randbytes(PART_MAX_BYTES * 2 + 1234)
TUS = {"Tus-Resumable": VERSION}
PART = {**TUS, "Content-Type": "application/offset+octet-stream"}
PHONE = "13900000177"
ROOT = Path(__file__).parents[2]


class Cases:
    """The engine's side: takes clips, or refuses them."""

    refusal: DomainError | None = None

    def __init__(self) -> None:
        self.told: list[str | None] = []

    async def command(self, application_id: UUID, name: str, command: Any, *, command_id: str | None = None) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.told.append(command_id)


def said(**metadata: str) -> dict[str, str]:
    """`Upload-Metadata`."""
    pairs = [f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items()]
    return {"Upload-Metadata": ",".join(pairs)}


@dataclass
class Case:
    http: httpx.AsyncClient
    id: UUID
    cases: Cases
    objects: MemoryObjects
    person: Applicant
    app: FastAPI

    @property
    def uploads(self) -> str:
        return f"/v1/applications/{self.id}/clips"

    async def begin(self, size: int = len(CLIP), **more: str) -> httpx.Response:
        headers = {**TUS, "Upload-Length": str(size), **said(filetype="video/webm", seconds="5.13"), **more}
        return await self.http.post(self.uploads, headers=headers)

    async def begun(self, size: int = len(CLIP)) -> str:
        reply = await self.begin(size)
        assert reply.status_code == 201, reply.text
        return str(reply.headers["location"])

    async def send(self, at: str, offset: int, data: Any, **more: str) -> httpx.Response:
        return await self.http.patch(at, headers={**PART, "Upload-Offset": str(offset), **more}, content=data)

    async def offset(self, at: str) -> int:
        reply = await self.http.head(at, headers=TUS)
        assert reply.status_code == 200
        return int(reply.headers["upload-offset"])


@pytest.fixture
async def case(app: FastAPI, migrated: Settings, integrator: httpx.AsyncClient, credentials: ClientCredentials) -> AsyncIterator[Case]:
    """Of a person of its own who agreed, begun by the program that asks."""
    wiring, objects, cases = TestWiring(migrated), MemoryObjects(), Cases()
    number = make_id_number(random.randrange(1000), born=f"19{random.randrange(50, 99)}{random.randrange(1, 13):02d}11")
    request = make_application_request(id_number=number, phone=PHONE, client_id=credentials.client_id)
    opening = OpenCase(application_id=new_id(), request=request, at=datetime.now(UTC))
    await wiring.cases.open_case(opening, make_service_item(), division=DIVISION)
    app.state.office = dataclasses.replace(app.state.office, engine=cast(CaseEngine, cases), objects=objects)
    found = Case(integrator, opening.application_id, cases, objects, request.applicant, app)
    agreed = await integrator.post(f"/v1/applications/{found.id}/face-consent", json={"given": True})
    assert agreed.status_code == 204, agreed.text
    yield found
    await wiring.close()


def kind_of(reply: httpx.Response) -> str:
    assert reply.headers["content-type"] == "application/problem+json"
    return str(reply.json()["type"]).removeprefix("urn:onetrip:problem:")


# --- the protocol ----------------------------------------------------------------------------------------------------


async def test_anybody_may_ask_what_the_protocol_can(http: httpx.AsyncClient) -> None:
    reply = await http.options(f"/v1/applications/{uuid4()}/clips")
    assert reply.status_code == 204
    assert (reply.headers["tus-resumable"], reply.headers["tus-version"], reply.headers["tus-max-size"]) == ("1.0.0", "1.0.0", "20000000")
    assert {"creation", "termination", "checksum", "expiration"} <= set(reply.headers["tus-extension"].split(","))


async def test_a_client_of_another_version_is_told_which_one_is_spoken(case: Case) -> None:
    reply = await case.http.post(case.uploads, headers={"Tus-Resumable": "0.2.2", "Upload-Length": "10"})
    assert (reply.status_code, kind_of(reply), reply.headers["tus-version"]) == (412, "protocol-version", "1.0.0")


async def test_a_clip_comes_in_parts_and_the_last_one_hands_it_in(case: Case) -> None:
    at = await case.begun()
    assert await case.offset(at) == 0
    first = await case.send(at, 0, CLIP[:400_000])
    assert (first.status_code, first.headers["upload-offset"], first.headers["clip-state"]) == (204, "400000", "arriving")
    last = await case.send(at, 400_000, CLIP[400_000:])  # over two of what is stored at once
    assert (last.status_code, last.headers["upload-offset"], last.headers["clip-state"]) == (204, str(len(CLIP)), "handed-in")
    upload = UUID(at.rsplit("/", 1)[1])
    assert case.objects.stored == {clip_key(upload): CLIP}
    assert case.cases.told == [f"clip-{upload}"]
    now = await case.http.head(at, headers=TUS)
    assert (now.headers["upload-offset"], now.headers["upload-length"], now.headers["cache-control"]) == (str(len(CLIP)),) * 2 + (
        "no-store",
    )
    assert "filetype " in now.headers["upload-metadata"]
    assert (await case.http.get(f"/v1/applications/{case.id}")).json()["identity"]["checking"]


async def test_a_clip_may_come_with_its_announcement(case: Case) -> None:
    headers = {**PART, "Upload-Length": "1000", **said(filetype="video/mp4")}
    reply = await case.http.post(case.uploads, headers=headers, content=CLIP[:1000])
    assert (reply.status_code, reply.headers["upload-offset"], reply.headers["clip-state"]) == (201, "1000", "handed-in")


async def test_a_part_at_the_wrong_place_is_a_conflict_and_the_offset_says_where_to_go_on(case: Case) -> None:
    at = await case.begun()
    await case.send(at, 0, CLIP[:1000])
    wrong = await case.send(at, 0, CLIP[:1000])
    assert (wrong.status_code, kind_of(wrong), wrong.headers["tus-resumable"]) == (409, "offset-conflict", "1.0.0")
    assert await case.offset(at) == 1000


async def test_what_came_before_the_connection_broke_is_kept(case: Case) -> None:
    at = await case.begun()
    headers = {**PART, "Upload-Offset": "0", "Authorization": case.http.headers["authorization"], "host": "onetrip.test"}
    coming = [
        {"type": "http.request", "body": CLIP[:PART_MAX_BYTES], "more_body": True},
        {"type": "http.request", "body": CLIP[PART_MAX_BYTES : PART_MAX_BYTES + 5000], "more_body": True},
        {"type": "http.disconnect"},
    ]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "PATCH", "scheme": "http", "path": at,
        "raw_path": at.encode(), "query_string": b"", "root_path": "", "client": ("test", 1), "server": ("onetrip.test", 80),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip

    async def receive() -> Any:
        return coming.pop(0) if coming else await asyncio.Event().wait()

    async def send(message: Any) -> None: ...

    await case.app(scope, receive, send)
    assert await case.offset(at) == PART_MAX_BYTES + 5000
    assert (await case.send(at, PART_MAX_BYTES + 5000, CLIP[PART_MAX_BYTES + 5000 :])).headers["clip-state"] == "handed-in"
    assert list(case.objects.stored.values()) == [CLIP]


@pytest.mark.parametrize("name", ["sha1", "sha256"])
async def test_a_part_that_differs_from_its_checksum_does_not_count(case: Case, name: str) -> None:
    at = await case.begun()
    checksum = f"{name} {base64.b64encode(hashlib.new(name, CLIP[:1000]).digest()).decode()}"
    wrong = await case.send(at, 0, CLIP[1:1001], **{"Upload-Checksum": checksum})
    assert (wrong.status_code, kind_of(wrong)) == (460, "checksum-mismatch")
    right = await case.send(at, 0, CLIP[:1000], **{"Upload-Checksum": checksum})
    assert (right.status_code, right.headers["upload-offset"]) == (204, "1000")
    unknown = await case.send(at, 1000, CLIP[:1], **{"Upload-Checksum": "crc32 AAAA"})
    assert (unknown.status_code, kind_of(unknown)) == (422, "invalid-input")


async def test_an_upload_is_given_up(case: Case) -> None:
    at = await case.begun()
    await case.send(at, 0, CLIP[:1000])
    assert (await case.http.delete(at, headers=TUS)).status_code == 204
    assert case.objects.stored == {}
    assert (await case.http.head(at, headers=TUS)).status_code == 404


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({"Upload-Length": ""}, 422, "invalid-input"),
        ({"Upload-Length": "-5"}, 422, "invalid-input"),
        ({"Upload-Length": str(CLIP_MAX_BYTES + 1)}, 413, "too-large"),
        ({"Upload-Metadata": "filetype !!"}, 422, "invalid-input"),
        (said(filetype="image/png"), 415, "unsupported-media"),
        (said(filetype="video/webm", seconds="long"), 422, "invalid-input"),
        (said(filetype="video/webm", challenge="1"), 422, "invalid-input"),
        (said(filetype="video/webm", challenge=str(uuid4())), 403, "challenge-expired"),
    ],
)
async def test_what_would_be_no_clip_is_refused_at_once(case: Case, headers: dict[str, str], status: int, kind: str) -> None:
    reply = await case.begin(len(CLIP), **headers)
    assert (reply.status_code, kind_of(reply)) == (status, kind)


async def test_a_part_says_that_it_is_one(case: Case) -> None:
    at = await case.begun()
    reply = await case.http.patch(at, headers={**TUS, "Upload-Offset": "0", "Content-Type": "video/webm"}, content=b"x")
    assert (reply.status_code, kind_of(reply)) == (415, "unsupported-media")


_CLIENT = """
const tus = require("tus-js-client"), fs = require("fs");
const [endpoint, token, file] = process.argv.slice(1);
const options = { endpoint, chunkSize: 256 * 1024, retryDelays: [0, 200], headers: { Authorization: token },
  metadata: { filetype: "video/webm", seconds: "5.13" }, onError: (e) => { console.error(String(e)); process.exit(1); } };
const first = new tus.Upload(fs.readFileSync(file), { ...options, onChunkComplete: () => first.abort().then(() => {
  const second = new tus.Upload(fs.readFileSync(file), { ...options, uploadUrl: first.url, onSuccess: () => console.log(first.url) });
  second.start();
}) });
first.start();
"""


async def test_the_well_known_client_goes_on_after_it_was_cut_off(case: Case, tmp_path: Path) -> None:
    (tmp_path / "clip.webm").write_bytes(CLIP)
    async with served(case.app) as base:
        words = [f"{base}{case.uploads}", case.http.headers["authorization"], str(tmp_path / "clip.webm")]
        client = await asyncio.create_subprocess_exec(
            "node", "-e", _CLIENT, "--", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT
        )
        said_so, complaint = await asyncio.wait_for(client.communicate(), 60)
    assert (client.returncode, complaint) == (0, b"")
    upload = UUID(said_so.decode().strip().rsplit("/", 1)[1])
    assert case.objects.stored == {clip_key(upload): CLIP}
    assert case.cases.told == [f"clip-{upload}"]


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """On a port of its own, in this very loop: the office's connections belong to it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", timeout_graceful_shutdown=1))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110  (uvicorn has no event for it)
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


# --- what comes first -----------------------------------------------------------------------------------------------------


async def test_what_its_case_refuses_says_why_and_no_client_takes_it_for_a_wrong_offset(case: Case) -> None:
    at = await case.begun(1000)
    case.cases.refusal = ChallengeExpired()
    reply = await case.send(at, 0, CLIP[:1000])
    assert (reply.status_code, kind_of(reply)) == (403, "challenge-expired")
    assert (await case.http.head(at, headers=TUS)).status_code == 410


async def test_without_consent_nothing_is_taken(case: Case, migrated: Settings, credentials: ClientCredentials) -> None:
    wiring = TestWiring(migrated)
    request = make_application_request(phone=PHONE, client_id=credentials.client_id, id_number=make_id_number(born="19480506"))
    opening = OpenCase(application_id=new_id(), request=request, at=datetime.now(UTC))
    await wiring.cases.open_case(opening, make_service_item(), division=DIVISION)
    await wiring.close()
    other = dataclasses.replace(case, id=opening.application_id)
    in_parts = await other.begin()
    at_once = await case.http.put(f"/v1/applications/{other.id}/identity-clip", content=b"x", headers={"Content-Type": "video/webm"})
    assert [(in_parts.status_code, kind_of(in_parts)), (at_once.status_code, kind_of(at_once))] == [
        (403, "no-consent"),
        (409, "no-consent"),
    ]
    assert (await case.http.post(f"/v1/applications/{other.id}/face-consent", json={"given": False})).status_code == 422
    assert (await case.http.post(f"/v1/applications/{other.id}/face-consent", json={"given": True})).status_code == 204
    assert (await other.begin()).status_code == 201


async def test_who_has_to_wait_reads_how_long_in_the_answer_and_its_header(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    async def tries_of(application_id: UUID, since: datetime) -> list[Try]:
        return [Try(case.id, datetime.now(UTC), False)] * 4

    monkeypatch.setattr(case.app.state.office.identity, "tries_of", tries_of)
    for reply in (
        await case.begin(),
        await case.http.post(f"/v1/applications/{case.id}/challenge", json={"way": "digits"}),
        await case.http.post(f"/v1/applications/{case.id}/challenge/show"),
    ):
        assert (reply.status_code, kind_of(reply)) == (429, "too-many-attempts")
        assert 100 < int(reply.headers["retry-after"]) <= 120
        assert datetime.fromisoformat(reply.json()["wait_until"]) > datetime.now(UTC)
        assert "窗口" in reply.json()["detail_zh"]


async def test_the_challenge_is_shown_in_the_way_that_was_chosen(case: Case) -> None:
    shown = await case.http.post(f"/v1/applications/{case.id}/challenge/show")
    assert (shown.status_code, shown.json()["way"], len(shown.json()["code"])) == (200, "code_and_turn", 4)
    assert (await case.http.post(f"/v1/applications/{case.id}/challenge", json={"way": "dance"})).status_code == 422


# --- the camera page ------------------------------------------------------------------------------------------------------


async def test_the_camera_page_sends_with_its_session_and_its_token_and_not_without(case: Case) -> None:
    office = case.app.state.office
    person_id = await office.accounts.prove_person(case.person, datetime.now(UTC))
    token = await accounts._open_session(office, "applicant", str(person_id), timedelta(hours=1))
    csrf = {CSRF_HEADER: await accounts.csrf_of(office, token)}
    uploads, said_so = f"/applications/{case.id}/face/uploads", {**TUS, "Upload-Length": "1000", **said(filetype="video/webm")}
    del case.http.headers["authorization"]

    stranger = await case.http.post(uploads, headers=said_so | csrf)
    assert (stranger.status_code, kind_of(stranger)) == (401, "not-signed-in")
    case.http.cookies.set("onetrip_session", token)
    elsewhere = await case.http.post(uploads, headers=said_so)
    assert (elsewhere.status_code, kind_of(elsewhere)) == (403, "not-allowed")
    case.http.cookies.set("onetrip_language", "en")
    begun = await case.http.post(uploads, headers=said_so | csrf)
    assert begun.status_code == 201 and begun.headers["location"].startswith(f"{uploads}/")
    wrong = await case.http.patch(begun.headers["location"], headers=PART | csrf | {"Upload-Offset": "7"}, content=CLIP[:993])
    assert (wrong.status_code, wrong.json()["detail"]) == (409, wrong.json()["detail_en"])  # as the page speaks
    done = await case.http.patch(begun.headers["location"], headers=PART | csrf | {"Upload-Offset": "0"}, content=CLIP[:1000])
    assert (done.status_code, done.headers["clip-state"]) == (204, "handed-in")


async def test_a_clerk_who_did_not_file_a_case_sends_nothing_for_it(case: Case, clerk: NewClerk) -> None:
    office = case.app.state.office
    clerk_id = (await office.accounts.clerk_by_login(clerk.login))["id"]
    token = await accounts._open_session(office, "clerk", clerk_id, timedelta(hours=1))
    case.http.cookies.set("onetrip_staff", token)
    headers = {**TUS, "Upload-Length": "10", **said(filetype="video/webm"), CSRF_HEADER: await accounts.csrf_of(office, token)}
    reply = await case.http.post(f"/staff/filing/cases/{case.id}/face/uploads", headers=headers)
    assert reply.status_code in (403, 404)
