"""Recordings of real people talking: as a phone would send them, and with a turn of the head added by the renderer."""

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from bench.identity.making import Sitter
from bench.identity.material import Picture, Sound, portrait_of
from simulators.demo_clip import FRAMES_PER_SECOND, SOUND_RATE, Performance, encode, turned
from simulators.turning_head import Pose

if TYPE_CHECKING:
    from adapters.biometrics.mesh import FaceMesh, FaceTrack


def recordings_of(talking: Path) -> list[Path]:
    return sorted([*talking.glob("*.mpg"), *talking.glob("*.mp4")])


def watch(path: Path) -> tuple[list[Picture], Sound]:
    """At most eight seconds: frames at `FRAMES_PER_SECOND`, sound at `SOUND_RATE`."""
    frames: list[Picture] = []
    parts = [np.zeros(0, np.float32)]
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SOUND_RATE)
    with av.open(str(path), "r") as source:
        first = None
        for frame in source.decode(*source.streams.video[:1], *source.streams.audio[:1]):
            if isinstance(frame, av.VideoFrame):
                at = float(frame.time or 0)
                first = at if first is None else first
                if at - first > 8:
                    break
                if at - first >= len(frames) / FRAMES_PER_SECOND - 0.01:
                    frames.append(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
            elif isinstance(frame, av.AudioFrame):
                parts += [piece.to_ndarray().reshape(-1).astype(np.float32) for piece in resampler.resample(frame)]
    sound = np.concatenate(parts)[: round(len(frames) / FRAMES_PER_SECOND * SOUND_RATE)]
    return frames, np.asarray(sound, np.float32)


def as_recorded(path: Path) -> bytes:
    """The same pictures and sound as mp4 (h264, aac), as a phone sends them."""
    out = io.BytesIO()
    with av.open(str(path), "r") as file, av.open(out, "w", format="mp4") as opened:
        source: Any = file
        target: Any = opened
        shown = source.streams.video[0]
        video = target.add_stream("libx264", rate=shown.average_rate or 25, options={"preset": "ultrafast", "crf": "18"})
        video.width, video.height, video.pix_fmt = shown.codec_context.width, shown.codec_context.height, "yuv420p"
        audio = target.add_stream("aac", rate=SOUND_RATE, layout="mono") if source.streams.audio else None
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=SOUND_RATE)
        shown_already = 0
        for frame in source.decode(*source.streams.video[:1], *source.streams.audio[:1]):
            if frame.time is not None and frame.time > 12:
                break
            frame.pts = None
            if isinstance(frame, av.VideoFrame):
                frame.pts, frame.time_base = shown_already, 1 / Fraction(shown.average_rate or 25)
                shown_already += 1
                target.mux(video.encode(frame))
            elif isinstance(frame, av.AudioFrame) and audio is not None:
                for piece in resampler.resample(frame):
                    target.mux(audio.encode(piece))
        target.mux(video.encode(None))
        if audio is not None:
            target.mux(audio.encode(None))
    return out.getvalue()


def portrait_from(path: Path, mesh: "FaceMesh") -> bytes:
    """Of the first frame that shows a face: the only picture there is of these people.

    Raises:
        ValueError: nobody is seen.
    """
    for picture in watch(path)[0][::5]:
        if seen := mesh.look(picture):
            return portrait_of(picture, seen.box)
    raise ValueError(f"No face is seen in {path.name}.")


def as_turned(path: Path, mesh: "FaceMesh", performance: Performance) -> bytes:
    """Every frame rendered over its own mesh, so that who talks also turns. Forwards, then backwards where it is too short."""
    frames, sound = watch(path)
    track = mesh.follow(frames, [number / FRAMES_PER_SECOND for number in range(len(frames))])
    lasts = round(len(performance.sound) / SOUND_RATE * FRAMES_PER_SECOND)
    heard = np.resize(np.concatenate([sound, sound[::-1]]), round(lasts / FRAMES_PER_SECOND * SOUND_RATE))
    return encode(_rendered(track, performance, lasts), np.asarray(heard, np.float32))


def _rendered(track: "FaceTrack", performance: Performance, count: int) -> Iterator[Picture]:
    forth = list(range(len(track.frames)))
    for number, place in enumerate(np.resize([*forth, *forth[::-1]], count)):
        seen = track.seen[int(place)]
        if seen is None:
            continue
        yaw, pitch = turned(performance, number / FRAMES_PER_SECOND)
        sitter = Sitter("", True, np.asarray(track.frames[int(place)], np.uint8), seen.points, b"", b"")
        yield sitter.head.frame(Pose(yaw=yaw, pitch=pitch))
