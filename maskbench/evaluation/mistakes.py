"""Sort the wrong pixels of a prediction by kind of mistake. Pure numpy."""

import numpy as np
import numpy.typing as npt

from maskbench.evaluation.boundary import RATIO, boundary_width, windows
from maskbench.evaluation.confusion import Counts
from maskbench.files.masks import Mask
from maskbench.params import IGNORE

MISTAKES = ("missed", "invented", "confused", "boundary")
"""Kinds of mistake; :func:`mistakes` numbers them from 1."""

_MISSED, _INVENTED, _CONFUSED, _BOUNDARY = 1, 2, 3, 4
_BITS = 8  # classes looked for at a time, a bit each


def mistakes(truth: Mask, predicted: Mask, classes: int, ratio: float = RATIO) -> Mask:
    """Return what is wrong with each pixel of a prediction.

    A wrong pixel is a *boundary* mistake if an outline that lies a little off explains it: the
    class predicted there is true, and the class that is true there is predicted, within the
    distance of boundary IoU. All others are *missed* (no class, or background where an object is),
    *invented* (an object where background is) or *confused* (one object for another). The class
    with value 0 is the background.

    Args:
        truth: Class values, shape (H, W), uint8; pixels of 255 do not count.
        predicted: Class values, the same shape; 255 is "no class".
        classes: The number of classes.
        ratio: The distance as a share of the diagonal, see
            :data:`maskbench.evaluation.boundary.RATIO`.

    Returns:
        Shape (H, W), uint8: 0 where the prediction is right or nothing counts, otherwise the place
        of the kind in :data:`MISTAKES`, from 1.
    """
    wrong = (truth != predicted) & (truth != IGNORE)
    kinds = np.where(wrong, np.uint8(_CONFUSED), np.uint8(0))
    kinds[wrong & (truth == 0)] = _INVENTED
    kinds[wrong & ((predicted == 0) | (predicted >= classes))] = _MISSED
    if wrong.any():
        width = boundary_width(truth.shape[0], truth.shape[1], ratio)
        kinds[wrong & _is_near(truth, predicted, classes, width)] = _BOUNDARY
    return kinds


def count_mistakes(kinds: Mask) -> Counts:
    """Count the pixels of each kind of mistake, in the order of :data:`MISTAKES`, shape (4,)."""
    return np.bincount(kinds.reshape(-1), minlength=len(MISTAKES) + 1)[1:]


def _is_near(truth: Mask, predicted: Mask, classes: int, width: int) -> npt.NDArray[np.bool_]:
    """Tell where each mask has the other's class at most ``width`` steps away."""
    truth_has, predicted_has = np.zeros((2, *truth.shape), dtype=np.bool_)
    for first in range(0, classes, _BITS):
        bits = np.zeros(256, dtype=np.uint8)
        group = np.arange(first, min(first + _BITS, classes))
        bits[group] = 1 << (group - first)
        own, other = bits[truth], bits[predicted]
        truth_has |= (_around(own, width) & other) != 0
        predicted_has |= (_around(other, width) & own) != 0
    near: npt.NDArray[np.bool_] = truth_has & predicted_has
    return near


def _around(bits: Mask, width: int) -> Mask:
    """Return the bits that are set at most ``width`` steps away, in any of eight directions."""
    return windows(np.bitwise_or, np.pad(bits, width), width)
