"""One demo application through the API: apply, upload, clip, then the timeline as the server sends it."""

import asyncio
import io
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
from PIL import Image, ImageDraw

from casework import accounts, demo
from casework.office import DemoWorld, Office
from domain.application import Challenge
from domain.errors import NotFound

# Which demo person applies for what; every other item is tried with the first one.
_WHO = {"no-criminal-record": "no-record", "purchase-migration": "mover", "name-change": "new-name"}


async def run_application(office: Office, code: str) -> int:
    """Exit code 0 when the case ended well or waits for people, 1 when it ended otherwise.

    Raises:
        NotFound: not in demo mode, or no such service item.
    """
    item = office.catalogue.get(code)
    people = {p["key"]: p for p in await demo.people(office)}
    person = people.get(_WHO.get(code, "no-record"))
    if person is None or office.demo_world is None:
        raise NotFound()
    async with httpx.AsyncClient(base_url=office.settings_view.site_url, timeout=60) as client:
        client.headers["Authorization"] = f"Bearer {await _token(office, client)}"
        case = await _ok(
            client.post(
                "/v1/applications",
                json=_body(code, item.delivery[0].value, person, office.demo_world.clip_language),
                headers={"Idempotency-Key": str(uuid.uuid4())},
            )
        )
        print(f"{item.name.zh} / {item.name.en}: {case['acceptance_number']}")
        for material in item.uploads:
            await _ok(
                client.put(
                    f"/v1/applications/{case['id']}/materials/{material.code}",
                    content=_sample_paper(),
                    headers={"Content-Type": "image/png"},
                )
            )
        await _ok(client.post(f"/v1/applications/{case['id']}/face-consent", json={"given": True}))
        seen = 0
        for _ in range(item.identity_attempts):
            await _until_allowed(client, case["id"])
            await _ok(client.post(f"/v1/applications/{case['id']}/challenge"))
            await _hand_in(office.demo_world, client, case["id"])
            seen = await _print_timeline(client, case["id"], seen)
            if (await _ok(client.get(f"/v1/applications/{case['id']}")))["status"] != "verifying":
                break  # otherwise the synthetic voice was misheard: another code, another clip
        return await _print_end(client, case["id"])


async def _until_allowed(client: httpx.AsyncClient, application_id: str) -> None:
    """After failed tries there are pauses."""
    identity = (await _ok(client.get(f"/v1/applications/{application_id}")))["identity"]
    if identity["to_counter"]:
        raise SystemExit(f"{identity['tries_today']} failed tries today: the counter checks this person, or a try tomorrow")
    if identity["wait_until"]:
        pause = datetime.fromisoformat(identity["wait_until"]) - datetime.now(UTC)
        print(f"  failed tries today: {identity['tries_today']} of {identity['tries_per_day']}; the next one in {pause.seconds + 1} s")
        await asyncio.sleep(max(0.0, pause.total_seconds()))


async def _hand_in(world: DemoWorld, client: httpx.AsyncClient, application_id: str) -> None:
    challenge = Challenge.model_validate(await _ok(client.post(f"/v1/applications/{application_id}/challenge/show")))
    clip = await world.clip(challenge.asked)
    print(f"  a clip was made: code {challenge.code or '-'}, head {' '.join(challenge.movements) or '-'} ({len(clip) // 1000} kB)")
    await _ok(client.put(f"/v1/applications/{application_id}/identity-clip", content=clip, headers={"Content-Type": "video/webm"}))


async def _token(office: Office, client: httpx.AsyncClient) -> str:
    credentials = await accounts.add_client(office, "onetrip demo apply")
    form = {"grant_type": "client_credentials", "client_id": credentials.client_id, "client_secret": credentials.client_secret}
    return str((await _ok(client.post("/oauth/token", data=form)))["access_token"])


async def _ok(sending: Any) -> dict[str, Any]:
    reply: httpx.Response = await sending
    if reply.is_error:
        raise SystemExit(f"{reply.status_code} {reply.text}")
    body: dict[str, Any] = reply.json() if reply.content else {}
    return body


def _body(code: str, delivery: str, person: dict[str, Any], language: str) -> dict[str, Any]:
    answers: dict[str, dict[str, Any]] = {
        "purchase-migration": {"property_certificate": person.get("certificate_number"), "movers": []},
        "name-change": {"new_name": f"{person['name'][0]}安然", "reason": "same-name"},
    }
    return {
        "service_item": code,
        "applicant": {key: person[key] for key in ("id_number", "name", "phone")},
        "answers": answers.get(code, {"reason": "abroad"}),
        "delivery": {"method": delivery},
        "language": language,
    }


def _sample_paper() -> bytes:
    page = Image.new("RGB", (800, 1100), "white")
    ImageDraw.Draw(page).text((80, 80), "Demonstration: proof of the reason", fill="black")
    out = io.BytesIO()
    page.save(out, "PNG")
    return out.getvalue()


async def _events(client: httpx.AsyncClient, application_id: str, after: int) -> AsyncIterator[tuple[int, dict[str, Any]]]:
    number = after
    headers = {"Last-Event-ID": str(after)}
    async with client.stream("GET", f"/v1/applications/{application_id}/events", headers=headers, timeout=None) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("id: "):
                number = int(line.removeprefix("id: "))
            if line.startswith("data: "):
                yield number, json.loads(line.removeprefix("data: "))


async def _print_timeline(client: httpx.AsyncClient, application_id: str, after: int) -> int:
    """Until the case ends or waits for a person; returns the last event's number."""
    seen = after
    async for numbered in _events(client, application_id, after):
        seen, entry = numbered
        print(f"  {entry['at'][11:19]}  {entry['by']:<28} {entry['text']['zh']} / {entry['text']['en']}")
        case = await _ok(client.get(f"/v1/applications/{application_id}"))
        people = any(w["who"] in ("clerk", "post") or w["what"] in ("visit", "supplement") for w in case["waiting_for"])
        if people or entry["event"] == "identity_failed":
            break
    return seen


async def _print_end(client: httpx.AsyncClient, application_id: str) -> int:
    case = await _ok(client.get(f"/v1/applications/{application_id}"))
    print(f"{case['status_text']['zh']} / {case['status_text']['en']}")
    for waiting in case["waiting_for"]:
        print(f"  {waiting['text']['zh']} / {waiting['text']['en']}" + (f" ({waiting['until']})" if waiting["until"] else ""))
    for reason in case["identity"]["last_reasons"]:
        print(f"  {reason['zh']} / {reason['en']}")
    for document in case["documents"]:
        print(f"  {document['number']}  {str(client.base_url).rstrip('/')}/verify?number={document['number']}")
    return 0 if case["status"] in ("completed", "awaiting_counter", "reviewing", "approving", "posting") else 1
