"""What becomes of each region: its pixels, or why it has none."""

import random

import numpy as np
import pytest
import rasterio.features
import shapely

from maskbench.files.label_sets import LabelSetFile, write_label_sets
from maskbench.regions.build import (
    build_label_set,
    build_mask,
)
from maskbench.regions.draw import REASONS, draw_regions
from maskbench.regions.task import Image, Region
from tests.regions.walls import (
    DOOR,
    IMAGE,
    SIGN,
    WALL,
    annotation,
    box,
    drawn,
    ellipse,
    mask_of,
    params,
    settings,
    task,
)
from tests.strokes import encode, rgba


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
