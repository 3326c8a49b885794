"""Figures against independent implementations: scikit-learn, torchmetrics, and erosion by scipy."""

import numpy as np
import pytest
import torch
import torchmetrics.functional.classification as tm
from scipy import ndimage
from sklearn import metrics as sk

from maskbench.evaluate import evaluate
from maskbench.evaluation.boundary import boundaries, boundary_width
from maskbench.evaluation.confusion import confusion
from maskbench.evaluation.figures import count_image, figures
from tests.benchmarks import masks_of, pairs

IOU, DICE, PRECISION, RECALL, BOUNDARY = range(5)


@pytest.mark.parametrize("classes", [2, 7, 15, 16, 150, 254])
@pytest.mark.parametrize("smooth", [False, True], ids=["noise", "areas"])
def test_confusion_equals_sklearn(classes, smooth):
    truth, predicted = pairs(classes, classes, shape=(600, 500), smooth=smooth)
    counted = truth != 255
    expected = sk.confusion_matrix(truth[counted], predicted[counted], labels=range(classes))
    found = confusion(truth, predicted, classes)
    np.testing.assert_array_equal(found[:, :classes], expected)
    assert not found[:, classes].any()


@pytest.mark.parametrize("seed", range(5))
def test_figures_equal_sklearn(seed):
    truth, predicted = pairs(seed, 7)
    found = figures(count_image(truth, predicted, 7)[1])
    counted = truth != 255
    flat = truth[counted], predicted[counted]
    close = {"rtol": 0, "atol": 1e-9}
    for row, function in (
        (IOU, sk.jaccard_score),
        (DICE, sk.f1_score),
        (PRECISION, sk.precision_score),
        (RECALL, sk.recall_score),
    ):
        expected = function(*flat, labels=range(7), average=None)
        np.testing.assert_allclose(found.per_class[row], expected, **close)
    assert found.pixel_accuracy == pytest.approx(sk.accuracy_score(*flat), abs=1e-9)


def test_figures_equal_torchmetrics():
    truth, predicted = pairs(0, 7)
    found = figures(count_image(truth, predicted, 7)[1])
    tensors = torch.from_numpy(predicted.astype(np.int64)), torch.from_numpy(truth.astype(np.int64))
    matrix = tm.multiclass_confusion_matrix(*tensors, 7, ignore_index=255).double().numpy()
    hit, union = np.diag(matrix), matrix.sum(0) + matrix.sum(1) - np.diag(matrix)
    np.testing.assert_allclose(found.per_class[IOU], hit / union, rtol=0, atol=1e-9)
    mean_iou = tm.multiclass_jaccard_index(*tensors, 7, ignore_index=255)
    assert found.mean[IOU] == pytest.approx(mean_iou.item(), abs=1e-7)  # it divides in float32


def _eroded(mask, void, steps):
    padded = np.pad(mask | void, 1)
    return ndimage.binary_erosion(padded, np.ones((3, 3)), iterations=steps)[1:-1, 1:-1]


@pytest.mark.parametrize("seed", range(4))
def test_boundaries_equal_repeated_erosion(seed):
    """The authors' way: erode d times by 3 x 3, the image's edge being outside."""
    truth, predicted = pairs(seed, 3, shape=(80, 120), void=0.01, smooth=True)
    predicted[:2, :50] = 255  # no class
    width, void = boundary_width(80, 120), truth == 255
    for mask, found in zip((truth, predicted), boundaries(truth, predicted), strict=True):
        for value in range(3):
            own = (mask == value) & ~void
            expected = own & ~_eroded(mask == value, void, width)
            np.testing.assert_array_equal(found == value, expected)


def test_figures_are_of_all_pixels_together(benchmark):
    masks = masks_of(benchmark, seed=1)
    truth = np.concatenate([m.ravel() for m in masks_of(benchmark).values()])
    predicted = np.concatenate([m.ravel() for m in masks.values()])
    report = evaluate(masks, benchmark)
    expected = sk.jaccard_score(truth, predicted, average="macro")
    assert report.metrics()["test"]["mean"]["iou"] == pytest.approx(expected, abs=1e-6)
    assert report.summary.figures.mean[IOU] == pytest.approx(expected, abs=1e-12)
