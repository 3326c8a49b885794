"""Outlines to pixels by the pixel rule, exactly, many outlines at once. Pure functions on arrays.

The fill counts windings along pixel rows: each crossing of an outline with the line through a row's
centres changes the number by one, and a pixel is inside where it is not zero, as the annotator's
canvas fills. Where rounding could decide on which side of an edge a centre lies, rational numbers
do. GDAL's own fill agrees with it on outlines that do not cross themselves, but for such near ties;
self-crossing ones it fills even-odd, and repairing them first (``shapely.make_valid``) moves edges
by a rounding, off the centres that they passed.

A pixel's *place* is its number in the image, row after row: ``row * width + column``.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Ring = npt.NDArray[np.float64]
"""Vertices of a closed outline in pixels, shape (N, 2), (x, y); the first is not repeated."""

Whole = npt.NDArray[np.int64]

CROSSINGS = 1 << 17
"""Crossings worked on at a time: their arrays stay in cache, and memory bounded."""


class Stretches(NamedTuple):
    """Pixels of an image as stretches of places, ascending and apart.

    Attributes:
        begin: The first place of each, shape (N,), int64.
        end: The place after the last of each, shape (N,), int64.
    """

    begin: Whole
    end: Whole

    @property
    def pixels(self) -> int:
        """How many pixels they are."""
        return int((self.end - self.begin).sum())


NOWHERE = Stretches(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
"""No pixel."""


def stretches_of(inside: npt.NDArray[np.bool_]) -> Stretches:
    """The pixels that are True, shape (H, W), as stretches."""
    flat = np.concatenate([[False], inside.reshape(-1), [False]])
    turns = np.flatnonzero(flat[1:] != flat[:-1])
    return Stretches(turns[0::2], turns[1::2])


def row_stretches(inside: npt.NDArray[np.bool_]) -> tuple[Whole, Whole, Whole]:
    """The pixels that are True, shape (H, W), row by row: (row, first column, column after)."""
    steps = np.diff(np.pad(inside, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, first = np.nonzero(steps == 1)
    return rows, first, np.nonzero(steps == -1)[1]


def union(parts: Sequence[Stretches], most: int) -> Stretches:
    """The places, up to ``most``, that lie in at least one of the parts, of which there is one."""
    begin, end = (np.concatenate(bounds) for bounds in zip(*parts, strict=True))
    up = np.repeat(np.array([1, 0]), len(begin))
    return toggles(*sorted_changes(np.concatenate([begin, end]), up, most))


def wind(rings: Sequence[Ring], width: int, height: int) -> list[Stretches]:
    """The pixels of each outline by the non-zero rule, as the annotator saw it.

    A centre exactly on an edge belongs to the shape on one side of it: of a shape's own edges, the
    right and top ones are inside, the left and bottom ones are not.

    Args:
        rings: Vertices in pixels, (x, y), each of shape (N, 2); they may cross themselves and reach
            off the image.
        width: Image width in pixels.
        height: Image height in pixels.
    """
    if not rings:
        return []
    edges = _edges(rings, height)
    parts: list[list[Stretches]] = [[] for _ in rings]
    for first, stop in _groups(np.bincount(edges.ring, edges.stop - edges.first, len(rings))):
        begin, end = np.searchsorted(edges.ring, [first, stop])
        for some in _bounded(edges.take(slice(begin, end)), (0, height)):
            for i, part in enumerate(_wound(some, first, stop - first, width, height), start=first):
                parts[i].append(part)
    return [_joined(part) for part in parts]


def _joined(parts: Sequence[Stretches]) -> Stretches:
    if len(parts) == 1:
        return parts[0]
    return Stretches(*map(np.concatenate, zip(*parts, strict=True))) if parts else NOWHERE


def _groups(crossings: npt.NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Rings to work on together, (first, stop): so many that the crossings are not too many."""
    first, total = 0, 0.0
    for i, count in enumerate(crossings.tolist()):
        if total and total + count > CROSSINGS:
            yield first, i
            first, total = i, 0.0
        total += count
    yield first, len(crossings)


@dataclass(frozen=True)
class _Edges:
    """Edges that cross a line through pixel centres, each from its upper to its lower end.

    Attributes:
        ends: (x1, y1, x2, y2) in pixels, shape (N, 4).
        slope: Pixels to the right for each one down.
        doubt: How near to a centre a crossing may be off by rounding: this is less than 1e-14 of
            the size, and upright edges have none.
        down: 1 where the outline runs down the edge, else 0.
        first: The first row whose centres' line is crossed.
        stop: The row after the last one.
        ring: The number of the outline, ascending.
    """

    ends: npt.NDArray[np.float64]
    slope: npt.NDArray[np.float64]
    doubt: npt.NDArray[np.float64]
    down: Whole
    first: Whole
    stop: Whole
    ring: Whole

    def take(self, which: slice | Whole) -> "_Edges":
        return _Edges(*(values[which] for values in vars(self).values()))

    def within(self, top: int, bottom: int) -> "_Edges":
        first, stop = self.first.clip(top, bottom), self.stop.clip(top, bottom)
        rows = {"first": first, "stop": stop}
        return _Edges(**{**vars(self), **rows}).take(np.flatnonzero(stop > first))


