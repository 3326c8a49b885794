"""Counting pixels by true and predicted class. Pure numpy."""

from typing import Any

import numpy as np
import numpy.typing as npt

from maskbench.files.masks import Mask

Counts = npt.NDArray[np.int64]

BLOCK = 1 << 17
"""Pixels counted at a time: few enough for their codes to stay in a core's cache."""

_FEW_RUNS = 8
"""Runs this long or longer on average are counted as runs, shorter ones pixel by pixel."""


def confusion(truth: Mask, predicted: Mask, classes: int) -> Counts:
    """How many pixels of each class were predicted as which.

    Args:
        truth: Class values, shape (H, W), uint8; pixels of 255 do not count.
        predicted: Class values, the same shape; a value that is no class, such as 255, is "no
            class": wrong, but a false positive of none.
        classes: The number of classes, K ≤ 254.

    Returns:
        Shape (K, K + 1): rows are true classes, columns predicted ones, the last is "no class".
    """
    side = classes + 1  # one more for what is no class
    kind: type[np.unsignedinteger[Any]] = np.uint8 if side * side <= 256 else np.uint16
    counts = np.zeros(side * side, dtype=np.int64)
    flat_truth, flat_predicted = truth.reshape(-1), predicted.reshape(-1)
    most = np.full(BLOCK, classes, dtype=np.uint8)  # by a number: 10 times slower
    for start in range(0, flat_truth.size, BLOCK):
        block = slice(start, min(start + BLOCK, flat_truth.size))
        limit = most[: block.stop - start]
        codes = np.minimum(flat_truth[block], limit).astype(kind, copy=False)
        codes *= kind(side)
        codes += np.minimum(flat_predicted[block], limit)
        counts += _count(codes, side * side)
    return counts.reshape(side, side)[:classes]


def _count(codes: npt.NDArray[Any], values: int) -> Counts:
    """How often each value occurs; masks are pieces of one colour, so runs are counted first."""
    ends = np.flatnonzero(codes[1:] != codes[:-1])
    if ends.size * _FEW_RUNS > codes.size:
        return np.bincount(codes, minlength=values)
    edges = np.concatenate([[-1], ends, [codes.size - 1]])
    runs = np.bincount(codes[edges[1:]], weights=np.diff(edges), minlength=values)
    return runs.astype(np.int64)  # exact: sums of whole numbers far below 2**53
