"""Draw a class mask as regions of Label Studio: brush strokes, which are exact, or polygons."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from rasterio.features import shapes
from rasterio.transform import Affine
from shapely.geometry import MultiPolygon, Polygon, box, shape

from maskbench.files.hashing import digest
from maskbench.files.masks import Mask, values_in
from maskbench.labelstudio.labeling import Control
from maskbench.predictions.plan import DrawingPlan
from maskbench.regions.rasterize import crop
from maskbench.regions.strokes import encode_rle

_STEPS = 12  # halvings of the tolerance before outlines stay as they are


def draw_mask(mask: Mask, plan: DrawingPlan, tolerance: float) -> list[dict[str, Any]]:
    """Return the regions of a mask, shape (H, W), as the ``result`` of a prediction.

    Args:
        mask: Class values.
        plan: The labels of each class.
        tolerance: How far an outline may lie from the pixels' own, in pixels.
    """
    values: dict[str, list[int]] = {}
    for class_value in values_in(mask):
        for label in plan.labels.get(class_value, ()):
            values.setdefault(label, []).append(class_value)
    has_polygons = any(plan.controls[label].kind == "polygon" for label in values)
    drawn = np.where(np.isin(mask, [v for found in values.values() for v in found]), mask, 0)
    outlines = outline(drawn, tolerance) if has_polygons else {}
    result: list[dict[str, Any]] = []
    for label in sorted(values):
        control = plan.controls[label]
        if control.kind == "brush":
            stroke = encode_rle(np.isin(mask, values[label]))
            found: Iterable[dict[str, Any]] = [{"format": "rle", "rle": stroke}]
        else:
            parts = [part for value in values[label] for part in outlines.get(value, ())]
            found = (_points(part, mask) for part in without_holes(parts))
        for index, value in enumerate(found):
            result += _region(control, label, value, mask, index)
    return result


def outline(mask: npt.NDArray[np.uint8], tolerance: float) -> dict[int, list[Polygon]]:
    """Return the outlines of each value's connected pixels, simplified together; 0 has none.

    Neighbours keep one border: no gap and no overlap arises between them.
    """
    drawn = crop(mask != 0)
    place = Affine.translation(drawn.left, drawn.top)
    forms = shapes(mask[drawn.window], drawn.inside, connectivity=4, transform=place)
    found = [(int(value), shape(form)) for form, value in forms]
    polygons = _simplified([polygon for _, polygon in found], tolerance)
    outlines: dict[int, list[Polygon]] = {}
    for (value, _), polygon in zip(found, polygons, strict=True):
        outlines.setdefault(value, []).append(polygon)
    return outlines


def _simplified(polygons: list[Polygon], tolerance: float) -> list[Polygon]:
    """Simplify polygons that may touch, so that no vertex lies farther than the tolerance away.

    Their borders are split where three meet, each piece is simplified once (by Douglas and Peucker,
    without crossing others), and the polygons are put together again. Where that makes no valid
    coverage, which is rare, half the tolerance is tried.
    """
    borders = shapely.boundary(polygons)
    pieces = shapely.get_parts(shapely.line_merge(shapely.union_all(borders)))
    on_pieces = shapely.line_interpolate_point(pieces, 0.5)  # in the middle of a pixel's edge
    owners, owned = shapely.STRtree(on_pieces).query(borders, predicate="intersects")
    for halvings in range(_STEPS if tolerance > 0 and polygons else 0):
        together = shapely.simplify(shapely.multilinestrings(pieces), tolerance / 2**halvings)
        parts = shapely.get_parts(together)
        if len(parts) != len(pieces):
            continue
        own = [parts[owned[owners == number]] for number in range(len(polygons))]
        simple = [shapely.build_area(shapely.multilinestrings(lines)) for lines in own]
        whole = all(isinstance(area, Polygon) and not area.is_empty for area in simple)
        if whole and shapely.coverage_is_valid(simple):
            return simple
    return polygons


def without_holes(polygons: Iterable[Polygon]) -> Iterator[Polygon]:
    """Yield polygons without holes that cover the same area: Label Studio's cannot have holes.

    Touching polygons are joined; one with a hole is cut in two along a line through the hole.
    """
    waiting = list(_parts(shapely.union_all(list(polygons))))
    while waiting:
        polygon = waiting.pop()
        if not polygon.interiors:
            yield polygon
            continue
        left, _, right, _ = polygon.interiors[0].bounds
        x = (left + right) / 2
        x = round(x) if left < round(x) < right else x
        west, south, east, north = polygon.bounds
        for half in (box(west, south, x, north), box(x, south, east, north)):
            waiting += _parts(shapely.intersection(polygon, half))


def _parts(geometry: Any) -> Iterator[Polygon]:
    """Yield the polygons of a geometry; points and lines where two parts touch have no area."""
    if isinstance(geometry, Polygon | MultiPolygon) or hasattr(geometry, "geoms"):
        for part in shapely.get_parts(geometry).tolist():
            if isinstance(part, Polygon) and not part.is_empty:
                yield part


def _points(polygon: Polygon, mask: Mask) -> dict[str, Any]:
    """Return a polygon in percent of the image, first point not repeated."""
    height, width = mask.shape
    corners = shapely.get_coordinates(polygon)[:-1] * [100 / width, 100 / height]
    return {"points": np.clip(corners, 0, 100).tolist(), "closed": True}


def _region(
    control: Control, label: str, value: Mapping[str, Any], mask: Mask, index: int
) -> list[dict[str, Any]]:
    """Return a region as one entry, or as two where one control draws and another labels."""
    common = {
        "id": digest([label, index, value])[:10],
        "to_name": control.image,
        "original_width": mask.shape[1],
        "original_height": mask.shape[0],
        "image_rotation": 0,
    }
    kind = "labels" if control.tool else f"{control.kind}labels"
    labelled = {"type": kind, "from_name": control.name, "value": {**value, kind: [label]}}
    if control.tool is None:
        return [{**common, **labelled}]
    drawn = {"type": control.kind, "from_name": control.tool, "value": dict(value)}
    return [{**common, **drawn}, {**common, **labelled}]
