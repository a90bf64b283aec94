"""An integrator's and a clerk's program against a running stack: HTTP only, as strangers would write it."""

import asyncio
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pyotp

from casework import accounts, demo
from domain.application import FINAL
from domain.identity import Asked
from settings import Settings
from simulators.demo_clip import CLIP_LANGUAGE
from simulators.demo_world import record_clip
from wiring import Wiring

WAIT_SECONDS = 90.0


@dataclass(frozen=True)
class DemoAccess:
    """What a tester reads off the terminal: an integrator's credentials, demo people, demo clerks."""

    client_id: str
    client_secret: str
    people: dict[str, dict[str, Any]]
    clerks: dict[str, dict[str, Any]]


def demo_access(settings: Settings) -> DemoAccess:
    async def read() -> DemoAccess:
        wiring = Wiring(settings, pool_size=1)
        office = await wiring.office()
        credentials = await accounts.add_client(office, "tests")
        people = {p["key"]: p for p in await demo.people(office)}
        clerks = {c["login"]: c for c in await demo.clerks(office)}
        await wiring.close()
        await asyncio.sleep(0.3)
        return DemoAccess(credentials.client_id, credentials.client_secret, people, clerks)

    return asyncio.run(read())


_used_steps: dict[str, int] = {}


def one_time_password(secret: str) -> str:
    """A password that this run has not used: of this half minute or the next, and a wait where both are gone."""
    while True:
        now = int(time.time()) // 30
        step = max(_used_steps.get(secret, 0) + 1, now)
        if step <= now + 1:
            _used_steps[secret] = step
            return pyotp.TOTP(secret).generate_otp(step)
        time.sleep(1)


class Program:
    """One caller with one token. `ok` unpacks an answer and fails with the problem's text."""

    def __init__(self, settings: Settings, token_form: dict[str, str] | None = None) -> None:
        self.http = httpx.Client(base_url=settings.site_url, timeout=60)
        if token_form is not None:
            token = self.ok(self.http.post("/oauth/token", data=token_form))["access_token"]
            self.http.headers["Authorization"] = f"Bearer {token}"

    @staticmethod
    def ok(reply: httpx.Response) -> dict[str, Any]:
        assert reply.is_success, f"{reply.status_code} {reply.text}"
        body: dict[str, Any] = reply.json()
        return body


class Integrator(Program):
    def __init__(self, settings: Settings, access: DemoAccess) -> None:
        form = {"grant_type": "client_credentials", "client_id": access.client_id, "client_secret": access.client_secret}
        super().__init__(settings, form)
        self.access = access

    def apply(self, code: str, person: str, answers: dict[str, Any], delivery: dict[str, Any], *, key: str | None = None) -> dict[str, Any]:
        who = self.access.people[person]
        body = {
            "service_item": code,
            "applicant": {k: who[k] for k in ("id_number", "name", "phone")},
            "answers": answers,
            "delivery": delivery,
            "language": CLIP_LANGUAGE,
        }
        return self.ok(self.http.post("/v1/applications", json=body, headers={"Idempotency-Key": key or str(uuid.uuid4())}))

    def consent(self, case: dict[str, Any]) -> None:
        self.http.post(f"/v1/applications/{case['id']}/face-consent", json={"given": True}).raise_for_status()

    def record_clip(self, case: dict[str, Any]) -> dict[str, Any]:
        """Agree, and do what is asked for now, as the demo person."""
        self.consent(case)
        self.ok(self.http.post(f"/v1/applications/{case['id']}/challenge"))
        asked = Asked.model_validate(self.ok(self.http.post(f"/v1/applications/{case['id']}/challenge/show")))
        with ThreadPoolExecutor(1) as elsewhere:  # a browser's driver runs a loop on this thread
            clip = elsewhere.submit(asyncio.run, record_clip(asked)).result()
        return self.ok(self.http.put(f"/v1/applications/{case['id']}/identity-clip", content=clip, headers={"Content-Type": "video/webm"}))

    def upload(self, case: dict[str, Any], code: str, data: bytes, media_type: str) -> dict[str, Any]:
        return self.ok(self.http.put(f"/v1/applications/{case['id']}/materials/{code}", content=data, headers={"Content-Type": media_type}))

    def read(self, case: dict[str, Any]) -> dict[str, Any]:
        return self.ok(self.http.get(f"/v1/applications/{case['id']}"))

    def wait_for(self, case: dict[str, Any], *statuses: str) -> dict[str, Any]:
        deadline = time.monotonic() + WAIT_SECONDS
        while (view := self.read(case))["status"] not in statuses:
            if view["status"] == "verifying" and view["identity"]["attempts_used"] and not view["identity"]["checking"]:
                self.record_clip(case)  # a synthetic voice is misheard now and then: a person would try again too
            ended = view["status"] in {s.value for s in FINAL}
            if ended or time.monotonic() > deadline:
                texts = [entry["text"]["en"] for entry in view["timeline"]]
                raise AssertionError(f"{view['status']} instead of {statuses}: {texts}, {view['identity']}")
            time.sleep(0.3)
        return view


class Clerk(Program):
    def __init__(self, settings: Settings, access: DemoAccess, login: str) -> None:
        super().__init__(settings)
        clerk = access.clerks[login]
        form = {"grant_type": "password", "username": login, "password": clerk["password"], "totp": one_time_password(clerk["totp_secret"])}
        token = self.ok(self.http.post("/oauth/token", data=form))["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def take(self, case: dict[str, Any]) -> dict[str, Any]:
        """Claim the open work item of this case as soon as it is in the queue: after a supplement the registries come first."""
        deadline = time.monotonic() + WAIT_SECONDS
        while (item := self._open_item_of(case)) is None:
            assert time.monotonic() < deadline, "no open work item of this case is in this clerk's queue"
            time.sleep(0.3)
        return self.ok(self.http.post(f"/v1/work-items/{item['id']}/claim"))

    def _open_item_of(self, case: dict[str, Any]) -> dict[str, Any] | None:
        cursor: str | None = ""
        while cursor is not None:
            page = self.ok(self.http.get("/v1/work-items", params={"status": "open", "cursor": cursor}))
            item: dict[str, Any] | None = next((i for i in page["items"] if i["application_id"] == case["id"]), None)
            if item is not None:
                return item
            cursor = page["next_cursor"]
        return None

    def complete(self, work_item: dict[str, Any], outcome: str, **result: Any) -> dict[str, Any]:
        return self.ok(self.http.post(f"/v1/work-items/{work_item['id']}/complete", json={"outcome": outcome, **result}))
