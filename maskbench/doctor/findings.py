"""Say what a check found, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass

from maskbench.text import escape_terminal

OK, WARNING, ERROR = "ok", "warning", "error"
"""Levels: fine; worth knowing; the next ``dvc repro`` will stop."""

SHOWN = 5  # examples in one finding


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        level: ``ok``, ``warning`` or ``error``.
        what: What was found, one line.
        advice: What to do; empty where there is nothing to do.
    """

    level: str
    what: str
    advice: str = ""

    def __str__(self) -> str:
        first = f"{self.level:<8} {escape_terminal(self.what)}"
        return f"{first}\n         → {escape_terminal(self.advice)}" if self.advice else first


def some(entries: Iterable[object]) -> str:
    """Return the first few entries, and how many more there are."""
    shown = [str(entry) for entry in entries]
    more = f" … and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return "; ".join(shown[:SHOWN]) + more
