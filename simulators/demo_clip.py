"""The demo person: a portrait, and a clip made for whatever is asked, from material that packages ship."""

import io
import itertools
import random
import wave
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image, ImageEnhance

if TYPE_CHECKING:  # heavy, and the portrait needs none of it
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from domain.identity import Movement
    from simulators.turning_head import Pose, TurningHead

    Picture = NDArray[np.uint8]  # RGB, shape (height, width, 3)
    Sound = NDArray[np.float32]

# In demo mode codes are asked in this language: whisper understands espeak-ng's English and not its Mandarin.
CLIP_LANGUAGE: Literal["en"] = "en"

PORTRAIT_BOX = (104, 2, 342, 295)  # of the 512x512 photograph; the ratio of a Chinese ID photograph
PORTRAIT_SIZE = (358, 441)

FRAME_WIDTH, FRAME_HEIGHT, FRAMES_PER_SECOND = 480, 640, 15
CLIP_BOX = (104, -18, 344, 302)
CAMERA_FRAMES_PER_SECOND = 30  # at which Chromium plays an MJPEG file: each picture twice
SOUND_RATE = 48_000
LEAD_SECONDS, TAIL_SECONDS = 0.4, 0.5

# A movement goes out and comes back; degrees of yaw to the person's left and of pitch upwards.
MOVEMENT_SECONDS, BETWEEN_SECONDS = 1.3, 0.25
FURTHEST: "dict[Movement, tuple[float, float]]" = {"left": (24.0, 1.5), "right": (-24.0, 1.5), "up": (1.5, 17.0), "down": (-1.5, -17.0)}
WIDEST_OPENING = 0.7


def demo_portrait() -> bytes:
    """What the population registry holds of the demo person: a JPEG of 358x441 pixels, head and shoulders."""
    picture = _photograph().resize(PORTRAIT_SIZE, Image.Resampling.BICUBIC, box=PORTRAIT_BOX)
    picture = ImageEnhance.Brightness(picture).enhance(1.06)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=86)
    return out.getvalue()


def make_demo_clip(
    code: str,
    language: Literal["zh", "en"] = CLIP_LANGUAGE,
    seconds: float | None = None,
    movements: "Sequence[Movement]" = (),
) -> bytes:
    """The demo person reading `code` aloud, if there is one, then moving the head: webm (vp8, opus), 480x640, 15 frames a second.

    The movements are rendered from one photograph, not recorded, and a little otherwise each time. `seconds` lengthens the clip with
    silence; by default it lasts as long as reading and movements, about 5 s.
    """
    manner = Manner.drawn()
    performance = perform_code(code, movements, language, seconds=seconds, manner=manner)
    return encode(head_frames(performance, manner), performance.sound)


