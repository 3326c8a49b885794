"""Hash files, folders, values and the code that runs.

:class:`Digests` reads a file of a folder again only if it may have changed. A file's signature is
its device, inode, size and times of change. While it is the same, so is the content: the time of
the last status change (ctime) cannot be set back. There is one gap, which git calls "racily
clean": within one tick of the clock a file can change twice and look the same. So a signature is
saved only if its ctime is well before the moment of looking, by the clock of the file system
itself; a younger file is read again next time.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import maskbench
from maskbench.files.atomic import write_bytes


def sha256(content: bytes) -> str:
    """Return the hex SHA-256 of ``content``."""
    return hashlib.sha256(content).hexdigest()


def sha256_file(path: Path | str) -> str:
    """Return the hex SHA-256 of a file's bytes."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest(value: Any) -> str:
    """Return the hex SHA-256 of a JSON value; the order of its keys does not matter."""
    return sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode("utf-8"))


def write_hashed(path: Path, content: bytes) -> str:
    """Write a file of a staging folder, which is moved into place later; return its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # a link into DVC's cache must not be written through
    path.write_bytes(content)
    return sha256(content)


Signature = list[int]
"""Device, inode, size, and the times of change of content and status in nanoseconds."""

_MARGIN = 20_000_000  # nanoseconds; file systems' clocks tick every 10 ms or faster


class Digests:
    """The digests of the files in one folder by name, as they were when this was made.

    Args:
        folder: The folder.
        last_run: The file with the last run's digests; without it, or if it is damaged, all files
            are read.
        found: The files and their signatures; None: all files of the folder.
    """

    def __init__(
        self, folder: Path, last_run: Path, found: Mapping[str, Signature] | None = None
    ) -> None:
        self._folder = folder
        self._last_run = last_run
        self._device, now = _clock(last_run.parent)
        self._settled = now - _MARGIN  # a file changed before then has a signature to trust
        self._found = dict(scan(folder) if found is None else found)  # signatures now
        self._known = _recall(last_run)  # digest and signature at the last run
        self._learned: dict[str, list[object]] = {}  # the same, to be saved for the next run
        self._read: dict[str, str] = {}  # digests read, or recorded, in this run

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the files, sorted."""
        return iter(sorted(self._found))

    def get(self, name: str) -> str | None:
        """Return a file's digest; None if there is no such file."""
        status = self._found.get(name)
        if status is None:
            return None
        known = self._known.get(name)
        if known is not None and known[1] == status:
            return str(known[0])
        if name not in self._read:
            try:  # the signature was taken before: a later change gives it another one
                self._remember(name, status, sha256_file(self._folder / name))
            except OSError:  # it is going away while we look
                return None
        return self._read[name]

    def _remember(self, name: str, status: Signature, sha256: str) -> None:
        self._read[name] = sha256
        if status[0] == self._device and status[4] < self._settled:
            self._learned[name] = [sha256, status]

    def record(self, name: str, sha256: str) -> None:
        """Remember the digest of a file that has just been written."""
        self._known.pop(name, None)
        self._found[name] = signature_of((self._folder / name).stat())
        self._remember(name, self._found[name], sha256)

    def save(self, names: Iterable[str] | None = None) -> None:
        """Save the digests of these files (default: all files found) for the next run."""
        wanted = set(self._found if names is None else names)
        kept = {name: entry for name, entry in self._known.items() if name in wanted}
        if self._learned or len(kept) < len(self._known):
            kept |= {name: entry for name, entry in self._learned.items() if name in wanted}
            write_bytes(self._last_run, json.dumps(kept).encode())


def scan(folder: Path) -> dict[str, Signature]:
    """Return the signatures of a folder's regular files by name; empty if there is no folder."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: found for entry in entries if (found := signature(entry))}
    except (FileNotFoundError, NotADirectoryError):
        return {}


def signature(entry: "os.DirEntry[str]") -> Signature | None:
    """Return the signature of a folder's entry; None if it is no regular file, or gone."""
    try:
        status = entry.stat()
    except OSError:
        return None
    return signature_of(status) if stat.S_ISREG(status.st_mode) else None


def signature_of(status: os.stat_result) -> Signature:
    """Return the signature in a file's status."""
    return [
        status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns,
    ]  # fmt: skip


def _clock(folder: Path) -> tuple[int, int]:
    """Return a folder's device, and the time now by the clock of its file system, in ns."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / ".clock"
    file.write_bytes(b"")  # a write without bytes may leave the times alone, so:
    os.utime(file)
    status = file.stat()
    return status.st_dev, status.st_ctime_ns


def _recall(last_run: Path) -> dict[str, list[object]]:
    try:
        content = json.loads(last_run.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


_LIBRARIES = ("numpy", "orjson", "pillow", "rasterio", "shapely", "zlib-ng")


@cache
def build_id(code: tuple[str, ...] = ("",)) -> str:
    """Return a digest of code of this package, and of the libraries that shape pixels and bytes.

    Args:
        code: Files and folders within the package; by default all of it.
    """
    total = hashlib.sha256()
    root = Path(maskbench.__file__).parent
    found = [root / name for name in code]
    files = {file for path in found for file in (path.rglob("*.py") if path.is_dir() else [path])}
    for file in sorted(files):
        total.update(f"{file.relative_to(root).as_posix()}\0{sha256_file(file)}\n".encode())
    for name in _LIBRARIES:
        total.update(f"{name} {_version(name)}\n".encode())
    return total.hexdigest()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # a training machine does not have what builds
        return "none"
