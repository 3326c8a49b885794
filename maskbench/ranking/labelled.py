"""Rank labelled images by how far a model and the labels disagree: the labels to look at again.

Each measure gives a score from 0 to 1, which grows with the disagreement:

``iou``
    1 minus the mean IoU over the classes that the labels have, as in
    :attr:`maskbench.evaluation.report.ImageScore.true_iou`.
``boundary``
    1 minus the mean boundary IoU over these classes (:mod:`maskbench.evaluation.boundary`).
``contradicted``
    The share of labelled pixels for which the model gives another class a probability of at least
    the confidence. Where a confident model contradicts a label, it is often the label that is
    wrong (C. Northcutt, L. Jiang, I. Chuang, "Confident Learning: Estimating Uncertainty in Dataset
    Labels", JAIR 70, 2021). Masks have no probabilities: every pixel counts as confident.

Pixels that the labels ignore (255) do not count. An image without labelled pixels has the score 0.
"""

import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from maskbench.dataset import Benchmark
from maskbench.errors import DataError, Problem
from maskbench.evaluation.figures import BOUNDARY_IOU, IOU, count_image, figures, mean
from maskbench.files.benchmark import load_mask
from maskbench.files.manifest import Row
from maskbench.files.masks import Mask
from maskbench.params import IGNORE
from maskbench.pipeline.layout import Layout
from maskbench.predictions.folder import (
    Prediction,
    find_files,
    holds_probabilities,
    read_prediction,
)
from maskbench.ranking.model import (
    Files,
    Ranked,
    Ranking,
    RankOptions,
    left_out,
    measure_all,
)
from maskbench.text import counted


class Labelled(NamedTuple):
    """A labelled image to compare: its row of the manifest, and its files."""

    row: Row
    files: Files
    truth: Path


def _measure(
    classes: tuple[str, ...], confidence: float, image: Labelled
) -> dict[str, float] | list[Problem]:
    """Return the measures of an image, or what is wrong with it or its prediction."""
    try:
        truth = load_mask(image.truth, len(classes))
    except DataError as error:
        return list(error.problems)
    try:
        predicted = read_prediction(image.files.first, truth.shape[::-1], classes)
    except ValueError as error:
        return [Problem(str(error), str(image.files.first), image.row.task)]
    return measures(truth, predicted, len(classes), confidence)


def measures(
    truth: Mask, predicted: Prediction, classes: int, confidence: float
) -> dict[str, float]:
    """Return ``iou``, ``boundary_iou`` and ``contradicted`` of one image; NaN: does not apply.

    Args:
        truth: The labels' class values, shape (H, W).
        predicted: The model's prediction.
        classes: The number of classes.
        confidence: The probability from which the model is confident.
    """
    counts = count_image(truth, predicted.mask, classes)[1]
    per_class = figures(counts).per_class
    is_true = counts[1] > 0
    iou, boundary = (
        float(mean(np.where(is_true, per_class[i], np.nan))) for i in (IOU, BOUNDARY_IOU)
    )
    labelled = int(np.count_nonzero(truth != IGNORE))
    wrong = int(np.count_nonzero(contradicted(truth, predicted, confidence))) / max(1, labelled)
    return {"iou": iou, "boundary_iou": boundary, "contradicted": wrong}


def labelled_score(found: Mapping[str, float], by: str) -> float:
    """Return an image's score by one of the measures."""
    value = {
        "iou": 1 - found["iou"],
        "boundary": 1 - found["boundary_iou"],
        "contradicted": found["contradicted"],
    }[by]
    return 0.0 if math.isnan(value) else round(value, 6)


def contradicted(truth: Mask, predicted: Prediction, confidence: float) -> npt.NDArray[np.bool_]:
    """Return where a confident model says something other than the labels, shape (H, W)."""
    differs: npt.NDArray[np.bool_] = (truth != predicted.mask) & (truth != IGNORE)
    if predicted.probabilities is not None:
        differs &= predicted.probabilities.max(axis=0) >= confidence
    return differs


def rank_labelled(layout: Layout, folder: Path, options: RankOptions) -> Ranking:
    """Rank the images of the benchmark that have a prediction.

    Args:
        layout: The repository.
        folder: The predictions.
        options: How to rank.

    Raises:
        DataError: Predictions or benchmark have problems; it names all of them.
    """
    found = find_files(folder)
    benchmark = Benchmark(layout.benchmark)
    keys = [key for key in benchmark.keys if key in found]
    if not keys:
        what = f"{folder} holds no prediction for an image of the benchmark"
        raise DataError(f"{what}; name each file by the key of its image")
    by = options.by or ("contradicted" if holds_probabilities(found[keys[0]]) else "iou")
    images = [_labelled(key, benchmark, found[key]) for key in keys]
    compared = measure_all(partial(_measure, benchmark.classes, options.confidence), images)
    ranked = [_ranked(*pair, by) for pair in zip(images, compared, strict=True)]
    ranked.sort(key=lambda image: (-image.score, image.key))
    without = [key for key in benchmark.keys if key not in found]
    what = f"{counted(len(without), 'image')} not ranked for lack of a prediction"
    return Ranking(
        by,
        ranked,
        min(options.batch, len(ranked)),
        benchmark.classes,
        confidence=options.confidence,
        notes=left_out(without, what),
    )


def _labelled(key: str, benchmark: Benchmark, predicted: Path) -> Labelled:
    row, truth = benchmark.row(key), benchmark.mask_path(key)
    scene = benchmark.scene_path(key)
    return Labelled(row, Files(scene, predicted, truth=truth, scaling=row.scaling), truth)


def _ranked(image: Labelled, found: Mapping[str, float], by: str) -> Ranked:
    row, size = image.row, (image.row.width, image.row.height)
    details: dict[str, float | str | None] = {"split": row.split}
    for name, value in found.items():
        details[name] = None if math.isnan(value) else round(value, 6)
    return Ranked(
        row.key, row.task, row.project, labelled_score(found, by), size, image.files, details
    )
