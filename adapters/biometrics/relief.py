"""Whether what turns is a head or a flat thing: the shift of near points against far ones, seen in the pictures themselves.

The mesh cannot tell: its network knows faces and gives depth to a photograph too. So the texture is compared, without the network:
a picture from before the turn is laid over one from the turn by a smooth deformation of second degree, which fits whatever a flat or bent
sheet can do, plus the face's relief times one unknown slope. On a head the slope is the sine of the angle turned, on any sheet it is 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator

from adapters.biometrics.mesh import FaceTrack, MeshSeen, Picture, Points

Numbers = NDArray[np.float32]

SIDE = 72  # pixels of the levelled pictures of the face that are compared
ROOM = 1.3  # their side, in sides of the face's box
SMOOTHED, LEVELLED_OVER = 0.8, 6.5  # pixels: noise below, lighting above
ROUNDS = 6  # of one fit
SETTLED = 0.02  # pixels
DAMPING = 1e-3
FRAMES_A_LEG = 5  # compared, on the way there and on the way back

RIGHT_EYE, LEFT_EYE = 33, 263
RIGHT_SIDE, LEFT_SIDE = 234, 454
# The face's rim and the lips' (MediaPipe's face oval and outer lips). Lips move by themselves.
RIM = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
       152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip
LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)


@dataclass(frozen=True)
class ReliefSeen:
    """One frame against the reference. `slope`: how far near points moved against far ones, over their difference in depth: (2,), to
    the picture's right and down. `agreement`: correlation of the two pictures, once laid over each other."""

    frame: int
    slope: Numbers
    agreement: float


def follow_relief(track: FaceTrack, reference: int, frames: Sequence[int]) -> list[ReliefSeen]:
    """`frames` in the order in which the head moves away from `reference`. Frames without a face are left out."""
    start = track.seen[reference]
    if start is None:
        return []
    sheet = _Sheet.of(track.frames[reference], start)
    if sheet is None:
        return []
    seen, last = [], None
    for number in frames:
        here = track.seen[number]
        if here is None:
            continue
        fit = sheet.laid_over(track.frames[number], here, last)
        last = fit.terms if fit.agreement > 0.5 else None
        seen.append(ReliefSeen(number, fit.terms[-1], fit.agreement))
    return seen


def chosen_frames(reference: int, peak: int) -> list[int]:
    """Frames from beside the reference to the peak, both ways of time, thinned to `FRAMES_A_LEG`."""
    step = 1 if peak > reference else -1
    every = list(range(reference + step, peak + step, step))
    step_between = max(1.0, (len(every) - 1) / (FRAMES_A_LEG - 1))
    return [every[round(n * step_between)] for n in range(min(FRAMES_A_LEG, len(every)))]


@dataclass(frozen=True)
class _Fit:
    terms: Numbers  # (7, 2): six of the sheet's deformation, in pixels, then the relief's slope
    agreement: float
    error: float


