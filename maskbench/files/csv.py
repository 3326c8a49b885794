"""Read and write CSV tables: equal rows give equal bytes, and no text runs as a formula.

Excel, LibreOffice and others run a cell that begins with ``=``, ``+``, ``-`` or ``@``, and a
label or group is text that somebody else wrote: see :func:`maskbench.text.escape_formula`.
Needs the standard library only.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from maskbench.errors import Problem
from maskbench.files.atomic import write_text
from maskbench.text import escape_formula, unescape_formula


def csv_rows(lines: Iterable[str]) -> list[dict[str, str]]:
    """Read the rows of a CSV table with a header, of any length of field.

    Args:
        lines: The table, such as a file opened with ``newline=""``.

    Returns:
        Each row's text by column, as it stands in the table; None for columns that a damaged row
        lacks.

    Raises:
        csv.Error: It is no CSV.
    """
    csv.field_size_limit(2**31 - 1)  # else a group name of 131,073 letters could not be read back
    return list(csv.DictReader(lines))


def user_rows(
    content: bytes | None, name: str, param: str
) -> tuple[list[dict[str, str]], list[Problem]]:
    """Read the rows of a CSV table that a parameter names, and the problem if there is one.

    Args:
        content: The table's bytes; None if there is no such file.
        name: Its name, for messages.
        param: The YAML path of the parameter that names it.
    """
    if content is None:
        what = "there is no such file; put it there, or correct its name"
        return [], [Problem(what, name, param=param)]
    try:
        return csv_rows(io.StringIO(content.decode("utf-8-sig"), newline="")), []
    except (UnicodeDecodeError, csv.Error) as error:
        what = f"cannot be read as CSV: {error}; save it as UTF-8 CSV"
        return [], [Problem(what, name, param=param)]


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV (comma, line feed), with formulas escaped and line breaks quoted."""
    return "".join(_line(row) for row in rows)


def _line(row: Sequence[Any]) -> str:
    """Return a row as CSV.

    Python 3.11 quotes only the line break that it ends rows with. To other readers a carriage
    return ends a row, too, so whoever writes a label could add rows.
    """
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerow([escape_formula(value) for value in row])
    return stream.getvalue().removesuffix("\r\n") + "\n"


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as CSV (comma, line feed, UTF-8) with a header, atomically.

    Formulas are escaped; :func:`read_table` removes the escapes.
    """
    cells = ([row.get(name, "") for name in columns] for row in rows)
    write_text(path, csv_text([columns, *cells]))


def read_table(path: Path) -> list[dict[str, str]]:
    """Read the rows of a CSV table with a header, as :func:`write_table` got them, as text."""
    with path.open(encoding="utf-8", newline="") as stream:
        return table_rows(stream)


def table_rows(lines: Iterable[str]) -> list[dict[str, str]]:
    """Return the rows of a table that :func:`write_table` wrote, as text; lines as csv_rows has."""
    rows = csv_rows(lines)
    return [{name: unescape_formula(text) for name, text in row.items()} for row in rows]
