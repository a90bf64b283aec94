"""A clip that was shown before is known again however it is altered; two honest attempts are never taken for one another."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest

from adapters.biometrics import reasons
from adapters.biometrics.clip import Tracks, open_clip
from adapters.biometrics.fresh import check_fresh, make_prints
from adapters.biometrics.policy import packaged_policy
from adapters.biometrics.prints import picture_likeness, sound_likeness
from domain.identity import CheckResult, Handing, Prints
from domain.text import Bilingual
from tests.adapters.biometrics.clips import SOUND_RATE, Picture, Sound, make_clip, noise, plain
from tests.data_folder import SHARED_DATA, needs_data

RATE, SECONDS = 15, 4.0
SHOWN = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)
LIMITS = packaged_policy().fresh


@cache
def spoken(attempt: int) -> Sound:
    """Four bursts, each of its own length, pitch and place: loud and quiet as four digits are, and never the same twice."""
    random = np.random.default_rng(attempt)
    sound = 0.002 * random.standard_normal(round(SECONDS * SOUND_RATE))
    at = random.uniform(0.3, 0.6)
    for _ in range(4):
        length, pitch = random.uniform(0.25, 0.45), random.uniform(110, 180)
        t = np.arange(round(length * SOUND_RATE)) / SOUND_RATE
        formants = sum(random.uniform(0.2, 1) * np.sin(2 * np.pi * pitch * n * t + random.uniform(0, 6)) for n in range(2, 24))
        hiss = random.uniform(0, 1) * random.standard_normal(len(t)) * (t < length * random.uniform(0.1, 0.4))
        begin = round(at * SOUND_RATE)
        sound[begin : begin + len(t)] += 0.03 * (formants + hiss) * np.sin(np.pi * t / length) ** random.uniform(0.3, 1.2)
        at += length + random.uniform(0.1, 0.4)
    return sound.astype(np.float32)


@cache
def filmed(attempt: int) -> tuple[Picture, ...]:
    """A head before one wall, in one light: it turns aside at its own moment, by its own angle, in a hand that is never quite still."""
    random = np.random.default_rng(attempt)
    wall = cv2.resize(np.random.default_rng(0).integers(40, 220, (6, 8, 3), dtype=np.uint8), (360, 280), interpolation=cv2.INTER_CUBIC)
    count = round(SECONDS * RATE)
    t = np.arange(count) / RATE
    begin, rise, angle = random.uniform(0.8, 2.0), random.uniform(0.4, 0.9), random.uniform(25, 45)
    turn = angle * np.exp(-(((t - begin - rise) / rise) ** 2))
    shake = [np.convolve(random.standard_normal(count + 12), np.hanning(13) / 2.2, "valid") for _ in range(4)]
    pictures = []
    for n in range(count):
        left, top = 20 + round(1.5 * shake[0][n]), 20 + round(1.5 * shake[1][n])
        picture = np.ascontiguousarray(wall[top : top + 240, left : left + 320])
        head = (round(160 + 3 * shake[2][n]), round(130 + 3 * shake[3][n]))
        cv2.ellipse(picture, head, (60, 80), 0, 0, 360, (190, 150, 130), -1)
        for eye in (-25, 25):
            cv2.circle(picture, (round(head[0] + eye + turn[n]), head[1] - 20), 9, (30, 30, 30), -1)
        cv2.ellipse(picture, (round(head[0] + turn[n]), head[1] + 40), (18, 6), 0, 0, 360, (120, 40, 50), -1)
        grain = random.integers(-6, 7, (240, 320, 1), dtype=np.int16)
        pictures.append(np.clip(picture + grain, 0, 255).astype(np.uint8))
    return tuple(pictures)


@cache
def prints_of(data: bytes) -> Prints:
    return make_prints(open_clip(data), data)


@cache
def attempt_file(number: int) -> bytes:
    return make_clip(filmed(number), spoken(number), container="webm" if number == 1 else "mp4", frames_per_second=RATE)


def handing(seconds: float = 30, stated: float | None = None) -> Handing:
    return Handing(shown_at=SHOWN, received_at=SHOWN + timedelta(seconds=seconds), stated_seconds=stated)


def checked(data: bytes, *earlier: bytes, given: Handing | None = None) -> CheckResult:
    clip = open_clip(data)
    return check_fresh(make_prints(clip, data), [prints_of(other) for other in earlier], clip.tracks, given or handing(), packaged_policy())


def test_a_first_clip_is_fresh() -> None:
    result = checked(attempt_file(1))
    assert (result.name, result.passed, result.score, result.reason) == ("fresh", True, 0, None)
    assert result.note is not None


def test_the_same_file_is_known_again() -> None:
    result = checked(attempt_file(1), attempt_file(2), attempt_file(1))
    assert (result.passed, result.score, result.reason) == (False, 1, reasons.SEEN_BEFORE)


def test_honest_attempts_before_one_wall_are_not_taken_for_one_another() -> None:
    every = [prints_of(attempt_file(n)) for n in range(1, 6)]
    assert all(prints.sound and prints.picture for prints in every)
    for one, other in itertools.combinations(every, 2):
        assert sound_likeness(one.sound, other.sound) < LIMITS.sound_likeness - 0.1
        assert picture_likeness(one.picture, other.picture) < LIMITS.picture_likeness - 0.1
    assert checked(attempt_file(1), *(attempt_file(n) for n in range(2, 6))).passed


def _each(change: Callable[[Picture], Picture]) -> list[Picture]:
    return [np.ascontiguousarray(change(picture)) for picture in filmed(1)]


ALTERED_PICTURES: dict[str, Callable[[], list[Picture]]] = {
    "cropped": lambda: _each(lambda p: cv2.resize(p[12:-12, 16:-16], (320, 240)).astype(np.uint8)),
    "scaled": lambda: _each(lambda p: cv2.resize(p, (480, 360)).astype(np.uint8)),
    "brighter": lambda: _each(lambda p: np.clip(p * 1.2 + 10, 0, 255).astype(np.uint8)),
    "darker": lambda: _each(lambda p: (p * 0.7).astype(np.uint8)),
    "mirrored": lambda: _each(lambda p: p[:, ::-1]),
    "trimmed": lambda: list(filmed(1)[8:]),
    "begun late": lambda: [filmed(2)[0]] * 11 + list(filmed(1)[:-6]),
}


@pytest.mark.parametrize("how", ALTERED_PICTURES)
def test_a_picture_shown_before_is_known_again_under_another_sound(how: str) -> None:
    result = checked(make_clip(ALTERED_PICTURES[how](), spoken(2), container="mp4", frames_per_second=RATE), attempt_file(1))
    assert result.reason == reasons.SEEN_BEFORE
    assert result.score is not None
    assert result.score > LIMITS.picture_likeness
    assert result.note is not None
    assert "picture" in result.note.en


ALTERED_SOUNDS: dict[str, Callable[[], Sound]] = {
    "as it was": lambda: spoken(1),
    "louder": lambda: np.clip(spoken(1) * 2.5, -1, 1),
    "fainter": lambda: spoken(1) * 0.3,
    "later": lambda: np.concatenate([noise(1.23, loudness=0.002), spoken(1)])[: round(SECONDS * SOUND_RATE)],
    "earlier": lambda: np.concatenate([spoken(1)[round(0.37 * SOUND_RATE) :], noise(0.37, loudness=0.002)]),
    "with noise": lambda: spoken(1) + noise(SECONDS, loudness=0.1 * float(np.sqrt(np.mean(spoken(1) ** 2)))),
}


@pytest.mark.parametrize("how", ALTERED_SOUNDS)
def test_a_sound_heard_before_is_known_again_under_another_picture(how: str) -> None:
    result = checked(make_clip(filmed(2), ALTERED_SOUNDS[how](), container="mp4", frames_per_second=RATE), attempt_file(1))
    assert result.reason == reasons.SEEN_BEFORE
    assert result.note is not None
    assert "sound" in result.note.en


def test_silence_and_a_still_are_like_nothing() -> None:
    silent = [make_clip([plain()] * 60, sound, frames_per_second=RATE) for sound in (None, np.zeros(4 * SOUND_RATE, np.float32))]
    silent.append(make_clip([plain()] * 60, noise(4.0, loudness=0.001), frames_per_second=RATE))
    silent.append(make_clip([plain()] * 60, noise(4.0, loudness=0.1), frames_per_second=RATE))  # a fan
    for data in silent:
        prints = prints_of(data)
        assert (prints.sound, prints.picture) == (b"", b"")
    for one, other in itertools.permutations(silent, 2):
        assert checked(one, other).passed


def test_prints_are_small_and_hold_no_picture() -> None:
    prints = prints_of(attempt_file(1))
    assert len(prints.bytes_digest) == 64
    assert len(prints.sound) <= 8 * 25 * SECONDS + 2
    assert len(prints.picture) <= 2 * 16 * 10 * SECONDS + 2  # 4 x 4 cells: a face takes thousands


def test_prints_of_another_version_match_nothing() -> None:
    prints = prints_of(attempt_file(1))
    assert sound_likeness(prints.sound, b"\xff" + prints.sound[1:]) == 0
    assert picture_likeness(prints.picture, b"\x01") == 0


def tracks(**otherwise: Any) -> Tracks:
    usual = {
        "video_seconds": 5.0, "sound_seconds": 5.1, "created_at": None, "rotation": 0, "video_codec": "vp8", "sound_codec": "opus",
        "frame_rate": 30.0, "longest_gap_seconds": 0.05,
    }  # fmt: skip
    return Tracks(**{**usual, **otherwise})


def judged(seen: Tracks, given: Handing) -> CheckResult:
    return check_fresh(Prints("0" * 64, b"", b""), [], seen, given, packaged_policy())


@pytest.mark.parametrize(
    ("seen", "given", "reason"),
    [
        (tracks(), handing(3.0), reasons.RECORDED_BEFORE),
        (tracks(), handing(stated=2.0), reasons.RECORDED_BEFORE),
        (tracks(created_at=SHOWN - timedelta(hours=2)), handing(), reasons.OTHER_CLOCK),
        (tracks(created_at=SHOWN + timedelta(hours=8)), handing(), reasons.OTHER_CLOCK),
        (tracks(sound_seconds=3.9), handing(), reasons.SPLICED),
        (tracks(video_seconds=2.5, sound_seconds=3.3), handing(), reasons.SPLICED),
        (tracks(longest_gap_seconds=1.8), handing(), reasons.SPLICED),
    ],
    ids=["longer than the attempt", "stated otherwise", "made before", "made after", "sound ends early", "picture ends early", "a gap"],
)
def test_times_that_cannot_be_are_refused_and_named(seen: Tracks, given: Handing, reason: Bilingual) -> None:
    result = judged(seen, given)
    assert (result.passed, result.reason) == (False, reason)
    assert result.note is not None


@pytest.mark.parametrize(
    ("seen", "given"),
    [
        (tracks(), handing(5.0, stated=5.9)),
        (tracks(sound_seconds=None), handing(stated=None)),
        (tracks(created_at=SHOWN - timedelta(minutes=4)), handing()),
        (tracks(created_at=SHOWN + timedelta(minutes=4)), handing()),
        (tracks(video_seconds=2.4, sound_seconds=2.9, longest_gap_seconds=0.9), handing()),
    ],
)
def test_what_recorders_and_clocks_differ_by_is_allowed(seen: Tracks, given: Handing) -> None:
    assert judged(seen, given).passed


def test_each_fault_is_a_sentence_for_the_clerk() -> None:
    result = judged(tracks(longest_gap_seconds=2.0, created_at=SHOWN - timedelta(days=1)), handing(1.0))
    assert result.note is not None
    assert result.note.en.count(".") >= 3
    assert result.note.zh.count("。") == 3


@needs_data
def test_a_clip_played_to_a_browser_s_camera_is_known_again_and_other_codes_of_one_person_are_not() -> None:
    assert SHARED_DATA is not None
    folder = SHARED_DATA / "talking" / "synthetic"
    recorded = (folder / "chromium_recorded_zh_3416.webm").read_bytes()
    result = checked(recorded, (folder / "talk_zh_4214.webm").read_bytes(), (folder / "talk_zh_3416.webm").read_bytes())
    assert (result.passed, result.reason) == (False, reasons.SEEN_BEFORE)
    codes = [prints_of((folder / f"clean_talk_zh_{code}.webm").read_bytes()) for code in ("2364", "8193", "9458")]
    for one, other in itertools.combinations(codes, 2):
        assert sound_likeness(one.sound, other.sound) < LIMITS.sound_likeness - 0.3
        assert picture_likeness(one.picture, other.picture) < LIMITS.picture_likeness
