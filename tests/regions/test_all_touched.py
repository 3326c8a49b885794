"""``all_touched``: every pixel that an outline touches."""

import numpy as np
import rasterio.features
import shapely
from hypothesis import given, settings

from tests.regions.filling import filled, on_grid
from tests.regions.outlines import ANY_POINTS, HEIGHT, WIDTH, stars

GRAZE = 0.02
"""Pixels by which an outline enters, or misses, a pixel that counts as touched or not at will."""


@settings(max_examples=200, deadline=None)
@given(ANY_POINTS)
def test_all_touched_holds_the_centre_rule(points):
    assert (filled(points, all_touched=True) | ~filled(points)).all()


def test_all_touched_by_hand():
    # A small square across the corner of four pixels: no centre inside, all four touched.
    square = [(1.8, 1.8), (2.2, 1.8), (2.2, 2.2), (1.8, 2.2)]
    assert not filled(square, 4, 4).any()
    expected = [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    np.testing.assert_array_equal(filled(square, 4, 4, all_touched=True), expected)


@settings(max_examples=100, deadline=None)
@given(stars())
def test_all_touched_is_gdals_on_the_full_frame(points):
    rounded = shapely.Polygon(on_grid(points))
    if not rounded.is_valid:
        return
    expected = rasterio.features.rasterize(
        [rounded], out_shape=(HEIGHT, WIDTH), dtype="uint8", all_touched=True
    )
    np.testing.assert_array_equal(filled(points, all_touched=True), expected)


@settings(max_examples=150, deadline=None)
@given(stars())
def test_all_touched_takes_what_the_outline_enters_and_nothing_apart(points):
    """By distances from pixels' squares; what it all but grazes is GDAL's to decide.

    So is the pixel of an edge that ends within GRAZE of a line between pixels: GDAL may miss it.
    """
    shape = shapely.Polygon(on_grid(points))
    off = np.abs(on_grid(points) - np.round(on_grid(points)))
    if not shape.is_valid or off.min() < GRAZE:
        return
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    touched = filled(points, all_touched=True)
    kernel = shapely.box(x + GRAZE, y + GRAZE, x + 1 - GRAZE, y + 1 - GRAZE)
    assert touched[shapely.intersects(kernel, shape)].all()
    assert (shapely.distance(shapely.box(x, y, x + 1, y + 1), shape)[touched] < GRAZE).all()
