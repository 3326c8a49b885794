"""Small CSV tables: equal rows, equal bytes; text that looks like a formula is guarded."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from maskbench.cells import csv_text, plain
from maskbench.files import csv_rows, write_text


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as CSV (comma, line feed, UTF-8) with a header, atomically.

    Text is guarded by :func:`maskbench.cells.guarded`; :func:`read_table` gives it back as it was.
    """
    cells = ([row.get(name, "") for name in columns] for row in rows)
    write_text(path, csv_text([columns, *cells]))


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV table with a header."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv_rows(stream)
    return [
        {name: plain(text) if text[:1] == "'" else text for name, text in row.items()}
        for row in rows
    ]
