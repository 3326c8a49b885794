"""Write files atomically, so that a killed stage leaves the old file or the new one."""

import os
import shutil
import tempfile
import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_UNFINISHED = ".tmp-"


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a temporary path beside ``target`` that replaces it when the block ends without error.

    Readers see the old file or the whole new one, never a part; the file that ``target`` named
    before is not written to, so a hard link to it (DVC's cache) keeps its content.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=_UNFINISHED, suffix=target.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


_UMASK = threading.Lock()


def _umask() -> int:
    with _UMASK:  # it can only be read by setting it, and a Dask worker may have several threads
        mask = os.umask(0)
        os.umask(mask)
    return mask


def write_bytes(target: Path, content: bytes) -> None:
    """Write ``content`` to ``target`` atomically; a file that already equals it is left alone."""
    if target.is_file() and not target.is_symlink() and target.read_bytes() == content:
        return
    with replacing(target) as temporary:
        temporary.write_bytes(content)


def write_text(target: Path, text: str) -> None:
    r"""Write ``text`` to ``target`` atomically as UTF-8 with the line ends it has.

    A lone surrogate, which JSON can hold and UTF-8 cannot, is written as ``\udc80``.
    """
    write_bytes(target, text.encode("utf-8", "backslashreplace"))


def link_or_copy(source: Path, target: Path) -> None:
    """Give ``target`` the bytes of ``source``, by a hard link where possible, else by a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{_UNFINISHED}{os.getpid()}-{target.name}")
    temporary.unlink(missing_ok=True)
    try:
        temporary.hardlink_to(source.resolve())  # it may be a symbolic link into DVC's cache
    except OSError:  # another file system, or one without links
        with replacing(target) as copy:
            shutil.copyfile(source, copy)
    else:
        temporary.replace(target)
        temporary.unlink(missing_ok=True)  # still there if target was a link to source already


def remove_others(folder: Path, names: Collection[str]) -> int:
    """Delete what lies in ``folder`` under other names than these; return how many entries."""
    if not folder.is_dir():
        return 0
    stale = sorted(path for path in folder.iterdir() if path.name not in names)
    for path in stale:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return len(stale)


def remove_unfinished(folders: Iterable[Path]) -> None:
    """Delete from the folders the temporary files of processes that were killed."""
    for folder in folders:
        for path in folder.glob(f"{_UNFINISHED}*"):
            path.unlink(missing_ok=True)
