"""Predictions that do not fit a benchmark, and what may lie beside those that do."""

import re

import numpy as np
import pytest
from PIL import Image

from maskbench.errors import DataError
from maskbench.evaluate import evaluate
from tests.benchmarks import make, masks_of, save


def _without(key):
    return lambda folder: (folder / f"{key}.png").unlink()


def _with(key, mask, suffix=".png"):
    return lambda folder: save(folder, {key: mask}, suffix)


OK = np.zeros((24, 32), np.uint8)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (_without("000008_room"), r"000008_room\.png: is missing; predict .*000008_room\.png at"),
        (_with("000008_room", OK, ".npy"), r"000008_room\.png: predicts the same image as"),
        (_with("000008_room", OK[:, 1:]), r"000008_room\.png: has 31 x 24 pixels, its scene 32"),
        (_with("000008_room", OK + 7), r"000008_room\.png: holds the value 7, which is not"),
        (_with("000008_room", np.zeros((24, 32, 3), np.uint8)), r"000008_room\.png: it has 3 chan"),
        (lambda folder: (folder / "000009_room.png").write_bytes(b"\x89"), r"000009_room\.png: it"),
    ],
)  # fmt: skip
def test_predictions_that_do_not_fit_are_listed(benchmark, tmp_path, change, what):
    folder = save(tmp_path / "p", masks_of(benchmark))
    change(folder)
    with pytest.raises(DataError, match=what):
        evaluate(folder, benchmark)


@pytest.mark.parametrize("ending", [".jpg", ".npz"])
def test_another_format_is_told_in_place_of_a_missing_mask(benchmark, tmp_path, ending):
    folder = save(tmp_path / "p", masks_of(benchmark))
    (folder / "000008_room.png").rename(folder / f"000008_room{ending}")
    with pytest.raises(DataError, match=rf"000008_room\{ending}: is not a mask file") as caught:
        evaluate(folder, benchmark)
    assert len(caught.value.problems) == 1


UNCLOSED = b"\x93NUMPY\1\0\x10\0{'descr': ('|u1',"  # numpy raises TokenError


@pytest.mark.parametrize("content", [b"", b"0 1 0 1", b"PK\3\4", UNCLOSED])
def test_an_array_that_is_none_is_told(benchmark, tmp_path, content):
    folder = save(tmp_path / "p", masks_of(benchmark), ".npy")
    (folder / "000008_room.npy").write_bytes(content)
    with pytest.raises(DataError, match=r"000008_room\.npy: it is not a numpy array"):
        evaluate(folder, benchmark)


def test_a_zip_file_is_no_array(benchmark, tmp_path):
    folder = save(tmp_path / "p", masks_of(benchmark), ".npy")
    np.savez(tmp_path / "zip.npz", OK)
    (tmp_path / "zip.npz").rename(folder / "000008_room.npy")
    with pytest.raises(DataError, match=r"000008_room\.npy: it is not a numpy array"):
        evaluate(folder, benchmark)


def test_all_problems_come_at_once(benchmark, tmp_path):
    folder = save(tmp_path / "p", {"000001_x": OK, "000002_x": OK})
    with pytest.raises(DataError, match=r"do not fit the 2 images to score") as caught:
        evaluate(folder, benchmark)
    assert [problem.what.partition(";")[0] for problem in caught.value.problems] == [
        "is missing",
        "is missing",
        "2 masks belong to no image of the benchmark and do not count: 000001_x, 000002_x",
    ]


@pytest.mark.parametrize("kind", ["folder", "arrays"])
def test_masks_of_other_images_are_named_and_do_not_count(benchmark, tmp_path, kind):
    masks = masks_of(benchmark, seed=1)
    more = {**masks, "000099_room": OK}
    found = evaluate(save(tmp_path / "p", more) if kind == "folder" else more, benchmark)
    assert found.surplus == ("000099_room",)
    assert found.metrics() == evaluate(masks, benchmark).metrics()


def test_what_can_be_seen_at_once_comes_before_the_work(benchmark, tmp_path):
    def never(function, items, description):
        raise AssertionError("no image is read before the folder is checked")

    folder = save(tmp_path / "p", {**masks_of(benchmark), "000008_room": OK[:, 1:]})
    with pytest.raises(DataError, match="31 x 24"):
        evaluate(folder, benchmark, each=never)


def test_an_edited_mask_is_not_scored_on(benchmark, tmp_path):
    folder = save(tmp_path / "p", masks_of(benchmark))
    Image.fromarray(OK).save(benchmark / "masks" / "000008_room.png")
    with pytest.raises(DataError, match=r"000008_room\.png: is not the mask in manifest\.csv"):
        evaluate(folder, benchmark)


def test_missing_and_wrongly_sized_come_at_once_and_damage_after_them(tmp_path):
    benchmark = make(tmp_path / "b", {"test": ["a", "b", "c", "d"]})
    Image.fromarray(OK + 9).save(benchmark / "masks" / "c.png")
    folder = save(tmp_path / "p", {"a": OK[:, 1:], "c": OK, "d": OK + 7})
    with pytest.raises(DataError, match="do not fit the 4 images") as caught:
        evaluate(folder, benchmark)
    assert re.search(r"31 x 24.*\n.*b\.png: is missing", str(caught.value))
    save(folder, {"a": OK, "b": OK})
    with pytest.raises(DataError, match="2 of the 4 images can be scored") as caught:
        evaluate(folder, benchmark)
    assert re.search(r"the value 9.*\n.*the value 7", str(caught.value))


def test_an_unreadable_prediction_says_what_to_do(benchmark, tmp_path):
    folder = save(tmp_path / "p", masks_of(benchmark))
    path = folder / "000008_room.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DataError, match=r"000008_room\.png: .*cut off.*; save it again"):
        evaluate(folder, benchmark)


def test_float_arrays_are_refused(benchmark, tmp_path):
    folder = save(
        tmp_path / "p", {k: m.astype(float) for k, m in masks_of(benchmark).items()}, ".npy"
    )
    with pytest.raises(DataError, match="of type float64"):
        evaluate(folder, benchmark)


@pytest.mark.parametrize(
    ("array", "what"),
    [
        (np.full((24, 32), -1), "values from -1 to -1"),
        (np.zeros((24, 32, 1), int), r"shape \(24, 32, 1\)"),
        (np.zeros((24, 32)), "type float64"),
    ],
)
def test_arrays_that_are_no_masks_are_listed(benchmark, array, what):
    with pytest.raises(DataError, match=f"prediction of '000008_room': .*{what}"):
        evaluate({**masks_of(benchmark), "000008_room": array}, benchmark)


def test_arrays_of_any_whole_number_score_alike(benchmark):
    masks = masks_of(benchmark, seed=1)
    wide = {key: mask.astype(np.int64) for key, mask in masks.items()}
    assert evaluate(wide, benchmark).metrics() == evaluate(masks, benchmark).metrics()


def test_logs_and_other_splits_may_lie_in_the_folder(benchmark, tmp_path):
    folder = save(tmp_path / "p", {**masks_of(benchmark), **masks_of(benchmark, "train")})
    (folder / "log.txt").write_text("")
    (folder / ".hidden.png").write_text("")
    (folder / "000008_room.jpg").write_text("a picture for people")
    (folder / "000008_room.npz").write_text("probabilities, for `maskbench rank`")
    assert evaluate(folder, benchmark).summary.images == 2