@dataclass(frozen=True)
class _Sheet:
    """The reference: pixels inside the face, and the deformations that they may undergo."""

    x: Numbers  # (n,)
    y: Numbers
    values: Numbers  # (n,), levelled brightness
    shapes: Numbers  # (n, 7)
    points: Points  # (468, 2) of the mesh, in the levelled picture
    point_shapes: Numbers  # (468, 7)
    inner: NDArray[np.bool_]  # (468,): points of the mesh that count for a first guess

    @classmethod
    def of(cls, picture: Picture, seen: MeshSeen) -> "_Sheet | None":
        into = _levelling(seen.points)
        scale = float(np.hypot(into[0, 0], into[0, 1]))
        points = _placed(seen.points, into)
        # Nearness, in pixels too, so that the slope has no unit.
        near = -seen.points[:, 2] * scale
        rows, columns = np.nonzero(_face_without_lips(points))
        relief = LinearNDInterpolator(points, near)(columns, rows)
        inside = np.isfinite(relief)
        x, y, relief = columns[inside].astype(np.float32), rows[inside].astype(np.float32), relief[inside]
        if len(x) < 400:
            return None
        # The relief that no sheet has: what is left of it when the sheet's own shapes are taken out.
        sheet, root = np.linalg.qr(_smooth(x, y))
        length = np.sqrt(len(x))
        share = sheet.T @ relief
        point_sheet = np.linalg.solve(root.T, _smooth(points[:, 0], points[:, 1]).T).T
        levelled = _levelled(picture, into)
        return cls(
            x, y, levelled[y.astype(int), x.astype(int)],
            np.column_stack([sheet * length, relief - sheet @ share]).astype(np.float32),
            points, np.column_stack([point_sheet * length, near - point_sheet @ share]).astype(np.float32),
            ~np.isin(np.arange(len(points)), LIPS),
        )  # fmt: skip

    def laid_over(self, picture: Picture, seen: MeshSeen, last: Numbers | None) -> _Fit:
        """The deformation that shows this frame best. Begun from the last frame's, and from the mesh's with and without relief."""
        into = _levelling(seen.points)
        other = _levelled(picture, into)
        across, down = (np.asarray(cv2.Sobel(other, cv2.CV_32F, *way, scale=1 / 8), np.float32) for way in ((1, 0), (0, 1)))
        moved = (_placed(seen.points, into) - self.points)[self.inner]
        guesses = [self._guess(moved, 7), self._guess(moved, 6), *([last] if last is not None else [])]
        return min((self._fit(other, (across, down), guess) for guess in guesses), key=lambda fit: fit.error)

    def _guess(self, moved: Numbers, shapes: int) -> Numbers:
        terms = np.zeros((7, 2), np.float32)
        terms[:shapes] = np.linalg.lstsq(self.point_shapes[self.inner, :shapes], moved, rcond=None)[0]
        return terms

    def _fit(self, other: Numbers, sloped: tuple[Numbers, Numbers], terms: Numbers) -> _Fit:
        """Gauss-Newton with weights that forgive blinks, shine and what the turn hides (Baker and Matthews, "Lucas-Kanade 20 years on")."""
        for _ in range(ROUNDS):
            shown, across, down = self._sampled(other, terms), self._sampled(sloped[0], terms), self._sampled(sloped[1], terms)
            error = self.values - shown
            weight = 1 / (1 + (error / (1.5 * _spread(error))) ** 2)
            slopes = np.hstack([self.shapes * across[:, None], self.shapes * down[:, None]])
            weighted = slopes * weight[:, None]
            square = weighted.T @ slopes
            square[np.diag_indices_from(square)] += DAMPING * np.trace(square) / len(square)
            step = np.linalg.solve(square, weighted.T @ error).reshape(2, 7).T
            terms = (terms + step).astype(np.float32)
            if float(np.abs(step).max()) < SETTLED:
                break
        shown = self._sampled(other, terms)
        error = np.abs(self.values - shown)
        agreement = float(np.corrcoef(self.values, shown)[0, 1]) if shown.std() > 0 else 0.0
        return _Fit(terms, agreement if np.isfinite(agreement) else 0.0, float(np.minimum(error, 2).mean()))

    def _sampled(self, image: Numbers, terms: Numbers) -> Numbers:
        moved = self.shapes @ terms
        x, y = self.x + moved[:, 0], self.y + moved[:, 1]
        return np.asarray(cv2.remap(image, x[:, None], y[:, None], cv2.INTER_LINEAR)[:, 0], np.float32)


def _smooth(x: NDArray[np.floating], y: NDArray[np.floating]) -> NDArray[np.float64]:
    """All products of degree two and less, (n, 6). A sheet turned moves by degree one, seen from near by degree two, bent likewise."""
    u, v = np.asarray(x, np.float64) / SIDE - 0.5, np.asarray(y, np.float64) / SIDE - 0.5
    return np.column_stack([np.ones_like(u), u, v, u * u, u * v, v * v])


def _spread(error: Numbers) -> float:
    return 1.4826 * float(np.median(np.abs(error))) + 1e-3


def _levelling(points: Points) -> NDArray[np.float64]:
    """The affine map (2, 3) from the picture to a square that the face fills, with the eyes level."""
    across = points[LEFT_EYE, :2] - points[RIGHT_EYE, :2]
    angle = np.arctan2(across[1], across[0])
    level = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    turned = points[:, :2] @ level.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    scale = SIDE / (ROOM * float((high - low).max()))
    return np.column_stack([scale * level, SIDE / 2 - scale * (low + high) / 2])


def _placed(points: Points, into: NDArray[np.float64]) -> Points:
    """(468, 2), in the square."""
    return np.asarray(points[:, :2] @ into[:, :2].T + into[:, 2], np.float32)


def _levelled(picture: Picture, into: NDArray[np.float64]) -> Numbers:
    """Brightness in the square, less its surroundings' mean and over their spread, so that light and camera gain do not count."""
    into = into.copy()
    while np.hypot(into[0, 0], into[0, 1]) < 0.5:  # sampled more coarsely, it would flicker
        picture = np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
        into[:, :2] *= 2
    grey = cv2.cvtColor(cv2.warpAffine(picture, into, (SIDE, SIDE), flags=cv2.INTER_LINEAR), cv2.COLOR_RGB2GRAY)
    cut = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), SMOOTHED)
    apart = cut - cv2.GaussianBlur(cut, (0, 0), LEVELLED_OVER)
    spread = np.sqrt(cv2.GaussianBlur(apart * apart, (0, 0), LEVELLED_OVER))
    return np.asarray(apart / (spread + 3), np.float32)


def _face_without_lips(points: NDArray[np.floating]) -> NDArray[np.uint8]:
    rim = np.ones((3, 3), np.uint8)
    face, lips = cv2.erode(_filled(points, RIM), rim), cv2.dilate(_filled(points, LIPS), rim)
    return np.where(lips > 0, 0, face).astype(np.uint8)


def _filled(points: NDArray[np.floating], rim: tuple[int, ...]) -> NDArray[np.uint8]:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(points[list(rim)].round().astype(np.int32)), 1)
    return mask
