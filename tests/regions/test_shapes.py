"""Regions to outlines in pixels: percent, rotation, curves, and values that are no geometry."""

import math
from fractions import Fraction

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from maskbench.errors import GeometryError
from maskbench.params import RasterizeParams
from maskbench.regions.coordinates import FLATNESS
from maskbench.regions.draw import draw_regions
from maskbench.regions.shapes import GEOMETRY_FIELDS, KINDS
from maskbench.regions.task import Image, Region
from tests.reference import edge_distance, ellipse_distance, nonzero

percent = st.floats(-20, 120, allow_subnormal=False)
angles = st.one_of(st.sampled_from([0, 30, 45, 90, 180, 270, 360, -90]), st.floats(-360, 720))


def params(all_touched=False):
    return RasterizeParams(("latest",), "keep", all_touched, 128)


def outline(kind, value, width, height):
    """The vertices of a region's outline, shape (N, 2), the first one not repeated."""
    polygon = KINDS[kind].outline(value, width, height, params())
    assert isinstance(polygon, shapely.Polygon)
    points = shapely.get_coordinates(polygon)
    np.testing.assert_array_equal(points[-2:], points[[0, 0]])  # closes, also what is a line
    return points[:-2]


def drawn(kind, value, width, height, all_touched=False):
    """A region's pixels, shape (height, width)."""
    image = np.zeros((height, width), dtype=bool)
    region = Region("r", kind, ("A",), value)
    (result,) = draw_regions([region], Image("a.png", width, height, ""), params(all_touched))
    if result.pixels is not None:
        image[result.pixels.window] = result.pixels.inside
    return image


def test_percent_are_of_width_and_height_from_the_outer_corner():
    value = {"points": [[0, 0], [100, 0], [100, 100], [50, 12.5]]}
    expected = [[0, 0], [64, 0], [64, 16], [32, 2]]
    np.testing.assert_array_equal(outline("polygon", value, 64, 16), expected)


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
    np.testing.assert_array_equal(outline("rectangle", value, 40, 20), corners)


def corners_by_formula(value, width, height):
    """The corners as Label Studio's canvas places them."""
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
    ring = outline("rectangle", value, 33, 21)
    np.testing.assert_allclose(ring, corners_by_formula(value, 33, 21), rtol=0, atol=1e-12)
    rounded = np.round(ring * 65536) / 65536
    wrong = drawn("rectangle", value, 33, 21) != nonzero(rounded, 33, 21)
    assert not (wrong & (edge_distance(rounded, 33, 21) > 1e-9)).any()


@pytest.mark.parametrize("sign", [(1, 1), (-1, 1), (1, -1), (-1, -1)])
def test_negative_sizes_reach_to_the_other_side(sign):
    value = {"x": 50, "y": 50, "width": 25 * sign[0], "height": 25 * sign[1]}
    expected = np.zeros((8, 8), dtype=bool)
    rows = slice(4, 6) if sign[1] > 0 else slice(2, 4)
    columns = slice(4, 6) if sign[0] > 0 else slice(2, 4)
    expected[rows, columns] = True
    np.testing.assert_array_equal(drawn("rectangle", value, 8, 8), expected)


ellipses = {
    "x": percent,
    "y": percent,
    "radiusX": st.floats(0.05, 80),
    "radiusY": st.floats(0.05, 80),
    "rotation": angles,
}


def distance_of(value, width, height):
    """How far out each pixel centre is, in units of the ellipse, by its equation."""
    centre = (value["x"] / 100 * width, value["y"] / 100 * height)
    radii = (value["radiusX"] / 100 * width, value["radiusY"] / 100 * height)
    return ellipse_distance(centre, radii, value["rotation"], width, height)


@settings(max_examples=300, deadline=None)
@given(**ellipses)
def test_ellipses_are_their_equation_at_every_centre(**value):
    """Whatever their size and turn, also where they reach off the image."""
    distance = distance_of(value, 160, 90)
    wrong = drawn("ellipse", value, 160, 90) != (distance < 1)
    assert not wrong[np.abs(distance - 1) > 1e-9].any()


