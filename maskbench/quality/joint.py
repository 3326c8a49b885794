"""Count pixels of several masks of one image together. Pure functions on arrays.

Few combinations of values occur, however many pixels there are. So pixels are looked at once: each
is counted by its combination and by the combinations near it, and all else is found in these small
tables. A mask that follows from others pixel by pixel, such as what most of them have, is a
*column*: a value for each combination.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from maskbench.evaluation.boundary import boundary_width, windows
from maskbench.evaluation.confusion import Counts
from maskbench.evaluation.figures import count_image
from maskbench.files.masks import Mask
from maskbench.files.tiff import Planes
from maskbench.params import IGNORE
from maskbench.regions.rasterize import IntArray
from maskbench.regions.rules import distinct

Column = npt.NDArray[np.uint8]
"""The value of a mask for each combination, shape (S,), uint8; 255 does not count."""

MOST_COMBINATIONS = 64
"""The most combinations that fit into the bits of a number; with more, masks are made of pairs."""


@dataclass(frozen=True)
class Joint:
    """Masks of one image as runs of the combinations of values that occur.

    Attributes:
        shape: Height and width.
        lengths: Each run's length in pixels, row after row, shape (N,).
        codes: The number of each run's combination, shape (N,).
        sets: The combinations, shape (S, A): a value for each of the A masks.
    """

    shape: tuple[int, ...]
    lengths: IntArray
    codes: IntArray
    sets: Planes

    @classmethod
    def of(cls, masks: Sequence[Mask]) -> "Joint":
        """Take masks together, all of shape (H, W), uint8."""
        return cls(masks[0].shape, *distinct(np.stack(masks)))

    @cached_property
    def pixels(self) -> Counts:
        """Return the number of pixels of each combination, shape (S,)."""
        counts = np.bincount(self.codes, weights=self.lengths, minlength=len(self.sets))
        return counts.astype(np.int64)  # exact: sums of whole numbers far below 2**53

    def mask(self, column: Column) -> Mask:
        """Return the mask of shape (H, W) that has these values."""
        return np.repeat(column[self.codes], self.lengths).reshape(self.shape)


class Surroundings(NamedTuple):
    """Pixels grouped by their combination and by those within the distance of boundary IoU.

    Attributes:
        codes: The combination of each of the T groups, shape (T,).
        near: The combinations within reach: bit ``n`` for the combination ``n``, shape (T,),
            uint64; 0 where the image's edge is, which is an outline.
        pixels: The number of pixels, shape (T,).
    """

    codes: IntArray
    near: npt.NDArray[np.uint64]
    pixels: Counts

    def on_boundary(self, column: Column) -> Column:
        """Return each group's value of the column where that is its boundary, elsewhere 255."""
        bits = np.uint64(1) << np.arange(len(column), dtype=np.uint64)
        values = np.unique(column[column != IGNORE])[:, np.newaxis]
        of_value = np.bitwise_or.reduce(np.where(column == values, bits, np.uint64(0)), axis=1)
        classes = np.count_nonzero(self.near & of_value[:, np.newaxis], axis=0)
        inner = (self.near != 0) & (classes < 2)
        return np.where(inner, np.uint8(IGNORE), column[self.codes])


def surroundings(joint: Joint) -> Surroundings:
    """Group the pixels of masks with at most :data:`MOST_COMBINATIONS` combinations."""
    count, width = len(joint.sets), boundary_width(*joint.shape)
    numbers = np.arange(count)
    edge = Surroundings(numbers, np.zeros(count, dtype=np.uint64), joint.pixels)
    if min(joint.shape) <= 2 * width:
        return edge
    bits = (np.uint64(1) << numbers.astype("<u8")).view(np.uint8).reshape(count, 8)
    planes = [joint.mask(numbers.astype(np.uint8))[width:-width, width:-width]]
    for column in bits.T[: -(-count // 8)]:
        planes.append(windows(np.bitwise_or, joint.mask(column), width))
    core = Joint.of(planes)
    near = np.zeros((len(core.sets), 8), dtype=np.uint8)
    near[:, : len(planes) - 1] = core.sets[:, 1:]
    codes = core.sets[:, 0].astype(np.int64)
    within = np.bincount(codes, weights=core.pixels, minlength=count).astype(np.int64)
    return Surroundings(
        np.concatenate([codes, numbers]),
        np.concatenate([near.view("<u8")[:, 0], edge.near]),
        np.concatenate([core.pixels, joint.pixels - within]),
    )


class PairCounter:
    """Count on which pixels two masks agree; results that pairs share are computed once.

    Args:
        joint: The masks.
        classes: The number of classes, K.
    """

    def __init__(self, joint: Joint, classes: int) -> None:
        self._joint, self._classes = joint, classes
        self._around = surroundings(joint) if len(joint.sets) <= MOST_COMBINATIONS else None

    def count(self, one: Column, other: Column) -> Counts:
        """Count the pixels of two columns; those where one of them is 255 do not count.

        Returns:
            Six rows, shape (6, K): pixels where both, the one and the other have the class; the
            same of boundaries.
        """
        void = (one == IGNORE) | (other == IGNORE)
        one, other = (np.where(void, np.uint8(IGNORE), column) for column in (one, other))
        if self._around is None:
            make = self._joint.mask
            return count_image(make(one), make(other), self._classes)[1]
        around = self._around
        areas = self._rows(one, other, self._joint.pixels)
        edges = self._rows(around.on_boundary(one), around.on_boundary(other), around.pixels)
        return np.stack([*areas, *edges])

    def _rows(self, one: Column, other: Column, pixels: Counts) -> Iterator[Counts]:
        for values in (np.where(one == other, one, np.uint8(IGNORE)), one, other):
            counts = np.bincount(values, weights=pixels, minlength=self._classes)
            yield counts[: self._classes].astype(np.int64)
