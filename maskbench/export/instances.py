"""The regions behind a benchmark's masks as instances. Needs shapely, as building does."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from maskbench.errors import DataError, GeometryError, Problem
from maskbench.export.source import Source
from maskbench.geometry import OUTLINES, Polygon, simple_polygons
from maskbench.labelstudio.brush import decode_bitmask, decode_rle
from maskbench.labelstudio.canonical import read_task
from maskbench.raster import painted
from maskbench.regions.task import Image, Region
from maskbench.winding import wind

Plane = npt.NDArray[np.bool_]

_STROKES = {"brush": ("rle", decode_rle), "bitmask": ("imageDataURL", decode_bitmask)}


@dataclass(frozen=True)
class Instance:
    """One region with one of its labels.

    Attributes:
        value: The label's value in masks.
        plane: The region's pixels by the benchmark's own rule, shape (H, W), bool.
        polygons: The region's outline as simple polygons in pixels, (x, y), cut at the image's
            edge; empty for strokes, which have none.
    """

    value: int
    plane: Plane
    polygons: tuple[Polygon, ...]

    @property
    def area(self) -> int:
        """How many pixels it has."""
        return int(np.count_nonzero(self.plane))

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, width and height of the pixels' bounding box."""
        rows = np.flatnonzero(self.plane.any(axis=1))
        columns = np.flatnonzero(self.plane.any(axis=0))
        left, top = int(columns[0]), int(rows[0])
        return left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top


def instances(source: Source, key: str) -> Iterator[Instance]:
    """The regions of the annotation that counted, one for each label that has a class.

    Regions keep all their pixels: ``multi_label_rules`` and ``rasterize.overlap`` shape masks, not
    instances. What has no pixel is left out, and so are class 0 (the background is no object) and
    labels without a class (those that mean "ignore").

    Raises:
        DataError: The task is missing, or is not the one that the mask was made from.
    """
    folder = source.annotations or source.benchmark.root.parent / "annotations"
    path = folder / f"{key}.json"
    if not path.is_file():
        what = "is missing; instances are made from regions: run `dvc pull fetch`"
        raise DataError("there are no regions to export", [Problem(what, str(path))])
    task = read_task(path)
    number = source.benchmark.row(key).annotation
    chosen = [annotation for annotation in task.annotations if annotation.id == number]
    if not chosen or task.image is None:
        what = f"has no annotation {number}, from which the mask was made; run `dvc checkout`"
        raise DataError("regions and masks are of different versions", [Problem(what, str(path))])
    for region in chosen[0].regions:
        try:
            yield from of_region(source, region, task.image)
        except GeometryError as error:
            problem = Problem(str(error), str(path), region=region.id)
            raise DataError("a region cannot be exported", [problem]) from None


def of_region(source: Source, region: Region, image: Image) -> Iterator[Instance]:
    """One region's instances; raises GeometryError."""
    classes = source.benchmark.classes
    values = [classes.index(label) for label in region.labels if label in classes]
    polygons: list[Polygon] = []
    if region.shape in _STROKES:
        plane = _stroke(region, image, source.brush_threshold)
    elif region.shape in OUTLINES:
        plane, polygons = _outline(region, image)
    else:
        return
    if plane.any():
        yield from (Instance(value, plane, tuple(polygons)) for value in values if value)


def _stroke(region: Region, image: Image, threshold: int) -> Plane:
    name, decode = _STROKES[region.shape]
    code = region.value.get(name)
    if not code:
        return np.zeros((image.height, image.width), dtype=np.bool_)
    return decode(code, image.width, image.height) >= threshold


def _outline(region: Region, image: Image) -> tuple[Plane, list[Polygon]]:
    ring = OUTLINES[region.shape](region.value, image.width, image.height)
    (pixels,) = wind([ring], image.width, image.height)
    plane = painted(pixels, image.width, image.height)
    inside = shapely.box(0, 0, image.width, image.height)
    parts = [
        shapely.Polygon(polygon[0], polygon[1:]).intersection(inside)
        for polygon in simple_polygons(ring)
    ]
    return plane, [rings(p) for part in parts for p in polygons_in(part)]


def polygons_in(shape: shapely.Geometry) -> list[shapely.Polygon]:
    """The polygons with an area in whatever an operation returned."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    return [part for part in parts if part.geom_type == "Polygon" and part.area > 0]


def rings(polygon: shapely.Polygon) -> Polygon:
    """Exterior, then holes, each shape (N, 2), the first vertex not repeated."""
    return [
        np.asarray(ring.coords, dtype=np.float64)[:-1, :2]
        for ring in (polygon.exterior, *polygon.interiors)
    ]