@settings(max_examples=100, deadline=None)
@given(**ellipses)
def test_touched_ellipses_are_all_that_they_enter(**value):
    """Each pixel with a corner or centre inside, and none that lies apart from the outline."""
    width, height = 80, 45
    touched = drawn("ellipse", value, width, height, all_touched=True)
    assert touched[distance_of(value, width, height) < 1].all()
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    for dx, dy in ((0.03, 0.03), (0.97, 0.03), (0.97, 0.97), (0.03, 0.97)):
        moved = {"x": value["x"] + (0.5 - dx) / width * 100}
        moved["y"] = value["y"] + (0.5 - dy) / height * 100
        inner = {"radiusX": value["radiusX"] - 2.0, "radiusY": value["radiusY"] - 4.0}
        if min(inner.values()) > 0:  # the flattened outline lies inside the true one
            assert touched[distance_of(value | moved | inner, width, height) < 1].all()
    flattened = shapely.Polygon(outline("ellipse", value, width, height))
    apart = shapely.distance(shapely.box(x, y, x + 1, y + 1), flattened)
    assert (apart[touched] < 0.02).all()  # what it all but grazes is GDAL's to decide


def test_a_circle_has_all_its_pixels():
    """Of radius 7.9 about the middle of a pixel's side: 196 centres lie within."""
    value = {"x": 50, "y": 50, "radiusX": 790 / 21, "radiusY": 790 / 20}
    reach = np.array([7, 7, 7, 7, 6, 5, 4, 2])  # by hand: columns j with (i + 0.5)^2 + j^2 < 62.41
    lower = np.abs(np.arange(21) - 10) <= reach[:, np.newaxis]
    expected = np.zeros((20, 21), dtype=bool)
    expected[2:18] = np.concatenate([lower[::-1], lower])
    assert expected.sum() == 196
    np.testing.assert_array_equal(drawn("ellipse", value, 21, 20), expected)


@pytest.mark.parametrize("all_touched", [False, True])
@pytest.mark.parametrize(
    "change",
    [
        {"radiusX": 0},
        {"radiusY": 0, "rotation": 30},
        {"radiusX": 0, "radiusY": 0},
        {"x": -40},
        {"y": 150, "rotation": 45},
    ],
)
def test_ellipses_without_area_or_off_the_image_have_no_pixel(change, all_touched):
    value = {"x": 50, "y": 50, "radiusX": 20, "radiusY": 20} | change
    assert not drawn("ellipse", value, 31, 23, all_touched).any()


def test_an_ellipse_half_off_the_image_shows_its_other_half():
    value = {"x": 0, "y": 50, "radiusX": 40, "radiusY": 40}  # radius 2 about (0, 2.5)
    expected = [[0, 0, 0], [1, 1, 0], [1, 1, 0], [1, 1, 0], [0, 0, 0]]
    square = drawn("ellipse", value, 5, 5)
    np.testing.assert_array_equal(square[:, :3], np.array(expected, dtype=bool))
    assert not square[:, 3:].any()


@pytest.mark.parametrize("radius", [0.4, 3, 40, 400, 3000])
def test_flattened_curves_stay_within_a_hundredth_of_a_pixel(radius):
    size = 10_000
    value = {"x": 50, "y": 50, "radiusX": radius / 100, "radiusY": radius / 100}
    ring = outline("ellipse", value, size, size) - size / 2
    middles = (ring + np.roll(ring, -1, axis=0)) / 2
    assert np.hypot(*ring.T) == pytest.approx(radius, abs=1e-9)
    inward = radius - np.hypot(*middles.T)
    assert inward.max() <= min(0.01, 0.005 * radius)
    assert inward.min() > 0


def test_an_ellipse_with_negative_radii_is_the_same_ellipse():
    value = {"x": 40, "y": 60, "radiusX": 20, "radiusY": 10, "rotation": 30}
    turned = drawn("ellipse", value, 50, 40)
    assert turned.sum() > 100
    negative = value | {"radiusX": -20, "radiusY": -10}
    np.testing.assert_array_equal(drawn("ellipse", negative, 50, 40), turned)


