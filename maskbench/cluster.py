"""Per-image work on Dask workers, for data that one machine is too slow for (docs/distributed.md).

Imported only when ``MASKBENCH_SCHEDULER`` names a scheduler. Work travels pickled by us, with every
path made absolute, since workers run in other folders; what comes back names files relative to the
data folder, so that no byte of a version depends on where it was made. With ``MASKBENCH_SHARED``
the files that the work names travel as well.
"""

import asyncio
import copyreg
import io
import logging
import os
import pickle
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from maskbench.code import code_digest
from maskbench.errors import MaskbenchError
from maskbench.shared import Parcel, Shared, perform

CONNECT = 5.0
"""Seconds within which the scheduler has to answer."""

FIRST_WORKER = 10.0
"""Seconds within which a worker has to be there."""

PATIENCE = 600.0
"""Seconds that a run waits for a worker when all have gone: a batch system may bring new ones."""

RETRIES = 2
"""How often a call that failed is tried again, for file systems that fail now and then.

A worker's death is no such failure: Dask runs its calls elsewhere, unless several workers died of
the same call.
"""

_DOWNLOADS = 8  # results whose files are fetched at the same time
_REFRESH = 2.0  # seconds for which the number of the workers' threads is believed


class OtherCodeError(Exception):
    """A worker's maskbench, or a library that shapes bytes, is not ours."""


class Cluster(Executor):
    """The workers of a Dask scheduler, with ``concurrent.futures``' interface.

    Args:
        client: A connected ``distributed.Client``.
        shared: By way of what files travel; None: the workers see our files.
    """

    def __init__(self, client: Any, shared: Shared | None = None) -> None:
        self._client = client
        self._executor = client.get_executor(pure=False, retries=RETRIES)
        self._shared = shared
        self._receivers = ThreadPoolExecutor(_DOWNLOADS)
        self._parcels: set[Future[Any]] = set()
        self._threads = 0
        self._asked = -_REFRESH
        self._seen = time.monotonic()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run ``fn(*args, **kwargs)`` on a worker."""
        call, shared = (fn, args, kwargs), self._shared
        if shared is None:
            done: Future[Any] = self._executor.submit(_perform, code_digest(), packed(call))
            return done
        parcel = self._executor.submit(_perform_apart, code_digest(), shared.send(call))
        self._parcels.add(parcel)
        parcel.add_done_callback(self._parcels.discard)
        return self._receivers.submit(lambda: shared.receive(parcel.result()))

    def width(self) -> int:
        """How many calls run at the same time; workers may come and go.

        Raises:
            MaskbenchError: There has been no worker for long.
        """
        now = time.monotonic()
        if now - self._asked >= _REFRESH:
            self._asked = now
            self._threads = sum(self._client.nthreads().values())
        if self._threads:
            self._seen = now
        elif now - self._seen > PATIENCE:
            raise MaskbenchError(f"there has been no Dask worker for {PATIENCE:.0f} s")
        return max(1, self._threads)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Give up what has not been taken; calls that run end on their own."""
        if cancel_futures:
            for parcel in list(self._parcels):  # a lost scheduler never answers: nobody waits on
                parcel.cancel()
        self._executor.shutdown(wait=wait and not cancel_futures)
        self._receivers.shutdown(wait=wait, cancel_futures=cancel_futures)


@contextmanager
def connected(address: str, description: str) -> Iterator[Cluster]:
    """The workers of a scheduler, checked to run the same code as we do.

    Args:
        address: Such as ``tcp://host:8786``.
        description: What runs, for messages.

    Raises:
        MaskbenchError: ``distributed`` is not installed, the scheduler or its workers cannot be
            used or were lost, or several workers died of the same item.
    """
    with _quiet():
        client = _client(address)
        from distributed import KilledWorker  # noqa: PLC0415
        from distributed.comm import CommClosedError  # noqa: PLC0415

        cluster, shared, url = None, None, os.environ.get("MASKBENCH_SHARED", "")
        try:
            _check_workers(client, address)
            shared = Shared(url) if url else None
            cluster = Cluster(client, shared)
            yield cluster
        except KilledWorker as error:
            raise MaskbenchError(
                f"{description}: several Dask workers died of the same work, most often for lack "
                f"of memory: {_one_line(error)}"
            ) from None
        except OtherCodeError as error:
            raise MaskbenchError(f"{description}: {error}") from None
        except (CancelledError, CommClosedError):
            raise MaskbenchError(
                f"{description}: the Dask scheduler at {address} was lost; the previous outputs "
                "are kept, run it again"
            ) from None
        finally:
            _leave(client, cluster)
            if shared is not None:
                shared.remove()


