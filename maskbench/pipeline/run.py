"""Run a stage as a command: read its params, call it, and print its summary or its error."""

import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout, UnixFileLock, WindowsFileLock

from maskbench.errors import DataError, MaskbenchError, ParamsError, Problem
from maskbench.files.atomic import remove_unfinished
from maskbench.params import Params, load_params
from maskbench.pipeline.layout import Layout, TaskOrigin, read_origins
from maskbench.pipeline.pin import check_pin
from maskbench.text import print_anywhere


def run_stage(stage: str, function: Callable[[Params, Layout], str]) -> int:
    """Run a stage in the current folder and print its summary or its error.

    Returns:
        The exit status. 0: done; 1: other errors; 2: params.yaml is wrong; 3: the source cannot be
        read; 4: data breaks a rule; 130: interrupted.
    """
    print_anywhere()
    try:
        params, layout = load_params(Path("params.yaml")), Layout()
        check_pin(layout.root)
        with _alone(stage, layout):
            remove_unfinished(layout.written())
            summary = function(params, layout)
        print(f"{stage}: {summary}")
    except MaskbenchError as error:
        print(f"error: {_told(error, stage)}", file=sys.stderr)
        return error.exit_code
    except (OSError, sqlite3.OperationalError) as error:  # disk full, no permission
        print(f"error: {stage}: {error}; nothing half-written is kept", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{stage}: interrupted; the previous outputs are kept", file=sys.stderr)
        return 130
    return 0


_BUILD = ("fetch", "rasterize", "combine", "split")


def _told(error: MaskbenchError, stage: str) -> str:
    """Return a stage's error with the files that tasks came from, and links to them.

    It ends with a command that tells now what would stop the stages after this one: they would
    tell it one after the other.
    """
    try:
        fetched = load_params(Path("params.yaml")).fetch
    except ParamsError:
        return error.describe()
    origins = read_origins(Layout())
    error.problems = tuple(_with_origin(problem, origins) for problem in error.problems)
    hint = ""
    if stage in _BUILD[:-1] and isinstance(error, DataError):
        *others, last = _BUILD[_BUILD.index(stage) + 1 :]
        names = f"{', '.join(others)} or {last}" if others else last
        hint = f"what would stop {names} after this: `maskbench doctor --all` tells it now"
    return error.describe(
        more="all of them: `maskbench doctor --all`", link=fetched.task_link, hint=hint
    )


def _with_origin(problem: Problem, origins: Mapping[int, TaskOrigin]) -> Problem:
    """Return a problem with what the last fetch knows of its task: its project, and its file.

    What a parameter settles is looked up there, not in the file.
    """
    if problem.task is None:
        return problem
    origin = origins.get(problem.task, TaskOrigin())
    file = problem.file if problem.file or problem.param else origin.file
    project = origin.project if problem.project is None else problem.project
    return problem._replace(file=file, project=project)


_SystemLock = WindowsFileLock if sys.platform == "win32" else UnixFileLock


@contextmanager
def _alone(stage: str, layout: Layout) -> Iterator[None]:
    """Wait until no other stage runs in this folder, then let none begin.

    A stage can outlive a ``dvc repro`` that was killed. The lock is the system's: it is released
    when this process ends in any way. (``filelock.FileLock`` may be a mere file instead.)
    """
    layout.lock.parent.mkdir(parents=True, exist_ok=True)
    layout.lock.touch()  # fails with a clear error where nothing can be written
    lock = _SystemLock(layout.lock, fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        print(f"{stage}: waits for a stage that runs in this folder already", file=sys.stderr)
        lock.acquire()
    except OSError:  # a file system without locks: nobody waits
        pass
    try:
        yield
    finally:
        lock.release()
