"""The demo person: a portrait, and a talking clip made for any code, from material that packages ship."""

import io
import wave
from fractions import Fraction
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image, ImageEnhance

if TYPE_CHECKING:  # heavy, and the portrait needs none of it
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]  # RGB, shape (height, width, 3)
    Sound = NDArray[np.float32]

# In demo mode codes are asked in this language: whisper understands espeak-ng's English and not its Mandarin.
CLIP_LANGUAGE: Literal["en"] = "en"

PORTRAIT_BOX = (104, 2, 342, 295)  # of the 512x512 photograph; the ratio of a Chinese ID photograph
PORTRAIT_SIZE = (358, 441)

FRAME_WIDTH, FRAME_HEIGHT, FRAMES_PER_SECOND = 480, 640, 25
CLIP_BOX = (119, 2, 329, 282)
CAMERA_FRAMES_PER_SECOND = 30  # at which Chromium plays an MJPEG file
SOUND_RATE = 48_000
LEAD_SECONDS, TAIL_SECONDS = 0.4, 0.5

# The mouth in the photograph's own pixels: the seam between upper teeth and lower lip is a parabola, and what lies below it
# moves down as the jaw opens, less and less towards the underside of the chin.
MOUTH_MIDDLE, MOUTH_HALF_WIDTH = 224.5, 21.0
SEAM_AT_CORNERS, SEAM_AT_MIDDLE, CHIN_BELOW = 141.0, 149.6, 184.0
WIDEST_OPENING = 11.0
MOUTH_INSIDE = (62, 22, 24)  # RGB


def demo_portrait() -> bytes:
    """What the population registry holds of the demo person: a JPEG of 358x441 pixels, head and shoulders."""
    picture = _photograph().resize(PORTRAIT_SIZE, Image.Resampling.BICUBIC, box=PORTRAIT_BOX)
    picture = ImageEnhance.Brightness(picture).enhance(1.06)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=86)
    return out.getvalue()


def make_demo_clip(code: str, language: Literal["zh", "en"] = CLIP_LANGUAGE, seconds: float | None = None) -> bytes:
    """The demo person reading `code` aloud: webm (vp8, opus), 480x640, 25 frames a second.

    `seconds` lengthens the clip with silence; by default it lasts as long as the reading, about 4 s.
    """
    sound = _reading(code, language, LEAD_SECONDS, seconds)
    return _encode(_talking_head(sound, FRAMES_PER_SECOND), sound)


def write_camera_files(
    code: str, language: Literal["zh", "en"], folder: Path, pause_seconds: float = 2.5, lead_seconds: float | None = None
) -> tuple[Path, Path]:
    """`camera.mjpeg` and `microphone.wav` for Chromium's fake camera, which plays both over and over.

    One round is the reading and `pause_seconds` of silence, so that a recording of 8 s holds the whole code wherever it begins;
    a shorter recording needs `lead_seconds` of silence before the reading, as long as it takes from opening the camera to recording.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sound = _reading(code, language, LEAD_SECONDS if lead_seconds is None else lead_seconds, None)
    sound = _silence_after(sound, len(sound) / SOUND_RATE + pause_seconds)
    camera, microphone = folder / "camera.mjpeg", folder / "microphone.wav"
    with camera.open("wb") as out:
        for picture in _talking_head(sound, CAMERA_FRAMES_PER_SECOND):
            Image.fromarray(picture).save(out, "JPEG", quality=90)
    with wave.open(str(microphone), "wb") as track:
        track.setnchannels(1)
        track.setsampwidth(2)
        track.setframerate(SOUND_RATE)
        track.writeframes((sound * 32767).astype("<i2").tobytes())
    return camera, microphone


@cache
def _photograph() -> Image.Image:
    """NASA's photograph of Eileen Collins (public domain), as scikit-image ships it: RGB, 512x512."""
    # The package's folder is found without importing it: importing scikit-image costs half a second.
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise RuntimeError("The demo needs the package scikit-image, which ships the portrait.")
    with Image.open(Path(spec.origin).parent / "data" / "astronaut.png") as picture:
        return picture.convert("RGB")


def _reading(code: str, language: Literal["zh", "en"], lead_seconds: float, seconds: float | None) -> "Sound":
    import numpy as np

    from simulators.spoken_digits import read_code

    spoken = read_code(code, language, SOUND_RATE)
    silence = [np.zeros(round(SOUND_RATE * length), np.float32) for length in (lead_seconds, TAIL_SECONDS)]
    reading = np.concatenate([silence[0], spoken, silence[1]])
    return reading if seconds is None else _silence_after(reading, seconds)


