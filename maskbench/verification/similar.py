"""Equal and near-equal images in different splits: a model would be tested on what it has seen.

A scene is shrunk to 17 x 16 grey pixels. Its hash has a bit for each pair of neighbours in a row:
is the right one brighter? (a difference hash, 256 bits). Another encoding, a change of size, of
brightness or of contrast leaves nearly all bits; two photographs of different things differ in
about half of them. Images count as near-equal when at most :data:`DISTANCE` bits differ *and* the
thumbnails, each with its mean brightness taken out, are within :data:`LEVELS` grey levels on
average; the second test keeps plain walls, which have no structure to hash, apart.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from maskbench.pixels import Scene

DISTANCE = 12
"""Bits of 256 that may differ between near-equal images."""

LEVELS = 4.0
"""Mean difference of grey levels (of 255) that near-equal thumbnails may have."""

_BLOCK = 1024  # images compared with all others at a time
_WIDTH, _HEIGHT = 17, 16


class Look(NamedTuple):
    """What a scene looks like.

    Attributes:
        bits: The hash: +1 or -1 for each pair of neighbours, shape (256,), int8.
        grey: The thumbnail without its mean, shape (272,), float32.
    """

    bits: npt.NDArray[np.int8]
    grey: npt.NDArray[np.float32]


def look(scene: Scene) -> Look:
    """The look of a scene, shape (H, W, 3) uint8."""
    small = Image.fromarray(scene).convert("L").resize((_WIDTH, _HEIGHT), Image.Resampling.BOX)
    grey = np.asarray(small, dtype=np.float32)
    bits = np.where(grey[:, 1:] > grey[:, :-1], 1, -1).astype(np.int8)
    return Look(bits.reshape(-1), (grey - grey.mean()).reshape(-1))


def near_pairs(looks: Sequence[Look], splits: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Pairs of near-equal images in different splits, as (first, second, bits that differ).

    Args:
        looks: The images' looks.
        splits: The split of each.
    """
    if not looks:
        return
    bits = np.stack([entry.bits for entry in looks]).astype(np.float32)
    numbers = np.unique(np.array(splits), return_inverse=True)[1].reshape(-1)
    for start in range(0, len(looks), _BLOCK):
        rows = bits[start : start + _BLOCK]
        distance = (bits.shape[1] - rows @ bits.T) / 2  # products of ±1: exact in float32
        apart = numbers[start : start + _BLOCK, np.newaxis] != numbers
        for i, second in np.argwhere(apart & (distance <= DISTANCE)).tolist():
            first = start + i
            if first < second and _levels(looks[first], looks[second]) <= LEVELS:
                yield first, second, int(distance[i, second])


def _levels(one: Look, other: Look) -> float:
    return float(np.abs(one.grey - other.grey).mean())
