"""Read the table of ``rasterize.annotation: [file:…]``: the annotator who counts in each image.

Needs the standard library only.
"""

import re

from maskbench.errors import Problem
from maskbench.files.csv import user_rows
from maskbench.text import unescape_formula

PARAM = "rasterize.annotation"


def read_choices(content: bytes | None, name: str) -> tuple[dict[str, int], list[Problem]]:
    """Read the annotator of each key, and the table's problems.

    It is a CSV with the columns ``key``, as in ``manifest.csv``, and ``annotator``, a user id.

    Args:
        content: The file's bytes; None if there is no such file.
        name: Its name, for messages.
    """
    rows, problems = user_rows(content, name, PARAM)
    if rows and not {"key", "annotator"} <= rows[0].keys():
        has = ", ".join(map(str, rows[0]))
        what = f"needs the columns 'key' and 'annotator', separated by a comma; it has: {has}"
        return {}, [_problem(what, name)]
    choices: dict[str, int] = {}
    for number, row in enumerate(rows, 2):
        key, annotator = (unescape_formula(row[c] or "").strip() for c in ("key", "annotator"))
        if not key or not re.fullmatch("[0-9]{1,15}", annotator):
            what = f"line {number} says {annotator!r} for {key!r}; a key and a user id are expected"
            problems.append(_problem(what, name))
        elif choices.setdefault(key, int(annotator)) != int(annotator):
            what = f"line {number} chooses {annotator} for {key!r}, an earlier one {choices[key]}"
            problems.append(_problem(f"{what}; leave one of them", name))
    return choices, problems


def _problem(what: str, name: str) -> Problem:
    return Problem(what, name, param=PARAM)
