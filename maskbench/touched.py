"""``all_touched``: every pixel that a region touches, by GDAL."""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.features import rasterize

from maskbench.geometry import simple_polygons
from maskbench.winding import Ring


def touched(rings: Sequence[Ring], width: int, height: int) -> Iterator[npt.NDArray[np.bool_]]:
    """The pixels that each outline's area touches, shape (H, W)."""
    # Pixel coordinates are what we work in; there is no georeference to miss. One environment
    # around many calls: without it each sets up its own.
    with warnings.catch_warnings(), rasterio.Env():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        for ring in rings:
            yield _touched(ring, width, height)


def _touched(ring: Ring, width: int, height: int) -> npt.NDArray[np.bool_]:
    plane = np.zeros((height, width), dtype=np.bool_)
    # GDAL counts a pixel as touched that an outline meets at its border only: one more each way.
    low = np.clip(np.floor(ring.min(axis=0)) - 1, 0, (width, height)).astype(int)
    high = np.clip(np.ceil(ring.max(axis=0)) + 1, 0, (width, height)).astype(int)
    shapes = [
        {"type": "Polygon", "coordinates": [_closed(part - low) for part in polygon]}
        for polygon in simple_polygons(ring)
    ]
    (columns, rows) = high - low
    if shapes and rows and columns:
        plane[low[1] : high[1], low[0] : high[0]] = rasterize(
            shapes, out_shape=(rows, columns), dtype="uint8", all_touched=True
        )
    return plane


def _closed(ring: Ring) -> list[list[float]]:
    points: list[list[float]] = np.concatenate([ring, ring[:1]]).tolist()
    return points
