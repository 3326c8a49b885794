"""From a task to its mask: what becomes of each region, which annotation counts, what wins."""

import random

import numpy as np
import pytest
import rasterio.features
import shapely

from maskbench.files.label_sets import LabelSetFile, write_label_sets
from maskbench.params import CombineParams, Params, RasterizeParams, Rule
from maskbench.regions.build import (
    build_label_set,
    build_label_sets,
    build_mask,
    find_faults,
    unknown_labels,
)
from maskbench.regions.draw import REASONS, draw_regions
from maskbench.regions.rules import Combination
from maskbench.regions.task import Annotation, Image, Region, Task
from tests.strokes import encode, rgba

IMAGE = Image("a.png", 5, 4, "")


def settings(
    overlap="keep", *, all_touched=False, threshold=128, annotation=("latest",), aliases=()
):
    return RasterizeParams(annotation, overlap, all_touched, threshold, dict(aliases))


def params(rasterize, *rules, unmatched="error"):
    """Params of which only the sections that make masks are filled."""
    made = [Rule(f"rule_{i}", frozenset(when), then) for i, (when, then) in enumerate(rules)]
    labels_map = {"Ground": 0, "A": 1, "B": 2, "AB": 3}
    values = dict.fromkeys(Params._fields)
    values |= {"labels_map": labels_map, "rules": tuple(made), "rasterize": rasterize}
    return Params(**(values | {"combine": CombineParams(unmatched, (), "png")}))


def box(labels, *edges, name="r"):
    """A rectangle from its left, top, right and bottom in pixels of the image."""
    left, top, right, bottom = edges
    value = {
        "x": left / IMAGE.width * 100,
        "y": top / IMAGE.height * 100,
        "width": (right - left) / IMAGE.width * 100,
        "height": (bottom - top) / IMAGE.height * 100,
    }
    return Region(name, "rectangle", tuple(labels), value)


def ellipse(label, x, y, radius):
    """A circle in percent of the image."""
    value = {"x": x, "y": y, "radiusX": radius, "radiusY": min(radius, 50)}
    return Region("e", "ellipse", (label,), value)


def annotation(*regions, number=1, day=1, **more):
    time = f"2026-11-{day:02}T08:00:00Z"
    facts = {"ground_truth": False, "was_cancelled": False, "completed_by": 1, **more}
    return Annotation(id=number, created_at=time, updated_at=time, regions=tuple(regions), **facts)


def task(*annotations, image=IMAGE):
    return Task(1, "000001_a", None, {}, "a.png", tuple(annotations), image)


def drawn(*regions, **options):
    return list(draw_regions(regions, IMAGE, settings(**options)))


WALL = box("A", 0, 0, 4, 4, name="wall")
DOOR = box("B", 1, 1, 3, 4, name="door")
SIGN = box("A", 2, 2, 5, 3, name="sign")


@pytest.mark.parametrize(
    ("overlap", "expected"),
    [
        ("keep", [[1, 1, 1, 1, 0], [1, 3, 3, 1, 0], [1, 3, 3, 1, 1], [1, 3, 3, 1, 0]]),
        ("top", [[1, 1, 1, 1, 0], [1, 2, 2, 1, 0], [1, 2, 1, 1, 1], [1, 2, 2, 1, 0]]),
    ],
)
def test_a_mask_by_hand(overlap, expected):
    asked = params(settings(overlap), (("A", "B"), "AB"))
    mask, found = mask_of(task(annotation(WALL, DOOR, SIGN)), asked)
    np.testing.assert_array_equal(mask, expected)
    assert mask.dtype == np.uint8
    values = np.array(expected)
    counts = {(): 0, ("A",): 1, ("B",): 2, ("A", "B"): 3}
    names = {(): "Ground", ("A",): "A", ("B",): "B", ("A", "B"): "AB"}
    assert found == [
        Combination(labels, int((values == value).sum()), names[labels])
        for labels, value in counts.items()
        if (values == value).any()
    ]


def mask_of(task, params):
    """The mask of a task without faults, and the combinations in it."""
    built = build_mask(task, params)
    assert built.faults == ()
    return built.mask, list(built.combinations)


def test_the_smallest_region_wins_whatever_the_order():
    expected = [[1, 1, 1, 1, 0], [1, 2, 2, 1, 0], [1, 2, 1, 1, 1], [1, 2, 2, 1, 0]]
    asked = params(settings("smallest"))
    for order in ([SIGN, DOOR, WALL], [DOOR, WALL, SIGN], [WALL, DOOR, SIGN]):
        mask, _ = mask_of(task(annotation(*order)), asked)
        np.testing.assert_array_equal(mask, expected)


