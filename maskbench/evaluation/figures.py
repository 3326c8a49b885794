"""Compute figures, their means over classes and bootstrap intervals from counts. Pure numpy.

Figures of a set of images come from the counts of all its pixels together, as in Pascal VOC and
Cityscapes, not from averages of images. A figure whose denominator is zero is NaN ("does not
apply") and left out of means: a class that occurs neither in truth nor in prediction has no IoU. A
class that is predicted but nowhere true has IoU 0 and counts.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from maskbench.evaluation.boundary import RATIO, boundaries
from maskbench.evaluation.confusion import Counts, confusion
from maskbench.files.masks import Mask

Values = npt.NDArray[np.float64]

FIGURES = ("iou", "dice", "precision", "recall", "boundary_iou")
"""Per-class figures, in the order of the axis of :attr:`Figures.per_class`."""

HEADINGS = ("IoU", "Dice", "precision", "recall", "boundary IoU")
"""The same in words."""

IOU, BOUNDARY_IOU = FIGURES.index("iou"), FIGURES.index("boundary_iou")

_HIT, _TRUE, _PREDICTED = 0, 1, 2  # rows of an image's counts; the same of boundaries from 3 on

_DRAWS = 64  # bootstrap samples held at a time


@dataclass(frozen=True)
class Figures:
    """Figures of one set of images, or of many sets along leading axes.

    Attributes:
        per_class: Shape (..., 5, K), the five in the order of :data:`FIGURES`; NaN: does not apply.
        mean: Means over the classes to which a figure applies, shape (..., 5).
        pixel_accuracy: Share of the counted pixels that are right, shape (...).
    """

    per_class: Values
    mean: Values
    pixel_accuracy: Values

    def __sub__(self, other: "Figures") -> "Figures":
        return Figures(
            self.per_class - other.per_class,
            self.mean - other.mean,
            self.pixel_accuracy - other.pixel_accuracy,
        )


def mean_rows(columns: Sequence[Figures], names: Sequence[str]) -> list[tuple[str, list[Values]]]:
    """Return the rows of a table of figures: the means over classes, and the pixel accuracy.

    Args:
        columns: What the table compares, such as the figures of two versions.
        names: How it calls :data:`FIGURES`.
    """
    means = [(f"mean {name}", [c.mean[i] for c in columns]) for i, name in enumerate(names)]
    return [*means, ("pixel accuracy", [c.pixel_accuracy for c in columns])]


def class_rows(
    columns: Sequence[Figures], classes: Sequence[str]
) -> list[tuple[str, list[Values]]]:
    """Return the rows of a table of figures that hold the IoU of each class."""
    return [
        (f"IoU {name}", [c.per_class[IOU, k] for c in columns]) for k, name in enumerate(classes)
    ]


def count_image(
    truth: Mask, predicted: Mask, classes: int, ratio: float = RATIO
) -> tuple[Counts, Counts]:
    """Count everything that scoring needs to know about one image.

    Args:
        truth: Class values, shape (H, W), uint8; 255 does not count.
        predicted: Class values, the same shape; 255 is "no class".
        classes: The number of classes, K.
        ratio: See :data:`maskbench.evaluation.boundary.RATIO`.

    Returns:
        The confusion matrix, shape (K, K + 1), and six rows of counts, shape (6, K): pixels hit,
        true and predicted; of the boundaries hit, true and predicted.
    """
    matrix = confusion(truth, predicted, classes)
    edge_truth, edge_predicted = boundaries(truth, predicted, ratio)
    edges = confusion(edge_truth, edge_predicted, classes)
    rows = (
        np.diag(matrix),
        matrix.sum(axis=1),
        matrix.sum(axis=0)[:classes],
        np.diag(edges),
        edges.sum(axis=1),
        np.diag(confusion(edge_predicted, edge_predicted, classes)),
    )
    return matrix, np.stack(rows)


def figures(counts: npt.NDArray[np.int64] | Values) -> Figures:
    """Compute figures from counts, shape (..., 6, K), of an image or summed over images.

    With hits TP, true pixels T and predicted pixels P of a class: IoU = TP / (T + P - TP),
    Dice = 2 TP / (T + P), precision = TP / P, recall = TP / T; boundary IoU is the IoU of
    boundaries (:mod:`maskbench.evaluation.boundary`); pixel accuracy = sum of TP / sum of T.
    """
    values = counts.astype(np.float64, copy=False)
    hit, true, predicted = (values[..., row, :] for row in (_HIT, _TRUE, _PREDICTED))
    edge_hit, edge_true, edge_predicted = (values[..., row, :] for row in (3, 4, 5))
    per_class = np.stack(
        [
            _ratio(hit, true + predicted - hit),
            _ratio(2 * hit, true + predicted),
            _ratio(hit, predicted),
            _ratio(hit, true),
            _ratio(edge_hit, edge_true + edge_predicted - edge_hit),
        ],
        axis=-2,
    )
    return Figures(per_class, mean(per_class), _ratio(hit.sum(axis=-1), true.sum(axis=-1)))


def _ratio(part: Values, whole: Values) -> Values:
    result = np.full(np.shape(part), np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result


def mean(values: Values) -> Values:
    """Return the mean of the last axis without NaN; NaN where only NaN is."""
    applies = ~np.isnan(values)
    return _ratio(np.where(applies, values, 0.0).sum(axis=-1), applies.sum(axis=-1).astype(float))


def bootstrap(counts: Counts, groups: npt.NDArray[np.intp], resamples: int, seed: int) -> Figures:
    """Compute the figures of random draws of the images (Efron 1979).

    Groups of images are drawn with replacement, as many as there are, and the figures are computed
    from the pixels of all that were drawn. Images of one group (one room, one patient) are drawn
    together, since they are not independent evidence. Equal groups and seeds give equal draws, so
    that the draws of two predictions of the same images are paired.

    Args:
        counts: The counts of each image, shape (N, 6, K).
        groups: The group's number of each image, shape (N,), from 0 on without gaps.
        resamples: The number of draws.
        seed: The random generator's seed.

    Returns:
        The figures with one leading axis, a draw an entry. Without draws, or with fewer than two
        groups, it has one entry in which no figure applies.
    """
    size = int(groups.max()) + 1 if len(groups) else 0
    if size < 2 or resamples < 1:
        return figures(np.zeros((1, *counts.shape[1:])))
    units = np.zeros((size, *counts.shape[1:]), dtype=np.float64)
    np.add.at(units, groups, counts)
    drawn = [figures(sums) for sums in resample(units, resamples, seed)]
    parts = zip(*((d.per_class, d.mean, d.pixel_accuracy) for d in drawn), strict=True)
    return Figures(*map(np.concatenate, parts))


def resample(units: Values, resamples: int, seed: int) -> Iterator[Values]:
    """Yield sums of random draws of units with replacement, as many as there are, in blocks.

    Args:
        units: Counts, shape (N, ...).
        resamples: The number of draws.
        seed: The random generator's seed.

    Yields:
        The sums of some draws, shape (D, ...).
    """
    random, size = np.random.default_rng(seed), len(units)
    for start in range(0, resamples, _DRAWS):
        draws = min(_DRAWS, resamples - start)
        weights = np.stack(
            [np.bincount(random.integers(size, size=size), minlength=size) for _ in range(draws)]
        )
        sums = weights.astype(np.float64) @ units.reshape(size, -1)
        yield sums.reshape(draws, *units.shape[1:])


def percentiles(drawn: Figures) -> tuple[Figures, Figures]:
    """Return the two figures between which the middle 95 % of the draws lie.

    Draws in which a figure does not apply are left out; the ends are NaN where no draw is left.
    """
    per_class, means, accuracy = (
        percentiles_of(values) for values in (drawn.per_class, drawn.mean, drawn.pixel_accuracy)
    )
    low, high = (Figures(per_class[i], means[i], accuracy[i]) for i in (0, 1))
    return low, high


def percentiles_of(values: Values) -> Values:
    """Return both ends of the middle 95 % of values along the first axis, shape (2, ...)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of numpy, where only NaN is
        found: Values = np.nanpercentile(values, (2.5, 97.5), axis=0)
    return found
