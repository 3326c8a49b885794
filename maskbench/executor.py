"""The one seam through which per-image work runs: ``concurrent.futures``' interface.

``MASKBENCH_WORKERS`` sets the number of processes (default: the cores this process may use). It is
an environment variable because it must not change what a version contains. Threads would not help:
rasterio's fill holds the interpreter lock.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from tqdm import tqdm

from maskbench.errors import MaskbenchError

Item = TypeVar("Item")
Result = TypeVar("Result")

FEW = 8
"""So many items or fewer are worked on here: starting processes would take longer."""


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


@contextmanager
def _pool(items: int | None) -> Iterator[Executor | None]:
    count = workers()
    if count == 1 or (items is not None and items <= FEW):
        yield None
        return
    pool = ProcessPoolExecutor(count)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def run_all(
    function: Callable[[Item], Result], items: Iterable[Item], description: str
) -> Iterator[Result]:
    """``function`` of each item, in the items' order, on all workers.

    Args:
        function: A module-level function; its argument and result travel between processes.
        items: What to work on; read as results are taken, so that it may be a generator (wrap it
            in :func:`progress` for a bar).
        description: What runs, for messages.

    Raises:
        MaskbenchError: A worker process died.
    """
    try:
        total = len(items) if isinstance(items, Sized) else None
        with _pool(total) as pool:
            yield from map(function, items) if pool is None else _windowed(pool, function, items)
    except BrokenProcessPool:
        raise MaskbenchError(
            f"{description}: a worker process died, most often for lack of memory; "
            "try MASKBENCH_WORKERS=1. What was finished is kept"
        ) from None


def _windowed(
    pool: Executor, function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """Results in order, with a bounded number of items in flight, so that memory is bounded."""
    source = iter(items)
    pending = [pool.submit(function, item) for item in islice(source, 4 * workers())]
    while pending:
        yield pending.pop(0).result()
        pending.extend(pool.submit(function, item) for item in islice(source, 1))


def progress(items: Iterable[Item], total: int | None, description: str) -> Iterator[Item]:
    """Pass the items on and show a bar on the terminal; silent when that is not one.

    Args:
        items: What is worked through.
        total: How many they are, if that is known.
        description: Word before the bar, such as the stage's name.
    """
    tqdm.monitor_interval = 0  # no thread: processes may be forked while the bar is shown
    yield from tqdm(
        items, total=total, desc=description, file=sys.stderr, disable=None, leave=False
    )