def test_results_are_in_drawing_order_however_regions_are_painted():
    regions = [SIGN, WALL, Region("k", "keypoint", ("A",), {}), DOOR]
    rasterized = build_label_set(task(annotation(*regions)), settings("smallest"))
    assert [result.region.id for result in rasterized.regions] == ["sign", "wall", "k", "door"]
    assert [result.count for result in rasterized.regions] == [3, 16, 0, 6]
    assert all(result.pixels is None for result in rasterized.regions)


def test_of_regions_with_as_many_pixels_the_one_drawn_later_wins():
    one, two = box("A", 0, 0, 2, 2), box("B", 1, 0, 3, 2)
    asked = params(settings("smallest"))
    first, _ = mask_of(task(annotation(one, two)), asked)
    second, _ = mask_of(task(annotation(two, one)), asked)
    assert first[0].tolist() == [1, 2, 2, 0, 0]
    assert second[0].tolist() == [1, 1, 2, 0, 0]


def test_a_region_with_two_labels_is_a_combination():
    mask, found = mask_of(
        task(annotation(box("AB", 0, 0, 5, 1))), params(settings(), (("A", "B"), "AB"))
    )
    np.testing.assert_array_equal(mask, [[3] * 5, [0] * 5, [0] * 5, [0] * 5])
    assert found == [Combination((), 15, "Ground"), Combination(("A", "B"), 5, "AB")]


def test_a_combination_without_a_rule_is_told_and_ignored():
    mask, found = mask_of(task(annotation(box("AB", 0, 0, 5, 1))), params(settings()))
    assert mask[0].tolist() == [255] * 5
    assert found[1] == Combination(("A", "B"), 5, None)


@pytest.mark.parametrize(
    ("region", "reason"),
    [
        (box("", 0, 0, 5, 4), "no_label"),
        (box("A", 1.6, 1.6, 1.9, 1.9), "no_pixel"),  # between centres
        (box("A", 6, 0, 9, 4), "no_pixel"),  # off the image
        (Region("r", "polygon", ("A",), {"points": [[9, 9]] * 3}), "no_pixel"),
        (Region("r", "polygon", ("A",), {"points": [[0, 0], [50, 50], [99, 99]]}), "no_pixel"),
        (Region("r", "brush", ("A",), {"rle": []}), "no_pixel"),
        (Region("r", "bitmask", ("A",), {}), "no_pixel"),
        (Region("r", "keypoint", ("A",), {"x": 5, "y": 5, "width": 1}), "no_area"),
        (Region("r", "polygon", ("A",), {"points": [[0, 0]], "closed": False}), "no_area"),
        (Region("r", "vector", ("A",), {"vertices": [], "closed": False}), "no_area"),
        (Region("r", "none", ("A",), {}), "not_a_region"),
    ],
)
def test_regions_without_a_part_in_the_mask_say_why(region, reason):
    assert reason in REASONS
    (result,) = drawn(region)
    assert (result.dropped, result.error, result.pixels, result.count) == (reason, None, None, 0)
    mask, _ = mask_of(task(annotation(region)), params(settings()))
    assert not mask.any()


@pytest.mark.parametrize(
    ("region", "message"),
    [
        (
            Region("r", "cuboid", ("A",), {}),
            "regions of the type 'cuboid' cannot be turned into pixels",
        ),
        (Region("r", "polygon", ("A",), {"points": 3}), "points is 3, not a list of points"),
        (Region("r", "rectangle", ("A",), {"x": "a"}), "x is 'a', not a number"),
        (Region("r", "ellipse", ("A",), {"x": None}), "x is None, not a number"),
        (Region("r", "vector", ("A",), {"vertices": [3], "closed": True}), "not a list of vert"),
        (Region("r", "brush", ("A",), {"rle": [1, 2]}), "the brush code ends in the middle"),
        (Region("r", "bitmask", ("A",), {"imageDataURL": "x"}), "imageDataURL is not a PNG"),
    ],
)
@pytest.mark.parametrize("overlap", ["keep", "top", "smallest"])
def test_what_cannot_be_read_is_an_error_and_the_others_are_drawn(overlap, region, message):
    results = drawn(WALL, region, SIGN)
    assert [result.count for result in results] == [16, 0, 3]
    assert message in results[1].error
    assert results[1].dropped is None
    asked = task(annotation(WALL, region, SIGN))
    (error,) = build_label_set(asked, settings(overlap)).errors
    assert message in error
    built = build_mask(asked, params(settings(overlap)))
    assert built.mask is None
    assert built.faults == ((region, error),)


