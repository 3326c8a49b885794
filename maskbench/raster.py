"""Regions' pixels to a label set: which labels lie on each pixel. Pure functions on arrays.

The pixel rule: a pixel belongs to a region when its centre (x + 0.5, y + 0.5) lies inside the
region; regions that share an edge never both claim a pixel and leave no gap. ``all_touched`` takes
every pixel that the region touches instead, which enlarges it.

Neighbouring pixels mostly carry the same labels. So a label set is kept as runs of equal pixels,
and pixels are written out only where somebody looks at them: in files and in masks.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from maskbench.winding import NOWHERE, Stretches, Whole, stretches_of, union

Plane = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class LabelSet:
    """The labels on each pixel of one image, as runs of places (see :mod:`maskbench.winding`).

    Attributes:
        labels: The labels drawn in the image, sorted; label ``k`` is bit ``k``.
        height: The image's height in pixels.
        width: The image's width in pixels.
        starts: The place where each run begins, ascending from 0, shape (N,), int64.
        states: The bits of each run's pixels, shape (P, N) uint8 with P = max(1, ceil(len(labels)
            / 8)); bit ``k % 8`` of row ``k // 8`` is set where label ``k`` lies.
    """

    labels: tuple[str, ...]
    height: int
    width: int
    starts: Whole
    states: Plane

    @property
    def lengths(self) -> Whole:
        """The pixels of each run, shape (N,), int64."""
        return np.diff(self.starts, append=self.height * self.width)

    @property
    def planes(self) -> Plane:
        """The bits of each pixel, shape (P, H, W), uint8."""
        shape = (len(self.states), self.height, self.width)
        return np.repeat(self.states, self.lengths, axis=1).reshape(shape)

    @classmethod
    def of_planes(cls, labels: Sequence[str], planes: Plane) -> "LabelSet":
        """The label set whose pixels have these bits, shape (P, H, W), uint8."""
        _, height, width = planes.shape
        flat = planes.reshape(len(planes), -1)
        starts = run_starts(list(flat))
        return cls(tuple(labels), height, width, starts, flat[:, starts])

    def on(self, label: str) -> npt.NDArray[np.bool_]:
        """Where ``label`` lies, shape (H, W) bool; nowhere if it is not drawn in this image."""
        if label not in self.labels:
            return np.zeros((self.height, self.width), dtype=np.bool_)
        bit = self.labels.index(label)
        runs = (self.states[bit // 8] & np.uint8(1 << bit % 8)) != 0
        return np.repeat(runs, self.lengths).reshape(self.height, self.width)


def run_starts(planes: Sequence[Plane]) -> Whole:
    """Where runs of equal pixels begin in planes of at least one pixel, each (N,) uint8."""
    changes = planes[0][1:] != planes[0][:-1]
    for plane in planes[1:]:
        changes |= plane[1:] != plane[:-1]
    return np.concatenate([[0], np.flatnonzero(changes) + 1])


class Patch(NamedTuple):
    """The pixels of one region.

    Attributes:
        labels: The region's labels.
        stretches: Where its pixels lie in the image.
    """

    labels: tuple[str, ...]
    stretches: Stretches

    @property
    def pixels(self) -> int:
        """How many pixels the region has."""
        return self.stretches.pixels

    def covers(self, place: int) -> bool:
        """Whether the pixel with this place is the region's."""
        i = int(np.searchsorted(self.stretches.begin, place, side="right")) - 1
        return i >= 0 and place < self.stretches.end[i]


def painted(stretches: Stretches, width: int, height: int) -> npt.NDArray[np.bool_]:
    """True on the pixels, shape (H, W)."""
    bounds = np.stack(stretches, axis=1).reshape(-1)
    lengths = np.diff(bounds, prepend=0, append=width * height)
    inside = np.arange(len(lengths)) % 2 == 1
    return np.repeat(inside, lengths).reshape(height, width)


def threshold(alpha: Plane, least: int) -> Stretches:
    """The pixels of a stroke, shape (H, W), whose alpha is at least ``least``."""
    return stretches_of(alpha >= least)


def label_set(patches: Sequence[Patch], width: int, height: int, overlap: str = "keep") -> LabelSet:
    """All regions of an image as one label set.

    Args:
        patches: The regions' pixels in drawing order.
        width: Image width in pixels.
        height: Image height in pixels.
        overlap: ``keep``: labels pile up; ``top``: where regions overlap, only the labels of the
            later one stay; ``smallest``: only those of the one with fewer pixels (of equal ones,
            the later).
    """
    labels = tuple(sorted({label for patch in patches for label in patch.labels}))
    if overlap == "keep":
        starts, states = _piled(patches, labels, width * height)
    else:
        # A stable sort: of equally small ones the later stays the later.
        ordered = sorted(patches, key=lambda p: -p.pixels) if overlap == "smallest" else patches
        starts, states = _covered(ordered, labels, width * height)
    return LabelSet(labels, height, width, starts, states)


