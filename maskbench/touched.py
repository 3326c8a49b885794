"""``all_touched``: every pixel that a region touches, by GDAL."""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.features import rasterize

from maskbench.geometry import simple_polygons
from maskbench.winding import NOWHERE, Ring, Stretches, row_stretches


def touched(rings: Sequence[Ring], width: int, height: int) -> Iterator[Stretches]:
    """The pixels that each outline's area touches.

    Args:
        rings: Vertices in pixels, (x, y), each of shape (N, 2).
        width: Image width in pixels.
        height: Image height in pixels.
    """
    # Pixel coordinates are what we work in; there is no georeference to miss. One environment
    # around many calls: without it each sets up its own.
    with warnings.catch_warnings(), rasterio.Env():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        for ring in rings:
            yield _touched(ring, width, height)


def _touched(ring: Ring, width: int, height: int) -> Stretches:
    # GDAL counts a pixel as touched that an outline meets at its border only: one more each way.
    low = np.clip(np.floor(ring.min(axis=0)) - 1, 0, (width, height)).astype(int)
    high = np.clip(np.ceil(ring.max(axis=0)) + 1, 0, (width, height)).astype(int)
    shapes = [
        {"type": "Polygon", "coordinates": [_closed(part - low) for part in polygon]}
        for polygon in simple_polygons(ring)
    ]
    (columns, rows) = high - low
    if not (shapes and rows and columns):
        return NOWHERE
    plane = rasterize(shapes, out_shape=(rows, columns), dtype="uint8", all_touched=True)
    row, first, stop = row_stretches(plane != 0)
    start = (row + low[1]) * width + low[0]
    return Stretches(start + first, start + stop)


def _closed(ring: Ring) -> list[list[float]]:
    points: list[list[float]] = np.concatenate([ring, ring[:1]]).tolist()
    return points