def test_all_faults_are_told_together_in_drawing_order():
    bad = [Region("r", name, ("A",), {}) for name in ("cuboid", "prism")]
    unknown = WALL._replace(labels=("Nobody",))
    built = build_mask(task(annotation(bad[0], unknown, bad[1])), params(settings()))
    assert built.mask is None
    assert [region for region, _ in built.faults] == [bad[0], unknown, bad[1]]
    assert ["'cuboid'" in what or "'prism'" in what for _, what in built.faults] == [1, 0, 1]


@pytest.mark.parametrize(
    ("region", "is_clipped"),
    [
        (box("A", 0, 0, 5, 4), False),
        (box("A", -0.1, 0, 5, 4), True),
        (box("A", 0, 0, 5, 4.1), True),
        (box("A", 6, 0, 9, 4), True),  # off the image altogether
        (box("", 0, 0, 9, 9), False),  # carries no label: has no part anyway
        (ellipse("A", 50, 50, 50), False),
        (ellipse("A", 50, 50, 51), True),
        (Region("r", "brush", ("A",), {"rle": encode(rgba([255] * 20))}), False),
    ],
)
def test_is_clipped_tells_what_reaches_off_the_image(region, is_clipped):
    (result,) = drawn(region)
    assert result.is_clipped is is_clipped


def test_outlines_are_polygons_in_pixels_and_strokes_have_none():
    stroke = Region("s", "brush", ("A",), {"rle": encode(rgba([255] * 20))})
    door, painted = drawn(DOOR, stroke)
    assert door.outline.equals(shapely.box(1, 1, 3, 4))
    assert (painted.outline, painted.count) == (None, 20)


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [(1, [[0, 1, 1, 1, 1], [1, 0, 0, 0, 0]]), (128, [[0, 0, 1, 1, 1], [0, 0, 0, 0, 0]]),
     (255, [[0, 0, 0, 0, 1], [0, 0, 0, 0, 0]])],
)  # fmt: skip
def test_a_stroke_counts_from_the_threshold_on(threshold, expected):
    alpha = [0, 1, 128, 254, 255, 127] + [0] * 14
    stroke = Region("s", "brush", ("A",), {"rle": encode(rgba(alpha))})
    asked = params(settings(threshold=threshold))
    mask, _ = mask_of(task(annotation(stroke)), asked)
    np.testing.assert_array_equal(mask, [*expected, [0] * 5, [0] * 5])


def test_all_touched_is_the_pixels_of_every_outline():
    corner = box("A", 1.9, 1.9, 2.1, 2.1)
    circle = ellipse("B", 80, 25, 1)  # at (4, 1)
    centre, _ = mask_of(task(annotation(corner, circle)), params(settings()))
    assert not centre.any()
    touched, _ = mask_of(task(annotation(corner, circle)), params(settings(all_touched=True)))
    np.testing.assert_array_equal(
        touched, [[0, 0, 0, 2, 2], [0, 1, 1, 2, 2], [0, 1, 1, 0, 0], [0, 0, 0, 0, 0]]
    )


@pytest.mark.parametrize(
    ("criteria", "value"),
    [
        (("latest",), 2),
        (("earliest",), 1),
        (("ground_truth", "latest"), 1),
        (("annotator:7",), 2),
        (("annotator:8", "earliest"), 1),
    ],
)
def test_the_annotation_that_counts_makes_the_mask(criteria, value):
    one = annotation(box("A", 0, 0, 5, 4), number=1, day=1, ground_truth=True)
    two = annotation(box("B", 0, 0, 5, 4), number=2, day=2, completed_by=7)
    skipped = annotation(number=3, day=3, was_cancelled=True)
    asked = task(one, two, skipped)
    mask, _ = mask_of(asked, params(settings(annotation=criteria)))
    np.testing.assert_array_equal(mask, np.full((4, 5), value))
    assert build_label_set(asked, settings(annotation=criteria)).annotation.id == value


@pytest.mark.parametrize(
    "nothing",
    [
        task(),
        task(annotation(WALL, was_cancelled=True)),
        task(annotation(WALL), image=None),
    ],
)
def test_without_an_annotation_or_image_there_is_no_mask(nothing):
    assert build_label_set(nothing, settings()) is None
    assert build_mask(nothing, params(settings())) is None


def test_an_annotation_without_regions_is_a_mask_of_ground():
    mask, found = mask_of(task(annotation()), params(settings()))
    np.testing.assert_array_equal(mask, np.zeros((4, 5)))
    assert found == [Combination((), 20, "Ground")]


