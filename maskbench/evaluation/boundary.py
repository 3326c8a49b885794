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
    return on_boundary(truth, void, width), on_boundary(predicted, void, width)


def on_boundary(mask: Mask, void: Bools, width: int) -> Mask:
    """Keep the pixels that have another class, or the image's edge, within ``width`` steps.

    Args:
        mask: Class values, shape (H, W), uint8.
        void: Which pixels do not count: they belong to no class and make no outline.
        width: See :func:`boundary_width`.

    Returns:
        The class value of these pixels, elsewhere 255.
    """
    inner = np.zeros(mask.shape, dtype=np.bool_)
    if min(mask.shape) > 2 * width:  # else the edge is near every pixel
        bits = _class_bits(mask, void)
        core = slice(width, -width)
        inner[core, core] = windows(np.bitwise_or, bits, width) == bits[core, core]
    return np.where(inner | void, np.uint8(IGNORE), mask)


def _class_bits(mask: Mask, void: Bools) -> Bits:
    """Return values that "or" leaves as they are only among pixels of one class.

    They hold the bits of the class value and, above these, those of its complement: two different
    values set both halves of a bit. Void pixels have none, and so change no other pixel.

    Returns:
        The same shape, uint8 or, if values of 16 and more count, uint16.
    """
    known = np.where(void, np.uint8(0), mask)
    if known.max(initial=0) < 16:
        bits: Bits = known | (15 - known) * np.uint8(16)
    else:
        bits = known | (255 - known) * np.uint16(256)
    return np.where(void, bits.dtype.type(0), bits)


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
