"""Read a table of published subsets: ``split.published: {file: …}``."""

import csv
from collections.abc import Mapping
from pathlib import Path

from maskbench.errors import Problem
from maskbench.files.csv import csv_rows
from maskbench.params import SUBSETS
from maskbench.text import unescape_formula

PARAM = "split.published.file"

_OTHER_NAMES = {
    "training": "train", "val": "valid", "validation": "valid", "dev": "valid", "testing": "test",
}  # fmt: skip
"""What published splits call the subsets."""


def subset_named(text: str) -> str | None:
    """Return the subset that a name means; None if it means none.

    >>> subset_named("Validation")
    'valid'
    """
    name = text.strip().casefold()
    name = _OTHER_NAMES.get(name, name)
    return name if name in SUBSETS else None


def read_published(path: Path, name: str) -> tuple[dict[str, str], list[Problem]]:
    """Read the subset of each image, by its name, and what is wrong with the table.

    It is a CSV with the columns ``image`` (or ``key``, as in ``manifest.csv``) and ``split``.

    Args:
        path: The table.
        name: Its name, for messages.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv_rows(stream)
    except FileNotFoundError:
        return {}, [_problem("there is no such file; put it there, or correct its name", name)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return {}, [_problem(f"cannot be read as CSV: {error}; save it as UTF-8 CSV", name)]
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
