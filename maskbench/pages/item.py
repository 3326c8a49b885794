"""Tell a page's scripts all about a mask's pixels: class, regions, and why. See docs/pages.md.

The scripts only look things up: which regions lie on a pixel, which of them count and which rule
decides is found here, with the same functions that build masks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from rasterio import features

from maskbench.pages.data import CellData, ClassNumbers, MaskData, RegionData, pack
from maskbench.params import Params
from maskbench.regions.build import RegionResult, draw_regions
from maskbench.regions.label_set import deciding_regions
from maskbench.regions.rasterize import RegionPixels
from maskbench.regions.rules import ClassRules
from maskbench.regions.task import Task, choose

_NO_CLASS = 65535

Place = tuple[int, int, int, int, int]
"""Left, top, right, bottom (one past the last pixel) and number of pixels of a part of a mask."""


@dataclass(frozen=True)
class DrawnTask:
    """The regions of the annotation that counts, laid over each other.

    Attributes:
        regions: Those with an area and a label, in drawing order, without their pixels.
        data: The same for a page's scripts.
        boxes: Left, top, right and bottom of their pixels' windows; zeros without a pixel.
        dropped: Regions that have no part in the mask, or cannot be read.
        sets: Sets of regions that lie on a pixel together, as places in ``regions``.
        pixels: The set of each pixel, as its place in ``sets``, shape (H, W), uint32.
    """

    regions: list[RegionResult]
    data: list[RegionData]
    boxes: list[tuple[int, int, int, int]]
    dropped: list[RegionResult]
    sets: list[tuple[int, ...]]
    pixels: npt.NDArray[np.uint32]

    @cached_property
    def counts(self) -> list[int]:
        """Return the number of pixels of each set."""
        found = np.bincount(self.pixels.reshape(-1), minlength=len(self.sets))
        return [int(count) for count in found]


def draw_task(task: Task, params: Params, shape: tuple[int, int]) -> DrawnTask:
    """Lay the regions of a task over each other; shape: height and width of its mask.

    Without an annotation that counts, or on an image of another size, there are no regions.
    """
    pixels = np.zeros(shape, dtype=np.uint32)
    found = DrawnTask([], [], [], [], [()], pixels)
    annotation, image = choose(task.annotations, params.rasterize.criteria(task.key)), task.image
    if annotation is None or image is None or (image.height, image.width) != shape:
        return found
    for result in draw_regions(annotation.regions, image, params.rasterize):
        if result.dropped or result.error:
            found.dropped.append(result)
        if result.pixels is not None or result.dropped == "no_pixel":
            found.data.append(_region_data(result))
            found.boxes.append(_box(result.pixels))
            if result.pixels is not None:
                _lay(result.pixels, len(found.regions), pixels, found.sets)
            found.regions.append(replace(result, pixels=None))
    return found


def _box(pixels: RegionPixels | None) -> tuple[int, int, int, int]:
    if pixels is None:
        return (0, 0, 0, 0)
    height, width = pixels.inside.shape
    return (pixels.left, pixels.top, pixels.left + width, pixels.top + height)


def _lay(
    region: RegionPixels,
    number: int,
    pixels: npt.NDArray[np.uint32],
    sets: list[tuple[int, ...]],
) -> None:
    """Add a region to the sets of the pixels below it."""
    window = pixels[region.window]
    below = window[region.inside]
    found = np.flatnonzero(np.bincount(below, minlength=len(sets)))
    table = np.zeros(len(sets), dtype=np.uint32)
    table[found] = np.arange(len(sets), len(sets) + len(found))
    window[region.inside] = table[below]
    sets.extend([(*sets[i], number) for i in found])


def mask_data(
    classes: ClassNumbers, names: Sequence[str], drawn: DrawnTask, params: Params
) -> MaskData:
    """Return a mask for a page's scripts.

    Each set of regions is a cell; where the mask's file has another class than the set gives, there
    are cells beside.

    Args:
        classes: The class of each pixel in the mask's file.
        names: The page's classes, by number.
        drawn: The task's regions.
        params: The version's params, which say why a pixel has its class.
    """
    decisions = decide(drawn, params)
    numbers = [names.index(name) if name in names else _NO_CLASS for name, *_ in decisions]
    cells: list[CellData] = [
        {"class_number": number, "reason": why, "regions": list(regions), "deciding": winners}
        for number, (_, why, winners), regions in zip(numbers, decisions, drawn.sets, strict=True)
    ]
    pixels = drawn.pixels
    differs = np.array(numbers, dtype=np.uint16)[pixels] != classes
    if differs.any():
        pairs = classes[differs].astype(np.int64) * len(cells) + pixels[differs]
        found, places = np.unique(pairs, return_inverse=True)
        pixels = pixels.copy()
        pixels[differs] = len(cells) + places
        for number, place in [divmod(int(pair), len(numbers)) for pair in found]:
            why = f"{cells[place]['reason']}, which gives {decisions[place][0] or 'no class'}"
            why += ": the mask was edited, or is stale"
            cells.append({**cells[place], "class_number": number, "reason": why})
    used = np.flatnonzero(np.bincount(pixels.reshape(-1)))
    table = np.zeros(len(cells), dtype=np.uint16)
    table[used] = np.arange(len(used))
    height, width = classes.shape
    return {
        "size": (width, height),
        "cells": [cells[i] for i in used],
        "pixels": pack(table[pixels]),
        "regions": drawn.data,
    }


def decide(drawn: DrawnTask, params: Params) -> list[tuple[str | None, str, list[int]]]:
    """Return for each set of regions its class, what decides it, and which regions count."""
    rules, found = ClassRules.of(params), []
    for regions in drawn.sets:
        counts = [drawn.regions[i].count for i in regions]
        winners = sorted(regions[i] for i in deciding_regions(params.rasterize.overlap, counts))
        labels = labels_of(drawn, winners)
        found.append((rules.class_of(labels), rules.reason(labels), winners))
    return found


def labels_of(drawn: DrawnTask, regions: Sequence[int]) -> frozenset[str]:
    """Return the labels of some of a task's regions."""
    return frozenset(label for i in regions for label in drawn.regions[i].region.labels)


def _region_data(result: RegionResult) -> RegionData:
    region = result.region
    data: RegionData = {
        "id": region.id,
        "shape": region.shape,
        "labels": list(region.labels),
        "pixels": result.count,
    }
    if result.outline is not None:
        points = shapely.get_coordinates(result.outline)[:-1]
        data["ring"] = points.round(2).reshape(-1).tolist()
    elif result.pixels is not None:
        data["rows"] = _rows(result.pixels)
    return data


def _rows(pixels: RegionPixels) -> list[int]:
    """Return y, first x and end x of each run of a region's pixels along a row."""
    steps = np.diff(np.pad(pixels.inside, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, first = np.nonzero(steps == 1)
    end = np.nonzero(steps == -1)[1]
    runs = [rows + pixels.top, first + pixels.left, end + pixels.left]
    return np.column_stack(runs).reshape(-1).tolist()


def places(where: npt.NDArray[np.bool_], most: int = 20) -> list[Place]:
    """Return the connected parts of the pixels that are True, largest first."""
    found = []
    for outline, _ in features.shapes(where.astype(np.uint8), mask=where, connectivity=8):
        part = shapely.geometry.shape(outline)
        left, top, right, bottom = map(int, part.bounds)
        found.append((left, top, right, bottom, int(part.area)))
    return sorted(found, key=lambda place: (-place[4], place[1], place[0]))[:most]
