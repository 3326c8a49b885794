"""Find the pixels near outlines, for boundary IoU, which does not depend on size. Pure numpy.

B. Cheng, R. Girshick, P. Dollár, A. C. Berg, A. Kirillov: "Boundary IoU: Improving Object-Centric
Image Segmentation Evaluation", CVPR 2021, https://arxiv.org/abs/2103.16562. For a class with true
pixels G and predicted pixels P it is the IoU of Gd and Pd, where Gd are the pixels of G that lie
within d pixels of G's outline, and Pd likewise. As in the authors' code, d is 2 % of the image's
diagonal (at least one pixel), distance is counted in steps to the eight neighbours, and the image's
edge is an outline. Pixels to be ignored belong to neither side and make no outline.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from maskbench.files.masks import Mask
from maskbench.params import IGNORE

Bools = npt.NDArray[np.bool_]
Bits = npt.NDArray[Any]

RATIO = 0.02
"""Distance from the outline as a share of the image's diagonal."""


def boundary_width(height: int, width: int, ratio: float = RATIO) -> int:
    """Return how far from its outline a pixel of the boundary may lie, in pixels.

    >>> boundary_width(480, 640)
    16
    """
    return max(1, round(ratio * math.hypot(height, width)))


def boundaries(truth: Mask, predicted: Mask, ratio: float = RATIO) -> tuple[Mask, Mask]:
    """Keep the pixels of two masks that lie on the boundary of their class.

    Args:
        truth: Class values, shape (H, W), uint8; pixels of 255 do not count.
        predicted: Class values, the same shape.
        ratio: See :data:`RATIO`.

    Returns:
        Two masks of the same shape: the class value where the pixel lies on the boundary of its
        class, elsewhere 255.
    """
    width = boundary_width(truth.shape[0], truth.shape[1], ratio)
    void = truth == IGNORE
    return _boundary(truth, void, width), _boundary(predicted, void, width)


def _boundary(mask: Mask, void: Bools, width: int) -> Mask:
    return without(mask, inside(told_apart(mask, void), width) | void)


def without(mask: Mask, removed: Bools) -> Mask:
    """Return the mask with 255 on the pixels that are removed, shape (H, W), bool."""
    return mask | (-removed.view(np.uint8))  # of True: 255


def told_apart(values: npt.NDArray[np.uint8], void: Bools) -> Bits:
    """Return values as bits: joining them by "or" keeps a value only if all of them are equal.

    These are the bits of the value and, in the upper half, those of its complement.

    Args:
        values: Class values, of any shape, uint8.
        void: Which of them do not count: these get no bit, and change no other.

    Returns:
        The same shape, uint8 or, where values of 16 and more count, uint16.
    """
    counting = void.view(np.uint8) - np.uint8(1)  # 0 or 255
    known = values & counting
    if known.size and known.max() >= 16:
        wide = values.astype(np.uint16)
        bits: Bits = (wide | ((wide ^ 255) * 256)) & (counting * np.uint16(257))
        return bits
    narrow: Bits = (known | ((known ^ 15) * 16)) & counting
    return narrow


def inside(bits: Bits, width: int) -> Bools:
    """Find the pixels with only one class within ``width`` steps, among pixels that count.

    Args:
        bits: What :func:`told_apart` gives of class values, shape (H, W).
        width: See :func:`boundary_width`.

    Returns:
        Shape (H, W), bool; says nothing of pixels that do not count.
    """
    found = np.zeros(bits.shape, dtype=np.bool_)
    if min(bits.shape) > 2 * width:
        core = slice(width, -width)
        np.equal(windows(np.bitwise_or, bits, width), bits[core, core], out=found[core, core])
    return found


def windows(join: np.ufunc, mask: Bits, width: int) -> Bits:
    """Join the values of each window of (2 width + 1)² pixels.

    Args:
        join: A function of two values for which the order and repeats of values make no
            difference: minimum, maximum, bitwise or.
        mask: Shape (H, W), unsigned integers.
        width: Pixels from a window's centre to its edge.

    Returns:
        Shape (H - 2 width, W - 2 width).
    """
    return _along(join, _along(join, mask, width).T, width).T


def _along(join: np.ufunc, mask: Bits, width: int) -> Bits:
    """Join the values of windows of 2 width + 1 rows.

    The window doubles as long as it fits; two overlapping ones then make the full length.
    """
    size, have, result = 2 * width + 1, 1, mask
    while 2 * have <= size:
        result = join(result[:-have], result[have:])
        have *= 2
    rest = size - have
    return join(result[: len(result) - rest], result[rest:]) if rest else result
