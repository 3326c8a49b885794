"""The one seam through which per-image work runs: ``concurrent.futures``' interface.

``MASKBENCH_WORKERS`` sets the number of processes (default: the cores this process may use), or
``MASKBENCH_SCHEDULER=tcp://host:port`` runs the work on the workers of a Dask scheduler; with
``MASKBENCH_SHARED`` only work that ``travels`` with its files, by that URL. These are
environment variables because they must not change what a version contains. Threads would not help:
filling and Python's own work hold the interpreter lock.
"""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import BrokenExecutor, Executor, Future, wait
from contextlib import contextmanager
from itertools import chain, islice
from typing import NamedTuple, TypeVar

from maskbench.errors import MaskbenchError
from maskbench.processes import Chunk, Deferred, hired, scheduler, workers

Item = TypeVar("Item")
Result = TypeVar("Result")

FEW = 8
"""So many items or fewer, if they can be counted, are worked on here: processes take longer."""

MOST = 64
"""Items handed over at once at most."""

_AHEAD = 4  # chunks in flight for each process
_LOOK = 2.0  # seconds between looks at whether there are still workers


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
def _pool(few: bool, spreads: bool, description: str, module: str | None) -> Iterator[_Pool | None]:
    """Processes, which load the module first, or Dask workers; None: work here."""
    count = workers()
    if few:
        yield None
        return
    if spreads and (address := scheduler()):
        from maskbench.cluster import connected  # noqa: PLC0415 - a large import, rarely needed

        with connected(address, description) as cluster:
            yield _Pool(cluster, cluster.width, 0.5)
        return
    if count == 1:
        yield None
        return
    from maskbench.pool import Pool  # noqa: PLC0415 - its start-up

    pool = Pool(hired(count, module))
    try:
        yield _Pool(pool, lambda: count, 0.05)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def run_all(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    description: str,
    travels: bool = False,
) -> Iterator[Result]:
    """``function`` of each item, in the items' order, on all workers.

    Args:
        function: A module-level function, or a ``Deferred`` one whose module only workers need; its
            argument and result travel between processes.
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
        module = function.module if isinstance(function, Deferred) else None
        with _pool(few or len(first) < 2, spreads, description, module) as pool:
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
    call = Chunk(function)
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
