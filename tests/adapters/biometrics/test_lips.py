"""Lips and sound: together, apart, or still."""

import numpy as np
import pytest

from adapters.biometrics.lips import LipCourse, LipFit, check_lips, fit_lips, judge_lips, voice_course
from adapters.biometrics.mesh import FaceMesh, FaceTrack
from adapters.biometrics.policy import packaged_policy
from adapters.biometrics.reasons import LIPS_HIDDEN, LIPS_STILL, NO_SOUND, OTHER_LIPS
from adapters.biometrics.sound import SAMPLE_RATE, Sound
from simulators.turning_head import Pose
from tests.adapters.biometrics.made_tracks import FRAMES_A_SECOND, head_track, made_head

POLICY = packaged_policy()
SECONDS = 4.0
# When each of seven syllables is loudest: nobody speaks like a metronome.
SYLLABLES = (0.55, 0.85, 1.4, 1.65, 2.3, 2.75, 3.2)


def voice(beginning: float = 0.0, syllables: tuple[float, ...] = SYLLABLES) -> Sound:
    """Noise that swells with each syllable, over a faint hiss."""
    times = np.arange(round(SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    drawn = np.random.default_rng(3)
    return (
        0.2 * openness(times - beginning, syllables) * drawn.standard_normal(len(times)) + 0.001 * drawn.standard_normal(len(times))
    ).astype(np.float32)


def openness(times: np.ndarray, syllables: tuple[float, ...] = SYLLABLES) -> np.ndarray:
    return np.asarray(np.exp(-(((np.asarray(times)[:, None] - syllables) / 0.09) ** 2)).sum(axis=1))


def mouth(noise: float = 0.1) -> LipCourse:
    times = np.arange(1, SECONDS * FRAMES_A_SECOND) / FRAMES_A_SECOND
    drawn = np.random.default_rng(5)
    shown = openness(times)
    moved = np.abs(np.gradient(shown)) + 0.3 * shown
    gap, jaw, motion = (course + noise * drawn.standard_normal(len(times)) for course in (shown, shown, moved))
    return LipCourse(times, shown, gap, jaw, motion, np.ones(len(times)))


def fit(course: LipCourse, sound: Sound) -> LipFit:
    return fit_lips(course, voice_course(sound), POLICY.lips.sync_seconds, POLICY.lips.rival_seconds)


@pytest.mark.parametrize("late", [-0.15, 0.0, 0.15])
def test_a_speaking_mouth_fits_its_sound_though_the_phone_delays_it_a_little(late: float) -> None:
    answer = fit(mouth(), voice(late))
    assert answer.score > POLICY.lips.least_score
    assert answer.late_seconds == pytest.approx(late, abs=0.07)


@pytest.mark.parametrize("seconds", [-1.5, -1.0, -0.6, 0.6, 0.8, 1.0, 1.5])
def test_sound_shifted_against_the_picture_does_not_fit(seconds: float) -> None:
    sound = voice()
    moved = round(seconds * SAMPLE_RATE)
    assert fit(mouth(), np.roll(sound, moved)).score < POLICY.lips.least_score
    delayed = np.zeros_like(sound)
    delayed[max(0, moved) : len(sound) + min(0, moved)] = sound[max(0, -moved) : len(sound) - max(0, moved)]
    assert fit(mouth(), delayed).score < POLICY.lips.least_score


def test_other_loudness_and_hiss_make_no_difference() -> None:
    usual = fit(mouth(), voice())
    assert fit(mouth(), 0.05 * voice()).score == pytest.approx(usual.score, rel=0.1)
    hiss = 0.01 * np.random.default_rng(9).standard_normal(len(voice())).astype(np.float32)
    assert fit(mouth(), voice() + hiss).score > POLICY.lips.least_score


def test_a_steady_tone_or_a_frozen_mouth_fits_nothing() -> None:
    tone = np.sin(np.arange(round(SECONDS * SAMPLE_RATE)) * 0.2).astype(np.float32)
    assert fit(mouth(), tone).score < POLICY.lips.least_score
    frozen = mouth()
    frozen.gap[:] = 0.1
    frozen.jaw[:] = 0.4
    frozen.motion[:] = 0.0
    assert fit(frozen, voice()).score == pytest.approx(0.0, abs=1e-9)


def test_a_still_mouth_fails_however_well_its_flicker_fits() -> None:
    answer = judge_lips(0.01, LipFit(9.0, 0.0), POLICY.lips)
    assert answer.passed is False and answer.reason == LIPS_STILL


def test_the_threshold_decides() -> None:
    assert judge_lips(0.1, LipFit(POLICY.lips.least_score, 0.0), POLICY.lips).passed is True
    short = judge_lips(0.1, LipFit(POLICY.lips.least_score - 0.1, 0.0), POLICY.lips)
    assert short.passed is False and short.reason == OTHER_LIPS


def test_silence_and_a_hidden_mouth_are_named() -> None:
    blank = FaceTrack([np.zeros((240, 320, 3), np.uint8)] * 30, [n / 15 for n in range(30)], [None] * 30, [0])
    for nothing in (None, np.zeros(SAMPLE_RATE * 2, np.float32), np.zeros(10, np.float32)):
        assert check_lips(blank, nothing, POLICY).reason == NO_SOUND
    assert check_lips(blank, voice(), POLICY).reason == LIPS_HIDDEN


# From here on the models run, on made clips.


@pytest.fixture(scope="module")
def speaking(mesh: FaceMesh) -> FaceTrack:
    times = np.arange(round(SECONDS * FRAMES_A_SECOND)) / FRAMES_A_SECOND
    drawn = np.random.default_rng(2)
    sway = np.cumsum(drawn.normal(0, 0.4, (len(times), 2)), axis=0)
    poses = [Pose(mouth=0.7 * min(1.0, float(o)), shift=(float(x), float(y))) for o, (x, y) in zip(openness(times), sway, strict=True)]
    return head_track(mesh, made_head(mesh), poses)


@pytest.mark.identity
def test_a_made_speaker_passes_with_its_own_sound_alone(speaking: FaceTrack) -> None:
    answer = check_lips(speaking, voice(), POLICY)
    assert answer.passed is True, answer
    for seconds in (-1.2, -0.7, 0.6, 1.0):
        shifted = check_lips(speaking, np.roll(voice(), round(seconds * SAMPLE_RATE)), POLICY)
        assert shifted.passed is False, (seconds, shifted)


@pytest.mark.identity
def test_a_still_photo_fails_with_any_sound(mesh: FaceMesh) -> None:
    drawn = np.random.default_rng(4)
    poses = [Pose(shift=(float(x), float(y))) for x, y in np.cumsum(drawn.normal(0, 0.5, (45, 2)), axis=0)]
    answer = check_lips(head_track(mesh, made_head(mesh), poses), voice(), POLICY)
    assert answer.passed is False and answer.reason == LIPS_STILL
