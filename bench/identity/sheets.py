"""Pictures on paper and on screens, held before a camera: flat or bent sheets, turned in space."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.identity.material import Picture
from simulators.turning_head import paint

CAMERA_AWAY = 900.0  # pixels of the frame: about 40 cm
NET = 17  # points a side of the sheet
_GRID_UNIT = 200  # full light in a screen's grid, of 255


@dataclass(frozen=True)
class Held:
    """How a sheet is held. Degrees; `yaw` turns its face to the right of the picture, `pitch` up. `shift`: pixels right and down.

    `bend`: degrees of the arc into which it is rolled about its vertical middle, towards the camera; 0 is flat.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    bend: float = 0.0


def show(sheet: Picture, height: float, held: Held, scene: Picture) -> Picture:
    """`sheet` as high as `height` pixels when held straight, before `scene`, a picture of the frame's size."""
    frame_height, frame_width = scene.shape[:2]
    width = height * sheet.shape[1] / sheet.shape[0]
    across, down = np.meshgrid(np.linspace(0, 1, NET), np.linspace(0, 1, NET))
    u, v = (across.ravel() - 0.5) * width, (down.ravel() - 0.5) * height
    space = np.column_stack([*_rolled(u, width, held.bend), v])[:, [0, 2, 1]]  # right, down, towards the camera
    space = space @ _turn(held).T
    away = CAMERA_AWAY - space[:, 2]
    half = frame_height / 2
    x, y = space[:, 0] * CAMERA_AWAY / away + held.shift[0], space[:, 1] * CAMERA_AWAY / away + held.shift[1]
    places = np.ascontiguousarray(np.column_stack([x * away / half, -y * away / half, -away]), np.float32)
    taken_from = np.column_stack([across.ravel(), down.ravel(), np.zeros(NET * NET)]).astype(np.float32)
    painted, covered = paint(sheet, places, _triangles(), taken_from, (frame_width, frame_height))
    return np.where(covered[:, :, None], painted, scene)


def as_print(picture: Picture, drawn: np.random.Generator) -> Picture:
    """On paper: a white rim, less contrast and colour, a screen of dots, the paper's grain, light from one side."""
    grown = cv2.resize(picture, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    grey = grown.mean(axis=2, keepdims=True)
    ink = 28 + 0.82 * (grey + 0.85 * (grown - grey))
    high, wide = ink.shape[:2]
    x, y = np.meshgrid(np.arange(wide, dtype=np.float32), np.arange(high, dtype=np.float32))
    for channel, angle in enumerate((15, 75, 45)):
        a = np.radians(angle + drawn.uniform(-2, 2))
        dots = np.cos((x * np.cos(a) + y * np.sin(a)) * 2.1) * np.cos((y * np.cos(a) - x * np.sin(a)) * 2.1)
        ink[:, :, channel] += 9 * dots
    rim = round(0.05 * wide)
    paper = cv2.copyMakeBorder(ink, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=(236, 234, 228))
    grain = cv2.GaussianBlur(drawn.normal(0, 9, paper.shape[:2]).astype(np.float32), (0, 0), 1.2)
    light = np.linspace(drawn.uniform(0.9, 1.05), drawn.uniform(0.82, 1.0), paper.shape[1], dtype=np.float32)
    return np.asarray(np.clip((paper + grain[:, :, None]) * light[None, :, None], 0, 255), np.uint8)


class Screen:
    """A phone or tablet: bezel, gamma, a bluish backlight, a grid of pixels that beats with the camera's, a reflection."""

    def __init__(self, size: tuple[int, int], drawn: np.random.Generator) -> None:
        """`size`: width and height of the pictures that it shows."""
        wide, high = self._size = (round(1.5 * size[0]), round(1.5 * size[1]))
        pitch = drawn.uniform(2.1, 2.9)
        x, y = np.arange(wide, dtype=np.float32), np.arange(high, dtype=np.float32)
        columns = np.stack([0.9 + 0.14 * np.cos(2 * np.pi * (x / pitch + third / 3)) for third in range(3)], axis=-1)
        rows = 0.95 + 0.07 * np.cos(2 * np.pi * y / pitch)
        backlight = np.array([0.97, 0.99, 1.05])
        self._grid = np.asarray(_GRID_UNIT * columns[None] * rows[:, None, None] * backlight, np.uint8)
        middle, slope = drawn.uniform(0.2, 0.8), drawn.uniform(-0.5, 0.5)
        band = np.exp(-(((x[None, :] / wide - middle - slope * y[:, None] / high) / 0.09) ** 2))
        self._shine = np.repeat(np.asarray(drawn.uniform(18, 42) * band, np.uint8)[:, :, None], 3, axis=2)
        self._gamma = np.asarray(np.minimum(255, 255 * (np.arange(256) / 255) ** drawn.uniform(1.05, 1.25) * 1.06), np.uint8)

    def displays(self, picture: Picture) -> Picture:
        grown = cv2.LUT(cv2.resize(picture, self._size, interpolation=cv2.INTER_LINEAR), self._gamma)
        lit = cv2.add(cv2.multiply(grown, self._grid, scale=1 / _GRID_UNIT), self._shine)
        rim = round(0.045 * self._size[0])
        return np.asarray(cv2.copyMakeBorder(lit, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=(14, 14, 16)), np.uint8)


def room(size: tuple[int, int], drawn: np.random.Generator) -> Picture:
    """What is behind a held sheet: a wall, out of focus."""
    coarse = drawn.uniform(90, 190) + drawn.normal(0, 26, (7, 5, 3)) + drawn.normal(0, 10, 3)
    wall = cv2.resize(coarse.astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(wall, 0, 255), np.uint8)


def _rolled(u: NDArray[np.float64], width: float, bend: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Right and towards the camera, of points of a sheet rolled into an arc of `bend` degrees."""
    if bend == 0:
        return u, np.zeros_like(u)
    radius = width / np.radians(bend)
    return radius * np.sin(u / radius), radius * (np.cos(u / radius) - 1)


def _turn(held: Held) -> NDArray[np.float64]:
    """Of x right, y down, z towards the camera."""
    a, b, c = np.radians([held.yaw, held.pitch, held.roll])
    yaw = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    pitch = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    roll = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(roll @ pitch @ yaw)


def _triangles() -> NDArray[np.int32]:
    corner = (np.arange(NET - 1)[:, None] * NET + np.arange(NET - 1)[None, :]).ravel()
    return np.concatenate(
        [np.column_stack([corner, corner + 1, corner + NET]), np.column_stack([corner + 1, corner + NET + 1, corner + NET])]
    ).astype(np.int32)
