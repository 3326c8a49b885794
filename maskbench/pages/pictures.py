"""Pictures for pages: masks in the palette's colours, and pictures as data URLs."""

import base64
import io
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from maskbench.errors import DataError, Problem
from maskbench.files.atomic import replacing
from maskbench.files.images import DAMAGE, open_image, read_scene
from maskbench.files.levels import Scaling
from maskbench.pages.palette import Color

LONGEST = 1600
"""Pixels of a scene's longer side on a page; masks keep every pixel."""

THUMBNAIL = (208, 156)
"""Largest width and height of a thumbnail."""


def mark_pixels(
    picture: Image.Image, kinds: npt.NDArray[np.uint8], colors: Sequence[Color]
) -> None:
    """Paint marked pixels on a smaller picture; even a single one leaves a mark.

    Args:
        picture: Red, green, blue; is changed.
        kinds: 0 where there is no mark, otherwise the kind from 1 on, shape (H, W), uint8.
        colors: The colour of each kind; where marks of several kinds meet, the first is seen.
    """
    for number, color in reversed([*enumerate(colors, 1)]):
        here = Image.fromarray(np.where(kinds == number, 255, 0).astype(np.uint8))
        cover = here.resize(picture.size, Image.Resampling.BOX)
        touched = cover.point([min(255, 110 + part) if part else 0 for part in range(256)])
        picture.paste(Image.new("RGB", picture.size, color), mask=touched)


def save_picture(folder: Path, name: str, picture: Image.Image, quality: int = 86) -> None:
    """Write a picture as JPEG into a page's folder ``images``."""
    with replacing(folder / "images" / name) as temporary:
        picture.save(temporary, quality=quality)


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


def scene(
    path: Path, scaling: Scaling | None = None, most_wh: tuple[int, int] = (LONGEST, LONGEST)
) -> Image.Image:
    """Return a scene as RGB, no larger than asked for.

    Args:
        path: The scene's file.
        scaling: Which values of 16 bits become 0 and 255; see the manifest.
        most_wh: The largest width and height in pixels.

    Raises:
        ValueError: The file is missing, no image, damaged or cut off; the message says which,
            without the path.
    """
    with suppress(*DAMAGE), open_image(path) as image:  # read_scene says what is damaged
        if image.format == "JPEG" and image.mode in ("RGB", "L", "YCbCr"):
            size = _within(image.size, most_wh)
            image.draft("RGB", size)  # decodes a fraction of a large photo
            return image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    picture = Image.fromarray(read_scene(path, scaling))
    return picture.resize(_within(picture.size, most_wh), Image.Resampling.LANCZOS)


def scene_of_item(
    path: Path,
    scaling: Scaling | None,
    name: str,
    task: int | None = None,
    most_wh: tuple[int, int] = (LONGEST, LONGEST),
) -> Image.Image:
    """Return the scene of an item of a benchmark as :func:`scene` does.

    Args:
        path: The scene's file, perhaps in DVC's cache.
        scaling: See :func:`scene`.
        name: What a message calls the file.
        task: The item's task, for the message.
        most_wh: The largest width and height in pixels.

    Raises:
        DataError: The file is damaged.
    """
    try:
        return scene(path, scaling, most_wh)
    except ValueError as error:
        what = f"{error}; run `dvc checkout -f combine`, or `dvc fetch` if DVC's cache is damaged"
        raise DataError("a scene cannot be read", [Problem(what, name, task)]) from None


def _within(size: tuple[int, int], most_wh: tuple[int, int]) -> tuple[int, int]:
    """Return the largest size with the same shape that fits into the size asked for."""
    scale = min(1.0, *(most / side for most, side in zip(most_wh, size, strict=True)))
    width, height = (max(1, round(side * scale)) for side in size)
    return width, height


def jpeg_url(picture: Image.Image) -> str:
    """Return a picture as a data URL (JPEG)."""
    stream = io.BytesIO()
    picture.save(stream, "jpeg", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"
