"""Worker processes with ``concurrent.futures``' interface."""

import pickle
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any

from maskbench.processes import Line, Team, dismiss, receive, send

_Call = tuple[Future[Any], bytes]


class Pool(Executor):
    """Calls functions in worker processes.

    A thread for each process hands it one call at a time. When a process dies, its call and all
    that no process has begun fail with :class:`concurrent.futures.BrokenExecutor`.

    Args:
        team: The processes; the pool ends them.
    """

    def __init__(self, team: Team) -> None:
        self._team = team
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._broken = self._cancelled = False
        self._threads = [
            Thread(target=self._employ, args=(line,), daemon=True) for line in team.lines
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run ``fn(*args, **kwargs)``, all of which can be pickled, in a process."""
        future: Future[Any] = Future()
        self._calls.put((future, pickle.dumps((fn, args, kwargs), pickle.HIGHEST_PROTOCOL)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes once they have answered what they were asked.

        Args:
            wait: Return when they have; else at once, and they end with us.
            cancel_futures: Calls that no process has taken are cancelled.
        """
        self._cancelled = cancel_futures
        for _ in self._threads:
            self._calls.put(None)
        if wait:
            self._see_off()
        else:
            Thread(target=self._see_off, daemon=True).start()

    def _see_off(self) -> None:
        for thread in self._threads:
            thread.join()
        dismiss(self._team)

    def _employ(self, line: Line) -> None:
        """Hand calls to a process until there are no more."""
        with (
            suppress(OSError),  # it died before it had read all
            open(line.answers, "rb", closefd=False) as inbox,
            open(line.calls, "wb", closefd=False) as outbox,
        ):
            while (call := self._calls.get()) is not None:
                future, content = call
                if self._cancelled:
                    future.cancel()
                if future.set_running_or_notify_cancel():
                    self._ask(future, content, outbox, inbox)

    def _ask(self, future: Future[Any], content: bytes, out: IO[bytes], back: IO[bytes]) -> None:
        answer = None
        if not self._broken:
            with suppress(OSError):
                send(out, content)
                answer = receive(back)
        if answer is None:
            self._broken = True
            future.set_exception(BrokenExecutor("a worker process died"))
            return
        try:
            failed, result = pickle.loads(answer)  # noqa: S301 - our own process
        except Exception as error:
            failed, result = True, error
        if failed:
            future.set_exception(result)
        else:
            future.set_result(result)
