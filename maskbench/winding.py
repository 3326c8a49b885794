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
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Ring = npt.NDArray[np.float64]
"""Vertices of a closed outline in pixels, shape (N, 2), (x, y); the first is not repeated."""

Whole = npt.NDArray[np.int64]

_Floats = npt.NDArray[np.float64]
_Signed = np.signedinteger[Any]
_Int32 = npt.NDArray[np.int32]

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
    return _inside(np.concatenate([2 * begin + 1, 2 * end]), most)


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
    found: list[Stretches] = []
    for first, stop in _groups(np.bincount(edges.ring, edges.stop - edges.first, len(rings))):
        begin, end = np.searchsorted(edges.ring, [first, stop])
        some = edges.take(slice(begin, end))
        bands = [
            _wound(band, first, stop - first, width, height) for band in _bounded(some, (0, height))
        ]
        found += bands[0] if len(bands) == 1 else map(_joined, zip(*bands, strict=True))
    return found


def _joined(parts: Sequence[Stretches]) -> Stretches:
    return Stretches(*map(np.concatenate, zip(*parts, strict=True)))


def _groups(crossings: npt.NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Rings to work on together, (first, stop): so many that the crossings are not too many."""
    first, total = 0, 0.0
    for i, count in enumerate(crossings.tolist()):
        if total and total + count > CROSSINGS:
            yield first, i
            first, total = i, 0.0
        total += count
    yield first, len(crossings)


class _Edges(NamedTuple):
    """Edges that cross a line through pixel centres, each from its upper to its lower end.

    Attributes:
        x1: Where the upper end lies, in pixels, shape (N,), like all others.
        y1: Likewise.
        x2: Where the lower end lies.
        y2: Likewise.
        slope: Pixels to the right for each one down.
        doubt: How near to a centre a crossing may be off by rounding: this is less than 1e-14 of
            the size, and upright edges have none.
        down: 1 where the outline runs down the edge, else 0.
        first: The first row whose centres' line is crossed.
        stop: The row after the last one.
        ring: The number of the outline, ascending.
    """

    x1: _Floats
    y1: _Floats
    x2: _Floats
    y2: _Floats
    slope: _Floats
    doubt: _Floats
    down: Whole
    first: Whole
    stop: Whole
    ring: Whole

    def take(self, which: slice | Whole) -> "_Edges":
        return _Edges._make(values[which] for values in self)

    def within(self, top: int, bottom: int) -> "_Edges":
        first, stop = self.first.clip(top, bottom), self.stop.clip(top, bottom)
        return self._replace(first=first, stop=stop).take(np.flatnonzero(stop > first))


def _edges(rings: Sequence[Ring], height: int) -> _Edges:
    """The edges that cross a row within the image.

    An edge crosses the rows whose centre is at its upper end or between both ends.
    """
    lengths = np.array([len(ring) for ring in rings])
    last = np.cumsum(lengths) - 1
    after = np.arange(1, last[-1] + 2)
    after[last] = last + 1 - lengths
    x, y = np.concatenate(rings).T.copy()
    row = np.ceil(y - 0.5).clip(0, height).astype(np.int64)
    kept = np.flatnonzero(row != row.take(after))
    after = after.take(kept)
    down = row.take(kept) < row.take(after)
    upper, lower = np.where(down, kept, after), np.where(down, after, kept)
    x1, y1, x2, y2 = x.take(upper), y.take(upper), x.take(lower), y.take(lower)
    doubt = np.where(x1 == x2, 0.0, 1e-12 * (1.0 + np.abs(x1) + np.abs(x2)))
    slope = (x2 - x1) / (y2 - y1)
    first, stop = row.take(upper), row.take(lower)
    ring = np.repeat(np.arange(len(rings)), lengths).take(kept)
    return _Edges(x1, y1, x2, y2, slope, doubt, down.astype(np.int64), first, stop, ring)


def _bounded(edges: _Edges, rows: tuple[int, int]) -> Iterator[_Edges]:
    """The edges, in bands of rows so narrow that their crossings are not too many."""
    top, bottom = rows
    if (edges.stop - edges.first).sum() <= 2 * CROSSINGS or bottom - top < 2:
        yield edges
        return
    middle = (top + bottom) // 2
    for band in ((top, middle), (middle, bottom)):
        yield from _bounded(edges.within(*band), band)


def _wound(edges: _Edges, first: int, count: int, width: int, height: int) -> list[Stretches]:
    """The pixels of ``count`` outlines from number ``first`` on.

    Crossings are sorted by outline and place. What lies right of the image counts to the start of
    the next row, where the changes of a row, as outlines are closed, have added up to zero; so one
    running sum serves all rows of all outlines.
    """
    size = width * height + 1
    kind = _narrowest(count * size)
    below, column = _crossings(edges, width)
    # As numbers: twice the place, counted on from outline to outline, and 1 where it is +1.
    starts = 2 * ((edges.ring - first) * size + edges.first * width) + edges.down
    changes = np.repeat(starts.astype(kind), edges.stop - edges.first)
    changes += below.astype(kind, copy=False) * (2 * width)
    changes += column << 1
    begin, end = _inside(changes, count * size)
    shifts = np.arange(count + 1) * size
    bounds = np.searchsorted(begin, shifts)
    shift = np.repeat(shifts[:-1], np.diff(bounds))
    begin -= shift
    end -= shift
    return [Stretches(begin[low:high], end[low:high]) for low, high in pairwise(bounds.tolist())]


def _narrowest(most: int) -> type[_Signed]:
    """The type for twice a place up to ``most`` and 1 more: of 32 bits, sorted in half the time."""
    return np.int32 if 2 * most + 1 < 1 << 31 else np.int64


def _inside(changes: npt.NDArray[_Signed], most: int) -> Stretches:
    """Where a running sum of changes in the order of their places is not zero.

    Args:
        changes: Twice the place of each, and 1 more where it is +1 instead of -1, shape (N,);
            they add up to zero. They are lost: no copy is made of an array of the right type.
        most: No place is larger.
    """
    ordered: npt.NDArray[_Signed] = changes.astype(_narrowest(most), copy=False)
    ordered.sort()
    places = ordered >> 1
    ordered &= 1
    ordered <<= 1
    ordered -= 1
    total = np.cumsum(ordered, dtype=np.int32)
    settled = np.flatnonzero(places[1:] != places[:-1])  # of several changes at a place, the last
    inside = total[settled] != 0
    turn = inside.copy()
    turn[1:] ^= inside[:-1]
    turns = places[settled[turn]].astype(np.int64)
    ends = places[-1:].astype(np.int64) if len(turns) % 2 else turns[:0]
    return Stretches(turns[0::2], np.concatenate([turns[1::2], ends]))


def _crossings(edges: _Edges, width: int) -> tuple[_Int32, _Int32]:
    """Where edges cross the lines through the rows' centres, edge after edge.

    Each edge is computed from its upper end, so that neighbours which share it decide alike.

    Returns:
        The row, counted from the edge's first one, and the first column whose centre lies right of
        the crossing, 0 to ``width``.
    """
    counts = edges.stop - edges.first
    ends = np.cumsum(counts)
    below = np.arange(counts.sum(), dtype=np.int32)
    below -= np.repeat((ends - counts).astype(np.int32), counts)
    top = edges.x1 + (edges.first + 0.5 - edges.y1) * edges.slope - 0.5
    crossing = np.repeat(edges.slope, counts)  # from the first column's centre
    crossing *= below
    crossing += np.repeat(top, counts)
    left = np.floor(crossing)
    crossing -= left
    column = np.clip(left, -1, width - 1, out=left).astype(np.int32)
    column += 1
    crossing -= 0.5
    off = 0.5 - np.abs(crossing, out=crossing)  # how far from the next centre
    near = np.flatnonzero(off < edges.doubt.max(initial=0.0))
    edge = np.searchsorted(ends, near, side="right")
    for i in np.flatnonzero(off[near] < edges.doubt[edge]).tolist():
        row = int(edges.first[edge[i]] + below[near[i]])
        corners = [float(values[edge[i]]) for values in edges[:4]]
        column[near[i]] = min(max(_exact_column(row, corners), 0), width)
    return below, column


def _exact_column(row: int, edge: Sequence[float]) -> int:
    """The first column whose centre lies right of the edge's crossing with the row's centres."""
    from fractions import Fraction  # noqa: PLC0415 - its start-up, for ties only

    x1, y1, x2, y2 = map(Fraction, edge)
    half = Fraction(1, 2)
    return math.floor(x1 + (row + half - y1) * (x2 - x1) / (y2 - y1) + half)
