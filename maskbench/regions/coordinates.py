"""Read the numbers of a region's geometry, and turn them into outlines.

Label Studio stores percent of the upright image's width (x) and height (y): (0, 0) is the top-left
corner of the image, (100, 100) the bottom-right one. Pixel coordinates are ``percent / 100 * size``
as float64, in (x, y) order, without any rounding.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from maskbench.errors import GeometryError

Value = Mapping[str, Any]
"""A region's geometry as Label Studio stores it: the ``value`` of a result entry."""

Points = npt.NDArray[np.float64]
"""Vertices in pixels, shape (N, 2), (x, y)."""

FLATNESS = 0.01
"""How far, in pixels, a flattened curve may lie from the true one."""

FARTHEST = 10_000.0
"""Percent beyond which a coordinate is an error, because nobody can draw that far off the image."""


def percent(value: Any, name: str) -> float:
    """Return ``value`` as a finite float.

    Raises:
        GeometryError: It is not a number, not finite, or absurdly far off the image.
    """
    if type(value) not in (int, float):  # True does not count as a number
        raise GeometryError(f"{name} is {shown(value)}, not a number")
    if not abs(value) <= FARTHEST:
        raise GeometryError(f"{name} is {shown(value)}, which is not a percentage of the image")
    return float(value)


def shown(value: Any) -> str:
    """Return a value for a message, cut if it is long."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"


def closed_polygon(points: Points) -> shapely.Polygon:
    """Return the polygon with these vertices; repeating the first makes any two or more valid."""
    if len(points) < 2:
        return shapely.Polygon()
    return shapely.Polygon(np.concatenate([points, points[:1], points[:1]]))
