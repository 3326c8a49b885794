"""Worker processes on this machine: forks of this process that run functions for it.

``concurrent.futures`` has a pool of its own, which forks when the first work is there. These can be
started before that: while this process still finds out what there is to do, the first of them loads
what the work needs, and the others are forked from it (see :mod:`maskbench.pipeline.ahead`).
"""

import os
import pickle
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Generic, NoReturn, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_End = tuple[int, int]
"""A process's ends of two pipes: where it reads and where it writes."""


class GoneError(Exception):
    """A worker process has ended before it answered."""


@dataclass(frozen=True)
class Line:
    """The way to one worker process and back, for one thread at a time.

    Attributes:
        calls: What it runs goes in here.
        answers: What came of it comes out here.
    """

    calls: BinaryIO
    answers: BinaryIO

    def ask(self, call: bytes) -> tuple[bool, Any]:
        """Run a pickled ``(function, args, kwargs)`` there.

        Returns:
            Whether the function returned, and its result or what it raised.

        Raises:
            GoneError: The process ends before it answers.
        """
        try:
            pickle.dump(call, self.calls)
            self.calls.flush()
            answer = pickle.load(self.answers)  # noqa: S301 - our own process
        except (EOFError, OSError, pickle.UnpicklingError):
            raise GoneError from None
        good, value = pickle.loads(answer)  # noqa: S301
        return good, value


class Processes:
    """Worker processes, which end with this one, however that ends.

    Args:
        count: How many.
        load: What the first does before the others are forked from it. If it raises, then the
            functions that need it will say so.

    Attributes:
        lines: The ways to them.
    """

    def __init__(self, count: int, load: Callable[[], None] | None = None) -> None:
        there, back = [os.pipe() for _ in range(count)], [os.pipe() for _ in range(count)]
        alive = os.pipe()
        theirs = [(read, write) for (read, _), (_, write) in zip(there, back, strict=True)]
        ours = [(read, write) for (_, write), (read, _) in zip(there, back, strict=True)]
        self._ends = {alive[1], *(end for pair in ours for end in pair)}
        _ends.update(self._ends)
        _flush()
        self._first = os.fork()
        if not self._first:
            _close(*_ends)
            _work(theirs, alive[0], load)
        _close(alive[0], *(end for pair in theirs for end in pair))
        self._alive = alive[1]
        self.lines = [Line(os.fdopen(w, "wb"), os.fdopen(r, "rb")) for r, w in ours]

    def end(self) -> None:
        """End them; nobody may be asking any more."""
        _ends.difference_update(self._ends)
        os.close(self._alive)
        for line in self.lines:
            line.answers.close()
            with suppress(OSError):  # what could not be sent to one that has gone
                line.calls.close()
        with suppress(ChildProcessError):
            os.waitpid(self._first, 0)


_ends: set[int] = set()
"""What this process holds of the pipes to its workers. Its other forks must not: a worker ends when
nobody holds the other ends of its pipes any more."""


def _flush() -> None:
    """What is to be printed is printed once, not by each fork."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()


def _close(*ends: int) -> None:
    for end in ends:
        os.close(end)


def _work(ends: Sequence[_End], alive: int, load: Callable[[], None] | None) -> NoReturn:
    """Be a worker process, and fork the others."""
    try:
        with suppress(Exception):
            if load is not None:
                load()
        mine, children = ends[0], list[int]()
        for end in ends[1:]:
            child = os.fork()
            if not child:
                mine, children = end, []
                break
            children.append(child)
        _close(*(end for pair in ends if pair != mine for end in pair))
        threading.Thread(target=_outlive, args=(alive, children), daemon=True).start()
        _serve(os.fdopen(mine[0], "rb"), os.fdopen(mine[1], "wb"))
        _outlive(alive, children)
    finally:  # also on Ctrl-C, which the one that started us hears as well
        os._exit(1)


def _outlive(alive: int, children: Sequence[int]) -> NoReturn:
    """End this worker as soon as the process that started it wants so, or has gone, even killed.

    What it was writing lies in a staging folder that nobody takes.
    """
    try:
        os.read(alive, 1)  # nobody ever writes: it returns when the other end is closed
        for child in children:
            os.waitpid(child, 0)
    finally:
        os._exit(1)


def _serve(calls: BinaryIO, answers: BinaryIO) -> None:
    """Run what comes in until nobody asks any more."""
    with suppress(EOFError, OSError, pickle.UnpicklingError):
        while True:
            answer = _answer(pickle.load(calls))  # noqa: S301 - from the one that forked us
            pickle.dump(answer, answers)
            answers.flush()


def _answer(call: bytes) -> bytes:
    try:
        function, args, kwargs = pickle.loads(call)  # noqa: S301
        return pickle.dumps((True, function(*args, **kwargs)))
    except Exception as error:
        return _failure(error)


def _failure(error: Exception) -> bytes:
    """The answer that is an error, with a note of where it came from."""
    from traceback import format_exception  # noqa: PLC0415 - not needed mostly

    text = "".join(format_exception(error))
    error.add_note(f"In a worker process:\n{text}")
    try:
        answer = pickle.dumps((False, error))
        pickle.loads(answer)  # noqa: S301 - some errors can be packed only
    except Exception:
        return pickle.dumps((False, RuntimeError(f"in a worker process:\n{text}")))
    return answer


_ahead: list[Processes] = []


def start_ahead(count: int, load: Callable[[], None]) -> None:
    """Start ``count`` processes for the next one who wants some."""
    _ahead.append(Processes(count, load))


def processes(count: int) -> Processes:
    """Worker processes: those that were started ahead, or else new ones, ``count``."""
    return _ahead.pop() if _ahead else Processes(count)


@dataclass(frozen=True)
class Chunk(Generic[Item, Result]):
    """Calls the function with each of several items; a class, so that it travels to processes."""

    function: Callable[[Item], Result]

    def __call__(self, items: Sequence[Item]) -> tuple[float, list[Result]]:
        """(seconds that it took, results)."""
        start = time.perf_counter()
        results = [self.function(item) for item in items]
        return time.perf_counter() - start, results
