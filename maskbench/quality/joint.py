"""Count pixels of several masks of one image together. Pure functions on arrays.

Few combinations of values occur, however many pixels there are. A mask that follows from others
pixel by pixel, such as what most of them have, is a *column*: a value for each combination.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from maskbench.evaluation.boundary import boundary_width, inside, told_apart, without
from maskbench.evaluation.confusion import Counts
from maskbench.files.masks import Mask
from maskbench.files.tiff import Planes
from maskbench.params import IGNORE
from maskbench.regions.rasterize import IntArray
from maskbench.regions.rules import distinct

Column = npt.NDArray[np.uint8]
"""The value of a mask for each combination, shape (S,), uint8; 255 does not count."""


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


class PairCounter:
    """Count on which pixels two masks agree; what pairs have in common is found once.

    Args:
        joint: The masks.
        classes: The number of classes, K.
    """

    def __init__(self, joint: Joint, classes: int) -> None:
        self._joint, self._classes = joint, classes
        self._boundary = lru_cache(maxsize=joint.sets.shape[1] + 2)(self._find_boundary)

    def count(self, one: Column, other: Column) -> Counts:
        """Count the pixels of two columns; those where one of them is 255 do not count.

        Returns:
            Six rows, shape (6, K): pixels where both, the one and the other have the class; the
            same of boundaries.
        """
        void = (one == IGNORE) | (other == IGNORE)
        one, other = (np.where(void, np.uint8(IGNORE), column) for column in (one, other))
        areas = self._rows(one, other, self._joint.pixels)
        edges = Joint.of([self._boundary(column.tobytes()) for column in (one, other)])
        return np.concatenate([areas, self._rows(*edges.sets.T, edges.pixels)])

    def _find_boundary(self, column: bytes) -> Mask:
        values = np.frombuffer(column, dtype=np.uint8)
        bits = self._joint.mask(told_apart(values, values == IGNORE))
        return without(self._joint.mask(values), inside(bits, boundary_width(*bits.shape)))

    def _rows(self, one: Column, other: Column, pixels: Counts) -> Counts:
        masks = (np.where(one == other, one, np.uint8(IGNORE)), one, other)
        counts = [np.bincount(m, weights=pixels, minlength=IGNORE + 1) for m in masks]
        return np.stack(counts)[:, : self._classes].astype(np.int64)
