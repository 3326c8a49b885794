"""Outlines and strokes to a label set: which labels lie on each pixel. Pure functions on arrays.

The pixel rule: a pixel belongs to a region when its centre (x + 0.5, y + 0.5) lies inside the
region; regions that share an edge never both claim a pixel and leave no gap. ``all_touched`` takes
every pixel that the region touches instead, which enlarges it.

The fill is exact: it counts windings along pixel rows, and where rounding could decide on which
side of an edge a centre lies, rational numbers do. GDAL's own fill agrees with it on outlines that
do not cross themselves, but for such near ties; self-crossing ones it fills even-odd, and repairing
them first (``shapely.make_valid``) moves edges by a rounding, off the centres that they passed.
"""

import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.features import rasterize

from maskbench.geometry import Ring, simple_polygons

Plane = npt.NDArray[np.uint8]
Window = tuple[slice, slice]
"""Rows and columns of the image, (slice, slice)."""


@dataclass(frozen=True)
class LabelSet:
    """The labels on each pixel of one image.

    Attributes:
        labels: The labels drawn in the image, sorted; label ``k`` is bit ``k``.
        planes: Bits, shape (P, H, W) uint8 with P = max(1, ceil(len(labels) / 8)); bit ``k % 8`` of
            plane ``k // 8`` is set where label ``k`` lies on the pixel.
    """

    labels: tuple[str, ...]
    planes: Plane

    def on(self, label: str) -> npt.NDArray[np.bool_]:
        """Where ``label`` lies, shape (H, W) bool; nowhere if it is not drawn in this image."""
        if label not in self.labels:
            return np.zeros(self.planes.shape[1:], dtype=np.bool_)
        bit = self.labels.index(label)
        set_here: npt.NDArray[np.bool_] = (self.planes[bit // 8] & np.uint8(1 << bit % 8)) != 0
        return set_here


@dataclass(frozen=True)
class Patch:
    """The pixels of one region: its labels, and its plane within a window of the image.

    Attributes:
        labels: The region's labels.
        window: Where ``plane`` lies in the image.
        plane: 1 on the region's pixels, else 0; shape of the window, uint8.
    """

    labels: tuple[str, ...]
    window: Window
    plane: Plane

    @property
    def pixels(self) -> int:
        """How many pixels the region has."""
        return int(np.count_nonzero(self.plane))


@contextmanager
def raster_environment() -> Iterator[None]:
    """One GDAL environment around many fills: without it each fill sets up its own."""
    with warnings.catch_warnings(), rasterio.Env():
        # Pixel coordinates are what we work in; there is no georeference to miss.
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


def fill(ring: Ring, width: int, height: int, all_touched: bool = False) -> tuple[Window, Plane]:
    """The pixels of an outline by the non-zero rule, as the annotator saw it.

    A centre exactly on an edge belongs to the shape on one side of it: of a shape's own edges, the
    right and top ones are inside, the left and bottom ones are not.

    Args:
        ring: Vertices in pixels, (x, y), shape (N, 2); the outline may cross itself.
        width: Image width in pixels.
        height: Image height in pixels.
        all_touched: Every pixel touched instead of the centre rule.

    Returns:
        The bounding window (empty when the outline lies off the image) and its plane, uint8 0/1.

    >>> pentagon = np.array([[0, 2], [2.5, 0], [5, 2], [4, 5], [1, 5]])
    >>> fill(pentagon, 5, 5)[1]
    array([[0, 0, 1, 0, 0],
           [0, 1, 1, 1, 0],
           [1, 1, 1, 1, 1],
           [0, 1, 1, 1, 1],
           [0, 1, 1, 1, 0]], dtype=uint8)
    """
    # GDAL counts a pixel as touched that an outline meets at its border only.
    window = _window(ring, width, height, margin=1 if all_touched else 0)
    rows, columns = window
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    if 0 in shape:
        return window, np.zeros(shape, dtype=np.uint8)
    plane = _inside(ring, window)
    return window, plane | _touched(ring, window) if all_touched else plane


def _window(ring: Ring, width: int, height: int, margin: int) -> Window:
    """The whole pixels within ``margin`` pixels of the outline's box, clipped to the image."""
    low, high = ring.min(axis=0) - margin, ring.max(axis=0) + margin
    left, right = (min(max(edge, 0), width) for edge in (math.floor(low[0]), math.ceil(high[0])))
    top, bottom = (min(max(edge, 0), height) for edge in (math.floor(low[1]), math.ceil(high[1])))
    return slice(top, bottom), slice(left, right)


def _inside(ring: Ring, window: Window) -> Plane:
    """Where in the window the winding number is not zero: each crossing changes it by one.

    Between two crossings of a row the number stays; so the plane is the stretches between them,
    row after row, repeated to their lengths. What lies right of the window counts to the start of
    the next row, where the changes of a row, as the outline is closed, have added up to zero.
    """
    rows, columns = window
    height, width = rows.stop - rows.start, columns.stop - columns.start
    row, column, change = _crossings(ring, rows)
    place = (row - rows.start) * width + np.clip(column - columns.start, 0, width)
    order = np.argsort(place, kind="stable")
    inside = np.concatenate([[False], np.cumsum(change[order]) != 0])
    lengths = np.diff(place[order], prepend=0, append=height * width)
    return np.repeat(inside.view(np.uint8), lengths).reshape(height, width)


_Whole = npt.NDArray[np.int64]


def _crossings(ring: Ring, rows: slice) -> tuple[_Whole, _Whole, _Whole]:
    """Where edges cross the lines through the rows' centres: (row, column, change of winding).

    An edge crosses the rows whose centre is at its upper end or between both ends; ``column`` is
    the first one whose centre lies right of the crossing. Both are exact, and each edge is computed
    from its upper end, so that neighbours which share it decide alike.
    """
    edges = np.concatenate([ring, np.roll(ring, -1, axis=0)], axis=1)
    down = edges[:, 1] <= edges[:, 3]
    edges = np.where(down[:, np.newaxis], edges, edges[:, [2, 3, 0, 1]])
    first, stop = (
        np.clip(np.ceil(edges[:, end] - 0.5), rows.start, rows.stop).astype(np.int64)
        for end in (1, 3)
    )
    counts = stop - first
    edge = np.repeat(np.arange(len(edges)), counts)
    row = np.arange(len(edge)) + np.repeat(stop - np.cumsum(counts), counts)
    x1, y1, x2, y2 = edges[edge].T
    crossing = x1 + (row + 0.5 - y1) * ((x2 - x1) / (y2 - y1))
    whole = np.floor(crossing)
    column = whole.astype(np.int64) + (crossing - whole >= 0.5)
    # Rounding amounts to less than 1e-14 of the size; upright edges have none.
    near = np.abs(crossing - whole - 0.5) < 1e-12 * (1.0 + np.abs(x1) + np.abs(x2))
    for i in np.flatnonzero(near & (x1 != x2)).tolist():
        column[i] = _exact_column(int(row[i]), edges[edge[i]].tolist())
    return row, column, np.where(down, 1, -1)[edge]


def _exact_column(row: int, edge: Sequence[float]) -> int:
    """The first column whose centre lies right of the edge's crossing with the row's centres."""
    x1, y1, x2, y2 = map(Fraction, edge)
    half = Fraction(1, 2)
    return math.floor(x1 + (row + half - y1) * (x2 - x1) / (y2 - y1) + half)


def _touched(ring: Ring, window: Window) -> Plane:
    """The pixels in the window that the outline's area touches, by GDAL."""
    rows, columns = window
    corner = np.array([columns.start, rows.start], dtype=np.float64)
    shapes = [
        {"type": "Polygon", "coordinates": [_closed(part - corner) for part in polygon]}
        for polygon in simple_polygons(ring)
    ]
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    if not shapes:
        return np.zeros(shape, dtype=np.uint8)
    touched: Plane = rasterize(shapes, out_shape=shape, dtype="uint8", all_touched=True)
    return touched


def _closed(ring: Ring) -> list[list[float]]:
    points: list[list[float]] = np.concatenate([ring, ring[:1]]).tolist()
    return points


def threshold(alpha: Plane, least: int) -> tuple[Window, Plane]:
    """The pixels of a stroke whose alpha is at least ``least``; the window is the whole image."""
    height, width = alpha.shape
    return (slice(0, height), slice(0, width)), (alpha >= least).view(np.uint8)


def label_set(patches: Iterable[Patch], width: int, height: int, overlap: str = "keep") -> LabelSet:
    """All regions of an image on one raster.

    Args:
        patches: The regions' pixels in drawing order.
        width: Image width in pixels.
        height: Image height in pixels.
        overlap: ``keep``: labels pile up; ``top``: where regions overlap, only the labels of the
            later one stay; ``smallest``: only those of the one with fewer pixels (of equal ones,
            the later).
    """
    ordered = list(patches)
    labels = tuple(sorted({label for patch in ordered for label in patch.labels}))
    if overlap == "smallest":
        ordered.sort(key=lambda patch: -patch.pixels)  # stable: equal ones stay in drawing order
    planes = np.zeros((max(1, -(-len(labels) // 8)), height, width), dtype=np.uint8)
    for patch in ordered:
        _paint(planes, patch, [labels.index(label) for label in patch.labels], overlap != "keep")
    return LabelSet(labels, planes)


def _paint(planes: Plane, patch: Patch, bits: list[int], alone: bool) -> None:
    for i, plane in enumerate(planes):
        view = plane[patch.window]
        if alone:
            view *= 1 - patch.plane
        value = sum(1 << (bit % 8) for bit in bits if bit // 8 == i)
        if value:
            view |= patch.plane * np.uint8(value)
