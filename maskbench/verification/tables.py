"""Check a benchmark's class names, manifest and splits, and that no file is missing or surplus."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from maskbench.errors import DataError, Problem
from maskbench.files.csv import csv_rows
from maskbench.files.manifest import Row, read_manifest
from maskbench.params import EXCLUDED, IGNORE, SUBSETS
from maskbench.text import counted

CHECKOUT = "run `dvc checkout -f combine split`"


def check_codes(root: Path) -> tuple[list[str], list[Problem]]:
    """Return the class names of ``codes.txt``, and what is wrong with them."""
    path = root / "codes.txt"
    try:
        names = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        return [], [Problem(f"cannot be read ({error}); {CHECKOUT}", str(path))]
    wrong = []
    if not 0 < len(names) <= IGNORE:
        wrong.append(f"has {counted(len(names), 'line')}; one to {IGNORE} class names are expected")
    wrong += [f"line {i} names no class" for i, name in enumerate(names, 1) if not name.strip()]
    twice = sorted({name for name in names if name.strip() and names.count(name) > 1})
    wrong += [f"names the class {name!r} twice" for name in twice]
    return names, [Problem(f"{what}; {CHECKOUT}", str(path)) for what in wrong]


def check_manifest(root: Path) -> tuple[dict[str, Row], list[Problem]]:
    """Return the manifest's rows by key, and what is wrong with the table itself."""
    path = root / "manifest.csv"
    try:
        rows = read_manifest(path)
        with path.open(encoding="utf-8", newline="") as stream:
            keys = Counter(values["key"] for values in csv_rows(stream))
    except DataError as error:
        return {}, list(error.problems)
    wrong = [f"has several rows for {key!r}" for key in rows if keys[key] > 1]
    for row in rows.values():
        if not has_own_files(row):
            files = f"{row.scene!r} and {row.mask!r}"
            wrong.append(f"names {files}, which are not the scene and mask of {row.key!r}")
        if row.split not in (*SUBSETS, EXCLUDED):
            wrong.append(f"puts {row.key!r} into {row.split!r}, which is not a split")
    return rows, [Problem(f"{what}; {CHECKOUT}", str(path)) for what in wrong]


def has_own_files(row: Row) -> bool:
    """Tell whether the row's files are named after its key, and lie in no other folder."""
    names = (row.scene, row.mask)
    return all(Path(name).name == name and Path(name).stem == row.key for name in names)


def check_files(root: Path, rows: Mapping[str, Row]) -> list[Problem]:
    """Find rows without files, and files without a row."""
    problems = []
    for folder, wanted in (
        ("scenes", {row.scene: row.key for row in rows.values()}),
        ("masks", {row.mask: row.key for row in rows.values()}),
    ):
        entries = list((root / folder).glob("*"))
        there = {path.name for path in entries}
        whole = {path.name for path in entries if path.is_file()}  # no link to nowhere, no folder
        for name in sorted(wanted.keys() - whole):
            what = f"is missing, but manifest.csv has a row for {wanted[name]!r}; {CHECKOUT}"
            problems.append(Problem(what, str(root / folder / name)))
        for name in sorted(there - wanted.keys()):
            what = f"has no row in manifest.csv: it is not of this benchmark; {CHECKOUT}"
            problems.append(Problem(what, str(root / folder / name)))
    return problems


def check_splits(root: Path, rows: Mapping[str, Row]) -> list[Problem]:
    """Find splits that are incomplete, overlap, or are not what the manifest says."""
    folder = root / "splits"
    problems = []
    owners: dict[str, list[str]] = {}
    extra = sorted({path.name for path in folder.glob("*")} - {f"{name}.txt" for name in SUBSETS})
    for name in extra:
        problems.append(Problem(f"is not one of the splits; {CHECKOUT}", str(folder / name)))
    for name in SUBSETS:
        path = folder / f"{name}.txt"
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            problems.append(Problem(f"cannot be read ({error}); {CHECKOUT}", str(path)))
            continue
        problems += [Problem(f"{what}; {CHECKOUT}", str(path)) for what in _disorder(lines)]
        for scene in set(lines):
            owners.setdefault(scene, []).append(name)
    return problems + list(_owned(owners, rows, folder))


def _disorder(lines: Sequence[str]) -> list[str]:
    wrong = [f"names {name!r} twice" for name, n in sorted(Counter(lines).items()) if n > 1]
    return wrong + (["is not sorted"] if list(lines) != sorted(lines) else [])


def _owned(
    owners: Mapping[str, Sequence[str]], rows: Mapping[str, Row], folder: Path
) -> Iterable[Problem]:
    """Compare the scenes with the splits that name them."""
    known = {row.scene: row for row in rows.values()}
    for scene in sorted(owners.keys() - known.keys()):
        what = f"names {scene!r}, which has no row in manifest.csv; {CHECKOUT}"
        yield Problem(what, str(folder / f"{owners[scene][0]}.txt"))
    for scene, row in sorted(known.items()):
        found = owners.get(scene, ())
        if row.split == EXCLUDED and not found:
            continue
        if not found:
            yield Problem(f"no split names {scene!r}; {CHECKOUT}", str(folder))
        elif len(found) > 1:
            yield Problem(f"{' and '.join(found)} both name {scene!r}; {CHECKOUT}", str(folder))
        elif found[0] != row.split:
            what = f"names {scene!r}, which manifest.csv puts into {row.split}; {CHECKOUT}"
            yield Problem(what, str(folder / f"{found[0]}.txt"))


def check_groups(root: Path, rows: Mapping[str, Row]) -> list[Problem]:
    """Find groups of images that are divided among splits."""
    groups: dict[str, dict[str, str]] = {}  # group → split → first key
    for row in rows.values():
        if row.split != EXCLUDED:
            groups.setdefault(row.group, {}).setdefault(row.split, row.key)
    return [
        Problem(
            f"the group {group[:80]!r} is divided: "
            + ", ".join(f"{key!r} is in {split}" for split, key in sorted(members.items()))
            + "; run `dvc repro -f split`",
            str(root / "manifest.csv"),
        )
        for group, members in sorted(groups.items())
        if len(members) > 1
    ]