def _silence_after(sound: "Sound", seconds: float) -> "Sound":
    import numpy as np

    return np.pad(sound, (0, max(0, round(seconds * SOUND_RATE) - len(sound))))


def _talking_head(sound: "Sound", frames_per_second: int) -> "Iterator[Picture]":
    """Frames as long as the sound lasts; the mouth follows its loudness, the head sways a little."""
    import cv2
    import numpy as np

    scale = FRAME_WIDTH / (CLIP_BOX[2] - CLIP_BOX[0])
    photograph = np.asarray(_photograph())
    for number, opening in enumerate(_mouth_openings(sound, frames_per_second)):
        at = number / frames_per_second
        angle = 1.1 * np.sin(1.9 * at) + 0.4 * np.sin(3.7 * at + 1)
        grown = scale * (1.01 + 0.006 * np.sin(1.3 * at))
        middle = ((CLIP_BOX[0] + CLIP_BOX[2]) / 2, (CLIP_BOX[1] + CLIP_BOX[3]) / 2)
        placed = cv2.getRotationMatrix2D(middle, float(angle), float(grown))
        placed[:, 2] += (FRAME_WIDTH / 2 - middle[0] + 3.2 * np.sin(1.5 * at), FRAME_HEIGHT / 2 - middle[1] + 2.1 * np.sin(2.3 * at + 0.7))
        talking = _with_open_mouth(photograph, opening)
        frame = cv2.warpAffine(talking, placed, (FRAME_WIDTH, FRAME_HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        yield np.asarray(frame, np.uint8)


def _mouth_openings(sound: "Sound", frames_per_second: int) -> "NDArray[np.float32]":
    """0..1 for each frame: the loudness around it, smoothed as a jaw would."""
    import numpy as np

    step = SOUND_RATE // frames_per_second
    windows = np.pad(sound, (0, -len(sound) % step)).reshape(-1, step)
    loud = np.sqrt(np.mean(windows**2, axis=1))
    loud = np.convolve(loud, [0.25, 0.5, 0.25], "same")
    return np.asarray(np.clip(loud / max(float(np.percentile(loud, 95)), 1e-6), 0, 1) ** 0.7, np.float32)


def _with_open_mouth(photograph: "Picture", opening: float) -> "Picture":
    import cv2
    import numpy as np

    left, right = int(MOUTH_MIDDLE - MOUTH_HALF_WIDTH), int(MOUTH_MIDDLE + MOUTH_HALF_WIDTH) + 1
    top, bottom = int(SEAM_AT_CORNERS) - 2, int(CHIN_BELOW) + 1
    x, y = np.meshgrid(np.arange(left, right, dtype=np.float32), np.arange(top, bottom, dtype=np.float32))
    off_middle = np.clip(np.abs(x - MOUTH_MIDDLE) / MOUTH_HALF_WIDTH, 0, 1)
    seam = SEAM_AT_MIDDLE - (SEAM_AT_MIDDLE - SEAM_AT_CORNERS) * off_middle**2
    lip = seam + WIDEST_OPENING * opening * (1 - off_middle**2) ** 1.5
    below = np.clip((y - lip) / (CHIN_BELOW - lip), 0, 1)
    from_y = np.where(y < lip, y, seam + below * (CHIN_BELOW - seam)).astype(np.float32)
    moved = cv2.remap(photograph, x, from_y, cv2.INTER_LINEAR)
    inside = np.clip(np.minimum(y - seam, lip - y), 0, 1)[:, :, None]
    picture = photograph.copy()
    picture[top:bottom, left:right] = moved * (1 - inside) + np.array(MOUTH_INSIDE) * inside
    return picture


def _encode(frames: "Iterator[Picture]", sound: "Sound") -> bytes:
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="webm") as container:
        video = container.add_stream("libvpx", rate=FRAMES_PER_SECOND, options={"deadline": "realtime", "cpu-used": "6"})
        video.width, video.height, video.pix_fmt, video.bit_rate = FRAME_WIDTH, FRAME_HEIGHT, "yuv420p", 1_500_000
        audio = container.add_stream("libopus", rate=SOUND_RATE, layout="mono")
        audio.bit_rate = 48_000
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        track = av.AudioFrame.from_ndarray((sound * 32767).astype("<i2").reshape(1, -1), format="s16", layout="mono")
        track.sample_rate, track.pts = SOUND_RATE, 0
        container.mux(audio.encode(track))
        container.mux(audio.encode(None))
    return out.getvalue()
