"""Measure how uncertain predictions are: a value from 0 to 1 for each pixel. Pure numpy.

An image's score is the mean over its pixels. Measures by name, with K classes:

``entropy``
    Of the probabilities p: - sum of p log p, divided by log K (C. E. Shannon, "A Mathematical
    Theory of Communication", 1948; for choosing what to label: B. Settles, "Active Learning
    Literature Survey", University of Wisconsin-Madison, TR 1648, 2009, section 3.1).
``margin``
    1 - (p1 - p2), with the two largest probabilities (T. Scheffer, C. Decomain, S. Wrobel, "Active
    Hidden Markov Models for Information Extraction", IDA 2001; Settles, section 3.1).
``disagreement``
    Of two models: the Jensen-Shannon divergence of their probabilities in bits, which is the mean
    divergence of each from their average (A. McCallum, K. Nigam, "Employing EM and Pool-Based
    Active Learning for Text Classification", ICML 1998; J. Lin, "Divergence Measures Based on the
    Shannon Entropy", 1991). Of masks it is 1 where they differ and 0 elsewhere.
``rarity``
    How rare the predicted class is among the labels: w_k = f_min / f_k, where f_k is the share of
    class k in all labelled pixels and f_min that of the rarest class; for probabilities, the
    expected value, sum of p_k w_k. Losses weigh rare classes by inverse frequencies, too (D. Eigen,
    R. Fergus, ICCV 2015, section 6.3.2). To give a class without labels a finite weight, one more
    image is counted, with equal shares of all classes.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from maskbench.files.masks import Mask

Values = npt.NDArray[np.float32]
"""A number for each pixel, shape (H, W); or probabilities, shape (K, H, W)."""

_SUM = 0.02  # how far the sum of a pixel's probabilities may be from 1


def check_sums(probabilities: Values) -> None:
    """Raise ValueError unless the probabilities of each pixel, shape (K, H, W), add up to 1."""
    sums = probabilities.sum(axis=0).reshape(-1)
    worst = sums[np.abs(sums - 1).argmax()] if sums.size else 1
    if abs(worst - 1) > _SUM:
        raise ValueError(
            f"holds a pixel whose probabilities add up to {worst:.2f}, not to 1; apply softmax "
            "over the classes"
        )


def entropy(probabilities: Values) -> Values:
    """Return the normalized entropy of each pixel; probabilities: shape (K, H, W)."""
    classes = len(probabilities)
    found: Values = _entropy(probabilities) / np.float32(np.log(max(2, classes)))
    return found


def margin(probabilities: Values) -> Values:
    """Return 1 minus the lead of the most probable class; probabilities: shape (K, H, W)."""
    first = second = np.zeros(probabilities.shape[1:], np.float32)
    for chance in probabilities:
        second = np.maximum(second, np.minimum(first, chance))
        first = np.maximum(first, chance)
    lead: Values = first - second
    return 1 - lead


def divergence(first: Values, second: Values) -> Values:
    """Return the Jensen-Shannon divergence in bits of two models' probabilities, (K, H, W)."""
    both: Values = (first + second) * np.float32(0.5)
    apart = _entropy(both) - (_entropy(first) + _entropy(second)) / 2
    found: Values = np.clip(apart / np.float32(np.log(2)), 0, 1)
    return found


def mask_difference(first: Mask, second: Mask) -> Values:
    """Return 1 where two masks differ and 0 elsewhere."""
    differs: npt.NDArray[np.bool_] = first != second
    return differs.astype(np.float32)


def rarity(mask: Mask, weights: Sequence[float]) -> Values:
    """Return the weight of each pixel's class; 0 for pixels without one (255)."""
    table = np.zeros(256, np.float32)
    table[: len(weights)] = weights
    return table[mask]


def expected_rarity(probabilities: Values, weights: Sequence[float]) -> Values:
    """Return the expected weight of each pixel's class; probabilities: shape (K, H, W)."""
    return np.tensordot(np.asarray(weights, np.float32), probabilities, axes=1)


def class_weights(
    classes: Sequence[str], labelled: Sequence[Mapping[str, int]]
) -> tuple[float, ...]:
    """Return the weight of each class: 1 for the rarest among the labels, less for others.

    Args:
        classes: Class names by value.
        labelled: Pixels by class name of each labelled image.
    """
    pixels = np.array([sum(image.get(name, 0) for image in labelled) for name in classes], float)
    typical = pixels.sum() / max(1, len(labelled)) or 1.0
    shares = pixels + typical / len(classes)
    return tuple(float(share) for share in shares.min() / shares)


def _entropy(probabilities: Values) -> Values:
    """Return the entropy in nats along the first axis; 0 log 0 is 0."""
    logs = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    found: Values = -np.einsum("khw,khw->hw", probabilities, logs)
    return found
