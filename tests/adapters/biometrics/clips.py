"""Clips made for tests: any pictures and any sound, in webm or mp4."""

import io
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Literal

import av
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Sound = NDArray[np.float32]

SOUND_RATE = 48_000


def plain(width: int = 320, height: int = 240, grey: int = 128) -> Picture:
    return np.full((height, width, 3), grey, np.uint8)


def noise(seconds: float, loudness: float = 0.2) -> Sound:
    return (loudness * np.random.default_rng(1).standard_normal(round(seconds * SOUND_RATE))).astype(np.float32)


def make_clip(
    pictures: Iterable[Picture], sound: Sound | None, *, container: Literal["webm", "mp4"] = "webm", frames_per_second: int = 25
) -> bytes:
    out = io.BytesIO()
    codecs = {"webm": ("libvpx", "libopus"), "mp4": ("libx264", "aac")}[container]
    quick = {"webm": {"deadline": "realtime", "cpu-used": "8"}, "mp4": {"preset": "ultrafast"}}[container]
    with av.open(out, "w", format=container) as opened:
        file: Any = opened  # which kind of stream comes back depends on a name that the type checker does not see
        video = file.add_stream(codecs[0], rate=frames_per_second, options=quick)
        video.bit_rate = 1_500_000
        audio = file.add_stream(codecs[1], rate=SOUND_RATE, layout="mono") if sound is not None else None
        for number, picture in enumerate(pictures):
            if number == 0:
                video.height, video.width = picture.shape[:2]
                video.pix_fmt = "yuv420p"
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, frames_per_second)
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
        if audio is not None and sound is not None:
            track = av.AudioFrame.from_ndarray((sound * 32767).astype("<i2").reshape(1, -1), format="s16", layout="mono")
            track.sample_rate, track.pts = SOUND_RATE, 0
            file.mux(audio.encode(track))
            file.mux(audio.encode(None))
    return out.getvalue()


def pictures_of(clip: bytes, every: int = 1) -> list[Picture]:
    with av.open(io.BytesIO(clip), "r") as file:
        return [np.asarray(f.to_ndarray(format="rgb24"), np.uint8) for n, f in enumerate(file.decode(video=0)) if n % every == 0]


def sound_of(clip: bytes) -> Sound:
    with av.open(io.BytesIO(clip), "r") as file:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=SOUND_RATE)
        pieces = [piece.to_ndarray().reshape(-1) for frame in file.decode(audio=0) for piece in resampler.resample(frame)]
        return np.concatenate(pieces).astype(np.float32)
