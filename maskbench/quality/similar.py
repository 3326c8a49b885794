"""Find near-equal images, such as images of the test subset that a model has seen in training.

A scene's *look* is its thumbnail of 16 x 16 grey pixels, scaled to mean 0 and a fixed length. The
product of two looks is their correlation: 1 for equal pictures. After a change of encoding, size,
brightness or contrast it is still above :data:`ALIKE`, but not if more than a hundredth is cut off
at the edges (docs/quality.md has figures); different photographs are far below (those of the
sample: 0.85 at most). A hash of one bit per pixel would be shorter, but noise flips its bits on
even surfaces such as walls and skies.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from maskbench.files.images import Scene, read_thumbnail

ALIKE = 0.98
"""Correlation of thumbnails from which images count as near-equal."""

PLAIN = 2.0
"""Standard deviation (grey levels of 255) below which a thumbnail shows nothing to compare."""

_SIDE = 16
_LENGTH = 4000
"""The length of a look of whole numbers: products stay below 2**24, so that float32 adds them
without rounding, to the same sum on every machine."""

_BLOCK = 256  # images compared with all others at a time

Values = npt.NDArray[np.float32]
Look = Values
"""What a scene looks like, shape (256,), whole numbers; all zero where it is plain."""


def look(scene: Scene) -> Look:
    """Return the look of a scene, shape (H, W, 3) uint8."""
    small = Image.fromarray(scene).convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return look_from(small.tobytes())


def thumbnail_pixels(path: Path) -> bytes:
    """Return the 256 grey pixels from which the look of an image file is computed.

    Raises:
        ValueError: It is not an image, damaged or cut off.
    """
    return read_thumbnail(path, _SIDE).tobytes()


def look_from(pixels: bytes) -> Look:
    """Return the look of a scene from its thumbnail."""
    grey = np.frombuffer(pixels, dtype=np.uint8).astype(np.int64)
    centred = grey * grey.size - grey.sum()
    length = math.sqrt(int(centred @ centred))
    if length < PLAIN * math.sqrt(grey.size) * grey.size:
        return np.zeros(grey.size, dtype=np.float32)
    unit: Look = np.rint(centred * (_LENGTH / length)).astype(np.float32)
    return unit


def correlations(looks: Look, others: Look) -> Values:
    """Return the correlation of each look, shape (N, 256), with each other, (M, 256): (N, M)."""
    alike: Values = looks @ others.T / np.float32(_LENGTH**2)
    return alike


def near_pairs(looks: Sequence[Look], splits: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """Find near-equal images in different splits, as (first index, second index, correlation)."""
    if not looks:
        return
    everything = np.stack(looks)
    numbers = np.unique(np.array(splits), return_inverse=True)[1].reshape(-1)
    for start in range(0, len(looks), _BLOCK):
        block = slice(start, start + _BLOCK)
        alike = correlations(everything[block], everything)
        apart = numbers[block, np.newaxis] != numbers
        for i, second in np.argwhere(apart & (alike >= ALIKE)).tolist():
            if start + i < second:
                yield start + i, second, float(alike[i, second])


def twins(looks: Sequence[Look]) -> Iterator[tuple[int, int]]:
    """Yield the index of each scene that has a near-equal one, and the index of the nearest."""
    everything = np.stack(looks) if looks else np.zeros((0, 1), dtype=np.float32)
    for start in range(0, len(looks), _BLOCK):
        alike = correlations(everything[start : start + _BLOCK], everything)
        own = np.arange(len(alike))
        alike[own, start + own] = -1
        nearest = alike.argmax(axis=1)
        for i in np.flatnonzero(alike[own, nearest] >= ALIKE).tolist():
            yield start + i, int(nearest[i])
