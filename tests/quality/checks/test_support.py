"""Regions that no prediction supports."""

import numpy as np

from maskbench.params import RasterizeParams
from maskbench.quality.support import unsupported_regions
from maskbench.regions.build import draw_regions
from tests.quality.checks.regions import IMAGE, box


def test_a_region_of_which_too_little_is_predicted_with_its_class():
    regions = [
        box("seen", 0, 0, 20, 20),
        box("unseen", 40, 40, 60, 60),
        box("void", 80, 80, 90, 90),
    ]
    truth = np.zeros((100, 100), dtype=np.uint8)
    truth[0:20, 0:20] = truth[40:60, 40:60] = 1
    truth[80:90, 80:90] = 255
    predicted = np.zeros_like(truth)
    predicted[0:20, 0:4] = 1
    predicted[40:60, 40:41] = 1
    predicted[50:60, 50:60] = 2

    def found(threshold):
        drawn = draw_regions(regions, IMAGE, RasterizeParams())
        return [
            (h.regions, h.value, h.box)
            for h in unsupported_regions(drawn, truth, predicted, threshold)
        ]

    assert found(0.1) == [(("unseen",), 0.05, (40, 40, 60, 60))]
    assert [regions for regions, *_ in found(0.3)] == [("seen",), ("unseen",)]
    assert found(0.01) == []
