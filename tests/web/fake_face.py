"""The face check in memory: what is asked for, consent, and an upload in parts by the tus protocol."""

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from casework.examining import CHECK_TEXT, WAY_TEXT, CheckView, IdentityFile, TryView
from domain.application import Challenge
from domain.errors import NotFound
from domain.guardians import Guardian
from domain.identity import CheckName, Movement, Way
from domain.text import Bilingual

CASE = UUID("01930000-0000-7000-8000-000000000001")
ASKED: dict[Way, tuple[str, list[Movement]]] = {
    "code_and_turn": ("3582", ["left"]),
    "movements": ("", ["left", "up", "right", "down", "left"]),
    "digits": ("358219", ["left"]),
}


def challenge(way: Way = "code_and_turn", **changed: Any) -> Challenge:
    code, movements = ASKED[way]
    base: dict[str, Any] = {
        "id": UUID(int=8),
        "way": way,
        "code": code,
        "language": "zh",
        "movements": movements,
        "expires_at": datetime.now(UTC) + timedelta(minutes=5),
    }
    return Challenge(**base | changed)


def tried(serial: int = 1, **changed: Any) -> TryView:
    """A clip that failed for its face; what was not performed is among the rest."""
    outcomes: dict[CheckName, Any] = {
        "quality": "passed",
        "face": "failed",
        "spoofing": "not_performed",
        "movement": "passed",
        "code": "passed",
    }
    note = Bilingual(
        zh="三张最清楚的画面与户籍照片的距离都超过门槛", en="All three clearest pictures are further from the portrait than allowed"
    )
    told = Bilingual(zh="您的脸在阴影里，请面向光线", en="Your face was in shadow. Face the light")
    base: dict[str, Any] = {
        "clip_id": UUID(int=0xC0 + serial),
        "received_at": datetime.now(UTC) - timedelta(minutes=10 * serial),
        "way_text": WAY_TEXT["code_and_turn"],
        "passed": False,
        "frames": 3,
        "checks": [
            CheckView(
                name=name,
                text=CHECK_TEXT[name],
                outcome=outcome,
                note=note if outcome == "failed" else None,
                told=told if outcome == "failed" else None,
            )
            for name, outcome in outcomes.items()
        ],
        "policy": "1",
    }
    return TryView(**base | changed)


@dataclass
class FaceWorld:
    asked: Challenge = field(default_factory=challenge)
    parts: list[bytes] = field(default_factory=list)  # of the clip that is on its way
    clip_size: int = 0
    clip_facts: dict[str, str] = field(default_factory=dict)
    upload_breaks: int = 0  # of so many parts more, half arrives, and the server answers with an error
    tries: list[TryView] = field(default_factory=lambda: [tried(1), tried(2), tried(3, frames=0, checks=[], passed=None)])
    face_picture: bytes | None = None  # of portrait and frames; None: there is none
    done: list[tuple[str, Any]] = field(default_factory=list)

    async def identity_file(self, office: Any, actor: Any, work_item_id: UUID) -> IdentityFile:
        self.done.append(("identity_file", work_item_id))
        return IdentityFile(work_item_id=work_item_id, tries=self.tries)

    async def portrait(self, office: Any, actor: Any, work_item_id: UUID) -> bytes:
        return self._picture("portrait", work_item_id)

    async def frame(self, office: Any, actor: Any, work_item_id: UUID, clip_id: UUID, number: int) -> bytes:
        return self._picture("frame", (clip_id, number))

    def _picture(self, what: str, which: Any) -> bytes:
        if self.face_picture is None:
            raise NotFound()
        self.done.append((what, which))
        return self.face_picture

    async def renew_challenge(
        self, office: Any, actor: Any, application_id: UUID, language: str | None = None, way: Way | None = None
    ) -> Challenge:
        self.done.append(("renew_challenge", (application_id, way)))
        self.asked = challenge(way or self.asked.way, language=language or "zh")
        self.case = self.case.model_copy(update={"challenge": self.asked})  # type: ignore[has-type]
        return self.asked

    async def show_challenge(self, office: Any, actor: Any, application_id: UUID) -> Challenge:
        self.done.append(("show_challenge", application_id))
        return self.asked

    async def consent_to_face_check(self, office: Any, actor: Any, application_id: UUID, guardian: Guardian | None = None) -> None:
        self.done.append(("consent_to_face_check", guardian))


def uploads(world: FaceWorld) -> APIRouter:
    """Creation, offset and parts of one upload a case."""
    router = APIRouter(prefix="/applications/{application_id}/face/uploads")
    version = {"Tus-Resumable": "1.0.0"}

    @router.post("")
    async def create(request: Request, application_id: UUID) -> Response:
        pairs = (pair.split(" ") for pair in request.headers["upload-metadata"].split(","))
        world.clip_facts = {name: base64.b64decode(value).decode() for name, value in pairs}
        world.clip_size, world.parts = int(request.headers["upload-length"]), []
        world.done.append(("upload_begun", request.headers.get("x-csrf-token")))
        return Response(status_code=201, headers=version | {"Location": f"{request.url.path}/1"})

    @router.head("/1")
    async def offset(application_id: UUID) -> Response:
        world.done.append(("upload_resumed", _received(world)))
        stand = {"Upload-Offset": str(_received(world)), "Upload-Length": str(world.clip_size)}
        return Response(headers=version | stand | {"Cache-Control": "no-store"})

    @router.patch("/1")
    async def part(request: Request, application_id: UUID) -> Response:
        assert int(request.headers["upload-offset"]) == _received(world)
        body = await request.body()
        if world.upload_breaks:
            world.upload_breaks -= 1
            world.parts.append(body[: len(body) // 2])
            return Response(status_code=503)
        world.parts.append(body)
        if _received(world) == world.clip_size:
            world.done.append(("clip_arrived", world.clip_size))
        return Response(status_code=204, headers=version | {"Upload-Offset": str(_received(world))})

    return router


def _received(world: FaceWorld) -> int:
    return sum(map(len, world.parts))
