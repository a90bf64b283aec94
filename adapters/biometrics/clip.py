"""Opening a clip: webm or mp4 bytes to upright frames and 16 kHz sound on one clock, in memory and within hard limits."""

import io
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import av
import av.error
import numpy as np
from av.sidedata.sidedata import Type as SideData
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from adapters.biometrics.containers import Fault, UnusableClip, admit_container, creation_time
from adapters.biometrics.sound import SAMPLE_RATE, Sound
from adapters.biometrics.sound_track import SoundTrack

__all__ = ["Clip", "Fault", "Picture", "Tracks", "UnusableClip", "open_clip"]

Picture = NDArray[np.uint8]  # RGB, shape (height, width, 3)

MAX_BYTES = 20 * 1024 * 1024
MIN_SECONDS, MAX_SECONDS = 1.0, 15.0
SECONDS_TOLERANCE = 0.5  # recorders stop late
MIN_SIDE, MAX_PIXELS = 240, 1920 * 1920
MIN_FRAME_RATE, FRAME_RATE_TOLERANCE = 10.0, 0.1
MAX_FRAMES = 15 * 60 + 60  # decoded ones, of a 60 frames/s camera
MAX_PACKETS = MAX_FRAMES + 16 * 400  # and sound in packets of 2.5 ms
MAX_DAMAGED_SHARE = 0.1  # of packets and frames; more is not a clip that only lost its end
HELD_FRAME_RATE, HELD_SIDE = 15.0, 640  # what is kept: pictures a second, pixels of the longer side
DECODING_SECONDS, DECODING_THREADS = 20.0, 2
VIDEO_CODECS = frozenset({"vp8", "vp9", "av1", "libdav1d", "h264", "hevc", "libvpx", "libvpx-vp9"})
SOUND_CODECS = frozenset({"opus", "libopus", "vorbis", "aac", "pcm_s16le", "pcm_f32le"})
_STAMP_SLACK = 0.008  # seconds: webm's time stamps are whole milliseconds, and cameras waver


@dataclass(frozen=True)
class Tracks:
    """What the file says of itself, for whoever asks whether it can be a recording of this moment.

    `created_at`: from the container, None where it says nothing. `rotation`: degrees clockwise by which the frames were turned.
    `longest_gap_seconds`: between two pictures. `damaged_packets`: that could not be decoded.
    """

    video_seconds: float
    sound_seconds: float | None
    created_at: datetime | None
    rotation: int
    video_codec: str
    sound_codec: str | None
    frame_rate: float
    longest_gap_seconds: float
    damaged_packets: int = 0


@dataclass(frozen=True)
class Clip:
    """What a clip shows and says, on one clock that starts with whichever of picture and sound comes first.

    `frames` are all of one shape, at most `HELD_FRAME_RATE` a second, evenly spread; `times` are seconds of each, strictly rising.
    `sound` is None where there is no sound track. `seconds`: until the end of the longer one.
    """

    frames: list[Picture]
    times: list[float]
    sound: Sound | None
    seconds: float
    tracks: Tracks


def open_clip(data: bytes) -> Clip:
    """Decode a clip.

    Raises:
        UnusableClip: not webm or mp4, damaged, or outside the limits above; its `name` says which.
    """
    if len(data) > MAX_BYTES:
        raise UnusableClip("too_large")
    container_format = admit_container(data, MAX_PACKETS)
    # Read while the file is probed, before we see a stream: one packet may ask the decoder for gigabytes.
    options = {"protocol_whitelist": "", "max_pixels": str(MAX_PIXELS), "max_streams": "16"}
    try:
        # The format is forced: libav's other demuxers (playlists, concatenations) open further files and addresses.
        with av.open(io.BytesIO(data), "r", format=container_format, options=options, metadata_errors="replace") as container:
            return _decode(container)
    except UnusableClip:
        raise
    except (av.error.FFmpegError, ValueError, OSError, LookupError, ArithmeticError, MemoryError) as error:
        raise UnusableClip("unreadable") from error


