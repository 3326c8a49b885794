"""Checks of single regions."""

import numpy as np
import pytest

from maskbench.quality.checks.geometry import hole, off_image, self_crossing, sliver, sub_pixel
from tests.quality.checks.regions import box, drawn, found, outline, stroke

BOW_TIE = outline("bow", [(10, 10), (30, 30), (30, 10), (10, 30)])


def test_an_outline_that_crosses_itself():
    assert found(self_crossing, 0.02, BOW_TIE, box("a", 0, 0, 9, 9)) == [(("bow",), 0.5)]
    # A spike of no area, and a loop of 1 % of the area, are what the hand does.
    spike = outline("spike", [(10, 10), (50, 10), (50, 50), (70, 50), (50, 50), (10, 50)])
    loop = outline("loop", [(0, 0), (80, 0), (80, 80), (4, 80), (4, 84), (0, 84), (0, 80), (8, 88)])
    assert found(self_crossing, 0.02, spike) == []
    [(_, share)] = found(self_crossing, 1e-6, loop)
    assert 0 < share < 0.02 and found(self_crossing, 0.02, loop) == []


@pytest.mark.parametrize(
    ("region", "fires"),
    [
        (box("r", 10, 10, 90, 10.8), True),
        (outline("r", [(10, 10), (90, 40), (90, 40.9), (10, 10.9)]), True),
        (box("r", 10, 10, 90, 12), False),  # two pixels wide
        (box("r", 10, 10, 13, 10.8), False),  # not long
    ],
)
def test_a_sliver(region, fires):
    assert [regions for regions, _ in found(sliver, 1, region)] == [("r",)] * fires


@pytest.mark.parametrize(
    ("region", "pixels"),
    [
        (box("r", 10.6, 10.6, 11.4, 11.4), 0),  # between the centres
        (box("r", 10, 10, 13, 11), 3),
        (box("r", 10, 10, 12, 12), None),  # four are enough
        (box("r", 120, 10, 130, 20), None),  # beside the image: another finding
        (outline("r", [(10, 10), (12, 12)]), 0),
        (outline("r", [(10, 10), (10, 10), (10, 10)]), 0),
    ],
)
def test_a_region_of_a_few_pixels(region, pixels):
    assert found(sub_pixel, 4, region) == ([] if pixels is None else [(("r",), pixels)])


def test_a_region_that_reaches_off_the_image():
    assert found(off_image, 0.05, box("r", -10, 0, 30, 10)) == [(("r",), 0.25)]
    assert found(off_image, 0.05, box("r", 120, 0, 130, 10)) == [(("r",), 1)]
    assert found(off_image, 0.05, box("r", -1, 0, 99, 10)) == []
    assert found(off_image, 0.05, box("r", 0, 0, 100, 100)) == []
    line, nothing = box("line", 50, 50, 50, 60), stroke("nothing", np.zeros((100, 100)))
    assert found(off_image, 0.05, line, nothing) == []  # without an area: sub_pixel reports them
    assert found(sub_pixel, 4, line, nothing) == [(("line",), 0), (("nothing",), 0)]


def test_a_hole_in_a_stroke_and_between_regions():
    painted = np.zeros((100, 100), dtype=bool)
    painted[10:30, 10:30] = True
    painted[15, 15:17] = painted[20, 20] = False  # forgotten: three pixels
    assert found(hole, 0.0005, stroke("s", painted)) == [(("s",), 3)]
    painted[12:28, 12:28] = False  # a frame
    assert found(hole, 0.0005, stroke("s", painted)) == []
    around = [
        box("top", 40, 40, 60, 45),
        box("bottom", 40, 47, 60, 52),
        box("left", 30, 40, 40, 52),
        box("right", 42, 40, 60, 52),
    ]
    assert found(hole, 0.0005, *around) == [(("top", "bottom", "left", "right"), 4)]
    assert found(hole, 0.0005, *around[:3]) == []  # open


def test_regions_that_cannot_be_drawn_or_have_no_label_are_no_concern_of_the_checks():
    broken = outline("r", [(1, 1), (2, 2), (3, 1)])._replace(value={"points": [[1], [2, 2]]})
    bare = box("r", 10, 10, 13, 11, labels=())
    assert drawn(broken, bare).shapes == []
    for check in (self_crossing, sliver, sub_pixel, off_image, hole):
        assert found(check, 0.5) == []


def test_a_hole_whose_corners_were_rounded_off_its_regions_still_names_them():
    crossing = [
        outline("r0", [(0, 0), (0, -4), (58, 98)]),
        outline("r1", [(0, -11), (66, 111), (0, -12)]),
        outline("r2", [(0, 108), (0, 0), (20, 120), (117, 1), (0, 0), (-28, 115), (106, 56)]),
    ]
    assert [regions for regions, _ in found(hole, 0.0005, *crossing)] == [
        ("r0", "r1", "r2"),
        ("r1", "r2"),
    ]
