"""The people, portraits and voices of the data folder, and who of them nobody looked at while thresholds were chosen."""

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import scipy.io.wavfile
from numpy.typing import NDArray
from PIL import Image, ImageOps
from scipy.signal import resample_poly

from domain.text import Language
from simulators.demo_clip import SOUND_RATE

if TYPE_CHECKING:
    from adapters.biometrics.mesh import Box

Picture = NDArray[np.uint8]
Sound = NDArray[np.float32]

# Thresholds were chosen without them. Folders of `faces`, and speakers of `digits`.
HELD_OUT_FOLDERS = ("lfw", "openface")
HELD_OUT_SPEAKERS = ("theo", "yweweler", "veenp1", "veenp2")
PAUSE_SECONDS = (0.12, 0.3)
LOUDEST = 0.5
AUDIBLE = 0.06  # of a recording's loudest moment: what is before and after is cut off
PORTRAIT_SIZE = (358, 441)


@dataclass(frozen=True)
class Person:
    """Somebody of whom there are two pictures or more."""

    name: str
    pictures: tuple[Path, ...]
    held_out: bool


@dataclass(frozen=True)
class Voice:
    """One speaker's recordings of each digit."""

    name: str
    language: Language
    digits: tuple[tuple[Path, ...], ...]
    held_out: bool


def people_of(faces: Path) -> list[Person]:
    """Everybody with two labelled pictures; a person's name is that of their first picture."""
    same: dict[str, set[str]] = {}
    for one, other in _same_pairs(faces / "labels.csv"):
        group = same.get(one, {one}) | same.get(other, {other})
        for name in group:
            same[name] = group
    groups = {min(group): sorted(group) for group in same.values()}
    return [
        Person(first, tuple(faces / name for name in names), first.startswith(HELD_OUT_FOLDERS)) for first, names in sorted(groups.items())
    ]


def voices_of(digits: Path, language: Language) -> list[Voice]:
    """Everybody who spoke all ten digits."""
    recordings: dict[str, dict[str, list[Path]]] = {}
    for path in sorted((digits / language).glob("*.wav")):
        digit, speaker, _ = path.stem.split("_", 2)
        recordings.setdefault(speaker, {}).setdefault(digit, []).append(path)
    return [
        Voice(speaker, language, tuple(tuple(spoken[str(digit)]) for digit in range(10)), speaker in HELD_OUT_SPEAKERS)
        for speaker, spoken in sorted(recordings.items())
        if len(spoken) == 10
    ]


def read_aloud(voice: Voice, code: str, drawn: random.Random) -> Sound:
    """The digits of one speaker joined with pauses, at `SOUND_RATE`, with the faint hiss of a room around them."""
    parts = [_silence(0.4)]
    for digit in code:
        parts += [_recording(drawn.choice(voice.digits[int(digit)])), _silence(drawn.uniform(*PAUSE_SECONDS))]
    sound = np.concatenate(parts)
    hiss = np.random.default_rng(drawn.randrange(2**32)).normal(0, 0.001, len(sound))
    return np.asarray(sound + hiss, np.float32)


def open_picture(path: Path) -> Picture:
    """RGB, upright."""
    with Image.open(path) as picture:
        return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"), np.uint8)


def portrait_of(picture: Picture, box: "Box") -> bytes:
    """As a registry keeps it: a JPEG of head and shoulders. `box`: the face, in the picture's pixels."""
    wide = 1.9 * box.width
    high = wide * PORTRAIT_SIZE[1] / PORTRAIT_SIZE[0]
    x, y = (box.left + box.right) / 2 - wide / 2, (box.top + box.bottom) / 2 - 0.52 * high
    cut = Image.fromarray(picture).transform(PORTRAIT_SIZE, Image.Transform.EXTENT, (x, y, x + wide, y + high), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    cut.save(out, "JPEG", quality=88)
    return out.getvalue()


def _same_pairs(labels: Path) -> Iterator[tuple[str, str]]:
    with labels.open(encoding="utf-8") as lines:
        yield from ((row["file1"], row["file2"]) for row in csv.DictReader(lines) if row["same"] == "1")


def _silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * SOUND_RATE), np.float32)


def _recording(path: Path) -> Sound:
    rate, samples = scipy.io.wavfile.read(path)
    mono = samples.astype(np.float32).reshape(len(samples), -1).mean(axis=1)
    if samples.dtype == np.uint8:
        mono = mono - 128
    mono = mono / max(1.0, float(np.abs(mono).max()))
    audible = np.flatnonzero(np.abs(mono) > AUDIBLE)
    spoken = mono[max(0, audible[0] - rate // 20) : audible[-1] + rate // 10]
    return np.asarray(LOUDEST * resample_poly(spoken, SOUND_RATE, rate), np.float32)
