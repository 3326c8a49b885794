"""Hold the regions of an annotation as shapely geometries in pixels, for the checks."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import rasterio.features
import shapely
from shapely.affinity import translate
from shapely.geometry import shape as geometry_of

from maskbench.files.tiff import pixel_space
from maskbench.params import RasterizeParams
from maskbench.regions.draw import RegionResult, draw_regions
from maskbench.regions.rasterize import RegionPixels, make_simple
from maskbench.regions.task import Image, Region

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""


class Shape(NamedTuple):
    """One region.

    Attributes:
        id: The region's id.
        labels: Its labels, after ``rasterize.label_aliases``.
        area: Its pixels as a valid polygon or multipolygon; of strokes along the pixels' edges.
        outline: Its outline as drawn, which may cross itself; None: it has pixels of its own.
        pixels: How many pixels it has in the image.
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


class Drawn(NamedTuple):
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


class Hit(NamedTuple):
    """What a check found in an image.

    Attributes:
        value: What was compared with the threshold.
        regions: The ids of the regions concerned.
        label: Their label or labels.
        what: What is the matter, part of a sentence.
        box: Where to look; None: at the whole image.
    """

    value: float
    regions: tuple[str, ...]
    label: str
    what: str
    box: Box | None = None


def hit(value: float, shapes: Sequence[Shape], what: str, box: Box | None = None) -> Hit:
    """Return what was found of some regions; ``box`` None: where they are."""
    labels = " and ".join(dict.fromkeys(shape.label for shape in shapes))
    where = [shape.area if not shape.area.is_empty else shape.outline for shape in shapes]
    drawn = [area for area in where if area is not None and not area.is_empty]
    box = box or (bounds(drawn) if drawn else None)
    return Hit(value, tuple(shape.id for shape in shapes), labels, what, box)


def draw(regions: Sequence[Region], image: Image, params: RasterizeParams) -> Drawn:
    """Return an annotation's regions as geometries; those that cannot be read are left out."""
    shapes = [
        _shape(result)
        for result in draw_regions(regions, image, params)
        if result.region.labels and not result.error and result.dropped in (None, "no_pixel")
    ]
    return Drawn(shapes, image.width, image.height, params.overlap)


def _shape(result: RegionResult) -> Shape:
    if result.outline is not None:
        [area] = make_simple([result.outline])
    elif result.pixels is not None:
        area = polygons_of(result.pixels)
    else:
        area = shapely.MultiPolygon()
    return Shape(result.region.id, result.region.labels, area, result.outline, result.count)


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


def mean_width(area: shapely.Geometry) -> float:
    """Return how wide a long, thin area is on average, in pixels.

    >>> round(mean_width(shapely.box(0, 0, 100, 2)), 2)
    1.96
    """
    return 2 * area.area / area.length if area.length else 0.0


def polygons(area: shapely.Geometry) -> list[shapely.Polygon]:
    """Return the polygons that an area consists of, without lines and points."""
    return [part for part in shapely.get_parts(area) if part.geom_type == "Polygon"]


def pairs(shapes: Sequence[Shape]) -> Iterator[tuple[Shape, Shape]]:
    """Yield regions that touch, each pair once."""
    areas = np.array([shape.area for shape in shapes], dtype=object)
    found = shapely.STRtree(areas).query(areas, predicate="intersects")
    yield from ((shapes[i], shapes[j]) for i, j in sorted(found.T.tolist()) if i < j)


def bounds(areas: Iterable[shapely.Geometry]) -> Box:
    """Return the box around some areas."""
    left, top, right, bottom = shapely.total_bounds(list(areas)).tolist()
    return left, top, right, bottom
