"""The shell around a stage: params in, summary or clear error out."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout, UnixFileLock, WindowsFileLock

from maskbench.errors import MaskbenchError
from maskbench.files.atomic import remove_unfinished
from maskbench.params import Params, load_params
from maskbench.pipeline.layout import Layout


def run_stage(stage: str, function: Callable[[Params, Layout], str]) -> int:
    """Run a stage in the current folder, print its summary or its error; returns the exit status.

    0: done; 1: other errors; 2: params.yaml is wrong; 3: the source cannot be read; 4: data breaks
    a rule; 130: interrupted.
    """
    try:
        params, layout = load_params(Path("params.yaml")), Layout()
        with _alone(stage, layout):
            remove_unfinished(layout.written())
            summary = function(params, layout)
        _say(f"{stage}: {summary}")
    except MaskbenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except _disk_errors() as error:  # disk full, no permission
        print(f"error: {stage}: {error}; nothing half-written is kept", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{stage}: interrupted; the previous outputs are kept", file=sys.stderr)
        return 130
    return 0


def _say(text: str) -> None:
    """Print, where letters that the terminal's character set lacks become escapes."""
    charset = sys.stdout.encoding or "utf-8"
    print(text.encode(charset, "backslashreplace").decode(charset))


def _disk_errors() -> tuple[type[Exception], ...]:
    """What a disk raises; a database has errors of its own, if one is used at all."""
    sqlite = sys.modules.get("sqlite3")
    return (OSError, sqlite.OperationalError) if sqlite else (OSError,)


_SystemLock = WindowsFileLock if sys.platform == "win32" else UnixFileLock


@contextmanager
def _alone(stage: str, layout: Layout) -> Iterator[None]:
    """Wait for the other stages that run in this folder, and keep them waiting.

    Such as one whose ``dvc repro`` was killed, beside the next one's. The lock is the system's: it
    goes with this process, however that ends. (``filelock.FileLock`` may be a mere file instead.)
    """
    layout.lock.parent.mkdir(parents=True, exist_ok=True)
    layout.lock.touch()  # fails, and is told, where nothing can be written
    lock = _SystemLock(layout.lock, fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        print(f"{stage}: waits for a stage that runs in this folder already", file=sys.stderr)
        lock.acquire()
    except OSError:  # a file system without locks: nobody waits
        pass
    try:
        yield
    finally:
        lock.release()
