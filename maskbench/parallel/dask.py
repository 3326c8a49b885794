"""Run per-image work on Dask workers, for data too large for one machine (docs/distributed.md).

Imported only when ``MASKBENCH_SCHEDULER`` names a scheduler. The workers see the files at the same
paths: only paths are sent. Results name files relative to the data folder, so that no byte of a
version depends on where it was made.
"""

import asyncio
import copyreg
import io
import logging
import pickle
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from distributed import Client, KilledWorker, rpc
from distributed.comm import get_address_host_port

from maskbench.errors import MaskbenchError
from maskbench.files.hashing import build_id
from maskbench.parallel.run import Workers, call_each
from maskbench.text import counted

CONNECT = 5.0
"""Seconds within which the scheduler has to answer."""

FIRST_WORKER = 10.0
"""Seconds within which a worker has to be there."""

PATIENCE = 600.0
"""Seconds that a run waits for a worker when all have gone: a batch system may bring new ones."""

RETRIES = 2
"""How often a chunk that failed is tried again, for file systems that fail now and then.

The chunks of a worker that died are not counted: Dask runs them elsewhere, unless several workers
died of the same chunk.
"""

_REFRESH = 2.0  # seconds after which the number of the workers' threads is asked for again


class OtherCodeError(Exception):
    """A worker has another maskbench, or another version of a library that shapes bytes."""


@contextmanager
def connected(address: str, description: str) -> Iterator[Workers]:
    """Connect to the workers of a scheduler, and check that they run the same code as here.

    Args:
        address: Such as ``tcp://host:8786``.
        description: What runs, for messages.

    Raises:
        MaskbenchError: The scheduler or its workers cannot be used or were lost, or several workers
            died of the same items.
    """
    with _quiet():
        client = _client(address)
        try:
            _check_workers(client, address)
            workers = _DaskWorkers(client)
            yield Workers(workers.submit, workers.count)
        except MaskbenchError:
            raise
        except KilledWorker as error:
            raise MaskbenchError(
                f"{description}: several Dask workers died of the same work, most often for lack "
                f"of memory: {_one_line(error)}"
            ) from None
        except OtherCodeError as error:
            raise MaskbenchError(f"{description}: {error}") from None
        except Exception as error:
            if not _comes_from_dask(error) and _answers(address):
                raise
            raise MaskbenchError(
                f"{description}: the Dask scheduler at {address} was lost; the previous outputs "
                "are kept, run it again"
            ) from None
        finally:
            with suppress(Exception, CancelledError):  # a lost scheduler is no second error
                client.close(timeout=CONNECT)


class _DaskWorkers:
    """The workers of a Dask scheduler.

    Args:
        client: A connected client; when it is closed, its unfinished work is cancelled.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._executor = client.get_executor(pure=False, retries=RETRIES)
        self._threads = 0
        self._asked = -_REFRESH
        self._seen = time.monotonic()

    def submit(self, function: Callable[[Any], Any], items: Sequence[Any]) -> "Future[list[Any]]":
        chunk = packed((function, items))
        submitted: Future[list[Any]] = self._executor.submit(_perform, build_id(), chunk)
        return submitted

    def count(self) -> int:
        now = time.monotonic()
        if now - self._asked >= _REFRESH:
            self._asked = now
            self._threads = sum(self._client.nthreads().values())
        if self._threads:
            self._seen = now
        elif now - self._seen > PATIENCE:
            raise MaskbenchError(f"there has been no Dask worker for {PATIENCE:.0f} s")
        return max(1, self._threads)


def packed(value: Any) -> bytes:
    """Pickle a value with absolute paths in it: workers run in other folders."""
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, protocol=pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = {**copyreg.dispatch_table, type(Path()): _absolute}
    pickler.dump(value)
    return stream.getvalue()


def _absolute(path: Path) -> tuple[type[Path], tuple[str]]:
    return Path, (str(path.absolute()),)


def _perform(code: str, chunk: bytes) -> list[Any]:
    """Work on a chunk, on a worker that may have joined after the others were checked."""
    if build_id() != code:
        raise OtherCodeError(_other_code(1, "that joined late"))
    return call_each(chunk)


def _other_code(count: int, which: str) -> str:
    return (
        f"{counted(count, 'Dask worker')} ({which}) would make other bytes: maskbench or a "
        "library there is not as here; install the same commit and requirements/core.lock there, "
        "and restart the workers"
    )


def _client(address: str) -> Client:
    try:  # first without a client, which would log errors for long
        asyncio.run(_knock(address))
        return Client(address, timeout=CONNECT, set_as_default=False)
    except Exception as error:  # also of what answers there without being Dask
        raise MaskbenchError(
            f"MASKBENCH_SCHEDULER: no Dask scheduler answers at {address!r} within {CONNECT:.0f} s "
            f"({_one_line(error)})"
        ) from None


async def _knock(address: str) -> None:
    """Ask the scheduler who it is."""
    socket.create_connection(get_address_host_port(address), CONNECT).close()  # refused: at once
    async with rpc(address, timeout=CONNECT) as scheduler:
        await asyncio.wait_for(scheduler.identity(), CONNECT)


def _answers(address: str) -> bool:
    try:
        asyncio.run(_knock(address))
    except Exception:
        return False
    return True


def _comes_from_dask(error: Exception) -> bool:
    """Tell whether Dask itself raised an error, not the function that it called."""
    library = type(error).__module__.partition(".")[0]
    return isinstance(error, CancelledError) or library in ("distributed", "tornado")


def _check_workers(client: Client, address: str) -> None:
    """Refuse a cluster without workers, or with workers that run other code."""
    try:
        client.wait_for_workers(1, timeout=FIRST_WORKER)
    except TimeoutError:
        raise MaskbenchError(
            f"MASKBENCH_SCHEDULER: the Dask scheduler at {address} has no worker; start some with "
            f"`dask worker {address}`"
        ) from None
    answers = client.run(build_id, on_error="return")
    other = sorted(worker for worker, answer in answers.items() if answer != build_id())
    missing = [worker for worker in other if isinstance(answers[worker], ImportError)]
    if missing:
        raise MaskbenchError(
            f"maskbench cannot be imported on the Dask worker {missing[0]} "
            f"({_one_line(answers[missing[0]])}); install the same commit there"
        )
    if other:
        which = other[0] if len(other) == 1 else f"{other[0]}, …"
        raise MaskbenchError(_other_code(len(other), which))


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the logs of lost connections and workers; errors say what matters."""
    names = ("distributed", "distributed.client", "tornado.application", "asyncio")
    levels = {logging.getLogger(name): logging.getLogger(name).level for name in names}
    for logger in levels:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
