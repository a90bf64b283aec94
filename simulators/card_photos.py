"""Cards as a telephone photographs them: on a table, a little aslant, turned, in a shadow, out of focus, compressed."""

import io
from dataclasses import dataclass
from random import Random
from typing import Literal

import numpy as np
from PIL import Image, ImageFilter


@dataclass(frozen=True)
class Shot:
    """How a photograph was taken. Lengths are in pixels of a picture 1,600 wide, angles in degrees counter-clockwise."""

    turned: Literal[0, 90, 180, 270] = 0
    slant: float = 0.0
    size: float = 1.0  # 1 fills 84 % of the picture's width
    perspective: float = 0.0  # how far corners are moved, as a part of the card's width
    blur: float = 0.0
    shadow: float = 0.0  # how much darker the dark end is: 0 none, 1 black
    noise: float = 0.0  # standard deviation, of 255
    quality: int = 90


def chance_shot(random: Random) -> Shot:
    """A photograph that an ordinary person might take and send."""
    return Shot(
        turned=random.choice((0, 90, 180, 270)),
        slant=random.uniform(-5, 5),
        perspective=random.uniform(0, 0.03),
        blur=random.uniform(0, 1.4),
        shadow=random.uniform(0, 0.5),
        noise=random.uniform(0, 8),
        quality=random.choice((50, 65, 80, 90)),
    )


def photographed(card: Image.Image, shot: Shot, random: Random) -> bytes:
    """A JPEG 1,600 pixels on its longer side (before it is turned), the card filling most of it."""
    table = Image.new("RGB", (1600, 1130), tuple(random.randrange(30, 120) for _ in range(3)))
    card = card.convert("RGBA").resize((1340, 845), Image.Resampling.LANCZOS)
    wide, high, shift = 670 * shot.size, 422 * shot.size, shot.perspective * 1340
    frame = ((-wide, -high), (wide, -high), (wide, high), (-wide, high))
    corners = [(800 + x + random.uniform(-1, 1) * shift, 565 + y + random.uniform(-1, 1) * shift) for x, y in frame]
    laid = card.transform(table.size, Image.Transform.PERSPECTIVE, _coefficients(corners, card.size), Image.Resampling.BICUBIC)
    laid = laid.rotate(shot.slant, Image.Resampling.BICUBIC)
    table.paste(laid, (0, 0), laid)
    if shot.blur:
        table = table.filter(ImageFilter.GaussianBlur(shot.blur))
    pixels = _in_shadow(np.asarray(table, dtype=np.float32), shot.shadow, random)
    if shot.noise:
        grain = np.random.default_rng(random.randrange(1 << 30)).normal(0, shot.noise, pixels.shape)
        pixels = (pixels + grain).astype(np.float32)
    taken = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).rotate(shot.turned, expand=True)
    out = io.BytesIO()
    taken.save(out, "JPEG", quality=shot.quality)
    return out.getvalue()


def _in_shadow(pixels: "np.typing.NDArray[np.float32]", depth: float, random: Random) -> "np.typing.NDArray[np.float32]":
    """Darker towards one side, as when somebody leans over the card."""
    high, wide, _ = pixels.shape
    along = np.linspace(0, 1, wide)[None, :, None] * random.choice((1, -1)) + np.linspace(0, 1, high)[:, None, None] * random.uniform(-1, 1)
    along = (along - along.min()) / (along.max() - along.min())
    darkened: np.typing.NDArray[np.float32] = (pixels * (1 - depth * along)).astype(np.float32)
    return darkened


def _coefficients(corners: list[tuple[float, float]], size: tuple[int, int]) -> list[float]:
    """What Pillow wants for a perspective: from a pixel of the picture to one of the card."""
    wide, high = size
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, ((0, 0), (wide, 0), (wide, high), (0, high)), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return [float(value) for value in np.linalg.solve(np.array(rows), np.array(values))]
