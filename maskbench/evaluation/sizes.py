"""Compute how IoU depends on the size that a class has in an image. Pure numpy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from maskbench.evaluation.confusion import Counts

FACTOR = 4
"""The end of each range of sizes divided by its beginning, in pixels: twice the side length."""


@dataclass(frozen=True)
class SizeRange:
    """The images in which a class has a size within a range.

    Attributes:
        value: The class's value.
        first: The range's least number of true pixels.
        end: The first number beyond it.
        images: How many images.
        iou: The class's IoU over the pixels of these images together.
    """

    value: int
    first: int
    end: int
    images: int
    iou: float


def iou_by_size(counts: Sequence[Counts]) -> list[SizeRange]:
    """Return the IoU of each class by the number of true pixels that it has in an image.

    Images in which a class does not occur are left out, so wrongly predicted pixels of it there
    count in the figures of :mod:`maskbench.evaluation.figures` but not here.

    Args:
        counts: The counts of each image, shape (6, K), see
            :func:`maskbench.evaluation.figures.count_image`.

    Returns:
        The ranges that occur, by class and size; a range begins at a power of :data:`FACTOR`.
    """
    hit, true, predicted = np.moveaxis(np.stack(counts)[:, :3], 0, -1)  # each (K, N)
    power = np.searchsorted(FACTOR ** np.arange(1, 31), true, side="right")  # exact, unlike log
    found = []
    for value in range(len(true)):
        for step in np.unique(power[value][true[value] > 0]).tolist():
            inside = (power[value] == step) & (true[value] > 0)
            tp, t, p = (int(part[value][inside].sum()) for part in (hit, true, predicted))
            images = int(inside.sum())
            first = FACTOR**step
            found.append(SizeRange(value, first, first * FACTOR, images, tp / (t + p - tp)))
    return found
