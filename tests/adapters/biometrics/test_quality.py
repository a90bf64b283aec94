"""Whether a face can be judged, and what its owner is told where it cannot."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from adapters.biometrics import reasons
from adapters.biometrics.mesh import FaceMesh, MeshSeen
from adapters.biometrics.policy import packaged_policy
from adapters.biometrics.quality import FaceLook, Sight, check_quality, judge_quality, look_at, sight_of
from domain.text import Bilingual
from tests.adapters.biometrics.looking import Picture, demo_picture, followed

BOUNDS = packaged_policy().quality
GOOD = FaceLook(width=0.45, cut_off=0.0, light=130.0, burnt=0.0, shadow=1.2, sharpness=3.5, eye_light=0.75)
ALWAYS = Sight(seen=1.0, longest_lost=0.1)


def test_a_good_face_passes() -> None:
    assert judge_quality(ALWAYS, [GOOD] * 5, BOUNDS).passed is True


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"width": 0.1}, reasons.SMALL_FACE),
        ({"cut_off": 0.2}, reasons.CUT_OFF_FACE),
        ({"light": 20.0}, reasons.DARK_FACE),
        ({"burnt": 0.5}, reasons.BURNT_FACE),
        ({"shadow": 4.0}, reasons.SHADOWED_FACE),
        ({"sharpness": 0.7}, reasons.BLURRED_FACE),
        ({"eye_light": 0.12}, reasons.COVERED_EYES),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_wrong_is_said_in_words_that_help(change: dict[str, float], reason: Bilingual) -> None:
    check = judge_quality(ALWAYS, [replace(GOOD, **change)] * 5, BOUNDS)
    assert (check.passed, check.reason) == (False, reason)
    assert check.score == pytest.approx(next(iter(change.values())))
    assert check.note


def test_one_bad_frame_of_five_is_forgiven() -> None:
    assert judge_quality(ALWAYS, [*[GOOD] * 4, replace(GOOD, light=3.0, sharpness=0.1)], BOUNDS).passed is True


def test_a_clip_without_a_face_says_so() -> None:
    assert judge_quality(Sight(0.0, 4.0), [], BOUNDS).reason == reasons.NO_FACE


@pytest.mark.parametrize("sight", [Sight(0.5, 0.4), Sight(0.8, 2.0)], ids=["seldom", "long"])
def test_a_face_that_leaves_the_picture_is_asked_to_stay(sight: Sight) -> None:
    assert judge_quality(sight, [GOOD], BOUNDS).reason == reasons.LOST_FACE


@pytest.fixture(scope="module")
def face(mesh: FaceMesh) -> MeshSeen:
    seen = mesh.look(demo_picture())
    assert seen is not None
    return seen


def test_the_demo_person_is_in_good_light(mesh: FaceMesh) -> None:
    assert check_quality(*followed(mesh, [demo_picture()] * 8), packaged_policy()).passed is True


def shaded(picture: Picture, face: MeshSeen) -> Picture:
    beyond = np.arange(picture.shape[1]) > face.points[1, 0]
    return (picture * np.where(beyond, 0.15, 1.0)[None, :, None]).astype(np.uint8)


def blurred(picture: Picture, face: MeshSeen) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.05 * face.box.width), np.uint8)


def test_each_spoiled_picture_is_told_from_the_good_one(face: MeshSeen) -> None:
    good, picture = look_at(demo_picture(), face), demo_picture()
    dark = look_at((picture * 0.15).astype(np.uint8), face)
    assert dark.light < BOUNDS.least_light < good.light
    assert dark.shadow == pytest.approx(good.shadow, rel=0.15)
    burnt = look_at(np.clip(picture.astype(int) * 6, 0, 255).astype(np.uint8), face)
    assert burnt.burnt > BOUNDS.largest_burnt > good.burnt
    assert look_at(shaded(picture, face), face).shadow > BOUNDS.largest_shadow > good.shadow
    assert look_at(blurred(picture, face), face).sharpness < BOUNDS.least_sharpness < good.sharpness


def test_brightness_alone_does_not_change_sharpness(face: MeshSeen) -> None:
    good = look_at(demo_picture(), face).sharpness
    assert look_at((demo_picture() * 0.5).astype(np.uint8), face).sharpness == pytest.approx(good, rel=0.15)


def test_a_face_half_outside_the_picture_is_cut_off(face: MeshSeen) -> None:
    below = round(face.box.bottom - face.box.height / 3)
    assert look_at(demo_picture()[:below], face).cut_off > BOUNDS.largest_cut_off


def test_time_without_a_face_is_counted_from_the_clips_first_to_its_last_frame(mesh: FaceMesh) -> None:
    nobody = np.full_like(demo_picture(), 128)
    _, track = followed(mesh, [nobody] * 10 + [demo_picture()] * 5)
    sight = sight_of(track, 1.0)
    assert sight.seen == pytest.approx(1 / 3)
    assert sight.longest_lost == pytest.approx(10 / 15)
