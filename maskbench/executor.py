"""The one seam through which per-image work runs: ``concurrent.futures``' interface.

``MASKBENCH_WORKERS`` sets the number of processes (default: the cores this process may use), or
``MASKBENCH_SCHEDULER=tcp://host:port`` runs the work on the workers of a Dask scheduler; with
``MASKBENCH_SHARED`` only work that ``travels`` with its files, by that URL. These are
environment variables because they must not change what a version contains. Threads would not help:
filling and Python's own work hold the interpreter lock.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeVar

from maskbench.errors import MaskbenchError

if TYPE_CHECKING:
    from maskbench.pool import Pool

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
def _pool(few: bool, spreads: bool, description: str) -> "Iterator[Pool | None]":
    """Processes or Dask workers; None: work here."""
    count = workers()
    address = os.environ.get("MASKBENCH_SCHEDULER", "") if spreads else ""
    if few or (count == 1 and not address):
        yield None
        return
    from maskbench.pool import Pool, local  # noqa: PLC0415 - its start-up

    if not address:
        with local(count, description) as pool:
            yield pool
        return
    from maskbench.cluster import connected  # noqa: PLC0415 - a large import, rarely needed

    with connected(address, description) as cluster:
        yield Pool(cluster, cluster.width, 0.5)


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
    # Files that workers cannot see reach them only if the work names them all.
    spreads = travels or not os.environ.get("MASKBENCH_SHARED")
    with _pool(few or len(first) < 2, spreads, description) as pool:
        if pool is None:
            yield from map(function, items)
        else:
            from maskbench.pool import windowed  # noqa: PLC0415 - imported with the pool

            yield from windowed(pool, function, items)


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
