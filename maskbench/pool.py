"""Worker processes with ``concurrent.futures``' interface."""

import pickle
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from queue import Empty, SimpleQueue
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
        """End the processes once they have answered what they were asked; waits for that.

        Args:
            wait: The interface's; not waiting would hand our pipes on to processes started next.
            cancel_futures: Calls that no process has taken are cancelled.
        """
        self._cancelled = cancel_futures
        for _ in self._threads:
            self._calls.put(None)
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
            future = self._hand_over(outbox)
            while future is not None:
                answer = receive(inbox)
                following = self._hand_over(outbox, block=False)  # lest the process wait for us
                self._finish(future, answer)
                future = following or self._hand_over(outbox)

    def _hand_over(self, outbox: IO[bytes], block: bool = True) -> Future[Any] | None:
        """Send the next call; returns its future, or None if there is no call, or none yet."""
        while True:
            try:
                call = self._calls.get(block)
            except Empty:
                return None
            if call is None:
                if not block:
                    self._calls.put(None)  # for when this is asked again
                return None
            future, content = call
            if self._cancelled:
                future.cancel()
            if not future.set_running_or_notify_cancel():
                continue
            if not self._broken:
                with suppress(OSError):  # it has died, and so gives no answer
                    send(outbox, content)
                return future
            self._finish(future, None)

    def _finish(self, future: Future[Any], answer: bytes | None) -> None:
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
