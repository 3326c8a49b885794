"""Figures: ignored pixels, absent classes, intervals, files."""

import csv
import json
import tracemalloc
from collections.abc import Mapping

import numpy as np
import pytest

from maskbench.cli import main
from maskbench.dataset import Benchmark
from maskbench.errors import DataError
from maskbench.evaluate import compare, compare_predictions, evaluate
from maskbench.evaluation.confusion import confusion
from maskbench.evaluation.figures import (
    FIGURES,
    bootstrap,
    count_image,
    figures,
    percentiles,
)
from maskbench.text import terminal_width
from tests.benchmarks import blocks, make, masks_of, pairs, save, write_item, write_lists

IOU, DICE, PRECISION, RECALL, BOUNDARY = range(5)


def test_no_class_is_wrong_but_a_false_positive_of_none():
    truth = np.array([[0, 0, 1, 1]], np.uint8)
    predicted = np.array([[0, 255, 1, 255]], np.uint8)
    np.testing.assert_array_equal(confusion(truth, predicted, 2), [[1, 0, 1], [0, 1, 1]])
    found = figures(count_image(truth, predicted, 2)[1])
    np.testing.assert_allclose(found.per_class[PRECISION], [1, 1])
    np.testing.assert_allclose(found.per_class[RECALL], [0.5, 0.5])
    assert found.pixel_accuracy == 0.5


def test_boundary_iou_sees_an_outline_that_iou_does_not():
    truth, shifted = np.zeros((2, 400, 400), np.uint8)
    truth[50:350, 50:350] = 1
    shifted[54:354, 50:350] = 1
    found = figures(count_image(truth, shifted, 2)[1]).per_class[:, 1]
    assert found[IOU] > 0.97
    assert found[BOUNDARY] < 0.75
    perfect = figures(count_image(truth, truth, 2)[1])
    np.testing.assert_array_equal(perfect.per_class, np.ones((5, 2)))


def test_absent_class_does_not_apply_and_a_phantom_counts_as_zero():
    truth = np.array([[0, 0, 1, 1]], np.uint8)
    absent = figures(count_image(truth, truth, 3)[1])
    assert np.isnan(absent.per_class[:, 2]).all()
    np.testing.assert_array_equal(absent.mean, np.ones(5))
    phantom = np.array([[0, 2, 1, 1]], np.uint8)
    found = figures(count_image(truth, phantom, 3)[1])
    assert found.per_class[IOU, 2] == found.per_class[DICE, 2] == found.per_class[PRECISION, 2] == 0
    assert np.isnan(found.per_class[RECALL, 2])
    assert found.mean[IOU] == pytest.approx((0.5 + 1 + 0) / 3)


def test_ignored_pixels_change_nothing():
    truth, predicted = pairs(3, 3, void=0)
    masked = truth.copy()
    masked[:10] = 255
    other = predicted.copy()
    other[:10] = (other[:10] + 1) % 3
    for mask in (predicted, other):
        matrix, counts = count_image(masked, mask, 3)
        np.testing.assert_array_equal(matrix, confusion(truth[10:], predicted[10:], 3))
        np.testing.assert_array_equal(counts[:3], count_image(truth[10:], predicted[10:], 3)[1][:3])


def test_everything_ignored_applies_to_nothing():
    void = np.full((5, 5), 255, np.uint8)
    found = figures(count_image(void, np.zeros_like(void), 2)[1])
    assert np.isnan(found.mean).all()
    assert np.isnan(found.pixel_accuracy)


def test_interval_equals_a_bootstrap_written_out():
    counts = np.stack([count_image(*pairs(seed, 3), 3)[1] for seed in range(8)])
    groups = np.array([0, 0, 1, 2, 3, 3, 4, 5])
    low, high = percentiles(bootstrap(counts, groups, resamples=200, seed=5))
    random = np.random.default_rng(5)
    drawn = []
    for _ in range(200):
        chosen = random.integers(6, size=6)
        total = sum(counts[groups == group].sum(axis=0) for group in chosen)
        drawn.append(figures(total).mean[IOU])
    assert (low.mean[IOU], high.mean[IOU]) == pytest.approx(np.percentile(drawn, [2.5, 97.5]))


