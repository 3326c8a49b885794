"""The error family: what went wrong, where, and what to do about it.

::

    MaskbenchError                  exit status 1: anything else that a user can mend
    ├── CommandError                exit status 2: the words of a command do not go together
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

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from maskbench.text import SHOWN, counted, escape_terminal, some

SHOWN_CAUSES = 200  # printed before the rest is only counted: more than a person reads

TaskLink = Callable[[int, int | None], str | None]
"""Returns the address of a task in Label Studio, given its id and its project's, if it is known."""


class Problem(NamedTuple):
    """One thing that is wrong, and where.

    Attributes:
        what: What is wrong and what to do, one sentence.
        file: The file it was found in, if one.
        task: Label Studio's task id.
        annotation: Label Studio's annotation id.
        region: Label Studio's region id (the ``id`` of a result entry).
        param: The YAML path of the parameter concerned, such as ``labels_map.Canvas``.
        project: Label Studio's id of the task's project, for a link; it is not shown.
    """

    what: str
    file: str | None = None
    task: int | None = None
    annotation: int | None = None
    region: str | None = None
    param: str | None = None
    project: int | None = None

    def __str__(self) -> str:
        places = [self.place] if self.place else []
        if self.param is not None:
            places.append(f"params.yaml: {self.param}")
        return escape_terminal(": ".join([", ".join(places), self.what]) if places else self.what)

    @property
    def place(self) -> str:
        """Where it was found: file, task, annotation and region, as far as they are known."""
        names = ("task", "annotation", "region")
        places = [f"{name} {value}" for name in names if (value := getattr(self, name)) is not None]
        return ", ".join([self.file, *places] if self.file is not None else places)


def group_by_cause(
    problems: Iterable[Problem], most: int | None = SHOWN, link: TaskLink | None = None
) -> list[Problem]:
    """Make one of the problems that say the same of several tasks; a file keeps its own line.

    This is the only way in which messages name several tasks: a problem for each of them.

    Args:
        problems: All problems of a run.
        most: Places named of each cause; None: all.
        link: Finds the address of a task; the first of each cause is given.

    Returns:
        The problems in the order in which each cause was met first.
    """
    groups: dict[tuple[str | None, ...], list[Problem]] = {}
    for problem in problems:
        is_alone = problem.task is None and problem.param is None
        cause = (problem.what, problem.param, problem.file if is_alone else None)
        groups.setdefault(cause, []).append(problem)
    return [_merged(members, most, link) for members in groups.values()]


def count_problems(problems: Iterable[Problem]) -> str:
    """Return how many causes there are, as they are listed: ``3 problems``."""
    return counted(len(group_by_cause(problems)), "problem")


def _merged(members: Sequence[Problem], most: int | None, link: TaskLink | None) -> Problem:
    first = members[0]
    end = see(link, first.task, first.project)
    if len(members) == 1:
        return first._replace(what=first.what + end)
    file = first.file if all(member.file == first.file for member in members) else None
    where = [member._replace(file=None if file else member.file) for member in members]
    nouns = ("region", "annotation", "task", "file")
    noun = next((name for name in nouns if getattr(where[0], name) is not None), "time")
    only_tasks = all(member.place == f"task {member.task}" for member in where)
    places = [str(member.task) if only_tasks else member.place for member in where]
    shown = some(dict.fromkeys(places), most, ", " if only_tasks else "; ") if any(places) else ""
    count = counted(len(members), noun)
    what = f"{first.what} ({count}: {shown})" if shown else f"{first.what} ({count})"
    return Problem(what + end, file=file, param=first.param)


def see(link: TaskLink | None, task: int | None, project: int | None) -> str:
    """Return the end of a message that leads to a task in Label Studio; empty if that is unknown.

    >>> see(lambda task, project: f"http://host/{task}", 7, None)
    '; see http://host/7'
    """
    address = link(task, project) if link and task is not None else None
    return f"; see {address}" if address else ""


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
        return self.describe()

    def describe(
        self, is_all: bool = False, more: str = "", link: TaskLink | None = None, hint: str = ""
    ) -> str:
        """Return the message and its problems, one line a cause.

        Args:
            is_all: Cut no list.
            more: How to see what is cut off.
            link: Finds the addresses of tasks.
            hint: What else to look at, told where there are problems.
        """
        lines = [escape_terminal(line) for line in super().__str__().split("\n")]
        whole = group_by_cause(self.problems, None, link)
        causes = whole if is_all else group_by_cause(self.problems, SHOWN, link)
        shown = causes if is_all else causes[:SHOWN_CAUSES]
        lines += [f"  - {problem}" for problem in shown]
        if len(causes) > len(shown):
            lines.append(f"  … and {len(causes) - len(shown)} more")
        lines += [f"  ({more})"] if more and shown != whole else []
        lines += [f"  ({hint})"] if hint and shown else []
        if self.advice:
            lines += ["", *map(escape_terminal, self.advice.split("\n"))]
        return "\n".join(lines)


class CommandError(MaskbenchError):
    """The words of a command do not go together, or one is missing."""

    exit_code = 2


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
