"""Hold the regions of an annotation as shapely geometries in pixels, for the checks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import rasterio.features
import shapely
from shapely.affinity import translate
from shapely.geometry import shape as geometry_of

from maskbench.files.tiff import pixel_space
from maskbench.params import RasterizeParams
from maskbench.regions.draw import RegionResult, draw_regions, read_regions
from maskbench.regions.rasterize import RegionPixels, make_simple
from maskbench.regions.task import Image, Region

STEP = 1 / 256
"""Grid in pixels to which areas are rounded, so that GEOS can compute with them reliably."""

_SMALL = 100  # pixels up to which they are counted

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""


class Shape(NamedTuple):
    """One region.

    Attributes:
        id: The region's id.
        labels: Its labels, after ``rasterize.label_aliases``.
        area: A valid polygon or multipolygon; that of a stroke runs along the pixels' edges.
        outline: Its outline as drawn, which may cross itself; None for strokes and bit masks.
        pixels: How many pixels it has in the image; for a large one with an outline, its area.
    """

    id: str
    labels: tuple[str, ...]
    area: shapely.Geometry
    outline: shapely.Polygon | None
    pixels: int

    @property
    def label(self) -> str:
        """Return its labels as one text."""
        return " + ".join(self.labels)


@dataclass(frozen=True)
class Drawn:
    """An annotation to check.

    Attributes:
        shapes: Its regions that have labels and can have an area, in drawing order.
        width: The image's width in pixels.
        height: Its height.
        overlap: What ``rasterize.overlap`` does where regions overlap.
    """

    shapes: Sequence[Shape]
    width: int
    height: int
    overlap: str = "keep"

    @cached_property
    def union(self) -> shapely.Geometry:
        """Return what all regions cover together."""
        return shapely.union_all([shape.area for shape in self.shapes], grid_size=STEP)


class Hit(NamedTuple):
    """What a check found in an image.

    Attributes:
        value: What was compared with the threshold.
        regions: The ids of the regions concerned.
        label: Their label or labels.
        what: What is wrong, part of a sentence.
        box: Where to look; None: at the whole image.
        vote: Which of the annotations that count it is in, for checks over all images; None: it
            concerns the image as a whole.
    """

    value: float
    regions: tuple[str, ...]
    label: str
    what: str
    box: Box | None = None
    vote: int | None = None


def hit(value: float, shapes: Sequence[Shape], what: str, box: Box | None = None) -> Hit:
    """Make a hit of what was found about some regions; ``box`` None: around them."""
    labels = " and ".join(dict.fromkeys(shape.label for shape in shapes))
    where = [shape.area if not shape.area.is_empty else shape.outline for shape in shapes]
    drawn = [area for area in where if area is not None and not area.is_empty]
    box = box or (bounds(drawn) if drawn else None)
    return Hit(value, tuple(shape.id for shape in shapes), labels, what, box)


def draw_areas(regions: Sequence[Region], image: Image, params: RasterizeParams) -> Drawn:
    """Return an annotation's regions as geometries; those that cannot be read are left out."""
    read = [
        result
        for result in read_regions(regions, image, params)
        if result.region.labels and not (result.error or result.dropped)
    ]
    outlined = [result for result in read if result.outline is not None]
    simple = make_simple([result.outline for result in outlined])
    areas = iter([valid(shapely.set_precision(valid(area), STEP)) for area in simple])
    shapes = [
        _stroke(result.region, image, params)
        if result.outline is None
        else _outlined(result, next(areas), image, params)
        for result in read
    ]
    drawn = [shape for shape in shapes if shape is not None]
    return Drawn(drawn, image.width, image.height, params.overlap)


def _outlined(
    result: RegionResult, area: shapely.Geometry, image: Image, params: RasterizeParams
) -> Shape:
    """Return a region with an outline; pixels are counted only if it is small."""
    pixels = round(area.area)
    if pixels < _SMALL:
        [counted] = draw_regions([result.region], image, params)
        pixels = counted.count
    return Shape(result.region.id, result.region.labels, area, result.outline, pixels)


def _stroke(region: Region, image: Image, params: RasterizeParams) -> Shape | None:
    """Return a stroke or bit mask; None if it cannot be read."""
    [result] = draw_regions([region], image, params)
    if result.error:
        return None
    area = shapely.MultiPolygon() if result.pixels is None else polygons_of(result.pixels)
    return Shape(region.id, region.labels, area, None, result.count)


def polygons_of(pixels: RegionPixels) -> shapely.Geometry:
    """Return the pixels of a region as polygons along their edges.

    >>> import numpy as np
    >>> polygons_of(RegionPixels(2, 1, np.array([[True, True]]))).bounds
    (2.0, 1.0, 4.0, 2.0)
    """
    with pixel_space():
        found = rasterio.features.shapes(pixels.inside.astype("uint8"), pixels.inside)
        parts = [geometry_of(geometry) for geometry, _ in found]
    moved = (translate(part, pixels.left, pixels.top) for part in parts)
    return shapely.MultiPolygon(list(moved))


def valid(area: shapely.Geometry) -> shapely.Geometry:
    """Make an area valid: rounding may have made its parts touch."""
    if area.is_valid:
        return area
    fixed = shapely.make_valid(area, method="structure", keep_collapsed=False)
    return shapely.MultiPolygon(polygons(fixed))


def shared(one: shapely.Geometry, other: shapely.Geometry) -> shapely.Geometry:
    """Return what two areas, or an area and a line, have in common."""
    return shapely.intersection(one, other, grid_size=STEP)


def mean_width(area: shapely.Geometry) -> float:
    """Return how wide a long, thin area is on average, in pixels.

    >>> round(mean_width(shapely.box(0, 0, 100, 2)), 2)
    1.96
    """
    return 2 * area.area / area.length if area.length else 0.0


def polygons(area: shapely.Geometry) -> list[shapely.Polygon]:
    """Return the polygons that an area consists of, without lines and points."""
    parts = shapely.get_parts(shapely.get_parts(area))  # a collection may hold multipolygons
    return [part for part in parts if part.geom_type == "Polygon"]


def pairs(shapes: Sequence[Shape], distance: float = 0.0) -> Iterator[tuple[Shape, Shape]]:
    """Yield regions that are no farther apart than a distance in pixels, each pair once."""
    areas = np.array([shape.area for shape in shapes], dtype=object)
    found = shapely.STRtree(areas).query(areas, predicate="dwithin", distance=distance)
    yield from ((shapes[i], shapes[j]) for i, j in sorted(found.T.tolist()) if i < j)


def bounds(areas: Iterable[shapely.Geometry]) -> Box:
    """Return the box around some areas."""
    left, top, right, bottom = shapely.total_bounds(list(areas)).tolist()
    return left, top, right, bottom
