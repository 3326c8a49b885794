"""Find regions that no prediction supports: either the label or the model is wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from maskbench.dataset import Benchmark
from maskbench.errors import DataError, count_problems
from maskbench.evaluation.predictions import ENDINGS, find_predictions, read_prediction
from maskbench.files.masks import Mask, read_mask
from maskbench.labelstudio.stored import read_task
from maskbench.parallel.run import run_all
from maskbench.params import IGNORE, Params, RasterizeParams
from maskbench.pipeline.layout import Layout
from maskbench.quality.checking import finding, where
from maskbench.quality.checks.shapes import Hit
from maskbench.quality.findings import Finding
from maskbench.regions.draw import RegionResult, draw_regions
from maskbench.regions.task import choose

NAME = "unsupported"


class SupportWork(NamedTuple):
    """An image with its prediction.

    Attributes:
        task: The stored task.
        mask: The true mask.
        prediction: The predicted mask.
        rasterize: How regions become pixels, and which annotation counts.
        classes: The number of classes.
        threshold: The share of a region's pixels that must be predicted as labelled.
    """

    task: Path
    mask: Path
    prediction: Path
    rasterize: RasterizeParams
    classes: int
    threshold: float


def unsupported(folder: Path, params: Params, layout: Layout) -> list[Finding]:
    """Find the regions with too few pixels that are predicted with their class.

    Args:
        folder: Predicted masks, ``<key>.png``; images without one are skipped.
        params: The params; the threshold is ``quality.checks.unsupported``.
        layout: The repository, with a built benchmark.

    Raises:
        DataError: The predictions or the benchmark cannot be read.
    """
    threshold = params.quality.checks.get(NAME)
    benchmark = Benchmark(layout.benchmark)
    predicted = {f.stem for f in folder.glob("*") if f.suffix.lower() in ENDINGS}
    keys = sorted(predicted & set(benchmark.all_keys))
    found = find_predictions(folder, benchmark, keys)
    if found.problems:
        raise DataError(f"{folder}: {count_problems(found.problems)}", found.problems)
    if not keys:
        raise DataError(f"{folder}: has no mask of an image of the benchmark; predict some first")
    works = [
        SupportWork(
            layout.annotations / f"{key}.json",
            benchmark.mask_path(key),
            path,
            params.rasterize._replace(annotation=params.rasterize.criteria(key), choices={}),
            len(benchmark.classes),
            threshold,
        )
        for key, path in found.paths.items()
        if threshold is not None
    ]
    return [entry for own in run_all(find_unsupported, works, "predictions") for entry in own]


def find_unsupported(work: SupportWork) -> list[Finding]:
    """Return the findings in one image."""
    task = read_task(work.task)
    annotation = choose(task.annotations, work.rasterize.annotation)
    if annotation is None or task.image is None:
        return []
    truth = read_mask(work.mask)
    try:
        predicted = read_prediction(work.prediction, truth, work.classes)
    except ValueError as error:
        raise DataError(f"{work.prediction}: {error}") from None
    drawn = draw_regions(annotation.regions, task.image, work.rasterize)
    ids = where(task, annotation)
    hits = compare(drawn, truth, predicted, work.threshold)
    return [finding(NAME, hit, task.key, ids, truth.shape[::-1]) for hit in hits]


def compare(
    drawn: Iterator[RegionResult], truth: Mask, predicted: Mask, threshold: float
) -> Iterator[Hit]:
    """Yield the regions whose share of pixels predicted with their class is below the threshold.

    Args:
        drawn: An annotation's regions.
        truth: Its classes, shape (H, W), uint8; 0 (unlabelled) and 255 do not count.
        predicted: The predicted classes, the same shape.
        threshold: The share of a region's pixels.
    """
    for result in drawn:
        if result.pixels is None:
            continue
        pixels = result.pixels
        own, other = (mask[pixels.window][pixels.inside] for mask in (truth, predicted))
        counts = (own != 0) & (own != IGNORE)
        if not counts.any():
            continue
        share = float(np.mean(own[counts] == other[counts]))
        if share < threshold:
            rows, columns = pixels.inside.shape
            box = (pixels.left, pixels.top, pixels.left + columns, pixels.top + rows)
            what = f"only {share:.0%} of the region is predicted as it is labelled"
            label = " + ".join(result.region.labels)
            yield Hit(share, (result.region.id,), label, what, box)
