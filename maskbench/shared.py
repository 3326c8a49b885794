"""Files of Dask work by way of a URL, for workers that share no file system with us.

Imported only when ``MASKBENCH_SHARED`` is set. Any URL that fsspec knows will do; secrets come from
the environment, as its file systems take them. A worker works in a temporary folder that stands for
our root folder: the files that its work names are put there beforehand, and what it writes comes
back to where it would have written it here. So functions know nothing of it.
"""

import io
import os
import pickle
import sys
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from maskbench.errors import MaskbenchError
from maskbench.files import sha256_file

_ROOT = Path("/")


@dataclass(frozen=True)
class Parcel:
    """A pickled value and the files that belong to it.

    Attributes:
        url: Where the files are kept, in one folder.
        files: Name there by path, relative to the root folder.
        content: The value, its paths relative to the root folder.
    """

    url: str
    files: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


class Shared:
    """Our end: a folder of this run below a URL, which is gone after :meth:`remove`.

    Args:
        url: Such as ``s3://bucket/prefix``.

    Raises:
        MaskbenchError: The URL cannot be used.
    """

    def __init__(self, url: str) -> None:
        self.url = f"{url.rstrip('/')}/maskbench-{uuid.uuid4().hex}"
        self._sent: set[str] = set()
        with _told(f"{url} cannot be written to"):
            self._system, self._base = _opened(self.url)
            self._system.makedirs(self._base, exist_ok=True)
            self._system.pipe_file(f"{self._base}/in-use", b"maskbench\n")

    def send(self, value: Any) -> Parcel:
        """Pickle a value and upload the files that paths in it name, each content once."""
        packer = _Packer(_ROOT)
        content = packer.packed(value)
        found = [path for path in sorted(packer.paths) if (_ROOT / path).is_file()]
        files = {path: sha256_file(_ROOT / path) for path in found}
        new = {name: path for path, name in files.items() if name not in self._sent}
        with _told(f"{self.url} cannot be written to"):
            _put(self._system, self._base, {path: name for name, path in new.items()}, _ROOT)
        self._sent.update(new)
        return Parcel(self.url, files, content)

    def receive(self, parcel: Parcel) -> Any:
        """The value of a parcel from a worker, whose files are then at their places."""
        with _told(f"{self.url} cannot be read"):
            _get(self._system, self._base, parcel.files, _ROOT)
        return _unpacked(parcel.content, _ROOT)

    def remove(self) -> None:
        """Delete what this run has put at the URL; warns where that fails."""
        try:
            self._system.rm(self._base, recursive=True)
        except Exception as error:  # the files are made, or a worse error is on its way
            print(f"warning: {self.url} was not deleted: {error}", file=sys.stderr)


def perform(parcel: Parcel) -> Parcel:
    """On a worker: call what the parcel holds (function, args, kwargs); returns its result."""
    with tempfile.TemporaryDirectory(prefix="maskbench-") as folder:
        root = Path(folder).resolve()
        with _told(f"a worker cannot read {parcel.url}"):
            system, base = _opened(parcel.url)
            _get(system, base, parcel.files, root)
        function, args, kwargs = _unpacked(parcel.content, root)
        result = function(*args, **kwargs)
        written = (str(p.relative_to(root)) for p in sorted(root.rglob("*")) if p.is_file())
        # Never the same name twice: who was given up may still be writing.
        made = {path: uuid.uuid4().hex for path in written if path not in parcel.files}
        with _told(f"a worker cannot write to {parcel.url}"):
            _put(system, base, made, root)
        return Parcel(parcel.url, made, _Packer(root).packed(result))


class _Packer(pickle.Pickler):
    """Pickles with paths relative to a root folder, and notes them.

    Text that begins with a worker's root is a path too: messages name files.
    """

    def __init__(self, root: Path) -> None:
        self._stream = io.BytesIO()
        super().__init__(self._stream, protocol=pickle.HIGHEST_PROTOCOL)
        self._root = root
        self._prefix = f"{root}/"
        self.paths: set[str] = set()

    def packed(self, value: Any) -> bytes:
        self.dump(value)
        return self._stream.getvalue()

    def persistent_id(self, value: Any) -> tuple[bool, str] | None:
        if isinstance(value, Path):
            path = os.path.relpath(os.path.abspath(value), self._root)  # noqa: PTH100 - keeps links
            self.paths.add(path)
            return True, path
        if isinstance(value, str) and self._root != _ROOT and value.startswith(self._prefix):
            return False, value.removeprefix(self._prefix)
        return None


class _Unpacker(pickle.Unpickler):
    """Reads what :class:`_Packer` wrote, for another root folder."""

    def __init__(self, content: bytes, root: Path) -> None:
        super().__init__(io.BytesIO(content))
        self._root = root

    def persistent_load(self, identity: tuple[bool, str]) -> Path | str:
        is_path, text = identity
        path = self._root / text
        return path if is_path else str(path)


def _unpacked(content: bytes, root: Path) -> Any:
    return _Unpacker(content, root).load()


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Whatever a file system raises (each has errors of its own) as a message."""
    try:
        yield
    except Exception as error:
        told = " ".join(str(error).split()) or type(error).__name__
        raise MaskbenchError(f"MASKBENCH_SHARED: {what}: {told}") from None


def _opened(url: str) -> tuple[Any, str]:
    """The file system of a URL, and its path there."""
    from fsspec.core import url_to_fs  # noqa: PLC0415 - comes with Dask

    system, path = url_to_fs(url)
    return system, str(path)


def _put(system: Any, base: str, files: Mapping[str, str], root: Path) -> None:
    """Upload all files at a time: object stores answer late, but many at once."""
    if files:
        system.put(_here(files, root), [f"{base}/{name}" for name in files.values()])


def _get(system: Any, base: str, files: Mapping[str, str], root: Path) -> None:
    """Download all files at a time."""
    for path in files:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
    if files:
        system.get([f"{base}/{name}" for name in files.values()], _here(files, root))


def _here(paths: Iterable[str], root: Path) -> list[str]:
    return [str(root / path) for path in paths]
