"""The built sample against the renderer's own exact masks."""

import csv
import json
import re

import numpy as np
import pytest
from PIL import Image

from render_sample import differences
from sample.folder import IMAGES, scene_for
from tests.repositories import SAMPLE


@pytest.fixture(scope="module")
def pairs(built_once):
    """(row of the manifest, mask of the pipeline, the renderer's truth) of each item."""
    tasks = json.loads((built_once.root / "data/sample/export.json").read_text())
    references = {task["id"]: task["data"]["image"] for task in tasks}
    found = []
    with (built_once.root / "data/benchmark/manifest.csv").open() as stream:
        for row in csv.DictReader(stream):
            mask = Image.open(built_once.root / "data/benchmark/masks" / row["mask"])
            assert mask.mode == "L"
            truth = scene_for(references[int(row["task"])]).truth_mask()
            found.append((row, np.asarray(mask), truth))
    return found


def near_outline(truth, distance):
    """Pixels within `distance` (rows, columns) of a pixel of another class."""
    padded = np.pad(truth, distance, mode="edge")
    height, width = truth.shape
    near = np.zeros(truth.shape, dtype=bool)
    for down in range(2 * distance + 1):
        for right in range(2 * distance + 1):
            near |= padded[down : down + height, right : right + width] != truth
    return near


def test_every_item_has_the_size_and_class_of_the_truth(pairs):
    assert len(pairs) == 22
    for row, mask, truth in pairs:
        assert mask.shape == truth.shape == (int(row["height"]), int(row["width"])), row["key"]


def test_intersection_over_union_of_each_class(pairs):
    for value in range(7):
        both = sum(int(((mask == value) & (truth == value)).sum()) for _, mask, truth in pairs)
        either = sum(int(((mask == value) | (truth == value)).sum()) for _, mask, truth in pairs)
        assert either > 5_000, f"class {value} hardly occurs"
        assert both / either > 0.98, f"class {value}: {both / either:.4f}"


def test_disagreement_is_confined_to_outlines(pairs):
    for row, mask, truth in pairs:
        wrong = mask != truth
        assert not (wrong & ~near_outline(truth, 1)).any(), row["key"]


def test_exact_annotations_give_exact_masks(pairs, built_once):
    """Scenes whose annotator followed the painted outlines exactly, without brush or curve."""
    exact = 0
    for row, mask, truth in pairs:
        task = json.loads((built_once.root / f"data/annotations/{row['key']}.json").read_text())
        scene = scene_for(task["reference"])
        counted = next(a for a in task["annotations"] if a["id"] == int(row["annotation"]))
        shapes = {region["shape"] for region in counted["regions"]}
        if scene.jitter == 0 and shapes <= {"polygon", "rectangle"}:
            exact += 1
            assert np.array_equal(mask, truth), row["key"]
    assert exact >= 5


def test_scenes_are_upright_and_keep_their_bytes_otherwise(pairs, built_once):
    turned = 0
    for row, mask, _ in pairs:
        scene = built_once.root / "data/benchmark/scenes" / row["scene"]
        image = built_once.root / "data/images" / row["scene"]
        with Image.open(scene) as picture, Image.open(image) as stored:
            assert picture.size == mask.shape[::-1]
            assert picture.getexif().get(274, 1) == 1
            if stored.getexif().get(274, 1) == 1:
                assert scene.read_bytes() == image.read_bytes()
            else:
                turned += 1
    assert turned == 1


@pytest.mark.slow
def test_the_committed_images_are_what_the_script_paints():
    """Equal bytes on the machine that made them; a last bit of a pixel may differ on another."""
    for line in differences(IMAGES):
        assert re.search(r"pixels differ by [012] of 255", line), line


def test_it_is_small_and_holds_no_address():
    files = [path for path in SAMPLE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 4_000_000
    assert "@" not in (SAMPLE / "data/sample/export.json").read_text()
