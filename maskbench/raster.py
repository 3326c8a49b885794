"""Regions' pixels to a label set: which labels lie on each pixel. Pure functions on arrays.

The pixel rule: a pixel belongs to a region when its centre (x + 0.5, y + 0.5) lies inside the
region; regions that share an edge never both claim a pixel and leave no gap. ``all_touched`` takes
every pixel that the region touches instead, which enlarges it.

Neighbouring pixels mostly carry the same labels. So a label set is kept as runs of equal bytes in
each of its planes, and pixels are written out only where somebody looks at them: in masks.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from maskbench.winding import NOWHERE, Stretches, Whole, stretches_of, union

Plane = npt.NDArray[np.uint8]

_FIRST = np.zeros(1, dtype=np.int64)


class Runs(NamedTuple):
    """One plane of an image as runs of equal bytes; neighbours differ.

    Attributes:
        starts: The place where each run begins, ascending from 0, shape (N,), int64.
        values: The byte of each run's pixels, shape (N,), uint8.
    """

    starts: Whole
    values: Plane

    def lengths(self, size: int) -> Whole:
        """The pixels of each run of a plane of ``size`` pixels, shape (N,), int64."""
        return np.diff(self.starts, append=size)


@dataclass(frozen=True)
class LabelSet:
    """The labels on each pixel of one image, as runs of places (see :mod:`maskbench.winding`).

    Attributes:
        labels: The labels drawn in the image, sorted; label ``k`` is bit ``k``.
        height: The image's height in pixels.
        width: The image's width in pixels.
        runs: The bits of the pixels, max(1, ceil(len(labels) / 8)) planes of bytes: bit ``k % 8``
            of plane ``k // 8`` is set where label ``k`` lies.
    """

    labels: tuple[str, ...]
    height: int
    width: int
    runs: tuple[Runs, ...]

    @property
    def planes(self) -> Plane:
        """The bits of each pixel, shape (P, H, W), uint8."""
        size = self.height * self.width
        flat = np.stack([np.repeat(plane.values, plane.lengths(size)) for plane in self.runs])
        return flat.reshape(-1, self.height, self.width)

    @classmethod
    def of_planes(cls, labels: Sequence[str], planes: Plane) -> "LabelSet":
        """The label set whose pixels have these bits, shape (P, H, W), uint8."""
        count, height, width = planes.shape
        flat = planes.reshape(count, -1)
        starts = [_run_starts(plane) for plane in flat]
        runs = tuple(Runs(kept, plane[kept]) for kept, plane in zip(starts, flat, strict=True))
        return cls(tuple(labels), height, width, runs)

    def on(self, label: str) -> npt.NDArray[np.bool_]:
        """Where ``label`` lies, shape (H, W) bool; nowhere if it is not drawn in this image."""
        if label not in self.labels:
            return np.zeros((self.height, self.width), dtype=np.bool_)
        bit = self.labels.index(label)
        plane = self.runs[bit // 8]
        inside = (plane.values & np.uint8(1 << bit % 8)) != 0
        lengths = plane.lengths(self.height * self.width)
        return np.repeat(inside, lengths).reshape(self.height, self.width)

    def joined(self) -> tuple[Whole, Plane]:
        """Runs of pixels that are equal in all planes.

        Returns:
            Where they begin, shape (N,), int64, and their bits, shape (P, N), uint8.
        """
        if len(self.runs) == 1:
            ((starts, values),) = self.runs
            return starts, values[np.newaxis]
        places = np.concatenate([run.starts for run in self.runs])
        # What changes at each: the number of the plane, and the bits that turn.
        turns = [np.append(v[:1], v[1:] ^ v[:-1]) for _, v in self.runs]
        what = np.concatenate([turn.astype(np.int64) | i << 8 for i, turn in enumerate(turns)])
        places, what = by_place(places, what, self.height * self.width)
        last = np.flatnonzero(np.append(places[1:] != places[:-1], True))
        states = np.empty((len(self.runs), len(last)), dtype=np.uint8)
        for first in range(0, len(self.runs), 8):  # eight planes are the bytes of one number
            some = states[first : first + 8]
            words = np.zeros((len(self.runs), 256), dtype="<u8")
            for i in range(len(some)):
                words[first + i] = np.arange(256) << 8 * i
            bits = np.bitwise_xor.accumulate(words.take(what)).take(last)
            some[:] = bits.view(np.uint8).reshape(-1, 8)[:, : len(some)].T
        return places.take(last), states


def runs_of(places: Whole, values: Plane) -> Runs:
    """The runs of a plane whose pixels from each place on, of which 0 is one, have a value."""
    kept = _run_starts(values)
    return Runs(places.take(kept), values.take(kept))


def _run_starts(values: Plane) -> Whole:
    return np.concatenate([_FIRST, np.flatnonzero(values[1:] != values[:-1]) + 1])


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
    size = width * height
    if overlap == "keep":
        firsts = range(0, max(1, len(labels)), 8)
        runs = [_piled(patches, labels[first : first + 8], size) for first in firsts]
    else:
        # A stable sort: of equally small ones the later stays the later.
        ordered = sorted(patches, key=lambda p: -p.pixels) if overlap == "smallest" else patches
        runs = _covered(ordered, labels, size)
    return LabelSet(labels, height, width, tuple(runs))


def _piled(patches: Sequence[Patch], labels: Sequence[str], size: int) -> Runs:
    """The plane of up to eight labels, which pile up.

    Each byte of a number counts how many regions of a label lie on the pixels, which are 255 at
    most. All eight are added up at once, modulo 2^64.
    """
    drawn, label = _by_label(patches, labels, size)
    # What happens: label k begins (2 k + 1) or ends (2 k + 2); at the first place, nothing (0).
    begins = 2 * label + 1
    places = np.concatenate([_FIRST, drawn.begin, drawn.end])
    places, what = by_place(places, np.concatenate([_FIRST, begins, begins + 1]), size)
    settled = np.flatnonzero(np.append(places[1:] != places[:-1], places[-1] != size))
    ones = [1 << 8 * k for k in range(len(labels))]
    steps = np.array([0, *(c for one in ones for c in (one, -one % (1 << 64)))], dtype="<u8")
    counts = np.cumsum(steps.take(what), dtype="<u8").take(settled).view(np.uint8)
    return runs_of(places.take(settled), np.packbits(counts != 0, bitorder="little"))


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
    """Where labels lie, up to 255 times on a pixel, and the number of each stretch's label."""
    numbers = {label: k for k, label in enumerate(labels)}
    drawn = [
        (patch.stretches, numbers[label])
        for patch in patches
        for label in patch.labels
        if label in numbers
    ]
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


def _covered(patches: Sequence[Patch], labels: Sequence[str], size: int) -> list[Runs]:
    """The planes where only the labels of the last patch on a pixel lie."""
    bounds = [bound for patch in patches for bound in patch.stretches]
    starts = np.unique(np.concatenate([_FIRST, *bounds]))
    starts = starts[:-1] if starts[-1] == size else starts
    states = np.zeros((max(1, -(-len(labels) // 8)), len(starts)), dtype=np.uint8)
    for patch in patches:
        bits = sum(1 << labels.index(label) for label in set(patch.labels))
        here = _ranges(*np.searchsorted(starts, patch.stretches))
        for i, state in enumerate(states):
            state[here] = bits >> 8 * i & 255
    return [runs_of(starts, state) for state in states]


def _ranges(first: Whole, stop: Whole) -> Whole:
    """All numbers from each ``first`` to its ``stop``."""
    counts = stop - first
    return np.arange(counts.sum()) + np.repeat(stop - np.cumsum(counts), counts)
