"""Write a comparison for a terminal: aligned tables, the most important rows, no colours."""

from collections.abc import Iterable, Sequence

from maskbench.diff.model import Differences
from maskbench.diff.report.sections import Section, column, heading, sections
from maskbench.diff.report.verdict import verdict
from maskbench.text import escape_terminal, terminal_width

LINES_SHOWN = 20
"""The most rows of a table; the rest is only counted."""


def as_text(found: Differences, most: int | None = LINES_SHOWN) -> str:
    """Return the report as text, with at most ``most`` rows in each table; None for all."""
    blocks = [f"{heading(found)}\n{verdict(found)}"]
    blocks += [_block(section, most) for section in sections(found)]
    return "\n\n".join(blocks) + "\n"


def _block(section: Section, most: int | None) -> str:
    rows = section.rows[:most]
    lines = [section.title + (f" ({len(section.rows)})" if section.keys else "")]
    if len(section.columns) > 1:
        lines += aligned(section.columns, rows)
    else:
        lines += [f"  {escape_terminal(row[0])}" for row in rows]
    more = len(section.rows) - len(rows)
    if more:
        lines.append(f"  … and {more:,} more (--all shows them)")
    return "\n".join(lines)


def aligned(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table, two spaces before each column, without empty columns."""
    cells = [[escape_terminal(cell) for cell in row] for row in rows]
    used = [i for i in range(len(columns)) if any(row[i] for row in cells)]
    table = [
        [column(columns[i]) for i in used],
        *([row[i] for i in used] for row in cells),
    ]
    right = [columns[i].startswith(">") for i in used]
    widths = [max(terminal_width(row[i]) for row in table) for i in range(len(used))]
    return [
        "".join(
            "  " + (_pad(cell, width) + cell if to_right else cell + _pad(cell, width))
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in table
    ]


def _pad(cell: str, width: int) -> str:
    return " " * (width - terminal_width(cell))
