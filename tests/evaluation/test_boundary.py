"""Boundaries are what a look at every window finds, with many classes and with void pixels."""

import numpy as np
import pytest

from maskbench.evaluation.boundary import on_boundary

VOID = 255


def slowly(mask, void, width):
    found = np.where(void, np.uint8(VOID), mask)
    for y in range(width, mask.shape[0] - width):
        for x in range(width, mask.shape[1] - width):
            window = slice(y - width, y + width + 1), slice(x - width, x + width + 1)
            if len(set(mask[window][~void[window]])) < 2:
                found[y, x] = VOID
    return found


@pytest.mark.parametrize("width", [1, 3, 20])
@pytest.mark.parametrize("values", [(0, 1, 2), (0, 15), (0, 16), (7, 254), (0, 1, 2, 4, 8, 100)])
def test_boundary(width, values):
    random = np.random.default_rng(len(values) + width)
    mask = np.kron(random.choice(values, (3, 4)), np.ones((9, 9))).astype(np.uint8)
    for share in (0, 0.1, 0.9):
        void = random.random(mask.shape) < share
        found = on_boundary(mask, void, width)
        np.testing.assert_array_equal(found, slowly(mask, void, width))
