"""Turn label sets into classes by the multi-label rules. Pure functions on arrays.

The exact set of labels on a pixel decides its class: no label gives the class with value 0; a rule
with that set as its ``when`` gives its ``then``; a single label gives its own class. Any other set
is *unmatched*, and ``combine.unmatched`` decides.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np

from maskbench.files.masks import Mask
from maskbench.files.tiff import Planes
from maskbench.params import IGNORE, CombineParams, Params, Rule
from maskbench.regions.label_set import LabelSet
from maskbench.regions.rasterize import IntArray

BAND = 1 << 18
"""Pixels to process together, so that their arrays fit into the cache and memory is bounded."""


@dataclass(frozen=True)
class ClassRules:
    """The params that decide the class of a set of labels.

    Attributes:
        labels_map: Class name → mask value.
        rules: The multi-label rules.
        fallback: What to do with label sets without a rule, and how annotators vote.
    """

    labels_map: Mapping[str, int]
    rules: Sequence[Rule]
    fallback: CombineParams

    @classmethod
    def of(cls, params: Params) -> "ClassRules":
        """Take the rules from the params."""
        return cls(params.labels_map, params.rules, params.combine)

    def class_of(self, labels: frozenset[str]) -> str | None:
        """Return the class of pixels with exactly these labels; None if nothing decides it."""
        if not labels:
            return next(name for name, value in self.labels_map.items() if value == 0)
        if labels in self._then:
            return self._then[labels]
        if len(labels) == 1:
            return next(iter(labels))
        return self._unmatched(labels)

    def reason(self, labels: frozenset[str]) -> str:
        """Say what decides the class of pixels with exactly ``labels``, such as ``rule window``."""
        if not labels:
            return "background: no region lies here"
        rule = next((rule for rule in self.rules if rule.when == labels), None)
        if rule is not None:
            return f"rule {rule.name}"
        if len(labels) == 1:
            return "its only label"
        winner = self._unmatched(labels)
        if winner is None or self.fallback.unmatched != "priority":
            return f"combine.unmatched: {self.fallback.unmatched}"
        return f"combine.priority: {winner} above {', '.join(sorted(labels - {winner}))}"

    def decided_by(self, labels: frozenset[str]) -> str:
        """Return the YAML path of the parameter that decides the class of these labels."""
        rule = next((rule for rule in self.rules if rule.when == labels), None)
        if labels and rule is not None:
            return f"multi_label_rules.{rule.name}"
        if len(labels) <= 1:
            return f"labels_map.{self.class_of(labels)}"
        name = "priority" if self.fallback.unmatched == "priority" else "unmatched"
        return f"combine.{name}"

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


class CombinationTotal(NamedTuple):
    """One set of labels over all images.

    Attributes:
        labels: The labels, sorted.
        becomes: The class of its pixels; None if nothing decides it.
        pixels: Its pixels.
        tasks: The tasks in which it occurs.
    """

    labels: tuple[str, ...]
    becomes: str | None
    pixels: int
    tasks: tuple[int, ...]


def add_up(found: Iterable[tuple[int, Iterable[Combination]]]) -> list[CombinationTotal]:
    """Add up each combination over all images: those of fewer labels first, then by name.

    Args:
        found: Each task's id, and the combinations in its image.
    """
    classes: dict[tuple[str, ...], str | None] = {}
    pixels: Counter[tuple[str, ...]] = Counter()
    tasks: dict[tuple[str, ...], list[int]] = {}
    for task, combinations in found:
        for labels, count, becomes in combinations:
            classes[labels] = becomes
            pixels[labels] += count
            tasks.setdefault(labels, []).append(task)
    ordered = sorted(classes, key=lambda labels: (len(labels), labels))
    return [CombinationTotal(n, classes[n], pixels[n], tuple(tasks[n])) for n in ordered]


def class_mask(label_set: LabelSet, rules: ClassRules) -> tuple[Mask, list[Combination]]:
    """Turn an image's label set into its class mask, and find the combinations that occur in it.

    Neighbouring pixels mostly carry the same labels: the rules are looked up once for each distinct
    set, and classes are written for runs of equal pixels. Pixels of a combination without a rule
    (``becomes`` is None) get the ignore value; the caller decides whether that is an error.

    Returns:
        The mask, shape (H, W), uint8, and the combinations sorted by number of labels, then name.
    """
    _, height, width = label_set.planes.shape

    @cache  # the same sets occur in most bands
    def decide(bits: bytes) -> tuple[tuple[str, ...], int]:
        names = label_set.names(np.frombuffer(bits, dtype=np.uint8))
        return names, _value(names, rules)

    mask = np.empty((height, width), dtype=np.uint8)
    counts: Counter[tuple[str, ...]] = Counter()
    rows = max(1, BAND // width)
    for top in range(0, height, rows):
        band = slice(top, top + rows)
        lengths, codes, bits = distinct(label_set.planes[:, band])
        sets, values = zip(*(decide(own.tobytes()) for own in bits), strict=True)
        mask[band] = np.repeat(np.array(values, dtype=np.uint8)[codes], lengths).reshape(-1, width)
        pixels = np.bincount(codes, weights=lengths).astype(np.int64).tolist()
        counts.update(dict(zip(sets, pixels, strict=True)))
    ordered = sorted(counts, key=lambda names: (len(names), names))
    return mask, [Combination(n, counts[n], rules.class_of(frozenset(n))) for n in ordered]


def in_one_image(found: Iterable[Iterable[Combination]]) -> list[Combination]:
    """Add up the combinations of one image: those of fewer labels first, then by name.

    Args:
        found: The combinations that each annotator's regions make.
    """
    totals = add_up((0, combinations) for combinations in found)  # the task does not matter here
    return [Combination(total.labels, total.pixels, total.becomes) for total in totals]


def missing_rule(labels: Sequence[str]) -> str:
    """Say that no rule decides the class of pixels with all these labels."""
    return f"no rule says what {' + '.join(labels)} together become"


def _value(names: tuple[str, ...], rules: ClassRules) -> int:
    becomes = rules.class_of(frozenset(names))
    return IGNORE if becomes is None else rules.labels_map[becomes]


def distinct(planes: Planes) -> tuple[IntArray, IntArray, Planes]:
    """Find the runs of equal pixels along the rows, and the distinct label sets among them.

    Args:
        planes: Bit planes, shape (P, H, W).

    Returns:
        Each run's length in pixels, shape (N,); the number of its set, shape (N,); and the bits of
        the sets, shape (S, P).
    """
    flat = planes.reshape(len(planes), -1)
    changes = np.zeros(flat.shape[1] - 1, dtype=np.bool_)
    for plane in flat:
        changes |= plane[1:] != plane[:-1]
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
    # The bits of a run are read as one number, or as bytes of fixed length: comparing whole rows,
    # as numpy.unique(axis=0) does, takes six times as long.
    size = 1 if len(planes) == 1 else 8 * math.ceil(len(planes) / 8)
    bits = np.zeros((len(starts), size), dtype=np.uint8)
    bits[:, : len(planes)] = flat[:, starts].T
    keys = bits.view(f"<u{size}" if size <= 8 else f"V{size}")[:, 0]
    _, first, codes = np.unique(keys, return_index=True, return_inverse=True)
    return np.diff(starts, append=flat.shape[1]), codes, bits[first, : len(planes)]
