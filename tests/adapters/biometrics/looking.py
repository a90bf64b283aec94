"""Pictures of the public-domain demo person, and tracks of the face in them."""

import io
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from adapters.biometrics.clip import HELD_FRAME_RATE, Clip, Tracks
from adapters.biometrics.mesh import FaceMesh, FaceTrack
from simulators.demo_clip import demo_portrait

Picture = NDArray[np.uint8]


@cache
def demo_picture() -> Picture:
    """The demo portrait; do not write into it."""
    picture = np.asarray(Image.open(io.BytesIO(demo_portrait())).convert("RGB"), np.uint8)
    picture.flags.writeable = False
    return picture


def clip_of(frames: Sequence[Picture]) -> Clip:
    times = [number / HELD_FRAME_RATE for number in range(len(frames))]
    seconds = len(frames) / HELD_FRAME_RATE
    return Clip(list(frames), times, None, seconds, Tracks(seconds, None, None, 0, "vp8", None, HELD_FRAME_RATE, 1 / HELD_FRAME_RATE))


def followed(mesh: FaceMesh, frames: Sequence[Picture]) -> tuple[Clip, FaceTrack]:
    clip = clip_of(frames)
    return clip, mesh.follow(clip.frames, clip.times)


def as_jpeg(picture: Picture) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=92)
    return out.getvalue()
