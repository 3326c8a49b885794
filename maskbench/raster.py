"""Polygons and strokes to a label set: which labels lie on each pixel. Pure functions on arrays.

The pixel rule: a pixel belongs to a region when its centre (x + 0.5, y + 0.5) lies inside the
region; regions that share an edge never both claim a pixel and leave no gap. ``all_touched`` takes
every pixel that the region touches instead, which enlarges it.
"""

import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.features import rasterize

from maskbench.geometry import Polygon

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


def fill(
    polygons: Sequence[Polygon], width: int, height: int, all_touched: bool = False
) -> tuple[Window, Plane]:
    """The pixels of simple polygons that do not overlap each other.

    Args:
        polygons: Rings in pixels, (x, y); see :func:`maskbench.geometry.simple_polygons`.
        width: Image width in pixels.
        height: Image height in pixels.
        all_touched: Every pixel touched instead of the centre rule.

    Returns:
        The bounding window (empty when the polygons lie off the image) and its plane, uint8 0/1.
    """
    window = _window([polygon[0] for polygon in polygons], width, height)
    rows, columns = window
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    if 0 in shape:
        return window, np.zeros(shape, dtype=np.uint8)
    # Whole-pixel shifts are exact in float64: the window changes no decision about any pixel.
    corner = np.array([columns.start, rows.start], dtype=np.float64)
    shapes = [{"type": "Polygon", "coordinates": _closed(p, corner)} for p in polygons]
    plane = rasterize(shapes, out_shape=shape, dtype="uint8", all_touched=all_touched)
    return window, plane


def _closed(polygon: Polygon, corner: npt.NDArray[np.float64]) -> list[list[list[float]]]:
    return [(np.concatenate([ring, ring[:1]]) - corner).tolist() for ring in polygon]


def _window(rings: Sequence[npt.NDArray[np.float64]], width: int, height: int) -> Window:
    """The whole pixels that the rings can touch, clipped to the image."""
    if not rings:
        return slice(0, 0), slice(0, 0)
    low = np.min([ring.min(axis=0) for ring in rings], axis=0)
    high = np.max([ring.max(axis=0) for ring in rings], axis=0)
    left, right = (min(max(edge, 0), width) for edge in (math.floor(low[0]), math.ceil(high[0])))
    top, bottom = (min(max(edge, 0), height) for edge in (math.floor(low[1]), math.ceil(high[1])))
    return slice(top, bottom), slice(left, right)


def threshold(alpha: Plane, least: int) -> tuple[Window, Plane]:
    """The pixels of a stroke whose alpha is at least ``least``; the window is the whole image."""
    height, width = alpha.shape
    return (slice(0, height), slice(0, width)), (alpha >= least).astype(np.uint8)


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
