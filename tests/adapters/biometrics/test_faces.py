"""The clearest moments of a clip, and whether they show the person on the portrait."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from adapters.biometrics import reasons
from adapters.biometrics.faces import CHIP_SIDE, JPEG_SIDE, FaceComparer, clearest, judge_face, judge_one_person
from adapters.biometrics.levelled import CORNERS, PLACES, levelled
from adapters.biometrics.mesh import FaceMesh
from adapters.biometrics.packaged_models import prepare_face_weights
from adapters.biometrics.policy import packaged_policy
from tests.adapters.biometrics.looking import Picture, as_jpeg, demo_picture, followed
from tests.data_folder import SHARED_DATA, needs_data

pytestmark = pytest.mark.identity

POLICY = packaged_policy()
SAME = POLICY.face["Dlib"]


@pytest.fixture(scope="module")
def comparer(mesh: FaceMesh, tmp_path_factory: pytest.TempPathFactory) -> FaceComparer:
    comparer = FaceComparer(tmp_path_factory.mktemp("deepface"), "Dlib", POLICY, mesh)
    comparer.warm_up()
    return comparer


def test_the_two_nearest_of_three_moments_decide() -> None:
    assert judge_face([0.3, 0.4, 0.9], SAME).passed is True
    refused = judge_face([0.3, 0.9, 0.9], SAME)
    assert (refused.passed, refused.reason) == (False, reasons.OTHER_FACE)
    assert refused.score == pytest.approx(0.6)


def test_a_single_moment_is_judged_by_the_same_bound() -> None:
    assert judge_face([SAME], SAME).passed is True
    assert judge_face([SAME + 0.001], SAME).passed is False


def test_a_portrait_without_a_face_sends_to_the_counter() -> None:
    assert judge_face(None, SAME).reason == reasons.NO_PORTRAIT


def test_a_clip_without_a_face_is_nobody() -> None:
    assert judge_face([], SAME).reason == reasons.NO_FACE
    assert judge_one_person([0, 0], [], 0.5).passed is False


def test_a_second_face_in_two_frames_is_another_person_and_in_one_a_false_alarm() -> None:
    assert judge_one_person([1, 2, 1, 2], [0.1], 0.5).reason == reasons.SEVERAL_FACES
    assert judge_one_person([1, 2, 1, 1], [0.1], 0.5).passed is True


def test_moments_too_far_apart_are_two_people() -> None:
    assert judge_one_person([1, 1], [0.1, 0.7, 0.7], 0.5).reason == reasons.CHANGING_FACE


def test_eyes_and_nose_lie_in_the_same_places_however_the_face_is_held(mesh: FaceMesh) -> None:
    height, width = demo_picture().shape[:2]
    chips = []
    for degrees, scale in ((0, 1.0), (25, 0.8), (-20, 1.1)):
        turned = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
        picture = np.asarray(cv2.warpAffine(demo_picture(), turned, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)
        seen = mesh.look(picture)
        assert seen is not None
        chip = levelled(picture, seen.points, 96, 0.2)
        again = mesh.look(np.pad(levelled(picture, seen.points, 200, 0.6), ((40, 40), (40, 40), (0, 0)), mode="edge"))
        assert again is not None
        places = ((again.points[CORNERS, :2] - 40) / 200 * 2.2) - 0.6
        assert np.abs(places - PLACES).max() < 0.06
        chips.append(chip.astype(float))
    assert np.abs(chips[0] - chips[1]).mean() < 12
    assert np.abs(chips[0] - chips[2]).mean() < 12


def test_shrinking_keeps_the_face_in_its_place(mesh: FaceMesh) -> None:
    larger = np.asarray(cv2.resize(demo_picture(), None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8)
    seen = mesh.look(demo_picture())
    assert seen is not None
    points = seen.points * 3 + np.array([1, 1, 0], np.float32)  # a pixel's middle
    near, far = levelled(demo_picture(), seen.points, 60, 0.2), levelled(larger, points, 60, 0.2)
    assert np.abs(near.astype(float) - far).mean() < 4


def test_the_clearest_are_sharp_and_one_of_each_part_of_the_clip(mesh: FaceMesh) -> None:
    blurred = np.asarray(cv2.GaussianBlur(demo_picture(), (0, 0), 3), np.uint8)
    sharp = {2, 7, 9}
    frames = [demo_picture() if number in sharp else blurred for number in range(12)]
    faces = clearest(*followed(mesh, frames))
    assert [round(face.seconds * 15) for face in faces] == sorted(sharp)
    for face in faces:
        assert face.chip.shape == (CHIP_SIDE, CHIP_SIDE, 3)
        jpeg = Image.open(io.BytesIO(face.jpeg))
        assert max(jpeg.size) <= JPEG_SIDE
        assert jpeg.width > face.seen.box.width  # some surroundings


def test_a_clip_without_a_face_has_no_clearest(mesh: FaceMesh) -> None:
    assert clearest(*followed(mesh, [np.full((240, 320, 3), 90, np.uint8)] * 5)) == []


def test_the_demo_person_is_the_one_on_the_portrait(comparer: FaceComparer, mesh: FaceMesh) -> None:
    clip, track = followed(mesh, [demo_picture()] * 6)
    face, one_person = comparer.compare(clearest(clip, track), comparer.embed_portrait(as_jpeg(demo_picture())), track.people)
    assert (face.passed, one_person.passed) == (True, True)
    assert face.score is not None
    assert face.score < 0.2


def portrait_views() -> dict[str, Picture]:
    seen = demo_picture()
    height, width = seen.shape[:2]
    tight = seen[round(0.2 * height) : round(0.75 * height), round(0.22 * width) : round(0.78 * width)]
    return {
        "tight and small": np.asarray(cv2.resize(tight, (102, 130), interpolation=cv2.INTER_AREA), np.uint8),
        "on its side": np.ascontiguousarray(np.rot90(seen)),
        "on its other side": np.ascontiguousarray(np.rot90(seen, 3)),
        "grey": np.repeat(cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY)[:, :, None], 3, axis=2),
    }


@pytest.mark.parametrize("name", ["tight and small", "on its side", "on its other side", "grey"])
def test_portraits_as_registries_keep_them_are_compared(comparer: FaceComparer, mesh: FaceMesh, name: str) -> None:
    embedding = comparer.embed_portrait(as_jpeg(portrait_views()[name]))
    assert embedding is not None
    reference = comparer.embed_portrait(as_jpeg(demo_picture()))
    assert reference is not None
    assert comparer.distance(embedding, reference) <= SAME


@pytest.mark.parametrize(
    "portrait", [b"", b"not a picture", as_jpeg(np.full((200, 160, 3), 120, np.uint8))], ids=["empty", "text", "blank"]
)
def test_what_shows_no_face_is_no_portrait(comparer: FaceComparer, portrait: bytes) -> None:
    assert comparer.embed_portrait(portrait) is None


def test_a_model_without_a_measured_bound_is_refused(mesh: FaceMesh, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="VGG-Face"):
        FaceComparer(tmp_path, "VGG-Face", POLICY, mesh)


def test_dlibs_weights_lie_where_deepface_looks(tmp_path: Path) -> None:
    assert (prepare_face_weights(tmp_path) / "dlib_face_recognition_resnet_model_v1.dat").is_file()


@needs_data
def test_other_people_are_not_the_one_on_the_portrait(comparer: FaceComparer) -> None:
    assert SHARED_DATA is not None
    demo = comparer.embed_portrait(as_jpeg(demo_picture()))
    assert demo is not None
    others = [comparer.embed_portrait(path.read_bytes()) for path in sorted((SHARED_DATA / "faces" / "openface").glob("*.jpg"))]
    assert len(others) == 6
    assert all(other is not None and comparer.distance(demo, other) > SAME for other in others)


@needs_data
def test_somebody_who_takes_over_is_noticed(comparer: FaceComparer, mesh: FaceMesh) -> None:
    assert SHARED_DATA is not None
    other = Image.open(SHARED_DATA / "faces" / "openface" / "adams.jpg").convert("RGB")
    height, width = demo_picture().shape[:2]
    stranger = np.asarray(other.resize((width, round(other.height * width / other.width))).crop((0, 0, width, height)), np.uint8)
    clip, track = followed(mesh, [*[demo_picture()] * 8, *[stranger] * 8])
    _, one_person = comparer.compare(clearest(clip, track), None, track.people)
    assert one_person.reason == reasons.CHANGING_FACE
