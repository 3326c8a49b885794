"""Kinds of region, and the outline of each as a shapely polygon in pixels. Pure functions.

:data:`KINDS` is the one registry: reading an export, the doctor, rasterizing, exporting and blaming
all ask it. A new kind of region is a new entry and the function that it names.

Label Studio stores percent of the upright image's width (x) and height (y): (0, 0) is the top-left
corner of the image, (100, 100) the bottom-right one. Pixel coordinates are ``percent / 100 * size``
as float64, in (x, y) order, without any rounding.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from maskbench.errors import GeometryError
from maskbench.params import RasterizeParams
from maskbench.regions.rasterize import NO_PIXELS, RegionPixels, crop, pixel_box
from maskbench.regions.strokes import Alpha, decode_bitmask, decode_rle

Value = Mapping[str, Any]
"""A region's geometry as Label Studio stores it: the ``value`` of a result entry."""

Points = npt.NDArray[np.float64]
"""Vertices in pixels, shape (N, 2), (x, y)."""

FLATNESS = 0.01
"""How far, in pixels, a flattened curve may lie from the true one."""

FARTHEST = 10_000.0
"""Percent beyond which nobody can have drawn: an error rather than something to clip."""

_MISSING_HANDLE = 0.3  # of the way: where Label Studio puts the control point that one end lacks


def _always(value: Value, params: RasterizeParams) -> bool:
    return True


def _never(value: Value, params: RasterizeParams) -> bool:
    return False


@dataclass(frozen=True)
class RegionKind:
    """What is known of one kind of region.

    All functions get the region's value, the image's width and height in pixels, and the params of
    *rasterize*. A kind with an area has an outline or pixels of its own.

    Attributes:
        fields: The fields of the value that hold the geometry. A result entry that does not name
            its kind is recognised by the first one; :data:`KINDS` is tried in order.
        has_area: Tells whether a region of this kind can have pixels: points and open lines cannot.
        outline: Returns the region's polygon in pixels, which may cross itself.
        pixels: Returns the region's pixels, for strokes and curves: filling an outline would give
            others. If there is an outline, ``all_touched`` fills that instead.
    """

    fields: tuple[str, ...]
    has_area: Callable[[Value, RasterizeParams], bool] = _always
    outline: Callable[[Value, int, int, RasterizeParams], shapely.Polygon] | None = None
    pixels: Callable[[Value, int, int, RasterizeParams], RegionPixels] | None = None


def percent(value: Any, name: str) -> float:
    """Return ``value`` as a finite float.

    Raises:
        GeometryError: It is not a number, not finite, or absurdly far off the image.
    """
    if type(value) not in (int, float):  # True is no number
        raise GeometryError(f"{name} is {_short(value)}, not a number")
    if not abs(value) <= FARTHEST:
        raise GeometryError(f"{name} is {_short(value)}, which is no percentage of the image")
    return float(value)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"


def polygon(value: Value, width: int, height: int, params: RasterizeParams) -> shapely.Polygon:
    """Return the outline of a polygon region.

    Fewer than three points, a slip of the hand, enclose nothing.

    Raises:
        GeometryError: A point is not two numbers.
    """
    points = value.get("points")
    if not isinstance(points, list):
        raise GeometryError(f"points is {_short(points)}, not a list of points")
    if not points:
        return shapely.Polygon()
    return _closed(_percent_points(points) / 100.0 * np.array([width, height]))


def _closed(points: Points) -> shapely.Polygon:
    """Return the polygon with these vertices; repeating the first makes any two or more valid."""
    if len(points) < 2:
        return shapely.Polygon()
    return shapely.Polygon(np.concatenate([points, points[:1], points[:1]]))


def _percent_points(points: list[Any]) -> Points:
    """Return a list of [x, y] as an array, shape (N, 2)."""
    return np.array([_point(point, f"points[{i}]") for i, point in enumerate(points)])


