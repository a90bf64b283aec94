"""The whole check, with real models on real and synthetic clips."""

import asyncio
import io
import logging
import random
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from adapters.biometrics import ClipVerifier, reasons
from domain.identity import CheckResult, IdentityVerdict
from simulators.demo_clip import CLIP_LANGUAGE, demo_portrait, make_demo_clip
from tests.adapters.biometrics.clips import make_clip, noise, pictures_of, plain, sound_of
from tests.data_folder import SHARED_DATA, needs_data

pytestmark = pytest.mark.identity

CODE = "3582"


def check(verdict: IdentityVerdict, name: str) -> CheckResult:
    return next(c for c in verdict.checks if c.name == name)


@cache
def demo_clip() -> bytes:
    return make_demo_clip(CODE)


@cache
def demo_pictures() -> list[np.ndarray]:
    return pictures_of(demo_clip(), every=3)


def talking_clips() -> list[Path]:
    return sorted((SHARED_DATA / "talking" / "synthetic").glob("clean_talk_zh_*")) if SHARED_DATA else []


async def test_the_demo_person_passes_with_every_figure_filled_in(verifier: ClipVerifier) -> None:
    verdict = await verifier.verify(demo_clip(), demo_portrait(), CODE, "en")
    assert verdict.passed, verdict
    assert [c.name for c in verdict.checks] == ["clip", "face", "one_person", "code", "lips", "spoofing", "movement"]
    assert [c.passed for c in verdict.checks] == [True, True, True, True, None, None, None]
    face = check(verdict, "face")
    assert face.score is not None
    assert face.threshold is not None
    assert 0 < face.score <= face.threshold == 0.58
    assert check(verdict, "code").score == 0
    assert verdict.frames_compared == 3
    assert 3 < verdict.clip_seconds < 6
    assert (verdict.face_model, verdict.speech_model) == ("Dlib", "whisper-base")
    assert {"decode", "find_faces", "compare_faces", "listen"} <= set(verdict.milliseconds)
    assert verdict.reasons == []


async def test_another_code_fails(verifier: ClipVerifier) -> None:
    verdict = await verifier.verify(demo_clip(), demo_portrait(), "7041", "en")
    assert not verdict.passed
    assert check(verdict, "code").passed is False
    assert check(verdict, "face").passed is True
    assert verdict.reasons == [reasons.OTHER_CODE]


async def test_one_wrong_digit_is_forgiven_and_two_are_not(verifier: ClipVerifier) -> None:
    assert (await verifier.verify(demo_clip(), demo_portrait(), "3589", "en")).passed
    assert not (await verifier.verify(demo_clip(), demo_portrait(), "3509", "en")).passed


@needs_data
async def test_the_portrait_of_another_person_fails(verifier: ClipVerifier) -> None:
    assert SHARED_DATA is not None
    for other in sorted((SHARED_DATA / "faces" / "openface").glob("*.*g"))[:4]:
        verdict = await verifier.verify(demo_clip(), other.read_bytes(), CODE, "en")
        assert not verdict.passed
        assert check(verdict, "face").score is not None
        assert verdict.reasons == [reasons.OTHER_FACE]


@needs_data
@pytest.mark.parametrize("path", talking_clips(), ids=lambda p: p.name)
async def test_a_mandarin_clip_passes_for_its_own_code(verifier: ClipVerifier, path: Path) -> None:
    assert (await verifier.verify(path.read_bytes(), demo_portrait(), path.stem[-4:], "zh")).passed


@needs_data
async def test_a_mandarin_clip_fails_for_another_code(verifier: ClipVerifier) -> None:
    path = talking_clips()[0]
    other = "".join(str((int(digit) + 5) % 10) for digit in path.stem[-4:])
    assert (await verifier.verify(path.read_bytes(), demo_portrait(), other, "zh")).reasons == [reasons.OTHER_CODE]


@pytest.mark.parametrize("portrait", [b"", b"not a picture", demo_portrait()[:2000]], ids=["empty", "text", "cut short"])
async def test_a_portrait_that_cannot_be_compared_sends_to_the_counter(verifier: ClipVerifier, portrait: bytes) -> None:
    verdict = await verifier.verify(demo_clip(), portrait, CODE, "en")
    assert verdict.reasons == [reasons.NO_PORTRAIT]


async def test_a_small_tight_portrait_is_compared_all_the_same(verifier: ClipVerifier) -> None:
    tight = Image.open(io.BytesIO(demo_portrait())).crop((95, 85, 265, 285)).resize((102, 120))
    out = io.BytesIO()
    tight.save(out, "JPEG")
    assert check(await verifier.verify(demo_clip(), out.getvalue(), CODE, "en"), "face").passed


@pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"\x1a\x45\xdf\xa3" + b"\x07" * 3000], ids=["empty", "zeros", "webm-start"])
async def test_garbage_fails_the_clip_check_and_asks_nothing_else(verifier: ClipVerifier, data: bytes) -> None:
    verdict = await verifier.verify(data, demo_portrait(), CODE, "en")
    assert not verdict.passed
    assert [(c.name, c.passed) for c in verdict.checks if c.passed is not None] == [("clip", False)]
    assert verdict.reasons == [reasons.UNREADABLE]
    assert verdict.frames_compared == 0


