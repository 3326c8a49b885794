"""Read a folder of Label Studio JSON exports and the images that they name."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from maskbench.errors import Problem, SourceError
from maskbench.files.hashing import Digests, Signature, sha256, sha256_file, signature_of
from maskbench.files.json import compact_json, parse_json
from maskbench.labelstudio.image_file import HasImage, ImageFile
from maskbench.labelstudio.image_names import IMAGE_SUFFIXES, reference_parts, without_upload_prefix
from maskbench.regions.task import Task


class Folder:
    """Exports (``*.json`` in the folder itself) and the images anywhere below it.

    Args:
        path: The folder.
        memory: Where to keep the images' digests between runs; None: read all images.

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
        """Yield the raw tasks of all exports, each with the name of its file.

        Raises:
            SourceError: A file is no JSON or no list of tasks; the error lists all such files.
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
        """Return a digest of a raw task; None if it is nested too deeply to be a task."""
        try:
            return sha256(compact_json(raw))
        except RecursionError:
            return None

    def image_fields(self, origin: str) -> Mapping[str, str]:
        """Return an empty mapping: an export does not tell which field each image tag shows."""
        return {}

    def prepare(self, tasks: Iterable[Task]) -> None:
        """Do nothing: the images are here."""

    def finish(self) -> None:
        """Save the images' digests; the folder itself is the user's."""
        if self._digests is not None:
            self._digests.save()

    def find(self, task: HasImage) -> ImageFile:
        """Return the file with a task's image; raises ValueError as :meth:`image` does."""
        name = self._image(task.reference or "")
        known = self._digests.get(name) if self._digests else None
        return ImageFile(self.path, name, known or sha256_file(self.path / name))

    def image(self, reference: str) -> Path:
        """Return the file that an image reference of a task names.

        Of several files with the referenced name, the one that shares the longest end of the
        referenced path is taken. An upload is also looked for without Label Studio's prefix.

        Raises:
            ValueError: No file fits, or several do.
        """
        return self.path / self._image(reference)

    def _image(self, reference: str) -> str:
        *above, last = reference_parts(reference)
        for name in dict.fromkeys((last, without_upload_prefix(last))):
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


def _images(root: Path) -> dict[str, Signature]:
    """Return the signatures of the image files anywhere below a folder, by path within it.

    Links to folders are not followed; links to files outside the folder are left out.
    """
    found = {}
    real = root.resolve()
    for folder, _, names in os.walk(root):
        for path in (Path(folder, name) for name in names):
            is_image = path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()
            if is_image and (not path.is_symlink() or path.resolve().is_relative_to(real)):
                found[path.relative_to(root).as_posix()] = signature_of(path.stat())
    return found


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