def mixed(count, rng):
    """Regions of all kinds at random on an image of 90 x 60 pixels."""
    found = []
    for i in range(count):
        x, y, w, h = rng.uniform([-10, -10, 1, 1], [95, 95, 60, 60])
        shape = ("rectangle", "ellipse", "polygon")[i % 3]
        values = {
            "rectangle": {"x": x, "y": y, "width": w, "height": h, "rotation": 7.0 * i},
            "ellipse": {"x": x, "y": y, "radiusX": w / 2, "radiusY": h / 2, "rotation": 5.0 * i},
            "polygon": {"points": rng.integers(-5, 105, (6, 2)).tolist()},
        }
        found.append(Region(f"r{i}", shape, (f"label {i % 11}",), values[shape]))
    return found


@pytest.mark.parametrize("all_touched", [False, True])
def test_the_order_of_regions_changes_no_byte_while_labels_pile_up(tmp_path, all_touched):
    regions = mixed(60, np.random.default_rng(2))
    image = Image("a.png", 90, 60, "")
    contents = set()
    for seed in range(5):
        shuffled = random.Random(seed).sample(regions, len(regions))
        made = build_label_set(
            task(annotation(*shuffled), image=image), settings(all_touched=all_touched)
        )
        write_label_sets(
            tmp_path / "a.tif",
            [LabelSetFile(made.label_set.labels, made.label_set.planes, 1, 1, {})],
        )
        contents.add((tmp_path / "a.tif").read_bytes())
    assert len(contents) == 1


@pytest.mark.parametrize("all_touched", [False, True])
def test_regions_drawn_together_are_what_each_is_alone(all_touched):
    regions = mixed(60, np.random.default_rng(3))
    image, asked = Image("a.png", 90, 60, ""), settings(all_touched=all_touched)
    together = list(draw_regions(regions, image, asked))
    for region, result in zip(regions, together, strict=True):
        (alone,) = draw_regions([region], image, asked)
        assert (result.region, result.count, result.dropped) == (region, alone.count, alone.dropped)
        if result.pixels is not None:
            assert result.pixels.window == alone.pixels.window
            np.testing.assert_array_equal(result.pixels.inside, alone.pixels.inside)


def test_rasterio_fills_the_outlines(monkeypatch):
    def broken(*args, **options):
        raise RuntimeError("rasterio is asked")

    monkeypatch.setattr(rasterio.features, "rasterize", broken)
    with pytest.raises(RuntimeError, match="rasterio is asked"):
        mask_of(task(annotation(WALL)), params(settings()))


def test_faults_of_a_region():
    image = Image("wall.jpg", 40, 30, "")
    wrong = WALL._replace(labels=("Walll", "A"), original_size=(30, 40))
    cuboid = Region("r", "cuboid", ("A",), {})
    regions = annotation(WALL._replace(labels=("Wall",)), wrong, cuboid)
    found = find_faults(build_label_sets(task(regions, image=image), settings()), ["A", "Wall"])
    assert [region for region, _ in found] == [wrong, wrong, cuboid]
    label, size, kind = (what for _, what in found)
    assert label.startswith("the label 'Walll' is not in labels_map; ")
    assert "'Wall'" in label
    assert size == (
        "was drawn on an image of 30 x 40 pixels, but the image has 40 x 30: one of "
        "them lies on its side: put the image back as it was annotated"
    )
    assert kind == "regions of the type 'cuboid' cannot be turned into pixels"


SLIPS = {
    "no point": ("polygon", {"points": []}),
    "one point": ("polygon", {"points": [[5, 5]]}),
    "two points": ("polygon", {"points": [[5, 5], [50, 50]]}),
    "one point three times": ("polygon", {"points": [[5, 5]] * 3}),
    "on one line": ("polygon", {"points": [[5, 5], [25, 25], [75, 75]]}),
    "smaller than a pixel": ("polygon", {"points": [[5, 5], [5.1, 5], [5.1, 5.1]]}),
    "a vector without vertex": ("vector", {"vertices": [], "closed": True}),
    "a vector of one vertex": (
        "vector",
        {"vertices": [{"id": "a", "x": 5, "y": 5}], "closed": True},
    ),
    "a rectangle without width": ("rectangle", {"x": 5, "y": 5, "width": 0, "height": 50}),
    "a flat ellipse": ("ellipse", {"x": 5, "y": 5, "radiusX": 0, "radiusY": 50}),
    "an erased stroke": ("brush", {"rle": []}),
}


