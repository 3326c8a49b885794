"""Write and read CSV tables: equal rows give equal bytes, and no text runs as a formula.

Excel, LibreOffice and others run a cell that begins with ``=``, ``+``, ``-`` or ``@``, and a
label or group is text that somebody else wrote: see :func:`maskbench.text.escape_formula`.
Needs the standard library only.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from maskbench.files.atomic import write_text
from maskbench.text import escape_formula, unescape_formula


def csv_rows(lines: Iterable[str]) -> list[dict[str, str]]:
    """The rows of a CSV table with a header, however long a field is.

    Args:
        lines: The table, such as a file opened with ``newline=""``.

    Raises:
        csv.Error: It is no CSV.
    """
    csv.field_size_limit(2**31 - 1)  # else a group name of 131,073 letters could not be read back
    rows = csv.reader(lines)
    header = next(rows, [])
    table = list(rows)
    if all(len(row) == len(header) for row in table):
        return [dict(zip(header, row, strict=True)) for row in table]
    return list(_ragged(header, table))


def _ragged(header: list[str], table: list[list[str]]) -> Iterator[dict[Any, Any]]:
    """Rows of a damaged table as Python's DictReader gives them: None for what is missing."""
    for row in filter(None, table):
        rest = {None: row[len(header) :]} if len(row) > len(header) else {}
        yield {**dict.fromkeys(header), **dict(zip(header, row, strict=False)), **rest}


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV (comma, line feed), text guarded, and quoted where it holds any line break.

    Python's writer quotes only the line breaks that it ends rows with, but readers take others for
    the end of a row, too: a carriage return in a label would begin a row of its author's making.
    So the writer ends rows with both, and the carriage return is taken away again.
    """
    lines: list[str] = []
    writer = csv.writer(_Lines(lines.append), lineterminator="\r\n")
    for row in rows:
        writer.writerow([escape_formula(value) for value in row])
    return "".join([f"{line[:-2]}\n" for line in lines])


class _Lines(NamedTuple):
    """What the writer writes to: it gives one line at a time."""

    write: Callable[[str], Any]


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as CSV (comma, line feed, UTF-8) with a header, atomically.

    Text is guarded by :func:`maskbench.text.escape_formula`; :func:`read_table` gives it back as it
    was.
    """
    cells = ([row.get(name, "") for name in columns] for row in rows)
    write_text(path, csv_text([columns, *cells]))


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV table with a header."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv_rows(stream)
    return [{name: unescape_formula(text) for name, text in row.items()} for row in rows]