def write_camera_files(
    code: str,
    language: Literal["zh", "en"],
    folder: Path,
    pause_seconds: float = 2.5,
    lead_seconds: float | None = None,
    movements: "Sequence[Movement]" = (),
) -> tuple[Path, Path]:
    """`camera.mjpeg` and `microphone.wav` for Chromium's fake camera, which plays both over and over.

    One round is reading, movements and `pause_seconds` of silence, so that a recording as long as two rounds holds a whole one wherever
    it begins; a shorter recording needs `lead_seconds` of silence before the reading, as long as it takes from opening the camera to
    recording.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manner = Manner.drawn(slowest=1.1, longest_wait=0.3)  # all five movements within the time that the page leaves for them
    performance = perform_code(code, movements, language, LEAD_SECONDS if lead_seconds is None else lead_seconds, manner=manner)
    performance = performance.lasting(performance.seconds + pause_seconds)
    camera, microphone = folder / "camera.mjpeg", folder / "microphone.wav"
    with camera.open("wb") as out:
        for picture in head_frames(performance, manner):
            for _ in range(CAMERA_FRAMES_PER_SECOND // FRAMES_PER_SECOND):
                Image.fromarray(picture).save(out, "JPEG", quality=90)
    with wave.open(str(microphone), "wb") as track:
        track.setnchannels(1)
        track.setsampwidth(2)
        track.setframerate(SOUND_RATE)
        track.writeframes((performance.sound * 32767).astype("<i2").tobytes())
    return camera, microphone


@dataclass(frozen=True)
class Manner:
    """How somebody moves this time: nobody does it twice in the same way, and a clip that seems to is taken for a replay.

    `reach`: how far, in shares of `FURTHEST`. `pace`: how long a movement takes, in shares of `MOVEMENT_SECONDS`. `waits`: seconds before
    each. `phase`: seconds by which the swaying is another. `drift`: how far the hand with the phone strays, in pixels.
    """

    reach: float = 1.0
    pace: float = 1.0
    waits: tuple[float, ...] = (BETWEEN_SECONDS,)
    phase: float = 0.0
    drift: float = 0.0

    @classmethod
    def drawn(cls, slowest: float = 1.3, longest_wait: float = 0.7) -> "Manner":
        among = random.uniform
        waits = tuple(among(0.15, longest_wait) for _ in range(8))
        return cls(reach=among(0.88, 1.08), pace=among(0.85, slowest), waits=waits, phase=among(0, 60), drift=among(9, 15))


PLAIN = Manner()


@dataclass(frozen=True)
class Performance:
    """What is heard, and when the head moves: `sound` at `SOUND_RATE`, `movements` each with the second in which it begins."""

    sound: "Sound"
    movements: "tuple[tuple[float, Movement], ...]"
    movement_seconds: float = MOVEMENT_SECONDS

    @property
    def seconds(self) -> float:
        return len(self.sound) / SOUND_RATE

    def lasting(self, seconds: float) -> "Performance":
        """The same, with silence after it until it lasts as long; a longer one stays."""
        import numpy as np

        return replace(self, sound=np.pad(self.sound, (0, max(0, round(seconds * SOUND_RATE) - len(self.sound)))))


@cache
def _photograph() -> Image.Image:
    """NASA's photograph of Eileen Collins (public domain), as scikit-image ships it: RGB, 512x512."""
    # The package's folder is found without importing it: importing scikit-image costs half a second.
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise RuntimeError("The demo needs the package scikit-image, which ships the portrait.")
    with Image.open(Path(spec.origin).parent / "data" / "astronaut.png") as picture:
        return picture.convert("RGB")


def perform_code(
    code: str,
    movements: "Sequence[Movement]" = (),
    language: Literal["zh", "en"] = CLIP_LANGUAGE,
    lead_seconds: float = LEAD_SECONDS,
    seconds: float | None = None,
    manner: Manner = PLAIN,
) -> Performance:
    """The synthetic voice reads `code`, unless it is empty; then come the movements. See `perform`."""
    import numpy as np

    spoken = np.zeros(0, np.float32)
    if code:
        from simulators.spoken_digits import read_code

        spoken = read_code(code, language, SOUND_RATE)
    return perform(np.concatenate([np.zeros(round(SOUND_RATE * lead_seconds), np.float32), spoken]), movements, seconds, manner)


def perform(heard: "Sound", movements: "Sequence[Movement]", seconds: float | None = None, manner: Manner = PLAIN) -> Performance:
    """First `heard` (at `SOUND_RATE`), then the movements one by one, then a moment of rest."""
    lasts, ends = MOVEMENT_SECONDS * manner.pace, len(heard) / SOUND_RATE
    moves = []
    for movement, wait in zip(movements, itertools.cycle(manner.waits), strict=False):
        moves.append((ends + wait, movement))
        ends += wait + lasts
    return Performance(heard, tuple(moves), lasts).lasting(max(ends + TAIL_SECONDS, seconds or 0.0))


