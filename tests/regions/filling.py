"""Fill outlines, and compare the pixels with exact winding numbers."""

import numpy as np
import shapely

from maskbench.regions.rasterize import GRID, fill
from tests.reference import edge_distance, nonzero
from tests.regions.outlines import HEIGHT, WIDTH

TIE = 1e-9
"""Pixels between a centre and an edge up to which the centre lies on the edge: GDAL decides."""

TIE_OF_CROSSING = 1e-4
"""Likewise for outlines that cross themselves: their crossings are rounded to the grid as well."""


def polygon(points):
    return shapely.Polygon(np.concatenate([points, points[:1]]))


def painted(pixels, width=WIDTH, height=HEIGHT):
    """A region's pixels in the whole image, shape (height, width)."""
    image = np.zeros((height, width), dtype=bool)
    rows, columns = pixels.window
    assert 0 <= rows.start <= rows.stop <= height
    assert 0 <= columns.start <= columns.stop <= width
    image[pixels.window] = pixels.inside
    return image


def filled(points, width=WIDTH, height=HEIGHT, **options):
    (found,) = fill([polygon(points)], width, height, **options)
    assert found.inside.dtype == bool
    return painted(found, width, height)


def on_grid(points):
    return np.round(np.asarray(points, dtype=np.float64) * GRID) / GRID


def wrong_pixels(points, found, width=WIDTH, height=HEIGHT):
    """(row, column) of the pixels that differ from the reference, ties apart."""
    rounded = on_grid(points)
    tie = TIE if shapely.Polygon(rounded).is_valid else TIE_OF_CROSSING
    is_clear = edge_distance(rounded, width, height) > tie
    return np.argwhere((found != nonzero(rounded, width, height)) & is_clear).tolist()
