"""Trace the outlines of pixels along their borders, for formats whose instances are polygons.

The vertices are whole numbers and no pixel's centre lies on an outline, so filling it at pixel
centres gives exactly the pixels back.
"""

import numpy as np
import numpy.typing as npt
import rasterio.features
import shapely
from rasterio.transform import Affine

from maskbench.regions.rasterize import RegionPixels

Ring = npt.NDArray[np.int64]
"""Vertices of a closed outline, shape (N, 2), int64, (x, y) in pixels; the first is not repeated at
the end."""


def trace(pixels: RegionPixels) -> list[Ring]:
    """Return the outline of each part of a region; pixels that share a side are one part.

    A hole is joined to its part's outline by a cut of no width, since the formats know no holes.

    >>> ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=bool)
    >>> [outline] = trace(RegionPixels(10, 20, ring))
    >>> outline.tolist()  # doctest: +NORMALIZE_WHITESPACE
    [[10, 20], [11, 20], [11, 21], [11, 22], [12, 22], [12, 21], [11, 21], [11, 20], [13, 20],
     [13, 23], [10, 23]]
    """
    found = rasterio.features.shapes(
        pixels.inside.astype(np.uint8),
        mask=pixels.inside,
        transform=Affine.translation(pixels.left, pixels.top),
    )
    parts = [shapely.geometry.shape(shape) for shape, _ in found]
    return [_without_holes(part) for part in shapely.orient_polygons(parts)]


def _without_holes(polygon: shapely.Polygon) -> Ring:
    """Join the holes of a polygon to its outline, from top to bottom."""
    holes = [_vertices(hole) for hole in polygon.interiors]
    outline = _vertices(polygon.exterior)
    for hole in sorted(holes, key=lambda ring: int(ring[:, 1].min())):
        outline = _joined(outline, hole)
    return outline


def _vertices(ring: shapely.LinearRing) -> Ring:
    vertices: Ring = shapely.get_coordinates(ring)[:-1].astype(np.int64)
    return vertices


def _joined(outline: Ring, hole: Ring) -> Ring:
    """Join a hole to the outline by a cut from its topmost vertex straight up.

    What the cut meets first is a horizontal edge of the outline, or of a hole further up that is
    part of the outline already.
    """
    first = int(np.argmin(hole[:, 1]))
    x, y = hole[first]
    ends = np.roll(outline, -1, axis=0)
    is_horizontal = outline[:, 1] == ends[:, 1]
    spans_x = (np.minimum(outline, ends)[:, 0] <= x) & (x <= np.maximum(outline, ends)[:, 0])
    above = np.flatnonzero(is_horizontal & spans_x & (outline[:, 1] <= y))
    edge = int(above[np.argmax(outline[above, 1])])
    meeting = [[x, outline[edge, 1]]]
    around = [np.roll(hole, -first, axis=0), hole[first : first + 1]]
    return np.concatenate([outline[: edge + 1], meeting, *around, meeting, outline[edge + 1 :]])