def test_interval_needs_two_groups_and_covers_the_truth():
    counts = np.stack([count_image(*pairs(seed, 3), 3)[1] for seed in range(30)])
    low, high = percentiles(bootstrap(counts, np.zeros(30, np.intp), 50, 0))
    assert np.isnan(low.mean).all()
    assert np.isnan(high.mean).all()
    low, high = percentiles(bootstrap(counts, np.arange(30), 300, 0))
    point = figures(counts.sum(axis=0))
    assert (low.per_class <= point.per_class).all()
    assert (point.per_class <= high.per_class).all()


def test_a_perfect_prediction_scores_one(benchmark, tmp_path):
    report = evaluate(save(tmp_path / "p", masks_of(benchmark)), benchmark)
    np.testing.assert_array_equal(report.summary.figures.mean, np.ones(5))
    assert report.summary.images == 2
    assert "mean            1.000  1.000 - 1.000" in str(report)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy"])
def test_files_of_any_kind_score_like_arrays(benchmark, tmp_path, suffix):
    masks = masks_of(benchmark, seed=1)
    from_files = evaluate(save(tmp_path / "p", masks, suffix), benchmark)
    from_arrays = evaluate(masks, benchmark)
    np.testing.assert_array_equal(from_files.summary.counts, from_arrays.summary.counts)
    assert from_files.metrics() == from_arrays.metrics()


def test_splits_are_scored_apart_and_together(benchmark):
    masks = {
        **masks_of(benchmark, seed=1),
        **masks_of(benchmark, "valid"),
        **masks_of(benchmark, "train", 2),
    }
    report = evaluate(masks, benchmark, "all")
    assert set(report.metrics()) == {"scored", "all", "test", "train", "valid"}
    assert report.splits["valid"].figures.mean[IOU] == 1
    total = sum(split.counts for split in report.splits.values())
    np.testing.assert_array_equal(total, report.summary.counts)
    assert evaluate(masks, benchmark, "test").metrics()["test"] == report.metrics()["test"]


def test_worst_image_comes_first(benchmark):
    masks = masks_of(benchmark)
    bad = max(masks)
    masks[bad] = np.zeros_like(masks[bad])
    assert [image.key for image in evaluate(masks, benchmark).worst()] == [bad, min(masks)]


def test_stray_pixels_of_an_absent_class_make_no_image_the_worst(benchmark):
    masks = masks_of(benchmark)
    stray, bad = sorted(masks)
    truths = Benchmark(benchmark, "test")
    write_item(benchmark, stray, np.minimum(truths.mask(stray), 1))
    write_item(benchmark, bad, np.minimum(truths.mask(bad), 1))
    write_lists(benchmark, {"test": [stray, bad], "valid": ["000000_room"]})
    for key in (stray, bad):
        masks[key] = np.minimum(truths.mask(key), 1)
    masks[stray][0, 0] = 2
    masks[bad][:4] = 1 - masks[bad][:4]
    found = evaluate(masks, benchmark).worst()
    assert [image.key for image in found] == [bad, stray]
    assert found[1].true_iou > 0.99 > found[0].true_iou > found[1].figures.mean[IOU]


def test_empty_split_and_unknown_split_are_clear(tmp_path):
    make(tmp_path, {"train": ["a"]})
    with pytest.raises(DataError, match=r"no image to score in splits/test\.txt"):
        evaluate({}, tmp_path)
    with pytest.raises(DataError, match="no split 'tset'; did you mean 'test'"):
        evaluate({}, tmp_path, "tset")


def test_groups_are_drawn_together(tmp_path):
    keys = [f"{n}" for n in range(8)]
    make(tmp_path, {"test": keys}, groups={key: f"room {int(key) // 4}" for key in keys})
    masks = masks_of(tmp_path, seed=0)
    report = evaluate(masks, tmp_path)
    assert (report.summary.images, report.summary.groups) == (8, 2)
    assert "test: 8 images in 2 groups" in str(report)


class Asked(Mapping):
    """Masks of one size that are made when they are asked for."""

    def __init__(self, keys):
        self.keys_, self.made = keys, 0

    def __len__(self):
        return len(self.keys_)

    def __iter__(self):
        return iter(self.keys_)

    def __getitem__(self, key):
        self.made += 1
        return np.zeros((400, 500), np.uint8)


def test_memory_is_bounded_by_one_image(tmp_path):
    peaks = []
    for count in (2, 20):
        keys = [f"{n:02d}" for n in range(count)]
        root = tmp_path / str(count)
        for key in keys:
            write_item(root, key, blocks(0, (400, 500)))
        write_lists(root, {"test": keys})
        tracemalloc.start()
        masks = Asked(keys)
        evaluate(masks, root, resamples=0)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert masks.made == count
    assert peaks[1] < peaks[0] + 400 * 500  # 18 images more: not even one mask more


