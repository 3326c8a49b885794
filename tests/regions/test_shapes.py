"""Regions to outlines in pixels: percent, rotation, curves, and values that are no geometry."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maskbench.drawing import fill
from maskbench.geometry import (
    ellipse_outline,
    plain_polygons,
    polygon_outline,
    rectangle_outline,
)
from maskbench.raster import painted

from maskbench.errors import GeometryError
from tests.reference import ellipse_distance, nonzero

percent = st.floats(-20, 120, allow_subnormal=False)
angles = st.one_of(st.sampled_from([0, 30, 45, 90, 180, 270, 360, -90]), st.floats(-360, 720))


def filled(ring, width, height):
    return painted(fill([ring], width, height)[0], width, height)


def test_percent_are_of_width_and_height_from_the_outer_corner():
    value = {"points": [[0, 0], [100, 0], [100, 100], [50, 12.5]]}
    expected = [[0, 0], [64, 0], [64, 16], [32, 2]]
    np.testing.assert_array_equal(polygon_outline(value, 64, 16), expected)


@pytest.mark.parametrize(
    ("turn", "corners"),
    [
        # 50 % of 40 is 20, 25 % of 20 is 5: the pivot (20, 5); sides 8 and 6; clockwise on screen.
        (0, [(20, 5), (28, 5), (28, 11), (20, 11)]),
        (None, [(20, 5), (28, 5), (28, 11), (20, 11)]),
        (90, [(20, 5), (20, 13), (14, 13), (14, 5)]),
        (180, [(20, 5), (12, 5), (12, -1), (20, -1)]),
        (270, [(20, 5), (20, -3), (26, -3), (26, 5)]),
        (-90, [(20, 5), (20, -3), (26, -3), (26, 5)]),
        (450, [(20, 5), (20, 13), (14, 13), (14, 5)]),
    ],
)
def test_rectangles_turn_about_their_corner_exactly_for_quarter_turns(turn, corners):
    value = {"x": 50, "y": 25, "width": 20, "height": 30, "rotation": turn}
    np.testing.assert_array_equal(rectangle_outline(value, 40, 20), corners)


def test_a_rectangle_without_rotation_lies_straight():
    value = {"x": 0, "y": 0, "width": 50, "height": 50}
    expected = [(0, 0), (2, 0), (2, 2), (0, 2)]
    np.testing.assert_array_equal(rectangle_outline(value, 4, 4), expected)


def corners_by_formula(value, width, height):
    """The corners as Label Studio's canvas places them (facts/label-studio.md, section 7)."""
    x, y = value["x"] / 100 * width, value["y"] / 100 * height
    w, h = value["width"] / 100 * width, value["height"] / 100 * height
    a = math.radians(value["rotation"])
    return [
        (x, y),
        (x + w * math.cos(a), y + w * math.sin(a)),
        (x + w * math.cos(a) - h * math.sin(a), y + w * math.sin(a) + h * math.cos(a)),
        (x - h * math.sin(a), y + h * math.cos(a)),
    ]


