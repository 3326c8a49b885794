"""Find and read a model's predictions in a folder: masks with class values, or probabilities."""

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from numpy.lib.npyio import NpzFile

from maskbench.errors import DataError, Problem
from maskbench.evaluation.predictions import ENDINGS
from maskbench.files.masks import Mask, foreign_values, mask_shape, read_mask, read_npy
from maskbench.text import counted

_ALL_ENDINGS = (*ENDINGS, ".npz")

_ZIP_DAMAGE = (
    BadZipFile, zlib.error, struct.error, OSError, EOFError, KeyError, RuntimeError, MemoryError
)  # fmt: skip
"""Errors for a zip file that is damaged, encrypted, or holds something else."""


class Prediction(NamedTuple):
    """What a model predicts for an image.

    Attributes:
        mask: The most probable class of each pixel, shape (H, W).
        score: The model's confidence, from 0 to 1; None: the file is a mask.
        probabilities: Of each class, shape (K, H, W), float32; None: the file is a mask.
    """

    mask: Mask
    score: float | None
    probabilities: npt.NDArray[np.float32] | None = None


def find_files(folder: Path) -> dict[str, Path]:
    """Return the files by key, sorted.

    Raises:
        DataError: There is no such folder, or it holds no prediction or two for one image.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder of predicted masks")
    found: dict[str, Path] = {}
    problems = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.suffix.lower() not in _ALL_ENDINGS:
            continue
        if path.stem in found:
            what = f"predicts the same image as {found[path.stem].name}; remove one of them"
            problems.append(Problem(what, str(path)))
        found[path.stem] = path
    if problems:
        raise DataError(f"{folder} cannot be used as it is", problems)
    if not found:
        raise DataError(f"{folder} holds no prediction: save <key>{', '.join(_ALL_ENDINGS)} there")
    return found


def read_prediction(path: Path, size: tuple[int, int], classes: Sequence[str]) -> Prediction:
    """Read the prediction for an image.

    Args:
        path: A mask, or probabilities in an array of shape (K, H, W) or (H, W, K).
        size: Width and height of the image, in pixels.
        classes: The names of the K classes by value.

    Raises:
        ValueError: It is damaged, has another size, or holds other values.
    """
    values = _array(path) if path.suffix.lower() in (".npy", ".npz") else None
    if values is not None and values.ndim == 3:
        return _most_probable(values, size, len(classes))
    if path.suffix.lower() == ".npz":
        raise ValueError("holds no array of three axes (classes, height, width)")
    mask = read_mask(path)
    _check_size(mask.shape, size)
    if foreign := foreign_values(mask, len(classes)):
        names = counted(len(classes), "class", "classes")
        raise ValueError(f"holds the value {foreign[0]}, which is not one of the {names}")
    return Prediction(mask, None)


def holds_probabilities(path: Path) -> bool:
    """Tell from a file's beginning whether it holds probabilities; False if it is damaged."""
    if path.suffix.lower() == ".npz":
        return True
    try:
        return path.suffix.lower() == ".npy" and len(mask_shape(path)) == 3
    except ValueError:
        return False


def _array(path: Path) -> npt.NDArray[np.generic]:
    """Read the array in a file, or the only one in a zip file of arrays (``.npz``)."""
    if path.suffix.lower() == ".npy":
        return read_npy(path)
    try:
        with path.open("rb") as stream, NpzFile(stream) as arrays:
            names = list(arrays)
            if len(names) == 1:
                return np.asarray(arrays[names[0]])
    except (*_ZIP_DAMAGE, ValueError) as error:
        raise ValueError(f"it is not a zip file of arrays, or damaged: {error}") from None
    raise ValueError(f"holds {counted(len(names), 'array')} instead of one")


def _most_probable(
    values: npt.NDArray[np.generic], size: tuple[int, int], classes: int
) -> Prediction:
    """Return the most probable classes, and the mean of their probabilities as the score."""
    if values.shape[0] != classes and values.shape[2] == classes:
        values = np.moveaxis(values, 2, 0)
    if values.shape[0] != classes:
        names = counted(classes, "class", "classes")
        raise ValueError(f"holds an array of shape {values.shape}, but there are {names}")
    _check_size(values.shape[1:], size)
    no_probabilities = "holds values that are not probabilities from 0 to 1: apply softmax"
    if values.dtype.kind != "f":
        raise ValueError(no_probabilities)
    probabilities = values.astype(np.float32)
    if np.isnan(probabilities).any():
        raise ValueError("holds NaN: the model's numbers overflowed, predict it again")
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError(no_probabilities)
    score = float(probabilities.max(axis=0).mean(dtype=np.float64))
    mask = probabilities.argmax(axis=0).astype(np.uint8)
    return Prediction(mask, round(score, 6), probabilities)


def _check_size(shape: Sequence[int], size: tuple[int, int]) -> None:
    if tuple(shape) != size[::-1]:
        here, there = (f"{w} x {h}" for w, h in ((shape[1], shape[0]), size))
        raise ValueError(f"has {here} pixels, its image {there}: predict it at its full size")
