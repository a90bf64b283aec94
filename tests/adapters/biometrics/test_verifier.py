"""The whole check, with real models on synthetic clips; how each question is answered is tested beside its module."""

import asyncio
import io
import logging
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image

from adapters.biometrics import ClipVerifier, reasons
from adapters.biometrics.mesh import FaceMesh
from adapters.biometrics.verifier import SpoofingModelsMissing
from domain.identity import Asked, CheckName, CheckResult, Examined, Handing, IdentityVerdict, Movement, Prints
from simulators.demo_clip import demo_portrait, encode, make_demo_clip, perform_code, poses
from simulators.turning_head import Pose
from tests.adapters.biometrics.clips import make_clip, pictures_of, plain, sound_of
from tests.adapters.biometrics.conftest import new_verifier
from tests.adapters.biometrics.made_tracks import made_head
from tests.data_folder import SHARED_DATA, needs_data

pytestmark = pytest.mark.identity

CODE = "3582"
ASKED = Asked(code=CODE, language="en", movements=["left"])
STILL = Asked(way="digits", code="405177", language="en", movements=["left"])


def check(verdict: IdentityVerdict, name: CheckName) -> CheckResult:
    return next(c for c in verdict.checks if c.name == name)


def failed(verdict: IdentityVerdict) -> list[str]:
    return [c.name for c in verdict.checks if c.passed is False]


def otherwise(**changes: object) -> Asked:
    return ASKED.model_copy(update=changes)


@cache
def demo_clip(code: str = CODE, movements: tuple[Movement, ...] = ("left",)) -> bytes:
    return make_demo_clip(code, movements=movements)


@cache
def demo_pictures() -> list[np.ndarray]:
    return pictures_of(demo_clip())


async def examine(
    verifier: ClipVerifier, clip: bytes, asked: Asked = ASKED, *, portrait: bytes | None = None, earlier: Sequence[Prints] = ()
) -> Examined:
    now = datetime.now(UTC)
    handing = Handing(shown_at=now - timedelta(seconds=20), received_at=now)
    return await verifier.verify(clip, demo_portrait() if portrait is None else portrait, asked, handing, earlier)


async def test_the_demo_person_passes_with_every_figure_filled_in(verifier: ClipVerifier) -> None:
    examined = await examine(verifier, demo_clip())
    verdict = examined.verdict
    assert verdict.passed, verdict
    assert [c.name for c in verdict.checks] == list(get_args(CheckName))
    assert {c.name: c.passed for c in verdict.checks} == dict.fromkeys(get_args(CheckName), True) | {"spoofing": None}
    assert all(c.note for c in verdict.checks if c.name != "clip"), "a clerk reads what was looked at"
    assert verdict.reasons == []
    assert (verdict.face_model, verdict.speech_model, verdict.way) == ("Dlib", "whisper-base", "code_and_turn")
    assert verdict.policy and 3 < verdict.clip_seconds < 8
    assert verdict.frames_compared == len(examined.frames) == 3
    for jpeg in examined.frames:
        assert max(Image.open(io.BytesIO(jpeg)).size) <= 480
    assert examined.prints is not None


async def test_the_wrong_code_the_wrong_side_and_a_clip_without_movement_fail_for_what_they_are(verifier: ClipVerifier) -> None:
    assert failed((await examine(verifier, demo_clip(), otherwise(code="7041"))).verdict) == ["code"]
    assert failed((await examine(verifier, demo_clip(), otherwise(movements=["right"]))).verdict) == ["movement"]
    assert failed((await examine(verifier, demo_clip(movements=()))).verdict) == ["movement"]


async def test_whoever_cannot_speak_passes_by_movements_and_whoever_cannot_turn_by_digits(verifier: ClipVerifier) -> None:
    moves: list[Movement] = ["left", "up", "right", "left", "down"]
    silent = (await examine(verifier, demo_clip("", tuple(moves)), Asked(way="movements", code="", language="en", movements=moves))).verdict
    assert silent.passed, silent
    assert (check(silent, "code").passed, check(silent, "lips").passed) == (None, None)
    still = (await examine(verifier, demo_clip("405177"), STILL)).verdict
    assert still.passed, still
    assert (check(still, "movement").passed, check(still, "lips").passed) == (True, True)


async def test_a_photograph_warped_to_speak_is_refused_in_the_way_of_who_cannot_turn_the_head(
    verifier: ClipVerifier, mesh: FaceMesh
) -> None:
    """Fed in, so that no rim of paper or screen shows; moved as a hand moves it, the phone carried to the side included."""
    performance = perform_code(STILL.code, STILL.movements)
    photograph = made_head(mesh)
    fed = [Pose(mouth=p.mouth, shift=(p.shift[0] + 3 * p.yaw, p.shift[1]), roll=p.roll, zoom=p.zoom) for p in poses(performance)]
    verdict = (await examine(verifier, encode(photograph.frames(fed), performance.sound), STILL)).verdict
    assert (verdict.passed, failed(verdict)) == (False, ["movement"]), verdict
    assert verdict.reasons == [reasons.PHONE_MOVED_TOO_LITTLE]


async def test_a_challenge_from_before_its_way_asked_for_a_movement_is_refused(verifier: ClipVerifier) -> None:
    before = STILL.model_copy(update={"movements": []})
    verdict = (await examine(verifier, demo_clip(STILL.code, ()), before)).verdict
    assert (failed(verdict), verdict.reasons) == (["movement"], [reasons.PHONE_MOVED_TOO_LITTLE])


