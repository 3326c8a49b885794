"""Regions that share edges, and regions that are moved: each pixel belongs to one of them."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from maskbench.regions.rasterize import fill
from tests.reference import edge_distance, nonzero
from tests.regions.filling import TIE, filled, on_grid, painted, polygon
from tests.regions.outlines import ANY_POINTS, HEIGHT, WIDTH


def neighbours(rng, kind):
    """Two outlines on either side of a line of several edges, and the outline of both.

    The line runs from left to right (or, turned, from top to bottom), so that neither outline
    crosses itself; each begins anywhere and runs either way.
    """
    count = int(rng.integers(2, 7))
    along = np.sort(rng.choice(np.arange(-2, 34), count, replace=False)).astype(float)
    across = rng.integers(3, 20, count).astype(float)
    if kind in ("generic", "percent"):
        along, across = along + rng.uniform(0, 0.9, count), across + rng.uniform(0, 0.9, count)
    if kind == "half-integer":
        along, across = along + 0.5, across + 0.5
    line = np.column_stack([along, across])
    near = np.array([[along[-1], -3.0], [along[0], 1.0]])
    far = np.array([[along[-1], 22.0], [along[0], 26.0]])
    if rng.random() < 0.5:
        line, near, far = line[:, ::-1], near[:, ::-1], far[:, ::-1]
    if kind == "generic":  # at any angle
        turn = rng.uniform(0, 2 * np.pi)
        turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        line, near, far = ((part - 12) @ turned + 12 for part in (line, near, far))
    pair = []
    for side in (near, far):
        points = np.roll(np.concatenate([line, side]), int(rng.integers(9)), axis=0)
        pair.append(points[:: int(rng.choice([-1, 1]))])
    return [*pair, np.concatenate([near, far[::-1]])]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["generic", "integer", "half-integer"])
def test_a_thousand_pairs_that_share_edges(kind):
    """All through percent: no pixel belongs to both, and none within them to neither."""
    rng = np.random.default_rng(7)
    size = np.array([WIDTH, HEIGHT])
    made = [neighbours(rng, kind) for _ in range(1000)]
    made = [[points / size * 100 / 100.0 * size for points in pair] for pair in made]
    found = fill([polygon(points) for pair in made for points in pair[:2]], WIDTH, HEIGHT)
    both = neither = shared = 0
    for (one, other, whole), first, second in zip(made, found, found, strict=True):
        a, b = painted(first), painted(second)
        hull = on_grid(whole)
        is_within = nonzero(hull, WIDTH, HEIGHT) & (edge_distance(hull, WIDTH, HEIGHT) > TIE)
        both += np.count_nonzero(a & b)
        neither += np.count_nonzero(is_within & ~(a | b))
        shared += np.count_nonzero(
            (edge_distance(on_grid(one), WIDTH, HEIGHT) < TIE)
            & (edge_distance(on_grid(other), WIDTH, HEIGHT) < TIE)
        )
    assert (both, neither) == (0, 0)
    if kind == "half-integer":
        assert shared > 1000  # centres on the line itself: what the test is about


@settings(max_examples=200, deadline=None)
@given(
    st.tuples(st.integers(-20, 330), st.integers(-20, 250)),
    st.tuples(st.integers(-20, 330), st.integers(-20, 250)),
    st.sampled_from([1, 2, 5, 10]),
)
@example((81, 19), (242, -117), 10)
def test_both_sides_of_an_edge_tile_a_band(start, end, unit):
    """In boxes of different windows: every pixel belongs to one of them."""
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
@given(ANY_POINTS, st.integers(0, 9), st.integers(0, 9), st.booleans())
def test_moving_by_whole_pixels_moves_the_pixels(points, right, down, all_touched):
    """Whatever the points, and in an image of whatever size."""
    if all_touched:  # where the image cuts an outline, rounding decides on pixels it grazes
        points = np.clip(points, 1, [WIDTH - 1, HEIGHT - 1])
    moved = on_grid(points) + np.array([right, down])
    large = filled(moved, WIDTH + right + 7, HEIGHT + down + 5, all_touched=all_touched)
    part = large[down : down + HEIGHT, right : right + WIDTH]
    np.testing.assert_array_equal(filled(points, all_touched=all_touched), part)
