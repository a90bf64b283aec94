"""Clips made for the bench, of real people's pictures and real speakers' digits: none of them is a recording of what it shows."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.identity.material import Person, Picture, Sound, Voice, open_picture, portrait_of, read_aloud
from domain.identity import Asked, Movement
from simulators.demo_clip import FRAME_HEIGHT, FRAME_WIDTH, Performance, encode, perform, poses
from simulators.turning_head import FACE_RIM, SIDES, TurningHead

if TYPE_CHECKING:
    from adapters.biometrics.mesh import FaceMesh

MIN_FACE_WIDTH, MAX_YAW = 130.0, 13.0  # pixels and degrees: of a picture that may stand for what a phone's camera sees
FACE_SHARE = 0.45  # of the frame's width
CAMERA_NOISE = 2.0  # standard deviation, of 255
SIZE = (FRAME_WIDTH, FRAME_HEIGHT)


@dataclass(frozen=True)
class Sitter:
    """One picture of a person, with the face's mesh; the registry's `portrait` of the same person, from another picture, and one from this
    very picture, `own_portrait`: the best that an attacker can have."""

    person: str
    held_out: bool
    picture: Picture
    mesh: NDArray[np.float32]
    portrait: bytes
    own_portrait: bytes

    @cached_property
    def head(self) -> TurningHead:
        face = self.mesh[list(FACE_RIM), :2]
        wide = _width(self.mesh) / FACE_SHARE
        high = wide * FRAME_HEIGHT / FRAME_WIDTH
        x, y = face.mean(axis=0) - (wide / 2, 0.47 * high)
        return TurningHead(self.picture, self.mesh, (float(x), float(y), float(x + wide), float(y + high)), SIZE)


def sitters_of(people: Iterable[Person], mesh: "FaceMesh") -> list[Sitter]:
    """Every large, nearly frontal picture of somebody of whom there is another one with a face."""
    found = []
    for person in people:
        seen = [(path, picture, face) for path in person.pictures if (face := mesh.look(picture := open_picture(path))) is not None]
        for path, picture, face in seen:
            portrait = next((one for one in seen if one[0] != path and _width(one[2].points) >= MIN_FACE_WIDTH / 2), None)
            if portrait is None or not _fit_to_sit(face.points) or len(mesh.find(picture)) > 1:
                continue
            jpegs = (portrait_of(one[1], one[2].box) for one in (portrait, (path, picture, face)))
            found.append(Sitter(person.name, person.held_out, picture, face.points, *jpegs))
    return found


@dataclass(frozen=True)
class Scene:
    """One trial's people, voice and question, and the chance that decides its details."""

    sitter: Sitter
    other: Sitter
    voice: Voice
    asked: Asked
    number: int  # within its kind: variants take turns
    drawn: random.Random

    @cached_property
    def noise(self) -> np.random.Generator:
        return np.random.default_rng(self.drawn.randrange(2**32))

    def reading(self, code: str | None = None, movements: Sequence[Movement] | None = None) -> Performance:
        """What is asked, or else what is given here: read by the scene's voice, then moved."""
        code = self.asked.code if code is None else code
        heard = read_aloud(self.voice, code, self.drawn) if code else np.zeros(24_000, np.float32)
        return perform(heard, self.asked.movements if movements is None else movements)

    def live(self, performance: Performance, sitter: Sitter | None = None) -> list[Picture]:
        """A head that speaks and moves in space, before a phone's camera."""
        course = poses(performance, reach=self.drawn.uniform(0.85, 1.15), phase=self.drawn.uniform(0, 60))
        return list((sitter or self.sitter).head.frames(course))

    def clip(self, frames: Iterable[Picture], sound: Sound) -> bytes:
        """As a phone records it: with its camera's noise."""
        grains = [np.rint(self.noise.normal(0, CAMERA_NOISE, (FRAME_HEIGHT, FRAME_WIDTH, 3))).astype(np.int16) for _ in range(5)]
        noisy = (np.asarray(cv2.add(frame, grains[number % 5], dtype=cv2.CV_8U), np.uint8) for number, frame in enumerate(frames))
        return encode(noisy, np.clip(sound, -1, 1))


def folder_of_models() -> Path:
    """Of the packaged face mesh."""
    from adapters.biometrics.packaged_models import mesh_folder

    return mesh_folder(Path(__file__).parents[2] / "node_modules")


def _width(mesh: NDArray[np.float32]) -> float:
    return float(np.hypot(*(mesh[SIDES[1], :2] - mesh[SIDES[0], :2])))


def _fit_to_sit(mesh: NDArray[np.float32]) -> bool:
    width = _width(mesh)
    yaw = np.degrees(np.arctan2(mesh[SIDES[1], 2] - mesh[SIDES[0], 2], width))
    return width >= MIN_FACE_WIDTH and abs(float(yaw)) <= MAX_YAW
