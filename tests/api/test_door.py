"""What is refused at the door: 422 or 413 with a problem, never 500."""

import json

import httpx
import pytest

URL = "/v1/applications"
GOOD = {
    "service_item": "no-criminal-record",
    "applicant": {"id_number": "330302198706196263", "name": "魏秀兰", "phone": "13800000000"},
    "answers": {"reason": "abroad"},
    "delivery": {"method": "online"},
}


def raw(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode()


@pytest.mark.parametrize(
    "body",
    [
        b'{"answers": NaN}',
        b'{"answers": Infinity}',
        b'{"answers": 1e999}',
        b'{"answers": "\\u0000"}',
        b'{"answers": {"\\u0000": 1}}',
        b'{"answers": "\\ud800"}',
        b'{"answers": {"\\udfff": 1}}',
        b'{"answers": "\xff"}',
        b"{",
        b"[" * 100_000,
        raw(unknown=1),
        raw(applicant={**GOOD["applicant"], "surplus": 1}),  # type: ignore[dict-item]
        raw(answers={"reason": "abroad", "surplus": 1}),
        raw(answers=[1]),
        raw(service_item=None),
        b"null",
        b"",
    ],
    ids=lambda b: repr(b[:30]),
)
async def test_malformed_bodies_are_422_problems(integrator: httpx.AsyncClient, body: bytes) -> None:
    reply = await integrator.post(URL, content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert problem["type"] == "urn:onetrip:problem:invalid-input"
    assert problem["detail_zh"]
    assert problem["detail_en"]


async def test_a_json_body_over_its_limit_is_413(integrator: httpx.AsyncClient) -> None:
    reply = await integrator.post(URL, content=b'"' + b"x" * 300_000 + b'"', headers={"Content-Type": "application/json"})
    assert (reply.status_code, reply.json()["type"]) == (413, "urn:onetrip:problem:too-large")


async def test_a_body_that_does_not_announce_its_length_is_cut_off_too(integrator: httpx.AsyncClient) -> None:
    async def endless() -> object:
        for _ in range(40):
            yield b"x" * 10_000

    reply = await integrator.post(URL, content=endless(), headers={"Content-Type": "application/json"})  # type: ignore[arg-type]
    assert reply.status_code == 413


@pytest.mark.parametrize("path", ["/v1/certificates/OT%00", "/v1/service-items/%00", "/v1/service-items/%ff", "/verify?n=%00"])
async def test_an_address_that_is_not_text_is_422(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 422


async def test_every_bad_field_is_named_at_once_in_both_languages(integrator: httpx.AsyncClient) -> None:
    body = GOOD | {
        "applicant": {"id_number": "330302198706196264", "name": "魏秀兰", "phone": "13800000000"},
        "answers": {"reason": "holiday"},
        "delivery": {"method": "post"},
    }
    reply = await integrator.post(URL, json=body)
    errors = {e["path"]: e for e in reply.json()["errors"]}
    assert set(errors) == {"/applicant/id_number", "/answers/reason", "/delivery/method"}
    assert errors["/applicant/id_number"]["zh"] == "身份证号最后一位不对，请核对"


async def test_the_reader_gets_their_language(http: httpx.AsyncClient) -> None:
    zh = (await http.get("/v1/service-items/nothing")).json()
    en = (await http.get("/v1/service-items/nothing", headers={"Accept-Language": "en-GB"})).json()
    assert (zh["detail"], en["detail"]) == (zh["detail_zh"], zh["detail_en"])
