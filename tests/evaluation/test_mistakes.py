"""Kinds of mistake, on literal masks and against a count pixel by pixel."""

import numpy as np
import pytest

from maskbench.evaluation.boundary import boundary_width
from maskbench.evaluation.mistakes import MISTAKES, count_mistakes, mistakes
from tests.benchmarks import blocks, pairs

RIGHT, MISSED, INVENTED, CONFUSED, BOUNDARY = range(5)


def field(*boxes, size=60):
    """A background with boxes of (class, top, bottom), as wide as the field but for its edges."""
    mask = np.zeros((size, size), np.uint8)
    for value, top, bottom in boxes:
        mask[top:bottom, 10:50] = value
    return mask


@pytest.mark.parametrize(
    "truth, predicted, expected",
    [
        (field((1, 10, 20)), field((1, 10, 20)), []),
        (field((1, 10, 20)), field(), [MISSED]),
        (field((1, 10, 20)), field((255, 10, 20)), [MISSED]),
        (field(), field((2, 10, 20)), [INVENTED]),
        (field((1, 10, 20)), field((2, 10, 20)), [CONFUSED]),
        (field((1, 10, 20)), field((1, 11, 21)), [BOUNDARY]),  # shifted by one pixel
        (field((1, 10, 20)), field((1, 10, 40)), [INVENTED, BOUNDARY]),  # its sides are near
        (field((1, 10, 40)), field((1, 10, 20)), [MISSED, BOUNDARY]),
        (field((1, 10, 20), (2, 20, 30)), field((1, 10, 21), (2, 21, 30)), [BOUNDARY]),
        (field((255, 10, 20)), field((2, 10, 20)), []),  # ignored pixels do not count
    ],
)
def test_kinds(truth, predicted, expected):
    found = mistakes(truth, predicted, 3)
    assert sorted(set(found.ravel().tolist()) - {RIGHT}) == expected
    counts = count_mistakes(found)
    assert counts.sum() == np.count_nonzero((truth != predicted) & (truth != 255))


@pytest.mark.parametrize("off, kind", [(2, BOUNDARY), (4, INVENTED)])
def test_an_outline_is_boundary_up_to_its_width(off, kind):
    assert boundary_width(60, 60) == 2
    found = mistakes(field((1, 10, 20)), field((1, 10, 20 + off)), 2)
    assert set(found[20 : 20 + off, 30].tolist()) == {kind}


@pytest.mark.parametrize("classes, smooth", [(3, True), (9, True), (20, False)])
def test_as_counted_pixel_by_pixel(classes, smooth):
    truth, predicted = pairs(classes, classes, (40, 50), smooth=smooth)
    predicted[blocks(7, truth.shape) == 1] = 255
    width = boundary_width(*truth.shape)
    expected = np.zeros_like(truth)
    for y, x in zip(*np.nonzero((truth != predicted) & (truth != 255)), strict=True):
        window = (
            slice(max(0, y - width), y + width + 1),
            slice(max(0, x - width), x + width + 1),
        )
        t, p = truth[y, x], predicted[y, x]
        near = p != 255 and p in truth[window] and t in predicted[window]
        plain = INVENTED if t == 0 and p != 255 else MISSED if p in (0, 255) else CONFUSED
        expected[y, x] = BOUNDARY if near else plain
    np.testing.assert_array_equal(mistakes(truth, predicted, classes), expected)
    assert len(MISTAKES) == count_mistakes(expected).size == 4
