"""Define every colour with a meaning, the same in every picture, page and plot.

Colours of classes come by value, those of changed and wrong pixels by name. (What a page's frame
is painted with, light and dark, stands in ``pages/assets/style.css``.)
"""

from collections.abc import Iterator, Mapping
from itertools import count, islice

import numpy as np
import numpy.typing as npt

Color = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

IGNORED_COLOR: Color = (128, 128, 128)
"""Pixels of the ignore value."""

_BLUE, _ORANGE, _PURPLE = (61, 139, 255), (255, 122, 26), (214, 76, 214)

MARKS: Mapping[str, Color] = {
    "gained": _BLUE,
    "lost": _ORANGE,
    "other-class": _PURPLE,
    "wrong": (230, 0, 90),
    "missed": _ORANGE,
    "invented": _BLUE,
    "confused": _PURPLE,
    "boundary": (140, 146, 158),
    "ignored": IGNORED_COLOR,
    "two-classes": (255, 176, 0),
    "more-classes": (230, 0, 90),
    "changed-region": (255, 225, 77),
    "pointed-region": (255, 61, 242),
}
"""Colours by what they mark; style sheets and scripts of pages have them as ``var(--name)``.

``gained``, ``lost`` and ``other-class`` are changed pixels: background before, background now,
and neither. ``wrong`` are pixels for which no rule decides. ``missed``, ``invented``, ``confused``
and, muted, ``boundary`` are mistakes of a prediction; ``ignored`` are pixels without a class.
``two-classes`` and ``more-classes`` are pixels to which annotators gave different classes.
``changed-region`` and ``pointed-region`` are outlines.
"""

SHARE: Color = (0, 114, 178)
"""Background of a table's cells that show shares: the larger, the darker."""

ANNOTATORS: tuple[Color, ...] = (
    (102, 204, 238), (238, 102, 119), (120, 210, 90), (204, 187, 68), (190, 120, 255),
    (255, 150, 60), (80, 140, 255), (240, 240, 240),
)  # fmt: skip
"""Outline colours of annotators, in the order of their ids; bright, unlike those of classes."""

_FIRST: tuple[Color, ...] = (
    (0, 0, 0), (230, 159, 0), (86, 180, 233), (0, 158, 115), (213, 94, 0), (204, 121, 167),
    (240, 228, 66), (0, 114, 178),
)  # fmt: skip
"""Black, then Okabe and Ito's colours, which people of any colour vision tell apart
(https://jfly.uni-koeln.de/color/)."""


def class_colors(classes: int) -> list[Color]:
    """Return the colours of the class values 0 (black) to ``classes - 1``.

    Beyond the first eight they follow Pascal VOC's rule (bits of the value spread over the high
    bits of the channels), without repeating one.
    """
    return list(islice(_colors(), classes))


def annotator_colors(people: int) -> list[Color]:
    """Return a colour for each annotator; after the first ones, by Pascal VOC's rule."""
    return [*ANNOTATORS, *map(voc_color, range(len(ANNOTATORS), people))][:people]


def palette() -> npt.NDArray[np.uint8]:
    """Return the colour of every mask value, shape (256, 3), uint8; 255 (ignored) is grey.

    ``palette()[mask]`` is a mask in colours, shape (H, W, 3).
    """
    return np.array([*class_colors(255), IGNORED_COLOR], dtype=np.uint8)


def overlay_palette(classes: int) -> npt.NDArray[np.uint8]:
    """Return the colour of every mask value when it is laid over its scene, shape (256, 4), uint8.

    Red, green, blue, opacity. The background (0) and values that are no class are transparent.
    """
    colors = np.zeros((256, 4), dtype=np.uint8)
    colors[:classes, :3] = class_colors(classes)
    colors[1:classes, 3] = 150
    colors[255] = (*IGNORED_COLOR, 220)
    return colors


def hex_color(color: Color) -> str:
    """Return a colour as ``#rrggbb``, for pages."""
    return "#" + bytes(color).hex()


def _colors() -> Iterator[Color]:
    yield from _FIRST
    yield from (color for color in map(voc_color, count(1)) if color not in _FIRST)


def voc_color(value: int) -> Color:
    """Return Pascal VOC's colour of a value from 0 to 255 (``VOClabelcolormap.m`` of its kit).

    >>> voc_color(1), voc_color(255)
    ((128, 0, 0), (224, 224, 192))
    """
    red = green = blue = 0
    for shift in range(8):
        bits = value >> 3 * shift
        red |= (bits & 1) << 7 - shift
        green |= (bits >> 1 & 1) << 7 - shift
        blue |= (bits >> 2 & 1) << 7 - shift
    return red, green, blue
