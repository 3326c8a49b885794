"""Check regions that lie next to or on top of each other."""

from collections.abc import Iterator

import numpy as np
import shapely

from maskbench.quality.checks.geometry import LONG
from maskbench.quality.checks.shapes import (
    STEP,
    Drawn,
    Hit,
    Shape,
    bounds,
    hit,
    mean_width,
    pairs,
    polygons,
    shared,
    valid,
)

_SMALLER = 0.9  # share of the larger area that the smaller one has at most, not to be the same
_CROSSED = 0.25  # share of the smaller area that an overlap by accident has at most
_UPON = 0.5  # share of the smaller area from which one region lies upon the other, not beside it
_LEAST = 0.5  # pixels that a strip is wide


def duplicate(drawn: Drawn, threshold: float) -> Iterator[Hit]:
    """Find pairs of regions with a common label whose areas have at least this IoU."""
    for one, other in pairs(drawn.shapes):
        if not set(one.labels) & set(other.labels):
            continue
        both = shared(one.area, other.area).area
        whole = one.area.area + other.area.area - both
        if whole and both / whole >= threshold:
            what = f"two regions of one label cover the same pixels (IoU {both / whole:.2f})"
            yield hit(both / whole, [other, one], what)


def inside_itself(drawn: Drawn, threshold: float) -> Iterator[Hit]:
    """Find regions with at least this share inside a larger region with the same labels."""
    for pair in pairs(drawn.shapes):
        small, large = sorted(pair, key=lambda shape: shape.area.area)
        size = small.area.area
        if set(small.labels) != set(large.labels) or size >= _SMALLER * large.area.area or not size:
            continue
        share = shared(small.area, large.area).area / size
        if share >= threshold:
            what = f"{share:.0%} of the region lies inside a larger one of the same label"
            yield hit(share, [small, large], what)


def overlap(drawn: Drawn, threshold: float) -> Iterator[Hit]:
    """Find neighbours of different labels that overlap in a strip narrower than the threshold.

    Only with ``rasterize.overlap: keep``, where such a strip gets the class of the combination. The
    other policies give it to one of the two regions.
    """
    for one, other in pairs(drawn.shapes) if drawn.overlap == "keep" else ():
        if set(one.labels) == set(other.labels):
            continue
        both = shared(one.area, other.area)
        strips = _strips(both, threshold)
        if strips and both.area <= _CROSSED * min(one.area.area, other.area.area):
            width = max(map(mean_width, strips))
            what = f"two regions overlap in a strip of {width:.1f} pixels"
            yield hit(width, [one, other], what, bounds(strips))


def gap(drawn: Drawn, threshold: float) -> Iterator[Hit]:
    """Find unlabelled strips between neighbours that are narrower than the threshold.

    Neighbours of one label do not count: two objects of a kind may well stand side by side.
    """
    for one, other in pairs(drawn.shapes, threshold):
        smaller = min(one.area.area, other.area.area)
        is_upon = shared(one.area, other.area).area > _UPON * smaller
        if set(one.labels) == set(other.labels) or is_upon:
            continue
        strips = [
            strip
            for strip in _strips(_between(one, other, drawn, threshold), threshold)
            if all(_runs_along(shape.area, strip) for shape in (one, other))
        ]
        if strips:
            width = max(map(mean_width, strips))
            what = f"an unlabelled strip of {width:.1f} pixels lies between two regions"
            yield hit(width, [one, other], what, bounds(strips))


def _between(one: Shape, other: Shape, drawn: Drawn, width: float) -> shapely.Geometry:
    """Return the unlabelled area narrower than ``width`` where two regions are close."""
    corners = np.array([one.area.bounds, other.area.bounds])
    left, top = corners[:, :2].max(axis=0) - 2 * width
    right, bottom = corners[:, 2:].min(axis=0) + 2 * width
    box = shapely.box(left, top, right, bottom)
    near = valid(shapely.MultiPolygon(polygons(shared(drawn.union, box))))
    wider = near.buffer(width / 2, join_style="mitre")
    closed = valid(wider.buffer(-width / 2, join_style="mitre"))
    return shapely.difference(closed, near, grid_size=STEP)


def _runs_along(area: shapely.Geometry, strip: shapely.Polygon) -> bool:
    """Tell whether a region's border runs along a strip; if not, the strip is only a notch."""
    length: float = shared(area.boundary, strip.buffer(0.01)).length
    return length >= LONG / 2 * mean_width(strip)


def _strips(area: shapely.Geometry, threshold: float) -> list[shapely.Polygon]:
    """Return the parts of an area that are long, narrow, and not too thin to matter."""
    return [
        part
        for part in polygons(area)
        if _LEAST <= (width := mean_width(part)) < threshold and part.length / 2 >= LONG * width
    ]