def _decode(container: av.container.InputContainer) -> Clip:
    if not container.streams.video:
        raise UnusableClip("no_picture")
    video, audio = container.streams.video[0], container.streams.audio[0] if container.streams.audio else None
    _admit(video.codec_context, VIDEO_CODECS)
    _check_pixels(video.codec_context.width, video.codec_context.height)
    # Once more for the decoder itself; what `open` was given holds for probing alone.
    video.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    video.codec_context.thread_count, video.codec_context.thread_type = DECODING_THREADS, "AUTO"
    if audio is not None:
        _admit(audio.codec_context, SOUND_CODECS)

    frames, sound, damaged = _FrameKeeper(), SoundTrack(MAX_SECONDS + SECONDS_TOLERANCE), _Damage()
    for decoded in _decoded_frames(container, [video] if audio is None else [video, audio], damaged):
        if isinstance(decoded, av.VideoFrame):
            frames.add(decoded)
        elif isinstance(decoded, av.AudioFrame):
            sound.add(decoded)
    frames.check(cut_short=damaged.cut_short)
    return _on_one_clock(container, frames, sound, damaged, video.codec_context.name, audio.codec_context.name if audio else None)


def _decoded_frames(
    container: av.container.InputContainer, streams: "list[av.video.stream.VideoStream | av.audio.stream.AudioStream]", damaged: "_Damage"
) -> "Iterator[object]":
    """Everything that can be decoded; what cannot is counted in `damaged`."""
    deadline = time.monotonic() + DECODING_SECONDS
    packets = container.demux(streams)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except (av.error.FFmpegError, ValueError):
            damaged.cut_short = True  # the container breaks off; what came before it stands
            return
        damaged.of += 1
        if time.monotonic() > deadline or damaged.of > MAX_PACKETS:
            raise UnusableClip("too_much")
        try:
            yield from packet.decode()
        except (av.error.FFmpegError, ValueError):
            damaged.packets += 1


@dataclass
class _Damage:
    packets: int = 0
    of: int = 0
    cut_short: bool = False


def _on_one_clock(
    container: av.container.InputContainer, frames: "_FrameKeeper", sound: SoundTrack, damaged: _Damage, codec: str, sound_codec: str | None
) -> Clip:
    if damaged.packets + frames.corrupt > 3 + MAX_DAMAGED_SHARE * damaged.of:
        raise UnusableClip("damaged")
    heard = sound.samples()
    origin = frames.first if heard is None else min(frames.first, sound.first)
    seconds = frames.last + frames.interval - origin
    if heard is not None:
        late = sound.first - origin
        if late > MAX_SECONDS:
            raise UnusableClip("times")
        heard = np.pad(heard, (round(late * SAMPLE_RATE), 0))
        seconds = max(seconds, len(heard) / SAMPLE_RATE)
    if seconds > MAX_SECONDS + SECONDS_TOLERANCE:
        raise UnusableClip("too_long")
    if seconds < MIN_SECONDS:
        raise UnusableClip("truncated" if damaged.cut_short or damaged.packets else "too_short")
    tracks = Tracks(
        video_seconds=frames.seconds, sound_seconds=None if heard is None else sound.seconds, created_at=creation_time(container),
        rotation=frames.rotation, video_codec=codec, sound_codec=sound_codec if heard is not None else None, frame_rate=frames.rate,
        longest_gap_seconds=frames.longest_gap, damaged_packets=damaged.packets,
    )  # fmt: skip
    return Clip(_of_one_shape(frames.pictures), [t - origin for t in frames.times], heard, seconds, tracks)


def _admit(codec: av.CodecContext | None, allowed: frozenset[str]) -> None:
    if codec is None or codec.name not in allowed:  # None: a codec that this build does not know
        raise UnusableClip("codec")


