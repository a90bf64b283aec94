"""Lips and sound: together, apart, or still."""

from dataclasses import replace

import numpy as np
import pytest

from adapters.biometrics.clip import open_clip
from adapters.biometrics.lips import LipCourse, LipFit, check_lips, fit_lips, judge_lips, voice_course
from adapters.biometrics.mesh import FaceMesh, FaceTrack
from adapters.biometrics.policy import packaged_policy
from adapters.biometrics.reasons import LIPS_HIDDEN, LIPS_STILL, NO_SOUND, OTHER_LIPS
from adapters.biometrics.sound import SAMPLE_RATE, Sound
from bench.identity.recordings import as_recorded, recordings_of
from simulators.turning_head import Pose
from tests.adapters.biometrics.made_tracks import FRAMES_A_SECOND, head_track, made_head
from tests.data_folder import SHARED_DATA, needs_data

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


def test_what_a_mouth_seems_to_do_while_the_head_is_turned_away_hardly_counts() -> None:
    turned = mouth()
    away = turned.times > 2.6
    turned.gap[away], turned.jaw[away], turned.motion[away] = 5 * turned.gap[away].max(), 3.0, 4.0
    assert fit(turned, voice()).score < POLICY.lips.least_score
    assert fit(replace(turned, weight=np.where(away, 0.01, 1.0)), voice()).score > POLICY.lips.least_score


def test_half_of_a_clip_is_less_sure_than_the_whole() -> None:
    whole, half = mouth(), round(SECONDS / 2 * FRAMES_A_SECOND)
    courses = (getattr(whole, name)[:half] for name in ("times", "opening", "gap", "jaw", "motion", "weight"))
    shorter = fit(LipCourse(*courses), voice()[: round(SECONDS / 2 * SAMPLE_RATE)])
    assert 0 < shorter.score < fit(whole, voice()).score


def test_another_voice_does_not_fit() -> None:
    other = voice(syllables=(0.3, 1.1, 1.9, 2.05, 2.95, 3.6))
    assert fit(mouth(), other).score < POLICY.lips.least_score


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


# Recordings of real people, and clips made of them before: not part of the project.


@pytest.fixture(scope="module")
def recorded(mesh: FaceMesh) -> list[tuple[str, FaceTrack, Sound]]:
    assert SHARED_DATA is not None
    clips = [(path.stem, open_clip(as_recorded(path))) for path in recordings_of(SHARED_DATA / "talking")]
    return [(name, mesh.follow(clip.frames, clip.times), clip.sound) for name, clip in clips if clip.sound is not None]


@needs_data
@pytest.mark.identity
def test_real_people_pass_with_their_own_sound_and_fail_with_it_shifted(recorded: list[tuple[str, FaceTrack, Sound]]) -> None:
    assert len(recorded) >= 7
    for name, track, sound in recorded:
        own = check_lips(track, sound, POLICY)
        assert own.passed is True, (name, own)
        for seconds in (-1.2, -0.8, 0.6, 1.0):
            shifted = check_lips(track, np.roll(sound, round(seconds * SAMPLE_RATE)), POLICY)
            assert shifted.passed is False, (name, seconds, shifted)


@needs_data
@pytest.mark.identity
@pytest.mark.parametrize(("kind", "fits"), [("clean_talk", True), ("talk_", True), ("clean_shift", False), ("clean_still", False)])
def test_clips_made_elsewhere_are_told_apart(mesh: FaceMesh, kind: str, fits: bool) -> None:
    assert SHARED_DATA is not None
    paths = sorted((SHARED_DATA / "talking" / "synthetic").glob(f"{kind}*.webm"))
    assert paths
    for path in paths:
        clip = open_clip(path.read_bytes())
        answer = check_lips(mesh.follow(clip.frames, clip.times), clip.sound, POLICY)
        assert answer.passed is fits, (path.name, answer)
