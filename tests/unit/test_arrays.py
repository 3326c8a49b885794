"""Points as arrays, straight from the stored form: the numbers that every reader finds there."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from maskbench.drawing import draw
from maskbench.errors import DataError
from maskbench.labelstudio.arrays import task_with_arrays
from maskbench.labelstudio.canonical import task_json, task_of
from maskbench.labelstudio.model import Annotation, Image, Region, Task
from maskbench.params import RasterizeParams

numbers = st.floats(-20_000, 20_000) | st.integers(-3, 120) | st.sampled_from([-0.0, 1e-300, 33.3])
pairs = st.lists(numbers, min_size=2, max_size=2)
outlines = st.lists(pairs, min_size=3, max_size=6)
odd = st.sampled_from([
    None, [], [[1, 2], [3, 4]], [[1, 2], [3, 4], [5]], [[1, 2], [3, 4], [5, 6, 7]],
    [[1, [2, 3]]] * 3,
    [[1, 2], [3, 4], [5, True]], [[1, 2], [3, 4], [5, None]], [[1, 2], [3, 4], ["5", 6]], -1, 0,
    [[1, 2], [3, 4], [5, 10**25]], [[1, 2], [3, 4], [5, 1.5e300]], [[], [], []], [1, 2, 3, 4, 5, 6],
    '"points": [[1, 2], [3, 4], [5, 6]]', {"points": [[1, 2], [3, 4], [5, 6]]}, [[[1, 2]] * 3],
])  # fmt: skip
values = st.fixed_dictionaries(
    {"points": outlines | odd}, optional={"closed": st.booleans(), "more": odd}
)
names = st.sampled_from(["points", "a", '"points": [['])
fields = st.dictionaries(names, outlines | odd, max_size=2)
regions = st.builds(
    Region, st.just("r"), st.just("polygon"), st.just(("Wall",)), values | fields,
    st.none(), st.none(), fields,
)  # fmt: skip


def task(annotations, data):
    made = [
        Annotation(i, 1, None, None, False, False, tuple(some), answers)
        for i, (some, answers) in enumerate(annotations)
    ]
    return Task(7, "7-a", None, data, None, tuple(made))


def listed(found):
    """The task with its arrays as lists."""
    annotations = [
        replace(a, regions=tuple(r._replace(value=plain(r.value)) for r in a.regions))
        for a in found.annotations
    ]
    return replace(found, annotations=tuple(annotations))


def plain(value):
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in value.items()}


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.lists(regions, max_size=4), fields), max_size=3), fields)
def test_any_task_holds_the_same_numbers(annotations, data):
    content = task_json(task(annotations, data))
    assert listed(task_with_arrays(content, "7-a.json")) == task_of(content, "7-a.json")


IMAGE = Image("a.jpg", 100, 80, "")
RASTERIZE = RasterizeParams(("latest",), "keep", False, 128)


def drawn(points):
    return Region("r", "polygon", ("Wall",), {"points": points})


GOOD = drawn([[10, 10], [90.5, 20], [40, 80]])


@settings(max_examples=300, deadline=None)
@given(st.lists(regions | st.just(GOOD), max_size=4))
@example([GOOD, drawn([[1, 2], [3, 4]])])  # too few
@example([drawn([[1, 2], [3, 4], [5, 10_000.5]]), GOOD])  # beyond any image
@example([GOOD, drawn(None)._replace(value={}), GOOD])  # none at all, and arrays beside
def test_they_draw_the_same_pixels_and_are_refused_for_the_same_reasons(some):
    content = task_json(task([(some, {})], {}))
    plainly, quickly = (
        draw(read(content, "a.json").annotations[0].regions, IMAGE, RASTERIZE)
        for read in (task_of, task_with_arrays)
    )
    for expected, found in zip(plainly, quickly, strict=True):
        assert (found.reason, found.error, found.outside) == expected[1:]
        assert (found.patch is None) == (expected.patch is None)
        if expected.patch is not None:
            np.testing.assert_array_equal(found.patch.stretches, expected.patch.stretches)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=2), min_size=3),
                min_size=1, max_size=4))  # fmt: skip
def test_well_made_outlines_are_arrays(points):
    made = list(map(drawn, points))
    content = task_json(task([(made[:1], {}), (made[1:], {})], {"image": "a.jpg"}))
    found = task_with_arrays(content, "7-a.json")
    arrays = [region.value["points"] for a in found.annotations for region in a.regions]
    for array, expected in zip(arrays, points, strict=True):
        assert array.dtype == np.float64
        np.testing.assert_array_equal(array, expected)


def stored(points="[[1, 2], [3, 4], [5, 6]]", data="{}"):
    text = task_json(task([([drawn("HERE")], {})], {}))
    return text.replace(b'"HERE"', points.encode()).replace(
        b'"data": {}', b'"data": ' + data.encode()
    )


@pytest.mark.parametrize(
    "content",
    [
        stored(data='{"points": -1}'),
        stored(data='{"points":-1, "b": {"points": [[1, 2], [3, 4], [5, 6]]}}'),
        stored("-1", '{"points": [[1, 2], [3, 4], [5, 6]]}'),
        stored(r'"\"points\": [[1, 2], [3, 4], [5, 6]]"'),
        stored('[[1, 2], [3, 4], [5, 6]], "points": [[7, 8], [9, 10], [11, 12]]'),
        stored('[[1, 2], [3, 4], [5, 6]], "po\\u0069nts": -1'),
        stored("[ [1, 2], [3, 4], [5, 6]]"),
        stored("[[1,2], [3, 4], [5, 6]]"),
        stored("[[1, 2], [3, 4], [5, 6], [7, 8]]"),
    ],
)
def test_spellings_that_others_write_hold_the_same_numbers(content):
    json.loads(content)  # else both would refuse it
    assert listed(task_with_arrays(content, "a.json")) == task_of(content, "a.json")


@pytest.mark.parametrize(
    "points",
    ["[[1, 2], [3, 4], [5, ]]", "[[1, 2], [3, 4], [5, +6]]", "[[1, 2], [3, 4], [5, 0.]]",
     "[[1, 2], [3, 4], [5, 06]]", "[[1, 2], [3, 4], [5, 6e]]", "[[1, 2], [3, 4], [5, 6]"],
)  # fmt: skip
def test_what_is_no_json_is_damaged(points):
    with pytest.raises(DataError, match="damaged"):
        task_with_arrays(stored(points), "a.json")
