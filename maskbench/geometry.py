"""Regions to outlines in pixels, and outlines to simple polygons. Pure functions on arrays.

Coordinates: Label Studio stores percent of the upright image's width (x) and height (y); (0, 0) is
the image's top-left corner and (100, 100) its bottom-right one. Pixel coordinates are
``percent / 100 * size`` as float64, in (x, y) order, without any rounding.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, chain, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from maskbench.errors import GeometryError
from maskbench.winding import Ring

if TYPE_CHECKING:
    import shapely

Polygon = list[Ring]
"""A simple polygon: its exterior ring, then its holes."""

FLATNESS = 0.01
"""How far (pixels) a flattened curve may lie from the true one."""

FARTHEST = 10_000.0
"""Percent beyond which a coordinate cannot have been drawn: an error rather than a clip."""


def number(value: Any, name: str) -> float:
    """``value`` as a finite float.

    Raises:
        GeometryError: It is no number, not finite, or absurdly far off the image.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise GeometryError(f"{name} is {_short(value)}, not a number")
    if not abs(value) <= FARTHEST:
        raise GeometryError(f"{name} is {_short(value)}, which is no percentage of the image")
    return float(value)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"


def polygon_outline(value: Mapping[str, Any], width: int, height: int) -> Ring:
    """A polygon region's outline in pixels, shape (N, 2); ``value["points"]`` are in percent.

    The points are a list, or an array that :mod:`maskbench.labelstudio.arrays` has judged.

    Raises:
        GeometryError: Fewer than three points, or a point that is not two numbers.
    """
    points = value.get("points")
    if isinstance(points, np.ndarray):
        return points / 100.0 * np.array([width, height], dtype=np.float64)
    if not isinstance(points, list):
        raise GeometryError(f"points is {_short(points)}, not a list of points")
    if len(points) < 3:
        raise GeometryError(f"the outline has {len(points)} points; at least three are needed")
    percent = _plain(points)
    if percent is None:
        percent = np.array([_point(point, f"points[{i}]") for i, point in enumerate(points)])
    return percent / 100.0 * np.array([width, height], dtype=np.float64)


def plain_polygons(
    values: Sequence[Mapping[str, Any]], width: int, height: int
) -> list[Ring] | None:
    """The outlines of many polygon regions, read at once, as :func:`polygon_outline` reads each.

    Returns:
        None if something is wrong with one of them: look one by one.
    """
    lists: list[Any] = [value.get("points") for value in values]
    kinds = set(map(type, lists))
    percent: Ring | None
    if kinds == {np.ndarray}:
        percent = np.concatenate(lists)
    elif kinds == {list} and min(map(len, lists)) >= 3:
        percent = _plain(list(chain.from_iterable(lists)))
    else:
        return None
    if percent is None:
        return None
    points = percent / 100.0 * np.array([width, height], dtype=np.float64)
    stops = [0, *accumulate(map(len, lists))]
    return [points[begin:end] for begin, end in pairwise(stops)]


def _plain(points: list[Any]) -> Ring | None:
    """The points as an array if all is well, checked at once; else None: look one by one."""
    if set(map(type, points)) != {list} or set(map(len, points)) != {2}:
        return None
    flat = list(chain.from_iterable(points))
    if not set(map(type, flat)) <= {int, float}:
        return None
    try:
        values = np.array(flat, dtype=np.float64)
    except OverflowError:
        return None
    return values.reshape(-1, 2) if max(values.max(), -values.min()) <= FARTHEST else None


