"""Run per-image work on all workers: the one function that stages call for it.

``MASKBENCH_WORKERS`` sets the number of worker processes (default: the cores this process may use);
``MASKBENCH_SCHEDULER=tcp://host:port`` has the workers of a Dask scheduler do the work.
These are environment variables because they must not change what a version contains. Threads would
not help: filling and Python's own work hold the interpreter lock.
"""

import multiprocessing
import os
import pickle
import signal
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing.connection import wait as wait_for_any
from threading import Thread
from typing import Any, TypeVar

from tqdm import tqdm

from maskbench.errors import MaskbenchError

Item = TypeVar("Item")
Result = TypeVar("Result")

FEW = 4
"""Number of items up to which no processes are started: that takes longer than the work."""

LARGEST_CHUNK = 16
"""Most items that are handed to a worker at once."""

_CHUNKS_IN_FLIGHT = 4  # for each worker
_LOOK_AGAIN = 2.0  # seconds after which the number of workers is asked for again
_MOST_ON_WINDOWS = 61  # as ProcessPoolExecutor's documentation says


@dataclass(frozen=True)
class Workers:
    """What works on chunks of items.

    Attributes:
        submit: Has a function called with each of several items; returns the future list of
            results.
        count: Returns how many chunks are worked on at the same time, now. It raises
            MaskbenchError if there are no workers any more.
    """

    submit: Callable[[Callable[[Any], Any], Sequence[Any]], "Future[list[Any]]"]
    count: Callable[[], int]


def worker_count() -> int:
    """Return how many processes to use.

    Raises:
        MaskbenchError: ``MASKBENCH_WORKERS`` is no positive number.
    """
    text = os.environ.get("MASKBENCH_WORKERS", "")
    if text and (not text.isdecimal() or int(text) < 1):
        raise MaskbenchError(f"MASKBENCH_WORKERS is {text!r}, not a number of processes")
    if text:
        count = int(text)
    elif hasattr(os, "sched_getaffinity"):  # a container may have fewer cores than the machine
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    return min(count, _MOST_ON_WINDOWS) if sys.platform == "win32" else count


def run_all(
    function: Callable[[Item], Result], items: Iterable[Item], description: str
) -> Iterator[Result]:
    """Call ``function`` with each item on all workers; returns the results in the items' order.

    An error that the function raises is raised here, with the worker's traceback as its cause.

    Args:
        function: A module-level function, or an instance of a module-level class: it is pickled, as
            are its argument and its result.
        items: What to work on; read as results are taken, so that it may be a generator (wrap it
            in :func:`progress` for a bar).
        description: What runs, for messages.

    Raises:
        MaskbenchError: A worker process died, or the Dask scheduler cannot be used.
    """
    count = worker_count()
    scheduler = os.environ.get("MASKBENCH_SCHEDULER", "")
    source = iter(items)
    first = list(islice(source, FEW + 1))
    if len(first) <= FEW or (count == 1 and not scheduler):
        yield from map(function, chain(first, source))
        return
    chosen = _dask(scheduler, description) if scheduler else _processes(count, description)
    with chosen as workers:
        yield from _in_order(workers, function, chain(first, source))


def _in_order(
    workers: Workers, function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """Yield results in order, with a bounded number of items in flight: so memory is bounded."""
    source = iter(items)
    pending: deque[Future[list[Result]]] = deque()
    submitted = 0
    while True:
        count = workers.count()
        while len(pending) < _CHUNKS_IN_FLIGHT * count:
            chunk = list(islice(source, _chunk_size(submitted, count)))
            if not chunk:
                break
            pending.append(workers.submit(function, chunk))
            submitted += len(chunk)
        if not pending:
            return
        if wait([pending[0]], _LOOK_AGAIN).done:
            yield from pending.popleft().result()


def _chunk_size(submitted: int, count: int) -> int:
    """Return how many items to hand over next.

    One at first, so that a few large images keep all workers busy; then more, so that many small
    ones take few hand-overs.
    """
    return min(1 + submitted // (8 * count), LARGEST_CHUNK)


def call_each(chunk: bytes) -> list[Any]:
    """Call a function with each of several items, on a worker.

    Args:
        chunk: The function and the items, pickled.

    Raises:
        Exception: The function's error; as text, if it cannot be unpickled where it arrives.
    """
    function, items = pickle.loads(chunk)
    try:
        return [function(item) for item in items]
    except Exception as error:
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            raise RuntimeError("".join(traceback.format_exception(error))) from None
        raise


@contextmanager
def _processes(count: int, description: str) -> Iterator[Workers]:
    """Start worker processes by the system's default method; they have ended when the block has."""
    pool = ProcessPoolExecutor(count, initializer=_begin_worker)

    def submit(function: Callable[[Any], Any], items: Sequence[Any]) -> "Future[list[Any]]":
        # Pickled here, so that an error is raised here: Python 3.11's pool may hang on one.
        return pool.submit(call_each, pickle.dumps((function, items)))

    try:
        yield Workers(submit, lambda: count)
    except BrokenExecutor:
        raise MaskbenchError(
            f"{description}: a worker process died, most often for lack of memory; "
            "try MASKBENCH_WORKERS=1. What was finished is kept"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _begin_worker() -> None:
    """Prepare a worker process."""
    # Control-C goes to all processes of a terminal: the one that started the workers says so.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as in the background of a shell
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this worker as soon as the process that started it has ended, even by ``kill -9``.

    The pool itself would let it wait for work for ever, or finish work whose result nobody takes.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:  # this is a worker
        wait_for_any([parent.sentinel])
        os._exit(1)


def _dask(address: str, description: str) -> AbstractContextManager[Workers]:
    try:
        from maskbench.parallel.dask import connected
    except ModuleNotFoundError:
        raise MaskbenchError(
            "MASKBENCH_SCHEDULER is set, but `distributed` is not installed; install "
            "maskbench[dask], or unset it"
        ) from None
    return connected(address, description)


def progress(items: Iterable[Item], total: int | None, description: str) -> Iterator[Item]:
    """Yield the items and show a bar on the terminal; no bar if it is not a terminal.

    Args:
        items: Any items.
        total: How many there are, if that is known.
        description: Word before the bar, such as the stage's name.
    """
    if not sys.stderr.isatty():
        yield from items
        return
    tqdm.monitor_interval = 0  # no thread: processes may be forked while the bar is shown
    yield from tqdm(items, total=total, desc=description, file=sys.stderr, leave=False)
