"""Pixels of regions to a label set: bits, planes, and what wins where regions overlap."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskbench.regions.label_set import LabelSet, paint, painting_order
from maskbench.regions.rasterize import RegionPixels


def patch(label, rows, columns):
    """A region on a box of rows and columns: its labels and its pixels."""
    labels = (label,) if isinstance(label, str) else label
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    return labels, RegionPixels(columns.start, rows.start, np.ones(shape, dtype=bool))


def label_set(patches, width, height, overlap="keep"):
    """Paint regions in the order in which ``overlap`` wants them."""
    counts = [int(pixels.inside.sum()) for _, pixels in patches]
    ordered = [patches[i] for i in painting_order(overlap, counts)]
    labels = [label for own, _ in patches for label in own]
    return paint(ordered, labels, width, height, overlap)


# The wide one first, then a smaller one on it, then one of the first label again over the edge.
WALL = patch("wall", slice(0, 4), slice(0, 4))
DOOR = patch("door", slice(1, 4), slice(1, 3))
SIGN = patch("wall", slice(2, 3), slice(2, 5))
DRAWN = [WALL, DOOR, SIGN]


@pytest.mark.parametrize("overlap", ["keep", "top", "smallest"])
def test_the_bits_of_a_drawing(overlap):
    """Bit 0 is the door, bit 1 the wall: the labels in the alphabet's order."""
    expected = {
        "keep": [[2, 2, 2, 2, 0], [2, 3, 3, 2, 0], [2, 3, 3, 2, 2], [2, 3, 3, 2, 0]],
        "top": [[2, 2, 2, 2, 0], [2, 1, 1, 2, 0], [2, 1, 2, 2, 2], [2, 1, 1, 2, 0]],
        "smallest": [[2, 2, 2, 2, 0], [2, 1, 1, 2, 0], [2, 1, 2, 2, 2], [2, 1, 1, 2, 0]],
    }
    drawn = label_set(DRAWN, 5, 4, overlap)
    assert drawn.labels == ("door", "wall")
    assert drawn.planes.dtype == np.uint8
    np.testing.assert_array_equal(drawn.planes, [expected[overlap]])


@pytest.mark.parametrize(
    ("overlap", "counts", "order"),
    [
        ("keep", [5, 9, 5], [0, 1, 2]),
        ("top", [5, 9, 5], [0, 1, 2]),
        ("smallest", [5, 9, 5], [1, 0, 2]),  # of equal ones the later is painted later
        ("smallest", [1, 2, 3, 0], [2, 1, 0, 3]),
        ("smallest", [], []),
    ],
)
def test_painting_order(overlap, counts, order):
    assert painting_order(overlap, counts) == order


def test_the_size_is_of_pixels_not_of_windows():
    # The ring's window is as large as the bar's pixels are many, but it has fewer: 8 against 9.
    inside = np.ones((3, 3), dtype=bool)
    inside[1, 1] = False
    ring = ("ring",), RegionPixels(0, 0, inside)
    bar = patch("bar", slice(2, 3), slice(0, 9))
    drawn = label_set([ring, bar], 9, 3, "smallest")
    assert drawn.on("ring").sum() == 8
    assert drawn.on("bar").sum() == 6


def test_a_region_with_two_labels_sets_both_and_removes_what_lies_below():
    below = patch("below", slice(0, 2), slice(0, 2))
    both = patch(("a", "c"), slice(0, 1), slice(0, 1))
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


@pytest.mark.parametrize(
    ("count", "planes"), [(1, 1), (8, 1), (9, 2), (16, 2), (17, 3), (64, 8), (65, 9)]
)
def test_labels_beyond_eight_lie_on_further_planes(count, planes):
    """Label k covers the pixels from column k on: pixel c has the labels 0 … c and no other."""
    patches = [patch(f"{k:02}", slice(0, 1), slice(k, count)) for k in reversed(range(count))]
    drawn = label_set(patches, count, 1)
    assert drawn.labels == tuple(f"{k:02}" for k in range(count))
    assert drawn.planes.shape == (planes, 1, count)
    for column in range(count):
        bits = sum(int(drawn.planes[p, 0, column]) << (8 * p) for p in range(planes))
        assert bits == 2 ** (column + 1) - 1
        assert drawn.on(f"{column:02}").sum() == count - column


places = st.integers(0, 5).flatmap(lambda a: st.integers(a + 1, 8).map(lambda b: slice(a, b)))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.sets(st.integers(0, 11), min_size=1, max_size=3), places, places),
        max_size=14,
    ),
    st.sampled_from(["keep", "top", "smallest"]),
)
def test_any_drawing_equals_a_dictionary_of_pixels(regions, overlap):
    patches = [
        patch(tuple(f"{number}" for number in numbers), rows, columns)
        for numbers, rows, columns in regions
    ]
    size = [(rows.stop - rows.start) * (cols.stop - cols.start) for _, rows, cols in regions]
    pixels = {}  # each with the rank of the region that owns it, and its labels
    for i, (numbers, rows, columns) in enumerate(regions):
        rank = (-size[i], i) if overlap == "smallest" else (0, i)
        names = {f"{number}" for number in numbers}
        for y in range(rows.start, rows.stop):
            for x in range(columns.start, columns.stop):
                before, there = pixels.get((y, x), (rank, set()))
                if overlap == "keep":
                    pixels[y, x] = rank, there | names
                elif rank >= before:
                    pixels[y, x] = rank, names
    drawn = label_set(patches, 8, 8, overlap)
    for y in range(8):
        for x in range(8):
            here = {label for label in drawn.labels if drawn.on(label)[y, x]}
            assert here == pixels.get((y, x), (None, set()))[1]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 11), places, places), max_size=8), st.randoms())
def test_where_labels_pile_up_the_order_of_regions_does_not_count(regions, random):
    patches = [patch(f"{number}", rows, columns) for number, rows, columns in regions]
    expected = label_set(patches, 8, 8)
    random.shuffle(patches)
    shuffled = label_set(patches, 8, 8)
    assert shuffled.labels == expected.labels
    np.testing.assert_array_equal(shuffled.planes, expected.planes)


@pytest.mark.parametrize("overlap", ["keep", "top", "smallest"])
def test_labels_without_a_pixel_have_their_bit(overlap):
    """What an image's label set is does not depend on whether a region fell between centres."""
    nothing = ("a",), RegionPixels(0, 0, np.zeros((0, 0), dtype=bool))
    drawn = label_set([nothing, patch("b", slice(0, 1), slice(0, 1))], 2, 1, overlap)
    assert drawn.labels == ("a", "b")
    np.testing.assert_array_equal(drawn.planes, [[[0b10, 0]]])


def test_a_label_named_twice_counts_once():
    drawn = label_set([patch(("a", "a"), slice(0, 1), slice(0, 1))], 2, 1)
    assert drawn.labels == ("a",)
    np.testing.assert_array_equal(drawn.planes, [[[1, 0]]])


def test_on_reads_the_bit_of_the_second_plane():
    planes = np.zeros((2, 1, 2), dtype=np.uint8)
    planes[1, 0, 1] = 0b10
    drawn = LabelSet(tuple("abcdefghij"), planes)
    np.testing.assert_array_equal(drawn.on("j"), [[False, True]])
    assert not any(drawn.on(label).any() for label in "abcdefghi")