@settings(max_examples=200, deadline=None)
@given(st.floats(-100, 200), st.integers(1, 10_000))
def test_percent_to_pixels_is_exact_to_the_last_bits(value, size):
    (x, _), *_ = outline("polygon", {"points": [[value, 0], [0, 0], [1, 1]]}, size, 1)
    exact = Fraction(value) * size / 100
    assert abs(Fraction(float(x)) - exact) <= abs(exact) * Fraction(1, 2**51) + Fraction(1, 2**999)


LONG = "x" * 100


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "points is None, not a list of points"),
        ({"points": "0,0 1,1"}, "points is '0,0 1,1', not a list"),
        ({"points": [[1, 1], [2, 2], [3]]}, r"points\[2\] is \[3\], not \[x, y\]"),
        ({"points": [[1, 1], {"x": 2}, [3, 3]]}, r"points\[1\] is \{'x': 2\}"),
        ({"points": [["1", 1], [2, 2], [3, 3]]}, r"points\[0\] is '1', not a number"),
        ({"points": [[True, 1], [2, 2], [3, 3]]}, r"points\[0\] is True, not a number"),
        ({"points": [[1, 1], [2, None], [3, 3]]}, r"points\[1\] is None, not a number"),
        ({"points": [[1, 1], [2, 2], [math.nan, 3]]}, r"points\[2\] is nan, which is not a pe"),
        ({"points": [[1, 1], [2, 2], [-math.inf, 3]]}, r"points\[2\] is -inf, which is not a pe"),
        (
            {"points": [[1, 1], [2, 2], [10**400, 3]]},
            r"points\[2\] is 1000.*…, which is not a pe",
        ),
        ({"points": [[1, 1], [2, 2], [10_001, 3]]}, r"points\[2\] is 10001, which is not a pe"),
        ({"points": [[1, 1], [2, 2], [LONG, 3]]}, r"points\[2\] is 'x{36}…, not a number"),
    ],
)
def test_what_is_no_polygon_is_named(value, message):
    with pytest.raises(GeometryError, match=message):
        outline("polygon", value, 10, 10)


@pytest.mark.parametrize("kind", ["rectangle", "ellipse"])
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
def test_what_is_no_rectangle_or_ellipse_is_named(kind, change, message):
    fine = dict.fromkeys(("x", "y", "width", "height", "radiusX", "radiusY"), 10)
    assert outline(kind, fine, 10, 10).shape[1] == 2
    with pytest.raises(GeometryError, match=message):
        outline(kind, fine | change, 10, 10)


def vertex(name, x, y, before=None, *, one=None, two=None):
    found = {"id": name, "x": x, "y": y, "prevPointId": before, "isBezier": bool(one or two)}
    for key, point in (("controlPoint1", one), ("controlPoint2", two)):
        if point:
            found[key] = {"x": point[0], "y": point[1]}
    return found


SQUARE = [
    vertex("a", 10, 10),
    vertex("b", 90, 10, "a"),
    vertex("c", 90, 90, "b"),
    vertex("d", 10, 90, "c"),
]


def test_a_square_in_pixels():
    ring = outline("vector", {"vertices": SQUARE, "closed": True}, 200, 50)
    assert ring.tolist() == [[20, 5], [180, 5], [180, 45], [20, 45]]


def test_the_chain_orders_the_vertices_not_the_list():
    shuffled = [SQUARE[i] for i in (2, 0, 3, 1)]
    ring = outline("vector", {"vertices": shuffled, "closed": True}, 100, 100)
    assert ring.tolist() == [[10, 10], [90, 10], [90, 90], [10, 90]]


def circle(radius=40.0, closing=True):
    """Four quarter curves; the textbook's handle length, off a true circle by 0.027 %."""
    k = radius * 4 / 3 * (math.sqrt(2) - 1)
    corners = [(50 + radius, 50), (50, 50 + radius), (50 - radius, 50), (50, 50 - radius)]
    tangents = [(0, k), (-k, 0), (0, -k), (k, 0)]
    names = "abcd"
    return [
        vertex(
            names[i],
            *corners[i],
            names[i - 1] if i or closing else None,
            one=(corners[i][0] - tangents[i][0], corners[i][1] - tangents[i][1]),
            two=(corners[i][0] + tangents[i][0], corners[i][1] + tangents[i][1]),
        )
        for i in range(4)
    ]


