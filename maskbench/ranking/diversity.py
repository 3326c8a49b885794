"""Choose images that are uncertain and differ from each other, by histograms of each image.

The first chosen image is the one with the highest score; each further one has the largest

    score * (1 - diversity * s),

where s is its similarity, from 0 to 1, to the most similar image chosen before it. This is maximal
marginal relevance (J. Carbonell, J. Goldstein, SIGIR 1998), as a product, so that the scale of the
scores does not matter. With diversity 1 it chooses by score times distance to the chosen images;
k-center greedy uses the distance alone (O. Sener, S. Savarese, "Active Learning for Convolutional
Neural Networks: A Core-Set Approach", ICLR 2018).

The similarity of two images is the mean overlap of their histograms of colours and of predicted
classes; two histograms overlap by the sum of the smaller shares (M. Swain, D. Ballard, "Color
Indexing", IJCV 1991). Images of one group, such as frames of one video, have similarity 1.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from maskbench.files.masks import Mask

Shares = npt.NDArray[np.float32]
"""Shares of an image's pixels, which add up to 1."""

_LEVELS = 4  # of each colour in the histogram


class Choice(NamedTuple):
    """A chosen image.

    Attributes:
        place: Its index among the candidates.
        similarity: To the most similar image that was chosen before it; 0 for the first.
    """

    place: int
    similarity: float


def color_shares(picture: Image.Image) -> Shares:
    """Return the share of each of 64 colours in an RGB picture."""
    levels = np.asarray(picture).reshape(-1, 3) // (256 // _LEVELS)
    codes = levels @ np.array([_LEVELS**2, _LEVELS, 1], np.uint8)
    return _shares(codes, _LEVELS**3)


def class_shares(mask: Mask, classes: int) -> Shares:
    """Return the share of each class in a mask; the last share is that of "no class" (255)."""
    return _shares(np.minimum(mask, classes).reshape(-1), classes + 1)


def _shares(codes: npt.NDArray[np.uint8], count: int) -> Shares:
    found = np.bincount(codes, minlength=count) / max(1, codes.size)
    return found.astype(np.float32)


def choose_batch(
    scores: Sequence[float],
    descriptions: Sequence[Sequence[Shares]],
    groups: Sequence[str | None],
    count: int,
    diversity: float,
) -> list[Choice]:
    """Choose images one by one; among equal ones, the first.

    Args:
        scores: The score of each image, 0 or more.
        descriptions: One or more tables of histograms, each with a row for each image.
        groups: The group of each image; None: it has none.
        count: How many to choose, at most.
        diversity: From 0 (by score alone) to 1 (an equal image is worth nothing).
    """
    tables = [np.asarray(table, np.float32) for table in descriptions]
    names: dict[str, int] = {}
    numbers = np.array([-1 if g is None else names.setdefault(g, len(names)) for g in groups])
    values, left = np.asarray(scores, np.float64), np.ones(len(scores), np.bool_)
    similarity = np.zeros(len(values))
    chosen = []
    for _ in range(min(count, len(values))):
        best = int(np.where(left, values * (1 - diversity * similarity), -1).argmax())
        chosen.append(Choice(best, float(similarity[best])))
        left[best] = False
        overlap = np.mean([_overlap(table, best) for table in tables], axis=0)
        is_same = (numbers == numbers[best]) & (numbers >= 0)
        similarity = np.maximum(similarity, np.where(is_same, 1.0, overlap))
    return chosen


def _overlap(table: Shares, row: int) -> npt.NDArray[np.float64]:
    """Return how far the histogram in each row overlaps the one in ``row``, from 0 to 1."""
    smaller: Shares = np.minimum(table, table[row])
    overlap: npt.NDArray[np.float64] = smaller.sum(axis=1, dtype=np.float64)
    return overlap.clip(max=1)
