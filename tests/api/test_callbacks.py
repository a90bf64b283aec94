"""Call-backs at the door: the genuine ones reach their case once, the forged ones are refused, and each is on record."""

import asyncio
import dataclasses
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from sqlalchemy import select
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle

from adapters.database import callbacks as store
from adapters.database.engine import Database
from adapters.database.tables import callbacks
from casework.engine import CaseEngine
from domain.ids import workflow_id
from settings import Settings
from simulators.callbacks import Envelope, sign
from simulators.signing import AuthorityKey
from tests.builders import make_service_item
from tests.filing import Cabinet, some_station
from wiring import Wiring

pytestmark = pytest.mark.stack
IMPOSTOR = AuthorityKey(Ed25519PrivateKey.generate())


@pytest.fixture
def payments_key(migrated: Settings) -> AuthorityKey:
    """The simulated provider's own key, which it signs with."""
    return AuthorityKey.load_or_make(migrated.home / "simulators" / "payments" / "callbacks.pem")


@pytest.fixture
def post_key(migrated: Settings) -> AuthorityKey:
    return AuthorityKey.load_or_make(migrated.home / "simulators" / "post" / "callbacks.pem")


@pytest.fixture
def database(app: FastAPI) -> Iterator[Database]:
    yield app.state.office.callbacks._db


def told(order_id: str, *, provider: str = "payments", state: str = "paid", event_id: str | None = None) -> bytes:
    event = {"provider": provider, "event_id": event_id or str(uuid4()), "order_id": order_id, "state": state}
    return json.dumps(event | {"at": datetime.now(UTC).isoformat()}).encode()


async def send(http: httpx.AsyncClient, envelope: Envelope, provider: str = "payments") -> httpx.Response:
    return await http.post(f"/v1/callbacks/{provider}", content=envelope.body, headers=dict(envelope.headers))


async def recorded(database: Database, *bodies: bytes) -> list[tuple[Any, ...]]:
    """event id, order id, state, accepted and why of each, as it came in."""
    c = callbacks.c
    digests = [hashlib.sha256(body).hexdigest() for body in bodies]
    query = select(c.event_id, c.order_id, c.state, c.accepted, c.why).where(c.body_sha256.in_(digests)).order_by(c.received_at)
    async with database.transaction() as connection:
        return [tuple(row) for row in (await connection.execute(query)).all()]


async def begun(client: Client, case: UUID) -> WorkflowHandle[Any, Any]:
    """A case that nobody works on: its history shows what it was told."""
    return await client.start_workflow("nobody-works-on-it", id=workflow_id(case), task_queue=f"nobody-{uuid4()}")


async def signals(handle: WorkflowHandle[Any, Any]) -> list[str]:
    kind = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
    return [
        event.workflow_execution_signaled_event_attributes.signal_name
        async for event in handle.fetch_history_events()
        if event.event_type == kind
    ]


async def test_a_case_is_told_once_however_often_the_same_event_comes(
    http: httpx.AsyncClient, app: FastAPI, database: Database, payments_key: AuthorityKey
) -> None:
    case = uuid4()
    handle = await begun(app.state.office.engine._client, case)
    body = told(f"fee-{case}")
    answers = [await send(http, sign(payments_key, body)) for _ in range(3)]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"repeated": again}) for again in (False, True, True)]
    assert await signals(handle) == ["provider_changed"]
    event, order = json.loads(body)["event_id"], f"fee-{case}"
    assert await recorded(database, body) == [
        (event, order, "paid", True, None),
        (event, order, "paid", False, "repeated"),
        (event, order, "paid", False, "repeated"),
    ]
    await handle.terminate()


async def test_a_parcel_tells_the_case_whose_document_is_in_it(http: httpx.AsyncClient, migrated: Settings, post_key: AuthorityKey) -> None:
    wiring = Wiring(migrated)
    office, item = await wiring.office(), make_service_item()
    case = await Cabinet(wiring, office, item).case(some_station())
    document, _, _ = await wiring.papers.begin_document(case, "certificate", f"OT{uuid4().hex[:10]}")
    handle = await begun(await wiring.temporal(), case)
    assert (await send(http, sign(post_key, told(str(document), provider="post", state="delivered")), "post")).status_code == 200
    assert await signals(handle) == ["provider_changed"]
    await handle.terminate()
    await wiring.close()


