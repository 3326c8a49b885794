"""Regions of an annotation as outlines in pixels, for drawing on the page and for its clicks."""

from typing import Any

from maskbench.drawing import draw_region
from maskbench.errors import GeometryError
from maskbench.geometry import OUTLINES
from maskbench.labelstudio.choose import choose
from maskbench.labelstudio.model import AREAS, Image, Region, Task
from maskbench.params import RasterizeParams
from maskbench.raster import painted
from maskbench.winding import row_stretches


def outlines(task: Task, params: RasterizeParams) -> list[dict[str, Any]]:
    """The regions that count, in drawing order, as JSON values.

    ``ring`` holds x, y, x, y … in pixels (fractions, hundredths); a brush stroke has ``rows``
    instead: y, first x, end x of each run of its pixels. ``pixels`` is the region's size.
    """
    annotation = choose(task.annotations, params.annotation)
    if annotation is None or task.image is None:
        return []
    found = []
    for region in annotation.regions:
        if region.shape in AREAS and region.labels:
            try:
                found.append(_outline(region, task.image, params))
            except GeometryError:
                continue  # of another maskbench's time; the class map shows the pixels
    return found


def _outline(region: Region, image: Image, params: RasterizeParams) -> dict[str, Any]:
    patch = draw_region(region, image, params)
    entry: dict[str, Any] = {
        "id": region.id,
        "shape": region.shape,
        "labels": list(region.labels),
        "pixels": patch.pixels if patch else 0,
    }
    if region.shape in OUTLINES:
        ring = OUTLINES[region.shape](region.value, image.width, image.height)
        entry["ring"] = [round(float(part), 2) for part in ring.reshape(-1)]
    elif patch is not None:
        plane = painted(patch.stretches, image.width, image.height)
        triples = zip(*row_stretches(plane), strict=True)
        entry["rows"] = [int(part) for triple in triples for part in triple]
    return entry
