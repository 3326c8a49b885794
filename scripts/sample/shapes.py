"""Outline the things in scenes, and tell which points lie inside them.

Every shape answers one question, `inside(xs, ys)`: for a grid of points in pixel coordinates,
which are inside? Both the painting (many points per pixel) and the truth (the pixel's centre)
come from that answer. It is written with numpy alone and on purpose shares nothing with the
way maskbench fills a region, since it is what maskbench is compared with.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]
Point = tuple[float, float]
Points = tuple[Point, ...]


class Shape(Protocol):
    """A filled outline in pixel coordinates; (0, 0) is the image's top-left corner."""

    def bounds(self) -> tuple[float, float, float, float]:
        """Return left, top, right, bottom of a box around the shape."""

    def inside(self, xs: Array, ys: Array) -> Flags:
        """Tell whether each point of the grid is inside: (len(ys), len(xs)); `xs` ascending."""


@dataclass(frozen=True)
class Polygon:
    """A closed outline, filled by the non-zero rule: a pentagram keeps its centre."""

    points: Points

    def bounds(self) -> tuple[float, float, float, float]:
        """Return left, top, right, bottom."""
        xs, ys = zip(*self.points, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def inside(self, xs: Array, ys: Array) -> Flags:
        """Find the points around which the outline winds: a row sums up the edges to its left."""
        winding = np.zeros((len(ys), len(xs) + 1), dtype=np.int32)
        for (x0, y0), (x1, y1) in zip(self.points, self.points[1:] + self.points[:1], strict=True):
            low, high = min(y0, y1), max(y0, y1)
            rows = np.nonzero((ys >= low) & (ys < high))[0]
            if len(rows):
                crossing = x0 + (ys[rows] - y0) * ((x1 - x0) / (y1 - y0))
                first_right = np.searchsorted(xs, crossing)
                winding[rows, first_right] += 1 if y1 > y0 else -1
        return np.asarray(winding.cumsum(axis=1)[:, :-1] != 0)


@dataclass(frozen=True)
class Rectangle:
    """A rectangle turned clockwise about its top-left corner by `rotation` degrees."""

    x: float
    y: float
    width: float
    height: float
    rotation: float = 0.0

    def corners(self) -> Points:
        """Return the four corners, clockwise from the pivot."""
        a = math.radians(self.rotation)
        wx, wy = self.width * math.cos(a), self.width * math.sin(a)
        hx, hy = -self.height * math.sin(a), self.height * math.cos(a)
        x, y = self.x, self.y
        return (x, y), (x + wx, y + wy), (x + wx + hx, y + wy + hy), (x + hx, y + hy)

    def bounds(self) -> tuple[float, float, float, float]:
        """Return left, top, right, bottom."""
        return Polygon(self.corners()).bounds()

    def inside(self, xs: Array, ys: Array) -> Flags:
        """Find the points whose coordinates along the two sides lie within the sides' lengths."""
        along, down = _turned(xs - self.x, ys - self.y, self.rotation)
        fits = (along >= 0) & (along < self.width) & (down >= 0) & (down < self.height)
        return np.asarray(fits)


@dataclass(frozen=True)
class Ellipse:
    """An ellipse about its centre, turned clockwise by `rotation` degrees."""

    x: float
    y: float
    radius_x: float
    radius_y: float
    rotation: float = 0.0

    def bounds(self) -> tuple[float, float, float, float]:
        """Return left, top, right, bottom of the circle around it (generous when it is slim)."""
        r = max(self.radius_x, self.radius_y)
        return self.x - r, self.y - r, self.x + r, self.y + r

    def inside(self, xs: Array, ys: Array) -> Flags:
        """Find the points that fulfil the ellipse's equation."""
        along, down = _turned(xs - self.x, ys - self.y, self.rotation)
        return np.asarray((along / self.radius_x) ** 2 + (down / self.radius_y) ** 2 < 1)


@dataclass(frozen=True)
class Stroke:
    """Stroke that a round brush of `radius` leaves along a path."""

    points: Points
    radius: float

    def bounds(self) -> tuple[float, float, float, float]:
        """Return left, top, right, bottom."""
        x0, y0, x1, y1 = Polygon(self.points).bounds()
        r = self.radius
        return x0 - r, y0 - r, x1 + r, y1 + r

    def inside(self, xs: Array, ys: Array) -> Flags:
        """Find the points nearer to the path than the radius."""
        near = np.zeros((len(ys), len(xs)), dtype=np.bool_)
        for start, end in zip(self.points, self.points[1:], strict=False):
            near |= _distance_to_segment(xs, ys, start, end) < self.radius
        return near


def _turned(dx: Array, dy: Array, degrees: float) -> tuple[Array, Array]:
    """Return offsets seen in a frame that is turned clockwise by `degrees`."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return dx[None] * cos + dy[:, None] * sin, dy[:, None] * cos - dx[None] * sin


def _distance_to_segment(xs: Array, ys: Array, start: Point, end: Point) -> Array:
    (x0, y0), (x1, y1) = start, end
    length2 = max((x1 - x0) ** 2 + (y1 - y0) ** 2, 1e-12)
    t = ((xs[None] - x0) * (x1 - x0) + (ys[:, None] - y0) * (y1 - y0)) / length2
    t = np.clip(t, 0, 1)
    return np.hypot(xs[None] - x0 - t * (x1 - x0), ys[:, None] - y0 - t * (y1 - y0))


def centres_inside(shape: Shape, size_wh: tuple[int, int]) -> Flags:
    """Tell which pixels' centres lie inside: (H, W)."""
    width, height = size_wh
    return shape.inside(np.arange(width) + 0.5, np.arange(height) + 0.5)


def coverage(shape: Shape, size_wh: tuple[int, int], samples: int = 4) -> Array:
    """Return how much of each pixel is covered, 0 to 1: (H, W), by samples x samples points."""
    width, height = size_wh
    cover = np.zeros((height, width), dtype=np.float32)
    x0, y0, x1, y1 = shape.bounds()
    left, right = max(math.floor(x0), 0), min(math.ceil(x1), width)
    top, bottom = max(math.floor(y0), 0), min(math.ceil(y1), height)
    if left >= right or top >= bottom:
        return cover
    xs = left + (np.arange((right - left) * samples) + 0.5) / samples
    ys = top + (np.arange((bottom - top) * samples) + 0.5) / samples
    blocks = shape.inside(xs, ys).reshape(bottom - top, samples, right - left, samples)
    cover[top:bottom, left:right] = blocks.mean(axis=(1, 3), dtype=np.float32)
    return cover


def smooth(points: Sequence[Point], steps: int = 4, closed: bool = True) -> Points:
    """Return a Catmull-Rom curve through the points, as a polyline with `steps` pieces a span."""
    n = len(points)
    spans = n if closed else n - 1
    curve: list[Point] = []
    for i in range(spans):
        around = [points[_neighbour(i + k, n, closed)] for k in (-1, 0, 1, 2)]
        curve += [_catmull_rom(around, step / steps) for step in range(steps)]
    return tuple(curve) if closed else (*curve, points[-1])


def _neighbour(i: int, n: int, closed: bool) -> int:
    return i % n if closed else min(max(i, 0), n - 1)


def _catmull_rom(p: Sequence[Point], t: float) -> Point:
    def at(a: float, b: float, c: float, d: float) -> float:
        cubic = (3 * b - 3 * c + d - a) * t**3
        return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + cubic)

    return at(*(q[0] for q in p)), at(*(q[1] for q in p))


def clip_to_image(points: Iterable[Point], size_wh: tuple[int, int]) -> Points:
    """Return the part of a polygon within the image, as an annotator can draw it."""
    kept = list(points)
    for axis, limit, sign in ((0, 0, 1), (0, size_wh[0], -1), (1, 0, 1), (1, size_wh[1], -1)):
        kept = _clip_half_plane(kept, axis, float(limit), sign)
    return tuple(kept)


def _clip_half_plane(points: list[Point], axis: int, limit: float, sign: int) -> list[Point]:
    kept: list[Point] = []
    for a, b in zip(points, points[1:] + points[:1], strict=True):
        da, db = sign * (a[axis] - limit), sign * (b[axis] - limit)
        if da >= 0:
            kept.append(a)
        if (da >= 0) != (db >= 0):
            t = da / (da - db)
            kept.append((a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])))
    return kept
