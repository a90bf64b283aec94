"""Clips made for tests: any pictures and any sound, in the containers and codecs of phones, whole or odd."""

import io
import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, Literal

import av
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Sound = NDArray[np.float32]

SOUND_RATE = 48_000
_QUICK = {
    "libvpx": {"deadline": "realtime", "cpu-used": "8"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
    "libsvtav1": {"preset": "12"},
    "libx264": {"preset": "ultrafast"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
}


def plain(width: int = 320, height: int = 240, grey: int = 128) -> Picture:
    return np.full((height, width, 3), grey, np.uint8)


def noise(seconds: float, loudness: float = 0.2) -> Sound:
    return (loudness * np.random.default_rng(1).standard_normal(round(seconds * SOUND_RATE))).astype(np.float32)


@contextmanager
def _ordinary_priority() -> Iterator[None]:
    """Hazard: libsvtav1 under root makes the thread that calls it a real-time one, and every process that it starts afterwards.

    Such a one starves whatever else wants the processor.
    """
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def make_clip(
    pictures: Iterable[Picture],
    sound: Sound | None,
    *,
    container: Literal["webm", "matroska", "mp4"] = "webm",
    frames_per_second: int = 25,
    codec: str | None = None,
    sound_codec: str | None = None,
    times: Sequence[float] | None = None,
    sound_from: float = 0.0,
    fragmented: bool = False,
    metadata: dict[str, str] | None = None,
) -> bytes:
    """`sound` is mono of shape (samples,) or of shape (channels, samples). `times`: seconds of each picture, in any order."""
    out = io.BytesIO()
    codecs = {"webm": ("libvpx", "libopus"), "matroska": ("libx264", "libopus"), "mp4": ("libx264", "aac")}[container]
    codec, sound_codec = codec or codecs[0], sound_codec or codecs[1]
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"} if fragmented else {}
    with _ordinary_priority(), av.open(out, "w", format=container, options=options) as opened:
        file: Any = opened  # which kind of stream comes back depends on a name that the type checker does not see
        file.metadata.update(metadata or {})
        video = file.add_stream(codec, rate=frames_per_second, options=_QUICK.get(codec, {}))
        video.bit_rate = 1_500_000
        video.codec_context.thread_count = 1  # encoders' threads spin on a busy machine
        if codec == "libx265":
            video.codec_context.codec_tag = "hvc1"
        channels = 0 if sound is None else np.atleast_2d(sound).shape[0]
        audio = file.add_stream(sound_codec, rate=SOUND_RATE, layout=("mono", "stereo")[channels - 1]) if channels else None
        if times is not None:
            video.codec_context.time_base = Fraction(1, 1000)
        for number, picture in enumerate(pictures):
            if number == 0:
                video.height, video.width = picture.shape[:2]
                video.pix_fmt = "yuv420p"
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, frames_per_second)
            if times is not None:
                frame.pts, frame.time_base = round(times[number] * 1000), Fraction(1, 1000)
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
        if audio is not None and sound is not None:
            interleaved = (np.atleast_2d(sound).T * 32767).astype("<i2").reshape(1, -1)
            track = av.AudioFrame.from_ndarray(interleaved, format="s16", layout=("mono", "stereo")[channels - 1])
            track.sample_rate, track.pts, track.time_base = SOUND_RATE, round(sound_from * SOUND_RATE), Fraction(1, SOUND_RATE)
            file.mux(audio.encode(track))
            file.mux(audio.encode(None))
    return out.getvalue()


def make_odd_clip(parts: Sequence[Sequence[Picture]], stamps: Sequence[float] | None = None, frames_per_second: int = 25) -> bytes:
    """vp8 in webm; each part of its own size, as when the phone is turned while it records. `stamps`: seconds of each frame."""
    out = io.BytesIO()
    with av.open(out, "w", format="webm") as opened:
        file: Any = opened
        stream = file.add_stream("libvpx", rate=frames_per_second)
        stream.height, stream.width = parts[0][0].shape[:2]
        stream.pix_fmt = "yuv420p"
        packets: list[Any] = []
        for part in parts:
            encoder: Any = av.CodecContext.create("libvpx", "w")
            encoder.height, encoder.width = part[0].shape[:2]
            encoder.pix_fmt, encoder.time_base, encoder.options = "yuv420p", Fraction(1, frames_per_second), _QUICK["libvpx"]
            encoder.bit_rate, encoder.thread_count = 1_500_000, 1
            for number, picture in enumerate(part, len(packets)):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, frames_per_second)
                packets += encoder.encode(frame)
            packets += encoder.encode(None)
        for number, packet in enumerate(packets):
            packet.stream, packet.time_base = stream, Fraction(1, 1000)
            packet.pts = round(1000 * (number / frames_per_second if stamps is None else stamps[number]))
            packet.dts = number - len(packets)  # below every stamp, so that the muxer takes any order
            file.mux(packet)
    return out.getvalue()


def make_sound_file(sound: Sound, container: Literal["webm", "mp4"] = "webm") -> bytes:
    """Sound and no picture."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as opened:
        file: Any = opened
        audio = file.add_stream({"webm": "libopus", "mp4": "aac"}[container], rate=SOUND_RATE, layout="mono")
        track = av.AudioFrame.from_ndarray((sound * 32767).astype("<i2").reshape(1, -1), format="s16", layout="mono")
        track.sample_rate, track.pts = SOUND_RATE, 0
        file.mux(audio.encode(track))
        file.mux(audio.encode(None))
    return out.getvalue()


def turned(mp4: bytes, a: int, b: int, c: int, d: int) -> bytes:
    """The clip with a display matrix: x' = ax + cy, y' = bx + dy, as phones write it that record on their side."""
    clip = bytearray(mp4)
    one = 65_536
    struct.pack_into(">9i", clip, clip.index(b"tkhd") + 44, a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30)
    return bytes(clip)


def pictures_of(clip: bytes, every: int = 1) -> list[Picture]:
    with av.open(io.BytesIO(clip), "r") as file:
        return [np.asarray(f.to_ndarray(format="rgb24"), np.uint8) for n, f in enumerate(file.decode(video=0)) if n % every == 0]


def sound_of(clip: bytes) -> Sound:
    with av.open(io.BytesIO(clip), "r") as file:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=SOUND_RATE)
        pieces = [piece.to_ndarray().reshape(-1) for frame in file.decode(audio=0) for piece in resampler.resample(frame)]
        return np.concatenate(pieces).astype(np.float32)
