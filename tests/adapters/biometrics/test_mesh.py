"""Finding faces and following one."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from adapters.biometrics.graph_models import GraphModel
from adapters.biometrics.mesh import Box, FaceMesh
from adapters.biometrics.movement import head_pose
from adapters.biometrics.packaged_models import ModelFilesMissing, mesh_folder
from settings import PROJECT
from tests.adapters.biometrics.made_tracks import mirrored, photograph

pytestmark = pytest.mark.identity

MODELS = mesh_folder(PROJECT / "node_modules")
EYES, NOSE_TIP, CHIN = (33, 263), 4, 152


def test_the_face_is_found_with_its_eyes(mesh: FaceMesh) -> None:
    (found,) = mesh.find(photograph())
    assert found.box.overlap(Box(180, 75, 270, 175)) > 0.6
    (right_x, right_y), (left_x, left_y) = found.eyes
    assert right_x < left_x, "the person's right eye is on the picture's left"
    assert abs(right_y - left_y) < 8


def test_the_mesh_lies_on_the_face(mesh: FaceMesh) -> None:
    seen = mesh.look(photograph())
    assert seen is not None and seen.confidence > 0.9
    assert seen.points.shape == (468, 3) and seen.points.dtype == np.float32
    right, left = seen.points[list(EYES)]
    assert right[:2] == pytest.approx((200, 105), abs=8) and left[:2] == pytest.approx((250, 105), abs=8)
    assert right[1] < seen.points[NOSE_TIP][1] < seen.points[CHIN][1]
    assert seen.points[NOSE_TIP][2] < min(right[2], left[2]), "the nose is nearer than the eyes"


def test_a_larger_or_turned_picture_gives_the_same_mesh(mesh: FaceMesh) -> None:
    picture = photograph()
    usual = mesh.look(picture)
    larger = mesh.look(np.asarray(cv2.resize(picture, None, fx=1.7, fy=1.7, interpolation=cv2.INTER_CUBIC), np.uint8))
    into = cv2.getRotationMatrix2D((225, 120), 20, 1)
    rolled = mesh.look(np.asarray(cv2.warpAffine(picture, into, (512, 512)), np.uint8))
    assert usual is not None and larger is not None and rolled is not None
    width = usual.box.width
    assert np.abs(larger.points / 1.7 - usual.points).mean() < 0.03 * width
    assert np.abs(rolled.points[:, :2] - (usual.points[:, :2] @ into[:, :2].T + into[:, 2])).mean() < 0.03 * width


def test_yaw_changes_its_sign_in_the_mirror(mesh: FaceMesh) -> None:
    usual, mirror = mesh.look(photograph()), mesh.look(mirrored(photograph()))
    assert usual is not None and mirror is not None
    (yaw, pitch), (mirror_yaw, mirror_pitch) = head_pose(usual.points), head_pose(mirror.points)
    assert yaw == pytest.approx(-mirror_yaw, abs=2.5)
    assert pitch == pytest.approx(mirror_pitch, abs=2.5)


def test_nobody_is_seen_where_nobody_is(mesh: FaceMesh) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (240, 320, 3), np.uint8)
    assert mesh.find(noise) == [] and mesh.look(noise) is None
    track = mesh.follow([noise] * 4, [0.0, 0.1, 0.2, 0.3])
    assert track.seen == [None] * 4 and set(track.people) == {0}


def test_no_frames_are_no_face(mesh: FaceMesh) -> None:
    track = mesh.follow([], [])
    assert track.seen == [] and track.people == []


def test_a_second_person_is_counted_and_a_small_face_on_the_wall_is_not(mesh: FaceMesh) -> None:
    person = photograph()[0:300, 90:370]
    two = np.hstack([person, mirrored(person)])
    distant = np.full((480, 640, 3), 120, np.uint8)
    distant[100:400, 200:480] = person
    distant[20:95, 20:90] = cv2.resize(person, (70, 75), interpolation=cv2.INTER_AREA)
    assert set(mesh.follow([two] * 3, [0.0, 0.1, 0.2]).people) == {2}
    assert set(mesh.follow([distant] * 3, [0.0, 0.1, 0.2]).people) == {1}


def test_a_face_that_moves_leaves_and_returns_is_followed(mesh: FaceMesh) -> None:
    person, empty = photograph()[0:300, 90:370], np.full((480, 640, 3), 120, np.uint8)

    def at(x: int) -> np.ndarray:
        frame = empty.copy()
        frame[100:400, x : x + 280] = person
        return frame

    track = mesh.follow([at(20), at(40), at(60), empty, empty, at(300), at(320)], [n / 15 for n in range(7)])
    assert [seen is not None for seen in track.seen] == [True, True, True, False, False, True, True]
    middles = [seen.points[NOSE_TIP, 0] for seen in track.seen if seen]
    assert np.diff(middles) == pytest.approx([20, 20, 240, 20], abs=4)


def test_a_damaged_or_absent_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFilesMissing, match=r"facemesh\.json"):
        FaceMesh(tmp_path)
    description = json.loads((MODELS / "blazeface.json").read_text())
    (tmp_path / "blazeface.json").write_text(json.dumps(description))
    (tmp_path / "blazeface.bin").write_bytes((MODELS / "blazeface.bin").read_bytes()[:1000])
    with pytest.raises(ModelFilesMissing, match=r"blazeface\.json"):
        GraphModel(tmp_path / "blazeface.json", ["Identity"])
    with pytest.raises(ModelFilesMissing, match="npm"):
        mesh_folder(tmp_path)