def _planes(labels: Sequence[str]) -> int:
    return max(1, -(-len(labels) // 8))


def _piled(patches: Sequence[Patch], labels: Sequence[str], size: int) -> tuple[Whole, Plane]:
    """Runs of ``size`` pixels on which the labels of all patches lie."""
    drawn, label = _by_label(patches, labels, size)
    # What happens: label k begins (2 k + 1) or ends (2 k + 2); at the first place, nothing (0).
    begins = 2 * label + 1
    places = np.concatenate([_FIRST, drawn.begin, drawn.end])
    places, what = by_place(places, np.concatenate([_FIRST, begins, begins + 1]), size)
    settled = np.append(np.flatnonzero(places[1:] != places[:-1]), len(places) - 1)
    if places[-1] == size:
        settled = settled[:-1]
    firsts = range(0, 8 * _planes(labels), 8)
    planes = [_plane(what, settled, first, len(labels)) for first in firsts]
    kept = run_starts(planes)
    return places.take(settled.take(kept)), np.stack([plane.take(kept) for plane in planes])


_FIRST = np.zeros(1, dtype=np.int64)


def _plane(what: Whole, settled: Whole, first: int, count: int) -> Plane:
    """A plane's bits after the settled events: of up to 8 of ``count`` labels, from ``first`` on.

    Each byte of a number counts how many regions of a label lie on the pixels, which are 255 at
    most. All eight are added up at once, modulo 2^64.
    """
    ones = [1 << 8 * (k - first) if 0 <= k - first < 8 else 0 for k in range(count)]
    steps = np.array([0, *(c for one in ones for c in (one, -one % (1 << 64)))], dtype="<u8")
    counts = np.cumsum(steps.take(what), dtype="<u8").take(settled).view(np.uint8)
    return np.packbits(counts != 0, bitorder="little")


def by_place(places: Whole, what: Whole, most: int) -> tuple[Whole, Whole]:
    """Both in the order of the places, of equal ones in that of ``what``; faster than argsort.

    Args:
        places: Where something is, shape (N,), int64.
        what: What it is, shape (N,), int64, 0 or more.
        most: No place is larger.
    """
    bits = int(what.max()).bit_length()
    kind: type[np.integer[Any]] = np.uint32 if (most + 1) << bits <= 1 << 32 else np.int64
    events: npt.NDArray[np.integer[Any]] = (places << bits | what).astype(kind)
    events.sort()
    return (events >> bits).astype(np.int64), (events & ((1 << bits) - 1)).astype(np.int64)


def _by_label(
    patches: Sequence[Patch], labels: Sequence[str], size: int
) -> tuple[Stretches, Whole]:
    """Stretches of all patches, up to 255 of a label on a pixel, and the number of their label."""
    numbers = {label: k for k, label in enumerate(labels)}
    drawn = [(patch.stretches, numbers[label]) for patch in patches for label in patch.labels]
    if not drawn:
        return NOWHERE, NOWHERE.begin
    begin, end = (np.concatenate(b) for b in zip(*(part for part, _ in drawn), strict=True))
    label = np.repeat([number for _, number in drawn], [len(part.begin) for part, _ in drawn])
    if len(drawn) <= 255 or max(Counter(number for _, number in drawn).values()) <= 255:
        return Stretches(begin, end), label
    shift = label * (size + 1)
    joined = union([Stretches(begin + shift, end + shift)], len(labels) * (size + 1))
    label = joined.begin // (size + 1)
    shift = label * (size + 1)
    return Stretches(joined.begin - shift, joined.end - shift), label


def _covered(patches: Sequence[Patch], labels: Sequence[str], size: int) -> tuple[Whole, Plane]:
    """Runs of ``size`` pixels on which only the labels of the last patch there lie."""
    bounds = [bound for patch in patches for bound in patch.stretches]
    starts = np.unique(np.concatenate([np.zeros(1, dtype=np.int64), *bounds]))
    starts = starts[:-1] if starts[-1] == size else starts
    states = np.zeros((_planes(labels), len(starts)), dtype=np.uint8)
    for patch in patches:
        bits = sum(1 << labels.index(label) for label in set(patch.labels))
        here = _ranges(*np.searchsorted(starts, patch.stretches))
        for i, state in enumerate(states):
            state[here] = bits >> 8 * i & 255
    return starts, states


def _ranges(first: Whole, stop: Whole) -> Whole:
    """All numbers from each ``first`` to its ``stop``."""
    counts = stop - first
    return np.arange(counts.sum()) + np.repeat(stop - np.cumsum(counts), counts)
