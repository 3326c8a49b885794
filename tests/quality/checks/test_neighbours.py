"""Checks of regions beside and upon each other."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from maskbench.params.quality import THRESHOLDS
from maskbench.quality.checks import CHECKS
from maskbench.quality.checks.neighbours import duplicate, gap, inside_itself, overlap
from tests.quality.checks.regions import box, drawn, found, outline, stroke

WALL = box("wall", 10, 10, 50, 50)


def test_a_region_drawn_twice():
    again = box("again", 10, 10, 50, 49)
    assert found(duplicate, 0.9, WALL, again) == [(("again", "wall"), 0.975)]
    assert found(duplicate, 0.9, WALL, again._replace(labels=("Plant",))) == []
    assert found(duplicate, 0.9, WALL, again._replace(labels=("Plant", "Wall"))) != []
    assert found(duplicate, 0.9, WALL, box("half", 10, 10, 50, 30)) == []
    painted = np.zeros((100, 100), dtype=bool)
    painted[10:50, 10:50] = True
    assert found(duplicate, 0.9, WALL, stroke("brush", painted)) == [(("brush", "wall"), 1)]


def test_a_label_inside_itself():
    small = box("small", 20, 20, 30, 30)
    assert found(inside_itself, 0.95, WALL, small) == [(("small", "wall"), 1)]
    assert found(inside_itself, 0.95, small, WALL) == [(("small", "wall"), 1)]
    assert found(inside_itself, 0.95, WALL, small._replace(labels=("Plant",))) == []
    assert found(inside_itself, 0.95, WALL, box("partly", 40, 40, 60, 60)) == []
    assert found(inside_itself, 0.95, WALL, box("again", 10, 10, 50, 49)) == []  # a duplicate


def test_a_narrow_overlap():
    beside = box("beside", 48, 10, 90, 50, labels=["Plant"])
    assert found(overlap, 3, WALL, beside) == [(("wall", "beside"), 1.905)]
    assert found(overlap, 3, WALL, beside, overlap="smallest") == []  # decided
    assert found(overlap, 3, WALL, beside._replace(labels=("Wall",))) == []  # nothing differs
    assert found(overlap, 3, WALL, box("on it", 30, 10, 90, 50, labels=["Plant"])) == []
    thin = box("thin", 20, 20, 21, 40, labels=["Plant"])
    assert found(overlap, 3, WALL, thin) == []  # lies upon it as a whole


def test_a_narrow_gap():
    beside = box("beside", 52, 10, 90, 50, labels=["Plant"])
    assert found(gap, 3, WALL, beside) == [(("wall", "beside"), 1.905)]
    assert found(gap, 3, WALL, beside._replace(labels=("Wall",))) == []  # two of a kind
    assert found(gap, 3, WALL, box("apart", 54, 10, 90, 50, labels=["Plant"])) == []
    assert found(gap, 3, WALL, box("touching", 50, 10, 90, 50, labels=["Plant"])) == []
    filled = box("between", 49, 10, 53, 50, labels=["Door"])
    assert found(gap, 3, WALL, beside, filled) == []
    notch = [(50, 29), (20, 29), (20, 31), (50, 31)]
    notched = outline("n", [(10, 10), (50, 10), *notch, (50, 50), (10, 50)])
    assert found(gap, 3, notched) == []  # of one region: drawn so


POINTS = st.tuples(st.integers(-40, 140), st.integers(-40, 140))
OUTLINES = st.lists(st.lists(POINTS, min_size=3, max_size=9), max_size=4)


@given(OUTLINES)
@settings(max_examples=60, deadline=None)
def test_whatever_is_drawn_no_check_fails_and_the_order_of_findings_is_fixed(outlines):
    labels = (["Wall"], ["Plant"])
    regions = [outline(f"r{i}", points, labels[i % 2]) for i, points in enumerate(outlines)]
    for name, check in CHECKS.items():
        if check.of_image is not None:
            hits = list(check.of_image(drawn(*regions), THRESHOLDS[name]))
            assert hits == list(check.of_image(drawn(*regions), THRESHOLDS[name]))
            for hit in hits:
                assert set(hit.regions) <= {region.id for region in regions} and hit.regions
                assert hit.what and np.isfinite(hit.value)
                assert hit.box is None or np.isfinite(hit.box).all()
