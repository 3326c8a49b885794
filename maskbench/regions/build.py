"""Build a task's mask from its annotation and the params.

:func:`build_mask` does it all: :func:`build_label_set`, which the stage *rasterize* calls, then
:func:`~maskbench.regions.rules.class_mask`, which *combine* calls. What needs single regions
(blame, exports, pages) calls :func:`draw_regions`.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from maskbench.errors import GeometryError
from maskbench.files.masks import Mask
from maskbench.params import Params, RasterizeParams, missing_label
from maskbench.regions.label_set import LabelSet, paint, painting_order
from maskbench.regions.rasterize import RegionPixels, fill
from maskbench.regions.rules import ClassRules, Combination, class_mask
from maskbench.regions.shapes import KINDS, RegionKind
from maskbench.regions.task import (
    NOT_A_REGION,
    Annotation,
    Image,
    Region,
    Task,
    choose,
    renamed,
)

REASONS = ("no_label", "no_pixel", "no_area", "not_a_region", "other_image", "left_out")
"""Why a region has no part in a mask without being an error."""

SLIPS = {
    "no_label": "has no label",
    "no_pixel": "has no pixel inside the image",
    "no_area": "is a point or an open line, which has no area",
}
"""Slips of the hand among the reasons, and what they look like: dropped, unless ``strict``."""


@dataclass(frozen=True)
class RegionResult:
    """What became of one region.

    Attributes:
        region: The region, with the labels that ``label_aliases`` gives it.
        outline: Its polygon in pixels; None for strokes and for what has no area.
        pixels: Its pixels; None if it is dropped or unreadable, and in :class:`RasterizedTask`,
            which would fill the memory.
        count: How many pixels it has.
        dropped: Why it has no part in a mask, one of :data:`REASONS`.
        error: What cannot be read of its geometry.
        is_clipped: Whether its outline reaches off the image.
        aliased: The labels that it was drawn with and that ``label_aliases`` replaced.
    """

    region: Region
    outline: shapely.Polygon | None = None
    pixels: RegionPixels | None = None
    count: int = 0
    dropped: str | None = None
    error: str | None = None
    is_clipped: bool = False
    aliased: tuple[str, ...] = ()


@dataclass(frozen=True)
class RasterizedTask:
    """What *rasterize* makes of a task.

    Attributes:
        annotation: The annotation that counts.
        image: The task's image.
        label_set: The labels on each pixel.
        regions: What became of the annotation's regions, in drawing order, without their pixels.
    """

    annotation: Annotation
    image: Image
    label_set: LabelSet
    regions: tuple[RegionResult, ...]

    @property
    def errors(self) -> tuple[str, ...]:
        """Return what cannot be read of the regions' geometries."""
        return tuple(result.error for result in self.regions if result.error is not None)


@dataclass(frozen=True)
class BuiltMask:
    """A task's class mask, or why there is none.

    Attributes:
        rasterized: What became of the task's regions.
        faults: What is wrong with them: (region, what), in drawing order. Then there is no mask.
        mask: Class values, shape (H, W), uint8; None if there are faults.
        combinations: The combinations of labels that occur, those without a rule among them.
    """

    rasterized: RasterizedTask
    faults: tuple[tuple[Region, str], ...]
    mask: Mask | None
    combinations: tuple[Combination, ...] = ()


def build_mask(task: Task, params: Params) -> BuiltMask | None:
    """Make a task's class mask: *rasterize*, then *combine*; None if no annotation counts."""
    rasterized = build_label_set(task, params.rasterize)
    if rasterized is None:
        return None
    faults = find_faults(rasterized, params.labels_map, params.rasterize.strict)
    if faults:
        return BuiltMask(rasterized, faults, None)
    mask, combinations = class_mask(rasterized.label_set, ClassRules.of(params))
    return BuiltMask(rasterized, (), mask, tuple(combinations))


def build_label_set(task: Task, params: RasterizeParams) -> RasterizedTask | None:
    """Lay the regions of the annotation that counts over each other.

    Returns:
        The label set and what became of each region; None if no annotation counts or the task has
        no image.
    """
    annotation, image = choose(task.annotations, params.criteria(task.key)), task.image
    if annotation is None or image is None:
        return None
    regions = annotation.regions
    order = list(range(len(regions)))
    if params.overlap == "smallest":  # the order depends on how large they are
        counts = [result.count for result in draw_regions(regions, image, params)]
        order = painting_order(params.overlap, counts)
    results: dict[int, RegionResult] = {}

    def layers() -> Iterator[tuple[Sequence[str], RegionPixels]]:
        drawn = draw_regions([regions[i] for i in order], image, params)
        for i, result in zip(order, drawn, strict=True):
            results[i] = replace(result, pixels=None)  # a window each would fill the memory
            if result.pixels is not None:
                yield result.region.labels, result.pixels

    areas = [r for r in regions if not r.on_other_image and _kind(r).has_area(r.value, params)]
    labels = {label for r in areas for label in renamed(r, params.label_aliases).labels}
    painted = paint(layers(), labels, image.width, image.height, params.overlap)
    return RasterizedTask(annotation, image, painted, tuple(results[i] for i in sorted(results)))


