"""Measure how far annotators agree on the classes of pixels. Pure functions on arrays.

Everything is computed from counts, so that images are added up, not averaged: IoU, Dice and
boundary IoU as in :mod:`maskbench.evaluation.figures`, Cohen's kappa (1960) and Krippendorff's
alpha for nominal data (1970). The two coefficients subtract the agreement that chance would give:
1 is perfect, 0 is chance. Of a single class they compare it with all others together.

Pixels that one of two annotators leaves to be ignored (255) do not count for the two.
"""

import numpy as np

from maskbench.evaluation.confusion import Counts
from maskbench.evaluation.figures import FIGURES, Values, figures, mean
from maskbench.files.masks import Mask
from maskbench.files.tiff import Planes
from maskbench.params import IGNORE
from maskbench.quality.joint import Column, Joint, PairCounter

COEFFICIENTS = ("iou", "dice", "boundary_iou", "kappa", "alpha")
"""What :func:`coefficients` computes, in the order of its axis."""

_OF_FIGURES = tuple(map(FIGURES.index, COEFFICIENTS[:3]))
_PAIR, _SAME, _VALUES = slice(0, 6), 6, 7  # rows of the counts


def count_pair(one: Mask, other: Mask, classes: int) -> Counts:
    """Count on which pixels two annotators agree.

    Args:
        one: Class values, shape (H, W), uint8.
        other: Class values, the same shape.
        classes: The number of classes, K.

    Returns:
        Six rows, shape (6, K): pixels where both, the one and the other have the class; the same
        of boundaries.
    """
    joint = Joint.of([one, other])
    return PairCounter(joint, classes).count(*joint.sets.T)


def count_values(sets: Planes, pixels: Counts, classes: int) -> Values:
    """Count what Krippendorff's alpha needs, of any number of annotators.

    Args:
        sets: Combinations of the annotators' class values, shape (S, A); 255 is no vote.
        pixels: How many pixels have each combination, shape (S,).
        classes: The number of classes, K.

    Returns:
        Shape (2, K): the diagonal of the coincidence matrix, and the values of each class on pixels
        that have two or more.
    """
    votes = np.stack([(sets == value).sum(axis=1) for value in range(classes)]).astype(np.float64)
    given = votes.sum(axis=0)
    pixels = np.where(given < 2, 0, pixels)
    same = votes * (votes - 1) / np.maximum(given - 1, 1)
    found: Values = np.stack([same @ pixels, votes @ pixels])
    return found


def most_given(sets: Planes) -> Column:
    """Return the class that most annotators gave a pixel; 255 where two are equally frequent.

    Args:
        sets: Combinations of class values, shape (S, A); 255 is no vote.

    Returns:
        A value for each combination, shape (S,), uint8.
    """
    found = np.full(len(sets), IGNORE, dtype=np.uint8)
    most = np.zeros(len(sets), dtype=np.int64)
    for value in np.unique(sets[sets != IGNORE]).tolist():
        votes = (sets == value).sum(axis=1)
        found[votes > most] = value
        found[(votes == most) & (votes > 0)] = IGNORE
        np.maximum(most, votes, out=most)
    return found


def with_values(pair: Counts | Values) -> Values:
    """Return the counts of two annotators, shape (..., 8, K), from those of :func:`count_pair`."""
    hit, one, other = (pair[..., row, :] for row in range(3))
    rows = np.stack([2 * hit, one + other], axis=-2)
    return np.concatenate([pair, rows], axis=-2).astype(np.float64)


def coefficients(counts: Values) -> Values:
    """Compute all coefficients of agreement.

    Args:
        counts: Shape (..., 8, K), of one image or added up: the rows of :func:`count_pair`, added
            up over all pairs of annotators, then those of :func:`count_values`.

    Returns:
        Shape (..., 5, K + 1): the five of :data:`COEFFICIENTS` for each class, and last for all
        classes together (IoU, Dice and boundary IoU: their mean). NaN: does not apply.
    """
    shown = figures(counts[..., _PAIR, :])
    per_class = shown.per_class[..., _OF_FIGURES, :]
    overlaps = np.concatenate([per_class, mean(per_class)[..., None]], axis=-1)
    hit, one, other = (counts[..., row, :] for row in range(3))
    same, values = counts[..., _SAME, :], counts[..., _VALUES, :]
    return np.concatenate(
        [overlaps, kappa(hit, one, other)[..., None, :], alpha(same, values)[..., None, :]],
        axis=-2,
    )


def kappa(hit: Values, one: Values, other: Values) -> Values:
    """Compute Cohen's kappa from the pixels of each class, shape (..., K); see coefficients."""
    total = one.sum(axis=-1, keepdims=True)
    agreed = hit.sum(axis=-1, keepdims=True)
    by_chance = (one * other).sum(axis=-1, keepdims=True)
    # Of a class and all others: both have it, or both have it not.
    agreed_on_class = total - one - other + 2 * hit
    chance_of_class = one * other + (total - one) * (total - other)
    agreed = np.concatenate([agreed_on_class, agreed], axis=-1)
    by_chance = np.concatenate([chance_of_class, by_chance], axis=-1)
    return _beyond(agreed * total, by_chance, total**2)


def alpha(same: Values, values: Values) -> Values:
    """Compute Krippendorff's alpha from coincidences, shape (..., K); see coefficients."""
    total = values.sum(axis=-1, keepdims=True)
    apart = np.concatenate([2 * (values - same), total - same.sum(axis=-1, keepdims=True)], axis=-1)
    squares = (values**2).sum(axis=-1, keepdims=True)
    expected = np.concatenate([2 * values * (total - values), total**2 - squares], axis=-1)
    return _beyond(expected - apart * (total - 1), 0.0 * expected, expected)


def _beyond(found: Values, by_chance: Values, most: Values) -> Values:
    """Return the agreement beyond chance, as a share of the most possible; NaN if none is."""
    whole = most - by_chance
    result = np.full(np.shape(whole), np.nan)
    np.divide(found - by_chance, whole, out=result, where=whole > 0)
    return result