def poses(
    performance: Performance, frames_per_second: int = FRAMES_PER_SECOND, *, reach: float = 1.0, phase: float = 0.0, drift: float = 0.0
) -> "Iterator[Pose]":
    """How head and camera are in each frame: the mouth follows the loudness, the head sways a little and makes its movements.

    `reach`, `phase`, `drift`: see `Manner`.
    """
    import numpy as np

    from simulators.turning_head import Pose

    for number, opening in enumerate(mouth_openings(performance.sound, frames_per_second)):
        yaw, pitch = turned(performance, number / frames_per_second)
        at = phase + number / frames_per_second
        yield Pose(
            yaw=reach * yaw + 1.3 * np.sin(1.7 * at) + 0.5 * np.sin(4.1 * at + 2),
            pitch=reach * pitch + 0.8 * np.sin(1.2 * at + 1),
            mouth=WIDEST_OPENING * float(opening),
            shift=(
                3.2 * np.sin(1.5 * at) + drift * np.sin(1.9 * at + np.sin(0.7 * at) * 3),
                2.1 * np.sin(2.3 * at + 0.7) + drift * np.sin(1.4 * at + np.sin(0.9 * at) * 3),
            ),
            roll=1.1 * np.sin(1.9 * at) + 0.4 * np.sin(3.7 * at + 1),
            zoom=1.01 + 0.006 * np.sin(1.3 * at),
        )


def turned(performance: Performance, at: float) -> tuple[float, float]:
    """Yaw and pitch of the movement that is under way: out, held for a moment, and back, without a jerk."""
    import numpy as np

    for begins, movement in performance.movements:
        if begins <= at <= begins + performance.movement_seconds:
            out = min(1.0, 1.25 * np.sin(np.pi * (at - begins) / performance.movement_seconds) ** 2)
            yaw, pitch = FURTHEST[movement]
            return yaw * out, pitch * out
    return 0.0, 0.0


def head_frames(performance: Performance, manner: Manner = PLAIN) -> "Iterator[Picture]":
    """Of the demo person, `FRAMES_PER_SECOND`."""
    return _head().frames(poses(performance, reach=manner.reach, phase=manner.phase, drift=manner.drift))


@cache
def _head() -> "TurningHead":
    import numpy as np

    from simulators.turning_head import TurningHead

    mesh = np.loadtxt(Path(__file__).with_name("demo_face_mesh.csv"), np.float32, delimiter=",")
    return TurningHead(np.asarray(_photograph()), mesh, CLIP_BOX, (FRAME_WIDTH, FRAME_HEIGHT))


def mouth_openings(sound: "Sound", frames_per_second: int) -> "NDArray[np.float32]":
    """0..1 for each frame: the loudness around it, smoothed as a jaw would."""
    import numpy as np

    step = SOUND_RATE // frames_per_second
    windows = np.pad(sound, (0, -len(sound) % step)).reshape(-1, step)
    loud = np.sqrt(np.mean(windows**2, axis=1))
    loud = np.convolve(loud, [0.25, 0.5, 0.25], "same")
    return np.asarray(np.clip(loud / max(float(np.percentile(loud, 95)), 1e-6), 0, 1) ** 0.7, np.float32)


def encode(
    frames: "Iterable[Picture]",
    sound: "Sound | None",
    frames_per_second: int = FRAMES_PER_SECOND,
    size: tuple[int, int] = (FRAME_WIDTH, FRAME_HEIGHT),
) -> bytes:
    """webm (vp8, opus) as browsers record it. `frames`: RGB, all of `size` (width, height; even). `sound`: at `SOUND_RATE`, or None."""
    import av
    import cv2
    import numpy as np

    out = io.BytesIO()
    with av.open(out, "w", format="webm") as container:
        video = container.add_stream("libvpx", rate=frames_per_second, options={"deadline": "realtime", "cpu-used": "16"})
        video.width, video.height = size
        video.pix_fmt, video.bit_rate, video.codec_context.thread_count = "yuv420p", 1_500_000, 1
        audio = None
        if sound is not None:
            audio = container.add_stream("libopus", rate=SOUND_RATE, layout="mono", options={"compression_level": "3"})
            audio.bit_rate = 48_000
        for number, picture in enumerate(frames):
            planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420), np.uint8)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, frames_per_second)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None and sound is not None:
            track = av.AudioFrame.from_ndarray((sound * 32767).astype("<i2").reshape(1, -1), format="s16", layout="mono")
            track.sample_rate, track.pts = SOUND_RATE, 0
            container.mux(audio.encode(track))
            container.mux(audio.encode(None))
    return out.getvalue()
