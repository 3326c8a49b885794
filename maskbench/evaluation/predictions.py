"""Find and read the predicted masks in a folder, and say what is wrong with it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from maskbench.dataset import Benchmark
from maskbench.errors import DataError, Problem
from maskbench.files.masks import Mask, foreign_values, mask_shape, read_mask
from maskbench.text import counted, some

ENDINGS = (".png", ".tif", ".tiff", ".npy")
"""File endings of masks."""

_SOME = 10  # keys that a message names

_UNUSABLE = (".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".npz")
"""Endings of what people may take for masks; such files may lie beside masks."""


@dataclass(frozen=True)
class FoundPredictions:
    """The predictions in a folder.

    Attributes:
        paths: Files by key, in the order of the keys that were wanted.
        problems: What is wrong with them.
        surplus: Keys of masks for images that the benchmark does not have, sorted.
    """

    paths: Mapping[str, Path]
    problems: tuple[Problem, ...]
    surplus: tuple[str, ...]


def find_predictions(folder: Path, benchmark: Benchmark, keys: Sequence[str]) -> FoundPredictions:
    """Find the file of each image's prediction, and what is wrong with the folder.

    A prediction is called ``<key>.png``, ``.tif`` or ``.npy``. The folder may also hold other files
    (such as a log), and predictions for other splits and other versions. Only the beginnings of the
    files are read, so that problems are known before scoring begins.

    Args:
        folder: The predictions' folder.
        benchmark: The benchmark.
        keys: The images to score, sorted.

    Returns:
        What was found; there is a problem for each image without a prediction, with two, or with
        one of another size or in another format.

    Raises:
        DataError: There is no such folder.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder of predicted masks")
    problems: list[Problem] = []
    found: dict[str, Path] = {}
    unusable: dict[str, Path] = {}
    for path in sorted(entry for entry in folder.iterdir() if not entry.name.startswith(".")):
        key, ending = path.stem, path.suffix.lower()
        if ending in _UNUSABLE:
            unusable[key] = path
        elif ending in ENDINGS and key in found:
            what = f"predicts the same image as {found[key].name}; remove one of them"
            problems.append(Problem(what, str(path)))
        elif ending in ENDINGS:
            found[key] = path
    paths = {key: found[key] for key in keys if key in found}
    for key in keys:
        if key not in found and key in unusable:
            what = f"is not a mask file: save class values as one of {', '.join(ENDINGS)}"
            problems.append(Problem(what, str(unusable[key])))
        elif key not in found:
            what = f"is missing; predict {benchmark.scene_path(key)} at its full size and save "
            problems.append(Problem(f"{what}class values there", str(folder / f"{key}.png")))
        elif fault := _wrong_size(found[key], benchmark.mask_path(key)):
            problems.append(Problem(fault, str(found[key])))
    surplus = sorted(key for key in found if key not in benchmark.all_keys)
    return FoundPredictions(paths, tuple(problems), tuple(surplus))


def surplus_words(surplus: Sequence[str]) -> str:
    """Say which masks belong to no image, such as ``2 masks belong to no image of …: a, b``."""
    masks = counted(len(surplus), "mask")
    belong, do = ("belongs", "does") if len(surplus) == 1 else ("belong", "do")
    shown = some(surplus, _SOME)
    return f"{masks} {belong} to no image of the benchmark and {do} not count: {shown}"


def _wrong_size(path: Path, truth: Path) -> str | None:
    """Say that two files differ in size; None also if one cannot be read: that is found later."""
    with suppress(OSError, ValueError):
        return _sizes_differ(mask_shape(path), mask_shape(truth))
    return None


def _sizes_differ(shape: tuple[int, ...], truth: tuple[int, ...]) -> str | None:
    if len(shape) != 2 or shape == truth:
        return None
    sizes = [f"{width} x {height}" for height, width in (shape, truth)]
    return (
        f"has {sizes[0]} pixels, its scene {sizes[1]}; resize it (nearest neighbour), or score "
        "it on the version it was made for with --rev"
    )


def read_predicted_mask(path: Path, truth: Mask, classes: int) -> Mask:
    """Read a predicted mask that fits its image.

    Args:
        path: The mask's file.
        truth: The true mask, for its size.
        classes: The number of classes.

    Raises:
        ValueError: It cannot be read, has another size, or values that are no class; the message
            says what to do and does not name the path.
    """
    try:
        mask = read_mask(path)
    except ValueError as error:
        raise ValueError(f"{error}; save it again: one channel, class values") from None
    check_prediction(mask, truth, classes)
    return mask


def check_prediction(mask: Mask, truth: Mask, classes: int) -> None:
    """Raise ValueError unless the mask has the truth's size and no values but class values."""
    if fault := _sizes_differ(mask.shape, truth.shape):
        raise ValueError(fault)
    if foreign := foreign_values(mask, classes):
        raise ValueError(
            f"holds the value {foreign[0]}, which is not a class: codes.txt has "
            f"{counted(classes, 'line')}, 0 to {classes - 1} (255 means no class)"
        )
