"""The face check in memory: what is asked for, consent, and an upload in parts by the tus protocol."""

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from domain.application import Challenge
from domain.guardians import Guardian
from domain.identity import Movement, Way

CASE = UUID("01930000-0000-7000-8000-000000000001")
ASKED: dict[Way, tuple[str, list[Movement]]] = {
    "code_and_turn": ("3582", ["left"]),
    "movements": ("", ["left", "up", "right", "down", "left"]),
    "digits": ("358219", []),
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


@dataclass
class FaceWorld:
    asked: Challenge = field(default_factory=challenge)
    parts: list[bytes] = field(default_factory=list)  # of the clip that is on its way
    clip_size: int = 0
    clip_facts: dict[str, str] = field(default_factory=dict)
    upload_breaks: int = 0  # of so many parts more, half arrives, and the server answers with an error
    done: list[tuple[str, Any]] = field(default_factory=list)

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
