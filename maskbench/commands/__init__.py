"""Define the subcommands of ``maskbench``, one module each: ``configure(parser)``, ``run(args)``.

A module's docstring is its help text, and the first line is shown in ``maskbench --help``. Modules
import what they need inside ``run``, so that ``--help`` stays quick.
"""

import argparse
from collections.abc import Callable


def at_least(least: int) -> Callable[[str], int]:
    """Return a reader of command-line words that are whole numbers, ``least`` or more.

    The reader raises :class:`argparse.ArgumentTypeError` for any other word.
    """

    def count(word: str) -> int:
        if not (word.isascii() and word.isdigit() and int(word) >= least):
            raise argparse.ArgumentTypeError(f"{word!r} is not a whole number from {least} up")
        return int(word)

    return count
