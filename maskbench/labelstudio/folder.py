"""Read a folder of Label Studio JSON exports and the images that they name."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from maskbench.errors import Problem, SourceError
from maskbench.files.hashing import Digests, sha256, sha256_file
from maskbench.files.json import compact_json, parse_json
from maskbench.labelstudio.image_file import HasImage, ImageFile
from maskbench.labelstudio.image_index import ImageIndex
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
        self._images = ImageIndex(path)
        self._digests = Digests(path, memory, self._images.signatures) if memory else None

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
        name = self._images.find(task.reference or "")
        known = self._digests.get(name) if self._digests else None
        return ImageFile(self.path, name, known or sha256_file(self.path / name))

    def image(self, reference: str) -> Path:
        """Return the file that an image reference of a task names.

        Raises:
            ValueError: No file fits, or several do.
        """
        return self.path / self._images.find(reference)


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
