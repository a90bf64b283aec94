"""Passive spoofing: performed where its networks are, and said not to be where they are not."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from adapters.biometrics import reasons
from adapters.biometrics.faces import clearest
from adapters.biometrics.mesh import Box, FaceMesh
from adapters.biometrics.policy import packaged_policy
from adapters.biometrics.spoofing import WEIGHTS, SpoofingModels, available, judge_spoofing
from tests.adapters.biometrics.looking import demo_picture, followed
from tests.data_folder import SHARED_DATA, needs_data

BOUNDS = packaged_policy().spoofing


def test_without_weights_the_check_is_not_performed_and_says_so(tmp_path: Path) -> None:
    models = SpoofingModels(tmp_path)
    assert not available(tmp_path)
    assert not models.present
    check = models.check([], packaged_policy())
    assert check.passed is None
    assert check.note is not None
    assert "ot performed" in check.note.en
    with pytest.raises(RuntimeError):
        models.reality(demo_picture(), Box(0, 0, 50, 50))


def test_half_of_the_pair_of_networks_is_none(tmp_path: Path) -> None:
    weights = tmp_path / ".deepface" / "weights"
    weights.mkdir(parents=True)
    (weights / f"{WEIGHTS[0]}.onnx").write_bytes(b"")
    assert not available(tmp_path)


def test_one_moment_in_doubt_refuses_nobody_and_two_do() -> None:
    assert judge_spoofing([0.99, 0.3, 0.98], BOUNDS).passed is True
    refused = judge_spoofing([0.99, 0.3, 0.4], BOUNDS)
    assert (refused.passed, refused.score, refused.reason) == (False, 0.4, reasons.LOOKS_LIKE_A_PICTURE)


def test_no_face_is_not_a_live_one() -> None:
    assert judge_spoofing([], BOUNDS).reason == reasons.NO_FACE


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> SpoofingModels:
    assert SHARED_DATA is not None
    home = tmp_path_factory.mktemp("spoofing")
    weights = home / ".deepface" / "weights"
    weights.mkdir(parents=True)
    for name in WEIGHTS:
        for path in (SHARED_DATA / "weights").glob(f"{name}.*"):
            shutil.copy(path, weights)
    assert available(home)
    return SpoofingModels(home)


@needs_data
@pytest.mark.parametrize(("glob", "is_real"), [("real_*", True), ("fake_*", False), ("sim*", False)])
def test_people_pass_and_pictures_of_them_do_not(models: SpoofingModels, mesh: FaceMesh, glob: str, is_real: bool) -> None:
    assert SHARED_DATA is not None
    for path in sorted((SHARED_DATA / "spoof").glob(f"{glob}.jpg")):
        picture = np.asarray(Image.open(path).convert("RGB"), np.uint8)
        seen = mesh.look(picture)
        assert seen is not None
        assert (models.reality(picture, seen.box) >= BOUNDS.least_real) is is_real, path.name


@needs_data
def test_a_clip_is_judged_by_its_clearest_moments(models: SpoofingModels, mesh: FaceMesh) -> None:
    models.warm_up()
    faces = clearest(*followed(mesh, [demo_picture()] * 6))
    check = models.check(faces, packaged_policy())
    assert check.score == pytest.approx(models.reality(demo_picture(), faces[1].seen.box), abs=0.05)
