"""Portraits that are added to the simulated population: photographs as a registry would keep them."""

import io

from PIL import Image, UnidentifiedImageError

MAX_PORTRAIT_BYTES = 10_000_000
_LARGEST_SIDE = 1200


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