async def test_one_about_no_case_or_an_ended_one_is_taken_so_that_nobody_sends_it_for_ever(
    http: httpx.AsyncClient, app: FastAPI, database: Database, payments_key: AuthorityKey, post_key: AuthorityKey
) -> None:
    ended = uuid4()
    handle = await begun(app.state.office.engine._client, ended)
    await handle.terminate()
    bodies = [told(order) for order in (f"fee-{ended}", f"fee-{uuid4()}", str(ended), "an order of somebody else")]
    for body in bodies:
        assert (await send(http, sign(payments_key, body))).json() == {"repeated": False}
    parcel = told(str(uuid4()), provider="post")
    assert (await send(http, sign(post_key, parcel), "post")).json() == {"repeated": False}
    assert [row[3] for row in await recorded(database, *bodies, parcel)] == [True] * 5


async def test_forged_ones_are_refused_and_recorded_and_tell_nobody(
    http: httpx.AsyncClient, app: FastAPI, database: Database, payments_key: AuthorityKey, post_key: AuthorityKey
) -> None:
    case = uuid4()
    handle = await begun(app.state.office.engine._client, case)
    body, altered, foreign = told(f"fee-{case}"), told(f"fee-{case}", state="refunded"), told("张三 13800000000")
    genuine = sign(payments_key, body)
    forged = {
        "another key under the provider's id": sign(IMPOSTOR, body, key_id=payments_key.key_id),
        "another key": sign(IMPOSTOR, body),
        "the post's key": sign(post_key, body),
        "another body": Envelope(altered, genuine.headers),
        "another body about nobody": Envelope(foreign, genuine.headers),
        "too old": sign(payments_key, body, at=1_700_000_000),
        "no signature": Envelope(body, {"Content-Type": "application/json"}),
    }
    for kind, envelope in forged.items():
        answer = await send(http, envelope)
        assert (kind, answer.status_code, answer.json()["type"]) == (kind, 403, "urn:onetrip:problem:forged-callback")
    rows = await recorded(database, body, altered, foreign)
    assert [row[3] for row in rows] == [False] * len(forged)
    assert sorted(row[4] for row in rows) == ["forged: age", "forged: headers"] + ["forged: signature"] * 5
    assert {row[:3] for row in rows} == {(None, f"fee-{case}", None), (None, None, None)}  # nothing else of what a stranger wrote
    assert await signals(handle) == []
    # The genuine one is none the worse for a forgery that used its event.
    assert (await send(http, genuine)).json() == {"repeated": False}
    assert await signals(handle) == ["provider_changed"]
    await handle.terminate()


async def test_while_the_engine_is_away_the_provider_is_asked_to_send_it_again_and_then_it_counts(
    http: httpx.AsyncClient, app: FastAPI, database: Database, payments_key: AuthorityKey
) -> None:
    case, office = uuid4(), app.state.office
    handle = await begun(office.engine._client, case)
    body = told(f"fee-{case}")
    app.state.office = dataclasses.replace(office, engine=CaseEngine(await Client.connect("127.0.0.1:1", lazy=True)))
    away = await send(http, sign(payments_key, body))
    assert (away.status_code, away.headers["retry-after"]) == (503, "3")
    assert await recorded(database, body) == []
    app.state.office = office
    assert (await send(http, sign(payments_key, body))).json() == {"repeated": False}
    assert await signals(handle) == ["provider_changed"]
    await handle.terminate()


async def test_of_many_at_once_one_is_the_first(http: httpx.AsyncClient, database: Database, payments_key: AuthorityKey) -> None:
    body = told(f"fee-{uuid4()}")
    answers = await asyncio.gather(*(send(http, sign(payments_key, body)) for _ in range(8)))
    assert sorted(answer.json()["repeated"] for answer in answers) == [False] + [True] * 7
    assert sum(row[3] for row in await recorded(database, body)) == 1


async def test_strangers_cannot_fill_the_record(http: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "UNBELIEVED_AN_HOUR", 0)
    body = told("fee-1")
    assert (await send(http, sign(IMPOSTOR, body))).status_code == 403
    assert await recorded(database, body) == []


async def test_what_is_too_large_or_of_no_provider_is_refused(http: httpx.AsyncClient, payments_key: AuthorityKey) -> None:
    large = sign(payments_key, json.dumps({"order_id": "x" * 17_000}).encode())
    assert (await send(http, large)).status_code == 413
    assert (await send(http, sign(payments_key, told("fee-1")), "registries")).status_code == 422
