"""The fill of outlines: no pixel differs from exact winding numbers, whatever the outline."""

import numpy as np
import pytest
import rasterio.features
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from maskbench.drawing import fill
from maskbench.geometry import simple_polygons
from maskbench.raster import painted

from maskbench import winding as winding_module
from tests.reference import nonzero, winding
from tests.unit.shapes import ANY_POINTS, HEIGHT, NAMED, WIDTH, ring, spirals, stars


def filled(points, width=WIDTH, height=HEIGHT, **options):
    (found,) = fill([ring(points)], width, height, **options)
    assert (found.begin < found.end).all()
    assert (found.end[:-1] <= found.begin[1:]).all()
    return painted(found, width, height)


def same_as_reference(points):
    expected = nonzero(points, WIDTH, HEIGHT)
    wrong = np.argwhere(filled(points) != expected)
    assert not len(wrong), f"(row, column) of differing pixels: {wrong.tolist()}"


def test_reference_counts_windings_by_hand():
    # A square walked twice around, and the same walked back: 2 and -2 inside, 0 outside.
    square = [(1, 1), (3, 1), (3, 3), (1, 3)]
    expected = np.zeros((4, 4), dtype=int)
    expected[1:3, 1:3] = 2
    np.testing.assert_array_equal(np.abs(winding(square * 2, 4, 4)), expected)
    np.testing.assert_array_equal(winding(square[::-1] * 2, 4, 4), -winding(square * 2, 4, 4))


def test_centre_rule_by_hand():
    # The triangle (0, 0), (5, 0), (0, 5) holds the centres with x + y < 5, i.e. column + row < 4;
    # those on the slanted edge (column + row = 4) are its right edge: inside.
    expected = [
        [1, 1, 1, 1, 1],
        [1, 1, 1, 1, 0],
        [1, 1, 1, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 0, 0, 0, 0],
    ]
    np.testing.assert_array_equal(filled([(0, 0), (5, 0), (0, 5)], 5, 5), expected)


def test_ties_by_hand():
    # All four edges run through centres: top and right ones count, bottom and left ones do not.
    expected = [[0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]]
    square = [(1.5, 1.5), (3.5, 1.5), (3.5, 3.5), (1.5, 3.5)]
    np.testing.assert_array_equal(filled(square, 4, 4), expected)
    np.testing.assert_array_equal(filled(square[::-1], 4, 4), expected)


@pytest.mark.parametrize("name", NAMED)
def test_named_outlines_equal_the_reference(name):
    same_as_reference(NAMED[name])


@pytest.mark.parametrize("name", ["pentagram", "spiral, twice around"])
def test_what_is_enclosed_twice_stays(name):
    points = NAMED[name]
    twice = np.abs(winding(points, WIDTH, HEIGHT)) == 2
    assert twice.sum() > 20
    assert filled(points)[twice].all()


@settings(max_examples=600, deadline=None)
@given(ANY_POINTS)
@example(
    [(14, 29), (24, 1), (13, 21), (17, 12)]
)  # make_valid's rounding moved an edge off a centre
def test_random_points_equal_the_reference(points):
    same_as_reference(points)


@settings(max_examples=200, deadline=None)
@given(st.one_of(stars(), spirals()))
def test_stars_and_spirals_equal_the_reference(points):
    same_as_reference(points)


@settings(max_examples=200, deadline=None)
@given(ANY_POINTS)
def test_simple_outlines_equal_gdal_but_for_near_ties(points):
    polygon = shapely.Polygon(points)
    if not polygon.is_valid or polygon.area == 0:
        return
    frame = rasterio.features.rasterize([polygon], out_shape=(HEIGHT, WIDTH), dtype="uint8")
    rows, columns = np.nonzero(frame != filled(points))
    centres = shapely.points(columns + 0.5, rows + 0.5)
    assert (shapely.distance(polygon.exterior, centres) < 1e-12).all()


@settings(max_examples=200, deadline=None)
@given(
    st.tuples(st.integers(-20, 330), st.integers(-20, 250)),
    st.tuples(st.integers(-20, 330), st.integers(-20, 250)),
    st.sampled_from([1, 2, 5, 10]),
)
@example((81, 19), (242, -117), 10)
def test_neighbours_tile_without_overlap_or_gap(start, end, unit):
    """Both sides of any edge, in boxes of different windows: every pixel belongs to one of them."""
    (x1, y1), (x2, y2) = ((x / unit, y / unit) for x, y in (start, end))
    if y1 > y2:
        (x1, y1), (x2, y2) = (x2, y2), (x1, y1)
    left = filled([(-400, y1), (x1, y1), (x2, y2), (-400, y2)])
    right = filled([(x1, y1), (400, y1), (400, y2), (x2, y2)][::-1])
    band = filled([(-400, y1), (400, y1), (400, y2), (-400, y2)])
    assert not (left & right).any()
    np.testing.assert_array_equal(left | right, band)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 61), st.integers(1, 45))