def _point(value: Any, name: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise GeometryError(f"{name} is {_short(value)}, not [x, y]")
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
    return _closed(np.column_stack(corners))


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
    turns = 2.0 * math.pi * np.arange(n := _segments(max(found.radius_x, found.radius_y))) / n
    along, down = found.radius_x * np.cos(turns), found.radius_y * np.sin(turns)
    points = [
        found.x + along * found.cos - down * found.sin,
        found.y + along * found.sin + down * found.cos,
    ]
    return _closed(np.column_stack(points))


def _segments(radius: float) -> int:
    """Return how many chords keep within FLATNESS of their arcs (sagitta r (1 - cos(pi / n))).

    At least 32, so that small ellipses are round, too.
    """
    if radius <= FLATNESS:
        return 32
    return max(32, math.ceil(math.pi / math.acos(1.0 - FLATNESS / radius)))


def ellipse_pixels(value: Value, width: int, height: int, params: RasterizeParams) -> RegionPixels:
    """Return the pixels whose centre an ellipse region holds, by its equation: no chord cuts any.

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


def vector(value: Value, width: int, height: int, params: RasterizeParams) -> shapely.Polygon:
    """Return the outline of a closed vector region (the pen tool), curves flattened.

    A vertex names the one before it (``prevPointId``). A curve between two vertices is a cubic
    Bézier with the first one's ``controlPoint2`` and the second one's ``controlPoint1``, as Label
    Studio draws it; it is flattened to within :data:`FLATNESS` pixels.

    Fewer than two vertices, a slip of the hand, enclose nothing.

    Raises:
        GeometryError: The vector branches, or a coordinate is not a number.
    """
    vertices = _chained(value.get("vertices"))
    if len(vertices) < 2:
        return shapely.Polygon()
    pieces = []
    for i, vertex in enumerate(vertices):
        following = vertices[(i + 1) % len(vertices)]
        curved = i + 1 < len(vertices) or _follows(following, vertex)
        pieces.append(_segment(vertex, following, np.array([width, height]), curved))
    return _closed(np.concatenate(pieces))


def _is_closed_vector(value: Value, params: RasterizeParams) -> bool:
    """Tell whether a vector region is an area; its references close one that does not say."""
    closed = value.get("closed")
    if isinstance(closed, bool):
        return closed
    vertices = value.get("vertices")
    if not isinstance(vertices, list) or not all(isinstance(v, dict) for v in vertices):
        return False
    return len(vertices) > 1 and _follows(vertices[0], vertices[-1])


def _follows(later: Value, earlier: Value) -> bool:
    return earlier.get("id") is not None and later.get("prevPointId") == earlier.get("id")


def _chained(vertices: Any) -> list[Value]:
    """Return the vertices in their order along the outline."""
    if not isinstance(vertices, list) or not all(isinstance(v, dict) for v in vertices):
        raise GeometryError("vertices is not a list of vertices")
    if len(vertices) < 2:
        return vertices
    references = [v.get(name) for v in vertices for name in ("id", "prevPointId")]
    if any(isinstance(reference, list | dict) for reference in references):
        raise GeometryError("a vertex has a list or mapping as its id")
    ids = {vertex.get("id") for vertex in vertices}
    after = {v.get("prevPointId"): v for v in vertices if v.get("prevPointId") in ids}
    if len(after) < len(vertices) - 1:
        if any(v.get("prevPointId") is not None for v in vertices):
            raise GeometryError("the vector branches or is broken: it has no single outline")
        return vertices  # no vertex names another: the list's order is all there is
    chain = [next((v for v in vertices if v.get("prevPointId") not in ids), vertices[0])]
    while len(chain) < len(vertices) and chain[-1].get("id") in after:
        chain.append(after[chain[-1].get("id")])
    if len({id(vertex) for vertex in chain}) < len(vertices):
        raise GeometryError("the vector consists of several parts: it has no single outline")
    return chain


def _segment(earlier: Value, later: Value, size_wh: Points, curved: bool) -> Points:
    """Return the points from a vertex (included) to the next one (not included)."""
    start, end = _vertex(earlier, size_wh), _vertex(later, size_wh)
    leaving = _handle(earlier, "controlPoint2", size_wh) if curved else None
    arriving = _handle(later, "controlPoint1", size_wh) if curved else None
    if leaving is None and arriving is None:
        return start[np.newaxis]
    if leaving is None:
        leaving = start + _MISSING_HANDLE * (end - start)
    if arriving is None:
        arriving = end - _MISSING_HANDLE * (end - start)
    return _flattened(start, leaving, arriving, end)


def _vertex(place: Value, size_wh: Points) -> Points:
    return np.array([percent(place.get(name), name) for name in ("x", "y")]) / 100.0 * size_wh


def _handle(vertex: Value, name: str, size_wh: Points) -> Points | None:
    handle = vertex.get(name)
    is_curve = vertex.get("isBezier") and isinstance(handle, dict)
    return _vertex(handle, size_wh) if is_curve and handle is not None else None


def _flattened(start: Points, leaving: Points, arriving: Points, end: Points) -> Points:
    """Return a cubic curve as chords within FLATNESS of it (Wang's bound), the end left out."""
    bends = (start - 2 * leaving + arriving, leaving - 2 * arriving + end)
    bend = max(float(np.hypot(*change)) for change in bends)
    count = max(1, math.ceil(math.sqrt(0.75 * bend / FLATNESS)))
    t = (np.arange(count) / count)[:, np.newaxis]
    s = 1.0 - t
    curve: Points = s**3 * start + 3 * s**2 * t * leaving + 3 * s * t**2 * arriving + t**3 * end
    return curve


def brush(value: Value, width: int, height: int, params: RasterizeParams) -> RegionPixels:
    """Return the pixels of a brush stroke: those with enough alpha; an erased one has none.

    Raises:
        GeometryError: The code is damaged, or was drawn on an image of another size.
    """
    code = value.get("rle")
    return _opaque(decode_rle(code, width, height), params) if code else NO_PIXELS


def bitmask(value: Value, width: int, height: int, params: RasterizeParams) -> RegionPixels:
    """Return the pixels of a bit mask: those with enough alpha; an erased one has none.

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
    "vector": RegionKind(("vertices",), _is_closed_vector, outline=vector),
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
