"""A folder as the source: Label Studio JSON exports and the images they name."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from maskbench.errors import Problem, SourceError
from maskbench.files.hashing import Digests, Signature, sha256, sha256_file, signature
from maskbench.files.json import compact_json, parse_json
from maskbench.labelstudio.image_file import HasImage, ImageFile
from maskbench.labelstudio.image_names import IMAGE_SUFFIXES, reference_parts, without_upload_prefix
from maskbench.regions.task import Task


class Folder:
    """Reads exports (``*.json`` in the folder itself) and finds images anywhere below it.

    Args:
        path: The folder.
        memory: A file of ours for what is known of the images' digests; None: they are all read.

    Raises:
        SourceError: The folder does not exist or holds no export.
    """

    def __init__(self, path: Path, memory: Path | None = None) -> None:
        self.path = path
        if not path.is_dir():
            raise SourceError(f"fetch.folder: {path} is no folder")
        self.exports = sorted(path.glob("*.json"))
        if not self.exports:
            raise SourceError(f"fetch.folder: {path} holds no Label Studio JSON export (*.json)")
        found = _images(path)
        self._digests = Digests(path, memory, found) if memory else None
        self._by_name: dict[str, list[str]] = {}
        for name in found:
            self._by_name.setdefault(name.rpartition("/")[2], []).append(name)

    def tasks(self) -> Iterator[tuple[Any, str]]:
        """The raw tasks of all exports, each with the name of its file.

        Raises:
            SourceError: A file is no JSON or no list of tasks; all such files together.
        """
        exports = {}
        problems = []
        for file in self.exports:
            try:
                exports[file.name] = _tasks_of(file)
            except ValueError as error:
                problems.append(Problem(str(error), file.name))
        if problems:
            raise SourceError(f"fetch.folder: {self.path} cannot be read", problems)
        for name, tasks in exports.items():
            for task in tasks:
                yield task, name

    def fingerprint(self, raw: Any, origin: str) -> str | None:
        """A digest that tells a raw task of :meth:`tasks` from all others; None: too deep."""
        try:
            return sha256(compact_json(raw))
        except RecursionError:  # nested so deeply that it is no task: parsing says so
            return None

    def image_fields(self, origin: str) -> Mapping[str, str]:
        """Nothing: an export does not tell which field each image tag shows."""
        return {}

    def prepare(self, tasks: Iterable[Task]) -> None:
        """Nothing: the images are here."""

    def finish(self) -> None:
        """Keep what is known of the images; the folder is the user's."""
        if self._digests is not None:
            self._digests.save()

    def find(self, task: HasImage) -> ImageFile:
        """The file with a task's image; raises ValueError as :meth:`image` does."""
        name = self._image(task.reference or "")
        known = self._digests.get(name) if self._digests else None
        return ImageFile(self.path, name, known or sha256_file(self.path / name))

    def image(self, reference: str) -> Path:
        """The file that an image reference of a task names.

        The longest tail of the referenced path that one file has decides; an upload's name is also
        looked for without Label Studio's prefix.

        Raises:
            ValueError: No file fits, or several do.
        """
        return self.path / self._image(reference)

    def _image(self, reference: str) -> str:
        *above, last = reference_parts(reference)
        for name in _names(last):
            candidates = self._by_name.get(name, [])
            if len(candidates) == 1:
                return candidates[0]
            for part in range(len(above) + 1):
                tail = [*above[part:], name]
                fitting = [f for f in candidates if f.split("/")[-len(tail) :] == tail]
                if len(fitting) == 1:
                    return fitting[0]
                if fitting:
                    names = ", ".join(sorted(fitting, key=lambda file: file.split("/")))
                    raise ValueError(f"the image {reference!r} fits several files: {names}")
        raise ValueError(f"no image file below {self.path} fits {reference!r}")


def _names(name: str) -> Iterator[str]:
    """The names that a file may have: the one referenced, and that of an upload as it was."""
    yield name
    if (before := without_upload_prefix(name)) != name:
        yield before


def _images(root: Path) -> dict[str, Signature]:
    """Image files anywhere below a folder, by path; links that lead out of it are not among them.

    Links to folders are not followed.
    """
    found: dict[str, Signature] = {}
    real = root.resolve()
    folders = [""]
    while folders:
        above = folders.pop()
        try:
            entries = os.scandir(root / above)
        except PermissionError:
            continue
        with entries:
            for entry in entries:
                name = f"{above}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{name}/")
                elif _is_image(entry.name) and (seen := signature(entry)):
                    if not entry.is_symlink() or (root / name).resolve().is_relative_to(real):
                        found[name] = seen
    return found


def _is_image(name: str) -> bool:
    stem, dot, suffix = name.rpartition(".")
    return bool(stem) and dot + suffix.lower() in IMAGE_SUFFIXES


def _tasks_of(file: Path) -> list[Any]:
    """Return the raw tasks of an export."""
    if not file.is_file():  # reading a pipe would wait for ever
        raise ValueError("is no file, or a link to none")
    try:
        value = parse_json(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is no valid JSON: {error}") from None
    if not isinstance(value, list):
        raise ValueError("is no list of tasks: export the project as JSON")
    return value
