"""Label sets to classes: the multi-label rules as a table. Pure functions on arrays.

A pixel's class is decided by the exact set of labels on it: no label gives the class with value 0;
a rule whose ``when`` is that set gives its ``then``; a single label gives its own class; everything
else is *unmatched* and treated as ``combine.unmatched`` says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from maskbench.ignore import IGNORE
from maskbench.params import CombineParams, Rule
from maskbench.raster import LabelSet

Mask = npt.NDArray[np.uint8]
"""Class values, shape (H, W), uint8; 255 is ignored."""

BLOCK = 1 << 22
"""Pixels combined at a time: what is needed beside the label set and the mask stays small."""


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
        for rule in self.rules:
            if rule.when == labels:
                return rule.then
        if len(labels) == 1:
            return next(iter(labels))
        return self._unmatched(labels)

    def _unmatched(self, labels: frozenset[str]) -> str | None:
        if self.fallback.unmatched == "error":
            return None
        if self.fallback.unmatched == "priority":
            return next((label for label in self.fallback.priority if label in labels), None)
        return self.fallback.unmatched


@dataclass(frozen=True)
class Combination:
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
    planes, labels = label_set.planes, label_set.labels
    _, height, width = planes.shape
    mask = np.empty((height, width), dtype=np.uint8)
    found: dict[int, Combination] = {}
    rows = max(1, BLOCK // width)
    for top in range(0, height, rows):
        block = planes[:, top : top + rows].reshape(len(planes), -1)
        starts, lengths = _runs(block)
        codes, sets = _distinct(block[:, starts])
        counts = np.bincount(codes, weights=lengths, minlength=len(sets)).astype(np.int64)
        table = np.zeros(len(sets), dtype=np.uint8)
        for i in np.flatnonzero(counts).tolist():
            entry = _extended(found.get(sets[i]), labels, sets[i], int(counts[i]), rules)
            found[sets[i]] = entry
            table[i] = IGNORE if entry.becomes is None else rules.labels_map[entry.becomes]
        mask[top : top + rows].reshape(-1)[:] = np.repeat(table[codes], lengths)
    return mask, sorted(found.values(), key=lambda c: (len(c.labels), c.labels))


def _extended(
    known: Combination | None, labels: Sequence[str], bits: int, pixels: int, rules: ClassRules
) -> Combination:
    """The combination of a set of bits with ``pixels`` more of its pixels."""
    if known is not None:
        return replace(known, pixels=known.pixels + pixels)
    names = tuple(label for k, label in enumerate(labels) if bits >> k & 1)
    return Combination(names, pixels, rules.class_of(frozenset(names)))


_Whole = npt.NDArray[np.int64]


def _runs(block: npt.NDArray[np.uint8]) -> tuple[_Whole, _Whole]:
    """Where runs of equal pixels start in flat planes, shape (P, N), and their lengths."""
    changes = block[0, 1:] != block[0, :-1]
    for plane in block[1:]:
        changes |= plane[1:] != plane[:-1]
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1]).astype(np.int64)
    return starts, np.diff(starts, append=block.shape[1])


def _distinct(planes: npt.NDArray[np.uint8]) -> tuple[_Whole, list[int]]:
    """Each pixel's number in the list of distinct bit sets, and that list.

    The first plane's bytes are the numbers; each further plane multiplies the few sets found so far
    by 256 and keeps those that occur. Thus 64 labels need no table of 2^64 entries.

    Args:
        planes: Bits of some pixels, shape (P, N).

    Returns:
        Codes, shape (N,), and ``sets[code]``, the bits of all planes as one integer.
    """
    codes = planes[0].astype(np.int64)
    sets = list(range(256))
    for i, plane in enumerate(planes[1:], start=1):
        pairs = codes * 256 + plane
        present = np.flatnonzero(np.bincount(pairs, minlength=256 * len(sets)))
        dense = np.zeros(256 * len(sets), dtype=np.int64)
        dense[present] = np.arange(len(present))
        codes = dense[pairs]
        sets = [sets[pair // 256] | int(pair % 256) << (8 * i) for pair in present.tolist()]
    return codes, sets