@pytest.mark.parametrize("size", [10, 100, 4000])
def test_curves_are_flattened_to_a_hundredth_of_a_pixel(size):
    ring = outline("vector", {"vertices": circle(), "closed": True}, size, size)
    radius = 0.4 * size
    ring -= size / 2
    middles = (ring + np.roll(ring, 1, axis=0)) / 2  # where a chord is farthest from its arc
    off = np.abs(np.hypot(*np.concatenate([ring, middles]).T) - radius)
    assert off.max() <= FLATNESS + 0.0003 * radius  # the quarter curves are no true circle
    assert len(ring) < 16 * math.sqrt(size) + 16


def test_without_a_reference_the_last_side_is_straight():
    ring = outline("vector", {"vertices": circle(closing=False), "closed": True}, 100, 100)
    polygon = shapely.Polygon(ring)
    assert not polygon.contains(shapely.Point(75, 25))
    assert polygon.contains(shapely.Point(25, 25))


def test_a_curve_with_one_handle_is_drawn_as_label_studio_draws_it():
    vertices = [
        vertex("a", 0, 0, two=(0, 50)),
        vertex("b", 100, 0, "a"),
        vertex("c", 50, 90, "b", one=(90, 90)),
    ]
    ring = outline("vector", {"vertices": vertices, "closed": True}, 100, 100)
    t = 0.5
    leaving = np.array([[0, 0], [0, 50], [70, 0], [100, 0]])  # 0.3 of the way before the end
    arriving = np.array([[100, 0], [85, 27], [90, 90], [50, 90]])  # 0.3 of the way from the start
    for points in (leaving, arriving):
        middle = np.array([0.125, 0.375, 0.375, 0.125]) @ points
        assert shapely.Polygon(ring).exterior.distance(shapely.Point(middle)) < 2 * FLATNESS, t


@pytest.mark.parametrize(
    ("vertices", "said"),
    [
        (None, "not a list"),
        (["a"], "not a list"),
        ([*SQUARE, vertex("e", 50, 50, "b")], "branches"),
        ([*SQUARE, vertex("e", 1, 1), vertex("f", 2, 2, "e")], "branches or is broken"),
        ([vertex("a", 0, 0, "b"), vertex("b", 1, 1, "a"), vertex("c", 2, 2, "c")], "several parts"),
        ([vertex("a", 0, 0), vertex("b", "1", 1, "a")], "not a number"),
    ],
)
def test_bad_vertices(vertices, said):
    with pytest.raises(GeometryError, match=said):
        outline("vector", {"vertices": vertices, "closed": True}, 10, 10)


@pytest.mark.parametrize(
    ("kind", "value", "is_closed"),
    [
        ("vector", {"vertices": SQUARE, "closed": True}, True),
        ("vector", {"vertices": circle(), "closed": False}, False),
        ("vector", {"vertices": circle()}, True),  # the first names the last
        ("vector", {"vertices": SQUARE}, False),
        ("vector", {}, False),
        ("polygon", {"closed": True}, True),
        ("polygon", {"closed": False}, False),
        ("polygon", {}, True),  # the classic polygon that does not say
        ("rectangle", {"closed": False}, True),
    ],
)
def test_open_and_closed(kind, value, is_closed):
    assert KINDS[kind].has_area(value, RasterizeParams()) is is_closed


def test_which_kinds_have_an_area():
    closed = {"closed": True}
    has_area = {n for n, kind in KINDS.items() if kind.has_area(closed, RasterizeParams())}
    assert has_area == {"polygon", "rectangle", "ellipse", "brush", "bitmask", "vector"}
    assert set(KINDS) - has_area == {"keypoint"}


def test_the_fields_of_geometries():
    assert {"points", "rle", "imageDataURL", "vertices", "radiusX", "rotation"} < GEOMETRY_FIELDS
    assert "polygonlabels" not in GEOMETRY_FIELDS


@pytest.mark.parametrize(("kind", "field"), [("brush", "rle"), ("bitmask", "imageDataURL")])
@pytest.mark.parametrize("erased", [{}, None, []])
def test_an_erased_stroke_covers_nothing(kind, field, erased):
    value = {} if erased == {} else {field: erased}
    assert not KINDS[kind].pixels(value, 3, 2, RasterizeParams()).inside.any()
