"""Turn an annotation's regions into outlines in pixels, which the page draws and clicks find."""

from typing import Any

import numpy as np
import shapely

from maskbench.params import RasterizeParams
from maskbench.regions.build import RegionResult, draw_regions
from maskbench.regions.rasterize import RegionPixels
from maskbench.regions.task import Task, choose


def outlines(task: Task, params: RasterizeParams) -> list[dict[str, Any]]:
    """Return the regions that have an area and a label, in drawing order, as JSON values.

    ``ring`` holds x, y, x, y … in pixels (fractions, hundredths); a stroke has ``rows`` instead: y,
    first x, end x of each run of its pixels. ``pixels`` is the region's size. Regions that cannot
    be read are left out: another version of maskbench drew them.
    """
    annotation = choose(task.annotations, params.annotation)
    if annotation is None or task.image is None:
        return []
    drawn = draw_regions(annotation.regions, task.image, params)
    return [_outline(result) for result in drawn if result.pixels or result.dropped == "no_pixel"]


def _outline(result: RegionResult) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": result.region.id,
        "shape": result.region.shape,
        "labels": list(result.region.labels),
        "pixels": result.count,
    }
    if result.outline is not None:
        points = shapely.get_coordinates(result.outline)[:-1]
        entry["ring"] = points.round(2).reshape(-1).tolist()
    elif result.pixels is not None:
        entry["rows"] = _rows(result.pixels)
    return entry


def _rows(pixels: RegionPixels) -> list[int]:
    """Return y, first x and end x of each run of a region's pixels along a row."""
    steps = np.diff(np.pad(pixels.inside, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, first = np.nonzero(steps == 1)
    end = np.nonzero(steps == -1)[1]
    runs = [rows + pixels.top, first + pixels.left, end + pixels.left]
    return np.column_stack(runs).reshape(-1).tolist()
