"""Choose which images of a version a page shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from itertools import compress
from pathlib import Path

from maskbench.errors import MaskbenchError
from maskbench.files.manifest import Row
from maskbench.labelstudio.stored import read_task
from maskbench.pages.item import draw_task
from maskbench.parallel.run import progress, run_all
from maskbench.params import Params
from maskbench.show.draw import find_combinations
from maskbench.versions.revision import ANNOTATIONS, Version, find_row


@dataclass(frozen=True)
class Selection:
    """The criteria for the images of a page; an empty field is no criterion.

    Attributes:
        keys: Keys, file names or task ids.
        splits: They are in one of these splits.
        classes: They have pixels of all these classes.
        annotators: One of these users drew them.
        combination: They have pixels with exactly these labels.
    """

    keys: Sequence[str] = ()
    splits: Sequence[str] = ()
    classes: Sequence[str] = ()
    annotators: Sequence[str] = ()
    combination: frozenset[str] = frozenset()

    @property
    def is_all(self) -> bool:
        """Tell whether nothing is asked for."""
        return not any(vars(self).values())


def split_combination(text: str, known: Iterable[str]) -> frozenset[str]:
    """Return the labels in ``A+B`` or ``A + B``; a known label may have a plus sign itself.

    The words between `` + `` are the labels if all of them are known: ``ER+ + PR+``.
    """
    whole, spaced, apart = [text], text.split(" + "), text.split("+")
    for words in (whole, spaced):
        labels = {word.strip() for word in words}
        if labels <= set(known):
            return frozenset(labels)
    return frozenset(word.strip() for word in apart if word.strip())


def choose_rows(version: Version, asked: Selection) -> list[Row]:
    """Return the rows that match, by key.

    Raises:
        MaskbenchError: The version has no such image, split, class, label or annotator; or no image
            fits.
    """
    rows = list(version.rows.values())
    labels_map = version.params.labels_map
    _check("split", asked.splits, {row.split for row in rows})
    _check("class", asked.classes, labels_map)
    _check("label", sorted(asked.combination), labels_map)
    _check("annotator", asked.annotators, {who for row in rows for who in row.authors})
    named = {find_row(version, word).key for word in asked.keys}
    found = [
        row
        for row in rows
        if (not named or row.key in named)
        and (not asked.splits or row.split in asked.splits)
        and all(row.classes.get(name) for name in asked.classes)
        and (not asked.annotators or set(asked.annotators) & set(row.authors))
    ]
    if asked.combination:
        found = _with_combination(found, version, asked.combination)
    if not found:
        raise MaskbenchError(f"no image of {version.label} matches all options")
    return sorted(found, key=lambda row: row.key)


def _with_combination(rows: list[Row], version: Version, labels: frozenset[str]) -> list[Row]:
    files = version.files(f"{ANNOTATIONS}/{row.key}.json" for row in rows)
    tasks = [(files[f"{ANNOTATIONS}/{row.key}.json"], (row.height, row.width)) for row in rows]
    has = run_all(partial(_has_combination, labels, version.params), tasks, "labels")
    return list(compress(rows, progress(has, len(rows), "labels")))


def _has_combination(
    labels: frozenset[str], params: Params, task: tuple[Path, tuple[int, int]]
) -> bool:
    """Tell whether a task has pixels with exactly these labels; task: file, height and width."""
    file, shape = task
    drawn = draw_task(read_task(file), params, shape)
    return any(set(names) == labels for names, *_ in find_combinations(drawn, params))


def _check(what: str, asked: Iterable[str], known: Iterable[str] | Mapping[str, int]) -> None:
    names = sorted(known)
    for word in asked:
        if word not in names:
            close = get_close_matches(word, names, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"
            raise MaskbenchError(f"there is no {what} {word!r}; {hint}")
