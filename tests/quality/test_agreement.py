"""Coefficients of agreement: scikit-learn's, krippendorff's and published examples."""

import importlib

import krippendorff
import numpy as np
import pytest

from maskbench.evaluation.figures import count_image, figures
from maskbench.quality.agreement import (
    COEFFICIENTS,
    coefficients,
    count_pair,
    count_values,
    most_given,
    with_values,
)
from maskbench.quality.joint import MOST_COMBINATIONS, Joint, PairCounter

VOID = 255


@pytest.fixture(scope="module")
def metrics():
    """scikit-learn's, which takes a second to import."""
    return importlib.import_module("sklearn.metrics")


def mask(*rows):
    return np.array(rows, dtype=np.uint8)


def people(number, classes=4, void=False, seed=0):
    """Masks of annotators who mostly agree."""
    random = np.random.default_rng(seed)
    truth = np.repeat(random.integers(0, classes, (20, 6)), 5, axis=1)
    drawn = []
    for _ in range(number):
        wrong = random.random(truth.shape) < 0.2
        own = np.where(wrong, random.integers(0, classes, truth.shape), truth).astype(np.uint8)
        drawn.append(
            np.where(random.random(truth.shape) < 0.1, np.uint8(VOID), own) if void else own
        )
    return drawn


def values_of(masks, classes):
    joint = Joint.of(masks)
    return count_values(joint.sets, joint.pixels, classes)


def majority(masks):
    joint = Joint.of(masks)
    return joint.mask(most_given(joint.sets))


def pair_of(one, other, classes=4):
    found = coefficients(with_values(count_pair(one, other, classes)))
    return dict(zip(COEFFICIENTS, found, strict=True))


@pytest.mark.parametrize("void", [False, True])
def test_a_pair_as_scikit_learn_has_it(metrics, void):
    one, other = people(2, void=void)
    found, counts = pair_of(one, other), (one != VOID) & (other != VOID)
    one, other = one[counts], other[counts]
    classes = range(4)
    assert found["iou"][:4] == pytest.approx(metrics.jaccard_score(one, other, average=None))
    assert found["dice"][:4] == pytest.approx(metrics.f1_score(one, other, average=None))
    assert found["kappa"][4] == pytest.approx(metrics.cohen_kappa_score(one, other))
    for value in classes:
        expected = metrics.cohen_kappa_score(one == value, other == value)
        assert found["kappa"][value] == pytest.approx(expected)
    assert found["iou"][4] == pytest.approx(metrics.jaccard_score(one, other, average="macro"))


def library_alpha(masks):
    values = [np.where(m == VOID, np.nan, m.astype(float)).ravel() for m in masks]
    return krippendorff.alpha(np.array(values), level_of_measurement="nominal")


@pytest.mark.parametrize("void", [False, True])
@pytest.mark.parametrize("number", [2, 3, 5])
def test_alpha_as_the_library_has_it(number, void):
    masks = people(number, void=void, seed=number)
    counts = np.concatenate([np.zeros((6, 4)), values_of(masks, 4)])
    found = coefficients(counts)[COEFFICIENTS.index("alpha")]
    assert found[4] == pytest.approx(library_alpha(masks))
    for value in range(4):
        own = [np.where(m == VOID, m, (m == value).astype(np.uint8)) for m in masks]
        assert found[value] == pytest.approx(library_alpha(own))
    if number == 2:
        assert pair_of(*masks)["alpha"] == pytest.approx(found)


def test_published_examples():
    """Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), example C."""
    a = VOID
    c = [
        mask([1, 2, 3, 3, 2, 1, 4, 1, 2, a, a, a]),
        mask([1, 2, 3, 3, 2, 2, 4, 1, 2, 5, a, 3]),
        mask([a, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, a]),
        mask([1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, a]),
    ]
    counts = np.concatenate([np.zeros((6, 6)), values_of(c, 6)])
    assert coefficients(counts)[4, 6] == pytest.approx(0.743, abs=5e-4)
    # Cohen's kappa of 50 proposals: 20 yes-yes, 15 no-no, 5 and 10 apart.
    one = mask([1] * 20 + [1] * 5 + [0] * 10 + [0] * 15)
    other = mask([1] * 20 + [0] * 5 + [1] * 10 + [0] * 15)
    assert pair_of(one, other, 2)["kappa"] == pytest.approx([0.4, 0.4, 0.4])


def test_images_add_up_to_one(metrics):
    (a, b), (c, d) = people(2, seed=1), people(2, seed=2)
    added = with_values(count_pair(a, b, 4)) + with_values(count_pair(c, d, 4))
    whole = metrics.cohen_kappa_score(np.hstack([a, c]).ravel(), np.hstack([b, d]).ravel())
    assert coefficients(added)[3, 4] == pytest.approx(whole)


def test_boundaries_are_those_of_the_evaluation():
    one, other = people(2)
    expected = figures(count_image(one, other, 4)[1])
    assert pair_of(one, other)["boundary_iou"][:4] == pytest.approx(expected.per_class[4])


def test_what_does_not_apply_is_nan():
    nothing = mask([0, 0, 0, 0])
    found = pair_of(nothing, nothing)
    assert found["iou"][[0, 4]].tolist() == [1, 1] and np.isnan(found["iou"][1:4]).all()
    assert np.isnan(found["kappa"]).all() and np.isnan(found["alpha"]).all()
    nobody = mask([VOID, VOID])
    assert np.isnan(coefficients(with_values(count_pair(nobody, nobody, 4)))).all()


@pytest.mark.parametrize(
    ("votes", "most"),
    [
        ([1, 1, 2], 1),
        ([1, 2], VOID),
        ([2, 1, 1, 2, 3], VOID),
        ([2, 1, 3, 3], 3),
        ([VOID, VOID, 4], 4),
        ([VOID], VOID),
        ([0, 0, 1], 0),
    ],
)
def test_most_given(votes, most):
    assert majority([mask([vote]) for vote in votes]).tolist() == [[most]]


def test_the_majority_is_closer_to_the_truth_than_each_annotator():
    random = np.random.default_rng(5)
    truth = np.kron(random.integers(0, 3, (4, 4)), np.ones((10, 10))).astype(np.uint8)
    drawn = [
        np.where(random.random(truth.shape) < rate, random.integers(0, 3, truth.shape), truth)
        for rate in (0.1, 0.2, 0.25, 0.3, 0.35)
    ]
    drawn = [own.astype(np.uint8) for own in drawn]
    best = max(pair_of(truth, own, 3)["iou"][3] for own in drawn)
    assert pair_of(truth, majority(drawn), 3)["iou"][3] > best


@pytest.mark.parametrize("classes", [2, 40])
@pytest.mark.parametrize("void", [False, True])
@pytest.mark.parametrize("size", [1, 2, 20])
def test_what_pairs_share_changes_no_count(classes, void, size):
    masks = [own[:size] for own in people(3, classes=classes, void=void, seed=classes)]
    masks.append(masks[0])
    joint = Joint.of(masks)
    assert size < 20 or (len(joint.sets) <= MOST_COMBINATIONS) == (classes == 2)
    counter = PairCounter(joint, classes)
    for i, one in enumerate(masks):
        for j, other in enumerate(masks):
            ignored = (one == VOID) | (other == VOID)
            both = [np.where(ignored, np.uint8(VOID), own) for own in (one, other)]
            expected = count_image(*both, classes)[1]
            found = counter.count(joint.sets[:, i], joint.sets[:, j])
            np.testing.assert_array_equal(found, expected)
