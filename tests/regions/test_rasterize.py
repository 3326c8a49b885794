"""Outlines to pixels: none differs from exact winding numbers, but where a centre is on an edge."""

import numpy as np
import pytest
import rasterio.features
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from maskbench.regions import rasterize
from maskbench.regions.rasterize import RegionPixels, crop, fill, make_simple, pixel_box
from tests.reference import edge_distance, winding
from tests.regions.filling import filled, painted, polygon, wrong_pixels
from tests.regions.outlines import ANY_POINTS, HEIGHT, NAMED, WIDTH, ring, spirals, stars


def test_the_reference_counts_windings_by_hand():
    # A square walked twice around, and the same walked back: 2 and -2 inside, 0 outside.
    square = [(1, 1), (3, 1), (3, 3), (1, 3)]
    expected = np.zeros((4, 4), dtype=int)
    expected[1:3, 1:3] = 2
    np.testing.assert_array_equal(np.abs(winding(square * 2, 4, 4)), expected)
    np.testing.assert_array_equal(winding(square[::-1] * 2, 4, 4), -winding(square * 2, 4, 4))


def test_the_reference_measures_distances_by_hand():
    # The edges x = 1 and y = 1 of a triangle whose long side is far away, and one point twice.
    corner = [(1, 1), (99, 1), (99, 1), (1, 99)]
    root = np.sqrt(0.5)
    expected = [[root, 0.5, 0.5], [0.5, 0.5, 0.5], [0.5, 0.5, 1.5]]
    np.testing.assert_allclose(edge_distance(corner, 3, 3), expected, rtol=0, atol=1e-12)


def test_centre_rule_by_hand():
    # The triangle (0, 0), (5.2, 0), (0, 5.2) holds the centres with x + y < 5.2.
    expected = [
        [1, 1, 1, 1, 1],
        [1, 1, 1, 1, 0],
        [1, 1, 1, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 0, 0, 0, 0],
    ]
    np.testing.assert_array_equal(filled([(0, 0), (5.2, 0), (0, 5.2)], 5, 5), expected)


def test_ties_by_hand():
    # All four edges run through centres: top and right ones count, bottom and left ones do not.
    expected = [[0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]]
    square = [(1.5, 1.5), (3.5, 1.5), (3.5, 3.5), (1.5, 3.5)]
    np.testing.assert_array_equal(filled(square, 4, 4), expected)
    np.testing.assert_array_equal(filled(square[::-1], 4, 4), expected)


@pytest.mark.parametrize("name", NAMED)
def test_named_outlines_equal_the_reference(name):
    assert wrong_pixels(NAMED[name], filled(NAMED[name])) == []


@pytest.mark.parametrize("name", ["pentagram", "spiral, twice around"])
def test_what_is_enclosed_twice_stays(name):
    points = NAMED[name]
    twice = np.abs(winding(points, WIDTH, HEIGHT)) == 2
    assert twice.sum() > 20
    assert filled(points)[twice].all()


ALONG_THE_BORDER = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 31), st.sampled_from([0, 23])),
        st.tuples(st.sampled_from([0, 31]), st.integers(0, 23)),
        st.tuples(st.integers(0, 31), st.integers(0, 23)),
    ),
    min_size=3,
    max_size=20,
)
"""Outlines that an annotator's browser clamps to the image."""


@settings(max_examples=900, deadline=None)
@given(st.one_of(ANY_POINTS, stars(), spirals(), ALONG_THE_BORDER))
@example([(14, 29), (24, 1), (13, 21), (17, 12)])
def test_random_outlines_equal_the_reference(points):
    assert wrong_pixels(points, filled(points)) == []


COORDINATES = {
    "generic": lambda rng, shape: rng.uniform(-8, 39, shape),
    "whole": lambda rng, shape: rng.integers(-4, 35, shape).astype(float),
    "half": lambda rng, shape: rng.integers(-4, 35, shape) + 0.5,
    "through percent": lambda rng, shape: rng.integers(-40, 350, shape) / 10 / 31 * 100 / 100 * 31,
}


def crossing_outlines(count, seed=18):
    """Outlines that cross or touch themselves, a quarter of each kind of coordinates."""
    rng = np.random.default_rng(seed)
    found = []
    while len(found) < count:
        kind = list(COORDINATES)[len(found) % len(COORDINATES)]
        points = COORDINATES[kind](rng, (int(rng.integers(4, 13)), 2))
        if not shapely.Polygon(points).is_valid:
            found.append(points)
    return found


