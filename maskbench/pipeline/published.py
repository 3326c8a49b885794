"""Find the published subset of each image: ``split.published``, from a field or a table."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from maskbench.errors import Problem, did_you_mean
from maskbench.files.csv import user_rows
from maskbench.params import EXCLUDED, SUBSETS, SplitParams
from maskbench.pipeline.splits import GroupedImage
from maskbench.text import counted, some, unescape_formula

PARAM = "split.published.file"

_OTHER_NAMES = {
    "training": "train", "val": "valid", "validation": "valid", "dev": "valid", "testing": "test",
}  # fmt: skip
"""Names that published splits use for the subsets."""


def subset_named(text: str) -> str | None:
    """Return the subset that a name means; None if it means none.

    >>> subset_named("Validation")
    'valid'
    """
    name = text.strip().casefold()
    name = _OTHER_NAMES.get(name, name)
    return name if name in SUBSETS else None


_Published = tuple[dict[str, str], list[Problem], list[str]]


def published_subsets(
    images: Sequence[GroupedImage],
    params: SplitParams,
    root: Path,
    names: Mapping[str, str],
    is_all: bool,
) -> _Published:
    """Return the published subset by key, problems with them, and remarks for people."""
    source = params.published
    if source is None:
        return {}, [], []
    if source.kind == "file":
        found, problems, notes = _from_table(images, root / source.what, source.what, is_all)
    else:
        found = {image.key: image.published for image in images if image.published}
        problems, notes = [], []
        if is_all and images and not found:
            what = f"no task has the {source.kind} {source.what!r}; correct it"
            problems.append(Problem(what, param=f"split.published.{source.kind}"))
    published = {}
    groups: dict[str, dict[str, int]] = {}  # group → subset → a task
    for image in images:
        if (text := found.get(image.key)) is None:
            continue
        subset = subset_named(text)
        if subset is None:
            what = f"{text!r} is not a subset; {did_you_mean(text, SUBSETS)}"
            problems.append(Problem(what, task=image.task, param="split.published"))
            continue
        published[image.key] = subset
        groups.setdefault(names[image.name], {}).setdefault(subset, image.task)
    problems += [_divided(group, subsets) for group, subsets in groups.items() if len(subsets) > 1]
    return published, problems, notes


def _divided(group: str, subsets: Mapping[str, int]) -> Problem:
    where = " and ".join(f"{name} (task {task})" for name, task in sorted(subsets.items()))
    what = (
        f"the group {group[:80]!r} is published in {where}: give its images one subset, or delete "
        "a task; images of a group, and equal images, stay together"
    )
    return Problem(what, task=min(subsets.values()), param="split.published")


def _from_table(
    images: Sequence[GroupedImage], path: Path, name: str, is_all: bool
) -> tuple[dict[str, str], list[Problem], list[str]]:
    """Read the subsets by key from a table with the columns ``image`` (or ``key``) and ``split``.

    An image is named by its key, or by the end of its path, with or without the file's ending.
    """
    rows, problems = read_published(path, name)
    known: dict[str, list[GroupedImage]] = {}
    for image in images:
        for written in _names(image):
            known.setdefault(written, []).append(image)
    found: dict[str, str] = {}
    idle = []
    for written, subset in rows.items():
        fitting = known.get(written, [])
        if len({image.name for image in fitting}) > 1:
            tasks = some(image.task for image in fitting)
            what = f"{written!r} fits the images of several tasks ({tasks}): write their keys"
            where = fitting[0].task
            problems.append(Problem(what, name, where, param="split.published.file"))
        elif not fitting:
            idle.append(written)
        found |= {image.key: subset for image in fitting}
    if idle and is_all and len(idle) == len(rows):
        what = f"none of its {counted(len(rows), 'line')} fits an image: {some(idle)}"
        problems.append(Problem(what, name, param="split.published.file"))
    elif idle and is_all:
        lines = counted(len(idle), f"line of {name} fits", f"lines of {name} fit")
        note = f"{lines} no image: {some(idle)}"
        return found, problems, [note]
    return found, problems, []


def _names(image: GroupedImage) -> set[str]:
    parts = image.path.split("/")
    ends = {"/".join(parts[i:]) for i in range(len(parts))}
    return {image.key, *ends, *(end.rpartition(".")[0] or end for end in ends)}


def read_published(path: Path, name: str) -> tuple[dict[str, str], list[Problem]]:
    """Read the subset of each image, by its name, and the table's problems.

    It is a CSV with the columns ``image`` (or ``key``, as in ``manifest.csv``) and ``split``.

    Args:
        path: The table.
        name: Its name, for messages.
    """
    try:
        content = path.read_bytes() if path.is_file() else None
    except OSError as error:
        return {}, [_problem(f"cannot be read: {error}", name)]
    lines, problems = user_rows(content, name, PARAM)
    if problems:
        return {}, problems
    columns = list(lines[0]) if lines else []
    column = "key" if "key" in columns else "image"
    if column not in columns or "split" not in columns:
        has = ", ".join(map(str, columns)) or "no line"
        what = f"needs the columns 'image' and 'split', separated by a comma; it has: {has}"
        return {}, [_problem(what, name)]
    return _rows(lines, column, name)


def _rows(
    lines: list[dict[str, str]], column: str, name: str
) -> tuple[dict[str, str], list[Problem]]:
    rows: dict[str, str] = {}
    problems = []
    for number, line in enumerate(lines, 2):
        image, subset = (_cell(line, title) for title in (column, "split"))
        if subset == EXCLUDED:  # of a manifest: its image is drawn, or goes with its group
            continue
        if not image:
            problems.append(_problem(f"line {number} names no image", name))
        elif subset_named(subset) is None:
            what = f"line {number} puts {image!r} into {subset!r}; train, valid or test is expected"
            problems.append(_problem(what, name))
        elif subset_named(rows.setdefault(image, subset)) != subset_named(subset):
            what = f"line {number} puts {image!r} into {subset}, an earlier one into {rows[image]}"
            problems.append(_problem(f"{what}; leave one of them", name))
    return rows, problems


def _cell(line: Mapping[str, str | None], title: str) -> str:
    return unescape_formula(line[title] or "").strip()


def _problem(what: str, name: str) -> Problem:
    return Problem(what, name, param=PARAM)
