"""A photograph rendered over its face's mesh: what turns, what stays, what is hidden."""

from pathlib import Path

import numpy as np
import pytest

from simulators import demo_clip
from simulators.turning_head import NOSE_TIP, SIDES, Pose, TurningHead, paint


@pytest.fixture(scope="module")
def mesh() -> np.ndarray:
    return np.loadtxt(Path(demo_clip.__file__).with_name("demo_face_mesh.csv"), np.float32, delimiter=",")


@pytest.fixture(scope="module")
def head() -> TurningHead:
    return demo_clip._head()


def _seen_at(head: TurningHead, mesh: np.ndarray, point: int, pose: Pose) -> float:
    """Column of the frame at which the photograph's colours around a point of the mesh are found again."""
    scale = demo_clip.FRAME_WIDTH / (demo_clip.CLIP_BOX[2] - demo_clip.CLIP_BOX[0])
    x, y = (mesh[point, :2] - demo_clip.CLIP_BOX[:2]) * scale
    rest, turned = (head.frame(p)[round(y) - 8 : round(y) + 8].astype(float) for p in (Pose(), pose))
    patch = rest[:, round(x) - 12 : round(x) + 12]
    errors = [np.abs(turned[:, c - 12 : c + 12] - patch).mean() for c in range(round(x) - 90, round(x) + 90)]
    return float(np.argmin(errors) - 90)


def test_at_rest_it_is_the_photograph(head: TurningHead) -> None:
    photograph = np.asarray(demo_clip._photograph()).astype(float)
    scale = demo_clip.FRAME_WIDTH / (demo_clip.CLIP_BOX[2] - demo_clip.CLIP_BOX[0])
    frame = head.frame(Pose()).astype(float)
    rows, columns = np.mgrid[20:620:40, 20:460:40]
    left, top = demo_clip.CLIP_BOX[:2]
    there = photograph[np.round((rows + 0.5) / scale + top - 0.5).astype(int), np.round((columns + 0.5) / scale + left - 0.5).astype(int)]
    assert np.median(np.abs(frame[rows, columns] - there)) < 4


@pytest.mark.parametrize(("yaw", "side"), [(15.0, 1), (-15.0, -1)])
def test_the_nose_moves_to_the_side_turned_to_and_further_than_the_cheeks(
    head: TurningHead, mesh: np.ndarray, yaw: float, side: int
) -> None:
    nose = _seen_at(head, mesh, NOSE_TIP, Pose(yaw=yaw)) * side
    assert nose > 30
    assert all(abs(_seen_at(head, mesh, point, Pose(yaw=yaw))) < nose / 2 for point in SIDES)


def test_what_is_behind_the_head_stays_where_it_was(head: TurningHead) -> None:
    rest, turned = (head.frame(pose).astype(int) for pose in (Pose(), Pose(yaw=25, mouth=1)))
    corners = np.s_[:60, :60], np.s_[:60, -60:], np.s_[-60:, :60], np.s_[-60:, -60:]
    assert all(np.median(np.abs(rest[corner] - turned[corner])) < 3 for corner in corners)
    middle = np.s_[200:400, 140:340]
    assert np.median(np.abs(rest[middle] - turned[middle])) > 8


def test_a_nearer_triangle_hides_what_is_behind_it_whatever_comes_first() -> None:
    texture = np.zeros((2, 2, 3), np.uint8)
    texture[:, 1] = 255  # dark on the left, light on the right
    triangle = np.array([[-30, -30, 0], [30, -30, 0], [0, 30, 0]], np.float32)
    places = np.vstack([triangle - np.array([0, 0, away], np.float32) for away in (20, 60)])
    taken_from = np.array([[0.75, 0.5, 0]] * 3 + [[0.25, 0.5, 0]] * 3, np.float32)
    for triangles in ([[0, 1, 2], [3, 4, 5]], [[3, 4, 5], [0, 1, 2]]):
        picture, covered = paint(texture, places, np.array(triangles, np.int32), taken_from, (40, 40))
        assert picture[20, 20].tolist() == [255, 255, 255]
        assert covered[20, 20]


def test_a_mesh_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="468"):
        TurningHead(np.zeros((10, 10, 3), np.uint8), np.zeros((478, 3), np.float32), (0, 0, 10, 10))
