"""Escape text that somebody else wrote, for the place where it is shown.

Names of labels, images and people come from data: they must not move a terminal's cursor, make
links in Markdown or run as a spreadsheet's formula. Needs the standard library only.
"""

import re
from typing import Any


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
    return f"&#{ord(character)};" + "&#8203;" * (character in _CALLING)


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
