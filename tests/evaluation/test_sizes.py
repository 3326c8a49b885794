"""IoU by the size of a class in an image, on counts written out."""

import numpy as np

from maskbench.evaluation.sizes import SizeRange, iou_by_size


def counts(*classes):
    """An image's counts from (hit, true, predicted) of each class."""
    found = np.zeros((6, len(classes)), np.int64)
    found[:3] = np.array(classes).T
    return found


def test_ranges_by_class_and_size():
    images = [
        counts((1, 1, 1), (0, 0, 9)),  # class 1 is a phantom here: it has no size
        counts((2, 3, 4), (4, 4, 4)),
        counts((8, 15, 8), (0, 4, 3)),
        counts((0, 16, 0), (0, 0, 0)),
    ]
    assert iou_by_size(images) == [
        SizeRange(0, 1, 4, 2, 3 / 6),
        SizeRange(0, 4, 16, 1, 8 / 15),
        SizeRange(0, 16, 64, 1, 0.0),
        SizeRange(1, 4, 16, 2, 4 / 11),
    ]
