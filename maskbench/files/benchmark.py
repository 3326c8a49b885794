"""Read the text files and listings of a benchmark's folder; collect what is wrong with it."""

from collections.abc import Collection, Sequence
from pathlib import Path

from maskbench.errors import Problem
from maskbench.text import counted

_PULL = "get it with `dvc pull combine split`, or build it with `dvc repro`"


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
    if not 0 < len(names) <= 255:
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
        folder: The folder with one text file a split.
        scenes: The keys that there are.
        subsets: The splits that there have to be, and that share no key; others may.
        problems: What is wrong is added here.
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
