"""HTML tables: plain text, links, bars, and shades for tables that are read as pictures.

``assets/table.html`` draws a :class:`Table`; ``assets/table.js`` lets its headings sort.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from maskbench.pages.palette import SHARE


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: Its text, not yet escaped.
        link: The address that it leads to: ``#…`` in this page, else in a new tab; or empty.
        shade: Depth of its ground from 0 to 1, for tables that are read as heat maps.
        is_heading: It names its row.
        value: What the row is sorted by in its column; None: the text, or the number that it is.
        bar: Length of a bar below the text, from 0 to 1; None: no bar.
        interval: Ends of an interval, from 0 to 1, drawn as a whisker over the bar.
    """

    text: str
    link: str = ""
    shade: float = 0.0
    is_heading: bool = False
    value: float | str | None = None
    bar: float | None = None
    interval: tuple[float, float] | None = None

    @property
    def ground(self) -> str:
        """Return the cell's background colour."""
        return f"rgba{(*SHARE, round(0.6 * self.shade, 3))}"


@dataclass(frozen=True)
class Table:
    """A table, in a frame that scrolls sideways where the window is narrow.

    Attributes:
        title: What it shows, for screen readers.
        columns: Names of the columns.
        rows: The cells of each row, a cell a column.
        numbers: For each column whether it holds numbers, which stand to the right.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    numbers: Sequence[bool]