@pytest.mark.parametrize("name", SLIPS)
def test_slips_of_the_hand_have_one_policy(name):
    """Dropped with a reason, whatever the slip; ``strict`` makes each of them a fault."""
    shape, value = SLIPS[name]
    region = Region("r", shape, ("A",), value)
    made = build_label_set(task(annotation(region), image=Image("a.png", 40, 30, "")), settings())
    assert [result.dropped for result in made.regions] == ["no_pixel"]
    assert not made.label_set.planes.any()
    assert find_faults([made], ["A"]) == ()
    fault = "has no pixel inside the image; rasterize.strict stops here"
    assert find_faults([made], ["A"], strict=True) == ((region, fault),)


@pytest.mark.parametrize(
    ("drawn_on", "looks_like"),
    [
        ((0, 0), "that is no size: a script or converter wrote it; open the task in Label Studio"),
        ((40, 0), "that is no size"),
        ((20, 15), "it looks like a copy at 50 % of its size: put the annotated copy there; or"),
        ((13, 10), "it looks like a copy at 32.5 % of its size"),
        ((80, 60), "it looks like a copy at 200 % of its size"),
        ((30, 40), "one of them lies on its side: put the image back as it was annotated"),
        ((40, 40), "the image was replaced; put the right one back or draw the region again"),
    ],
)
def test_what_another_size_looks_like(drawn_on, looks_like):
    region = WALL._replace(original_size=drawn_on)
    image = Image("a.png", 40, 30, "")
    [(_, fault)] = find_faults(
        build_label_sets(task(annotation(region), image=image), settings()), WALL.labels
    )
    drawn = f"was drawn on an image of {drawn_on[0]} x {drawn_on[1]} pixels"
    size = f"{drawn}, but the image has 40 x 30: "
    assert fault.startswith(size + looks_like)


POINT = Region("p", "keypoint", ("Point",), {"x": 10, "y": 10})


@pytest.mark.parametrize("overlap", ["keep", "top", "smallest"])
@pytest.mark.parametrize(
    ("labels", "aliases", "becomes"),
    [
        (("Tür",), {"Tür": "B"}, ("B",)),
        (("Tür",), {"Tür": "B", "B": "A"}, ("B",)),  # one step only
        (("A",), {"A": "B", "B": "A"}, ("B",)),
        (("Tür", "door"), {"Tür": "B", "door": "B"}, ("B",)),  # several become one
        (("A", "Note"), {"Note": None}, ("A",)),
    ],
)
def test_an_alias_counts_before_anything_else(labels, aliases, becomes, overlap):
    as_drawn = DOOR._replace(labels=labels)
    asked = settings(overlap, aliases=aliases)
    renamed = DOOR._replace(labels=becomes)
    found = build_label_set(task(annotation(as_drawn)), asked).label_set
    expected = build_label_set(task(annotation(renamed)), settings(overlap)).label_set
    assert found.labels == expected.labels
    np.testing.assert_array_equal(found.planes, expected.planes)
    (result,) = draw_regions([as_drawn], IMAGE, asked)
    assert (result.region.labels, result.aliased) == (
        becomes,
        tuple(n for n in labels if n in aliases),
    )


def test_a_label_that_is_left_out_covers_nothing():
    note = box(["Note"], 0, 0, 5, 4, name="note")
    for overlap in ("keep", "top", "smallest"):
        asked = params(settings(overlap, aliases={"Note": None}), (("A", "B"), "AB"))
        built = build_mask(task(annotation(WALL, DOOR, note)), asked)
        without = build_mask(task(annotation(WALL, DOOR)), asked)
        np.testing.assert_array_equal(built.mask, without.mask)
    result = built.votes[0].regions[2]
    assert (result.dropped, result.region.labels, result.aliased) == (
        "left_out",
        ("Note",),
        ("Note",),
    )


def test_unknown_labels_are_counted_where_a_mask_would_need_them():
    other = WALL._replace(labels=("Lamp", "A"), on_other_image=True)
    line = Region("l", "polygon", ("Line",), {"points": [[0, 0], [9, 9], [0, 9]], "closed": False})
    tiny = box(["Tiny"], 0.1, 0.1, 0.2, 0.2)
    regions = [WALL, DOOR, DOOR, SIGN._replace(labels=("A", "Sign")), other, POINT, line, tiny]
    built = build_label_set(task(annotation(*regions)), settings())
    assert unknown_labels([built], {"A"}) == {"B": 2, "Sign": 1, "Tiny": 1}
    assert find_faults([built], {"A", "B", "Sign", "Tiny"}) == ()
