"""Outlines of the pen tool."""

import math

import numpy as np
import pytest
import shapely
from maskbench.geometry import FLATNESS
from maskbench.vector import is_closed, vector_outline

from maskbench.errors import GeometryError


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
    ring = vector_outline({"vertices": SQUARE, "closed": True}, 200, 50)
    assert ring.tolist() == [[20, 5], [180, 5], [180, 45], [20, 45]]


def test_the_chain_orders_the_vertices_not_the_list():
    shuffled = [SQUARE[i] for i in (2, 0, 3, 1)]
    ring = vector_outline({"vertices": shuffled, "closed": True}, 100, 100)
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
    ring = vector_outline({"vertices": circle(), "closed": True}, size, size)
    radius = 0.4 * size
    ring -= size / 2
    middles = (ring + np.roll(ring, 1, axis=0)) / 2  # where a chord is farthest from its arc
    off = np.abs(np.hypot(*np.concatenate([ring, middles]).T) - radius)
    assert off.max() <= FLATNESS + 0.0003 * radius  # the quarter curves are no true circle
    assert len(ring) < 16 * math.sqrt(size) + 16


def test_without_a_reference_the_last_side_is_straight():
    ring = vector_outline({"vertices": circle(closing=False), "closed": True}, 100, 100)
    polygon = shapely.Polygon(ring)
    assert not polygon.contains(shapely.Point(75, 25))
    assert polygon.contains(shapely.Point(25, 25))


def test_a_curve_with_one_handle_is_drawn_as_label_studio_draws_it():
    vertices = [
        vertex("a", 0, 0, two=(0, 50)),
        vertex("b", 100, 0, "a"),
        vertex("c", 50, 90, "b", one=(90, 90)),
    ]
    ring = vector_outline({"vertices": vertices, "closed": True}, 100, 100)
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
        (SQUARE[:1], "has 1 vertices"),
        ([*SQUARE, vertex("e", 50, 50, "b")], "branches"),
        ([*SQUARE, vertex("e", 1, 1), vertex("f", 2, 2, "e")], "branches or is broken"),
        ([vertex("a", 0, 0, "b"), vertex("b", 1, 1, "a"), vertex("c", 2, 2, "c")], "several parts"),
        ([vertex("a", 0, 0), vertex("b", "1", 1, "a")], "not a number"),
    ],
)
def test_bad_vertices(vertices, said):
    with pytest.raises(GeometryError, match=said):
        vector_outline({"vertices": vertices, "closed": True}, 10, 10)


def test_open_and_closed():
    assert is_closed({"vertices": SQUARE, "closed": True})
    assert not is_closed({"vertices": circle(), "closed": False})
    assert is_closed({"vertices": circle()})  # the first names the last
    assert not is_closed({"vertices": SQUARE})
    assert not is_closed({})