def _client(address: str) -> Any:
    """A client of the scheduler."""
    try:
        from distributed import Client  # noqa: PLC0415
    except ImportError:
        raise MaskbenchError(
            "MASKBENCH_SCHEDULER is set, but `distributed` is not installed; install "
            "maskbench[dask], or unset it"
        ) from None
    try:  # a client that finds nobody complains long and loudly; so knock first
        asyncio.run(_knock(address))
        return Client(address, timeout=CONNECT, set_as_default=False)
    except Exception as error:  # also of what answers there without being Dask
        raise MaskbenchError(
            f"MASKBENCH_SCHEDULER: no Dask scheduler answers at {address!r} within {CONNECT:.0f} s "
            f"({_one_line(error)})"
        ) from None


async def _knock(address: str) -> None:
    """Ask the scheduler who it is."""
    from distributed import rpc  # noqa: PLC0415
    from distributed.comm import get_address_host_port  # noqa: PLC0415

    socket.create_connection(get_address_host_port(address), CONNECT).close()  # refused: at once
    async with rpc(address, timeout=CONNECT) as scheduler:
        await asyncio.wait_for(scheduler.identity(), CONNECT)


def packed(value: Any) -> bytes:
    """``value`` pickled, each path in it absolute as seen from the current folder."""
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, protocol=pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = {**copyreg.dispatch_table, type(Path()): _absolute}
    pickler.dump(value)
    return stream.getvalue()


def _absolute(path: Path) -> tuple[type[Path], tuple[str]]:
    return Path, (os.path.abspath(path),)  # noqa: PTH100 - Path.absolute() keeps '..'


def _perform(code: str, work: bytes) -> Any:
    """On a worker: what :func:`packed` holds; each call checks the code, as workers join late."""
    _check_code(code)
    function, args, kwargs = pickle.loads(work)  # noqa: S301 - ours, by way of the scheduler
    return function(*args, **kwargs)


def _perform_apart(code: str, parcel: Parcel) -> Parcel:
    """On a worker: as :func:`_perform`, in a folder of its own."""
    _check_code(code)
    return perform(parcel)


def _check_code(code: str) -> None:
    if code_digest() != code:
        raise OtherCodeError(_other_code(1, "that joined late"))


def _other_code(count: int, which: str) -> str:
    return (
        f"{count} Dask worker{'s' * (count > 1)} ({which}) would make other bytes: maskbench or a "
        "library there is not as here; install the same commit and requirements/core.lock there, "
        "and restart the workers"
    )


def _check_workers(client: Any, address: str) -> None:
    """Refuse a cluster without workers, or with workers that run other code."""
    try:
        client.wait_for_workers(1, timeout=FIRST_WORKER)
    except TimeoutError:
        raise MaskbenchError(
            f"MASKBENCH_SCHEDULER: the Dask scheduler at {address} has no worker; start some with "
            f"`dask worker {address}`"
        ) from None
    answers = client.run(code_digest, on_error="return")
    other = sorted(worker for worker, answer in answers.items() if answer != code_digest())
    missing = [worker for worker in other if isinstance(answers[worker], ImportError)]
    if missing:
        raise MaskbenchError(
            f"maskbench cannot be imported on the Dask worker {missing[0]} "
            f"({_one_line(answers[missing[0]])}); install the same commit there"
        )
    if other:
        raise MaskbenchError(_other_code(len(other), f"{other[0]}{', …' * (len(other) > 1)}"))


def _leave(client: Any, cluster: Cluster | None) -> None:
    """Cancel what nobody waits for, and disconnect; a lost scheduler is no second error."""
    try:
        if cluster is not None:
            cluster.shutdown(cancel_futures=True)
        client.close(timeout=CONNECT)
    except (OSError, TimeoutError, CancelledError):
        pass


@contextmanager
def _quiet() -> Iterator[None]:
    """No log of lost connections and workers: what matters of it, we say ourselves."""
    names = ("distributed", "distributed.client", "tornado.application", "asyncio")
    loggers = [logging.getLogger(name) for name in names]
    try:
        import distributed  # noqa: F401, PLC0415 - it sets levels of its own when imported
    except ImportError:
        pass
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
