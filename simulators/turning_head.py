"""A photograph of a face made to turn, nod and speak: rendered in three dimensions over a face mesh of 468 points.

Not a recording of anybody: clips made with this are said to be made. They serve the demonstration and the tests, for which no
recordings of people turning their heads exist. The mesh's numbering is that of MediaPipe's face mesh.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

Picture = NDArray[np.uint8]  # RGB, shape (height, width, 3)
Points = NDArray[np.float32]

SIDES = (234, 454)  # before the ears
NOSE_TIP = 4
MOUTH_CORNERS = (61, 291)
FACE_RIM = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
            152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip
UPPER_SEAM = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)  # where the lips meet, from corner to corner
LOWER_SEAM = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
LOWER_LIP_EDGE = (146, 91, 181, 84, 17, 314, 405, 321, 375)
# Between a lip's edge and the seam, where lips curl inwards and points hide each other: left out.
CURLED = (76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306, 62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292,
          77, 90, 180, 85, 16, 315, 404, 320, 307, 96, 89, 179, 86, 15, 316, 403, 319, 325)  # fmt: skip

# Lengths below are in widths of the face, from side to side, about 14 cm.
NOSE_DEPTH = 0.75  # of the nose's tip before the sides
AXIS_BEHIND, AXIS_BELOW = 0.12, 0.25  # where the head turns: behind the sides, and for nodding a little below them
CAMERA_AWAY = 3.5
JAW_DROP = 0.12
TEETH_BEHIND, THROAT_BEHIND = 0.03, 0.08
# Hair, ears and neck: the rim grown by a factor; how much of the head's movement it follows; how far back to the axis it lies;
# how much of the chin's drop it follows.
RINGS = ((1.08, 1.0, 0.15, 0.75), (1.2, 1.0, 0.4, 0.4), (1.36, 1.0, 0.75, 0.15), (1.56, 0.9, 1.0, 0.0), (1.8, 0.6, 1.0, 0.0),
         (2.1, 0.25, 1.0, 0.0), (2.5, 0.0, 1.0, 0.0))  # fmt: skip
AJAR = 0.25  # at this opening neighbours are told: lips are apart, and the chin has not passed the neck
BACKGROUND_BEHIND = 0.5
THROAT = (58, 22, 24)  # RGB
FAR = 100_000.0
THROAT_ROWS = 8
LENS = 0.8  # pixels of the frame: a phone's lens is softer than a studio's
MARGIN = 0.35  # of the frame, beyond its edges, for a camera that sways


@dataclass(frozen=True)
class Pose:
    """How head and camera are in one frame. Degrees; `yaw` to the person's own left and `pitch` upwards are positive.

    `mouth`: 0 as in the photograph, 1 wide open. `shift` (pixels to the right and down), `roll` (degrees) and `zoom` move the whole
    picture, as the hand that holds the camera does.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    mouth: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    roll: float = 0.0
    zoom: float = 1.0


class TurningHead:
    """One photograph, ready to be rendered in any pose. Turns of up to 30 degrees look plausible."""

    def __init__(
        self, photograph: Picture, mesh: Points, view: tuple[float, float, float, float], size: tuple[int, int] = (480, 640)
    ) -> None:
        """`mesh`: (468, 3) in the photograph's pixels, z in the same unit, smaller towards the camera.

        `view`: left, top, right, bottom of what the frames show, in the photograph's pixels; it may reach beyond the photograph.
        `size`: width and height of a frame.

        Raises:
            ValueError: a mesh of another shape.
        """
        if mesh.shape != (468, 3):
            raise ValueError(f"A face mesh has 468 points of three coordinates, not {mesh.shape}.")
        self._size = size
        scale = size[0] / (view[2] - view[0])
        self._texture = _with_throat(_texture(photograph, view, scale, size))
        margin = (round(MARGIN * size[0]), round(MARGIN * size[1]))
        face = (mesh * scale - (view[0] * scale, view[1] * scale, 0)).astype(np.float32)
        self._model = _model(face, size, margin)
        height, width = self._texture.shape[:2]
        self._colors = np.zeros((len(self._model.rest), 3), np.float32)
        self._colors[:, :2] = (self._model.taken_from + margin) / (width, height)
        self._colors[self._model.throat, :2] = (0.5, (height - THROAT_ROWS / 2) / height)

    def frame(self, pose: Pose) -> Picture:
        """One RGB picture of the size asked for."""
        return paint(self._texture, self._model.posed(pose), self._model.triangles, self._colors, self._size)[0]

    def frames(self, poses: Iterable[Pose]) -> Iterator[Picture]:
        return (self.frame(pose) for pose in poses)