def draw_regions(
    regions: Sequence[Region], image: Image, params: RasterizeParams
) -> Iterator[RegionResult]:
    """Find the pixels of each region, in the regions' order.

    Args:
        regions: The regions of an annotation.
        image: The image that they lie on; only its size counts.
        params: How regions become pixels.
    """
    read = [_read(region, image, params) for region in regions]
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


_NO_KIND = RegionKind((), has_area=lambda value, params: False)


def _kind(region: Region) -> RegionKind:
    return KINDS.get(region.shape, _NO_KIND)


def _read(drawn: Region, image: Image, params: RasterizeParams) -> RegionResult:
    """Rename a region's labels, then read its outline, or why it has no part in a mask."""
    aliased = tuple(label for label in drawn.labels if label in params.label_aliases)
    region = renamed(drawn, params.label_aliases)
    if aliased and not region.labels:
        return RegionResult(drawn, dropped="left_out", aliased=aliased)
    return replace(_read_outline(region, image, params), aliased=aliased)


def _read_outline(region: Region, image: Image, params: RasterizeParams) -> RegionResult:
    kind = _kind(region)
    if region.shape == NOT_A_REGION or region.on_other_image:
        reason = "not_a_region" if region.shape == NOT_A_REGION else "other_image"
        return RegionResult(region, dropped=reason)
    if region.shape not in KINDS:
        what = f"regions of the type {region.shape!r} cannot be turned into pixels"
        return RegionResult(region, error=what)
    if not kind.has_area(region.value, params):
        return RegionResult(region, dropped="no_area")
    if kind.outline is None:
        return RegionResult(region)
    try:
        outline = kind.outline(region.value, image.width, image.height, params)
    except GeometryError as error:
        return RegionResult(region, error=str(error))
    left, top, right, bottom = outline.bounds
    is_clipped = left < 0 or top < 0 or right > image.width or bottom > image.height
    return RegionResult(region, outline, is_clipped=is_clipped)


def _is_filled(result: RegionResult, params: RasterizeParams) -> bool:
    """Tell whether the pixels come from filling the outline, not from the kind's ``pixels``."""
    return result.outline is not None and (params.all_touched or not _kind(result.region).pixels)


def _own_pixels(result: RegionResult, image: Image, params: RasterizeParams) -> RegionPixels:
    pixels = _kind(result.region).pixels
    if pixels is None:
        raise TypeError(f"nothing says which pixels a {result.region.shape} has")
    return pixels(result.region.value, image.width, image.height, params)


def _with_pixels(result: RegionResult, pixels: RegionPixels) -> RegionResult:
    count = int(np.count_nonzero(pixels.inside))
    if not result.region.labels:
        return replace(result, dropped="no_label", is_clipped=False)
    if not count:
        return replace(result, dropped="no_pixel")
    return replace(result, pixels=pixels, count=count)


def find_faults(
    rasterized: RasterizedTask, labels: Collection[str], strict: bool = False
) -> tuple[tuple[Region, str], ...]:
    """Find what is wrong with a task's regions, such as a label that is none of ``labels``.

    Args:
        rasterized: What became of them.
        labels: The labels that ``labels_map`` has.
        strict: Regions that :data:`SLIPS` would drop are faults, too.

    Returns:
        (region, what is wrong with it), in drawing order; a region can have several faults.
    """
    return tuple(
        (result.region, fault)
        for result in rasterized.regions
        for fault in _faults(result, rasterized.image, labels, strict)
    )


def unknown_labels(rasterized: RasterizedTask, labels: Collection[str]) -> Counter[str]:
    """Count the regions of each label that ``labels_map`` lacks; those without area need no class.

    Args:
        rasterized: What became of the regions.
        labels: The labels that ``labels_map`` has.
    """
    return Counter(label for result in rasterized.regions for label in _unknown(result, labels))


def _unknown(result: RegionResult, labels: Collection[str]) -> list[str]:
    if result.dropped in ("no_area", "not_a_region", "other_image", "left_out"):
        return []
    return [label for label in result.region.labels if label not in labels]


def _faults(result: RegionResult, image: Image, labels: Collection[str], strict: bool) -> list[str]:
    region = result.region
    if region.on_other_image or result.dropped == "left_out":
        return []
    faults = [f"the label {missing_label(label, labels)}" for label in _unknown(result, labels)]
    if region.original_size is not None:
        faults.append(_other_size(region.original_size, image))
    if result.error is not None:
        faults.append(result.error)
    elif strict and result.dropped in SLIPS:
        faults.append(f"{SLIPS[result.dropped]}; rasterize.strict stops here")
    return faults


def _other_size(drawn: tuple[int, int], image: Image) -> str:
    """Say that a region was drawn on an image of another size, and what that looks like."""
    (width, height), real = drawn, (image.width, image.height)
    size = f"{real[0]} x {real[1]}"
    said = f"was drawn on an image of {width} x {height} pixels, but the image has {size}: "
    again = "open the task in Label Studio and press Update, which saves its true size"
    if not (width and height):
        return f"{said}that is no size: a script or converter wrote it; {again}"
    if (height, width) == real:
        return f"{said}one of them lies on its side: put the image back as it was annotated"
    scale = width / real[0]
    if abs(height - real[1] * scale) <= 1:
        return (
            f"{said}it looks like a copy at {100 * scale:.4g} % of its size: put the annotated "
            f"copy there; or, if both show the same, {again}"
        )
    return f"{said}the image was replaced; put the right one back or draw the region again"
