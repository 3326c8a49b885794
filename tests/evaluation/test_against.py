"""Two versions at once: what each part of a change comes from, on cases made on purpose."""

import json
import shutil

import numpy as np
import pytest

from maskbench.errors import DataError
from maskbench.evaluate import compare
from maskbench.evaluation.against import PARTS
from maskbench.evaluation.figures import FIGURES
from tests.benchmarks import CLASSES, blocks, write_item, write_lists

KEYS = ("a", "b", "c", "d")


def version(root, masks, classes=CLASSES):
    for key, mask in masks.items():
        write_item(root, key, mask)
    write_lists(root, {"test": list(masks)}, classes=classes)
    return root


@pytest.fixture
def truth():
    return {key: blocks(number) for number, key in enumerate(KEYS)}


@pytest.fixture
def predictions(truth):
    rng = np.random.default_rng(9)
    return {
        key: np.where(rng.random(mask.shape) < 0.2, rng.integers(0, 3, mask.shape), mask).astype(
            np.uint8
        )
        for key, mask in truth.items()
    }


def parts(comparison, figure="iou"):
    place = FIGURES.index(figure)
    return {name: float(comparison.parts[name].mean[place]) for name in PARTS}


def change(comparison, figure="iou"):
    place = FIGURES.index(figure)
    new, old = comparison.new.summary, comparison.old.summary
    return float(new.figures.mean[place] - old.figures.mean[place])


def test_equal_versions_change_nothing(tmp_path, truth, predictions):
    new, old = version(tmp_path / "new", truth), version(tmp_path / "old", truth)
    found = compare(predictions, new, old)
    assert parts(found) == {"labels": 0, "added": 0, "removed": 0}
    assert (found.relabelled, found.added, found.removed) == ((), (), ())


def test_new_labels_are_all_of_the_change(tmp_path, truth, predictions):
    corrected = {**truth, "b": predictions["b"]}
    new, old = version(tmp_path / "new", corrected), version(tmp_path / "old", truth)
    found = compare(predictions, new, old)
    assert found.relabelled == ("b",)
    assert change(found) > 0.01
    assert parts(found) == {"labels": change(found), "added": 0, "removed": 0}


def test_added_images_are_all_of_the_change(tmp_path, truth, predictions):
    fewer = {key: truth[key] for key in "abc"}
    new, old = version(tmp_path / "new", truth), version(tmp_path / "old", fewer)
    found = compare({**predictions, "d": 2 - predictions["d"]}, new, old)
    assert found.added == ("d",)
    assert change(found) < -0.01
    assert parts(found) == {"labels": 0, "added": change(found), "removed": 0}


def test_removed_images_are_all_of_the_change(tmp_path, truth, predictions):
    fewer = {key: truth[key] for key in "abc"}
    new, old = version(tmp_path / "new", fewer), version(tmp_path / "old", truth)
    found = compare({**predictions, "d": 2 - predictions["d"]}, new, old)
    assert found.removed == ("d",)
    assert change(found) > 0.01
    assert parts(found) == {"labels": 0, "added": 0, "removed": change(found)}


def test_parts_add_up_for_every_figure(tmp_path, truth, predictions):
    changed = {"b": blocks(50), "c": truth["c"], "d": truth["d"]}
    before = {key: truth[key] for key in "abc"}
    found = compare(
        predictions, version(tmp_path / "new", changed), version(tmp_path / "old", before)
    )
    assert (found.relabelled, found.added, found.removed) == (("b",), ("d",), ("a",))
    new, old = found.new.summary.figures, found.old.summary.figures
    for name in ("per_class", "mean", "pixel_accuracy"):
        total = sum(getattr(found.parts[part], name) for part in PARTS)
        np.testing.assert_allclose(total, getattr(new, name) - getattr(old, name), atol=1e-12)
    assert all(abs(part) > 1e-4 for part in parts(found).values())


def test_an_image_that_left_the_split_counts_as_removed(tmp_path, truth, predictions):
    old, new = version(tmp_path / "old", truth), version(tmp_path / "new", truth)
    write_lists(new, {"test": list("abc"), "train": ["d"]})
    assert compare(predictions, new, old).removed == ("d",)


def test_nothing_in_common_leaves_the_parts_open(tmp_path, truth, predictions):
    first, second = ({key: truth[key] for key in keys} for keys in ("ab", "cd"))
    found = compare(
        predictions, version(tmp_path / "new", second), version(tmp_path / "old", first)
    )
    assert all(np.isnan(part) for part in parts(found).values())
    assert found.metrics()["labels"]["mean"]["iou"] is None
    assert found.metrics()["change"]["mean"]["iou"] == pytest.approx(change(found), abs=1e-6)


def test_classes_may_be_added_but_not_renumbered(tmp_path, truth, predictions):
    old = version(tmp_path / "old", truth)
    new = version(tmp_path / "new", truth, (*CLASSES, "Mirror"))
    assert compare(predictions, new, old).new.classes == (*CLASSES, "Mirror")
    shutil.rmtree(new)
    new = version(tmp_path / "new", truth, ("Background", "Obstruction", "Canvas"))
    with pytest.raises(DataError, match="value 1 is 'Obstruction' in") as caught:
        compare(predictions, new, old)
    assert "(--rev instead of --against)" in str(caught.value)


def test_predictions_must_cover_both_versions(tmp_path, truth, predictions):
    fewer = {key: truth[key] for key in "abc"}
    new, old = version(tmp_path / "new", fewer), version(tmp_path / "old", truth)
    with pytest.raises(DataError, match="no prediction for 'd'"):
        compare({key: predictions[key] for key in "abc"}, new, old)


def test_table_and_json_tell_the_same(tmp_path, truth, predictions):
    corrected = {**truth, "b": predictions["b"]}
    found = compare(predictions, version(tmp_path / "n", corrected), version(tmp_path / "o", truth))
    text, values = str(found), json.loads(json.dumps(found.metrics()))
    assert text.startswith("change of version; images: 1 relabelled, 0 added, 0 removed")
    row = next(line for line in text.splitlines() if line.startswith("mean iou"))
    assert row.split()[-1:] == ["+0.000"]
    assert f"{values['labels']['mean']['iou']:+.3f}" in row