def paint(
    texture: Picture, places: Points, triangles: NDArray[np.int32], taken_from: Points, size: tuple[int, int]
) -> tuple[Picture, NDArray[np.bool_]]:
    """Triangles seen by a camera with a field of view of 90 degrees from top to bottom; what is behind is hidden.

    `places`: (n, 3), x right, y up, z towards the camera, which is at 0 and sees what is below -1. `taken_from`: (n, 3), where in the
    texture each point has its colour: x and y in 0..1, and a third number that is not read. `size`: width and height.
    Returns the picture and where anything was painted.
    """
    found = np.full((size[1], size[0], 3), -1, np.float32)
    far = np.full((size[1], size[0]), FAR, np.float32)
    settings = cv2.TriangleRasterizeSettings()
    settings.setCullingMode(cv2.RASTERIZE_CULLING_NONE)
    settings.setShadingType(cv2.RASTERIZE_SHADING_SHADED)
    cv2.triangleRasterize(places, triangles, taken_from, found, far, np.eye(4, dtype=np.float32), np.pi / 2, 1.0, FAR, settings)
    rows, columns = texture.shape[:2]
    # A pixel's middle is half a pixel from its corner, from which the rasteriser counts and the remapping does not.
    x, y = found[:, :, 0] * np.float32(columns) - 0.5, found[:, :, 1] * np.float32(rows) - 0.5
    painted = cv2.remap(texture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(painted, np.uint8), found[:, :, 0] >= 0


@dataclass(frozen=True)
class _Model:
    """Points of head and background. All in pixels of the frame, y downwards, z away from the camera."""

    rest: Points  # (n, 3)
    taken_from: Points  # (n, 2): where in the frame at rest each point's colour is
    follows: Points  # (n,): 1 moves with the head, 0 stays
    drops: Points  # (n,): pixels down when the mouth is wide open
    throat: NDArray[np.int64]  # points that are dark
    triangles: NDArray[np.int32]  # (m, 3)
    axis: Points  # (3,): a point on both axes
    away: float  # of the camera from the axis
    size: tuple[int, int]

    def posed(self, pose: Pose) -> Points:
        """Where each point is, in the rasteriser's camera: x right, y up, z towards it, a field of view of 90 degrees."""
        points = self.rest.copy()
        points[:, 1] += np.float32(pose.mouth) * self.drops
        middle = np.array([self.size[0] / 2, self.size[1] / 2], np.float32)
        flat = points[:, :2] - middle
        depth = points[:, 2:] - self.axis[2] + np.float32(self.away)
        # In space, so that seen from the camera every point is where the photograph has it.
        space = np.hstack([flat * depth / np.float32(self.away), depth])
        pivot = np.array([*(self.axis[:2] - middle), self.away], np.float32)
        turned = (space - pivot) @ _rotation(pose.yaw, pose.pitch).T + pivot
        turned[:, :2] *= np.float32(self.away) / turned[:, 2:]
        moved = flat + self.follows[:, None] * (turned[:, :2] - flat)
        angle = np.radians(pose.roll)
        hand = pose.zoom * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
        moved = moved @ hand.T + np.asarray(pose.shift, np.float32)
        z = depth[:, 0] + self.follows * (turned[:, 2] - depth[:, 0])
        half = self.size[1] / 2
        return np.ascontiguousarray(np.column_stack([moved[:, 0] * z / half, -moved[:, 1] * z / half, -z]), np.float32)


def _rotation(yaw: float, pitch: float) -> Points:
    """Of x right, y down, z away: a positive yaw moves what is near to the right, a positive pitch moves it up."""
    a, b = np.radians(yaw), np.radians(pitch)
    turn = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    nod = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    return np.asarray(nod @ turn, np.float32)


def _model(face: Points, size: tuple[int, int], margin: tuple[int, int]) -> _Model:
    sides = face[list(SIDES)].mean(axis=0)
    width = float(np.hypot(*(face[SIDES[1], :2] - face[SIDES[0], :2])))
    depth = NOSE_DEPTH * width / max(float(sides[2] - face[NOSE_TIP, 2]), 0.2 * width)
    face = face.copy()
    face[:, 2] = (face[:, 2] - sides[2]) * depth
    behind = AXIS_BEHIND * width
    drops = _drops(face, width)
    around, around_follows, around_drops = _rings(face, drops, behind)
    background = _background(size, margin, BACKGROUND_BEHIND * width, around)
    uncurled = np.setdiff1d(np.arange(len(face)), CURLED)
    skin = np.vstack([face[uncurled], around, background])
    follows = np.concatenate([np.ones(len(uncurled)), around_follows, np.zeros(len(background))])
    drops = np.concatenate([drops[uncurled], around_drops, np.zeros(len(background))])

    triangles = Delaunay(skin[:, :2] + np.column_stack([np.zeros(len(skin)), AJAR * drops])).simplices
    mouth = np.isin(triangles, np.searchsorted(uncurled, [*UPPER_SEAM, *LOWER_SEAM])).all(axis=1)
    teeth = np.unique(triangles[mouth])
    layers = [skin]
    meshes = [triangles[~mouth]]
    for back, moves in ((TEETH_BEHIND, 0.0), (THROAT_BEHIND, 1.0)):
        number = np.zeros(len(skin), np.int64)
        number[teeth] = sum(map(len, layers)) + np.arange(len(teeth))
        layers.append(skin[teeth] + (0, 0, back * width))
        meshes.append(number[triangles[mouth]])
        follows = np.concatenate([follows, np.ones(len(teeth))])
        drops = np.concatenate([drops, moves * drops[teeth]])
    rest = np.vstack(layers).astype(np.float32)
    return _Model(
        rest=rest, taken_from=rest[:, :2], follows=follows.astype(np.float32), drops=drops.astype(np.float32),
        throat=np.arange(len(rest) - len(teeth), len(rest)), triangles=np.ascontiguousarray(np.vstack(meshes), np.int32),
        axis=np.array([sides[0], sides[1] + AXIS_BELOW * width, behind], np.float32), away=CAMERA_AWAY * width, size=size,
    )  # fmt: skip


def _rings(face: Points, drops: Points, behind: float) -> tuple[Points, Points, Points]:
    """Points around the face, going back to the axis; how much of the head's movement each follows; how far it sinks with the chin."""
    rim, sinks = face[list(FACE_RIM)], drops[list(FACE_RIM)]
    middle = rim[:, :2].mean(axis=0)
    points = [np.column_stack([middle + ring[0] * (rim[:, :2] - middle), rim[:, 2] + ring[2] * (behind - rim[:, 2])]) for ring in RINGS]
    follows = [np.full(len(rim), ring[1], np.float32) for ring in RINGS]
    return np.vstack(points).astype(np.float32), np.concatenate(follows), np.concatenate([ring[3] * sinks for ring in RINGS])


def _background(size: tuple[int, int], margin: tuple[int, int], depth: float, around: Points) -> Points:
    """A coarse net over the frame and its margin, outside the rings."""
    x = np.linspace(-margin[0], size[0] + margin[0], 13)
    y = np.linspace(-margin[1], size[1] + margin[1], 13)
    net = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(np.float32)
    outermost = np.ascontiguousarray(around[-len(FACE_RIM) :, :2])
    outside = [cv2.pointPolygonTest(outermost, (float(px), float(py)), False) < 0 for px, py in net]
    return np.pad(net[np.array(outside)], ((0, 0), (0, 1)), constant_values=depth)


def _drops(face: Points, width: float) -> Points:
    """How far each point of the face sinks when the mouth opens wide: lips between the corners, the chin below, cheeks hardly."""
    corners = face[list(MOUTH_CORNERS), :2]
    along = (corners[1] - corners[0]) / np.hypot(*(corners[1] - corners[0]))
    half = float(np.hypot(*(corners[1] - corners[0]))) / 2
    local = face[:, :2] - corners.mean(axis=0)
    across, down = local @ along, local @ np.array([-along[1], along[0]])
    lip = [MOUTH_CORNERS[0], *LOWER_LIP_EDGE, MOUTH_CORNERS[1]]
    order = np.argsort(across[lip])
    edge = np.interp(across, across[lip][order], down[lip][order])
    share = np.clip((down - edge) / (0.12 * width), 0, 1) * np.clip(1 - np.abs(across) / (0.5 * width), 0, 1) ** 0.7
    bow = np.clip(1 - (across / half) ** 2, 0, 1) ** 0.8
    share = np.where(down > edge, np.maximum(share, bow), 0)
    lower = [*LOWER_SEAM, *LOWER_LIP_EDGE]
    share[lower] = bow[lower]
    return np.asarray(JAW_DROP * width * share, np.float32)


def _texture(photograph: Picture, view: tuple[float, float, float, float], scale: float, size: tuple[int, int]) -> Picture:
    """What the view and its margin show, at the frame's scale. What lies beyond the photograph is its edge, carried on."""
    left, top = view[0] - MARGIN * size[0] / scale, view[1] - MARGIN * size[1] / scale
    shrunk = min(1.0, scale)
    source = photograph if shrunk == 1 else cv2.resize(photograph, None, fx=shrunk, fy=shrunk, interpolation=cv2.INTER_AREA)
    grown = scale / shrunk
    placed = np.array([[grown, 0, -left * scale + (grown - 1) / 2], [0, grown, -top * scale + (grown - 1) / 2]])
    whole = (size[0] + 2 * round(MARGIN * size[0]), size[1] + 2 * round(MARGIN * size[1]))
    drawn = cv2.warpAffine(source, placed, whole, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.GaussianBlur(drawn, (0, 0), LENS), np.uint8)


def _with_throat(texture: Picture) -> Picture:
    dark = np.full((THROAT_ROWS, texture.shape[1], 3), THROAT, np.uint8)
    return np.ascontiguousarray(np.vstack([texture, dark]))
