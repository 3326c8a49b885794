"""Find and read the predicted masks in a folder, and say what is wrong with it."""

from collections.abc import Collection, Mapping
from pathlib import Path

from maskbench.dataset import foreign_values
from maskbench.errors import DataError, Problem
from maskbench.files.masks import Mask, read_mask
from maskbench.text import counted

ENDINGS = (".png", ".tif", ".tiff", ".npy")
"""File endings of masks."""

_LOSSY = (".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".npz")


def find_predictions(
    folder: Path, wanted: Mapping[str, str], known: Collection[str]
) -> tuple[dict[str, Path], list[Problem]]:
    """Find the file of each image's prediction, and what is wrong with the folder.

    A prediction is called ``<key>.png``, ``.tif`` or ``.npy``; other files (a log, say) may lie in
    the folder too, and so may predictions of other splits.

    Args:
        folder: The predictions' folder.
        wanted: The paths of the scenes to score by key; messages name them.
        known: All keys of the benchmark, of all splits.

    Returns:
        The files by key, and a problem for each image without a prediction or with two of them, and
        for each mask of an unknown key or in a format that changes values.

    Raises:
        DataError: There is no such folder.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder of predicted masks")
    problems: list[Problem] = []
    found: dict[str, Path] = {}
    for path in sorted(entry for entry in folder.iterdir() if not entry.name.startswith(".")):
        what = _fault(path, found, known)
        if what is None and path.suffix.lower() in ENDINGS:
            found[path.stem] = path
        elif what is not None:
            problems.append(Problem(what, str(path)))
    for key in sorted(wanted.keys() - found.keys()):
        what = f"is missing; predict {wanted[key]} at its full size and save class values there"
        problems.append(Problem(what, str(folder / f"{key}.png")))
    return {key: found[key] for key in wanted if key in found}, problems


def _fault(path: Path, found: Mapping[str, Path], known: Collection[str]) -> str | None:
    key, ending = path.stem, path.suffix.lower()
    if ending in _LOSSY and key in known:
        return f"is no mask file: save class values as one of {', '.join(ENDINGS)}"
    if ending not in ENDINGS:
        return None
    if key in found:
        return f"predicts the same image as {found[key].name}; remove one of them"
    if key not in known:
        return "belongs to no image of the benchmark; remove it, or score it with its own --rev"
    return None


def read_prediction(path: Path, truth: Mask, classes: int) -> Mask:
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
        raise ValueError(f"{error}; save it anew: one channel, class values") from None
    check_prediction(mask, truth, classes)
    return mask


def check_prediction(mask: Mask, truth: Mask, classes: int) -> None:
    """Raise ValueError unless the mask has the truth's size and no values but class values."""
    if mask.shape != truth.shape:
        sizes = [f"{shape[1]} x {shape[0]}" for shape in (mask.shape, truth.shape)]
        raise ValueError(
            f"has {sizes[0]} pixels, its scene {sizes[1]}; resize it (nearest neighbour), or score "
            "it on the version it was made for with --rev"
        )
    if foreign := foreign_values(mask, classes):
        raise ValueError(
            f"holds the value {foreign[0]}, which is no class: codes.txt has "
            f"{counted(classes, 'line')}, 0 to {classes - 1} (255 means no class)"
        )
