"""Count things in words, and escape text that somebody else wrote for the place where it is shown.

Names of labels, images and people come from data: they must not move a terminal's cursor, make
links in Markdown or run as a spreadsheet's formula. Needs the standard library only.
"""

import codecs
import io
import re
import sys
import unicodedata
from collections.abc import Iterable
from typing import Any

SHOWN = 5
"""Examples that are shown of many."""


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun.

    >>> counted(1, "mask"), counted(10_000, "mask"), counted(0, "class", "classes")
    ('1 mask', '10,000 masks', '0 classes')
    """
    many = plural or noun + ("S" if noun.isupper() else "s")
    return f"{number:,} {noun if number == 1 else many}"


def some(entries: Iterable[object], most: int | None = SHOWN, between: str = ", ") -> str:
    """Return the first few entries, and how many more there are; ``most`` None: all.

    >>> some([1, 2, 3], 2)
    '1, 2 and 1 more'
    """
    shown = [str(entry) for entry in entries]
    rest = 0 if most is None else len(shown) - most
    return between.join(shown[:most]) + (f" and {rest} more" if rest > 0 else "")


_PLAIN = str.maketrans({"→": "->", "…": "...", "—": "-"})


def _plainly(error: UnicodeError) -> tuple[str | bytes, int]:
    """Replace what a character set lacks: arrows and dashes by plain ones, letters by escapes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_PLAIN)
    return text.encode("ascii", "backslashreplace").decode("ascii"), error.end


codecs.register_error("maskbench.plainly", _plainly)


def print_anywhere() -> None:
    """Let this process print any text, whatever character set its console or pipe has."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="maskbench.plainly")


def escape_terminal(text: str) -> str:
    r"""Return text for one line of a terminal: characters that are not visible become escapes.

    Otherwise a name in a task could move the cursor, change colours or the direction of writing, or
    begin a line that looks like a message of maskbench.

    >>> print(escape_terminal("wall\x1b[2J\nerror: none"))
    wall\x1b[2J\nerror: none
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def terminal_width(text: str) -> int:
    """Return how many columns of a terminal a text takes: two for an emoji or a Chinese sign."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def first_column(names: Iterable[str]) -> list[str]:
    """Return names as a table's first column in a terminal: visible, and of one width.

    >>> first_column(["🍎", "mean"])
    ['🍎  ', 'mean']
    """
    shown = [escape_terminal(name) for name in names]
    wide = max(map(terminal_width, shown), default=0)
    return [name + " " * (wide - terminal_width(name)) for name in shown]


_LONGEST = 120  # characters of a cell
_SPECIAL = frozenset("\\`*_[]<>#!|&~@:$.")
_CALLING = frozenset("@#")  # would mention people and issues even so


def escape_markdown(text: str, most: int = _LONGEST) -> str:
    """Return text that Markdown shows as it is, on one line: no markup, HTML, links or mentions.

    Args:
        text: Any text.
        most: Characters of it that are shown.
    """
    line = " ".join(text.split())
    line = line if len(line) <= most else f"{line[: most - 1]}…"
    return "".join(_entity(c) if c in _SPECIAL else c for c in line)


def _entity(character: str) -> str:
    return f"&#{ord(character)};{'&#8203;' if character in _CALLING else ''}"


_FORMULA = re.compile(r"'*[=+\-@\t\r\n\0\uff1d\uff0b\uff0d\uff20]")  # full-width signs, too
_GUARDED = re.compile(r"'" + _FORMULA.pattern)


def escape_formula(value: Any) -> Any:
    """Return a cell's value so that no spreadsheet runs it as a formula; only text changes.

    Excel, LibreOffice and others run a cell that begins with ``=``, ``+``, ``-`` or ``@`` (a tab or
    line break before it is skipped). Such text gets an apostrophe in front; text that begins with
    apostrophes and goes on like that gets one more, so that nothing is lost.

    >>> escape_formula("=1+1"), escape_formula(-1), escape_formula("wall")
    ("'=1+1", -1, 'wall')
    """
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def unescape_formula(text: str) -> str:
    """Return a cell's text as it was before :func:`escape_formula`.

    >>> unescape_formula("'=1+1"), unescape_formula("'t Hooft")
    ('=1+1', "'t Hooft")
    """
    return text[1:] if _GUARDED.match(text) else text
