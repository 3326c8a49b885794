"""Scale images of more than 8 bits to 8 bits. Needs numpy and Pillow only.

A microscope's 12 bits in a file of 16 are nearly black to a loader that takes the upper 8. A stated
scaling maps the values from ``low`` to ``high`` to 0 to 255. The manifest has each image's scaling.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.ImageFile import ImageFile

from maskbench.text import counted, some

Scaling = tuple[int, int]
"""The values that become 0 and 255: (low, high)."""

LOWEST, HIGHEST = -(2**31), 2**32 - 1
"""The smallest and largest value that an image can have."""

SCALINGS = ("range", "percentile")
"""Names for ``combine.scaling``: each image's range of values, or between its percentiles."""

PERCENTILES = (0.1, 99.9)
FEW = 64
"""The most levels, of 256, of an image that is called dark."""

_WIDE = ("I", "I;16", "I;16B", "I;16L", "I;16N")  # Pillow's modes of grey with more than 8 bits
_LARGEST = 2**16 - 1


class Levels(NamedTuple):
    """The smallest and largest value of an image with more than 8 bits.

    Attributes:
        low: The smallest value.
        high: The largest value.
        is_gray: Whether these are the file's values; of colours Pillow gives the upper 8 bits.
    """

    low: int
    high: int
    is_gray: bool

    def seen(self, scaling: Scaling | None) -> int:
        """Return how many levels of 256 loaders see, from the smallest value to the largest."""
        values = np.array([self.low, self.high])
        low, high = (values if not self.is_gray else to_8_bits(values, scaling)).tolist()
        return int(high - low + 1)

    def is_badly_seen(self, scaling: Scaling | None) -> bool:
        """Return whether loaders see few levels, or clip values without a stated scaling."""
        is_cut = scaling is None and self.is_gray and (self.low < 0 or self.high > _LARGEST)
        return is_cut or self.seen(scaling) <= FEW


def is_wide(image: Image.Image) -> bool:
    """Return whether an image is grey with more than 8 bits; its pixels need not be loaded."""
    return image.mode in _WIDE


def is_wide_colour(image: ImageFile) -> bool:
    """Return whether an image has colours of 16 bits; its pixels must not be loaded yet."""
    raw_modes = (str(tile[3]) for tile in image.tile)
    return not is_wide(image) and any(";16" in mode for mode in raw_modes)


def levels_of(image: Image.Image, wide_colour: bool) -> Levels | None:
    """Return the levels of an image; None if it has 8 bits.

    Args:
        image: The image, with its pixels.
        wide_colour: The answer of :func:`is_wide_colour` before they were loaded.
    """
    if is_wide(image):
        pixels = np.asarray(image)
    elif wide_colour:
        pixels = np.asarray(image.convert("RGB"))
    else:
        return None
    return Levels(int(pixels.min()), int(pixels.max()), not wide_colour)


def scaling_of(image: Image.Image, choice: str | Scaling | None) -> Scaling | None:
    """Return the scaling of an image by ``combine.scaling``; None if it needs or has none."""
    if choice is None or not is_wide(image):
        return None
    if not isinstance(choice, str):
        return choice
    pixels = np.asarray(image)
    if choice == "range":
        return int(pixels.min()), int(pixels.max())
    low, high = np.percentile(pixels, PERCENTILES, method="nearest")
    return int(low), int(high)


def to_8_bits(values: npt.NDArray[Any], scaling: Scaling | None) -> npt.NDArray[np.uint8]:
    """Turn grey values of more than 8 bits into 8 bits.

    Args:
        values: Integers of any shape.
        scaling: The values that become 0 and 255; None: the upper 8 of 16 bits are taken.
    """
    wide = values.astype(np.int64)
    if scaling is None:
        return (wide >> 8).clip(0, 255).astype(np.uint8)
    low, high = scaling
    span = max(high - low, 1)
    return (((wide.clip(low, high) - low) * 255 + span // 2) // span).astype(np.uint8)


def describe_badly_seen(
    found: Mapping[str, Levels], scaling: str | Scaling | None
) -> tuple[str, str] | None:
    """Say which images loaders see nearly black or clipped, and what to do; None if none.

    Args:
        found: The levels of such images by key.
        scaling: The choice of ``combine.scaling``.
    """
    if not found:
        return None
    names = [f"{key} ({level.low}…{level.high})" for key, level in found.items()]
    gray = [level for level in found.values() if level.is_gray]
    low = min((level.low for level in gray), default=0)
    high = max((level.high for level in gray), default=0)
    if not gray:
        advice = "save colours with 8 bits, scaled: only their upper 8 bits can be read"
    elif low == high:
        advice = "they have one value each: look whether they are the right files"
    elif scaling is None:
        advice = f"set combine.scaling to range, percentile or [{low}, {high}]"
    else:
        advice = f"combine.scaling is {scaling}: look whether these values are meant"
    images = counted(
        len(names), "image of more than 8 bits looks", "images of more than 8 bits look"
    )
    return (
        f"{images} flat or cut off to loaders, by the values in use: {some(names)}",
        advice,
    )
