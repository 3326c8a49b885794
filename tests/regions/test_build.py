"""From a task to its mask: which annotation counts, and which region wins."""

import numpy as np
import pytest

from maskbench.regions.build import (
    build_label_set,
    build_mask,
)
from maskbench.regions.rules import Combination
from maskbench.regions.task import Region
from tests.regions.walls import (
    DOOR,
    SIGN,
    WALL,
    annotation,
    box,
    mask_of,
    params,
    settings,
    task,
)


@pytest.mark.parametrize(
    ("overlap", "expected"),
    [
        ("keep", [[1, 1, 1, 1, 0], [1, 3, 3, 1, 0], [1, 3, 3, 1, 1], [1, 3, 3, 1, 0]]),
        ("top", [[1, 1, 1, 1, 0], [1, 2, 2, 1, 0], [1, 2, 1, 1, 1], [1, 2, 2, 1, 0]]),
    ],
)
def test_a_mask_by_hand(overlap, expected):
    asked = params(settings(overlap), (("A", "B"), "AB"))
    mask, found = mask_of(task(annotation(WALL, DOOR, SIGN)), asked)
    np.testing.assert_array_equal(mask, expected)
    assert mask.dtype == np.uint8
    values = np.array(expected)
    counts = {(): 0, ("A",): 1, ("B",): 2, ("A", "B"): 3}
    names = {(): "Ground", ("A",): "A", ("B",): "B", ("A", "B"): "AB"}
    assert found == [
        Combination(labels, int((values == value).sum()), names[labels])
        for labels, value in counts.items()
        if (values == value).any()
    ]


def test_the_smallest_region_wins_whatever_the_order():
    expected = [[1, 1, 1, 1, 0], [1, 2, 2, 1, 0], [1, 2, 1, 1, 1], [1, 2, 2, 1, 0]]
    asked = params(settings("smallest"))
    for order in ([SIGN, DOOR, WALL], [DOOR, WALL, SIGN], [WALL, DOOR, SIGN]):
        mask, _ = mask_of(task(annotation(*order)), asked)
        np.testing.assert_array_equal(mask, expected)


def test_results_are_in_drawing_order_however_regions_are_painted():
    regions = [SIGN, WALL, Region("k", "keypoint", ("A",), {}), DOOR]
    rasterized = build_label_set(task(annotation(*regions)), settings("smallest"))
    assert [result.region.id for result in rasterized.regions] == ["sign", "wall", "k", "door"]
    assert [result.count for result in rasterized.regions] == [3, 16, 0, 6]
    assert all(result.pixels is None for result in rasterized.regions)


def test_of_regions_with_as_many_pixels_the_one_drawn_later_wins():
    one, two = box("A", 0, 0, 2, 2), box("B", 1, 0, 3, 2)
    asked = params(settings("smallest"))
    first, _ = mask_of(task(annotation(one, two)), asked)
    second, _ = mask_of(task(annotation(two, one)), asked)
    assert first[0].tolist() == [1, 2, 2, 0, 0]
    assert second[0].tolist() == [1, 1, 2, 0, 0]


def test_a_region_with_two_labels_is_a_combination():
    mask, found = mask_of(
        task(annotation(box("AB", 0, 0, 5, 1))), params(settings(), (("A", "B"), "AB"))
    )
    np.testing.assert_array_equal(mask, [[3] * 5, [0] * 5, [0] * 5, [0] * 5])
    assert found == [Combination((), 15, "Ground"), Combination(("A", "B"), 5, "AB")]


def test_a_combination_without_a_rule_is_told_and_ignored():
    mask, found = mask_of(task(annotation(box("AB", 0, 0, 5, 1))), params(settings()))
    assert mask[0].tolist() == [255] * 5
    assert found[1] == Combination(("A", "B"), 5, None)


@pytest.mark.parametrize(
    ("criteria", "value"),
    [
        (("latest",), 2),
        (("earliest",), 1),
        (("ground_truth", "latest"), 1),
        (("annotator:7",), 2),
        (("annotator:8", "earliest"), 1),
    ],
)
def test_the_annotation_that_counts_makes_the_mask(criteria, value):
    one = annotation(box("A", 0, 0, 5, 4), number=1, day=1, ground_truth=True)
    two = annotation(box("B", 0, 0, 5, 4), number=2, day=2, completed_by=7)
    skipped = annotation(number=3, day=3, was_cancelled=True)
    asked = task(one, two, skipped)
    mask, _ = mask_of(asked, params(settings(annotation=criteria)))
    np.testing.assert_array_equal(mask, np.full((4, 5), value))
    assert build_label_set(asked, settings(annotation=criteria)).annotation.id == value


@pytest.mark.parametrize(
    "nothing",
    [
        task(),
        task(annotation(WALL, was_cancelled=True)),
        task(annotation(WALL), image=None),
    ],
)
def test_without_an_annotation_or_image_there_is_no_mask(nothing):
    assert build_label_set(nothing, settings()) is None
    assert build_mask(nothing, params(settings())) is None


def test_an_annotation_without_regions_is_a_mask_of_ground():
    mask, found = mask_of(task(annotation()), params(settings()))
    np.testing.assert_array_equal(mask, np.zeros((4, 5)))
    assert found == [Combination((), 20, "Ground")]
