"""Cells of CSV tables that come from data, so that a spreadsheet takes none for a formula.

Excel, LibreOffice and others run a cell that begins with ``=``, ``+``, ``-`` or ``@`` (a tab or
line break before it is passed over), and a label or group is text that somebody else wrote. Such
text gets an apostrophe in front, which spreadsheets take for "this is text"; text that begins with
apostrophes and goes on so gets one more, so that nothing is lost: :func:`plain` takes exactly one
away. Numbers and all other text stand as they are. Needs the standard library only.
"""

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

_FORMULA = re.compile(r"'*[=+\-@\t\r\n\0\uff1d\uff0b\uff0d\uff20]")  # full-width signs, too
_GUARDED = re.compile(r"'" + _FORMULA.pattern)


def guarded(value: Any) -> Any:
    """A cell's value as it is written; what is no text is a number and stays.

    >>> guarded("=1+1"), guarded(-1), guarded("wall")
    ("'=1+1", -1, 'wall')
    """
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def plain(text: str) -> str:
    """A cell's text as it was before :func:`guarded`.

    >>> plain("'=1+1"), plain("'t Hooft")
    ('=1+1', "'t Hooft")
    """
    return text[1:] if _GUARDED.match(text) else text


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV (comma, line feed), text guarded, and quoted where it holds any line break.

    Python's writer quotes only the line breaks that it ends rows with, but readers take others for
    the end of a row, too: a carriage return in a label would begin a row of its author's making.
    So the writer ends rows with both, and the carriage return is taken away again.
    """
    lines: list[str] = []
    writer = csv.writer(_Lines(lines.append), lineterminator="\r\n")
    for row in rows:
        writer.writerow([guarded(v) if isinstance(v, str) and v[:1] in _FIRST else v for v in row])
    return "".join([f"{line[:-2]}\n" for line in lines])


class _Lines(NamedTuple):
    """What the writer writes to: it gives one line at a time."""

    write: Callable[[str], Any]


_FIRST = frozenset("'=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20")  # what _FORMULA can begin with