def test_a_fan_about_any_point_covers_the_image_once(twice_x, twice_y):
    x, y = twice_x / 2, twice_y / 2
    corners = [(0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)]
    fan = [filled([a, b, (x, y)]) for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
    np.testing.assert_array_equal(np.sum(fan, axis=0), np.ones((HEIGHT, WIDTH)))


@settings(max_examples=150, deadline=None)
@given(ANY_POINTS, st.integers(0, 9), st.integers(0, 9))
def test_a_part_of_the_frame_shows_what_the_whole_shows(points, right, down):
    """Shifting outline and image by whole pixels, or enlarging the image, changes no pixel."""
    halves = np.round(ring(points) * 8) / 8  # so that the shift is exact
    shifted = halves + np.array([right, down])
    large = filled(shifted, WIDTH + right + 7, HEIGHT + down + 5)
    part = large[down : down + HEIGHT, right : right + WIDTH]
    np.testing.assert_array_equal(filled(halves), part)


@settings(max_examples=200, deadline=None)
@given(ANY_POINTS)
def test_all_touched_holds_the_centre_rule(points):
    centre = filled(points)
    touched = filled(points, all_touched=True)
    assert (touched | ~centre).all()


def test_all_touched_by_hand():
    # A small square across the corner of four pixels: no centre inside, all four touched.
    square = [(1.8, 1.8), (2.2, 1.8), (2.2, 2.2), (1.8, 2.2)]
    assert not filled(square, 4, 4).any()
    expected = [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    np.testing.assert_array_equal(filled(square, 4, 4, all_touched=True), expected)


@settings(max_examples=100, deadline=None)
@given(stars())
def test_all_touched_is_gdals_on_the_full_frame(points):
    polygon = shapely.Polygon(points)
    if not polygon.is_valid:
        return
    expected = rasterio.features.rasterize(
        [polygon], out_shape=(HEIGHT, WIDTH), dtype="uint8", all_touched=True
    )
    np.testing.assert_array_equal(filled(points, all_touched=True), expected)


@pytest.mark.parametrize("name", ["off to the left", "off below"])
def test_off_the_image_is_no_pixel(name):
    (found,) = fill([ring(NAMED[name])], WIDTH, HEIGHT)
    assert found.pixels == 0
    assert not painted(found, WIDTH, HEIGHT).any()


def test_places_beyond_32_bits():
    side = 70_000  # 4.9 thousand million pixels
    corners = ring([(0, 0), (side, 0), (side, side), (0, side)])
    (whole,) = fill([corners], side, side)
    assert whole.pixels == side * side
    first, half = fill([corners, corners / 2], side, side)
    assert (first.pixels, half.pixels) == (side * side, side * side // 4)
    assert (int(half.begin[-1]), int(half.end[-1])) == (
        (side // 2 - 1) * side,
        (side // 2 - 1) * side + side // 2,
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(ANY_POINTS, max_size=6), st.sampled_from([1, 7, 60]))
def test_many_at_once_in_groups_and_bands_are_what_each_is_alone(outlines, crossings):
    """However few crossings are worked on at a time; bands cut stretches at most."""
    alone = [filled(points) for points in outlines]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(winding_module, "CROSSINGS", crossings)
        found = fill([ring(points) for points in outlines], WIDTH, HEIGHT)
    assert len(found) == len(outlines)
    for pixels, expected in zip(found, alone, strict=True):
        np.testing.assert_array_equal(painted(pixels, WIDTH, HEIGHT), expected)


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
    polygons = simple_polygons(ring(NAMED[name]))
    made = [shapely.Polygon(shell, holes) for shell, *holes in polygons]
    assert all(polygon.is_valid for polygon in made)
    assert len(made) == parts
    assert sum(polygon.area for polygon in made) == pytest.approx(area)


def test_a_valid_outline_is_kept_vertex_for_vertex():
    points = ring(NAMED["U"])
    ((kept,),) = simple_polygons(points)
    np.testing.assert_array_equal(kept, points)