def _check_pixels(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise UnusableClip("too_much")


@dataclass
class _FrameKeeper:
    """Keeps at most `HELD_FRAME_RATE` frames a second on the file's own clock. The others cost their decoding and nothing more."""

    pictures: list[Picture] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    rotation: int = 0
    corrupt: int = 0
    longest_gap: float = 0.0
    _count: int = 0
    _backwards: int = 0
    _shown: list[float] = field(default_factory=list)
    _sides: list[int] = field(default_factory=list)
    _due: float = -math.inf
    _reformatter: VideoReformatter = field(default_factory=VideoReformatter)

    @property
    def first(self) -> float:
        return self._shown[0]

    @property
    def last(self) -> float:
        return self._shown[-1]

    @property
    def interval(self) -> float:
        """Seconds between two frames, as a rule; the last one is taken to last as long."""
        return float(np.median(np.diff(self._shown))) if len(self._shown) > 1 else 0.0

    @property
    def seconds(self) -> float:
        return self.last - self.first + self.interval

    @property
    def rate(self) -> float:
        return (len(self._shown) - 1) / (self.last - self.first) if len(self._shown) > 1 else 0.0

    def add(self, frame: av.VideoFrame) -> None:
        self._count += 1
        if self._count > MAX_FRAMES:
            raise UnusableClip("too_much")
        _check_pixels(frame.width, frame.height)
        if frame.is_corrupt:
            self.corrupt += 1
            return
        shown_at = self._time_of(frame)
        if self._shown and shown_at <= self.last:
            self._backwards += 1
            return
        if self._shown:
            self.longest_gap = max(self.longest_gap, shown_at - self.last)
        self._shown.append(shown_at)
        if shown_at - self.first > MAX_SECONDS + SECONDS_TOLERANCE:
            raise UnusableClip("too_long")
        if shown_at + _STAMP_SLACK < self._due:
            return
        # A late frame does not bring the next one closer than half a step.
        self._due = max(self._due + 1 / HELD_FRAME_RATE, shown_at + (0.5 if self.times else 1) / HELD_FRAME_RATE)
        self._keep(frame, shown_at)

    def check(self, *, cut_short: bool) -> None:
        """Raises: UnusableClip when what came out is no film of a person."""
        if not self.pictures:
            raise UnusableClip("truncated" if cut_short else "no_frames" if not self.corrupt else "damaged")
        if self._backwards > 3 + MAX_DAMAGED_SHARE * self._count:
            raise UnusableClip("times")
        if sorted(self._sides)[len(self._sides) // 2] < MIN_SIDE:
            raise UnusableClip("too_small")
        if self.seconds >= MIN_SECONDS and self.rate < MIN_FRAME_RATE - FRAME_RATE_TOLERANCE:
            raise UnusableClip("too_slow")

    def _time_of(self, frame: av.VideoFrame) -> float:
        stamp = frame.time
        if stamp is not None and math.isfinite(stamp):
            return float(stamp)
        return self.last + (self.interval or 1 / 30) if self._shown else 0.0

    def _keep(self, frame: av.VideoFrame, shown_at: float) -> None:
        self._sides.append(min(frame.width, frame.height))
        scale = min(1.0, HELD_SIDE / max(frame.width, frame.height))
        width, height = (max(2, round(side * scale) // 2 * 2) for side in (frame.width, frame.height))
        # AREA: smaller without aliasing, and in the same step as the colours.
        small = self._reformatter.reformat(frame, width, height, format="rgb24", interpolation="AREA", threads=1)
        quarters = _quarters_clockwise(frame)
        self.rotation = quarters * 90
        self.pictures.append(np.ascontiguousarray(np.rot90(small.to_ndarray(), -quarters), dtype=np.uint8))
        self.times.append(shown_at)


def _quarters_clockwise(frame: av.VideoFrame) -> int:
    """How often the stored picture is to be turned by 90 degrees to stand upright: phones record on their side and say so in a matrix.

    Where the matrix mirrors too (a selfie as in a looking-glass), only the turn is followed, so that left stays the person's left.
    """
    side_data: Any = frame.side_data  # its stub knows only keys of text
    try:
        matrix = bytes(side_data[SideData.DISPLAYMATRIX])
    except KeyError:
        return 0
    a, b, _, c, d = np.frombuffer(matrix, "<i4", count=5).astype(float)
    if a * d - b * c < 0:
        a = -a
    return round(math.atan2(b, a) / (math.pi / 2)) % 4


def _of_one_shape(pictures: list[Picture]) -> list[Picture]:
    """Every frame in the commonest shape: recorders change size in mid-clip when the line or the phone turns. What is missing is black."""
    shapes = [picture.shape for picture in pictures]
    common = max(set(shapes), key=shapes.count)
    return [picture if picture.shape == common else _fitted(picture, common[1], common[0]) for picture in pictures]


def _fitted(picture: Picture, width: int, height: int) -> Picture:
    import cv2

    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = (max(1, int(picture.shape[1] * scale)), max(1, int(picture.shape[0] * scale)))
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    top, left = (height - resized.shape[0]) // 2, (width - resized.shape[1]) // 2
    canvas = np.zeros((height, width, 3), np.uint8)
    canvas[top : top + resized.shape[0], left : left + resized.shape[1]] = resized
    return canvas
