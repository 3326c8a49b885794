"""Work spread over workers by ``concurrent.futures``' interface; loaded where there are several."""

import pickle
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from maskbench.errors import MaskbenchError
from maskbench.processes import Chunk, GoneError, Line, Processes, processes

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 64
"""Items handed over at once at most."""

_AHEAD = 4  # chunks in flight for each process
_SWITCH = 0.0002  # seconds after which a thread that has an answer gets its turn; 0.005 is usual
_LOOK = 2.0  # seconds between looks at whether there are still workers


@dataclass(frozen=True)
class Pool:
    """Where work runs.

    Attributes:
        executor: Takes the work.
        width: How many calls run at the same time, now.
        seconds: How long a chunk of items should take, so that handing it over costs little.
    """

    executor: Executor
    width: Callable[[], int]
    seconds: float


class ProcessExecutor(Executor):
    """Worker processes with ``concurrent.futures``' interface; a thread each waits for answers.

    Args:
        workers: The processes.
    """

    def __init__(self, workers: Processes) -> None:
        self._workers = workers
        self._calls: SimpleQueue[tuple[Future[Any], bytes] | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._converse, args=(line,), daemon=True)
            for line in workers.lines
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run ``fn(*args, **kwargs)`` in a worker process."""
        future: Future[Any] = Future()
        self._calls.put((future, pickle.dumps((fn, args, kwargs))))
        return future

    def _converse(self, line: Line) -> None:
        """Hand calls to one process, each when the one before is answered."""
        while (call := self._calls.get()) is not None:
            future, packed = call
            if not future.set_running_or_notify_cancel():
                continue
            try:
                good, value = line.ask(packed)
            except GoneError:
                future.set_exception(BrokenExecutor("the process has ended"))
                return
            except Exception as error:  # what came back cannot be read here
                good, value = False, error
            if good:
                future.set_result(value)
            else:
                future.set_exception(value)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes when what runs there is done, or else all that was handed over."""
        if cancel_futures:
            with suppress(Empty):
                while call := self._calls.get_nowait():
                    call[0].cancel()
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads:
            thread.join()
        self._workers.end()


def windowed(
    pool: Pool, function: Callable[[Item], Result], items: Iterable[Item]
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


@contextmanager
def local(count: int, description: str) -> Iterator[Pool]:
    """``count`` processes of this machine.

    Raises:
        MaskbenchError: One of them died.
    """
    executor = ProcessExecutor(processes(count))
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH)
    try:
        yield Pool(executor, lambda: count, 0.05)
    except BrokenExecutor:
        raise MaskbenchError(
            f"{description}: a worker process died, most often for lack of memory; "
            "try MASKBENCH_WORKERS=1. What was finished is kept"
        ) from None
    finally:
        executor.shutdown(cancel_futures=True)
        sys.setswitchinterval(interval)