def command(*words):
    return main(["evaluate", *map(str, words)])


def test_command_writes_the_same_files_every_time(benchmark, tmp_path, capsys):
    folder = save(tmp_path / "p", masks_of(benchmark, seed=1))
    for out in ("one", "two"):
        assert command(folder, "--data", benchmark, "--out", tmp_path / out) == 0
    first, second = (
        {p.name: p.read_bytes() for p in (tmp_path / o).rglob("*") if p.is_file()}
        for o in ("one", "two")
    )
    assert first == second
    assert {"confusion.csv", "images.csv", "index.html", "metrics.json", "sizes.csv"} <= set(first)
    figures_of = json.loads(first["metrics.json"])["test"]
    assert set(figures_of["mean"]) == set(FIGURES)
    assert figures_of["classes"]["Canvas"]["iou"] < 1
    assert figures_of["interval_95"]["low"]["mean"]["iou"] <= figures_of["mean"]["iou"]
    rows = list(csv.DictReader(first["images.csv"].decode().splitlines()))
    assert float(rows[0]["true_iou"]) <= float(rows[1]["true_iou"])
    manifest = csv.DictReader((benchmark / "manifest.csv").read_text().splitlines())
    tasks = {row["key"]: (row["task"], row["project"]) for row in manifest}
    assert all(tasks[row["key"]] == (row["task"], row["project"]) for row in rows)
    pixels = sum(
        int(r["pixels"]) for r in csv.DictReader(first["confusion.csv"].decode().splitlines())
    )
    assert pixels == 2 * 24 * 32
    assert "boundary IoU" in capsys.readouterr().out
    assert all(str(tmp_path).encode() not in content for content in first.values())


def test_tables_stay_in_columns_and_move_no_cursor(tmp_path):
    """Names of classes come with a benchmark that somebody else made."""
    root = make(tmp_path / "b", classes=("Background", "\x1b[2J🍎", "字"))
    masks, perfect = masks_of(root, seed=1), masks_of(root)
    reports = (
        evaluate(masks, root),
        compare_predictions(masks, perfect, root),
        compare(masks, root, root),
    )
    for report in reports:
        rows = [row.partition(".")[0] for row in str(report).splitlines()]
        of_classes = [row for row in rows if "字" in row or r"\x1b[2J🍎" in row or "Back" in row]
        assert len(of_classes) == 3
        assert len({terminal_width(row) for row in of_classes}) == 1
        assert "\x1b" not in str(report)


def test_figures_that_do_not_apply_are_null(tmp_path):
    benchmark = tmp_path / "b"
    write_item(benchmark, "a", np.zeros((9, 9), np.uint8))
    write_lists(benchmark, {"test": ["a"]})
    folder = save(tmp_path / "p", {"a": np.zeros((9, 9), np.uint8)})
    assert command(folder, "--data", benchmark, "--out", tmp_path / "out") == 0
    found = json.loads((tmp_path / "out" / "metrics.json").read_text())["test"]
    assert found["classes"]["Canvas"]["iou"] is None
    assert found["mean"]["iou"] == 1
    assert found["interval_95"]["low"]["mean"]["iou"] is None


def test_command_says_what_is_wrong_and_exits_with_4(benchmark, tmp_path, capsys):
    assert command(tmp_path / "nowhere", "--data", benchmark) == 4
    assert "no such folder" in capsys.readouterr().err


def test_a_damaged_scene_is_named(tmp_path, capsys):
    benchmark = make(tmp_path / "b")
    scene = benchmark / "scenes/000009_room.png"
    scene.write_bytes(scene.read_bytes()[:-40])
    folder = save(tmp_path / "p", masks_of(benchmark))
    assert command(folder, "--data", benchmark, "--out", tmp_path / "out") == 4
    assert f"{scene}: it is damaged or cut off" in capsys.readouterr().err


def test_several_processes_count_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("MASKBENCH_WORKERS", "2")
    keys = [f"{n:02d}" for n in range(12)]
    benchmark = make(tmp_path / "b", {"test": keys})
    folder = save(tmp_path / "p", masks_of(benchmark, seed=3))
    assert command(folder, "--data", benchmark, "--out", tmp_path / "out") == 0
    found = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert found == json.loads(json.dumps(evaluate(folder, benchmark).metrics()))
