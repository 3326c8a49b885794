"""Patches of regions to a label set: bits, planes, and what wins where regions overlap."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maskbench.drawing import fill
from maskbench.raster import LabelSet, Patch, label_set, painted, threshold
from maskbench.winding import stretches_of


def patch(label, rows, columns, width=5, height=4):
    """A region of one label on a box of rows and columns."""
    labels = (label,) if isinstance(label, str) else label
    plane = np.zeros((height, width), dtype=bool)
    plane[rows, columns] = True
    return Patch(labels, stretches_of(plane))


# The wide one first, then a smaller one on it, then one of the first label again over the edge.
WALL = patch("wall", slice(0, 4), slice(0, 4))
DOOR = patch("door", slice(1, 4), slice(1, 3))
SIGN = patch("wall", slice(2, 3), slice(2, 5))
DRAWN = [WALL, DOOR, SIGN]


@pytest.mark.parametrize(
    ("overlap", "door", "wall"),
    [
        (
            "keep",  # labels pile up
            [[0, 0, 0, 0, 0], [0, 1, 1, 0, 0], [0, 1, 1, 0, 0], [0, 1, 1, 0, 0]],
            [[1, 1, 1, 1, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 0]],
        ),
        (
            "top",  # the door replaces the wall, the sign replaces the door
            [[0, 0, 0, 0, 0], [0, 1, 1, 0, 0], [0, 1, 0, 0, 0], [0, 1, 1, 0, 0]],
            [[1, 1, 1, 1, 0], [1, 0, 0, 1, 0], [1, 0, 1, 1, 1], [1, 0, 0, 1, 0]],
        ),
    ],
)
def test_overlap_by_hand(overlap, door, wall):
    drawn = label_set(DRAWN, 5, 4, overlap)
    np.testing.assert_array_equal(drawn.on("door"), np.array(door, dtype=bool))
    np.testing.assert_array_equal(drawn.on("wall"), np.array(wall, dtype=bool))


@pytest.mark.parametrize("deep", [255, 256, 257, 512])
def test_however_many_regions_of_a_label_overlap(deep):
    """Counts of them are bytes: 256 must not be none."""
    wide = [patch("wall", slice(0, 2), slice(0, 4)) for _ in range(deep - 1)]
    drawn = label_set([*wide, patch("wall", slice(1, 3), slice(1, 5)), DOOR], 5, 4)
    expected = [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1], [0, 1, 1, 1, 1], [0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(drawn.on("wall"), np.array(expected, dtype=bool))
    np.testing.assert_array_equal(drawn.on("door"), painted(DOOR.stretches, 5, 4))
    again = LabelSet.of_planes(drawn.labels, drawn.planes)
    np.testing.assert_array_equal(drawn.runs[0].starts, again.runs[0].starts)


def test_smallest_wins_whatever_the_order():
    expected = label_set(DRAWN, 5, 4, "top")  # drawn from large (16) over 6 to small (3 pixels)
    for order in ([SIGN, DOOR, WALL], [DOOR, WALL, SIGN], DRAWN):
        np.testing.assert_array_equal(label_set(order, 5, 4, "smallest").planes, expected.planes)


def test_of_equally_small_ones_the_later_wins():
    one, two = (patch(label, slice(0, 1), slice(0, 2), 2, 1) for label in ("one", "two"))
    drawn = label_set([one, two], 2, 1, "smallest")
    assert drawn.on("two").all()
    assert not drawn.on("one").any()
    assert label_set([two, one], 2, 1, "smallest").on("one").all()


def test_the_size_is_of_pixels_not_of_windows():
    # The ring's window is larger than the bar's, but it has fewer pixels: 8 against 9.
    plane = np.zeros((3, 9), dtype=bool)
    plane[:, :3] = True
    plane[1, 1] = False
    ring = Patch(("ring",), stretches_of(plane))
    bar = patch("bar", slice(2, 3), slice(0, 9), 9, 3)
    drawn = label_set([ring, bar], 9, 3, "smallest")
    assert drawn.on("ring").sum() == 8
    assert drawn.on("bar").sum() == 6


def test_a_region_with_two_labels_sets_both_and_removes_what_lies_below():
    below = patch("below", slice(0, 2), slice(0, 2), 2, 2)
    both = patch(("a", "c"), slice(0, 1), slice(0, 1), 2, 2)
    drawn = label_set([below, both], 2, 2, "top")
    assert drawn.labels == ("a", "below", "c")
    np.testing.assert_array_equal(drawn.planes, [[[0b101, 0b010], [0b010, 0b010]]])


@pytest.mark.parametrize("overlap", ["keep", "top", "smallest"])
def test_without_regions_one_empty_plane(overlap):
    drawn = label_set([], 3, 2, overlap)
    assert drawn.labels == ()
    np.testing.assert_array_equal(drawn.planes, np.zeros((1, 2, 3)))
    assert drawn.planes.dtype == np.uint8
    assert not drawn.on("anything").any()


@pytest.mark.parametrize(("count", "planes"), [(1, 1), (8, 1), (9, 2), (16, 2), (17, 3), (64, 8)])
def test_labels_beyond_eight_lie_on_further_planes(count, planes):
    """Label k covers the pixels from column k on: pixel c has the labels 0 … c and no other."""
    patches = [
        patch(f"{k:02}", slice(0, 1), slice(k, count), count, 1) for k in reversed(range(count))
    ]
    drawn = label_set(patches, count, 1)
    assert drawn.labels == tuple(f"{k:02}" for k in range(count))
    assert drawn.planes.shape == (planes, 1, count)
    for column in range(count):
        bits = sum(int(drawn.planes[p, 0, column]) << (8 * p) for p in range(planes))
        assert bits == 2 ** (column + 1) - 1
        assert drawn.on(f"{column:02}").sum() == count - column


boxes = st.tuples(st.integers(0, 5), st.integers(1, 3), st.integers(0, 5), st.integers(1, 3))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 11), boxes), max_size=14),
    st.sampled_from(["keep", "top"]),
)
def test_any_drawing_equals_a_dictionary_of_pixels(regions, overlap):
    pixels = {}
    patches = []
    for number, (top, tall, left, wide) in regions:
        rows, columns = slice(top, top + tall), slice(left, left + wide)
        patches.append(patch(f"{number}", rows, columns, 8, 8))
        for place in ((y, x) for y in range(top, top + tall) for x in range(left, left + wide)):
            before = pixels.get(place, set()) if overlap == "keep" else set()
            pixels[place] = before | {f"{number}"}
    drawn = label_set(patches, 8, 8, overlap)
    for y in range(8):
        for x in range(8):
            here = {label for label in drawn.labels if drawn.on(label)[y, x]}
            assert here == pixels.get((y, x), set())


def test_a_window_at_the_border_paints_its_pixels_only():
    (pixels,) = fill([np.array([(-3.0, -3), (2, -3), (2, 2), (-3, 2)])], 4, 3)
    drawn = label_set([Patch(("corner",), pixels)], 4, 3)
    expected = [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]]
    np.testing.assert_array_equal(drawn.planes, [expected])


@pytest.mark.parametrize(
    ("least", "expected"),
    [(1, [[0, 1, 1], [1, 1, 1]]), (128, [[0, 0, 0], [1, 1, 1]]), (255, [[0, 0, 0], [0, 0, 1]])],
)
def test_a_stroke_counts_from_the_threshold_on(least, expected):
    alpha = np.array([[0, 1, 127], [128, 254, 255]], dtype=np.uint8)
    np.testing.assert_array_equal(painted(threshold(alpha, least), 3, 2), expected)


def test_patch_counts_its_pixels():
    assert WALL.pixels == 16
    assert patch("none", slice(0, 0), slice(0, 3)).pixels == 0


def test_on_reads_the_bit_of_the_second_plane():
    planes = np.zeros((2, 1, 2), dtype=np.uint8)
    planes[1, 0, 1] = 0b10
    drawn = LabelSet.of_planes(tuple("abcdefghij"), planes)
    np.testing.assert_array_equal(drawn.on("j"), [[False, True]])
    assert not any(drawn.on(label).any() for label in "abcdefghi")
