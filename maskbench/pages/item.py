"""Collect for a page's scripts the class, regions and reason of each pixel. See docs/pages.md.

The scripts only look things up: which regions lie on a pixel, which of them count and which rule
decides is found here, with the same functions that build masks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from rasterio import features

from maskbench.pages.data import CellData, ClassNumbers, MaskData, RegionData, pack, run_starts
from maskbench.params import Params
from maskbench.regions.build import build_mask
from maskbench.regions.consensus import BELOW, TIED, Agreed, describe_votes
from maskbench.regions.draw import RegionResult, draw_regions
from maskbench.regions.label_set import deciding_regions
from maskbench.regions.rasterize import RegionPixels
from maskbench.regions.rules import ClassRules
from maskbench.regions.task import Task, choose_votes

_NO_CLASS = 65535

Place = tuple[int, int, int, int, int]
"""A part of a mask: left, top, right, bottom (one past the last pixel), number of pixels."""


@dataclass(frozen=True)
class DrawnTask:
    """The regions of the annotations that count, with the regions on each pixel.

    Attributes:
        regions: Those with an area and a label, in drawing order, without their pixels.
        data: The same for a page's scripts.
        boxes: Left, top, right and bottom of their pixels' windows; zeros without a pixel.
        dropped: Regions that have no part in the mask, or cannot be read.
        sets: Sets of regions that lie on a pixel together, as indices of ``regions``.
        votes: The places of each annotation's regions, with the annotator's name: one, or those of
            a consensus.
        decided: Of several votes, what they make of each of ``sets``: mask value and outcome
            (:meth:`maskbench.regions.consensus.Agreed.outcome`).
        pixels: The set of each pixel, as its place in ``sets``, shape (H, W), uint32.
    """

    regions: list[RegionResult]
    data: list[RegionData]
    boxes: list[tuple[int, int, int, int]]
    dropped: list[RegionResult]
    sets: list[tuple[int, ...]]
    votes: list[tuple[str, range]]
    decided: list[tuple[int, str]]
    pixels: npt.NDArray[np.uint32]

    @cached_property
    def counts(self) -> list[int]:
        """Return the number of pixels of each set."""
        flat, starts = self.pixels.reshape(-1), run_starts(self.pixels)
        lengths = np.diff(starts, append=flat.size)
        found = np.bincount(flat[starts], lengths, minlength=len(self.sets))
        return [int(count) for count in found]


def draw_task(task: Task, params: Params, shape: tuple[int, int]) -> DrawnTask:
    """Find which regions of a task lie on each pixel; shape: height and width of its mask.

    Without an annotation that counts, or on an image of another size, there are no regions.
    """
    pixels = np.zeros(shape, dtype=np.uint32)
    found = DrawnTask([], [], [], [], [()], [], [], pixels)
    votes, image = choose_votes(task.annotations, params.rasterize.criteria(task.key)), task.image
    if image is None or (image.height, image.width) != shape:
        return found
    for vote in votes:
        first = len(found.regions)
        for result in draw_regions(vote.regions, image, params.rasterize):
            _add(result, found)
        name = f"user {vote.completed_by or 'unknown'}"
        found.votes.append((name, range(first, len(found.regions))))
    built = build_mask(task, params) if len(votes) > 1 else None
    return (
        found if built is None or built.agreed is None else _divide_by_outcome(found, built.agreed)
    )


def _add(result: RegionResult, found: DrawnTask) -> None:
    if result.dropped or result.error:
        found.dropped.append(result)
    if result.pixels is not None or result.dropped == "no_pixel":
        found.data.append(_region_data(result))
        found.boxes.append(_box(result.pixels))
        if result.pixels is not None:
            _lay(result.pixels, len(found.regions), found.pixels, found.sets)
        found.regions.append(replace(result, pixels=None))


_OUTCOMES = ("", TIED, BELOW)


def _divide_by_outcome(found: DrawnTask, agreed: Agreed) -> DrawnTask:
    """Divide the sets of regions by the outcome of the vote; STAPLE's varies within a set."""
    outcomes = agreed.tied * 1 + agreed.below * 2
    codes = (found.pixels.astype(np.int64) * len(_OUTCOMES) + outcomes) * 256 + agreed.mask
    kinds, pixels = np.unique(codes, return_inverse=True)
    parts = [(*divmod(code // 256, len(_OUTCOMES)), code % 256) for code in kinds.tolist()]
    return replace(
        found,
        sets=[found.sets[place] for place, _, _ in parts],
        decided=[(value, _OUTCOMES[outcome]) for _, outcome, value in parts],
        pixels=pixels.reshape(found.pixels.shape).astype(np.uint32),
    )


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
    """Add a region to the sets of its pixels."""
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
    decisions = decide_sets(drawn, params)
    numbers = [names.index(name) if name in names else _NO_CLASS for name, *_ in decisions]
    cells: list[CellData] = [
        {"class_number": number, "reason": why, "regions": list(regions), "deciding": winners}
        for number, (_, why, winners), regions in zip(numbers, decisions, drawn.sets, strict=True)
    ]
    starts = run_starts(drawn.pixels, classes)
    runs = drawn.pixels.reshape(-1)[starts].astype(np.int64)
    given = classes.reshape(-1)[starts]
    differs = np.array(numbers, dtype=np.uint16)[runs] != given
    if differs.any():
        pairs = given[differs].astype(np.int64) * len(cells) + runs[differs]
        found, places = np.unique(pairs, return_inverse=True)
        runs[differs] = len(cells) + places
        for number, place in [divmod(int(pair), len(numbers)) for pair in found]:
            why = f"{cells[place]['reason']}, which gives {decisions[place][0] or 'no class'}"
            why += ": the mask was edited, or is stale"
            cells.append({**cells[place], "class_number": number, "reason": why})
    used, places = np.unique(runs, return_inverse=True)
    height, width = classes.shape
    return {
        "size": (width, height),
        "cells": [cells[i] for i in used],
        "pixels": pack(starts, places, width),
        "regions": drawn.data,
    }


def decide_sets(drawn: DrawnTask, params: Params) -> list[tuple[str | None, str, list[int]]]:
    """Return for each set of regions its class, what decides it, and which regions count."""
    if drawn.decided:
        return [_decided(drawn, i, params) for i in range(len(drawn.sets))]
    rules, found = ClassRules.of(params), []
    for regions in drawn.sets:
        winners = _winners(drawn, regions, params)
        labels = labels_of(drawn, winners)
        found.append((rules.class_of(labels), rules.reason(labels), winners))
    return found


def vote_decisions(
    drawn: DrawnTask, params: Params
) -> Iterator[tuple[int, str | None, str, list[int]]]:
    """Yield each set's index and decision, as in :func:`decide_sets`, for each annotation."""
    rules = ClassRules.of(params)
    for place, regions in enumerate(drawn.sets):
        for _, own in drawn.votes or [("", range(0))]:
            winners = _winners(drawn, [i for i in regions if i in own], params)
            labels = labels_of(drawn, winners)
            yield place, rules.class_of(labels), rules.reason(labels), winners


def _winners(drawn: DrawnTask, regions: Sequence[int], params: Params) -> list[int]:
    """Return the regions on a pixel that decide its class, of one annotation."""
    counts = [drawn.regions[i].count for i in regions]
    return sorted(regions[i] for i in deciding_regions(params.rasterize.overlap, counts))


def _decided(drawn: DrawnTask, number: int, params: Params) -> tuple[str | None, str, list[int]]:
    """Return class, reason and deciding regions of a set on which several annotators voted."""
    rules, value = ClassRules.of(params), drawn.decided[number][0]
    winners: list[int] = []
    given: dict[str, str] = {}
    for name, own in drawn.votes:
        counting = _winners(drawn, [i for i in drawn.sets[number] if i in own], params)
        winners += counting
        given[name] = rules.class_of(labels_of(drawn, counting)) or "no class"
    why = describe_votes(list(given.values()), params.combine.consensus, drawn.decided[number][1])
    who = ", ".join(f"{name}: {voted}" for name, voted in given.items())
    return params.class_names[value], f"{why} ({who})", sorted(winners)


def labels_of(drawn: DrawnTask, regions: Sequence[int]) -> frozenset[str]:
    """Return the labels of these regions of a task."""
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
