"""Outlines for tests of regions: named ones, and hypothesis strategies of random ones."""

import math

import numpy as np
from hypothesis import strategies as st

WIDTH, HEIGHT = 31, 23

NAMED = {
    "convex": [(2.2, 3.1), (17.7, 2.4), (21.3, 15.9), (6.6, 19.8)],
    "U": [(3, 2), (8, 2), (8, 14), (14, 14), (14, 2), (19, 2), (19, 20), (3, 20)],
    "pentagram": [(15 + 10 * math.sin(0.8 * math.pi * i), 11.3 - 10 * math.cos(0.8 * math.pi * i))
                  for i in range(5)],
    "bow-tie": [(3.3, 3.7), (20.1, 17.2), (20.9, 3.2), (2.8, 16.6)],
    "bow-tie on centres": [(2.5, 2.5), (12.5, 12.5), (12.5, 2.5), (2.5, 12.5)],
    "spiral, twice around": [(5, 5), (25, 5), (25, 18), (5, 18),
                             (5, 4), (24, 4), (24, 17), (6, 17)],
    "there and back (winding 0)": [(4, 4), (20, 4), (20, 15), (20, 4)],
    "figure with opposite loops": [(2, 2), (15, 2), (15, 12), (2, 12), (2, 2),
                                   (5, 5), (5, 9), (12, 9), (12, 5), (5, 5)],
    "repeated points": [(3, 3), (3, 3), (18, 4), (18, 4), (18, 4), (10, 19), (3, 3)],
    "collinear": [(1, 1), (9, 9), (20, 20)],
    "spike": [(4, 4), (14, 4), (25, 4), (14, 4), (14, 14), (4, 14)],
    "one point": [(7.5, 7.5)] * 3,
    "sub-pixel on a centre": [(9.4, 9.4), (9.6, 9.4), (9.6, 9.6), (9.4, 9.6)],
    "sub-pixel between centres": [(9.6, 9.6), (9.9, 9.6), (9.9, 9.9), (9.6, 9.9)],
    "touches all borders": [(0, 11.5), (15.5, 0), (WIDTH, 11.5), (15.5, HEIGHT)],
    "whole image": [(0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)],
    "larger than the image": [(-50, -40), (90, -30), (70, 80), (-60, 70)],
    "off to the left": [(-9, 3), (-2, 4), (-5, 15)],
    "off below": [(3, HEIGHT), (20, HEIGHT + 1), (9, HEIGHT + 9)],
    "half off": [(-6.4, -3.3), (12.6, 4.1), (3.9, 30.2)],
    "edge through a centre, decimals": [(20.0, 18.5), (8.1, 31.9), (24.2, 1.7)],
    "edge just left of a centre": [(0.5 - 2**-54, 2), (9, 2), (9, 8), (0.5 - 2**-54, 8)],
}  # fmt: skip


def ring(points):
    return np.array(points, dtype=np.float64)


_generic = st.floats(-8, 39, allow_subnormal=False)
_aligned = {
    "float": _generic,
    "whole": st.integers(-4, 35).map(float),
    "half": st.integers(-4, 35).map(lambda n: n + 0.5),
    "whole or half": st.integers(-8, 70).map(lambda n: n / 2),
    "tenths": st.integers(-40, 350).map(lambda n: n / 10),
    "percent of 31": st.integers(-10, 110).map(lambda n: n / 100.0 * 31),
}

ANY_POINTS = st.sampled_from(sorted(_aligned)).flatmap(
    lambda kind: st.lists(st.tuples(_aligned[kind], _aligned[kind]), min_size=3, max_size=12)
)
"""Random points in any order, mostly self-crossing, on and off the grid of pixel centres."""


@st.composite
def stars(draw):
    """Star-shaped outlines: simple, most of them not convex."""
    radii = draw(st.lists(st.floats(0.5, 16), min_size=3, max_size=20))
    x, y = draw(st.tuples(st.floats(-3, 34), st.floats(-3, 26)))
    turns = [2 * math.pi * i / len(radii) for i in range(len(radii))]
    return [
        (x + r * math.cos(turn), y + r * math.sin(turn))
        for r, turn in zip(radii, turns, strict=True)
    ]


@st.composite
def spirals(draw):
    """Outlines that go several times around: winding numbers of two and more."""
    count = draw(st.integers(6, 30))
    step = draw(st.floats(0.5, 2.5))
    return [
        (15 + (4 + i / 4) * math.cos(step * i), 11 + (4 + i / 4) * math.sin(step * i))
        for i in range(count)
    ]
