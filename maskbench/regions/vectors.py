"""Read vector regions (the pen tool): vertices joined by straight or curved sides."""

import math
from typing import Any

import numpy as np
import shapely

from maskbench.errors import GeometryError
from maskbench.params import RasterizeParams
from maskbench.regions.coordinates import FLATNESS, Points, Value, closed_polygon, percent

_MISSING_HANDLE = 0.3  # of the way: where Label Studio puts the control point that one end lacks


def vector(value: Value, width: int, height: int, params: RasterizeParams) -> shapely.Polygon:
    """Return the outline of a closed vector region (the pen tool), curves flattened.

    A vertex names the one before it (``prevPointId``). A curve between two vertices is a cubic
    Bézier with the first one's ``controlPoint2`` and the second one's ``controlPoint1``, as Label
    Studio draws it; it is flattened to within :data:`FLATNESS` pixels.

    Fewer than two vertices (a slip of the hand) enclose nothing.

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
    return closed_polygon(np.concatenate(pieces))


def is_closed_vector(value: Value, params: RasterizeParams) -> bool:
    """Return whether a vector region is closed: it says so, or its references do."""
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
        return vertices  # no vertex names another: take the list's order
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
