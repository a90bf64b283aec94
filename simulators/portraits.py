"""Portraits of the simulated population: one public-domain photograph for the demo, and whatever is added."""

import io
from functools import cache
from pathlib import Path

import skimage.data
from PIL import Image, UnidentifiedImageError

MAX_PORTRAIT_BYTES = 10_000_000
_HEAD_AND_SHOULDERS = (80, 0, 370, 360)  # left, upper, right, lower in the 512 x 512 photograph
_LARGEST_SIDE = 1200


@cache
def demo_portrait() -> bytes:
    """A JPEG of Eileen Collins, NASA 1999 (public domain), head and shoulders, as scikit-image ships it."""
    photograph = Path(skimage.data.__file__).with_name("astronaut.png")
    with Image.open(photograph) as image:
        return _jpeg(image.convert("RGB").crop(_HEAD_AND_SHOULDERS))


def as_portrait(picture: bytes) -> bytes:
    """Any photograph as the JPEG that a registry would keep: re-encoded, no metadata, at most 1,200 pixels a side.

    Raises:
        ValueError: too large, or not a picture.
    """
    if len(picture) > MAX_PORTRAIT_BYTES:
        raise ValueError("the picture is larger than 10 MB")
    try:
        with Image.open(io.BytesIO(picture), formats=("JPEG", "PNG", "WEBP", "BMP")) as image:
            if image.width * image.height > 50_000_000:
                raise ValueError("the picture has more than 50 million pixels")
            upright = image.convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("this is not a JPEG, PNG, WebP or BMP picture") from error
    upright.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
    return _jpeg(upright)


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95)
    return out.getvalue()
