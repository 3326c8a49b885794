"""The one seam through which per-image work runs: ``concurrent.futures``' interface.

``MASKBENCH_WORKERS`` sets the number of processes (default: the cores this process may use), or
``MASKBENCH_SCHEDULER=tcp://host:port`` runs the work on the workers of a Dask scheduler; with
``MASKBENCH_SHARED`` only work that ``travels`` with its files, by that URL. These are
environment variables because they must not change what a version contains. Threads would not help:
filling and Python's own work hold the interpreter lock.
"""

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from concurrent.futures import BrokenExecutor, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Generic, NamedTuple, TypeVar

from maskbench.errors import MaskbenchError

Item = TypeVar("Item")
Result = TypeVar("Result")

FEW = 8
"""So many items or fewer are worked on here: starting processes would take longer."""

MOST = 64
"""Items handed over at once at most."""

_AHEAD = 4  # chunks in flight for each process
_LOOK = 2.0  # seconds between looks at whether there are still workers


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


class _Pool(NamedTuple):
    """Where work runs.

    Attributes:
        executor: Takes the work.
        width: How many calls run at the same time, now.
        seconds: How long a chunk of items should take, so that handing it over costs little.
    """

    executor: Executor
    width: Callable[[], int]
    seconds: float


@contextmanager
def _pool(few: bool, spreads: bool, description: str) -> Iterator[_Pool | None]:
    """Processes or Dask workers; None: work here."""
    count = workers()
    address = os.environ.get("MASKBENCH_SCHEDULER", "") if spreads else ""
    if few:
        yield None
        return
    if address:
        from maskbench.cluster import connected  # noqa: PLC0415 - a large import, rarely needed

        with connected(address, description) as cluster:
            yield _Pool(cluster, cluster.width, 0.5)
        return
    if count == 1:
        yield None
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - its start-up

    pool = ProcessPoolExecutor(count, initializer=_end_with_parent)
    try:
        yield _Pool(pool, lambda: count, 0.05)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _end_with_parent() -> None:
    """End this worker process as soon as the one that started it has gone, even killed.

    Otherwise it would wait for work for ever.
    """
    from multiprocessing import parent_process  # noqa: PLC0415 - imported with the processes

    parent = parent_process()
    assert parent is not None  # noqa: S101 - runs in workers only
    threading.Thread(target=_outlive, args=(parent.sentinel,), daemon=True).start()


def _outlive(sentinel: int) -> None:
    from multiprocessing.connection import wait as wait_for_any  # noqa: PLC0415 - as above

    wait_for_any([sentinel])
    os._exit(1)  # what it was writing lies in a staging folder that nobody takes


def run_all(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    description: str,
    travels: bool = False,
) -> Iterator[Result]:
    """``function`` of each item, in the items' order, on all workers.

    Args:
        function: A module-level function; its argument and result travel between processes.
        items: What to work on; read as results are taken, so that it may be a generator (wrap it
            in :func:`progress` for a bar).
        description: What runs, for messages.
        travels: Each file that the function reads is a path in its item, so that workers which do
            not see our files can be sent them.

    Raises:
        MaskbenchError: A worker process died, or the Dask scheduler cannot be used.
    """
    few = isinstance(items, Sized) and len(items) <= FEW
    source = iter(items)
    first = list(islice(source, 2))
    items = chain(first, source)
    try:
        # Files that workers cannot see reach them only if the work names them all.
        spreads = travels or not os.environ.get("MASKBENCH_SHARED")
        with _pool(few or len(first) < 2, spreads, description) as pool:
            yield from map(function, items) if pool is None else _windowed(pool, function, items)
    except BrokenExecutor:
        raise MaskbenchError(
            f"{description}: a worker process died, most often for lack of memory; "
            "try MASKBENCH_WORKERS=1. What was finished is kept"
        ) from None


def _windowed(
    pool: _Pool, function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """Results in order, with a bounded number of items in flight, so that memory is bounded.

    Items are handed over in chunks that grow while they take little time: a few milliseconds each
    would otherwise go into the handing over, and a chunk of large images would leave others idle.
    """
    source = iter(items)
    call = _Chunk(function)
    pending: deque[Future[tuple[float, list[Result]]]] = deque()
    size = 1
    while True:
        while len(pending) < _AHEAD * pool.width() and (chunk := list(islice(source, size))):
            pending.append(pool.executor.submit(call, chunk))
        if not pending:
            return
        if not wait([pending[0]], _LOOK).done:
            continue  # the width may have changed
        seconds, results = pending.popleft().result()
        size = _next_size(size, pool.seconds * len(results) / max(seconds, 1e-6))
        yield from results


def _next_size(size: int, wanted: float) -> int:
    """The next chunk's number of items: towards ``wanted``, at most doubled."""
    return max(1, min(2 * size, int(wanted), MOST))


@dataclass(frozen=True)
class _Chunk(Generic[Item, Result]):
    """Calls the function with each of several items; a class, so that it travels to processes."""

    function: Callable[[Item], Result]

    def __call__(self, items: Sequence[Item]) -> tuple[float, list[Result]]:
        """(seconds that it took, results)."""
        start = time.perf_counter()
        results = [self.function(item) for item in items]
        return time.perf_counter() - start, results


def progress(items: Iterable[Item], total: int | None, description: str) -> Iterator[Item]:
    """Pass the items on and show a bar on the terminal; silent when that is not one.

    Args:
        items: What is worked through.
        total: How many they are, if that is known.
        description: Word before the bar, such as the stage's name.
    """
    if not sys.stderr.isatty():
        yield from items
        return
    from tqdm import tqdm  # noqa: PLC0415 - a large import, of no use without a terminal

    tqdm.monitor_interval = 0  # no thread: processes may be forked while the bar is shown
    yield from tqdm(items, total=total, desc=description, file=sys.stderr, leave=False)
