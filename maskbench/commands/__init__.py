"""The subcommands of ``maskbench``: a module each, with ``configure(parser)`` and ``run(args)``.

The first line of a module's docstring is its line in ``maskbench --help``, all of it its own help
text. Modules import what they need inside ``run``, so that ``--help`` stays quick.
"""

import argparse
from collections.abc import Callable


def at_least(least: int) -> Callable[[str], int]:
    """Reads a word of the command line that says how many: a whole number, ``least`` or more.

    What it returns raises :class:`argparse.ArgumentTypeError` where the word is no such number.
    """

    def count(word: str) -> int:
        if not (word.isascii() and word.isdigit() and int(word) >= least):
            raise argparse.ArgumentTypeError(f"{word!r} is not a whole number from {least} up")
        return int(word)

    return count
