"""HTML tables of plain text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from maskbench.pages.palette import SHARE


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: Its text, not yet escaped.
        link: The address that it leads to: ``#…`` in this page, else in a new tab; or empty.
        shade: Depth of its ground from 0 to 1, for tables that are read as heat maps.
        is_heading: It names its row.
    """

    text: str
    link: str = ""
    shade: float = 0.0
    is_heading: bool = False


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], numbers: Sequence[bool]) -> str:
    """Return a table as markup, in a frame that scrolls sideways where the window is narrow.

    Args:
        columns: Names of the columns.
        rows: The cells of each row, a cell a column.
        numbers: For each column whether it holds numbers, which stand to the right.
    """
    kinds = [' class="number"' if is_number else "" for is_number in numbers]
    head = "".join(
        f'<th scope="col"{kind}>{escape(name)}</th>'
        for name, kind in zip(columns, kinds, strict=True)
    )
    body = "\n".join(f"<tr>{''.join(map(_cell, row, kinds))}</tr>" for row in rows)
    return (
        '<div class="scroll"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>"
    )


def _cell(cell: Cell, kind: str) -> str:
    text = escape(cell.text)
    if cell.link:
        outside = "" if cell.link[0] == "#" else ' target="_blank" rel="noopener noreferrer"'
        text = f'<a href="{escape(cell.link)}"{outside}>{text}</a>'
    if cell.is_heading:
        return f'<th scope="row"{kind}>{text}</th>'
    if cell.shade:
        kind += f' style="background: rgba{(*SHARE, round(0.6 * cell.shade, 3))}"'
    return f"<td{kind}>{text}</td>"