def _point(value: Any, name: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise GeometryError(f"{name} is {_short(value)}, not [x, y]")
    return number(value[0], name), number(value[1], name)


def rectangle_outline(value: Mapping[str, Any], width: int, height: int) -> Ring:
    """A rectangle region's four corners in pixels, shape (4, 2).

    ``x, y`` is the corner about which Label Studio rotates by ``rotation`` degrees clockwise, in
    pixel space; ``width, height`` are percent of the image's sides.
    """
    x, y, w, h = (number(value.get(name), name) for name in ("x", "y", "width", "height"))
    cos, sin = _cos_sin(number(value.get("rotation") or 0, "rotation"))
    along = np.array([0.0, w, w, 0.0]) / 100.0 * width
    down = np.array([0.0, 0.0, h, h]) / 100.0 * height
    left, top = x / 100.0 * width, y / 100.0 * height
    return np.column_stack([left + along * cos - down * sin, top + along * sin + down * cos])


def ellipse_outline(value: Mapping[str, Any], width: int, height: int) -> Ring:
    """An ellipse region's outline, flattened to within :data:`FLATNESS` pixels, shape (N, 2).

    ``x, y`` is the centre, ``radiusX`` percent of the width, ``radiusY`` of the height, rotated by
    ``rotation`` degrees clockwise about the centre in pixel space.
    """
    names = ("x", "y", "radiusX", "radiusY")
    x, y, percent_x, percent_y = (number(value.get(name), name) for name in names)
    radius_x, radius_y = abs(percent_x) / 100.0 * width, abs(percent_y) / 100.0 * height
    cos, sin = _cos_sin(number(value.get("rotation") or 0, "rotation"))
    turns = [2.0 * math.pi * i / n for n in [_segments(max(radius_x, radius_y))] for i in range(n)]
    along = np.array([radius_x * math.cos(turn) for turn in turns])
    down = np.array([radius_y * math.sin(turn) for turn in turns])
    left, top = x / 100.0 * width, y / 100.0 * height
    return np.column_stack([left + along * cos - down * sin, top + along * sin + down * cos])


def _segments(radius: float) -> int:
    """Chords needed so that none is farther than FLATNESS from its arc (sagitta r(1-cos(pi/n))).

    At least 32, so that it is less than 0.5 % of the radius however small the ellipse.
    """
    if radius <= FLATNESS:
        return 32
    return max(32, math.ceil(math.pi / math.acos(1.0 - FLATNESS / radius)))


def _cos_sin(degrees: float) -> tuple[float, float]:
    """Cosine and sine, exact for quarter turns, so that such rectangles keep straight edges."""
    quarter = {0.0: (1.0, 0.0), 90.0: (0.0, 1.0), 180.0: (-1.0, 0.0), 270.0: (0.0, -1.0)}
    turn = degrees % 360.0
    angle = math.radians(turn)
    return quarter.get(turn, (math.cos(angle), math.sin(angle)))


OUTLINES: Mapping[str, Callable[[Mapping[str, Any], int, int], Ring]] = {
    "polygon": polygon_outline,
    "rectangle": rectangle_outline,
    "ellipse": ellipse_outline,
}
"""How each shape that has an outline is read: (value, width, height) → ring in pixels."""


def simple_polygons(ring: Ring) -> list[Polygon]:
    """The simple polygons that an outline fills by the non-zero rule, as the annotator saw it.

    A valid outline is returned as it is, vertex for vertex. A self-crossing one goes through
    ``shapely.make_valid(method="structure")``, which fills non-zero (a pentagram keeps its centre;
    the default method would lose it). An outline without area gives an empty list.

    >>> bow_tie = np.array([[0, 0], [4, 4], [4, 0], [0, 4]], dtype=float)
    >>> len(simple_polygons(bow_tie))
    2
    """
    import shapely  # noqa: PLC0415 - its start-up, which the pixel rule does not need

    polygon = shapely.Polygon(ring)
    if polygon.is_valid:
        return [[ring]] if polygon.area > 0 else []
    fixed = shapely.make_valid(polygon, method="structure", keep_collapsed=False)
    parts = shapely.get_parts(shapely.get_parts(fixed))
    return [_rings(part) for part in parts if part.geom_type == "Polygon" and part.area > 0]


def _rings(polygon: "shapely.Polygon") -> Polygon:
    rings = [polygon.exterior, *polygon.interiors]
    return [np.asarray(ring.coords, dtype=np.float64)[:-1, :2] for ring in rings]
