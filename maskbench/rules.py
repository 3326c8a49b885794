"""Label sets to classes: the multi-label rules as a table. Pure functions on arrays.

A pixel's class is decided by the exact set of labels on it: no label gives the class with value 0;
a rule whose ``when`` is that set gives its ``then``; a single label gives its own class; everything
else is *unmatched* and treated as ``combine.unmatched`` says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from maskbench.ignore import IGNORE
from maskbench.mask import Mask
from maskbench.params import CombineParams, Rule
from maskbench.raster import LabelSet


@dataclass(frozen=True)
class ClassRules:
    """``labels_map``, rules and the fallback, ready to ask for one label set's class.

    Attributes:
        labels_map: Class name → mask value.
        rules: The multi-label rules.
        fallback: What happens to label sets without a rule.
    """

    labels_map: Mapping[str, int]
    rules: Sequence[Rule]
    fallback: CombineParams

    def class_of(self, labels: frozenset[str]) -> str | None:
        """The class name of pixels with exactly ``labels``; None where no rule says."""
        if not labels:
            return next(name for name, value in self.labels_map.items() if value == 0)
        if labels in self._then:
            return self._then[labels]
        if len(labels) == 1:
            return next(iter(labels))
        return self._unmatched(labels)

    @cached_property
    def _then(self) -> Mapping[frozenset[str], str]:
        return {rule.when: rule.then for rule in self.rules}

    def _unmatched(self, labels: frozenset[str]) -> str | None:
        if self.fallback.unmatched == "error":
            return None
        if self.fallback.unmatched == "priority":
            return next((label for label in self.fallback.priority if label in labels), None)
        return self.fallback.unmatched


class Combination(NamedTuple):
    """One set of labels that occurs in an image, with its pixels and the class it becomes."""

    labels: tuple[str, ...]
    pixels: int
    becomes: str | None


def class_mask(label_set: LabelSet, rules: ClassRules) -> tuple[Mask, list[Combination]]:
    """The class mask of an image, and the combinations of labels that occur in it.

    Neighbouring pixels mostly carry the same labels; so the rules are looked up for runs of equal
    pixels along the rows, and the classes repeated. Pixels of a combination without a rule
    (``becomes`` is None) get the ignore value; the caller decides whether that is an error.

    Returns:
        The mask, shape (H, W) uint8, and the combinations sorted by number of labels, then name.
    """
    labels, (starts, states) = label_set.labels, label_set.joined()
    lengths = np.diff(starts, append=label_set.height * label_set.width)
    codes, sets = _distinct(states)
    counts = np.bincount(codes, weights=lengths).astype(np.int64).tolist()
    table = np.zeros(len(sets), dtype=np.uint8)
    found = []
    for i, bits in enumerate(sets):
        names = tuple([labels[k] for k in _members(bits)])
        becomes = rules.class_of(frozenset(names))
        found.append(Combination(names, counts[i], becomes))
        table[i] = IGNORE if becomes is None else rules.labels_map[becomes]
    mask = np.repeat(table[codes], lengths).reshape(label_set.height, label_set.width)
    return mask, sorted(found, key=lambda c: (len(c.labels), c.labels))


_Whole = npt.NDArray[np.int64]


def _members(bits: int) -> list[int]:
    """The numbers of the bits that are set, ascending."""
    found = []
    while bits:
        found.append((bits & -bits).bit_length() - 1)
        bits &= bits - 1
    return found


def _distinct(planes: npt.NDArray[np.uint8]) -> tuple[_Whole, list[int]]:
    """Each run's number in the list of distinct bit sets, and that list.

    The first two planes' bytes are the numbers; each further plane multiplies the few sets found so
    far by 256 and keeps those that occur. Thus 64 labels need no table of 2^64 entries.

    Args:
        planes: Bits of each run, shape (P, N).

    Returns:
        Codes, shape (N,), and ``sets[code]``, the bits of all planes as one integer.
    """
    codes = planes[0].astype(np.int64)
    if len(planes) > 1:
        codes |= planes[1].astype(np.int64) << 8
    codes, sets = _dense(codes, 1 << 8 * min(2, len(planes)))
    for i, plane in enumerate(planes[2:], start=2):
        codes, found = _dense(codes << 8 | plane, len(sets) << 8)
        sets = [sets[code >> 8] | (code & 255) << 8 * i for code in found]
    return codes, sets


def _dense(codes: _Whole, most: int) -> tuple[_Whole, list[int]]:
    """Each code's number among those that occur, all below ``most``, and these, ascending."""
    occurs = np.zeros(most, dtype=np.bool_)
    occurs[codes] = True
    present = np.flatnonzero(occurs)
    numbers = np.zeros(most, dtype=np.int32)
    numbers[present] = np.arange(len(present))
    return numbers.take(codes).astype(np.int64), present.tolist()
