"""Read the files of a benchmark's folder; say what is wrong with them, and how to get them back.

Needs numpy and Pillow only.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from maskbench.errors import DataError, Problem
from maskbench.files.images import Scene, read_scene
from maskbench.files.levels import Scaling
from maskbench.files.masks import IGNORE, Mask, foreign_values, read_mask
from maskbench.text import counted

MASK_EDITED = "is not the mask in manifest.csv: it was edited; run `dvc checkout -f combine`"
"""What is wrong with a mask that differs from its digest."""

_PULL = "get it with `dvc pull combine split`, or build it with `dvc repro`"
_AGAIN = "run `dvc checkout -f combine` to have it as it was built"
_UNFIT = "an item of the benchmark cannot be used"


def read_classes(path: Path, problems: list[Problem]) -> tuple[str, ...]:
    """Return the class names of ``codes.txt``, by value; add a problem if there are none."""
    try:
        names = tuple(path.read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        problems.append(Problem(f"is missing; {_PULL}", str(path)))
        return ()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(f"cannot be read: {error}", str(path)))
        return ()
    if not 0 < len(names) <= IGNORE:
        problems.append(
            Problem(f"has {counted(len(names), 'line')}; one to 255 are expected", str(path))
        )
    return names


def list_files(folder: Path, problems: list[Problem]) -> dict[str, str]:
    """Return file names by key, without hidden ones; add a problem for each key with two files."""
    if not folder.is_dir():
        problems.append(Problem(f"is missing; {_PULL}", str(folder)))
        return {}
    found: dict[str, str] = {}
    names = (entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    for name in sorted(names):
        key = Path(name).stem
        if key in found:
            what = f"has the key of {found[key]}; remove the one that is not in manifest.csv"
            problems.append(Problem(what, str(folder / name)))
        found[key] = name
    return found


def read_splits(
    folder: Path, scenes: Collection[str], subsets: Sequence[str], problems: list[Problem]
) -> dict[str, tuple[str, ...]]:
    """Return keys by split; add problems for missing files, unknown keys and keys in two splits.

    Args:
        folder: The folder with one text file for each split.
        scenes: The keys of all scenes.
        subsets: The splits that must exist and share no key; other splits may share keys.
        problems: The list to add problems to.
    """
    paths = {path.stem: path for path in sorted(folder.glob("*.txt"))}
    for name in subsets:
        if name not in paths:
            problems.append(Problem(f"is missing; {_PULL}", str(folder / f"{name}.txt")))
    splits: dict[str, tuple[str, ...]] = {}
    owner: dict[str, str] = {}
    for name, path in paths.items():
        keys = _keys(path, problems)
        splits[name] = tuple(sorted(keys))
        for key in keys:
            if scenes and key not in scenes:
                what = f"names {key!r}, which is not in scenes/; run `dvc checkout combine split`"
                problems.append(Problem(what, str(path)))
            if name in subsets and owner.setdefault(key, name) != name:
                what = f"names {key!r}, which {owner[key]}.txt names too; run `dvc repro -f split`"
                problems.append(Problem(what, str(path)))
    return splits


def _keys(path: Path, problems: list[Problem]) -> Sequence[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(f"cannot be read: {error}; run `dvc checkout split`", str(path)))
        return ()
    return [Path(line.strip()).stem for line in lines if line.strip()]


def load_scene(path: Path, scaling: Scaling | None = None) -> Scene:
    """Read an image file by :func:`maskbench.files.images.read_scene`.

    Args:
        path: The image file.
        scaling: The values of a grey image of 16 bits that become 0 and 255.

    Raises:
        DataError: The file is damaged.
    """
    try:
        return read_scene(path, scaling)
    except ValueError as error:
        raise DataError(_UNFIT, [Problem(f"{error}; {_AGAIN}", str(path))]) from None


def load_mask(path: Path, classes: int) -> Mask:
    """Read a mask file, shape (H, W), uint8.

    Args:
        path: The mask's file.
        classes: The number of classes.

    Raises:
        DataError: The file is damaged, or holds a value that is no class.
    """
    try:
        mask = read_mask(path)
    except ValueError as error:
        raise DataError(_UNFIT, [Problem(f"{error}; {_AGAIN}", str(path))]) from None
    if foreign := foreign_values(mask, classes):
        lines = f"codes.txt has {counted(classes, 'line')}, 0 to {classes - 1}"
        what = f"holds the value {foreign[0]}, and {lines}; {_AGAIN}"
        raise DataError(_UNFIT, [Problem(what, str(path))])
    return mask


def sizes_differ(path: Path, mask_wh: Sequence[int], scene_wh: Sequence[int]) -> DataError:
    """Return the error for a mask whose width and height are not those of its scene."""
    mask, scene = (f"{width} x {height}" for width, height in (mask_wh, scene_wh))
    what = f"has {mask} pixels, its scene {scene}; {_AGAIN}"
    return DataError(_UNFIT, [Problem(what, str(path))])
