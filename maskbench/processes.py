"""Worker processes on this machine: how they are started, and what they do.

The first of them is forked from the process that wants work done, loads the work's module while
that one loads what it needs itself, and is what the others are forked from. So numpy, which takes
as long to load as dozens of images to draw, is loaded once, on a core that has nothing else to do.
(The standard library's pool forks from a process that has loaded everything, one thing after the
other, or starts interpreters that load everything each.)

Light on purpose: a stage loads this before anything else. See :mod:`maskbench.pool` for what calls.
"""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, Generic, NamedTuple, NoReturn, TypeVar

from maskbench.errors import MaskbenchError

Item = TypeVar("Item")
Result = TypeVar("Result")


def scheduler() -> str:
    """The address of the Dask scheduler whose workers are used; empty: processes here are."""
    return os.environ.get("MASKBENCH_SCHEDULER", "")


def workers() -> int:
    """How many processes to use.

    Raises:
        MaskbenchError: ``MASKBENCH_WORKERS`` is no positive number.
    """
    text = os.environ.get("MASKBENCH_WORKERS", "")
    if not text:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if not text.isdecimal() or int(text) < 1:
        raise MaskbenchError(f"MASKBENCH_WORKERS is {text!r}, not a number of processes")
    return int(text)


@dataclass(frozen=True)
class Deferred:
    """A function by its name, whose module is loaded where it is called: by workers, not here.

    Attributes:
        module: Such as ``maskbench.pipeline.masks``.
        name: The function's.
    """

    module: str
    name: str

    def __call__(self, argument: Any) -> Any:
        """The function's result."""
        from importlib import import_module  # noqa: PLC0415 - not before the processes are started

        return getattr(import_module(self.module), self.name)(argument)


@dataclass(frozen=True)
class Chunk(Generic[Item, Result]):
    """Calls a function with each of several items.

    Attributes:
        function: The function; it travels.
    """

    function: Callable[[Item], Result]

    def __call__(self, items: Sequence[Item]) -> tuple[float, list[Result]]:
        """(seconds that it took, results)."""
        began = time.perf_counter()
        results = [self.function(item) for item in items]
        return time.perf_counter() - began, results


class Line(NamedTuple):
    """The ends of pipes that lead to and from one process, as file descriptors."""

    calls: int
    answers: int


class Team(NamedTuple):
    """Processes that wait for calls.

    Attributes:
        first: The process that the others are children of; it ends after them.
        lines: Our ends of each process's pipes: calls are written, answers are read.
        life: Our end of a pipe; once it is closed, even by our death, all processes end at once.
    """

    first: int
    lines: Sequence[Line]
    life: int


_teams: list[Team] = []  # all that have not been dismissed
_ahead: list[Team] = []  # those of them that nobody has asked for


def start_ahead(count: int, module: str) -> None:
    """Start processes that :func:`hired` will give, so that they load while we do other things."""
    _ahead.append(start(count, module))


def hired(count: int, module: str | None) -> Team:
    """The processes that were started ahead, or else new ones."""
    return _ahead.pop() if _ahead else start(count, module)


def start(count: int, module: str | None = None) -> Team:
    """Start processes.

    Args:
        count: How many.
        module: What they load before they are asked anything.
    """
    pipes = [(os.pipe(), os.pipe()) for _ in range(count)]  # (their end, ours), (ours, theirs)
    theirs = [Line(calls[0], answers[1]) for calls, answers in pipes]
    ours = [Line(calls[1], answers[0]) for calls, answers in pipes]
    until, life = os.pipe()
    first = os.fork()
    team = Team(first, ours, life)
    if not first:
        _work([*_teams, team], theirs, until, module)
    _teams.append(team)
    for end in (*_ends(theirs), until):
        os.close(end)
    return team


