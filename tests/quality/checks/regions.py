"""Annotations to check, written down in pixels of an image of 100 x 100."""

import numpy as np

from maskbench.params import RasterizeParams
from maskbench.quality.checks.shapes import Drawn, draw_areas
from maskbench.regions.strokes import encode_rle
from maskbench.regions.task import Image, Region

IMAGE = Image("wall.png", 100, 100, "0" * 64)
"""Percent are pixels in it."""


def outline(name, points, labels=("Wall",)):
    """A polygon region; ``points`` in pixels."""
    return Region(name, "polygon", tuple(labels), {"points": [list(point) for point in points]})


def box(name, left, top, right, bottom, *, labels=("Wall",)):
    """A rectangle as a polygon region."""
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return outline(name, corners, labels)


def stroke(name, inside, labels=("Wall",)):
    """A brush region of the pixels that are True, shape (100, 100)."""
    return Region(name, "brush", tuple(labels), {"rle": encode_rle(np.asarray(inside))})


def drawn(*regions, overlap="keep") -> Drawn:
    """An annotation with these regions."""
    return draw_areas(regions, IMAGE, RasterizeParams(overlap=overlap))


def found(check, threshold, *regions, **options):
    """Ids of the regions of each finding, and its value."""
    hits = list(check(drawn(*regions, **options), threshold))
    return [(hit.regions, round(hit.value, 3)) for hit in hits]