def _edges(rings: Sequence[Ring], height: int) -> _Edges:
    """The edges that cross a row within the image.

    An edge crosses the rows whose centre is at its upper end or between both ends.
    """
    lengths = np.array([len(ring) for ring in rings])
    last = np.cumsum(lengths) - 1
    after = np.arange(1, last[-1] + 2)
    after[last] = last + 1 - lengths
    points = np.concatenate(rings)
    edges = np.concatenate([points, points[after]], axis=1)
    rows = np.ceil(edges[:, 1::2] - 0.5).clip(0, height).astype(np.int64)
    kept = np.flatnonzero(rows[:, 0] != rows[:, 1])
    edges, rows = edges[kept], rows[kept]
    down = rows[:, 0] < rows[:, 1]
    up = np.flatnonzero(~down)
    edges[up] = edges[up][:, [2, 3, 0, 1]]
    x1, y1, x2, y2 = edges.T
    doubt = np.where(x1 == x2, 0.0, 1e-12 * (1.0 + np.abs(x1) + np.abs(x2)))
    ring = np.repeat(np.arange(len(rings)), lengths)[kept]
    slope = (x2 - x1) / (y2 - y1)
    return _Edges(edges, slope, doubt, down.astype(np.int64), rows.min(1), rows.max(1), ring)


def _bounded(edges: _Edges, rows: tuple[int, int]) -> Iterator[_Edges]:
    """The edges, in bands of rows so narrow that their crossings are not too many."""
    top, bottom = rows
    if (edges.stop - edges.first).sum() <= 2 * CROSSINGS or bottom - top < 2:
        yield edges
        return
    middle = (top + bottom) // 2
    for band in ((top, middle), (middle, bottom)):
        yield from _bounded(edges.within(*band), band)


def _wound(edges: _Edges, first: int, count: int, width: int, height: int) -> Iterator[Stretches]:
    """The pixels of ``count`` outlines from number ``first`` on.

    Crossings are sorted by outline and place. What lies right of the image counts to the start of
    the next row, where the changes of a row, as outlines are closed, have added up to zero; so one
    running sum serves all rows of all outlines.
    """
    row, column, edge = _crossings(edges)
    size = width * height + 1
    places = (edges.ring - first)[edge] * size + row * width + column.clip(0, width)
    begin, end = toggles(*sorted_changes(places, edges.down[edge], count * size))
    bounds = np.searchsorted(begin, np.arange(count + 1) * size)
    for i, (low, high) in enumerate(pairwise(bounds.tolist())):
        yield Stretches(begin[low:high] - i * size, end[low:high] - i * size)


def sorted_changes(places: Whole, up: Whole, most: int) -> tuple[Whole, Whole]:
    """Changes in the order of their places: (places, +1 or -1), each of shape (N,), int64.

    Args:
        places: Where they are, shape (N,), int64.
        up: 1 for +1, 0 for -1, shape (N,), int64.
        most: No place is larger: numbers of 32 bits are sorted in half the time.
    """
    kind: type[np.signedinteger[Any]] = np.int32 if 2 * most + 1 < 1 << 31 else np.int64
    events: npt.NDArray[np.signedinteger[Any]] = (2 * places + up).astype(kind)
    events.sort()
    return (events >> 1).astype(np.int64), 2 * (events & 1).astype(np.int64) - 1


def toggles(places: Whole, changes: Whole) -> Stretches:
    """Where a running sum is not zero.

    Args:
        places: Where it changes, ascending, shape (N,), int64.
        changes: By how much, shape (N,), int64; they add up to zero.
    """
    total = np.cumsum(changes)
    settled = np.flatnonzero(places[1:] != places[:-1])  # of several changes at a place, the last
    inside = total[settled] != 0
    turns = places[settled[np.flatnonzero(np.diff(inside, prepend=False))]]
    ends = places[-1:] if len(turns) % 2 else places[:0]
    return Stretches(turns[0::2], np.concatenate([turns[1::2], ends]))


def _crossings(edges: _Edges) -> tuple[Whole, Whole, Whole]:
    """Where edges cross the lines through the rows' centres: (row, column, number of the edge).

    ``column`` is the first one whose centre lies right of the crossing. Each edge is computed from
    its upper end, so that neighbours which share it decide alike.
    """
    counts = edges.stop - edges.first
    edge = np.repeat(np.arange(len(counts)), counts)
    row = np.arange(len(edge)) + np.repeat(edges.stop - np.cumsum(counts), counts)
    x1, y1 = edges.ends[:, 0], edges.ends[:, 1]
    crossing = x1[edge] + (row + 0.5 - y1[edge]) * edges.slope[edge]
    whole = np.floor(crossing)
    beyond = crossing - whole - 0.5
    column = whole.astype(np.int64) + (beyond >= 0)
    near = np.flatnonzero(np.abs(beyond) < edges.doubt[edge])
    for i in near.tolist():
        column[i] = _exact_column(int(row[i]), edges.ends[edge[i]].tolist())
    return row, column, edge


def _exact_column(row: int, edge: Sequence[float]) -> int:
    """The first column whose centre lies right of the edge's crossing with the row's centres."""
    x1, y1, x2, y2 = map(Fraction, edge)
    half = Fraction(1, 2)
    return math.floor(x1 + (row + half - y1) * (x2 - x1) / (y2 - y1) + half)
