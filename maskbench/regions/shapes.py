"""List the kinds of region, and turn each into an outline or pixels. Pure functions.

:data:`KINDS` is the only list: reading an export, the doctor, rasterizing, exports and blame all
use it. To add a kind, add an entry and the function that it names. To give an area to a kind that
has none, such as a disk to key points, change its entry.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from maskbench.errors import GeometryError
from maskbench.params import RasterizeParams
from maskbench.regions.coordinates import FLATNESS, Points, Value, closed_polygon, percent, shown
from maskbench.regions.rasterize import NO_PIXELS, RegionPixels, crop, pixel_box
from maskbench.regions.strokes import Alpha, decode_bitmask, decode_rle
from maskbench.regions.vectors import is_closed_vector, vector


def _always(value: Value, params: RasterizeParams) -> bool:
    return True


def _never(value: Value, params: RasterizeParams) -> bool:
    return False


@dataclass(frozen=True)
class RegionKind:
    """One kind of region: the fields it has, and how it becomes pixels.

    All functions get the region's value, the image's width and height in pixels, and the params of
    *rasterize*. A kind with an area has an outline or pixels of its own.

    Attributes:
        fields: The fields of the value that hold the geometry. A result entry that does not name
            its kind is recognised by the first one; :data:`KINDS` is tried in order.
        has_area: Returns whether a region of this kind can have pixels: points and open lines
            cannot.
        outline: Returns the region's polygon in pixels, which may cross itself.
        pixels: Returns the region's pixels, for strokes and curves: filling an outline would give
            others. If there is an outline, ``all_touched`` fills that instead.
    """

    fields: tuple[str, ...]
    has_area: Callable[[Value, RasterizeParams], bool] = _always
    outline: Callable[[Value, int, int, RasterizeParams], shapely.Polygon] | None = None
    pixels: Callable[[Value, int, int, RasterizeParams], RegionPixels] | None = None


def polygon(value: Value, width: int, height: int, params: RasterizeParams) -> shapely.Polygon:
    """Return the outline of a polygon region.

    Fewer than three points (a slip of the hand) enclose nothing.

    Raises:
        GeometryError: A point is not two numbers.
    """
    points = value.get("points")
    if not isinstance(points, list):
        raise GeometryError(f"points is {shown(points)}, not a list of points")
    if not points:
        return shapely.Polygon()
    return closed_polygon(_percent_points(points) / 100.0 * np.array([width, height]))


def _percent_points(points: list[Any]) -> Points:
    """Return a list of [x, y] as an array, shape (N, 2)."""
    return np.array([_point(point, f"points[{i}]") for i, point in enumerate(points)])


def _point(value: Any, name: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise GeometryError(f"{name} is {shown(value)}, not [x, y]")
    return percent(value[0], name), percent(value[1], name)


def _is_closed_polygon(value: Value, params: RasterizeParams) -> bool:
    return value.get("closed") is not False  # a polygon that does not say is closed


def rectangle(value: Value, width: int, height: int, params: RasterizeParams) -> shapely.Polygon:
    """Return the outline of a rectangle region.

    ``x, y`` is the corner about which Label Studio rotates by ``rotation`` degrees clockwise, in
    pixel space; ``width, height`` are percent of the image's sides.

    Raises:
        GeometryError: A value is not a number.
    """
    x, y, w, h = (percent(value.get(name), name) for name in ("x", "y", "width", "height"))
    cos, sin = _cos_sin(percent(value.get("rotation") or 0, "rotation"))
    along = np.array([0.0, w, w, 0.0]) / 100.0 * width
    down = np.array([0.0, 0.0, h, h]) / 100.0 * height
    left, top = x / 100.0 * width, y / 100.0 * height
    corners = [left + along * cos - down * sin, top + along * sin + down * cos]
    return closed_polygon(np.column_stack(corners))


def _cos_sin(degrees: float) -> tuple[float, float]:
    """Return cosine and sine, exact for quarter turns, so that such rectangles stay straight."""
    quarter = {0.0: (1.0, 0.0), 90.0: (0.0, 1.0), 180.0: (-1.0, 0.0), 270.0: (0.0, -1.0)}
    turn = degrees % 360.0
    angle = math.radians(turn)
    return quarter.get(turn, (math.cos(angle), math.sin(angle)))


@dataclass(frozen=True)
class _Ellipse:
    """An ellipse in pixels: its centre, its radii, and the cosine and sine of its rotation."""

    x: float
    y: float
    radius_x: float
    radius_y: float
    cos: float
    sin: float


def _ellipse(value: Value, width: int, height: int) -> _Ellipse:
    """Read an ellipse region.

    ``x, y`` is the centre, ``radiusX`` percent of the width, ``radiusY`` of the height, rotated by
    ``rotation`` degrees clockwise about the centre in pixel space.
    """
    names = ("x", "y", "radiusX", "radiusY")
    x, y, percent_x, percent_y = (percent(value.get(name), name) for name in names)
    cos, sin = _cos_sin(percent(value.get("rotation") or 0, "rotation"))
    radius_x, radius_y = abs(percent_x) / 100.0 * width, abs(percent_y) / 100.0 * height
    return _Ellipse(x / 100.0 * width, y / 100.0 * height, radius_x, radius_y, cos, sin)


def ellipse(value: Value, width: int, height: int, params: RasterizeParams) -> shapely.Polygon:
    """Return the outline of an ellipse region, flattened to within :data:`FLATNESS` pixels.

    Raises:
        GeometryError: A value is not a number.
    """
    found = _ellipse(value, width, height)
    count = _segments(max(found.radius_x, found.radius_y))
    turns = 2.0 * math.pi * np.arange(count) / count
    along, down = found.radius_x * np.cos(turns), found.radius_y * np.sin(turns)
    points = [
        found.x + along * found.cos - down * found.sin,
        found.y + along * found.sin + down * found.cos,
    ]
    return closed_polygon(np.column_stack(points))


def _segments(radius: float) -> int:
    """Return how many chords keep within FLATNESS of their arcs (sagitta r (1 - cos(pi / n))).

    At least 32, so that small ellipses are round, too.
    """
    if radius <= FLATNESS:
        return 32
    return max(32, math.ceil(math.pi / math.acos(1.0 - FLATNESS / radius)))


def ellipse_pixels(value: Value, width: int, height: int, params: RasterizeParams) -> RegionPixels:
    """Return the pixels whose centre lies in an ellipse region, by its equation, not by chords.

    Raises:
        GeometryError: A value is not a number.
    """
    found = _ellipse(value, width, height)
    outline = ellipse(value, width, height, params)
    left, top, right, bottom = pixel_box(outline.bounds, width, height)
    if not (found.radius_x and found.radius_y):
        return RegionPixels(left, top, np.zeros((bottom - top, right - left), dtype=np.bool_))
    x = np.arange(left, right) + 0.5 - found.x
    y = (np.arange(top, bottom) + 0.5 - found.y)[:, np.newaxis]
    along = (x * found.cos + y * found.sin) / found.radius_x
    down = (y * found.cos - x * found.sin) / found.radius_y
    return RegionPixels(left, top, along**2 + down**2 <= 1.0)


def brush(value: Value, width: int, height: int, params: RasterizeParams) -> RegionPixels:
    """Return the pixels of a brush stroke that have enough alpha; an erased stroke has none.

    Raises:
        GeometryError: The code is damaged, or was drawn on an image of another size.
    """
    code = value.get("rle")
    return _opaque(decode_rle(code, width, height), params) if code else NO_PIXELS


def bitmask(value: Value, width: int, height: int, params: RasterizeParams) -> RegionPixels:
    """Return the pixels of a bit mask that have enough alpha; an erased mask has none.

    Raises:
        GeometryError: It is not a PNG data URL, or the picture has another size.
    """
    url = value.get("imageDataURL")
    return _opaque(decode_bitmask(url, width, height), params) if url else NO_PIXELS


def _opaque(alpha: Alpha, params: RasterizeParams) -> RegionPixels:
    return crop(alpha >= params.brush_threshold)


KINDS: Mapping[str, RegionKind] = {
    "polygon": RegionKind(("points",), _is_closed_polygon, outline=polygon),
    "brush": RegionKind(("rle",), pixels=brush),
    "bitmask": RegionKind(("imageDataURL",), pixels=bitmask),
    "vector": RegionKind(("vertices",), is_closed_vector, outline=vector),
    "ellipse": RegionKind(
        ("radiusX", "radiusY", "x", "y", "rotation"), outline=ellipse, pixels=ellipse_pixels
    ),
    "rectangle": RegionKind(("height", "width", "x", "y", "rotation"), outline=rectangle),
    "keypoint": RegionKind(("x", "y", "width"), _never),
}
"""Each kind of region by the name that Label Studio gives it, without ``labels``.

Key points come last: other kinds have an ``x``, too.
"""

GEOMETRY_FIELDS = frozenset(name for kind in KINDS.values() for name in kind.fields)
"""The fields of a value that hold a geometry of any kind."""
