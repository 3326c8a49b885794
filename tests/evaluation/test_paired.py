"""Two predictions of the same images: differences, paired intervals, files."""

import csv
import json

import numpy as np
import pytest

from maskbench.cli import main
from maskbench.errors import DataError
from maskbench.evaluate import Settings, compare_predictions, evaluate
from maskbench.evaluation.figures import FIGURES, figures
from tests.benchmarks import make, masks_of, save

KEYS = [f"{number:02d}" for number in range(12)]


@pytest.fixture
def rooms(tmp_path):
    """A benchmark of 12 test images, two to a room."""
    return make(
        tmp_path / "b", {"test": KEYS}, groups={key: f"room {int(key) // 2}" for key in KEYS}
    )


def test_the_change_and_its_interval_equal_a_paired_bootstrap_written_out(rooms):
    worse, better = masks_of(rooms, seed=1), masks_of(rooms)
    for key in KEYS[:6]:
        better[key] = worse[key]
    pair = compare_predictions(worse, better, rooms, settings=Settings(resamples=200, seed=5))
    found = pair.differences["test"]
    one, two = (evaluate(masks, rooms) for masks in (worse, better))
    expected = two.summary.figures.per_class - one.summary.figures.per_class
    np.testing.assert_array_equal(found.change.per_class, expected)
    random, drawn = np.random.default_rng(5), []
    for _ in range(200):
        images = [2 * room + i for room in random.integers(6, size=6) for i in (0, 1)]
        sums = [sum(report.images[i].counts for i in images) for report in (one, two)]
        drawn.append(figures(sums[1]).per_class[0] - figures(sums[0]).per_class[0])
    np.testing.assert_allclose(
        [found.low.per_class[0], found.high.per_class[0]],
        np.percentile(drawn, [2.5, 97.5], axis=0),
    )
    assert "  better" in str(pair)


def test_equal_predictions_differ_by_nothing(rooms):
    masks = masks_of(rooms, seed=1)
    found = compare_predictions(masks, masks, rooms).differences["test"]
    for part in (found.change, found.low, found.high):
        assert not part.per_class.any()


def test_biggest_loss_comes_first(rooms):
    first, second = masks_of(rooms), masks_of(rooms)
    second["03"] = 2 - second["03"]
    movers = compare_predictions(first, second, rooms).movers()
    assert [one.key for one, _ in movers][:2] == ["03", "00"]


def test_problems_of_both_folders_come_together(rooms, tmp_path):
    masks = masks_of(rooms)
    folders = [save(tmp_path / name, masks) for name in "pq"]
    for folder, key in zip(folders, KEYS, strict=False):
        (folder / f"{key}.png").unlink()
    with pytest.raises(DataError) as caught:
        compare_predictions(*folders, rooms)
    assert [problem.file for problem in caught.value.problems] == [
        str(folders[0] / "00.png"), str(folders[1] / "01.png"),
    ]  # fmt: skip


def test_the_command_writes_both_and_the_change(rooms, tmp_path, capsys):
    one, two = (save(tmp_path / str(seed), masks_of(rooms, seed=seed)) for seed in (1, 2))
    words = ["evaluate", one, two, "--data", rooms, "--out", tmp_path / "out"]
    assert main([str(word) for word in words]) == 0
    found = json.loads((tmp_path / "out/metrics.json").read_text())
    assert found["first"] == json.loads(json.dumps(evaluate(one, rooms).metrics()))
    assert found["second"] == json.loads(json.dumps(evaluate(two, rooms).metrics()))
    change = found["change"]["test"]["mean"]
    assert set(change) == set(FIGURES)
    assert change["iou"] == pytest.approx(
        found["second"]["test"]["mean"]["iou"] - found["first"]["test"]["mean"]["iou"], abs=2e-6
    )
    rows = list(csv.DictReader((tmp_path / "out/images.csv").read_text().splitlines()))
    assert [float(row["true_iou change"]) for row in rows] == sorted(
        float(row["true_iou change"]) for row in rows
    )
    assert "test: 12 images" in capsys.readouterr().out
    assert main(["evaluate", str(one), str(two), "--against", "v1"]) == 2
    assert "or two versions (A --against REV), not both" in capsys.readouterr().err
