"""Check regions beside and upon each other."""

from collections.abc import Iterator

import shapely

from maskbench.quality.checks.geometry import LONG
from maskbench.quality.checks.shapes import (
    Drawn,
    Hit,
    bounds,
    hit,
    mean_width,
    pairs,
    polygons,
)

_SMALLER = 0.9  # share of the larger area that the smaller one has at most, not to be the same
_CROSSED = 0.25  # share of the smaller area that an overlap by accident has at most
_LEAST = 0.5  # pixels that a strip is wide


def duplicate(drawn: Drawn, threshold: float) -> Iterator[Hit]:
    """Find regions with a common label whose areas have this IoU or more."""
    for one, other in pairs(drawn.shapes):
        if not set(one.labels) & set(other.labels):
            continue
        shared = one.area.intersection(other.area).area
        whole = one.area.area + other.area.area - shared
        if whole and shared / whole >= threshold:
            what = f"two regions of one label cover the same pixels (IoU {shared / whole:.2f})"
            yield hit(shared / whole, [other, one], what)


def inside_itself(drawn: Drawn, threshold: float) -> Iterator[Hit]:
    """Find regions of which this share lies in a larger region with the same labels."""
    for pair in pairs(drawn.shapes):
        small, large = sorted(pair, key=lambda shape: shape.area.area)
        size = small.area.area
        if set(small.labels) != set(large.labels) or size >= _SMALLER * large.area.area or not size:
            continue
        share = small.area.intersection(large.area).area / size
        if share >= threshold:
            what = f"{share:.0%} of the region lies inside a larger one of the same label"
            yield hit(share, [small, large], what)


def overlap(drawn: Drawn, threshold: float) -> Iterator[Hit]:
    """Find neighbours of different labels that overlap in a strip narrower than the threshold.

    With ``rasterize.overlap: keep`` such a strip gets the class of the combination. The other
    policies give it to one of the two, so that nothing is wrong there.
    """
    for one, other in pairs(drawn.shapes) if drawn.overlap == "keep" else ():
        if set(one.labels) == set(other.labels):
            continue
        both = one.area.intersection(other.area)
        strips = _strips(both, threshold)
        if strips and both.area <= _CROSSED * min(one.area.area, other.area.area):
            width = max(map(mean_width, strips))
            what = f"two regions overlap in a strip of {width:.1f} pixels"
            yield hit(width, [one, other], what, bounds(strips))


def gap(drawn: Drawn, threshold: float) -> Iterator[Hit]:
    """Find an unlabelled strip, narrower than the threshold, between neighbours.

    Neighbours of one label do not count: two things of a kind may well stand side by side.
    """
    areas = [shape.area for shape in drawn.shapes]
    union = shapely.union_all(areas)
    wider = union.buffer(threshold / 2, join_style="mitre")
    between = wider.buffer(-threshold / 2, join_style="mitre").difference(union)
    tree = shapely.STRtree(areas)
    groups: dict[tuple[int, ...], list[shapely.Polygon]] = {}
    for strip in _strips(between, threshold):
        margin = strip.buffer(0.01)
        near = sorted(tree.query(margin, predicate="intersects").tolist())
        beside = [i for i in near if _runs_along(areas[i], margin, mean_width(strip))]
        if len({frozenset(drawn.shapes[i].labels) for i in beside}) > 1:
            groups.setdefault(tuple(beside), []).append(strip)
    for places, strips in sorted(groups.items()):
        width = max(map(mean_width, strips))
        what = f"an unlabelled strip of {width:.1f} pixels lies between neighbours"
        yield hit(width, [drawn.shapes[i] for i in places], what, bounds(strips))


def _runs_along(area: shapely.Geometry, strip: shapely.Polygon, width: float) -> bool:
    """Tell whether a region's border runs along a strip of this width for some way."""
    shared: float = area.boundary.intersection(strip).length
    return shared >= LONG / 2 * width


def _strips(area: shapely.Geometry, threshold: float) -> list[shapely.Polygon]:
    """Return the parts of an area that are long, narrow, and not too thin to matter."""
    return [
        part
        for part in polygons(area)
        if _LEAST <= (width := mean_width(part)) < threshold and part.length / 2 >= LONG * width
    ]
