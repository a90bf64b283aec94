"""The OpenAPI document against the running API: no answer that it does not promise, and never a 500."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import content_type_conformance, not_a_server_error, response_schema_conformance, status_code_conformance

from api.main import create_app
from casework import accounts
from settings import Settings
from tests.serving import serve
from wiring import Wiring

PROMISED = {
    "/oauth/token": {"post"},
    "/v1/service-items": {"get"},
    "/v1/service-items/{code}": {"get"},
    "/v1/applications": {"post"},
    "/v1/applications/{application_id}": {"get"},
    "/v1/applications/{application_id}/challenge": {"post"},
    "/v1/applications/{application_id}/challenge/show": {"post"},
    "/v1/applications/{application_id}/face-consent": {"post"},
    "/v1/applications/{application_id}/identity-clip": {"put"},
    "/v1/applications/{application_id}/clips": {"options", "post"},
    "/v1/applications/{application_id}/clips/{upload_id}": {"head", "patch", "delete"},
    "/v1/applications/{application_id}/materials/{code}": {"put"},
    "/v1/applications/{application_id}/events": {"get"},
    "/v1/applications/{application_id}/reads": {"get"},
    "/v1/applications/{application_id}/supplement": {"post"},
    "/v1/applications/{application_id}/withdraw": {"post"},
    "/v1/applications/{application_id}/appointment": {"get", "put", "delete"},
    "/v1/counter/appointments": {"get"},
    "/v1/counter/visits": {"post"},
    "/v1/counter/check-ins": {"post"},
    "/v1/work-items": {"get"},
    "/v1/work-items/{work_item_id}/claim": {"post"},
    "/v1/work-items/{work_item_id}/release": {"post"},
    "/v1/work-items/{work_item_id}/complete": {"post"},
    "/v1/certificates/{number}": {"get"},
    "/v1/callbacks/{provider}": {"post"},
}


def test_the_document_is_openapi_3_1_and_names_every_promised_path() -> None:
    document = create_app().openapi()
    assert document["openapi"].startswith("3.1")
    missing = {path: verbs for path, verbs in PROMISED.items() if not verbs <= document["paths"].get(path, {}).keys()}
    assert missing == {}
    assert not [path for path in document["paths"] if not path.startswith(("/v1/", "/oauth/"))]


def test_the_document_says_where_the_phone_goes_of_who_cannot_turn_the_head() -> None:
    schemas = create_app().openapi()["components"]["schemas"]
    said = schemas["Challenge"]["properties"]["movements"]["description"]
    assert "In the way `digits` the head stays still and the phone is carried to the other side" in said
    assert "move the phone" in schemas["NewChallenge"]["properties"]["way"]["description"]


async def _client_token(at: Settings) -> str:
    wiring = Wiring(at, pool_size=1)
    office = await wiring.office()
    credentials = await accounts.add_client(office, "schemathesis")
    token = await accounts.client_token(office, credentials.client_id, credentials.client_secret)
    await wiring.close()
    return token


@pytest.fixture(scope="module")
def token(migrated: Settings) -> str:
    return asyncio.run(_client_token(migrated))


@pytest.fixture(scope="module")
def base_url(migrated: Settings) -> Iterator[str]:
    with serve(create_app(migrated), lifespan="on") as base:
        yield base


schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")  # parts of an upload
schema = schemathesis.openapi.from_dict(create_app().openapi())


@schema.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_generated_request_breaks_the_api(case: schemathesis.Case[Any], base_url: str, token: str) -> None:
    headers = {} if case.operation.path.startswith("/oauth") else {"Authorization": f"Bearer {token}"}
    case.call_and_validate(
        base_url=base_url,
        headers=headers,
        checks=[not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance],
        timeout=30,
    )
