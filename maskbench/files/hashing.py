"""Hash files, folders, values and the code that runs.

:class:`Digests` reads a file of a folder again only where it may have changed. A file's
signature is its device, inode, size and times of change. While it is the same, so is the
content: the time of the last status change (ctime) cannot be set back. There is one gap, known
from git as "racily clean": within one tick of the clock a file can change twice and look the
same. So a signature is kept only when its ctime is well before the moment of looking, by the
clock of the file system itself; a younger file is read again next time.
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
    """The hex SHA-256 of ``content``."""
    return hashlib.sha256(content).hexdigest()


def sha256_file(path: Path | str) -> str:
    """The hex SHA-256 of a file's bytes, read in blocks.

    By the system's own calls, which for a small file take a third of ``hashlib.file_digest``'s
    time: DVC marks each file of a stage that runs as changed, so all are read again after it.
    """
    handle = os.open(path, os.O_RDONLY | _BINARY)
    try:
        total = hashlib.sha256()
        while block := os.read(handle, _BLOCK):
            total.update(block)
        return total.hexdigest()
    finally:
        os.close(handle)


_BINARY: int = getattr(os, "O_BINARY", 0)  # only Windows has it
_BLOCK = 1 << 17


def digest(value: Any) -> str:
    """The hex SHA-256 of a JSON-like value, the same for equal values whatever their key order."""
    return sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode("utf-8"))


def write_hashed(path: Path, content: bytes) -> str:
    """Write a file into a folder that is moved into place when it is whole; return its SHA-256."""
    try:
        path.unlink(missing_ok=True)  # a link into DVC's cache must not be written through
        path.write_bytes(content)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return sha256(content)


Signature = list[int]
"""Device, inode, size, and the times of change of content and status in nanoseconds."""

_MARGIN = 20_000_000  # nanoseconds; file systems' clocks tick every 10 ms or faster


class Digests:
    """The digests of the files of one folder by name, as they lay there when this was made.

    Args:
        folder: The folder.
        memory: What was known last time; a damaged or missing one costs reading everything.
        found: The files and their signatures, if they are not simply all those of the folder.
    """

    def __init__(
        self, folder: Path, memory: Path, found: Mapping[str, Signature] | None = None
    ) -> None:
        self._folder = str(folder)
        self._memory = memory
        self._device, now = _clock(memory.parent)
        self._settled = now - _MARGIN
        self._found = dict(scan(folder) if found is None else found)
        self._known = _recall(memory)
        self._learned: dict[str, list[object]] = {}
        self._read: dict[str, str] = {}

    def __iter__(self) -> Iterator[str]:
        """The names of the files, sorted."""
        return iter(sorted(self._found))

    def get(self, name: str) -> str | None:
        """A file's digest; None where there is no such file."""
        status = self._found.get(name)
        if status is None:
            return None
        known = self._known.get(name)
        if known is not None and known[1] == status:
            return str(known[0])
        if name not in self._read:
            try:
                self._learn(name, status)
            except OSError:  # it is going away while we look
                return None
        return self._read[name]

    def _learn(self, name: str, status: Signature) -> None:
        """Read a file whose signature was taken before: a later change gives it another one."""
        self._remember(name, status, sha256_file(f"{self._folder}/{name}"))

    def _remember(self, name: str, status: Signature, sha256: str) -> None:
        self._read[name] = sha256
        if status[0] == self._device and status[4] < self._settled:
            self._learned[name] = [self._read[name], status]

    def record(self, name: str, sha256: str) -> None:
        """Learn the digest of a file that has just been put there."""
        self._known.pop(name, None)
        self._found[name] = signature_of(os.stat(f"{self._folder}/{name}"))  # noqa: PTH116 - many
        self._remember(name, self._found[name], sha256)

    def save(self, names: Iterable[str] | None = None) -> None:
        """Keep what is known of these files (default: all that were found) for the next time."""
        wanted = set(self._found if names is None else names)
        kept = {name: entry for name, entry in self._known.items() if name in wanted}
        if self._learned or len(kept) < len(self._known):
            kept |= {name: entry for name, entry in self._learned.items() if name in wanted}
            write_bytes(self._memory, json.dumps(kept).encode())


def scan(folder: Path) -> dict[str, Signature]:
    """The signatures of the regular files in a folder, by name; none if there is no folder."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: found for entry in entries if (found := signature(entry))}
    except (FileNotFoundError, NotADirectoryError):
        return {}


def signature(entry: "os.DirEntry[str]") -> Signature | None:
    """The signature of a folder's entry; None if it is no regular file, or gone."""
    try:
        status = entry.stat()
    except OSError:
        return None
    return signature_of(status) if stat.S_ISREG(status.st_mode) else None


def signature_of(status: os.stat_result) -> Signature:
    """The signature in what the system tells of a file."""
    return [
        status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns,
    ]  # fmt: skip


def _clock(folder: Path) -> tuple[int, int]:
    """The device of a folder of ours and the time now by its clock, which may be a server's."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / ".clock"
    file.write_bytes(b"")  # a write without bytes may leave the times alone, so:
    os.utime(file)
    status = file.stat()
    return status.st_dev, status.st_ctime_ns


def _recall(memory: Path) -> dict[str, list[object]]:
    try:
        content = json.loads(memory.read_bytes())
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
