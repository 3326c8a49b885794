"""Checks over all images: classes, and what stands out."""

import pytest

from maskbench.files.manifest import Row
from maskbench.quality.checks.classes import (
    area_outlier,
    few_labels,
    rare_class,
    shape_outlier,
    time_outlier,
    unused_class,
)
from maskbench.quality.checks.collected import Collected, image_facts
from tests.quality.checks.regions import box, drawn, outline


def seen(*regions, image="", look="", seconds=None):
    """What is remembered of an image with these regions."""
    return image_facts(drawn(*regions), image or str(regions), look, seconds)


def row(key, split, **classes):
    """A line of the manifest."""
    return Row(
        key, split, "", 1, None, 1, None, False, "", "", "", 100, 100, classes, "", "", None
    )  # fmt: skip


def collected(*images, rows=(), classes=("Wall", "Plant")):
    return Collected(
        {f"{i:03d}": image for i, image in enumerate(images)}, {r.key: r for r in rows}, classes
    )


def keys(check, threshold, everything):
    return [(key, hit.label or hit.regions) for key, hit in check(everything, threshold)]


def test_a_class_that_no_mask_has():
    rows = [row("a", "train", Wall=5), row("b", "valid", Background=9)]
    assert keys(unused_class, 1, collected(rows=rows)) == [("", "Plant")]
    assert keys(unused_class, 6, collected(rows=rows)) == [("", "Wall"), ("", "Plant")]
    assert keys(unused_class, 1, collected()) == []  # before the first build nothing is known


def test_a_class_that_a_split_does_not_show():
    rows = [row("a", "train", Wall=5), row("b", "valid", Wall=5, Plant=1), row("c", "train")]
    [(key, hit)] = rare_class(collected(rows=rows), 1)
    assert (key, hit.label, hit.value) == ("", "Plant", 0)
    assert hit.what == "the class 'Plant' is in 1 image: 0 in train, 1 in valid"
    assert keys(rare_class, 2, collected(rows=rows)) == [("", "Wall"), ("", "Plant")]
    assert keys(rare_class, 1, collected(rows=rows, classes=("Wall", "Unused"))) == []


def test_an_image_nearly_without_labels():
    usual = [seen(box("r", 0, 0, 50, 50)) for _ in range(11)]
    speck, nothing = seen(box("r", 0, 0, 4, 4)), seen()
    found = [key for key, _ in few_labels(collected(*usual, speck, nothing), 0.01)]
    assert found == ["011", "012"]
    assert [key for key, _ in few_labels(collected(*usual, speck), 0.001)] == []
    # Where every tenth image is empty, empty images are meant to be there.
    assert [key for key, _ in few_labels(collected(*usual, nothing, nothing, speck), 0.01)] == [
        "013"
    ]
    assert list(few_labels(collected(), 0.01)) == []


def walls(count):
    return [seen(box("r", 0, 0, 20 + i % 5, 30)) for i in range(count)]


def test_a_region_of_unusual_size():
    large = seen(box("large", 0, 0, 95, 95))
    assert keys(area_outlier, 5, collected(*walls(20), large)) == [("020", "Wall")]
    [(_, hit)] = area_outlier(collected(*walls(20), large), 5)
    assert hit.regions == ("large",) and hit.box == (0, 0, 95, 95)
    assert "times as large as is usual for 'Wall'" in hit.what
    tiny = seen(box("tiny", 0, 0, 2, 3))
    [(_, hit)] = area_outlier(collected(*walls(20), tiny), 5)
    assert "times as small" in hit.what
    plant = seen(box("large", 0, 0, 95, 95, labels=["Plant"]))
    assert keys(area_outlier, 5, collected(*walls(20), plant)) == []  # its label is seen once
    assert keys(area_outlier, 5, collected(*walls(10), large)) == []  # too few to tell


def test_a_region_of_unusual_shape():
    jagged = [(10 * i, 50 if i % 2 else 5) for i in range(10)]
    star = seen(outline("star", [*jagged, (95, 60), (0, 60)]))
    [(key, hit)] = shape_outlier(collected(*walls(20), star), 5)
    assert (key, hit.regions) == ("020", ("star",)) and "thin or jagged" in hit.what
    assert keys(shape_outlier, 5, collected(*walls(21))) == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (4, "2 regions took 4 seconds, 1/15 of what is usual"),
        (900, "2 regions took 900 seconds, 15.0 times as long as is usual"),
        (100, None),
    ],
)
def test_an_annotation_made_in_unusual_time(seconds, words):
    regions = [box("a", 0, 0, 9, 9), box("b", 20, 0, 29, 9)]
    usual = [seen(*regions, seconds=60 + i % 3 - 1) for i in range(20)]
    everything = collected(*usual, seen(*regions, seconds=seconds), seen(*regions))
    found = [(key, hit.what) for key, hit in time_outlier(everything, 6)]
    assert [key for key, _ in found] == ["020"] * (words is not None)
    assert words is None or words in found[0][1]