def dismiss(team: Team) -> None:
    """End processes that have answered all that they were asked; returns when they have ended.

    So their time counts with ours for whoever measures.
    """
    _teams.remove(team)
    for end in _ends(team.lines):
        os.close(end)
    with suppress(ChildProcessError):  # somebody else has asked for all that ended
        os.waitpid(team.first, 0)  # it waits for the others
    os.close(team.life)


def _ends(lines: Sequence[Line]) -> list[int]:
    return [end for line in lines for end in line]


def _work(teams: Sequence[Team], lines: Sequence[Line], until: int, module: str | None) -> NoReturn:
    """What the first process does and, from where they are forked, the others.

    Args:
        teams: Ours and those started before, whose ends of pipes are not for us: as long as one
            process has them, none sees them closed.
        lines: Each process's ends of its pipes.
        until: Ends when the process that wants work done does.
        module: What to load.
    """
    status = 1
    try:
        for team in teams:
            for end in (*_ends(team.lines), team.life):
                os.close(end)
        _die_when_interrupted()
        _load(module)
        children, mine = _fork_others(lines)
        _end_with(until)
        _serve(mine)
        for child in children:
            os.waitpid(child, 0)
        status = 0
    finally:  # whatever happens, no worker goes on with what the other process was about to do
        os._exit(status)


def _die_when_interrupted() -> None:
    """Without a word: the process that wants work done is interrupted too, and says so."""
    import signal  # noqa: PLC0415 - see the module's docstring

    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _load(module: str | None) -> None:
    from importlib import import_module  # noqa: PLC0415 - see the module's docstring

    if module is not None:
        with suppress(Exception):  # the first call fails the same way, and its error is shown
            import_module(module)


def _fork_others(lines: Sequence[Line]) -> tuple[list[int], Line]:
    """In each process: its children, and its line; those of the others are closed."""
    children: list[int] = []
    mine = lines[0]
    for line in lines[1:]:
        child = os.fork()
        if not child:
            children, mine = [], line
            break
        children.append(child)
    for line in lines:
        if line is not mine:
            os.close(line.calls)
            os.close(line.answers)
    return children, mine


def _end_with(until: int) -> None:
    """End this process as soon as the other end of a pipe is closed, even amid a call."""
    from threading import Thread  # noqa: PLC0415 - see the module's docstring

    def outlive() -> None:
        os.read(until, 1)
        os._exit(1)  # what it was writing lies in a staging folder that nobody takes

    Thread(target=outlive, daemon=True).start()


def _serve(line: Line) -> None:
    """Answer calls until there are no more."""
    with open(line.calls, "rb") as inbox, open(line.answers, "wb") as outbox:  # noqa: PTH123
        while (call := receive(inbox)) is not None:
            send(outbox, _answer(call))


def send(stream: IO[bytes], content: bytes) -> None:
    """Write a message: its length, then the content."""
    stream.write(len(content).to_bytes(8, "little"))
    stream.write(content)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read a message; None: there are no more, or it was cut off."""
    size = int.from_bytes(head := stream.read(8), "little")
    content = stream.read(size)
    return content if len(head) == 8 and len(content) == size else None


def _answer(call: bytes) -> bytes:
    """What a pickled (function, args, kwargs) gives: a pickled (whether it failed, result)."""
    import pickle  # noqa: PLC0415 - see the module's docstring

    try:
        function, args, kwargs = pickle.loads(call)  # noqa: S301 - ours
        return pickle.dumps((False, function(*args, **kwargs)), pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        return _failure(error)


def _failure(error: Exception) -> bytes:
    """An error that travels, with where it came from as a note."""
    import pickle  # noqa: PLC0415 - see the module's docstring
    import traceback  # noqa: PLC0415

    error.add_note("".join(traceback.format_exception(error)))
    try:
        content = pickle.dumps((True, error))
        pickle.loads(content)  # noqa: S301 - errors that need more arguments do not come back
    except Exception:
        content = pickle.dumps((True, RuntimeError("\n".join(error.__notes__))))
    return content
