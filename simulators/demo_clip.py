"""The demo person: a portrait, and a talking clip made for any code, from material that packages ship."""

import io
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageEnhance

PORTRAIT_BOX = (104, 2, 342, 295)  # of the 512x512 photograph; the ratio of a Chinese ID photograph
PORTRAIT_SIZE = (358, 441)


@cache
def _photograph() -> Image.Image:
    """NASA's photograph of Eileen Collins (public domain), as scikit-image ships it: RGB, 512x512."""
    # The package's folder is found without importing it: importing scikit-image costs half a second.
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise RuntimeError("The demo needs the package scikit-image, which ships the portrait.")
    with Image.open(Path(spec.origin).parent / "data" / "astronaut.png") as picture:
        return picture.convert("RGB")


def demo_portrait() -> bytes:
    """What the population registry holds of the demo person: a JPEG of 358x441 pixels, head and shoulders."""
    picture = _photograph().resize(PORTRAIT_SIZE, Image.Resampling.BICUBIC, box=PORTRAIT_BOX)
    picture = ImageEnhance.Brightness(picture).enhance(1.06)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=86)
    return out.getvalue()
