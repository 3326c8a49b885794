"""Pictures for pages: masks in the palette's colours, and pictures as data URLs."""

import base64
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from maskbench.files.images import read_scene
from maskbench.files.levels import Scaling

LONGEST = 1600
"""Pixels of a scene's longer side in the page; masks keep every pixel."""


def palette_picture(
    values: npt.NDArray[np.uint8], colors: Iterable[Sequence[int]], is_transparent: bool = False
) -> Image.Image:
    """Return numbers as a palette picture.

    Args:
        values: Place of each pixel's colour in ``colors``, shape (H, W), uint8.
        colors: At most 256 colours.
        is_transparent: Pixels of value 0 let through what lies under the picture.
    """
    picture = Image.fromarray(values)
    picture.putpalette([part for color in colors for part in color])
    if is_transparent:
        picture.info["transparency"] = 0
    return picture


def scene(path: Path, scaling: Scaling | None = None, longest: int = LONGEST) -> Image.Image:
    """Return a scene as RGB, no side longer than ``longest`` pixels.

    Args:
        path: Its file.
        scaling: What the manifest says of a wide image.
        longest: Most pixels of a side.
    """
    with Image.open(path) as image:
        if image.format == "JPEG" and image.mode in ("RGB", "L", "YCbCr"):
            image.draft("RGB", (longest, longest))  # decodes a fraction of a large photo
            picture = image.convert("RGB")
        else:
            picture = Image.fromarray(read_scene(path, scaling))
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return picture


def jpeg_url(picture: Image.Image) -> str:
    """Return a picture as a data URL (JPEG)."""
    return _url(picture, "jpeg", quality=85)


def png_url(picture: Image.Image) -> str:
    """Return a picture as a data URL (PNG), which keeps every pixel."""
    return _url(picture, "png", optimize=True)


def _url(picture: Image.Image, kind: str, **options: Any) -> str:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"
