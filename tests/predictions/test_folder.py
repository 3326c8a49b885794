"""Predictions in a folder: masks, probabilities, and files that are neither."""

import shutil

import numpy as np
import pytest

from maskbench.predictions.folder import holds_probabilities, read_prediction

CLASSES = ("Background", "Canvas", "Obstruction")
CHANCES = np.array([[[0.5, 0.1]], [[0.25, 0.7]], [[0.25, 0.2]]], np.float32)  # 2 x 1 pixels


def _cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def _flipped(path):
    """Change a byte of the array, so that it does not fit its checksum."""
    content = bytearray(path.read_bytes())
    content[content.rindex(CHANCES.tobytes())] ^= 1
    path.write_bytes(content)


def _garbled(path):
    np.savez_compressed(path, np.zeros((3, 40, 40), np.float32))
    content = bytearray(path.read_bytes())
    content[60:90] = b"\xff" * 30
    path.write_bytes(content)


def _objects(path):
    with path.open("wb") as stream:
        save = np.savez if path.suffix == ".npz" else np.save
        save(stream, np.array([None]))


def _zip(path):
    np.savez(path.with_suffix(".npz"), CHANCES)
    shutil.move(path.with_suffix(".npz"), path)


@pytest.mark.parametrize("channels", ["first", "last"])
@pytest.mark.parametrize("save", [np.save, np.savez, np.savez_compressed])
def test_probabilities_become_a_mask_and_a_score(tmp_path, save, channels):
    path = tmp_path / ("a.npy" if save is np.save else "a.npz")
    save(path, CHANCES if channels == "first" else np.moveaxis(CHANCES, 0, 2))
    assert holds_probabilities(path)
    found = read_prediction(path, (2, 1), CLASSES)
    assert (found.mask.tolist(), found.score) == ([[0, 1]], 0.6)


@pytest.mark.parametrize(
    "damage", [_cut, _flipped, _garbled, _objects, lambda p: p.write_bytes(b"")]
)
def test_a_damaged_zip_file_of_arrays_is_told(tmp_path, damage):
    path = tmp_path / "a.npz"
    np.savez(path, CHANCES)
    damage(path)
    with pytest.raises(ValueError, match="not a zip file of arrays, or damaged"):
        read_prediction(path, (2, 1), CLASSES)


@pytest.mark.parametrize(
    "damage",
    [_cut, _objects, _zip, lambda p: p.write_bytes(b""), lambda p: p.write_text("0 1 0 1")],
)
def test_a_damaged_array_is_told(tmp_path, damage):
    path = tmp_path / "a.npy"
    np.save(path, CHANCES)
    damage(path)
    assert not holds_probabilities(path)
    with pytest.raises(ValueError, match="not a numpy array, or cut off"):
        read_prediction(path, (2, 1), CLASSES)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (CHANCES * 2, "not probabilities from 0 to 1"),
        (-CHANCES, "not probabilities from 0 to 1"),
        ((CHANCES * 100).astype(np.uint8), "not probabilities from 0 to 1"),
        (CHANCES * np.nan, "holds NaN"),
    ],
)
def test_numbers_that_are_no_probabilities(tmp_path, values, message):
    np.save(tmp_path / "a.npy", values)
    with pytest.raises(ValueError, match=message):
        read_prediction(tmp_path / "a.npy", (2, 1), CLASSES)


def test_a_zip_file_holds_one_array(tmp_path):
    np.savez(tmp_path / "a.npz", CHANCES, CHANCES)
    with pytest.raises(ValueError, match="holds 2 arrays instead of one"):
        read_prediction(tmp_path / "a.npz", (2, 1), CLASSES)
