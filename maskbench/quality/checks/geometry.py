"""Check the shape of single regions."""

from collections.abc import Iterator

import numpy as np
import shapely

from maskbench.quality.checks.shapes import (
    STEP,
    Drawn,
    Hit,
    Shape,
    bounds,
    hit,
    mean_width,
    polygons,
    shared,
)
from maskbench.text import counted

LONG = 10
"""From how many times its width on a shape counts as long."""


def self_crossing(drawn: Drawn, threshold: float) -> Iterator[Hit]:
    """Find outlines that cross themselves, by the share of the area outside the largest loop."""
    for shape in drawn.shapes:
        if shape.outline is None or shape.outline.is_valid:
            continue
        loops = polygons(shapely.make_valid(_rounded(shape.outline), method="linework"))
        areas = sorted((loop.area for loop in loops), reverse=True)
        share = sum(areas[1:]) / sum(areas) if areas else 0.0
        if share >= threshold:
            what = f"the outline crosses itself: {share:.0%} of its area is in other loops"
            yield hit(share, [shape], what)


def _rounded(outline: shapely.Polygon) -> shapely.Polygon:
    """Round an outline to the grid; shapely's own rounding takes no outline that crosses itself."""
    return shapely.transform(outline, lambda points: np.round(points / STEP) * STEP)


def sliver(drawn: Drawn, threshold: float) -> Iterator[Hit]:
    """Find long regions whose mean width is below the threshold, in pixels."""
    for shape in drawn.shapes:
        width = mean_width(shape.area)
        if 0 < width < threshold and shape.area.length / 2 >= LONG * width and shape.pixels:
            yield hit(width, [shape], f"the region is {width:.1f} pixels wide on average")


def sub_pixel(drawn: Drawn, threshold: float) -> Iterator[Hit]:
    """Find regions on the image with fewer pixels than the threshold, or none."""
    for shape in drawn.shapes:
        if shape.pixels < threshold and not _is_beside(shape, drawn):
            has = "no pixel" if not shape.pixels else f"only {counted(shape.pixels, 'pixel')}"
            yield hit(shape.pixels, [shape], f"the region has {has}")


def off_image(drawn: Drawn, threshold: float) -> Iterator[Hit]:
    """Find regions with at least this share of their area off the image."""
    image = shapely.box(0, 0, drawn.width, drawn.height)
    for shape in drawn.shapes:
        if shape.area.is_empty:  # sub_pixel reports it
            continue
        left, top, right, bottom = shape.area.bounds
        if left >= 0 and top >= 0 and right <= drawn.width and bottom <= drawn.height:
            continue
        share = 1 - shared(shape.area, image).area / shape.area.area
        if share >= threshold:
            yield hit(share, [shape], f"{share:.0%} of the region lies off the image")


def _is_beside(shape: Shape, drawn: Drawn) -> bool:
    """Tell whether a whole region lies off the image, which ``off_image`` reports."""
    return not shape.area.is_empty and not shape.area.intersects(
        shapely.box(0, 0, drawn.width, drawn.height)
    )


def hole(drawn: Drawn, threshold: float) -> Iterator[Hit]:
    """Find unlabelled spots enclosed by labels that cover less than this share of the image.

    Spots between the same regions are one finding. Spots smaller than a pixel do not count.
    """
    areas = [shape.area for shape in drawn.shapes]
    most = threshold * drawn.width * drawn.height
    rings = [ring for part in polygons(drawn.union) for ring in part.interiors]
    spots = [spot for ring in rings if 1 <= (spot := shapely.Polygon(ring)).area < most]
    groups: dict[tuple[int, ...], list[shapely.Polygon]] = {}
    tree = shapely.STRtree(areas)
    for spot in spots:
        # The union has rounded corners, so that a spot may end a little before its regions.
        around = sorted(tree.query(spot, predicate="dwithin", distance=STEP).tolist())
        groups.setdefault(tuple(around), []).append(spot)
    for places, own in sorted(groups.items()):
        size = sum(spot.area for spot in own)
        pixels = counted(round(size), "pixel")
        count = counted(len(own), "unlabelled spot")
        what = f"{count} of {pixels} in all, enclosed by labels"
        yield hit(size, [drawn.shapes[i] for i in places], what, bounds(own))
