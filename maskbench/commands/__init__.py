"""Define the subcommands of ``maskbench``, one module each: ``configure(parser)``, ``run(args)``.

A module's docstring is its help text, and the first line is shown in ``maskbench --help``. It ends
with a table of exit statuses: :data:`EXIT_STATUS`, and what the module's own ``EXIT_STATUS`` says
otherwise. Modules import what they need inside ``run``, so that ``--help`` stays quick.
"""

import argparse
from collections.abc import Callable, Mapping

from maskbench.errors import DataError, MaskbenchError, ParamsError, SourceError

EXIT_STATUS = {
    0: "done",
    MaskbenchError.exit_code: "another error; the message says which",
    ParamsError.exit_code: "params.yaml or the command line is wrong",
    SourceError.exit_code: "a source or a version cannot be read",
    DataError.exit_code: "annotations, images, masks or predictions break a rule",
    130: "interrupted",
}
"""What the exit status of every command means."""


def exit_table(own: Mapping[int, str]) -> str:
    """Return the table of exit statuses of a command; ``own`` says what they mean there."""
    rows = sorted({**EXIT_STATUS, **own}.items())
    return "\n".join(["exit status:", *(f"  {code:<4} {meaning}" for code, meaning in rows)])


def at_least(least: int) -> Callable[[str], int]:
    """Return a reader of command-line words that are whole numbers, ``least`` or more.

    The reader raises :class:`argparse.ArgumentTypeError` for any other word.
    """

    def count(word: str) -> int:
        if not (word.isascii() and word.isdigit() and int(word) >= least):
            raise argparse.ArgumentTypeError(f"{word!r} is not a whole number from {least} up")
        return int(word)

    return count
