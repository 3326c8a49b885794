"""Draw the regions of an annotation: each becomes pixels, or a reason why it has none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from maskbench.errors import GeometryError
from maskbench.params import RasterizeParams
from maskbench.regions.rasterize import RegionPixels, fill
from maskbench.regions.shapes import KINDS
from maskbench.regions.task import NOT_A_REGION, Image, Region, renamed

REASONS = ("no_label", "no_pixel", "no_area", "not_a_region", "other_image", "left_out")
"""Reasons to drop a region without an error."""


@dataclass(frozen=True)
class RegionResult:
    """The outcome for one region.

    Attributes:
        region: The region, with the labels that ``label_aliases`` gives it.
        outline: Its polygon in pixels; None for strokes and for regions without area.
        pixels: Its pixels; None if it is dropped or unreadable, and in :class:`RasterizedTask`,
            which would fill the memory.
        count: How many pixels it has.
        dropped: Why it is dropped, one of :data:`REASONS`; None if it is not.
        error: Why its geometry cannot be read; None if it can.
        is_clipped: Whether its outline reaches off the image.
        aliased: The labels it was drawn with that ``label_aliases`` replaced.
    """

    region: Region
    outline: shapely.Polygon | None = None
    pixels: RegionPixels | None = None
    count: int = 0
    dropped: str | None = None
    error: str | None = None
    is_clipped: bool = False
    aliased: tuple[str, ...] = ()


def draw_regions(
    regions: Sequence[Region], image: Image, params: RasterizeParams
) -> Iterator[RegionResult]:
    """Find the pixels of each region, in the regions' order.

    Args:
        regions: The regions of an annotation.
        image: The image that they lie on; only its size counts.
        params: How regions become pixels.
    """
    read = read_regions(regions, image, params)
    outlines = [result.outline for result in read if _is_filled(result, params)]
    filled = fill(outlines, image.width, image.height, params.all_touched)
    for result in read:
        if result.dropped or result.error:
            yield result
        elif _is_filled(result, params):
            yield _with_pixels(result, next(filled))
        else:
            try:
                yield _with_pixels(result, _own_pixels(result, image, params))
            except GeometryError as error:
                yield replace(result, error=str(error))


def read_regions(
    regions: Sequence[Region], image: Image, params: RasterizeParams
) -> list[RegionResult]:
    """Read the outline of each region, or why it has no part in a mask; do not find its pixels.

    Args:
        regions: The regions of an annotation.
        image: The image that they lie on; only its size counts.
        params: How regions become pixels.
    """
    return [_read(region, image, params) for region in regions]


def has_area(region: Region, params: RasterizeParams) -> bool:
    """Tell whether a region can have pixels on the image that is annotated."""
    kind = KINDS.get(region.shape)
    return kind is not None and not region.on_other_image and kind.has_area(region.value, params)


def _read(drawn: Region, image: Image, params: RasterizeParams) -> RegionResult:
    """Rename a region's labels, then read its outline, or why it has no part in a mask."""
    aliased = tuple(label for label in drawn.labels if label in params.label_aliases)
    region = renamed(drawn, params.label_aliases)
    if aliased and not region.labels:
        return RegionResult(drawn, dropped="left_out", aliased=aliased)
    return replace(_read_outline(region, image, params), aliased=aliased)


def _read_outline(region: Region, image: Image, params: RasterizeParams) -> RegionResult:
    if reason := _reason_to_drop(region, params):
        return RegionResult(region, dropped=reason)
    kind = KINDS.get(region.shape)
    if kind is None:
        what = f"regions of the type {region.shape!r} cannot be turned into pixels"
        return RegionResult(region, error=what)
    if kind.outline is None:
        return RegionResult(region)
    try:
        outline = kind.outline(region.value, image.width, image.height, params)
    except GeometryError as error:
        return RegionResult(region, error=str(error))
    left, top, right, bottom = outline.bounds
    is_clipped = left < 0 or top < 0 or right > image.width or bottom > image.height
    return RegionResult(region, outline, is_clipped=is_clipped)


def _reason_to_drop(region: Region, params: RasterizeParams) -> str | None:
    if region.shape == NOT_A_REGION:
        return "not_a_region"
    if region.on_other_image:
        return "other_image"
    is_known = region.shape in KINDS
    return "no_area" if is_known and not has_area(region, params) else None


def _is_filled(result: RegionResult, params: RasterizeParams) -> bool:
    """Tell whether the pixels come from filling the outline, not from the kind's ``pixels``."""
    if result.outline is None:
        return False
    return params.all_touched or KINDS[result.region.shape].pixels is None


def _own_pixels(result: RegionResult, image: Image, params: RasterizeParams) -> RegionPixels:
    """Find the pixels by the kind's ``pixels``, which a kind without an outline always has."""
    pixels = KINDS[result.region.shape].pixels
    assert pixels is not None  # noqa: S101 - see above
    return pixels(result.region.value, image.width, image.height, params)


def _with_pixels(result: RegionResult, pixels: RegionPixels) -> RegionResult:
    count = int(np.count_nonzero(pixels.inside))
    if not result.region.labels:
        return replace(result, dropped="no_label", is_clipped=False)
    if not count:
        return replace(result, dropped="no_pixel")
    return replace(result, pixels=pixels, count=count)
