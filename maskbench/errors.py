"""The error family: what went wrong, where, and what to do about it.

::

    MaskbenchError                  exit status 1: anything else that a user can mend
    ├── ParamsError                 exit status 2: params.yaml is wrong
    ├── SourceError                 exit status 3: the source of annotations cannot be read
    │   ├── GaveUpError             labelstudio/server/errors.py
    │   │   └── BusyError
    │   ├── NotThereError
    │   ├── KeyRefusedError         labelstudio/server/auth.py
    │   └── PrivateAddressError     labelstudio/server/private_network.py
    └── DataError                   exit status 4: annotations, images or masks break a rule
    ValueError
    ├── GeometryError               a region's geometry cannot be read
    └── TaskError                   labelstudio/export.py: a task cannot be read

Stages collect every :class:`Problem` of a run and raise them together, so that a curator fixes a
project in one round.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from maskbench.text import escape_terminal

SHOWN_TASKS = 5  # tasks named where many have the same problem
SHOWN = 200  # problems printed before the rest is only counted: more than a person reads


class Problem(NamedTuple):
    """One thing that is wrong, and where.

    Attributes:
        what: What is wrong and what to do, one sentence.
        file: The file it was found in, if one.
        task: Label Studio's task id.
        annotation: Label Studio's annotation id.
        region: Label Studio's region id (the ``id`` of a result entry).
        param: The YAML path of the parameter concerned, such as ``labels_map.Canvas``.
    """

    what: str
    file: str | None = None
    task: int | None = None
    annotation: int | None = None
    region: str | None = None
    param: str | None = None

    def __str__(self) -> str:
        names = ("file", "task", "annotation", "region")
        places = [f"{name} {value}" for name in names if (value := getattr(self, name)) is not None]
        if self.file is not None:
            places[0] = self.file
        if self.param is not None:
            places.append(f"params.yaml: {self.param}")
        return escape_terminal(": ".join([", ".join(places), self.what]) if places else self.what)


def group_by_cause(problems: Iterable[Problem]) -> list[Problem]:
    """Make one of the problems that a parameter mends and that say the same of several tasks.

    Returns:
        The problems in the order in which each cause was met first.
    """
    groups: dict[Problem, list[Problem]] = {}
    for problem in problems:
        cause = problem._replace(task=None) if problem.param is not None else problem
        groups.setdefault(cause, []).append(problem)
    grouped = []
    for cause, members in groups.items():
        if cause.param is None or len(members) == 1:
            grouped += members
            continue
        some = ", ".join(str(member.task) for member in members[:SHOWN_TASKS])
        more = ", …" if len(members) > SHOWN_TASKS else ""
        grouped.append(cause._replace(what=f"{cause.what} ({len(members)} tasks: {some}{more})"))
    return grouped


def some_tasks(tasks: Sequence[int], most: int = 10) -> str:
    """Return how many tasks there are, and the first of them.

    >>> some_tasks([7]), some_tasks([1, 2, 3], most=2)
    ('1 task (7)', '3 tasks (1, 2, …)')
    """
    shown = ", ".join(str(task) for task in tasks[:most])
    more = ", …" if len(tasks) > most else ""
    return f"{len(tasks):,} task{'s' * (len(tasks) != 1)} ({shown}{more})"


class MaskbenchError(Exception):
    """The base of all errors that a user can cause and mend.

    Args:
        message: One sentence: what happened and what to do.
        problems: The single problems behind it, all of the run.
        advice: What to do about all of them, several lines; shown last, so that lines to paste
            stand at the end.
    """

    exit_code = 1

    def __init__(self, message: str, problems: Sequence[Problem] = (), advice: str = "") -> None:
        super().__init__(message)
        self.problems = tuple(problems)
        self.advice = advice

    def __str__(self) -> str:
        lines = [escape_terminal(line) for line in super().__str__().split("\n")]
        lines += [f"  - {problem}" for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"  … and {len(self.problems) - SHOWN} more")
        if self.advice:
            lines += ["", *map(escape_terminal, self.advice.split("\n"))]
        return "\n".join(lines)


class ParamsError(MaskbenchError):
    """``params.yaml`` cannot be used as it is."""

    exit_code = 2


class SourceError(MaskbenchError):
    """The source of annotations (a folder or a Label Studio server) cannot be read."""

    exit_code = 3


class DataError(MaskbenchError):
    """Annotations, images or masks break a rule of the benchmark."""

    exit_code = 4


class GeometryError(ValueError):
    """A region's geometry cannot be read; the message says which value and why.

    Raised by the pure functions, which know no task; the stage turns it into a :class:`Problem`.
    """


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint for a misspelt name: the closest known one, and all of them.

    >>> did_you_mean("Canvass", ["Canvas", "Plant"])
    "did you mean 'Canvas'? known: Canvas, Plant"
    """
    names = sorted(known)
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}known: {', '.join(names) or 'none'}"
