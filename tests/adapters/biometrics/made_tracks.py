"""Tracks for tests of movement and lips: a photograph rendered as a turning, speaking head, or held as a sheet; followed by the mesh."""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from adapters.biometrics.mesh import FaceMesh, FaceTrack, Picture
from bench.identity.sheets import Held, show
from simulators.turning_head import Pose, TurningHead

FRAMES_A_SECOND = 15
SIZE = (480, 640)


def photograph() -> Picture:
    """NASA's photograph of Eileen Collins (public domain), as scikit-image ships it."""
    spec = find_spec("skimage")
    assert spec is not None and spec.origin is not None
    with Image.open(Path(spec.origin).parent / "data" / "astronaut.png") as picture:
        return np.asarray(picture.convert("RGB"), np.uint8)


def made_head(mesh: FaceMesh) -> TurningHead:
    picture = photograph()
    seen = mesh.look(picture)
    assert seen is not None
    return TurningHead(picture, seen.points, (119, 2, 329, 282), SIZE)


def carried_around(head: TurningHead) -> TurningHead:
    """The same, but a pose turns the room too: what a camera sees that goes around a still head, to the other side."""
    seen = copy(head)
    seen._model = replace(head._model, follows=np.ones_like(head._model.follows))
    return seen


def there_and_back(degrees: float, frames: int = 7, rest: int = 5) -> NDArray[np.float64]:
    """One turn and back, with rest before and after it."""
    out = degrees * (1 - np.cos(np.linspace(0, np.pi, frames))) / 2
    return np.concatenate([np.zeros(rest), out, np.full(2, degrees), out[::-1], np.zeros(rest)])


def head_track(mesh: FaceMesh, head: TurningHead, poses: Iterable[Pose]) -> FaceTrack:
    return _followed(mesh, [head.frame(pose) for pose in poses])


def sheet_track(mesh: FaceMesh, held: Sequence[Held]) -> FaceTrack:
    """A print of the photograph's head, before an empty wall."""
    sheet, wall = photograph()[0:270, 110:340], np.full((SIZE[1], SIZE[0], 3), 150, np.uint8)
    return _followed(mesh, [show(sheet, 520, one, wall) for one in held])


def _followed(mesh: FaceMesh, frames: list[Picture]) -> FaceTrack:
    drawn = np.random.default_rng(7)
    grained = [np.clip(frame + drawn.normal(0, 2.5, frame.shape), 0, 255).astype(np.uint8) for frame in frames]
    return mesh.follow(grained, [number / FRAMES_A_SECOND for number in range(len(frames))])


def mirrored(picture: Picture) -> Picture:
    return np.asarray(cv2.flip(picture, 1), np.uint8)
