"""Opening a clip: webm or mp4 bytes to sampled frames and 16 kHz sound, in memory and within hard limits."""

import io
import time
from dataclasses import dataclass, field

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from adapters.biometrics.reasons import TOO_LARGE, TOO_LONG, TOO_MUCH, TOO_SHORT, TOO_SMALL, UNREADABLE
from adapters.biometrics.sound import SAMPLE_RATE, Sound
from domain.text import Bilingual

Picture = NDArray[np.uint8]  # RGB, shape (height, width, 3)

MAX_BYTES = 20 * 1024 * 1024
MIN_SECONDS, MAX_SECONDS = 1.0, 15.0
SECONDS_TOLERANCE = 0.5  # recorders stop late
MIN_SIDE, MAX_PIXELS = 240, 1920 * 1920
MAX_FRAMES = 15 * 60 + 60  # decoded ones, of a 60 frames/s camera
MAX_HELD_FRAMES = 24
MAX_HELD_SIDE = 960  # pixels; larger frames are kept scaled down
SAMPLING_SECONDS = 0.2
DECODING_SECONDS = 20.0
VIDEO_CODECS = frozenset({"vp8", "vp9", "av1", "libdav1d", "h264", "hevc", "libvpx", "libvpx-vp9"})
SOUND_CODECS = frozenset({"opus", "libopus", "vorbis", "aac", "mp3", "mp3float", "pcm_s16le", "pcm_f32le"})
_EBML, _FTYP = b"\x1a\x45\xdf\xa3", b"ftyp"


class UnusableClip(Exception):
    """The clip cannot be checked; `reason` says why, to the applicant."""

    def __init__(self, reason: Bilingual) -> None:
        self.reason = reason
        super().__init__(reason.en)


@dataclass(frozen=True)
class Clip:
    """What a clip shows and says. `sound` is None where it has no sound track; `times` are seconds of each frame."""

    frames: list[Picture]
    times: list[float]
    sound: Sound | None
    seconds: float


def open_clip(data: bytes) -> Clip:
    """Decode a clip, keeping at most `MAX_HELD_FRAMES` frames spread over it, upright, and all its sound.

    Raises:
        UnusableClip: not webm or mp4, damaged, or outside the limits above.
    """
    if len(data) > MAX_BYTES:
        raise UnusableClip(TOO_LARGE)
    container_format = _container_format(data)
    try:
        # The format is forced: libav's other demuxers (playlists, concatenations) open further files and addresses.
        with av.open(io.BytesIO(data), "r", format=container_format, options={"protocol_whitelist": ""}) as container:
            return _decode(container)
    except UnusableClip:
        raise
    except (av.error.FFmpegError, ValueError, OSError, IndexError, OverflowError, MemoryError) as error:
        raise UnusableClip(UNREADABLE) from error


def _container_format(data: bytes) -> str:
    if data[:4] == _EBML:
        return "matroska"
    if data[4:8] == _FTYP:
        return "mp4"
    raise UnusableClip(UNREADABLE)


def _decode(container: av.container.InputContainer) -> Clip:
    if not container.streams.video:
        raise UnusableClip(UNREADABLE)
    video = container.streams.video[0]
    streams: list[av.video.stream.VideoStream | av.audio.stream.AudioStream] = [video]
    _admit(video.codec_context, VIDEO_CODECS)
    # Refused inside the decoder: one packet may ask it for gigabytes before we see a frame.
    video.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    _check_size(video.codec_context.width, video.codec_context.height)
    if container.streams.audio:
        _admit(container.streams.audio[0].codec_context, SOUND_CODECS)
        streams.append(container.streams.audio[0])

    frames, sound = _FrameSampler(), _SoundCollector()
    deadline = time.monotonic() + DECODING_SECONDS
    for packet in container.demux(streams):
        for decoded in packet.decode():
            if time.monotonic() > deadline:
                raise UnusableClip(TOO_MUCH)
            if isinstance(decoded, av.VideoFrame):
                frames.add(decoded)
            elif isinstance(decoded, av.AudioFrame):
                sound.add(decoded)
    heard = sound.finish()
    seconds = max(frames.seconds, len(heard) / SAMPLE_RATE)
    if not frames.held:
        raise UnusableClip(UNREADABLE)
    if seconds < MIN_SECONDS:
        raise UnusableClip(TOO_SHORT)
    return Clip([p for _, p in frames.held], [t for t, _ in frames.held], heard if sound.present else None, seconds)


def _admit(codec: av.CodecContext | None, allowed: frozenset[str]) -> None:
    if codec is None or codec.name not in allowed:  # None: a codec that this build does not know
        raise UnusableClip(UNREADABLE)


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise UnusableClip(TOO_MUCH)
    if min(width, height) < MIN_SIDE:
        raise UnusableClip(TOO_SMALL)


@dataclass
class _FrameSampler:
    """Keeps frames `interval` seconds apart; a longer clip gets a longer interval, since its length is often not in its header."""

    interval: float = SAMPLING_SECONDS
    held: list[tuple[float, Picture]] = field(default_factory=list)
    count: int = 0
    first: float = 0.0
    seconds: float = 0.0

    def add(self, frame: av.VideoFrame) -> None:
        self.count += 1
        if self.count > MAX_FRAMES:
            raise UnusableClip(TOO_MUCH)
        _check_size(frame.width, frame.height)
        shown_at = frame.time if frame.time is not None else self.count / 30
        if self.count == 1:
            self.first = shown_at
        self.seconds = max(self.seconds, shown_at - self.first)
        if self.seconds > MAX_SECONDS + SECONDS_TOLERANCE:
            raise UnusableClip(TOO_LONG)
        if self.held and shown_at < self.held[-1][0] + self.interval:
            return
        self.held.append((shown_at, _upright(frame)))
        if len(self.held) > MAX_HELD_FRAMES:
            self.held = self.held[::2]
            self.interval *= 2


@dataclass
class _SoundCollector:
    present: bool = False
    _parts: list[Sound] = field(default_factory=list)
    _samples: int = 0
    _resampler: av.AudioResampler = field(default_factory=lambda: av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE))

    def add(self, frame: av.AudioFrame | None) -> None:
        self.present = True
        for piece in self._resampler.resample(frame):
            samples = piece.to_ndarray().reshape(-1).astype(np.float32)
            self._samples += len(samples)
            if self._samples > (MAX_SECONDS + SECONDS_TOLERANCE) * SAMPLE_RATE:
                raise UnusableClip(TOO_LONG)
            self._parts.append(samples)

    def finish(self) -> Sound:
        if not self.present:
            return np.zeros(0, np.float32)
        self.add(None)
        return np.nan_to_num(np.concatenate(self._parts)) if self._parts else np.zeros(0, np.float32)


def _upright(frame: av.VideoFrame) -> Picture:
    scale = min(1.0, MAX_HELD_SIDE / max(frame.width, frame.height))
    picture = frame.to_ndarray(format="rgb24", width=round(frame.width * scale) // 2 * 2, height=round(frame.height * scale) // 2 * 2)
    # Phones record on their side and write the turn into the file, counter-clockwise in degrees.
    return np.ascontiguousarray(np.rot90(picture, round(frame.rotation / 90) % 4), dtype=np.uint8)
