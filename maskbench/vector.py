"""Vector regions (the pen tool): vertices and Bezier curves to an outline. Pure functions.

A vertex names the one before it (``prevPointId``); a curve between two vertices is a cubic Bezier
with the first one's ``controlPoint2`` and the second one's ``controlPoint1``, both in percent, as
Label Studio draws it.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from maskbench.errors import GeometryError
from maskbench.geometry import FLATNESS, number
from maskbench.winding import Ring

_Point = npt.NDArray[np.float64]
_Vertex = Mapping[str, Any]

_MISSING_HANDLE = 0.3  # of the way: where Label Studio puts the control point that one end lacks


def is_closed(value: Mapping[str, Any]) -> bool:
    """Whether a vector region is an area; an open one is a line."""
    closed = value.get("closed")
    if isinstance(closed, bool):
        return closed
    vertices = value.get("vertices")
    if not isinstance(vertices, list) or not all(isinstance(v, dict) for v in vertices):
        return False
    return len(vertices) > 1 and _joins(vertices[-1], vertices[0])


def vector_outline(value: Mapping[str, Any], width: int, height: int) -> Ring:
    """A closed vector region's outline in pixels, curves flattened to within FLATNESS, (N, 2).

    Raises:
        GeometryError: Fewer than two vertices, a branch, or a coordinate that is none.
    """
    vertices = _ordered(value.get("vertices"))
    size = np.array([width, height], dtype=np.float64)
    pieces = []
    for i, vertex in enumerate(vertices):
        following = vertices[(i + 1) % len(vertices)]
        joined = i + 1 < len(vertices) or _joins(vertex, following)
        pieces.append(_segment(vertex, following, size, joined))
    return np.concatenate(pieces)


def _joins(earlier: _Vertex, later: _Vertex) -> bool:
    return earlier.get("id") is not None and later.get("prevPointId") == earlier.get("id")


def _ordered(vertices: Any) -> Sequence[_Vertex]:
    """The vertices along the outline, whatever their order in the list."""
    if not isinstance(vertices, list) or not all(isinstance(v, dict) for v in vertices):
        raise GeometryError("vertices is not a list of vertices")
    if len(vertices) < 2:
        raise GeometryError(f"the outline has {len(vertices)} vertices; at least two are needed")
    if any(
        isinstance(v.get(name), list | dict) for v in vertices for name in ("id", "prevPointId")
    ):
        raise GeometryError("a vertex has a list or mapping as its id")
    names = {vertex.get("id") for vertex in vertices}
    after = {v.get("prevPointId"): v for v in vertices if v.get("prevPointId") in names}
    if len(after) < len(vertices) - 1:
        if any(v.get("prevPointId") is not None for v in vertices):
            raise GeometryError("the vector branches or is broken: it has no single outline")
        return vertices  # none names another: the list's order is all there is
    first = next((v for v in vertices if v.get("prevPointId") not in names), vertices[0])
    ordered = [first]
    while len(ordered) < len(vertices) and ordered[-1].get("id") in after:
        ordered.append(after[ordered[-1].get("id")])
    if len({id(vertex) for vertex in ordered}) < len(vertices):
        raise GeometryError("the vector consists of several parts: it has no single outline")
    return ordered


def _segment(earlier: _Vertex, later: _Vertex, size: _Point, joined: bool) -> Ring:
    """Points from a vertex (included) to the next (not included)."""
    start, end = _point(earlier, size), _point(later, size)
    leaving = _handle(earlier, "controlPoint2", size) if joined else None
    arriving = _handle(later, "controlPoint1", size) if joined else None
    if leaving is None and arriving is None:
        return start[np.newaxis]
    if leaving is None:
        leaving = start + _MISSING_HANDLE * (end - start)
    if arriving is None:
        arriving = end - _MISSING_HANDLE * (end - start)
    return _flattened(start, leaving, arriving, end)


def _point(place: Mapping[str, Any], size: _Point) -> _Point:
    return np.array([number(place.get(name), name) for name in ("x", "y")]) / 100.0 * size


def _handle(vertex: _Vertex, name: str, size: _Point) -> _Point | None:
    handle = vertex.get(name)
    return _point(handle, size) if vertex.get("isBezier") and isinstance(handle, dict) else None


def _flattened(start: _Point, leaving: _Point, arriving: _Point, end: _Point) -> Ring:
    """A cubic curve as chords, none farther than FLATNESS from it (Wang's bound), end left out."""
    bends = (start - 2 * leaving + arriving, leaving - 2 * arriving + end)
    bend = max(float(np.hypot(*change)) for change in bends)
    count = max(1, math.ceil(math.sqrt(0.75 * bend / FLATNESS)))
    t = (np.arange(count) / count)[:, np.newaxis]
    s = 1.0 - t
    curve: Ring = s**3 * start + 3 * s**2 * t * leaving + 3 * s * t**2 * arriving + t**3 * end
    return curve