@settings(max_examples=300, deadline=None)
@given(x=percent, y=percent, width=percent, height=percent, rotation=angles)
def test_rectangles_of_any_angle_and_sign_fill_what_the_reference_fills(**value):
    ring = rectangle_outline(value, 33, 21)
    np.testing.assert_allclose(ring, corners_by_formula(value, 33, 21), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(filled(ring, 33, 21), nonzero(ring, 33, 21))


@pytest.mark.parametrize("sign", [(1, 1), (-1, 1), (1, -1), (-1, -1)])
def test_negative_sizes_reach_to_the_other_side(sign):
    value = {"x": 50, "y": 50, "width": 25 * sign[0], "height": 25 * sign[1]}
    expected = np.zeros((8, 8), dtype=bool)
    rows = slice(4, 6) if sign[1] > 0 else slice(2, 4)
    columns = slice(4, 6) if sign[0] > 0 else slice(2, 4)
    expected[rows, columns] = True
    np.testing.assert_array_equal(filled(rectangle_outline(value, 8, 8), 8, 8), expected)


@settings(max_examples=300, deadline=None)
@given(
    x=percent, y=percent, radiusX=st.floats(0.05, 80), radiusY=st.floats(0.05, 80), rotation=angles
)
def test_ellipses_differ_from_the_equation_only_on_the_outline(**value):
    width, height = 160, 90
    centre = (value["x"] / 100 * width, value["y"] / 100 * height)
    radii = (value["radiusX"] / 100 * width, value["radiusY"] / 100 * height)
    distance = ellipse_distance(centre, radii, value["rotation"], width, height)
    wrong = filled(ellipse_outline(value, width, height), width, height) != (distance < 1)
    # The chords lie inside: by less than 0.5 % of the radius, and by less than 0.01 px.
    inward = 1 - distance[wrong]
    assert (inward >= -1e-9).all()
    assert (inward <= min(0.005, 0.01 / max(radii)) + 1e-9).all()


@pytest.mark.parametrize("radius", [0.4, 3, 40, 400, 3000])
def test_flattened_curves_stay_within_a_hundredth_of_a_pixel(radius):
    size = 10_000
    value = {"x": 50, "y": 50, "radiusX": radius / 100, "radiusY": radius / 100}
    ring = ellipse_outline(value, size, size) - size / 2
    middles = (ring + np.roll(ring, -1, axis=0)) / 2
    assert np.hypot(*ring.T) == pytest.approx(radius, abs=1e-9)
    inward = radius - np.hypot(*middles.T)
    assert inward.max() <= min(0.01, 0.005 * radius)
    assert inward.min() > 0


def test_an_ellipse_with_negative_radii_is_the_same_ellipse():
    value = {"x": 40, "y": 60, "radiusX": 20, "radiusY": 10, "rotation": 30}
    turned = filled(ellipse_outline(value, 50, 40), 50, 40)
    negative = value | {"radiusX": -20, "radiusY": -10}
    np.testing.assert_array_equal(filled(ellipse_outline(negative, 50, 40), 50, 40), turned)


@settings(max_examples=200, deadline=None)
@given(st.floats(-100, 200), st.integers(1, 10_000))
def test_percent_to_pixels_is_exact_to_the_last_bits(value, size):
    (x, _), *_ = polygon_outline({"points": [[value, 0], [0, 0], [1, 1]]}, size, 1)
    exact = Fraction(value) * size / 100
    assert abs(Fraction(float(x)) - exact) <= abs(exact) * Fraction(1, 2**51) + Fraction(1, 2**999)


LONG = "x" * 100


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "points is None, not a list of points"),
        ({"points": "0,0 1,1"}, "points is '0,0 1,1', not a list"),
        ({"points": [[1, 1], [2, 2]]}, "2 points; at least three"),
        ({"points": []}, "0 points; at least three"),
        ({"points": [[1, 1], [2, 2], [3]]}, r"points\[2\] is \[3\], not \[x, y\]"),
        ({"points": [[1, 1], {"x": 2}, [3, 3]]}, r"points\[1\] is \{'x': 2\}"),
        ({"points": [["1", 1], [2, 2], [3, 3]]}, r"points\[0\] is '1', not a number"),
        ({"points": [[True, 1], [2, 2], [3, 3]]}, r"points\[0\] is True, not a number"),
        ({"points": [[1, 1], [2, None], [3, 3]]}, r"points\[1\] is None, not a number"),
        ({"points": [[1, 1], [2, 2], [math.nan, 3]]}, r"points\[2\] is nan, which is no perc"),
        ({"points": [[1, 1], [2, 2], [-math.inf, 3]]}, r"points\[2\] is -inf, which is no perc"),
        ({"points": [[1, 1], [2, 2], [10**400, 3]]}, r"points\[2\] is 1000.*…, which is no perc"),
        ({"points": [[1, 1], [2, 2], [10_001, 3]]}, r"points\[2\] is 10001, which is no perc"),
        ({"points": [[1, 1], [2, 2], [LONG, 3]]}, r"points\[2\] is 'x{36}…, not a number"),
    ],
)
def test_what_is_no_polygon_is_named(value, message):
    with pytest.raises(GeometryError, match=message):
        polygon_outline(value, 10, 10)


@pytest.mark.parametrize("outline", [rectangle_outline, ellipse_outline])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": None}, "x is None, not a number"),
        ({"y": "3"}, "y is '3', not a number"),
        ({"width": [], "radiusX": []}, r"(width|radiusX) is \[\], not a number"),
        ({"height": math.nan, "radiusY": math.nan}, "(height|radiusY) is nan"),
        ({"rotation": "90"}, "rotation is '90', not a number"),
        ({"rotation": math.inf}, "rotation is inf"),
    ],
)
def test_what_is_no_rectangle_or_ellipse_is_named(outline, change, message):
    fine = dict.fromkeys(("x", "y", "width", "height", "radiusX", "radiusY"), 10)
    assert outline(fine, 10, 10).shape[1] == 2
    with pytest.raises(GeometryError, match=message):
        outline(fine | change, 10, 10)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.tuples(percent, percent), min_size=3, max_size=9), max_size=5))
def test_polygons_read_at_once_are_what_each_is_alone(outlines):
    values = [{"points": [list(point) for point in points]} for points in outlines]
    found = plain_polygons(values, 37, 23)
    assert (found is None) == (not outlines)
    for ring, value in zip(found or [], values, strict=True):
        np.testing.assert_array_equal(ring, polygon_outline(value, 37, 23))


@pytest.mark.parametrize(
    "points",
    [
        None, [], "abc", [[1, 2], [3, 4]], [[1, 2], [3, 4], [5]], [[1, 2], [3, 4], (5, 6)],
        [[1, 2], [3, 4], [5, "6"]], [[1, 2], [3, 4], [5, True]], [[1, 2], [3, 4], [5, 1e9]],
        [[1, 2], [3, 4], [5, float("nan")]], [[1, 2], [3, 4], [5, 10**400]],
    ],
)  # fmt: skip
def test_one_bad_polygon_sends_all_to_be_read_one_by_one(points):
    good = {"points": [[1, 2], [3, 4], [5, 6]]}
    assert plain_polygons([good, {"points": points}, good], 10, 10) is None