async def test_a_clip_cut_short_lacks_the_code(verifier: ClipVerifier) -> None:
    short = make_clip(demo_pictures()[:14], sound_of(demo_clip())[: 48_000 * 3 // 2], frames_per_second=8)
    verdict = await verifier.verify(short, demo_portrait(), CODE, "en")
    assert check(verdict, "face").passed
    assert verdict.reasons == [reasons.OTHER_CODE]


async def test_a_clip_without_sound_fails_the_code(verifier: ClipVerifier) -> None:
    for sound in (None, np.zeros(48_000 * 3, np.float32), noise(3.0, loudness=0.001)):
        verdict = await verifier.verify(make_clip(demo_pictures(), sound, frames_per_second=8), demo_portrait(), CODE, "en")
        assert check(verdict, "face").passed
        assert verdict.reasons == [reasons.NO_SOUND]


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_noise_is_not_a_code(verifier: ClipVerifier, language: str) -> None:
    clip = make_clip([plain()] * 24, noise(3.0), frames_per_second=8)
    for code in (CODE, "0000", "4693"):
        assert check(await verifier.verify(clip, demo_portrait(), code, language), "code").passed is False  # type: ignore[arg-type]


async def test_a_clip_without_a_face_fails_the_face(verifier: ClipVerifier) -> None:
    verdict = await verifier.verify(
        make_clip([plain(480, 640)] * 34, sound_of(demo_clip()), frames_per_second=8), demo_portrait(), CODE, "en"
    )
    assert not verdict.passed
    assert check(verdict, "code").passed
    assert verdict.reasons == [reasons.NO_FACE]


async def test_a_face_far_away_is_asked_to_come_closer(verifier: ClipVerifier) -> None:
    far = []
    for picture in demo_pictures():
        canvas = plain(1200, 1200)
        canvas[300:780, 420:780] = np.asarray(Image.fromarray(picture).resize((360, 480)))
        far.append(canvas)
    verdict = await verifier.verify(make_clip(far, sound_of(demo_clip()), frames_per_second=8), demo_portrait(), CODE, "en")
    assert check(verdict, "face").passed is False
    assert verdict.reasons[0] in (reasons.SMALL_FACE, reasons.NO_FACE)


async def test_two_people_in_the_picture_fail(verifier: ClipVerifier) -> None:
    pairs = [np.concatenate([picture, picture[:, ::-1]], axis=1) for picture in demo_pictures()]
    verdict = await verifier.verify(make_clip(pairs, sound_of(demo_clip()), frames_per_second=8), demo_portrait(), CODE, "en")
    assert check(verdict, "one_person").score == 2
    assert verdict.reasons == [reasons.SEVERAL_FACES]


@needs_data
async def test_a_face_that_changes_during_the_clip_fails(verifier: ClipVerifier) -> None:
    assert SHARED_DATA is not None
    other = Image.open(sorted((SHARED_DATA / "faces" / "openface").glob("*.*g"))[0]).convert("RGB").resize((480, 480))
    canvas = plain(480, 640)
    canvas[80:560] = np.asarray(other)
    pictures = [*demo_pictures()[:17], *[canvas] * 17]
    verdict = await verifier.verify(make_clip(pictures, sound_of(demo_clip()), frames_per_second=8), demo_portrait(), CODE, "en")
    assert not verdict.passed
    assert check(verdict, "one_person").passed is False


async def test_clips_checked_at_the_same_time_do_not_mix(verifier: ClipVerifier) -> None:
    right, wrong, garbage = await asyncio.gather(
        verifier.verify(demo_clip(), demo_portrait(), CODE, "en"),
        verifier.verify(demo_clip(), demo_portrait(), "7041", "en"),
        verifier.verify(b"", demo_portrait(), CODE, "en"),
    )
    assert (right.passed, wrong.passed, garbage.passed) == (True, False, False)


async def test_nothing_of_a_clip_is_written_or_logged(verifier: ClipVerifier, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    before, tempfile.tempdir = tempfile.tempdir, str(tmp_path)
    try:
        verdict = await verifier.verify(demo_clip(), demo_portrait(), CODE, "en")
    finally:
        tempfile.tempdir = before
    assert verdict.passed
    assert list(tmp_path.iterdir()) == []
    assert CODE not in caplog.text
    assert "3, 5" not in caplog.text


async def test_a_closed_verifier_takes_no_more_clips(tmp_path: Path) -> None:
    verifier = ClipVerifier(tmp_path, "Dlib", 0.58, "packaged")
    verifier.close()
    with pytest.raises(RuntimeError):
        await verifier.verify(b"", b"", CODE, "zh")


async def test_clips_of_random_codes_pass_and_fail_for_other_codes(verifier: ClipVerifier) -> None:
    drawn = random.Random(11)
    for code in (f"{drawn.randrange(10_000):04d}" for _ in range(4)):
        clip = make_demo_clip(code)
        assert (await verifier.verify(clip, demo_portrait(), code, CLIP_LANGUAGE)).passed, code
        other = "".join(str((int(digit) + 3) % 10) for digit in code)
        assert not (await verifier.verify(clip, demo_portrait(), other, CLIP_LANGUAGE)).passed
