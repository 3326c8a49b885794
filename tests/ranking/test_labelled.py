"""Labelled images by what a model and the labels disagree on."""

import math

import numpy as np
import pytest

from maskbench.dataset import Benchmark
from maskbench.errors import DataError
from maskbench.evaluate import evaluate
from maskbench.pipeline.layout import Layout
from maskbench.predictions.folder import Prediction
from maskbench.ranking.labelled import contradicted, labelled_score, measures, rank_labelled
from maskbench.ranking.model import RankOptions
from tests.benchmarks import make, masks_of, save

TRUTH = np.array([[0, 0, 1, 1], [0, 0, 1, 255]], np.uint8)
MASK = np.array([[0, 1, 1, 1], [0, 0, 0, 0]], np.uint8)


def probable(mask, chances, classes=2):
    """Probabilities with which a mask is the most probable."""
    rest = (1 - chances) / (classes - 1)
    return np.stack([np.where(mask == k, chances, rest) for k in range(classes)]).astype("f4")


def test_a_mask_contradicts_wherever_it_differs():
    found = contradicted(TRUTH, Prediction(MASK, None), 0.9)
    assert found.astype(int).tolist() == [[0, 1, 0, 0], [0, 0, 1, 0]]


def test_only_confident_pixels_contradict():
    chances = np.array([[1, 0.95, 1, 1], [1, 1, 0.85, 1]])
    predicted = Prediction(MASK, 0.9, probable(MASK, chances))
    assert np.argwhere(contradicted(TRUTH, predicted, 0.9)).tolist() == [[0, 1]]
    assert contradicted(TRUTH, predicted, 0.8).sum() == 2


def test_measures_of_one_image():
    found = measures(TRUTH, Prediction(MASK, None), 2, 0.9)
    assert found["iou"] == pytest.approx((3 / 5 + 2 / 4) / 2)
    assert found["contradicted"] == pytest.approx(2 / 7)
    assert labelled_score(found, "iou") == pytest.approx(0.45)
    assert labelled_score(found, "boundary") == pytest.approx(1 - found["boundary_iou"])
    nothing = measures(np.full((2, 4), 255, np.uint8), Prediction(MASK, None), 2, 0.9)
    assert math.isnan(nothing["iou"])
    assert labelled_score(nothing, "iou") == labelled_score(nothing, "contradicted") == 0


@pytest.fixture
def layout(tmp_path):
    found = Layout(tmp_path)
    make(found.benchmark)
    return found


def test_the_worst_come_first_as_evaluate_scores_them(layout, tmp_path):
    folder = save(tmp_path / "predicted", masks_of(layout.benchmark, "train", seed=1))
    ranking = rank_labelled(layout, folder, RankOptions(batch=2))
    report = evaluate(folder, layout.benchmark, "train", resamples=0)
    assert [image.key for image in ranking.images] == [image.key for image in report.worst()]
    assert [i.score for i in ranking.images] == pytest.approx(
        [1 - image.true_iou for image in report.worst()], abs=1e-6
    )
    assert len(ranking.first) == 2
    assert ranking.notes[0].startswith("4 images not ranked for lack of a prediction: 000006_room")


def test_equal_scores_go_by_key_whatever_the_processes(layout, tmp_path, monkeypatch):
    keys = Benchmark(layout.benchmark).keys
    same = {key: np.full((24, 32), 255, np.uint8) for key in reversed(keys)}
    folder = save(tmp_path / "predicted", same)
    for workers in ("1", "2"):
        monkeypatch.setenv("MASKBENCH_WORKERS", workers)
        ranking = rank_labelled(layout, folder, RankOptions())
        assert [image.key for image in ranking.images] == list(keys)


def test_probabilities_are_ranked_by_contradicted_pixels(layout, tmp_path):
    first, second = masks_of(layout.benchmark, "test").items()
    folder = tmp_path / "predicted"
    folder.mkdir()
    wrong = (first[1] + 1) % 3
    np.save(folder / f"{first[0]}.npy", probable(wrong, np.full((24, 32), 0.6), 3))
    np.save(folder / f"{second[0]}.npy", probable(second[1], np.full((24, 32), 0.99), 3))
    ranking = rank_labelled(layout, folder, RankOptions(confidence=0.6))
    assert (ranking.by, ranking.images[0].key, ranking.images[0].score) == (
        "contradicted",
        first[0],
        1,
    )
    ranking = rank_labelled(layout, folder, RankOptions(confidence=0.7))
    assert [image.score for image in ranking.images] == [0, 0]


def test_bad_predictions_are_named_together(layout, tmp_path):
    keys = Benchmark(layout.benchmark).keys
    folder = save(tmp_path / "predicted", {keys[0]: np.zeros((24, 30), np.uint8)})
    save(folder, {keys[1]: np.full((24, 32), 9, np.uint8)})
    np.save(folder / f"{keys[2]}.npy", np.full((3, 24, 32), np.nan, np.float32))
    np.save(folder / f"{keys[3]}.npy", np.full((3, 24, 32), 7, np.float32))
    with pytest.raises(DataError, match="nothing was ranked") as caught:
        rank_labelled(layout, folder, RankOptions())
    assert [(p.task, p.what.partition(":")[0]) for p in caught.value.problems] == [
        (1, "has 30 x 24 pixels, its image 32 x 24"),
        (2, "holds the value 9, which is not one of the 3 classes"),
        (3, "holds NaN"),
        (4, "holds values that are not probabilities from 0 to 1"),
    ]
    for file in folder.iterdir():
        file.unlink()
    with pytest.raises(DataError, match="holds no prediction"):
        rank_labelled(layout, folder, RankOptions())
    save(folder, {"nobody": np.zeros((24, 32), np.uint8)})
    with pytest.raises(DataError, match="no prediction for an image of the benchmark"):
        rank_labelled(layout, folder, RankOptions())
