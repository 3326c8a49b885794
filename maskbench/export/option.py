"""Describe an option of an export format."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """A number above 0 that a format takes on the command line.

    Attributes:
        name: The argument of the format's ``write``.
        flag: The flag on the command line.
        unit: The number's unit, in words.
        help: What it decides, and its default.
    """

    name: str
    flag: str
    unit: str
    help: str