async def test_a_clip_that_was_shown_before_is_refused(verifier: ClipVerifier) -> None:
    first = await examine(verifier, demo_clip())
    assert first.prints is not None
    assert failed((await examine(verifier, demo_clip(), earlier=[first.prints])).verdict) == ["fresh"]


@needs_data
async def test_the_portrait_of_another_person_fails(verifier: ClipVerifier) -> None:
    assert SHARED_DATA is not None
    other = sorted((SHARED_DATA / "faces" / "openface").glob("*.*g"))[0]
    verdict = (await examine(verifier, demo_clip(), portrait=other.read_bytes())).verdict
    assert (verdict.passed, failed(verdict), verdict.reasons) == (False, ["face"], [reasons.OTHER_FACE])


@pytest.mark.parametrize("portrait", [b"", b"not a picture", demo_portrait()[:2000]], ids=["empty", "text", "cut short"])
async def test_a_portrait_that_cannot_be_compared_sends_to_the_counter(verifier: ClipVerifier, portrait: bytes) -> None:
    assert (await examine(verifier, demo_clip(), portrait=portrait)).verdict.reasons == [reasons.NO_PORTRAIT]


@pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"\x1a\x45\xdf\xa3" + b"\x07" * 3000], ids=["empty", "zeros", "webm-start"])
async def test_garbage_fails_the_clip_check_and_asks_nothing_else(verifier: ClipVerifier, data: bytes) -> None:
    examined = await examine(verifier, data)
    assert [(c.name, c.passed) for c in examined.verdict.checks if c.passed is not None] == [("clip", False)]
    assert (check(examined.verdict, "clip").fault, examined.frames, examined.prints) == ("unreadable", [], None)


async def test_a_clip_without_sound_is_asked_for_sound(verifier: ClipVerifier) -> None:
    verdict = (await examine(verifier, make_clip(demo_pictures(), None, frames_per_second=15))).verdict
    assert check(verdict, "face").passed
    assert not verdict.passed and reasons.NO_SOUND in verdict.reasons


async def test_a_clip_without_a_face_fails_with_one_thing_to_do(verifier: ClipVerifier) -> None:
    examined = await examine(verifier, make_clip([plain(480, 640)] * 75, sound_of(demo_clip()), frames_per_second=15))
    assert not examined.verdict.passed
    assert check(examined.verdict, "code").passed
    assert examined.verdict.reasons == [reasons.NO_FACE]
    assert examined.frames == []


async def test_two_people_in_the_picture_fail(verifier: ClipVerifier) -> None:
    pairs = [np.concatenate([picture, picture[:, ::-1]], axis=1) for picture in demo_pictures()]
    verdict = (await examine(verifier, make_clip(pairs, sound_of(demo_clip()), frames_per_second=15))).verdict
    assert reasons.SEVERAL_FACES in verdict.reasons


async def test_clips_checked_at_the_same_time_do_not_mix(verifier: ClipVerifier) -> None:
    right, wrong, garbage = await asyncio.gather(
        examine(verifier, demo_clip()), examine(verifier, demo_clip(), otherwise(code="7041")), examine(verifier, b"")
    )
    assert [e.verdict.passed for e in (right, wrong, garbage)] == [True, False, False]


@pytest.mark.parametrize(("threads", "most"), [(1, 1), (2, 1), (4, 2)])
async def test_clips_take_turns_at_the_processors(tmp_path: Path, threads: int, most: int) -> None:
    class Watched(ClipVerifier):
        looking = seen_at_once = 0

        def _load(self) -> Any:
            return None

        async def _examine(self, *_: object) -> Examined:
            self.looking += 1
            self.seen_at_once = max(self.seen_at_once, self.looking)
            await asyncio.sleep(0)
            self.looking -= 1
            raise ValueError("a check that breaks gives its turn away too")

    verifier = Watched(tmp_path, tmp_path, "Dlib", "packaged", threads=threads)
    answers = await asyncio.gather(*(examine(verifier, b"clip", portrait=b"") for _ in range(6)), return_exceptions=True)
    assert verifier.seen_at_once == most
    assert all(isinstance(answer, ValueError) for answer in answers)
    verifier.close()


async def test_nothing_of_a_clip_is_written_or_logged(verifier: ClipVerifier, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    before, tempfile.tempdir = tempfile.tempdir, str(tmp_path)
    try:
        verdict = (await examine(verifier, demo_clip())).verdict
    finally:
        tempfile.tempdir = before
    assert verdict.passed
    assert list(tmp_path.iterdir()) == []
    assert CODE not in caplog.text and CODE not in verdict.model_dump_json()


async def test_a_closed_verifier_takes_no_more_clips(tmp_path: Path) -> None:
    verifier = new_verifier(tmp_path)
    verifier.close()
    with pytest.raises(RuntimeError):
        await examine(verifier, b"")


async def test_an_office_that_requires_the_passive_check_does_not_start_without_its_models(tmp_path: Path) -> None:
    verifier = new_verifier(tmp_path, spoofing_required=True)
    with pytest.raises(SpoofingModelsMissing, match="SPOOFING_REQUIRED"):
        await verifier.warm_up()
    verifier.close()
