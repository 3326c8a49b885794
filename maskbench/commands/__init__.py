"""The subcommands of ``maskbench``: a module each, with ``configure(parser)`` and ``run(args)``.

The first line of a module's docstring is its line in ``maskbench --help``, all of it its own help
text. Modules import what they need inside ``run``, so that ``--help`` stays quick.
"""

import argparse


def count(word: str) -> int:
    """How many, as a word of the command line: 0 or more.

    Raises:
        argparse.ArgumentTypeError: It is no such number.
    """
    if not (word.isascii() and word.isdigit()):
        raise argparse.ArgumentTypeError(f"{word!r} is no count: give 0 or a whole number above it")
    return int(word)
