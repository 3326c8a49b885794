"""Count pixels by true and predicted class. Pure numpy."""

from typing import Any

import numpy as np
import numpy.typing as npt

from maskbench.files.masks import Mask

Counts = npt.NDArray[np.int64]

_BLOCK = 1 << 17
"""Pixels counted at a time, which bounds memory."""

_MEAN_RUN = 8
"""Runs of this mean length or longer are counted as runs, shorter ones pixel by pixel."""


def confusion(truth: Mask, predicted: Mask, classes: int) -> Counts:
    """Count how many pixels of each class were predicted as which class.

    Args:
        truth: Class values, shape (H, W), uint8; pixels of 255 do not count.
        predicted: Class values, the same shape; a value that is no class, such as 255, is "no
            class": wrong, but a false positive of no class.
        classes: The number of classes, K ≤ 254.

    Returns:
        Shape (K, K + 1): rows are true classes, columns predicted ones, the last is "no class".
    """
    side = classes + 1  # one more for what is no class
    counts = np.zeros(side * side, dtype=np.int64)
    flat_truth, flat_predicted = truth.reshape(-1), predicted.reshape(-1)
    for start in range(0, flat_truth.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        rows = np.minimum(flat_truth[block], classes).astype(np.uint16)
        counts += _count(rows * side + np.minimum(flat_predicted[block], classes), side * side)
    return counts.reshape(side, side)[:classes]


def _count(codes: npt.NDArray[Any], values: int) -> Counts:
    """Count each value, by runs of equal values where these are long, as in most masks."""
    ends = np.flatnonzero(codes[1:] != codes[:-1])
    if ends.size * _MEAN_RUN > codes.size:
        return np.bincount(codes, minlength=values)
    edges = np.concatenate([[-1], ends, [codes.size - 1]])
    runs = np.bincount(codes[edges[1:]], weights=np.diff(edges), minlength=values)
    return runs.astype(np.int64)  # exact: sums of whole numbers far below 2**53
