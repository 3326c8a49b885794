"""Regions of an annotation to pixels: what each one's geometry gives, or why it gives none."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from maskbench.errors import GeometryError
from maskbench.geometry import OUTLINES, plain_polygons
from maskbench.labelstudio.model import AREAS, NO_AREA, NOT_A_REGION, Image, Region
from maskbench.params import RasterizeParams
from maskbench.raster import Patch, Plane, threshold
from maskbench.vector import is_closed, vector_outline
from maskbench.winding import NOWHERE, Ring, Stretches, union, wind


class Drawn(NamedTuple):
    """What became of one region.

    Attributes:
        patch: Its pixels; None if it has no part in a mask.
        reason: Why it has none, one of :data:`~maskbench.labelstudio.model.REASONS`.
        error: What cannot be read of its geometry; then it has neither.
        outside: Whether it reaches off the image.
    """

    patch: Patch | None = None
    reason: str | None = None
    error: str | None = None
    outside: bool = False


def fill(
    rings: Sequence[Ring], width: int, height: int, all_touched: bool = False
) -> list[Stretches]:
    """The pixels of each outline, by the pixel rule and non-zero winding.

    Args:
        rings: Vertices in pixels, (x, y), each of shape (N, 2); they may cross themselves.
        width: Image width in pixels.
        height: Image height in pixels.
        all_touched: Every pixel touched instead of the centre rule.

    >>> pentagon = np.array([[0, 2], [2.5, 0], [5, 2], [4, 5], [1, 5]])
    >>> (inside,) = fill([pentagon], 5, 5)
    >>> [(a, b) for a, b in zip(inside.begin.tolist(), inside.end.tolist())]
    [(2, 3), (6, 9), (10, 15), (16, 20), (21, 24)]
    """
    found = wind(rings, width, height)
    if not all_touched:
        return found
    from maskbench.touched import touched  # noqa: PLC0415 - GDAL's start-up, for rare use

    size = width * height
    return [union(pair, size) for pair in zip(found, touched(rings, width, height), strict=True)]


def draw(regions: Sequence[Region], image: Image, params: RasterizeParams) -> list[Drawn]:
    """The pixels of an annotation's regions, in their order; all outlines are filled at once."""
    shapes = [_shape(region, image, params) for region in regions]
    _read_polygons(shapes, regions, image)
    rings = [shape for shape in shapes if isinstance(shape, np.ndarray)]
    filled = iter(fill(rings, image.width, image.height, params.all_touched))
    outside = iter(_outside(rings, image))
    found = []
    for region, shape in zip(regions, shapes, strict=True):
        if isinstance(shape, Drawn):
            found.append(shape)
        elif isinstance(shape, Stretches):
            found.append(_drawn(region, shape, outside=False))
        else:
            found.append(_drawn(region, next(filled), next(outside)))
    return found


def draw_region(region: Region, image: Image, params: RasterizeParams) -> Patch | None:
    """The pixels of one region; None where it has no part in a mask.

    Raises:
        GeometryError: Its geometry cannot be read.
    """
    (drawn,) = draw([region], image, params)
    if drawn.error is not None:
        raise GeometryError(drawn.error)
    return drawn.patch


_Shape = Ring | Stretches | Drawn | None
"""An outline, a stroke's pixels, why there is neither, or None: a polygon that is not read yet."""


def _shape(region: Region, image: Image, params: RasterizeParams) -> _Shape:
    if region.shape == NOT_A_REGION:
        return Drawn(reason="not_a_region")
    if region.shape in NO_AREA or _is_open(region):
        return Drawn(reason="no_area")
    if region.shape == "polygon":
        return None
    try:
        return _geometry(region, image, params)
    except GeometryError as error:
        return Drawn(error=str(error))


def _is_open(region: Region) -> bool:
    """Whether the region is a line that was never closed (a polygon is closed by default)."""
    if region.shape == "vector":
        return not is_closed(region.value)
    return region.shape == "polygon" and region.value.get("closed") is False


def _geometry(region: Region, image: Image, params: RasterizeParams) -> Ring | Stretches:
    if region.shape not in AREAS:
        raise GeometryError(f"regions of the type {region.shape!r} cannot be turned into pixels")
    if region.shape in _ALPHA:
        return _stroke(region, image, params.brush_threshold)
    outline = vector_outline if region.shape == "vector" else OUTLINES[region.shape]
    return outline(region.value, image.width, image.height)


def _rle(code: Any, width: int, height: int) -> Plane:
    from maskbench.labelstudio.brush import decode_rle  # noqa: PLC0415 - only strokes need it

    return decode_rle(code, width, height)


def _bitmask(code: Any, width: int, height: int) -> Plane:
    from maskbench.labelstudio.brush import decode_bitmask  # noqa: PLC0415 - only strokes need it

    return decode_bitmask(code, width, height)


_ALPHA: Mapping[str, tuple[str, Callable[[Any, int, int], Plane]]] = {
    "brush": ("rle", _rle),
    "bitmask": ("imageDataURL", _bitmask),
}


def _stroke(region: Region, image: Image, least: int) -> Stretches:
    name, decode = _ALPHA[region.shape]
    code = region.value.get(name)
    if not code:  # an erased stroke is stored as an empty code
        return NOWHERE
    return threshold(decode(code, image.width, image.height), least)


def _read_polygons(shapes: list[_Shape], regions: Sequence[Region], image: Image) -> None:
    """Put the polygons' outlines in; at once if all are well, else one by one."""
    which = [i for i, shape in enumerate(shapes) if shape is None]
    values = [regions[i].value for i in which]
    rings = plain_polygons(values, image.width, image.height)
    for place, i in enumerate(which):
        try:
            shapes[i] = (
                OUTLINES["polygon"](values[place], image.width, image.height)
                if rings is None
                else rings[place]
            )
        except GeometryError as error:
            shapes[i] = Drawn(error=str(error))


def _outside(rings: Sequence[Ring], image: Image) -> list[bool]:
    """Whether each outline reaches off the image."""
    if not rings:
        return []
    x, y = np.concatenate(rings).T
    off = (x < 0) | (x > image.width) | (y < 0) | (y > image.height)
    starts = np.cumsum([0, *map(len, rings[:-1])])
    found: list[bool] = np.logical_or.reduceat(off, starts).tolist()
    return found


def _drawn(region: Region, pixels: Stretches, outside: bool) -> Drawn:
    if not region.labels:
        return Drawn(reason="no_label")
    if not len(pixels.begin):
        return Drawn(reason="no_pixel", outside=outside)
    return Drawn(Patch(region.labels, pixels), outside=outside)