@pytest.mark.slow
def test_three_thousand_outlines_that_cross_themselves():
    outlines = crossing_outlines(3000)
    wrong = {}
    found = fill([polygon(points) for points in outlines], WIDTH, HEIGHT)
    for i, (points, pixels) in enumerate(zip(outlines, found, strict=True)):
        if differing := wrong_pixels(points, painted(pixels)):
            wrong[i] = differing
    assert wrong == {}


@pytest.mark.slow
@pytest.mark.parametrize("all_touched", [False, True])
def test_a_thousand_at_once_are_what_each_is_alone(all_touched):
    """Of whole and half pixels: where a line meets a pixel's corner, its place must not decide."""
    rng = np.random.default_rng(4)
    made = [rng.integers(0, 40, (int(rng.integers(3, 9)), 2)) / 2 for _ in range(1000)]
    polygons = [polygon(points) for points in made]
    together = list(fill(polygons, WIDTH, HEIGHT, all_touched))
    for shape, found in zip(polygons, together, strict=True):
        (alone,) = fill([shape], WIDTH, HEIGHT, all_touched)
        assert (found.left, found.top) == (alone.left, alone.top)
        np.testing.assert_array_equal(found.inside, alone.inside)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(ANY_POINTS, max_size=6),
    st.sampled_from([1, 60, 400, 1 << 16]),
    st.sampled_from([1, 500, 1 << 22]),
    st.booleans(),
)
def test_many_at_once_are_what_each_is_alone(outlines, small, stack, all_touched):
    """However they are grouped."""
    alone = [filled(points, all_touched=all_touched) for points in outlines]
    polygons = [polygon(points) for points in outlines]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rasterize, "SMALL", small)
        patch.setattr(rasterize, "STACK", stack)
        found = list(fill(polygons, WIDTH, HEIGHT, all_touched))
    assert len(found) == len(outlines)
    for pixels, expected in zip(found, alone, strict=True):
        np.testing.assert_array_equal(painted(pixels), expected)


def test_wide_and_tall_boxes_do_not_make_a_huge_stack(monkeypatch):
    """A row of 20,000 pixels above a column of as many would be a stack of 400 million."""
    shapes, fill_really = [], rasterio.features.rasterize
    monkeypatch.setattr(
        rasterio.features,
        "rasterize",
        lambda *args, out, **options: shapes.append(out.shape) or fill_really(*args, out=out),
    )
    wide, tall = [(0, 0), (20000, 0), (20000, 1), (0, 1)], [(0, 0), (1, 0), (1, 20000), (0, 20000)]
    found = list(fill([polygon(wide), polygon(tall), polygon(tall)], 20000, 20000))
    assert [int(pixels.inside.sum()) for pixels in found] == [20000] * 3
    assert shapes == [(1, 20000), (40000, 1)]


def test_three_squares_by_hand_and_the_windows_they_come_in():
    squares = [polygon([(x, 1), (x + 2, 1), (x + 2, 3), (x, 3)]) for x in (1, 2, 7)]
    found = list(fill(squares, 8, 4))
    assert [(pixels.left, pixels.top, pixels.inside.tolist()) for pixels in found] == [
        (1, 1, [[True, True], [True, True]]),
        (2, 1, [[True, True], [True, True]]),
        (7, 1, [[True], [True]]),  # the image ends
    ]
    assert list(fill([], 8, 4)) == []


@pytest.mark.parametrize("all_touched", [False, True])
@pytest.mark.parametrize("name", ["off to the left", "off below"])
def test_off_the_image_is_no_pixel(name, all_touched):
    assert not filled(NAMED[name], all_touched=all_touched).any()


def test_off_a_huge_image_costs_nothing():
    far = [(-1e6, -1e6), (-1e5, -1e6), (-1e5, -1e5)]
    (found,) = fill([polygon(far)], 10**6, 10**6)
    assert found.inside.size == 0


