"""Uncertainty of a pixel, on literal numbers and by properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskbench.ranking.uncertainty import (
    check_sums,
    class_weights,
    divergence,
    entropy,
    expected_rarity,
    margin,
    mask_difference,
    rarity,
)


def pixels(*rows):
    """Probabilities of the pixels of one row: a list of classes' probabilities for each pixel."""
    return np.array(rows, np.float32).T[:, None, :]


def test_entropy_is_0_where_certain_and_1_where_all_classes_are_equal():
    found = entropy(pixels([1, 0, 0, 0], [0.25] * 4, [0.5, 0.5, 0, 0]))
    assert found == pytest.approx(np.array([[0, 1, 0.5]]))
    assert found.shape == (1, 3)


def test_margin_is_1_minus_the_lead_of_the_first_class():
    found = margin(pixels([1, 0, 0], [0.5, 0.3, 0.2], [0.1, 0.45, 0.45]))
    assert found == pytest.approx(np.array([[0, 0.8, 1]]))


def test_one_class_alone_is_certain():
    assert entropy(pixels([1])).tolist() == [[0]]
    assert margin(pixels([1])).tolist() == [[0]]


def test_divergence_of_two_models():
    first = pixels([1, 0], [0.5, 0.5], [1, 0], [0.5, 0.5])
    second = pixels([1, 0], [0.5, 0.5], [0, 1], [1, 0])
    quarter = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25)) - 0.5
    assert divergence(first, second) == pytest.approx(np.array([[0, 0, 1, quarter]]), abs=1e-6)


def test_masks_differ_or_not():
    first, second = np.array([[0, 1, 255]], np.uint8), np.array([[0, 2, 1]], np.uint8)
    assert mask_difference(first, second).tolist() == [[0, 1, 1]]


def test_divergence_of_certain_models_is_the_difference_of_their_masks():
    first, second = np.random.default_rng(1).integers(0, 3, (2, 5, 6), dtype=np.uint8)
    certain = [
        np.stack([mask == k for k in range(3)]).astype(np.float32) for mask in (first, second)
    ]
    assert divergence(*certain) == pytest.approx(mask_difference(first, second), abs=1e-6)


def test_the_rarest_class_weighs_most():
    labelled = [{"Background": 60, "Canvas": 20}, {"Background": 80}]
    # 160 pixels, 80 in an image: one image more has 80 / 4 of each class
    weights = class_weights(["Background", "Canvas", "Lamp", "Plant"], labelled)
    assert weights == pytest.approx([20 / 160, 20 / 40, 1, 1])
    assert class_weights(["Background", "Canvas"], []) == (1, 1)


def test_rarity_is_the_weight_of_the_class_or_its_expected_value():
    weights = (0.125, 0.5, 1)
    assert rarity(np.array([[0, 1, 2, 255]], np.uint8), weights).tolist() == [[0.125, 0.5, 1, 0]]
    found = expected_rarity(pixels([1, 0, 0], [0.5, 0, 0.5]), weights)
    assert found == pytest.approx(np.array([[0.125, 0.5625]]))


def test_probabilities_have_to_add_up_to_1():
    check_sums(pixels([0.5, 0.49], [0.5, 0.51]))
    check_sums(np.zeros((3, 0, 4), np.float32))
    with pytest.raises(ValueError, match=r"add up to 1\.70, not to 1; apply softmax"):
        check_sums(pixels([0.5, 0.5], [0.9, 0.8]))


@given(st.integers(0, 10**6), st.integers(2, 6), st.booleans())
def test_measures_lie_between_0_and_1_whatever_the_order_of_classes(seed, classes, is_sharp):
    rng = np.random.default_rng(seed)
    raw = rng.random((2, classes, 3, 4)) ** (60 if is_sharp else 1) + 1e-30
    first, second = (raw / raw.sum(axis=1, keepdims=True)).astype(np.float32)
    order = rng.permutation(classes)
    for found, again in (
        (entropy(first), entropy(first[order])),
        (margin(first), margin(first[order])),
        (divergence(first, second), divergence(second[order], first[order])),
    ):
        assert found.shape == (3, 4)
        assert found.min() >= -1e-6
        assert found.max() <= 1 + 1e-6
        assert found == pytest.approx(again, abs=1e-5)
