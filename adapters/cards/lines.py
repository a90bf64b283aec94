"""Lines of text on a picture, put upright: which way a card lies, and what stands beside and under what."""

import math
import statistics
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Turn = Literal[0, 90, 180, 270]
Point = tuple[float, float]
_SAME_ROW = 0.6  # of the line's height, between the middles of two lines


@dataclass(frozen=True)
class Line:
    """One line as the engine saw it: its text without spaces, the confidence 0 to 1, and its box in pixels, x right and y down."""

    text: str
    confidence: float
    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def beside(self, other: "Line") -> bool:
        return abs(self.middle - other.middle) <= _SAME_ROW * max(self.height, other.height)


@dataclass(frozen=True)
class Seen:
    """One line as the engine gives it: text, confidence, and four corners in pixels, one after the other around the text."""

    text: str
    confidence: float
    corners: tuple[Point, Point, Point, Point]


def plain(text: str) -> str:
    """Full-width forms as plain ones, without any space."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def levelled(seen: Sequence[Seen]) -> list[Line]:
    """The lines with a picture's small slant taken out, from top to bottom."""
    long = [line for line in seen if len(plain(line.text)) > 3] or seen  # a box of two characters is nearly square: its edges tell nothing
    slant = statistics.median(_slant(line) for line in long) if long else 0.0
    turned = [_turned(line, -slant) for line in seen]
    return sorted((line for line in turned if line.text), key=lambda line: (line.middle, line.left))


def _slant(line: Seen) -> float:
    """Radians of the line's longer edge against the horizontal, of the nearer of both directions of reading."""
    (x0, y0), (x1, y1) = _longer_edge(line)
    angle = math.atan2(y1 - y0, x1 - x0)
    return angle - math.pi * round(angle / math.pi)


def _longer_edge(line: Seen) -> tuple[Point, Point]:
    first, second, third, _ = line.corners
    return (first, second) if math.dist(first, second) >= math.dist(second, third) else (second, third)


def _turned(line: Seen, radians: float) -> Line:
    cos, sin = math.cos(radians), math.sin(radians)
    points = [(x * cos - y * sin, x * sin + y * cos) for x, y in line.corners]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Line(plain(line.text), line.confidence, min(xs), min(ys), max(xs), max(ys))


def lies_on_its_side(seen: Iterable[Seen]) -> bool:
    """Whether most of the text runs up or down: by area, so that a few small marks do not tell."""
    upright = across = 0.0
    for line in seen:
        xs, ys = [x for x, _ in line.corners], [y for _, y in line.corners]
        wide, high = max(xs) - min(xs), max(ys) - min(ys)
        if high > 1.5 * wide:
            across += high
        elif wide > 1.5 * high:
            upright += wide
    return across > upright


def turned(seen: Sequence[Seen], turn: Turn, width: float, height: float) -> list[Seen]:
    """The same lines on the picture turned counter-clockwise; `width` and `height` are of the picture before."""

    def move(point: Point) -> Point:
        x, y = point
        return {0: (x, y), 90: (y, width - x), 180: (width - x, height - y), 270: (height - y, x)}[turn]

    return [Seen(line.text, line.confidence, tuple(move(corner) for corner in line.corners)) for line in seen]  # type: ignore[arg-type]