def test_far_from_the_origin_of_a_huge_image():
    """Half a million pixels away the grid is as fine: the same pixels, in a small window."""
    near = ring(NAMED["pentagram"])
    by = np.array([500_000, 700_000])
    (found,) = fill([polygon(near + by)], 10**6, 10**6)
    image = np.zeros((HEIGHT, WIDTH), dtype=bool)
    moved = RegionPixels(found.left - by[0], found.top - by[1], found.inside)
    image[moved.window] = moved.inside
    assert found.inside.size <= WIDTH * HEIGHT
    np.testing.assert_array_equal(image, filled(near))


@pytest.mark.parametrize(
    ("name", "parts", "area"),
    [
        ("U", 1, 16 * 18 - 6 * 12),
        ("bow-tie on centres", 2, 50),  # two triangles of base 10 and height 5
        ("collinear", 0, 0),
        ("one point", 0, 0),
        ("there and back (winding 0)", 0, 0),
        ("spiral, twice around", 1, 20 * 14 - 1),  # the outer box without its notch of 1 x 1
    ],
)
def test_simple_polygons_fill_nonzero(name, parts, area):
    (made,) = make_simple([polygon(NAMED[name])])
    assert made.is_valid
    assert len([part for part in shapely.get_parts(made) if not part.is_empty]) == parts
    assert made.area == pytest.approx(area)


def test_a_valid_outline_is_kept_vertex_for_vertex():
    points = ring(NAMED["U"])
    (kept,) = make_simple([polygon(points)])
    np.testing.assert_array_equal(shapely.get_coordinates(kept)[:-1], points)


def test_vertices_are_rounded_to_the_grid():
    (made,) = make_simple([polygon([(0, 0), (1 / 3, 0), (0, 0.7)])])
    expected = [(0, 0), (21845 / 65536, 0), (0, 45875 / 65536), (0, 0)]
    np.testing.assert_array_equal(shapely.get_coordinates(made), expected)


def test_runs_along_the_border_enclose_nothing():
    """Dragged past the top and the left, there and back: the pixels are those of the shape."""
    shape = [(0, 0), (0, 9), (0, 4), (0, 12), (10, 12), (10, 0), (20, 0), (14, 0), (3, 0), (7, 0)]
    expected = np.zeros((HEIGHT, WIDTH), dtype=bool)
    expected[:12, :10] = True
    np.testing.assert_array_equal(filled(shape), expected)


@pytest.mark.parametrize(
    "outline",
    [
        [(0, 4), (3, 0), (0, 4), (0, 8), (3, 0)],  # its first line there, back and there again
        [(0, 8), (0, 4), (3, 0), (0, 4), (3, 0)],
        [(0, 8), (0, 4), (1.5, 2), (0.75, 3), (3, 0)],  # in three parts that overlap
    ],
)
def test_a_line_that_is_run_along_three_times_bounds_the_shape(outline):
    expected = np.zeros((HEIGHT, WIDTH), dtype=bool)
    expected[2:7, :2] = [[0, 1], [1, 1], [1, 0], [1, 0], [1, 0]]
    np.testing.assert_array_equal(filled(outline), expected)


def test_crop_is_the_smallest_window():
    inside = np.zeros((4, 6), dtype=bool)
    inside[1, 2] = inside[2, 4] = True
    found = crop(inside)
    assert (found.left, found.top) == (2, 1)
    assert found.inside.tolist() == [[True, False, False], [False, False, True]]
    assert found.window == (slice(1, 3), slice(2, 5))
    assert crop(np.zeros((4, 6), dtype=bool)).inside.size == 0


def test_a_region_tells_which_pixels_it_contains():
    found = RegionPixels(2, 1, np.array([[True, False, False], [False, False, True]]))
    here = [(x, y) for y in range(-1, 5) for x in range(-1, 7) if found.contains(x, y)]
    assert here == [(2, 1), (4, 2)]


@pytest.mark.parametrize(
    ("bounds", "box"),
    [
        ((2.2, 3.0, 4.0, 5.5), (1, 2, 5, 7)),
        ((-9.0, -9.0, 99.0, 99.0), (0, 0, 10, 8)),
        ((-9.0, -9.0, -5.0, -5.0), (0, 0, 0, 0)),
        ((20.0, 20.0, 21.0, 21.0), (10, 8, 10, 8)),
    ],
)
def test_the_box_about_a_curve(bounds, box):
    assert pixel_box(bounds, 10, 8) == box
